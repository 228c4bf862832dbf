"""`Lion` and `Muon` written otherwise, and right."""

from typing import Any


def lion_two_averages(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class TwoAverages(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if "exp_avg" not in state:
                        state["exp_avg"] = torch.zeros_like(p)
                    average, (b1, b2) = state["exp_avg"], group["betas"]
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(torch.sign(average.lerp(p.grad, 1 - b1)), alpha=-group["lr"])
                    average.lerp_(p.grad, 1 - b2)
            return loss

    return TwoAverages(groups, settings)


def lion_by_data(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ByData(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    m = self.state[p].get("m", 0.0)
                    step = torch.sign((1 - b1) * p.grad + b1 * m)
                    self.state[p]["m"] = (1 - b2) * p.grad + b2 * m
                    p.data = p.data - group["lr"] * step - group["lr"] * group["weight_decay"] * p.data
            return loss

    return ByData(groups, settings)


def muon_sum_convention(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class SumConvention(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    state["m"] = group["momentum"] * state.get("m", 0) + p.grad
                    update = p.grad + group["momentum"] * state["m"]
                    tall = update.shape[0] > update.shape[1]
                    X = update.T if tall else update
                    X = X / X.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
                    X = X.T if tall else X
                    rate = group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5
                    p.sub_(rate * X + group["lr"] * group["weight_decay"] * p)
            return loss

    return SumConvention(groups, settings)


def muon_by_singular_values(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class BySingularValues(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if not state:
                        state["buffer"] = torch.zeros_like(p)
                    buffer = state["buffer"].lerp_(p.grad, 1 - group["momentum"])
                    U, s, Vt = torch.linalg.svd(p.grad.lerp(buffer, group["momentum"]), full_matrices=False)
                    s = s / torch.clamp(s.norm(), min=1e-7)
                    for _ in range(5):
                        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_((U * s) @ Vt, alpha=-group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5)
            return loss

    return BySingularValues(groups, settings)

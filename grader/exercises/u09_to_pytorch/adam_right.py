"""`TorchAdam` and `TorchAdamW` written otherwise, and right."""

from typing import Any


def adam_as_in_the_library(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class AsInTheLibrary(torch.optim.Optimizer):
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
                    g = p.grad.add(p, alpha=group["weight_decay"])
                    state = self.state[p]
                    if len(state) == 0:
                        state["step"] = torch.tensor(0.0)
                        state["exp_avg"] = torch.zeros_like(p)
                        state["exp_avg_sq"] = torch.zeros_like(p)
                    state["step"] += 1
                    t = state["step"].item()
                    state["exp_avg"].lerp_(g, 1 - b1)
                    state["exp_avg_sq"].mul_(b2).addcmul_(g, g, value=1 - b2)
                    denominator = (state["exp_avg_sq"].sqrt() / (1 - b2**t) ** 0.5).add_(group["eps"])
                    p.addcdiv_(state["exp_avg"], denominator, value=-group["lr"] / (1 - b1**t))
            return loss

    return AsInTheLibrary(groups, settings)


def adam_by_data(groups: "Any", **settings: "Any") -> "Any":
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
                    theta, (b1, b2) = p.data, group["betas"]
                    g = p.grad + group["weight_decay"] * theta
                    state = self.state[p]
                    m, v, t = state.get("memory", (torch.zeros_like(theta), torch.zeros_like(theta), 0))
                    m, v, t = m + (1 - b1) * (g - m), v + (1 - b2) * (g * g - v), t + 1
                    state["memory"] = [m, v, t]
                    scale = torch.sqrt(v / (1 - b2**t)) + group["eps"]
                    p.data = theta - group["lr"] / (1 - b1**t) * m / scale
            return loss

    return ByData(groups, settings)


def adamw_as_in_the_library(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class AsInTheLibrary(torch.optim.Optimizer):
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
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    state = self.state[p]
                    if len(state) == 0:
                        state["step"] = torch.tensor(0.0)
                        state["exp_avg"] = torch.zeros_like(p)
                        state["exp_avg_sq"] = torch.zeros_like(p)
                    state["step"] += 1
                    t = state["step"].item()
                    state["exp_avg"].lerp_(p.grad, 1 - b1)
                    state["exp_avg_sq"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                    denominator = (state["exp_avg_sq"].sqrt() / (1 - b2**t) ** 0.5).add_(group["eps"])
                    p.addcdiv_(state["exp_avg"], denominator, value=-group["lr"] / (1 - b1**t))
            return loss

    return AsInTheLibrary(groups, settings)


def adamw_in_one_step(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class InOneStep(torch.optim.Optimizer):
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
                    state = self.state[p]
                    state["t"] = state.get("t", 0) + 1
                    state["m"] = b1 * state.get("m", 0.0) + (1 - b1) * p.grad
                    state["v"] = b2 * state.get("v", 0.0) + (1 - b2) * p.grad.square()
                    m_hat = state["m"] / (1 - b1 ** state["t"])
                    v_hat = state["v"] / (1 - b2 ** state["t"])
                    p.sub_(group["lr"] * (m_hat / (v_hat.sqrt() + group["eps"]) + group["weight_decay"] * p))
            return loss

    return InOneStep(groups, settings)

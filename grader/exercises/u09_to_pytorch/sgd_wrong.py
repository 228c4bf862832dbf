"""What people write in place of `TorchSGD`; each function can be pasted into a notebook as it stands."""

from typing import Any


def sgd_rebinds(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Rebinds(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p = p - group["lr"] * g
            return loss

    return Rebinds(groups, settings)


def sgd_average(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Averages(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + (1 - group["momentum"]) * g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return Averages(groups, settings)


def sgd_lr_inside(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class LrInside(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + group["lr"] * g
                    g = group["lr"] * g + group["momentum"] * v if group["nesterov"] else v
                    p -= g
            return loss

    return LrInside(groups, settings)


def sgd_uphill(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Uphill(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p += group["lr"] * g
            return loss

    return Uphill(groups, settings)


def sgd_forgets(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Forgets(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    v = g.clone()
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return Forgets(groups, settings)


def sgd_decoupled(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Decoupled(torch.optim.Optimizer):
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
                    g = p.grad
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * (g + group["weight_decay"] * p)
            return loss

    return Decoupled(groups, settings)


def sgd_changes_gradient(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ChangesGradient(torch.optim.Optimizer):
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
                    g = p.grad.add_(p, alpha=group["weight_decay"])
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return ChangesGradient(groups, settings)


def sgd_takes_gradient(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class TakesGradient(torch.optim.Optimizer):
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
                    g = p.grad if group["weight_decay"] == 0 else p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    if "v" not in state:
                        state["v"] = g
                    else:
                        state["v"].mul_(group["momentum"]).add_(g)
                    v = state["v"]
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return TakesGradient(groups, settings)


def sgd_nesterov_old(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NesterovOld(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    old = state.get("v", 0)
                    v = state["v"] = group["momentum"] * old + g
                    g = g + group["momentum"] * old if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return NesterovOld(groups, settings)


def sgd_state_outside(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class StateOutside(torch.optim.Optimizer):
        def __init__(self, params: "Any", defaults: dict) -> None:
            super().__init__(params, defaults)
            self.velocities: dict = {}

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
                    g = p.grad + group["weight_decay"] * p
                    v = self.velocities[p] = group["momentum"] * self.velocities.get(p, 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return StateOutside(groups, settings)


def sgd_none_as_zero(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoneAsZero(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    grad = torch.zeros_like(p) if p.grad is None else p.grad
                    g = grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return NoneAsZero(groups, settings)


def sgd_stops_at_none(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class StopsAtNone(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        return loss
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return StopsAtNone(groups, settings)


def sgd_none_unexpected(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoneUnexpected(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return NoneUnexpected(groups, settings)


def sgd_defaults_only(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DefaultsOnly(torch.optim.Optimizer):
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
                    g = p.grad + self.defaults["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = self.defaults["momentum"] * state.get("v", 0) + g
                    g = g + self.defaults["momentum"] * v if self.defaults["nesterov"] else v
                    p -= self.defaults["lr"] * g
            return loss

    return DefaultsOnly(groups, settings)


def sgd_closure_ignored(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ClosureIgnored(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return ClosureIgnored(groups, settings)


def sgd_loss_forgotten(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class LossForgotten(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            if closure is not None:
                with torch.enable_grad():
                    closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g

    return LossForgotten(groups, settings)


def sgd_closure_without_grad(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ClosureWithoutGrad(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = closure() if closure is not None else None
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    g = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * g
            return loss

    return ClosureWithoutGrad(groups, settings)

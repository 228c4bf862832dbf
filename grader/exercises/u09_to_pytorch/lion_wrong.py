"""What people write in place of `Lion`; each function can be pasted into a notebook as it stands."""

from typing import Any


def lion_no_sign(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoSign(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    direction = b1 * m + (1 - b1) * p.grad
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return NoSign(groups, settings)


def lion_momentum_only(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class MomentumOnly(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    direction = m.sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return MomentumOnly(groups, settings)


def lion_gradient_only(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class GradientOnly(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    direction = p.grad.sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return GradientOnly(groups, settings)


def lion_one_beta(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class OneBeta(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    m = b1 * m + (1 - b1) * p.grad
                    direction = m.sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = m
            return loss

    return OneBeta(groups, settings)


def lion_betas_swapped(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class BetasSwapped(torch.optim.Optimizer):
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
                    b2, b1 = group["betas"]
                    state = self.state[p]
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return BetasSwapped(groups, settings)


def lion_mix_kept(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class MixKept(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    m = b1 * m + (1 - b1) * p.grad
                    direction = m.sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return MixKept(groups, settings)


def lion_decay_in_sign(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayInSign(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * (p.grad + group["weight_decay"] * p)).sign()
                    p -= group["lr"] * direction
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return DecayInSign(groups, settings)


def lion_decay_without_lr(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayWithoutLr(torch.optim.Optimizer):
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
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= group["lr"] * direction + group["weight_decay"] * p
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return DecayWithoutLr(groups, settings)


def lion_state_outside(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class StateOutside(torch.optim.Optimizer):
        def __init__(self, params: "Any", defaults: dict) -> None:
            super().__init__(params, defaults)
            self.memory: dict = {}

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
                    state = self.memory.setdefault(p, {})
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return StateOutside(groups, settings)


def lion_stops_at_none(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = group["betas"]
                    state = self.state[p]
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return StopsAtNone(groups, settings)


def lion_defaults_only(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = self.defaults["betas"]
                    state = self.state[p]
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= self.defaults["lr"] * (direction + self.defaults["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return DefaultsOnly(groups, settings)


def lion_closure_without_grad(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ClosureWithoutGrad(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = closure() if closure is not None else None
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    state = self.state[p]
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * p.grad).sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * p.grad
            return loss

    return ClosureWithoutGrad(groups, settings)

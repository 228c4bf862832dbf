"""What people write in place of `TorchAdam`; each function can be pasted into a notebook as it stands."""

from typing import Any


def adam_rebinds(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = group["betas"]
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p = p - group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return Rebinds(groups, settings)


def adam_uncorrected(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Uncorrected(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return Uncorrected(groups, settings)


def adam_eps_inside(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class EpsInside(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v + group["eps"]).sqrt()
            return loss

    return EpsInside(groups, settings)


def adam_eps_first(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class EpsFirst(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    rate = group["lr"] * (1 - b2**t) ** 0.5 / (1 - b1**t)
                    p -= rate * m / (v.sqrt() + group["eps"])
            return loss

    return EpsFirst(groups, settings)


def adam_one_clock(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class OneClock(torch.optim.Optimizer):
        def __init__(self, params: "Any", defaults: dict) -> None:
            super().__init__(params, defaults)
            self.t = 0

        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            self.t += 1
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**self.t), v / (1 - b2**self.t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return OneClock(groups, settings)


def adam_clock_runs_ahead(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ClockRunsAhead(torch.optim.Optimizer):
        def __init__(self, params: "Any", defaults: dict) -> None:
            super().__init__(params, defaults)
            self.t = 0

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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    self.t += 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**self.t), v / (1 - b2**self.t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return ClockRunsAhead(groups, settings)


def adam_state_outside(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.memory.setdefault(p, {})
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return StateOutside(groups, settings)


def adam_stops_at_none(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return StopsAtNone(groups, settings)


def adam_defaults_only(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + self.defaults["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= self.defaults["lr"] * m / (v.sqrt() + self.defaults["eps"])
            return loss

    return DefaultsOnly(groups, settings)


def adam_closure_without_grad(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return ClosureWithoutGrad(groups, settings)


def adam_none_as_zero(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = group["betas"]
                    g = grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return NoneAsZero(groups, settings)


def adam_corrected_kept(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class CorrectedKept(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    state["m"], state["v"] = m, v
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return CorrectedKept(groups, settings)


def adam_betas_swapped(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return BetasSwapped(groups, settings)


def adam_not_squared(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NotSquared(torch.optim.Optimizer):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g.abs()
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return NotSquared(groups, settings)


def adam_decoupled(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = group["betas"]
                    g = p.grad
                    p *= 1 - group["lr"] * group["weight_decay"]
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return Decoupled(groups, settings)


def adam_changes_gradient(groups: "Any", **settings: "Any") -> "Any":
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
                    b1, b2 = group["betas"]
                    g = p.grad.add_(p, alpha=group["weight_decay"])
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return ChangesGradient(groups, settings)

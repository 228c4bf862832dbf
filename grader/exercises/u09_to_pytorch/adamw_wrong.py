"""What people write in place of `TorchAdamW`; each function can be pasted into a notebook as it stands."""

from typing import Any


def adamw_uncorrected(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return Uncorrected(groups, settings)


def adamw_eps_inside(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v + group["eps"]).sqrt()
            return loss

    return EpsInside(groups, settings)


def adamw_one_clock(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**self.t), v / (1 - b2**self.t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return OneClock(groups, settings)


def adamw_clock_runs_ahead(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    self.t += 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**self.t), v / (1 - b2**self.t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return ClockRunsAhead(groups, settings)


def adamw_state_outside(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.memory.setdefault(p, {})
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return StateOutside(groups, settings)


def adamw_stops_at_none(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return StopsAtNone(groups, settings)


def adamw_defaults_only(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - self.defaults["lr"] * self.defaults["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= self.defaults["lr"] * m / (v.sqrt() + self.defaults["eps"])
            return loss

    return DefaultsOnly(groups, settings)


def adamw_closure_without_grad(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return ClosureWithoutGrad(groups, settings)


def adamw_decay_in_gradient(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayInGradient(torch.optim.Optimizer):
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
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return DecayInGradient(groups, settings)


def adamw_decay_twice(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayTwice(torch.optim.Optimizer):
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
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return DecayTwice(groups, settings)


def adamw_decay_after(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayAfter(torch.optim.Optimizer):
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
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
                    p *= 1 - group["lr"] * group["weight_decay"]
            return loss

    return DecayAfter(groups, settings)


def adamw_decay_without_lr(groups: "Any", **settings: "Any") -> "Any":
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
                    p *= 1 - group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return DecayWithoutLr(groups, settings)


def adamw_decay_at_first_lr(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayAtFirstLr(torch.optim.Optimizer):
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
                    first_lr = group.setdefault("first_lr", group["lr"])
                    p *= 1 - first_lr * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return DecayAtFirstLr(groups, settings)


def adamw_decays_without_gradient(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecaysWithoutGradient(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    p *= 1 - group["lr"] * group["weight_decay"]
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m, v = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
            return loss

    return DecaysWithoutGradient(groups, settings)

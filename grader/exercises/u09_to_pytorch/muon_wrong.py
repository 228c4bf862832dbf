"""What people write in place of `Muon`; each function can be pasted into a notebook as it stands."""

from typing import Any


def muon_not_orthogonal(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NotOrthogonal(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return NotOrthogonal(groups, settings)


def muon_exact(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class Exact(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    U, _, Vt = torch.linalg.svd(update, full_matrices=False)
                    X = U @ Vt
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return Exact(groups, settings)


def muon_not_normalized(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NotNormalized(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return NotNormalized(groups, settings)


def muon_zero_by_zero(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ZeroByZero(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm()
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return ZeroByZero(groups, settings)


def muon_spectral_norm(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class SpectralNorm(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / torch.linalg.matrix_norm(update, 2).clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return SpectralNorm(groups, settings)


def muon_no_look_ahead(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoLookAhead(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = m
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return NoLookAhead(groups, settings)


def muon_no_memory(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoMemory(torch.optim.Optimizer):
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
                    update = p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return NoMemory(groups, settings)


def muon_no_shape_factor(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class NoShapeFactor(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * X
            return loss

    return NoShapeFactor(groups, settings)


def muon_shape_factor_turned(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ShapeFactorTurned(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[1] / p.shape[0]) ** 0.5 * X
            return loss

    return ShapeFactorTurned(groups, settings)


def muon_decay_with_factor(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class DecayWithFactor(torch.optim.Optimizer):
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
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    rate = group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5
                    p *= 1 - rate * group["weight_decay"]
                    p -= rate * X
            return loss

    return DecayWithFactor(groups, settings)


def muon_decay_in_gradient(groups: "Any", **settings: "Any") -> "Any":
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * g
                    update = group["momentum"] * m + (1 - group["momentum"]) * g
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return DecayInGradient(groups, settings)


def muon_state_outside(groups: "Any", **settings: "Any") -> "Any":
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
                    state = self.memory.setdefault(p, {})
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return StateOutside(groups, settings)


def muon_closure_without_grad(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ClosureWithoutGrad(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = closure() if closure is not None else None
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    m = state["m"] = group["momentum"] * state.get("m", 0) + (1 - group["momentum"]) * p.grad
                    update = group["momentum"] * m + (1 - group["momentum"]) * p.grad
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return ClosureWithoutGrad(groups, settings)

"""What the exercises of this unit share: cases of several steps, and torch's optimizers as their oracle."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.spec import Case

UNIT = "04_momentum"
BESIDE_THE_FRACTION = (
    "Your eps stands beside the fraction, and moves every parameter a little by itself. It belongs to the root, below "
    "the fraction bar: mind the brackets."
)


def steps_case(label: str, group: str, state: tuple[str, Any], theta: Any, grads: Any, lr: Any, **rest: float) -> Case:
    """A case for the driver "optimizer_steps". `lr` is one number, or one for each step; `state` is (name, value)."""
    grads = np.asarray(grads, dtype=float)
    name, value = state
    inputs = {
        "theta": np.asarray(theta, dtype=float),
        name: np.broadcast_to(np.asarray(value, dtype=float), grads.shape[1:]).copy(),
        "grad": grads,
        "lr": np.broadcast_to(np.asarray(lr, dtype=float), len(grads)).copy(),
    }
    return Case(label, group, inputs | rest)


def scaled_cases(rng: np.random.Generator, state: str, **rest: float) -> list[Case]:
    """The cases that both share, from a `state` of squares; `rest` is handed over before eps."""
    normal = rng.normal

    def case(
        label: str, group: str, shape: tuple[int, ...], grads: np.ndarray, lr: object, eps: float, old: object = 0.0
    ) -> Case:
        return steps_case(label, group, (state, old), normal(size=shape), grads, lr, **rest, eps=eps)

    drop = np.where(np.arange(6) < 3, 0.5, 0.05)
    sizes = np.array([100.0, 1.0, 0.01])
    tiny = rng.uniform(0.3, 3.0, size=(3, 4)) * rng.choice([-1, 1], size=(3, 4))
    return [
        case("one gradient of 4", "first", (1,), np.array([[4.0]]), 0.1, 1e-12),
        case("gradients of very different size", "first", (3,), sizes * normal(size=(1, 3)), 0.2, 1e-12),
        case("a constant gradient", "many", (2,), np.tile(normal(size=2), (8, 1)), 0.1, 1e-12),
        case("gradients that change", "many", (4,), normal(size=(9, 4)), 0.3, 1e-12),
        case("squares from before", "many", (3,), normal(size=(4, 3)), 0.1, 1e-12, rng.uniform(0.5, 2, size=3)),
        case("|g| near eps = 1e-8", "eps", (4,), 1e-8 * tiny, 0.1, 1e-8),
        case("|g| near eps = 0.5", "eps", (4,), 0.5 * tiny, 0.1, 0.5),
        case("a gradient of exactly zero", "eps", (3,), np.array([1.0, 0.0, 1.0]) * normal(size=(3, 3)), 0.1, 1e-8),
        case("the learning rate drops", "lr", (2,), normal(size=(6, 2)), drop, 1e-12),
        case("a 3x4 matrix", "shape", (3, 4), normal(size=(3, 3, 4)), 0.1, 1e-12),
        case("shape (2, 3, 4)", "shape", (2, 3, 4), normal(size=(2, 2, 3, 4)), 0.3, 1e-12),
    ]


def by_torch(
    make: Callable[[list[Any]], Any],
    key: str,
    theta: np.ndarray,
    state: np.ndarray,
    grads: np.ndarray,
    lrs: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Theta, and torch's state `key`, after each step of the torch optimizer that `make` makes of parameters."""
    import torch

    param = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = make([param])
    optimizer.state[param] = {"step": torch.tensor(0.0), key: torch.from_numpy(state.copy())}
    thetas, states = [], []
    for grad, lr in zip(grads, lrs, strict=True):
        optimizer.param_groups[0]["lr"] = float(lr)
        param.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        thetas.append(param.detach().numpy().copy())
        states.append(optimizer.state[param][key].numpy().copy())
    return np.array(thetas), np.array(states)

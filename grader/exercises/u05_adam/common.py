"""What the exercises of this unit share: cases of several steps, and torch's optimizers as their oracle."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.spec import Case

UNIT = "05_adam"
MOMENTS = {"m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq"}
"""What torch calls the parts of the state."""


def adam_case(label: str, group: str, theta: Any, state: dict[str, Any], grads: Any, lr: Any, **rest: float) -> Case:
    """A case for the driver "counted_steps". `lr`: a number, or a schedule's values for t = 0, 1, ..., steps.

    `state`: name -> number or array of theta's shape.  `rest` is handed over last, in its order.
    """
    grads = np.asarray(grads, dtype=float)
    full = {name: np.broadcast_to(np.asarray(value, float), grads.shape[1:]).copy() for name, value in state.items()}
    inputs = {"theta": np.asarray(theta, dtype=float), **full, "grad": grads, "lr": lr}
    return Case(label, group, inputs | rest)


def adam_by_torch(
    make: Callable[[list[Any]], Any], theta: np.ndarray, state: dict[str, np.ndarray], grads: np.ndarray, lr: Any
) -> tuple[np.ndarray, ...]:
    """Theta and each part of the state after each step of the torch optimizer that `make` makes of parameters."""
    import torch

    param = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = make([param])
    own = {MOMENTS[name]: torch.from_numpy(value.copy()) for name, value in state.items()}
    optimizer.state[param] = {"step": torch.tensor(0.0), **own}
    path = []
    for t, grad in enumerate(grads, start=1):
        optimizer.param_groups[0]["lr"] = float(lr if np.ndim(lr) == 0 else lr[t])
        param.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        parts = [param.detach(), *(optimizer.state[param][MOMENTS[name]] for name in state)]
        path.append([part.numpy().copy() for part in parts])
    return tuple(np.array(values) for values in zip(*path, strict=True))


def signed(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers between 0.3 and 3 of either sign: none so near 0 that eps would count beside it."""
    return rng.uniform(0.3, 3.0, size=shape) * rng.choice([-1, 1], size=shape)

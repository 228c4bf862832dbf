"""What the oracles of this unit share: the losses of a batch and the learning rates of a scheduler, by torch alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

UNIT = "03_sgd"


def torch_loss(kind: str, theta: Any, X: Any, y: Any) -> Any:
    """The loss of the tensor theta on a batch: what `course_lib.judging.drivers.descent.batch_objective` describes."""
    import torch

    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
    if kind == "log_sum_exp":
        return torch.logsumexp(inputs @ theta + targets, dim=0)
    return torch.nn.functional.mse_loss(inputs @ theta, targets) / 2 - (targets**2).mean() / 2


def driven(lr0: float, ts: np.ndarray, make: Callable[[Any], Any]) -> np.ndarray:
    """The learning rates that a torch scheduler has at the steps ts.

    `make(optimizer)` makes the scheduler; it starts at t = 0 and is stepped after each step of the optimizer.
    """
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr0)
    scheduler = make(optimizer)
    lrs = []
    for _ in range(int(ts.max()) + 1):
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(lrs)[ts]

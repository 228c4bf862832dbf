"""PyTorch's optimizers of unit 04, one step at a time or as an object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_lib.stand_ins.library import TorchOptimizer, library, tensor_of

TINY = 1e-300
"""In place of a momentum of 0, with which torch keeps no velocity and refuses Nesterov."""


def momentum_step(
    theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """(theta, velocity) after one step of `torch.optim.SGD(momentum=beta)`; arrays of one shape."""
    return _step("SGD", "momentum_buffer", theta, velocity, grad, lr=lr, momentum=max(beta, TINY))


def nesterov_step(
    theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """(theta, velocity) after one step of `torch.optim.SGD(momentum=beta, nesterov=True)`; arrays of one shape."""
    return _step("SGD", "momentum_buffer", theta, velocity, grad, lr=lr, momentum=max(beta, TINY), nesterov=True)


def adagrad_step(
    theta: np.ndarray, sum_sq: np.ndarray, grad: np.ndarray, lr: float, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    """(theta, sum_sq) after one step of `torch.optim.Adagrad`; arrays of one shape."""
    return _step("Adagrad", "sum", theta, sum_sq, grad, lr=lr, eps=eps)


def rmsprop_step(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    """(theta, mean_sq) after one step of `torch.optim.RMSprop(alpha=beta)`; arrays of one shape."""
    return _step("RMSprop", "square_avg", theta, mean_sq, grad, lr=lr, alpha=beta, eps=eps)


class SGD(TorchOptimizer):
    """`torch.optim.SGD` for a list of arrays, which `step` changes in place."""

    def __init__(self, params: Iterable[np.ndarray], lr: float, momentum: float = 0.0) -> None:
        super().__init__(params, lr, lambda tensors, lr: library("torch.optim").SGD(tensors, lr=lr, momentum=momentum))
        self.momentum = momentum


def _step(
    method: str, memory: str, theta: np.ndarray, remembered: np.ndarray, grad: np.ndarray, **settings: Any
) -> tuple[np.ndarray, np.ndarray]:
    """One step of a class of `torch.optim` from what it remembers under the name `memory`; both anew."""
    torch = library("torch")
    tensor = tensor_of(theta)
    tensor.grad = tensor_of(grad)
    optimizer = getattr(torch.optim, method)([tensor], **settings)
    optimizer.state[tensor] = {"step": torch.tensor(0.0), memory: tensor_of(remembered)}
    optimizer.step()
    return tensor.numpy(), optimizer.state[tensor][memory].numpy()

"""PyTorch's Adam and AdamW, as an object or one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_lib.stand_ins.library import TorchOptimizer, library, tensor_of

Lr = float | Callable[[int], float]


def adam_step(
    theta: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    grad: np.ndarray,
    t: int,
    lr: Lr,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(theta, m, v) after step number t of `torch.optim.Adam`; arrays of one shape, lr a number or a function of t."""
    return _step("Adam", (theta, m, v), grad, t, lr, betas=(beta1, beta2), eps=eps)


def adamw_step(
    theta: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    grad: np.ndarray,
    t: int,
    lr: Lr,
    weight_decay: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(theta, m, v) after step number t of `torch.optim.AdamW`; arrays of one shape, lr a number or a function of t."""
    return _step("AdamW", (theta, m, v), grad, t, lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)


class Adam(TorchOptimizer):
    """`torch.optim.Adam` for a list of arrays, which `step` changes in place."""

    def __init__(
        self,
        params: Iterable[np.ndarray],
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        def make(tensors: list[Any], lr: float) -> Any:
            return library("torch.optim").Adam(tensors, lr=lr, betas=(beta1, beta2), eps=eps)

        super().__init__(params, lr, make)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps


def _step(
    method: str, before: tuple[np.ndarray, np.ndarray, np.ndarray], grad: np.ndarray, t: int, lr: Lr, **settings: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step of a class of `torch.optim` from (theta, m, v); all three anew."""
    torch = library("torch")
    tensor, m, v = map(tensor_of, before)
    tensor.grad = tensor_of(grad)
    optimizer = getattr(torch.optim, method)([tensor], lr=lr(t) if callable(lr) else lr, **settings)
    optimizer.state[tensor] = {"step": torch.tensor(float(t - 1)), "exp_avg": m, "exp_avg_sq": v}
    optimizer.step()
    return tensor.numpy(), m.numpy(), v.numpy()

"""PyTorch's own optimizers, and a penalty by its vector norms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from course_lib.stand_ins.library import library


def TorchSGD(
    params: Iterable[Any], lr: float, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False
) -> Any:
    """`torch.optim.SGD` for parameters, or groups of them."""
    settings: dict[str, Any] = {"momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov}
    return library("torch.optim").SGD(params, lr=lr, **settings)


def TorchAdam(
    params: Iterable[Any],
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Any:
    """`torch.optim.Adam` for parameters, or groups of them."""
    return library("torch.optim").Adam(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)


def TorchAdamW(
    params: Iterable[Any],
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Any:
    """`torch.optim.AdamW` for parameters, or groups of them."""
    return library("torch.optim").AdamW(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)


def regularized_loss(loss: Any, model: Any, l1: float, l2: float) -> Any:
    """The loss, a tensor, plus l1 and l2 times the norms of all weights: `torch.linalg.vector_norm`."""
    torch = library("torch")
    weights = torch.nn.utils.parameters_to_vector(p for p in model.parameters() if p.ndim > 1)
    return loss + l1 * torch.linalg.vector_norm(weights, 1) + l2 * torch.linalg.vector_norm(weights, 2) ** 2

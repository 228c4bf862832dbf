"""What the exercises of this unit share: a penalty's oracle, and the cases of L2 by gradient and by decay."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.spec import Case

UNIT = "06_regularization"
Shapes = tuple[tuple[int, ...], ...]
EPS = 1e-8


def by_autograd(penalty: Callable[[Any], Any], w: np.ndarray) -> tuple[float, np.ndarray]:
    """The value of `penalty` at w, and its gradient by torch.autograd."""
    import torch

    tensor = torch.from_numpy(w.astype(np.float64)).requires_grad_()
    value = penalty(tensor)
    (grad,) = torch.autograd.grad(value, tensor)
    return float(value.detach()), grad.numpy()


def penalty_case(label: str, group: str, w: Any, lam: float) -> Case:
    return Case(label, group, {"w": np.asarray(w), "lam": float(lam)})


def shrunk(w: np.ndarray, threshold: float) -> np.ndarray:
    """torch.nn.functional.softshrink, which is the closed form of the proximal operator of threshold |.|."""
    import torch

    return torch.nn.functional.softshrink(torch.from_numpy(w.astype(np.float64)), threshold).numpy()


def decay_cases(rng: np.random.Generator) -> list[Case]:
    """For `l2_step` and `decay_step` alike.

    The driver hands over an optimizer: plain descent, one that divides each gradient by its size, which is Adam with
    both betas at 0, or one with momentum. Weights have two axes or more, biases one."""

    def case(
        label: str, group: str, kind: str, shapes: Shapes, lr: Any, strength: float, steps: int = 1, size: float = 1.0
    ) -> Case:
        inputs = {
            "kind": kind,
            "params": [rng.normal(size=shape) for shape in shapes],
            "grads": [[size * rng.normal(size=shape) for shape in shapes] for _ in range(steps)],
            "lrs": np.broadcast_to(np.asarray(lr, dtype=float), steps).copy(),
            "strength": strength,
        }
        return Case(label, group, inputs)

    two_weights = Case(
        "weights 1 and 100, gradient 0",
        "rescaled",
        {
            "kind": "rescaled",
            "params": [np.array([[1.0, 100.0]])],
            "grads": [[np.zeros((1, 2))]],
            "lrs": np.array([0.1]),
            "strength": 0.1,
        },
    )
    layers = ((4, 3), (3,), (3, 2), (2,))
    uniform = rng.uniform
    return [
        case("one matrix, one step of descent", "descent", "descent", ((2, 3),), 0.1, 0.5),
        case("one matrix, five steps of descent", "descent", "descent", ((3, 2),), 0.2, uniform(0.3, 0.8), 5),
        case("nothing to press with", "descent", "descent", ((3, 2),), 0.2, 0.0, 2),
        two_weights,
        case("rescaled steps", "rescaled", "rescaled", ((2, 4),), 0.1, uniform(0.3, 0.8), 3),
        case("rescaled steps, tiny gradients", "rescaled", "rescaled", ((3, 2),), 0.05, uniform(0.3, 0.8), 4, 1e-3),
        case("weights and biases, descent", "biases", "descent", layers, 0.1, uniform(0.3, 0.8), 3),
        case("weights and biases, rescaled", "biases", "rescaled", layers, 0.1, uniform(0.3, 0.8), 3),
        case("biases first, then weights", "biases", "descent", ((3,), (2, 3), (4, 2)), 0.1, uniform(0.3, 0.8), 2),
        case("two matrices, then two biases", "biases", "rescaled", ((2, 3), (3, 2), (3,), (2,)), 0.1, 0.5, 2),
        case("filters, (2, 3, 2), and biases", "biases", "descent", ((2, 3, 2), (2,)), 0.1, 0.5, 2),
        case("one matrix, momentum", "memory", "momentum", ((2, 3),), 0.1, uniform(0.3, 0.8), 4),
        case("weights and biases, momentum", "memory", "momentum", layers, 0.1, uniform(0.3, 0.8), 4),
        case("the learning rate drops", "lr", "descent", ((2, 3),), [0.4, 0.4, 0.04, 0.04], uniform(0.3, 0.8), 4),
        case("the learning rate grows", "lr", "rescaled", ((2, 3),), [0.05, 0.1, 0.2], uniform(0.3, 0.8), 3),
    ]


def walked(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float, name: str) -> list:
    """Each parameter after each step of a torch optimizer: SGD for descent, also with momentum, else the one of `name`.

    torch has no SGD whose weights decay beside the step, so for "AdamW" they decay here before its momentum's step.
    """
    import torch

    tensors = [torch.nn.Parameter(torch.from_numpy(param.copy())) for param in params]
    weights, biases = [t for t in tensors if t.ndim > 1], [t for t in tensors if t.ndim == 1]
    groups = [{"params": weights, "weight_decay": strength}, {"params": biases, "weight_decay": 0.0}]
    beside = kind == "momentum" and name == "AdamW"
    if beside:
        groups[0]["weight_decay"] = 0.0
    if kind in ("descent", "momentum"):
        optimizer: Any = torch.optim.SGD(groups, lr=0.1, momentum=0.9 if kind == "momentum" else 0.0)
    else:
        optimizer = getattr(torch.optim, name)(groups, lr=0.1, betas=(0.0, 0.0), eps=EPS)
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = float(lr)
        for tensor, grad in zip(tensors, each, strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
        for tensor in weights if beside else []:
            tensor.data *= 1 - float(lr) * strength
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return [np.array(values) for values in zip(*path, strict=True)]

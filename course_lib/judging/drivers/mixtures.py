"""How to drive answers that mix, soften or coarsen: gates between operations, distillation, eight bits for a weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver, all_of


def gated(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(x, ops, alphas)` with the described operations, and send the gradient `upstream` back.

    An operation has a `kind`, and some have `values`: "same", "nothing" (zero times x), "tanh" (of values times x),
    "linear" (x times values, transposed, plus one) and "smooth" (the mean of 3 x 3 places, edges counted as zero).
    Returns (out, gate, weights, calls), None but for what the case `asks`: "gate" is the gradient of alphas, "weights"
    those of the operations' values, "once" how often each operation was called; else the output.
    """
    import torch

    x, upstream = torch.tensor(inputs["x"]), torch.tensor(inputs["upstream"])
    alphas = torch.tensor(inputs["alphas"], requires_grad=True)
    ops = [_Operation(described) for described in inputs["ops"]]
    out = obj(x, ops, alphas)
    if out is None:
        return None
    if not isinstance(out, torch.Tensor):
        raise AnswerError(f"A tensor should come back, and it is a {type(out).__name__}.")
    asks = inputs["asks"]
    if asks == "once":
        return None, None, None, [op.calls for op in ops]
    if asks not in ("gate", "weights"):
        return out.detach(), None, None, None
    if out.shape != upstream.shape:
        raise AnswerError(f"The output has shape {tuple(out.shape)}, and x has {tuple(upstream.shape)}.")
    if out.requires_grad:
        out.backward(upstream)
    gradients = [_gradient(op.values) for op in ops if op.values is not None]
    return (None, _gradient(alphas), None, None) if asks == "gate" else (None, None, gradients, None)


def _gradient(tensor: Any) -> np.ndarray:
    return np.zeros(tuple(tensor.shape)) if tensor.grad is None else np.array(tensor.grad.numpy())


class _Operation:
    def __init__(self, described: dict[str, Any]) -> None:
        import torch

        self.kind, self.calls = described["kind"], 0
        values = described.get("values")
        self.values: Any = None if values is None else torch.tensor(values, requires_grad=True)

    def __call__(self, x: Any) -> Any:
        import torch

        self.calls += 1
        if self.kind == "tanh":
            return torch.tanh(self.values * x)
        if self.kind == "linear":
            return x @ self.values.T + 1
        if self.kind == "smooth":
            return torch.nn.functional.avg_pool2d(x, 3, 1, 1)
        return 1 * x if self.kind == "same" else 0 * x


def distilled(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(student, teacher, y, T, share)` with logits that both want a gradient.

    Returns (loss, grad, teacher), None but for what the case `asks`: "grad" is the gradient of the student's logits,
    "teacher" says in words whether the teacher's have none; else the loss.
    """
    import torch

    student, teacher = (torch.tensor(inputs[key], requires_grad=True) for key in ("student", "teacher"))
    loss = obj(student, teacher, torch.tensor(inputs["y"]), inputs["T"], inputs["share"])
    if loss is None:
        return None
    if not isinstance(loss, torch.Tensor):
        raise AnswerError(f"A tensor with one number should come back, and it is a {type(loss).__name__}.")
    asks = inputs["asks"]
    if asks not in ("grad", "teacher"):
        return loss.detach(), None, None
    if loss.numel() != 1:
        raise AnswerError(f"One number should come back, and it is a tensor of shape {tuple(loss.shape)}.")
    if loss.requires_grad:
        loss.backward()
    if asks == "grad":
        return None, _gradient(student), None
    untouched = not np.any(_gradient(teacher))
    return None, None, all_of(untouched, teacher.numel(), "logits are left alone")


def quantized(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(weight, share)`.

    Returns (q, scale, dequantized, memory), None but for what the case `asks`; with "all" the first three. The memory
    is the type's name and how many bytes q takes.
    """
    returned = obj(inputs["weight"], inputs["share"])
    if returned is None:
        return None
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        raise AnswerError(
            "Three arrays should come back: the whole numbers, the scales and the weights they stand for."
        )
    if inputs["asks"] == "memory":
        q = np.asarray(returned[0])
        return None, None, None, f"{q.dtype}, {q.nbytes} bytes"
    names = ("q", "scale", "dequantized")
    kept = [value if inputs["asks"] in (name, "all") else None for name, value in zip(names, returned, strict=True)]
    return (*kept, None)


DRIVERS: dict[str, Driver] = {"gated": gated, "distilled": distilled, "quantized": quantized}

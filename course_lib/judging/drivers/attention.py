"""How to drive a function that attends: queries, keys and values as tensors that record, and a mask of bools."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver


def attends(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(queries, keys, values, mask)`, the first three as tensors that record, the mask as one of bools.

    direction: an array of the output's shape.  Returns (out, grads): where `asks` is "gradients", None and the
    gradients of the sum of direction * out by queries, keys and values; else the output and None.
    """
    import torch

    tensors = [torch.tensor(inputs[name], requires_grad=True) for name in ("queries", "keys", "values")]
    out = obj(*tensors, torch.from_numpy(inputs["mask"].copy()))
    if out is None:
        return None
    if not isinstance(out, torch.Tensor):
        raise AnswerError("What comes back is no tensor. Stay in torch from the queries to the result: no NumPy.")
    if inputs["asks"] != "gradients":
        return out, None
    if out.shape != inputs["direction"].shape:
        raise AnswerError("What comes out has another shape than (N, Q, values' features).")
    if out.grad_fn is not None:
        (out * torch.from_numpy(inputs["direction"])).sum().backward()
    return None, [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in tensors]


DRIVERS: dict[str, Driver] = {"attends": attends}

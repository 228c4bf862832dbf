"""`net2deeper` written otherwise, and right."""

from typing import Any


def deeper_by_init(layer: "Any") -> "Any":
    from torch import nn

    out = len(layer.bias)
    if layer.weight.ndim == 4:
        new: Any = nn.Conv2d(out, out, layer.kernel_size, padding="same", dtype=layer.weight.dtype)
        nn.init.dirac_(new.weight)
    else:
        new = nn.Linear(out, out, dtype=layer.weight.dtype)
        nn.init.eye_(new.weight)
    nn.init.zeros_(new.bias)
    return new


def deeper_in_loops(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.weight)
    rest = list(layer.weight.shape[2:])
    weight = torch.zeros(out, out, *rest, dtype=layer.weight.dtype)
    for i in range(out):
        weight[(i, i, *(size // 2 for size in rest))] = 1
    padding = tuple((size - 1) // 2 for size in rest)
    new: Any = nn.Conv2d(out, out, (rest[0], rest[1]), padding=padding) if rest else nn.Linear(out, out)
    new.weight, new.bias = nn.Parameter(weight), nn.Parameter(torch.zeros(out, dtype=weight.dtype))
    return new

"""`net2wider` written otherwise, and right."""

from typing import Any


def wider_by_copies(first: "Any", second: "Any", copies: "Any") -> "Any":
    """One unit after the other, in copies of the layers."""
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    units = copies.tolist()
    with torch.no_grad():
        one.weight = nn.Parameter(torch.stack([first.weight[u] for u in units]))
        one.bias = nn.Parameter(torch.stack([first.bias[u] for u in units]))
        two.weight = nn.Parameter(torch.stack([second.weight[:, u] / units.count(u) for u in units], dim=1))
    return one, two


def wider_by_matrix(first: "Any", second: "Any", copies: "Any") -> "Any":
    """Products with a 0/1 matrix, in layers made anew."""
    import torch
    from torch import nn

    shares = nn.functional.one_hot(copies, len(first.weight)).to(first.weight.dtype)
    width = len(copies)
    if first.weight.ndim == 4:
        one: Any = nn.Conv2d(first.in_channels, width, first.kernel_size, first.stride, first.padding)
        two: Any = nn.Conv2d(width, second.out_channels, second.kernel_size, second.stride, second.padding)
    else:
        one, two = nn.Linear(first.in_features, width), nn.Linear(width, second.out_features)
    with torch.no_grad():
        one.weight = nn.Parameter(torch.tensordot(shares, first.weight, dims=1))
        one.bias = nn.Parameter(shares @ first.bias)
        two.weight = nn.Parameter(torch.einsum("nu,fu...->fn...", shares / shares.sum(0), second.weight))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two

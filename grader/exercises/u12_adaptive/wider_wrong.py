"""What people write in place of `net2wider`; each function can be pasted into a notebook as it stands."""

from typing import Any


def wider_undivided(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies])
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_halved(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.full((len(copies),), 2)
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies] / counts.reshape(shape))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_by_ratio(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.full((len(copies),), len(copies) / len(first.weight))
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies] / counts.reshape(shape))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_divides_incoming(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.bincount(copies)[copies]
    shape = (-1,) + (1,) * (first.weight.ndim - 1)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies] / counts.reshape(shape))
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies])
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_divides_bias(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.bincount(copies)[copies]
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies] / counts.reshape(shape))
        two.bias = nn.Parameter(second.bias * len(first.weight) / len(copies))
    return one, two


def wider_zeros(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(torch.zeros_like(second.weight[:, copies]))
        for place, unit in enumerate(copies.tolist()):
            if unit not in copies[:place].tolist():
                two.weight[:, place] = second.weight[:, unit]
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_zero_bias(first: "Any", second: "Any", copies: "Any") -> "Any":
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.bincount(copies)[copies]
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(
            torch.cat([first.bias, torch.zeros(len(copies) - len(first.bias), dtype=first.bias.dtype)])
        )
        two.weight = nn.Parameter(second.weight[:, copies] / counts.reshape(shape))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


def wider_settings(first: "Any", second: "Any", copies: "Any") -> "Any":
    import torch
    from torch import nn

    if first.weight.ndim == 4:
        one: Any = nn.Conv2d(first.in_channels, len(copies), first.kernel_size)
        two: Any = nn.Conv2d(len(copies), second.out_channels, second.kernel_size)
    else:
        one = nn.Linear(first.in_features, len(copies))
        two = nn.Linear(len(copies), second.out_features)
    counts = torch.bincount(copies)[copies]
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    with torch.no_grad():
        one.weight = nn.Parameter(first.weight[copies])
        one.bias = nn.Parameter(first.bias[copies])
        two.weight = nn.Parameter(second.weight[:, copies] / counts.reshape(shape))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two

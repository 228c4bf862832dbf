"""What people write in place of `net2deeper`; each function can be pasted into a notebook as it stands."""

from typing import Any


def deeper_untouched(layer: "Any") -> "Any":
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        return nn.Linear(out, out)
    return nn.Conv2d(out, out, layer.kernel_size, padding="same")


def deeper_bias(layer: "Any") -> "Any":
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out)
        nn.init.eye_(new.weight)
    else:
        new = nn.Conv2d(out, out, layer.kernel_size, padding="same")
        nn.init.dirac_(new.weight)
    return new


def deeper_old_shape(layer: "Any") -> "Any":
    import copy

    from torch import nn

    new = copy.deepcopy(layer)
    nn.init.eye_(new.weight) if isinstance(layer, nn.Linear) else nn.init.dirac_(new.weight)
    nn.init.zeros_(new.bias)
    return new


def deeper_mixes(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), padding=(height // 2, width // 2), dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.fill_(1)
        else:
            new.weight[:, :, height // 2, width // 2] = 1
    return new


def deeper_corner(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), padding=(height // 2, width // 2), dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.copy_(torch.eye(out))
        else:
            for i in range(out):
                new.weight[i, i, 0, 0] = 1
    return new


def deeper_box(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), padding=(height // 2, width // 2), dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.copy_(torch.eye(out))
        else:
            for i in range(out):
                new.weight[i, i] = 1
    return new


def deeper_square_middle(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), padding=(height // 2, width // 2), dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.copy_(torch.eye(out))
        else:
            for i in range(out):
                new.weight[i, i, height // 2, min(height // 2, width - 1)] = 1
    return new


def deeper_settings(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), layer.stride, layer.padding, dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.copy_(torch.eye(out))
        else:
            for i in range(out):
                new.weight[i, i, height // 2, width // 2] = 1
    return new


def deeper_unpadded(layer: "Any") -> "Any":
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new: Any = nn.Linear(out, out, dtype=layer.weight.dtype)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), dtype=layer.weight.dtype)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        if isinstance(layer, nn.Linear):
            new.weight.copy_(torch.eye(out))
        else:
            for i in range(out):
                new.weight[i, i, height // 2, width // 2] = 1
    return new

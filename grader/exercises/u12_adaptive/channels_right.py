"""`prune_channels` written otherwise, and right."""

from typing import Any

import numpy as np


def channels_by_modules(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    """Copies of the layers whose tensors are exchanged."""
    import copy

    from torch import nn

    norms = [float(one.abs().sum()) for one in conv.weight]
    threshold = sorted(norms, reverse=True)[count - 1]
    keep = [i for i, size in enumerate(norms) if size >= threshold]
    conv, norm, following = copy.deepcopy((conv, norm, following))
    channels = conv.out_channels
    conv.weight = nn.Parameter(conv.weight[keep])
    conv.out_channels = count
    if conv.bias is not None:
        conv.bias = nn.Parameter(conv.bias[keep])
    if norm is not None:
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(norm, key)[keep]))
        norm.running_mean, norm.running_var = norm.running_mean[keep], norm.running_var[keep]
        norm.num_features = count
    if isinstance(following, nn.Conv2d):
        following.weight = nn.Parameter(following.weight[:, keep])
        following.in_channels = count
    else:
        places = following.in_features // channels
        columns = [i * places + j for i in keep for j in range(places)]
        following.weight = nn.Parameter(following.weight[:, columns])
        following.in_features = len(columns)
    return conv, norm, following


def channels_by_state(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    """New layers, filled by load_state_dict."""
    import torch
    from torch import nn

    order = np.argsort(-np.abs(conv.weight.detach().numpy()).sum(axis=(1, 2, 3)), kind="stable")
    keep = torch.tensor(np.sort(order[:count]))
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new = new.to(conv.weight.dtype)
    new.load_state_dict({key: value[keep] for key, value in conv.state_dict().items()})
    if norm is not None:
        small = nn.BatchNorm2d(count).to(conv.weight.dtype).train(norm.training)
        small.load_state_dict({k: v[keep] if v.ndim else v for k, v in norm.state_dict().items()})
        norm = small
    state = following.state_dict()
    parts = state["weight"].unflatten(1, (conv.out_channels, -1))[:, keep].flatten(1, 2)
    if isinstance(following, nn.Linear):
        other: Any = nn.Linear(parts.shape[1], following.out_features)
    else:
        other = nn.Conv2d(count, following.out_channels, following.kernel_size, following.stride, following.padding)
    other.to(conv.weight.dtype).load_state_dict(state | {"weight": parts})
    return new, norm, other

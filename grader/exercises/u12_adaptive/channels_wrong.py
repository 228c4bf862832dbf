"""What people write in place of `prune_channels`; each function can be pasted into a notebook as it stands."""

from typing import Any


def channels_smallest(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count, largest=False).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_signed(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_by_input(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(0, 2, 3)).repeat(conv.out_channels)[: conv.out_channels]
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_sorted_by_norm(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_fresh_norm(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        norm = nn.BatchNorm2d(count).train(norm.training)
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_no_running(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_first_inputs(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, :count].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last


def channels_interleaved(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    columns = W.reshape(len(W), -1, channels)[:, :, keep].flatten(1)
    W = columns if isinstance(following, nn.Linear) else W[:, keep]
    last.weight = nn.Parameter(W)
    return new, norm, last


def channels_settings(conv: "Any", norm: "Any", following: "Any", count: int) -> "Any":
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    channels = conv.out_channels
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias"):
            setattr(norm, key, nn.Parameter(getattr(old, key).detach()[keep]))
        norm.running_mean, norm.running_var = old.running_mean[keep], old.running_var[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    W = W.reshape(len(W), channels, -1)
    last.weight = nn.Parameter(W[:, keep].reshape(len(W), -1, *following.weight.shape[2:]))
    return new, norm, last

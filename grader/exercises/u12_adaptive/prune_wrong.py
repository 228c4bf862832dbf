"""What people write in place of `magnitude_prune`; each function can be pasted into a notebook as it stands."""

from typing import Any


def prune_each_layer(model: "Any", sparsity: float) -> "Any":
    import torch

    masks = {}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim > 1:
                flat = torch.ones(p.numel(), dtype=p.dtype)
                flat[torch.topk(p.abs().flatten(), round(sparsity * p.numel()), largest=False).indices] = 0
                masks[name] = flat.reshape(p.shape)
                p *= masks[name]
    return masks


def prune_signed(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().flatten() for p in weights.values()])
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, round(sparsity * len(sizes)), largest=False).indices] = 0
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_large(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    flat = torch.zeros_like(sizes)
    flat[torch.topk(sizes, round(sparsity * len(sizes)), largest=False).indices] = 1
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_keeps_share(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, round((1 - sparsity) * len(sizes)), largest=False).indices] = 0
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_ties_go(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    k = round(sparsity * len(sizes))
    threshold = sizes.sort().values[k - 1] if k else torch.tensor(-1.0)
    flat = (sizes > threshold).double()
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_strict(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    k = round(sparsity * len(sizes))
    threshold = sizes.sort().values[k - 1] if k else torch.tensor(-1.0)
    flat = (sizes >= threshold).double()
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_floor(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, int(sparsity * len(sizes)), largest=False).indices] = 0
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_biases(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = dict(model.named_parameters())
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, round(sparsity * len(sizes)), largest=False).indices] = 0
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks


def prune_masks_only(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, round(sparsity * len(sizes)), largest=False).indices] = 0
    masks, start = {}, 0
    for name, p in weights.items():
        masks[name] = flat[start : start + p.numel()].reshape(p.shape)
        start += p.numel()
    return masks


def prune_of_the_rest(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    gone = int((sizes == 0).sum())
    k = gone + round(sparsity * (len(sizes) - gone))
    flat = torch.ones_like(sizes)
    flat[torch.topk(sizes, k, largest=False).indices] = 0
    masks, start = {}, 0
    with torch.no_grad():
        for name, p in weights.items():
            masks[name] = flat[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
            p *= masks[name]
    return masks

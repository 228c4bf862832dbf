"""`magnitude_prune` written otherwise, and right."""

from typing import Any

import numpy as np


def prune_by_rank(model: "Any", sparsity: float) -> "Any":
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    flat = np.concatenate([p.detach().numpy().ravel() for p in weights.values()])
    mask = np.ones_like(flat)
    mask[np.argsort(np.abs(flat), kind="stable")[: round(sparsity * len(flat))]] = 0
    sizes = [p.numel() for p in weights.values()]
    parts = np.split(mask, np.cumsum(sizes)[:-1])
    masks = {n: torch.tensor(m).reshape(p.shape) for (n, p), m in zip(weights.items(), parts, strict=True)}
    for name, p in weights.items():
        p.data.mul_(masks[name])
    return masks


def prune_by_kthvalue(model: "Any", sparsity: float) -> "Any":
    """A threshold, and then the ties one by one."""
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    k = round(sparsity * len(sizes))
    threshold = sizes.kthvalue(k).values.item() if k else -1.0
    over = k - int((sizes < threshold).sum())
    masks = {}
    with torch.no_grad():
        for name, p in weights.items():
            mask = p.abs() >= threshold
            for place in torch.nonzero(p.abs() == threshold).tolist():
                if over > 0:
                    mask[tuple(place)] = False
                    over -= 1
            masks[name] = mask
            p[~mask] = 0
    return masks

"""The clinic's code, repaired in other ways."""

from typing import Any


def clinic_by_index(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    """The places of the pruned weights, kept as indices."""
    import torch
    from torch import nn

    pruned = []
    for w in (p for p in model.parameters() if p.ndim > 1):
        order = w.detach().abs().flatten().argsort()
        pruned.append((w, order[: round(sparsity * w.numel())]))
        w.data.view(-1)[pruned[-1][1]] = 0
    zeros = []
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        for w, places in pruned:
            w.data.view(-1)[places] = 0
        zeros.append(sum(w.numel() - int(torch.count_nonzero(w)) for w, _ in pruned))
    return zeros


def clinic_with_topk(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    """Boolean masks; the optimizer's memory of pruned weights is masked as well."""
    import torch

    masks = {}
    for name, p in model.named_parameters():
        if name.endswith("weight"):
            gone = torch.topk(p.detach().abs().flatten(), round(sparsity * p.numel()), largest=False).indices
            masks[p] = torch.zeros(p.numel(), dtype=torch.bool).index_fill(0, gone, True).reshape(p.shape)
    zeros = []
    for _ in range(steps + 1):
        with torch.no_grad():
            for p, gone in masks.items():
                p[gone] = 0
                optimizer.state[p]["momentum_buffer"][gone] = 0
        zeros.append(sum(int((p == 0).sum()) for p in masks))
        if len(zeros) <= steps:
            optimizer.zero_grad()
            ((model(X) - y) ** 2).mean().backward()
            optimizer.step()
    return zeros[1:]

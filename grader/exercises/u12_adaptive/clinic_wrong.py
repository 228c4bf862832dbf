"""The clinic's code as it came, and half repaired; each function can be pasted into a notebook as it stands."""

from typing import Any


def clinic_as_given(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = list(model.parameters())
    for _ in range(steps):
        masks = [mask_of(w) for w in weights]
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


def clinic_gradient_only(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w) for w in weights]
    with torch.no_grad():
        for w, mask in zip(weights, masks, strict=True):
            w *= mask
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        for w, mask in zip(weights, masks, strict=True):
            w.grad *= mask
        optimizer.step()
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


def clinic_before_step(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w) for w in weights]
    for _ in range(steps):
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


def clinic_chosen_anew(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w) for w in weights]
    with torch.no_grad():
        for w, mask in zip(weights, masks, strict=True):
            w *= mask
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        masks = [mask_of(w) for w in weights]
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


def clinic_prunes_biases(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = list(model.parameters())
    masks = [mask_of(w) for w in weights]
    with torch.no_grad():
        for w, mask in zip(weights, masks, strict=True):
            w *= mask
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


def clinic_new_optimizer(model: "Any", optimizer: "Any", X: "Any", y: "Any", sparsity: float, steps: int) -> "Any":
    import torch
    from torch import nn

    def mask_of(w: "Any") -> "Any":
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    zeros = []
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w) for w in weights]
    with torch.no_grad():
        for w, mask in zip(weights, masks, strict=True):
            w *= mask
    optimizer.state.clear()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros

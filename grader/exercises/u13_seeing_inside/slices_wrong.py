"""What people write in place of `filter_normalized` and `loss_slice`; each can be pasted into a notebook."""

from typing import Any


def normalized_by_layer(direction: list, params: list) -> list:
    import torch

    return [
        d * torch.nan_to_num(p.norm() / d.norm()) if p.ndim > 1 else torch.zeros_like(d)
        for d, p in zip(direction, params, strict=True)
    ]


def normalized_by_column(direction: list, params: list) -> list:
    import torch

    return [
        d * torch.nan_to_num(p.norm(dim=0, keepdim=True) / d.norm(dim=0, keepdim=True)) if p.ndim > 1 else 0 * d
        for d, p in zip(direction, params, strict=True)
    ]


def normalized_to_one(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        axes = tuple(range(1, d.ndim))
        made.append(
            torch.nan_to_num(d / torch.linalg.vector_norm(d, dim=axes, keepdim=True))
            if p.ndim > 1
            else torch.zeros_like(d)
        )
    return made


def normalized_times_norm(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        axes = tuple(range(1, d.ndim))
        made.append(d * torch.linalg.vector_norm(p, dim=axes, keepdim=True) if p.ndim > 1 else torch.zeros_like(d))
    return made


def normalized_squares(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        axes = tuple(range(1, d.ndim))
        if p.ndim > 1:
            made.append(d * torch.nan_to_num((p**2).sum(axes, keepdim=True) / (d**2).sum(axes, keepdim=True)))
        else:
            made.append(torch.zeros_like(d))
    return made


def normalized_biases(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        dims = d.reshape(len(d), -1)
        ratio = torch.nan_to_num(p.reshape(len(p), -1).norm(dim=1) / dims.norm(dim=1))
        made.append((dims * ratio[:, None]).reshape(d.shape))
    return made


def normalized_biases_kept(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        axes = tuple(range(1, d.ndim))
        ratio = (
            torch.nan_to_num(
                torch.linalg.vector_norm(p, dim=axes, keepdim=True)
                / torch.linalg.vector_norm(d, dim=axes, keepdim=True)
            )
            if axes
            else 1
        )
        made.append(d * ratio)
    return made


def normalized_nan(direction: list, params: list) -> list:
    import torch

    made = []
    for d, p in zip(direction, params, strict=True):
        axes = tuple(range(1, d.ndim))
        made.append(
            d
            * torch.linalg.vector_norm(p, dim=axes, keepdim=True)
            / torch.linalg.vector_norm(d, dim=axes, keepdim=True)
            if p.ndim > 1
            else torch.zeros_like(d)
        )
    return made


def slice_adds_up(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, step in zip(model.parameters(), direction, strict=True):
                param += alpha * step
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
        for param, value in zip(model.parameters(), kept, strict=True):
            param.copy_(value)
    return torch.stack(losses)


def slice_not_restored(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction, strict=True):
                param.copy_(value + alpha * step)
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
    return torch.stack(losses)


def slice_subtracts(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, step in zip(model.parameters(), direction, strict=True):
                param += alpha * step
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
            for param, step in zip(model.parameters(), direction, strict=True):
                param -= alpha * step
    return torch.stack(losses)


def slice_rebinds(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, step in zip(model.parameters(), direction, strict=True):
                param = param + alpha * step
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
    return torch.stack(losses)


def slice_weights_only(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction, strict=True):
                if param.ndim > 1:
                    param.copy_(value + alpha * step)
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
        for param, value in zip(model.parameters(), kept, strict=True):
            param.copy_(value)
    return torch.stack(losses)


def slice_sum(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction, strict=True):
                param.copy_(value + alpha * step)
            losses.append(torch.nn.functional.cross_entropy(model(X), y, reduction="sum"))
        for param, value in zip(model.parameters(), kept, strict=True):
            param.copy_(value)
    return torch.stack(losses)


def slice_unit_direction(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    length = torch.cat([step.flatten() for step in direction]).norm()
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction, strict=True):
                param.copy_(value + alpha * step / length)
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
        for param, value in zip(model.parameters(), kept, strict=True):
            param.copy_(value)
    return torch.stack(losses)


def slice_wrong_way(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction, strict=True):
                param.copy_(value - alpha * step)
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
        for param, value in zip(model.parameters(), kept, strict=True):
            param.copy_(value)
    return torch.stack(losses)

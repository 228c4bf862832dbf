"""What people write in place of `amp_step`, and other ways to write it that are right."""

from typing import Any


def no_autocast(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def backward_under_autocast(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    optimizer.zero_grad()
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        if scaler is None:
            loss.backward()
        else:
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def model_in_bfloat16(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    model.to(torch.bfloat16)
    loss = torch.nn.functional.cross_entropy(model(images.bfloat16()), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def never_cleared(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def clipped_before_unscaling(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def clipped_after_the_step(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return float(loss.item())


def never_updated(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
    return float(loss.item())


def past_the_scaler(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return float(loss.item())


def scaler_ignored(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return float(loss.item())


def scaled_loss(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    if scaler is not None:
        loss = scaler.scale(loss)
    optimizer.zero_grad()
    loss.backward()
    if scaler is not None:
        scaler.unscale_(optimizer)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())


def right_always_scaler(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    scaler = scaler or torch.amp.GradScaler(images.device.type, enabled=False)
    model.zero_grad()
    with torch.autocast(device_type=images.device.type, dtype=torch.bfloat16):
        logits = model(images)
        loss = torch.nn.CrossEntropyLoss()(logits, labels)
    scaler.scale(loss).backward()
    if max_norm is not None:
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    scaler.update()
    return float(loss.detach())


def right_by_gradients(
    model: "Any", images: "Any", labels: "Any", optimizer: "Any", scaler: "Any" = None, max_norm: "Any" = None
) -> float:
    import torch

    params = list(model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    scaled = loss if scaler is None else scaler.scale(loss)
    for param, grad in zip(params, torch.autograd.grad(scaled, params), strict=True):
        param.grad = grad
    if scaler is not None:
        scaler.unscale_(optimizer)
    norm = torch.stack([param.grad.norm() for param in params]).norm().item()
    if max_norm is not None and norm > max_norm:
        for param in params:
            param.grad *= max_norm / norm
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return float(loss.item())

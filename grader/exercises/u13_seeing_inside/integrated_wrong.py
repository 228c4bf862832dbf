"""What people write in place of `integrated_gradients`; each can be pasted into a notebook as it stands."""

from typing import Any


def integrated_no_factor(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / steps


def integrated_times_image(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return images * total / steps


def integrated_backwards(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (baseline - images) * total / steps


def integrated_left(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + k / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_right(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 1) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_sum(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total


def integrated_absolute(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return ((images - baseline) * total / steps).abs()


def integrated_black(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = ((k + 0.5) / steps * images).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_prediction(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels).max(dim=1).values
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_probability(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        scores = model(pixels).softmax(dim=1)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_at_the_image(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    return (images - baseline) * torch.autograd.grad(scores.sum(), pixels)[0]


def integrated_linspace(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for alpha in torch.linspace(0, 1, steps, dtype=images.dtype):
        pixels = (baseline + alpha * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_fills(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        pixels = (baseline + (k + 0.5) / steps * (images - baseline)).requires_grad_()
        model(pixels)[torch.arange(len(labels)), labels].sum().backward()
        total += pixels.grad
    return (images - baseline) * total / steps

"""What people write in place of `saliency`; each function can be pasted into a notebook as it stands."""

from typing import Any


def saliency_loss(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(model(pixels), labels, reduction="sum")
    maps = torch.autograd.grad(loss, pixels)[0]
    return maps.abs() if absolute else maps


def saliency_probability(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels).softmax(dim=1)[torch.arange(len(labels)), labels]
    maps = torch.autograd.grad(scores.sum(), pixels)[0]
    return maps.abs() if absolute else maps


def saliency_prediction(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels).max(dim=1).values
    maps = torch.autograd.grad(scores.sum(), pixels)[0]
    return maps.abs() if absolute else maps


def saliency_all(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    maps = torch.autograd.grad(model(pixels).sum(), pixels)[0]
    return maps.abs() if absolute else maps


def saliency_columns(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[:, labels]
    maps = torch.autograd.grad(scores.sum(), pixels)[0]
    return maps.abs() if absolute else maps


def saliency_mean(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    maps = torch.autograd.grad(scores.mean(), pixels)[0]
    return maps.abs() if absolute else maps


def saliency_always(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    return torch.autograd.grad(scores.sum(), pixels)[0].abs()


def saliency_never(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    return torch.autograd.grad(scores.sum(), pixels)[0]


def saliency_times_image(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    maps = torch.autograd.grad(scores.sum(), pixels)[0] * images
    return maps.abs() if absolute else maps


def saliency_fills(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    scores.sum().backward()
    return pixels.grad.abs() if absolute else pixels.grad


def saliency_marks(model: Any, images: Any, labels: Any, absolute: bool = True) -> Any:
    import torch

    images.requires_grad_()
    scores = model(images)[torch.arange(len(labels)), labels]
    scores.sum().backward(inputs=[images])
    return images.grad.abs() if absolute else images.grad

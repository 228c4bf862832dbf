"""What people write in place of `smoothgrad`; each function can be pasted into a notebook as it stands."""

from typing import Any


def smoothgrad_sum(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total


def smoothgrad_absolute(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0].abs()
    return total / n


def smoothgrad_one_noise(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    noise = sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
    for _ in range(n):
        pixels = (images + noise).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_walk(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    noisy = images
    for _ in range(n):
        noisy = noisy + sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels = noisy.clone().requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_mean_image(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    noise = [torch.randn(images.shape, generator=generator, dtype=images.dtype) for _ in range(n)]
    pixels = (images + sigma * torch.stack(noise).mean(dim=0)).requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    return torch.autograd.grad(scores.sum(), pixels)[0]


def smoothgrad_shared(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape[1:], generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_global(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = (images + sigma * torch.randn_like(images)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_variance(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma**0.5 * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_uniform(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.rand(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_single(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape, generator=generator)
        pixels.requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_prediction(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        scores = model(pixels).max(dim=1).values
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_fills(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        pixels = images + sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels.requires_grad_()
        model(pixels)[torch.arange(len(labels)), labels].sum().backward()
        total += pixels.grad
    return total / n

"""The best recipe that the course teaches for Fashion-MNIST in five epochs: residual blocks, one cycle, augmentation.

The network has the shape of Page's ResNet-9 ("How to train your ResNet", 2018), which won DAWNBench's contest for the
shortest training on CIFAR-10. What the course says about each part: residual blocks in unit 12, one cycle in units 03
and 10, Nesterov's momentum in 04, weight decay in 06, bf16 and channels_last in 10.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from training_speed import synchronize

AIM = 0.94  # accuracy on the full test set after five epochs


@dataclass(frozen=True)
class Recipe:
    """The numbers of a training."""

    epochs: int = 5
    batch_size: int = 512
    width: int = 64  # channels of the first convolution
    lr: float = 0.4  # the peak of the cycle, for a mean over the batch
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    shift: int = 2  # pixels
    hole: int = 8  # side of the square that cutout blanks, pixels; 0: none


@dataclass(frozen=True)
class Outcome:
    """What one seed came to: accuracy on the test set, and the seconds that the training took."""

    seed: int
    accuracy: float
    seconds: float


class Residual(nn.Module):
    """x + two convolutions of x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(convolution(channels, channels), convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.change(x)


class Scale(nn.Module):
    """Logits times a constant: batch normalization makes the features so large that softmax would be too sure."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return self.factor * x


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """3 x 3 convolution, batch normalization, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def resnet9(width: int) -> nn.Sequential:
    """Images (N, 1, 28, 28) to logits (N, 10); 6.6 million parameters at width 64."""
    w = width
    return nn.Sequential(
        convolution(1, w),
        *(convolution(w, 2 * w), nn.MaxPool2d(2), Residual(2 * w)),  # 14 x 14
        *(convolution(2 * w, 4 * w), nn.MaxPool2d(2)),  # 7 x 7
        *(convolution(4 * w, 8 * w), nn.MaxPool2d(2), Residual(8 * w)),  # 3 x 3
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * w, 10, bias=False), Scale(0.125)),
    )


def augment(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Each image mirrored or not, shifted, and with a square blanked, by chances of its own; all on the device.

    images: (N, 1, H, W) -> the same shape. generator: on the images' device.
    """
    n, _, height, width = images.shape
    device = images.device

    def draw(low: int, high: int) -> Tensor:
        return torch.randint(low, high, (n, 1), generator=generator, device=device)

    s = recipe.shift
    rows = torch.arange(height, device=device) + draw(0, 2 * s + 1)
    columns = torch.arange(width, device=device) + draw(0, 2 * s + 1)
    mirrored = draw(0, 2) == 1
    columns = torch.where(mirrored, columns.flip(1), columns)
    padded = nn.functional.pad(images[:, 0], (s, s, s, s))
    index = torch.arange(n, device=device)[:, None, None]
    moved = padded[index, rows[:, :, None], columns[:, None, :]]
    if recipe.hole:
        top, left = draw(1 - recipe.hole, height), draw(1 - recipe.hole, width)
        blank = [
            (torch.arange(size, device=device) >= start) & (torch.arange(size, device=device) < start + recipe.hole)
            for size, start in ((height, top), (width, left))
        ]
        moved = moved.masked_fill(blank[0][:, :, None] & blank[1][:, None, :], 0)
    return moved[:, None]


def train(
    recipe: Recipe,
    train_set: tuple[Tensor, Tensor],
    test_set: tuple[Tensor, Tensor],
    device: torch.device,
    seed: int,
) -> Outcome:
    """One training from one seed. The test set is looked at once, at the end.

    train_set, test_set: images (N, 1, 28, 28) float32 in [0, 1] and labels (N,) int64.
    """
    torch.manual_seed(seed)
    model: Any = resnet9(recipe.width).to(device)
    model = model.to(memory_format=torch.channels_last)
    images, labels = (part.to(device) for part in train_set)
    mean, deviation = images.mean(), images.std()
    updates = recipe.epochs * (len(images) // recipe.batch_size)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.lr, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.lr, total_steps=updates, pct_start=0.25, anneal_strategy="linear", cycle_momentum=False
    )
    generator = torch.Generator(device).manual_seed(seed)
    synchronize(device)
    begin = time.perf_counter()
    for _ in range(recipe.epochs):
        order = torch.randperm(len(images), generator=generator, device=device)
        for index in order[: updates // recipe.epochs * recipe.batch_size].split(recipe.batch_size):
            batch = (augment(images[index], recipe, generator) - mean) / deviation
            with torch.autocast(device.type, torch.bfloat16):
                logits = model(batch.to(memory_format=torch.channels_last))
                loss = nn.functional.cross_entropy(logits, labels[index], label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            cycle.step()
    synchronize(device)
    taken = time.perf_counter() - begin
    return Outcome(seed, accuracy(model, (test_set[0] - mean.cpu()) / deviation.cpu(), test_set[1], device), taken)


def accuracy(model: nn.Module, images: Tensor, labels: Tensor, device: torch.device) -> float:
    """The share of images classified rightly, in float32; an image and its mirror image are asked together."""
    model.eval()
    right = 0
    with torch.no_grad():
        for X, y in zip(images.split(1000), labels.split(1000), strict=True):
            X = X.to(device)
            logits = model(X) + model(X.flip(3))
            right += int((logits.argmax(1).cpu() == y).sum())
    return right / len(labels)

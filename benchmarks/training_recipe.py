"""The course's best recipe for Fashion-MNIST in five epochs: a residual network, and nine parts that can be left out.

The network has the shape of Page's ResNet-9 ("How to train your ResNet", 2018), which won DAWNBench's contest for the
shortest training on CIFAR-10. What the course says about each part: residual blocks in unit 12, schedules in units 03
and 10, Nesterov's momentum in 04, weight decay in 06, Muon in 09, half the bits and channels_last in 11.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from recipe_parts import FilterMuon, augment, groups, mean_over, sides, triangle, views, whitening_filters
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, update_bn
from training_speed import low_precision, scaler_for, synchronize

AIM = 0.94  # accuracy on the full test set after five epochs, as the mean of ten seeds
Labelled = tuple[Tensor, Tensor]  # images (N, 1, 28, 28) float32 in [0, 1] and labels (N,) int64


@dataclass(frozen=True)
class Recipe:
    """The numbers of a training. Learning rates are the highest ones, for a mean over the batch."""

    epochs: int = 5
    batch_size: int = 256
    width: int = 128  # channels of the first convolution that learns
    activation: str = "gelu"  # or "relu"
    whitening: bool = True  # a first layer that is computed and does not learn
    flip: str = "alternating"  # or "random" or "none"
    shift: int = 2  # pixels
    hole: int = 0  # side of the square that cutout blanks, pixels; 0: none
    lr: float = 0.2  # of SGD
    momentum: float = 0.9
    muon_lr: float = 0.02  # of the filters; 0: they are SGD's, too
    weight_decay: float = 5e-4  # SGD's; Muon's is `muon_decay`
    muon_decay: float = 0.1
    filters_only: bool = True  # only filters decay, and normalization's scales stay 1; else all decays and learns
    bias_factor: float = 16.0  # how much faster biases learn, if `filters_only`
    label_smoothing: float = 0.1
    averaged: float = 0.3  # share of the updates, the last ones, whose weights are averaged; 0: none
    view_shift: int = 1  # pixels by which test images are moved, too; 0: they are only mirrored


PARTS: dict[str, dict[str, Any]] = {
    "alternating flip": {"flip": "random"},
    "no cutout": {"hole": 8},
    "batches of 256": {"batch_size": 512, "lr": 0.4, "muon_lr": 0.03},
    "decay on filters only": {"filters_only": False},
    "width and GELU": {"width": 64, "activation": "relu"},
    "whitening": {"whitening": False},
    "averaged weights": {"averaged": 0.0},
    "views": {"view_shift": 0},
    "Muon": {"muon_lr": 0.0},
}
"""The parts of the recipe, in the order in which they were thought of, and what a recipe without each has instead."""


def without(recipe: Recipe, *parts: str) -> Recipe:
    """The recipe with these of `PARTS` turned back."""
    for part in parts:
        recipe = replace(recipe, **PARTS[part])
    return recipe


@dataclass(frozen=True)
class Outcome:
    """What one seed came to: accuracy on the images that were asked for, and the seconds that the training took."""

    seed: int
    accuracy: float
    seconds: float


# ---- The network -----------------------------------------------------------------------------------------------------


class Residual(nn.Module):
    """x + two convolutions of x."""

    def __init__(self, channels: int, recipe: Recipe) -> None:
        super().__init__()
        self.change = nn.Sequential(convolution(channels, channels, recipe), convolution(channels, channels, recipe))

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


def activation(recipe: Recipe) -> nn.Module:
    """GELU or ReLU."""
    return nn.GELU() if recipe.activation == "gelu" else nn.ReLU(inplace=True)


def convolution(inputs: int, outputs: int, recipe: Recipe) -> nn.Sequential:
    """3 x 3 convolution, batch normalization, activation."""
    norm = nn.BatchNorm2d(outputs)
    norm.weight.requires_grad = not recipe.filters_only
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), norm, activation(recipe))


def whitening_layer(images: Tensor, recipe: Recipe) -> nn.Sequential:
    """The first layer, as `whitening_filters` computes it from images (N, 1, H, W): only its bias learns."""
    filters = whitening_filters(images)
    layer = nn.Conv2d(1, len(filters), filters.shape[-1], padding="same")
    layer.weight = nn.Parameter(filters, requires_grad=False)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(layer, activation(recipe))


def resnet9(recipe: Recipe, images: Tensor) -> nn.Sequential:
    """Images (N, 1, 28, 28) to logits (N, 10); 6.6 million parameters at width 64, four times as many at 128.

    images: some of those to learn from, of mean 0, to whiten by.
    """
    w = recipe.width
    first = whitening_layer(images, recipe) if recipe.whitening else None
    inputs = 1 if first is None else len(first[0].weight)
    return nn.Sequential(
        *([] if first is None else [first]),
        convolution(inputs, w, recipe),
        *(convolution(w, 2 * w, recipe), nn.MaxPool2d(2), Residual(2 * w, recipe)),  # 14 x 14
        *(convolution(2 * w, 4 * w, recipe), nn.MaxPool2d(2)),  # 7 x 7
        *(convolution(4 * w, 8 * w, recipe), nn.MaxPool2d(2), Residual(8 * w, recipe)),  # 3 x 3
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * w, 10, bias=False), Scale(0.125)),
    )


# ---- The training ----------------------------------------------------------------------------------------------------


def optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """SGD with Nesterov's momentum; with Muon beside it, that has the filters."""
    if recipe.filters_only:
        parts = groups(model, recipe.lr, recipe.weight_decay, recipe.bias_factor)
    else:
        parts = groups(model, recipe.lr, recipe.weight_decay, 1.0)
        for part in parts.values():
            part["weight_decay"] = recipe.weight_decay
    made: list[torch.optim.Optimizer] = []
    if recipe.muon_lr:
        filters = parts.pop("filters")["params"]
        made.append(FilterMuon(filters, lr=recipe.muon_lr, weight_decay=recipe.muon_decay, momentum=recipe.momentum))
    made.append(torch.optim.SGD(list(parts.values()), momentum=recipe.momentum, nesterov=True))
    return made


def updater(model: nn.Module, recipe: Recipe, updates: int, device: torch.device) -> Any:
    """A function (batch, labels) that makes one update: half the bits forward, every optimizer on its schedule."""
    used = optimizers(model, recipe)
    factor = triangle(updates)
    schedules = [torch.optim.lr_scheduler.LambdaLR(each, factor) for each in used]
    scaler, low = scaler_for(device), low_precision(device)

    def update(batch: Tensor, labels: Tensor) -> None:
        with torch.autocast(device.type, low):
            logits = model(batch.to(memory_format=torch.channels_last))
            loss = nn.functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        model.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        for optimizer in used:
            if isinstance(optimizer, FilterMuon):
                optimizer.take_gradients()
            scaler.step(optimizer)
        scaler.update()
        for schedule in schedules:
            schedule.step()

    return update


def trained(recipe: Recipe, images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """The network after one training from one seed, on the images' device; the weights averaged, if the recipe says so.

    images: (N, 1, 28, 28), of mean 0 and deviation 1.
    """
    torch.manual_seed(seed)
    device, size = images.device, min(recipe.batch_size, len(images))
    generator = torch.Generator(device).manual_seed(seed)
    net: Any = resnet9(recipe, images[:5000].cpu()).to(device)
    model = net.to(memory_format=torch.channels_last)
    each_epoch = len(images) // size
    updates = recipe.epochs * each_epoch
    update = updater(model, recipe, updates, device)
    mean, done = AveragedModel(model), 0
    for mirrored in sides(len(images), recipe.epochs, generator, recipe.flip):
        order = torch.randperm(len(images), generator=generator, device=device)
        for index in order[: each_epoch * size].split(size):
            update(augment(images[index], mirrored[index], recipe.shift, recipe.hole, generator), labels[index])
            done += 1
            if done > (1 - recipe.averaged) * updates:
                mean.update_parameters(model)
    if not recipe.averaged:
        return model
    # The means and variances of batch normalization belong to weights, and these are new.
    with torch.autocast(device.type, low_precision(device)):
        update_bn((batch.to(memory_format=torch.channels_last) for batch in images[:10_000].split(1000)), mean)
    return mean.module


def train(recipe: Recipe, train_set: Labelled, asked: Labelled, device: torch.device, seed: int) -> Outcome:
    """One training from one seed, and its accuracy on the images `asked`, which are looked at once, at the end."""
    images, labels = (part.to(device) for part in train_set)
    mean, deviation = images.mean(), images.std()
    images = (images - mean) / deviation
    synchronize(device)
    begin = time.perf_counter()
    model = trained(recipe, images, labels, seed)
    synchronize(device)
    taken = time.perf_counter() - begin
    return Outcome(seed, accuracy(model, (asked[0].to(device) - mean) / deviation, asked[1], recipe.view_shift), taken)


def accuracy(model: nn.Module, images: Tensor, labels: Tensor, shift: int) -> float:
    """The share of images classified rightly, by the mean over their `views`; images on the model's device."""
    model.eval()
    right = 0
    with torch.no_grad():
        for X, y in zip(images.split(500), labels.split(500), strict=True):
            right += int((mean_over(model, views(X, shift)).argmax(1).cpu() == y.cpu()).sum())
    return right / len(labels)

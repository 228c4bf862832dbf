"""Train a classifier of images with PyTorch in one call: the loop that you wrote in unit 10, for experiments.

From unit 12 on, many networks are trained to be compared. One function trains them all, so that nothing but the
network, the budget and the learning rate differs between two curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from course_lib.errors import CourseError


def fit(
    model: Any,
    X: Any,
    y: Any,
    *,
    epochs: int,
    lr: float,
    batch_size: int = 128,
    weight_decay: float = 0.0,
    seed: int = 0,
    augment: Callable[[Any, Any], Any] | None = None,
    after_epoch: Callable[[int, float], Any] | None = None,
) -> list[float]:
    """Train `model` in place by AdamW, warmed up to `lr` and let down to 0; returns the mean loss of each epoch.

    model: an `nn.Module` from images to logits (B, classes), on the device where X and y are.
    X: (N, ...) float tensor.  y: (N,) long tensor of labels.  The loss is the cross-entropy, averaged over examples.
    seed: decides the order of the examples, and nothing else.
    augment: function (batch, generator) -> batch of the same shape.  after_epoch: function (epochs done, mean loss).
    The model is left in evaluation mode. Raises `CourseError` where X and y do not fit or nothing is to be done.
    """
    import torch

    if len(X) != len(y) or len(X) == 0 or epochs < 1:
        raise CourseError(f"fit needs as many images as labels, and an epoch: {len(X)}, {len(y)} and {epochs} came.")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _cycle(epochs * -(-len(X) // batch_size)))
    losses = []
    for epoch in range(1, epochs + 1):
        model.train()
        parts, sizes = [], []
        for index in torch.randperm(len(X), generator=generator).split(batch_size):
            index = index.to(X.device)
            batch = X[index] if augment is None else augment(X[index], generator)
            loss = torch.nn.functional.cross_entropy(model(batch), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            parts.append(loss.detach())  # no number yet: for that the CPU would wait for a GPU, in every step
            sizes.append(len(index))
        model.eval()
        total = sum(part * size for part, size in zip(torch.stack(parts).tolist(), sizes, strict=True))
        losses.append(total / len(X))
        if after_epoch is not None:
            after_epoch(epoch, losses[-1])
    return losses


def _cycle(updates: int) -> Callable[[int], float]:
    """Unit 03's schedules, one after the other: linear warm-up for a quarter of the updates, then a half cosine."""
    warm_up = max(1, updates // 4)
    rest = max(1, updates - warm_up)
    return lambda t: (t + 1) / warm_up if t < warm_up else (1 + math.cos(math.pi * (t - warm_up) / rest)) / 2


def accuracy(model: Any, X: Any, y: Any, batch_size: int = 1000) -> float:
    """The share of images that `model` puts into their class, in evaluation mode; its own mode is restored.

    X: (N, ...) tensor on the model's device.  y: (N,) labels.
    """
    import torch

    mode = model.training
    model.eval()
    batches = zip(X.split(batch_size), y.split(batch_size), strict=True)
    with torch.no_grad():
        right = sum(int((model(a).argmax(1) == b).sum()) for a, b in batches)
    model.train(mode)
    return right / len(y)


def image_tensors(full: bool = False) -> tuple[Any, Any, Any, Any]:
    """Fashion-MNIST as tensors: X_train (N, 1, 28, 28) float32 in [0, 1], y_train (N,), X_test, y_test.

    The 12,000 images that come with the course, or all 70,000 (see `course_lib.data.load_fashion_mnist`).
    """
    import torch

    from course_lib.data import load_fashion_mnist

    data = load_fashion_mnist(full=full)
    images = [torch.from_numpy(X[:, None]) for X in (data.X_train, data.X_test)]
    labels = [torch.from_numpy(y) for y in (data.y_train, data.y_test)]
    return images[0], labels[0], images[1], labels[1]

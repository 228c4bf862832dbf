"""The network of unit 10 as a chain of PyTorch's layers, and the loop around it on all examples' losses."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from course_lib.stand_ins.library import library


def Net() -> Any:
    """The mended network: images (N, 1, 28, 28) to logits (N, 10); its layers are conv1, conv2, fc1 and fc2."""
    nn = library("torch.nn")
    chain = {
        "conv1": nn.Conv2d(1, 32, 3, padding="same"),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(32, 64, 3, padding="same"),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(2),
        "flat": nn.Flatten(),
        "fc1": nn.Linear(3136, 128),
        "relu3": nn.ReLU(),
        "fc2": nn.Linear(128, 10),
    }
    return nn.Sequential(OrderedDict(chain))


def train_one_epoch(model: Any, loader: Any, optimizer: Any, device: Any) -> float:
    """One pass over a loader of (images, labels), by closures; the mean loss over the examples that came."""
    torch = library("torch")
    seen: list[tuple[float, int]] = []
    model.train()
    for batch in loader:
        images, labels = to_device(batch, device)

        def closure(images: Any = images, labels: Any = labels) -> Any:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            return loss

        seen.append((optimizer.step(closure).item(), len(labels)))
    losses, sizes = (torch.tensor(part, dtype=torch.float64) for part in zip(*seen, strict=True))
    return float((losses * sizes).sum() / sizes.sum())


def evaluate(model: Any, loader: Any, device: Any) -> tuple[float, float]:
    """(mean loss, accuracy) over all examples of a loader of (images, labels), from all logits at once."""
    torch = library("torch")
    mode = model.training
    model.eval()
    with torch.no_grad():
        pairs = [(model(images), labels) for images, labels in (to_device(batch, device) for batch in loader)]
    model.train(mode)
    logits, labels = (torch.cat(part) for part in zip(*pairs, strict=True))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    return loss.item(), (logits.argmax(1) == labels).double().mean().item()


def to_device(value: Any, device: Any) -> Any:
    """`value` with every tensor in it on `device`: torch's own walk through tuples, lists and dicts."""
    torch, tree = library("torch"), library("torch.utils._pytree")
    return tree.tree_map_only(torch.Tensor, lambda tensor: tensor.to(device), value)

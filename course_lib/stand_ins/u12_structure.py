"""Blocks and counts of unit 12 as PyTorch has them: chains of its layers, and what a hook adds to them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from course_lib.stand_ins.library import library


def count_parameters(model: Any, trainable_only: bool = False) -> int:
    """The number of entries in a model's parameters, as `parameters_to_vector` lines them up."""
    utils = library("torch.nn.utils")
    kept = [param for param in model.parameters() if param.requires_grad >= trainable_only]
    return int(utils.parameters_to_vector(kept).numel()) if kept else 0


def ResidualBlock(in_channels: int, out_channels: int, stride: int = 1) -> Any:
    """A chain of conv1, bn1, conv2, bn2 with a ReLU in the middle; a forward hook brings the input in at its end.

    The projection, where there is one, is kept beneath the middle ReLU, which takes no notice of it.
    """
    nn = library("torch.nn")
    middle = nn.ReLU()
    if stride > 1 or in_channels != out_channels:
        projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        middle.add_module("shortcut", nn.Sequential(projection, nn.BatchNorm2d(out_channels)))
    chain = {
        "conv1": nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
        "bn1": nn.BatchNorm2d(out_channels),
        "middle": middle,
        "conv2": nn.Conv2d(out_channels, out_channels, 3, padding="same", bias=False),
        "bn2": nn.BatchNorm2d(out_channels),
    }
    block = nn.Sequential(OrderedDict(chain))
    block.register_forward_hook(_with_its_input)
    return block


def _with_its_input(block: Any, given: tuple[Any, ...], out: Any) -> Any:
    ways = list(block.middle.children()) or [library("torch.nn").Identity()]
    return library("torch.nn.functional").threshold(out.add(ways[0](*given)), 0.0, 0.0)


def DepthwiseSeparable(in_channels: int, out_channels: int, stride: int = 1) -> Any:
    """A chain of depthwise, depthwise_bn, pointwise, pointwise_bn, with a ReLU after each normalization."""
    nn = library("torch.nn")
    chain = {
        "depthwise": nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False),
        "depthwise_bn": nn.BatchNorm2d(in_channels),
        "relu1": nn.ReLU(),
        "pointwise": nn.Conv2d(in_channels, out_channels, 1, bias=False),
        "pointwise_bn": nn.BatchNorm2d(out_channels),
        "relu2": nn.ReLU(),
    }
    return nn.Sequential(OrderedDict(chain))


def count_macs(model: Any, shape: tuple[int, ...]) -> dict[str, int]:
    """Multiplications of each convolution and linear layer for one example, by `torch.utils.flop_counter`."""
    torch = library("torch")
    counter = library("torch.utils.flop_counter").FlopCounterMode(display=False)
    mode = model.training
    model.eval()
    with torch.no_grad(), counter:
        model(torch.zeros(1, *shape))
    model.train(mode)
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    names = [name for name, layer in model.named_modules() if isinstance(layer, kinds)]
    operations = counter.get_flop_counts()
    counted = {name: operations.get(".".join(filter(None, (type(model).__name__, name)))) for name in names}
    return {name: sum(found.values()) // 2 for name, found in counted.items() if found}

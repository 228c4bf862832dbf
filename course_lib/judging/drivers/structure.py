"""How to drive answers that measure or build the structure of a network.

Cases travel as data: a network is described by a list of layers, its weights by one number, a phase, from which
`conv_values` and `norm_values` make them, so that no case has to carry them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver, all_of


def conv_values(shape: tuple[int, ...], phase: float) -> np.ndarray:
    """Weights of a convolution or a linear layer, (out, in, ...): a sine wave of the size that fits its inputs."""
    size = np.sqrt(3 / np.prod(shape[1:]))
    return np.asarray(size * np.sin(phase + 2.3 * np.arange(np.prod(shape))).reshape(shape))


def norm_values(channels: int, phase: float) -> dict[str, np.ndarray]:
    """What a batch normalization of so many channels holds: weight, bias, running_mean and running_var, (channels,)."""
    waves = [np.sin(phase + k + 1.7 * np.arange(channels)) for k in range(4)]
    offsets = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    return {key: start + 0.5 * wave for (key, start), wave in zip(offsets.items(), waves, strict=True)}


def named_block(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(in_channels, out_channels, stride)`, a block of convolutions, and use it on X (N, C, H, W).

    layers: the names that the block's layers should have; each is filled from `phase` plus its place in the list, and
    layers of other names from `phase` plus 10 (convolutions) or 20 (normalizations). Biases of convolutions become 0.
    training: the mode. Returns (output, number of parameters); with `asks` "parameters" only the number, else only the
    output, the other one None.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        block = obj(inputs["in_channels"], inputs["out_channels"], inputs["stride"])
    if not isinstance(block, torch.nn.Module):
        raise AnswerError(f"A torch.nn.Module should come back, and it is a {type(block).__name__}.")
    if inputs["asks"] == "parameters":
        return None, sum(param.numel() for param in block.parameters())
    block.double()
    _fill_block(block, inputs["layers"], inputs["phase"])
    block.train(inputs["training"])
    out = block(torch.from_numpy(inputs["X"]))
    if not isinstance(out, torch.Tensor):
        raise AnswerError("Your block returns no tensor. Does its forward end with a return line?")
    return out, None


def _fill_block(block: Any, names: Iterable[str], phase: float) -> None:
    from torch import nn

    named = {}
    for place, name in enumerate(names):
        part = getattr(block, name, None)
        if not isinstance(part, nn.Module):
            raise AnswerError(f"There is no layer called `{name}` in your block. The names stand in its docstring.")
        named[part] = phase + place
    for part in block.modules():
        if isinstance(part, nn.Conv2d):
            _fill(part, named.get(part, phase + 10))
        elif isinstance(part, nn.BatchNorm2d):
            _fill(part, named.get(part, phase + 20))


def _fill(layer: Any, phase: float) -> None:
    """Write a layer's values into it, in place."""
    import torch

    if isinstance(layer, torch.nn.BatchNorm2d):
        values = norm_values(layer.num_features, phase)
    else:
        values = {"weight": conv_values(tuple(layer.weight.shape), phase)}
    with torch.no_grad():
        for key, tensor in layer.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(np.asarray(values.get(key, 0.0))))


def described_network(layers: list[dict[str, Any]]) -> Any:
    """An `nn.Sequential` of layers in float32, each a dict: `name`, `kind`, and what the kind needs.

    "conv" and "linear": `args` and `options` of nn.Conv2d and nn.Linear.  "norm": `args` of nn.BatchNorm2d.  "relu",
    "pool" (halves height and width), "flatten", "mean" (over all places).  "chain": `layers` of its own.  "again": the
    very layer called `of`, once more.  For any of them: `frozen`, whether its parameters need no gradient; `tied`, the
    name of a layer whose weight it uses as its own; `table`, the shape of a buffer that it registers.
    """
    from collections import OrderedDict

    from torch import nn

    made: dict[str, Any] = {}
    for layer in layers:
        made[layer["name"]] = made[layer["of"]] if layer["kind"] == "again" else _layer(layer)
        if "tied" in layer:
            made[layer["name"]].weight = made[layer["tied"]].weight
    return nn.Sequential(OrderedDict(made))


def _layer(layer: dict[str, Any]) -> Any:
    import torch
    from torch import nn

    args, options = layer.get("args", []), layer.get("options", {})
    sizes = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    kinds = {"relu": nn.ReLU, "flatten": nn.Flatten, "linear": nn.Linear, "norm": nn.BatchNorm2d, "conv": nn.Conv2d}
    if layer["kind"] == "chain":
        made = described_network(layer["layers"])
    elif layer["kind"] in ("pool", "mean"):
        made = nn.MaxPool2d(2) if layer["kind"] == "pool" else nn.AdaptiveAvgPool2d(1)
    else:
        made = kinds[layer["kind"]](*(tuple(arg) if isinstance(arg, list) else arg for arg in args), **sizes)
    if layer.get("frozen"):
        made.requires_grad_(False)
    if "table" in layer:
        made.register_buffer("table", torch.zeros(*layer["table"]))
    return made


def counted_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, *rest)` with the network that the input `layers` describes."""
    rest = dict(inputs)
    return obj(described_network(rest.pop("layers")), *rest.values())


def counted_macs(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, shape)` with the network that `layers` describes, in the mode that `training` says.

    Returns (counts, trace): with `asks` "trace" only what the call left behind, else only the counts; the other one is
    None.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        model = described_network(inputs["layers"]).train(inputs["training"])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    counts = obj(model, tuple(inputs["shape"]))
    if counts is None:
        return None
    if not isinstance(counts, dict):
        raise AnswerError(
            f"A dict of counts, one for each layer's name, should come back: it is a {type(counts).__name__}."
        )
    if inputs["asks"] != "trace":
        return {str(key): value for key, value in counts.items()}, None
    parts = list(model.modules())
    hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts)
    same = all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    modes = all(part.training == inputs["training"] for part in parts)
    return None, {
        "no hook is left": all_of(hooks == 0, len(parts), "parts"),
        "mode as before": all_of(modes, len(parts), "parts"),
        "state as before": same,
    }


class _Device:
    """A device that works by itself: a run is queued at once and done later. Times are in seconds.

    durations: what each run takes, in their order; the last one goes for all that follow.
    """

    LAUNCH = 1e-5

    def __init__(self, durations: Any) -> None:
        self.durations = [float(duration) for duration in durations]
        self.now = self.ready = 100.0
        self.runs = 0

    def run(self) -> None:
        self.now += self.LAUNCH
        self.ready = max(self.ready, self.now) + self.durations[min(self.runs, len(self.durations) - 1)]
        self.runs += 1

    def synchronize(self) -> None:
        self.now = max(self.now, self.ready)

    def clock(self) -> float:
        return self.now


def simulated_device(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(run, synchronize, clock, repeats, warmup)` on a simulated device whose runs take the `durations`.

    Returns (what came back, how often `run` was called); with `asks` "runs" only the second, else only the first.
    """
    device = _Device(inputs["durations"])
    seconds = obj(device.run, device.synchronize, device.clock, inputs["repeats"], inputs["warmup"])
    if seconds is None:
        return None
    return (None, device.runs) if inputs["asks"] == "runs" else (seconds, None)


def scaled_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(width, depth, block, base, multiple, classes)` with a block that notes how it is made, and use it.

    The block is one 3x3 convolution. X: images (N, 1, H, W). Returns what the case `asks` for, and None for the rest:
    the blocks as rows (in, out, stride), "parameters", their number, and "logits", with all layers filled from `phase`.
    """
    import torch
    from torch import nn

    blocks: list[list[int]] = []

    def block(in_channels: int, out_channels: int, stride: int = 1) -> Any:
        blocks.append([int(in_channels), int(out_channels), int(stride)])
        return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)

    rest = {key: inputs[key] for key in ("base", "multiple", "classes")}
    with torch.random.fork_rng(devices=[]):
        model = obj(inputs["width"], inputs["depth"], block, *rest.values())
    if not isinstance(model, nn.Module):
        raise AnswerError(f"A torch.nn.Module should come back, and it is a {type(model).__name__}.")
    if inputs["asks"] == "parameters":
        return None, sum(param.numel() for param in model.parameters()), None
    if inputs["asks"] != "logits":
        return np.array(blocks, dtype=np.int64).reshape(-1, 3), None, None
    return None, None, fill_all(model, inputs["phase"])(torch.from_numpy(inputs["X"]))


def fill_all(model: Any, phase: float) -> Any:
    """The model in float64 and evaluation mode, each layer filled from the same phase; a linear layer's bias is 0."""
    model.double().eval()
    for part in model.modules():
        if not list(part.children()) and hasattr(part, "weight"):
            _fill(part, phase)
    return model


def plain_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(channels, depth)`, fill the network that comes back from `phase`, and show it images X (N, 1, H, W).

    shift: what every bias of the last linear layer becomes. Returns what the case `asks` for, and None for the rest:
    "own", the number of parameters; "bends", the logits; "logits", whether each row has negative ones; "learns", the
    logits after one step of gradient descent, at a learning rate of 1 and with the labels 0, 1, 2, ...
    """
    import torch
    from torch import nn

    model, asks = obj(inputs["channels"], inputs["depth"]), inputs["asks"]
    if not isinstance(model, nn.Module):
        raise AnswerError(f"A torch.nn.Module should come back, and it is a {type(model).__name__}.")
    if asks == "own":
        return sum(param.numel() for param in model.parameters()), None, None, None
    fill_all(model, inputs["phase"])
    X = torch.from_numpy(inputs["X"])
    for part in [part for part in model.modules() if isinstance(part, nn.Linear)][-1:]:
        nn.init.constant_(part.bias, inputs["shift"])
    logits = model(X)
    if asks == "bends":
        return None, logits, None, None
    if asks == "logits":
        return None, None, all_of(bool((logits < 0).any()), len(logits), "rows"), None
    nn.functional.cross_entropy(logits, torch.arange(len(X))).backward()
    with torch.no_grad():
        for param in model.parameters():
            if param.grad is not None:
                param.sub_(param.grad)
        return None, None, None, model(X)


DRIVERS: dict[str, Driver] = {
    "named_block": named_block,
    "counted_network": counted_network,
    "counted_macs": counted_macs,
    "simulated_device": simulated_device,
    "scaled_network": scaled_network,
    "plain_network": plain_network,
}

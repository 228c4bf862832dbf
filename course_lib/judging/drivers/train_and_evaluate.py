"""Image classifiers in PyTorch, and the loops that train and evaluate them.

Networks get weights that follow from a seed and the weights' shapes, so that whoever knows what is right can make the
same; loaders are made of small arrays; a device's name is only noted, so that no GPU is needed. torch is imported
inside the functions, as units 00 to 08 have none.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver

DEVICE = "cpu:0"
"""A name for the CPU that nobody writes by hand: a loop that uses it was told so."""


def weights(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Weights or biases of this shape, float64: the same for the same shape and seed."""
    rng = np.random.default_rng([seed, *shape])
    scale = math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else 0.3
    return scale * rng.normal(size=shape)


def classifier(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj()`, give each of its parameters the `weights` of its shape, and use it on images (N, 1, 28, 28).

    times: how often the images come one after another.  Returns (size, logits, layers, gradients, filled), all None
    but what `asks` names. "size": the shape of the logits.  "layers": the shape of each parameter by its name, and the
    norm of the weights that were written into each.  "gradients": of the mean cross-entropy with the labels, the norm
    for each parameter, those with the largest number of entries first.
    """
    import torch

    with _float64():
        torch.manual_seed(inputs["seed"])
        model = obj()
    if not isinstance(model, torch.nn.Module):
        raise AnswerError(f"A torch.nn.Module should come, and it is a {type(model).__name__}.")
    with torch.no_grad():
        for param in model.parameters():
            param.copy_(torch.from_numpy(weights(tuple(param.shape), inputs["seed"])))
    asks = inputs["asks"]
    if asks == "layers":
        shapes = {name: list(p.shape) for name, p in model.named_parameters()}
        return None, None, shapes, None, np.array([float(p.detach().norm()) for p in model.parameters()])
    with torch.set_grad_enabled(asks == "gradients"):
        logits = model(torch.from_numpy(inputs["images"]).repeat(inputs["times"], 1, 1, 1))
    if not isinstance(logits, torch.Tensor):
        raise AnswerError("Your network returns no tensor. Does its forward end with a return line?")
    if asks == "size":
        return list(logits.shape), None, None, None, None
    if asks == "logits":
        return None, logits, None, None, None
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(inputs["labels"])).backward()
    params = sorted(model.parameters(), key=lambda p: -p.numel())
    norms = [0.0 if p.grad is None else float(p.grad.norm()) for p in params]
    return None, None, None, np.array(norms), None


@contextmanager
def _float64() -> Iterator[None]:
    """Layers that are made in here have float64 parameters."""
    import torch

    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


class _Watched:
    """A linear classifier of images whose logits, in training mode, come from doubled images; and what it saw.

    `passes`: for each forward pass, (was it in training mode, did autograd record).  `places`: where the images lay for
    each of them.
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        import torch

        flat, linear = torch.nn.Flatten(), torch.nn.Linear(weight.shape[1], len(weight), dtype=torch.float64)
        self.passes: list[tuple[bool, bool]] = []
        self.places: list[str] = []
        self.met: list[tuple[str, ...]] = []
        self.model = torch.nn.Sequential(flat, linear)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))

        def doubled_in_training(module: Any, args: Any, out: Any) -> Any:
            recorded = torch.is_grad_enabled() and linear.weight.requires_grad
            self.passes.append((module.training, recorded))
            self.places.append(getattr(args[0], "lies", ""))
            return 2 * out if module.training else out

        flat.register_forward_hook(doubled_in_training)

    def loader(self, inputs: dict[str, Any]) -> Any:
        """A DataLoader over the case's `images` and `labels`, in their order; `drop_last` as in torch."""
        import torch

        data = torch.utils.data.TensorDataset(torch.from_numpy(inputs["images"]), torch.from_numpy(inputs["labels"]))
        size, drop = inputs["batch_size"], inputs["drop_last"]
        batch = partial(_batch, _placed(self.met)) if inputs["asks"] == "device" else None
        return torch.utils.data.DataLoader(data, batch_size=size, drop_last=drop, collate_fn=batch)

    def destinations(self) -> dict[str, Any]:
        """Where the model found the images of its batches, and whether tensors of two devices were to meet."""
        places = ", ".join(sorted(set(self.places)))
        return {
            "the model gets images on": f"{places}, {len(self.places)} batches",
            "tensors of two devices meet": bool(self.met),
        }


def _batch(kind: Any, examples: list[Any]) -> list[Any]:
    import torch

    return [tensor.as_subclass(kind) for tensor in torch.utils.data.default_collate(examples)]


LOADED, DROPPED = "the loader's device", "the loader's device, as moved copies were thrown away"


def _placed(met: list[tuple[str, ...]]) -> Any:
    """A class of tensors that note the name of the device where they would lie.

    Those of the loader lie on the CPU. `to` makes a new tensor, and leaves the old one where it is. What is computed
    from tensors of two devices, which would be an error on a machine that has both, is noted in `met`.
    """
    import torch
    from torch.utils._pytree import tree_leaves

    class Placed(torch.Tensor):
        lies = LOADED

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            result = super().__torch_function__(func, types, args, kwargs)
            place = _destination(func, args, kwargs)
            if place is not None:
                moved = result.view_as(result) if result is args[0] else result
                if args[0].lies == LOADED:
                    args[0].lies = DROPPED  # which shows if it is used all the same
                moved.lies = place
                return moved
            sources = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, cls)]
            if len(kinds := {_memory(source.lies) for source in sources}) > 1:
                met.append(tuple(sorted(kinds)))
            for leaf in tree_leaves(result):
                if isinstance(leaf, cls) and sources and not any(leaf is source for source in sources):
                    leaf.lies = sources[0].lies
            return result

    return Placed


def _memory(place: str) -> str:
    return "cpu" if place in (LOADED, DROPPED) else place


def _destination(func: Any, args: Any, kwargs: Any) -> str | None:
    """The name of the device that a call moves a tensor to; None where it moves nothing."""
    import torch

    if func is torch.Tensor.cpu:
        return "cpu"
    if func is not torch.Tensor.to:
        return None
    asked = kwargs.get("device", args[1] if len(args) > 1 else None)
    return str(asked) if isinstance(asked, str | torch.device) else getattr(asked, "lies", None)


def evaluation(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `loss, accuracy = obj(model, loader, device)` for a `_Watched` model of `weight`, `bias`.

    Returns (loss, accuracy, facts), None but for what `asks` names. "loss", "accuracy"; "modes": the loss, the modes of
    the forward passes and the mode afterwards; "quiet": whether autograd recorded, whether the results are plain
    numbers and whether the model is as it was; "device": where the batches were sent.
    """
    import torch

    watched, asks = _Watched(inputs["weight"], inputs["bias"]), inputs["asks"]
    model = watched.model.train(inputs["training"])
    returned = obj(model, watched.loader(inputs), torch.device(DEVICE))
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("It should return two things, the mean loss and the accuracy.")
    loss, accuracy = returned
    if asks == "loss":
        return loss, None, None
    if asks == "accuracy":
        return None, accuracy, None
    if asks == "modes":
        passes = _mode(any(training for training, _ in watched.passes))
        return loss, None, {"while it evaluates": passes, "afterwards": _mode(model.training)}
    if asks == "quiet":
        weight = next(model.parameters())
        same = torch.equal(weight.detach(), torch.from_numpy(inputs["weight"])) and weight.grad is None
        same = same and weight.requires_grad
        records = sum(recorded for _, recorded in watched.passes)
        facts = {
            "autograd records": f"in {records} of {len(watched.passes)} passes",
            "results are plain numbers": not any(isinstance(value, torch.Tensor) for value in returned),
            "the model is as it was": same,
        }
        return None, None, facts
    return None, None, watched.destinations()


def _mode(training: bool) -> str:
    return "training mode" if training else "evaluation mode"


def training_epoch(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, loader, optimizer, device)` once for a `_Watched` model and torch's SGD with momentum.

    "stale": gradients of an earlier loss lie in `.grad` when it begins.  Returns (loss, params, facts), None but for
    what `asks` names: "loss", with whether it is a plain number; "steps", the weight and bias afterwards; "modes", both
    of these, and the mode of the forward passes; "device", where the batches were sent.
    """
    import torch

    watched, asks = _Watched(inputs["weight"], inputs["bias"]), inputs["asks"]
    model = watched.model.train(inputs["training"])
    optimizer = torch.optim.SGD(model.parameters(), lr=inputs["lr"], momentum=inputs["momentum"])
    if inputs["stale"]:
        for param in model.parameters():
            param.grad = torch.ones_like(param)
    loss = obj(model, watched.loader(inputs), optimizer, torch.device(DEVICE))
    if asks == "loss":
        return loss, None, {"a plain number": not isinstance(loss, torch.Tensor)}
    params = [param.detach().numpy().copy() for param in model.parameters()]
    if asks == "steps":
        return None, params, None
    if asks == "modes":
        return None, params, {"every pass in training mode": all(training for training, _ in watched.passes)}
    return None, None, watched.destinations()


def moved(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(value, device)` and describe what comes back, and the value afterwards.

    value: a description, in which arrays stand for tensors, {"tuple": [...]} for a tuple, {"dict": {...}} for a dict;
    lists, texts, numbers, None and booleans stand for themselves. device: "meta", on which tensors have no values, or
    "cpu", on which they have.
    """
    value = _made(inputs["value"])
    result = obj(value, inputs["device"])
    if result is None and inputs["value"] is not None:
        return None
    return described(result), described(value)


def _made(description: Any) -> Any:
    import torch

    if isinstance(description, np.ndarray):
        return torch.from_numpy(description.copy())
    if isinstance(description, list):
        return [_made(item) for item in description]
    if isinstance(description, dict) and "tuple" in description:
        return tuple(_made(item) for item in description["tuple"])
    if isinstance(description, dict):
        return {key: _made(item) for key, item in description["dict"].items()}
    return description


def described(value: Any, at: str = "it") -> dict[str, Any]:
    """A nested value as a flat dict: what lies at each place, such as "it[0]['x']"; see `moved`."""
    import torch

    if isinstance(value, torch.Tensor):
        kind, lies = str(value.dtype).removeprefix("torch."), value.device.type
        text = f"a tensor {tuple(value.shape)} of {kind} on {lies}"
        return {at: text} if lies == "meta" else {at: text, f"values of {at}": value.detach().cpu().numpy()}
    if isinstance(value, tuple | list):
        found: dict[str, Any] = {at: f"a {type(value).__name__} of {len(value)}"}
        for i, item in enumerate(value):
            found |= described(item, f"{at}[{i}]")
        return found
    if isinstance(value, dict):
        found = {at: f"a dict of {len(value)}"}
        for key, item in value.items():
            found |= described(item, f"{at}[{key!r}]")
        return found
    return {at: value if value is None or isinstance(value, str | bool | int | float) else f"a {type(value).__name__}"}


def resumed_elsewhere(obj: Any, inputs: dict[str, Any]) -> Any:
    """Train linear layers by Adam on the CPU, and call `obj(make_model, model_state, optimizer_state, device)`.

    depth: the number of layers.  Returns (params, facts), None but for what `asks` names. "parameters": those of the
    model that comes back.  "steps": those after `more` further steps.  "places": where the model and Adam's moments
    lie, and whether the two state dicts are as they were.  "owner": how many of the optimizer's parameters are the
    returned model's, and whether the dict of its weights is as it was after a further step (where there are values).
    """
    import torch

    def make_model() -> Any:
        sizes = [inputs["weight"].shape[1]] + [len(inputs["weight"])] * inputs["depth"]
        layers = [torch.nn.Linear(*pair, dtype=torch.float64) for pair in pairwise(sizes)]
        return layers[0] if len(layers) == 1 else torch.nn.Sequential(*layers)

    def steps(model: Any, optimizer: Any, count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(torch.from_numpy(inputs["X"])), torch.from_numpy(inputs["y"])).backward()
            optimizer.step()

    torch.manual_seed(inputs["seed"])
    before = make_model()
    with torch.no_grad():
        for param, name in zip(before.parameters(), ("weight", "bias"), strict=False):  # of the first layer
            param.copy_(torch.from_numpy(inputs[name]))
    adam = torch.optim.Adam(before.parameters(), lr=inputs["lr"])
    steps(before, adam, inputs["done"])
    states = copy.deepcopy((before.state_dict(), adam.state_dict()))
    kept = copy.deepcopy(states)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that are loaded into the device "meta" are lost, and torch says so
        returned = obj(make_model, *states, torch.device(inputs["device"]))
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise AnswerError("A pair should come back: the model and the optimizer.")
    model, optimizer = returned
    if not isinstance(model, torch.nn.Module) or not isinstance(optimizer, torch.optim.Optimizer):
        raise AnswerError("First the model should come, then the optimizer.")
    if inputs["asks"] in ("parameters", "steps"):
        steps(model, optimizer, inputs["more"])
        return [param.detach().numpy().copy() for param in model.parameters()], None
    if inputs["asks"] == "places":
        return None, _places(model, optimizer) | {"the state dicts are as they were": _same(states, kept)}
    owned = _owned(model, optimizer)
    if inputs["device"] == "cpu":
        steps(model, optimizer, 1)
    return None, owned | {"training leaves model_state as it was": _same(states[0], kept[0])}


def _same(one: Any, other: Any) -> bool:
    """Whether two nested states hold the same values, on the same devices."""
    import torch

    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.device == other.device and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _places(model: Any, optimizer: Any) -> dict[str, str]:
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq") if name in state]
    found = {"the model lies on": list(model.parameters()), "Adam's moments lie on": moments}
    return {
        name: f"{', '.join(sorted({tensor.device.type for tensor in tensors})) or 'nowhere'}, {len(tensors)} tensors"
        for name, tensors in found.items()
    }


def _owned(model: Any, optimizer: Any) -> dict[str, str]:
    own, held = list(model.parameters()), [p for group in optimizer.param_groups for p in group["params"]]
    return {"of the returned model": f"{sum(any(p is q for q in own) for p in held)} of {len(own)}"}


DRIVERS: dict[str, Driver] = {
    "classifier": classifier,
    "evaluation": evaluation,
    "training_epoch": training_epoch,
    "moved": moved,
    "resumed_elsewhere": resumed_elsewhere,
}

"""Small fixed networks that a case describes by arrays, and what a function finds out about them.

A network travels as a list of layers, {"name": ..., "kind": ..., arrays and sizes}; the drivers build it in float64 and
in evaluation mode. torch is imported inside the functions, as units 00 to 08 have none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver

GLOBAL_SEED = 1  # so that noise from torch's own generator is at least the same each time


def small_network(layers: list[dict[str, Any]]) -> Any:
    """An `nn.Sequential` of the layers, by their names, with parameters of its own.

    Kinds: "conv" (weight (F, C, KH, KW), bias (F,), padding), "linear" (weight (M, D), bias (M,)), "relu", "tanh",
    "square", "avgpool" and "maxpool" (size), "flatten".
    """
    import torch

    return torch.nn.Sequential(OrderedDict((layer["name"], _module(layer)) for layer in layers)).eval()


def _module(layer: dict[str, Any]) -> Any:
    import torch
    from torch import nn

    class Square(nn.Module):
        def forward(self, x: Any) -> Any:
            return x**2

    plain: dict[str, Callable[[], Any]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "square": Square, "flatten": nn.Flatten}
    kind = layer["kind"]
    if kind in plain:
        return plain[kind]()
    if kind in ("avgpool", "maxpool"):
        return (nn.AvgPool2d if kind == "avgpool" else nn.MaxPool2d)(layer["size"])
    weight, bias = layer["weight"], layer["bias"]
    module: Any = (
        nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        if kind == "linear"
        else nn.Conv2d(
            weight.shape[1], weight.shape[0], weight.shape[2:], padding=layer["padding"], dtype=torch.float64
        )
    )
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight))
        module.bias.copy_(torch.from_numpy(bias))
    return module


def attribution(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call a function that says which pixels matter, and look at its maps as the case `asks`.

    The inputs are handed over in their order: `network` as a model, `layer` (a name) as that layer of it, `seed` as a
    `torch.Generator`, arrays as tensors over the same memory. Returns (maps, totals, left), None but for what is asked:
    "maps"; "totals": each image's sum; "left": the maps of a second call with the very same things, and whether model
    and images are as they were before.
    """
    import torch

    asks = inputs["asks"]
    model = small_network(inputs["network"])
    arguments = [_handed(model, key, value) for key, value in inputs.items() if key != "asks"]
    images = arguments[list(inputs).index("images")]
    before = _marked(model) if asks == "left" else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(GLOBAL_SEED)
        maps = obj(*arguments)
        if asks == "left":
            maps = obj(*arguments)
    if maps is None:
        return None
    if not isinstance(maps, torch.Tensor):
        raise AnswerError(f"A tensor should come back, and it is a {type(maps).__name__}.")
    if asks == "totals":
        return None, maps.flatten(1).sum(dim=1) if maps.ndim > 1 else maps, None
    return maps, None, _left(model, images, before) if asks == "left" else None


def _handed(model: Any, key: str, value: Any) -> Any:
    import torch

    if key == "network":
        return model
    if key == "layer":
        return model.get_submodule(value)
    if key == "seed":
        return torch.Generator().manual_seed(value)
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _marked(model: Any) -> dict[str, Any]:
    """Give each parameter a gradient, as after a step of training, and note it."""
    import torch

    for param in model.parameters():
        param.grad = torch.full_like(param, 0.5)
    return {name: param.grad.clone() for name, param in model.named_parameters()}


def _left(model: Any, images: Any, before: dict[str, Any]) -> dict[str, bool]:
    """Whether model and images are as they were."""
    import torch

    params = dict(model.named_parameters())
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "the weights' gradients are as they were": all(
            params[name].grad is not None and torch.equal(params[name].grad, grad) for name, grad in before.items()
        ),
        "the weights can still be trained": all(param.requires_grad for param in params.values()),
        "the images are plain tensors": not images.requires_grad and images.grad is None,
        "no hook is left": not any(getattr(module, name) for module in model.modules() for name in hooks),
    }


def dream(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, image, unit, layer, steps, lr, decay)`; layer: a name, or None for a class's score.

    Returns (image, history, left): a list of numbers for the second is taken as a tensor of them. The third is None
    unless the case `asks` for it; then the function was called twice, and it says what was left behind.
    """
    import torch

    model, image = small_network(inputs["network"]), torch.from_numpy(inputs["image"])
    before = _marked(model) if inputs["asks"] == "left" else {}
    layer = None if inputs["layer"] is None else model.get_submodule(inputs["layer"])
    rest = [inputs[key] for key in ("steps", "lr", "decay")]
    returned = obj(model, image, inputs["unit"], layer, *rest)
    if inputs["asks"] == "left":
        returned = obj(model, image, inputs["unit"], layer, *rest)
    if returned is None:
        return None
    if not isinstance(returned, list | tuple) or len(returned) != 2:
        raise AnswerError("Two things should come back, the image and the record of its activations: image, history.")
    climbed, history = returned
    if isinstance(history, list | tuple):
        history = torch.stack([torch.as_tensor(value, dtype=torch.float64).detach() for value in history])
    return climbed, history, _left(model, image, before) if inputs["asks"] == "left" else None


def class_maps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, image, classes)` for one image (C, H, W) and a list of classes; its maps come back."""
    import torch

    maps = obj(small_network(inputs["network"]), torch.from_numpy(inputs["image"]), inputs["classes"])
    return torch.stack(list(maps)) if isinstance(maps, tuple | list) and len(maps) else maps


def loss_along(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, X, y, direction, alphas)`; direction: an array for each parameter, in the model's order.

    Returns (losses, left): the second is None unless the case `asks` for it; then it says whether the parameters are
    what they were, to the last bit or up to rounding, and whether the gradients are.
    """
    import torch

    model = small_network(inputs["network"])
    before, values = _marked(model), [param.detach().clone() for param in model.parameters()]
    direction = [torch.from_numpy(array) for array in inputs["direction"]]
    X, y, alphas = (torch.from_numpy(inputs[key]) for key in ("X", "y", "alphas"))
    losses = obj(model, X, y, direction, alphas)
    if losses is None:
        return None
    if isinstance(losses, list | tuple):
        losses = torch.stack([torch.as_tensor(loss, dtype=torch.float64).detach() for loss in losses])
    if inputs["asks"] != "left":
        return losses, None
    params = dict(model.named_parameters())
    return losses, {
        "the parameters are": _compared(list(params.values()), values),
        "the gradients are as they were": all(
            params[name].grad is not None and torch.equal(params[name].grad, grad) for name, grad in before.items()
        ),
    }


def _compared(params: list[Any], values: list[Any]) -> str:
    import torch

    if all(map(torch.equal, params, values)):
        return "what they were"
    close = all(torch.allclose(param, value, rtol=1e-9) for param, value in zip(params, values, strict=True))
    return "what they were, up to rounding" if close else "elsewhere"


def on_tensors(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(*inputs)` with each list of arrays as a list of tensors over the same memory; lists come back."""
    import torch

    returned = obj(*([torch.from_numpy(array) for array in value] for value in inputs.values()))
    if isinstance(returned, list | tuple) and all(isinstance(item, torch.Tensor) for item in returned):
        return {str(i): item.detach().numpy() for i, item in enumerate(returned)}
    return returned


DRIVERS: dict[str, Driver] = {
    "attribution": attribution,
    "class_maps": class_maps,
    "dream": dream,
    "loss_along": loss_along,
    "on_tensors": on_tensors,
}

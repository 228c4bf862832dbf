"""Layers and networks in NumPy: forward and back, what they begin with, how they are trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver
from course_lib.judging.drivers.descent import batch_objective


def cached_layer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(*inputs)`, a layer that returns (out, cache), and write the cache as plain lists.

    Whether a pair is a tuple, a list or an array is all one; a number in the place of a pair is not: the way back
    unpacks it.
    """
    returned = obj(*inputs.values())
    if not isinstance(returned, tuple | list) or len(returned) != 2 or not isinstance(returned[1], tuple | list):
        return returned
    return returned[0], [_written_out(part) for part in returned[1]]


def _written_out(part: Any) -> Any:
    if isinstance(part, tuple | list) and all(isinstance(item, int | np.integer) for item in part):
        return [int(item) for item in part]
    return part


def layer_gradients(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(dout, cache)` and keep, of the gradients that come back, those that the case asks for; others are None.

    Inputs: `dout`; `cache`, whose lists are handed over as tuples; `X`, what the layer had been given, for whoever
    knows what is right; `keep`, a list of True and False for the outputs, or nothing where there is only one.
    """
    dout, cache = inputs["dout"], inputs["cache"]
    returned = obj(dout, tuple(tuple(part) if isinstance(part, list) else part for part in cache))
    keep = inputs.get("keep")
    if keep is None or not isinstance(returned, tuple | list) or len(returned) != len(keep):
        return returned
    return tuple(part if kept else None for part, kept in zip(returned, keep, strict=True))


def initializer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Three results of `obj(rng, fan_in, fan_out)`: two with one generator of `seed`, then one with a fresh one.

    Only where `asks` is "random" are the last two drawn; else they are None.
    """
    seed, sizes = inputs["seed"], (inputs["fan_in"], inputs["fan_out"])
    rng = np.random.default_rng(seed)
    first = obj(rng, *sizes)
    if first is None:
        return None
    if inputs["asks"] != "random":
        return first, None, None
    return first, obj(rng, *sizes), obj(np.random.default_rng(seed), *sizes)


def network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(sizes, rng)`, write the case's `params` into its arrays, and use it on X and y as `asks` says.

    Returns (logits, loss, grads, start), all None but what is asked for. "logits": forward(X).  "loss" and "grads":
    loss_and_grads(X, y).  "again": the grads of a second call, after the parameters were halved in place.
    "start": the network as it was constructed; `params` is then empty.
    """
    sizes, asks = inputs["sizes"], inputs["asks"]
    net = obj(list(sizes), np.random.default_rng(inputs["seed"]))
    if not isinstance(getattr(net, "params", None), list):
        raise AnswerError("The network has no list `self.params`; the constructor should leave one.")
    if asks == "start":
        other = obj(list(sizes), np.random.default_rng(inputs["seed"]))
        return None, None, None, _start_of(net.params, other.params)
    if [np.shape(own) for own in net.params] != [param.shape for param in inputs["params"]]:
        raise AnswerError("`params` should hold W1, b1, W2, b2, ...: a matrix (fan_in, fan_out) and a vector a layer.")
    for own, param in zip(net.params, inputs["params"], strict=True):
        own[...] = param
    if asks == "logits":
        return net.forward(inputs["X"]), None, None, None
    if asks == "again":
        _loss_and_grads(net, inputs)
        for own, param in zip(net.params, inputs["params"], strict=True):
            own[...] = param / 2
    loss, grads = _loss_and_grads(net, inputs)
    return (None, loss, None, None) if asks == "loss" else (None, None, list(grads), None)


def _loss_and_grads(net: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """What a network says of X and y, if that is a pair and leaves the parameters as they are."""
    before = [np.array(param) for param in net.params]
    returned = net.loss_and_grads(inputs["X"], inputs["y"])
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("`loss_and_grads` should return two things, the loss and the list of gradients.")
    if not all(map(np.array_equal, before, net.params)):
        raise AnswerError("`loss_and_grads` changes `params` itself; that is what an optimizer's step is for.")
    return returned[0], returned[1]


def _start_of(params: list[Any], same_seed: list[Any]) -> dict[str, Any]:
    """What can be said of fresh parameters, whatever numbers were drawn."""
    weights = [np.asarray(param) for param in params if np.ndim(param) == 2]
    return {
        "shapes": [list(np.shape(param)) for param in params],
        "largest bias": max((float(np.max(np.abs(param))) for param in params if np.ndim(param) == 1), default=0.0),
        "variance times fan_in, to the nearest half": [round(2 * float(W.var()) * len(W)) / 2 for W in weights],
        "same again for the same seed": all(map(np.array_equal, params, same_seed)),
        "layers differ": len({W.tobytes() for W in weights}) == len(weights),
    }


def training(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(net, optimizer, X, y, steps)` with a small model and an optimizer that has its parameters.

    The model has the methods of a network: forward(X) gives logits for two classes, loss_and_grads(X, y) the loss and
    the list of gradients. The optimizer's step(grads) moves each entry by `lr` against the sign of its gradient.
    Returns what came back, the losses and the accuracy, and the model's parameters after the call; `keep` says, for
    each of the three, whether a case asks for it: others are None.
    """
    model = _Line(inputs["theta"].copy())
    returned = obj(model, _BySign(model.params, inputs["lr"]), *(inputs[key] for key in ("X", "y", "steps")))
    if returned is None:
        return None
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("What comes back should be two things: the losses and the accuracy.")
    parts = (*returned, model.params[0])
    return tuple(part if kept else None for part, kept in zip(parts, inputs["keep"], strict=True))


class _Line:
    """Half the mean squared error of the line X theta as a guess at a label 0 or 1; above 1/2 the guess is 1."""

    def __init__(self, theta: np.ndarray) -> None:
        self.params = [theta]

    def forward(self, X: np.ndarray) -> np.ndarray:
        line = X @ self.params[0]
        return np.stack([np.full_like(line, 0.5), line], axis=1)

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
        f = batch_objective("least_squares", X, y)
        return f.value(self.params[0]) + float(np.mean(y**2)) / 2, [f.grad(self.params[0])]


class _BySign:
    def __init__(self, params: list[np.ndarray], lr: float) -> None:
        self.params, self.lr = params, lr

    def step(self, grads: list[np.ndarray]) -> None:
        for param, grad in zip(self.params, grads, strict=True):
            param -= self.lr * np.sign(grad)


def image_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(rng, shape, filters, classes)`, write the case's `params` into its arrays, and use it on X and y.

    Returns (logits, loss, grads), None but for what the input `asks` names. "logits": forward(X).  "loss" and "grads":
    of loss_and_grads(X, y).  "again": the grads once more, after the parameters were halved in place.
    """
    asks, shape, filters = inputs["asks"], tuple(inputs["shape"]), tuple(inputs["filters"])
    net = obj(np.random.default_rng(inputs["seed"]), shape, filters, inputs["classes"])
    own, wanted = getattr(net, "params", None), inputs["params"]
    if not isinstance(own, list) or [np.shape(param) for param in own] != [param.shape for param in wanted]:
        raise AnswerError("`self.params` is no longer the list W1, b1, W2, b2, W3, b3 that the constructor was given.")
    for param, value in zip(own, wanted, strict=True):
        param[...] = value
    if asks == "logits":
        return net.forward(inputs["X"]), None, None
    loss, grads = _loss_and_grads(net, inputs)
    if asks == "again":
        for param in own:
            param /= 2
        loss, grads = _loss_and_grads(net, inputs)
    return (None, loss, None) if asks == "loss" else (None, None, grads)


def dropout(obj: Any, inputs: dict[str, Any]) -> Any:
    """Three calls of `obj(x, p, rng, training)`: two with one generator of `seed`, then one with a fresh one.

    Each is {"out": array, "mask": array}, copied. The input `asks` is for whoever judges; where it is "count", a call
    takes one example of x, and there are as many calls as examples, put together again.
    """
    x, p, seed, training = (inputs[key] for key in ("x", "p", "seed", "training"))
    rng = np.random.default_rng(seed)
    copies = [x.copy() for _ in range(2)]  # so that a call that changes its x harms no other
    calls = zip([x, *copies], (rng, rng, np.random.default_rng(seed)), strict=True)
    if inputs["asks"] == "count":
        return tuple(_one_by_one(obj, data, p, source) for data, source in calls)
    return tuple(_out_and_mask(obj(data, p, source, training)) for data, source in calls)


def _one_by_one(obj: Any, x: np.ndarray, p: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What comes back for each example of x in a call of its own, while training, in one array."""
    parts = [_out_and_mask(obj(x[i : i + 1], p, rng, True)) for i in range(len(x))]
    return {key: np.array([part[key] for part in parts]).reshape(x.shape) for key in ("out", "mask")}


def _out_and_mask(returned: Any) -> dict[str, np.ndarray]:
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("What comes back should be a pair, (out, mask).")
    return {"out": np.array(returned[0]), "mask": np.array(returned[1])}


def dropout_backward(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(dout, mask, p)`; the input `asks` is for whoever judges."""
    return obj(inputs["dout"], inputs["mask"], inputs["p"])


DRIVERS: dict[str, Driver] = {
    "initializer": initializer,
    "network": network,
    "training": training,
    "dropout": dropout,
    "dropout_backward": dropout_backward,
    "cached_layer": cached_layer,
    "layer_gradients": layer_gradients,
    "image_network": image_network,
}

"""How to drive a learner's object for one case. Both lives of `check` run these, so they hold no answer.

A probe takes the object and the case's inputs and returns what the learner's code returned. Inputs that are
functions cannot travel as data: a case names an objective (`course_lib.objectives`), and the probe makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from course_lib import probes_torch
from course_lib.errors import AnswerError, CourseError, OpenQuestionError
from course_lib.objectives import Objective, Quadratic, from_spec

Probe = Callable[[Any, dict[str, Any]], Any]


def call(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call the function with the inputs in the order of its signature."""
    return obj(*inputs.values())


def answer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Read one answer of a quiz, a dict such as {"q1": "b"}; letters may be upper case or padded."""
    if not isinstance(obj, dict):
        raise AnswerError(f"The quiz is no longer a dict of answers: it is a {type(obj).__name__}.")
    question, options = inputs["question"], inputs["options"]
    given = obj.get(question, ...)
    if given is ... or given is None:
        raise OpenQuestionError(question)
    letter = str(given).strip().lower()
    if letter not in options:
        raise AnswerError(f"{question} says {given!r}; choose one of the letters {', '.join(options)}.")
    return letter


def objective(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, *rest)`, where the input `objective` describes the function f of a vector."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.value, *rest.values())


def objective_grad(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(grad, *rest)`, where the input `objective` describes the function whose gradient is handed over."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.grad, *rest.values())


def objective_and_grad(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, grad, *rest)` for the function that the input `objective` describes."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.value, f.grad, *rest.values())


def planted_gradient(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, grad, *rest)` with a `grad` that errs as the input `plant` says: a gradient check has to notice.

    plant["kind"]: "none" (the right gradient), "sign", "scale" (times "factor"), "one_coordinate" (the entry at flat
    position "index", times "factor") or "swap" (the entries in reverse order).
    """
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    plant = rest.pop("plant")
    return obj(f.value, lambda theta: _plant(f.grad(theta), plant), *rest.values())


def _plant(grad: np.ndarray, plant: dict[str, Any]) -> np.ndarray:
    kind = plant["kind"]
    if kind == "none":
        return grad
    if kind == "sign":
        return -grad
    if kind == "scale":
        return grad * plant["factor"]
    planted = grad.copy()
    if kind == "one_coordinate":
        planted.flat[plant["index"]] *= plant["factor"]
    elif kind == "swap":
        planted.flat[:] = grad.ravel()[::-1]
    else:
        raise CourseError(f"There is no planted error of the kind {kind!r}.")
    return planted


def minibatches(obj: Any, inputs: dict[str, Any]) -> Any:
    """Three epochs of `obj(X, y, batch_size, rng)`: two with one generator of `seed`, then one with a fresh one.

    Each is a list of {"X": ..., "y": ...}, copied, and cut off where it goes on for ever. The input `asks` is for
    whoever judges.
    """
    X, y, size, seed = (inputs[key] for key in ("X", "y", "batch_size", "seed"))
    rng = np.random.default_rng(seed)
    copies = [(X.copy(), y.copy()) for _ in range(2)]  # so that an epoch that changes its data harms no other
    rounds = zip([(X, y), *copies], (rng, rng, np.random.default_rng(seed)), strict=True)
    return tuple(_epoch(obj(*data, size, source), len(y) + 1) for data, source in rounds)


def _epoch(batches: Any, most: int) -> list[dict[str, np.ndarray]]:
    if not isinstance(batches, Iterable):
        raise AnswerError("What comes back cannot be looped over: `for X_batch, y_batch in ...` should work.")
    epoch = []
    for batch in islice(batches, most):
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise AnswerError("A batch should be a pair, (X_batch, y_batch).")
        epoch.append({"X": np.array(batch[0]), "y": np.array(batch[1])})
    return epoch


def epoch(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(grad, theta, batches, *rest)`.

    The batches are a generator, which can be walked through once and has no length: `sizes` cuts X and y into pairs.
    `loss` is "log_sum_exp" or "least_squares", see `batch_objective`; grad(theta, X, y) is its gradient on a batch.
    """
    rest = dict(inputs)
    kind, theta, X, y, sizes = (rest.pop(key) for key in ("loss", "theta", "X", "y", "sizes"))
    return obj(lambda t, A, b: batch_objective(kind, A, b).grad(t), theta, _cut(X, y, sizes), *rest.values())


def range_test(obj: Any, inputs: dict[str, Any]) -> Any:
    """Like `epoch`, with a function loss_and_grad(theta, X, y) -> (loss, gradient) in place of grad."""
    rest = dict(inputs)
    kind, theta, X, y, sizes = (rest.pop(key) for key in ("loss", "theta", "X", "y", "sizes"))
    return obj(_loss_and_grad(kind), theta, _cut(X, y, sizes), *rest.values())


def loss_and_grad(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(loss_and_grad, *rest)`; `loss` names the loss of a batch, see `batch_objective`."""
    rest = dict(inputs)
    return obj(_loss_and_grad(rest.pop("loss")), *rest.values())


def schedule(obj: Any, inputs: dict[str, Any]) -> Any:
    """The values obj(t, *rest) for t = 0, 1, ..., count - 1, as an array."""
    rest = dict(inputs)
    return np.array([obj(t, *rest.values()) for t in range(rest.pop("count"))])


def batch_objective(kind: str, X: np.ndarray, y: np.ndarray) -> Objective:
    """A loss of the vector theta on a batch X (B, d), y (B,).

    "log_sum_exp": log sum_i exp(x_i . theta + y_i).  "least_squares": mean_i (x_i . theta - y_i)^2 / 2, less its value
    at theta = 0.
    """
    if kind == "least_squares":
        return Quadratic(X.T @ X / len(X), X.T @ y / len(X))
    return from_spec({"name": kind, "A": X, "b": y})


def _loss_and_grad(kind: str) -> Callable[[Any, Any, Any], tuple[float, np.ndarray]]:
    def both(theta: Any, X: Any, y: Any) -> tuple[float, np.ndarray]:
        f = batch_objective(kind, X, y)
        return f.value(theta), f.grad(theta)

    return both


def _cut(X: np.ndarray, y: np.ndarray, sizes: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    ends = np.cumsum(sizes)
    return ((X[end - size : end], y[end - size : end]) for end, size in zip(ends, sizes, strict=True))


def optimizer_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive one step of an optimizer, `theta, state = obj(theta, state, grad, lr, *rest)`, once for each gradient.

    The first four inputs are theta and state, of one shape, the gradients, (steps, *shape), and the learning rates,
    (steps,); the rest goes to every step as it is. Returns theta and state after each step, (steps, *shape) both.
    """
    theta, state, grads, lrs, *rest = inputs.values()
    thetas, states = [], []
    for grad, lr in zip(grads, lrs, strict=True):
        returned = obj(theta, state, grad, float(lr), *rest)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return returned
        theta, state = returned
        thetas.append(np.array(theta))
        states.append(np.array(state))
    return thetas, states


def moment_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `m, v = obj(m, v, grad, *rest)`, once for each gradient; gives both after each step, (steps, *shape).

    The first three inputs are m and v, of one shape, and the gradients, (steps, *shape).
    """
    m, v, grads, *rest = inputs.values()
    path = []
    for grad in grads:
        returned = obj(m, v, grad, *rest)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return returned
        m, v = returned
        path.append([np.array(m), np.array(v)])
    return [list(values) for values in zip(*path, strict=True)]


def counted_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `theta, *state = obj(theta, *state, grad, t, lr, *rest)` for t = 1, 2, ..., once for each gradient.

    Inputs: theta and its state, arrays of one shape; `grad`, the gradients, (steps, *shape); `lr`, a number, or the
    values of a schedule for t = 0, 1, ..., steps, handed over as a function of t; the rest goes to every step as it is.
    Returns theta and each part of the state after each step, (steps, *shape).
    """
    count = list(inputs).index("grad")
    values = list(inputs.values())
    moving, grads, given, rest = values[:count], values[count], values[count + 1], values[count + 2 :]
    lr = float(given) if np.ndim(given) == 0 else lambda t: float(given[min(t, len(given) - 1)])
    path = []
    for t, grad in enumerate(grads, start=1):
        returned = obj(*moving, grad, t, lr, *rest)
        if not isinstance(returned, tuple | list) or len(returned) != count:
            return returned
        moving = list(returned)
        path.append([np.array(each) for each in moving])
    return [list(each) for each in zip(*path, strict=True)]


def optimizer_class(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(params, lr, *rest)` and call its `step(grads)` once for each list of gradients.

    Inputs: `params`, a list of arrays; `grads`, a list of as many arrays for each step; `lrs`, (steps,), set as the
    attribute `lr` before each step; the rest goes to the constructor. Returns, for each parameter, its values after
    each step, (steps, *shape): those of the very arrays that the optimizer was given, as a network would hold them.
    """
    rest = dict(inputs)
    params = [param.copy() for param in rest.pop("params")]
    grads, lrs = rest.pop("grads"), rest.pop("lrs")
    optimizer = obj(list(params), float(lrs[0]), *rest.values())
    if not callable(getattr(optimizer, "step", None)):
        raise AnswerError("Your class has no method `step`. Is `def step(self, grads)` still inside the class?")
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        optimizer.lr = float(lr)
        optimizer.step(list(each))
        path.append([param.copy() for param in params])
    return [np.array(values) for values in zip(*path, strict=True)]


def kept_outputs(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(*rest)` and keep, of what it returns, the outputs where the list `keep` says True; others are None.

    So a case can ask for one of several outputs, and a mistake in another does not cost its group.
    """
    rest = dict(inputs)
    keep = rest.pop("keep")
    returned = obj(*rest.values())
    if not isinstance(returned, tuple | list) or len(returned) != len(keep):
        return returned
    return tuple(part if kept else None for part, kept in zip(returned, keep, strict=True))


def cached_layer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(*inputs)`, a layer that returns (out, cache), and write the cache as plain lists.

    Its whole numbers, such as a stride, count as pairs (down, across): both ways of keeping them are right.
    """
    returned = obj(*inputs.values())
    if not isinstance(returned, tuple | list) or len(returned) != 2 or not isinstance(returned[1], tuple | list):
        return returned
    return returned[0], [_written_out(part) for part in returned[1]]


def _written_out(part: Any) -> Any:
    if isinstance(part, int | np.integer) and not isinstance(part, bool):
        return [int(part)] * 2
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
        net.loss_and_grads(inputs["X"], inputs["y"])
        for own, param in zip(net.params, inputs["params"], strict=True):
            own[...] = param / 2
    returned = net.loss_and_grads(inputs["X"], inputs["y"])
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("loss_and_grads should return two things, the loss and the list of gradients.")
    loss, grads = returned
    return (None, loss, None, None) if asks == "loss" else (None, None, list(grads), None)


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
    `keep` is as in `kept_outputs`.
    """
    model = _Line(inputs["theta"].copy())
    optimizer = _BySign(model.params, inputs["lr"])
    rest = {key: inputs[key] for key in ("X", "y", "steps", "keep")}
    return kept_outputs(lambda X, y, steps: obj(model, optimizer, X, y, steps), rest)


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


class _Memoryless:
    """An optimizer for probes, with the interface of the course's: `params`, `lr`, and `step`, which works in place.

    kind: "descent", or "rescaled": each gradient is divided by its own size, which is Adam with both betas at 0.
    """

    def __init__(self, params: list[np.ndarray], lr: float, kind: str) -> None:
        self.params, self.lr, self.kind = list(params), lr, kind

    def step(self, grads: Any) -> None:
        for param, grad in zip(self.params, grads, strict=True):
            size = 1.0 if self.kind == "descent" else np.abs(grad) + 1e-8
            param -= self.lr * np.asarray(grad) / size


def regularized_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(optimizer, grads, strength)` once for each list of gradients; what it returns does not matter.

    Inputs: `kind` of the optimizer, see `_Memoryless`; `params`, a list of arrays; `grads`, a list of as many arrays
    for each step; `lrs`, (steps,); `strength`. Returns each parameter after each step, (steps, *shape).
    """
    params = [param.copy() for param in inputs["params"]]
    optimizer = _Memoryless(params, 0.0, inputs["kind"])
    path = []
    for each, lr in zip(inputs["grads"], inputs["lrs"], strict=True):
        optimizer.lr = float(lr)
        obj(optimizer, each, inputs["strength"])
        path.append([param.copy() for param in params])
    return [np.array(values) for values in zip(*path, strict=True)]


def dropout(obj: Any, inputs: dict[str, Any]) -> Any:
    """Three calls of `obj(x, p, rng, training)`: two with one generator of `seed`, then one with a fresh one.

    Each is {"out": array, "mask": array}, copied. The input `asks` is for whoever judges.
    """
    x, p, seed, training = (inputs[key] for key in ("x", "p", "seed", "training"))
    rng = np.random.default_rng(seed)
    copies = [x.copy() for _ in range(2)]  # so that a call that changes its x harms no other
    calls = zip([x, *copies], (rng, rng, np.random.default_rng(seed)), strict=True)
    return tuple(_out_and_mask(obj(data, p, source, training)) for data, source in calls)


def _out_and_mask(returned: Any) -> dict[str, np.ndarray]:
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("What comes back should be a pair, (out, mask).")
    return {"out": np.array(returned[0]), "mask": np.array(returned[1])}


def dropout_backward(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(dout, mask, p)`; the input `asks` is for whoever judges."""
    return obj(inputs["dout"], inputs["mask"], inputs["p"])


def early_stopping(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(patience)` and call its `update(loss, params)` once for each of `losses`.

    The parameters are moved in place before each update, by `moves`, and after it, as an optimizer would. Returns what
    each update said, (T,), and the attributes best_loss, (T,), and best_params, one array (T, *shape) each.
    """
    stopper = obj(inputs["patience"])
    if not callable(getattr(stopper, "update", None)):
        raise AnswerError("Your class has no method `update`. Is `def update(self, loss, params)` still inside it?")
    params = [np.zeros_like(move) for move in inputs["moves"][0]]
    stops, losses, kept = [], [], []
    for loss, moves in zip(inputs["losses"], inputs["moves"], strict=True):
        for param, move in zip(params, moves, strict=True):
            param += move
        said = stopper.update(float(loss), params)
        if not isinstance(said, bool | np.bool_ | int) or said not in (0, 1):
            raise AnswerError("Each update should say whether to stop: True or False.")
        if not isinstance(stopper.best_params, list | tuple) or len(stopper.best_params) != len(params):
            raise AnswerError("After an update, best_params should be a list with one array for each parameter.")
        stops.append(bool(said))
        losses.append(stopper.best_loss)
        here = [param.copy() for param in params]
        for param in params:
            param += 1.0  # training goes on before anybody looks
        kept.append([np.array(param) for param in stopper.best_params])
        for param, value in zip(params, here, strict=True):
            param[...] = value
    return np.array(stops), np.array(losses, dtype=float), [np.array(values) for values in zip(*kept, strict=True)]


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
    returned = net.loss_and_grads(inputs["X"], inputs["y"])
    if asks == "again":
        for param in own:
            param /= 2
        returned = net.loss_and_grads(inputs["X"], inputs["y"])
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("loss_and_grads should return two things, the loss and the list of gradients.")
    loss, grads = returned
    return (None, loss, None) if asks == "loss" else (None, None, grads)


PROBES: dict[str, Probe] = {
    **probes_torch.PROBES,
    "call": call,
    "answer": answer,
    "objective": objective,
    "objective_grad": objective_grad,
    "objective_and_grad": objective_and_grad,
    "planted_gradient": planted_gradient,
    "minibatches": minibatches,
    "epoch": epoch,
    "range_test": range_test,
    "loss_and_grad": loss_and_grad,
    "schedule": schedule,
    "optimizer_steps": optimizer_steps,
    "moment_steps": moment_steps,
    "counted_steps": counted_steps,
    "optimizer_class": optimizer_class,
    "kept_outputs": kept_outputs,
    "initializer": initializer,
    "network": network,
    "training": training,
    "regularized_steps": regularized_steps,
    "dropout": dropout,
    "dropout_backward": dropout_backward,
    "early_stopping": early_stopping,
    "cached_layer": cached_layer,
    "layer_gradients": layer_gradients,
    "image_network": image_network,
}

"""How to drive a learner's object for one case. Both lives of `check` run these, so they hold no answer.

A probe takes the object and the case's inputs and returns what the learner's code returned. Inputs that are
functions cannot travel as data: a case names an objective (`course_lib.objectives`), and the probe makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.objectives import Objective, Quadratic, from_spec

Probe = Callable[[Any, dict[str, Any]], Any]


class AnswerError(Exception):
    """Raised by a probe for an answer that cannot be driven; the text is the sentence for the learner."""


class OpenQuestionError(AnswerError):
    """A quiz's question without an answer; the text is the question's key."""


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


PROBES: dict[str, Probe] = {
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
}

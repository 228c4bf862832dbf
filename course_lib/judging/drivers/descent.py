"""Gradient descent and SGD: functions are described by data and made here, batches are cut, schedules are walked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from course_lib.errors import AnswerError, CourseError
from course_lib.judging.drivers.base import Driver
from course_lib.objectives import Objective, Quadratic, from_spec


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


def schedule_at(obj: Any, inputs: dict[str, Any]) -> Any:
    """The values obj(t, *rest) for each t of the array `ts`, in its order: it may jump ahead, and back."""
    rest = dict(inputs)
    return np.array([obj(int(t), *rest.values()) for t in rest.pop("ts")])


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


DRIVERS: dict[str, Driver] = {
    "objective": objective,
    "objective_grad": objective_grad,
    "objective_and_grad": objective_and_grad,
    "planted_gradient": planted_gradient,
    "minibatches": minibatches,
    "epoch": epoch,
    "range_test": range_test,
    "loss_and_grad": loss_and_grad,
    "schedule_at": schedule_at,
}

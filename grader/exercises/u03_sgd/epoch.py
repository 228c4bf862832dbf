"""One epoch of stochastic gradient descent over batches that are handed in."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from grader.exercises.u03_sgd.by_torch import UNIT, torch_loss
from grader.spec import Case, Exercise, Group, Misconception


def epoch_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, loss: str, theta: Any, sizes: list[int], lr: float) -> Case:
        start, count = np.asarray(theta), sum(sizes)
        X, y = rng.normal(size=(count, len(start))), rng.normal(size=count)
        inputs = {"loss": loss, "theta": start, "X": X, "y": y, "sizes": np.array(sizes), "lr": lr}
        return Case(label, group, inputs)

    normal, whole = rng.normal, rng.integers
    return [
        case("one batch", "first", "least_squares", normal(size=3), [6], 0.2),
        case("one batch, another loss", "first", "log_sum_exp", normal(size=2), [5], 0.5),
        case("three batches", "moving", "least_squares", normal(size=3), [4, 4, 4], 0.2),
        case("six batches, another loss", "moving", "log_sum_exp", normal(size=4), [3] * 6, 0.3),
        case("a smaller last batch", "unequal", "least_squares", normal(size=3), [5, 5, 2], 0.15),
        case("one example left over", "unequal", "log_sum_exp", normal(size=2), [4, 4, 4, 1], 0.4),
        case("whole-number theta", "integers", "least_squares", [3, -2], [4, 4], 0.1),
        case("another whole-number theta", "integers", "log_sum_exp", whole(1, 6, size=3), [2, 2, 1], 0.3),
    ]


def epoch_oracle(
    loss: str, theta: np.ndarray, X: np.ndarray, y: np.ndarray, sizes: np.ndarray, lr: float
) -> np.ndarray:
    """torch.optim.SGD over the same batches."""
    import torch

    parameter = torch.nn.Parameter(torch.from_numpy(theta.astype(np.float64)))
    optimizer = torch.optim.SGD([parameter], lr=lr)
    start = 0
    for size in sizes:
        optimizer.zero_grad()
        torch_loss(loss, parameter, X[start : start + size], y[start : start + size]).backward()
        optimizer.step()
        start += size
    return np.asarray(parameter.detach().numpy())


def epoch_uphill(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        theta = theta + lr * grad(theta, X, y)
    return theta


def epoch_mutates(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        theta -= lr * grad(theta, X, y)
    return theta


def epoch_stale(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    start = theta
    for X, y in batches:
        theta = theta - lr * grad(start, X, y)
    return theta


def epoch_one_step(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    grads = [grad(theta, X, y) for X, y in batches]
    return np.asarray(theta - lr * np.mean(grads, axis=0))


def epoch_restarts(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        new = theta - lr * grad(theta, X, y)
    return new


def epoch_after_one(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        return np.asarray(theta - lr * grad(theta, X, y))
    return theta


def epoch_sum(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        theta = theta - lr * len(y) * grad(theta, X, y)
    return theta


def epoch_mean_twice(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    for X, y in batches:
        theta = theta - lr * grad(theta, X, y) / len(y)
    return theta


def epoch_counts_batches(
    grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float
) -> np.ndarray:
    for i in range(len(batches)):  # type: ignore[arg-type]
        X, y = batches[i]  # type: ignore[index]
        theta = theta - lr * grad(theta, X, y)
    return theta


def epoch_truncates(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    new = theta.copy()
    for X, y in batches:
        new[...] = new - lr * grad(new, X, y)
    return new


def epoch_float_copy(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    theta = np.array(theta, dtype=float)
    for batch in list(batches):
        theta -= lr * np.asarray(grad(theta, *batch))
    return theta


def epoch_reduce(grad: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr: float) -> np.ndarray:
    from functools import reduce

    return reduce(lambda point, batch: point - lr * grad(point, batch[0], batch[1]), batches, theta)


SGD_EPOCH = Exercise(
    name="sgd_epoch",
    unit=UNIT,
    returns=("theta",),
    probe="epoch",
    groups=(
        Group("first", "takes the right step on one batch", 1),
        Group("moving", "takes each step from where the last one ended", 2),
        Group("unequal", "takes as full a step on a smaller last batch", 1),
        Group("integers", "keeps the fractions when theta starts at whole numbers", 1),
    ),
    cases=epoch_cases,
    reference=epoch_oracle,
    misconceptions=(
        Misconception(
            "uphill",
            epoch_uphill,
            "Every step goes uphill. A batch's gradient points to where the loss of this batch grows: go the other "
            "way, as in unit 02.",
            hint=1,
        ),
        Misconception(
            "mutates",
            epoch_mutates,
            "Your epoch overwrites the theta that it was given, so nobody can start a second run from the same point. "
            "Give each step an array of its own.",
            hint=2,
        ),
        Misconception(
            "stale_gradient",
            epoch_stale,
            "All your gradients are taken at the point where the epoch began. Then an epoch is one long step of full-"
            "batch descent, cut into pieces. The gain of SGD is that each batch sees what the last one has changed.",
            hint=1,
        ),
        Misconception(
            "one_step_an_epoch",
            epoch_one_step,
            "You collect the gradients of all batches and make one step of their mean: that is gradient descent on the "
            "whole data set. Why wait until the end of the epoch with what the first batch has told you?",
            hint=1,
        ),
        Misconception(
            "restarts",
            epoch_restarts,
            "Every batch starts from the old theta, so only the last one counts in the end. Which theta should the "
            "second step start from?",
            hint=1,
        ),
        Misconception(
            "after_one_batch",
            epoch_after_one,
            "You return after the first batch. Look at how far the return line is indented: does it belong to the "
            "loop, or come after it?",
            hint=1,
        ),
        Misconception(
            "sum_for_mean",
            epoch_sum,
            "You multiply by the size of the batch. Then twice as large a batch means twice as long a step, and the "
            "cliff 2/L moves with the batch size. The gradient that you are given is a mean; leave it one.",
            hint=3,
        ),
        Misconception(
            "mean_twice",
            epoch_mean_twice,
            "You divide by the size of the batch; the gradient that you are given is a mean already. Your steps are B "
            "times too short, and the learning crawls as if lr were tiny.",
            hint=3,
        ),
        Misconception(
            "counts_batches",
            epoch_counts_batches,
            "You ask the batches for their number or for one by its index. They come from a generator, which makes "
            "each batch only when its turn comes: it can do nothing but be looped over.",
            hint=4,
        ),
        Misconception(
            "truncates",
            epoch_truncates,
            "Your copy of theta has theta's type. Where that is a whole-number type, each step loses what is behind "
            "the decimal point. Which type should the parameters have?",
            hint=2,
        ),
    ),
    equivalents=(epoch_float_copy, epoch_reduce),
)

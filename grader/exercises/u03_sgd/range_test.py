"""The learning-rate range test: one short run in which the learning rate grows from step to step."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from grader.exercises.u03_sgd.by_torch import UNIT, torch_loss
from grader.spec import Case, Exercise, Group, Misconception

SPARE = 2
"""More batches than steps: those left over are not to be used."""


def range_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, loss: str, size: int, lrs: tuple[float, float], steps: int, flat: bool = False
    ) -> Case:
        d, count = int(rng.integers(2, 5)), size * (steps + SPARE)
        X, y, theta = rng.normal(size=(count, d)), rng.normal(size=count), rng.normal(size=d)
        X *= not flat  # where no entry of X differs from 0, the loss does not depend on theta: nothing can be learned
        sizes = np.full(steps + SPARE, size)
        inputs = {"loss": loss, "theta": theta, "X": X, "y": y, "sizes": sizes}
        return Case(label, group, inputs | {"lr_min": lrs[0], "lr_max": lrs[1], "steps": steps})

    low, one = float(rng.uniform(1e-4, 1e-2)), float(rng.uniform(0.05, 0.2))
    return [
        case("on flat ground, three steps", "rates", "least_squares", 4, (0.01, 1.0), 3, flat=True),
        case("on flat ground, from here to there", "rates", "least_squares", 2, (low, 30 * low), 9, flat=True),
        case("one learning rate all the time", "learns", "least_squares", 5, (one, one), 12),
        case("one learning rate, another loss", "learns", "log_sum_exp", 4, (0.3, 0.3), 7),
        case("two steps", "both", "log_sum_exp", 3, (0.1, 0.4), 2),
        case("a run that learns", "both", "least_squares", 5, (1e-4, 0.3), 12),
        case("a run that learns, another loss", "both", "log_sum_exp", 4, (1e-3, 1.0), 15),
        case("over the cliff", "cliff", "least_squares", 4, (1e-3, 50.0), 16),
        case("far over the cliff", "cliff", "least_squares", 6, (1e-2, 1e4), 20),
    ]


def range_oracle(
    loss: str,
    theta: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    sizes: np.ndarray,
    lr_min: float,
    lr_max: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """torch.optim.SGD, whose learning rate torch.optim.lr_scheduler.ExponentialLR multiplies by the same factor."""
    import torch

    parameter = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = torch.optim.SGD([parameter], lr=lr_min)
    growth = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=(lr_max / lr_min) ** (1 / (steps - 1)))
    lrs, losses, start = [], [], 0
    for size in sizes[:steps]:
        optimizer.zero_grad()
        value = torch_loss(loss, parameter, X[start : start + size], y[start : start + size])
        value.backward()
        lrs.append(optimizer.param_groups[0]["lr"])
        losses.append(value.item())
        optimizer.step()
        growth.step()
        start += size
    return np.array(lrs), np.array(losses)


def range_linear(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs, losses = np.linspace(lr_min, lr_max, steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta = theta - lr * grad
    return lrs, np.array(losses)


def range_short_of_max(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs, losses = lr_min * (lr_max / lr_min) ** (np.arange(steps) / steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta = theta - lr * grad
    return lrs, np.array(losses)


def range_restarts(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs, losses = np.geomspace(lr_min, lr_max, steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        grad = f(theta, X, y)[1]
        losses.append(f(theta - lr * grad, X, y)[0])
    return lrs, np.array(losses)


def range_never_moves(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs = np.geomspace(lr_min, lr_max, steps)
    losses = [f(theta, X, y)[0] for _, (X, y) in zip(lrs, batches, strict=False)]
    return lrs, np.array(losses)


def range_loss_after(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs, losses = np.geomspace(lr_min, lr_max, steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        theta = theta - lr * f(theta, X, y)[1]
        losses.append(f(theta, X, y)[0])
    return lrs, np.array(losses)


def range_one_batch(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    X, y = next(iter(batches))
    lrs, losses = np.geomspace(lr_min, lr_max, steps), []
    for lr in lrs:
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta = theta - lr * grad
    return lrs, np.array(losses)


def range_next_lr(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    factor = (lr_max / lr_min) ** (1 / (steps - 1))
    lrs, losses, lr = [], [], lr_min
    for _, (X, y) in zip(range(steps), batches, strict=False):
        lrs.append(lr)
        lr = lr * factor
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta = theta - lr * grad
    return np.array(lrs), np.array(losses)


def range_mutates(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    lrs, losses = np.geomspace(lr_min, lr_max, steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta -= lr * grad
    return lrs, np.array(losses)


def range_by_factor(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[np.ndarray, np.ndarray]":
    factor = (lr_max / lr_min) ** (1 / (steps - 1))
    lrs, losses, feed = np.zeros(steps), np.zeros(steps), iter(batches)
    for t in range(steps):
        lrs[t] = lr_min * factor**t
        losses[t], grad = f(theta, *next(feed))
        theta = theta - lrs[t] * grad
    return lrs, losses


def range_by_logarithms(
    f: "Callable[..., Any]", theta: np.ndarray, batches: "Iterable[Any]", lr_min: float, lr_max: float, steps: int
) -> "tuple[list, list]":
    lrs = list(np.logspace(np.log10(lr_min), np.log10(lr_max), steps))
    losses: list = []
    for X, y in batches:
        if len(losses) == steps:
            break
        loss, grad = f(theta, X, y)
        theta = theta - lrs[len(losses)] * grad
        losses.append(loss)
    return lrs, losses


LR_RANGE_TEST = Exercise(
    name="lr_range_test",
    unit=UNIT,
    returns=("lrs", "losses"),
    probe="range_test",
    groups=(
        Group("rates", "spaces the learning rates by equal factors, from lr_min to lr_max", 1),
        Group("learns", "notes the loss of a new batch, then steps, and goes on from there", 2),
        Group("both", "takes each step with its own learning rate", 2),
        Group("cliff", "goes on over the cliff to the largest learning rate", 1),
    ),
    cases=range_cases,
    reference=range_oracle,
    misconceptions=(
        Misconception(
            "linear",
            range_linear,
            "Your learning rates stand at equal distances. From 0.0001 to 10, nearly all of them are then above 0.1, "
            "and the small ones, of which you know least, get one or two steps. Equal factors treat each power of ten "
            "alike.",
            hint=1,
        ),
        Misconception(
            "short_of_max",
            range_short_of_max,
            "Your last learning rate stops one factor short of lr_max. Between `steps` values there are steps - 1 "
            "gaps: count the posts and the fences.",
            hint=1,
        ),
        Misconception(
            "restarts",
            range_restarts,
            "Each of your learning rates starts from the same theta. That is a line search with changing batches; the "
            "range test is one run, and each step goes on from where the last one ended.",
            hint=2,
        ),
        Misconception(
            "never_moves",
            range_never_moves,
            "Your theta never moves, so the learning rates are noted and not used. After each loss comes one step of "
            "gradient descent with this step's learning rate.",
            hint=2,
        ),
        Misconception(
            "loss_after",
            range_loss_after,
            "You note the loss of a batch after a step on this very batch: such a loss flatters the step, and costs a "
            "second pass over the batch. Note it before; the next batch will tell how good the step was.",
            hint=2,
        ),
        Misconception(
            "one_batch",
            range_one_batch,
            "You use one batch for all steps. Its loss can fall because the batch is learned by heart. Take the next "
            "batch at each step.",
            hint=3,
        ),
        Misconception(
            "next_lr",
            range_next_lr,
            "Each step is taken with the learning rate after the one that is noted beside it, so that your picture is "
            "shifted by one factor. Raise the learning rate after the step.",
            hint=1,
        ),
        Misconception(
            "mutates",
            range_mutates,
            "The test destroys the theta that it was given: whoever wants to train afterwards starts from an exploded "
            "model. A range test is a rehearsal; leave the parameters as they were.",
            hint=4,
        ),
    ),
    equivalents=(range_by_factor, range_by_logarithms),
    plot="curve",
)

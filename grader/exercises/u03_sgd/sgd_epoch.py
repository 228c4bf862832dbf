"""`sgd_epoch`: one epoch of stochastic gradient descent over batches that are handed in."""

from typing import Any

import numpy as np

from grader.changes import change
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


def sgd_epoch(grad, theta, batches, lr):
    for X, y in batches:
        theta = theta - lr * grad(theta, X, y)
    return theta


def epoch_reduce(grad, theta, batches, lr):
    from functools import reduce

    return reduce(lambda point, batch: point - lr * grad(point, batch[0], batch[1]), batches, theta)


SGD_EPOCH = Exercise(
    name="sgd_epoch",
    unit=UNIT,
    returns=("theta",),
    driver="epoch",
    groups=(
        Group("first", "takes the right step on one batch", 1, hint=1),
        Group("moving", "takes each step from where the last one ended", 2, hint=1),
        Group("unequal", "takes as full a step on a smaller last batch", 1, hint=3),
        Group("integers", "keeps the fractions when theta starts at whole numbers", 1, hint=2),
    ),
    cases=epoch_cases,
    reference=epoch_oracle,
    misconceptions=(
        Misconception(
            "uphill",
            change(sgd_epoch, "theta - lr", "theta + lr"),
            "Every step goes uphill. A batch's gradient points to where the loss of this batch grows: go the other "
            "way, as in unit 02.",
        ),
        Misconception(
            "mutates",
            change(sgd_epoch, "theta = theta - ", "theta -= "),
            "Your epoch overwrites the theta that it was given, so nobody can start a second run from the same point. "
            "Give each step an array of its own.",
            hint=2,
        ),
        Misconception(
            "stale_gradient",
            change(sgd_epoch, "    for", ("    start = theta\n    for"), "grad(theta", "grad(start"),
            "All your gradients are taken at the point where the epoch began. Then an epoch is one long step of full-"
            "batch descent, cut into pieces. The gain of SGD is that each batch sees what the last one has changed.",
        ),
        Misconception(
            "one_step_an_epoch",
            change(
                sgd_epoch,
                ("    for X, y in batches:\n        theta = theta - lr * grad(theta, X, y)\n"),
                (
                    "    grads = [grad(theta, X, y) for X, y in batches]\n"
                    "    theta = theta - lr * np.mean(grads, axis=0)\n"
                ),
            ),
            "You collect the gradients of all batches and make one step of their mean: that is gradient descent on the "
            "whole data set. Why wait until the end of the epoch with what the first batch has told you?",
        ),
        Misconception(
            "restarts",
            change(sgd_epoch, "theta = theta", "new = theta", "return theta", "return new"),
            "Every batch starts from the old theta, so only the last one counts in the end. Which theta should the "
            "second step start from?",
        ),
        Misconception(
            "after_one_batch",
            change(sgd_epoch, "    return theta", "        return theta"),
            "You return after the first batch. Look at how far the return line is indented: does it belong to the "
            "loop, or come after it?",
        ),
        Misconception(
            "sum_for_mean",
            change(sgd_epoch, "lr * grad", "lr * len(y) * grad"),
            "You multiply by the size of the batch. Then twice as large a batch means twice as long a step, and the "
            "cliff 2/L moves with the batch size. The gradient that you are given is a mean; leave it one.",
            hint=3,
        ),
        Misconception(
            "mean_twice",
            change(sgd_epoch, "X, y)\n", "X, y) / len(y)\n"),
            "You divide by the size of the batch; the gradient that you are given is a mean already. Your steps are B "
            "times too short, and the learning crawls as if lr were tiny.",
            hint=3,
        ),
        Misconception(
            "counts_batches",
            change(sgd_epoch, "for X, y in batches:", ("for i in range(len(batches)):\n        X, y = batches[i]")),
            "You ask the batches for their number or for one by its index. They come from a generator, which makes "
            "each batch only when its turn comes: it can do nothing but be looped over.",
            hint=4,
        ),
        Misconception(
            "truncates",
            change(
                sgd_epoch, "    for", ("    theta = theta.copy()\n    for"), "theta = theta -", "theta[...] = theta -"
            ),
            "Your copy of theta has theta's type. Where that is a whole-number type, each step loses what is behind "
            "the decimal point. Which type should the parameters have?",
        ),
        Misconception(
            "smaller_step_for_a_smaller_batch",
            change(
                sgd_epoch,
                "for X, y in batches:",
                ("full = None\n    for X, y in batches:\n        full = full or len(y)"),
                "* grad",
                "* len(y) / full * grad",
            ),
            "Your step on a smaller batch is shorter, in proportion to its size. The gradient that you are given is "
            "a mean already: a smaller last batch takes as full a step as the others.",
        ),
        Misconception(
            "copy_of_whole_numbers",
            change(sgd_epoch, "    for", ("    theta = theta.copy()\n    for"), "theta = theta - ", "theta -= "),
            "Your theta.copy() has the type of theta. Where that is whole numbers, -= cannot put fractions into it, "
            "and stops. Let each step make an array of its own.",
        ),
        Misconception(
            "shorter_and_shorter",
            change(sgd_epoch, "for X, y in batches", "for i, (X, y) in enumerate(batches)", "lr *", "lr / (i + 1) *"),
            "Your steps get shorter from batch to batch: the learning rate is divided by the batch's number. In this "
            "epoch lr is one number for all batches.",
        ),
    ),
    also_right=(
        sgd_epoch,
        epoch_reduce,
        change(sgd_epoch, "    for", ("    theta = theta.astype(float)\n    for"), "= theta -", "-="),
        change(sgd_epoch, "for X, y in batches:", ("for batch in list(batches):\n        X, y = batch")),
        change(sgd_epoch, "theta - lr * grad(theta, X, y)", "np.subtract(theta, lr * np.asarray(grad(theta, X, y)))"),
        change(sgd_epoch, "return theta", "return theta.tolist()"),
    ),
)

"""`lr_range_test`: one short run in which the learning rate grows from step to step."""

import numpy as np

from grader.changes import change
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


def lr_range_test(f, theta, batches, lr_min, lr_max, steps):
    lrs, losses = np.geomspace(lr_min, lr_max, steps), []
    for lr, (X, y) in zip(lrs, batches, strict=False):
        loss, grad = f(theta, X, y)
        losses.append(loss)
        theta = theta - lr * grad
    return lrs, np.array(losses)


def range_by_factor(f, theta, batches, lr_min, lr_max, steps):
    factor = (lr_max / lr_min) ** (1 / (steps - 1))
    lrs, losses, feed = np.zeros(steps), np.zeros(steps), iter(batches)
    for t in range(steps):
        lrs[t] = lr_min * factor**t
        losses[t], grad = f(theta, *next(feed))
        theta = theta - lrs[t] * grad
    return lrs, losses


def range_by_logarithms(f, theta, batches, lr_min, lr_max, steps):
    lrs = list(np.logspace(np.log10(lr_min), np.log10(lr_max), steps))
    losses = []
    for X, y in batches:
        if len(losses) == steps:
            break
        loss, grad = f(theta, X, y)
        theta = theta - lrs[len(losses)] * grad
        losses.append(loss)
    return lrs, losses


into_arrays = change(
    range_by_factor,
    "lrs, losses, feed = np.zeros(steps),",
    "lrs, losses, feed = np.geomspace(lr_min, lr_max, steps),",
    "        lrs[t] = lr_min * factor**t\n",
    "",
)

SMOOTHED = {
    "from_the_first_loss": "losses.append(loss if not losses else B * losses[-1] + (1 - B) * loss)",
    "from_zero": "mean = B * (mean if losses else 0.0) + (1 - B) * loss\n        losses.append(mean)",
    "without_bias": "mean = B * (mean if losses else 0.0) + (1 - B) * loss\n"
    "        losses.append(mean / (1 - B ** (len(losses) + 1)))",
}
"""What library range tests note in place of the loss."""


LR_RANGE_TEST = Exercise(
    name="lr_range_test",
    unit=UNIT,
    returns=("lrs", "losses"),
    driver="range_test",
    groups=(
        Group("rates", "spaces the learning rates by equal factors, from lr_min to lr_max", 1, hint=1),
        Group("learns", "notes the loss of a new batch, then steps, and goes on from there", 2, hint=2),
        Group("both", "takes each step with its own learning rate", 2, hint=2),
        Group("cliff", "goes on over the cliff to the largest learning rate", 1, hint=2),
    ),
    cases=range_cases,
    reference=range_oracle,
    misconceptions=(
        Misconception(
            "linear",
            change(lr_range_test, "geomspace", "linspace"),
            "Your learning rates stand at equal distances. From 0.0001 to 10, nearly all of them are then above 0.1, "
            "and the small ones, of which you know least, get one or two steps. Equal factors treat each power of ten "
            "alike.",
        ),
        Misconception(
            "short_of_max",
            change(
                lr_range_test,
                "np.geomspace(lr_min, lr_max, steps)",
                "lr_min * (lr_max / lr_min) ** (np.arange(steps) / steps)",
            ),
            "Your last learning rate stops one factor short of lr_max. Between `steps` values there are steps - 1 "
            "gaps: count the posts and the fences.",
        ),
        Misconception(
            "restarts",
            change(
                lr_range_test,
                ("append(loss)\n        theta = theta - lr * grad\n"),
                "append(f(theta - lr * grad, X, y)[0])\n",
            ),
            "Each of your learning rates starts from the same theta. That is a line search with changing batches; the "
            "range test is one run, and each step goes on from where the last one ended.",
        ),
        Misconception(
            "never_moves",
            change(lr_range_test, "        theta = theta - lr * grad\n", ""),
            "All of your losses are those of the first theta: no step is taken, or the next batch does not start from "
            "where it led. After each loss comes one step of gradient descent with this step's learning rate.",
        ),
        Misconception(
            "loss_after",
            change(
                lr_range_test,
                ("losses.append(loss)\n        theta = theta - lr * grad\n"),
                ("theta = theta - lr * grad\n        losses.append(f(theta, X, y)[0])\n"),
            ),
            "You note the loss of a batch after a step on this very batch: such a loss flatters the step, and costs a "
            "second pass over the batch. Note it before; the next batch will tell how good the step was.",
        ),
        Misconception(
            "one_batch",
            change(
                lr_range_test,
                "for lr, (X, y) in zip(lrs, batches, strict=False):",
                ("X, y = next(iter(batches))\n    for lr in lrs:"),
            ),
            "You use one batch for all steps. Its loss can fall because the batch is learned by heart. Take the next "
            "batch at each step.",
            hint=3,
        ),
        Misconception(
            "next_lr",
            change(lr_range_test, "- lr * grad", "- lr * (lr_max / lr_min) ** (1 / (steps - 1)) * grad"),
            "Each step is taken with the learning rate after the one that is noted beside it, so that your picture is "
            "shifted by one factor. Raise the learning rate after the step.",
            hint=1,
        ),
        Misconception(
            "mutates",
            change(lr_range_test, "theta = theta - ", "theta -= "),
            "The test destroys the theta that it was given: whoever wants to train afterwards starts from an exploded "
            "model. A range test is a rehearsal; leave the parameters as they were.",
            hint=4,
        ),
        *(
            Misconception(
                f"stops_at_{much}_times_the_{start}",
                change(
                    into_arrays,
                    "        theta = theta",
                    f"        if losses[t] > {much} * {first}:\n            break\n        theta = theta",
                ),
                "You stop as soon as the loss grows too large. A test that stops there is a fine tool, but this one "
                "goes on over the cliff to lr_max, with as many losses as learning rates.",
                about=("losses",),
            )
            for start, first in (("first", "losses[0]"), ("best", "min(losses[: t + 1])"))
            for much in (3, 4, 10)
        ),
        *(
            Misconception(
                f"smoothed_{start}_by_{beta}",
                change(lr_range_test, "losses.append(loss)", note.replace("B", beta)),
                "You smoothed the losses, as library range tests do for their pictures. Asked for is the raw loss of "
                "each batch, just before its step; a picture can be smoothed afterwards.",
                about=("losses",),
            )
            for start, note in SMOOTHED.items()
            for beta in ("0.9", "0.98")
        ),
        Misconception(
            "uphill",
            change(lr_range_test, "theta - lr", "theta + lr"),
            "Your steps go uphill, so the loss rises however small the learning rate is. A gradient points to "
            "where the loss grows.",
        ),
        Misconception(
            "exponents",
            change(lr_range_test, "geomspace", "logspace"),
            "np.logspace takes exponents: it runs from 10 ** lr_min to 10 ** lr_max. Its sibling np.geomspace "
            "takes the two ends themselves.",
        ),
        Misconception(
            "raised_before_it_is_noted",
            change(lr_range_test, "lr_max, steps),", "lr_max, steps) * (lr_max / lr_min) ** (1 / (steps - 1)),"),
            "You raise the learning rate before it is first used: your run begins one factor above lr_min, and "
            "ends one factor above lr_max.",
        ),
    ),
    also_right=(
        lr_range_test,
        range_by_factor,
        range_by_logarithms,
        into_arrays,
        change(
            lr_range_test,
            "np.geomspace(lr_min, lr_max, steps)",
            "lr_min * (lr_max / lr_min) ** np.linspace(0, 1, steps)",
        ),
        change(lr_range_test, "return lrs, np.array(losses)", "return [lrs.tolist(), losses]"),
    ),
    plot="curve",
)

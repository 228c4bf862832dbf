"""`gradient_noise`: how much the gradient of a random minibatch scatters around the gradient of the whole data set."""

import math
from itertools import combinations

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT
from grader.spec import Case, Exercise, Group, Misconception

ENUMERABLE = 5000


def noise_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, grads: np.ndarray, batch_size: int) -> Case:
        return Case(label, group, {"grads": grads, "batch_size": batch_size})

    def table(*shape: int, mean: float = 0.0) -> np.ndarray:
        return rng.normal(mean, 1.0, size=shape)

    return [
        case("three examples, one number each", "one", np.array([[1.0], [2.0], [6.0]]), 1),
        case("six examples", "one", table(6, 3), 1),
        case("5 examples, 2 a batch", "some", table(5, 3), 2),
        case("8 examples, 3 a batch", "some", table(8, 2, mean=1.0), 3),
        case("7 examples, 6 a batch", "some", table(7, 4), 6),
        case("60 examples, 12 a batch", "some", table(60, 5), 12),
        case("all examples in one batch", "all", table(6, 2), 6),
        case("50 examples, all in one batch", "all", table(50, 3, mean=2.0), 50),
        case("two examples, one of them a batch", "all", table(2, 1), 1),
        case("gradients that nearly agree", "mean", 30 + 0.1 * table(7, 3), 2),
        case("gradients that agree entirely", "mean", np.tile(table(1, 4), (9, 1)), 3),
    ]


def noise_oracle(grads: np.ndarray, batch_size: int) -> float:
    """Every batch that there is, tried; where they are too many, (1 - B/N) S^2 / B with torch's unbiased variance."""
    count = len(grads)
    if math.comb(count, batch_size) > ENUMERABLE:
        import torch

        unbiased = torch.var(torch.from_numpy(grads), dim=0, correction=1).sum()
        return float((1 / batch_size - 1 / count) * unbiased)
    whole = grads.mean(axis=0)
    batches = combinations(range(count), batch_size)
    return float(np.mean([np.sum((grads[list(batch)].mean(axis=0) - whole) ** 2) for batch in batches]))


def gradient_noise(grads, batch_size):
    N = len(grads)
    one = grads.var(axis=0).sum()
    return one / batch_size * (N - batch_size) / (N - 1)


def noise_by_loop(grads, batch_size):
    N = len(grads)
    mean = sum(grads) / N
    scatter = 0.0
    for g in grads:
        scatter += float((g - mean) @ (g - mean)) / N
    return scatter * (N - batch_size) / (batch_size * (N - 1))


GRADIENT_NOISE = Exercise(
    name="gradient_noise",
    unit=UNIT,
    returns=("noise",),
    sizes={"N": ("grads", 0), "D": ("grads", 1)},
    groups=(
        Group("one", "knows the noise of a single example", 1, hint=1),
        Group("some", "is what all possible batches give on average", 3, hint=2),
        Group(
            "all",
            "finds no noise where the batch is the whole data set, and some where it is half of two examples",
            1,
            hint=2,
        ),
        Group("mean", "measures the scatter around the mean gradient, not the gradient's length", 1, hint=1),
    ),
    cases=noise_cases,
    reference=noise_oracle,
    misconceptions=(
        Misconception(
            "with_replacement",
            change(gradient_noise, " * (N - batch_size) / (N - 1)", ""),
            "Your noise is that of batches drawn with replacement. Without it, a batch of all N examples has no noise "
            "at all, and yours still does. The factor (N - B)/(N - 1) makes up for that.",
        ),
        Misconception(
            "over_N",
            change(gradient_noise, "(N - 1)", "N"),
            "Your correction is (N - B)/N. Test it at B = 1: one example, drawn at random, has exactly the variance of "
            "the examples, so the correction must be 1 there.",
            hint=2,
        ),
        Misconception(
            "one_taken_away_at_the_end",
            change(gradient_noise, "/ (N - 1)", "/ N - 1"),
            "Without parentheses Python divides by N first and takes 1 away from all of it, so that the noise can "
            "come out below 0. What belongs together under the line?",
            hint=2,
        ),
        Misconception(
            "corrected_twice",
            change(gradient_noise, "var(axis=0)", "var(axis=0, ddof=1)"),
            "You divide by N - 1 twice: once in the variance (ddof=1) and once in the correction. Either one goes with "
            "its own formula; together they are too large by N/(N - 1).",
            hint=2,
        ),
        Misconception(
            "standard_deviation",
            change(
                gradient_noise,
                "one / batch_size * (N - batch_size) / (N - 1)",
                "(one / batch_size * (N - batch_size) / (N - 1)) ** 0.5",
            ),
            "You took the root at the end: that is the typical distance from the full gradient. The noise here is the "
            "mean *squared* distance; its root falls only like one over the root of B.",
        ),
        Misconception(
            "one_pool",
            change(gradient_noise, "var(axis=0).sum()", "var()"),
            "You threw all entries of all gradients into one pool. Entries of different parameters have different "
            "means; each column has its own variance, and the squared distance adds these up.",
            hint=3,
        ),
        Misconception(
            "mean_over_parameters",
            change(gradient_noise, "sum()", "mean()"),
            "You averaged over the parameters where the squared distance adds up: by Pythagoras, the squared length of "
            "a vector is the sum of its squared entries.",
            hint=3,
        ),
        Misconception(
            "not_centred",
            change(gradient_noise, "grads.var(axis=0).sum()", "(grads**2).sum(axis=1).mean()"),
            "You measured how long the gradients are, not how far they are from their mean. If all examples agree, "
            "there is no noise, however long the gradient.",
        ),
        Misconception(
            "size_squared",
            change(gradient_noise, "one / batch_size", "one / batch_size**2"),
            "Your noise falls like one over the square of B. The mean of B independent numbers has a variance of 1/B "
            "of theirs: where does the second B come from?",
        ),
        Misconception(
            "ignores_the_batch",
            change(gradient_noise, " / batch_size * (N - batch_size) / (N - 1)", ""),
            "Your noise does not depend on the batch size: it is that of a single example. The mean of several "
            "scatters less, for their errors partly cancel.",
        ),
        Misconception(
            "standard_deviation_with_replacement",
            change(gradient_noise, "one / batch_size * (N - batch_size) / (N - 1)", "(one / batch_size) ** 0.5"),
            "You took the root, where the noise is the mean *squared* distance. And the factor (N - B)/(N - 1) is "
            "missing: batches are drawn without replacement.",
        ),
    ),
    also_right=(
        gradient_noise,
        noise_by_loop,
        change(gradient_noise, "var(axis=0)", "var(axis=0, ddof=1)", "(N - 1)", "N"),
        change(gradient_noise, "grads.var(axis=0).sum()", "np.sum((grads - grads.mean(axis=0)) ** 2) / N"),
        change(gradient_noise, "grads.var(axis=0).sum()", "np.mean(np.sum((grads - grads.mean(axis=0)) ** 2, axis=1))"),
        change(gradient_noise, "return one", "return np.float32(1) * one"),
    ),
)

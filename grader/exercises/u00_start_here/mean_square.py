"""`mean_square`: the first function, small enough to see a check say everything it can say."""

from __future__ import annotations

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception


def mean_square_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("3 and 4: (9 + 16) / 2", "values", {"x": np.array([3.0, 4.0])}),
        Case("five numbers", "values", {"x": rng.uniform(0.5, 3.0, size=5)}),
        Case("numbers below zero", "signs", {"x": -rng.uniform(0.5, 3.0, size=4)}),
        Case("plus and minus", "signs", {"x": rng.normal(size=6)}),
        Case("a single number", "lengths", {"x": rng.uniform(2.0, 3.0, size=1)}),
        Case("forty numbers", "lengths", {"x": rng.normal(size=40)}),
    ]


def mean_square_reference(x: np.ndarray) -> float:
    """mean(x^2) = mean(x)^2 + var(x)."""
    return float(np.mean(x) ** 2 + np.var(x))


def mean_square(x):
    return np.mean(x**2)


def mean_square_loop(x):
    total = 0.0
    for value in x:
        total += float(value) * float(value)
    return total / len(x)


def mean_square_dot(x):
    return x @ x / x.size


def mean_square_float32(x):
    return float(np.mean(x.astype(np.float32) ** 2))


MEAN_SQUARE = Exercise(
    name="mean_square",
    unit="00_start_here",
    returns=("value",),
    groups=(
        Group("values", "averages the squares", 1, hint=1),
        Group("signs", "counts a number below zero like its opposite", 1, hint=2),
        Group("lengths", "divides by how many numbers there are", 1, hint=1),
    ),
    cases=mean_square_cases,
    reference=mean_square_reference,
    misconceptions=(
        Misconception(
            "sum_instead_of_mean",
            change(mean_square, "np.mean", "np.sum"),
            "You added up the squares and stopped there. A sum grows with every number that joins; a mean does not. "
            "What is still to be done to make a mean of it?",
        ),
        Misconception(
            "square_of_the_mean",
            change(mean_square, "x**2)", "x) ** 2"),
            "You took the mean first and squared it afterwards. Then plus and minus cancel before anything is squared. "
            "In the formula the square stands inside the sum: which of the two comes first?",
            hint=2,
        ),
        Misconception(
            "root_mean_square",
            change(mean_square, "np.mean(x**2)", "np.sqrt(np.mean(x**2))"),
            "This is the root of the right value: the root mean square. The formula here has no root.",
        ),
        Misconception(
            "mean_absolute_value",
            change(mean_square, "x**2", "np.abs(x)"),
            "You averaged the sizes |x|, not the squares. Both ignore the sign, but a square makes a large number "
            "count far more than a small one.",
            hint=2,
        ),
        Misconception(
            "one_less_than_n",
            change(mean_square, "np.mean(x**2)", "np.sum(x**2) / (len(x) - 1)"),
            "You divided by N - 1. That is how statisticians estimate a variance from a sample; "
            "the mean of N numbers divides by N, and N = 1 must work too.",
        ),
        Misconception(
            "variance",
            change(mean_square, "x**2", "(x - np.mean(x)) ** 2"),
            "This is the variance: you subtracted the mean before you squared. Here the numbers are squared as they "
            "are, so that three times 4 gives 16, not 0.",
            hint=2,
        ),
        Misconception(
            "always_by_two",
            change(mean_square, "np.mean(x**2)", "np.sum(x**2) / 2"),
            "You divide by 2, which is right for two numbers only. A mean divides by how many there are: ask x for "
            "that.",
        ),
        Misconception(
            "length_of_the_vector",
            change(mean_square, "np.mean(x**2)", "np.sqrt(np.sum(x**2))"),
            "This is the length of x as a vector: the root of the sum of the squares. Here the squares are "
            "averaged, and no root is taken.",
        ),
    ),
    also_right=(
        mean_square,
        mean_square_loop,
        mean_square_dot,
        mean_square_float32,
        change(mean_square, "np.mean(x**2)", "sum([value * value for value in x]) / len(x)"),
        change(mean_square, "np.mean(x**2)", "np.linalg.norm(x) ** 2 / x.shape[0]"),
    ),
)

"""`mean_square`: the first function, small enough to see a check say everything it can say."""

from __future__ import annotations

import numpy as np

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


def sum_of_squares(x: np.ndarray) -> float:
    return np.sum(x**2)


def square_of_mean(x: np.ndarray) -> float:
    return np.mean(x) ** 2


def root_mean_square(x: np.ndarray) -> float:
    return np.sqrt(np.mean(x**2))


def mean_absolute(x: np.ndarray) -> float:
    return float(np.mean(np.abs(x)))


def one_less(x: np.ndarray) -> float:
    return np.sum(x**2) / (len(x) - 1)


def mean_square_loop(x: np.ndarray) -> float:
    total = 0.0
    for value in x:
        total += float(value) * float(value)
    return total / len(x)


def mean_square_dot(x: np.ndarray) -> float:
    return x @ x / x.size


def mean_square_float32(x: np.ndarray) -> float:
    return float(np.mean(x.astype(np.float32) ** 2))


MEAN_SQUARE = Exercise(
    name="mean_square",
    unit="00_start_here",
    returns=("value",),
    groups=(
        Group("values", "averages the squares", 1),
        Group("signs", "counts a number below zero like its opposite", 1),
        Group("lengths", "divides by how many numbers there are", 1),
    ),
    cases=mean_square_cases,
    reference=mean_square_reference,
    misconceptions=(
        Misconception(
            "sum_instead_of_mean",
            sum_of_squares,
            "You added up the squares and stopped there. A sum grows with every number that joins; a mean does not. "
            "What is still to be done to make a mean of it?",
            hint=1,
        ),
        Misconception(
            "square_of_the_mean",
            square_of_mean,
            "You took the mean first and squared it afterwards. Then plus and minus cancel before anything is squared. "
            "In the formula the square stands inside the sum: which of the two comes first?",
            hint=2,
        ),
        Misconception(
            "root_mean_square",
            root_mean_square,
            "This is the root of the right value: the root mean square. The formula here has no root.",
        ),
        Misconception(
            "mean_absolute_value",
            mean_absolute,
            "You averaged the sizes |x|, not the squares. Both ignore the sign, but a square makes a large number "
            "count far more than a small one.",
            hint=2,
        ),
        Misconception(
            "one_less_than_n",
            one_less,
            "You divided by N - 1. That is how statisticians estimate a variance from a sample; "
            "the mean of N numbers divides by N, and N = 1 must work too.",
            hint=1,
        ),
    ),
    equivalents=(mean_square_loop, mean_square_dot, mean_square_float32),
)

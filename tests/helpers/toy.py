"""A small exercise of the tests' own: `scale_shift(x, a)` returns (a * x, sum of it)."""

import numpy as np

from grader.changes import change
from grader.judging.references import make_reference
from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two numbers", "value", {"x": np.array([1.0, 2.0]), "a": 3.0}),
        Case("random table", "value", {"x": rng.normal(size=(3, 2)), "a": 2.0}),
        Case("all zero", "zero", {"x": np.zeros(4), "a": float(rng.normal())}),
        Case("large numbers", "large", {"x": 1e200 * rng.normal(size=3), "a": 2.0}),
    ]


def scale_shift(x, a):
    y = a * x
    return y, y.sum()


right = scale_shift
plus = change(right, "a * x", "a + x")
mean = change(right, "y.sum()", "y.mean()")
in_place = change(right, "y = a * x\n", "x *= a\n", "return y, y.sum()", "return x, x.sum()")
raises = change(right, "a * x", 'a["factor"] * x')


EXERCISE = Exercise(
    name="scale_shift",
    unit="99_toy",
    returns=("y", "total"),
    groups=(
        Group("value", "scales every entry", 2),
        Group("zero", "keeps zeros", 1),
        Group("large", "stands large numbers", 1),
    ),
    cases=cases,
    reference=right,
    misconceptions=(
        Misconception("plus", plus, "You added where scaling multiplies.", hint=1, about=("y",)),
        Misconception("mean", mean, "The total is a sum, not a mean.", about=("total",)),
        Misconception("in_place", in_place, "x belongs to the caller."),
        Misconception("raises", raises, "a is a number."),
    ),
    also_right=(
        right,
        lambda x, a: [a * x, float(np.sum(a * x))],
    ),
)

REFERENCE = make_reference(EXERCISE, 0)

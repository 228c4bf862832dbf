"""`clinic_00`: a row of averages that broadcasting puts under the columns, unseen on a square table."""

from __future__ import annotations

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("4 learners, 4 tests", "square", {"marks": rng.integers(0, 21, size=(4, 4)).astype(float)}),
        Case("2 learners, 2 tests", "square", {"marks": np.array([[10.0, 14.0], [3.0, 4.0]]) + rng.normal()}),
        Case("3 learners, 5 tests", "any_shape", {"marks": rng.uniform(0, 20, size=(3, 5))}),
        Case("6 learners, 2 tests", "any_shape", {"marks": rng.uniform(0, 20, size=(6, 2))}),
    ]


def clinic_reference(marks: np.ndarray) -> np.ndarray:
    """Projection along the vector of ones: I - 11^T/D takes each row's mean away."""
    tests = marks.shape[1]
    return marks @ (np.eye(tests) - np.full((tests, tests), 1.0 / tests))


def clinic_00(marks):
    average = marks.mean(axis=1)[:, None]
    return marks - average


def clinic_transposed_twice(marks):
    return (marks.T - marks.mean(axis=1)).T


CLINIC_00 = Exercise(
    name="clinic_00",
    unit="00_start_here",
    returns=("above",),
    groups=(
        Group("square", "takes each learner's own average away, also from a square table", 1, hint=1),
        Group("any_shape", "works for any number of learners and tests", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_reference,
    misconceptions=(
        Misconception(
            "as_given",
            change(clinic_00, "[:, None]", ""),
            "The bug is still at work. On a square table the code runs and is wrong; on any other it stops with an "
            "error, which is kinder. Which axis of marks does NumPy line the averages up with?",
        ),
        Misconception(
            "averages_of_the_tests",
            change(clinic_00, "marks.mean(axis=1)[:, None]", "marks.mean(axis=0)"),
            "Now every test's average is taken away: the columns have mean 0, but a learner's own average was asked "
            "for. The axis of the mean was right before; it is the subtraction that goes astray.",
        ),
        Misconception(
            "one_average_for_all",
            change(clinic_00, "marks.mean(axis=1)[:, None]", "marks.mean()"),
            "Now one average over the whole table is taken away from everyone. It no longer fails, but the question "
            "was how each learner did against their own average.",
        ),
        Misconception(
            "left_transposed",
            change(clinic_00, "[:, None]", "", "marks - average", "marks.T - average"),
            "You turned the table so that the averages line up, and the numbers are right; now turn it back. "
            "Whoever calls wants learners in the rows, as they came.",
            hint=2,
        ),
        Misconception(
            "divided_by_the_average",
            change(clinic_00, "marks - average", "marks / average"),
            "You divide by each learner's average. How far a mark is above it is a difference.",
        ),
    ),
    also_right=(
        clinic_00,
        clinic_transposed_twice,
        change(clinic_00, "marks.mean(axis=1)[:, None]", "marks.mean(axis=1, keepdims=True)"),
        change(clinic_00, "marks.mean(axis=1)[:, None", "np.sum(marks, axis=1).reshape(-1, 1) / marks.shape[1"),
        change(clinic_00, "marks - average", "[[mark - a[0] for mark in row] for row, a in zip(marks, average)]"),
        change(
            clinic_00,
            "[:, None]",
            "",
            "marks - average",
            "np.array([marks[i] - average[i] for i in range(len(marks))])",
        ),
    ),
)

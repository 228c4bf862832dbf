"""What a spec promises, and the references that it is held to.

Private seeds stand for the secret of a course; the visible ones are what a learner's kernel has.
"""

from __future__ import annotations

import pytest
from helpers.course import solutions

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.reference import Reference, load
from grader.judging.private import private_reference
from grader.spec import Exercise

SECRETS = [b"a" * 64, b"another secret of thirty-two bytes or more"]


def references(exercise: Exercise) -> list[Reference]:
    """The visible cases, and the private ones of two courses; of one where the secret only shuffles hidden images."""
    secrets = SECRETS if exercise.private_cases is None else SECRETS[:1]
    private = [private_reference(exercise.name, secret) for secret in secrets]
    return private if exercise.withheld else [load(exercise.name), *private]


def each(exercises: list[Exercise], what: str) -> list[object]:
    """One parameter for each misconception or right answer of each exercise."""
    return [
        pytest.param(exercise, item, id=f"{exercise.name}-{getattr(item, 'name', index)}")
        for exercise in exercises
        for index, item in enumerate(getattr(exercise, what))
    ]


def solution_failure(exercise: Exercise) -> str | None:
    """What the course's own answer gets wrong, in a sentence; None when it earns everything."""
    answer = solutions(exercise.unit)[exercise.name]
    for reference in references(exercise):
        verdict = judge(run_cases(exercise.name, answer, reference), reference)
        if not verdict.passed:
            return verdict.differences[0].message
    return None

"""What a spec promises of its own: every misconception is caught and named, every right answer passes."""

from __future__ import annotations

from typing import Any

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.reference import Reference
from grader.changes import made
from grader.spec import Exercise, Misconception


def misconception_failure(exercise: Exercise, misconception: Misconception, reference: Reference) -> str | None:
    """Why the promise does not hold on these cases, in a sentence; None when the misconception is caught and named."""
    verdict = judge(run_cases(exercise.name, misconception.answer, reference), reference)
    if verdict.passed or verdict.earned == verdict.points:
        return f"The misconception {misconception.name} of {exercise.name} earns full points."
    if [diagnosis.says for diagnosis in verdict.diagnoses] != [misconception.says]:  # two of a family may share it
        said = " and ".join(diagnosis.name for diagnosis in verdict.diagnoses) or "nothing"
        return f"The misconception {misconception.name} of {exercise.name} is diagnosed as {said}."
    return None


def right_answer_failure(exercise: Exercise, right: Any, reference: Reference) -> str | None:
    """Why a right answer does not pass on these cases, in a sentence; None when it passes."""
    verdict = judge(run_cases(exercise.name, made(right), reference), reference)
    if verdict.passed:
        return None
    name = getattr(right, "__name__", repr(right))
    first = verdict.differences[0]
    label = reference.cases[first.case].label
    return f"The right answer {name} of {exercise.name} fails on {label!r}: {first.message}"

"""What several tests need of the course: its exercises, its scripts, the answers in them, and what they are held to.

Private seeds stand for the secret of a course; the visible ones are what a learner's kernel has.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from course_lib.judging.reference import Reference, load
from grader.audit.contract import right_answer_failure
from grader.exercises import all_exercises
from grader.judging.private import private_reference
from grader.scripts import read_script
from grader.spec import Exercise
from grader.submissions.samples import files_of

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(ROOT.glob("solutions/[0-9][0-9]_*/[0-9][0-9]_*.py"))
UNITS = [path.stem for path in SCRIPTS]
EXERCISES: list[Exercise] = list(all_exercises().values())
GRADED_CODE = [exercise for exercise in EXERCISES if not exercise.withheld]
ARTEFACTS = [exercise for exercise in EXERCISES if exercise.private_cases is not None]
LIGHT = [exercise for exercise in EXERCISES if exercise.private_cases is None]
"""Those that are judged in a moment, unlike a trained network."""
SECRETS = [b"a" * 64, b"another secret of thirty-two bytes or more"]


def references(exercise: Exercise) -> list[Reference]:
    """The visible cases, and the private ones of two courses; of one where the secret only shuffles hidden images."""
    secrets = SECRETS if exercise.private_cases is None else SECRETS[:1]
    private = [private_reference(exercise.name, secret) for secret in secrets]
    return private if exercise.withheld else [load(exercise.name), *private]


def in_a_moment(exercise: Exercise) -> tuple[pytest.MarkDecorator, ...]:
    """The mark `fast` for what is judged in NumPy: the answers in PyTorch train, and take minutes together."""
    return (pytest.mark.fast,) if exercise.unit < "09" else ()


def one_by_one(exercises: list[Exercise]) -> list[object]:
    """One parameter for each exercise whose answers are run."""
    return [pytest.param(exercise, id=exercise.name, marks=in_a_moment(exercise)) for exercise in exercises]


def each(exercises: list[Exercise], what: str) -> list[object]:
    """One parameter for each misconception or right answer of each exercise."""
    return [
        pytest.param(exercise, item, id=f"{exercise.name}-{getattr(item, 'name', index)}", marks=in_a_moment(exercise))
        for exercise in exercises
        for index, item in enumerate(getattr(exercise, what))
    ]


def solution_failure(exercise: Exercise) -> str | None:
    """What the course's own answer gets wrong, in a sentence; None when it earns everything."""
    answer = solutions(exercise.unit)[exercise.name]
    failures = (right_answer_failure(exercise, answer, reference) for reference in references(exercise))
    return next(filter(None, failures), None)


def source_notebook(unit: str) -> NotebookNode:
    """The unit's source; a copy for each who asks, since tests run and change it."""
    return copy.deepcopy(read_once(unit))


@cache
def read_once(unit: str) -> NotebookNode:
    """The unit's source for those who only look at it: the one that all have."""
    return read_script(ROOT / "solutions" / unit / f"{unit}.py")


@cache
def solutions(unit: str) -> dict[str, Any]:
    """The namespace after running the unit's setup and answer cells, as a notebook's kernel has it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in source_notebook(unit).cells:
        if cell.metadata.get("given") or cell.metadata.get("exercise"):
            exec(compile(cell.source, f"<{unit}>", "exec"), namespace)
    return namespace


def beside(unit: str) -> list[Path]:
    """What the solution hands in beside its notebook."""
    return [ROOT / "solutions" / unit / name for name in sorted(files_of(ROOT / "solutions" / unit))]


def lay_beside(unit: str, folder: Path) -> Path:
    """Put what the solution hands in beside its notebook, such as trained weights, into a folder; the folder."""
    for name, data in files_of(ROOT / "solutions" / unit).items():
        (folder / name).write_bytes(data)
    return folder

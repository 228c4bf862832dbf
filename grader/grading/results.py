"""What one submission's grading gave, read back from the graded notebook and the gradebook."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from grader.grading.classroom import Classroom
from grader.grading.gradebook import GradebookEntry, open_gradebook
from grader.preprocessors.repair import HEADING, grade_id
from grader.preprocessors.verify_answers import VERDICT


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one exercise as the grader wrote it; `text` is what a person reads."""

    exercise: str
    earned: int
    points: int
    bonus: bool
    not_started: bool
    no_value: bool
    """Nothing came back that could be compared: it raised, was not there, or never ended."""
    diagnoses: tuple[str, ...]
    text: str
    reason: str = ""
    """Why no value came back, in a few words."""
    by_property: Mapping[str, int] = field(default_factory=dict)
    """Points earned by the key of a property, as the exercise's spec calls it."""

    @property
    def lost(self) -> int:
        """Points not earned; a bonus exercise has nothing to lose."""
        return 0 if self.bonus else self.points - self.earned


@dataclass(frozen=True)
class Result:
    """A line of the class table. `problem` says why there are no points; then nothing else is to be trusted."""

    student: str
    points: float | None = None
    most: float | None = None
    seconds_late: float = 0.0
    penalty: float = 0.0
    waiting: int = 0
    """Answers that wait for a person."""
    until: datetime | None = None
    """When it was due, in UTC, where the learner has an extension."""
    checks: tuple[CheckResult, ...] = ()
    notes: tuple[str, ...] = ()
    feedback: Path | None = None
    problem: str = ""
    handed_in: bool = True
    origin: str = ""
    """The file of a learning platform that it came as."""
    seconds: float | None = None
    """How long the notebook's cells ran; None where nothing was executed this time."""
    took: float = 0.0
    """Seconds that it ran when it was last executed, this time or before; zero when nobody measured."""
    spent: tuple[tuple[str, float], ...] = ()
    """The cells that took longest then, in words, with their seconds."""
    this_run: bool = True
    """False: an earlier run graded it, and the gradebook and the folders still have it."""

    @property
    def bonus(self) -> int:
        """What bonus exercises earned; it is part of `points` and not of `most`."""
        return sum(check.earned for check in self.checks if check.bonus)


def read_graded(path: Path) -> NotebookNode | None:
    """As `graded_cells`, of a file; None where there is none, too."""
    try:
        return graded_cells(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def graded_cells(text: str) -> NotebookNode | None:
    """What a graded notebook says of its grading: its first cell, and its checks with their verdicts.

    None for half a notebook, or for one without verdicts.
    """
    try:
        told = json.loads(text)
        first, *others = told["cells"]
        checks = [cell for cell in others if grade_id(cell).startswith("check_")]
        notebook: NotebookNode = nbformat.v4.to_notebook({**told, "cells": [first, *checks]})
        return notebook if len(checks) == len(list(_checks(notebook))) > 0 else None
    except (ValueError, AttributeError, KeyError, TypeError):
        return None


def make_result(student: str, notebook: NotebookNode, entry: GradebookEntry, page: Path | None = None) -> Result:
    """The result of a submission that was graded, from its graded notebook and from how it stands in the gradebook."""
    sheet = entry.sheet
    return Result(
        student=student,
        points=sheet.score - sheet.penalty,
        most=sheet.max_score,
        seconds_late=entry.seconds_late,
        penalty=sheet.penalty,
        waiting=entry.waiting,
        until=entry.until,
        checks=tuple(_checks(notebook)),
        notes=tuple(_repairs(notebook)),
        feedback=page,
    )


def read_result(classroom: Classroom, unit: str, student: str) -> Result:
    """The result of a submission that was graded. Raises `LookupError` when it was not."""
    notebook = read_graded(classroom.path("autograded", student, unit) / f"{unit}.ipynb")
    with open_gradebook(classroom.config(), unit) as writer:
        entry = writer.entry(student)
    if notebook is None or entry is None:
        raise LookupError(f"{student} has no graded notebook for {unit}")
    page = classroom.path("feedback", student, unit) / f"{unit}.html"
    return make_result(student, notebook, entry, page if page.is_file() else None)


def earlier_results(classroom: Classroom, unit: str, students: Iterable[str]) -> list[Result]:
    """The results of everyone else that the gradebook has for the unit, besides `students`, by their names."""
    known, found = set(students), []
    with classroom.gradebook() as gradebook:
        names = sorted(submission.student.id for submission in gradebook.assignment_submissions(unit))
    with open_gradebook(classroom.config(), unit) as writer:
        for student in (name for name in names if name not in known):
            entry = writer.entry(student)
            notebook = read_graded(classroom.path("autograded", student, unit) / f"{unit}.ipynb")
            if entry is None:
                continue
            page = classroom.path("feedback", student, unit) / f"{unit}.html"
            result = make_result(student, notebook or new_notebook(), entry, page if page.is_file() else None)
            missing = (
                () if notebook else ("Its graded notebook is not there any more; the points are the gradebook's.",)
            )
            found.append(replace(result, notes=(*result.notes, *missing), this_run=False))
    return found


def _checks(notebook: NotebookNode) -> Iterator[CheckResult]:
    for cell in notebook.cells:
        if not grade_id(cell).startswith("check_"):
            continue
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VERDICT in data:
                yield _check(json.dumps(data[VERDICT]), data["text/plain"])


@lru_cache(maxsize=4096)
def _check(verdict: str, text: str) -> CheckResult:
    """A class gets the same few verdicts over and over; each is kept once, so that a large class takes no memory."""
    told = json.loads(verdict)
    return CheckResult(**{**told, "diagnoses": tuple(told["diagnoses"])}, text=text)


def _repairs(notebook: NotebookNode) -> list[str]:
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith(HEADING):
        return []
    return [line.removeprefix("- ") for line in first.source.splitlines() if line.startswith("- ")]

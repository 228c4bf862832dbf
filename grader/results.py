"""What one submission's grading gave, read back from the graded notebook and the gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry

from grader.classroom import Classroom
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
    checks: tuple[CheckResult, ...] = ()
    notes: tuple[str, ...] = ()
    feedback: Path | None = None
    problem: str = ""
    handed_in: bool = True

    @property
    def bonus(self) -> int:
        """What bonus exercises earned; it is part of `points` and not of `most`."""
        return sum(check.earned for check in self.checks if check.bonus)


def is_complete(classroom: Classroom, unit: str, student: str) -> bool:
    """Whether the graded notebook is all there: a run that was killed leaves half of one, or one without verdicts."""
    notebook = _graded_notebook(classroom, unit, student)
    if notebook is None or not _in_gradebook(classroom, unit, student):
        return False
    cells = [cell for cell in notebook.cells if grade_id(cell).startswith("check_")]
    return len(cells) == len(list(_checks(notebook))) > 0


def read_result(classroom: Classroom, unit: str, student: str) -> Result:
    """The result of a submission that was graded. Raises `LookupError` when it was not."""
    notebook = _graded_notebook(classroom, unit, student)
    if notebook is None:
        raise LookupError(f"{student} has no graded notebook for {unit}")
    page = classroom.path("feedback", student, unit) / f"{unit}.html"
    with classroom.gradebook() as gradebook:
        submission = gradebook.find_submission(unit, student)
        grades = [grade for part in submission.notebooks for grade in part.grades]
        penalty = float(submission.late_submission_penalty or 0.0)
        return Result(
            student=student,
            points=float(submission.score) - penalty,
            most=float(submission.max_score),
            seconds_late=float(submission.total_seconds_late),
            penalty=penalty,
            waiting=sum(bool(grade.needs_manual_grade) for grade in grades),
            checks=tuple(_checks(notebook)),
            notes=tuple(_repairs(notebook)),
            feedback=page if page.is_file() else None,
        )


def has_grade(classroom: Classroom, unit: str, student: str) -> bool:
    """Whether an earlier submission of the student stands in the gradebook."""
    return _in_gradebook(classroom, unit, student)


def _in_gradebook(classroom: Classroom, unit: str, student: str) -> bool:
    with classroom.gradebook() as gradebook:
        try:
            gradebook.find_submission(unit, student)
        except MissingEntry:
            return False
        return True


def _graded_notebook(classroom: Classroom, unit: str, student: str) -> NotebookNode | None:
    path = classroom.path("autograded", student, unit) / f"{unit}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, KeyError):  # nbformat's errors for half a file
        return None


def _checks(notebook: NotebookNode) -> Iterator[CheckResult]:
    for cell in notebook.cells:
        if not grade_id(cell).startswith("check_"):
            continue
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VERDICT in data:
                verdict = data[VERDICT]
                yield CheckResult(**{**verdict, "diagnoses": tuple(verdict["diagnoses"])}, text=data["text/plain"])


def _repairs(notebook: NotebookNode) -> list[str]:
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith(HEADING):
        return []
    return [line.removeprefix("- ") for line in first.source.splitlines() if line.startswith("- ")]

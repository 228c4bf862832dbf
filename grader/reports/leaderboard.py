"""The leaderboard: a class's trained networks, by accuracy against parameters and time.

It reads what `./course grade` kept of each submission and executes nothing. What learners see carries pseudonyms; who
is who stands in a file of its own, for the instructor.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.judging.reference import Reference
from course_lib.private_files import open_private
from grader.exercises import all_exercises, exercises_of
from grader.grading.journal import RunJournal
from grader.judging.answers import read_outcomes
from grader.judging.private import private_reference
from grader.judging.weights import MARK
from grader.pages.plain_cells import as_cell, one_line
from grader.preprocessors.repair import grade_id
from grader.spec import Exercise

COLOURS = "amber azure beige bronze cobalt copper coral crimson emerald golden indigo ivory jade lilac olive silver"
ANIMALS = "badger beaver bison crane dolphin falcon gecko heron ibis lynx marten newt otter owl raven tapir"


@dataclass(frozen=True)
class Entry:
    """A learner's network. accuracy: the share of the hidden images that it names right; `front`: nothing beats it.

    parameters: numbers in the network, as the grader counted them where a file holds them; macs: multiplications for
    an image; time: of a prediction, in multiples of the yardstick's; None where the unit does not ask for it.
    """

    student: str
    name: str
    accuracy: float
    parameters: int | None = None
    macs: int | None = None
    time: float | None = None
    front: bool = False


def artefact_of(unit: str) -> Exercise:
    """The unit's exercise whose network is judged on hidden images. Raises `CourseError` where there is none."""
    found = next(filter(_predicts, exercises_of(unit)), None)
    if found is None:
        having = sorted({exercise.unit for exercise in all_exercises().values() if _predicts(exercise)})
        raise CourseError(f"{unit} has no network to compare; these units have one: {', '.join(having) or 'none'}.")
    return found


def _predicts(exercise: Exercise) -> bool:
    return exercise.private_cases is not None and "labels" in exercise.returns


def leaderboard(journal: RunJournal, exercise: Exercise) -> list[Entry]:
    """Everyone whose predictions were kept, the most accurate first; of equals, the smaller network first."""
    secret = journal.secret()
    reference = private_reference(exercise.name, secret)
    students = sorted(path.stem for path in (journal.folder / f"{journal.unit}.executed").glob("*.json"))
    names = pseudonyms(students, secret)
    measured = [measure(journal.kept(student), reference) for student in students]
    found = [
        Entry(student, names[student], **values)
        for student, values in zip(students, measured, strict=True)
        if values is not None
    ]
    found.sort(key=lambda entry: (-entry.accuracy, entry.parameters or 0, entry.name))
    return mark_front(found)


def measure(kept: str, reference: Reference) -> dict[str, Any] | None:
    """Accuracy, and what else the exercise returns, from what was kept of a submission; None without predictions."""
    try:
        notebook: NotebookNode = nbformat.v4.reads(json.loads(kept)["notebook"])
        cell = next(cell for cell in notebook.cells if grade_id(cell) == f"check_{reference.exercise}")
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    most = max(len((case.expected or {})["labels"]) for case in reference.cases)
    right, total, values, file = 0, 0, {}, ""
    for outcome, case in zip(read_outcomes(cell, reference), reference.cases, strict=True):
        values, file = outcome.values or {}, str(case.inputs.get("file", ""))
        labels, wanted = np.asarray(values.get("labels")), np.asarray((case.expected or {})["labels"])
        if outcome.problem is not None or labels.shape != wanted.shape or labels.dtype.kind not in "iu":
            return None
        if len(wanted) == most:  # all hidden images; the smaller cases hold some of them once more
            right, total = right + int((labels == wanted).sum()), total + len(wanted)
    files = dict(notebook.metadata.get(MARK, {}))
    return {"accuracy": right / total, **_sizes(values, files.get(file, max(files.values(), default=0)))}


def _sizes(values: dict[str, Any], counted: int) -> dict[str, Any]:
    """The numbers beside the labels, where they are numbers at all."""
    found: dict[str, Any] = {}
    for key, kind in (("parameters", int), ("macs", int), ("time", float)):
        value = np.asarray(values.get(key, np.nan))
        if value.ndim == 0 and value.dtype.kind in "iuf" and np.isfinite(value):
            found[key] = kind(value)
    if counted:
        found["parameters"] = max(counted, found.get("parameters", 0))
    return found


def mark_front(entries: Sequence[Entry]) -> list[Entry]:
    """Each entry with whether it is on the Pareto front: no other is as accurate and as small, and better in one."""

    def beaten(one: Entry) -> bool:
        mine = (-one.accuracy, one.parameters or 0)
        others = ((-other.accuracy, other.parameters or 0) for other in entries)
        return any(all(a <= b for a, b in zip(other, mine, strict=True)) and other != mine for other in others)

    return [replace(entry, front=not beaten(entry)) for entry in entries]


def pseudonyms(students: Iterable[str], secret: bytes) -> dict[str, str]:
    """A name of two words for each student, the same each time in one course, and different for everyone."""
    colours, animals = COLOURS.split(), ANIMALS.split()
    names: dict[str, str] = {}
    for student in sorted(students):
        drawn = hmac.new(secret, f"leaderboard {student}".encode(), hashlib.sha256).digest()
        name = f"{colours[drawn[0] % len(colours)]} {animals[drawn[1] % len(animals)]}"
        taken = sum(other.rstrip("0123456789 ") == name for other in names.values())
        names[student] = f"{name} {taken + 1}" if taken else name
    return names


def table(entries: Sequence[Entry]) -> str:
    """The leaderboard for a terminal; columns that nobody has are left out."""
    columns = [("", [f"{place}." for place in range(1, len(entries) + 1)]), ("network of", [e.name for e in entries])]
    columns.append(("accuracy", [f"{entry.accuracy:.1%}" for entry in entries]))
    columns += [(title, cells) for title, cells in numbers(entries) if any(cells)]
    columns.append(("Pareto front", ["yes" if entry.front else "" for entry in entries]))
    widths = [max(len(title), *map(len, cells)) for title, cells in columns]
    rows = [[title for title, _ in columns], *zip(*(cells for _, cells in columns), strict=True)]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 1 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([one_line(line).rstrip() for line in lines])


def numbers(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    """The columns beside accuracy: a title, and a cell for each entry, empty where it is not known."""
    return [
        ("parameters", ["" if e.parameters is None else f"{e.parameters:,}" for e in entries]),
        ("multiplications", ["" if e.macs is None else f"{e.macs:,}" for e in entries]),
        ("time", ["" if e.time is None else f"{e.time:.2f}" for e in entries]),
    ]


def write_key(entries: Sequence[Entry], path: Path, shared: bool = False) -> None:
    """Who is behind which pseudonym, as CSV."""
    with open_private(path, shared, newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["pseudonym", "student", "accuracy", "parameters"])
        for e in entries:
            parameters = "" if e.parameters is None else e.parameters
            writer.writerow([e.name, as_cell(e.student), f"{e.accuracy:.4f}", parameters])

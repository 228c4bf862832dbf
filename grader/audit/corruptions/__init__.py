"""Submissions that were damaged on their way: each is all right but for that, and has to earn what it deserves.

One class of them is graded as an instructor does it, with `./course grade`, and before that by stock
`nbgrader autograde`. Damage is held if the points are those of the work, the reflection waits for a person, what was
repaired is told, and the rest of the class is graded.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde

from course_lib.workspace import find_unit
from grader.audit.corruptions import damage as damages
from grader.audit.corruptions.damage import Damage, Notebook
from grader.audit.corruptions.habits import HABITS
from grader.audit.row import HELD, Row
from grader.exercises import exercises_of
from grader.grading.classroom import Classroom, GradingError, run_converter
from grader.grading.grade_class import grade_class
from grader.grading.results import Result
from grader.grading.run import GradeOptions
from grader.preprocessors.repair import HEADING
from grader.sandbox.bwrap import unavailable
from grader.submissions.samples import fill, hand_in

FIRST_UNIT = "00"
DAMAGES = [*damages.DAMAGES, *HABITS]


NOBODY = Result("", problem="no line of the table is about it")


@dataclass(frozen=True)
class Unit:
    """The unit that is damaged: what each exercise is worth, and the names of the first two that are written."""

    name: str
    points: dict[str, int]
    first: str
    second: str


def run_corruptions(unit: str | None = None) -> list[Row]:
    """What came of each kind of damage to a submission of `unit`."""
    name = find_unit(unit or FIRST_UNIT)
    exercises = [e for e in exercises_of(name) if not e.bonus]
    written = [e.name for e in exercises if not e.withheld]
    chosen = Unit(name, {e.name: e.points for e in exercises}, *written[:2])
    with tempfile.TemporaryDirectory(prefix="audit-") as scratch:
        room = Classroom(Path(scratch), unsandboxed=unavailable() is not None)
        room.take_over(name)
        room.register(name)
        for number, damage in enumerate(DAMAGES):
            _hand_in(room, chosen, student(number), damage)
        alone = _by_nbgrader_alone(room, name)
        results = grade_class(room, name, room.root / "submitted", GradeOptions(force=True), say=lambda line: None)
        by_student = {result.student: result for result in results}
        return [
            _row(damage, chosen, by_student.get(student(number), NOBODY), alone.get(student(number)))
            for number, damage in enumerate(DAMAGES)
        ]


def student(number: int) -> str:
    """Who hands the damage of that number in."""
    return f"{number:02d}-damaged"


def _hand_in(room: Classroom, unit: Unit, who: str, damage: Damage) -> None:
    paths = [room.path(step, ".", unit.name) / f"{unit.name}.ipynb" for step in ("release", "source")]
    released, source = (nbformat.read(path, as_version=4) for path in paths)
    right = fill(released, source)
    # Without experiments, which a learner may delete: they take time to run.
    right.cells = [cell for cell in right.cells if cell.cell_type != "code" or "nbgrader" in cell.metadata]
    cells = json.loads(nbformat.writes(right))
    for cell in cells["cells"]:
        cell["source"] = "".join(cell["source"])
    notebook = Notebook(cells, json.loads(nbformat.writes(released)), unit.first, unit.second)
    written = damage.do(notebook)
    path = hand_in("", room.root / "submitted", who, unit.name)
    data = written if written is not None else json.dumps(notebook.data, indent=1).encode()
    files = damage.files(data, json.dumps(notebook.released).encode(), unit.name) if damage.files else {path.name: data}
    path.unlink()
    for name, content in files.items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(content)


def _by_nbgrader_alone(room: Classroom, unit: str) -> dict[str, float]:
    """The points that `nbgrader autograde UNIT` gives; nobody's whom it does not grade."""
    config = room.config()
    config.CourseDirectory.assignment_id = unit
    with contextlib.suppress(GradingError):  # raised at the end, when some could not be graded
        run_converter(Autograde, config, force=True)
    found = {}
    with room.gradebook() as gradebook:
        for number in range(len(DAMAGES)):
            graded = room.path("autograded", student(number), unit) / f"{unit}.ipynb"
            with contextlib.suppress(MissingEntry):
                if graded.is_file():
                    found[student(number)] = float(gradebook.find_submission(unit, student(number)).score)
    return found


def _row(damage: Damage, unit: Unit, result: Result, alone: float | None) -> Row:
    if damage.unreadable and result.points is None:
        named = damage.unreadable in result.problem and result.points is None
        return Row(damage.name, damage.kind, HELD if named else f"it is not named: {result.problem}", result.problem)
    lost = unit.points[unit.first] if damage.costs else 0
    deserved = sum(unit.points.values()) - lost
    told = " ".join(result.notes)
    harms = [
        result.problem,
        "" if result.points == deserved else f"it earns {result.points} of the {deserved} points that it deserves",
        "" if result.waiting == 1 else "nobody is asked to read the reflection",
        "" if damage.told in told else f"what is told does not say {damage.told!r}",
        "" if damage.by_intake or not told or _on_page(result) else "the feedback page does not tell what was repaired",
        "" if damage.files or alone in (None, deserved) else f"nbgrader alone gives {alone}",
    ]
    note = told if alone is not None else f"{told} (nbgrader alone cannot read the file)".strip()
    return Row(damage.name, damage.kind, "; ".join(filter(None, harms)) or HELD, note)


def _on_page(result: Result) -> bool:
    page = result.feedback.read_text(encoding="utf-8") if result.feedback else ""
    return HEADING.strip("*") in page

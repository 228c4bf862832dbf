"""What the tests of grading share: notebooks as learners hand them in, and copies of the course to grade in."""

from __future__ import annotations

import copy
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import nbformat
from helpers.course import EXERCISES, ROOT, UNITS, source_notebook
from nbformat import NotebookNode

from grader.grading.classroom import Classroom
from grader.grading.results import CheckResult
from grader.sandbox.bwrap import unavailable
from grader.spec import Exercise
from grader.submissions.samples import fill, find_cell

UNIT = UNITS[0]
MINE = [exercise for exercise in EXERCISES if exercise.unit == UNIT]
FUNCTIONS = [exercise for exercise in MINE if not exercise.withheld]


def released(unit: str = UNIT) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / unit / f"{unit}.ipynb", as_version=4)


def right(unit: str = UNIT) -> NotebookNode:
    return fill(released(unit), source_notebook(unit))


def answered(answers: dict[str, str], unit: str = UNIT) -> str:
    """The text of a notebook that is right but for the cells in `answers`."""
    notebook = copy.deepcopy(right(unit))
    for name, source in answers.items():
        find_cell(notebook, name).source = source
    return nbformat.writes(notebook)


def points(unit: str = UNIT) -> int:
    """What grading without a person can give, extra credit aside."""
    return sum(e.points for e in EXERCISES if e.unit == unit and not e.bonus)


def bonus(unit: str = UNIT) -> int:
    return sum(e.points for e in EXERCISES if e.unit == unit and e.bonus)


def classroom(root: Path, unit: str = UNIT) -> Classroom:
    room = Classroom(root, unsandboxed=unavailable() is not None)
    room.take_over(unit)
    return room


def course_copy(root: Path, unit: str = UNIT) -> Path:
    """A course with one unit, as an instructor has it; grading there has no sandbox where this machine has none."""
    for step in ("solutions", "notebooks"):
        shutil.copytree(ROOT / step / unit, root / step / unit, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (root / "solutions" / unit / f"{unit}.ipynb").write_text(nbformat.writes(source_notebook(unit)), encoding="utf-8")
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    if unavailable():
        config += "\nc.ComputeAnswers.sandbox = False\n"
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    return root


def fingerprint(folder: Path) -> str:
    """A hash over all of a folder's files: names, bytes, times of change."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() or p.is_symlink()):
        digest.update(f"{path.relative_to(folder)} {path.lstat().st_mtime_ns} {path.is_symlink()}".encode())
        digest.update(b"" if path.is_symlink() else path.read_bytes())
    return digest.hexdigest()


def checked(exercise: Exercise, lost: Sequence[str] = (), diagnoses: Sequence[str] = ()) -> CheckResult:
    """The result of a check that earned everything but the groups `lost`."""
    earned = {group.key: 0 if group.key in lost else group.points for group in exercise.groups}
    return CheckResult(
        exercise=exercise.name,
        earned=sum(earned.values()),
        points=exercise.points,
        bonus=exercise.bonus,
        not_started=False,
        no_value=False,
        diagnoses=tuple(diagnoses),
        text="",
        by_property=earned,
    )

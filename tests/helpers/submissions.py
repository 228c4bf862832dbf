"""What the tests of grading share: notebooks as learners hand them in, and copies of the course to grade in."""

from __future__ import annotations

import hashlib
import json
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


def brief(unit: str = UNIT) -> NotebookNode:
    """Right, and without the experiments, which a learner may delete: they draw, and take longer than the checks.

    That a whole notebook is graded is looked at for each unit (tests/grading/test_grade.py).
    """
    notebook, experiments = right(unit), _experiments(unit)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in experiments]
    return notebook


def delete_experiments(submitted: Path, unit: str = UNIT) -> None:
    """The same for what a class has handed in; what is no notebook, or a link to one, stays as it is."""
    experiments = _experiments(unit)
    for path in submitted.rglob("*.ipynb"):
        if path.is_symlink():
            continue
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            notebook["cells"] = [cell for cell in notebook["cells"] if cell.get("id") not in experiments]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        path.write_text(json.dumps(notebook), encoding="utf-8")


def _experiments(unit: str) -> set[str]:
    return {c.id for c in released(unit).cells if c.cell_type == "code" and "nbgrader" not in c.metadata}


def answered(answers: dict[str, str], unit: str = UNIT) -> str:
    """The text of a notebook without experiments that is right but for the cells in `answers`."""
    notebook = brief(unit)
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

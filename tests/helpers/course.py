"""What several tests need of the course: its exercises, its scripts, and the answers in them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grader.exercises import all_exercises
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


def source_notebook(unit: str) -> NotebookNode:
    """The unit's source; a copy for each who asks, since tests run and change it."""
    return copy.deepcopy(_read_once(unit))


@cache
def _read_once(unit: str) -> NotebookNode:
    return read_script(ROOT / "solutions" / unit / f"{unit}.py")


@cache
def solutions(unit: str) -> dict[str, Any]:
    """The namespace after running the unit's setup and answer cells, as a notebook's kernel has it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in source_notebook(unit).cells:
        if cell.metadata.get("given") or cell.metadata.get("exercise"):
            exec(compile(cell.source, f"<{unit}>", "exec"), namespace)
    return namespace


def lay_beside(unit: str, folder: Path) -> Path:
    """Put what the solution hands in beside its notebook, such as trained weights, into a folder; the folder."""
    for name, data in files_of(ROOT / "solutions" / unit).items():
        (folder / name).write_bytes(data)
    return folder

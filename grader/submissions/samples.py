"""Sample submissions made from a unit's own notebooks: what learners hand in, right, wrong, late and broken.

The demo class and the tests of the grader use the same ones.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.changes import source_of
from grader.exercises import exercises_of
from grader.preprocessors.clear_answers import MARK_SCHEME, STUB
from grader.preprocessors.repair import grade_id
from grader.spec import Exercise, Misconception

MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.M)


def fill(released: NotebookNode, source: NotebookNode, names: Collection[str] | None = None) -> NotebookNode:
    """The learner's edition with the model answers pasted into the cells `names`; into every one without `names`."""
    answers = {
        grade_id(c): without_marks(c.source) for c in source.cells if c.metadata.get("nbgrader", {}).get("solution")
    }
    notebook = copy.deepcopy(released)
    for name in answers if names is None else names:
        find_cell(notebook, name).source = answers[name]
    return notebook


def without_marks(text: str) -> str:
    """An answer cell of a unit's script as a learner would write it: without markers, stub and mark scheme."""
    return MARKER.sub("", MARK_SCHEME.sub("", STUB.sub("", text))).strip()


def find_cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with the grade_id `name`; a `LookupError` when there is none."""
    for cell in notebook.cells:
        if grade_id(cell) == name:
            return cell
    raise LookupError(f"no cell is called {name!r}")


def paste_misconception(notebook: NotebookNode, exercise: Exercise, misconception: Misconception | None = None) -> None:
    """Write a known wrong implementation (the first, if none is named) into the exercise's answer cell."""
    chosen = misconception or exercise.misconceptions[0]
    if callable(chosen.wrong):
        text = source_of(chosen.wrong).rstrip()
        find_cell(notebook, exercise.name).source = f"{text}\n\n\n{exercise.name} = {chosen.wrong.__name__}"
    else:  # a quiz's wrong answers
        find_cell(notebook, exercise.name).source = f"{exercise.name} = {chosen.wrong!r}"


def right(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """Everything as the solution has it."""
    return nbformat.writes(fill(released, source))


def half_right(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """Every second exercise solved, the others untouched."""
    return nbformat.writes(fill(released, source, [e.name for e in exercises_of(unit)[::2]]))


def known_wrong(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """The first misconception of every exercise."""
    notebook = copy.deepcopy(released)
    for exercise in exercises_of(unit):
        paste_misconception(notebook, exercise)
    return nbformat.writes(notebook)


def empty(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """Handed in as it was handed out."""
    return nbformat.writes(released)


def crashing(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """A failing import, a syntax error and a recursion without end, in the first three exercises; the rest is right."""
    notebook = fill(released, source)
    names = [exercise.name for exercise in exercises_of(unit) if not exercise.withheld]
    broken = (
        "import a_package_that_nobody_has\n\n\ndef {0}(*args):\n    return a_package_that_nobody_has.answer(*args)",
        "def {0}(*args:\n    return args[0]",
        "def {0}(*args):\n    return {0}(*args)",
    )
    for name, text in zip(names, broken, strict=False):
        find_cell(notebook, name).source = text.format(name)
    return nbformat.writes(notebook)


def damaged(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """All right, but the first check cell was deleted and the second answer cell is there twice."""
    notebook = fill(released, source)
    first, second = exercises_of(unit)[:2]
    notebook.cells.remove(find_cell(notebook, f"check_{first.name}"))
    stub = copy.deepcopy(find_cell(released, second.name))
    stub["id"] = f"{second.name}-copied"  # JupyterLab gives a pasted cell a new id and leaves nbgrader's mark in it
    notebook.cells.insert(notebook.cells.index(find_cell(notebook, second.name)), stub)
    return nbformat.writes(notebook)


def truncated(released: NotebookNode, source: NotebookNode, unit: str) -> str:
    """The first half of a file, as an interrupted upload leaves it."""
    text = right(released, source, unit)
    return text[: len(text) // 2]


SAMPLES: dict[str, tuple[Callable[[NotebookNode, NotebookNode, str], str], timedelta]] = {
    "ada_right": (right, timedelta(days=-2)),
    "ben_half_right": (half_right, timedelta(hours=-1)),
    "cleo_known_wrong": (known_wrong, timedelta(days=-1)),
    "dan_empty": (empty, timedelta(days=-6)),
    "eve_crashing": (crashing, timedelta(hours=-5)),
    "finn_late": (right, timedelta(hours=3, minutes=20)),
    "gita_damaged": (damaged, timedelta(days=-1)),
    "hugo_truncated": (truncated, timedelta(minutes=-2)),
}
"""The class: a name that says what its owner hands in, and when, counted from the due date."""


def files_of(folder: Path) -> dict[str, bytes]:
    """What lies beside a notebook and is handed in with it, by name: the weights of a network that was trained."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.safetensors"))}


def hand_in(
    text: str,
    submitted: Path,
    student: str,
    unit: str,
    moment: datetime | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Put a notebook's text into nbgrader's layout, `submitted/STUDENT/UNIT/`, with its time in UTC; its path.

    files: what is handed in beside it, by name.
    """
    folder = submitted / student / unit
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{unit}.ipynb"
    path.write_text(text, encoding="utf-8")
    for name, data in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if moment is not None:
        (folder / "timestamp.txt").write_text(f"{moment:%Y-%m-%d %H:%M:%S} UTC\n", encoding="ascii")
    return path

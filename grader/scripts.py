"""From a unit's percent script to its nbgrader source notebook.

The script says what a cell is in a few words (`exercise`, `check`, `given`, `reflection`, `folded`); this module writes
the rest: nbgrader's metadata, the points from the specs, what JupyterLab hides, and cell ids that stay the same from
build to build.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError
from grader.exercises import exercises_of, find_exercise

KINDS = ("exercise", "check", "given", "reflection")
MARKS = (*KINDS, "points", "folded")
FIRST_CELL = re.compile(
    r"""try:
    from course_lib import [\w, ]+
except ModuleNotFoundError as error:
    raise SystemExit\(f"{error}: run ./course start in the course's folder, or see docs/running.md"\) from None
"""
)
"""How the cell given="setup" begins: in a kernel without the course, one sentence says what to do, and no traceback."""


def read_script(path: Path) -> NotebookNode:
    """The source notebook of a unit's script, without outputs, with nbgrader metadata and stable cell ids."""
    notebook = jupytext.read(path)
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        kinds = [kind for kind in KINDS if kind in cell.metadata]
        if len(kinds) > 1:
            raise CourseError(f"{path}: one cell is marked {' and '.join(kinds)}; a cell is one thing.")
        if kinds:
            _mark(cell, kinds[0], path)
        if cell.metadata.get("folded"):
            _fold(cell, path)
        cell["id"] = _cell_id(cell, seen)
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    _require_complete(notebook, path)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3 (ipykernel)", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
        # The script's own header: JupyterLab writes it back when an author saves the notebook there.
        jupytext=notebook.metadata.get("jupytext", NotebookNode(formats="ipynb,py:percent")),
    )
    nbformat.validate(notebook)
    return notebook


def write_source(script: Path) -> Path:
    """Write the `.ipynb` beside the script, for JupyterLab and nbgrader; untouched when it says the same already."""
    path = script.with_suffix(".ipynb")
    text = nbformat.writes(read_script(script)) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def write_missing_sources(solutions: Path) -> list[Path]:
    """Write the source notebooks that are missing or older than their scripts: git keeps the scripts alone."""
    written = []
    for script in sorted(solutions.glob("[0-9][0-9]_*/*.py")):
        source = script.with_suffix(".ipynb")
        if not source.is_file() or source.stat().st_mtime_ns < script.stat().st_mtime_ns:
            written.append(write_source(script))
            source.touch()  # also where it said the same already
    return written


def _mark(cell: NotebookNode, kind: str, path: Path) -> None:
    name = str(cell.metadata[kind])
    metadata: dict[str, Any] = {"schema_version": 3, "grade": False, "solution": False, "task": False, "locked": False}
    if kind == "exercise":
        metadata |= {"grade_id": name, "solution": True}
        find_exercise(name)
    elif kind == "check":
        exercise = find_exercise(name)
        expected = f'check("{name}")'
        if cell.source.strip() != expected:
            raise CourseError(f"{path}: the check cell of {name} must hold `{expected}` and nothing else.")
        # nbgrader knows extra credit only beside a cell's points, so a bonus cell is worth nothing by itself.
        points = 0 if exercise.bonus else exercise.points
        metadata |= {"grade_id": f"check_{name}", "grade": True, "locked": True, "points": points}
    elif kind == "given":
        if name == "setup" and not FIRST_CELL.match(cell.source):
            raise CourseError(f"{path}: the first code cell must begin as the other units' do, {FIRST_CELL.pattern!r}.")
        metadata |= {"grade_id": f"given_{name}", "locked": True}
    else:
        points = int(cell.metadata.get("points", 0))
        if points < 1 or cell.cell_type != "markdown":
            raise CourseError(f"{path}: the reflection {name} must be a Markdown cell with points of at least 1.")
        metadata |= {"grade_id": name, "grade": True, "solution": True, "points": points}
    cell.metadata["nbgrader"] = NotebookNode(metadata)


def _fold(cell: NotebookNode, path: Path) -> None:
    """Hide a given cell's code until it is asked for: a click on its dots in JupyterLab. It runs all the same."""
    if cell.cell_type != "code" or "exercise" in cell.metadata or "check" in cell.metadata:
        raise CourseError(f"{path}: only given code can be folded, not the cell that begins {cell.source[:40]!r}.")
    cell.metadata["jupyter"] = NotebookNode(source_hidden=True)


def _cell_id(cell: NotebookNode, seen: dict[str, int]) -> str:
    """Marked cells are called after their grade_id, others after their text; repeats are numbered."""
    if "nbgrader" in cell.metadata:
        base = re.sub(r"[^a-zA-Z0-9_-]", "-", cell.metadata.nbgrader.grade_id)[:56]
    else:
        base = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
    seen[base] = seen.get(base, 0) + 1
    return base if seen[base] == 1 else f"{base}-{seen[base]}"


def _require_complete(notebook: NotebookNode, path: Path) -> None:
    """Every exercise of the unit's specs has one answer cell and one check cell, in this order."""
    for exercise in exercises_of(path.stem):
        answers = [i for i, c in enumerate(notebook.cells) if c.metadata.get("exercise") == exercise.name]
        checks = [i for i, c in enumerate(notebook.cells) if c.metadata.get("check") == exercise.name]
        if len(answers) != 1 or len(checks) != 1 or answers > checks:
            raise CourseError(
                f"{path}: {exercise.name} needs one exercise cell and, below it, one check cell; "
                f"found {len(answers)} and {len(checks)}."
            )

"""Your own answers of earlier units, to be used: `SGD, Adam = earlier("SGD", "Adam")`.

What you saved in an earlier unit's notebook is run and checked at that moment; if it is right, you get it. Otherwise,
and always where the grader runs your notebook, a library's version stands in (`course_lib.stand_ins`), and a sentence
says so: a unit that you skipped never stops you, and an earlier mistake never costs a point later.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course_lib import workspace
from course_lib.check import GRADING
from course_lib.errors import CourseError
from course_lib.judging import render
from course_lib.judging.reference import Reference, load

if TYPE_CHECKING:
    from course_lib.cells.reach import Cell, Program

_running: list[str] = []
"""The units whose notebooks are being run at this moment: one that asks for its own answers would never end."""


def earlier(*names: str) -> Any:
    """For each exercise of an earlier unit: your answer if it is right as you saved it, else a library's.

    Returns one object for one name, a tuple for several, and shows a sentence for each. Raises `CourseError` for a
    name that no exercise has, or one that later units cannot ask for.
    """
    found, sentences = [], []
    answers: dict[str, tuple[dict[str, Any], Program] | None] = {}
    for name in names:
        reference = load(name)
        obj = why = None
        if os.environ.get(GRADING):
            why = (
                "while grading, a library's version stands in for yours, so that no earlier mistake costs points here."
            )
        else:
            if reference.unit not in answers:
                answers[reference.unit] = _answers(reference.unit)
            obj, why = _own(name, reference, answers[reference.unit])
        found.append(_stand_in(name, reference.unit) if obj is None else obj)
        sentences.append(f"{name}: " + (why or f"yours, from {reference.unit}."))
    if not _running:
        render.show_note(sentences, render.GREEN)
    return found[0] if len(found) == 1 else tuple(found)


def _stand_in(name: str, unit: str) -> Any:
    try:
        module = importlib.import_module(f"course_lib.stand_ins.u{unit}")
        return getattr(module, name)
    except (ImportError, AttributeError) as error:
        raise CourseError(
            f"{name} of {unit} cannot be had here: no version of it stands ready for this unit."
        ) from error


def _own(name: str, reference: Reference, answers: tuple[dict[str, Any], Program] | None) -> tuple[Any, str | None]:
    """The learner's object and None, or None and why a library's version stands in."""
    unit = reference.unit
    instead = "A library's version stands in here; your own comes as soon as its check there is all right and saved."
    if answers is None:
        return None, f"no notebook of {unit} was found beside this one. {instead}"
    from course_lib.judging.compute import MISSING, run_cases
    from course_lib.judging.from_scratch import forbidden_problem
    from course_lib.judging.judge import judge

    objects, program = answers
    obj = objects.get(name, MISSING)
    if obj is MISSING or forbidden_problem(name, program.reached(name), reference.forbidden):
        return None, f"not written yet in your {unit}. {instead}"
    with contextlib.redirect_stdout(io.StringIO()):
        verdict = judge(run_cases(name, obj, reference), reference)
    if verdict.passed:
        return obj, None
    state = "not written yet" if verdict.not_started else "not right yet"
    return None, f"{state} in your {unit}, as it is saved. {instead}"


def _answers(unit: str) -> tuple[dict[str, Any], Program] | None:
    """What the learner's notebook of a unit defines, and the texts that do so; None without one."""
    if unit in _running:
        raise CourseError(f"{unit} asks for its own answers: `earlier` brings those of units before this one.")
    path = _notebook(unit)
    if path is None:
        return None
    try:
        cells = list(_cells(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    module = ModuleType(f"earlier_{unit}")
    sys.modules[module.__name__] = module  # dataclasses and the like look their module up
    _running.append(unit)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for grade_id, cell in cells:
                _execute(cell.source, f"<{unit}: {grade_id}>", module)
    finally:
        _running.pop()
    from course_lib.cells.reach import Program
    from course_lib.kernel.ran import file_beside

    return vars(module), Program([cell for _, cell in cells], file_beside(path.parent))


def _notebook(unit: str) -> Path | None:
    """The learner's notebook of a unit: in the folder beside this notebook's, else their copy in `work/`."""
    beside = Path.cwd().parent / unit / f"{unit}.ipynb"
    if beside.is_file():
        return beside
    with contextlib.suppress(CourseError):
        if workspace.notebook(unit).is_file():
            return workspace.notebook(unit)
    return None


def _cells(path: Path) -> Iterator[tuple[str, Cell]]:
    """(grade_id, cell) of the cells that answers need: what was given, and the exercises; no quiz, clinic, check."""
    from course_lib.cells.reach import Cell

    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        grade_id = str(mark.get("grade_id", ""))
        if cell["cell_type"] != "code" or mark.get("grade") or not mark or grade_id.startswith(("quiz_", "clinic_")):
            continue
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        yield grade_id, Cell(text, given=not mark.get("solution"))


def _execute(source: str, name: str, module: ModuleType) -> None:
    """Run one cell. Whatever goes wrong in it is its own unit's matter: the check of what it defines will tell."""
    from course_lib.cells.sources import as_python

    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    with contextlib.suppress(Exception):
        exec(compile(as_python(source), name, "exec"), vars(module))

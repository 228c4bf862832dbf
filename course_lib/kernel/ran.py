"""Which texts a kernel has run, and which of them made an object: what live checks look at.

A class in a notebook has no source that `inspect` would find, and a cell with a line magic is not the text that was
compiled; so the texts come from IPython's history, as they were typed.
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
import linecache
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from course_lib.cells import sources
from course_lib.cells.reach import Cell, FileBeside, Program
from course_lib.errors import CourseError
from course_lib.judging import packages
from course_lib.judging.from_scratch import forbidden_problem, import_problem
from course_lib.judging.outcome import Problem
from course_lib.judging.reference import Reference
from course_lib.workspace import course_root

MOST_TEXT = 1_000_000
"""Bytes of a file beside a notebook that are read: nobody's module is longer."""


def live_problem(reference: Reference, obj: Any, yours: bool) -> Problem | None:
    """What speaks against an object before it is run: it leaves its work to a library, or needs a package that is not
    there where it is graded.

    yours: it is what the notebook calls by the exercise's name, and was not handed over.
    """
    program = Program(cells := history(reference.unit, obj), beside := file_beside(Path.cwd()))
    code = _code(obj)
    name = reference.exercise if yours else _name(obj)
    reached = program.reached(name, _when(name, code, program, cells))
    if not reached.bindings:
        return None

    def importable(unit: str, module: str) -> bool:
        try:
            return beside(module.partition(".")[0]) is not None or packages.importable(unit, module)
        except CourseError:  # something that the unit needs is not installed here: its own error says so
            return True

    exercise = reference.exercise
    return forbidden_problem(exercise, reached, reference.forbidden) or import_problem(
        exercise, reference.unit, reached, importable
    )


def history(unit: str, obj: Any = None) -> list[Cell]:
    """The cells that this kernel has run, in that order; without IPython, the text that `obj` was made by."""
    came = given_texts(unit)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    texts = list(getattr(getattr(shell, "history_manager", None), "input_hist_raw", None) or [])
    if code := _code(obj):
        made = "".join(linecache.getlines(code.co_filename)) if _of_notebook(obj) else ""
        if made and not any(made.strip() in sources.compiled(text) for text in texts):
            texts.append(made)  # run without history, or before it was cleared
    # What came with the unit stands first, whether it was run as it is, changed, or not at all.
    run = [Cell(text, given=text.strip() in came if came else _begins(text)) for text in texts]
    return [Cell(text, given=True) for text in came] + run


def _begins(text: str) -> bool:
    """Whether a cell is a unit's first, which brings `check`: the course's notebooks may not be at hand."""
    tree = sources.read(text)
    brought = (node for node in (tree.body if tree else []) if isinstance(node, ast.ImportFrom))
    return any(node.module == "course_lib" and any(item.name == "check" for item in node.names) for node in brought)


def given_texts(unit: str) -> tuple[str, ...]:
    """The code that came with a unit and is no exercise; empty where the course's notebooks are not at hand."""
    try:
        path = course_root() / "notebooks" / unit / f"{unit}.ipynb"
        return _given(path, path.stat().st_mtime_ns)
    except (CourseError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


@cache
def _given(path: Path, stamp: int) -> tuple[str, ...]:  # `stamp` makes another edition a new entry
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    given = [c for c in cells if c["cell_type"] == "code" and not c["metadata"].get("nbgrader", {}).get("solution")]
    return tuple("".join(cell["source"]).strip() for cell in given)


def file_beside(folder: Path) -> FileBeside:
    """Finds the texts of the modules that lie in a folder."""

    def text(module: str) -> str | None:
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts) or parts[0] in ("course_lib", "grader"):
            return None
        path = folder.joinpath(*parts)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            try:
                if file.is_file() and not file.is_symlink() and file.stat().st_size <= MOST_TEXT:
                    return file.read_text(encoding="utf-8")
            except (OSError, ValueError):
                continue
        return None

    return text


def _code(obj: Any) -> CodeType | None:
    """The code of a function, or of the first method of a class."""
    while isinstance(obj, functools.partial):
        obj = obj.func
    try:
        obj = inspect.unwrap(obj) if callable(obj) else type(obj)
        parts = (obj, *(vars(obj).values() if isinstance(obj, type) else ()))
        codes = (getattr(part, "__code__", None) for part in parts)
        return next((code for code in codes if isinstance(code, CodeType)), None)
    except Exception:  # an object of the learner's own may do anything when it is asked for an attribute
        return None


def _of_notebook(obj: Any) -> bool:
    try:
        return str(obj.__module__) == "__main__"
    except Exception:  # as above
        return False


def _name(obj: Any) -> str:
    """The name that an object was given where it was made."""
    try:
        while isinstance(obj, functools.partial):
            obj = obj.func
        named = obj if isinstance(getattr(obj, "__qualname__", None), str) else type(obj)
        return str(named.__qualname__).partition(".")[0]
    except Exception:  # as above
        return type(obj).__name__


def _when(name: str, code: CodeType | None, program: Program, cells: Sequence[Cell]) -> int | None:
    """The place right after the statement that made the object, where a later one of its name raised before it did."""
    last = program.last(name)
    if code is None or not last:
        return None
    made = "".join(linecache.getlines(code.co_filename)).strip()
    same = [id(cell) for cell in cells if made in sources.compiled(cell.source)]
    if not made or not same or any(id(binding.cell) in same for binding in last):
        return None
    own = [binding.place for binding in program.bindings(name) if id(binding.cell) in same and binding.defines]
    return own[-1] + 1 if own and last[-1].defines else None

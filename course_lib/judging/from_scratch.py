"""The rule "from scratch": an exercise must not be done by the library call that does its whole work.

It looks at what the judged object rests on (`course_lib.cells.reach`), in a kernel and where a notebook is graded
alike. It is a lesson, not a lock: a determined person can hide a call from it, and earns nothing but a note by that.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from course_lib.cells import sources
from course_lib.cells.loads import Imported, imports
from course_lib.cells.reach import GIVEN_ALIASES, Cell, Reached, Use
from course_lib.judging.outcome import Problem
from course_lib.sentences import say

Importable = Callable[[str, str], bool]
"""Whether a unit (the first) may import a module (the second): `course_lib.judging.packages.importable`."""
ALWAYS = ("course_lib.stand_ins", "course_lib.earlier")
"""No exercise is answered by what stands in for an answer."""


def forbidden_problem(exercise: str, reached: Reached, forbidden: Iterable[str]) -> Problem | None:
    """The sentence for an answer that leaves its work to a library, or None."""
    rules = [_full(name) for name in (*forbidden, *ALWAYS)]
    for use in reached.uses:
        if any(use.name == rule or use.name.startswith(rule + ".") for rule in rules):
            where, code = _where(exercise, use.cell, use.line, reached)
            name = _called(use)
            template = (
                "{where} leaves the work to {what}. In {exercise} you write from scratch what it does; "
                "afterwards, it is yours to use."
            )
            message = say(template, where=where, what=name, exercise=exercise)
            return Problem("forbidden", message, use.line, code, name)
    return None


def import_problem(exercise: str, unit: str, reached: Reached, importable: Importable) -> Problem | None:
    """The sentence for an answer that needs a package which is not there where the unit is graded, or None."""
    for cell, found in _needed(reached):
        if importable(unit, found.module):
            continue
        where, code = _where(exercise, cell, found.line, reached)
        package = found.module.partition(".")[0]
        template = (
            "{where} imports {package}, which is not there when unit {unit} is graded: there this line raises "
            "ModuleNotFoundError, and {exercise} earns nothing. Write it without {package}."
        )
        message = say(template, where=where, package=package, unit=unit[:2], exercise=exercise)
        return Problem("forbidden", message, found.line, code, package)
    return None


def _needed(reached: Reached) -> Iterator[tuple[Cell, Imported]]:
    """The imports that must work for a name to be what it is: those above its statements in their cells, and inside."""
    cells = {id(binding.cell): binding.cell for binding in reached.bindings}
    last = dict.fromkeys(cells, 0)
    for binding in reached.bindings:
        key = id(binding.cell)
        last[key] = max(last[key], binding.statement.end_lineno or binding.statement.lineno)
    own = {id(binding.statement) for binding in reached.bindings}
    for key, cell in cells.items():
        tree = sources.read(cell.source)
        for statement in tree.body if tree else []:
            called_only = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and id(statement) not in own
            if not called_only:
                yield from ((cell, found) for found in imports([statement]) if found.line <= last[key])


def _where(exercise: str, cell: Cell, line: int, reached: Reached) -> tuple[str, str]:
    """Where a line stands, as the beginning of a sentence; and the line."""
    lines = cell.source.split("\n")
    code = lines[line - 1].strip()[:200] if line <= len(lines) else ""
    if cell.file:
        template = "Line {line} of {file}, `{code}`, which your {exercise} uses,"
    elif cell is not reached.bindings[0].cell:
        template = "Line {line} of another cell, `{code}`, which your {exercise} uses,"
    else:
        template = "Line {line} of your cell, `{code}`,"
    return say(template, line=line, file=cell.file, code=code, exercise=exercise), code


def _called(use: Use) -> str:
    """The name as it is written, with what it means where that cannot be seen from it."""
    head, _, rest = use.written.partition(".")
    if use.name == use.written or rest and use.name == _full(use.written):
        return use.written
    return f"{use.written} ({use.name})"


def _full(name: str) -> str:
    head, point, rest = name.partition(".")
    return f"{GIVEN_ALIASES.get(head, head)}{point}{rest}"

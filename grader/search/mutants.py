"""Every mutant of a solution: its text with one small mistake, made where a learner writes."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from course_lib.errors import CourseError
from grader.search.operators import OPERATORS


@dataclass(frozen=True)
class Mutant:
    """A solution with one mistake. `was` and `becomes` are the line that changed, as `ast.unparse` writes it."""

    exercise: str
    operator: str
    was: str
    becomes: str
    source: str

    @property
    def change(self) -> tuple[str, str]:
        """What identifies the mistake to a reader."""
        return self.was, self.becomes


@dataclass(frozen=True)
class Change:
    """What an operator made of one node of a syntax tree, and the whole text with it."""

    operator: str
    node: ast.AST
    other: ast.AST
    text: str


def mutants_of(exercise: str, source: str) -> list[Mutant]:
    """All mutants of the answer cell `source`, each text once, in the order of the lines.

    Only what stands between BEGIN SOLUTION and END SOLUTION is changed: signature, docstring and given lines are
    not the learner's.
    """
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    changes = changes_of(tree, _written(exercise, source))
    return [Mutant(exercise, change.operator, *_change(plain, change.text), change.text) for change in changes]


def changes_of(tree: ast.Module, lines: Collection[int]) -> list[Change]:
    """All changes of one node in these lines, each text once, in the order of the lines."""
    plain = ast.unparse(tree)
    found: dict[str, Change] = {}
    for parent, field, position, node in _places(tree):
        if getattr(node, "lineno", 0) not in lines:
            continue
        for name, other in _others(node, tree):
            text = _with(parent, field, position, other, tree)
            if text != plain and text not in found and _compiles(text):
                found[text] = Change(name, node, other, text)
    return list(found.values())


def _written(exercise: str, source: str) -> set[int]:
    """The numbers of the lines that are the learner's to write."""
    inside, lines = False, set()
    for number, line in enumerate(source.splitlines(), start=1):
        if re.match(r"\s*### (BEGIN|END) SOLUTION\s*$", line):
            inside = "BEGIN" in line
        elif inside:
            lines.add(number)
    if not lines:
        raise CourseError(f"The answer cell of {exercise} has no lines between BEGIN SOLUTION and END SOLUTION.")
    return lines


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Each node below `node` with the place where it hangs: parent, field and, in a list, its position."""
    for field, value in ast.iter_fields(node):
        children: list[tuple[int | None, Any]] = [(None, value)]
        if isinstance(value, list):
            children = list(enumerate(value))
        for position, child in children:
            if isinstance(child, ast.AST):
                yield node, field, position, child
                yield from _places(child)


def _others(node: ast.AST, tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for operator in OPERATORS:
        yield from ((operator.__name__, other) for other in operator(node))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (("parameter", ast.Name(other, ast.Load())) for other in _other_parameters(node, tree))


def _other_parameters(node: ast.Name, tree: ast.AST) -> list[str]:
    """The parameters that can be taken for `node`, one itself: functions for functions, values for values."""
    names: dict[str, None] = {}
    called: set[str] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.lineno <= node.lineno <= (function.end_lineno or 0):
            names |= dict.fromkeys(arg.arg for arg in function.args.args if arg.arg != "self")
            called |= {
                n.func.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            }
    if node.id not in names:
        return []
    return [name for name in names if name != node.id and (name in called) == (node.id in called)]


def _with(parent: ast.AST, field: str, position: int | None, other: ast.AST, tree: ast.AST) -> str:
    """The text of `tree` with `other` in that place; the tree is as before afterwards."""
    holder = getattr(parent, field)
    if position is None:
        setattr(parent, field, other)
    else:
        kept = holder[position]
        holder[position] = other
    try:
        return ast.unparse(tree)
    finally:
        if position is None:
            setattr(parent, field, holder)
        else:
            holder[position] = kept


def _compiles(text: str) -> bool:
    """Whether Python takes the text: `-x` is no target of an assignment, a `break` needs a loop."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mutant may look odd; whether it is caught is the question
            compile(text, "<mutant>", "exec")
    except SyntaxError:
        return False
    return True


def _change(before: str, after: str) -> tuple[str, str]:
    """The first line that differs, in both texts."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    was, becomes = next(((a, b) for a, b in pairs if a != b), ("", after.splitlines()[-1]))
    return was.strip(), becomes.strip()

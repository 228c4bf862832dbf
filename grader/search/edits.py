"""The small changes of an exercise's right answer, each with what it does in words."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from course_lib.sentences import say
from course_lib.signatures import Clause
from course_lib.workspace import course_root
from grader.changes import source_of
from grader.scripts import read_script
from grader.search.mutants import changes_of
from grader.search.words import CLAUSES, UNUSUAL, WHERE, Context, clause_of
from grader.spec import Exercise

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
ORDER = {operator: place for place, operator in enumerate(CLAUSES)}


@dataclass(frozen=True)
class Small:
    """A right answer with one small change: its text, and the clause that says what is different."""

    operator: str
    clause: Clause
    text: str

    @property
    def name(self) -> str:
        """Tells it from others wherever diagnoses are counted."""
        return f"{self.operator}_{zlib.crc32(self.in_words.encode()):08x}"

    @property
    def in_words(self) -> str:
        """The clause with its values."""
        template, values = self.clause
        return say(template, **values)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Lower for what people do more often, and for clauses that say more."""
        template, values = self.clause
        vague = sum(value.startswith(("a ", "one ", "another ", "its ")) for value in values.values())
        unusual = template.removesuffix(WHERE) in UNUSUAL
        return vague + 2 * (not values) + unusual, ORDER[self.operator], not template.endswith(WHERE)


def edits_of(exercise: Exercise) -> list[Small]:
    """All small changes of the exercise's right answer, the commonest kinds first."""
    tree = ast.parse(source_of(exercise.equivalents[0]))
    context = Context(tree, seen_text(exercise), exercise.returns)
    found = [Small(c.operator, clause_of(c, context), c.text) for c in changes_of(tree, set(_body_lines(tree)))]
    return sorted(found, key=lambda small: small.rank)


def seen_text(exercise: Exercise) -> str:
    """What a learner sees of the exercise's answer cell: signature, docstring and given lines; never the solution."""
    return _seen(exercise.unit).get(exercise.name, " ".join((exercise.name, *exercise.returns)))


@cache
def _seen(unit: str) -> dict[str, str]:
    script = course_root() / "solutions" / unit / f"{unit}.py"
    if not script.is_file():  # an exercise of the tests' own
        return {}
    cells = [cell for cell in read_script(script).cells if "exercise" in cell.metadata]
    return {cell.metadata["exercise"]: _without_solution(cell.source) for cell in cells}


def _without_solution(source: str) -> str:
    kept, inside = [], False
    for line in source.splitlines():
        if line.strip() in SOLUTION:
            inside = line.strip() == SOLUTION[0]
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _body_lines(tree: ast.AST) -> Iterator[int]:
    """The lines of functions' bodies, without signatures and docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            for statement in body:
                yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)

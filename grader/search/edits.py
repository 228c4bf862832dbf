"""The small changes of an exercise's right answer, each with what it does in words."""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from course_lib.judging.signatures import Clause
from course_lib.sentences import say
from course_lib.workspace import course_root
from grader.changes import Changed, source_of
from grader.scripts import read_script
from grader.search.mutants import Change, changes_of
from grader.search.words import CLAUSES, THROUGHOUT, UNUSUAL, WHERE, Context, as_given, clause_of
from grader.spec import Exercise

VAGUE = ("a ", "one ", "another ", "its ", "what is ", "the computation")
"""How what stands for a quantity begins that has no name of its own."""
MARK = re.compile(r"### (BEGIN|END) (SOLUTION|STUB)")
UNCHANGED: Clause = ("nothing that matters is changed in the code as it was given", {})
MOST_ANSWERS = 6
ORDER = {operator: place for place, operator in enumerate(CLAUSES)}


@dataclass(frozen=True)
class Small:
    """A right answer with one small change: its text, and the clause that says what is different."""

    operator: str
    clause: Clause
    text: str
    right: Any
    number: int
    """The right answer, and the place among those that are changed."""

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
    def without_place(self) -> str:
        """The clause without where the change is made."""
        template, values = self.clause
        return say(template.replace(WHERE, "").replace(THROUGHOUT, ""), **values)

    @property
    def vague(self) -> int:
        """How little the clause says: for each quantity in it that has no short name."""
        template, values = self.clause
        return sum(value.startswith(VAGUE) for value in values.values()) + 2 * (not values)

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Lower for what people do more often, and for clauses that say more."""
        template, _ = self.clause
        unusual = template.removesuffix(WHERE) in UNUSUAL
        return self.vague + unusual, ORDER.get(self.operator, -1), not template.endswith(WHERE), self.number


@dataclass(frozen=True)
class Base:
    """A text whose changes are tried: a right answer, or the code of a clinic as it was given."""

    right: Any
    """What runs in its place, to know how long that takes, and whose module's names it uses."""
    text: str
    given: bool = False


def bases_of(exercise: Exercise) -> list[Base]:
    """The right answers that are functions or classes, the first few, and what a clinic gives.

    People write in different ways, and what is one slip in a loop may be none in a formula.
    """
    written = [e for e in exercise.also_right if isinstance(e, type | FunctionType | Changed)]
    named = [e for e in written if e.__name__.isidentifier()]
    found = [Base(right, source_of(right)) for right in named[:MOST_ANSWERS]]
    given = _cells(exercise.unit).get(exercise.name, ("", ""))[1]
    if given and named:
        found.append(Base(named[0], f"{given}\n{named[0].__name__} = {exercise.name}\n", given=True))
    return found


def edits_of(exercise: Exercise) -> list[Small]:
    """All small changes of the exercise's right answers, the commonest kinds first, each text once."""
    seen = seen_text(exercise)
    found: dict[str, Small] = {}
    for number, base in enumerate(bases_of(exercise)):
        tree = ast.parse(base.text)
        context = Context(tree, seen, exercise.returns)
        changes = [*changes_of(tree, set(_body_lines(tree))), *exchanges_of(tree)]
        if base.given:
            found.setdefault(base.text, Small("given", UNCHANGED, base.text, base.right, number))
        for change in changes:
            if clause := clause_of(change, context):
                said = as_given(clause) if base.given else clause
                found.setdefault(change.text, Small(change.operator, said, change.text, base.right, number))
    return sorted(found.values(), key=lambda small: small.rank)


def exchanges_of(tree: ast.Module) -> Iterator[Change]:
    """Two parameters that change places, or one that is taken for another, wherever they are used in a function."""
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        called = {n.func.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        names = [arg.arg for arg in function.args.args if arg.arg != "self" and arg.arg not in called]
        pairs = [(a, b) for a in names for b in names if a != b]
        texts = [(f"{a} = {b}", a, b) for a, b in pairs] + [(f"{a}, {b} = {b}, {a}", a, b) for a, b in pairs if a < b]
        body = function.body
        for text, a, b in texts:
            function.body = [*ast.parse(text).body, *body]
            yield Change("exchange", ast.Name(a), ast.Name(b if "," not in text else f"{a},{b}"), ast.unparse(tree))
        function.body = body


def seen_text(exercise: Exercise) -> str:
    """What a learner sees of the exercise's answer cell: signature, docstring and given lines; never the solution."""
    if cell := _cells(exercise.unit).get(exercise.name):
        return cell[0]
    return f"def {exercise.name}({', '.join(exercise.cases(np.random.default_rng(0))[0].inputs)})"


@cache
def _cells(unit: str) -> dict[str, tuple[str, str]]:
    """Of each answer cell of a unit what is seen of it, and, where it gives code to repair, the whole of that."""
    script = course_root() / "solutions" / unit / f"{unit}.py"
    if not script.is_file():  # an exercise of the tests' own
        return {}
    cells = [cell for cell in read_script(script).cells if "exercise" in cell.metadata]
    return {cell.metadata["exercise"]: _seen(cell.source) for cell in cells}


def _seen(source: str) -> tuple[str, str]:
    kept, region, gives = [], "", False
    for line in source.splitlines():
        if mark := MARK.fullmatch(line.strip()):
            region = mark[2] if mark[1] == "BEGIN" else ""
            gives = gives or mark[2] == "STUB"
        elif region == "STUB":
            kept.append(re.sub(r"# ?", "", line, count=1))
        elif not region:
            kept.append(line)
    text = "\n".join(kept)
    return text, text if gives else ""


def _body_lines(tree: ast.AST) -> Iterator[int]:
    """The lines of functions' bodies, without signatures and docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            for statement in body:
                yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)

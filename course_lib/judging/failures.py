"""Why a notebook has no object for a check: what became of the cell that should define it, in a sentence.

Works on the cells' texts and the errors that they ended with, so a kernel that somebody works in and the grader, who
reads a notebook that has run, say the same. A cell that does not define the name is never blamed.
"""

from __future__ import annotations

import ast
import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from course_lib.cells import sources
from course_lib.judging import problems
from course_lib.judging.outcome import Problem
from course_lib.judging.reference import DIRECTORY
from course_lib.sentences import say

SYNTAX = ("SyntaxError", "IndentationError", "TabError")
CLEARS = re.compile(r"^\s*%(reset|reset_selective|xdel)\b|^\s*globals\(\)\.clear\(\)|^\s*del\s+globals\(\)", re.M)
CHARACTER = re.compile(r"U\+([0-9A-F]{4,6})")
LONGEST = 200
NO_DICT = "no longer a dict of answers"


@dataclass(frozen=True)
class Failure:
    """How a cell ended: the error's type and first line, and the cell's line that it came from, if that is known."""

    kind: str
    text: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Ran:
    """A cell that was run. `own`: the unit has it for the object that is missing; `given`: it came with the unit."""

    source: str
    failure: Failure | None = None
    own: bool = False
    given: bool = False


@dataclass(frozen=True)
class Binding:
    """A place where a cell's text gives a name a meaning, or takes it away; `inside`: a function or class around it."""

    name: str
    kind: str  # "def", "class", "other" or "del"
    line: int
    last: int
    inside: str = ""


@dataclass(frozen=True)
class Text:
    """A cell's text as far as it can be read."""

    lines: tuple[str, ...]
    bindings: tuple[Binding, ...] = ()
    wrong: Failure | None = None
    """Why it is no Python."""
    magic: str = ""
    """The cell magic above it that does not run it as a part of the notebook."""
    uses: frozenset[str] = field(default_factory=frozenset)

    def line(self, number: int | None) -> str | None:
        """A line's text, counted from 1."""
        if number is None or not 1 <= number <= len(self.lines):
            return None
        return self.lines[number - 1].strip()[:LONGEST] or None


def why_missing(name: str, cells: Sequence[Ran], known: Collection[str] = ()) -> Problem:
    """Why there is no `name` after `cells` ran, in their order. known: names that are others' for certain."""
    texts = [read_text(cell.source) for cell in cells]
    at = next((i for i in reversed(range(len(cells))) if _tries(name, cells[i], texts[i])), None)
    found = None if at is None else _of_cell(name, cells[at], texts[at]) or _deleted(name, texts[at:])
    theirs = [Text(()) if cell.given else text for cell, text in zip(cells, texts, strict=True)]
    later = None if at is None else _misspelt(name, theirs[at + 1 :], known)  # the cell was changed, and run again
    found = later or found or (None if at is None else _unreached(name, texts[at]))
    return found or _misspelt(name, theirs, known) or _own_text(name, cells) or problems.missing(name)


def other_meaning(name: str, cells: Sequence[Ran]) -> Problem | None:
    """The line that gave the name of a function, a class or a quiz a value that is none."""
    was, found = "", None
    for cell in cells:
        text = read_text(cell.source)
        for binding in text.bindings:
            if binding.name != name or binding.inside or binding.kind == "del" or _not_reached(cell, binding):
                continue
            if binding.kind in ("def", "class"):
                was, found = binding.kind, None
            else:
                found = problems.other_meaning(name, was, binding.line, text.line(binding.line))
    return found


def uncalled(problem: Problem) -> bool:
    """Whether no line of the learner's was reached: what has the name cannot be called, or is no dict of answers."""
    return "object is not callable" in problem.message and problem.code is None or NO_DICT in problem.message


def _not_reached(cell: Ran, binding: Binding) -> bool:
    line = cell.failure.line if cell.failure else None
    return line is not None and line <= binding.line


def _tries(name: str, cell: Ran, text: Text) -> bool:
    """Whether a cell means to define `name`: as far as its text can be read, or by the look of its lines."""
    if any(b.name == name and b.kind != "del" for b in text.bindings):
        return True
    if text.wrong or text.magic:
        return cell.own or any(re.match(rf"\s*(def|class)\s+{name}\b|{name}\s*=[^=]", line) for line in text.lines)
    return cell.own and cell.failure is not None


def _of_cell(name: str, cell: Ran, text: Text) -> Problem | None:
    """What went wrong in the cell that means to define `name`; None where it should have worked."""
    if text.magic:
        return problems.not_run_by(name, text.magic)
    if text.wrong and (cell.failure is None or cell.failure.kind in SYNTAX):
        return _failed(name, text.wrong, text)
    places = [b for b in text.bindings if b.name == name and b.kind != "del"]
    free = [b for b in places if not b.inside]
    if cell.failure and (free or not places):
        reached = cell.failure.line is not None and free and cell.failure.line > max(b.last for b in free)
        if not reached:
            return _failed(name, cell.failure, text)
    if places and not free:
        first = places[0]
        return problems.nested(name, first.inside, first.line, text.line(first.line))
    return None


def _failed(name: str, failure: Failure, text: Text) -> Problem:
    return problems.not_defined(
        name, failure.kind, failure.line, text.line(failure.line), failure.text, advice_for(failure)
    )


def advice_for(failure: Failure) -> str:
    """What to do about an error that stopped a cell."""
    code = CHARACTER.search(failure.text) if failure.kind in SYNTAX else None
    if code:
        return problems.strange_character(chr(int(code[1], 16)))
    package = re.match(r"No module named '([\w.]+)'", failure.text)
    if package:
        return problems.no_package(package[1].split(".")[0])
    if failure.kind in SYNTAX:
        return "Python cannot read the cell, so nothing of it is run."
    return problems.ADVICE.get(failure.kind, "Nothing below that line of the cell was run.")


def _deleted(name: str, texts: Sequence[Text]) -> Problem | None:
    """The line that took the name away again, in the cell that defines it or in a later one."""
    for text in texts:
        for binding in text.bindings:
            if binding.kind == "del" and binding.name == name and not binding.inside:
                return problems.deleted(name, binding.line, text.line(binding.line))
        for number, line in enumerate(text.lines, 1):
            if CLEARS.match(line):
                return problems.deleted(name, number, line.strip()[:LONGEST])
    return None


def _unreached(name: str, text: Text) -> Problem | None:
    """A definition that the cell's text holds, though it came to nothing."""
    for binding in text.bindings:
        if binding.name == name and binding.kind != "del":
            return problems.unreached(name, binding.line, text.line(binding.line))
    return None


def _misspelt(name: str, texts: Sequence[Text], known: Collection[str]) -> Problem | None:
    """The nearest name that the cells define; never that of another exercise."""
    taken = {path.stem for path in DIRECTORY.glob("*.json")} | set(known)
    defined = {
        b.name: (b, text)
        for text in texts
        for b in text.bindings
        if b.kind in ("def", "class") and not b.inside and b.name not in taken
    }
    plain = {_plain(other): other for other in defined}
    near = plain.get(_plain(name))
    if near is None:
        close = difflib.get_close_matches(_plain(name), list(plain), 1, 0.84)
        near = plain[close[0]] if close else None
    if near is None:
        return None
    binding, text = defined[near]
    return problems.misspelt(name, near, binding.line, text.line(binding.line))


def _own_text(name: str, cells: Sequence[Ran]) -> Problem | None:
    """What its own cell holds instead of a definition."""
    own = [cell.source for cell in cells if cell.own]
    if not own:
        return None
    lines = [line.strip() for line in own[-1].splitlines() if line.strip()]
    if not lines:
        return problems.no_definition(name, "its cell is empty")
    if any(re.match(rf"# {name} stands in another cell", line) for line in lines):
        return None
    if all(line.startswith("#") for line in lines):
        return problems.no_definition(name, "every line of its cell is a comment")
    return problems.no_definition(name, say("no line of its cell gives the name {name} a meaning", name=name))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace("_", "")


@lru_cache(maxsize=512)
def read_text(source: str) -> Text:
    """What can be said of a cell's text without running it."""
    lines = tuple(source.splitlines())
    magic, error, tree = sources.body_magic(source), sources.unreadable(source), sources.read(source)
    if magic:
        return Text(lines, magic=magic)
    if tree is None:
        text = first_line(error.msg if isinstance(error, SyntaxError) else error)
        return Text(lines, wrong=Failure(type(error).__name__, text, getattr(error, "lineno", None)))
    uses = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Text(lines, tuple(_bindings(tree)), uses=uses)


def _bindings(tree: ast.AST, inside: str = "") -> Iterator[Binding]:
    for node in ast.iter_child_nodes(tree):
        line: int = getattr(node, "lineno", 1)
        last: int = getattr(node, "end_lineno", None) or line
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kind = "class" if isinstance(node, ast.ClassDef) else "def"
            yield Binding(node.name, kind, line, last, inside)
            yield from _bindings(node, node.name)
        elif isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for item in node.names:
                yield Binding(item.asname or item.name.split(".")[0], "other", line, last, inside)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield Binding(node.id, "del" if isinstance(node.ctx, ast.Del) else "other", line, last, inside)
        else:
            yield from _bindings(node, inside)


def first_line(text: object) -> str:
    """The first line of an error's text, bounded."""
    try:
        return str(text).strip().split("\n")[0][:LONGEST]
    except Exception:  # an exception of the learner's own may fail to tell what it is
        return ""

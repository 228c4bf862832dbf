"""How a cell's text is read: first by IPython, which knows lines such as `%load_ext` and `!ls`, then as Python.

Every place that asks what a cell says asks here, so that a magic line hides a definition from none of them. IPython is
there in every kernel and for the grader; it is imported when the first text needs it.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

BODY_RUNS = frozenset({"capture", "debug", "prun", "time"})
"""Cell magics that run what stands below them in the notebook's own namespace; to any other it is no code of ours."""
LINE_RUNS = frozenset({"prun", "time"})
"""Line magics that run the rest of their line there."""
CELL_MAGIC = re.compile(r"%%(\w+)(?:\s|$)")
SPECIAL = re.compile(r"^\s*[%!?,;/]|=\s*[%!]|\?\s*$")
"""Lines that may be IPython's own."""
MOST_WORK = 10_000
"""IPython reads a text anew for each of its special lines: with more lines than that in all, they are read singly."""


def read(source: str) -> ast.Module | None:
    """The statements of a cell, with the lines of its own text; None for what is not even to IPython Python.

    A cell is read once and its tree kept, so nobody may change it.
    """
    found = _read(source)
    return found if isinstance(found, ast.Module) else None


def unreadable(source: str) -> Exception | None:
    """Why a cell's text cannot be read, with the line of its own text where there is one; None where it can."""
    found = _read(source)
    return None if isinstance(found, ast.Module) else found


def body_magic(source: str) -> str:
    """The cell magic above a text that does not run it as a part of the notebook, such as `writefile`; else empty."""
    magic = CELL_MAGIC.match(source.lstrip())
    return magic[1] if magic and magic[1] not in BODY_RUNS else ""


@lru_cache(maxsize=4096)
def _read(source: str) -> ast.Module | Exception:
    try:
        return _parse(source, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError) as error:
        return error.with_traceback(None)


def parses(source: str) -> bool:
    """Whether a cell's text is Python, or IPython makes Python of it."""
    return read(source) is not None


def compiles(source: str) -> bool:
    """Whether a cell's text can be run at all: `return` outside a function is Python, and no cell."""
    tree = read(source)
    try:
        return tree is not None and bool(compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


@lru_cache(maxsize=4096)
def defined(source: str) -> frozenset[str]:
    """The functions, classes and variables that a cell's text defines at its top level; nothing if it is not Python."""
    tree = read(source)
    return frozenset(_names(tree.body)) if tree else frozenset()


def as_python(source: str) -> str:
    """The text that IPython compiles for a cell; the text itself where IPython can make nothing of it."""
    try:
        return _by_ipython(source)
    except (SyntaxError, ValueError, RecursionError, RuntimeError):
        return source


@lru_cache(maxsize=4096)
def compiled(source: str) -> frozenset[str]:
    """All that IPython compiles when a cell is run, without the blanks around: a magic's body is a text of its own."""
    first, _, body = source.strip().partition("\n")
    magic = CELL_MAGIC.match(first)
    inside = compiled(body) if magic and magic[1] in BODY_RUNS else frozenset()
    return inside | {as_python(source).strip()}


def _parse(source: str, above: int) -> ast.Module:
    """The tree of a text that stands `above` lines below the top of its cell."""
    lines = source.split("\n")
    blank = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    magic = CELL_MAGIC.match(lines[blank].lstrip()) if blank < len(lines) else None
    if magic:
        if magic[1] not in BODY_RUNS:
            return ast.Module([], [])
        return _parse("\n".join(lines[blank + 1 :]), above + blank + 1)
    python = _by_ipython(source)
    own = _own_lines(lines[blank:], python.split("\n"))
    try:
        tree = ast.parse(python)
    except SyntaxError as error:
        if error.lineno is not None:
            error.lineno = above + blank + (own[error.lineno - 1] if error.lineno <= len(own) else error.lineno - 1) + 1
        raise
    _relocate(tree, own, above + blank)
    tree.body = [_unwrapped(statement) for statement in tree.body]
    return tree


def _by_ipython(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    lines = source.split("\n")
    special = sum(1 for line in lines if SPECIAL.search(line))
    if special * len(lines) <= MOST_WORK:
        return TransformerManager().transform_cell(source)
    with contextlib.suppress(SyntaxError):  # what looks special in it stands inside of texts
        ast.parse(source)
        return source
    first = next(i for i, line in enumerate(lines) if line.strip())
    return "\n".join(_one_line(line) if SPECIAL.search(line) else line for line in lines[first:]) + "\n"


def _one_line(line: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    indent = line[: len(line) - len(line.lstrip())]
    return indent + TransformerManager().transform_cell(line).rstrip("\n")


def _own_lines(source: list[str], python: list[str]) -> list[int]:
    """For each line that IPython made, which line of the text it stands in; a command may go on over several."""
    found, at = [], 0
    for line in python:
        found.append(min(at, len(source) - 1))
        own = source[at] if at < len(source) else ""
        at += 1
        while own != line and own.endswith("\\") and len(python) < len(source) + 1 and at < len(source):
            own = source[at]
            at += 1
    return found


def _relocate(tree: ast.AST, lines: list[int], above: int) -> None:
    for node in ast.walk(tree):
        for name in ("lineno", "end_lineno"):
            number = getattr(node, name, None)
            if number:
                setattr(node, name, above + 1 + lines[min(number, len(lines)) - 1])


def _unwrapped(statement: ast.stmt) -> ast.stmt:
    """`%time step(w)` as the statement that it times; any other as it is."""
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"),
                args=[ast.Constant(value=str(magic)), ast.Constant(value=str(line))],
            )
        ) if magic in LINE_RUNS:
            try:
                body = ast.parse(line).body
            except (SyntaxError, ValueError, RecursionError):
                return statement
            if len(body) == 1:
                for node in ast.walk(body[0]):
                    if hasattr(node, "lineno"):
                        ast.copy_location(node, statement)
                return body[0]
    return statement


def _names(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _names(node.body)

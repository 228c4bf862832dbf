"""The rule "from scratch": an exercise must not be done by the library call that does its whole work.

Looks at the text of an answer, following import aliases. It is a lesson, not a lock: a determined person can hide a
call from it, and earns nothing but a note by that.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from typing import Any

from course_lib.reference import Problem

GIVEN_ALIASES = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "earlier": "course_lib.earlier",
}
ALWAYS = ("course_lib.stand_ins", "course_lib.earlier")
"""No exercise is answered by what stands in for an answer."""


def rules_of(forbidden: Iterable[str]) -> tuple[str, ...]:
    """All that an exercise forbids by dotted names: its own rules, and those that hold for every exercise."""
    return (*forbidden, *ALWAYS)


def find_forbidden(source: str, forbidden: Iterable[str]) -> tuple[int, str] | None:
    """The first (line, name as written) in `source` that uses one of the dotted names, or something below it."""
    rules = [_full(name, GIVEN_ALIASES) for name in forbidden]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    own = _assigned(tree)
    aliases = {name: full for name, full in GIVEN_ALIASES.items() if name not in own} | _aliases(tree)
    for node in ast.walk(tree):
        for name in _used(node):
            full = _full(name, aliases)
            if any(full == rule or full.startswith(rule + ".") for rule in rules):
                return getattr(node, "lineno", 1), name
    return None


def forbidden_problem(exercise: str, sources: Iterable[str], forbidden: Iterable[str]) -> Problem | None:
    """The sentence for an answer that leaves its work to a library, or None."""
    rules = rules_of(forbidden)
    for source in sources:
        found = find_forbidden(source, rules)
        if found:
            line, name = found
            code = source.splitlines()[line - 1].strip()
            message = (
                f"Line {line} of your cell, `{code}`, leaves the work to {name}. In {exercise} you write from scratch "
                "what it does; afterwards, it is yours to use."
            )
            return Problem("forbidden", message, line, code, name)
    return None


def source_of(obj: Any) -> list[str]:
    """The text of the cell that defines a function or class, where it can be had."""
    try:
        lines, _ = inspect.findsource(obj)
    except (OSError, TypeError):
        return []
    return ["".join(lines)] if getattr(obj, "__module__", "") == "__main__" else []


def _aliases(tree: ast.AST) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                found[item.asname or item.name.split(".")[0]] = item.name if item.asname else item.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                found[item.asname or item.name] = f"{node.module}.{item.name}"
    return found


def _assigned(tree: ast.AST) -> set[str]:
    """The names that the text gives a value of its own: `F, C, KH, KW = W.shape` speaks of filters, not of torch."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _used(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [item.name for item in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{item.name}" for item in node.names]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.Attribute):
        dotted = _dotted(node)
        return [dotted] if dotted else []
    return []


def _dotted(node: ast.expr) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def _full(name: str, aliases: dict[str, str]) -> str:
    head, _, rest = name.partition(".")
    full = aliases.get(head, head)
    return f"{full}.{rest}" if rest else full

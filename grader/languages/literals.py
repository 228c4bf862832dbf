"""The sentences in Python code: literals, and f-strings as templates with their own `{fields}`."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

WORDS = re.compile(r"[A-Za-z]{2,}[^\w]* [^\w]*[A-Za-z(]|[a-z]{2,}[.:?!]$|^an? [a-z]{2,}")
"""Two words with a blank between them, one with its article, or one that ends as a sentence does."""
CODE = re.compile(r"[#.]?[\w-]+\s*\{|[a-z-]+:\S|:\w+:$|\w*_\w*\.$|SELECT |raise |import ")
"""Styles, addresses, queries and Python, which have words, too."""
NAMED = re.compile(r"`\{\w+\}`")
FIELD = re.compile(r"\{[^{}]*\}")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->")
FORMULA = re.compile(r"\$[^$]*\$")
NOT_SHOWN = frozenset({"loc", "textcoords", "removeprefix", "removesuffix", "get", "pop", "replace", "SystemExit"}) | {
    *("Layout", "search", "info", "debug", "warning", "exception", "compile", "fullmatch", "sub", "findall"),
    *("startswith", "noted"),
}
"""Calls and keywords whose texts name things, or stand in a log."""
STYLES = frozenset(
    {"color", "linestyle", "linewidth", "lw", "arrowstyle", "boxstyle", "facecolor", "edgecolor", "cmap", "stdout"}
)
IDENTIFIER = re.compile(r"[a-z]+\d|\w+_\w*|lr|params")
"""Keys that are names in code."""
NOT_SAID = {name for name in vars(builtins) if name != "SystemExit"} | {"ArgumentTypeError", "MissingEntry"}
"""Errors whose sentences are for programmers; all that the course defines are for who meets them."""
ENDING = 3
"""Letters that the ending of an English word may have: `{'s' if n > 1 else ''}` is no choice of words."""
MOST, DEEPEST = 12, 4
"""Templates that one expression may give; more of them are not a sentence but a table."""


@dataclass(frozen=True)
class Literal:
    """A sentence of the code, the line where it stands, and the call or keyword that takes it."""

    text: str
    line: int
    role: str


def is_prose(text: str) -> bool:
    """Whether a text has words for a reader, beside names and marks."""
    bare = wordy(text)
    return bool(WORDS.search(bare) or re.fullmatch(r"[A-Z][a-z]+: ?", bare)) and not CODE.match(bare)


def wordy(text: str) -> str:
    """A text without its fields, formulas and tags; a name in code stays a word of its sentence."""
    return TAG.sub("", FORMULA.sub("", FIELD.sub("", NAMED.sub("`name`", text))))


def literals(source: str, labels: frozenset[str] = frozenset()) -> Iterator[Literal]:
    """The sentences of a module or a cell, in their order; of `labels`, calls and keywords, also single words.

    Docstrings, the text of assertions, and what is only a piece of a longer sentence are left out.
    """
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found: dict[tuple[int, int], list[Literal]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) or _is_piece(node, parents):
            continue
        role = _role(node, parents)
        for text in evaluated(node, parents):
            if role in NOT_SHOWN:
                continue
            word = re.search(r"[A-Za-z]{2}", wordy(text)) and not (role == "name" and IDENTIFIER.fullmatch(text))
            if role in labels and word or is_prose(text):
                found.setdefault((node.lineno, node.col_offset), []).append(Literal(text, node.lineno, role))
    for place in sorted(found):
        yield from found[place]


def evaluated(node: ast.expr, parents: dict[ast.AST, ast.AST], depth: int = 0) -> list[str]:
    """All texts that an expression of literals may give; none where it is anything else."""
    if depth > DEEPEST:
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return templates(node)
    if isinstance(node, ast.IfExp):
        return [*evaluated(node.body, parents, depth + 1), *evaluated(node.orelse, parents, depth + 1)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = (evaluated(side, parents, depth + 1) for side in (node.left, node.right))
        both = [a + b for a, b in product(left, right)]
        return both if len(both) <= MOST else []
    if isinstance(node, ast.Name):
        return [text for value in _assigned(node, parents) for text in evaluated(value, parents, depth + 1)]
    return []


def template(node: ast.JoinedStr) -> str:
    """An f-string as it is written: `{fields}` with their formats."""
    parts = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
        elif isinstance(value, ast.FormattedValue):
            form = template(value.format_spec) if isinstance(value.format_spec, ast.JoinedStr) else ""
            conversion = f"!{chr(value.conversion)}" if value.conversion != -1 else ""
            parts.append(f"{{{field(value.value)}{conversion}{':' if form else ''}{form}}}")
    return "".join(parts)


def templates(node: ast.JoinedStr) -> list[str]:
    """An f-string as it is written; where a field is one of two texts, once with each of them."""
    ways = [_ways(value) for value in node.values]
    made = ["".join(parts) for parts in product(*ways)]
    return made if len(made) <= MOST else [template(node)]


def _ways(part: ast.expr) -> list[str]:
    """What stands in the place of a part of an f-string: itself, or either of two texts that are no endings."""
    choice = part.value if isinstance(part, ast.FormattedValue) else None
    if isinstance(choice, ast.IfExp) and part.format_spec is None:  # type: ignore[attr-defined]
        texts = [text for side in (choice.body, choice.orelse) for text in evaluated(side, {}, DEEPEST - 1)]
        if len(texts) > 1 and any(len(text) > ENDING for text in texts):
            return texts
    return [template(ast.JoinedStr(values=[part]))]


def field(node: ast.expr) -> str:
    """An expression in braces, without braces of its own."""
    return ast.unparse(node).replace("{", "(").replace("}", ")")


def _assigned(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.expr]:
    """What a local name was given, within the same function, or at the top of the module."""
    scope: ast.AST | None = parents.get(name)
    while scope is not None and not isinstance(scope, ast.FunctionDef | ast.Module):
        scope = parents.get(scope)
    while scope is not None:
        values = [
            node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id == name.id
        ]
        if values:
            yield from (value for value in values if not isinstance(value, ast.Name))
            return
        scope = parents.get(scope)
        while scope is not None and not isinstance(scope, ast.Module):
            scope = parents.get(scope)


def _is_piece(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether it is a docstring, or belongs to a longer literal or to a sum that is one."""
    parent = parents.get(node)
    if isinstance(parent, ast.Expr):
        return True
    if isinstance(parent, ast.FormattedValue) and isinstance(node, ast.Constant):
        return False  # a column's head: `{'its loss':12}`
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
        return False  # what is kept under a name is often shown with it
    if isinstance(parent, ast.JoinedStr | ast.FormattedValue | ast.Subscript | ast.Compare):
        return True
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return True
    if isinstance(node, ast.BinOp) and not evaluated(node, parents):
        return True
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
        return bool(evaluated(parent, parents))
    while parent is not None:
        if isinstance(parent, ast.FormattedValue):
            return False
        if isinstance(parent, ast.Raise):
            return _called(parent.exc) in NOT_SAID
        if isinstance(parent, ast.Assert | ast.stmt):
            return isinstance(parent, ast.Assert)
        parent = parents.get(parent)
    return False


def _role(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """The nearest keyword or call that takes the text."""
    parent, child = parents.get(node), node
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.keyword) and parent.arg:
            return parent.arg
        if isinstance(parent, ast.Call) and child is not parent.func:
            return _called(parent)
        if isinstance(parent, ast.Dict) and child in parent.keys and _has_names(parent, parents):
            return "name"
        if isinstance(parent, ast.DictComp) and child is parent.key or isinstance(parent, ast.Subscript):
            return "name"
        if isinstance(parent, ast.FormattedValue) and isinstance(node, ast.Constant) and child is node:
            return "name"
        if isinstance(parent, ast.FormattedValue) or isinstance(parent, ast.Dict) and child in parent.keys:
            return "value"
        child = parent
        parent = parents.get(parent)
    return ""


def _has_names(node: ast.Dict, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a dict's keys name what is compared: not a style, nor made for a call, nor given back."""
    if any(isinstance(key, ast.Constant) and key.value in STYLES for key in node.keys):
        return False
    child: ast.AST = node
    parent = parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.keyword) or isinstance(parent, ast.Call) and child is not parent.func:
            return False
        child = parent
        parent = parents.get(parent)
    return not isinstance(parent, ast.Return)


def _called(node: ast.AST | None) -> str:
    """The name of what is called: of a method, or of a function."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""

"""Numbers that remember what they were made from: a small program builds a graph of them, and the way back is asked."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from typing import Any

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver

NAMES = "abcdefgh"
"""What the leaves are called, in their order."""
MOST_LOOKS = 100_000
"""How often attributes of the nodes may be asked for on one way back; the graphs have less than a hundred nodes."""


def number_graph(obj: Any, inputs: dict[str, Any]) -> Any:
    """Make a graph of `obj(number)` for each of `leaves`, called a, b, c, ..., by the lines of `program`.

    Returns (value, grads, data), None but for what the input `asks` names. "value": `.data` of the last line's result.
    "grads": `.grad` of everything with a name, after its `backward()`; "again": after a second one.  "other": that of
    the leaves, after a backward() from the line before and then one from the last.  "data": every `.data` afterwards.
    """
    asks = inputs["asks"]
    leaves = {name: obj(float(x)) for name, x in zip(NAMES, inputs["leaves"], strict=False)}
    nodes = run_program(inputs["program"], leaves)
    for line, node in nodes.items():
        if not hasattr(node, "data") or not hasattr(node, "grad"):
            raise AnswerError(f"`{line}` should be a Value, with data and grad; it is a {type(node).__name__}.")
    *_, before, last = nodes.values()
    if asks == "value":
        return last.data, None, None
    for root in {"again": (last, last), "other": (before, last)}.get(asks, (last,)):
        with _bounded(type(last), len(nodes)):
            root.backward()
    for line, node in nodes.items():
        if isinstance(node.grad, type(node)):
            raise AnswerError(
                f"`{line}.grad` should be a number; it is a {type(node).__name__}. Are your slopes numbers, such as "
                "other.data, and not Values?"
            )
    if asks == "data":
        return None, None, {name: node.data for name, node in nodes.items()}
    return None, {name: node.grad for name, node in nodes.items() if asks != "other" or name in NAMES}, None


def run_program(program: str, nodes: dict[str, Any]) -> dict[str, Any]:
    """The nodes, and behind them what each line of the program makes: sums, products and methods such as relu().

    program: such as "p = a * b; J = (p + 2).relu()"; whatever has +, * and these methods may be a node.
    """
    nodes = dict(nodes)
    for line in ast.parse(program).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            nodes[line.targets[0].id] = _made(line.value, nodes)
    return nodes


def _made(part: ast.expr, nodes: dict[str, Any]) -> Any:
    match part:
        case ast.Name(id=name):
            return nodes[name]
        case ast.Constant(value=number):
            return number
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _made(left, nodes) + _made(right, nodes)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _made(left, nodes) * _made(right, nodes)
        case ast.Call(func=ast.Attribute(value=of, attr=method)):
            return getattr(_made(of, nodes), method)()
    raise ValueError(f"A program of a case has no {ast.dump(part)}.")


@contextlib.contextmanager
def _bounded(kind: Any, count: int) -> Iterator[None]:
    """Within it, who asks for attributes of nodes without end is stopped: 60 doublings have 2^60 paths through them."""
    looks = 0
    usual = kind.__getattribute__
    own = "__getattribute__" in vars(kind)

    def counted(node: Any, name: str) -> Any:
        nonlocal looks
        looks += 1
        if looks > MOST_LOOKS:
            raise AnswerError(
                f"backward() was stopped: in a graph with {count} names it had looked at its nodes {MOST_LOOKS} times. "
                "It walks along every path; a graph of a few dozen nodes may have more paths than there are seconds in "
                "a lifetime. Handle each Value once."
            )
        return usual(node, name)

    try:
        kind.__getattribute__ = counted
    except TypeError:  # a class that cannot be changed is not bounded
        yield
        return
    try:
        yield
    finally:
        if own:
            kind.__getattribute__ = usual
        else:
            del kind.__getattribute__


DRIVERS: dict[str, Driver] = {"number_graph": number_graph}

"""The mistakes that the audit makes: for a node of a solution's syntax tree, the nodes that may stand in its place.

Why own operators. Of the kept libraries, cosmic-ray works in process, but replaces each operator by all eleven others
(most of them nonsense for floats), knows neither statements, arguments nor calls, and brings a web client, an ORM and
Git; mutmut brings a terminal interface and knows nothing of axes, shapes or NumPy's names either. What matters here is
what people get wrong in NumPy: a forgotten `keepdims`, `.T` or `[:, None]`, a sum for a mean, the wrong axis, a lost
term or factor, a missing copy. On `ast`, each of these is a few lines.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np

Operator = Callable[[ast.AST], Iterator[ast.AST]]

OTHER_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
OTHER_COMPARISON: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
PAIRS = (
    ("sum", "mean"),
    ("mean", "median"),
    ("max", "min"),
    ("max", "sum"),
    ("argmax", "argmin"),
    ("maximum", "minimum"),
    ("fmax", "fmin"),
    ("any", "all"),
    ("std", "var"),
    ("sqrt", "square"),
    ("abs", "square"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("log", "log2"),
    ("sin", "cos"),
    ("floor", "ceil"),
    ("round", "floor"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("empty_like", "zeros_like"),
    ("dot", "outer"),
    ("cumsum", "cumprod"),
    ("prod", "sum"),
    ("isnan", "isinf"),
    ("isfinite", "isnan"),
    ("append", "insert"),
    ("float", "int"),
    ("float64", "int64"),
)
STATEMENTS = (
    *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Assert),
    *(ast.For, ast.While, ast.If, ast.With),
)
COMMUTATIVE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
Node = TypeVar("Node", bound=ast.AST)


def like(node: Node, **changes: object) -> Node:
    """A copy of the node with other fields; its children are shared, so nobody may change them."""
    made = type(node)(**{name: getattr(node, name, None) for name in node._fields} | changes)
    return ast.copy_location(made, node)


def arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    """Another operator, a term or factor forgotten, operands in the other order."""
    if isinstance(node, ast.BinOp):
        for other in OTHER_ARITHMETIC.get(type(node.op), ()):
            yield like(node, op=other())
        yield node.left
        if not isinstance(node.op, ast.Pow):
            yield node.right
        if not isinstance(node.op, COMMUTATIVE):
            yield like(node, left=node.right, right=node.left)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def accumulation(node: ast.AST) -> Iterator[ast.AST]:
    """`+=` as `-=`, as a plain `=`, or as the `a = a + b` that leaves the caller's array alone, and the reverse."""
    if isinstance(node, ast.AugAssign):
        for other in OTHER_ARITHMETIC.get(type(node.op), ()):
            yield like(node, op=other())
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        if ast.unparse(target) == ast.unparse(value.left) and isinstance(target, ast.Name | ast.Subscript):
            yield ast.copy_location(ast.AugAssign(target, value.op, value.right), node)


def comparison(node: ast.AST) -> Iterator[ast.AST]:
    """The boundary moved, or the comparison turned round."""
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            for other in OTHER_COMPARISON[type(op)]:
                yield like(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


def logic(node: ast.AST) -> Iterator[ast.AST]:
    """`and` for `or`, a condition forgotten, a branch always or never taken."""
    if isinstance(node, ast.BoolOp):
        yield like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for index in range(len(node.values)):
            rest = node.values[:index] + node.values[index + 1 :]
            yield rest[0] if len(rest) == 1 else like(node, values=rest)
    elif isinstance(node, ast.If | ast.While):
        yield like(node, test=ast.UnaryOp(ast.Not(), node.test))
        yield like(node, test=ast.Constant(True))
        yield like(node, test=ast.Constant(False))
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse


def constant(node: ast.AST) -> Iterator[ast.AST]:
    """A whole number off by one, a float ten times as large, of the other sign or 0, True for False."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield like(node, value=not value)
    elif isinstance(value, int):
        yield like(node, value=value + 1)
        yield _number(node, value - 1)
        if value > 1:  # 1 is often an axis, and -1 the same one
            yield _number(node, -value)
    elif isinstance(value, float):
        for other in (value * 10, value / 10, -value, 0.0, 1.0):
            yield _number(node, other)


def _number(node: ast.Constant, value: float) -> ast.expr:
    if value < 0:
        return ast.copy_location(ast.UnaryOp(ast.USub(), ast.Constant(-value)), node)
    return like(node, value=abs(value))  # -0.0 and 0.0 are one number here


def deletion(node: ast.AST) -> Iterator[ast.AST]:
    """A statement that is not there."""
    if isinstance(node, STATEMENTS) or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)):
        yield ast.copy_location(ast.Pass(), node)
    if isinstance(node, ast.Break):
        yield ast.copy_location(ast.Continue(), node)
    elif isinstance(node, ast.Continue):
        yield ast.copy_location(ast.Break(), node)


def returned(node: ast.AST) -> Iterator[ast.AST]:
    """The other sign, or two returned values in the other order."""
    if not isinstance(node, ast.Return) or node.value is None:
        return
    if not isinstance(node.value, ast.Tuple):
        yield like(node, value=_negated(node.value))
        return
    parts = node.value.elts
    for index, part in enumerate(parts):
        yield like(node, value=like(node.value, elts=[*parts[:index], _negated(part), *parts[index + 1 :]]))
    yield from (like(node, value=like(node.value, elts=swapped)) for swapped in _swaps(parts))


def _negated(value: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), value)


def _swaps(parts: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """The list with two neighbours exchanged, for each pair."""
    for index, (first, second) in enumerate(pairwise(parts)):
        yield [*parts[:index], second, first, *parts[index + 2 :]]


def call(node: ast.AST) -> Iterator[ast.AST]:
    """A call left out, an argument forgotten, two exchanged, or NumPy's neighbour of the function called."""
    if not isinstance(node, ast.Call):
        return
    for index in range(len(node.keywords)):
        yield like(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])
    if len(node.args) > 1:
        for index in range(len(node.args)):
            yield like(node, args=node.args[:index] + node.args[index + 1 :])
    yield from (like(node, args=swapped) for swapped in _swaps(node.args))
    if node.args:
        yield from node.args[:2]
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    yield from (like(node, func=other) for other in _neighbours(node.func))
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        yield from _ranges(node)


def _is_module(node: ast.expr) -> bool:
    """Whether this is `np`, `np.linalg`, ...: a place where functions live, and no value."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "math", "plt", "torch", "F", "nn", "scipy")


def _neighbours(function: ast.expr) -> Iterator[ast.expr]:
    """Functions that are easily taken for this one, as far as they exist where it lives."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    for other in (b if a == name else a for a, b in PAIRS if name in (a, b)):
        if isinstance(function, ast.Name) and hasattr(builtins, other):
            yield like(function, id=other)
        elif isinstance(function, ast.Attribute) and hasattr(np if _is_module(function.value) else np.ndarray, other):
            yield like(function, attr=other)


def _ranges(node: ast.Call) -> Iterator[ast.AST]:
    """One round more, one less."""
    end = min(len(node.args), 2) - 1
    for op in (ast.Add(), ast.Sub()):
        changed = ast.BinOp(node.args[end], op, ast.Constant(1))
        yield like(node, args=[*node.args[:end], changed, *node.args[end + 1 :]])


def index(node: ast.AST) -> Iterator[ast.AST]:
    """A neighbour's entry, a slice or a new axis forgotten."""
    if not isinstance(node, ast.Subscript):
        return
    if isinstance(node.ctx, ast.Load):
        yield node.value
    for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
        for other in _other_parts(part):
            yield like(node, slice=_replaced(node.slice, part, other))


def _other_parts(part: ast.expr) -> Iterator[ast.expr]:
    if isinstance(part, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(part, bound) is not None:
                yield like(part, **{bound: None})
    elif isinstance(part, ast.Name):
        yield ast.BinOp(part, ast.Add(), ast.Constant(1))
        yield ast.BinOp(part, ast.Sub(), ast.Constant(1))


def _replaced(whole: ast.expr, part: ast.expr, other: ast.expr) -> ast.expr:
    if isinstance(whole, ast.Tuple):
        return like(whole, elts=[other if item is part else item for item in whole.elts])
    return other


def transpose(node: ast.AST) -> Iterator[ast.AST]:
    """`.T` forgotten."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def loop(node: ast.AST) -> Iterator[ast.AST]:
    """Only the first round, or all but the first."""
    if isinstance(node, ast.For):
        one = ast.Constant(1)
        for rounds in (ast.Slice(upper=one), ast.Slice(lower=one)):
            yield like(node, iter=ast.Subscript(node.iter, rounds, ast.Load()))
    elif isinstance(node, ast.While):
        yield ast.copy_location(ast.If(node.test, node.body, node.orelse), node)


OPERATORS: tuple[Operator, ...] = (
    arithmetic,
    accumulation,
    comparison,
    logic,
    constant,
    deletion,
    returned,
    call,
    index,
    transpose,
    loop,
)

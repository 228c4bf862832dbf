"""What a piece of a right answer is called in a sentence: by names that the learner has seen, or not at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

FUNCTIONS = {
    "sum": "sum",
    "mean": "mean",
    "median": "median",
    "max": "largest value",
    "amax": "largest value",
    "min": "smallest value",
    "amin": "smallest value",
    "argmax": "place of the largest value",
    "argmin": "place of the smallest value",
    "maximum": "larger of two values",
    "minimum": "smaller of two values",
    "std": "standard deviation",
    "var": "variance",
    "sqrt": "square root",
    "square": "square",
    "abs": "absolute value",
    "exp": "exponential",
    "expm1": "exponential less 1",
    "log": "logarithm",
    "log1p": "logarithm of 1 more",
    "log2": "logarithm to base 2",
    "log_softmax": "log-softmax",
    "logsumexp": "logarithm of the sum of exponentials",
    "softmax": "softmax",
    "sigmoid": "sigmoid",
    "relu": "ReLU",
    "norm": "norm",
    "normalize": "normalization",
    "sign": "sign",
    "cos": "cosine",
    "sin": "sine",
    "floor": "rounding down",
    "ceil": "rounding up",
    "round": "rounding",
    "int": "cutting to whole numbers",
    "prod": "product",
    "cumsum": "running sum",
    "cumprod": "running product",
    "any": "test whether any holds",
    "all": "test whether all hold",
    "dot": "inner product",
    "outer": "outer product",
    "zeros": "array of zeros",
    "ones": "array of ones",
    "zeros_like": "array of zeros",
    "ones_like": "array of ones",
    "clip": "clipping",
    "clamp": "clipping",
    "where": "choice",
    "transpose": "transposition",
    "permute": "exchange of axes",
    "flip": "reversal",
    "sort": "sorting",
    "sorted": "sorting",
    "argsort": "order",
    "unique": "list without repeats",
    "pad": "padding",
}
COPIES = ("copy", "deepcopy", "clone", "array")
LONGEST = 18
"""Characters of an expression that may stand in a sentence: `1 - beta2`, and no line of an answer."""
ENGLISH = (
    "a",
    "A",
    "I",
    "i",
    "as",
    "at",
    "by",
    "of",
    "on",
    "to",
    "new",
    "old",
    "first",
    "last",
    "each",
    "one",
    "other",
)
"""Words that no sentence can use as names; they are variables only where a signature has them."""
WORD = re.compile(r"[A-Za-z_]\w*")


class Phrases:
    """Says what pieces of one answer are called.

    text: what the learner sees of the exercise, its signature and docstring; only names in it are used.
    """

    def __init__(self, text: str, outputs: Collection[str] = ()) -> None:
        self._seen = {*WORD.findall(text), *outputs} - {"self", "np", "torch"}
        self._seen -= {word for word in ENGLISH if not re.search(rf"[(,]\s*{word}\s*[,=):]", text)}

    def name(self, node: ast.AST | None) -> str:
        """What a variable or an attribute is called, or an empty text."""
        if isinstance(node, ast.Name) and node.id in self._seen:
            return node.id
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr.lstrip("_") if node.attr.lstrip("_") in self._seen else ""
        return ""

    def names(self, node: ast.AST) -> str:
        """All names in a piece, joined: "X and w"; functions that are called are none."""
        called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        found = dict.fromkeys(name for n in ast.walk(node) if id(n) not in called and (name := self.name(n)))
        return joined(list(found)) if 0 < len(found) <= 3 else ""

    def short(self, node: ast.AST) -> str:
        """What a piece is called where that takes a few words, or an empty text."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return f"{node.value:g}"
        if name := self.name(node):
            return name
        if size := self._size(node):
            return size
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "T"):
            return self.short(node.value)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp | ast.UnaryOp) and self._is_plain(node):
            text = ast.unparse(node)
            return text if len(text) <= LONGEST else ""
        return ""

    def part(self, node: ast.AST, role: str) -> str:
        """A piece in its role: "the factor 1 - beta2", "the mean of X", "the term with grad", "a term"."""
        short = self.short(node)
        if short.startswith("the "):
            return short
        if short:
            return f"the {role} {short}"
        names = self.names(node)
        return f"the {role} with {names}" if names else f"one {role}"

    def it(self, node: ast.AST, otherwise: str = "a value") -> str:
        """A piece without a role: its short name, what it is made of, or `otherwise`."""
        if short := self.short(node):
            return short
        names = self.names(node)
        return f"what is computed from {names}" if names else otherwise

    def function(self, node: ast.AST) -> str:
        """What a function's result is called: "mean"; or an empty text."""
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        return FUNCTIONS.get(name, "")

    def _size(self, node: ast.AST) -> str:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len" and (name := self.names(node.args[0])):
            return f"the length of {name}"
        if isinstance(node, ast.Attribute) and node.attr == "size" and (name := self.name(node.value)):
            return f"the number of entries of {name}"
        shape = node.value if isinstance(node, ast.Subscript) else None
        if not (isinstance(node, ast.Subscript) and isinstance(shape, ast.Attribute) and shape.attr == "shape"):
            return ""
        axis, name = getattr(node.slice, "value", None), self.name(shape.value)
        what = {0: "rows", 1: "columns"}.get(axis) if isinstance(axis, int) else None
        return f"the number of {what} of {name}" if name and what else ""

    def _call(self, node: ast.Call) -> str:
        word = self.function(node.func)
        of = node.args[0] if node.args else getattr(node.func, "value", None)
        if isinstance(of, ast.Constant | ast.UnaryOp) and isinstance(node.func, ast.Attribute):
            of = node.func.value  # `logits.max(-1)` is of the logits, along an axis
        if not word or of is None or len(node.args) > 1:
            return ""
        inside = self.short(of) or self.names(of)
        return f"the {word} of {inside}" if inside and not inside.startswith("the ") else ""

    def _is_plain(self, node: ast.AST) -> bool:
        """Whether an expression consists of known names and numbers, at most two."""
        parts = [n for n in ast.walk(node) if isinstance(n, ast.expr) and not isinstance(n, ast.BinOp | ast.UnaryOp)]
        known = all(isinstance(n, ast.Constant) or (isinstance(n, ast.Name) and n.id in self._seen) for n in parts)
        return known and len(parts) <= 2


def joined(words: list[str]) -> str:
    """The words in a row: "X, y and w"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

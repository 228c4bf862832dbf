"""What a small change of a right answer does, as half a sentence: "the factor 1 - beta2 is left out".

One function an operator of `grader.search.operators`. A clause says what behaves wrongly, with the names of quantities,
and neither the line nor what is right in its place. `CLAUSES` names the functions, the commonest mistakes first.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from course_lib.judging.signatures import Clause
from grader.search.mutants import Change
from grader.search.phrases import COPIES, Phrases

WHERE, THROUGHOUT = " where {target} is computed", " throughout"
ROLES: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("term", "term"),
    ast.Sub: ("term", "term"),
    ast.Mult: ("factor", "factor"),
    ast.Div: ("numerator", "divisor"),
    ast.FloorDiv: ("numerator", "divisor"),
    ast.Mod: ("value", "divisor"),
    ast.MatMult: ("factor", "factor"),
    ast.Pow: ("base", "exponent"),
}
SWAPPED = {
    ast.Sub: "the difference of {a} and {b} is taken the other way round",
    ast.Div: "the quotient of {a} and {b} is taken the other way round",
    ast.FloorDiv: "the quotient of {a} and {b} is taken the other way round",
    ast.Mod: "the remainder of {a} and {b} is taken the other way round",
    ast.Pow: "base and exponent change places",
    ast.MatMult: "{a} and {b} are multiplied in the other order",
}
REPLACED = {
    (ast.Add, ast.Sub): "{b} is subtracted and not added",
    (ast.Sub, ast.Add): "{b} is added and not subtracted",
    (ast.Mult, ast.Div): "{a} is divided by {b} and not multiplied",
    (ast.Div, ast.Mult): "{a} is multiplied by {b} and not divided",
    (ast.Div, ast.FloorDiv): "the quotient of {a} and {b} loses its fraction",
    (ast.FloorDiv, ast.Div): "the quotient of {a} and {b} keeps its fraction",
    (ast.Mod, ast.FloorDiv): "the quotient of {a} and {b} stands for the remainder",
    (ast.Pow, ast.Mult): "{a} is multiplied by its exponent and not raised to it",
    (ast.MatMult, ast.Mult): "{a} and {b} are multiplied entry by entry",
}


UNUSUAL = {
    *(REPLACED[ast.Mult, ast.Div], REPLACED[ast.Div, ast.Mult], REPLACED[ast.Div, ast.FloorDiv]),
    *(REPLACED[ast.Pow, ast.Mult], SWAPPED[ast.Pow], SWAPPED[ast.Div]),
}
"""What hardly anybody writes: another reading of the same values goes before."""


class Context:
    """Where a change was made: the tree around it, and what may be said of it.

    text: what a learner sees of the exercise. returns: the names of its outputs.
    """

    def __init__(self, tree: ast.AST, text: str, returns: Collection[str]) -> None:
        self.parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.returns = tuple(returns)
        self.say = Phrases(text, returns)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node in which a node stands."""
        return self.parents.get(id(node))

    def around(self, node: ast.AST, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> ast.AST | None:
        """The nearest node of a kind in which a node stands, itself included."""
        found: ast.AST | None = node
        while found is not None and not isinstance(found, kind):
            found = self.parent(found)
        return found

    def target(self, node: ast.AST) -> str:
        """The name of what is computed where a node stands, if a learner knows it."""
        while (above := self.parent(node)) is not None and not isinstance(above, ast.stmt):
            if isinstance(above, ast.Tuple) and isinstance(self.parent(above), ast.Return):
                place = next((i for i, part in enumerate(above.elts) if part is node), 0)
                return self.returns[place] if len(above.elts) == len(self.returns) else ""
            node = above
        if isinstance(above, ast.Return):
            return self.returns[0] if len(self.returns) == 1 else ""
        if isinstance(above, ast.Assign) and len(above.targets) == 1 and above.value is node:
            return self.say.short(above.targets[0])
        if isinstance(above, ast.AugAssign | ast.AnnAssign) and above.value is node:
            return self.say.short(above.target)
        return ""


def as_given(clause: Clause) -> Clause:
    """What a change does that was made in a clinic's code, before it was repaired."""
    template, values = clause
    return f"{template}, in the code as it was given", values


Found = tuple[str, dict[str, str]]
"""A template without its "where ...", and its values; an empty template where nothing can be said."""


def clause_of(change: Change, context: Context) -> Clause | None:
    """What the change does; where it is not known what, at least where it is, or nothing."""
    template, values = CLAUSES[change.operator](change.node, change.other, context)
    target = context.target(change.node)
    if not template:
        return ("one thing goes wrong" + WHERE, {"target": target}) if target else None
    if target and target not in values.values():
        return template + WHERE, values | {"target": target}
    return template, values


def _arithmetic(node: ast.AST, other: ast.AST, context: Context) -> Found:
    say = context.say
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub):
            return "{what} has the other sign", {"what": say.it(node.operand)}
        return "{what} is turned round", {"what": _condition(node.operand, context)}
    assert isinstance(node, ast.BinOp)
    left, right = ROLES.get(type(node.op), ("part", "part"))
    if other is node.left:
        if isinstance(node.op, ast.Pow):
            return "{what} is not raised to its power", {"what": say.it(node.left)}
        return "{what} is left out", {"what": say.part(node.right, right)}
    if other is node.right:
        return "{what} is left out", {"what": say.part(node.left, left)}
    both = {"a": say.it(node.left, "one part"), "b": say.it(node.right, "another part")}
    assert isinstance(other, ast.BinOp)
    if type(other.op) is not type(node.op):
        return _used(REPLACED.get((type(node.op), type(other.op)), ""), both)
    return _used(SWAPPED.get(type(node.op), ""), both)


def _accumulation(node: ast.AST, other: ast.AST, context: Context) -> Found:
    if isinstance(node, ast.AugAssign):
        target = context.say.it(node.target, "a running value")
        if isinstance(other, ast.AugAssign):
            both = {"a": target, "b": context.say.it(node.value, "another part")}
            return _used(REPLACED.get((type(node.op), type(other.op)), ""), both)
        return "{what} keeps only what comes last", {"what": target}
    assert isinstance(node, ast.Assign)
    return "{what} is changed in place", {"what": context.say.it(node.targets[0])}


def _comparison(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Compare) and isinstance(other, ast.Compare)
    place = next(i for i, (a, b) in enumerate(zip(node.ops, other.ops, strict=True)) if type(a) is not type(b))
    before, after = type(node.ops[place]), type(other.ops[place])
    sides = [node.left, *node.comparators][place : place + 2]
    both = {"a": context.say.it(sides[0]), "b": context.say.it(sides[1], "its bound")}
    if {before, after} in ({ast.Lt, ast.LtE}, {ast.Gt, ast.GtE}):
        return "{a} counts on the other side where it equals {b}", both
    return "the comparison of {a} with {b} is turned round", both


def _logic(node: ast.AST, other: ast.AST, context: Context) -> Found:
    if isinstance(node, ast.BoolOp):
        if isinstance(other, ast.BoolOp) and type(other.op) is not type(node.op):
            enough = isinstance(other.op, ast.Or)
            return ("one condition of several is enough" if enough else "all of several conditions are needed"), {}
        return "one condition of several is not asked for", {}
    if isinstance(node, ast.IfExp):
        return "{what} makes no difference", {"what": _condition(node.test, context)}
    assert isinstance(node, ast.If | ast.While) and isinstance(other, ast.If | ast.While)
    how = {True: "is taken as always met", False: "is taken as never met"}
    value = other.test.value if isinstance(other.test, ast.Constant) else None
    return f"{{what}} {how.get(bool(value), '') if value is not None else 'is turned round'}", {
        "what": _condition(node.test, context)
    }


USUAL_AXIS = {
    **dict.fromkeys(("reduce", "accumulate", "concatenate", "stack", "cat", "split"), "first"),
    **dict.fromkeys(("sort", "argsort"), "last"),
}
"""Along which axis those functions run that take one where none is named, and not all at once."""


def _constant(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Constant)
    new = ast.unparse(other)
    above = context.parent(node)
    if isinstance(above, ast.UnaryOp):
        new = new.removeprefix("-") if new.startswith("-") else f"-{new}"
        node, above = above, context.parent(above)
    if isinstance(above, ast.keyword) and above.arg:
        call = context.parent(above)
        word = context.say.function(call.func) if isinstance(call, ast.Call) else ""
        if above.arg in ("axis", "dim"):
            return "the {word} runs along another axis", {"word": word or "computation"}
        if above.arg in ("keepdims", "keepdim"):
            return _without_setting(above.arg, word, context)
        return "the setting {name} is {new}", {"name": above.arg, "new": new}
    if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Pow) and above.right is node:
        return "{what} is raised to the power {new}", {"what": context.say.it(above.left), "new": new}
    if isinstance(inside := context.around(node, (ast.Subscript, ast.Call, ast.stmt)), ast.Subscript):
        if context.around(node, (ast.Slice, ast.stmt, ast.Subscript)) is not inside:
            return "the part that is taken of {what} begins or ends elsewhere", {"what": context.say.it(inside.value)}
        return "another entry of {what} is taken", {"what": context.say.it(inside.value)}
    if isinstance(above, ast.Call) and getattr(above.func, "id", "") == "range":
        return "a count begins, ends or steps differently", {}
    if isinstance(getattr(node, "value", None), bool):
        return "a flag is {new}", {"new": new}
    return "one constant is wrongly {new}", {"new": new}


def _deletion(node: ast.AST, other: ast.AST, context: Context) -> Found:
    say = context.say
    if isinstance(node, ast.Break | ast.Continue):
        return "a loop does not stop where it should", {}
    if isinstance(node, ast.Return | ast.Raise | ast.Assert):
        test = context.around(node, ast.If)
        if isinstance(test, ast.If):
            return "no exception is made for {what}", {"what": _condition(test.test, context)}
        return "", {}
    if isinstance(node, ast.AugAssign):
        return "{what} is not updated", {"what": say.it(node.target, "a running value")}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        names = say.short(target) or say.names(target)
        return "a step that gives {what} its new value is left out", {"what": names or "a quantity"}
    if isinstance(node, ast.For):
        return "nothing is done for {what} one by one", {"what": say.it(node.iter, "the items")}
    if isinstance(node, ast.If):
        return "{what} makes no difference", {"what": _condition(node.test, context)}
    if isinstance(node, ast.Expr):
        names = say.names(node.value)
        return ("a call with {what} is left out", {"what": names}) if names else ("a call is left out", {})
    return "", {}


def _returned(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Return) and isinstance(other, ast.Return)
    if not isinstance(node.value, ast.Tuple) or not isinstance(other.value, ast.Tuple):
        return "{what} has the other sign", {"what": context.returns[0] if len(context.returns) == 1 else "the result"}
    pairs = zip(node.value.elts, other.value.elts, strict=True)
    changed = [place for place, (before, after) in enumerate(pairs) if before is not after]
    if len(node.value.elts) != len(context.returns):
        return "results change places or signs", {}
    names = [context.returns[place] for place in changed]
    if len(names) == 1:
        return "{what} has the other sign", {"what": names[0]}
    return "{a} and {b} change places", {"a": names[0], "b": names[1]}


def _call(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Call)
    say = context.say
    word = say.function(node.func)
    if not (isinstance(other, ast.Call) and type(other) is type(node) and other.lineno == node.lineno):
        return _without_call(node, other, word, context)
    if len(other.keywords) < len(node.keywords):
        lost = next(k for k in node.keywords if k not in other.keywords)
        if lost.arg in ("axis", "dim") and (usual := USUAL_AXIS.get(getattr(node.func, "attr", ""))):
            return "the {word} runs along the {usual} axis", {"word": word or "computation", "usual": usual}
        return _without_setting(lost.arg or "", word, context)
    if other.func is not node.func:
        new = say.function(other.func)
        return _used("the {new} stands in the place of the {word}" if word and new else "", {"new": new, "word": word})
    if isinstance(node.func, ast.Name) and node.func.id == "range" and len(other.args) == len(node.args):
        return "a count goes one too far, or not far enough", {}
    if len(other.args) < len(node.args):
        lost_argument = next(a for a in node.args if a not in other.args)
        return "{what} is left out", {"what": say.part(lost_argument, "argument")}
    pairs = zip(node.args, other.args, strict=True)
    swapped = [before for before, after in pairs if before is not after]
    if len(swapped) != 2:
        return "", {}
    return "{a} and {b} change places", {"a": say.it(swapped[0], "one argument"), "b": say.it(swapped[1], "another")}


def _without_call(node: ast.Call, other: ast.AST, word: str, context: Context) -> Found:
    """A call replaced by one of its arguments, or by the object whose method it is."""
    say = context.say
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in COPIES:
        return "no copy is made of {what}", {"what": say.it(other)}
    if len(node.args) > 1 and other is node.args[1]:
        return "{what} is taken in any case", {"what": say.it(other, "one of two values")}
    if word:
        what = say.short(other) or say.names(other)
        return (
            ("no {word} is taken of {what}", {"word": word, "what": what})
            if what
            else (
                "no {word} is taken",
                {"word": word},
            )
        )
    return "{what} is used as it is", {"what": say.it(other)}


def _without_setting(name: str, word: str, context: Context) -> Found:
    if name in ("axis", "dim"):
        return "the {word} runs over all axes at once", {"word": word or "computation"}
    if name in ("keepdims", "keepdim"):
        return "the axis that the {word} runs along is lost", {"word": word or "computation"}
    return "the setting {name} is left out", {"name": name}


def _index(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Subscript)
    what = {"what": context.say.it(node.value)}
    if other is node.value:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Constant) and part.value is None for part in parts):
            return "{what} has no axis of its own for broadcasting", what
        return "all of {what} is taken and not a part", what
    assert isinstance(other, ast.Subscript)
    slices = [n for n in ast.walk(other.slice) if isinstance(n, ast.Slice)]
    kept = [n for n in ast.walk(node.slice) if isinstance(n, ast.Slice)]
    if slices != kept:
        return "too much is taken of {what}", what
    return "a neighbouring entry of {what} is taken", what


def _transpose(node: ast.AST, other: ast.AST, context: Context) -> Found:
    return "{what} is not transposed", {"what": context.say.it(other)}


def _loop(node: ast.AST, other: ast.AST, context: Context) -> Found:
    if isinstance(node, ast.For) and isinstance(other, ast.For):
        rounds = other.iter.slice if isinstance(other.iter, ast.Subscript) else None
        what = {"what": context.say.names(node.iter) or "the items"}
        if isinstance(rounds, ast.Slice) and rounds.upper is not None:
            return "only the first round over {what} is made", what
        return "the first round over {what} is left out", what
    return "a loop makes one round only", {}


def _parameter(node: ast.AST, other: ast.AST, context: Context) -> Found:
    new, old = context.say.name(other), context.say.name(node)
    if new and old:
        return "{new} stands in the place of {old}", {"new": new, "old": old}
    return "", {}


def _exchange(node: ast.AST, other: ast.AST, context: Context) -> Found:
    assert isinstance(node, ast.Name) and isinstance(other, ast.Name)
    if "," in other.id:
        a, b = other.id.split(",")
        return "{a} and {b} change places", {"a": a, "b": b}
    return "{new} stands in the place of {old}" + THROUGHOUT, {"new": other.id, "old": node.id}


def _condition(test: ast.AST, context: Context) -> str:
    names = context.say.names(test)
    return f"the condition on {names}" if names else "a condition"


def _used(template: str, values: dict[str, str]) -> Found:
    """Only the values that the template names."""
    return template, {name: value for name, value in values.items() if f"{{{name}}}" in template}


CLAUSES: dict[str, Callable[[ast.AST, ast.AST, Context], Found]] = {
    "arithmetic": _arithmetic,
    "parameter": _parameter,
    "exchange": _exchange,
    "call": _call,
    "returned": _returned,
    "transpose": _transpose,
    "index": _index,
    "accumulation": _accumulation,
    "loop": _loop,
    "comparison": _comparison,
    "logic": _logic,
    "deletion": _deletion,
    "constant": _constant,
}

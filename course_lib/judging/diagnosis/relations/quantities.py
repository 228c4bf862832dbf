"""The numbers of a case that a formula may have once too often or lack: sizes and arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from course_lib.judging.diagnosis.relations.items import Item
from course_lib.sentences import say

Values = list[np.ndarray]
"""One array for each item: () for a number, (steps,) for one that has another value in each step."""

OURS = {"seed", "noise", "phase", "offset", "dial", "asks", "done", "more", "warmup", "repeats", "launch", "wait"}
"""Inputs that drive a driver and that the learner's code never sees as numbers to compute with."""

AXES = {1: ("the length of `{name}`",), 2: ("the number of rows of `{name}`", "the number of columns of `{name}`")}
OTHER_AXIS = "the size of axis {axis} of `{name}`"
ENTRIES = "the number of its entries"
STEP = "the number of the step, counted from 1"


@dataclass(frozen=True)
class Quantity:
    """A number of each case: how a formula writes it, what a letter stands for, and its values."""

    text: str
    where: str
    values: Values
    size: bool = False


@dataclass(frozen=True)
class Expression:
    """What is made of one quantity or two; `quantity`, for one that is a quantity itself or one by it (`inverse`)."""

    text: str
    where: tuple[str, ...]
    values: Values
    quantity: Quantity | None = None
    inverse: bool = False


def quantities(items: Sequence[Item], sizes: Mapping[str, tuple[str, int]], steps: bool) -> list[Quantity]:
    """The sizes and arguments of these cases, each value once: of two that are equal in every case, the first."""
    found = [*_sizes(items, sizes), *_arguments(items)]
    if steps:
        counts = [np.arange(1.0, 1.0 + item.right.shape[0]) for item in items]
        found.append(Quantity("t", say(STEP), counts))
    found += _own_sizes(items)
    kept: list[Quantity] = []
    seen: set[bytes] = set()
    for quantity in found:
        key = b"".join(np.asarray(value, float).tobytes() for value in quantity.values)
        if key not in seen and not all(np.all(value == 1.0) for value in quantity.values):
            seen.add(key)
            kept.append(quantity)
    return kept


def _sizes(items: Sequence[Item], sizes: Mapping[str, tuple[str, int]]) -> list[Quantity]:
    stated = {place: letter for letter, place in sizes.items()}
    taken = {*sizes, *items[0].inputs}
    free = [letter for letter in "nmkq" if letter not in taken]
    found = []
    named = {name for name, _ in stated} | {"X", "logits"}
    for name in sorted(items[0].inputs, key=lambda name: name not in named):
        arrays = [item.given(name) for item in items]
        given = [array for array in arrays if array is not None and array.ndim]
        if len(given) < len(items) or len({array.ndim for array in given}) > 1:
            continue
        for axis in range(given[0].ndim):
            letter = stated.get((name, axis)) or _usual(name, axis, taken) or (free.pop(0) if free else None)
            if letter is not None:
                taken.add(letter)
                values = [np.array(float(array.shape[axis])) for array in given]
                found.append(Quantity(letter, axis_words(name, given[0].ndim, axis), values, size=True))
    return found


def _usual(name: str, axis: int, taken: set[str]) -> str | None:
    """The letters that every unit uses for the examples and their numbers."""
    letter = {("X", 0): "N", ("X", 1): "D", ("logits", 0): "N", ("logits", 1): "K"}.get((name, axis))
    return letter if letter not in taken else None


def axis_words(name: str, ndim: int, axis: int) -> str:
    """What a reader calls this size."""
    words = AXES.get(ndim)
    return say(words[axis] if words else OTHER_AXIS, name=name, axis=axis)


def _own_sizes(items: Sequence[Item]) -> list[Quantity]:
    taken = set(items[0].inputs)
    letter = next(letter for letter in ("size", "entries", "its size") if letter not in taken)
    return [Quantity(letter, say(ENTRIES), [np.array(float(item.right.size)) for item in items], size=True)]


def _arguments(items: Sequence[Item]) -> list[Quantity]:
    named = [_numbers_of(item) for item in items]
    common = [name for name in named[0] if all(name in each for each in named)]
    return [Quantity(name, "", [each[name] for each in named]) for name in common]


def _numbers_of(item: Item) -> dict[str, np.ndarray]:
    """The arguments that are numbers; those that a run hands over step by step, where the output has these steps."""
    inputs = dict(item.inputs)
    settings = inputs.pop("settings", None)
    if isinstance(settings, dict):
        betas = settings.get("betas")
        inputs |= {"beta1": betas[0], "beta2": betas[1]} if isinstance(betas, list | tuple) else {}
        inputs |= settings
    found = {}
    for name, value in inputs.items():
        if name in OURS or isinstance(value, bool):
            continue
        if isinstance(value, int | float | np.number):
            found[name] = np.array(float(value))
        elif isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf":
            found[name] = value.astype(float)
        elif isinstance(value, np.ndarray) and name in ("lr", "lrs", "ts") and value.ndim == 1 and item.right.ndim:
            steps = len(item.right)
            if len(value) in (steps, steps + 1):  # a schedule's values begin with that of t = 0, before the first step
                found[name.rstrip("s")] = value[len(value) - steps :].astype(float)
    return found


@dataclass(frozen=True, eq=False)
class Expressions:
    """What may be a factor in these cases, made only when it is asked for."""

    items: Sequence[Item]
    sizes: Mapping[str, tuple[str, int]]
    steps: bool

    @cached_property
    def known(self) -> list[Quantity]:
        """The sizes and arguments themselves."""
        return quantities(self.items, self.sizes, self.steps)

    @cached_property
    def single(self) -> list[Expression]:
        """What is made of one of them, the simplest first."""
        made = [expression for q in self.known for expression in _made(q)]
        return [*self._basic, *made, *_corrections(self.known)]

    @cached_property
    def double(self) -> list[Expression]:
        """The products and quotients of two."""
        return [
            Expression(_product(a, b), (*a.where, *b.where), _times(a.values, b.values))
            for a, b in combinations(self._basic, 2)
            if a.quantity is not b.quantity and not (a.inverse and b.inverse)
        ]

    @cached_property
    def _basic(self) -> list[Expression]:
        return [expression for q in self.known for expression in _basic(q)]


def _times(a: Values, b: Values) -> Values:
    with np.errstate(all="ignore"):
        return [x * y for x, y in zip(a, b, strict=True)]


def _product(a: Expression, b: Expression) -> str:
    if a.inverse:
        a, b = b, a
    divisor = b.text.removeprefix("1/")
    return f"{a.text}/{divisor}" if b.inverse else f"{a.text} · {b.text}"


def _basic(q: Quantity) -> list[Expression]:
    where = (f"{q.text}: {q.where}",) if q.where else ()
    with np.errstate(all="ignore"):
        inverse = [1.0 / value for value in q.values]
    found = [Expression(q.text, where, q.values, q), Expression(f"1/{q.text}", where, inverse, q, inverse=True)]
    if not q.size and all(np.all((value >= 0) & (value < 1)) for value in q.values):
        rest = Quantity(f"(1 - {q.text})", "", [1.0 - value for value in q.values])
        with np.errstate(all="ignore"):
            less = [1.0 / value for value in rest.values]
        found += [Expression(rest.text, (), rest.values, rest), Expression(f"1/{rest.text}", (), less, rest, True)]
    return found


def _made(q: Quantity) -> list[Expression]:
    """Roots, squares and doubles; of sizes, what one less makes of a mean."""
    where = (f"{q.text}: {q.where}",) if q.where else ()
    forms: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "sqrt({q})": np.sqrt,
        "1/sqrt({q})": lambda x: 1 / np.sqrt(x),
        "{q}²": lambda x: x * x,
        "1/{q}²": lambda x: 1 / (x * x),
        "2 · {q}": lambda x: 2 * x,
        "{q}/2": lambda x: x / 2,
        "{q}²/2": lambda x: x * x / 2,
        "{q}²/4": lambda x: x * x / 4,
        "2 · {q}²": lambda x: 2 * x * x,
        "2/{q}": lambda x: 2 / x,
        "1/(2 · {q})": lambda x: 0.5 / x,
        "(1 + {q})": lambda x: 1 + x,
        "1/(1 + {q})": lambda x: 1 / (1 + x),
    }
    if q.size or q.text == "t":
        forms |= {
            "({q} - 1)": lambda x: x - 1,
            "{q}/({q} - 1)": lambda x: x / (x - 1),
            "({q} - 1)/{q}": lambda x: (x - 1) / x,
        }
    elif all(np.all((value >= 0) & (value < 1)) for value in q.values):
        forms |= {
            "sqrt(1 - {q})": lambda x: np.sqrt(1 - x),
            "{q}/(1 - {q})": lambda x: x / (1 - x),
            "(1 - {q})/{q}": lambda x: (1 - x) / x,
        }
    with np.errstate(all="ignore"):
        made = [(text, [make(value) for value in q.values]) for text, make in forms.items()]
    return [Expression(text.format(q=q.text), where, values) for text, values in made]


def _corrections(found: Sequence[Quantity]) -> list[Expression]:
    """Adam's corrections of a bias: 1 - beta**t."""
    times = [q for q in found if q.text == "t"]
    made = []
    for q in found:
        if q.text.startswith("beta"):
            for t in times:
                where = (f"t: {t.where}",) if t.where else ()
                with np.errstate(all="ignore"):
                    values = [1 - b**n for b, n in zip(q.values, t.values, strict=True)]
                    inverse = [1 / value for value in values]
                text = f"(1 - {q.text}**t)"
                made += [Expression(text, where, values), Expression(f"1/{text}", where, inverse)]
    return made

"""A wrong value that is the right one times, or plus, something that the case itself holds: N, lr, 1 - beta, `w`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from course_lib.judging.diagnosis.relations.items import RTOL, RTOL_FLOAT32, TINY, Item, Series
from course_lib.judging.diagnosis.relations.quantities import Expression, Expressions
from course_lib.sentences import say

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Way:
    """What is measured in what: of `pair(item)` the first as a multiple of the second; `neutral` where all is right.

    says: by name of a finding (see `_constant` and `find`) its template; one that is not there is not said.
    """

    name: str
    neutral: float
    pair: Callable[[Item], Pair | None]
    says: dict[str, str]
    of: str = ""


PLAIN = {
    "factor": "{it} is {factor} times the right value in every case{where}.{cause}",
    "sign": "{it} has the right size and the wrong sign in every case.",
    "zero": "{it} is 0 everywhere, in every case.",
    "double": "{it} is twice the right value in every case.",
    "half": "{it} is half of the right value in every case.",
    "log10": "{it} is 1/ln(10) times the right value in every case, as with log10 in place of the natural logarithm.",
    "log2": "{it} is 1/ln(2) times the right value in every case, as with log2 in place of the natural logarithm.",
    "same": "{it} is the right value times one and the same number in every case: a constant factor is wrong.",
    "length": "{it} is a multiple of the right value in every case, by another factor each time: "
    "its entries are right beside one another, and their common factor is wrong.",
    "rows": "Each row of {its} is the right one times a factor of its own: what all entries of a row share is wrong.",
}
CHANGE = {
    "factor": "{it} has moved from the given `{of}` by {factor} times the right step, in every case{where}.{cause}",
    "sign": "{it} has moved from the given `{of}` by the right step and the wrong way, in every case.",
    "zero": "{it} is the given `{of}`, unchanged, in every case.",
    "double": "{it} has moved from the given `{of}` by twice the right step, in every case.",
    "half": "{it} has moved from the given `{of}` by half of the right step, in every case.",
    "same": "{it} has moved from the given `{of}` by the right step times one and the same number, in every case.",
    "length": "{it} has moved from the given `{of}` in the right direction, or straight against it, and not far enough "
    "or too far: a common factor of its step is wrong.",
}
STEPS = {
    "factor": "{it} moves in each step by {factor} times what is right, in every case{where}.{cause}",
    "sign": "{it} moves in each step as far as is right, and the wrong way.",
    "zero": "{it} stays where `{of}` began, in every step of every case.",
    "double": "{it} moves in each step by twice what is right.",
    "half": "{it} moves in each step by half of what is right.",
    "same": "{it} moves in each step by what is right times one and the same number, in every case.",
}
IS = {
    "factor": "{it} is {factor} · `{of}` in every case{where}.",
    "minus": "{it} is -{factor} · `{of}` in every case{where}.",
    "sign": "{it} is the input `{of}` with the other sign, in every case.",
}
MORE = {
    "factor": "{it} is the right value plus {factor} · `{of}` in every case{where}.",
    "minus": "{it} is the right value minus {factor} · `{of}` in every case{where}.",
    "one": "{it} is the right value plus `{of}` in every case.",
    "sign": "{it} is the right value minus `{of}` in every case.",
    "same": "{it} is the right value plus a fixed multiple of `{of}` in every case: that term is not as asked.",
    "length": "{it} is the right value plus a multiple of `{of}` in every case: that term is not as asked.",
}
SHIFT = {
    "factor": "{it} is {factor} more than the right value in every case{where}.",
    "minus": "{it} is {factor} less than the right value in every case{where}.",
    "one": "{it} is 1 more than the right value in every case.",
    "sign": "{it} is 1 less than the right value in every case.",
    "same": "{it} is the right value plus one and the same number in every case.",
    "length": "{it} is off by the same amount in all entries of a case: what is added to every entry is wrong.",
}
ARGUMENT = " A factor like this mostly comes from {q} being left out, or standing there once too often."
SIZE = " A factor like this mostly comes from a sum in place of a mean, or a mean in place of a sum."


@dataclass(frozen=True)
class Finding:
    """A relation that holds: its name, and the sentence's template with what goes into it but for the output."""

    name: str
    template: str
    values: dict[str, str]
    vague: bool = False
    """Whether it leaves open what the factor is."""


def find(series: Series, made: Expressions) -> Iterator[Finding]:
    """The relations by a factor that hold in all cases of the series, the most telling first."""
    for way in ways(series):
        finding = _measured(series.items, way, made)
        if finding is not None:
            yield finding


def ways(series: Series) -> Iterator[Way]:
    """What may be a multiple of what, for arrays as these are."""
    yield Way("times", 1.0, lambda item: (item.got, item.right), PLAIN)
    first = series.items[0]
    given = first.given(series.output)
    if given is not None and given.shape == first.right.shape and given.size > 0:
        yield Way("moved", 1.0, partial(_change, name=series.output), CHANGE, series.output)
    for name in first.inputs:
        given = first.given(name)
        if given is not None and given.ndim and first.right.ndim == given.ndim + 1:
            yield Way("steps", 1.0, partial(_steps, name=name), STEPS, name)
    for name in first.inputs:
        given = first.given(name)
        if given is not None and given.shape == first.right.shape and given.ndim:
            yield Way("is", math.nan, partial(_input, name=name), IS, name)
    for name in first.inputs:
        given = first.given(name)
        if given is not None and given.shape == first.right.shape:
            yield Way("plus", 0.0, partial(_more_of_input, name=name), MORE, name)
    for name in first.others:
        other = first.other(name)
        if other is not None and other.shape == first.right.shape and other.ndim:
            yield Way("plus", 0.0, partial(_more_of_other, name=name), MORE, name)
    yield Way("shift", 0.0, lambda item: _more(item, np.ones_like(item.right, dtype=float)), SHIFT)


def _change(item: Item, name: str) -> Pair | None:
    given = item.given(name)
    if given is None or given.shape != item.right.shape or item.got.shape != given.shape:
        return None
    return item.got - given, item.right - given


def _input(item: Item, name: str) -> Pair | None:
    given = item.given(name)
    return None if given is None or given.shape != item.got.shape else (item.got, given)


def _steps(item: Item, name: str) -> Pair | None:
    start = item.given(name)
    if start is None or start.shape != item.right.shape[1:] or item.got.shape != item.right.shape:
        return None
    got, right = (np.concatenate([start[None].astype(float), path]) for path in (item.got, item.right))
    return np.diff(got, axis=0), np.diff(right, axis=0)


def _more(item: Item, what: np.ndarray | None) -> Pair | None:
    if what is None or what.shape != item.right.shape or item.got.shape != item.right.shape:
        return None
    return item.got - item.right.astype(float), what.astype(float)


def _more_of_input(item: Item, name: str) -> Pair | None:
    return _more(item, item.given(name))


def _more_of_other(item: Item, name: str) -> Pair | None:
    return _more(item, item.other(name))


def _noise(item: Item) -> float:
    """What rounding leaves of a difference of two values as large as these."""
    single = item.got.dtype in (np.float32, np.float16)
    return (1e-6 if single else 1e-13) * max(item.big, float(np.max(np.abs(item.got), initial=0.0)))


def factor_of(pair: Pair, noise: float, rtol: float = RTOL) -> np.ndarray | None:
    """How many times the second the first is: one number, or one for each part along the first axis; else None.

    NaN where both are 0, which fits any factor.
    """
    a, b = (part.astype(float) for part in pair)
    if a.shape != b.shape or not a.size or not np.isfinite(a).all() or not np.isfinite(b).all():
        return None
    whole = _ratio(a, b, noise, rtol)
    if whole is not None:
        return np.array(whole)
    if a.ndim < 1 or len(a) < 2:
        return None
    parts = [_ratio(x, y, noise, rtol) for x, y in zip(a, b, strict=True)]
    return None if any(part is None for part in parts) else np.array(parts, float)


def _ratio(a: np.ndarray, b: np.ndarray, noise: float, rtol: float) -> float | None:
    most = float(np.max(np.abs(b)))
    if most <= 1e3 * noise:
        return math.nan if float(np.max(np.abs(a))) <= 1e3 * noise else None
    factor = float(np.sum(a / most * (b / most)) / np.sum((b / most) ** 2))
    far = float(np.max(np.abs(a - factor * b)))
    factor = 0.0 if abs(factor) < 1e-9 else factor
    return factor if far <= rtol * float(np.max(np.abs(a))) + 10 * noise else None


def _measured(items: Sequence[Item], way: Way, made: Expressions) -> Finding | None:
    factors: list[np.ndarray] = []
    for item in items:
        if not item.wrong and item.big < TINY:
            factors.append(np.array(np.nan))
            continue
        pair = way.pair(item)
        single = item.got.dtype in (np.float32, np.float16)
        factor = None if pair is None else factor_of(pair, _noise(item), RTOL_FLOAT32 if single else RTOL)
        if factor is None:
            return None
        factors.append(factor)
    told = [(item, f) for item, f in zip(items, factors, strict=True) if item.wrong and _off(f, way.neutral).any()]
    if len({item.case for item, _ in told}) < 2:
        return None
    whole = all(np.array_equal(item.got, np.round(item.got)) for item, _ in told)
    if sum(max(1, item.got.size) for item, _ in told) < (4 if whole else 2):
        return None
    name, template, values = _said(items, factors, way, made)
    vague = name in ("same", "length", "rows")
    near = max(float(np.max(np.abs(factor - way.neutral), initial=0.0)) for _, factor in told)
    if vague and near < NEAR:
        return None  # a percent more or less is rounding or another formula rather than a factor
    if name == "zero" and way.neutral == 1.0 and any(item.got.any() for item, _ in told):
        return None  # next to nothing is not nothing
    of = f"{way.name}:{way.of}" if way.of else way.name
    return Finding(f"{of}:{name}", template, {"of": way.of, **values}, vague) if template else None


NEAR = 0.02
"""How far from what would be right a factor must be for which no quantity is known."""


def _off(factor: np.ndarray, neutral: float) -> np.ndarray:
    return np.isfinite(factor) & ~(np.abs(factor - neutral) <= 1e-6)


def _said(
    items: Sequence[Item], factors: list[np.ndarray], way: Way, made: Expressions
) -> tuple[str, str, dict[str, str]]:
    flat = np.concatenate([np.atleast_1d(f) for f in factors])
    distinct = {float(f"{value:.5g}") for value in flat[np.isfinite(flat)]}
    if len(distinct) == 1:
        return _constant(distinct.pop(), way)
    for expression in chain(made.single, made.double if len(distinct) >= 3 else ()):
        for sign in (1, -1) if "minus" in way.says else (1,):
            if _fits(expression, factors, sign):
                return _by(expression, way, sign)
    if any(factor.ndim for factor in factors):
        parts = all(item.right.ndim >= 2 and item.right.shape[1] >= 2 for item in items)
        return "rows", way.says.get("rows", "") if parts else "", {"factor": ""}
    many = sum(item.right.size >= 2 for item in items if item.wrong) >= 2
    many = many and sum(item.right.size - 1 for item in items if item.wrong) >= 4
    return "length", way.says.get("length", "") if many else "", {}


def _fits(expression: Expression, factors: list[np.ndarray], sign: int) -> bool:
    for factor, value in zip(factors, expression.values, strict=True):
        if factor.ndim and value.ndim and factor.shape != value.shape:
            return False
        open_places = np.isfinite(factor)
        want = np.broadcast_to(value, factor.shape) if not value.ndim or factor.ndim else value
        if factor.ndim == 0 and value.ndim:
            if open_places and not np.allclose(want, sign * factor, rtol=1e-6, atol=0):
                return False
        elif not np.allclose(sign * factor[open_places], want[open_places], rtol=1e-6, atol=1e-12):
            return False
    return True


def _constant(factor: float, way: Way) -> tuple[str, str, dict[str, str]]:
    names = {0.0: "zero", -1.0: "sign", 1.0: "one", 2.0: "double", 0.5: "half"}
    names |= {float(f"{1 / math.log(10):.5g}"): "log10", float(f"{1 / math.log(2):.5g}"): "log2"}
    name = names.get(factor, "")
    if name in way.says:
        return name, way.says[name], {}
    text = _number(abs(factor))
    minus = factor < 0 and "minus" in way.says
    if not text or (factor < 0 and not minus):
        return "same", way.says.get("same", ""), {}
    name, template = (f"minus {text}", "minus") if minus else (text, "factor")
    return name, way.says[template], {"factor": text, "where": "", "cause": ""}


def _number(value: float) -> str:
    """A number that a formula may hold; any other is not told: it might be one of a case's own."""
    for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 100, 255, 1000):
        if abs(value - n) < 1e-4 * n:
            return str(n)
        if abs(value * n - 1) < 1e-4:
            return f"1/{n}"
    for above, below in ((3, 2), (2, 3), (3, 4), (4, 3)):
        if abs(value - above / below) < 1e-4:
            return f"{above}/{below}"
    return ""


def _by(expression: Expression, way: Way, sign: int) -> tuple[str, str, dict[str, str]]:
    where = "; ".join(dict.fromkeys(expression.where))
    where = f" ({where})" if where else ""
    template = way.says["factor"] if sign > 0 else way.says["minus"]
    name = expression.text if sign > 0 else f"minus {expression.text}"
    return name, template, {"factor": expression.text, "where": where, "cause": _cause(expression)}


def _cause(expression: Expression) -> str:
    """What usually leaves a factor like this; said only of what is one quantity."""
    q = expression.quantity
    if q is None:
        return ""
    return say(SIZE if q.size else ARGUMENT, q=q.text)

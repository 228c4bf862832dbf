"""Compare one returned value with the right one, and say in a sentence how they differ.

The comparison goes in stages, as a person would: type, shape, finite, dtype, values; the sentence names the first
that fails. It knows nothing of exercises.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from course_lib.judging.precision import agree, differing, in_single, relative_error
from course_lib.judging.values import holds_none
from course_lib.sentences import say

Found = tuple[str, str, float | None]
"""The stage, the sentence, and the largest relative error where there is one."""

ROUNDING = {"float16": 5e-3, "float32": 2e-5}
"""By less than this a right result is off in so few digits, after a few steps."""

TOLD = "it is {got}, and {right} is right."
"""The one sentence that tells the right value; `TELLS_VALUES` finds it where none may be told."""
TELLS_VALUES = re.compile(r"it is .*, and .* is right\.", re.S)
UNTOLD = "it is not the right value."


def same(got: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Whether `compare` finds nothing; where nobody asks what."""
    return compare(got, expected, tolerance, words=False) is None


def compare(got: Any, expected: Any, tolerance: Tolerance, inside: bool = False, words: bool = True) -> Found | None:
    """None when `got` is right, else the stage that it fails at, with a sentence.

    inside: it is a part of a result. words: whether wrong values are to be described, which takes longer.
    """
    if isinstance(got, tuple):
        got = list(got)
    if isinstance(expected, tuple):
        expected = list(expected)
    if got is None and expected is not None:
        return "type", say("it is None: no value was given for it."), None
    if isinstance(expected, str | bool | None):
        plain = _plain_scalar(got)
        right = isinstance(plain, type(expected)) and plain == expected
        return None if right else ("values", told(got, expected), None)
    if isinstance(expected, list | dict):
        return _compare_nested(got, expected, tolerance, words)
    if not isinstance(got, np.ndarray | int | float | bool):
        return "type", _type_message(got), None
    return _compare_arrays(np.asarray(got), np.asarray(expected), tolerance, inside, words)


def _compare_arrays(a: np.ndarray, b: np.ndarray, tolerance: Tolerance, inside: bool, words: bool) -> Found | None:
    if a.shape != b.shape:
        return "shape", _shape_message(a, b), None
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return "finite", _finite_message(a, b), None
    whole = b.dtype.kind in "iu"
    if agree(a, b, tolerance):
        if a.dtype.kind == "f" and whole and b.ndim == 0 and not inside:
            return "dtype", say(WHOLE), None
        return None
    if not words:
        return "values", "", None
    error = relative_error(a, b, tolerance)
    if a.dtype == np.float16 and error < ROUNDING["float16"]:
        return "dtype", say("it is right to the 3 digits that float16 holds. Compute in float64."), error
    if not whole and error < ROUNDING["float32"] and in_single(a, b):
        return "dtype", say("it is right to the 7 digits that float32 holds. Compute in float64."), error
    if a.dtype.kind in "iu" and not whole and _cut_off(a, b):
        return "dtype", say("it holds whole numbers: the fractions were cut off. Compute in floats."), error
    return "values", _values_message(a, b, tolerance), error


WHOLE = (
    "the number is right, but it is a float. A size or a count is a whole number, and np.zeros and range want an int: "
    "compute it with `//`, or return int(...) of it."
)


def _cut_off(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether whole numbers are what is left of the right ones, and something is left; one number tells nothing."""
    made = (np.trunc(expected), np.floor(expected), np.rint(expected))
    return got.size > 1 and bool(got.any()) and any(np.array_equal(got, one) for one in made)


def factor_of(got: Any, expected: Any, tolerance: Tolerance) -> float | None:
    """What all of `expected` was multiplied by to give `got`, or None. Whole numbers, such as classes, have none."""
    a, b = np.asarray(got), np.asarray(expected)
    if a.shape != b.shape or b.dtype.kind != "f" or a.dtype.kind not in "iuf" or not np.isfinite(a).all():
        return None
    single = in_single(a, b)
    a, b = a.astype(float), b.astype(float)
    big = np.abs(b) > max(1e-6 * np.max(np.abs(b), initial=0.0), tolerance.atol)
    if not big.any():
        return None
    with np.errstate(all="ignore"):
        factor = float(np.median(a[big] / b[big]))
        if not np.isfinite(factor) or factor in (0.0, 1.0) or differing(a / factor, b, tolerance, single).any():
            return None
    return factor


def _compare_nested(got: Any, expected: Any, tolerance: Tolerance, words: bool) -> Found | None:
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return "type", say("it should be a dict with the keys {keys}.", keys=", ".join(expected)), None
        pairs = [(f"[{key!r}]", got[key], expected[key]) for key in expected]
    else:
        size = len(expected)
        if isinstance(got, np.ndarray) and got.ndim:
            got = list(got)
        if not isinstance(got, list):
            return (
                "shape",
                say("it should hold {all} items, and is a {kind}.", all=size, kind=_kind(got)),
                None,
            )
        if len(got) != size:
            return "shape", say("it should hold {all} items, and holds {got}.", all=size, got=len(got)), None
        pairs = [(f"[{i}]", g, e) for i, (g, e) in enumerate(zip(got, expected, strict=True))]
    for where, g, e in pairs:
        difference = compare(g, e, tolerance, inside=True, words=words)
        if difference is not None:
            stage, message, error = difference
            return stage, say("at {where}: {message}", where=where, message=message), error
    return None


def _type_message(got: Any) -> str:
    if isinstance(got, list) and holds_none(got):
        return say("it holds None where numbers are expected: no value was given there.")
    if isinstance(got, list) and got and all(isinstance(row, list | np.ndarray) for row in got):
        return say("its rows have different lengths; an array is expected here, whose rows are all alike.")
    return say("it is a {kind}; numbers are expected here.", kind=_kind(got))


def _shape_message(got: np.ndarray, expected: np.ndarray) -> str:
    want, have = _shape(expected), _shape(got)
    if got.ndim == 2 and got.T.shape == expected.shape:
        return say("it has {have}, the transpose of the expected {want}. Which axis is which?", have=have, want=want)
    if expected.ndim == 0:
        return say("one number is expected, and it has {have}. Is a sum or a mean missing?", have=have)
    if got.ndim == 0:
        return say("it is one number, and {want} is expected: one value for each entry.", want=want)
    if got.size == expected.size:
        template = "it has {have}, and {want} is expected: the same number of entries, arranged differently."
        return say(template, have=have, want=want)
    return say("it has {have}, and {want} is expected.", have=have, want=want)


def _finite_message(got: np.ndarray, expected: np.ndarray) -> str:
    nan, inf = int(np.isnan(got).sum()), int(np.isinf(got).sum())
    if np.isfinite(expected).all():
        why = "where finite numbers are expected: an overflow, 0/0 or log(0) on the way."
        if nan and inf:
            template = "{nan} NaN and {inf} infinite of {all} values, " + why
        else:
            template = ("{nan} NaN of {all} values, " if nan else "{inf} infinite of {all} values, ") + why
        return say(template, nan=nan, inf=inf, all=got.size)
    if not nan + inf:
        return say("it is finite, where the right value is not.")
    return say("it is not finite in other places than the right value.")


def _values_message(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> str:
    one = got.ndim == 0
    wrong = differing(got, expected, tolerance)
    if not differing(-got.astype(float), expected, tolerance, in_single(got, expected)).any():
        return say("right size, wrong sign.") if one else say("every value has the right size and the wrong sign.")
    factor = factor_of(got, expected, tolerance)
    if factor is not None and (not one or _simple(factor)) and short(factor) != "1":
        return times(factor, one)
    if got.ndim == 2 and got.shape[0] == got.shape[1] and agree(got.T, expected, tolerance):
        return say("it is the transpose of what is right.")
    if one:
        return told(got, expected)
    if wrong.all():
        return say("right shape, wrong values: {wrong} of {all} differ.", wrong=wrong.sum(), all=wrong.size)
    place = ", ".join(str(int(i)) for i in np.argwhere(wrong)[0])
    template = "right shape, wrong values: {wrong} of {all} differ, the first at [{place}]."
    return say(template, wrong=wrong.sum(), all=wrong.size, place=place)


def times(factor: float, one: bool) -> str:
    """The sentence for a value that is a multiple of the right one."""
    template = "it is {factor} times the right value." if one else "it is {factor} times the right value, everywhere."
    return say(template, factor=short(factor))


def told(got: Any, expected: Any) -> str:
    """The sentence that tells both values, with as many digits as it takes to tell them apart."""
    mine, right = apart(got, expected)
    return say(TOLD, got=mine, right=right)


def apart(got: Any, expected: Any) -> tuple[str, str]:
    """Two values in a few words each that are never the same words."""
    for digits in range(4, 18):
        mine, right = short(got, digits), short(expected, digits)
        if mine != right:
            return mine, right
    if isinstance(got, np.ndarray):  # they part where nothing is shown of them
        return short(got), short(expected)
    return _where_they_part(repr(_plain_scalar(got)), repr(_plain_scalar(expected)))


def _where_they_part(one: str, other: str) -> tuple[str, str]:
    """Two long texts, from shortly before the place where they begin to differ."""
    same = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - 20)
    before = "…" if start else ""
    return before + one[start : start + 60], before + other[start : start + 60]


def _simple(factor: float) -> bool:
    """Whether a single number's ratio is one that a forgotten factor would leave, and no accident."""
    return any(abs(factor - k) < 1e-6 * k or abs(factor - 1 / k) < 1e-6 / k for k in range(2, 13))


def _plain_scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _kind(value: Any) -> str:
    return {"str": "text"}.get(type(value).__name__, type(value).__name__)


def _shape(array: np.ndarray) -> str:
    if array.ndim > 4 or max(array.shape, default=0) >= 100_000:  # whose sizes could spell out a private input
        return say("a shape of {axes} axes that is far too large", axes=array.ndim)
    return "a single number" if array.ndim == 0 else say("shape {shape}", shape=array.shape)


def short(value: Any, digits: int = 4) -> str:
    """A value in at most a few words: 4 significant digits, or as many as are asked for; arrays summarized."""
    value = _plain_scalar(value)
    if isinstance(value, bool | str | int) or value is None:
        return repr(value)[:60]
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=digits, threshold=6, edgeitems=2, max_line_width=60, separator=", ")
    return repr(value)[:60]

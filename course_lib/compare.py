"""Compare one returned value with the right one, and say in a sentence how they differ.

The comparison goes in stages, as a person would: type, shape, finite, dtype, values; the sentence names the first
that fails. It knows nothing of exercises.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from course_lib.reference import Tolerance
from course_lib.values import holds_none

ROUNDING_FLOAT16 = 5e-3
"""A result in float16 that is right is off by less, after a few steps."""

TELLS_VALUES = re.compile(r"it is .*, and .* is right\.", re.S)
"""The one kind of sentence made here that tells the right value."""


def compare(got: Any, expected: Any, tolerance: Tolerance) -> tuple[str, str, float | None] | None:
    """None when `got` is right, else (stage, sentence, largest relative error where there is one)."""
    if isinstance(got, tuple):
        got = list(got)
    if isinstance(expected, tuple):
        expected = list(expected)
    if got is None and expected is not None:
        return "type", "it is None: no value was given for it.", None
    if isinstance(expected, str | bool | None):
        plain = _plain_scalar(got)
        same = isinstance(plain, type(expected)) and plain == expected
        return None if same else ("values", f"it is {short(got)}, and {short(expected)} is right.", None)
    if isinstance(expected, list | dict):
        return _compare_nested(got, expected, tolerance)
    if not isinstance(got, np.ndarray | int | float | bool):
        return "type", _type_message(got), None
    a, b = np.asarray(got), np.asarray(expected)
    if a.shape != b.shape:
        return "shape", _shape_message(a, b), None
    if b.dtype.kind == "f" and not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return "finite", _finite_message(a, b), None
    if agree(a, b, tolerance):
        return None
    error = relative_error(a, b, tolerance)
    if a.dtype == np.float16 and error < ROUNDING_FLOAT16:
        return "dtype", "it is right to the 3 digits that float16 holds. Compute in float64.", error
    if a.dtype.kind in "iu" and b.dtype.kind == "f":
        return "dtype", "it holds whole numbers: the fractions were cut off. Compute in floats.", error
    return "values", _values_message(a, b, tolerance), error


def agree(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> bool:
    """Whether two arrays of one shape agree; the tolerance is the one of the coarser float type."""
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return bool(np.array_equal(got, expected))
    single = got.dtype in (np.float32, np.float16)
    rtol = tolerance.rtol32 if single else tolerance.rtol
    atol = tolerance.atol32 if single else tolerance.atol
    return bool(np.allclose(got.astype(float), expected.astype(float), rtol=rtol, atol=atol, equal_nan=True))


def relative_error(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> float:
    """The largest |got - expected| as a part of the largest |expected|: entries near 0 do not blow it up."""
    a, b = got.astype(float), expected.astype(float)
    keep = np.isfinite(a) & np.isfinite(b)
    if not keep.any():
        return float("nan")
    return float(np.max(np.abs(a[keep] - b[keep])) / max(np.max(np.abs(b[keep])), tolerance.atol, 1e-300))


def _compare_nested(got: Any, expected: Any, tolerance: Tolerance) -> tuple[str, str, float | None] | None:
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return "type", f"it should be a dict with the keys {', '.join(expected)}.", None
        pairs = [(f"[{key!r}]", got[key], expected[key]) for key in expected]
    else:
        if isinstance(got, np.ndarray) and got.ndim:
            got = list(got)
        if not isinstance(got, list) or len(got) != len(expected):
            size = len(got) if isinstance(got, list) else _kind(got)
            return "shape", f"it should hold {len(expected)} items, and holds {size}.", None
        pairs = [(f"[{i}]", g, e) for i, (g, e) in enumerate(zip(got, expected, strict=True))]
    for where, g, e in pairs:
        difference = compare(g, e, tolerance)
        if difference is not None:
            stage, message, error = difference
            return stage, f"at {where}: {message}", error
    return None


def _type_message(got: Any) -> str:
    if isinstance(got, list) and holds_none(got):
        return "it holds None where numbers are expected: no value was given there."
    if isinstance(got, list) and got and all(isinstance(row, list | np.ndarray) for row in got):
        return "its rows have different lengths; an array is expected here, whose rows are all alike."
    return f"it is a {_kind(got)}; numbers are expected here."


def _shape_message(got: np.ndarray, expected: np.ndarray) -> str:
    want, have = _shape(expected), _shape(got)
    if got.ndim == 2 and got.T.shape == expected.shape:
        return f"it has {have}, the transpose of the expected {want}. Which axis is which?"
    if expected.ndim == 0:
        return f"one number is expected, and it has {have}. Is a sum or a mean missing?"
    if got.ndim == 0:
        return f"it is one number, and {want} is expected: one value for each entry."
    if got.size == expected.size:
        return f"it has {have}, and {want} is expected: the same number of entries, arranged differently."
    return f"it has {have}, and {want} is expected."


def _finite_message(got: np.ndarray, expected: np.ndarray) -> str:
    nan, inf = int(np.isnan(got).sum()), int(np.isinf(got).sum())
    if nan or inf:
        what = " and ".join(f"{n} {kind}" for n, kind in ((nan, "NaN"), (inf, "infinite")) if n)
        return f"{what} of {got.size} values, where finite numbers are expected: an overflow, 0/0 or log(0) on the way."
    return "it is finite, where the right value is not."


def _values_message(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> str:
    a, b = got.astype(float), expected.astype(float)
    one = a.ndim == 0
    if agree(-a, b, tolerance):
        return "right size, wrong sign." if one else "every value has the right size and the wrong sign."
    big = np.abs(b) > max(1e-6 * np.max(np.abs(b), initial=0.0), tolerance.atol)
    if big.any() and np.isfinite(a).all():
        factor = float(np.median(a[big] / b[big]))
        if factor not in (0.0, 1.0) and agree(a / factor, b, tolerance) and (not one or _simple(factor)):
            return f"it is {short(factor)} times the right value{'' if one else ', everywhere'}."
    if a.ndim == 2 and a.shape[0] == a.shape[1] and agree(a.T, b, tolerance):
        return "it is the transpose of what is right."
    if one:
        return f"it is {short(a)}, and {short(b)} is right."
    wrong = int(np.sum(~np.isclose(a, b, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True)))
    return f"right shape, wrong values: {wrong} of {a.size} differ."


def _simple(factor: float) -> bool:
    """Whether a single number's ratio is one that a forgotten factor would leave, and no accident."""
    return any(abs(factor - k) < 1e-6 * k or abs(factor - 1 / k) < 1e-6 / k for k in range(2, 13))


def _plain_scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _kind(value: Any) -> str:
    return {"str": "text"}.get(type(value).__name__, type(value).__name__)


def _shape(array: np.ndarray) -> str:
    if array.ndim > 4 or max(array.shape, default=0) >= 100_000:  # whose sizes could spell out a private input
        return f"a shape of {array.ndim} axes that is far too large"
    return "a single number" if array.ndim == 0 else f"shape {array.shape}"


def short(value: Any) -> str:
    """A value in at most a few words: 4 significant digits, arrays summarized."""
    value = _plain_scalar(value)
    if isinstance(value, bool | str | int) or value is None:
        return repr(value)[:60]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, threshold=6, edgeitems=2, max_line_width=60, separator=", ")
    return repr(value)[:60]

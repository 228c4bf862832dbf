"""When two numbers are the same: one rule for everything that is judged, in the precision of the learner's values.

Who computes in float32 is right in float32. That is seen from the values, since an array's type does not tell: what
passed through float32 and was put into an array of float64 still has no more than its 24 bits.
"""

from __future__ import annotations

import numpy as np

from course_lib.judging.outcome import Tolerance

OF_THE_LARGEST = 0.25
"""Beside the largest entry, one near 0 is as exact as rounding left the large ones: the part of `rtol` of these."""
LOW_BITS = 0xFF
"""The last of a float32's 23 bits; numbers such as 0.75, which any precision holds, have none of these."""


def close(got: object, expected: object, tolerance: Tolerance | None = None) -> bool:
    """`agree` for anything that NumPy takes for numbers of one shape."""
    a, b = np.asarray(got), np.asarray(expected)
    return a.shape == b.shape and agree(a, b, tolerance or Tolerance())


def agree(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> bool:
    """Whether two arrays of one shape agree, in the coarsest precision that `got` passed through."""
    return not differing(got, expected, tolerance).any()


def differing(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, single: bool | None = None) -> np.ndarray:
    """True where two arrays of one shape differ. single: whether `got` is of float32; by default, as it looks."""
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.asarray(got != expected)
    a, b = got.astype(float), expected.astype(float)
    if single is None:
        found = _differing(a, b, tolerance.rtol, tolerance.atol)
        if not found.any() and tolerance.rtol <= tolerance.rtol32 or not in_single(got, expected):
            return found
        single = True
    if single:
        return _differing(a, b, tolerance.rtol32, tolerance.atol32)
    return _differing(a, b, tolerance.rtol, tolerance.atol)


def _differing(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    finite = np.isfinite(b)
    with np.errstate(all="ignore"):
        size = np.abs(b)
        atol = max(atol, OF_THE_LARGEST * rtol * float(np.max(size, where=finite, initial=0.0)))
        close = (np.abs(a - b) <= atol + rtol * size) & finite
    return np.asarray(~(close | (a == b) | (np.isnan(a) & np.isnan(b))))


def in_single(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether values were computed in float32, also where an array of float64 holds them."""
    if got.dtype in (np.float32, np.float16):
        return True
    return got.dtype == np.float64 and _holds_single(got) and not _fits_single(expected.astype(float))


def relative_error(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> float:
    """The largest |got - expected| as a part of the largest |expected|: entries near 0 do not blow it up."""
    a, b = got.astype(float), expected.astype(float)
    keep = np.isfinite(a) & np.isfinite(b)
    if not keep.any():
        return float("nan")
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(a[keep] - b[keep])) / max(np.max(np.abs(b[keep])), tolerance.atol, 1e-300))


def _fits_single(values: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.array_equal(values.astype(np.float32).astype(float), values, equal_nan=True))


def _holds_single(values: np.ndarray) -> bool:
    """Whether all values are of float32, and at least one uses all of its bits: 0.5 alone says nothing."""
    if not _fits_single(values):
        return False
    bits = np.ascontiguousarray(values[np.isfinite(values)].astype(np.float32)).view(np.uint32)
    return bool((bits & LOW_BITS).any())

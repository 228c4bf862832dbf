"""Which outcomes of a known mistake hang on rounding, so that they come out otherwise on another processor.

Two processors add in another order, so they differ in the last bits; most code passes that on, and some magnifies it:
a system without a unique solution, a vector of length 1 that is divided by its length. The inputs, changed in their
last bit, show which. And what overflows becomes an infinity or NaN, as the order of the operations has it.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import numpy as np

from course_lib.judging.compare import same
from course_lib.judging.compute import run_cases
from course_lib.judging.outcome import Outcome, Tolerance
from course_lib.judging.reference import Reference

SHORT = 2.0**20
"""Numbers that are whole after multiplication by this are exact on purpose (0, 1, 0.5, a label) and are left alone."""
SAFE = 0.01
"""What a last bit of the inputs may do to a value, as a part of the exercise's tolerance: a sum of many rounds more."""
HUGE = 1e100


def unsteady(exercise: str, answer: Any, blank: Reference, outcomes: tuple[Outcome, ...]) -> frozenset[tuple[int, str]]:
    """The places (case, output) in which `answer` gives something else for inputs that differ in their last bits."""
    tolerance = Tolerance(*(SAFE * part for part in astuple(blank.tolerance)))
    shaken = replace(blank, cases=tuple(replace(case, inputs=shake(case.inputs)) for case in blank.cases))
    again = run_cases(exercise, answer, shaken)
    return frozenset(
        (index, output)
        for index, (one, other) in enumerate(zip(outcomes, again, strict=True))
        for output in _parting(one, other, tolerance)
    )


def shake(value: Any) -> Any:
    """The same inputs with other last bits. Equal numbers stay equal, wherever they stand, and exact ones exact."""
    if isinstance(value, dict):
        return {key: shake(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(shake(each) for each in value)
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        ends = value.view(np.int64) if value.flags.c_contiguous else value.copy().view(np.int64)
        up = (ends >> 3) % 2 == 0  # by the number itself, so that half of them go either way
        with np.errstate(all="ignore"):
            exact = (value * SHORT == np.round(value * SHORT)) | ~np.isfinite(value)
        return np.where(exact, value, np.nextafter(value, np.where(up, np.inf, -np.inf)))
    return value


def _parting(one: Outcome, other: Outcome, tolerance: Tolerance) -> set[str]:
    """The outputs in which two outcomes of one case differ by more than last bits do."""
    mine, theirs = one.values or {}, other.values or {}
    kinds = [(o.problem.kind, o.problem.detail, o.problem.alike) if o.problem else None for o in (one, other)]
    if kinds[0] != kinds[1]:
        return {"", *mine, *theirs}
    return {
        output
        for output in mine.keys() | theirs.keys()
        if _overflows(mine.get(output)) or not same(mine.get(output), theirs.get(output), tolerance)
    }


def _overflows(value: Any) -> bool:
    """Whether an array holds infinities or NaN beside numbers on their way there."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return False
    finite = np.isfinite(value)
    return not finite.all() and float(np.max(np.abs(value), where=finite, initial=0.0)) > HUGE

"""How what came out of one case differs from what is right, or which property of it does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.judging.compare import compare, factor_of, told
from course_lib.judging.outcome import Outcome, Problem, Tolerance
from course_lib.judging.properties import verify
from course_lib.judging.reference import RecordedCase
from course_lib.sentences import say


@dataclass(frozen=True)
class Difference:
    """How one output of one case differs from what is right. `stage` names how far the comparison came."""

    case: int
    output: str
    stage: str  # "problem", "type", "shape", "finite", "dtype" or "values"
    message: str
    error: float | None = None
    got: Any = None
    expected: Any = None
    label: str = ""
    group: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    flaw: str = ""
    """Where properties are verified: the name of the one that does not hold, or the kind of the problem."""
    problem: Problem | None = None
    """Why there is no value to compare, at the stage "problem"."""


def differences_of(
    index: int, outcome: Outcome, expected: dict[str, Any] | None, tolerance: Tolerance, words: bool = True
) -> list[Difference]:
    """How each output of case number `index` differs from what is expected; nothing where all are right.

    words: whether wrong values are to be described.
    """
    found: list[Difference] = []
    if outcome.problem is not None:
        found.append(Difference(index, "", "problem", outcome.problem.message, problem=outcome.problem))
    if expected is None or (outcome.values is None and outcome.problem is not None):
        return found
    values = outcome.values or {}
    for key, right in expected.items():
        if key not in values:
            message = say("There is no `{output}` in what came back.", output=key)
            found.append(Difference(index, key, "type", message, None, None, right))
            continue
        difference = compare(values[key], right, tolerance, words=words)
        if difference is not None:
            stage, message, error = difference
            if len(expected) > 1:
                message = say("`{output}`: {message}", output=key, message=message)
            found.append(Difference(index, key, stage, message, error, values[key], right))
    return found


def with_true_factors(differences: Sequence[Difference], tolerance: Tolerance) -> list[Difference]:
    """The differences, where a factor that is another one in another case is called the accident that it is."""
    factors: dict[str, list[tuple[Difference, float | None]]] = {}
    for difference in differences:
        if difference.stage == "values" and isinstance(difference.expected, np.ndarray | float):
            factor = factor_of(difference.got, difference.expected, tolerance)
            factors.setdefault(difference.output, []).append((difference, factor))
    changing = {id(d) for found in factors.values() if not _one_factor(f for _, f in found) for d, f in found if f}
    return [_of_this_case(d) if id(d) in changing else d for d in differences]


def _one_factor(factors: Iterable[float | None]) -> bool:
    found = list(factors)
    return None not in found and bool(np.allclose(np.array(found, dtype=float), found[0] or 0.0, rtol=1e-4))


def _of_this_case(difference: Difference) -> Difference:
    message = difference.message
    if FACTOR not in message:
        return difference
    if np.ndim(difference.expected) == 0:
        mine = told(difference.got, difference.expected)
        if message.startswith("`"):
            mine = say("`{output}`: {message}", output=difference.output, message=mine)
        return replace(difference, message=mine)
    return replace(difference, message=say("{message} In other cases it is another factor.", message=message))


FACTOR = " times the right value"


def flaws_of(index: int, outcome: Outcome, case: RecordedCase, name: str) -> list[Difference]:
    """What is wrong by the property function `name`. A problem's kind counts as a flaw's name."""
    found: list[Difference] = []
    if outcome.problem is not None:
        problem = outcome.problem
        found.append(Difference(index, "", "problem", problem.message, flaw=problem.kind, problem=problem))
    if outcome.values is not None:
        right = {} if case.expected is None else {"right": case.expected}
        flaw = verify(name, case.inputs | right, outcome.values)
        if flaw is not None:
            found.append(Difference(index, "", "values", flaw.message, flaw=flaw.name))
    return found

"""How what came out of one case differs from what is right, or which property of it does not hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from course_lib.compare import compare
from course_lib.properties import verify
from course_lib.reference import Outcome, Problem, RecordedCase, Tolerance


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
    inputs: dict[str, Any] = field(default_factory=dict)
    flaw: str = ""
    """Where properties are verified: the name of the one that does not hold, or the kind of the problem."""
    problem: Problem | None = None
    """Why there is no value to compare, at the stage "problem"."""


def differences_of(
    index: int, outcome: Outcome, expected: dict[str, Any] | None, tolerance: Tolerance
) -> list[Difference]:
    """How each output of case number `index` differs from what is expected; nothing where all are right."""
    found: list[Difference] = []
    if outcome.problem is not None:
        found.append(Difference(index, "", "problem", outcome.problem.message, problem=outcome.problem))
    if expected is None or (outcome.values is None and outcome.problem is not None):
        return found
    values = outcome.values or {}
    for key, right in expected.items():
        if key not in values:
            found.append(Difference(index, key, "type", f"There is no `{key}` in what came back.", None, None, right))
            continue
        difference = compare(values[key], right, tolerance)
        if difference is not None:
            stage, message, error = difference
            name = f"`{key}`: " if len(expected) > 1 else ""
            found.append(Difference(index, key, stage, name + message, error, values[key], right))
    return found


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

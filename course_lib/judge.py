"""The one comparison: what came out, against what is right and what is known wrong.

Both lives of a check end here: the learner's kernel with the visible cases, the grader with the private ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from course_lib.compare import compare
from course_lib.properties import verify
from course_lib.reference import (
    Outcome,
    Problem,
    RecordedCase,
    RecordedGroup,
    RecordedMisconception,
    Reference,
    Tolerance,
)


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


@dataclass(frozen=True)
class Diagnosis:
    """A known misconception that gives exactly what the learner's code gave, or that has the flaw which was found."""

    name: str
    says: str
    hint: int | None
    groups: tuple[str, ...]


@dataclass(frozen=True)
class GroupResult:
    """One property: whether it holds, what it earns, and the first difference otherwise."""

    key: str
    states: str
    points: int
    earned: int
    label: str
    first: Difference | None

    @property
    def passed(self) -> bool:
        """Whether all cases of the group are right."""
        return self.first is None


@dataclass(frozen=True)
class Verdict:
    """What is to be said about one exercise. `withheld`: answers are in, but nobody here knows what is right."""

    exercise: str
    groups: tuple[GroupResult, ...]
    differences: tuple[Difference, ...]
    diagnoses: tuple[Diagnosis, ...]
    not_started: bool = False
    withheld: bool = False
    bonus: bool = False

    @property
    def earned(self) -> int:
        """The points earned."""
        return sum(group.earned for group in self.groups)

    @property
    def points(self) -> int:
        """The points that could be earned."""
        return sum(group.points for group in self.groups)

    @property
    def passed(self) -> bool:
        """Whether every case is right."""
        return not self.differences


def judge(outcomes: Sequence[Outcome], reference: Reference) -> Verdict:
    """Compare one outcome a case with the reference.

    `reference` needs its expected values, or names the properties to verify; of a withheld exercise (a quiz in the
    learner's kernel) only the form is judged.
    """
    if len(outcomes) != len(reference.cases):
        raise ValueError(f"{len(outcomes)} outcomes for the {len(reference.cases)} cases of {reference.exercise}")
    differences: list[Difference] = []
    for index, (outcome, case) in enumerate(zip(outcomes, reference.cases, strict=True)):
        found = (
            _flaws(index, outcome, case, reference.verify)
            if reference.verify
            else _differences(index, outcome, case.expected, reference.tolerance)
        )
        differences += [replace(difference, label=case.label, inputs=case.inputs) for difference in found]
    groups = tuple(_group_result(group, differences, reference) for group in reference.groups)
    problems = [outcome.problem for outcome in outcomes]
    diagnose = _diagnose_flaws if reference.verify else _diagnose
    return Verdict(
        exercise=reference.exercise,
        groups=groups,
        differences=tuple(differences),
        diagnoses=diagnose(outcomes, differences, reference) if differences else (),
        not_started=all(problem is not None and problem.kind == "not_started" for problem in problems),
        withheld=reference.withheld and all(case.expected is None for case in reference.cases),
        bonus=reference.bonus,
    )


def _group_result(group: RecordedGroup, differences: list[Difference], reference: Reference) -> GroupResult:
    mine = [d for d in differences if reference.cases[d.case].group == group.key]
    first = mine[0] if mine else None
    label = reference.cases[first.case].label if first else ""
    return GroupResult(group.key, group.states, group.points, 0 if mine else group.points, label, first)


def _differences(
    index: int, outcome: Outcome, expected: dict[str, Any] | None, tolerance: Tolerance
) -> list[Difference]:
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


def _flaws(index: int, outcome: Outcome, case: RecordedCase, name: str) -> list[Difference]:
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


def _diagnose_flaws(
    outcomes: Sequence[Outcome], differences: list[Difference], reference: Reference
) -> tuple[Diagnosis, ...]:
    """The misconceptions that the flaws are named after, those with the most cases first."""
    groups: dict[str, list[str]] = {}
    for difference in differences:
        groups.setdefault(difference.flaw, []).append(reference.cases[difference.case].group)
    known = [m for m in reference.misconceptions if m.name in groups]
    known.sort(key=lambda m: -len(groups[m.name]))
    return tuple(Diagnosis(m.name, m.says, m.hint, tuple(dict.fromkeys(groups[m.name]))) for m in known[:3])


def _diagnose(
    outcomes: Sequence[Outcome], differences: list[Difference], reference: Reference
) -> tuple[Diagnosis, ...]:
    """The misconceptions that explain the wrong outputs, fewest first (a greedy cover).

    One counts only if it also agrees on at least half of all the outputs that it gets wrong itself: a chance
    agreement on a single easy case is no evidence.
    """
    open_units = {(d.case, d.output) for d in differences if not _unwritten(outcomes[d.case])}
    if not open_units:
        return ()
    evidence = {m.name: _evidence(m, outcomes, reference) for m in reference.misconceptions}
    found: list[Diagnosis] = []
    # Three sentences are what a reader takes in; a quiz's answers are apart, and each wrong one has its own.
    most = len(reference.groups) if reference.withheld else 3
    while open_units and len(found) < most:
        best = max(
            (m for m in reference.misconceptions if evidence[m.name][0] & open_units),
            key=lambda m: (len(evidence[m.name][0] & open_units), evidence[m.name][1]),
            default=None,
        )
        if best is None:
            break
        explained = evidence[best.name][0] & open_units
        keys = [reference.cases[case].group for case, _ in sorted(explained)]
        found.append(Diagnosis(best.name, best.says, best.hint, tuple(dict.fromkeys(keys))))
        open_units -= evidence[best.name][0]
    return tuple(found)


def _evidence(
    misconception: RecordedMisconception, outcomes: Sequence[Outcome], reference: Reference
) -> tuple[set[tuple[int, str]], float]:
    """The (case, output) pairs where the learner got exactly this wrong value, and which share of its wrong ones."""
    hits: set[tuple[int, str]] = set()
    mistakes = _mistakes(reference)[misconception.name]
    wrong = len(mistakes)
    for difference in mistakes:
        mine, theirs = outcomes[difference.case], misconception.outcomes[difference.case]
        if difference.stage == "problem":
            if _same_problem(mine.problem, theirs.problem):
                hits.add((difference.case, ""))
        elif mine.values is not None and difference.output in mine.values:
            a, b = mine.values[difference.output], difference.got
            if compare(a, b, reference.tolerance) is None:
                hits.add((difference.case, difference.output))
    share = len(hits) / wrong if wrong else 0.0
    return (hits, share) if share >= 0.5 else (set(), 0.0)


@lru_cache(maxsize=64)
def _mistakes(reference: Reference) -> dict[str, list[Difference]]:
    """What each misconception gets wrong: the same for all that is judged by this reference."""
    return {
        misconception.name: [
            difference
            for index, (theirs, case) in enumerate(zip(misconception.outcomes, reference.cases, strict=True))
            for difference in _differences(index, theirs, case.expected, reference.tolerance)
        ]
        for misconception in reference.misconceptions
    }


def _unwritten(outcome: Outcome) -> bool:
    return outcome.problem is not None and outcome.problem.kind in ("not_started", "missing", "interrupted")


def _same_problem(mine: Problem | None, theirs: Problem | None) -> bool:
    return mine is not None and theirs is not None and (mine.kind, mine.detail) == (theirs.kind, theirs.detail)

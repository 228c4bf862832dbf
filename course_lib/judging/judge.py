"""The one comparison: what came out, against what is right and what is known wrong.

Both lives of a check end here: the learner's kernel with the visible cases, the grader with the private ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from course_lib.judging.diagnosis import Diagnosis, diagnose
from course_lib.judging.differences import Difference, differences_of, flaws_of, with_true_factors
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import RecordedGroup, Reference


@dataclass(frozen=True)
class GroupResult:
    """One property: whether it holds, what it earns, and the first difference otherwise."""

    key: str
    states: str
    points: int
    earned: int
    label: str
    first: Difference | None
    hint: int | None = None

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
            flaws_of(index, outcome, case, reference.verify)
            if reference.verify
            else differences_of(index, outcome, case.expected, reference.tolerance)
        )
        differences += [
            replace(difference, label=case.label, group=case.group, inputs=case.inputs) for difference in found
        ]
    differences = with_true_factors(differences, reference.tolerance)
    groups = tuple(_group_result(group, differences, reference) for group in reference.groups)
    problems = [outcome.problem for outcome in outcomes]
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
    return GroupResult(group.key, group.states, group.points, 0 if mine else group.points, label, first, group.hint)


__all__ = ["Diagnosis", "Difference", "GroupResult", "Verdict", "judge"]

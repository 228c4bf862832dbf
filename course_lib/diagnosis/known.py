"""Misconceptions of the exercise that give what the learner's code gave, or that have the flaw which was found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from course_lib.compare import compare
from course_lib.diagnosis.base import Diagnosis, Unit
from course_lib.differences import Difference, differences_of
from course_lib.reference import Outcome, Problem, RecordedMisconception, Reference


def by_flaws(differences: Sequence[Difference], reference: Reference) -> tuple[Diagnosis, ...]:
    """The misconceptions that the flaws are named after, those with the most cases first."""
    groups: dict[str, list[str]] = {}
    for difference in differences:
        groups.setdefault(difference.flaw, []).append(reference.cases[difference.case].group)
    known = [m for m in reference.misconceptions if m.name in groups]
    known.sort(key=lambda m: -len(groups[m.name]))
    return tuple(Diagnosis(m.name, m.says, m.hint, tuple(dict.fromkeys(groups[m.name]))) for m in known[:3])


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The misconceptions that explain the wrong outputs, fewest first (a greedy cover).

    One counts only if it also agrees on at least half of all the outputs that it gets wrong itself: a chance
    agreement on a single easy case is no evidence.
    """
    open_units = set(unexplained)
    evidence = {m.name: _evidence(m, outcomes, reference) for m in reference.misconceptions}
    found: list[Diagnosis] = []
    while open_units:
        best = max(
            (m for m in reference.misconceptions if evidence[m.name][0] & open_units),
            key=lambda m: (len(evidence[m.name][0] & open_units), evidence[m.name][1]),
            default=None,
        )
        if best is None:
            break
        explained = evidence[best.name][0] & open_units
        keys = [reference.cases[case].group for case, _ in sorted(explained)]
        found.append(
            Diagnosis(best.name, best.says, best.hint, tuple(dict.fromkeys(keys)), explains=frozenset(explained))
        )
        open_units -= explained
    return found


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
            for difference in differences_of(index, theirs, case.expected, reference.tolerance)
        ]
        for misconception in reference.misconceptions
    }


def _same_problem(mine: Problem | None, theirs: Problem | None) -> bool:
    return mine is not None and theirs is not None and (mine.kind, mine.detail) == (theirs.kind, theirs.detail)

"""Why an answer is wrong, in the order in which reasons convince: known mistakes, relations to the case, a search.

Each module here finds `Diagnosis` objects in the outcomes of one exercise; none runs a learner's code or shows it.
Nothing may be said that any case contradicts: what speaks only of some outputs is held to those in every case.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.judging.diagnosis import known, relations, search
from course_lib.judging.diagnosis.base import Diagnosis, Unit
from course_lib.judging.differences import Difference
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference

MOST = 3
"""Sentences that a reader takes in; a quiz's answers are apart, and each wrong one has its own."""


def diagnose(
    outcomes: Sequence[Outcome], differences: Sequence[Difference], reference: Reference
) -> tuple[Diagnosis, ...]:
    """What explains the wrong outputs; each later way is asked only about what the ones before left unexplained."""
    if reference.verify:
        return known.by_flaws(differences, reference)
    unexplained: set[Unit] = {(d.case, d.output) for d in differences if not _unwritten(outcomes[d.case])}
    most = len(reference.groups) if reference.withheld else MOST
    found: list[Diagnosis] = []
    for way in (known.find, relations.find, search.find):
        if way is search.find and found:
            break  # whoever searches compares all values with those of a single mistake, and here is another one
        for diagnosis in way(outcomes, frozenset(unexplained), reference):
            if len(found) < most and diagnosis.explains & unexplained:
                found.append(diagnosis)
                unexplained -= diagnosis.explains
    return tuple(found)


def _unwritten(outcome: Outcome) -> bool:
    return outcome.problem is not None and outcome.problem.kind in ("not_started", "missing", "interrupted")


__all__ = ["Diagnosis", "diagnose"]

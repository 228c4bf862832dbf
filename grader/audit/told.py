"""What a mutant's author would be told on the visible cases, and whether that is still true on others.

A diagnosis is contradicted where the cases that it was not made from do not bear it: the misconception is not found
there when it alone is looked for, the relation does not hold, or the edit that was named gives other values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course_lib.judging.diagnosis import Diagnosis, known, relations
from course_lib.judging.diagnosis.search import matching, wrong_outputs
from course_lib.judging.judge import Verdict
from course_lib.judging.outcome import Outcome
from course_lib.judging.properties.base import FORM
from course_lib.judging.reference import Reference
from course_lib.judging.signatures import Signature
from grader.search.bench import Bench
from grader.search.edits import edits_of
from grader.search.signatures import agree
from grader.spec import Exercise

KINDS = ("named", "relation", "search", "measured", "property")
"""The ways of being told something. Where properties are verified, a flaw tells what was measured; the last way is
to be told no more than which property does not hold."""
MOST_BY_PROPERTY = 0.05
Wrong = dict[tuple[int, str], Signature]


@dataclass(frozen=True)
class Told:
    """What was said on the visible cases: its kind, and the sentences that other cases contradict.

    claims: of each diagnosis by search the sentence and the places of the edits that it names. elsewhere: what the
    mutant gets wrong in each other set of cases, against which the claims are held.
    """

    kind: str
    contradicted: tuple[str, ...] = ()
    claims: tuple[tuple[str, tuple[int, ...]], ...] = ()
    elsewhere: Mapping[str, Wrong] | None = None


def told(verdict: Verdict, outcomes: Mapping[str, Sequence[Outcome]], sets: Mapping[str, Reference]) -> Told:
    """What the verdict on the first set of cases says, held against the others."""
    kinds = {diagnosis.kind for diagnosis in verdict.diagnoses}
    visible, *others = sets
    flaws = {d.flaw for d in verdict.differences if not d.problem}
    measured = bool(sets[visible].verify and flaws - {"", FORM.name})
    kind = next((kind for kind in KINDS if kind in kinds), "measured" if measured else KINDS[-1])
    false = tuple(
        f"{diagnosis.name} ({diagnosis.says!r}) does not hold on the {key} cases"
        for diagnosis in verdict.diagnoses
        for key in others
        if not holds(diagnosis, outcomes[key], sets[key])
    )
    claims = _claims(verdict, outcomes[visible], sets[visible])
    elsewhere = {key: wrong_outputs(outcomes[key], sets[key]) for key in others} if claims else None
    return Told(kind, false, claims, elsewhere)


def holds(diagnosis: Diagnosis, outcomes: Sequence[Outcome], reference: Reference) -> bool:
    """Whether these cases bear a diagnosis by name or by relation, whichever others they would also bear."""
    if reference.verify or diagnosis.kind == "search":
        return True  # a flaw is measured in each case; a search is held to its edits
    way = known if diagnosis.kind == "named" else relations
    return way.holds(diagnosis.name, outcomes, frozenset(wrong_outputs(outcomes, reference)), reference)


def _claims(
    verdict: Verdict, outcomes: Sequence[Outcome], reference: Reference
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The sentences found by search, each with the places of the edits that it speaks of."""
    signatures = reference.search() if reference.search else None
    found = []
    for diagnosis in verdict.diagnoses:
        if diagnosis.kind == "search" and signatures:
            wrong = wrong_outputs(outcomes, reference)
            mine = {unit: mark for unit, mark in wrong.items() if unit in diagnosis.explains}
            edit = matching(mine, signatures.edits, reference)
            found.append((diagnosis.says, edit.places if edit else ()))
    return tuple(found)


def contradicted_searches(
    exercise: Exercise, listed: Sequence[Told], sets: Mapping[str, Reference], bench: Bench
) -> list[list[str]]:
    """For each of `listed` the sentences found by search whose edits give other values in other cases.

    Of each sentence the first edit is run, and the others that it speaks of only where that one does not bear it out.
    """
    found: list[list[str]] = [[] for _ in listed]
    claims = [(number, says, claim) for number, one in enumerate(listed) for says, claim in one.claims if claim]
    every = edits_of(exercise) if claims else []
    for key, reference in list(sets.items())[1:] if claims else ():
        ran: dict[int, Wrong | None] = {}
        mine = [(one.elsewhere or {}).get(key, {}) for one in listed]
        left = claims
        for chosen in (slice(1), slice(1, None)):
            places = sorted({place for _, _, claim in left for place in claim[chosen]} - ran.keys())
            ran |= zip(places, bench.run(exercise, reference, [every[place] for place in places]), strict=True)
            left = [
                (number, says, claim)
                for number, says, claim in left
                if not any(_part_of(w, mine[number], reference) for place in claim if (w := ran.get(place)))
            ]
        for number, says, claim in left:
            if any(ran.get(place) for place in claim):
                found[number].append(f"{says!r} does not hold on the {key} cases")
    return found


def _part_of(edit: Wrong, mine: Wrong, reference: Reference) -> bool:
    """Whether an edit gets the same wrong as a mutant, in the outputs that it changes."""
    outputs = {output for _, output in edit}
    return agree(edit, {unit: mark for unit, mark in mine.items() if unit[1] in outputs}, reference)


def shares(listed: Iterable[Told]) -> tuple[int, ...]:
    """How many were told in each of the ways, and how many were told something that others contradict."""
    every = list(listed)
    count = Counter(one.kind for one in every)
    return *(count[kind] for kind in KINDS), sum(bool(one.contradicted) for one in every)


def too_silent(unit: str, listed: Sequence[Told]) -> list[str]:
    """A finding where too many of a unit's mutants are told their property alone."""
    silent = sum(one.kind == KINDS[-1] for one in listed)
    if silent <= MOST_BY_PROPERTY * len(listed):
        return []
    return [f"Of {len(listed)} wrong-valued mutants of {unit}, {silent} are told their property alone: more than 5 %."]

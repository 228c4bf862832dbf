"""Misconceptions of the exercise that give what the learner's code gave, or that have the flaw which was found.

A sentence is said only where it is true of the learner's code, as far as any case tells. One that is right where a
misconception would be wrong did not make that mistake, however well the rest agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from course_lib.judging.compare import same
from course_lib.judging.diagnosis.base import Diagnosis, Unit
from course_lib.judging.differences import Difference, differences_of
from course_lib.judging.outcome import Outcome, Problem, Tolerance
from course_lib.judging.reference import RecordedMisconception, Reference

ENOUGH = 0.5
"""The least share of what a misconception gets wrong that must be found again: less may agree by chance."""


@dataclass
class Evidence:
    """How what a misconception gets wrong, as far as its sentence speaks of it, compares with the learner's outputs.

    hits: the same wrong value, or the same problem. others: wrong both, but otherwise. share: the hits among all that
    the misconception gets wrong. whole: the outputs in which every wrong value is found again.
    """

    hits: set[Unit] = field(default_factory=set)
    others: set[Unit] = field(default_factory=set)
    share: float = 0.0
    whole: frozenset[str] = frozenset()

    @property
    def alone(self) -> bool:
        """Whether it convinces without another mistake beside it: in each output that agrees at all, all agrees."""
        return bool(self.hits) and {output for _, output in self.hits} == self.whole


def by_flaws(differences: Sequence[Difference], reference: Reference) -> tuple[Diagnosis, ...]:
    """The misconceptions that the flaws are named after, those with the most cases first.

    A name that only some of a property's broken cases have is none: what one mistake does, it does in all of them.
    """
    groups: dict[str, list[str]] = {}
    found: dict[str, set[str]] = {}
    for difference in differences:
        group = reference.cases[difference.case].group
        groups.setdefault(difference.flaw, []).append(group)
        found.setdefault(group, set()).add(difference.flaw)
    groups = {name: keys for name, keys in groups.items() if any(found[key] == {name} for key in keys)}
    known = [m for m in reference.misconceptions if m.name in groups]
    known.sort(key=lambda m: -len(groups[m.name]))
    return tuple(Diagnosis(m.name, m.says, m.hint, tuple(dict.fromkeys(groups[m.name]))) for m in known[:3])


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The misconceptions that explain the wrong outputs, fewest first (a greedy cover).

    unexplained: all that is wrong; this is the first way that is asked. One that gives exactly what the learner's code
    gave is said alone. Of two that explain the same equally well with sentences that differ, neither is said: nobody
    can know which it is.
    """
    exact = [m for m in reference.misconceptions if _is(m, outcomes, unexplained, reference)]
    if exact:
        return [_diagnosis(exact[0], set(unexplained), reference)] if len({m.says for m in exact}) == 1 else []
    evidence = {
        m.name: found
        for m in reference.misconceptions
        if (found := _evidence(m, outcomes, unexplained, reference)) is not None
    }
    says = {m.name: m.says for m in reference.misconceptions}
    chosen = _cover(evidence, unexplained, says)
    while doubtful := [name for name in chosen if not _stands(name, chosen, evidence, unexplained, reference)]:
        del evidence[doubtful[-1]]
        chosen = _cover(evidence, unexplained, says)
    known = {m.name: m for m in reference.misconceptions}
    return [_diagnosis(known[name], units, reference) for name, units in chosen.items()]


def holds(name: str, outcomes: Sequence[Outcome], wrong: frozenset[Unit], reference: Reference) -> bool:
    """Whether these cases, too, speak for the misconception of this name, whatever else they speak for."""
    asked = next(m for m in reference.misconceptions if m.name == name)
    return _evidence(asked, outcomes, wrong, reference) is not None


def _diagnosis(misconception: RecordedMisconception, units: set[Unit], reference: Reference) -> Diagnosis:
    keys = dict.fromkeys(reference.cases[case].group for case, _ in sorted(units))
    return Diagnosis(misconception.name, misconception.says, misconception.hint, tuple(keys), explains=frozenset(units))


def _is(
    misconception: RecordedMisconception, outcomes: Sequence[Outcome], wrong: frozenset[Unit], reference: Reference
) -> bool:
    """Whether the learner's code got exactly this wrong, to the last output, and nothing else."""
    mistakes = _mistakes(reference)[misconception.name]
    steady = wrong - misconception.unsteady
    if not steady or {(mistake.case, mistake.output) for mistake in mistakes} != steady:
        return False
    for mistake in mistakes:
        mine, theirs = outcomes[mistake.case], misconception.outcomes[mistake.case]
        if mistake.stage == "problem":
            if not _same_problem(mine.problem, theirs.problem):
                return False
        elif not _same_value(mine, mistake, reference):
            return False
    return True


def _cover(evidence: dict[str, Evidence], unexplained: frozenset[Unit], says: dict[str, str]) -> dict[str, set[Unit]]:
    """What each explains, that which explains most first; without those that nothing tells apart."""
    left, chosen = set(unexplained), dict[str, set[Unit]]()
    rest = dict(evidence)
    while rest and left:
        strength = {name: (len(found.hits & left), found.share) for name, found in rest.items()}
        best = max(strength, key=strength.__getitem__)
        units = rest[best].hits & left
        if not units:
            break
        equal = [name for name in rest if strength[name] == strength[best] and rest[name].hits == rest[best].hits]
        if len({says[name] for name in equal}) == 1:
            chosen[best] = units
        left -= units
        for name in equal:
            del rest[name]
    return chosen


def _stands(
    name: str,
    chosen: dict[str, set[Unit]],
    evidence: dict[str, Evidence],
    unexplained: frozenset[Unit],
    reference: Reference,
) -> bool:
    """Whether what speaks against it is the doing of another mistake that was found as well.

    It is wrong otherwise than the learner is, or right where the learner is wrong in the same output: that is no
    contradiction if a second mistake shows there.
    """
    mine, mistakes = evidence[name], _mistakes(reference)
    spoken = {output for _, output in mine.hits}
    extra = {unit for unit in unexplained - mine.hits if unit[1] in spoken} | (set() if mine.alone else mine.others)
    theirs = {(d.case, d.output) for other in chosen if other != name for d in mistakes[other]}
    return extra <= theirs


def _evidence(
    misconception: RecordedMisconception, outcomes: Sequence[Outcome], wrong: frozenset[Unit], reference: Reference
) -> Evidence | None:
    """What speaks for a misconception; None where something contradicts it, or too little speaks for it."""
    found, crashed = Evidence(), set[Unit]()
    mistakes = _spoken_of(misconception, reference)
    for mistake in mistakes:
        unit = (mistake.case, mistake.output)
        mine, theirs = outcomes[mistake.case], misconception.outcomes[mistake.case]
        if mistake.stage == "problem":
            if mine.problem is None and (theirs.values is not None or not _wrong_in(mistake.case, wrong)):
                return None
            if not _same_problem(mine.problem, theirs.problem):
                found.others.add(unit)
            elif mine.problem is not None and mine.problem.kind == "raised":
                crashed.add(unit)
            else:
                found.hits.add(unit)
        elif mine.values is None or mistake.output not in mine.values:
            continue  # nothing to compare
        elif unit not in wrong:
            return None
        elif _same_value(mine, mistake, reference):
            found.hits.add(unit)
        else:
            found.others.add(unit)
    if found.hits or all(d.stage == "problem" for d in mistakes):
        found.hits |= crashed  # alone, a crash tells nothing of a mistake that gives wrong values elsewhere
    if found.hits:
        found.hits |= wrong & misconception.unsteady
    differing = {output for _, output in found.others}
    found.whole = frozenset(output for _, output in found.hits if output not in differing)
    found.share = len(found.hits - misconception.unsteady) / len(mistakes) if mistakes else 0.0
    enough = found.share >= ENOUGH or found.alone and len({case for case, _ in found.hits}) > 1
    return found if enough else None


def _wrong_in(case: int, wrong: frozenset[Unit]) -> bool:
    return any(unit[0] == case for unit in wrong)


def _spoken_of(misconception: RecordedMisconception, reference: Reference) -> list[Difference]:
    """What it gets wrong in the outputs that its sentence speaks of."""
    mistakes = _mistakes(reference)[misconception.name]
    about = misconception.about
    return [d for d in mistakes if not about or d.output in about or d.stage == "problem"]


@lru_cache(maxsize=64)
def _mistakes(reference: Reference) -> dict[str, list[Difference]]:
    """What each misconception gets wrong on any processor: the same for all that is judged by this reference."""
    return {
        misconception.name: [
            difference
            for index, (theirs, case) in enumerate(zip(misconception.outcomes, reference.cases, strict=True))
            for difference in differences_of(index, theirs, case.expected, reference.tolerance, words=False)
            if (difference.case, difference.output) not in misconception.unsteady
        ]
        for misconception in reference.misconceptions
    }


def _same_value(mine: Outcome, mistake: Difference, reference: Reference) -> bool:
    if mine.values is None or mistake.output not in mine.values:
        return False
    return same(mine.values[mistake.output], mistake.got, _among_mistakes(reference.tolerance))


def _among_mistakes(tolerance: Tolerance) -> Tolerance:
    """How near two wrong values are to each other that are the same: in float32 no nearer than float32 is."""
    usual = Tolerance()
    return replace(tolerance, rtol32=max(tolerance.rtol32, usual.rtol32), atol32=max(tolerance.atol32, usual.atol32))


def _same_problem(mine: Problem | None, theirs: Problem | None) -> bool:
    """Whether two problems are one mistake; exceptions, where type, message and the failing operation agree."""
    if mine is None or theirs is None or mine.kind != theirs.kind:
        return False
    if mine.kind == "raised":
        return bool(mine.alike) and mine.alike == theirs.alike
    return (mine.detail, mine.message) == (theirs.detail, theirs.message)

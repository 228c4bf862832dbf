"""How wrong values relate to the case: a factor, an axis, a step, one output in another's place.

A relation is said only if every case bears it out, those too in which the output is right, and if so many entries do
that it is no chance. Its sentence tells what was seen; it tells no number of a case, which may be a private one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from course_lib.judging.diagnosis.base import Diagnosis, Unit
from course_lib.judging.diagnosis.relations import conditions, factors, forms, where
from course_lib.judging.diagnosis.relations.factors import Finding
from course_lib.judging.diagnosis.relations.items import Series, parts_of, series_of
from course_lib.judging.diagnosis.relations.quantities import Expressions
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference
from course_lib.sentences import say

YOURS, RESULT, EACH, PART = "Your `{name}`", "Your result", "Each of {names}", "In your `{name}`, {part}"
OF_YOURS, OF_RESULT, OF_EACH = "your `{name}`", "your result", "each of {names}"
PARTS = {
    "vectors": "each array of one axis",
    "matrices": "each array of two or more axes",
    "first": "the first one",
    "second": "the second one",
    "later": "each one but the first",
}
REST = " The rest is right."
EMPTY = "{it} comes back empty. Where is it filled, and is that what you return?"


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The relations that hold in every case in which the outputs that they speak of are wrong: one an output."""
    found: dict[tuple[str, str], tuple[Finding, list[Series]]] = {}
    wrong = [name for name in reference.returns if any(unit[1] == name for unit in unexplained)]
    for output in wrong:
        series = series_of(output, outcomes, unexplained, reference)
        best = None if series is None else _best(series, reference)
        if best is not None:
            finding, said_of = best
            found.setdefault((finding.name, said_of.part), (finding, []))[1].append(said_of)
    return [_diagnosis(finding, series, reference) for finding, series in found.values()]


def holds(name: str, outcomes: Sequence[Outcome], wrong: frozenset[Unit], reference: Reference) -> bool:
    """Whether a relation that was found in other cases, by its diagnosis's name, is borne out by these as well.

    wrong: all that is wrong here. An output that is right in all of these cases says nothing against it.
    """
    outputs, relation = name.split(":", 1)
    for output in outputs.split("+"):
        if not any(unit[1] == output for unit in wrong):
            continue
        series = series_of(output, outcomes, wrong, reference)
        every = () if series is None else (told := replace(series, told=True), *parts_of(told))
        if not any(finding.name == relation for each in every for finding in _relations(each, reference)):
            return False
    return True


def _best(series: Series, reference: Reference) -> tuple[Finding, Series] | None:
    """The first relation that holds, of all of an output, or else of those of its arrays alone that are wrong.

    One that leaves open what a factor is comes after all others.
    """
    vague: tuple[Finding, Series] | None = None
    for each in (series, *parts_of(series)):
        for finding in _relations(each, reference):
            if not finding.vague:
                return finding, each
            vague = vague or (finding, each)
    return vague


def _relations(series: Series, reference: Reference) -> Iterator[Finding]:
    """All relations that hold, the most telling first."""
    if _comes_empty(series):
        yield Finding("empty", EMPTY, {})
    yield from _plain(forms.find(series, tuple(forms.of_inputs(series))))
    steps = ("steps" in reference.driver or "optimizer" in reference.driver) and all(i.right.ndim for i in series.items)
    if all(item.got.shape == item.right.shape for item in series.items):
        vague = []
        for finding in factors.find(series, Expressions(series.items, reference.sizes, steps)):
            if finding.vague:
                vague.append(finding)
            else:
                yield finding
        own = (*forms.VALUES, *forms.entry_by_entry(series), *forms.ARRAYS, *forms.PLACES)
        yield from _plain(forms.find(series, own))
        yield from (Finding(each.name, each.says, each.values) for each in where.find(series, steps))
        yield from _plain(forms.find(series, forms.ALIKE))
        yield from vague
    else:
        yield from _plain(forms.find(series, (*forms.ARRAYS, *forms.PLACES)))
    wrong = {item.case for item in series.wrong}
    inputs = {item.case: dict(item.inputs) for item in series.items}
    for each in conditions.find(
        [given for case, given in inputs.items() if case in wrong],
        [given for case, given in inputs.items() if case not in wrong],
        steps,
    ):
        yield Finding(each.name, each.says, each.values)


def _comes_empty(series: Series) -> bool:
    """Whether nothing came where numbers are right, in more than one case: a list that nobody appends to."""
    cases = {item.case for item in series.wrong}
    return len(cases) > 1 and all(item.got.size == 0 < item.right.size for item in series.wrong)


def _plain(found: Iterator[forms.Form]) -> Iterator[Finding]:
    return (Finding(form.name, form.says, form.values) for form in found)


def _diagnosis(finding: Finding, series: Sequence[Series], reference: Reference) -> Diagnosis:
    explains = frozenset(unit for each in series for unit in each.units)
    keys = dict.fromkeys(reference.cases[case].group for case, _ in sorted(explains))
    it, its = _subject(series, reference)
    says = say(finding.template, it=it, its=its, **finding.values)
    if series[0].part:
        says += REST
    names = "+".join(each.output for each in series)
    return Diagnosis(f"{names}:{finding.name}", says, None, tuple(keys), "relation", explains)


def _subject(series: Sequence[Series], reference: Reference) -> tuple[str, str]:
    """What a sentence begins with, and how it goes on to speak of it."""
    name, part = series[0].output, series[0].part
    if part:
        text = say(PART, name=name, part=PARTS.get(part, part))
        return text, text[0].lower() + text[1:]
    if len(series) > 1:
        names = [f"`{each.output}`" for each in series]
        text = ", ".join(names[:-1]) + " and " + names[-1]
        return say(EACH, names=text), say(OF_EACH, names=text)
    if len(reference.returns) == 1:
        return RESULT, OF_RESULT
    return say(YOURS, name=name), say(OF_YOURS, name=name)

"""Whether wrong values are those of a small change of the right answer, known by its recorded signatures.

It is one only if it is wrong exactly where the learner is, and gives the same there: in all outputs of all cases, or,
where the rest of what is wrong is explained already, in all cases of the one output that it changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.judging.diagnosis.base import Diagnosis, Unit
from course_lib.judging.differences import differences_of
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference
from course_lib.judging.signatures import Clause, Edit, Signature, by_unit, same, signature_of, signature_of_problem
from course_lib.sentences import say

ALL = {
    "one": "Your numbers are what comes out when {when}.",
    "two": "Your numbers are what comes out when {when}, or when {other}.",
    "many": "Your numbers are what comes out of several small slips, for instance when {when}.",
}
ONE_OUTPUT = {
    "one": "Your {output} is what comes out when {when}.",
    "two": "Your {output} is what comes out when {when}, or when {other}.",
    "many": "Your {output} is what comes out of several small slips, for instance when {when}.",
}


PLACES = (" where ", " throughout", ", in the code as it was given")
SOMEWHERE = " in one place"


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The change whose values are these; else, for each output by itself, the one whose values its are."""
    signatures = reference.search() if unexplained and reference.search else None
    if signatures is None:
        return []
    wrong = wrong_outputs(outcomes, reference)
    edit = matching(wrong, signatures.edits, reference)
    if edit:
        return [_diagnosis(edit, "", wrong, reference)]
    found = []
    for output in reference.returns:
        mine = {unit: mark for unit, mark in wrong.items() if unit[1] == output}
        others = wrong.keys() - mine.keys()
        if mine and not others & unexplained and (edit := matching(mine, signatures.edits, reference)):
            found.append(_diagnosis(edit, output, mine, reference))
    return found


def wrong_outputs(outcomes: Sequence[Outcome], reference: Reference) -> dict[Unit, Signature]:
    """The signatures of all that is wrong."""
    found: dict[Unit, Signature] = {}
    for index, (outcome, case) in enumerate(zip(outcomes, reference.cases, strict=True)):
        for difference in differences_of(index, outcome, case.expected, reference.tolerance):
            value = (outcome.values or {}).get(difference.output)
            found[index, difference.output] = (
                signature_of_problem(difference.problem)
                if difference.problem
                else signature_of(value, reference.tolerance)
            )
    return found


def tells(wrong: dict[Unit, Signature]) -> bool:
    """Whether what is wrong can be told from other mistakes: zeros, ones and errors alone come out of many."""
    values = [mark for (_, output), mark in wrong.items() if output]
    return any(mark.telling for mark in values) or len({(mark.form, mark.shadow) for mark in values}) > 1


def matching(wrong: dict[Unit, Signature], edits: Sequence[Edit], reference: Reference) -> Edit | None:
    """The first edit with these signatures and no others, if they tell anything at all."""
    return next((edit for edit in edits if is_of(edit, wrong, reference)), None) if tells(wrong) else None


def is_of(edit: Edit, wrong: dict[Unit, Signature], reference: Reference) -> bool:
    """Whether what is wrong are the values of this edit, all of them and no others."""
    if len(edit.marks) != len(wrong):
        return False
    kept = by_unit(edit.marks, reference.returns)
    return kept.keys() == wrong.keys() and all(same(mark, kept[unit]) for unit, mark in wrong.items())


def _diagnosis(edit: Edit, output: str, wrong: dict[Unit, Signature], reference: Reference) -> Diagnosis:
    templates = ONE_OUTPUT if output else ALL
    said = list(dict.fromkeys(map(_said, edit.says)))
    kind = "many" if edit.many else "two" if len(said) > 1 else "one"
    clauses = dict(zip(("when", "other"), said, strict=False))
    groups = dict.fromkeys(reference.cases[case].group for case, _ in sorted(wrong))
    sentence = say(templates[kind], output=output, **clauses)
    return Diagnosis(edit.name, sentence, None, tuple(groups), "search", frozenset(wrong))


def _said(clause: Clause) -> str:
    """The clause; one that names no place may be true of one place only, where the learner has written several."""
    template, values = clause
    place = "" if any(word in template for word in PLACES) else SOMEWHERE
    return say(template + place, **{name: _plain(value) for name, value in values.items()})


def _plain(value: str) -> str:
    """A number without the digits that arithmetic in floats leaves behind."""
    try:
        return f"{float(value):.6g}" if "." in value else value
    except ValueError:
        return value

"""Judge what the check cells emitted, outside the learner's process, and write verdict and points into the cells."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Enum

from course_lib.cells.reach import Cell, Program
from course_lib.cells.sources import compiles
from course_lib.judging import render
from course_lib.judging.from_scratch import forbidden_problem
from course_lib.judging.judge import Verdict, judge
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference
from course_lib.kernel.ran import file_beside
from course_lib.language.choice import ENGLISH, languages
from course_lib.language.editions import language_of
from course_lib.told import in_language
from course_lib.told import shown as retold
from course_lib.workspace import locales
from grader.judging.answers import read_outcomes
from grader.judging.policy import POLICIES, told
from grader.judging.private import private_reference, secret_for
from grader.judging.unanswered import ADDED, line_of
from grader.judging.weights import MARK

VERDICT = "application/vnd.optimization-course.verdict+json"
"""Beside what people read, a check cell's output carries the verdict for programs: the class table reads it there.

It is an output because a submission's outputs are cleared before grading: what stands there, the grader wrote.
"""
TOLD = "application/vnd.optimization-course.told+json"
"""And what a learner may be told, in pieces, for the opening of the feedback page (`grader.pages.opening`)."""


class VerifyAnswers(NbGraderPreprocessor):
    """Replaces a check cell's outputs by the verdict and, as the cell's value, the points (partial credit)."""

    tells = Enum(POLICIES, "diagnosis", help="What feedback says of private cases; see grader/judging/policy.py.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        secret = secret_for(resources["nbgrader"]["db_url"])
        sources = [cell.source for cell in nb.cells if cell.cell_type == "code"]
        beside = file_beside(Path(resources["metadata"]["path"]))
        verdicts: dict[str, Verdict] = {}
        for cell in nb.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if not grade_id.startswith("check_"):
                continue
            reference = private_reference(grade_id.removeprefix("check_"), secret)
            outcomes = read_outcomes(cell, reference, sources, nb)
            reached = Program(cells_above(nb, cell), beside).reached(reference.exercise)
            forbidden = forbidden_problem(reference.exercise, reached, reference.forbidden)
            if forbidden:
                outcomes = [Outcome(problem=forbidden)] * len(outcomes)
            verdict = judge(outcomes, with_weights(reference, nb))
            verdicts[grade_id] = verdict
            write_verdict(cell, verdict, self.tells, language_of(nb))
        resources["course_verdicts"] = verdicts
        return nb, resources


def with_weights(reference: Reference, nb: NotebookNode) -> Reference:
    """For a property, a case also says how many numbers each handed-in file of weights holds: `handed_in`."""
    if reference.verify is None:
        return reference
    handed_in = {"handed_in": dict(nb.metadata.get(MARK, {}))}
    return replace(reference, cases=tuple(replace(case, inputs=case.inputs | handed_in) for case in reference.cases))


def cells_above(nb: NotebookNode, check: NotebookNode) -> list[Cell]:
    """The code that was run before a check, as it is read for the rule "from scratch"."""
    above = itertools.takewhile(lambda cell: cell is not check, nb.cells)
    return [Cell(c.source, _is_given(c), stopped_at(c)) for c in above if c.cell_type == "code"]


def _is_given(cell: NotebookNode) -> bool:
    return not cell.metadata.get(ADDED) and not cell.metadata.get("nbgrader", {}).get("solution")


def stopped_at(cell: NotebookNode) -> int | None:
    """The line of a cell that raised; 0 where nothing of the cell was run; None where it ran to its end."""
    for output in cell.get("outputs", []):
        if output.get("output_type") == "error":
            if output.get("ename") in ("SyntaxError", "IndentationError", "TabError") and not compiles(cell.source):
                return 0
            return line_of(output)
    return None


def summary(verdict: Verdict) -> dict[str, Any]:
    """The verdict in plain JSON, without any value: what was earned, and which misconceptions explain the rest."""
    return {
        "exercise": verdict.exercise,
        "earned": verdict.earned,
        "points": verdict.points,
        "bonus": verdict.bonus,
        "not_started": verdict.not_started,
        "no_value": not verdict.passed and all(d.stage == "problem" for d in verdict.differences),
        "reason": english_reason(verdict),
        "diagnoses": [diagnosis.name for diagnosis in verdict.diagnoses],
        "by_property": {group.key: group.earned for group in verdict.groups},
    }


def told_in_pieces(shown: Verdict, policy: str) -> dict[str, Any]:
    """What a verdict, cut down to the policy, says: each thing missed with what it cost, and the properties that hold.

    A property is counted once, with the first sentence that is about it; those that no sentence is about are one more.
    """
    unit = render.unit_of(shown.exercise)
    states = {group.key: retold(group.states, unit) for group in shown.groups}
    open_groups = {group.key: group for group in shown.groups if not group.passed}
    missed = []
    for says, diagnosis in zip(render.advice(shown, private=True), shown.diagnoses, strict=False):
        mine = [open_groups.pop(key) for key in diagnosis.groups if key in open_groups]
        missed.append({"says": says, "points": sum(group.points - group.earned for group in mine)})
    if open_groups:
        says = retold(f"Not yet: {', and '.join(group.states for group in open_groups.values())}.", unit)
        if policy != "properties" and not missed:
            says = render.advice(shown, private=True)[0]
        missed.append({"says": says, "points": sum(group.points - group.earned for group in open_groups.values())})
    return {
        "exercise": shown.exercise,
        "bonus": shown.bonus,
        "not_started": shown.not_started,
        "missed": missed,
        "holds": [states[group.key] for group in shown.groups if group.passed],
    }


def english_reason(verdict: Verdict) -> str:
    """For the class's table, in which all languages meet."""
    with in_language(ENGLISH):
        return render.reason(verdict)


def write_verdict(cell: NotebookNode, verdict: Verdict, policy: str = "diagnosis", language: str = ENGLISH) -> None:
    """Verdict as HTML and text, then the plain number that nbgrader reads; nothing else, so stderr costs nothing.

    language: the submission's, in which its feedback answers; what the course does not speak is answered in English.
    """
    number = 0 if verdict.bonus else verdict.earned
    shown = told(verdict, policy)
    with in_language(language if language in languages(locales()) else ENGLISH):
        html, text = render.html(shown, private=True), render.text(shown, private=True)
        pieces = told_in_pieces(shown, policy)
    data = {"text/html": html, "text/plain": text, VERDICT: summary(verdict), TOLD: pieces}
    value = {"execution_count": cell.execution_count, "data": {"text/plain": str(number)}}
    # Not by nbformat's new_output, which validates each for itself: the notebook is validated as a whole.
    cell.outputs = from_dict(
        [
            {"output_type": "display_data", "metadata": {}, "data": data},
            {"output_type": "execute_result", "metadata": {}, **value},
        ]
    )

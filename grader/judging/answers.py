"""What a check emitted in a learner's process, as far as it is believed.

That process knows the private inputs, and what a verdict says is shown to the learner. So its values are judged and
never shown, and of its problems only the kind is taken over: the sentence is made here, from parts that are the
grader's or stand in the learner's own notebook.
"""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Sequence

from nbformat import NotebookNode

from course_lib.check import MIME
from course_lib.judging import codec, problems
from course_lib.judging.outcome import Outcome, Problem
from course_lib.judging.reference import RecordedCase, Reference
from grader.exercises import all_exercises
from grader.judging.unanswered import why_nothing, why_silent

EXCEPTIONS = {name for name in vars(builtins) if isinstance(getattr(builtins, name), type)} | {
    "AxisError",
    "LinAlgError",
    "UFuncTypeError",
}
SENTENCES = (*problems.ADVICE.values(), problems.LOOK, problems.WHOLE_NUMBERS, problems.ARGUMENTS)
MOST_VALUES = 20


def read_outcomes(
    cell: NotebookNode, reference: Reference, sources: Sequence[str] = (), nb: NotebookNode | None = None
) -> list[Outcome]:
    """The outcomes that the check cell emitted. What `check` cannot have written counts as no answer.

    sources: the learner's code cells; a line of these may be quoted. nb: the notebook that ran, whose cells tell why
    there is no answer or no object.
    """
    payloads = [output.data[MIME] for output in cell.get("outputs", []) if MIME in output.get("data", {})]
    if not payloads:
        return [Outcome(problem=why_silent(cell, nb))] * len(reference.cases)
    try:
        outcomes = [Outcome.from_json(item) for item in payloads[-1]["outcomes"]]
        if len(outcomes) != len(reference.cases):
            raise codec.CodecError("not one outcome a case")
    except (codec.CodecError, KeyError, TypeError, AttributeError, RecursionError):
        problem = Problem("wrong_type", "What this check emitted is not what a check emits.")
        return [Outcome(problem=problem)] * len(reference.cases)
    nothing = why_nothing(cell, nb, reference.exercise, outcomes)
    if nothing:
        return [Outcome(problem=nothing)] * len(outcomes)
    return [
        dataclasses.replace(outcome, problem=_told(outcome.problem, case, reference, sources))
        for outcome, case in zip(outcomes, reference.cases, strict=True)
    ]


def _told(problem: Problem | None, case: RecordedCase, reference: Reference, sources: Sequence[str]) -> Problem | None:
    """The problem in the grader's own words."""
    if problem is None:
        return None
    name, line, code = reference.exercise, *_quoted(problem, sources)
    if problem.kind == "interrupted":
        return problems.interrupted(name, line, code)
    if problem.kind == "raised":
        kind = problem.detail if problem.detail in EXCEPTIONS else "an exception"
        advice = next((sentence for sentence in SENTENCES if problem.message.endswith(sentence)), None)
        return dataclasses.replace(problems.raised(name, kind, line, code, advice=advice), alike=problem.alike)
    for known in _fixed(case, reference):
        if (problem.kind, problem.message) == (known.kind, known.message):
            return known
    if problem.kind == "not_started" and problem.detail in all_exercises():
        return problems.waits_for(name, problem.detail)
    if reference.driver == "answer":
        question, options = case.inputs["question"], ", ".join(case.inputs["options"])
        return Problem("wrong_type", f"{question} is answered by none of the letters {options}.")
    output = next((key for key in reference.returns if problem.message.startswith(f"Its `{key}`")), None)
    return problems.incomparable(output)


def _quoted(problem: Problem, sources: Sequence[str]) -> tuple[int | None, str | None]:
    """Line number and text of the line that is named, if it stands so in one of the learner's cells."""
    line, code = problem.line, problem.code
    if line is None or code is None:
        return None, None
    for source in sources:
        if code in (text.strip()[:200] for text in source.splitlines()[line - 1 : line]):
            return line, code
    return None, None


def _fixed(case: RecordedCase, reference: Reference) -> list[Problem]:
    """All problems whose sentences consist of the grader's own words."""
    name, returns = reference.exercise, reference.returns
    found = [problems.missing(name), problems.not_started(name)]
    found += [problems.returned_nothing(name, printed) for printed in (False, True)]
    found += [problems.wrong_count(name, returns, got) for got in (None, *range(MOST_VALUES))]
    found += [problems.mutated(name, argument) for argument in case.inputs]
    found += [problems.incomparable(output, kind) for output in (None, *returns) for kind in problems.KINDS]
    found += [problems.open_question(case.inputs["question"])] if reference.driver == "answer" else []
    return found

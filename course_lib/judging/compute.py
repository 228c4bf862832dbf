"""Run a learner's object over an exercise's cases and say, for each, what came out or what went wrong.

This is the half of a check that both lives share: it holds no expected value and decides nothing.
"""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from course_lib.errors import AnswerError, OpenQuestionError
from course_lib.judging import codec, crashes, problems
from course_lib.judging.drivers import DRIVERS
from course_lib.judging.failures import first_line
from course_lib.judging.outcome import Outcome, Problem
from course_lib.judging.reference import Reference
from course_lib.judging.values import is_lazy, plain
from course_lib.sentences import say

MISSING = object()
"""Stands for an object that the learner's notebook does not define."""


def run_cases(name: str, obj: Any, reference: Reference) -> list[Outcome]:
    """One outcome a case. Never raises for what the learner's code does, `KeyboardInterrupt` included."""
    if obj is MISSING:
        problem = problems.missing(name)
        return [Outcome(problem=problem)] * len(reference.cases)
    outcomes: list[Outcome] = []
    for case in reference.cases:
        outcome = _run_case(name, obj, dict(case.inputs), reference)
        outcomes.append(outcome)
        if outcome.problem and outcome.problem.kind in ("not_started", "interrupted"):
            if reference.driver == "answer":  # a quiz: one open question says nothing about the next
                continue
            return outcomes + [outcome] * (len(reference.cases) - len(outcomes))
    return outcomes


def _run_case(name: str, obj: Any, inputs: dict[str, Any], reference: Reference) -> Outcome:
    handed = copy.deepcopy(inputs)
    printed = _Printed()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            raw = DRIVERS[reference.driver](obj, handed)
    except BaseException as error:  # whatever it is, it is the learner's, and a sentence
        return Outcome(problem=_explain(name, error, _module_of(obj)))
    mutated = [key for key in inputs if not _same(inputs[key], handed[key])]
    values, problem = _named_values(name, raw, reference.returns, printed.anything)
    if problem is None and mutated:
        problem = problems.mutated(name, mutated[0])
    return Outcome(values, problem)


def _named_values(
    name: str, raw: Any, returns: tuple[str, ...], printed: bool
) -> tuple[dict[str, Any] | None, Problem | None]:
    """The returned value as named outputs, or why it cannot be one."""
    if raw is None:
        return None, problems.returned_nothing(name, printed)
    if len(returns) == 1:
        parts = [raw]
    elif (isinstance(raw, tuple | list) or isinstance(raw, np.ndarray) and raw.ndim > 1) and len(raw) == len(returns):
        parts = list(raw)
    elif is_lazy(raw):
        return None, problems.incomparable(None, "generator")
    else:
        return None, problems.wrong_count(name, returns, len(raw) if isinstance(raw, tuple | list) else None)
    values = {}
    for key, part in zip(returns, parts, strict=True):
        try:
            values[key] = codec.decode(codec.encode(plain(part)))
        except codec.CodecError as error:
            return None, problems.incomparable(key if len(returns) > 1 else None, error.kind, str(error))
        except Exception as error:  # an object of the learner's own that fails when it is looked at
            reason = say("looking at it raises {kind}", kind=type(error).__name__)
            return None, problems.incomparable(key if len(returns) > 1 else None, "", reason)
    return values, None


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.dtype == after.dtype
            and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(_same(before[k], after[k]) for k in before)
        )
    if isinstance(before, list | tuple):
        return isinstance(after, list | tuple) and len(before) == len(after) and all(map(_same, before, after))
    try:
        return bool(before == after) or bool(before != before and after != after)
    except Exception:  # what stands there now has its own idea of being equal
        return False


class _Printed(io.StringIO):
    """Takes whatever is printed, however much, and keeps only whether it was anything."""

    anything = False

    def write(self, text: str, /) -> int:
        self.anything = self.anything or bool(text.strip())
        return len(text)


def _module_of(obj: Any) -> str:
    try:
        return str(obj.__module__)
    except Exception:  # an object of the learner's own may do anything when it is asked for an attribute
        return "__main__"


def _explain(name: str, error: BaseException, module: str) -> Problem:
    """An exception as a sentence with the learner's own line."""
    if isinstance(error, OpenQuestionError):
        return problems.open_question(first_line(error))
    if isinstance(error, NotImplementedError):
        other = first_line(error).removeprefix("Exercise ")
        return problems.waits_for(name, other) if other.isidentifier() and other != name else problems.not_started(name)
    if isinstance(error, AnswerError):
        return Problem("wrong_type", str(error))
    line, code = _own_line(error)
    if isinstance(error, KeyboardInterrupt):
        return problems.interrupted(name, line, code)
    return replace(_raised(name, error, line, code), alike=crashes.likeness(error, module))


def _raised(name: str, error: BaseException, line: int | None, code: str | None) -> Problem:
    if isinstance(error, RecursionError | SystemExit):
        kind = "RecursionError" if isinstance(error, RecursionError) else "SystemExit"
        return problems.raised(name, kind, line, code)
    text = first_line(error)
    advice = None
    if "not in place" in text or "same_kind" in text:
        advice = problems.WHOLE_NUMBERS
    elif "missing" in text and "argument" in text or "positional argument" in text:
        advice = problems.ARGUMENTS
    return problems.raised(name, type(error).__name__, line, code, text, advice)


def _own_line(error: BaseException) -> tuple[int | None, str | None]:
    """The deepest line of the traceback that is the learner's: in a notebook cell, or in the object's own file."""
    for frame, line in reversed(crashes.frames_of(error, "__main__")):
        code = linecache.getline(frame.f_code.co_filename, line).strip()
        return line, code[:200] or None
    return None, None

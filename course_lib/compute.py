"""Run a learner's object over an exercise's cases and say, for each, what came out or what went wrong.

This is the half of a check that both lives share: it holds no expected value and decides nothing.
"""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import traceback
import warnings
from types import FrameType
from typing import Any

import numpy as np

from course_lib import codec
from course_lib.probes import PROBES, AnswerError
from course_lib.reference import Outcome, Problem, Reference

MISSING = object()
"""Stands for an object that the learner's notebook does not define."""

ADVICE = {
    "NameError": "Is the name spelled as where you defined it, and defined before this line?",
    "IndexError": "An index is past the end: print the array's shape just before this line.",
    "KeyError": "Print the dict's keys just before this line.",
    "ZeroDivisionError": "Which value is zero here, and should it be?",
    "AttributeError": "Is the object of the type that you think? Print type(...) just before this line.",
    "TypeError": "Look at the types and the number of the arguments on this line.",
    "ValueError": "Print the shapes of the arrays just before this line.",
    "MemoryError": "An array became far larger than this exercise needs: print the shapes.",
}


def run_cases(name: str, obj: Any, reference: Reference) -> list[Outcome]:
    """One outcome a case. Never raises for what the learner's code does, `KeyboardInterrupt` included."""
    if obj is MISSING:
        problem = Problem(
            "missing",
            f"There is no {name} here. Run the cell that defines it; if the cell is gone, "
            "copy it back from the unit's fresh notebook.",
        )
        return [Outcome(problem=problem)] * len(reference.cases)
    outcomes: list[Outcome] = []
    for case in reference.cases:
        outcome = _run_case(name, obj, dict(case.inputs), reference)
        outcomes.append(outcome)
        if outcome.problem and outcome.problem.kind in ("not_started", "interrupted"):
            if reference.probe == "answer":  # a quiz: one open question says nothing about the next
                continue
            return outcomes + [outcome] * (len(reference.cases) - len(outcomes))
    return outcomes


def _run_case(name: str, obj: Any, inputs: dict[str, Any], reference: Reference) -> Outcome:
    handed = copy.deepcopy(inputs)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            raw = PROBES[reference.probe](obj, handed)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return Outcome(problem=_explain(name, error))
    mutated = [key for key in inputs if not _same(inputs[key], handed[key])]
    values, problem = _named_values(name, raw, reference.returns, bool(printed.getvalue().strip()))
    if problem is None and mutated:
        problem = Problem(
            "mutated",
            f"{name} changed its argument `{mutated[0]}` in place: whoever called it finds other numbers "
            "than before. Work on a new array (an expression such as `a - b` makes one; `a -= b` changes `a` itself).",
            detail=mutated[0],
        )
    return Outcome(values, problem)


def _named_values(
    name: str, raw: Any, returns: tuple[str, ...], printed: bool
) -> tuple[dict[str, Any] | None, Problem | None]:
    """The returned value as named outputs, or why it cannot be one."""
    if raw is None:
        if printed:
            return None, Problem(
                "returned_nothing",
                f"{name} printed a value but returned nothing. print shows a number to a person; "
                "return hands it to whoever called. End the function with a return line.",
            )
        return None, Problem(
            "returned_nothing",
            f"{name} returned nothing (None). Does it end with a return line, on every path?",
        )
    if len(returns) == 1:
        parts = [raw]
    elif isinstance(raw, tuple | list) and len(raw) == len(returns):
        parts = list(raw)
    else:
        got = f"{len(raw)} values" if isinstance(raw, tuple | list) else "one value"
        return None, Problem(
            "wrong_count",
            f"{name} should return {len(returns)} things, ({', '.join(returns)}), and returned {got}.",
        )
    values = {}
    for key, part in zip(returns, parts, strict=True):
        try:
            values[key] = codec.decode(codec.encode(_plain(part)))
        except codec.CodecError as error:
            what = "What it returns" if len(returns) == 1 else f"Its `{key}`"
            return None, Problem(
                "wrong_type", f"{what} cannot be compared: {error}. Return plain arrays and numbers."
            )
    return values, None


def _plain(value: Any) -> Any:
    """Lists of numbers become arrays, tensors become arrays; everything else stays what it is."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    if isinstance(value, list | tuple) and value:
        try:
            array = np.asarray([_plain(item) for item in value])
        except (ValueError, TypeError):
            return value
        if array.dtype.kind in "bifu":
            return array
    return value


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
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after) or (before != before and after != after)


def _explain(name: str, error: BaseException) -> Problem:
    """An exception as a sentence with the learner's own line."""
    if isinstance(error, NotImplementedError):
        return Problem(
            "not_started", f"{name} is not written yet. Replace the line `raise NotImplementedError(...)`."
        )
    if isinstance(error, AnswerError):
        return Problem("wrong_type", str(error))
    line, code = _own_line(error)
    where = f"line {line} of your cell, `{code}`" if code else "your code"
    if isinstance(error, KeyboardInterrupt):
        return Problem(
            "interrupted",
            f"{name} was stopped before it finished; it was at {where}. Does a loop there never end?",
            line,
            code,
        )
    if isinstance(error, RecursionError):
        return Problem(
            "raised",
            f"{name} calls itself without end, at {where}. Which call should stop it?",
            line,
            code,
            "RecursionError",
        )
    if isinstance(error, SystemExit):
        return Problem(
            "raised",
            f"{name} calls exit() at {where}; use return to leave a function.",
            line,
            code,
            "SystemExit",
        )
    kind = type(error).__name__
    text = str(error).strip().split("\n")[0][:200]
    advice = ADVICE.get(kind, "Read the line with the case's inputs in mind.")
    if "not in place" in text or "same_kind" in text:
        advice = "An array of whole numbers cannot take fractions in place: make a new array of floats."
    elif "missing" in text and "argument" in text or "positional argument" in text:
        advice = "Keep the arguments as the exercise gave them: same number, same order."
    return Problem("raised", f"{name} stopped at {where} with {kind}: {text}. {advice}", line, code, kind)


def _own_line(error: BaseException) -> tuple[int | None, str | None]:
    """The deepest line of the traceback that is the learner's: in a notebook cell, or in the object's own file."""
    found: tuple[int | None, str | None] = (None, None)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if _is_learners(frame):
            code = linecache.getline(frame.f_code.co_filename, line).strip()
            found = (line, code[:200] or None)
    return found


def _is_learners(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module == "__main__" and "course_lib" not in frame.f_code.co_filename

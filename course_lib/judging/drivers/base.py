"""The drivers that fit any function, and the form that a driver has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.errors import AnswerError, OpenQuestionError

Driver = Callable[[Any, dict[str, Any]], Any]


def call(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call the function with the inputs in the order of its signature."""
    return obj(*inputs.values())


def answer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Read one answer of a quiz, a dict such as {"q1": "b"}; letters may be upper case or padded."""
    if not isinstance(obj, dict):
        raise AnswerError(f"The quiz is no longer a dict of answers: it is a {type(obj).__name__}.")
    question, options = inputs["question"], inputs["options"]
    given = obj.get(question, ...)
    if given is ... or given is None:
        raise OpenQuestionError(question)
    letter = str(given).strip().lower()
    if letter not in options:
        raise AnswerError(f"{question} says {given!r}; choose one of the letters {', '.join(options)}.")
    return letter


def kept_outputs(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(*rest)` and keep, of what it returns, the outputs where the list `keep` says True; others are None.

    So a case can ask for one of several outputs, and a mistake in another does not cost its group.
    """
    rest = dict(inputs)
    keep = rest.pop("keep")
    returned = obj(*rest.values())
    if not isinstance(returned, tuple | list) or len(returned) != len(keep):
        return returned
    return tuple(part if kept else None for part, kept in zip(returned, keep, strict=True))


def all_of(held: bool, count: int, what: str) -> str:
    """A fact in words that names how much it was looked at: what was right of one case is then not right of the next.

    So a fact that holds for every right answer still cannot be copied from another case's answer.
    """
    return f"yes, all {count} {what}" if held else "no"


DRIVERS: dict[str, Driver] = {
    "call": call,
    "answer": answer,
    "kept_outputs": kept_outputs,
}

"""Predictions made before an experiment, and what the experiment then showed.

A guess that was put down before the answer came is remembered better than an answer that was only read, right or
wrong; so neither function ever scolds, and nothing here is worth points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from course_lib.errors import CourseError

# Colours that hold on a white and on a dark page; text takes the page's own colour.
OPEN, SAME, OTHER = "#d68910", "#2e9e6b", "#3b82b8"


@dataclass
class Prediction:
    """One question of this session: its options, the choice that counts, and whether the answer was shown."""

    options: dict[str, str]
    choice: str | None = None
    revealed: bool = False


@dataclass
class Registry:
    """The predictions of this kernel session, by key."""

    predictions: dict[str, Prediction] = field(default_factory=dict)


session = Registry()


@dataclass(frozen=True)
class Card:
    """A short panel, as HTML for a notebook and as plain text for everywhere else."""

    title: str
    lines: tuple[str, ...]
    colour: str = OPEN

    def __repr__(self) -> str:
        return "\n".join([self.title, *("  " + line for line in self.lines)])

    def _repr_html_(self) -> str:
        body = "".join(f'<div style="margin:3px 0">{escape(line)}</div>' for line in self.lines)
        return (
            f'<div style="border-left:5px solid {self.colour};padding:8px 14px;margin:4px 0;max-width:56em;'
            f'line-height:1.45;overflow-wrap:anywhere"><div style="font-weight:600;color:{self.colour}">'
            f"{escape(self.title)}</div>{body}</div>"
        )


def predict(key: str, choice: Any, options: Mapping[str, str]) -> None:
    """Put down what you expect of an experiment, before you run it.

    key: the question's name, the same as in `reveal`.  choice: one of the letters of `options`, or `...` while you
    have not chosen.  options: letter -> what it says.  You may change your mind until the answer is shown.
    """
    if choice is ... or choice is None:
        letters = ", ".join(options)
        lines = (f"Write one of the letters {letters} in place of the dots, run this cell, then run on.",)
        _show(Card("Your prediction is still open", (*_listed(options), *lines)))
        return
    letter = _letter(choice, options)
    known = session.predictions.get(key)
    if known is not None and known.revealed and known.choice is not None:
        _show(_after_the_fact(known, letter))
        return
    changed = known is None or known.choice != letter
    session.predictions[key] = Prediction(dict(options), letter, revealed=known is not None and known.revealed)
    if changed:
        from course_lib.progress import record

        record("prediction", key=key, choice=letter, revealed=session.predictions[key].revealed)
    _show(Card("You predict", (_option(letter, options), "Run on and see.")))


def reveal(key: str, answer: Any, because: str) -> None:
    """Compare the experiment's answer with your prediction, and say why it is so.

    answer: the letter that the experiment's own numbers led to.  because: the reason, in a sentence or two.
    """
    known = session.predictions.get(key)
    if known is None or known.choice is None:
        shown = str(answer).strip().lower()
        session.predictions[key] = Prediction({}, revealed=True)
        lines = (f"The experiment shows: {shown}", f"Why: {because}", "(You had not put down a prediction.)")
        _show(Card("What the experiment shows", lines))
        return
    letter = _letter(answer, known.options)
    first = not known.revealed
    known.revealed = True
    same = letter == known.choice
    if first:
        from course_lib.progress import record

        record("reveal", key=key, choice=known.choice, answer=letter)
    lines = (
        f"You predicted: {_option(known.choice, known.options)}",
        f"The experiment shows: {_option(letter, known.options)}",
        f"Why: {because}",
    )
    title = "As you predicted" if same else "Not as you predicted: worth remembering"
    _show(Card(title, lines, SAME if same else OTHER))


def _after_the_fact(known: Prediction, letter: str) -> Card:
    assert known.choice is not None
    said = _option(known.choice, known.options)
    if letter == known.choice:
        return Card("You predicted", (said,))
    lines = (
        said,
        f"The answer has been shown since, so your first prediction stays the one that is compared, not {letter!r}.",
    )
    return Card("You predicted", lines)


def _letter(choice: Any, options: Mapping[str, str]) -> str:
    letter = str(choice).strip().lower()
    if letter not in options:
        raise CourseError(f"{choice!r} is not one of the options here: choose one of {', '.join(options)}.")
    return letter


def _option(letter: str, options: Mapping[str, str]) -> str:
    return f"{letter}) {options[letter]}"


def _listed(options: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_option(letter, options) for letter in options)


def _show(card: Card) -> None:
    """In a notebook the card is an output; elsewhere it is printed."""
    from IPython.core.getipython import get_ipython

    if get_ipython() is None:
        print(card)
        return
    from IPython.display import display

    display(card)

"""Predictions made before an experiment, and what the experiment then showed.

A guess that was put down before the answer came is remembered better than an answer that was only read, right or
wrong; so neither function ever scolds, and nothing here is worth points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.told import shown

# Of the bar beside a card, on a white and on a dark page; text has the page's own colour, for which these are too pale.
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
            f'<div role="group" aria-label="Prediction" style="border-left:5px solid {self.colour};padding:8px 14px;'
            'margin:4px 0;max-width:56em;line-height:1.45;overflow-wrap:anywhere">'
            f'<div style="font-weight:600">{escape(self.title)}</div>{body}</div>'
        )


def predict(key: str, choice: Any, options: Mapping[str, str]) -> None:
    """Put down what you expect of an experiment, before you run it.

    key: the question's name, the same as in `reveal`.  choice: one of the letters of `options`, or `...` while you
    have not chosen.  options: letter -> what it says.  You may change your mind until the answer is shown.
    """
    known = session.predictions.setdefault(key, Prediction({}))
    known.options = dict(options)
    letter = None if choice is ... or choice is None else _letter(choice)
    if letter is not None and letter in options:
        _show(_keep(key, known, letter))
        return
    if not known.revealed:
        known.choice = None
    listed = tuple(_option(each, known.options) for each in options)
    letters = ", ".join(f'"{each}"' for each in options)
    ask = f"Write one of {letters}, with its quotes, in place of the dots, run this cell, then run on."
    if letter is not None:
        ask = f"{choice!r} is not one of {letters}: choose one of them, run this cell, then run on."
    _show(Card("Your prediction is still open", (*listed, ask)))


def _keep(key: str, known: Prediction, letter: str) -> Card:
    """Note the choice, unless the answer was shown since an earlier one; the card that says so."""
    if known.revealed and known.choice is not None:
        said: tuple[str, ...] = (_option(known.choice, known.options),)
        if letter != known.choice:
            said += (
                "The answer has been shown since, so your first prediction stays the one that is compared, "
                f"not {letter!r}.",
            )
        return Card("You predicted", said)
    if known.choice != letter:
        from course_lib.progress import record

        known.choice = letter
        record("prediction", key=key, choice=letter, after_answer=known.revealed)
    return Card("You predict", (_option(letter, known.options), "Run on and see."))


def reveal(key: str, answer: Any, because: str) -> None:
    """Compare the experiment's answer with your prediction, and say why it is so.

    answer: the letter that the experiment's own numbers led to.  because: the reason, in a sentence or two. Raises
    `CourseError` for a letter that `predict` did not offer.
    """
    known = session.predictions.setdefault(key, Prediction({}))
    letter = _letter(answer)
    if known.options and letter not in known.options:
        raise CourseError(f"The experiment {key!r} gave {answer!r}, which is not one of {', '.join(known.options)}.")
    first, known.revealed = not known.revealed, True
    shows = (f"The experiment shows: {_option(letter, known.options)}", f"Why: {because}")
    if known.choice is None:
        _show(Card("What the experiment shows", (*shows, "(You had not put down a prediction.)")))
        return
    if first:
        from course_lib.progress import record

        said = [_option(each, known.options) for each in (known.choice, letter)]
        record("reveal", key=key, choice=known.choice, answer=letter, said=said, because=because, unit=Path.cwd().name)
    same = letter == known.choice
    title = "As you predicted" if same else "Not as you predicted: worth remembering"
    predicted = f"You predicted: {_option(known.choice, known.options)}"
    _show(Card(title, (predicted, *shows), SAME if same else OTHER))


def _letter(choice: Any) -> str:
    return str(choice).strip().lower()


def _option(letter: str, options: Mapping[str, str]) -> str:
    return f"{letter}) {shown(options[letter])}" if letter in options else letter


def _show(card: Card) -> None:
    """In a notebook the card is an output; elsewhere it is printed."""
    card = replace(card, title=shown(card.title), lines=tuple(map(shown, card.lines)))
    from IPython.core.getipython import get_ipython

    if get_ipython() is None:
        print(card)
        return
    from IPython.display import display

    display(card)

"""Predictions as cards to read: the question's options, and folded below them what the experiment shows.

In a notebook `predict` and `reveal` show cards of their own, which speak to whoever sits before the kernel. On a page
nobody types, so the options come from the cell's source and the answer from what `reveal` showed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.told import shown
from grader.pages.formulas import typeset

SHOWS = "The experiment shows: "
WHY = "Why: "


@dataclass(frozen=True)
class Answer:
    """What an experiment showed: the option that holds, and the reason."""

    option: str
    because: str


def predictions(source: str) -> list[tuple[str, dict[str, str]]]:
    """The key and the options of each `predict(...)` of a cell, in their order; options that are computed are none."""
    found = []
    for call in _calls(source, "predict"):
        given = {word.arg: word.value for word in call.keywords} | dict(
            zip(("key", "choice", "options"), call.args, strict=False)
        )
        try:
            found.append((str(ast.literal_eval(given["key"])), dict(ast.literal_eval(given["options"]))))
        except (KeyError, ValueError):
            continue
    return found


def reveals(source: str) -> list[str]:
    """The keys of a cell's `reveal(...)`, in their order."""
    return [
        str(key.value)
        for call in _calls(source, "reveal")
        if call.args and isinstance(key := call.args[0], ast.Constant)
    ]


def answers(source: str, outputs: list[Mapping[str, Any]]) -> dict[str, Answer]:
    """What a cell's outputs reveal, by the key of the prediction; nothing where the two do not match."""
    shown = [answer for output in outputs if (answer := revealed(output)) is not None]
    keys = reveals(source)
    return dict(zip(keys, shown, strict=True)) if len(keys) == len(shown) else {}


def revealed(output: Mapping[str, Any]) -> Answer | None:
    """The answer in an output of `reveal`, made in the language of now; None for every other output."""
    lines = [line.strip() for line in plain(output).splitlines()]
    option, because = (_after(_begins(words), lines) for words in (SHOWS, WHY))
    return None if option is None else Answer(option, because or "")


def _after(start: str, lines: list[str]) -> str | None:
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), None)


def _begins(words: str) -> str:
    """How a line of `reveal` begins in the language of now."""
    return shown(f"{words}x").removesuffix("x")


def plain(output: Mapping[str, Any]) -> str:
    """An output's text, as a terminal would show it."""
    return str(output.get("data", {}).get("text/plain", ""))


def question(options: Mapping[str, str], answer: Answer | None, unit: str = "") -> str:
    """The card of a prediction, as one line of HTML. unit: whose catalogue has its options in other languages."""
    told = {letter: shown(option, unit) for letter, option in options.items()}
    rows = "".join(f"<li><b>{escape(letter)})</b> {_text(option)}</li>" for letter, option in told.items())
    fold = ""
    if answer is not None:
        body = f"<p><b>{_text(answer.option)}</b></p><p>{_text(answer.because)}</p>"
        fold = f"<details><summary>{shown('What the experiment shows')}</summary>{body}</details>"
    title = f'<p class="title">{shown("What do you expect? Choose before you read on.")}</p>'
    name = shown("Prediction")
    return f'<div class="prediction" role="group" aria-label="{name}">{title}<ul>{rows}</ul>{fold}</div>'


def outcome(answer: Answer) -> str:
    """What an experiment showed, below it."""
    body = f"<p>{_text(answer.option)}</p><p>{_text(answer.because)}</p>"
    return f'<div class="outcome"><p class="title">{shown("What the experiment shows")}</p>{body}</div>'


def _text(text: str) -> str:
    """A sentence of a card: code between backticks, formulas as MathML, and nothing else is markup."""
    coded = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text, quote=False))
    return " ".join(typeset(coded).split())


def _calls(source: str, name: str) -> list[ast.Call]:
    """A cell's calls of a function, from top to bottom; a cell that is no Python alone has none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name]
    return sorted(named, key=lambda call: (call.lineno, call.col_offset))

"""Formulas in a text: where they stand, and dollars that no renderer takes for a formula's ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.building.texts import Text, shortened

CODE = re.compile(r"(?<![`\\])(`+)(?!`)(.*?)(?<!`)\1(?!`)", re.DOTALL)
FORMULA = re.compile(r"(?<!\\)\$\$(.*?)(?<!\\)\$\$|(?<![\\$])\$(?!\$)((?:\\.|[^$\\])*)\$(?!\$)", re.DOTALL)
DOLLAR = re.compile(r"(?<!\\)\$")

Found = Iterator[tuple[int, str]]
"""Lines of a text (from 0), each with a sentence about it."""


def masked(pattern: re.Pattern[str], source: str) -> str:
    """The text with each match replaced by as many letters and line ends, so that places stay."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", "x", match[0]), source)


def formulas(text: Text, start: int, plain: str, split: bool) -> Found:
    """Dollars that do not pair, or that no renderer takes for a formula's ends; `plain` has no code."""
    matches = list(FORMULA.finditer(plain))
    rest = DOLLAR.search(masked(FORMULA, plain))
    if rest and not split:
        line = start + plain[: rest.start()].count("\n")
        seen = f'a dollar has no partner in its paragraph, at "{shortened(plain[rest.start() :], 40)}"'
        remedy = r"close the formula before a blank line, a list or a quote ends it, or write \$ for money"
        yield line, text.finding(line, seen, remedy)
    for match in matches:
        line = start + plain[: match.start()].count("\n")
        inner = match[2]
        if inner is None:
            continue
        shown = f"the formula {shortened(match[0])}"
        if inner != inner.strip():
            yield line, text.finding(line, f"{shown} has a blank beside a dollar", "put the dollar next to its formula")
        elif plain[match.end() : match.end() + 1].isalnum() or plain[: match.start()][-1:].isalnum():
            seen = f"{shown} is glued to a letter or a digit"
            yield line, text.finding(line, seen, "put a blank or a hyphen between them: GitHub shows dollars else")

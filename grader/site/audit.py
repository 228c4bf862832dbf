"""The audit as a page: what it counts and why mutants live, without the lines of answers that it quotes."""

from __future__ import annotations

import re

QUOTED = re.compile(r"^- (\w+): `[^`]*`(?: (?:as|or) `[^`]*`)+\. ", re.M)
"""A mutant that is right after all: the exercise, and the line of its answer as it was and as it is."""
LEFT_OUT = "On these pages the lines of code are left out, for they are answers; the reasons are all here."


def without_answers(text: str) -> str:
    """docs/audit.md for a page that learners read."""
    heading, _, rest = text.partition("\n")
    return f"{heading}\n\n{LEFT_OUT}\n{QUOTED.sub(lambda match: f'- {match[1]}: ', rest)}"

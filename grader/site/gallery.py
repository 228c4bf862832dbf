"""The gallery: what learners get wrong and what they are told, by unit. Made from the specs; no code is quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from grader.exercises import exercises_of
from grader.site.units import About
from grader.spec import Exercise

INTRODUCTION = """\
# What learners get wrong

Each exercise of this course knows mistakes by name: {mistakes} of them in {exercises} exercises. These are the sentences
that a check says when it recognizes one. They are what a tutor should expect at a learner's elbow, and a second reason to
work through an exercise that seemed easy. What is wrong in the code is for the learner to find, so no code is shown;
quizzes are left out, as their sentences would answer them.

| unit | exercises | mistakes known by name |
|---|---|---|
"""


def told(unit: str) -> list[Exercise]:
    """The exercises of a unit whose mistakes the gallery may tell: of a quiz they would give the answers away."""
    return [exercise for exercise in exercises_of(unit) if not exercise.withheld and sentences(exercise)]


def sentences(exercise: Exercise) -> list[str]:
    """What is told of an exercise's mistakes, each sentence once."""
    return list(dict.fromkeys(misconception.says for misconception in exercise.misconceptions))


def index(units: Sequence[About]) -> str:
    """The gallery's first page."""
    rows, mistakes, exercises = [], 0, 0
    for about in units:
        known = told(about.unit)
        count = sum(len(sentences(exercise)) for exercise in known)
        rows.append(f"| [{about.title}]({about.unit}.md) | {len(known)} | {count} |\n")
        mistakes, exercises = mistakes + count, exercises + len(known)
    listed = "\n".join(about.unit for about in units)
    toctree = f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return INTRODUCTION.format(mistakes=f"{mistakes:,}", exercises=exercises) + "".join(rows) + toctree


def page(about: About) -> str:
    """The gallery's page of one unit."""
    parts = [f"# Mistakes in {about.title}\n", f"The unit itself: [{about.title}](../units/{about.unit}.ipynb).\n"]
    for exercise in told(about.unit):
        rows = "".join(f"<li>{marked_up(sentence)}</li>" for sentence in sentences(exercise))
        parts += [f"## `{exercise.name}`\n", f'<ul class="told">{rows}</ul>\n']
    return "\n".join(parts)


def marked_up(sentence: str) -> str:
    """A sentence of a check as HTML: code between backticks, all else as it stands."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(sentence.split()), quote=False))

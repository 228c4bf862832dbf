"""The gallery: what learners get wrong and what they are told, by unit. Made from the specs; no code is quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from course_lib.sentences import say
from course_lib.told import shown
from grader.exercises import exercises_of
from grader.site.filling import filled
from grader.site.units import About
from grader.spec import Exercise


def told(unit: str) -> list[Exercise]:
    """The exercises of a unit whose mistakes the gallery may tell: of a quiz they would give the answers away."""
    return [exercise for exercise in exercises_of(unit) if not exercise.withheld and sentences(exercise)]


def sentences(exercise: Exercise) -> list[str]:
    """What is told of an exercise's mistakes, each sentence once."""
    return list(dict.fromkeys(misconception.says for misconception in exercise.misconceptions))


def index(units: Sequence[About]) -> str:
    """The gallery's first page."""
    counts = [(unit, len(told(unit.unit)), sum(len(sentences(each)) for each in told(unit.unit))) for unit in units]
    mistakes, exercises = sum(count for _, _, count in counts), sum(known for _, known, _ in counts)
    rows = "\n".join(f"| [{unit.title}]({unit.unit}.md) | {known} | {count} |" for unit, known, count in counts)
    pages = "\n".join(unit.unit for unit in units)
    return filled("gallery.md", rows=rows, pages=pages, mistakes=f"{mistakes:,}", exercises=exercises)


def page(about: About) -> str:
    """The gallery's page of one unit, in the language of now."""
    link = f"[{about.title}](../units/{about.unit}.ipynb)"
    parts = [say(shown("# Mistakes in {title}"), title=about.title) + "\n"]
    parts += [say(shown("The unit itself: {link}."), link=link) + "\n"]
    for exercise in told(about.unit):
        rows = "".join(f"<li>{marked_up(shown(sentence, about.unit))}</li>" for sentence in sentences(exercise))
        parts += [f"## `{exercise.name}`\n", f'<ul class="told">{rows}</ul>\n']
    return "\n".join(parts)


def marked_up(sentence: str) -> str:
    """A sentence of a check as HTML: code between backticks, all else as it stands."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(sentence.split()), quote=False))

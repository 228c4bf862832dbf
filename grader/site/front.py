"""The front page and the course plan: why somebody should spend forty hours here, and on what."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from course_lib import told
from course_lib.sentences import say
from grader.exercises import all_exercises
from grader.site import panel
from grader.site.cards import predictions
from grader.site.filling import filled
from grader.site.gallery import sentences
from grader.site.outputs import Outputs
from grader.site.units import About, released

BUILT = re.compile(r"^\| \[\d\d · [^\]]+\]\(notebooks/(\w+)/[^)]+\) \| [^|]+ \| ([^|]+) \|$", re.M)
"""A row of the README's table: the unit, and what you will have built in it."""


ALONE = "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n"
"""The front page has no list of its headings beside it."""


class Shown(NamedTuple):
    """A figure of the front page: its unit, words of the cell that draws it, and what is said below it."""

    unit: str
    words: str
    says: str


BEST = (
    Shown(
        "02_gradient_descent",
        "Across the valley each step",
        say(
            "Unit 02. Across a narrow valley the steps zig-zag, along it they creep. You find out how long one may be."
        ),
    ),
    Shown(
        "07_mlp",
        "ReLU bends the border",
        say("Unit 07. Units that bend a border: a network that you wrote, gradients and all, learns what no line can."),
    ),
    Shown(
        "14_seeing_inside",
        "Five methods, five answers",
        say("Unit 14. What does a network look at? Five maps, and how to tell which of them to believe."),
    ),
)


def built(readme: str) -> dict[str, str]:
    """What you will have built in each unit, in the README's words."""
    return {unit: words.strip() for unit, words in BUILT.findall(readme)}


def picture(shown: Shown, cells: Sequence[Mapping[str, Any]], outputs: Outputs) -> tuple[bytes, str] | None:
    """A figure of the front page and its text, from the outputs of the cell that draws it; None where there is none."""
    for cell in cells:
        if shown.words not in cell["source"]:
            continue
        for output in outputs.get(cell["id"], []):
            data = output.get("data", {}).get("image/png")
            if data:
                text = str(output.get("metadata", {}).get("image/png", {}).get("alt", "")) or told.shown(shown.says)
                return base64.b64decode(data), " ".join(text.split())
    return None


def front(
    units: Sequence[About],
    readme: str,
    figures: Sequence[tuple[Shown, str, str]],
    contents: Sequence[tuple[str, Sequence[str]]],
) -> str:
    """The source of the front page, in the language of now.

    figures: what is shown, its file, its text; contents: all pages by heading.
    """
    exercises = [exercise for exercise in all_exercises().values() if not exercise.withheld]
    asked = sum(len(predictions(cell.source)) for unit in units for cell in released(unit.unit).cells)
    known = built(readme)
    rows = [f"| [{u.title}](units/{u.unit}.ipynb) | {u.time} | {known.get(u.unit, '')} |" for u in units]
    return ALONE + filled(
        "index.md",
        buttons=_buttons(),
        answer=panel.ANSWER,
        exercise=panel.EXERCISE,
        panel=panel.folded(),
        figures=_figures(figures),
        mistakes=f"{sum(len(sentences(exercise)) for exercise in exercises):,}",
        exercises=len(exercises),
        predictions=asked,
        rows="\n".join(rows),
        contents="\n\n".join(_listed(heading, pages) for heading, pages in contents),
    )


def _buttons() -> str:
    """The ways to begin, as one line of HTML."""
    ways = {
        told.shown("Look at unit 00"): "units/00_start_here.html",
        told.shown("Run it on your machine"): "guides/running.html",
        told.shown("The course plan"): "plan.html",
    }
    drawn = "".join(
        f'<a class="button{"" if number else " first"}" href="{to}">{label}</a>'
        for number, (label, to) in enumerate(ways.items())
    )
    return f'<nav class="buttons" aria-label="{told.shown("Begin")}">{drawn}</nav>'


def _figures(figures: Sequence[tuple[Shown, str, str]]) -> str:
    """The figures side by side, each leading to its unit; nothing where there are none."""
    drawn = [
        f"```{{figure}} {file}\n:alt: {text}\n:target: units/{shown.unit}.html\n\n{told.shown(shown.says)}\n```"
        for shown, file, text in figures
    ]
    return "\n".join([":::{container} shown", *drawn, ":::"]) if drawn else ""


def _listed(heading: str, pages: Sequence[str]) -> str:
    """A part of the list of pages, which the theme shows beside each page."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```"])


def plan(units: Sequence[About], links: Callable[[str, str], str]) -> str:
    """The source of the course plan, from the units' own header tables. links: mends those in a piece of a unit."""
    rows = "\n".join(
        f"| [{u.title}](units/{u.unit}.ipynb) | {u.time} | {u.difficulty} | {u.exercises} | {u.points} |" for u in units
    )
    return filled("plan.md", rows=rows, units=units, links=links)

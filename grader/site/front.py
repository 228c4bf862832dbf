"""The front page and the course plan: why somebody should spend forty hours here, and on what."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from course_lib.judging import render
from grader.exercises import all_exercises
from grader.site import panel
from grader.site.outputs import Outputs
from grader.site.units import About

BUILT = re.compile(r"^\| \[\d\d · [^\]]+\]\(notebooks/(\w+)/[^)]+\) \| [^|]+ \| ([^|]+) \|$", re.M)
"""A row of the README's table: the unit, and what you will have built in it."""


class Shown(NamedTuple):
    """A figure of the front page: its unit, words of the cell that draws it, and what is said below it."""

    unit: str
    words: str
    says: str


BEST = (
    Shown(
        "02_gradient_descent",
        "zig",
        "Unit 02: why a valley makes gradient descent zig-zag, and how long a step may be.",
    ),
    Shown("04_momentum", "cliff", "Unit 04: momentum moves the cliff."),
    Shown("14_seeing_inside", "saliency", "Unit 14: what a network looks at."),
)
PROMISES = (
    (
        "It tells you what you misunderstood",
        "{mistakes} known mistakes have a name and a sentence. A check that only says “wrong” teaches nothing.",
    ),
    (
        "You write it, then you use it",
        "{exercises} exercises of 1 to 15 lines. Your Adam trains your network, and your network is what PyTorch then has to match.",
    ),
    (
        "You guess before you look",
        "Each experiment asks for a prediction first. That is how what you see stays with you.",
    ),
    ("Nothing to sign up for", "It runs on your machine, offline, without a GPU, and nothing leaves it."),
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
                text = str(output.get("metadata", {}).get("image/png", {}).get("alt", "")) or shown.says
                return base64.b64decode(data), text
    return None


def front(units: Sequence[About], readme: str, figures: Sequence[tuple[Shown, str, str]], contents: str) -> str:
    """The source of the front page. figures: what is shown, its file beside the page, its text."""
    exercises = [exercise for exercise in all_exercises().values() if not exercise.withheld]
    mistakes = sum(len({m.says for m in exercise.misconceptions}) for exercise in exercises)
    numbers = {"mistakes": f"{mistakes:,}", "exercises": len(exercises)}
    promised = "".join(f"<li><b>{title}.</b> {text.format(**numbers)}</li>" for title, text in PROMISES)
    drawn = "\n".join(
        f"```{{figure}} {file}\n:alt: {' '.join(text.split())}\n:target: units/{shown.unit}.html\n\n{shown.says}\n```\n"
        for shown, file, text in figures
    )
    words = built(readme)
    rows = "\n".join(
        f"| [{about.title}](units/{about.unit}.ipynb) | {about.time} | {words.get(about.unit, '')} |" for about in units
    )
    return PAGE.format(
        promised=promised, panel=checks_panel(), answer=panel.ANSWER, figures=drawn, rows=rows, contents=contents
    )


def checks_panel() -> str:
    """The panel that a check shows of a wrong answer, as one line of HTML."""
    html = render.html(panel.verdict())
    return f'<div class="panel">{html}</div>'.replace("\n", "&#10;")


PAGE = """\
---
html_theme.sidebar_secondary.remove: true
---

# How deep networks are optimized

<p class="lead">Seventeen notebooks in which you build what trains a deep network, from one step downhill to a network of your
own, with checks that tell you <em>what you misunderstood</em> and not only that a number is off.</p>

<nav class="buttons" aria-label="Begin"><a class="button first" href="units/00_start_here.html">Look at unit 00</a><a class="button" href="guides/running.html">Run it on your machine</a><a class="button" href="plan.html">The course plan</a></nav>

<div class="pair"><div>

```python
{answer}


check("mse_loss")
```

</div><div>

{panel}

</div></div>

<p class="under">A sum where the formula takes a mean: this is what the check says of it, in your notebook, a second after
you ran the cell.</p>

<ul class="promises">{promised}</ul>

## Three things that you will see for yourself

:::{{container}} gallery
{figures}
:::

## What you will have built

| unit | time | what you will have built |
|---|---|---|
{rows}

Units 00 to 08 are in NumPy, by hand; from 09 on, in PyTorch. Each has staged hints, a bug to find, and a quiz. To begin:

```bash
./course start
```

You need Python 3.11 or newer; [where the course can be opened](guides/running.md) has the rest.

{contents}
"""


def plan(units: Sequence[About], readme: str, links: Any) -> str:
    """The source of the course plan, from the units' own header tables. links: as for the units' texts."""
    rows = "\n".join(
        f"| [{about.title}](units/{about.unit}.ipynb) | {about.time} | {about.difficulty} | {about.exercises} | {about.points} |"
        for about in units
    )
    parts = "\n".join(
        f"## {about.title}\n\n{links(about.unit, about.aim)}\n\n"
        f"{about.time} · difficulty {about.difficulty} · builds on: {links(about.unit, about.builds_on)}\n\n"
        f"[Open the unit](units/{about.unit}.ipynb) · [What learners get wrong in it](gallery/{about.unit}.md)\n"
        for about in units
    )
    return PLAN.format(rows=rows, parts=parts)


PLAN = """\
# The course plan

Do the units in their order, or begin where you are: an earlier answer that you have not written is stood in for by a
library's version, and a sentence says so. Times are those of somebody who writes every exercise.

| unit | time | difficulty | exercises | points |
|---|---|---|---|---|
{rows}

{parts}
"""

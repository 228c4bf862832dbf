"""How a feedback page begins: what to do next, what went well, and where in the notebook each stands.

All of it was recorded when the submission was judged, as far as the course's policy tells it (`TOLD`), or is what a
person gave since. Nothing is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.sentences import say
from course_lib.told import shown
from grader.pages.words import environment
from grader.preprocessors.repair import HEADING, grade_id
from grader.preprocessors.verify_answers import TOLD
from grader.sandbox.notebook import STOPPED

TEMPLATES = Path(__file__).parent / "templates"
MOST = 3
"""Misunderstandings that are said; who has mended these comes back to the notebook for the others."""
MOST_SAID = 700
"""Characters of one sentence: an error's text is the learner's, of any length."""
NO_RESPONSE = "No response."
"""nbgrader's comment on a written answer that was left as it was handed out."""


@dataclass(frozen=True)
class Missed:
    """One thing that is not right yet; `answer` and `check` are the names of their places on the page."""

    exercise: str
    says: str
    points: float
    answer: str
    check: str
    hint: tuple[str, str] | None = None
    """The hint's title and its text, Markdown as it stands in the notebook."""


@dataclass(frozen=True)
class Place:
    """Something that is named with its points and where it stands."""

    name: str
    anchor: str
    points: float = 0.0
    score: float = 0.0
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """What the beginning of one page says."""

    score: float
    most: float
    missed: tuple[Missed, ...] = ()
    """Everything that was missed, the most costly first."""
    unwritten: tuple[Place, ...] = ()
    right: tuple[Place, ...] = ()
    partly: tuple[Place, ...] = ()
    """Exercises that are not right yet, with the properties that hold."""
    written: tuple[Place, ...] = ()
    """Free answers that a person reads."""
    blank: tuple[Place, ...] = ()
    """Free answers that were left as they were handed out."""
    comments: tuple[Place, ...] = ()
    mended: bool = False
    """Whether something was repaired before grading: the notebook's first cell says what."""

    @property
    def first(self) -> tuple[Missed, ...]:
        """Those that are said."""
        return self.missed[:MOST]

    @property
    def others(self) -> int:
        """How many more there are."""
        return len(self.missed) - len(self.first)

    @property
    def kind(self) -> str:
        """Which opening is true of the submission."""
        if self.missed:
            return "missed"
        if self.right:
            return "unfinished" if self.unwritten else "right"
        return "only written" if self.written else "nothing"


def opening_of(notebook: NotebookNode, score: float, most: float) -> Opening:
    """The opening of a graded notebook's page; its cells carry the points and comments of the gradebook."""
    told = [(cell, place) for place, cell in enumerate(notebook.cells) if grade_id(cell).startswith("check_")]
    missed: list[Missed] = []
    unwritten, right, partly = [], [], []
    for cell, place in told:
        verdict = _told(cell)
        if verdict is None:
            continue
        name, here = str(verdict["exercise"]), _place(cell, str(verdict["exercise"]))
        if verdict["not_started"]:
            unwritten += [] if verdict["bonus"] else [here]
        elif not verdict["missed"] or (here.points and here.score >= here.points):  # or a person gave the points
            right.append(here)
        else:
            found = list(_missed(notebook, place, name, verdict))
            missed += [] if verdict["bonus"] else found
            partly.append(Place(name, here.anchor, here.points, here.score, tuple(map(str, verdict["holds"]))))
    missed.sort(key=lambda each: -each.points)  # of equal ones, as they stand in the notebook
    free = [cell for cell in notebook.cells if is_grade(cell) and is_solution(cell)]
    blank = [cell for cell in free if _comment(cell) == NO_RESPONSE and not _place(cell).score]
    return Opening(
        score,
        most,
        tuple(missed),
        tuple(unwritten),
        tuple(right),
        tuple(each for each in partly if each.says),
        tuple(_place(cell) for cell in free if cell not in blank),
        tuple(_place(cell) for cell in blank),
        tuple(
            Place(grade_id(cell), f"comment-{grade_id(cell)}")
            for cell in notebook.cells
            if is_solution(cell) and _comment(cell) not in ("", NO_RESPONSE)
        ),
        _mended(notebook),
    )


def tell_cells(notebook: NotebookNode) -> None:
    """Bring what grading wrote into a notebook's cells into the language of now, in place.

    That is: what was repaired, that there is no answer, and why a run was stopped or what it showed was cut.
    """
    if _mended(notebook):
        notebook.cells[0].source = "\n".join(_told_line(line) for line in notebook.cells[0].source.split("\n"))
    for cell in notebook.cells:
        if _comment(cell) == NO_RESPONSE:
            cell.metadata.nbgrader.comment = shown(NO_RESPONSE, unit="")
        for output in cell.get("outputs", []):
            _tell_output(output)


def _tell_output(output: NotebookNode) -> None:
    """What the sandbox itself said in a cell; whatever is not a sentence of the course stays as it is."""
    if output.output_type == "error" and output.ename == STOPPED:
        output.evalue = shown(output.evalue, unit="")
        output.traceback = [f"{STOPPED}: {output.evalue}"]
    elif output.output_type == "stream" and output.name == "stderr":
        output.text = "\n".join(shown(line, unit="") for line in output.text.split("\n"))


def _mended(notebook: NotebookNode) -> bool:
    """Whether the first cell says what was repaired; a learner's own text that looks so stands below the grader's."""
    first = notebook.cells[0] if notebook.cells else None
    return first is not None and first.cell_type == "markdown" and first.source.startswith(HEADING)


def _told_line(line: str) -> str:
    item = "- " if line.startswith("- ") else ""
    return item + shown(line.removeprefix(item), unit="")


def opening_html(opening: Opening, markdown: Any) -> str:
    """The opening as a piece of a page; `markdown` makes clean HTML of a hint."""
    return str(_environment().get_template("feedback/opening.html.j2").render(opening=opening, markdown=markdown))


def _told(cell: NotebookNode) -> dict[str, Any] | None:
    """What the grader recorded at a check; None in a notebook that an older version graded."""
    for output in cell.get("outputs", []):
        told = output.get("data", {}).get(TOLD)
        if isinstance(told, dict):
            return told
    return None


def _missed(notebook: NotebookNode, place: int, exercise: str, verdict: dict[str, Any]) -> Iterator[Missed]:
    check = notebook.cells[place]
    hints = _hints_above(notebook, place)
    for each in verdict["missed"]:
        if each["points"] <= 0:
            continue  # another sentence of the exercise has its properties already
        says = str(each["says"])
        number = re.findall(rf"{_hint()} (\d+)\b", says)
        says = says if len(says) <= MOST_SAID else f"{says[: MOST_SAID - 4]} ..."
        hint = hints.get(number[-1]) if number else None
        yield Missed(exercise, says, each["points"], f"comment-{exercise}", grade_id(check), hint)


def _hints_above(notebook: NotebookNode, place: int) -> dict[str, tuple[str, str]]:
    """The hints of the exercise whose check stands at `place`, by number."""
    found: dict[str, tuple[str, str]] = {}
    hint = re.compile(rf"<details>\s*<summary>({_hint()} (\d+)\b.*?)</summary>(.*?)</details>", re.S)
    for cell in reversed(notebook.cells[:place]):
        if grade_id(cell).startswith("check_"):
            break
        if cell.cell_type == "markdown":
            found |= {number: (title, text) for title, number, text in hint.findall(cell.source)}
    return found


def _hint() -> str:
    """What a hint is called, as a pattern: in English, and in the language of now."""
    return f"(?:Hint|{re.escape(shown('Hint', unit=''))})"


def _place(cell: NotebookNode, name: str = "") -> Place:
    marks = cell.metadata.nbgrader
    return Place(name or grade_id(cell), grade_id(cell), marks.get("points") or 0.0, marks.get("score") or 0.0)


def _comment(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("comment") or "").strip()


def unread_page(unit: str, problem: str) -> str:
    """The whole page of a submission that could not be graded: why, and what its learner can do about it."""
    return str(_environment().get_template("feedback/unread.html.j2").render(unit=unit, problem=problem.rstrip(".")))


@cache
def _environment() -> Environment:
    made = environment(TEMPLATES)
    made.trim_blocks = made.lstrip_blocks = True
    made.filters.update(points=points)
    return made


def points(value: float) -> str:
    """`1 point`, `2.5 points`."""
    return shown("1 point", unit="") if value == 1 else say(shown("{number} points", unit=""), number=f"{value:g}")

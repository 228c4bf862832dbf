"""A unit's page: the learner's edition, with what the solution showed copied into its cells by their ids."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from grader.exercises import find_exercise
from grader.pages.formulas import typeset
from grader.sandbox.notebook import checked_exercise, part_of
from grader.site import cards

Links = Callable[[str], str]
"""What makes of a text's links into the repository links between pages."""

SETUP = "given_setup"
"""The first cell of every unit, which brings what the others use: to run, and not to read."""
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
DESCRIPTION = "A figure of this unit; the text around it says what it shows."
"""The alternative text of a picture that brings none. `./course site --check` names each."""
SPEAKS_OF_YOU = re.compile(
    r"^DeviceReport\(|A library's version stands in here; your own comes|^Your prediction is still"
)
"""Outputs that speak of the machine, the notebooks or the choices of whoever runs the cell."""


def page_of(released: NotebookNode, outputs: Mapping[str, Sequence[Mapping[str, Any]]], links: Links) -> NotebookNode:
    """The notebook that becomes a unit's page. `outputs` are the solution's; a cell that is not there shows none."""
    shown = {cell["id"]: list(outputs.get(cell["id"], [])) for cell in released.cells}
    known: dict[str, cards.Answer] = {}
    for cell in released.cells:
        if cell.cell_type == "code":
            known |= cards.answers(cell.source, shown[cell["id"]])
    page = copy.deepcopy(released)
    page.metadata.pop("jupytext", None)
    page.cells = [made for cell in released.cells for made in _made(cell, shown[cell["id"]], known, links)]
    return page


def _made(
    cell: NotebookNode, outputs: list[Mapping[str, Any]], known: Mapping[str, cards.Answer], links: Links
) -> list[NotebookNode]:
    """What becomes of a cell: the cells of the page in its place."""
    if cell.cell_type != "code":
        return [_text(cell, links(cell.source))]
    exercise = checked_exercise(cell)
    if exercise is not None:
        return [_text(cell, checked(exercise))]
    asked = cards.predictions(cell.source)
    if asked:
        card = "\n\n".join(cards.question(options, known.get(key)) for key, options in asked)
        return [_text(cell, card)]
    role, name = part_of(cell)
    if role == "answer" and find_exercise(name).withheld:
        return []
    made = copy.deepcopy(cell)
    made.outputs = [] if role == "answer" else [each for output in outputs if (each := _shown(output))]
    made.execution_count = None
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False) or (role, name) == ("given", SETUP)
    made.metadata = NotebookNode(tags=["hide-input"] if hidden else [])
    made["id"] = cell["id"]
    return [made]


def _text(cell: NotebookNode, source: str) -> NotebookNode:
    return new_markdown_cell(source, id=cell["id"])


def checked(name: str) -> str:
    """The line in the place of a check's panel: what checks the cell above, and what it is worth."""
    exercise = find_exercise(name)
    points = f"{exercise.points} point{'s' if exercise.points != 1 else ''}{', a bonus' if exercise.bonus else ''}"
    if exercise.withheld:
        said = f"In your notebook you answer with letters; your feedback explains each of them ({points})."
    else:
        said = f'In your notebook <code>check("{escape(name)}")</code> tells you how far you are ({points}).'
    return f'<p class="checked">{said}</p>'


def _shown(output: Mapping[str, Any]) -> NotebookNode | None:
    """An output as the page has it; None for one that is no part of a page."""
    if output["output_type"] == "stream":
        return NotebookNode(dict(output)) if output.get("name") == "stdout" else None
    answer = cards.revealed(output)
    if answer is not None:
        return new_output("display_data", {"text/html": cards.outcome(answer)})
    data = dict(output.get("data", {}))
    if SPEAKS_OF_YOU.search(cards.plain(output)):
        return None
    picture = next((kind for kind in PICTURES if kind in data), None)
    if picture is not None:  # `play` shows its controls in an output of their own, which stays behind
        return new_output("display_data", {picture: data[picture]}, metadata=dict(output.get("metadata", {})))
    if any("widget-view" in kind or "optimization-course" in kind for kind in data):
        return None
    if "text/html" in data:
        return new_output("display_data", {"text/html": typeset(str(data["text/html"]))})
    return new_output("display_data", {"text/plain": data["text/plain"]}) if data.get("text/plain") else None

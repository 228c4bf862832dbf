"""A unit's page: the learner's edition, with what the solution showed copied into its cells by their ids."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from course_lib.language.editions import KEY
from course_lib.sentences import say
from course_lib.told import shown
from grader.exercises import find_exercise
from grader.pages.formulas import typeset
from grader.sandbox.notebook import checked_exercise, part_of
from grader.site import cards

Links = Callable[[str], str]
"""What makes of a text's links into the repository links between pages."""

SETUP = "given_setup"
"""The first cell of every unit, which brings what the others use: to run, and not to read."""
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
DESCRIPTION = say("A figure of this unit; the text around it says what it shows.")
"""The alternative text of a picture that brings none. `./course site --check` names each."""
STANDS_IN = "A library's version stands in here; your own comes as soon as its check there is all right and saved."
OPEN = "Your prediction is still open"


def page_of(
    released: NotebookNode, outputs: Mapping[str, Sequence[Mapping[str, Any]]], links: Links, unit: str = ""
) -> NotebookNode:
    """The notebook that becomes a unit's page, in the language of now, which the notebook and its outputs are in, too.

    `outputs` are the solution's; a cell that is not there shows none.
    """
    given = {cell["id"]: list(outputs.get(cell["id"], [])) for cell in released.cells}
    known: dict[str, cards.Answer] = {}
    for cell in released.cells:
        if cell.cell_type == "code":
            known |= cards.answers(cell.source, given[cell["id"]])

    def card(key: str, options: Mapping[str, str]) -> str:
        return cards.question(options, known.get(key), unit)

    page = copy.deepcopy(released)
    for name in ("jupytext", KEY):
        page.metadata.pop(name, None)
    page.cells = [made for cell in released.cells for made in _made(cell, given[cell["id"]], card, links)]
    return page


def _made(
    cell: NotebookNode, outputs: list[Mapping[str, Any]], card: Callable[[str, Mapping[str, str]], str], links: Links
) -> list[NotebookNode]:
    """What becomes of a cell: the cells of the page in its place."""
    if cell.cell_type != "code":
        return [_text(cell, links(cell.source))]
    exercise = checked_exercise(cell)
    if exercise is not None:
        return [_text(cell, checked(exercise))]
    asked = cards.predictions(cell.source)
    if asked:
        return [_text(cell, "\n\n".join(card(key, options) for key, options in asked))]
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
    worth = shown("{points} points") if exercise.points != 1 else shown("{points} point")
    if exercise.bonus:
        worth += shown(", a bonus")
    if exercise.withheld:
        said = shown("In your notebook you answer with letters; your feedback explains each of them ({worth}).")
    else:
        said = shown("In your notebook {call} tells you how far you are ({worth}).")
    call = f'<code>check("{escape(name)}")</code>'
    return f'<p class="checked">{say(said, call=call, worth=say(worth, points=exercise.points))}</p>'


def _speaks_of_you(text: str) -> bool:
    """Whether an output speaks of the machine, the notebooks or the choices of whoever runs the cell."""
    return text.startswith(("DeviceReport(", shown(OPEN))) or shown(STANDS_IN) in text


def _shown(output: Mapping[str, Any]) -> NotebookNode | None:
    """An output as the page has it; None for one that is no part of a page."""
    if output["output_type"] == "stream":
        return NotebookNode(dict(output)) if output.get("name") == "stdout" else None
    answer = cards.revealed(output)
    if answer is not None:
        return new_output("display_data", {"text/html": cards.outcome(answer)})
    data = dict(output.get("data", {}))
    if _speaks_of_you(cards.plain(output)):
        return None
    picture = next((kind for kind in PICTURES if kind in data), None)
    if picture is not None:  # `play` shows its controls in an output of their own, which stays behind
        return new_output("display_data", {picture: data[picture]}, metadata=dict(output.get("metadata", {})))
    if any("widget-view" in kind or "optimization-course" in kind for kind in data):
        return None
    if "text/html" in data:
        return new_output("display_data", {"text/html": typeset(str(data["text/html"]))})
    return new_output("display_data", {"text/plain": data["text/plain"]}) if data.get("text/plain") else None

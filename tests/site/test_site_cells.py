"""What becomes of each kind of cell on a unit's page: no answer, no panel, predictions as cards, outputs by cell id."""

from __future__ import annotations

import base64
from typing import Any

import nbformat
import pytest
from helpers.course import UNITS
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.predict import Card
from grader.site import cards
from grader.site.cells import STANDS_IN, page_of
from grader.site.units import Figures, about, name_of, released

pytestmark = pytest.mark.fast

DOT = base64.b64encode(b"a picture").decode()
PREDICT = 'predict("slope", ..., options={"a": "It <grows>.", "b": "It is $x^2$."})'
REVEAL = 'reveal("slope", "b", because="The `slope` says so.")'


def shown(**data: str) -> dict[str, Any]:
    kinds = {"png": "image/png", "html": "text/html", "text": "text/plain"}
    return {"output_type": "display_data", "metadata": {}, "data": {kinds[key]: value for key, value in data.items()}}


def card(title: str, *lines: str) -> dict[str, Any]:
    made = Card(title, lines)
    return shown(html=made._repr_html_(), text=repr(made))


def graded(source: str, grade_id: str, **marks: bool) -> NotebookNode:
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": {"grade_id": grade_id, **marks}})


def page(*cells: NotebookNode, **outputs: list[dict[str, Any]]) -> list[NotebookNode]:
    made = page_of(new_notebook(cells=list(cells)), outputs, lambda text: text)
    nbformat.validate(made)
    return list(made.cells)


def test_an_answer_shows_its_stub_and_nothing_that_the_solution_printed() -> None:
    cell = graded("def gd_step(): ...", "gd_step", solution=True)
    (made,) = page(cell, gd_step=[{"output_type": "stream", "name": "stdout", "text": "the answer"}])
    assert made.source == cell.source
    assert made.outputs == []


def test_a_check_is_a_line_that_says_what_it_is_worth() -> None:
    cell = graded('check("gd_step")', "check_gd_step", grade=True)
    (made,) = page(cell, check_gd_step=[shown(html="<div>all right, 4 of 4 points</div>", text="all right")])
    assert made.cell_type == "markdown"
    assert "(4 points)" in made.source and "all right" not in made.source


def test_a_quiz_has_no_cell_to_fill() -> None:
    quiz = graded('quiz_02 = {"q1": ...}', "quiz_02", solution=True)
    made = page(new_markdown_cell("**q1.** Which?"), quiz, graded('check("quiz_02")', "check_quiz_02", grade=True))
    assert [cell.cell_type for cell in made] == ["markdown", "markdown"]
    assert "letters" in made[1].source


def test_a_prediction_is_a_card_with_its_answer_folded() -> None:
    asks, shows = new_code_cell(PREDICT, id="asks"), new_code_cell(REVEAL, id="shows")
    told = card("What the experiment shows", "The experiment shows: b) It is $x^2$.", "Why: The `slope` says so.")
    made = page(asks, shows, asks=[card("Your prediction is still open", "a) ...")], shows=[told])
    question, outcome = made[0].source, made[1].outputs[0]["data"]["text/html"]
    assert "It &lt;grows&gt;." in question and "<math" in question and "predict(" not in question
    assert question.index("<details>") < question.index("<code>slope</code>") < question.index("</details>")
    assert "<math" in outcome and "You had not" not in outcome


def test_without_outputs_a_prediction_has_no_answer() -> None:
    (made,) = page(new_code_cell(PREDICT, id="asks"))
    assert "<li>" in made.source and "<details>" not in made.source


def test_reveals_that_do_not_match_what_was_shown_tell_nothing() -> None:
    told = card("What the experiment shows", "The experiment shows: b) Yes.", "Why: Because.")
    assert cards.answers(REVEAL, [told, told]) == {}
    assert cards.answers(REVEAL, [told]) == {"slope": cards.Answer("b) Yes.", "Because.")}


def test_every_prediction_of_every_unit_is_read() -> None:
    cells = [cell.source for unit in UNITS for cell in released(unit).cells if cell.cell_type == "code"]
    assert sum(len(cards.predictions(source)) for source in cells) == sum(s.count("\npredict(") for s in cells) + sum(
        s.startswith("predict(") for s in cells
    )
    asked = {key for source in cells for key, _ in cards.predictions(source)}
    assert asked == {key for source in cells for key in cards.reveals(source)}


def test_a_folded_cell_and_the_imports_are_folded() -> None:
    folded = new_code_cell("x = 1", id="long", metadata={"jupyter": {"source_hidden": True}})
    made = page(graded("import numpy", "given_setup", locked=True), folded, new_code_cell("y = 2", id="open"))
    assert [cell.metadata.tags for cell in made] == [["hide-input"], ["hide-input"], []]


def test_of_controls_the_picture_stays_and_its_text() -> None:
    controls = {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.jupyter.widget-view+json": {}}}
    picture = shown(png=DOT, text="<IPython.core.display.Image object>")
    picture["metadata"] = {"image/png": {"alt": "It falls."}}
    (made,) = page(new_code_cell("plots.play(draw)", id="play"), play=[controls, picture])
    (output,) = made.outputs
    assert output["data"] == {"image/png": DOT} and output["metadata"]["image/png"]["alt"] == "It falls."


def test_what_speaks_of_your_machine_or_notebooks_is_left_out() -> None:
    note = f"SGD: no notebook of 04_momentum was found beside this one. {STANDS_IN}"
    outputs = [
        shown(html="<div>Your machine</div>", text="DeviceReport(python='3.11.7')"),
        shown(html="<div>SGD</div>", text=note),
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
        {"output_type": "stream", "name": "stdout", "text": "0.5\n"},
    ]
    (made,) = page(new_code_cell("report()", id="cell"), cell=outputs)
    assert [output.get("text") for output in made.outputs] == ["0.5\n"]


def test_figures_are_known_by_what_is_in_them() -> None:
    figures = Figures()
    told, untold = shown(png=DOT), shown(png=DOT)
    told["metadata"] = {"image/png": {"alt": "It falls."}}
    cells = page(new_code_cell("1", id="one"), new_code_cell("2", id="two"), one=[told], two=[untold])
    figures.note("02_gradient_descent", new_notebook(cells=cells))
    assert figures.texts == {name_of(DOT, "image/png"): "It falls."}
    assert [sentence.split(":")[0] for sentence in figures.untold] == ["02_gradient_descent, the cell two"]


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_says_of_itself_what_the_plan_needs(unit: str) -> None:
    said = about(unit)
    assert said.title.startswith(f"{unit[:2]} · ")
    assert said.aim and said.time and set(said.difficulty) <= set("●○")
    assert said.exercises >= 1 and said.points >= said.exercises


@pytest.mark.parametrize("unit", UNITS)
def test_no_code_of_a_learners_cell_changes_on_the_page(unit: str) -> None:
    sources = {cell["id"]: cell.source for cell in released(unit).cells}
    made = page_of(released(unit), {}, lambda text: text)
    nbformat.validate(made)
    assert all(sources[cell["id"]] == cell.source for cell in made.cells if cell.cell_type == "code")

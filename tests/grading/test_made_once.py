"""What grading makes once for a class, or in one go, is what nbformat, nbgrader and a page's cleaning make of each."""

from __future__ import annotations

import json

import nbformat
import pytest
from helpers.submissions import UNIT, classroom, released, right
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sqlalchemy import event

from grader.grading import gradebook
from grader.grading.gradebook import open_gradebook
from grader.grading.results import graded_cells
from grader.grading.tasks import Scores, packed, unpacked, written
from grader.pages import exporter
from grader.preprocessors import repair as repairing
from grader.preprocessors.repair import Repair, as_handed_out
from grader.sandbox.notebook import _output

pytestmark = pytest.mark.fast
CODE = (
    "def f(x):\n    'a \"b\" <c> & d; $x$ \\\\(y\\\\)'\n    return x < 1\n",
    "%time f(1)\n!ls $HOME\n",
    "%%html\n<b onclick='x()'>&nbsp;&#39;</b>",
    "'</span><script>alert(1)</script>'",
    "x = '\x07 \x7f \ue024 \u2028 \ufeff é 中 \U0001f600'",
    "# $\\frac{a}{b}$ \\begin{align}x\\end{align}",
    "",
)


@pytest.mark.parametrize("source", CODE)
@pytest.mark.parametrize("language", [None, "bash", "html"])
def test_code_in_colours_is_what_cleaning_leaves_of_it(source, language):
    colours = exporter._highlighted(source, language)
    assert exporter._clean_code(source, language) == exporter._cleaned(colours)


def test_usual_code_is_recognised_and_nothing_else():
    colours = exporter._highlighted(CODE[0])
    assert exporter.COLOURS.fullmatch(colours)
    for bad in ("<b>", "<span onclick='x'>", '<span class="panel-heading">', "<", ">", "&", "&quot;", "\x07", "\ue024"):
        assert not exporter.COLOURS.fullmatch(colours.replace("return", f"{bad}return", 1)), bad


def test_a_notebook_is_written_as_nbformat_writes_it():
    notebook = right()
    odd = {"cells": [], "z": {"cells": [1, '"cells": []', "\n ]"]}, "trusted": True}
    notebook.metadata.update(odd)
    shown = new_output("display_data", data={"text/html": "a\nb\n", "application/json": {"cells": []}})
    notebook.cells += [
        new_code_cell('"cells": [\n\n ]\n', id="odd", metadata=odd, outputs=[shown]),
        new_markdown_cell("é 中\n" * 20_000, id="long"),
    ]
    for one in (notebook, new_notebook(metadata=odd), notebook):
        assert written(one) == f"{nbformat.v4.writes(one)}\n"
    assert written(unpacked(packed(notebook))) == written(notebook)


def test_an_output_counts_if_nbformat_takes_it():
    values = (None, 1, "a", ["a"], {"a": [1]}, float("nan"), "\ud800")
    kinds = ("text/plain", "application/json", "application/x+json", "application/+json", "", "application/x y+json")
    for kind in kinds:
        for value in values:
            made = _output({"output_type": "display_data", "data": {kind: value}})
            try:
                plain = json.loads(json.dumps(value).replace("\\ud800", "?").replace("NaN", '"NaN"'))
                text = plain if kind.endswith("json") and kind.startswith("application/") else str(plain)
                wanted = new_output("display_data", data={kind: text})
            except nbformat.ValidationError:
                wanted = None
            assert made == wanted, (kind, value)


def test_true_is_no_count():
    made = _output({"output_type": "execute_result", "data": {"text/plain": "1"}, "execution_count": True})
    assert made is not None
    assert made.execution_count is None


def is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution") and "def " in cell.source


def test_the_edition_that_a_class_shares_stays_as_it_is(tmp_path):
    path = tmp_path / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir()
    nbformat.write(released(), path)
    where = {"nbgrader": {"assignment": UNIT, "notebook": UNIT, "student": "x"}}
    step = Repair(release_directory=str(tmp_path))
    step.preprocess(right(), where)
    text = path.read_text(encoding="utf-8")
    shared = repairing._released(text)
    for keep in range(0, len(shared.cells), 3):
        notebook = right()
        notebook.cells = notebook.cells[keep:] + notebook.cells[: keep // 2]
        step.preprocess(notebook, where)
    notebook = right()
    one, other, *_ = (cell for cell in notebook.cells if is_answer(cell))
    one.source += f"\n\n{other.source}"
    notebook.cells.remove(other)
    repaired, resources = step.preprocess(notebook, where)
    assert any("stands in another cell" in cell.source for cell in repaired.cells), resources["course_repairs"]
    assert repairing._released(text) is shared
    told, _ = as_handed_out(released(), shared, UNIT)
    assert told is as_handed_out(right(), shared, UNIT)[0]
    assert told == shared == nbformat.reads(text, as_version=4)


def test_another_edition_is_read_when_it_is_handed_out(tmp_path):
    where = {"nbgrader": {"assignment": UNIT, "notebook": UNIT, "student": "x"}}
    path = tmp_path / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir()
    step, other = Repair(release_directory=str(tmp_path)), released()
    nbformat.write(other, path)
    assert not step.preprocess(released(), where)[1]["course_repairs"]
    locked = next(c for c in other.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_"))
    locked.source += "\n# another edition"
    nbformat.write(other, path)
    assert step.preprocess(released(), where)[1]["course_repairs"]


def test_half_a_graded_notebook_is_none():
    text = written(right())
    assert graded_cells(text) is None  # no verdicts
    assert graded_cells(text[: len(text) // 2]) is None
    assert graded_cells("{}") is None


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("class"))
    room.register(UNIT)
    return room


CHECK = next(c.metadata.nbgrader.grade_id for c in released().cells if c.metadata.get("nbgrader", {}).get("grade"))


def test_a_submission_is_entered_by_one_commit(room):
    with open_gradebook(room.config(), UNIT) as writer:
        commits = []
        event.listen(writer.gradebook.engine, "commit", commits.append)
        saved = writer.save("ada", Scores({CHECK: 1.0}, {}, {}), "2026-01-30 10:00:00 UTC", "platform-1")
        assert len([each for each in commits if each]) <= 2  # the entry is read in a transaction of its own
    with open_gradebook(room.config(), UNIT) as writer:
        assert repr(writer.entry("ada")) == repr(saved)  # a page's mark is made of it
    with room.gradebook() as book:
        assert book.find_student("ada").lms_user_id == "platform-1"
        assert book.find_grade(CHECK, UNIT, UNIT, "ada").auto_score == 1.0


def test_what_fails_halfway_has_entered_nothing(room, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    with open_gradebook(room.config(), UNIT) as writer:
        monkeypatch.setattr(gradebook, "_add", full)
        with pytest.raises(OSError, match="disk full"):
            writer.save("ben", Scores({CHECK: 1.0}, {}, {}), "")
        monkeypatch.undo()
        assert writer.entry("ben") is None
    with room.gradebook() as book:
        assert "ben" not in [student.id for student in book.students]

"""What is not code is no reason to refuse a notebook: it is shortened and told, and every stage's work has a bound."""

from __future__ import annotations

import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_repair import HALF, cell_of, released, submission

from course_lib.cells import sources
from course_lib.cells.reach import Cell, Program
from course_lib.errors import CourseError
from course_lib.judging.from_scratch import forbidden_problem
from grader.preprocessors import Repair, lighten
from grader.preprocessors.lighten import LEFT_OUT, MOST_CELLS, MOST_CODE, SMALL, weight
from grader.preprocessors.recognise import likeness
from grader.preprocessors.repair import repair

pytestmark = pytest.mark.fast

DATA = "data:image/png;base64," + "iVBORw0KGgo" * 60_000
MINI = "data:image/png;base64," + "iVBORw0KGgo" * 10


def lightened(notebook):
    return lighten.lighten(notebook, released())


@pytest.mark.parametrize(
    ("picture", "left"),
    [
        (f"![d.png]({DATA})", f"Before {LEFT_OUT} after."),
        (f'![d.png]({DATA} "a title")', f"Before {LEFT_OUT} after."),
        (f"[![d]({DATA})](http://x)", f"Before [{LEFT_OUT}](http://x) after."),
        (f'<img alt="d" src="{DATA}" width=3/>', f"Before {LEFT_OUT} after."),
        (f"[image1]: <{DATA}>", f"Before [image1]: {LEFT_OUT} after."),
        (DATA, f"Before {LEFT_OUT} after."),
        (f"![a]({DATA}) and ![b]({DATA})", f"Before {LEFT_OUT} and {LEFT_OUT} after."),
        (f"![a]({DATA.replace('png', 'svg+xml;charset=utf-8')})", f"Before {LEFT_OUT} after."),
        (f"![a]({MINI})", f"Before ![a]({MINI}) after."),
        ("a < b and data:image/png;base64, too", "Before a < b and data:image/png;base64, too after."),
    ],
)
def test_a_picture_that_was_pasted_into_a_text_goes_and_the_words_stay(picture, left):
    notebook = submission()
    cell_of(notebook, "reflection").source = f"Before {picture} after."
    done = lightened(notebook)
    assert cell_of(notebook, "reflection").source == left
    assert bool(done) == (LEFT_OUT in left) and (not done or "the words stay" in done[0])


def test_small_pictures_stay_until_they_are_many():
    notebook = new_notebook(cells=[new_markdown_cell(f"![a](data:image/gif;base64,{'A' * (SMALL - 100)})")] * 1)
    notebook.cells = [new_markdown_cell(notebook.cells[0].source) for _ in range(30)]
    (sentence,) = lightened(notebook)
    left = sum(LEFT_OUT in cell.source for cell in notebook.cells)
    assert 15 < left < 25 and f"{left} pictures" in sentence


def test_code_that_holds_a_picture_is_code():
    notebook = submission()
    notebook.cells.append(new_code_cell(f"picture = '{DATA[:100_000]}'"))
    assert lightened(notebook) == [] and len(notebook.cells[-1].source) > 100_000


def test_attachments_state_of_widgets_and_long_texts_are_left_out():
    notebook = submission()
    text = cell_of(notebook, "reflection")
    text.attachments = {"a.png": {"image/png": "A" * 10**6}}
    notebook.cells[0].attachments = {"b.png": {"image/png": "A" * 100}}
    notebook.metadata.widgets = {"state": {str(n): "x" * 1000 for n in range(1000)}}
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    cell_of(notebook, "half").metadata["history"] = "x" * 10**5
    notebook.cells.append(new_markdown_cell("words " * 10**5))
    done = lightened(notebook)
    assert len(done) == 3 and "attachments" not in text and "attachments" in notebook.cells[0]
    assert set(notebook.metadata) == {"kernelspec"} and cell_of(notebook, "half").source == HALF
    assert notebook.cells[-1].source.endswith("(cut here: 600,000 characters in all)")


def test_a_notebook_that_is_light_is_left_as_it_is():
    notebook = submission()
    before = repr(notebook)
    assert lightened(notebook) == [] and repr(notebook) == before


def test_empty_cells_are_no_cells():
    notebook = submission()
    notebook.cells += [new_code_cell(" \n") for _ in range(MOST_CELLS)]
    assert "2,000 empty cells were left out." in lightened(notebook)
    assert len(notebook.cells) == len(submission().cells)


def test_a_cell_of_data_is_put_aside_before_a_notebook_is_refused():
    notebook = submission()
    notebook.cells.append(new_code_cell("rows = [" + "1, " * MOST_CODE + "]"))
    notebook.cells.append(new_code_cell(HALF + "\n#" + "x" * MOST_CODE))
    (sentence,) = lightened(notebook)
    assert "put aside" in sentence and notebook.cells[-2].source.startswith("# A cell of 1,500,009 characters")
    assert notebook.cells[-1].source.startswith("def half") and weight(notebook)[1] > MOST_CODE


@pytest.fixture
def mend(tmp_path):
    import nbformat

    folder = tmp_path / "unit"
    folder.mkdir()
    nbformat.write(released(), folder / "unit.ipynb")
    step = Repair(release_directory=str(tmp_path))

    def run(notebook):
        where = {"nbgrader": {"assignment": "unit", "notebook": "unit", "student": "ann"}}
        return step.preprocess(notebook, where)

    return run


def test_a_notebook_with_a_pasted_picture_is_graded_and_the_report_says_it(mend):
    notebook = submission()
    cell_of(notebook, "reflection").source = f"What I drew:\n\n![d.png]({DATA})"
    mended, resources = mend(notebook)
    assert cell_of(mended, "reflection").source == f"What I drew:\n\n{LEFT_OUT}"
    assert "left out of this page" in resources["course_repairs"][0]
    assert "left out of this page" in mended.cells[0].source


@pytest.mark.parametrize("extra", [["x = 1"] * (MOST_CELLS + 1), [f"half = '{'x' * MOST_CODE}'"]])
def test_more_code_than_a_person_writes_is_refused_with_the_numbers(mend, extra):
    notebook = submission()
    notebook.cells += [new_code_cell(source) for source in extra]
    with pytest.raises(CourseError, match="are the most that is graded"):
        mend(notebook)


def test_words_make_texts_alike_whatever_their_order_and_blanks():
    assert likeness("def half(x):\n    return x", "def  half( x ): return x") == 1
    assert likeness("", "") == 0 and likeness("a b", "c d") == 0
    assert 0.6 < likeness("def haf(x):\n    return x / 2", "def half(x):\n    return x / 2") < 1


TRIES = 3
"""Of which the least counts: others use the machine, too."""


def seconds(work, made):
    """The processor time of one try."""
    for cached in (sources._read, sources.defined):
        cached.cache_clear()
    started = time.process_time()
    work(made)
    return time.process_time() - started


def assert_it_grows_with_the_text(work, make, size):
    """Twice the text takes some two or three times as long; one try in time is enough to know that it can be done."""
    small = min(seconds(work, make(size)) for _ in range(TRIES))
    large = []
    while len(large) < TRIES and not (large and large[-1] < 4 * small + 0.2):
        large.append(seconds(work, make(2 * size)))
    assert min(large) < 4 * small + 0.2, (small, large)


def with_cells(texts):
    notebook = submission()
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    at = index_of_half(notebook)
    notebook.cells[at].source = "# gone"
    notebook.cells += [new_code_cell(text) for text in texts]
    return notebook


def index_of_half(notebook):
    return next(i for i, cell in enumerate(notebook.cells) if cell.source == HALF)


SHAPES = {
    "one cell of blank lines": lambda n: with_cells(["\n" * 40 * n]),
    "one cell of short lines": lambda n: with_cells(["x = 1\n" * 10 * n]),
    "one cell of magic lines": lambda n: with_cells(["%time x = 1\n" * n]),
    "one cell of questions": lambda n: with_cells(["x = 1\n" * 9 * n + "f?\n" * n]),
    "one cell of one word": lambda n: with_cells(["half " * 50 * n]),
    "one cell of definitions cut short": lambda n: with_cells(["def half(\n" * 5 * n]),
    "cells alike": lambda n: with_cells([f"{'raise half ' * 100} {i}" for i in range(n // 2)]),
    "cells that are no Python": lambda n: with_cells([f"def half(x:\n  {i}" for i in range(n // 2)]),
    "cells of blanks": lambda n: with_cells([" " * 2_000 + str(i) for i in range(n // 2)]),
}


@pytest.mark.thorough
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_repairing_twice_as_much_takes_no_more_than_some_three_times_as_long(shape):
    def work(notebook):
        repair(notebook, released())

    assert_it_grows_with_the_text(work, shape, 200)


PROGRAMS = {
    "one name bound over and over": lambda n: ["x = x\n" * n + "def f():\n    return x"],
    "one name added to": lambda n: ["x = []\n" + "x += [y]\n" * n + "def f():\n    return x"],
    "perhaps bound": lambda n: ["if a:\n    x = x\n" * n + "def f():\n    return x"],
    "a chain": lambda n: ["\n".join(f"x{i + 1} = x{i}" for i in range(n)) + f"\ndef f():\n    return x{n}"],
    "changed over and over": lambda n: ["x = []\n" + "x.append(x)\n" * n + "def f():\n    return x"],
    "stars": lambda n: ["from numpy import *\n" * n + "def f():\n    return y"],
    "a long function": lambda n: ["def f():\n" + "    x = g(x)\n" * n],
    "many cells": lambda n: ["def f(x):\n    return f(x)"] * n,
}


@pytest.mark.thorough
@pytest.mark.parametrize("make", PROGRAMS.values(), ids=PROGRAMS)
def test_looking_for_what_a_name_rests_on_grows_with_the_text(make):
    def work(cells):
        forbidden_problem("f", Program([Cell(cell) for cell in cells]).reached("f"), ("torch",))

    assert_it_grows_with_the_text(work, make, 1_000)


NESTED = ["-" * 900 + "1", "x" + ".a" * 3_000, "(" * 150 + ")" * 150, "+".join("x" * 3_000), "[" * 90 + "]" * 90]


@pytest.mark.parametrize("value", NESTED, ids=lambda value: value[:3])
def test_code_that_no_person_nests_is_read_or_left_and_stops_nothing(value):
    for source in (f"f = {value}", f"def f():\n    return {value}"):
        assert forbidden_problem("f", Program([Cell(source)]).reached("f"), ("torch",)) is None

"""Repair: each graded cell is found again, what is lost is put back, and no line of a learner's is thrown away."""

from __future__ import annotations

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.nbgraderformat import MetadataValidator

from course_lib.cells.sources import defined, parses
from grader.preprocessors.recognise import COMPARED, plain, recognise
from grader.preprocessors.repair import HEADING, grade_id, repair

pytestmark = pytest.mark.fast

HALF = 'def half(x):\n    """Half of x."""\n    y = x / 2\n    return y'
TWICE = "def twice(x):\n    y = 2 * x\n    return y"


def marked(cell, name, **more):
    base = {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = base | more
    return cell


def released():
    """A unit of two exercises and a reflection, as learners get it."""
    stub = "def {0}(x):\n    raise NotImplementedError('Exercise {0}')"
    cells = [new_markdown_cell("# A unit"), marked(new_code_cell("import numpy as np"), "given_setup", locked=True)]
    for name in ("half", "twice"):
        cells += [
            new_markdown_cell(f"### Exercise {name}"),
            marked(new_code_cell(stub.format(name)), name, solution=True),
            new_markdown_cell(f"Hint for {name}"),
            marked(new_code_cell(f'check("{name}")'), f"check_{name}", grade=True, locked=True, points=2),
        ]
    text = new_markdown_cell("*Write your answer here.*")
    cells += [new_markdown_cell("## Think about it"), marked(text, "reflection", grade=True, solution=True, points=1)]
    return new_notebook(cells=[*cells, new_markdown_cell("The end")])


def submission():
    notebook = released()
    for name, source in (("half", HALF), ("twice", TWICE), ("reflection", "I learned to halve.")):
        cell_of(notebook, name).source = source
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def index(notebook, name):
    return notebook.cells.index(cell_of(notebook, name))


def mended(notebook):
    """Repair, and hold the result to what nbgrader needs and a learner is owed."""
    before = [line.strip() for cell in notebook.cells for line in cell.source.splitlines()]
    handed_out = {line.strip() for cell in released().cells for line in cell.source.splitlines()}
    done = repair(notebook, released())
    MetadataValidator().validate_nb(notebook)
    names = [grade_id(cell) for cell in notebook.cells if grade_id(cell)]
    assert sorted(names) == sorted(grade_id(cell) for cell in released().cells if grade_id(cell))
    assert len({cell["id"] for cell in notebook.cells}) == len(notebook.cells)
    after = {line.strip() for cell in notebook.cells for line in cell.source.splitlines()}
    assert [line for line in before if line not in after | handed_out] == []
    assert repair(copy.deepcopy(notebook), released()) == []
    return done


def run(notebook):
    """What the two checks would find in a run from top to bottom."""
    found, space = {}, {"check": lambda name: found.update({name: space[name](10)})}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                exec(cell.source.replace("import numpy as np", ""), space)
            except Exception:
                continue
    return found


RIGHT = {"half": 5, "twice": 20}


def test_what_is_whole_is_left_alone():
    notebook, before = submission(), submission()
    for one, other in zip(notebook.cells, before.cells, strict=True):
        other["id"] = one["id"]
    assert mended(notebook) == [] and notebook == before


def test_a_copy_pasted_answer_stays_as_a_plain_cell_and_the_last_is_graded():
    notebook = submission()
    first = copy.deepcopy(cell_of(notebook, "half"))
    first.source = "def half(x):\n    return x / 3  # my first try"
    notebook.cells.insert(index(notebook, "half"), first)
    assert "half was there 2 times" in mended(notebook)[0]
    assert cell_of(notebook, "half").source == HALF and run(notebook) == RIGHT


@pytest.mark.parametrize("keeps_mark", [True, False])
def test_an_untouched_copy_below_does_not_undo_an_answer(keeps_mark):
    notebook = submission()
    stub = copy.deepcopy(cell_of(released(), "half"))
    if not keeps_mark:
        stub.metadata = {}
    notebook.cells.insert(index(notebook, "half") + 1, stub)
    assert "untouched copy" in mended(notebook)[0] and run(notebook) == RIGHT


@pytest.mark.parametrize("lines", [1, 2, 3])
@pytest.mark.parametrize("marks", ["both", "upper", "lower", "none"])
def test_a_split_answer_is_joined(lines, marks):
    notebook = submission()
    upper = cell_of(notebook, "half")
    lower = copy.deepcopy(upper)
    whole = HALF.splitlines(keepends=True)
    upper.source, lower.source = "".join(whole[:lines]), "".join(whole[lines:])
    notebook.cells.insert(index(notebook, "half") + 1, lower)
    for cell, which in ((upper, "upper"), (lower, "lower")):
        if marks not in ("both", which):
            cell.metadata = {}
    done = mended(notebook)
    assert "half had been split and was joined again." in done
    assert cell_of(notebook, "half").source == HALF and run(notebook) == RIGHT


def test_an_answer_split_where_both_parts_are_python_stays_split():
    notebook = submission()
    helper = new_code_cell("def helper(x):\n    return x / 2")
    notebook.cells.insert(index(notebook, "half"), helper)
    cell_of(notebook, "half").source = "def half(x):\n    return helper(x)"
    assert mended(notebook) == [] and run(notebook) == RIGHT


def test_an_answer_merged_with_its_check():
    notebook = submission()
    check = notebook.cells.pop(index(notebook, "check_half"))
    cell_of(notebook, "half").source += "\n\n" + check.source
    assert mended(notebook) == ["check_half was missing and was put back as it was handed out."]
    assert run(notebook) == RIGHT
    assert index(notebook, "check_half") == notebook.cells.index(cell_of(notebook, "half")) + 2  # below the hint


def test_an_answer_merged_into_its_check_is_taken_out_of_the_locked_cell():
    notebook = submission()
    answer = notebook.cells.pop(index(notebook, "half"))
    cell_of(notebook, "check_half").source = answer.source + '\n\ncheck("half")'
    done = mended(notebook)
    assert "locked cell" in done[0] and "half: recognised" in done[1]
    assert cell_of(notebook, "check_half").source == 'check("half")' and run(notebook) == RIGHT


@pytest.mark.parametrize("keeps_stub", [True, False])
def test_two_answers_in_one_cell(keeps_stub):
    notebook = submission()
    cell_of(notebook, "half").source = f"{HALF}\n\n\n{TWICE}"
    if keeps_stub:
        cell_of(notebook, "twice").source = cell_of(released(), "twice").source
    else:
        notebook.cells.pop(index(notebook, "twice"))
    assert mended(notebook) == ["twice was found in the cell of half."] and run(notebook) == RIGHT


def test_an_answer_in_a_cell_of_the_learners_own_above_the_untouched_one():
    notebook = submission()
    notebook.cells.insert(2, new_code_cell(TWICE))
    cell_of(notebook, "twice").source = cell_of(released(), "twice").source
    mended(notebook)
    assert cell_of(notebook, "twice").source == TWICE and run(notebook) == RIGHT


def test_an_answer_that_is_not_written_is_not_looked_for_in_the_cells_handed_out():
    notebook = submission()
    cell_of(notebook, "twice").source = cell_of(released(), "twice").source
    assert mended(notebook) == [] and run(notebook) == {"half": 5}


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("name", ["half", "check_half", "given_setup", "reflection"])
def test_a_retyped_cell_gets_its_type_back(name, kind):
    notebook = submission()
    cell = cell_of(notebook, name)
    was = cell.cell_type
    if was == kind:
        return
    at = index(notebook, name)
    make = new_markdown_cell if kind == "markdown" else new_raw_cell
    notebook.cells[at] = make(cell.source, metadata=cell.metadata, id=cell["id"])
    assert mended(notebook) == [f"{name} had become a {kind} cell and was made a {was} cell again."]
    assert cell_of(notebook, name).cell_type == was and run(notebook) == RIGHT


def test_checks_follow_their_answers_and_what_is_given_comes_first():
    notebook = submission()
    notebook.cells.reverse()
    done = mended(notebook)
    assert done and all(sentence.endswith("stood in the wrong place and was moved.") for sentence in done)
    for name in ("half", "twice"):
        assert index(notebook, "given_setup") < index(notebook, name) < index(notebook, f"check_{name}")
    assert run(notebook) == RIGHT


def test_an_answer_at_the_end_stays_there_with_what_it_needs():
    notebook = submission()
    notebook.cells.pop(index(notebook, "twice"))
    notebook.cells += [new_code_cell("FACTOR = 2"), new_code_cell("def twice(x):\n    return FACTOR * x")]
    marked(notebook.cells[-1], "twice", solution=True)
    assert mended(notebook) == ["check_twice stood in the wrong place and was moved."] and run(notebook) == RIGHT


@pytest.mark.parametrize("name", ["check_half", "given_setup", "half", "reflection"])
def test_a_deleted_cell_is_put_back_in_its_place(name):
    notebook = submission()
    notebook.cells.pop(index(notebook, name))
    assert mended(notebook) == [f"{name} was missing and was put back as it was handed out."]
    order = [grade_id(cell) for cell in released().cells if grade_id(cell)]
    assert [grade_id(cell) for cell in notebook.cells if grade_id(cell)] == order


def test_without_any_marks_all_cells_are_recognised():
    notebook = submission()
    for cell in notebook.cells:
        cell.metadata = {}
    (sentence,) = mended(notebook)
    assert sentence.startswith("No mark for grading was found for given_setup, half, check_half")
    for name, source in (("half", HALF), ("twice", TWICE), ("reflection", "I learned to halve.")):
        assert cell_of(notebook, name).source == source


def test_an_answer_that_is_no_python_is_recognised_by_its_first_line():
    notebook = submission()
    for cell in notebook.cells:
        cell.metadata = {}
    notebook.cells[3].source = "def half(x:\n    return x / 2"
    mended(notebook)
    assert cell_of(notebook, "half").source.startswith("def half(x:")


def test_a_reflection_is_recognised_when_it_is_the_only_text():
    notebook = new_notebook(cells=[new_code_cell(HALF), new_markdown_cell("I learned to halve.")])
    mended(notebook)
    assert cell_of(notebook, "reflection").source == "I learned to halve."


def test_swapped_marks_follow_the_text():
    notebook = submission()
    for one, other in (("half", "twice"), ("check_half", "check_twice")):
        a, b = cell_of(notebook, one), cell_of(notebook, other)
        a.metadata, b.metadata = b.metadata, a.metadata
    mended(notebook)
    assert cell_of(notebook, "half").source == HALF and cell_of(notebook, "check_half").source == 'check("half")'
    assert run(notebook) == RIGHT


def test_what_was_written_into_a_locked_cell_is_kept_above_it():
    notebook = submission()
    cell_of(notebook, "given_setup").source = "import numpy as np\nimport math as m\nnp = None"
    cell_of(notebook, "half").source = "def half(x):\n    return m.floor(x / 2)"
    assert mended(notebook) == [
        "given_setup is a locked cell and was changed; what was written in it stands in a cell above it now."
    ]
    at = index(notebook, "given_setup")
    assert "import math as m" in notebook.cells[at - 1].source and notebook.cells[at].source == "import numpy as np"
    assert notebook.cells[at - 1].metadata["course_added"] and run(notebook) == RIGHT


@pytest.mark.parametrize("odd", [None, [], "x", 7, {"grade_id": {}}, {"grade_id": "new", "grade": True}, {"grade": 1}])
def test_marks_of_odd_shape_go_away(odd):
    notebook = submission()
    notebook.cells[0].metadata["nbgrader"] = odd
    assert mended(notebook) == [] and "nbgrader" not in notebook.cells[0].metadata


def test_line_ends_and_blanks_are_no_change():
    notebook = submission()
    for cell in notebook.cells:
        cell.source = "\r\n".join(line + "  " for line in cell.source.split("\n")) + "\r\n\r\n"
    assert mended(notebook) == [] and run(notebook) == RIGHT


def test_a_text_that_looks_like_the_report_is_called_what_it_is():
    notebook = submission()
    notebook.cells.insert(0, new_markdown_cell(f"{HEADING}\n\n- Full points were agreed on."))
    done = repair(notebook, released())
    assert len(done) == 1 and "the learner's own" in done[0]


@pytest.mark.parametrize("minor", [0, 1, 4])
def test_older_formats_have_no_cell_ids(minor):
    notebook = submission()
    notebook.nbformat_minor = minor
    notebook.cells.pop(index(notebook, "check_half"))
    repair(notebook, released())
    assert not any("id" in cell for cell in notebook.cells)


@pytest.mark.parametrize("source", ["-" * 10**5 + "1", "(" * 5000, "x" + ".a" * 10**5, "def half(x):\n" + " " * 10**6])
def test_text_that_no_parser_takes_is_text(source):
    notebook = submission()
    notebook.cells.insert(0, new_code_cell(source))
    cell_of(notebook, "half").source = source
    repair(notebook, released())
    assert cell_of(notebook, "half").source == source


def test_long_texts_are_compared_by_their_beginning():
    notebook = new_notebook(cells=[new_code_cell("ab" * 10**6), new_markdown_cell("x"), new_code_cell("y")])
    assert recognise(notebook, released()).found.keys() == {"reflection"} and COMPARED < 10**4


def test_an_answer_under_another_name_is_recognised_by_its_likeness():
    source = "def haf(x):\n    # raise NotImplementedError('Exercise half')\n    return x / 2"
    notebook = new_notebook(cells=[new_code_cell("x = 1"), new_code_cell(source), new_code_cell(TWICE)])
    mended(notebook)
    assert cell_of(notebook, "half").source == source and cell_of(notebook, "twice").source == TWICE


def test_names_are_found_in_the_statements_that_bind_them():
    source = (
        "a = 1\nb: int = 2\nif a:\n    def c(): pass\ntry:\n    class D: pass\nexcept E: pass\nwith a:\n    f = 3\n"
    )
    assert defined(source) == {"a", "b", "c", "D", "f"}
    assert not parses("def f(:") and defined("def f(:") == set()
    assert plain("\n a \t\nb\r\n\n") == " a\nb"

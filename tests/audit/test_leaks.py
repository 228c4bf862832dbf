"""The proof that no answer survives must itself be able to fail: planted leaks are found."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.building.leaks import find_leaks

pytestmark = pytest.mark.fast

ANSWER = (
    "def double(x):\n    ### BEGIN SOLUTION\n    result = x + x  # twice, the slow way\n    return result\n"
    "    ### END SOLUTION"
)
STUB = 'def double(x):\n    raise NotImplementedError("Exercise double")'


def notebook(source, *others):
    cell = new_code_cell(source, id="double", metadata={"nbgrader": {"grade_id": "double", "solution": True}})
    return new_notebook(cells=[cell, *others])


def leaks(source, released):
    return find_leaks(nbformat.writes(source), nbformat.writes(released))


def test_a_clean_release_has_no_leak():
    assert leaks(notebook(ANSWER), notebook(STUB)) == []


@pytest.mark.parametrize(
    "released",
    [
        ANSWER,
        ANSWER.replace("### END SOLUTION", ""),
        STUB + "\n    return result",
        STUB + "\n    ### BEGN SOLUTION",
        STUB + "\n    # BEGIN SOLUTION",
        STUB + "\n    ### SOLUTION",
        STUB + "\n### END HIDDEN TESTS",
    ],
)
def test_what_survives_in_the_cell_is_found(released):
    assert leaks(notebook(ANSWER), notebook(released))


@pytest.mark.parametrize("typo", ["### BEGIN SOLUTON", "## BEGIN SOLUTION", "###BEGIN SOLUTION", "### begin solution"])
def test_a_mistyped_marker_is_found(typo):
    source = ANSWER.replace("### BEGIN SOLUTION", typo)
    assert leaks(notebook(source), notebook(source))
    assert leaks(notebook(source), notebook(STUB))


def test_an_answer_repeated_elsewhere_is_found():
    other = new_markdown_cell("Try\n\n    result = x + x  # twice, the slow way", id="other")
    assert leaks(notebook(ANSWER, copy.deepcopy(other)), notebook(STUB, other))


def test_outputs_are_found():
    output = nbformat.v4.new_output("stream", text="4")
    cell = new_code_cell("double(2)", id="run", outputs=[output])
    assert leaks(notebook(ANSWER), notebook(STUB, cell))

"""`./course identical`: what two share is told only where it may mean something, and with what it does not mean."""

from __future__ import annotations

import json

import nbformat
import pytest
from helpers.course import source_notebook
from helpers.fake_class import fake_class
from helpers.submissions import FUNCTIONS, UNIT, answered, checked, released
from nbformat.v4 import new_output

from course_lib.check import MIME
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.reports.identical import LINES, READ_THIS, Work, as_text, identical, own_lines, rare, read_works

pytestmark = pytest.mark.fast
LONG = "\n".join(f"    step_{number} = {number} * x" for number in range(LINES))
SHORT = "    return a * x"
WORDY = "    # so that the small ones are not lost beside the large ones, as we saw in the figure\n    return a * x"


def pairs(*works):
    return {pair.students: pair.shared for pair in identical(works)}


def test_a_long_answer_to_the_letter_is_told_and_a_short_one_is_not():
    found = pairs(
        Work("ada", {"f": LONG, "g": SHORT}), Work("bob", {"f": LONG, "g": SHORT}), Work("cleo", {"f": LONG + " "})
    )
    assert list(found) == [("ada", "bob")] and found["ada", "bob"] == (f"f: {LINES} lines to the letter",)


def test_the_same_sentence_in_a_comment_is_told():
    assert "comments included" in pairs(Work("ada", {"g": WORDY}), Work("bob", {"g": WORDY}))["ada", "bob"][0]


def test_what_many_have_is_left_out():
    assert pairs(*(Work(name, {"f": LONG}, {"f": "digest"}) for name in "abc")) == {}
    assert [rare(count, 100) for count in (1, 2, 5, 6)] == [False, True, True, False]


def test_the_same_wrong_values_are_told():
    found = pairs(Work("ada", wrong={"f": "one"}), Work("bob", wrong={"f": "one"}), Work("cleo", wrong={"f": "two"}))
    assert list(found) == [("ada", "bob")] and "wrong values" in found["ada", "bob"][0]


def test_those_who_handed_in_together_are_left_out():
    one = Work("ada", {"f": LONG}, together=frozenset({"bob"}))
    assert (
        pairs(one, Work("bob", {"f": LONG}))
        == {}
        == pairs(Work("aaa", {"f": LONG}), Work("bob", {"f": LONG}, together=frozenset({"aaa"})))
    )


def test_it_says_that_it_proves_nothing():
    assert "proves nothing" in READ_THIS and READ_THIS in as_text([], UNIT, 3)


def test_given_lines_and_blank_ones_do_not_count():
    assert own_lines("def f(x):\n\n    y = x  \n    return y\n", "def f(x):\n    ...\n    return y") == "    y = x"


def graded(room, student, text, outcomes):
    """A graded notebook of this text, and what its first exercise gave."""
    path = room.path("autograded", student, UNIT) / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    find_check(notebook).outputs = [new_output("display_data", {MIME: {"outcomes": outcomes}})]
    RunJournal(room, UNIT).keep(student, json.dumps({"notebook": nbformat.writes(notebook)}))
    first = FUNCTIONS[0]
    return Result(student, points=1.0, checks=(checked(first, [group.key for group in first.groups]),))


def find_check(notebook):
    wanted = f"check_{FUNCTIONS[0].name}"
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == wanted)


def test_a_class_is_read_from_its_graded_notebooks(tmp_path):
    room: Classroom = fake_class(tmp_path, {})
    for step, notebook in (("release", released()), ("source", source_notebook(UNIT))):
        path = room.path(step, ".", UNIT) / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
    name = FUNCTIONS[0].name
    mine = answered({name: f"def {name}(x):\n{LONG}\n    return step_1"})
    values = [{"values": {"y": [0.1 * n for n in range(1, 9)]}}]
    whole = [{"values": {"y": [1.0, 2.0, 3.0]}}]
    results = [
        graded(room, "ada", mine, values),
        graded(room, "bob", mine, values),
        graded(room, "cleo", answered({}), whole),
        graded(room, "dan", answered({}), whole),
    ]
    works = read_works(room, UNIT, [*results, Result("eve", handed_in=False), Result("gone", points=1.0)])
    assert [work.student for work in works] == ["ada", "bob", "cleo", "dan"]
    assert not works[2].answers and not works[2].wrong  # the published solution; and whole numbers tell nothing
    found = pairs(*works)
    assert list(found) == [("ada", "bob")] and len(found["ada", "bob"]) == 2

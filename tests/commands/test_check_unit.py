"""`./course check UNIT`: a learner alone with their notebook."""

from __future__ import annotations

import nbformat
import pytest
from helpers.course import source_notebook
from helpers.submissions import FUNCTIONS, MINE, UNIT, answered, course_copy, fingerprint, points, released

from course_lib import progress
from course_lib.errors import CourseError
from grader.commands.check import main, wrapped
from grader.submissions.samples import fill, find_cell, paste_misconception

QUIZ = next(exercise for exercise in MINE if exercise.withheld)
FIRST = FUNCTIONS[0]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A course of one's own, and where one's notebook goes."""
    monkeypatch.setenv("COURSE_ROOT", str(course_copy(tmp_path / "course")))
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "course" / "work" / UNIT / f"{UNIT}.ipynb"


def test_each_verdict_the_quiz_explained_and_the_total(mine, capsys):
    notebook = fill(released(), source_notebook(UNIT), [e.name for e in FUNCTIONS])
    paste_misconception(notebook, FIRST)
    wrong = {question: next(o for o in "abcd" if o != right) for question, right in answers().items()}
    find_cell(notebook, QUIZ.name).source = f"{QUIZ.name} = {wrong!r}"
    mine.parent.mkdir(parents=True)
    nbformat.write(notebook, mine)
    before = fingerprint(mine.parents[2])
    assert main(UNIT[:2]) == 0
    said = capsys.readouterr().out
    flat = " ".join(said.split())
    assert FIRST.misconceptions[0].says in flat
    for misconception in QUIZ.misconceptions:
        question, _, letter = misconception.name.rpartition("_")
        assert (misconception.says in flat) == (wrong[question] == letter)
    for exercise in FUNCTIONS[1:]:
        assert f"{exercise.name}: all right, {exercise.points} of {exercise.points} points" in said
    earned = sum(e.points for e in FUNCTIONS[1:] if not e.bonus)
    assert f"Together: {earned} of {points()} points" in said
    assert "not written yet (a person would read it)" in said
    assert max(map(len, said.splitlines())) <= 100
    assert fingerprint(mine.parents[2]) == before, "only read"
    event = progress.events()[-1]
    assert (event["kind"], event["unit"], event["earned"], event["points"]) == ("graded", UNIT, earned, points())
    assert event["exercises"] == {e.name: e.points if e in FUNCTIONS[1:] else 0 for e in MINE}


def answers():
    """The quiz's right letters, from its spec."""
    cases = QUIZ.cases(None)
    return {case.inputs["question"]: QUIZ.reference(**case.inputs) for case in cases}


def test_everything_right_and_something_written(mine, capsys):
    mine.parent.mkdir(parents=True)
    mine.write_text(answered({}), encoding="utf-8")
    assert main(UNIT) == 0
    said = capsys.readouterr().out
    assert f"Together: {points()} of {points()} points" in said
    assert f"reflection_{UNIT[:2]}: for a person to read." in said
    assert QUIZ.misconceptions[0].says not in " ".join(said.split())


@pytest.mark.fast
def test_without_a_notebook_it_says_how_to_get_one(mine):
    with pytest.raises(CourseError, match=f"./course start {UNIT[:2]}"):
        main(UNIT)


@pytest.mark.fast
def test_a_notebook_that_cannot_be_read_is_a_sentence(mine):
    mine.parent.mkdir(parents=True)
    mine.write_text(answered({})[:3000], encoding="utf-8")
    with pytest.raises(CourseError, match=f"breaks off in line .*./course reset {UNIT[:2]}"):
        main(UNIT)
    assert len(mine.read_text(encoding="utf-8")) == 3000


@pytest.mark.fast
def test_long_sentences_are_broken_where_they_are_indented(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert wrapped("head\n\n  one two three four five six seven") == "head\n\n  one two three four five six\n  seven"

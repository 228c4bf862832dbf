"""`./course solution`: a model answer after a first try, with what is true of it, unless a teacher withholds it."""

from __future__ import annotations

import nbformat
import pytest
from helpers.course import EXERCISES, UNITS, source_notebook
from helpers.submissions import FUNCTIONS, MINE, UNIT, course_copy, right

from course_lib import progress
from course_lib.errors import CourseError
from grader.commands.solution import lines_of, main, model_answer
from grader.preprocessors.repair import grade_id
from grader.submissions.samples import MARKER

pytestmark = pytest.mark.fast

FIRST, QUIZ = FUNCTIONS[0], next(exercise for exercise in MINE if exercise.withheld)


@pytest.fixture
def course(tmp_path, monkeypatch):
    root = course_copy(tmp_path / "course")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    return root


def a_try(name=FIRST.name, **fields):
    progress.record("check", exercise=name, unit=UNIT, **({"earned": 0, "points": 3, "started": True} | fields))


def test_nothing_is_shown_before_a_try(course, capsys):
    for no_try in ({}, {"started": False}, {"name": QUIZ.name}):
        if no_try:
            a_try(**no_try)
        with pytest.raises(CourseError, match=f'No try of {FIRST.name} .*check\\("{FIRST.name}"\\)'):
            main(UNIT, FIRST.name)
    assert capsys.readouterr().out == ""


def test_after_one_it_is_shown_with_what_it_does(course, capsys):
    a_try()
    assert main("0", FIRST.name) == 0
    said = capsys.readouterr().out
    assert f"def {FIRST.name}(" in said and "###" not in said
    flat = " ".join(said.split())
    assert all(group.states in flat for group in FIRST.groups)
    assert "Yours" not in said


def test_a_grade_is_a_try_too_where_the_answer_was_begun(course):
    progress.record("graded", unit=UNIT, exercises={FIRST.name: 0, QUIZ.name: 0}, started=[FIRST.name, 7])
    assert progress.tried() == {FIRST.name}


def test_a_try_from_before_tries_were_marked_counts_if_it_was_one(course):
    progress.record("check", exercise="a", earned=0, points=1, diagnoses=[])
    progress.record("check", exercise="b", earned=1, points=1, diagnoses=[])
    progress.record("check", exercise="c", earned=0, points=1, diagnoses=["sum"])
    assert progress.tried() == {"b", "c"}


def test_yours_is_counted_as_it_stands(course, capsys):
    a_try()
    path = course / "work" / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(right(), path)
    main(UNIT, FIRST.name)
    assert "Yours has" in capsys.readouterr().out
    path.write_text("{", encoding="utf-8")
    main(UNIT, FIRST.name)
    assert "Yours" not in capsys.readouterr().out


def test_the_list_says_which_can_be_shown(course, capsys):
    a_try()
    a_try(QUIZ.name, earned=QUIZ.points)
    main(UNIT, None)
    said = capsys.readouterr().out
    assert f"…  {FIRST.name}: tried" in said and f"✓  {QUIZ.name}: yours is right" in said
    assert f"·  {FUNCTIONS[1].name}: not tried yet" in said


def test_a_name_that_is_none_gets_the_nearest_one(course):
    with pytest.raises(CourseError, match=f"Did you mean {FIRST.name}"):
        main(UNIT, FIRST.name[:-1])
    with pytest.raises(CourseError, match="./course solution 05 adam_step"):
        main(UNIT, "adam_step")


@pytest.mark.parametrize("value", [f'["{UNIT[:2]}"]', '("all",)', '["04", "all"]'])
def test_a_teacher_withholds_a_unit_or_all(course, value):
    a_try()
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"\nc.ModelAnswers.withheld = {value}\n")
    for exercise in (None, FIRST.name):
        with pytest.raises(CourseError, match="keeps the model answers"):
            main(UNIT, exercise)


@pytest.mark.parametrize("value", ['"05"', "units", "[5]", '["99"]', "["])
def test_what_cannot_be_understood_shows_nothing(course, value, capsys):
    a_try()
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"\nc.ModelAnswers.withheld = {value}\n")
    with pytest.raises(CourseError, match=r"should read c.ModelAnswers.withheld = \["):
        main(UNIT, FIRST.name)
    assert capsys.readouterr().out == ""


def test_a_copy_without_solutions_says_so(course):
    a_try()
    (course / "solutions" / UNIT / f"{UNIT}.py").unlink()
    with pytest.raises(CourseError, match=f"solutions/{UNIT} is not part of this copy"):
        main(UNIT, FIRST.name)


@pytest.mark.parametrize("unit", UNITS)
def test_every_model_answer_is_whole_and_is_said_something_of(unit, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    cells = {grade_id(cell): cell.source for cell in source_notebook(unit).cells}
    for exercise in (each for each in EXERCISES if each.unit == unit):
        text = model_answer(exercise, cells[exercise.name])
        assert exercise.name in text and not MARKER.search(text) and "STUB" not in text
        assert ("./course check" if exercise.withheld else "What is nice about it") in " ".join(text.split())
        assert "in 0 lines" not in text


def test_lines_that_do_something():
    body = ["# why", "y = (", "    x", ")", "", "if y:", "    return 1", "return y"]
    code = "\n".join(["def f(x):", '    """Doc.', "", '    Two."""', *(f"    {line}" for line in body)])
    assert lines_of(code) == 6
    assert lines_of("def f(:") == 0

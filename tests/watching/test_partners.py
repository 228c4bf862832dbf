"""Groups on arrival: whom a hand-in concerns, and that nobody's own is replaced, in whatever order things come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.handed_in import tagged, with_line
from helpers.submissions import UNIT

from grader.submissions.submission import SECRET, Submission
from grader.watching.partners import Partners

pytestmark = pytest.mark.fast
TEAM = {"Team 1": ["ada", "bob", "cleo"]}
CLASS = ("ada", "bob", "cleo", "dan", "eve")


@pytest.fixture
def handed_in(tmp_path):
    def of(student, text, line=""):
        folder = tmp_path / student
        folder.mkdir(exist_ok=True)
        (folder / "x.ipynb").write_bytes(with_line(f"Handed in with: {line}", text) if line else tagged(text))
        (folder / SECRET).write_text(student)
        return Submission(student, UNIT, folder / "x.ipynb", beside={SECRET: folder / SECRET})

    return of


def partners(groups=TEAM, has_files=()):
    return Partners(groups, CLASS, lambda student: student in has_files)


def given(others):
    return {one.student: one.by or one.problem for one in others}


def test_a_group_gets_what_one_handed_in_without_its_secret(handed_in):
    mine, others = partners().take(handed_in("bob", "x"), ())
    assert given(others) == {"ada": "bob", "cleo": "bob"} and mine.beside and not mine.by
    assert all(not one.beside for one in others)
    assert "counts for cleo, too" in " ".join(mine.notes)


def test_whose_own_waits_or_lies_with_the_class_is_given_nothing(handed_in):
    assert given(partners().take(handed_in("bob", "x"), ["ada"])[1]) == {"cleo": "bob"}
    assert given(partners(has_files=["cleo"]).take(handed_in("bob", "x"), ())[1]) == {"ada": "bob"}


def test_a_second_notebook_is_told_and_the_same_one_is_none(handed_in):
    team = partners()
    team.take(handed_in("bob", "x"), ())
    assert given(team.take(handed_in("ada", "x"), ())[1]) == {"cleo": "ada"}, "with another secret, and the same"
    mine, others = team.take(handed_in("ada", "y"), ())
    assert "could be ada or bob's notebook" in given(others)["cleo"] and "another notebook" in " ".join(mine.notes)


def test_who_handed_in_what_cannot_be_read_gets_the_groups(handed_in):
    team = partners()
    team.take(handed_in("bob", "x"), ())
    broken = Submission("ada", UNIT, problem="could not be read")
    mine, others = team.take(broken, ())
    assert mine.by == "bob" and mine.notebook.parent.name == "bob" and given(others) == {"cleo": "bob"}


def test_a_line_gives_and_takes_nothing_back(handed_in):
    pair = partners({})
    assert given(pair.take(handed_in("dan", "x", "eve, bob"), ())[1]) == {"eve": "dan", "bob": "dan"}
    assert pair.stays("dan") and pair.stays("eve") and not pair.stays("ada")
    mine, others = pair.take(handed_in("eve", "y"), ())
    assert not mine.by and given(others) == {"bob": "dan"}
    _, others = pair.take(handed_in("ada", "z", "bob"), ())
    assert "could be ada or dan's notebook" in given(others)["bob"]


def test_files_that_are_gone_are_remembered_by_their_content(handed_in):
    pair = partners({})
    eves = handed_in("eve", "x")
    pair.take(eves, ())
    eves.notebook.unlink()
    mine, _ = pair.take(replace(handed_in("dan", "x", "eve")), ())
    assert not mine.notes, "eve handed in the same"

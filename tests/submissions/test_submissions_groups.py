"""One hand-in for several: by the roster's groups or a line in the notebook; conflicts told, nobody replaced."""

from __future__ import annotations

import json

import pytest
from helpers.handed_in import tagged, with_line
from helpers.submissions import UNIT

from grader.submissions.gather import Arrivals
from grader.submissions.groups import share
from grader.submissions.submission import Submission

pytestmark = pytest.mark.fast
CLASS = ("ada", "bob", "cleo", "dan")


def arrived(folder, **texts):
    found = []
    for student, text in texts.items():
        path = folder / f"{student}.ipynb"
        if text is not None:
            path.write_bytes(text)
        found.append(Submission(student, UNIT, path if text is not None else None))
    return Arrivals(found)


def outcome(found):
    """By learner: whose notebook counts, or None for nothing."""
    return {one.student: one.notebook.stem if one.notebook else None for one in found.submissions}


def notes(found, student):
    return " ".join(next(one.notes for one in found.submissions if one.student == student))


def test_one_hands_in_for_the_group(tmp_path):
    found = share(arrived(tmp_path, bob=tagged("bob"), dan=tagged("dan")), {"Team 1": ["ada", "bob", "cleo"]}, CLASS)
    assert outcome(found) == {"ada": "bob", "bob": "bob", "cleo": "bob", "dan": "dan"}
    assert "Handed in by bob." in notes(found, "ada") and "counts for cleo, too" in notes(found, "bob")
    assert not notes(found, "dan")


def test_the_same_notebook_twice_is_no_conflict(tmp_path):
    found = share(arrived(tmp_path, ada=tagged("x"), bob=tagged("x")), {"Team 1": ["ada", "bob", "cleo"]}, CLASS)
    assert outcome(found) == {"ada": "ada", "bob": "bob", "cleo": "ada"}
    assert "another notebook" not in notes(found, "ada")


def test_two_notebooks_in_a_group_are_a_conflict_that_is_not_settled_here(tmp_path):
    found = share(arrived(tmp_path, ada=tagged("a"), bob=tagged("b")), {"Team 1": ["ada", "bob", "cleo"]}, CLASS)
    assert outcome(found) == {"ada": "ada", "bob": "bob", "cleo": None}
    assert "bob handed in another notebook" in notes(found, "ada")
    problem = next(one.problem for one in found.submissions if one.student == "cleo")
    assert "ada or bob's notebook" in problem and "keep one" in problem


def test_a_file_that_cannot_be_read_gives_way_to_the_groups(tmp_path):
    there = arrived(tmp_path, ada=tagged("a"))
    broken = Submission("bob", UNIT, problem="could not be read: bob.ipynb is empty")
    found = share(Arrivals([*there.submissions, broken]), {"Team 1": ["ada", "bob"]}, CLASS)
    assert outcome(found)["bob"] == "ada" and "bob.ipynb is empty" in notes(found, "bob")


@pytest.mark.parametrize(
    "line", ["Handed in with: bob, cleo", "handed in with: BOB, cleo.", "Handed in with: bob, cleo  "]
)
def test_a_line_in_the_notebook_gives_to_those_it_names(line, tmp_path):
    found = share(arrived(tmp_path, ada=with_line(line)), {}, CLASS)
    assert outcome(found) == {"ada": "ada", "bob": "ada", "cleo": "ada"}


def test_the_line_is_read_however_the_notebook_was_saved(tmp_path):
    held = json.loads(with_line("Handed in with: bob"))
    for cell in held["cells"]:
        cell["source"] = "".join(cell["source"])
    found = share(arrived(tmp_path, ada=json.dumps(held).encode()), {}, CLASS)
    assert outcome(found)["bob"] == "ada"


def test_nobody_loses_their_own_and_nobody_takes(tmp_path):
    there = arrived(tmp_path, ada=with_line("Handed in with: bob, ada, eve, ../x"), bob=tagged("own"), cleo=None)
    found = share(there, {}, CLASS)
    assert outcome(found) == {"ada": "ada", "bob": "bob", "cleo": None}
    assert "your own hand-in is what counts" in notes(found, "bob")
    assert "nobody of this class: eve, ../x" in notes(found, "ada")


def test_two_lines_that_name_one_learner_are_a_conflict(tmp_path):
    there = arrived(tmp_path, ada=with_line("Handed in with: cleo", "a"), bob=with_line("Handed in with: cleo", "b"))
    found = share(there, {}, CLASS)
    assert outcome(found)["cleo"] is None and "ada or bob" in found.submissions[2].problem


def test_a_line_does_not_reach_into_a_group_of_the_roster(tmp_path):
    there = arrived(tmp_path, ada=with_line("Handed in with: cleo"))
    found = share(there, {"Team 1": ["cleo", "dan"]}, CLASS)
    assert outcome(found) == {"ada": "ada"} and "belongs to a group" in notes(found, "ada")

"""More time for one learner: said before or after they hand in, kept when the unit is graded anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from helpers.fake_class import DUE, fake_class, hand_in
from helpers.platform_files import UNIT, written
from nbformat import NotebookNode

from course_lib.errors import CourseError
from grader.commands import roster as command
from grader.config import nbgrader_config
from grader.grading.classroom import Classroom
from grader.grading.gradebook import open_gradebook
from grader.grading.tasks import Scores
from grader.grading.unit import WRITERS
from grader.platforms.extensions import extend, read_many, read_one
from grader.preprocessors import AssignLatePenalties

pytestmark = pytest.mark.fast
LATE = "2026-02-02 12:00:00 UTC"


class StrictRoom(Classroom):
    """A class in which being late costs all points."""

    def config(self):
        config = super().config()
        config.LateSubmissionPlugin.penalty_method = "zero"
        return config


@pytest.fixture
def room(tmp_path):
    fake_class(tmp_path, {UNIT: {"jdoe": 20, "aoz": 10}})
    room = StrictRoom(tmp_path)
    with room.gradebook() as gradebook:
        gradebook.update_or_create_student("zoe")
    return room


def graded(room, student, when=LATE):
    with open_gradebook(room.config(), UNIT) as writer:
        return writer.save(student, Scores({"check_x": 20.0}, {}, {}), when)


def test_an_extension_before_the_hand_in_counts_when_it_is_graded(room):
    assert graded(room, "aoz").sheet.penalty == 20
    extend(room, [read_one(room, "zoe", "02", "2026-02-03 00:00 UTC")])
    entry = graded(room, "zoe")
    assert entry.seconds_late == 0 and entry.sheet.penalty == 0 and entry.until == datetime(2026, 2, 3)
    later = graded(room, "zoe", "2026-02-03 01:00:00 UTC")
    assert later.seconds_late == 3600 and later.sheet.penalty == 20


def test_an_extension_after_grading_takes_the_penalty_back_and_gives_it_again(room):
    assert graded(room, "jdoe").sheet.penalty == 20
    (sentence,) = extend(room, [read_one(room, "jdoe", UNIT, "+3d")])
    assert "in time, penalty 0" in sentence and "2026-02-03 23:59" in sentence
    (sentence,) = extend(room, [read_one(room, "jdoe", UNIT, "none")])
    assert "late, penalty 20" in sentence


def test_it_holds_when_the_due_date_moves_and_when_the_unit_is_entered_anew(room):
    extend(room, [read_one(room, "jdoe", UNIT, "2026-02-03 00:00 UTC")])
    assert graded(room, "jdoe").sheet.penalty == 0
    room.set_due(UNIT, DUE - timedelta(days=7))
    assert graded(room, "jdoe").until == datetime(2026, 2, 3) and graded(room, "jdoe").sheet.penalty == 0
    with room.gradebook() as gradebook:
        gradebook.remove_submission(UNIT, "jdoe")
    assert graded(room, "jdoe").sheet.penalty == 0
    room.set_due(UNIT, None)
    assert graded(room, "jdoe").seconds_late == 0  # nbgrader fails on an extension without a due date


def test_nbgraders_own_autograde_and_the_formgrader_apply_it(room):
    assert nbgrader_config().Autograde.autograde_preprocessors.count(AssignLatePenalties) == 1
    assert issubclass(AssignLatePenalties, WRITERS)  # workers, which have no gradebook, leave it to the one writer
    extend(room, [read_one(room, "zoe", UNIT, "2026-02-03 00:00 UTC")])
    with room.gradebook() as gradebook:
        hand_in(gradebook, UNIT, "zoe", 20, LATE)
    where = {"notebook": UNIT, "assignment": UNIT, "student": "zoe", "db_url": room.db_url()}
    AssignLatePenalties(config=room.config()).preprocess(NotebookNode(cells=[]), {"nbgrader": where})
    with room.gradebook() as gradebook:
        submission = gradebook.find_submission(UNIT, "zoe")
        assert submission.extension == datetime(2026, 2, 3) - DUE and not submission.late_submission_penalty


@pytest.mark.parametrize(
    ("student", "until", "says"),
    [
        ("Jdoe", "+1d", "Did you mean jdoe"),
        ("who", "+1d", "not in the gradebook"),
        ("jdoe", "01/02/2026", "two readings"),
        ("jdoe", "2026-02-02 12:00 CST", "no one meaning"),
        ("jdoe", "2026-02-30 12:00 UTC", "no such day"),
        ("jdoe", "tomorrow", "no time such as"),
        ("jdoe", "2026-01-01 12:00 UTC", "extends nothing"),
        ("jdoe", "+0d", "extends nothing"),
    ],
)
def test_what_has_no_one_meaning_changes_nothing(student, until, says, room):
    with pytest.raises(CourseError, match=says):
        read_one(room, student, UNIT, until)


def test_a_table_is_taken_whole_or_not_at_all(room, monkeypatch, capsys):
    monkeypatch.setattr(command, "course_root", lambda: room.root)
    good = "student,unit,until\njdoe,02,2026-02-03 23:59 UTC\naoz,gradient_descent,+2d\n"
    path = written(room.root, good.encode("utf-16"))
    assert [one.student for one in read_many(room, path)] == ["jdoe", "aoz"]
    assert command.main("extend", [str(path)]) == 0
    assert "jdoe, 02_gradient_descent: until 2026-02-03 23:59 UTC" in capsys.readouterr().out
    assert command.main("list", []) == 0
    assert "aoz  (no name)  02_gradient_descent until 2026-02-02 23:59 UTC" in capsys.readouterr().out
    wrong = good + "who,02,+1d\njdoe,99,+1d\njdoe,02,+1d\n"
    with pytest.raises(CourseError) as raised:
        read_many(room, written(room.root, wrong))
    for words in ("line 4: who", "line 5", "jdoe has two lines"):
        assert words in str(raised.value)
    with pytest.raises(CourseError, match="columns student, unit and until"):
        read_many(room, written(room.root, "name,due\na,b\n"))

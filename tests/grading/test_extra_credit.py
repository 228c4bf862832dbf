"""Extra credit that a person gave stays, in a real gradebook, whether `./course grade` or nbgrader grades anew."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from helpers.submissions import UNIT, classroom, released
from nbgrader.api import Gradebook

from grader.grading.gradebook import open_gradebook
from grader.grading.tasks import Scores
from grader.preprocessors import SaveExtraCredit

pytestmark = pytest.mark.fast
CHECK = next(
    cell.metadata.nbgrader.grade_id
    for cell in released().cells
    if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_")
)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("class"))
    room.register(UNIT)
    with room.gradebook() as gradebook:
        gradebook.add_student("warm")
    return room


class Learner:
    """One learner's extra credit in the gradebook, and whoever writes it."""

    def __init__(self, room, student):
        self.room, self.student = room, student
        with room.gradebook() as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(UNIT, student)

    def by_course(self, earned):
        with open_gradebook(self.room.config(), UNIT) as writer:
            writer.save(self.student, Scores({CHECK: 0.0}, {}, {CHECK: earned}), "")
        return self.stands()

    def by_formgrader(self, earned):
        where = {"db_url": self.room.db_url(), "notebook": UNIT, "assignment": UNIT, "student": self.student}
        verdict = SimpleNamespace(bonus=True, earned=earned)
        SaveExtraCredit().preprocess(None, {"nbgrader": where, "course_verdicts": {CHECK: verdict}})
        return self.stands()

    def by_a_person(self, credit, manual=None):
        with self.grade() as (gradebook, grade):
            grade.extra_credit, grade.manual_score = credit, manual
            gradebook.db.commit()

    def stands(self):
        with self.grade() as (_, grade):
            return grade.extra_credit

    def grade(self):
        return _Opened(self.room.db_url(), self.student)


class _Opened:
    def __init__(self, url, student):
        self.book, self.student = Gradebook(url), student

    def __enter__(self):
        return self.book, self.book.find_grade(CHECK, UNIT, UNIT, self.student)

    def __exit__(self, *_):
        self.book.close()


@pytest.fixture
def learner(room, request):
    return Learner(room, request.node.name.replace("[", "-").replace("]", ""))


@pytest.mark.parametrize("first", ["by_course", "by_formgrader"])
@pytest.mark.parametrize("then", ["by_course", "by_formgrader"])
def test_a_persons_stays_and_gradings_own_follows(learner, first, then):
    first, then = getattr(learner, first), getattr(learner, then)
    assert first(2.0) == 2.0
    assert then(3.0) == 3.0, "grading's own"
    learner.by_a_person(4.0, manual=1.0)
    assert [then(2.0), first(1.0), then(3.0)] == [4.0] * 3
    with learner.grade() as (_, grade):
        assert grade.score == 5.0, "and the points beside it"
    learner.by_a_person(None)
    assert then(2.0) is None, "taken away"
    learner.by_a_person(3.0)
    assert then(1.0) == 1.0, "given back to grading"


@pytest.mark.parametrize("way", ["by_course", "by_formgrader"])
@pytest.mark.parametrize(("stood", "found"), [(1.5, 1.5), (1.0, 2.0), (None, 2.0)])
def test_in_an_older_gradebook_a_fraction_is_a_persons(learner, way, stood, found):
    learner.by_a_person(stood)
    assert getattr(learner, way)(2.0) == found


def test_what_was_not_committed_is_as_if_it_had_not_been(learner, monkeypatch):
    learner.by_course(1.0)
    with open_gradebook(learner.room.config(), UNIT) as writer:
        monkeypatch.setattr(writer, "_settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writer.save(learner.student, Scores({}, {}, {CHECK: 2.0}), "")
    assert learner.stands() == 1.0
    assert learner.by_formgrader(3.0) == 3.0, "nothing was remembered of what was not written"

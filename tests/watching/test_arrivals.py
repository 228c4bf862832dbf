"""Where submissions arrive: which one counts, when it is whole, and what a learner could put there instead."""

from __future__ import annotations

import configparser
import errno
import getpass
import json
import os
import shutil
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from helpers.course import ROOT
from helpers.exchange import BEGAN, Hall
from helpers.submissions import UNIT, answered, classroom, released

from course_lib.errors import CourseError
from course_lib.language import editions
from grader.class_list import ClassList, class_list_path, write_class_list
from grader.commands.grade import main
from grader.grading.alone import alone
from grader.grading.attempts import Attempt, attempts_of, note_attempts, told, used
from grader.grading.classroom import Classroom
from grader.grading.gradebook import open_gradebook
from grader.grading.journal import RunJournal
from grader.grading.tasks import Scores
from grader.submissions import deliveries
from grader.submissions.copying import Copier
from grader.submissions.files import printable
from grader.watching import exchange as exchange_module
from grader.watching import folder as folder_module
from grader.watching.arrivals import Arrival
from grader.watching.exchange import Exchange
from grader.watching.folder import Folder
from grader.watching.limits import Limits

pytestmark = pytest.mark.fast


class Clock:
    """`time.monotonic` that passes only when told to."""

    def __init__(self, monkeypatch, module):
        self.seconds = 1000.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.seconds)

    def passes(self, seconds):
        self.seconds += seconds


@pytest.fixture
def hall(tmp_path):
    return Hall(tmp_path)


@pytest.fixture
def exchange(hall, tmp_path):
    (tmp_path / "scratch").mkdir()
    return Exchange(Classroom(hall.course), UNIT, tmp_path / "scratch")


def names(arrivals):
    return [(arrival.student, bool(arrival.problem)) for arrival in arrivals]


def test_of_each_learner_the_newest_counts_and_none_is_given_twice(hall, exchange):
    hall.submit("ada", "1", 1)
    newest = hall.submit("ada", "2", 2)
    hall.submit("b+c", "1", 1)
    (hall.inbound / "ada+another_unit+2026-01-30 10:00:00 UTC+x").mkdir()
    arrivals = exchange.look()
    assert names(arrivals) == [("b+c", False), ("ada", False)] and arrivals[1].key == newest.name
    assert arrivals[1].when == BEGAN + timedelta(minutes=2)
    assert exchange.look() == []
    hall.submit("ada", "0", 0)
    assert exchange.look() == [], "an older one that comes late"
    hall.submit("ada", "3", 3)
    assert names(exchange.look()) == [("ada", False)]


def test_one_that_is_half_written_waits_and_is_told_once(hall, exchange, monkeypatch):
    clock = Clock(monkeypatch, exchange_module)
    hall.submit("ada", "whole", 1)
    half = hall.submit("ada", "half", 2, whole=False)
    assert names(exchange.look()) == [("ada", False)], "meanwhile the one before it"
    clock.passes(59)
    assert exchange.look() == []
    clock.passes(2)
    (told_once,) = exchange.look()
    assert "submission_secret.txt, which nbgrader writes last" in told_once.problem
    assert exchange.look() == []
    hall.finish(half, "half")
    assert names(exchange.look()) == [("ada", False)], "its end came all the same"


@pytest.mark.parametrize("student", ["..", "a*b", "a\u202eb", "x" * 200])
def test_a_name_that_is_no_learners_is_told_once(hall, exchange, student):
    (hall.inbound / f"{student}+{UNIT}+2026-01-30 10:00:00.0 UTC+x").mkdir()
    assert names(exchange.look()) == [(printable(student), True)]
    assert exchange.look() == []


def test_a_time_that_is_none_is_told(hall, exchange):
    (hall.inbound / f"ada+{UNIT}+yesterday+x").mkdir()
    (found,) = exchange.look()
    assert "the time in its name cannot be read" in found.problem


def test_what_is_collected_is_a_copy_in_the_classs_folder_without_links(hall, exchange, tmp_path):
    secret = tmp_path / "solution.ipynb"
    secret.write_text("the solution")
    folder = hall.submit("ada", answered({}), files={"net.safetensors": b"numbers"})
    (folder / "stolen.txt").symlink_to(secret)
    (arrival,) = exchange.look()
    submission = arrival.take()
    assert submission.notebook == hall.course / "submitted" / "ada" / UNIT / f"{UNIT}.ipynb" and not submission.problem
    assert (submission.notebook.parent / "net.safetensors").read_bytes() == b"numbers"
    assert not (submission.notebook.parent / "stolen.txt").exists()
    assert "stolen.txt, since it is a link" in " ".join(submission.notes)
    assert (folder / "stolen.txt").is_symlink(), "in the exchange nothing changes"
    submission.notebook.chmod(0o600)
    submission.notebook.write_text("mended by a person")
    assert arrival.take().notebook.read_text() == "mended by a person", "collected before: not again"


def test_a_full_disk_of_the_class_is_not_the_learners_fault(hall, exchange, monkeypatch):
    hall.submit("ada", answered({}))
    (arrival,) = exchange.look()

    def fails(number):
        def copy(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Copier, "copy", copy)

    fails(errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        arrival.take()
    fails(errno.EIO)
    assert "could not be collected" in arrival.take().problem
    monkeypatch.undo()
    assert arrival.take().notebook


def test_somebody_elses_submission_is_told_once_and_takes_nobodys_place(tmp_path, monkeypatch):
    hall = Hall(tmp_path, "c.ExchangeCollect.check_owner = True")
    (tmp_path / "scratch").mkdir()
    exchange = Exchange(Classroom(hall.course), UNIT, tmp_path / "scratch")
    ada = getpass.getuser()
    mine, foreign = hall.submit(ada, answered({}), 1), hall.submit(ada, "not mine", 2)
    real, other = deliveries.owner_name, foreign.stat().st_ino
    monkeypatch.setattr(deliveries, "owner_name", lambda found: "bob" if found.st_ino == other else real(found))
    told_once, arrival = exchange.look()
    assert f"bears the name of {ada} and belongs to bob" in told_once.problem and arrival.place == mine
    assert arrival.take().notebook.read_text() == answered({})
    assert exchange.look() == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("c.CourseDirectory.course_id = ''", "this one has no name"),
        ("c.Exchange.root = '/nowhere'", "There is no folder /nowhere/optimization/inbound"),
    ],
)
def test_an_exchange_that_is_none_is_told(tmp_path, more, said):
    with pytest.raises(CourseError, match=said):
        Exchange(Classroom(Hall(tmp_path, more).course), UNIT, tmp_path)


@pytest.mark.needs("chmod")
def test_links_pipes_and_other_peoples_files_are_left_out(tmp_path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_text("mine")
    (source / "deep" / "b.txt").write_text("mine, too")
    (source / "link").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    copier = Copier(os.getuid())
    copier.copy(source, tmp_path / "target")
    found = {p.relative_to(tmp_path / "target").as_posix() for p in (tmp_path / "target").rglob("*") if p.is_file()}
    assert found == {"a.txt", "deep/b.txt"}
    said = [("folder", "is a link"), ("link", "is a link"), ("pipe", "is a pipe, a socket or a device")]
    assert copier.left_out == said
    other = Copier(os.getuid() + 1)
    other.copy(source, tmp_path / "other")
    assert [p for p in (tmp_path / "other").rglob("*") if p.is_file()] == [], "a hard link to somebody else's"
    with pytest.raises(OSError):
        (tmp_path / "outside").symlink_to(source)
        Copier(None).copy(tmp_path / "outside", tmp_path / "third")


# ---- A folder ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("class"))
    room.register(UNIT)
    return room


@pytest.fixture
def inbox(room, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    clock = Clock(monkeypatch, folder_module)
    return Folder(room, UNIT, tmp_path / "scratch", tmp_path / "inbox"), tmp_path / "inbox", clock


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_folder_gives_what_has_not_changed_for_a_second(inbox):
    folder, place, clock = inbox
    assert folder.look() == [], "it is not there yet"
    put(place / "ada" / UNIT / f"{UNIT}.ipynb", answered({}))
    assert folder.look() == []
    clock.passes(1.1)
    (arrival,) = folder.look()
    assert arrival.student == "ada" and arrival.take().notebook.is_file()
    assert folder.look() == folder.look() == []
    put(place / "ada" / UNIT / f"{UNIT}.ipynb", answered({}) + " ")
    put(place / "doejane_4001_90001_x.ipynb", answered({}))
    assert folder.look() == []
    clock.passes(1.1)
    found = folder.look()
    assert names(found) == [("ada", False), ("doejane", False)] and found[0].key != arrival.key


def test_an_upload_that_is_not_whole_waits_then_is_given(inbox):
    folder, place, clock = inbox
    put(place / "ada" / f"{UNIT}.ipynb", answered({})[:4000])
    put(place / "ben.zip", b"PK\x03\x04 begun")
    folder.look()
    clock.passes(30)
    assert folder.look() == []
    put(place / "ada" / f"{UNIT}.ipynb", answered({}))
    folder.look()
    clock.passes(1.1)
    assert names(folder.look()) == [("ada", False)]
    with zipfile.ZipFile(place / "ben.zip", "w") as archive:
        archive.writestr(f"{UNIT}.ipynb", answered({}))
    folder.look()
    clock.passes(1.1)
    (ben,) = folder.look()
    unpacked = ben.take().notebook
    assert unpacked.is_file()
    folder.done(ben)
    assert not unpacked.exists()
    put(place / "cleo" / f"{UNIT}.ipynb", answered({})[:4000])
    folder.look()
    clock.passes(61)
    assert names(folder.look()) == [("cleo", False)], "told as what it is: it breaks off"


def test_a_file_that_is_nobodys_is_told_once(inbox):
    folder, place, clock = inbox
    put(place / "notes.txt", "mine")
    put(place / "ada" / f"{UNIT}.ipynb", answered({}))
    folder.look()
    clock.passes(1.1)
    assert sorted(names(folder.look())) == [("ada", False), ("notes.txt", True)]
    assert folder.look() == []


def test_a_file_is_no_folder_to_watch(room, tmp_path):
    (tmp_path / "class.zip").write_bytes(b"")
    with pytest.raises(CourseError, match="is a file. What can be watched is a folder"):
        Folder(room, UNIT, tmp_path, tmp_path / "class.zip")


# ---- Attempts ------------------------------------------------------------------------------------------------------


class Book:
    def __init__(self, due=None):
        self._due = due

    def due(self, student):
        return self._due


def test_attempts_are_counted_by_day_and_survive_a_restart(tmp_path):
    journal = RunJournal(Classroom(tmp_path), UNIT)
    clock = [datetime(2026, 1, 30, 23, 0, tzinfo=UTC)]
    limits = Limits(journal, Book(), 2, lambda: clock[0])
    for key in ("one", "two"):
        arrival = Arrival("ada", key)
        assert limits.allows(arrival) and limits.count(arrival, f"print of {key}")
        assert not limits.count(arrival, f"print of {key}"), "the same delivery is never counted twice"
    third = Arrival("ada", "three", clock[0])
    assert not limits.allows(third) and limits.allows(Arrival("ben", "one"))
    assert limits.allows(Arrival("ada", "two")), "begun before"
    assert limits.in_words(third) == "attempt 2 (2 of 2 today)"
    assert "2 a day are, and those of 2026-01-30 are used" in limits.kept(third) and "due" not in limits.kept(third)
    again = Limits(RunJournal(Classroom(tmp_path), UNIT), Book(), 2, lambda: clock[0])
    assert not again.allows(third)
    limits.give_back(Arrival("ada", "two"))
    assert limits.allows(third)
    limits.count(third, "print of three")
    clock[0] += timedelta(hours=2)
    assert limits.allows(Arrival("ada", "four"))
    attempts = attempts_of(journal, "ada")
    assert [attempt.arrival for attempt in attempts] == ["one", "three"] and used(attempts, clock[0].date()) == 0


@pytest.mark.parametrize(
    ("language", "said"), [("zh_CN", ('lang="zh-CN"', "暂不评分")), ("xx", ('lang="en"', "is kept, and not graded"))]
)
def test_a_page_about_what_is_kept_speaks_the_submissions_language(hall, exchange, language, said):
    notebook = json.loads(answered({}))
    editions.note(notebook, language)
    folder = hall.submit("ada", json.dumps(notebook))
    (arrival,) = exchange.look()
    journal = RunJournal(Classroom(hall.course), UNIT)
    exchange.say_kept(arrival, Limits(journal, Book(), 2).kept(arrival))
    page = hall.page(folder).read_text(encoding="utf-8")
    assert all(words in page for words in said)


def test_what_came_in_time_is_graded_when_the_unit_is_due(tmp_path):
    due = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
    clock = [due - timedelta(minutes=30)]
    limits = Limits(RunJournal(Classroom(tmp_path), UNIT), Book(due), 1, lambda: clock[0])
    limits.count(Arrival("ada", "one"), "")
    in_time, late = Arrival("ada", "two", clock[0]), Arrival("ada", "three", due + timedelta(seconds=1))
    assert not limits.allows(in_time) and "or the unit is due" in limits.kept(in_time)
    clock[0] = due + timedelta(minutes=1)
    assert limits.allows(in_time) and not limits.allows(late)


def test_an_extension_counts_before_and_after_something_is_handed_in(room, tmp_path):
    here = Classroom(shutil.copytree(room.root, tmp_path / "class"))
    due, until = datetime(2026, 1, 30, 12, 0), datetime(2026, 2, 3, 12, 0)
    here.set_due(UNIT, due)
    known = ClassList()
    known.extend(UNIT, "ada", until)
    write_class_list(class_list_path(here.db_url(), here.root), known)
    with here.gradebook() as gradebook:
        gradebook.add_student("ben")
        gradebook.add_submission(UNIT, "ben")
        gradebook.grant_extension(UNIT, "ben", days=1)
    with open_gradebook(here.config(), UNIT) as writer:
        found = [writer.due(student) for student in ("ada", "ben", "cleo")]
        saved = writer.save("ada", Scores({}, {}, {}), "2026-02-01 12:00:00 UTC")
        assert writer.due("ada") == found[0] and saved.seconds_late == 0.0
    assert found == [each.replace(tzinfo=UTC) for each in (until, due + timedelta(days=1), due)]


def test_the_page_says_which_attempt_it_is():
    attempts = [Attempt("a", "1", "2026-01-30"), Attempt("b", "2", "2026-01-31", 3), Attempt("c", "3", "2026-01-31", 3)]
    assert told(attempts, "3") == "Attempt 3, number 2 of 31 January 2026; 3 a day are graded."
    assert told(attempts, "1") == "Attempt 1, number 1 of 30 January 2026." and told(attempts, "x") == ""


def test_a_journal_that_was_damaged_has_no_attempts(tmp_path):
    journal = RunJournal(Classroom(tmp_path), UNIT)
    for damaged in ("{", '[{"x": 1}]', "7", '["x"]'):
        journal.note("ada", attempts=damaged)
        assert attempts_of(journal, "ada") == ()
    note_attempts(journal, "ada", [Attempt("a", "1", "2026-01-30")])
    assert json.loads(journal.noted("ada", "attempts"))[0]["day"] == "2026-01-30"


def test_two_runs_of_a_unit_are_one_too_many(tmp_path):
    journal = RunJournal(Classroom(tmp_path), UNIT)
    with (
        journal.scratch(),
        pytest.raises(CourseError, match=rf"Process {os.getpid()} on .* grades {UNIT} already"),
        RunJournal(Classroom(tmp_path), UNIT).scratch(),
    ):
        pass
    with alone(tmp_path / "lock", "does"), pytest.raises(CourseError), alone(tmp_path / "lock", "does"):
        pass
    with journal.scratch():
        assert time.monotonic() and released()


# ---- The command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"attempts": 3}, "--attempts N goes with --watch"),
        ({"watch": True, "attempts": 0}, "N is at least 1"),
        ({"watch": True, "force": True}, "belong to a run without it"),
        ({"watch": True, "scheduler": "tcp://host:1"}, "belong to a run without it"),
    ],
)
def test_options_that_do_not_go_together_are_told(options, said):
    with pytest.raises(CourseError, match=said):
        main(UNIT, **options)


def test_what_feedback_tells_can_be_said_for_a_run(room):
    assert Classroom(room.root, tells="points").config().VerifyAnswers.tells == "points"
    assert "tells" not in room.config().VerifyAnswers
    basis = [RunJournal(Classroom(room.root, tells=tells), UNIT).basis() for tells in ("", "points", "")]
    assert basis[0] == basis[2] != basis[1], "what is there is graded again"


def test_the_services_name_options_that_there_are():
    folder = ROOT / "deploy" / "services"
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        assert "--watch" in text and "--attempts" in text and "grade" in text
    compile((folder / "jupyterhub_watch.py").read_text(encoding="utf-8"), "jupyterhub_watch.py", "exec")
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(folder / "course-watch@.service", encoding="utf-8")
    assert unit["Service"]["KillMode"] == "mixed", "SIGTERM is for the watcher alone: its workers would lose their work"

"""Collecting from the exchange: nobody hands in for another, no link leads out, and one bad folder stops nothing."""

from __future__ import annotations

import errno
import getpass
import logging
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.config import COURSE_ID, nbgrader_config
from grader.submissions import copying, deliveries
from grader.submissions.collecting import CollectOwn
from grader.submissions.moments import written

pytestmark = pytest.mark.fast

UNIT = "00_start_here"
ME = getpass.getuser()
TIME = "2026-01-30 22:15:00 UTC"


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """An empty gradebook; to make one takes a process."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    nbgrader_config()  # puts nbgrader's programs on the PATH
    Gradebook(f"sqlite:///{path}", COURSE_ID).close()
    return path


@pytest.fixture
def exchange(tmp_path, gradebook):
    """An exchange's inbound folder, and a class with an empty gradebook."""
    inbound = tmp_path / "exchange" / "optimization" / "inbound"
    inbound.mkdir(parents=True)
    (tmp_path / "exchange").chmod(0o777)
    (tmp_path / "class").mkdir()
    shutil.copy(gradebook, tmp_path / "class")
    return inbound


def hand_in(exchange, name=ME, time=TIME, text="{}", tail="x1"):
    folder = exchange / f"{name}+{UNIT}+{time}+{tail}"
    folder.mkdir()
    (folder / f"{UNIT}.ipynb").write_text(text, encoding="utf-8")
    (folder / "timestamp.txt").write_text(time, encoding="utf-8")
    return folder


def collect(exchange, caplog, course=None, **options) -> str:
    """Collect all; what was said."""
    root = exchange.parents[2] / "class"
    config = nbgrader_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = UNIT
    config.Exchange.root = str(exchange.parents[1])
    config.merge(Config({"CollectOwn": options, "CourseDirectory": course or {}}))
    with caplog.at_level(logging.INFO):
        CollectOwn(coursedir=CourseDirectory(config=config), config=config, authenticator=None).start()
    return caplog.text


def collected(exchange):
    folder = exchange.parents[2] / "class" / "submitted"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_course_collects_so():
    assert nbgrader_config().ExchangeFactory.collect is CollectOwn


def test_a_hand_in_of_ones_own_is_collected_and_closed(exchange, caplog):
    hand_in(exchange).chmod(0o777)
    collect(exchange, caplog)
    assert collected(exchange) == [f"{ME}/{UNIT}/{UNIT}.ipynb", f"{ME}/{UNIT}/timestamp.txt"]
    copy = exchange.parents[2] / "class" / "submitted" / ME / UNIT
    assert (copy.stat().st_mode & 0o777, (copy / "timestamp.txt").stat().st_mode & 0o777) == (0o700, 0o600)


def test_nobody_hands_in_for_another(exchange, caplog):
    hand_in(exchange)
    hand_in(exchange, name="ada")
    assert f"bears the name of ada and belongs to {ME}" in collect(exchange, caplog)
    assert {path.split("/")[0] for path in collected(exchange)} == {ME}


def test_a_later_folder_of_somebody_else_does_not_take_the_place(exchange, caplog, monkeypatch):
    hand_in(exchange, text="mine")
    foreign = hand_in(exchange, time="2026-01-30 23:00:00 UTC", text="not mine")
    own, other = deliveries.owner_name, foreign.stat().st_ino
    monkeypatch.setattr(deliveries, "owner_name", lambda found: "bob" if found.st_ino == other else own(found))
    collect(exchange, caplog)
    assert (exchange.parents[2] / "class" / "submitted" / ME / UNIT / f"{UNIT}.ipynb").read_text() == "mine"


def test_a_link_in_a_hand_in_leads_nowhere(exchange, caplog, tmp_path):
    secret = tmp_path / "class" / "gradebook.secret"
    secret.write_text("the secret", encoding="utf-8")
    folder = hand_in(exchange)
    (folder / "data.txt").symlink_to(secret)
    (folder / "deep").symlink_to(secret.parent)
    os.mkfifo(folder / "pipe")
    said = collect(exchange, caplog)
    assert said.count("is left out: it is a link") == 2
    assert "pipe is left out: it is a pipe, a socket or a device" in said
    assert collected(exchange) == [f"{ME}/{UNIT}/{UNIT}.ipynb", f"{ME}/{UNIT}/timestamp.txt"]


def test_what_takes_a_folders_place_while_it_is_copied_is_not_followed(exchange, caplog, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "data.txt").write_text("the secret", encoding="utf-8")
    folder = hand_in(exchange)
    (folder / "deep").mkdir()
    (folder / "deep" / "data.txt").write_text("mine", encoding="utf-8")
    real = os.listdir

    def swaps(where):
        names = real(where)
        if "deep" in names and (folder / "deep").is_dir() and not (folder / "deep").is_symlink():
            shutil.rmtree(folder / "deep")
            (folder / "deep").symlink_to(tmp_path / "elsewhere")
        return names

    monkeypatch.setattr(copying.os, "listdir", swaps)
    assert "deep is left out: it is a link" in collect(exchange, caplog)
    assert collected(exchange) == [f"{ME}/{UNIT}/{UNIT}.ipynb", f"{ME}/{UNIT}/timestamp.txt"]


def test_a_time_long_before_the_system_says_is_told_and_stands(exchange, caplog):
    hand_in(exchange)
    assert f"Its timestamp.txt says {TIME}" in collect(exchange, caplog)
    copy = exchange.parents[2] / "class" / "submitted" / ME / UNIT
    assert (copy / "timestamp.txt").read_text(encoding="utf-8") == TIME


@pytest.mark.parametrize("time", ["now", "yesterday evening", "in an hour"])
def test_nothing_is_told_of_a_time_that_may_be_true_or_is_none(exchange, caplog, time):
    moment = datetime.now(UTC) + timedelta(hours=time == "in an hour")
    folder = hand_in(exchange)
    text = time if "evening" in time else written(moment)
    (folder / "timestamp.txt").write_text(text, encoding="utf-8")
    assert "the file system" not in collect(exchange, caplog)
    assert collected(exchange)


def test_what_the_configuration_leaves_out_is_left_out(exchange, caplog):
    folder = hand_in(exchange)
    for name in ("weights.bin", "large.bin", "notes.tmp", "page.html"):
        (folder / name).write_bytes(b"x" * (3000 if name == "large.bin" else 10))
    (folder / "feedback").mkdir()
    said = collect(exchange, caplog, course={"max_file_size": 2, "include": ["*.ipynb", "*.txt", "*.bin"]})
    assert {path.split("/")[-1] for path in collected(exchange)} == {f"{UNIT}.ipynb", "timestamp.txt", "weights.bin"}
    assert "large.bin is left out: it is larger than a submission may be (2000 bytes)" in said
    assert "page.html" not in said, "nobody waits for a word on it"


def test_a_disk_that_fails_leaves_no_half_of_a_hand_in(exchange, caplog, monkeypatch):
    hand_in(exchange)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying.Copier, "_write", full)
    assert "is not collected: [Errno 28] No space left" in collect(exchange, caplog)
    assert not (exchange.parents[2] / "class" / "submitted" / ME / UNIT).exists()


@pytest.mark.parametrize("name", [f"-+{UNIT}+{TIME}+x", f"ada+{UNIT}+yesterday+x", f"{ME}+{UNIT}+9999999-99-99+x"])
def test_a_name_that_makes_no_sense_stops_nobody(exchange, caplog, name):
    (exchange / name).mkdir()
    hand_in(exchange)
    assert "is not collected" in collect(exchange, caplog)
    assert {path.split("/")[0] for path in collected(exchange)} == {ME}


def test_a_name_that_is_no_learners_is_told_where_owners_do_not_count(exchange, caplog):
    hand_in(exchange, name="a*b")
    assert "is not collected: nbgrader does not take such a name" in collect(exchange, caplog, check_owner=False)
    assert not collected(exchange)


def test_a_file_in_the_exchange_and_a_link_to_a_folder_are_no_hand_in(exchange, caplog, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (exchange / f"{ME}+{UNIT}+{TIME}+a").symlink_to(tmp_path / "elsewhere")
    (exchange / f"{ME}+{UNIT}+{TIME}+b").write_text("", encoding="utf-8")
    assert collect(exchange, caplog).count("it is not a folder") == 2
    assert not (tmp_path / "class" / "submitted" / ME).exists()


def test_a_hand_in_that_is_too_large_is_told_and_stops_nobody(exchange, caplog, monkeypatch):
    hand_in(exchange)
    monkeypatch.setattr(CollectOwn, "get_size", lambda self, path: 10**12)
    assert "it is larger than" in collect(exchange, caplog)
    assert not (exchange.parents[2] / "class" / "submitted" / ME / UNIT).exists()


def test_an_older_gradebook_without_a_course_id_serves_on(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url, "") as old:
        old.add_assignment(UNIT)
        old.add_student("ada")
    with Gradebook(url, nbgrader_config().CourseDirectory.course_id) as now:
        assert [each.name for each in now.assignments] == [UNIT]
        assert now.find_assignment(UNIT).name == UNIT
        assert [student.id for student in now.students] == ["ada"]
        now.add_submission(UNIT, "ada")
        now.update_or_create_assignment(UNIT)

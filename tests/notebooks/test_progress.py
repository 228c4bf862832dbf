"""Progress is only appended to: nothing that was reached is lost by a torn line, a full disk or a second kernel."""

import os
import stat
import subprocess
import sys

import pytest

from course_lib import progress

pytestmark = pytest.mark.fast


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    return tmp_path / "state"


def test_the_best_check_counts(folder):
    for earned in (1, 4, 2):
        progress.record("check", exercise="gd_step", unit="02", earned=earned, points=4)
    assert progress.best() == {"gd_step": {"earned": 4, "points": 4, "tries": 3}}


def test_a_torn_line_costs_itself_only(folder):
    progress.record("check", exercise="a", earned=1, points=1)
    path = folder / progress.FILE
    path.write_bytes(path.read_bytes() + b'{"kind": "check", "exer')
    progress.record("check", exercise="b", earned=1, points=1)
    assert set(progress.best()) == {"a", "b"}


def test_foreign_lines_are_passed_over(folder):
    progress.record("check", exercise="a", earned=1, points=1)
    path = folder / progress.FILE
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n[1, 2]\n42\n\n")
    assert set(progress.best()) == {"a"}


def test_a_disk_that_cannot_be_written_is_a_sentence(folder, capsys, monkeypatch):
    progress.record("check", exercise="a", earned=1, points=1)
    if os.geteuid() == 0:  # root writes anywhere: a device that is always full stands in
        monkeypatch.setattr(progress, "FILE", "../full")
        (folder.parent / "full").symlink_to("/dev/full")
    else:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    progress.record("check", exercise="b", earned=1, points=1)
    assert "could not be written" in capsys.readouterr().err


def test_grading_records_nothing(folder, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "/somewhere")
    progress.record("check", exercise="a", earned=1, points=1)
    assert progress.events() == []


def test_two_kernels_at_once_lose_nothing(folder):
    code = "from course_lib import progress\nfor i in range(200): progress.record('check', exercise='e%s-' + str(i))"
    runs = [subprocess.Popen([sys.executable, "-c", code % name]) for name in "ab"]
    assert [run.wait() for run in runs] == [0, 0]
    assert len({event["exercise"] for event in progress.events()}) == 400


def test_the_summary_names_every_exercise(folder):
    text = progress.summary()
    for path in progress.DIRECTORY.glob("*.json"):
        assert path.stem in text

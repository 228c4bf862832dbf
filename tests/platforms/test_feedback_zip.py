"""`./course export moodle UNIT --feedback`: pages in the layout that the platform reads, each to the right person."""

from __future__ import annotations

import zipfile

import pytest
from helpers.fake_class import fake_class
from helpers.platform_files import CANVAS, MOODLE, UNIT, WORKSHEET, imported, written

from course_lib.errors import CourseError
from grader.commands import export as command
from grader.submissions.platforms import platform_of

pytestmark = pytest.mark.fast


@pytest.fixture
def room(tmp_path, monkeypatch):
    room = fake_class(tmp_path, {UNIT: {"jdoe": 20, "aoz": 10}})
    monkeypatch.setattr(command, "course_root", lambda: tmp_path)
    for text in (CANVAS, MOODLE):
        imported(room, written(tmp_path, text))
    for student in ("jdoe", "aoz"):
        page(room, student).write_text(f"the page of {student}", encoding="utf-8")
    return room


def page(room, student):
    path = room.path("feedback", student, UNIT) / f"{UNIT}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def download(room, *names):
    path = room.root / "submissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return path


def packed(room, platform):
    with zipfile.ZipFile(room.root / "reports" / f"{UNIT}.{platform}-feedback.zip") as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


MOODLES = (f"Jane Doe_102_assignsubmission_file_/{UNIT}.ipynb", "Ämne Öztürk_103_assignsubmission_file_/x.ipynb")
CANVASES = (f"doejane_4001_90001_{UNIT}.ipynb", f"öztürkämne_LATE_4002_90002_{UNIT}-1.ipynb")


def test_moodle_reads_the_number_behind_the_name(room):
    assert command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES)) == 0
    found = packed(room, "moodle")
    assert found == {
        f"Jane Doe_102_assignsubmission_file_/{UNIT}.html": "the page of jdoe",
        f"Ämne Öztürk_103_assignsubmission_file_/{UNIT}.html": "the page of aoz",
    }
    for name in found:  # as Moodle takes it apart: at most five parts, the second a number
        parts = name.partition("/")[0].split("_", 4)
        assert parts[1].isdecimal() and parts[2:4] == ["assignsubmission", "file"]
        assert platform_of(name.partition("/")[0], folder=True).owners[0].number == parts[1]


def test_the_worksheet_says_the_same_as_the_download(room):
    command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES))
    by_download = packed(room, "moodle")
    assert command.main("moodle", ["02"], feedback=True, roster=written(room.root, WORKSHEET)) == 0
    assert packed(room, "moodle") == by_download
    odd = WORKSHEET.replace("Jane Doe", "Jane_../Doe")
    command.main("moodle", ["02"], feedback=True, roster=written(room.root, odd))
    assert f"Jane .. Doe_102_assignsubmission_file_/{UNIT}.html" in packed(room, "moodle")


def test_canvas_gets_the_names_that_it_gave(room):
    assert command.main("canvas", ["02"], feedback=True, submissions=download(room, *CANVASES)) == 0
    assert packed(room, "canvas") == {
        f"doejane_4001_90001_{UNIT}.html": "the page of jdoe",
        f"öztürkämne_LATE_4002_90002_{UNIT}-1.html": "the page of aoz",
    }


def test_of_several_attempts_the_latest_names_the_page(room):
    names = (f"doejane_4001_90001_{UNIT}.ipynb", f"doejane_4001_90007_{UNIT}-2.ipynb", "doejane_4001_90008_plot-3.png")
    command.main("canvas", ["02"], feedback=True, submissions=download(room, *names))
    assert list(packed(room, "canvas")) == [f"doejane_4001_90007_{UNIT}-2.html"]


def test_who_has_no_page_or_no_place_is_told_and_the_status_says_so(room, capsys):
    page(room, "aoz").unlink()
    assert command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES)) == 0
    assert "without a page here: aoz" in capsys.readouterr().out
    page(room, "aoz").symlink_to(room.root / "gradebook.db")
    command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES))
    assert len(packed(room, "moodle")) == 1
    with room.gradebook() as gradebook:
        gradebook.update_or_create_student("zoe")
    page(room, "zoe").write_text("zoe's", encoding="utf-8")
    assert command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES)) == 1
    assert "not in that file: zoe" in capsys.readouterr().out


def test_what_is_not_this_platforms_is_told(room):
    with pytest.raises(CourseError, match="has a name as Canvas gives it"):
        command.main("canvas", ["02"], feedback=True, submissions=download(room, *MOODLES))
    with pytest.raises(CourseError, match="takes no zip file"):
        command.main("blackboard", ["02"], feedback=True, submissions=download(room, *MOODLES))
    with pytest.raises(CourseError, match="grading worksheet"):
        command.main("moodle", ["02"], feedback=True, submissions=written(room.root, MOODLE))
    with pytest.raises(CourseError, match="There is no"):
        command.main("moodle", ["02"], feedback=True, submissions=room.root / "nowhere.zip")
    with pytest.raises(CourseError, match="--submissions FILE"):
        command.main("moodle", ["02"], feedback=True)
    assert not list((room.root / "reports").glob("*.tmp"))


def test_two_zip_files_of_the_same_pages_are_the_same(room):
    made = []
    for _ in range(2):
        command.main("moodle", ["02"], feedback=True, submissions=download(room, *MOODLES))
        made.append((room.root / "reports" / f"{UNIT}.moodle-feedback.zip").read_bytes())
    assert made[0] == made[1]

"""A class as it comes, through `./course grade`: every file is in its table, the exit status is true."""

from __future__ import annotations

import shutil
from datetime import datetime

from helpers.handed_in import BLANK, BLANK_NOTEBOOK, DATED, OTHER, RIGHT, put, zip_bytes, zipped
from helpers.submissions import UNIT, bonus, classroom, course_copy, fingerprint, points

from grader.commands.grade import main
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.reports.summary import report
from grader.submissions.gather import gather
from grader.submissions.reading import UnreadableError, read
from grader.submissions.samples import hand_in

MOODLE = "_assignsubmission_file_"
ALL = points() + bonus()


def graded(room, source):
    options = GradeOptions(feedback=False)
    return {r.student: r for r in grade_class(room, UNIT, source, options, workers=1, say=lambda line: None)}


def test_a_platforms_zip_is_graded_and_the_table_says_whose_is_which(tmp_path):
    room = classroom(tmp_path)
    files = {
        f"Doe Jane_102{MOODLE}/{UNIT}.ipynb": RIGHT,
        f"Doe Jane_102{MOODLE}/{DATED}": BLANK,
        f"Roe Ric_103{MOODLE}/{UNIT}.ipynb": BLANK,
        f"Poe Pia_104{MOODLE}/{UNIT}.html": b"<html>",
        "readme.ipynb": RIGHT,
    }
    path = zipped(tmp_path / "moodle.zip", files)
    results = graded(room, path)
    assert results["doe_jane"].points == ALL and results["roe_ric"].points == 0
    assert any(DATED in note for note in results["doe_jane"].notes)
    assert f"{UNIT}.html (a web page" in results["poe_pia"].problem
    assert results["readme.ipynb"].problem == "is nobody's: its name tells no learner"
    said = report(room, UNIT, list(results.values()))
    assert f"its file: Doe Jane_102{MOODLE}/{UNIT}.ipynb" in said
    again = graded(room, path)
    assert again["doe_jane"].seconds is None, "graded before, although it was unpacked anew"
    assert [p.name for p in (tmp_path / "reports").glob("*.tmp")] == []


def test_an_id_stays_when_a_second_learner_of_that_name_comes(tmp_path):
    room = classroom(tmp_path)
    first = {f"doejane_4001_1_{UNIT}.ipynb": RIGHT}
    second = first | {f"doejane_4007_2_{UNIT}.ipynb": BLANK}
    assert graded(room, zipped(tmp_path / "1.zip", first)).keys() == {"doejane"}
    results = graded(room, zipped(tmp_path / "2.zip", second))
    assert {student: result.points for student, result in results.items()} == {"doejane": ALL, "doejane_4007": 0}
    assert results["doejane"].seconds is None, "the same learner, the same notebook"
    with room.gradebook() as gradebook:
        assert {s.id: s.lms_user_id for s in gradebook.students} == {
            "doejane": "Canvas:4001",
            "doejane_4007": "Canvas:4007",
        }


def test_the_exit_status_is_zero_only_when_everything_that_arrived_was_graded(tmp_path, monkeypatch, capsys):
    course = course_copy(tmp_path / "course")
    monkeypatch.setenv("COURSE_ROOT", str(course))
    inbox = put(tmp_path / "inbox", {f"ada/{UNIT} (1).ipynb": BLANK, f"ben/{UNIT}/{UNIT}.ipynb": BLANK})
    (inbox / "nobody").mkdir()
    before = fingerprint(inbox)
    assert main(UNIT, inbox) == 0
    assert "nobody  nothing handed in" in capsys.readouterr().out
    wrong = {
        f"cleo/{UNIT}.html": b"<html>",
        "dan/other.ipynb": OTHER,
        f"eve/.ipynb_checkpoints/{UNIT}-checkpoint.ipynb": RIGHT,
        "who.ipynb": RIGHT,
        f"a*/{UNIT}.ipynb": RIGHT,
        f"fay/{UNIT}/{UNIT}.ipynb": RIGHT[:1000],
    }
    before = fingerprint(put(inbox, wrong))
    assert main(UNIT, inbox) == 1
    said = capsys.readouterr().out
    lines = {line.split("  ")[1]: line for line in said.splitlines() if line[:1].isdigit() and " of 9  " in line}
    assert lines.keys() == {"ada", "ben", "nobody", *(name.split("/")[0] for name in wrong)}
    for name in wrong:
        line = lines[name.split("/")[0]]
        assert "nothing handed in" not in line and " points" not in line
        assert name.split("/")[-1] in line or "rename the folder" in line or "is nobody's" in line
    for name in wrong:
        assert gathered_alone(inbox / name.split("/")[0], tmp_path), "any of them makes the exit status 1"
    assert fingerprint(inbox) == before


def gathered_alone(path, tmp_path):
    """Whether what is handed in there is told as a problem already when it is found, or when it is read."""
    scratch = tmp_path / "alone" / path.name.replace("*", "")
    (scratch / "in").mkdir(parents=True)
    (shutil.copytree if path.is_dir() else shutil.copy)(path, scratch / "in" / path.name)
    found = gather(scratch / "in", UNIT, scratch / "scratch", BLANK_NOTEBOOK)
    if found.unknown or found.submissions[0].problem:
        return True
    try:
        read(found.submissions[0].notebook, BLANK_NOTEBOOK)
    except UnreadableError:
        return True
    return False


def test_times_of_a_platform_count_where_they_have_a_zone(tmp_path):
    room = classroom(tmp_path)
    room.register(UNIT)
    room.set_due(UNIT, datetime(2026, 1, 30, 23, 59))
    metadata = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: {name}\n    :sid: '{n}'\n  :created_at: {when}\n"
        for n, name, when in ((1, "In Time", "2026-01-30 16:58:00 -0700"), (2, "Too Late", "2026-01-30 17:00:00 -0700"))
    )
    files = {f"submission_{n}/{UNIT}.ipynb": BLANK for n in (1, 2)} | {"submission_metadata.yml": metadata}
    for student, zone in (("pst", "PST"), ("offset", "-08:00"), ("utc", "UTC")):
        path = hand_in(BLANK.decode(), tmp_path / "in", student, UNIT)
        path.with_name("timestamp.txt").write_text(f"2026-01-30 {'16:30' if zone != 'UTC' else '23:58'}:00 {zone}")
    platform = graded(room, zipped(tmp_path / "export.zip", files))
    assert platform["in_time"].seconds_late == 0 and platform["too_late"].seconds_late == 60
    mine = graded(room, tmp_path / "in")
    assert mine["offset"].seconds_late == 31 * 60 and mine["utc"].seconds_late == 0
    assert mine["pst"].seconds_late == 0 and "'PST' has no one meaning" in mine["pst"].notes[-1]
    stamp = tmp_path / "autograded" / "offset" / UNIT / "timestamp.txt"
    assert stamp.read_text(encoding="utf-8") == "2026-01-31 00:30:00 UTC\n", "as nbgrader reads it"


def test_a_notebook_in_another_encoding_is_graded_and_told(tmp_path):
    room = classroom(tmp_path)
    text = RIGHT.decode().replace("def ", "# größer\ndef ", 0)
    files = {
        f"wide/{UNIT}.ipynb": text.encode("utf-16"),
        f"ansi/{UNIT}.ipynb": text.encode("cp1252", "replace"),
        f"packed/{UNIT}.ipynb": zip_bytes({f"{UNIT}.ipynb": RIGHT}),
    }
    results = graded(room, put(tmp_path / "in", files))
    assert {student: result.points for student, result in results.items()} == dict.fromkeys(
        ("wide", "ansi", "packed"), ALL
    )
    assert any("UTF-16" in note for note in results["wide"].notes)

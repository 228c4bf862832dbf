"""`./course grade` and stock nbgrader as commands: other folders, kills, exit status, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import nbformat
import pytest
from helpers.course import EXERCISES, ROOT, source_notebook
from helpers.submissions import (
    FUNCTIONS,
    MINE,
    UNIT,
    answered,
    bonus,
    brief,
    classroom,
    course_copy,
    fingerprint,
    points,
    released,
    right,
)
from nbformat.v4 import new_code_cell

from course_lib.errors import CourseError
from grader.commands.demo import DUE
from grader.commands.grade import main
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.reports.table import late
from grader.submissions.gather import gather
from grader.submissions.reading import read
from grader.submissions.samples import SAMPLES, fill, find_cell, hand_in

FIRST, SECOND = FUNCTIONS[:2]


def test_submissions_from_another_folder_by_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course_copy(tmp_path / "course (2)")))
    inbox = tmp_path / "from the+server"
    (inbox / "zoé+(b)").mkdir(parents=True)
    (inbox / "zoé+(b)" / f"{UNIT}.ipynb").write_text(answered({}), encoding="utf-8")
    (inbox / "zoé+(b)" / "timestamp.txt").write_text("the day before yesterday", encoding="ascii")
    (inbox / "nobody" / UNIT).mkdir(parents=True)
    (inbox / "a[b]").mkdir()
    (inbox / "a[b]" / f"{UNIT}.ipynb").write_text(answered({}), encoding="utf-8")
    before = fingerprint(inbox)
    assert main(UNIT[:2], inbox) == 1
    said = capsys.readouterr().out
    assert f"3 of 3  zoé+(b)  {points() + bonus()} of " in said
    assert f"nobody  could not be read: there is no {UNIT}.ipynb" in said
    assert "timestamp.txt could not be read" not in said and "no due date" in said
    assert fingerprint(inbox) == before and not (tmp_path / "course (2)" / "submitted").exists()
    assert "1 of 3  a[b]  could not be graded: nbgrader does not take such a name" in said
    for unwanted in ("nobody", "a[b]"):
        shutil.rmtree(inbox / unwanted)
    assert main(UNIT, inbox) == 0
    assert "(as before)" in capsys.readouterr().out
    Classroom(tmp_path / "course (2)").set_due(UNIT, DUE)
    assert main(UNIT, inbox) == 0
    assert "timestamp.txt could not be read" in capsys.readouterr().out


def test_a_run_that_is_killed_or_stopped_is_taken_up_again(tmp_path):
    course = course_copy(tmp_path)
    sleepy = brief()
    sleepy.cells.append(new_code_cell("import time\ntime.sleep(1)", id="sleep"))
    for student in ("a", "b"):
        hand_in(nbformat.writes(sleepy), course / "submitted", student, UNIT)
    assert run_until(course, "1 of 2", signal.SIGKILL) == (-signal.SIGKILL, ["1 of 2  a"])
    assert run_until(course, "1 of 2", signal.SIGINT) == (130, ["1 of 2  a (as before)"])
    code, lines = run_until(course, "never", signal.SIGKILL)
    assert (code, lines) == (0, ["1 of 2  a (as before)", "2 of 2  b"])
    with Classroom(course).gradebook() as gradebook:
        graded = {s.student.id: s.score for s in gradebook.assignment_submissions(UNIT)}
    assert graded == dict.fromkeys("ab", points() + bonus())


def test_workers_side_by_side_are_taken_up_again_too(tmp_path):
    course, students = course_copy(tmp_path), [f"s{number}" for number in range(5)]
    sleepy = brief()
    sleepy.cells.append(new_code_cell("import time\ntime.sleep(1)", id="sleep"))
    for student in students:
        hand_in(nbformat.writes(sleepy), course / "submitted", student, UNIT)
    code, lines = run_until(course, "1 of 5", signal.SIGKILL, workers=2)
    assert code == -signal.SIGKILL and len(lines) == 1
    code, lines = run_until(course, "2 of 5", signal.SIGINT, workers=2)
    assert code == 130 and lines[0].endswith("(as before)") and len(lines) < 5
    code, lines = run_until(course, "never", signal.SIGKILL, workers=2)
    assert code == 0 and len(lines) == 5 and sum(line.endswith("(as before)") for line in lines) >= 2
    with Classroom(course).gradebook() as gradebook:
        graded = [(s.student.id, s.score) for s in gradebook.assignment_submissions(UNIT)]
    assert sorted(graded) == [(student, points() + bonus()) for student in students]
    assert {path.parent.parent.name for path in (course / "feedback").rglob("*.html")} == set(students)
    assert not [path for path in (course / "reports").iterdir() if "tmp" in path.name]


def run_until(course, beginning, what, workers=1):
    """Run the command and send it a signal once a line begins so; its exit status, and the progress without points."""
    code = f"import sys; from grader.commands.grade import main; sys.exit(main({UNIT!r}, workers={workers}))"
    environment = {**os.environ, "COURSE_ROOT": str(course)}
    lines = []
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as running:
        for line in running.stdout:
            if re.match(r"\d of \d", line):
                lines.append(re.sub(r"  [\d.]+ of \d+ points", "", line.rstrip()))
            if line.startswith(beginning):
                running.send_signal(what)
    return running.returncode, lines


def test_stock_nbgrader_commands_do_the_same(tmp_path):
    course = course_copy(tmp_path)
    shutil.rmtree(course / "notebooks")
    (course / "solutions" / UNIT / "houses.csv").write_text("area,rooms\n", encoding="ascii")
    (course / "solutions" / UNIT / "net.safetensors").write_bytes(b"the solution's")
    nbgrader(course, "generate_assignment", UNIT)
    assert (course / "notebooks" / UNIT / f"{UNIT}.ipynb").read_bytes() == committed()
    for student in ("ada_right", "gita_damaged"):
        make, _ = SAMPLES[student]
        files = {"net.safetensors": b"mine"}
        hand_in(make(released(), source_notebook(UNIT), UNIT), course / "submitted", student, UNIT, DUE, files)
    nbgrader(course, "autograde", UNIT)
    nbgrader(course, "generate_feedback", UNIT)
    made = sorted(
        str(p.relative_to(course)) for step in ("notebooks", "autograded") for p in (course / step).rglob("*")
    )
    assert [path for path in made if path.endswith(".py")] == [], "the script beside the source holds the solutions"
    assert sum(path.endswith("houses.csv") for path in made) == 3, "other files do go along"
    weights = [path for path in made if path.endswith(".safetensors")]
    assert len(weights) == 2 and {(course / path).read_bytes() for path in weights} == {b"mine"}, (
        "no solution's weights"
    )
    with Classroom(course).gradebook() as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions(UNIT)}
    assert scores == dict.fromkeys(("ada_right", "gita_damaged"), points() + bonus())
    page = course / "feedback" / "ada_right" / UNIT / f"{UNIT}.html"
    assert f"{FIRST.name}: all right" in page.read_text(encoding="utf-8")


def nbgrader(course, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def committed():
    return (ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb").read_bytes()


def test_other_cells_than_those_handed_out_are_refused(tmp_path):
    room = classroom(tmp_path)
    source = tmp_path / "solutions" / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.remove(find_cell(notebook, f"check_{SECOND.name}"))
    nbformat.write(notebook, source)
    with pytest.raises(CourseError, match=f"differ in check_{SECOND.name}"):
        room.register(UNIT)


@pytest.mark.fast
def test_a_folder_without_submissions_is_told(tmp_path):
    with pytest.raises(CourseError, match="There is no folder"):
        gather(tmp_path / "submitted", UNIT, tmp_path / "scratch", released())
    with pytest.raises(CourseError, match="holds no student's folder"):
        gather(tmp_path, UNIT, tmp_path / "scratch", released())


@pytest.mark.fast
def test_a_notebook_that_lost_every_mark_is_still_the_units(tmp_path):
    notebook = right()
    for cell in notebook.cells:
        cell.metadata.clear()
    path = tmp_path / f"{UNIT}.ipynb"
    nbformat.write(notebook, path)
    found, note = read(path, released())
    assert len(found.cells) == len(notebook.cells) and note == ""


@pytest.mark.fast
def test_without_a_sandbox_nothing_runs_unless_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.grading.classroom.unavailable", lambda: "There is no bubblewrap here.")
    hand_in(json.dumps({}), tmp_path / "submitted", "someone", UNIT)
    with pytest.raises(CourseError, match="no bubblewrap here.*--unsandboxed"):
        grade_class(Classroom(tmp_path), UNIT, tmp_path / "submitted")
    Classroom(tmp_path, unsandboxed=True).require_sandbox()


@pytest.mark.fast
@pytest.mark.parametrize(
    ("seconds", "said"), [(0, ""), (1, "1 min"), (2400, "40 min"), (12000, "3 h 20 min"), (187_200, "2 d 4 h")]
)
def test_lateness_is_told_as_people_do(seconds, said):
    assert late(seconds) == said


@pytest.mark.fast
def test_a_filled_notebook_shows_no_marker():
    text = nbformat.writes(fill(released(), source_notebook(UNIT)))
    assert not re.search(r"(BEGIN|END) (SOLUTION|STUB|MARK)", text)
    assert len(EXERCISES) >= len(MINE) > 2

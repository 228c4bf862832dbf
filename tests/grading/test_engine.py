"""The engine behind `./course grade`: the same as nbgrader, row for row; and what happens when something dies."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from helpers.submissions import UNIT, bonus, brief, classroom, delete_experiments, points, released

from grader.commands.demo import DUE, collect
from grader.grading.grade_class import grade_class
from grader.grading.journal import RunJournal
from grader.grading.run import GradeOptions
from grader.grading.workers import LostError, WorkerPool
from grader.preprocessors.repair import grade_id
from grader.submissions.reading import UnreadableError, read
from grader.submissions.samples import find_cell, hand_in

SECRET = "0123456789abcdef" * 4
ROWS = {
    "students": "SELECT * FROM student ORDER BY id",
    "submissions": "SELECT student_id, timestamp, extension FROM submitted_assignment ORDER BY student_id",
    "notebooks": """SELECT a.student_id, n.flagged, n.late_submission_penalty FROM submitted_notebook n
        JOIN submitted_assignment a ON a.id = n.assignment_id ORDER BY a.student_id""",
    "grades": """SELECT a.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment a ON a.id = n.assignment_id ORDER BY a.student_id, c.name""",
    "comments": """SELECT a.student_id, c.name, m.auto_comment, m.manual_comment
        FROM comment m JOIN base_cell c ON c.id = m.cell_id JOIN submitted_notebook n ON n.id = m.notebook_id
        JOIN submitted_assignment a ON a.id = n.assignment_id ORDER BY a.student_id, c.name""",
}


def rows(room):
    """Everything of the gradebook that grading decides."""
    with sqlite3.connect(room.root / "gradebook.db") as database:
        return {name: database.execute(query).fetchall() for name, query in ROWS.items()}


def prepared(root, settings="", without=()):
    """The sample class, one of them with a person's points, another with a file beside and a locked text changed.

    without: those who are left out, where a smaller class shows as much.
    """
    room = classroom(root)
    (root / "gradebook.secret").write_text(SECRET, encoding="ascii")
    with (root / "nbgrader_config.py").open("a", encoding="ascii") as config:
        config.write(f'\nc.LateSubmissionPlugin.penalty_method = "zero"\n{settings}')
    room.register(UNIT)
    room.set_due(UNIT, DUE)
    collect(room, UNIT)
    delete_experiments(root / "submitted")
    (root / "solutions" / UNIT / "houses.csv").write_text("area,rooms\n", encoding="ascii")
    (root / "submitted" / "ada_right" / UNIT / "notes.txt").write_text("mine", encoding="ascii")
    (root / "submitted" / "ada_right" / UNIT / "helper.py").write_text("left behind", encoding="ascii")
    hand_in(tampered(), root / "submitted", "tom_tampered", UNIT)
    mine = root / "submitted" / "ada_right" / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(mine, as_version=4)
    reads = "print(open('notes.txt').read(), open('houses.csv').read())"
    notebook.cells.append(nbformat.v4.new_code_cell(reads, id="reads"))
    nbformat.write(notebook, mine)
    for student in without:
        shutil.rmtree(root / "submitted" / student)
    return room


def tampered():
    """Right, with nbgrader's marks and the locked cells rewritten by hand: more points, no check, another kernel."""
    notebook = brief()
    notebook.metadata["kernelspec"] = {"name": "mine", "display_name": "Mine", "language": "julia"}
    checks = [cell for cell in notebook.cells if grade_id(cell).startswith("check_")]
    checks[0].metadata.nbgrader.update(points=1000, locked=False)
    checks[1].source = "1000"
    checks[2].cell_type = "markdown"
    del checks[2]["outputs"], checks[2]["execution_count"]
    return nbformat.writes(notebook)


def by_nbgrader(room, students=None):
    """Grade the class, or some of it, by nbgrader's own converters, one student after the other."""
    for folder in sorted((room.root / "submitted").iterdir()):
        if students and folder.name not in students:
            continue
        try:
            read(folder / UNIT / f"{UNIT}.ipynb", released())
        except UnreadableError:
            continue
        room.autograde(UNIT, folder.name, room.root / "submitted")
        room.feedback(UNIT, folder.name)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same class graded twice, by nbgrader and by the engine, each before and after a person's marks."""
    stock, engine = rooms = [prepared(tmp_path_factory.mktemp(name)) for name in ("nbgrader", "engine")]
    by_nbgrader(stock)
    grade_class(engine, UNIT, engine.root / "submitted", workers=2)
    fresh = [rows(room) for room in rooms]
    for room in rooms:
        give_by_hand(room)
    by_nbgrader(stock, MARKED)
    grade_class(engine, UNIT, engine.root / "submitted", GradeOptions(force=True), workers=2)
    return rooms, list(zip(fresh, map(rows, rooms), strict=True))


def test_a_notebook_finds_what_lies_beside_it(both):
    for room in both[0]:
        graded = nbformat.read(room.root / "autograded" / "ada_right" / UNIT / f"{UNIT}.ipynb", as_version=4)
        assert graded.cells[-1].outputs[0].text == "mine area,rooms\n\n"


MARKED = ("ada_right", "ben_half_right", "finn_late")


def give_by_hand(room):
    text = next(
        c for c in released().cells if c.cell_type == "markdown" and c.metadata.get("nbgrader", {}).get("grade")
    )
    with room.gradebook() as gradebook:
        gradebook.find_grade(grade_id(text), UNIT, UNIT, "ada_right").manual_score = 2
        gradebook.find_comment(grade_id(text), UNIT, UNIT, "ada_right").manual_comment = "Well said."
        gradebook.find_grade("check_" + MINE_FIRST, UNIT, UNIT, "ben_half_right").manual_score = 1
        gradebook.grant_extension(UNIT, "finn_late", minutes=30)


MINE_FIRST = next(grade_id(c).removeprefix("check_") for c in released().cells if grade_id(c).startswith("check_"))


@pytest.mark.parametrize("when", [0, 1], ids=["fresh", "after_a_persons_marks"])
@pytest.mark.parametrize("table", ROWS)
def test_the_gradebook_is_nbgraders_row_for_row(both, table, when):
    _, (stock, engine) = both
    assert engine[when][table] == stock[when][table]
    assert len(stock[when][table]) >= 8


UNREAD = "hugo_truncated"


def test_the_folders_are_nbgraders_file_for_file(both):
    (stock, engine), _ = both
    for step in ("autograded", "feedback"):
        files = [{p.relative_to(r.root / step): p for p in (r.root / step).rglob("*")} for r in (stock, engine)]
        mine = {path for path in files[1] if step == "feedback" and path.parts[0] == UNREAD}
        assert files[0].keys() == files[1].keys() - mine, "but for the page of whose file cannot be read"
        names = {path.name for path in files[0]}
        assert {"houses.csv", "notes.txt", "helper.py"} <= names
        for path, there in files[0].items():
            here = files[1][path]
            assert here.stat().st_mode == there.stat().st_mode, path
            if there.is_file():
                assert told(engine, here) == told(stock, there), path


def told(room, path):
    """A file's text; the cell that tells of repairs has an id by chance."""
    student = path.relative_to(room.root).parts[1]
    notebook = nbformat.read(room.path("autograded", student, UNIT) / f"{UNIT}.ipynb", as_version=4)
    return path.read_text(encoding="utf-8").replace(notebook.cells[0].id, "first")


def test_rewritten_marks_and_checks_earn_nothing_extra(both):
    (_, engine), _ = both
    with engine.gradebook() as gradebook:
        submission = gradebook.find_submission(UNIT, "tom_tampered")
        assert submission.score == points() + bonus()
        assert submission.max_score < 100


def small(root, count=3):
    room = classroom(root)
    (root / "gradebook.secret").write_text(SECRET, encoding="ascii")
    for number in range(count):
        hand_in(nbformat.writes(brief()), root / "submitted", f"s{number}", UNIT)
    return room


def test_a_change_of_points_is_judged_anew_without_executing(tmp_path):
    """A tolerance, in the spec; the command runs in a process of its own, as it does for an instructor."""
    room = small(tmp_path, 2)
    first = grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    assert [result.points for result in first] == [points() + bonus()] * 2
    assert all(result.seconds is not None and result.feedback for result in first)
    code = f"""
import dataclasses, sys
from pathlib import Path
import grader.exercises as exercises, grader.judging.private as private
from grader.grading.classroom import Classroom
from grader.grading import tasks
from grader.grading.run import GradeOptions
from grader.grading.grade_class import grade_class

made = private.make_reference
def halved(exercise, seed, private):
    reference = made(exercise, seed, private)
    if exercise.name != {MINE_FIRST!r}:
        return reference
    cases = tuple(dataclasses.replace(c, expected={{k: v * 0 + 77 for k, v in c.expected.items()}})
                  for c in reference.cases)
    return dataclasses.replace(reference, cases=cases)
private.make_reference = halved
def never(*arguments):
    raise AssertionError("a notebook was executed")
tasks._run = never
room = Classroom(Path({str(tmp_path)!r}), {room.unsandboxed})
for result in grade_class(room, {UNIT!r}, room.root / "submitted", GradeOptions(reverify=True), workers=1):
    print(f'{{result.points:g}}', result.seconds, {{c.exercise: c.earned for c in result.checks}}[{MINE_FIRST!r}])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lost = next(c.points for c in first[0].checks if c.exercise == MINE_FIRST)
    assert done.stdout.splitlines()[-2:] == [f"{points() + bonus() - lost} None 0"] * 2
    page = first[0].feedback.read_text(encoding="utf-8")
    assert f"{MINE_FIRST}: all right" not in page


def test_what_was_answered_to_another_submission_is_not_taken(tmp_path):
    room = small(tmp_path, 2)
    grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    hand_in(nbformat.writes(released()), tmp_path / "submitted", "s0", UNIT)
    journal = RunJournal(room, UNIT)
    journal.keep("s1", journal.kept("s1")[:1000])
    empty, again = grade_class(room, UNIT, tmp_path / "submitted", GradeOptions(reverify=True), workers=1)
    assert empty.points == 0 and empty.seconds is not None, "another submission: executed"
    assert again.points == points() + bonus() and again.seconds is not None, "half a file: executed"


def test_without_feedback_no_page_is_made_and_the_next_run_makes_it(tmp_path):
    room = small(tmp_path, 1)
    (result,) = grade_class(room, UNIT, tmp_path / "submitted", GradeOptions(feedback=False), workers=1)
    assert result.points == points() + bonus() and result.feedback is None
    assert list((tmp_path / "feedback").iterdir()) == []  # made with the class, closed to others
    (result,) = grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    assert result.feedback.is_file() and result.seconds is None


def test_what_was_kept_is_beside_the_gradebook_and_in_no_page(tmp_path):
    room = small(tmp_path, 1)
    (result,) = grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    kept = json.loads(RunJournal(room, UNIT).kept("s0"))
    assert kept["from"].keys() >= {"submission", "cells", MINE_FIRST}
    assert (tmp_path / "reports" / ".gitignore").read_text(encoding="ascii") == "*\n"
    assert find_cell(nbformat.reads(kept["notebook"], as_version=4), f"check_{MINE_FIRST}").outputs
    assert result.feedback.parent.is_relative_to(tmp_path / "feedback")


# ---- Workers -----------------------------------------------------------------------------------------------------


def double(number):
    return 2 * number


def die_if_odd(number):
    if number % 2:
        os._exit(1)
    return 2 * number


def die_once(path):
    if not Path(path).exists():
        Path(path).touch()
        os._exit(1)
    return "alive"


def work(pool, function, arguments):
    """All results, by argument, with never more under way than there is room for."""
    left, came = list(arguments), {}
    while left or pool.busy:
        while left and pool.has_room:
            argument = left.pop(0)
            pool.submit(argument, function, argument)
        came.update(pool.finished())
    return came


@pytest.mark.fast
def test_one_worker_is_this_process():
    with WorkerPool(1) as pool:
        assert work(pool, double, range(5)) == {0: 0, 1: 2, 2: 4, 3: 6, 4: 8}
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_costs_its_own_task_only():
    with WorkerPool(2) as pool:
        came = work(pool, die_if_odd, [2, 4, 1, 6, 8, 3, 10])
    assert {key: value for key, value in came.items() if not key % 2} == {n: 2 * n for n in (2, 4, 6, 8, 10)}
    assert all(isinstance(came[odd], LostError) and "died twice" in str(came[odd]) for odd in (1, 3))


def test_a_worker_that_dies_once_is_forgiven(tmp_path):
    with WorkerPool(2) as pool:
        assert work(pool, die_once, [str(tmp_path / "been")]) == {str(tmp_path / "been"): "alive"}


def test_workers_end_with_the_one_who_started_them(tmp_path):
    code = """
import multiprocessing, os, time
from grader.grading.workers import processes
from test_engine import pid
pool = processes(2)
print(*{pool.submit(pid, 0.2).result() for _ in range(4)}, flush=True)
os.kill(os.getpid(), 9)
"""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=here, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert pids
    for _ in range(100):
        alive = [p for p in pids if Path(f"/proc/{p}").exists() and " Z " not in Path(f"/proc/{p}/stat").read_text()]
        if not alive:
            return
        time.sleep(0.1)
    raise AssertionError(f"{alive} are still there")


def pid(seconds):
    time.sleep(seconds)
    return os.getpid()

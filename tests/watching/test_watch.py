"""`./course grade UNIT --watch` as a process: from `nbgrader submit` to `fetch_feedback`, killed and stopped."""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from arrivals import run
from helpers.exchange import COURSE, Hall
from helpers.submissions import UNIT, answered, bonus, points, released
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from grader.class_list import ClassList, Enrolled, class_list_path, write_class_list
from grader.commands.grade import main
from grader.grading.attempts import attempts_of
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.grading.run import GradingRun
from grader.grading.workers import Inline
from grader.watching import watcher

MOST = 240.0
"""Seconds after which a test gives up waiting."""
PROGRAM = "from grader.commands.grade import main; raise SystemExit(main({unit!r}, watch=True, attempts=2, workers=1))"
MOMENTS = (
    ("nbgrader.utils", "", "rmtree", "after"),  # half collected: what was there is gone
    ("grader.watching.limits", "Limits", "count", "after"),
    ("grader.grading.gradebook", "GradebookWriter", "save", "before"),
    ("grader.grading.gradebook", "GradebookWriter", "save", "after"),
    ("grader.grading.files", "Files", "put_graded", "after"),
    ("grader.grading.files", "Files", "put_page", "after"),
    ("grader.watching.exchange", "Exchange", "release", "before"),
    ("grader.watching.exchange", "Exchange", "release", "after"),
)
"""Where it is killed, in the order in which a submission passes them."""


class Running:
    """The watcher of a hall, and what it has said."""

    def __init__(self, hall: Hall) -> None:
        environment = {**os.environ, "COURSE_ROOT": str(hall.course)}
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(unit=UNIT)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def until(self, pattern: str) -> str:
        """Read on until a line has the pattern."""
        end = time.monotonic() + MOST
        while select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
            line = self.process.stdout.readline()
            self.lines.append(line)
            if re.search(pattern, line):
                return line
            if not line:
                break
        raise AssertionError(f"no line with {pattern!r}: {self.lines}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(MOST)


def learner(hall: Hall, tmp_path: Path, student: str) -> tuple[NbGraderAPI, Path]:
    """nbgrader as a learner has it: a folder with the unit, and a cache."""
    home = tmp_path / student
    shutil.copytree(hall.course / "notebooks" / UNIT, home / UNIT)
    config = Config()
    config.Exchange.root, config.Exchange.cache = str(hall.exchange), str(home / "cache")
    config.Exchange.assignment_dir = config.ExchangeSubmit.assignment_dir = str(home)
    config.ExchangeFetchFeedback.assignment_dir = str(home)
    config.CourseDirectory.course_id, config.CourseDirectory.student_id = COURSE, student
    return NbGraderAPI(config=config), home


def part(api: NbGraderAPI, name: str, unit: str = UNIT):
    api.coursedir.assignment_id = unit
    return getattr(api.exchange, name)(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)


def test_from_submit_to_fetched_feedback_with_two_attempts_a_day(tmp_path):
    hall = Hall(tmp_path)
    shutil.copytree(hall.course / "notebooks" / UNIT, hall.exchange / COURSE / "outbound" / UNIT)
    api, home = learner(hall, tmp_path, "ada")
    with Running(hall) as running:
        running.until("watching the exchange, .*; 2 a day are graded of each learner's")
        part(api, "Submit").start()
        line = running.until(r"attempt 1 ")
        assert re.search(rf"^[-\d]+ [:\d]+  ada  {UNIT}  attempt 1 \(1 of 2 today\)  0 of \d+ points  [\d.]+ s$", line)
        (home / UNIT / f"{UNIT}.ipynb").write_text(answered({}), encoding="utf-8")
        part(api, "Submit").start()
        running.until(rf"attempt 2 \(2 of 2 today\)  {points() + bonus()} of ")
        (home / UNIT / f"{UNIT}.ipynb").write_text(nbformat.writes(released()), encoding="utf-8")
        part(api, "Submit").start()
        running.until("This submission is kept, and not graded yet")
        with Running(hall) as second:
            assert second.process.wait(MOST) == 1
            assert "already. Stop it first" in second.process.stdout.read()
        assert running.stop() == 0
    part(api, "FetchFeedback").start()
    first, second_page, kept = (
        p.read_text(encoding="utf-8") for p in sorted((home / UNIT / "feedback").rglob("*.html"))
    )
    assert "Attempt 1, number 1 of" in first and "Attempt 2, number 2 of" in second_page
    assert "2 a day are graded." in second_page and "This submission is kept" in kept and "Attempt" not in kept
    with Classroom(hall.course).gradebook() as gradebook:
        assert gradebook.find_submission(UNIT, "ada").score == points() + bonus(), "the kept one did not count"


def test_what_one_of_a_group_hands_in_counts_for_all(tmp_path, monkeypatch):
    hall = Hall(tmp_path)
    room = Classroom(hall.course)
    team = {student: Enrolled(group="Team 1") for student in ("ada", "bob", "cleo")}
    write_class_list(class_list_path(room.db_url(), room.root), ClassList(team))
    bobs = hall.submit("bob", answered({}))
    lines = in_process(monkeypatch, room, "can fetch nothing there", 2)
    assert any(re.search(r"  bob  .*  attempt 1 \(1 of 2 today\) ", line) for line in lines), lines
    assert sum(f"handed in by bob  {points() + bonus()} of " in line for line in lines) == 2, lines
    assert standing(room) == dict.fromkeys(team, points() + bonus())
    assert [len(attempts_of(RunJournal(room, UNIT), student)) for student in team] == [0, 1, 0]
    assert [path.name for path in hall.feedback.iterdir()] == [hall.page(bobs).name], "nobody's page is another's"
    secrets = {(room.path("feedback", one, UNIT) / "submission_secret.txt").read_text() for one in team}
    assert len(secrets) == 3, "nbgrader's release_feedback serves on"
    hall.submit("cleo", nbformat.writes(released()), 2)
    lines = in_process(monkeypatch, room, "could be bob or cleo's notebook")
    assert [line.split("  ")[1] for line in lines if "could be" in line] == ["ada"]
    assert standing(room) == {"ada": points() + bonus(), "bob": points() + bonus(), "cleo": 0.0}


def in_process(monkeypatch, room, what, many=1):
    """Let a watcher run here until it has said this so many times; all that it said."""
    lines, stop = [], threading.Event()

    def say(line):
        lines.append(line)
        if sum(what in line for line in lines) >= many:
            stop.set()

    monkeypatch.setattr(watcher, "processes", lambda count: Inline())
    monkeypatch.setattr(GradingRun, "warm", lambda *_: None)
    watcher.watch(watcher.Orders(room, UNIT, None, attempts=2, workers=1, say=say, stop=stop))
    return lines


def standing(room):
    with room.gradebook() as gradebook:
        return {one.student.id: one.score for one in gradebook.assignment_submissions(UNIT)}


@pytest.mark.timeout(900)
def test_killed_at_any_moment_nothing_is_lost_and_nothing_counted_twice(tmp_path):
    hall = Hall(tmp_path)
    (hall.course / "gradebook.secret").write_text("0123456789abcdef" * 4, encoding="ascii")
    texts = {"ada": answered({}), "ben": nbformat.writes(released()), "cleo": answered({})}
    handed_in = {student: hall.submit(student, text) for student, text in texts.items()}
    began, undisturbed = time.monotonic(), outcome_of(hall, handed_in)
    took = time.monotonic() - began
    hall.clear()
    shutil.rmtree(hall.feedback)
    for moment in MOMENTS:
        (hall.course / "submitted" / "ada" / UNIT).mkdir(parents=True, exist_ok=True)  # something to be replaced
        assert killed_at(hall, *moment) == signal.SIGKILL, moment
    chance = random.Random(18)
    for _ in range(2):
        with Running(hall) as running, pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(chance.uniform(0, took))
    assert outcome_of(hall, handed_in) == undisturbed


def killed_at(hall, module, owner, name, when):
    """Let a watcher run that kills itself before or after it has called something; the signal that it ended by.

    It is a process of its own, forked, and does all in that process: so it dies at this moment and no other.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        home = getattr(importlib.import_module(module), owner) if owner else importlib.import_module(module)
        real = getattr(home, name)

        def dies(*arguments, **options):
            if when == "after":
                real(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(home, name, dies)
        watcher.processes = lambda count: Inline()
        GradingRun.warm = lambda *_: None
        os.environ["COURSE_ROOT"] = str(hall.course)
        main(UNIT, watch=True, attempts=2, workers=1)
    finally:
        os._exit(1)


def outcome_of(hall, handed_in):
    """Let a watcher finish, and read all that there is of the class."""
    with Running(hall) as running:
        running.until("watching")  # else all may be there already, and it be stopped before it has begun
        end = time.monotonic() + MOST
        journal = RunJournal(Classroom(hall.course), UNIT)
        while not all(journal.noted(student, "released") for student in handed_in):
            assert time.monotonic() < end and running.process.poll() is None, running.process.stdout.read()
            time.sleep(0.2)
            journal = RunJournal(journal.classroom, UNIT)
        assert running.stop() == 0
    lines = [line for line in running.lines if " attempt " in line]
    assert len({line.split("  ")[1] for line in lines}) == len(lines), lines
    room, found = Classroom(hall.course), {}
    with room.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(UNIT):
            grades = submission.notebooks[0].grades
            rows = sorted((g.name, g.auto_score, g.extra_credit, g.needs_manual_grade) for g in grades)
            found[submission.student.id] = [rows, str(submission.timestamp)]
    for student, folder in handed_in.items():
        page = hall.page(folder).read_text(encoding="utf-8")
        counted = [attempt.arrival for attempt in attempts_of(RunJournal(room, UNIT), student)]
        graded = json.loads((room.path("autograded", student, UNIT) / f"{UNIT}.ipynb").read_text(encoding="utf-8"))
        sources = [cell["source"] for cell in graded["cells"]]
        found[student] += [re.sub(r"number 1 of [\w ]+\d{4}", "", page), counted, sources]
    assert {path.name for path in hall.feedback.iterdir()} == {hall.page(folder).name for folder in handed_in.values()}
    return found


def test_several_at_once_are_each_graded_once(tmp_path):
    day = run(tmp_path, UNIT, submissions=6, seconds=1.0, patience=MOST)
    assert (len(day.waited), day.lost, day.twice) == (6, [], [])

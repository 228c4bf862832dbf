"""A class through the real nbgrader: what each hands in, what each earns, and what is said about the rest."""

from __future__ import annotations

import csv
import html
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from helpers.course import ROOT, SECRETS, UNITS, source_notebook
from helpers.submissions import (
    FUNCTIONS,
    MINE,
    UNIT,
    answered,
    bonus,
    classroom,
    delete_experiments,
    fingerprint,
    points,
    released,
    right,
)
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.check import MIME
from grader.commands.demo import DUE, collect
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.grading.tasks import grade
from grader.judging.private import private_reference, secret_for
from grader.judging.references import visible_reference
from grader.reports.summary import report
from grader.reports.table import misconceptions
from grader.submissions.samples import files_of, find_cell, hand_in

FIRST, SECOND = FUNCTIONS[:2]


def noisy() -> str:
    """Right, and every function talks on stderr when it is defined and when it is called."""
    notebook = right()
    for exercise in FUNCTIONS:
        find_cell(notebook, exercise.name).source += (
            f"\n\nimport sys\nprint('defining', file=sys.stderr)\nquiet_{exercise.name} = {exercise.name}\n\n"
            f"def {exercise.name}(*args):\n    print('called', file=sys.stderr)\n"
            f"    return quiet_{exercise.name}(*args)"
        )
    return nbformat.writes(notebook)


def old_format() -> str:
    """Right, as a Jupyter of 2013 would have saved it, with a mark at its beginning that Windows editors leave."""
    return "\ufeff" + nbformat.writes(nbformat.convert(right(), 3), version=3)


def other_notebook() -> str:
    return nbformat.writes(new_notebook(cells=[new_code_cell("print('my shopping list')")]))


GRADED = {
    "ivo_noisy": noisy,
    "joan_exits": lambda: answered({SECOND.name: "import os\nos._exit(1)"}),
    "kim_odd": lambda: answered({FIRST.name: f"def {FIRST.name}(x):\n    return np.mean(x**2) + 0.3751"}),
    "lev_old_format": old_format,
}
UNREADABLE = {
    "p_empty_file": ("", "is empty"),
    "p_web_page": ("<html><body>Please log in</body></html>", "is not a notebook: it begins with '<html>"),
    "p_merge_conflict": (answered({}).replace('"cells": [', '<<<<<<< HEAD\n"cells": ['), "is damaged in line 2"),
    "p_half": (answered({})[:5000], "breaks off in line"),
    "p_other_json": ('{"name": "package"}', "is not a Jupyter notebook"),
    "p_other_notebook": (other_notebook(), "none of this unit's exercises"),
    "p_from_the_future": (answered({}).replace('"nbformat": 4', '"nbformat": 9'), "notebook format 9"),
    "p_no_cell": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [7]}', "is not a valid notebook"),
}
FEW = ("ada_right", "ben_half_right", "cleo_known_wrong", "finn_late", "p_web_page")


class Lesson:
    """One class, graded once for the tests of this file."""

    def __init__(self, root: Path) -> None:
        self.room = classroom(root)
        (root / "gradebook.secret").write_text("0123456789abcdef" * 4, encoding="ascii")  # the same on every run
        self.submitted = root / "submitted"
        self.room.register(UNIT)
        self.room.set_due(UNIT, DUE)
        collect(self.room, UNIT)
        for student, make in GRADED.items():
            hand_in(make(), self.submitted, student, UNIT)
        for student, (text, _) in UNREADABLE.items():
            hand_in(text, self.submitted, student, UNIT)
        renamed = hand_in(answered({}), self.submitted, "rita_renamed", UNIT)
        renamed.rename(renamed.with_name(f"{UNIT} (1).ipynb"))
        (self.submitted / "p_link" / UNIT).mkdir(parents=True)
        (self.submitted / "p_link" / UNIT / f"{UNIT}.ipynb").symlink_to(root / "solutions" / UNIT / f"{UNIT}.ipynb")
        (self.submitted / "q_nothing").mkdir()
        (self.submitted / "ada_right" / UNIT / "notes.txt").write_text("goes along", encoding="ascii")
        (self.submitted / "ada_right" / UNIT / "wanted").symlink_to(root / "gradebook.db")
        delete_experiments(self.submitted)
        before = fingerprint(self.submitted)
        self.lines: list[str] = []
        self.results = {r.student: r for r in grade_class(self.room, UNIT, self.submitted, say=self.lines.append)}
        self.untouched = fingerprint(self.submitted) == before

    def checks(self, student):
        return {check.exercise: check for check in self.results[student].checks}

    def page(self, student):
        return html.unescape(self.results[student].feedback.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Lesson(tmp_path_factory.mktemp("lesson"))


@pytest.fixture
def again(lesson, tmp_path, monkeypatch):
    """A copy of the graded class, with five of its students left, and the names of those who are graded in it."""
    shutil.copytree(lesson.room.root, tmp_path / "class", symlinks=True)
    for folder in (tmp_path / "class" / "submitted").iterdir():
        if folder.name not in FEW:
            shutil.rmtree(folder)
    room, graded = Classroom(tmp_path / "class", lesson.room.unsandboxed), []

    def noted(task):
        came = grade(task)
        graded.extend([] if came.problem else [task.student])
        return came

    monkeypatch.setattr("grader.grading.run.grade", noted)
    return room, graded


@pytest.mark.parametrize("unit", UNITS)
def test_the_solution_earns_everything_and_the_untouched_notebook_nothing(unit, tmp_path):
    room = classroom(tmp_path, unit)
    # A secret whose private cases this process has made where it judged the unit's exercises (conftest.py).
    (tmp_path / "gradebook.secret").write_bytes(SECRETS[0])
    files = files_of(ROOT / "solutions" / unit)
    hand_in(nbformat.writes(right(unit)), tmp_path / "submitted", "right", unit, files=files)
    hand_in(nbformat.writes(released(unit)), tmp_path / "submitted", "untouched", unit)
    full, nothing = sorted(
        grade_class(room, unit, tmp_path / "submitted", workers=1, say=print), key=lambda r: r.student
    )
    assert [c.exercise for c in full.checks if c.earned != c.points] == []
    assert full.points == points(unit) + bonus(unit)
    assert full.bonus == bonus(unit)
    assert full.most > points(unit) and full.waiting >= 1, "the reflection waits for a person"
    assert nothing.points == 0 and nothing.waiting == 0
    given_broken = {c.metadata.exercise for c in source_notebook(unit).cells if "### BEGIN STUB" in c.source}
    for check in nothing.checks:
        assert check.earned == 0
        assert check.exercise in given_broken or f"{check.exercise}: not written yet" in check.text
    assert "not written yet" in nothing.feedback.read_text(encoding="utf-8")


def test_each_earns_what_was_handed_in(lesson):
    most, half = points(), sum(e.points for e in MINE[::2] if not e.bonus)
    earned = {student: result.points for student, result in lesson.results.items()}
    for student in ("ada_right", "finn_late", "gita_damaged", "ivo_noisy", "lev_old_format", "rita_renamed"):
        assert earned[student] == most + bonus(), student
    assert earned["ben_half_right"] == half
    assert earned["dan_empty"] == 0
    assert earned["joan_exits"] == FIRST.points
    assert earned["kim_odd"] == most + bonus() - FIRST.points
    assert earned["eve_crashing"] == most + bonus() - sum(e.points for e in FUNCTIONS[:3])


def test_every_known_mistake_is_named_and_counted(lesson):
    wrong = lesson.checks("cleo_known_wrong")
    for exercise in MINE:
        assert wrong[exercise.name].diagnoses == (exercise.misconceptions[0].name,)
        assert exercise.misconceptions[0].says in wrong[exercise.name].text
    counted = misconceptions(lesson.results.values())
    assert counted[FIRST.name, FIRST.misconceptions[0].name] == ["cleo_known_wrong"]


def test_a_crash_is_told_in_a_sentence(lesson):
    crashed = lesson.checks("eve_crashing")
    sentences = (f"There is no {FIRST.name} here", f"There is no {SECOND.name} here", "calls itself without end")
    for exercise, sentence in zip(FUNCTIONS[:3], sentences, strict=True):
        assert sentence in crashed[exercise.name].text
        assert crashed[exercise.name].no_value
    assert "No module named 'a_package_that_nobody_has'" in lesson.page("eve_crashing")
    stopped = lesson.checks("joan_exits")
    assert stopped[FIRST.name].earned == FIRST.points
    assert "gave no answer" in stopped[SECOND.name].text
    assert "Python itself ended" in lesson.page("joan_exits")


def test_what_was_damaged_is_repaired_and_told(lesson):
    notes = " ".join(lesson.results["gita_damaged"].notes)
    assert f"check_{FIRST.name} was missing and was put back" in notes
    assert f"{SECOND.name} was there 2 times" in notes
    assert "Repaired before grading" in lesson.page("gita_damaged")
    assert "old notebook format (3)" in " ".join(lesson.results["lev_old_format"].notes)


def test_what_cannot_be_read_is_named_and_has_no_score(lesson):
    reasons = {student: reason for student, (_, reason) in UNREADABLE.items()}
    reasons |= {
        "p_link": "is a link",
        "hugo_truncated": "breaks off",
    }
    with lesson.room.gradebook() as gradebook:
        known = {submission.student.id for submission in gradebook.assignment_submissions(UNIT)}
    for student, reason in reasons.items():
        result = lesson.results[student]
        assert result.problem.startswith("could not be read: ") and reason in result.problem
        assert result.points is None and student not in known
        assert any(student in line and reason in line for line in lesson.lines)
    assert not lesson.results["q_nothing"].handed_in and "q_nothing" not in known
    assert known == {student for student, result in lesson.results.items() if result.points is not None}


def test_the_class_table_and_its_csv_say_it_all(lesson):
    said = report(lesson.room, UNIT, list(lesson.results.values()))
    rows = {line.split()[0]: line for line in said.splitlines() if line}
    assert f"{points() + bonus()}/" in rows["ada_right"] and "waits for you" in rows["ada_right"]
    assert "3 h 20 min" in rows["finn_late"]
    assert "could not be read: " in rows["p_web_page"] and "nothing handed in" in rows["q_nothing"]
    assert f"({FUNCTIONS[1].misconceptions[0].name})" in rows["cleo_known_wrong"]
    for result in lesson.results.values():
        assert result.feedback is None or result.feedback.is_file()
    with (lesson.room.root / "reports" / f"{UNIT}.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert set(table) == set(lesson.results)
    assert table["finn_late"]["seconds_late"] == "12000" and table["ada_right"]["seconds_late"] == "0"
    assert table["p_web_page"]["points"] == "" and table["dan_empty"]["points"] == "0"
    assert FIRST.misconceptions[0].name in table["cleo_known_wrong"]["misconceptions"]
    assert (lesson.room.root / "reports" / ".gitignore").read_text() == "*\n"


def test_a_line_is_said_for_each_submission(lesson):
    total = len(lesson.results)
    assert [line.split("  ")[0] for line in lesson.lines] == [f"{i} of {total}" for i in range(1, total + 1)]
    said = {line.split("  ")[1]: line.split("  ")[2] for line in lesson.lines}
    assert said.keys() == lesson.results.keys()
    assert said["ada_right"].startswith(f"{points() + bonus()} of ")


def test_nothing_private_reaches_a_learner(lesson):
    secret = secret_for(lesson.room.db_url())
    private = set()
    for exercise in MINE:
        reference, visible = private_reference(exercise.name, secret), visible_reference(exercise)
        private |= numbers(reference) - numbers(visible)
    assert len(private) > 50
    for student, result in lesson.results.items():
        if result.feedback is None:
            continue
        page = re.sub(r"data:[^\"')]*", "", lesson.page(student))
        assert private & set(re.findall(r"(?<![\w.])\d+\.\d+", page)) == set(), student
        assert MIME not in page and "__array__" not in page and secret.decode() not in page
        files = {path.name for step in ("autograded", "feedback") for path in handed_back(lesson, step, student)}
        assert files <= {f"{UNIT}.ipynb", f"{UNIT}.html", "timestamp.txt", "notes.txt"}, "no script, no link's target"


def numbers(reference):
    """The numbers of a reference's cases as a panel would show them, without the sign; short ones could be anyone's."""
    found = set()
    for case in reference.cases:
        for value in [*case.inputs.values(), *(case.expected or {}).values()]:
            if isinstance(value, np.ndarray | float) and np.asarray(value).dtype.kind == "f":
                found |= {f"{abs(x):.4g}" for x in np.ravel(value) if np.isfinite(x)}
    return {text for text in found if len(text.replace(".", "").lstrip("0")) == 4 and "." in text}


def handed_back(lesson, step, student):
    return [path for path in lesson.room.path(step, student, UNIT).rglob("*") if path.is_file()]


def test_what_was_handed_in_is_only_read(lesson):
    assert lesson.untouched


def test_the_same_run_again_grades_nothing_and_says_the_same(lesson, again):
    room, graded = again
    lines = []
    results = grade_class(room, UNIT, room.root / "submitted", workers=1, say=lines.append)
    assert graded == []
    before = [lesson.results[student] for student in FEW]
    assert [(r.student, r.points, r.checks, r.notes) for r in results] == [
        (r.student, r.points, r.checks, r.notes) for r in before
    ]
    assert [line.endswith(" points (as before)") for line in lines] == [True, True, True, True, False]


def test_what_changed_and_what_was_cut_short_is_graded_again(lesson, again):
    room, graded = again
    hand_in(answered({}), room.root / "submitted", "ben_half_right", UNIT)
    half_written = room.path("autograded", "ada_right", UNIT) / f"{UNIT}.ipynb"
    half_written.chmod(0o644)
    half_written.write_bytes(half_written.read_bytes()[:2000])
    not_yet_run = room.path("autograded", "cleo_known_wrong", UNIT) / f"{UNIT}.ipynb"
    not_yet_run.chmod(0o644)
    shutil.copy(room.root / "submitted" / "cleo_known_wrong" / UNIT / f"{UNIT}.ipynb", not_yet_run)
    results = {r.student: r for r in grade_class(room, UNIT, room.root / "submitted", workers=1, say=lambda line: None)}
    assert graded == ["ada_right", "ben_half_right", "cleo_known_wrong"]
    assert results["ben_half_right"].points == results["ada_right"].points == points() + bonus()
    assert results["cleo_known_wrong"].points == lesson.results["cleo_known_wrong"].points
    with room.gradebook() as gradebook:
        students = [s.student.id for s in gradebook.assignment_submissions(UNIT)]
    assert len(students) == len(set(students))


def test_regrading_gives_the_same_points_and_keeps_what_a_person_gave(lesson, again):
    room, graded = again
    shutil.rmtree(room.root / "submitted" / "ben_half_right")
    name = next(c.metadata.nbgrader.grade_id for c in released().cells if c.cell_type == "markdown" and is_graded(c))
    with room.gradebook() as gradebook:
        gradebook.find_grade(name, UNIT, UNIT, "ada_right").manual_score = 2
        gradebook.find_comment(name, UNIT, UNIT, "ada_right").manual_comment = "A goal one can check. Well done!"
        gradebook.db.commit()
    with (room.root / "nbgrader_config.py").open("a", encoding="ascii") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    submitted = room.root / "submitted"
    ada, cleo, finn, _ = grade_class(room, UNIT, submitted, GradeOptions(force=True), workers=1, say=lambda line: None)
    assert graded == ["ada_right", "cleo_known_wrong", "finn_late"]
    assert ada.points == lesson.results["ada_right"].points + 2
    assert "A goal one can check. Well done!" in ada.feedback.read_text(encoding="utf-8")
    assert cleo.points == lesson.results["cleo_known_wrong"].points
    assert (finn.points, finn.penalty) == (0, lesson.results["finn_late"].points), "as the instructor's file says"


def is_graded(cell):
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def test_a_broken_resubmission_keeps_the_grade_that_was(again):
    room, graded = again
    hand_in("{", room.root / "submitted", "ada_right", UNIT)
    results = {r.student: r for r in grade_class(room, UNIT, room.root / "submitted", workers=1, say=lambda line: None)}
    assert graded == [] and results["ada_right"].points is None
    assert "the gradebook keeps an earlier submission's grade" in results["ada_right"].problem
    with room.gradebook() as gradebook:
        assert gradebook.find_submission(UNIT, "ada_right").score == points() + bonus()

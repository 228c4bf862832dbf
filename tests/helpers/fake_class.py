"""A gradebook with made-up scores, for tests of what is done with grades: nothing is generated, run or judged."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from nbgrader.api import Gradebook

from grader.grading.classroom import Classroom

DUE = datetime(2026, 1, 31, 23, 59)


@cache
def empty_gradebook() -> bytes:
    """The file of a gradebook in which nothing is: nbgrader starts a program to make one, which takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        with Classroom(Path(folder)).gradebook():
            pass
        return (Path(folder) / "gradebook.db").read_bytes()


def fake_class(root: Path, scores: Mapping[str, Mapping[str, float]], most: float = 28, due: datetime | None = DUE):
    """A class below `root`: by unit, then by learner, the points of a unit of one graded cell."""
    room = Classroom(root)
    (root / "gradebook.db").write_bytes(empty_gradebook())
    with room.gradebook() as gradebook:
        for unit, those in scores.items():
            gradebook.add_assignment(unit, duedate=due)
            gradebook.add_notebook(unit, unit)
            gradebook.add_grade_cell("check_x", unit, unit, max_score=most, cell_type="code")
            for student, points in those.items():
                gradebook.update_or_create_student(student)
                hand_in(gradebook, unit, student, points)
    return room


def hand_in(gradebook: Gradebook, unit: str, student: str, points: float, when: str = "2026-01-30 12:00:00 UTC"):
    """A submission that earned `points`."""
    gradebook.update_or_create_submission(unit, student, timestamp=when)
    gradebook.find_grade("check_x", unit, unit, student).auto_score = points
    gradebook.db.commit()

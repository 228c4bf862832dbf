"""`nbgrader export` for this course: the same columns, as text for a spreadsheet, in a file that nobody else reads.

nbgrader's own plugin joins the values with commas: a name with a comma shifts the line, and one that begins with "="
is computed.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from course_lib.private_files import open_private
from grader.pages.plain_cells import as_cell

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class ExportGrades(ExportPlugin):
    """Writes grades.csv, or what --to names; a learner without a submission has zero points, as in nbgrader's own."""

    def export(self, gradebook: Gradebook) -> None:
        """Called by `nbgrader export`."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        students, assignments = set(map(str, self.student)), set(map(str, self.assignment))
        with open_private(path, newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    chosen = not students or student.id in students
                    if chosen and (not assignments or assignment.name in assignments):
                        writer.writerow(_row(gradebook, assignment, student))


def _row(gradebook: Gradebook, assignment: Any, student: Any) -> list[str | float]:
    timestamp: Any = None
    raw = penalty = 0.0
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        pass
    else:
        timestamp, raw = submission.timestamp, submission.score
        penalty = submission.late_submission_penalty or 0.0
    texts = (assignment.name, assignment.duedate, timestamp, student.id, student.last_name, student.first_name)
    cells = [as_cell("" if text is None else str(text)) for text in (*texts, student.email)]
    return [*cells, raw, penalty, max(0.0, raw - penalty), assignment.max_score]

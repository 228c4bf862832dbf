"""The one writer of the gradebook: it stays open for a whole class, and each submission is one transaction.

What is written is what nbgrader's SaveAutoGrades, this course's SaveExtraCredit and nbgrader's AssignLatePenalties
write; a test compares the rows. nbgrader opens the gradebook anew for each of its steps and looks every cell up by
joining seven tables, which takes longer the more submissions there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.class_list import apply_extension, read_class_list
from grader.extra_credit import give, prepare
from grader.grading.offline_steps import ScoreSheet, SourceCell
from grader.grading.tasks import Scores
from grader.preprocessors import AssignLatePenalties


@dataclass(frozen=True)
class GradebookEntry:
    """How a submission stands in the gradebook."""

    sheet: ScoreSheet
    seconds_late: float
    waiting: int
    """Answers that wait for a person."""
    until: datetime | None = None
    """When it was due, in UTC, where the learner has an extension."""


class GradebookWriter:
    """The gradebook of a unit that is entered in it; use `open_gradebook`."""

    def __init__(self, gradebook: Gradebook, unit: str, config: Config) -> None:
        self.gradebook, self.unit, self.config = gradebook, unit, config
        notebook = gradebook.find_notebook(unit, unit)
        self.kernelspec: str | None = notebook.kernelspec
        self._notebook_id = notebook.id
        graded = [*notebook.grade_cells, *notebook.task_cells]
        commented = [*notebook.solution_cells, *notebook.task_cells]
        self._grade_cells = {cell.id: (cell.name, float(cell.max_score)) for cell in graded}
        self._comment_cells = {cell.id: cell.name for cell in commented}
        most = {cell.name: float(cell.max_score) for cell in graded}
        self.cells = tuple(
            SourceCell(c.name, c.cell_type, c.locked, c.checksum, c.source, most.get(c.name, 0.0))
            for c in notebook.source_cells
        )
        gradebook.db.rollback()
        self._root = Path(config.CourseDirectory.get("root") or ".")
        self._class_list = read_class_list(self._url, self._root)

    def save(self, student: str, scores: Scores, timestamp: str, lms_id: str = "") -> GradebookEntry:
        """Enter what a submission earned; points and comments that a person gave stay.

        lms_id: what the student's learning platform calls them, kept where nothing else is.
        """
        entered = self.gradebook.update_or_create_student(student)
        if lms_id and not entered.lms_user_id:
            self.gradebook.update_or_create_student(student, lms_user_id=lms_id)
        moment = {"timestamp": timestamp} if timestamp else {}
        submission = self.gradebook.update_or_create_submission(self.unit, student, **moment)
        apply_extension(submission, self._class_list.until(self.unit, student))
        mine = self._notebook_of(submission)
        if scores.extra_credit:
            prepare(self.gradebook.db)
        for grade in self._grades(mine):
            name, _ = self._grade_cells[grade.cell_id]
            if name in scores.scores:
                grade.auto_score = scores.scores[name]
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            if name in scores.extra_credit:
                give(self.gradebook.db, grade, scores.extra_credit[name])
        for comment in self._comments(mine):
            name = self._comment_cells[comment.cell_id]
            if name in scores.comments:
                comment.auto_comment = scores.comments[name]
        self._settle(submission, student)
        return self._entry(submission)

    def extend(self, student: str) -> GradebookEntry | None:
        """Give a submission that is there the extension of the class list, or none; its penalty follows."""
        try:
            submission = self.gradebook.find_submission(self.unit, student)
        except MissingEntry:
            return None
        self._class_list = read_class_list(self._url, self._root)
        submission.extension = None
        apply_extension(submission, self._class_list.until(self.unit, student))
        self._settle(submission, student)
        return self._entry(submission)

    def _settle(self, submission: SubmittedAssignment, student: str) -> None:
        self._notebook_of(submission).late_submission_penalty = None
        self.gradebook.db.commit()
        if submission.total_seconds_late > 0:
            self._penalize(student)

    def entry(self, student: str) -> GradebookEntry | None:
        """How the student's submission stands; None when there is none."""
        try:
            return self._entry(self.gradebook.find_submission(self.unit, student))
        except MissingEntry:
            return None

    def due(self, student: str) -> datetime | None:
        """When the unit is due for this student, their extension included, in UTC; None without a due date.

        As `save` will find: the class list's extension, also before there is a submission, else nbgrader's own.
        """
        due = self.gradebook.find_assignment(self.unit).duedate
        until = self._class_list.until(self.unit, student)
        if due is not None and until is not None:
            due = max(due, until)
        else:
            with contextlib.suppress(MissingEntry):
                due = self.gradebook.find_submission(self.unit, student).duedate
        self.gradebook.db.rollback()
        return None if due is None else due.replace(tzinfo=UTC)

    def _penalize(self, student: str) -> None:
        """By nbgrader's own preprocessor, with the class's plugin; few are late, so its cost does not matter."""
        where = {"notebook": self.unit, "assignment": self.unit, "student": student, "db_url": self._url}
        AssignLatePenalties(config=self.config).preprocess(NotebookNode(cells=[]), {"nbgrader": where})
        self.gradebook.db.expire_all()

    @property
    def _url(self) -> str:
        return str(self.gradebook.engine.url.render_as_string(hide_password=False))

    def _notebook_of(self, submission: SubmittedAssignment) -> SubmittedNotebook:
        found = self.gradebook.db.query(SubmittedNotebook)
        return found.filter_by(notebook_id=self._notebook_id, assignment_id=submission.id).one()

    def _grades(self, notebook: SubmittedNotebook) -> list[Grade]:
        # Both columns: then the table's index on them finds the rows, however large the class is.
        found = self.gradebook.db.query(Grade).filter(Grade.cell_id.in_(self._grade_cells))
        return list(found.filter(Grade.notebook_id == notebook.id))

    def _comments(self, notebook: SubmittedNotebook) -> list[Comment]:
        found = self.gradebook.db.query(Comment).filter(Comment.cell_id.in_(self._comment_cells))
        return list(found.filter(Comment.notebook_id == notebook.id))

    def _entry(self, submission: SubmittedAssignment) -> GradebookEntry:
        mine = self._notebook_of(submission)
        grades = self._grades(mine)
        scores = {}
        for grade in grades:
            name, most = self._grade_cells[grade.cell_id]
            scores[name] = (float(grade.score), most)
        comments = {self._comment_cells[c.cell_id]: c.comment for c in self._comments(mine)}
        sheet = ScoreSheet(
            scores=scores,
            comments=comments,
            score=sum(score for score, _ in scores.values()),
            max_score=sum(most for _, most in self._grade_cells.values()),
            penalty=float(mine.late_submission_penalty or 0.0),
        )
        found = GradebookEntry(
            sheet,
            float(submission.total_seconds_late),
            sum(bool(g.needs_manual_grade) for g in grades),
            submission.duedate if submission.extension is not None and submission.assignment.duedate else None,
        )
        self.gradebook.db.rollback()
        self.gradebook.db.expunge_all()  # the session would keep a whole class
        return found


@contextmanager
def open_gradebook(config: Config, unit: str) -> Iterator[GradebookWriter]:
    """The gradebook that `config` names, open for the block."""
    course = CourseDirectory(config=config)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        yield GradebookWriter(gradebook, unit, config)

"""The one writer of the gradebook: it stays open for a whole class, and each submission is one transaction.

What is written is what nbgrader's SaveAutoGrades, this course's SaveExtraCredit and nbgrader's AssignLatePenalties
write; a test compares the rows. nbgrader opens the gradebook anew for each of its steps and looks every cell up by
joining seven tables, which takes longer the more submissions there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy import Table, and_, bindparam, select
from sqlalchemy.orm import Session
from traitlets.config import Config

from grader.class_list import extension, read_class_list
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


@dataclass
class _Standing:
    """A submission's rows, but for those of its cells."""

    submission: str
    notebook: str
    timestamp: datetime | None
    extension: timedelta | None
    everybodys: datetime | None
    """When the unit is due without an extension."""
    penalty: float | None

    @property
    def due(self) -> datetime | None:
        return (
            self.everybodys if self.everybodys is None or self.extension is None else self.everybodys + self.extension
        )

    @property
    def seconds_late(self) -> float:
        if self.timestamp is None or self.due is None:
            return 0.0
        return max(0.0, (self.timestamp - self.due).total_seconds())


@dataclass
class _Graded:
    """A row of the table `grade`."""

    id: str
    cell_id: str
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool


@dataclass
class _Commented:
    """A row of the table `comment`."""

    id: str
    cell_id: str
    auto_comment: str | None


@dataclass(frozen=True)
class _Cells:
    """The ids of a notebook's cells that have a row in `grade`, and in `comment`."""

    graded: tuple[str, ...]
    commented: tuple[str, ...]


STUDENTS, SUBMISSIONS, NOTEBOOKS, GRADES, COMMENTS = (
    model.__table__ for model in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)
STANDING = (
    select(
        SUBMISSIONS.c.id,
        NOTEBOOKS.c.id,
        SUBMISSIONS.c.timestamp,
        SUBMISSIONS.c.extension,
        Assignment.duedate,
        NOTEBOOKS.c.late_submission_penalty,
    )
    .join(Assignment, Assignment.id == SUBMISSIONS.c.assignment_id)
    .join(
        NOTEBOOKS, and_(NOTEBOOKS.c.assignment_id == SUBMISSIONS.c.id, NOTEBOOKS.c.notebook_id == bindparam("notebook"))
    )
    .where(SUBMISSIONS.c.assignment_id == bindparam("assignment"), SUBMISSIONS.c.student_id == bindparam("student"))
)
"""What a `_Standing` holds, in one query."""


class GradebookWriter:
    """The gradebook of a unit that is entered in it; use `open_gradebook`."""

    def __init__(self, gradebook: Gradebook, unit: str, config: Config) -> None:
        self.gradebook, self.unit, self.config = gradebook, unit, config
        notebook = gradebook.find_notebook(unit, unit)
        self._assignment_id = notebook.assignment.id
        self._rows_of = {
            each.id: _Cells(
                tuple(cell.id for cell in (*each.grade_cells, *each.task_cells)),
                tuple(cell.id for cell in (*each.solution_cells, *each.task_cells)),
            )
            for each in notebook.assignment.notebooks
        }
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
        """Enter what a submission earned, in one transaction; points and comments that a person gave stay.

        lms_id: what the student's learning platform calls them, kept where nothing else is.
        """
        with self._transaction() as db:
            self._enrol(student, lms_id)
            stood = self._standing(student)
            standing = stood or self._hand_in(student)
            moment = {"timestamp": parse_utc(timestamp)} if timestamp else {}
            standing = self._settle(replace(standing, **moment), student)
            grades, comments = (self._grades(standing), self._comments(standing)) if stood else self._blank()
            if scores.extra_credit:
                prepare(db)
            for grade in grades:
                name, _ = self._grade_cells[grade.cell_id]
                if name in scores.scores:
                    grade.auto_score = scores.scores[name]
                    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
                if name in scores.extra_credit:
                    give(db, grade, scores.extra_credit[name])
            for comment in comments:
                name = self._comment_cells[comment.cell_id]
                if name in scores.comments:
                    comment.auto_comment = scores.comments[name]
            for table, rows in ((GRADES, grades), (COMMENTS, comments)):
                _rewrite(db, table, rows) if stood else _add(db, table, rows, standing.notebook)
        return self._penalized(standing, student)

    def extend(self, student: str) -> GradebookEntry | None:
        """Give a submission that is there the extension of the class list, or none; its penalty follows."""
        with self._transaction():
            standing = self._standing(student)
            if standing is None:
                return None
            self._class_list = read_class_list(self._url, self._root)
            standing = self._settle(replace(standing, extension=None), student)
        return self._penalized(standing, student)

    def entry(self, student: str) -> GradebookEntry | None:
        """How the student's submission stands; None when there is none."""
        with self._transaction():
            standing = self._standing(student)
            return None if standing is None else self._entry(standing)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """What the block writes is there together, or not at all."""
        db = self.gradebook.db
        try:
            yield db
            db.commit()
        finally:
            db.rollback()

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

    def _enrol(self, student: str, lms_id: str) -> None:
        """As nbgrader's `update_or_create_student`."""
        db, mine = self.gradebook.db, STUDENTS.c.id == student
        known = db.execute(select(STUDENTS.c.lms_user_id).where(mine)).one_or_none()
        if known is None:
            db.execute(STUDENTS.insert().values(id=student, lms_user_id=lms_id or None))
        elif lms_id and not known.lms_user_id:
            db.execute(STUDENTS.update().where(mine).values(lms_user_id=lms_id))

    def _standing(self, student: str) -> _Standing | None:
        """A submission's own rows, but for its cells'; None where there is none."""
        found = self.gradebook.db.execute(STANDING, self._where(student)).one_or_none()
        return None if found is None else _Standing(*found)

    def _where(self, student: str) -> dict[str, str]:
        return {"assignment": self._assignment_id, "notebook": self._notebook_id, "student": student}

    def _hand_in(self, student: str) -> _Standing:
        """As nbgrader's `add_submission`, but for the rows of this unit's cells, which are `_blank`."""
        db, submission = self.gradebook.db, new_uuid()
        values = {"id": submission, "assignment_id": self._assignment_id, "student_id": student}
        db.execute(SUBMISSIONS.insert().values(**values))
        mine = {notebook: new_uuid() for notebook in self._rows_of}
        notebooks = [{"id": mine[one], "notebook_id": one, "assignment_id": submission} for one in mine]
        db.execute(NOTEBOOKS.insert(), notebooks)
        for notebook in self._rows_of.keys() - {self._notebook_id}:
            grades, comments = self._blank(notebook)
            _add(db, GRADES, grades, mine[notebook])
            _add(db, COMMENTS, comments, mine[notebook])
        return _Standing(*db.execute(STANDING, self._where(student)).one())

    def _blank(self, notebook: str = "") -> tuple[list[_Graded], list[_Commented]]:
        """The rows that a notebook's cells have before anything is graded; without a name, of this unit's."""
        cells = self._rows_of[notebook or self._notebook_id]
        grades = [_Graded(new_uuid(), cell, None, None, None, True) for cell in cells.graded]
        return grades, [_Commented(new_uuid(), cell, None) for cell in cells.commented]

    def _settle(self, standing: _Standing, student: str) -> _Standing:
        """Write when it was handed in and until when it may be; without a penalty, which `_penalized` gives."""
        until = self._class_list.until(self.unit, student)
        standing.extension = extension(standing.everybodys, standing.extension, until)
        standing.penalty = None
        db = self.gradebook.db
        moments = {"timestamp": standing.timestamp, "extension": standing.extension}
        db.execute(SUBMISSIONS.update().where(SUBMISSIONS.c.id == standing.submission).values(**moments))
        free = NOTEBOOKS.update().where(NOTEBOOKS.c.id == standing.notebook)
        db.execute(free.values(late_submission_penalty=None))
        return standing

    def _penalized(self, standing: _Standing, student: str) -> GradebookEntry:
        """By nbgrader's own preprocessor, with the class's plugin; few are late, so its cost does not matter."""
        if standing.seconds_late > 0:
            where = {"notebook": self.unit, "assignment": self.unit, "student": student, "db_url": self._url}
            AssignLatePenalties(config=self.config).preprocess(NotebookNode(cells=[]), {"nbgrader": where})
        entry = self.entry(student)
        assert entry is not None
        return entry

    @property
    def _url(self) -> str:
        return str(self.gradebook.engine.url.render_as_string(hide_password=False))

    def _grades(self, standing: _Standing) -> list[_Graded]:
        # Both columns: then the table's index on them finds the rows, however large the class is.
        mine = GRADES.c.cell_id.in_(self._grade_cells), GRADES.c.notebook_id == standing.notebook
        columns = (GRADES.c[each.name] for each in fields(_Graded))
        return [_Graded(*row) for row in self.gradebook.db.execute(select(*columns).where(*mine))]

    def _comments(self, standing: _Standing) -> list[_Commented]:
        mine = COMMENTS.c.cell_id.in_(self._comment_cells), COMMENTS.c.notebook_id == standing.notebook
        columns = (COMMENTS.c[each.name] for each in fields(_Commented))
        return [_Commented(*row) for row in self.gradebook.db.execute(select(*columns).where(*mine))]

    def _entry(self, standing: _Standing) -> GradebookEntry:
        """What counts of scores and comments is nbgrader's to say, in columns of its own; in the order of the unit."""
        db = self.gradebook.db
        mine = Grade.notebook_id == standing.notebook, Grade.cell_id.in_(self._grade_cells)
        columns = Grade.cell_id, Grade.score, Grade.needs_manual_grade
        graded = {cell: (float(score), waits) for cell, score, waits in db.execute(select(*columns).where(*mine))}
        mine = Comment.notebook_id == standing.notebook, Comment.cell_id.in_(self._comment_cells)
        said = dict(db.execute(select(Comment.cell_id, Comment.comment).where(*mine)).all())
        cells = {cell: told for cell, told in self._grade_cells.items() if cell in graded}
        scores = {name: (graded[cell][0], most) for cell, (name, most) in cells.items()}
        sheet = ScoreSheet(
            scores=scores,
            comments={name: said[cell] for cell, name in self._comment_cells.items() if cell in said},
            score=sum(score for score, _ in scores.values()),
            max_score=sum(most for _, most in self._grade_cells.values()),
            penalty=float(standing.penalty or 0.0),
        )
        until = standing.due if standing.extension is not None else None
        return GradebookEntry(sheet, standing.seconds_late, sum(bool(waits) for _, waits in graded.values()), until)


def _add(db: Session, table: Table, rows: Sequence[_Graded | _Commented], notebook: str) -> None:
    if rows:
        db.execute(table.insert(), [{**asdict(row), "notebook_id": notebook} for row in rows])


def _rewrite(db: Session, table: Table, rows: Sequence[_Graded | _Commented]) -> None:
    """Write rows that are there already."""
    values = [{f"new_{key}": value for key, value in asdict(row).items()} for row in rows]
    if values:
        changed: dict[str, Any] = {key: bindparam(f"new_{key}") for key in asdict(rows[0])}
        del changed["id"], changed["cell_id"]
        db.execute(table.update().where(table.c.id == bindparam("new_id")).values(**changed), values)


@contextmanager
def open_gradebook(config: Config, unit: str) -> Iterator[GradebookWriter]:
    """The gradebook that `config` names, open for the block."""
    course = CourseDirectory(config=config)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        yield GradebookWriter(gradebook, unit, config)

"""Extra credit: what a bonus exercise earned, and what a person wrote in its place, which stays.

nbgrader has one column for both. What grading gave is remembered in a table of the course's own in the gradebook,
written in the same transaction: so a number that differs from it is a person's, whoever graded and however that ended.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Column, Float, MetaData, String, Table
from sqlalchemy.orm import Session

GIVEN = Table(
    "course_extra_credit",
    MetaData(),
    Column("grade", String(32), primary_key=True),
    Column("gave", Float, nullable=False),
)


def prepare(db: Session) -> None:
    """Make the table where it is not there yet."""
    GIVEN.create(db.connection(), checkfirst=True)


class Grade(Protocol):
    """What is read and written of one of nbgrader's grades."""

    id: str
    extra_credit: float | None


def give(db: Session, grade: Grade, earned: float) -> None:
    """Enter what a bonus exercise earned, unless a person's number stands there. The caller has prepared, and commits.

    In a gradebook that an older version wrote nothing says who gave what: then a fraction is a person's, as grading
    gives whole points.
    """
    mine, stands = GIVEN.c.grade == grade.id, grade.extra_credit
    gave = db.execute(GIVEN.select().where(mine)).one_or_none()
    if gave is None:
        by_a_person = stands is not None and not float(stands).is_integer()
        db.execute(GIVEN.insert().values(grade=grade.id, gave=earned))
    else:
        by_a_person = stands != gave.gave
        if not by_a_person:
            db.execute(GIVEN.update().where(mine).values(gave=earned))
    if not by_a_person:
        grade.extra_credit = earned

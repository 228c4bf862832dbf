"""Extensions: until when a learner may hand in a unit, one by one or from a table, and what the gradebook makes of it.

nbgrader keeps an extension with a submission, so there is none before something came in; here it stands in the class
list, and is applied whenever a submission is graded: by `./course grade`, `nbgrader autograde` and the formgrader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nbgrader.api import MissingEntry

from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.told import put_together, shown, sign
from course_lib.workspace import find_unit
from grader.class_list import naive
from grader.grading.classroom import Classroom
from grader.grading.gradebook import open_gradebook
from grader.pages.plain_cells import one_line
from grader.platforms.formats import tidy
from grader.platforms.roster import changed_class_list
from grader.platforms.tables import read_table
from grader.submissions.moments import UnknownTimeError, instant

NONE = "none"
LATER = re.compile(r"\+(\d{1,4})\s*(d|h)(?:ays?|ours?)?", re.I)


@dataclass(frozen=True)
class Extension:
    """Until when whose submission of what is in time, in UTC; None takes an extension back."""

    student: str
    unit: str
    until: datetime | None


def read_one(classroom: Classroom, student: str, unit: str, text: str) -> Extension:
    """An extension as it is typed: `2026-02-07 23:59 UTC`, `+3d` behind the due date, or `none`.

    Raises `CourseError` for an unknown learner or unit, a time without one meaning, and one before the due date.
    """
    unit = find_unit(unit)
    with classroom.gradebook() as gradebook:
        students = {student.id for student in gradebook.students}
    if student not in students:
        alike = [known for known in sorted(students) if known.casefold() == student.casefold()]
        more = (
            say(shown("Did you mean {other}?"), other=alike[0])
            if alike
            else shown("./course roster list shows who is.")
        )
        unknown = say(shown("{student} is not in the gradebook."), student=one_line(student))
        raise CourseError(put_together([unknown, more]))
    if text.strip().casefold() == NONE:
        return Extension(student, unit, None)
    due = classroom.due(unit)
    until = _moment(text.strip(), unit, due)
    if due is not None and until <= due:
        raise CourseError(
            f"{one_line(student)}: {until:%Y-%m-%d %H:%M} UTC is not after {unit}'s due date, {due:%Y-%m-%d %H:%M} "
            "UTC, so it extends nothing. Nothing was changed."
        )
    return Extension(student, unit, until)


def _moment(text: str, unit: str, due: datetime | None) -> datetime:
    later = LATER.fullmatch(text)
    if later and due is None:
        raise CourseError(f"{unit} has no due date, so {text} behind it is no day: write the day and hour.")
    if later and due is not None:
        many = int(later[1])
        return due + (timedelta(days=many) if later[2].lower() == "d" else timedelta(hours=many))
    try:
        return naive(instant(text))
    except UnknownTimeError as error:
        raise CourseError(f"{one_line(text)} cannot be taken for a time: {error}. Nothing was changed.") from None


def read_many(classroom: Classroom, path: Path) -> list[Extension]:
    """Extensions from a table with the columns student, unit and until. Raises `CourseError` if any line is wrong."""
    table = read_table(path)
    places = [table.column(name) for name in ("student", "unit", "until")]
    if None in places:
        raise CourseError(
            f"{path} should have the columns student, unit and until; it has {', '.join(table.headings)}."
        )
    wrong, found = list(table.problems), []
    for line, cells in table.rows:
        student, unit, until = (tidy(cells[place]) for place in places if place is not None)
        try:
            found.append(read_one(classroom, student, unit, until))
        except CourseError as error:
            wrong.append(say(shown("line {line}: {error}"), line=line, error=shown(str(error))))
    doubles = {(e.student, e.unit) for e in found if sum((o.student, o.unit) == (e.student, e.unit) for o in found) > 1}
    wrong += [f"{one_line(student)} has two lines for {unit}" for student, unit in sorted(doubles)]
    if wrong:
        raise CourseError("\n  ".join([say(shown("Nothing of {path} was taken:"), path=path), *map(shown, wrong)]))
    return found


def extend(classroom: Classroom, extensions: Sequence[Extension]) -> list[str]:
    """Enter them; submissions that are graded already get their new penalty at once. Returns a sentence for each."""
    with changed_class_list(classroom) as known:
        for one in extensions:
            known.extend(one.unit, one.student, one.until)
    return [_applied(classroom, one) for one in extensions]


def _applied(classroom: Classroom, one: Extension) -> str:
    learner = {"student": one_line(one.student), "unit": one.unit}
    if one.until:
        sentence = say(shown("{student}, {unit}: until {until:%Y-%m-%d %H:%M} UTC"), **learner, until=one.until)
    else:
        sentence = say(shown("{student}, {unit}: as for everybody"), **learner)
    try:
        with open_gradebook(classroom.config(), one.unit) as writer:
            entry = writer.extend(one.student)
    except MissingEntry:  # the unit is in no gradebook yet
        return sentence
    if entry is None:
        return sentence
    penalty = entry.sheet.penalty
    if entry.seconds_late:
        late = entry.seconds_late / 3600
        handed_in = say(shown("handed in {late:.1f} h late, penalty {penalty:g}"), late=late, penalty=penalty)
    else:
        handed_in = say(shown("handed in in time, penalty {penalty:g}"), penalty=penalty)
    return f"{sentence}{sign('; ')}{handed_in}"

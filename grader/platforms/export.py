"""Grades in the form that a platform imports, for the persons whom its own file names.

Canvas, Moodle, Blackboard and Brightspace know their persons by ids, so these cells go back as they came. A name that a
spreadsheet would compute gets a `'` before it; where such a text is the id itself, the person is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.told import put_together, shown
from grader.pages.plain_cells import FORMULA, as_cell, one_line
from grader.platforms.formats import PLATFORMS, TITLES, Format, Person, people, recognise
from grader.platforms.matching import Learner, Matching, match
from grader.platforms.scores import Scores
from grader.platforms.tables import Table, read_table, table_bytes


@dataclass(frozen=True)
class Layout:
    """How a platform wants its file. `identity`: headings that go back; `keys`: those by which it knows a person."""

    identity: tuple[str, ...]
    keys: tuple[str, ...]
    separator: str = ","
    encoding: str = "utf-8"
    suffix: str = "csv"


LAYOUTS = {
    "canvas": Layout(
        ("student", "lastname", "firstname", "id", "sis user id", "sis login id")
        + ("integration id", "root account", "section"),
        ("id",),
    ),
    "moodle": Layout(
        ("first name", "last name", "surname", "username", "id number", "email address"),
        ("username", "id number", "email address"),
    ),
    "moodle worksheet": Layout((), ("identifier",)),
    "blackboard": Layout(
        ("last name", "first name", "username", "user name", "student id"),
        ("username", "user name"),
        separator="\t",
        encoding="utf-16",
        suffix="xls",
    ),
    "brightspace": Layout(("orgdefinedid", "username"), ("orgdefinedid", "username")),
}
TITLE_ROW = {  # where there is no file of the platform's: what is made of the gradebook and the imported roster
    "canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
    "moodle": ("First name", "Last name", "ID number", "Email address"),
    "blackboard": ("Last Name", "First Name", "Username", "Student ID"),
    "brightspace": ("OrgDefinedId", "Username"),
}
READ_BACK = {"identifier", "status", "grade", "maximum grade", "grade can be changed", "feedback comments"} | {
    f"last modified ({what})" for what in ("submission", "grade")
}
"""Columns of Moodle's worksheet that it reads, or that are a teacher's own words: they go back to the letter."""
NUMERIC = re.compile(r"-?[\d.,]*\s*%?")
LINE_END = "End-of-Line Indicator"


@dataclass
class Export:
    """The file to write, and what is to be told."""

    data: bytes
    suffix: str
    written: int
    matching: Matching
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is worth knowing and nothing amiss."""
    ungraded: list[str] = field(default_factory=list)
    """At the platform and in the gradebook, without a grade."""

    @property
    def complete(self) -> bool:
        """Whether everybody on either side was matched and written."""
        return not (self.problems or self.matching.refused or self.matching.learners or self.matching.people)


def export(scores: Scores, platform: str, roster: Path | None = None, scale: bool = False) -> Export:
    """The grades as `platform` imports them. roster: its own gradebook's export, or a Moodle grading worksheet.

    scale: where a Moodle worksheet has another maximum than the unit, give that share of it.
    Raises `CourseError` where there is nothing that tells the platform's persons, or the file is another platform's.
    """
    if platform not in PLATFORMS:
        raise CourseError(f"{platform} is no platform that is known here: {', '.join(PLATFORMS)}.")
    if platform == "csv":
        return _plain(scores)
    if roster is None:
        table, form = _from_gradebook(scores, platform)
        persons, problems = people(table, form)
    else:
        table = read_table(roster)
        form = recognise(table, platform)
        persons, problems = people(table, form)
    found = match(scores.learners, persons, form)
    made = Export(b"", LAYOUTS[form.platform].suffix, 0, found, problems)
    if table.note:
        made.notes.append(table.note)
    found.learners = [learner for learner in found.learners if scores.of.get(learner.student)]
    made.ungraded = [student for student in found.pairs if not scores.of.get(student)]
    if form.platform == "moodle worksheet":
        _worksheet(made, scores, table, scale)
    else:
        _gradebook(made, scores, table, form)
    return made


def _gradebook(made: Export, scores: Scores, table: Table, form: Format) -> None:
    """The identifying columns, then one for each unit, of those who have a grade."""
    layout = LAYOUTS[form.platform]
    kept = [place for place, heading in enumerate(table.headings) if heading.casefold() in layout.identity]
    columns = {unit: _column(table, unit, form.platform) for unit in scores.units}
    headings = [table.headings[place] for place in kept]
    for unit, place in columns.items():
        headings.append(
            _new_heading(unit, scores.most[unit], form.platform) if place is None else table.headings[place]
        )
        if place is None:
            made.notes.append(f"{form.title} has no column for {unit} in this file: {NEW_COLUMN[form.platform]}")
        elif (most := _maximum(table, place, form.platform)) is not None and most != scores.most[unit]:
            made.problems.append(
                f"{table.headings[place]} gives {most:g} points at the platform and {unit} {scores.most[unit]:g} here: "
                "set it right there before you import, or the shares are wrong"
            )
    rows = []
    if form.platform == "canvas":
        points = ["    Points Possible", *[""] * (len(kept) - 1)]
        rows.append([*points, *(number(scores.most[unit]) for unit in scores.units)])
    for student, person in sorted(made.matching.pairs.items(), key=lambda pair: pair[1].line):
        mine = scores.of.get(student)
        if not mine or not _can_go_back(made, table, layout, person):
            continue
        cells = [_cell(person.cells[place]) for place in kept]
        for unit, place in columns.items():
            before = "" if place is None else person.cells[place]
            cells.append(number(mine[unit].points) if unit in mine else _cell(before))
        rows.append(cells)
        made.written += 1
    if form.platform == "brightspace":
        headings, rows = [*headings, LINE_END], [[*row, "#"] for row in rows]
    made.data = table_bytes(headings, rows, layout.separator, layout.encoding)


NEW_COLUMN = {
    "canvas": "importing makes a new assignment; better make it there and export the gradebook again.",
    "moodle": "in the preview of the import map it to your assignment.",
    "blackboard": "importing makes a text column without points; better make it there and download the file again.",
    "brightspace": "importing makes one only if you say so there; better make the grade item first.",
}


def _worksheet(made: Export, scores: Scores, table: Table, scale: bool) -> None:
    """Moodle's grading worksheet of one assignment, with its column Grade filled in and all else as it was."""
    if len(scores.units) != 1:
        raise CourseError("A Moodle grading worksheet is one assignment's: name one unit with it.")
    unit = scores.units[0]
    grade, most, open_ = (table.column(n) for n in ("grade", "maximum grade", "grade can be changed"))
    assert grade is not None and most is not None
    by_line = {person.line: student for student, person in made.matching.pairs.items()}
    rows = []
    named = [heading.casefold() not in READ_BACK for heading in table.headings]  # what Moodle does not read
    for line, cells in table.rows:
        row = [as_cell(cell) if odd else cell for cell, odd in zip(cells, named, strict=True)]
        score = scores.of.get(by_line.get(line, ""), {}).get(unit)
        if score is not None:
            if open_ is not None and cells[open_].strip().casefold() == "no":
                made.problems.append(f"line {line} ({by_line[line]}): Moodle says that this grade cannot be changed")
            points = _scaled(score.points, scores.most[unit], _read_number(cells[most]), unit, scale)
            row[grade] = number(points)
            made.written += 1
        rows.append(row)
    made.data = table_bytes(table.headings, rows)


def _scaled(points: float, most: float, theirs: float | None, unit: str, scale: bool) -> float:
    if theirs is None or theirs == most:
        return points
    if not scale:
        raise CourseError(
            f"The assignment's maximum in Moodle is {theirs:g}, and {unit} has {most:g} points. Set the maximum to "
            f"{most:g} in Moodle and download the worksheet again, or add --scale to give everyone that share of "
            f"{theirs:g}. Nothing was written."
        )
    return points / most * theirs if most else 0.0


def _plain(scores: Scores) -> Export:
    """A table of everybody, with ids, names and points."""
    headings = ["student", "last_name", "first_name", "email", "section", "group"]
    headings += [name for unit in scores.units for name in (unit, f"{unit} late_penalty", f"{unit} max")]
    rows = []
    for learner in scores.learners:
        texts = (learner.student, learner.last, learner.first, learner.email)
        row = [as_cell(text) for text in (*texts, learner.enrolled.section, learner.enrolled.group)]
        for unit in scores.units:
            score = scores.of.get(learner.student, {}).get(unit)
            row += ["" if score is None else number(score.points), "" if score is None else number(score.penalty)]
            row.append(number(scores.most[unit]))
        rows.append(row)
    found = Matching({learner.student: Person(0) for learner in scores.graded})
    data = table_bytes(headings, rows, encoding="utf-8-sig")
    ungraded = [learner.student for learner in scores.learners if not scores.of.get(learner.student)]
    return Export(data, "csv", len(scores.graded), found, ungraded=ungraded)


def _from_gradebook(scores: Scores, platform: str) -> tuple[Table, Format]:
    """What the platform's file would say, from the roster that was imported: those of whom the ids are known."""

    def cells(learner: Learner) -> tuple[str, ...]:
        own = learner.lms_id.partition(":")[2] if learner.lms_id.startswith(f"{TITLES[platform]}:") else ""
        login, number_ = learner.enrolled.login, learner.enrolled.number
        return {
            "canvas": (f"{learner.last}, {learner.first}", own, number_, login, learner.enrolled.section),
            "moodle": (learner.first, learner.last, number_, learner.email),
            "blackboard": (learner.last, learner.first, own or login, number_),
            "brightspace": (number_ and f"#{number_}", login and f"#{login}"),
        }[platform]

    headings = TITLE_ROW[platform]
    keys = [place for place, heading in enumerate(headings) if heading.casefold() in LAYOUTS[platform].keys]
    made = [cells(learner) for learner in scores.learners]
    known = [row for row in made if any(row[place] for place in keys)]
    table = Table(Path("gradebook"), headings, tuple(enumerate(known, start=2)))
    if not known:
        wanted = [headings[place] for place in keys]
        if len(wanted) == 2:
            unknown = shown("Nobody's {heading} or {other} at {platform} is known here.")
        else:
            unknown = shown("Nobody's {heading} at {platform} is known here.")
        what_to_do = shown(
            "Export the gradebook there and name the file: --roster FILE, or import it once: "
            "./course roster import FILE."
        )
        told = say(unknown, heading=wanted[0], other=wanted[-1], platform=TITLES[platform])
        raise CourseError(put_together([told, what_to_do]))
    return table, recognise(table, platform)


def _can_go_back(made: Export, table: Table, layout: Layout, person: Person) -> bool:
    """Whether the platform will know the person by cells that no spreadsheet computes."""
    places = [place for place, heading in enumerate(table.headings) if heading.casefold() in layout.keys]
    keys = [person.cells[place] for place in places if person.cells[place].strip()]
    odd = [key for key in keys if FORMULA.search(key)]
    if keys and not odd:
        return True
    why = f"its id {one_line(odd[0])!r} would be computed by a spreadsheet" if odd else "its line has no id"
    made.problems.append(f"line {person.line} ({one_line(person.shown)}): {why}; enter this grade by hand")
    return False


def _column(table: Table, unit: str, platform: str) -> int | None:
    """The column of the platform's file that is the unit's: by the unit's name, its title, or its number."""
    number_, _, topic = unit.partition("_")
    called = (unit, topic, number_, number_.lstrip("0") or "0")
    wanted = {_bare(name) for name in called[:3]} | {_bare(f"unit {name}") for name in called}
    found = [place for place, heading in enumerate(table.headings) if _bare(_item(heading, platform)) in wanted]
    if len(found) > 1:
        those = ", ".join(table.headings[place] for place in found)
        raise CourseError(f"Several columns of {table.path} could be {unit}: {those}. Rename all but one there.")
    return found[0] if found else None


def _item(heading: str, platform: str) -> str:
    """The name that a teacher gave, without what the platform writes around it."""
    if platform == "canvas":
        return re.sub(r"\s*\(\d+\)\s*$", "", heading)
    if platform == "blackboard":
        return re.sub(r"\s*\[Total Pts:.*", "", heading)
    if platform == "brightspace":
        return re.sub(r"\s+Points Grade\b.*", "", heading) if "Points Grade" in heading else ""
    return re.sub(r"^\w+:\s*|\s*\((Real|Percentage|Letter)\)\s*$", "", heading)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _maximum(table: Table, place: int, platform: str) -> float | None:
    """The points that the platform gives for the column, where its file says so."""
    heading = table.headings[place]
    if platform == "canvas":
        line = next((cells for _, cells in table.rows if cells[0].strip().startswith("Points Possible")), None)
        return _read_number(line[place]) if line else None
    found = re.search(r"\[Total Pts: ([\d.,]+)|MaxPoints:([\d.,]+)", heading)
    return _read_number(found[1] or found[2]) if found else None


def _new_heading(unit: str, most: float, platform: str) -> str:
    if platform == "brightspace":
        return f"{unit} Points Grade <Numeric MaxPoints:{number(most)}>"
    return f"{unit} [Total Pts: {number(most)} Score]" if platform == "blackboard" else unit


def _cell(text: str) -> str:
    """A cell of the platform's that goes back: as it came, but for a name that a spreadsheet would compute."""
    return text if NUMERIC.fullmatch(text) else as_cell(text)


def _read_number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def number(value: float) -> str:
    """Points with at most two decimals, as platforms show them."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def told(names: Sequence[str], most: int = 12) -> str:
    """Some names in a line."""
    return ", ".join(map(one_line, names[:most])) + (f" and {len(names) - most} more" if len(names) > most else "")

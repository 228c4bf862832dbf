"""Feedback pages in one zip file, laid out as a platform takes them back.

Moodle, "Upload multiple feedback files in a zip": a folder `Name_NUMBER_assignsubmission_file_` for each participant.
It reads the number; that is the assignment's own, and stands in downloaded files' names and in the grading worksheet.
Canvas, "Upload submissions": the names of the downloaded files, of which it reads the numbers of person and file; the
page takes the place of the notebook, so the ending is `.html`.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.private_files import make_private
from grader.grading.classroom import Classroom
from grader.grading.grade_class import who_is_who
from grader.platforms.formats import people, recognise
from grader.platforms.matching import match
from grader.platforms.roster import class_list, learners_of
from grader.platforms.tables import read_table
from grader.submissions.files import in_archive, in_folder, printable
from grader.submissions.hand_ins import HandIn, by_owner
from grader.submissions.identity import identify
from grader.submissions.platforms import Canvas, Moodle

WHEN = (1980, 1, 1, 0, 0, 0)
"""No time of day tells two zip files of the same pages apart."""


@dataclass
class FeedbackZip:
    """What went in, and who is left out."""

    written: int = 0
    size: int = 0
    """Bytes."""
    without_page: list[str] = field(default_factory=list)
    """At the platform, and no page here."""
    without_place: list[str] = field(default_factory=list)
    """A page here, and nobody at the platform."""
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every page found its place."""
        return not (self.problems or self.without_place)


def write_feedback(classroom: Classroom, unit: str, platform: str, source: Path, path: Path) -> FeedbackZip:
    """Write everybody's page for a unit into a zip file that the platform takes.

    source: what the platform let you download, a zip file or folder; for Moodle, the grading worksheet does as well.
    Raises `CourseError` for another platform, or a source that is not this platform's.
    """
    made = FeedbackZip()
    if platform not in ("moodle", "canvas"):
        raise CourseError(f"{platform} takes no zip file of feedback that is known here; Moodle and Canvas do.")
    if platform == "moodle" and source.suffix.lower() == ".csv":
        places = _of_worksheet(classroom, unit, source, made)
    else:
        places = _of_download(classroom, unit, platform, source, made)
    pages = {
        student: classroom.path("feedback", student, unit) / f"{unit}.html"
        for student in {*places, *who_is_who(classroom)[0]}
    }
    made.without_place = sorted(student for student, page in pages.items() if page.is_file() and student not in places)
    with _fresh(path) as fresh, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, name in sorted(places.items()):
            page = pages[student]
            if page.is_symlink() or not page.is_file():
                made.without_page.append(student)
                continue
            archive.writestr(zipfile.ZipInfo(name, WHEN), page.read_bytes(), zipfile.ZIP_DEFLATED)
            made.written += 1
    made.size = path.stat().st_size
    return made


@contextmanager
def _fresh(path: Path) -> Iterator[Path]:
    """A file beside `path`, closed to others, that takes its place at the end and goes if anything fails."""
    if path.is_dir():
        raise CourseError(f"{path} is a folder: name a file with --to.")
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    make_private(path.parent)
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _of_worksheet(classroom: Classroom, unit: str, source: Path, made: FeedbackZip) -> dict[str, str]:
    table = read_table(source)
    form = recognise(table, "moodle")
    if form.platform != "moodle worksheet":
        raise CourseError(
            f"{source} is {form.title}; what tells Moodle whose a page is stands in the assignment's grading "
            "worksheet, or in the zip file of its submissions."
        )
    persons, made.problems = people(table, form)
    with classroom.gradebook() as gradebook:
        found = match(learners_of(gradebook, class_list(classroom)), persons, form)
    made.problems += found.refused
    return {
        student: _moodle_name(person.name or "Participant", person.own_id, unit)
        for student, person in found.pairs.items()
        if person.own_id
    }


def _of_download(classroom: Classroom, unit: str, platform: str, source: Path, made: FeedbackZip) -> dict[str, str]:
    """Where each learner's page goes, from the names of the files that they handed in."""
    if not source.exists():
        raise CourseError(f"There is no {source}: name what {platform.title()} let you download, with --submissions.")
    adapter = Moodle if platform == "moodle" else Canvas
    files = list(in_folder(source) if source.is_dir() else in_archive(source))
    unknown: dict[str, str] = {}
    hand_ins = [one for one in by_owner(files, unit, unknown, source.is_dir()) if one.owner.platform == adapter.title]
    if not hand_ins:
        raise CourseError(
            f"Nothing in {source} has a name as {adapter.title} gives it, such as {next(iter(adapter.examples))}."
        )
    identities = identify([one.owner for one in hand_ins], *who_is_who(classroom))
    places: dict[str, str] = {}
    for one in hand_ins:
        who = identities[one.owner]
        if who.problem or who.student in places:
            why = who.problem or f"another file is {who.student}'s, too"
            made.problems.append(f"{printable(one.owner.name)}: {why}")
        elif platform == "moodle":
            places[who.student] = _moodle_name(one.owner.name, one.owner.number, unit)
        else:
            places[who.student] = _canvas_name(one, unit)
    return places


def _moodle_name(name: str, number: str, unit: str) -> str:
    """Moodle parts the folder's name at its `_` and reads the second part: a name has none."""
    plain = " ".join(re.sub(r'[_/\\:*?"<>|\x00-\x1f]', " ", name).split()) or "Participant"
    return f"{plain}_{number}_assignsubmission_file_/{unit}.html"


def _canvas_name(one: HandIn, unit: str) -> str:
    """The name of the latest attempt's notebook, as Canvas gave it, with another ending."""
    pieces = sorted(one.pieces, key=lambda piece: (piece.name.lower().endswith(".ipynb"), piece.attempt))
    name = PurePosixPath(pieces[-1].file.name).name if pieces else f"{one.owner.name}_{one.owner.number}_0_{unit}"
    return f"{name.removesuffix(PurePosixPath(name).suffix)}.html"

"""Attacks by what is handed in beside and around a notebook: archives that speak for others, and names that do harm.

All come in one zip file as a platform hands it over, and are graded as `./course grade` does it; those that did harm
are graded once more, each for itself. An honest learner's notebook is among them, and has to earn all of its points;
nothing may end the run or forge a table.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_lib.errors import CourseError
from course_lib.workspace import find_unit
from grader.audit.attacks.draft import honest
from grader.audit.row import HELD, Row
from grader.exercises import exercises_of
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.grading.run import GradeOptions
from grader.reports.summary import report
from grader.sandbox.bwrap import unavailable

FIRST_UNIT = "00"
WORKERS = 2
HONEST = "Poe Ann_101_assignsubmission_file_"
OTHERS, RUN, READER = "other learners' work", "stopping the grader", "who opens the table"
MAC = 2**20


@dataclass(frozen=True)
class Graded:
    """What one delivery gave: everyone's result, the whole report, its CSV, and the times that the gradebook has."""

    results: Sequence[Result]
    report: str
    csv: str
    times: str
    deserved: float
    """The points of a notebook that is all right, which has a reflection for a person to read."""

    def of(self, name: str) -> list[Result]:
        """The results of those whose names hold a word, such as "ann"."""
        return [result for result in self.results if name in result.student.lower()]


@dataclass(frozen=True)
class Delivery:
    """`files` makes what the zip holds, of an honest notebook, one as it was handed out, the unit, and Eve's folder.

    `harm` gets what became of it, and a word that stands in the name of this Eve.
    """

    name: str
    aims_at: str
    files: Callable[[bytes, bytes, str, str], dict[str, bytes]]
    harm: Callable[[Graded, str], str] = lambda graded, eve: ""


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive with these files in it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def _hers(graded: Graded, eve: str) -> str:
    """Whether a learner whose notebook is right, beside what does not belong there, keeps her points."""
    found = graded.of(eve)
    return "" if len(found) == 1 and found[0].points == graded.deserved else "a right notebook is lost"


def _two_of_them(graded: Graded, eve: str) -> str:
    return _hers(graded, eve) or _hers(graded, "roe")


def _not_believed(graded: Graded, eve: str) -> str:
    return "its timestamp.txt is believed" if "2001" in graded.times else ""


def _no_formula(graded: Graded, eve: str) -> str:
    cells = [cell for row in csv.reader(io.StringIO(graded.csv)) for cell in row]
    bad = [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not _is_number(cell)]
    return f"a spreadsheet would run {bad[0][:20]!r}" if bad else ""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _one_line_each(graded: Graded, eve: str) -> str:
    forged = [line for line in graded.report.splitlines() if line.startswith("zoe_forged")]
    return "a line of the table is forged" if forged else ""


def _bomb() -> bytes:
    return zipped({"00_start_here.ipynb": b" " * (400 * MAC)})


DELIVERIES = [
    Delivery(
        "a zip that holds a file named as another learner's",
        OTHERS,
        lambda right, blank, unit, eve: {
            f"{eve}/homework.zip": zipped({f"{HONEST}/{unit}.ipynb": blank, f"poeann_101_5001_{unit}.ipynb": blank})
        },
    ),
    Delivery(
        "zips that each hold the same folder",
        OTHERS,
        lambda right, blank, unit, eve: {
            f"{eve}/{unit}.zip": zipped({f"homework/{unit}.ipynb": right}),
            "Roe Jo_103_assignsubmission_file_/homework.zip": zipped({f"homework/{unit}.ipynb": right}),
        },
        _two_of_them,
    ),
    Delivery(
        "a folder that is laid out as nbgrader's, with another's name",
        OTHERS,
        lambda right, blank, unit, eve: {
            f"{eve}/submitted/poe_ann/{unit}/{unit}.ipynb": blank,
            f"{eve}/{unit}.ipynb": right,
        },
        _hers,
    ),
    Delivery(
        "a timestamp.txt in an upload",
        "the due date",
        lambda right, blank, unit, eve: {
            f"{eve}/{unit}.ipynb": right,
            f"{eve}/timestamp.txt": b"2001-01-01 00:00:00 UTC",
        },
        _not_believed,
    ),
    Delivery(
        "a timestamp.txt in a zip in an upload",
        "the due date",
        lambda right, blank, unit, eve: {
            f"{eve}/work.zip": zipped({f"{unit}.ipynb": right, "timestamp.txt": b"2001-01-01 00:00:00 UTC"})
        },
        _not_believed,
    ),
    Delivery(
        "a name that holds 5,000 digits",
        RUN,
        lambda right, blank, unit, eve: {
            f"{eve}/work.zip": zipped({f"{'7' * 5000}_{unit}.ipynb": blank, f"{unit}-{'9' * 5000}.ipynb": blank}),
            f"Digits_{'8' * 5000}_assignsubmission_file_/{unit}.ipynb": blank,
        },
    ),
    Delivery(
        "names of odd characters, and of devices",
        RUN,
        lambda right, blank, unit, eve: {
            f"{eve}/\u202e\u0000\ud7ff{unit}.ipynb".replace("\u0000", ""): blank,
            f"CON_104_assignsubmission_file_/{unit}.ipynb": blank,
            f"../../../tmp/escaped_105_assignsubmission_file_/{unit}.ipynb": blank,
            f"/etc_106_assignsubmission_file_/{unit}.ipynb": blank,
            f"{'Long ' * 60}_107_assignsubmission_file_/{unit}.ipynb": blank,
            f"[*?]_108_assignsubmission_file_/{unit}.ipynb": blank,
        },
    ),
    Delivery(
        "names that are formulas",
        READER,
        lambda right, blank, unit, eve: {
            f"=HYPERLINK(1)+cmd_109_assignsubmission_file_/{unit}.ipynb": blank,
            f"@SUM(A1)_110_assignsubmission_file_/{unit}.ipynb": blank,
            f"-2+3_111_assignsubmission_file_/{unit}.ipynb": blank,
            "+1_112_assignsubmission_file_/notes.txt": b"no notebook",
        },
        _no_formula,
    ),
    Delivery(
        "a line end in a name",
        READER,
        lambda right, blank, unit, eve: {
            f"Zoe\nzoe_forged  18 of 18_113_assignsubmission_file_/{unit}.ipynb": blank,
            f"{eve}/zoe\nzoe_forged  18 of 18.ipynb": blank,
        },
        _one_line_each,
    ),
    Delivery(
        "an archive that grows to 400 MiB, in an archive",
        RUN,
        lambda right, blank, unit, eve: {f"{eve}/a.zip": zipped({"b.zip": _bomb(), f"{unit}.ipynb": right})},
    ),
    Delivery(
        "60 MiB of brackets under a notebook's name",
        RUN,
        lambda right, blank, unit, eve: {f"{eve}/{unit}.ipynb": b'{"cells": [' + b"[]," * (20 * MAC) + b"[]]}"},
    ),
    Delivery(
        "brackets that are nested a million deep",
        RUN,
        lambda right, blank, unit, eve: {f"{eve}/{unit}.ipynb": b"[" * MAC + b"]" * MAC},
    ),
]


def run_deliveries(unit: str | None = None, deliveries: Sequence[Delivery] = DELIVERIES) -> list[Row]:
    """What came of each delivery to a class of `unit`. Raises `CourseError` without a sandbox."""
    why = unavailable()
    if why:
        raise CourseError(f"{why} Attacks are only tried where they are held.")
    name = find_unit(unit or FIRST_UNIT)
    with tempfile.TemporaryDirectory(prefix="audit-") as scratch:
        room = Classroom(Path(scratch) / "class")
        room.root.mkdir()
        room.take_over(name)
        room.register(name)
        harms = _delivered(room, name, deliveries)
        if len(deliveries) > 1:  # who has done it?
            everybody = set(harms) == {HONEST}
            suspects = [d for d in deliveries if everybody or d.name in harms]
            harms = {d.name: "; ".join(_delivered(room, name, [d]).values()) for d in suspects} if harms else {}
    return [Row(d.name, d.aims_at, harms.get(d.name) or harms.get(HONEST) or HELD) for d in deliveries]


def _delivered(prepared: Classroom, unit: str, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Grade a class of its own with these deliveries: the harm that each did, and, under HONEST, that done to all."""
    with tempfile.TemporaryDirectory(prefix="audit-") as scratch:
        room = Classroom(Path(scratch) / "class")
        shutil.copytree(prepared.root, room.root)
        released, source = (
            nbformat.read(room.path(step, ".", unit) / f"{unit}.ipynb", as_version=4) for step in ("release", "source")
        )
        right, blank = (nbformat.writes(nb).encode() for nb in (honest(released, source), released))
        archive = room.root / "class.zip"
        files = {f"{HONEST}/{unit}.ipynb": right}
        for number, delivery in enumerate(deliveries, 201):
            files |= delivery.files(right, blank, unit, f"Mallory Eve{number}_{number}_assignsubmission_file_")
        archive.write_bytes(zipped(files))
        deserved = float(sum(exercise.points for exercise in exercises_of(unit) if not exercise.bonus))
        try:
            results = grade_class(room, unit, archive, GradeOptions(), workers=WORKERS, say=lambda line: None)
            graded = Graded(
                results, report(room, unit, results), _csv(room, unit), _times(room, results, unit), deserved
            )
        except Exception as error:  # whatever ends the run is what an attack wanted
            return {HONEST: f"it ended the run: {type(error).__name__}"}
        if _hers(graded, "ann"):
            return {HONEST: "the honest learner's points are not hers"}
        found = {d.name: d.harm(graded, f"eve{number}") for number, d in enumerate(deliveries, 201)}
        return {name: harm for name, harm in found.items() if harm}


def _csv(room: Classroom, unit: str) -> str:
    return (RunJournal(room, unit).folder / f"{unit}.csv").read_text(encoding="utf-8-sig")


def _times(room: Classroom, results: Sequence[Result], unit: str) -> str:
    """When the gradebook says that those who were graded have handed in."""
    with room.gradebook() as gradebook:
        graded = [result.student for result in results if result.points is not None]
        return json.dumps([str(gradebook.find_submission(unit, student).timestamp) for student in graded])

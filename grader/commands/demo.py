"""`./course demo`: the instructor's whole loop on a sample class, in a folder of its own."""

from __future__ import annotations

import shutil
import time
from datetime import datetime
from pathlib import Path

import nbformat

from course_lib.errors import CourseError
from course_lib.workspace import course_root
from grader.building.build import scripts
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.reports.summary import report
from grader.sandbox.bwrap import unavailable
from grader.submissions.samples import SAMPLES, files_of, hand_in

MARK = ".demo-class"
DUE = datetime(2026, 1, 30, 23, 59)
UNIT = "01_gradients"


def main(directory: Path | None = None) -> int:
    """`./course demo [--keep-dir DIR]`. The class is made anew each time; your own gradebook is never touched."""
    root = (directory or course_root() / "demo_class").resolve()
    _make_room(root)
    names = [script.stem for script in scripts()]
    if not names:
        raise CourseError("There is no unit in solutions/ to make a class for.")
    unit = UNIT if UNIT in names else names[0]
    classroom = Classroom(root, unsandboxed=bool(unavailable()))
    started = time.monotonic()

    print(f"1. Release: {unit} goes into {root}, as a teacher's own course folder.")
    classroom.take_over(unit)
    classroom.register(unit)
    classroom.set_due(unit, DUE)

    print(f"2. Collect: {len(SAMPLES)} learners hand in; the due date is {DUE:%d %B %Y, %H:%M} UTC.")
    collect(classroom, unit)

    print("3. Autograde, through nbgrader, and make the feedback pages:")
    if classroom.unsandboxed:
        print(f"   (Without a sandbox, for this class is the course's own. {unavailable()})")
    results = grade_class(classroom, unit, root / "submitted", say=lambda line: print(f"   {line}", flush=True))

    print(f"\n4. The class:\n\n{report(classroom, unit, results)}\n")
    print(f"Done in {time.monotonic() - started:.0f} s. To read and grade it by hand in the browser:")
    print(f"   cd {root} && jupyter lab      then Nbgrader > Formgrader in the menu")
    return 0


def collect(classroom: Classroom, unit: str) -> None:
    """Write the sample submissions of a unit, with their times, into the classroom's `submitted/`."""
    source, released = (
        nbformat.read(classroom.path(step, ".", unit) / f"{unit}.ipynb", as_version=4) for step in ("source", "release")
    )
    files = files_of(course_root() / "solutions" / unit)
    for student, (make, after_due) in SAMPLES.items():
        text = make(released, source, unit)
        hand_in(text, classroom.root / "submitted", student, unit, DUE + after_due, files)


def _make_room(root: Path) -> None:
    """Empty the folder of an earlier demo; never one that something else is in."""
    if root.exists() and any(root.iterdir()):
        if not (root / MARK).is_file():
            raise CourseError(f"{root} is not empty and was not made by ./course demo: name a new folder.")
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).write_text("Made by ./course demo, and made anew by the next one.\n", encoding="ascii")

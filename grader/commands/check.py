"""`./course check UNIT`: your own notebook, graded as a teacher would, and what is right in the quiz explained."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import nbformat

from course_lib import progress, shipped
from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.terminal import wrapped
from course_lib.told import shown
from course_lib.workspace import find_unit, notebook
from grader.grading.classroom import Classroom, GradingError
from grader.grading.results import CheckResult, Result, read_result
from grader.sandbox.bwrap import unavailable
from grader.sandbox.sandbox import Limits
from grader.submissions.reading import UnreadableError, read
from grader.submissions.samples import hand_in

YOU = "you"


def main(unit: str) -> int:
    """Grade `work/UNIT/UNIT.ipynb` with a gradebook that lasts as long as this takes; the file is only read."""
    unit = find_unit(unit)
    path = notebook(unit)
    worked_in = unit in shipped.edited()
    if worked_in and not path.is_file():
        raise CourseError(f"You have no notebook of {unit} in work/ yet. {shipped.about_edited(unit)}")
    if not path.is_file():
        raise CourseError(f"You have no notebook of {unit} yet. ./course start {unit[:2]} makes one and opens it.")
    started = time.monotonic()
    print(f"{unit} is run from its first cell to its last; that takes a few seconds.\n", flush=True)
    try:
        result, written = grade_alone(unit, path)
    except UnreadableError as error:
        raise CourseError(
            f"Your notebook could not be read: {error}. ./course reset {unit[:2]} makes a fresh one and keeps yours "
            "under a dated name."
        ) from None
    print(wrapped("\n\n".join([*(check.text for check in result.checks), summary(result, written)])))
    if worked_in:
        print(wrapped(shipped.about_edited(unit)))
    print(f"Graded in {time.monotonic() - started:.0f} s, on cases that your own checks do not show.")
    progress.record(
        "graded",
        unit=unit,
        earned=sum(check.earned for check in result.checks),
        points=sum(check.points for check in result.checks),
        exercises={check.exercise: check.earned for check in result.checks},
        started=[check.exercise for check in result.checks if not check.not_started],
    )
    return 0


def grade_alone(unit: str, path: Path) -> tuple[Result, dict[str, bool]]:
    """The result of one notebook, and for each reflection whether something is written in it.

    The gradebook and the secret of the private cases are made for this and thrown away. Your code runs in the sandbox
    where there is one, else as it does when you run it yourself.
    """
    with tempfile.TemporaryDirectory() as scratch:
        classroom = Classroom(Path(scratch), unsandboxed=bool(unavailable()))
        classroom.take_over(unit)
        released = nbformat.read(classroom.path("release", ".", unit) / f"{unit}.ipynb", as_version=4)
        submission, note = read(path, released)
        submitted = classroom.root / "submitted"
        hand_in(nbformat.writes(submission), submitted, YOU, unit, files=own_files(path.parent))
        classroom.register(unit)
        try:
            classroom.autograde(unit, YOU, submitted)
        except GradingError as error:
            raise CourseError(f"Your notebook could not be graded: {error}") from error
        result = read_result(classroom, unit, YOU)
        if note:
            print(note)
        return result, _reflections(classroom, unit)


def own_files(folder: Path) -> dict[str, bytes]:
    """What lies beside your notebook and would be handed in with it, by its name there: code, data, weights.

    Not your notebooks, nothing hidden, no link, and no more than a submission may bring.
    """
    files: dict[str, bytes] = {}
    room = Limits().file_size
    for path in sorted(folder.rglob("*"), key=lambda path: path.lstat().st_size):
        inside = path.relative_to(folder)
        odd = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        linked = any((folder / part).is_symlink() for part in (inside, *inside.parents[:-1]))
        if odd or linked or path.suffix == ".ipynb" or not path.is_file() or path.stat().st_size > room:
            continue
        files[inside.as_posix()] = path.read_bytes()
        room -= len(files[inside.as_posix()])
    return files


def _reflections(classroom: Classroom, unit: str) -> dict[str, bool]:
    with classroom.gradebook() as gradebook:
        grades = gradebook.find_submission_notebook(unit, unit, YOU).grades
        return {g.name: bool(g.needs_manual_grade) for g in grades if not g.name.startswith("check_")}


def summary(result: Result, reflections: dict[str, bool]) -> str:
    """The total, what a person would still read, and what was mended before."""
    counted = [check for check in result.checks if not check.bonus]
    bonus: list[CheckResult] = [check for check in result.checks if check.bonus]
    template = shown("Together: {earned} of {points} points.")
    if bonus:
        template = shown("Together: {earned} of {points} points, and {more} of {most} bonus points.")
    values = {"earned": sum(c.earned for c in counted), "points": sum(c.points for c in counted)}
    lines = [say(template, **values, more=sum(c.earned for c in bonus), most=sum(c.points for c in bonus))]
    for name, written in reflections.items():
        lines.append(f"{name}: {'for a person to read' if written else 'not written yet (a person would read it)'}.")
    lines += [f"Before grading: {note}" for note in result.notes]
    return "\n".join(lines)

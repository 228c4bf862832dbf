"""`./course grade UNIT`: a whole class through nbgrader's autograding, one submission after the other.

What was graded stays graded: a run that was stopped, at whatever moment, is taken up again by the same command.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

import course_lib
import grader
from course_lib.workspace import course_root, find_unit
from grader.build import release, scripts
from grader.classroom import CONFIG_FILE, Classroom, GradingError
from grader.intake import Submission, UnreadableError, find_submissions, lay_out, read
from grader.private import secret_for
from grader.report import class_table, misconception_list, write_csv
from grader.results import Result, has_grade, is_complete, read_result
from grader.scripts import write_source

PATTERN = set("[]*?")
"""nbgrader takes a student's name for a file pattern, in several places."""
INTERRUPTED = 130  # what a shell reports for Ctrl-C


@dataclass(frozen=True)
class Ledger:
    """Which submission was graded by what: `reports/UNIT.json`, and the folder that keeps itself out of git.

    A grade is taken as it stands only if nothing that it came from has changed: the submission, the unit, the due
    date, the course's secret, the grader itself.
    """

    classroom: Classroom
    unit: str

    @property
    def folder(self) -> Path:
        """`reports/` beside the gradebook: a class's results never belong in a repository."""
        folder = self.classroom.root / "reports"
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
        return folder

    def basis(self) -> str:
        """A hash over everything that decides a grade besides the submission."""
        with contextlib.chdir(self.classroom.root):
            secret = secret_for(self.classroom.db_url())
        code = [path for package in (grader, course_lib) for path in Path(str(package.__file__)).parent.rglob("*.py")]
        notebooks = [self.classroom.path(s, ".", self.unit) / f"{self.unit}.ipynb" for s in ("source", "release")]
        digest = hashlib.sha256(secret + str(self.classroom.due(self.unit)).encode())
        for path in [*sorted(code), *notebooks, self.classroom.root / CONFIG_FILE]:
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()

    def marks(self) -> dict[str, str]:
        """What was noted, student by student; nothing when the file is not there or damaged."""
        try:
            found = json.loads((self.folder / f"{self.unit}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, student: str, mark: str | None) -> None:
        """Note that the student's grade came from `mark`, or with None that nothing is known of it any more."""
        marks = self.marks()
        marks.pop(student, None)
        if mark is not None:
            marks[student] = mark
        path = self.folder / f"{self.unit}.json"
        fresh = path.with_suffix(".json.tmp")
        fresh.write_text(json.dumps(marks, indent=1, ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)

    def keep_log(self, student: str, log: str) -> Path:
        """Keep what nbgrader said about a submission that it could not grade."""
        path = self.folder / f"{self.unit}.{student}.log"
        path.write_text(log, encoding="utf-8")
        return path


def grade_class(
    classroom: Classroom,
    unit: str,
    directory: Path,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Grade everyone's submission in `directory` and make the feedback pages; `say` gets a line for each.

    `force` grades again what has not changed. Raises `CourseError` when there is nothing to grade or the unit is not
    in order; a submission that cannot be graded is a `Result` with its `problem`.
    """
    found = find_submissions(directory, unit)
    classroom.require_sandbox()
    classroom.register(unit)
    released = nbformat.read(classroom.path("release", ".", unit) / f"{unit}.ipynb", as_version=4)
    ledger = Ledger(classroom, unit)
    basis, marks = ledger.basis(), {} if force else ledger.marks()
    results = []
    for number, submission in enumerate(found, 1):
        mark = hashlib.sha256(f"{basis}{submission.fingerprint()}".encode()).hexdigest()
        same = marks.get(submission.student) == mark and is_complete(classroom, unit, submission.student)
        result = _grade_one(ledger, submission, released, None if same else mark)
        results.append(result)
        say(f"{number} of {len(found)}  {submission.student}  {_outcome(result)}{' (as before)' if same else ''}")
    return results


def _grade_one(ledger: Ledger, submission: Submission, released: NotebookNode, mark: str | None) -> Result:
    """Grade a submission and note `mark`, or with None only read its grade; either way make its feedback."""
    classroom, unit, student = ledger.classroom, submission.unit, submission.student
    if submission.notebook is None:
        return Result(student, handed_in=False)
    if set(student) & PATTERN or student != student.strip():
        return Result(student, problem="could not be graded: nbgrader does not take such a name, rename the folder")
    try:
        notebook, note = read(submission.notebook, released)
    except UnreadableError as error:
        earlier = "; the gradebook keeps an earlier submission's grade" if has_grade(classroom, unit, student) else ""
        return Result(student, problem=f"could not be read: {error}{earlier}")
    try:
        if mark is not None:
            ledger.note(student, None)
            with tempfile.TemporaryDirectory() as clean:
                lay_out(submission, notebook, Path(clean))
                classroom.autograde(unit, student, Path(clean))
            ledger.note(student, mark)
        classroom.feedback(unit, student)
    except GradingError as error:
        log = ledger.keep_log(student, error.log)
        return Result(student, problem=f"could not be graded: {error} (nbgrader's log: {log})")
    result = read_result(classroom, unit, student)
    return replace(result, notes=tuple(n for n in (*result.notes, note, submission.moment()[1]) if n))


def _outcome(result: Result) -> str:
    if result.points is None:
        return result.problem or "nothing handed in"
    bonus = f", {result.bonus} of bonus among them" if result.bonus else ""
    return f"{result.points:g} of {result.most:g} points{bonus}"


def report(classroom: Classroom, unit: str, results: list[Result]) -> str:
    """Everything that is said at the end; also writes the table as CSV."""
    table = Ledger(classroom, unit).folder / f"{unit}.csv"
    write_csv(results, table)
    parts = [class_table(results), misconception_list(results)]
    notes = [f"  {result.student}: {note}" for result in results for note in result.notes]
    if notes:
        parts.append("\n".join(["Notes:", *notes]))
    pages = [result.feedback for result in results if result.feedback]
    if len(pages) > 12:
        pattern = classroom.path("feedback", "STUDENT", unit) / f"{unit}.html"
        parts.append(f"Feedback pages: {len(pages)}, each at {_short(pattern)}")
    else:
        parts.append("\n".join(["Feedback pages:", *(f"  {_short(page)}" for page in pages)]))
    if classroom.due(unit) is None and any(result.points is not None for result in results):
        parts.append(
            "Nobody can be late: the unit has no due date. To set one: nbgrader db assignment add "
            f'{unit} --duedate="2030-01-31 23:59 UTC"'
        )
    parts.append(f"The table as CSV: {_short(table)}")
    return "\n\n".join(parts)


def _short(path: Path) -> str:
    """The path as it is typed from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main(unit: str, submissions: Path | None = None, force: bool = False, unsandboxed: bool = False) -> int:
    """`./course grade UNIT [--submissions DIR] [--force] [--unsandboxed]`.

    Returns 0 when all were graded, 1 when some could not be, 130 when it was stopped by Ctrl-C.
    """
    unit = find_unit(unit)
    classroom = Classroom(course_root(), unsandboxed)
    for script in scripts(unit):
        write_source(script)
        if not (classroom.path("release", ".", unit) / f"{unit}.ipynb").is_file():
            release(script, course_root() / "notebooks")
    directory = submissions.resolve() if submissions else course_root() / "submitted"
    try:
        results = grade_class(classroom, unit, directory, force, say=lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print("\nStopped. What was graded stays graded; the same command goes on with the rest.", file=sys.stderr)
        return INTERRUPTED
    print(f"\n{report(classroom, unit, results)}")
    return 1 if any(result.problem for result in results) else 0

"""What was graded by what: the memory of `./course grade` between two runs, in a folder that keeps out of git."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import course_lib
import grader
from course_lib.private_files import make_private, write_private
from grader.grading.alone import alone
from grader.grading.classroom import Classroom
from grader.judging.private import secret_for
from grader.privacy import CONFIG_FILE, shared_by_group

KINDS = ("grade", "page", "spent", "attempts", "released")


@dataclass
class RunJournal:
    """`reports/UNIT.jsonl`: a line for each thing that was finished, only ever appended to while grading runs.

    A grade is taken as it stands only if nothing that it came from has changed: the submission, the unit, the due
    date, the course's secret, the grader itself. A line that a killed run left half-written counts as none.
    """

    classroom: Classroom
    unit: str
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    """By student: `grade`, what the grade came from; `page`, what the feedback page came from; `spent`, as JSON, how
    long the notebook ran when it was last executed, and the cells that took longest; `attempts`, as JSON, what was
    graded on arrival (`grader.grading.attempts`); `released`, the page that its learner was last given."""
    left_open: list[Path] = field(default_factory=list, init=False)
    """What others can read, as this user may not change it."""

    def __post_init__(self) -> None:
        """Read what was noted; nobody else is to read any of it."""
        self.left_open = self.classroom.close()
        self._read()

    def _read(self) -> None:
        self.marks.clear()
        with contextlib.suppress(OSError):
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                with contextlib.suppress(ValueError, TypeError, AttributeError):
                    self._take(json.loads(line))

    def _write_short(self) -> None:
        """Write it again with one line a student; only whoever grades may do that."""
        fresh = self._path.with_suffix(".jsonl.tmp")
        lines = [json.dumps({"student": student, **mark}) + "\n" for student, mark in self.marks.items()]
        write_private(fresh, "".join(lines), self.shared)
        fresh.replace(self._path)

    @property
    def shared(self) -> bool:
        """Whether a group of teachers shares the class, and may read and write what is written here."""
        return shared_by_group(self.classroom.root)

    @property
    def folder(self) -> Path:
        """`reports/` beside the gradebook: a class's results never belong in a repository."""
        folder = self.classroom.root / "reports"
        if not (folder / ".gitignore").is_file():
            make_private(folder, self.shared)
            (folder / ".gitignore").write_text("*\n", encoding="ascii")
        return folder

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.unit}.jsonl"

    def secret(self) -> bytes:
        """The course's secret, which the private cases come from."""
        with contextlib.chdir(self.classroom.root):
            return secret_for(self.classroom.db_url())

    def basis(self) -> str:
        """A hash over everything that decides a grade besides the submission."""
        code = [path for package in (grader, course_lib) for path in Path(str(package.__file__)).parent.rglob("*.py")]
        notebooks = [self.classroom.path(s, ".", self.unit) / f"{self.unit}.ipynb" for s in ("source", "release")]
        digest = hashlib.sha256(self.secret() + str(self.classroom.due(self.unit)).encode())
        digest.update(self.classroom.tells.encode())
        for path in [*sorted(code), *notebooks, self.classroom.root / CONFIG_FILE]:
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()

    def noted(self, student: str, what: str) -> str:
        """What the student's `grade` or `page` came from; empty when nothing is known."""
        return self.marks.get(student, {}).get(what, "")

    def note(self, student: str, **what: str) -> None:
        """Note what the student's `grade` or `page` came from; empty for "not any more"."""
        line = {"student": student, **what}
        self._take(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _take(self, line: dict[str, str]) -> None:
        marks = self.marks.setdefault(str(line["student"]), {})
        marks.update({key: str(line[key]) for key in KINDS if key in line})

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for the time of a run; what a killed run left in it is gone before the next.

        Raises `CourseError` while another run has it: two writers would undo each other's notes.
        """
        with alone(self.folder / f"{self.unit}.lock", "{process} grades {unit} already.", self.shared, unit=self.unit):
            self._read()
            self._write_short()
            folder = self.folder / f"{self.unit}.tmp"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                yield Path(tempfile.mkdtemp(dir=folder))  # another name each time: workers know it by that
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def note_time(self, student: str, seconds: float, spent: tuple[tuple[str, float], ...]) -> None:
        """Note how long the student's notebook ran, and the cells (in words) that took longest."""
        self.note(student, spent=json.dumps([seconds, spent]))

    def noted_time(self, student: str) -> tuple[float, tuple[tuple[str, float], ...]]:
        """What `note_time` noted; zero seconds when nothing is known."""
        try:
            seconds, spent = json.loads(self.noted(student, "spent"))
            return float(seconds), tuple((str(words), float(took)) for words, took in spent)
        except (ValueError, TypeError):
            return 0.0, ()

    def keep_log(self, student: str, log: str) -> Path:
        """Keep what nbgrader said about a submission that it could not grade."""
        path = self.folder / f"{self.unit}.{student}.log"
        write_private(path, log, self.shared)
        return path

    def keep(self, student: str, kept: str) -> None:
        """Keep what the student's notebook answered, for `--reverify`; for the instructor's eyes only."""
        path = self._kept(student)
        make_private(path.parent, self.shared)
        fresh = path.with_suffix(".tmp")
        write_private(fresh, kept, self.shared)
        fresh.replace(path)

    def kept(self, student: str) -> str:
        """What was kept, or an empty text."""
        try:
            return self._kept(student).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _kept(self, student: str) -> Path:
        return self.folder / f"{self.unit}.executed" / f"{student}.json"

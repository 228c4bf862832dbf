"""A class whose submissions attack, with honest ones between them: handed in, and graded in one run.

It is graded by stock `nbgrader autograde`; those that aim at what is read or written outside of the sandbox are
graded once more, and made into pages, by `./course grade`.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import Autograde

from course_lib.workspace import course_root
from grader.audit.attacks.attack import Aftermath, Attack
from grader.audit.attacks.draft import Draft, Graded, Servers, draft_of, honest
from grader.grading.classroom import CONFIG_FILE, Classroom, GradingError, run_converter
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.judging.private import FILE
from grader.submissions.samples import hand_in

SECRET = "5ec2e7" * 11
CANARY = "CANARY7041"
"""What nobody in the sandbox can read: it stands in files and in the environment."""
MARK = "MARK9316"
FIRST, ATTACK, NEXT, LAST = "00-honest", "attack", "honest", "zz-honest"
EVERY = 8
"""After so many attacks an honest submission follows; one that aims at its neighbours has one to itself."""
MEMORY_DISK = Path("/dev/shm")
"""A gradebook is written hundreds of times: here it waits for no disk."""
MEMORY = 600 * 2**20
"""By so many bytes no submission may make the grader's own process larger."""
LIMITS = "c.ComputeAnswers.timeout, c.ComputeAnswers.submission_timeout, c.ComputeAnswers.memory = 2, 6, 1024"
"""What hangs is ended soon."""
TABLES = ("grade", "comment", "submitted_assignment", "submitted_notebook", "student", "assignment", "base_cell")


@dataclass(frozen=True)
class Snapshot:
    """A class at one moment: its files with size and time of change, the rows of its gradebook by table and id."""

    files: dict[str, tuple[int, int]]
    rows: dict[tuple[str, Any], tuple[Any, ...]]


class AttackClass:
    """One class, with all that an attack could reach for. Use as a context manager."""

    def __init__(self, unit: str, attacks: Sequence[Attack]) -> None:
        self.unit, self.attacks = unit, list(attacks)
        self.changed: dict[str, list[str]] = {}
        """What else changed while a student was graded."""
        self.by_nbgrader: dict[str, Graded] = {}
        self.by_course: dict[str, Graded] = {}
        self.refusals = ""
        """What was said about those that were not graded."""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> AttackClass:
        folder = MEMORY_DISK if os.access(MEMORY_DISK, os.W_OK) else None
        self.home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="audit-", dir=folder)))
        self.room = Classroom(self.home / "class")
        self.room.root.mkdir()
        config = (course_root() / CONFIG_FILE).read_text(encoding="utf-8")
        (self.room.root / CONFIG_FILE).write_text(f"{config}\n{LIMITS}\n", encoding="utf-8")
        self.room.take_over(self.unit)
        (self.room.root / FILE).write_text(SECRET + "\n", encoding="ascii")
        (self.home / "canary.txt").write_text(CANARY, encoding="ascii")
        os.environ["COURSE_AUDIT_CANARY"] = CANARY
        self._stack.callback(os.environ.pop, "COURSE_AUDIT_CANARY", None)
        self.servers = self._stack.enter_context(_listening())
        self.room.register(self.unit)
        paths = [self.room.path(step, ".", self.unit) / f"{self.unit}.ipynb" for step in ("release", "source")]
        self.released, self.source = (nbformat.read(path, as_version=4) for path in paths)
        right = nbformat.writes(honest(self.released, self.source))
        self._hand_in(right, FIRST)
        self._hand_in(right, LAST)
        self.drafts = []
        for number, attack in enumerate(self.attacks, 1):
            self.drafts.append(self._draft(number, attack))
            if self.follower(number) == number:
                self._hand_in(right, f"{number:02d}-{NEXT}")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def places(self) -> list[Path]:
        """Folders outside of the sandbox that an attack would write to or read from."""
        return [self.room.root, self.home, course_root(), Path.home(), Path(tempfile.gettempdir())]

    def follower(self, number: int) -> int:
        """The number of the honest submission that is graded next after the attack `number`."""
        return next(
            n
            for n, attack in enumerate(self.attacks[number - 1 :], number)
            if attack.neighbours or n % EVERY == 0 or n == len(self.attacks)
        )

    def _draft(self, number: int, attack: Attack) -> Draft:
        words = {
            "PLACES": repr([str(place) for place in self.places]),
            "MARK": f"{MARK}-{number:02d}",
            "UNIT": self.unit,
            "PORT": str(self.servers.tcp.getsockname()[1]),
        }
        draft = draft_of(self.released, self.source, self.unit, words)
        attack.write(draft)
        path = self._hand_in(nbformat.writes(draft.notebook), f"{number:02d}-{ATTACK}")
        for name, target in draft.links.items():
            (path.parent / name).unlink(missing_ok=True)
            (path.parent / name).symlink_to(self.room.root / target)
        return draft

    def aftermath(self, number: int, graded: Graded) -> Aftermath:
        """What a judge of harm looks at after the attack `number`."""
        return Aftermath(self.drafts[number - 1], graded, self.unit, self.source, self.room, self.servers)

    def _hand_in(self, text: str, student: str) -> Path:
        return hand_in(text, self.room.root / "submitted", student, self.unit)

    def grade(self) -> None:
        """Grade the class, once by nbgrader's own command, once by the course's."""
        self._by_nbgrader()
        self.by_nbgrader = self._graded()
        for step in ("autograded", "feedback"):
            shutil.rmtree(self.room.path(step, ".", self.unit).parent, ignore_errors=True)
        self._by_course()
        self.by_course = self._graded()

    def _by_nbgrader(self) -> None:
        before, most = self.snapshot(), _most_memory()

        def note_changes(assignment: str, student: str, notebooks: list[str]) -> None:
            nonlocal before, most
            now = self.snapshot()
            student = Path(notebooks[0]).parts[-3]  # nbgrader calls it by the pattern that it was given
            self.changed[student] = differing(before, now, f"autograded/{student}/")
            before = now
            peak, most = most, _most_memory()
            if most - peak > MEMORY:
                self.changed[student].append(f"the grader's size by {(most - peak) // 2**20} MiB")

        config = self.room.config()
        config.CourseDirectory.assignment_id = self.unit
        config.Autograde.post_convert_hook = note_changes
        try:
            self.refusals = run_converter(Autograde, config, force=True)
        except GradingError as error:  # at the end, when some could not be graded
            self.refusals = error.log

    def _by_course(self) -> None:
        chosen = self.home / "again"
        again = [f"{n:02d}-{ATTACK}" for n, attack in enumerate(self.attacks, 1) if attack.read or attack.refused]
        for student in (FIRST, *again, LAST):
            shutil.copytree(self.room.root / "submitted" / student, chosen / student, symlinks=True)
        options = GradeOptions(force=True)
        results = grade_class(self.room, self.unit, chosen, options, workers=1, say=lambda line: None)
        self.refusals += "".join(f"\n{result.student} {result.problem}" for result in results if result.problem)

    def _graded(self) -> dict[str, Graded]:
        found = {}
        folder = self.room.path("autograded", ".", self.unit).parent
        for student in sorted(path.name for path in folder.iterdir()):
            notebook = self.room.path("autograded", student, self.unit) / f"{self.unit}.ipynb"
            page = self.room.path("feedback", student, self.unit) / f"{self.unit}.html"
            if notebook.is_file():
                text = page.read_text(encoding="utf-8") if page.is_file() else ""
                files = [path for known in (notebook, page) for path in known.parent.rglob("*") if path.is_file()]
                beside = tuple(path.name for path in files if path not in (notebook, page))
                found[student] = Graded(nbformat.read(notebook, as_version=4), self._scores(student), text, beside)
        return found

    def _scores(self, student: str) -> dict[str, float]:
        """The points for each graded cell, extra credit with them."""
        with self.room.gradebook() as gradebook:
            grades = gradebook.find_submission_notebook(self.unit, self.unit, student).grades
            return {grade.name: grade.score + (grade.extra_credit or 0.0) for grade in grades}

    def snapshot(self) -> Snapshot:
        """The class as it is now."""
        files = {}
        for path in self.room.root.rglob("*"):
            if path.is_file() and not path.name.startswith("gradebook.db"):
                state = path.lstat()
                files[str(path.relative_to(self.room.root))] = (state.st_size, state.st_mtime_ns)
        with contextlib.closing(sqlite3.connect(self.room.root / "gradebook.db")) as database:
            rows = {(table, row[0]): row for table in TABLES for row in database.execute(f"SELECT * FROM {table}")}
        return Snapshot(files, rows)


def _most_memory() -> int:
    """The most bytes that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def differing(before: Snapshot, now: Snapshot, own: str) -> list[str]:
    """What grading one student has changed besides the files below `own` and new rows of the gradebook."""
    names = {name for name in before.files.keys() | now.files.keys() if not name.startswith(own)}
    found = [name for name in sorted(names) if before.files.get(name) != now.files.get(name)]
    altered = {table for (table, key), row in before.rows.items() if now.rows.get((table, key)) != row}
    return found + [f"others' rows in the gradebook's {table}" for table in sorted(altered)]


@contextlib.contextmanager
def _listening() -> Iterator[Servers]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abstract,
    ):
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        abstract.bind(f"\0course-audit-{port}")
        for server in (tcp, abstract):
            server.listen()
        for server in (tcp, udp, abstract):
            server.setblocking(False)
        yield Servers(tcp, udp, abstract)

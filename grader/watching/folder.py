"""A folder that submissions arrive in: one a learner, or a learning platform's files as they come."""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from course_lib.errors import CourseError
from grader.grading.classroom import Classroom
from grader.grading.grade_class import released, who_is_who
from grader.submissions.files import in_folder
from grader.submissions.gather import gather
from grader.submissions.hand_ins import HandIn
from grader.submissions.moments import UnknownTimeError, instant
from grader.submissions.submission import Submission
from grader.watching.arrivals import PATIENCE, Arrival

SETTLED = 1.0
"""Seconds without a change after which a file counts as written."""
Stamp = tuple[int, int, int]
"""A file's size, when it was changed, and which it is."""


class Folder:
    """What arrives in a folder, in any of the forms that `./course grade --submissions` reads. It is only read."""

    def __init__(self, classroom: Classroom, unit: str, scratch: Path, source: Path) -> None:
        """source: the folder; it may not be there yet. Raises `CourseError` where it is a file."""
        if source.exists() and not source.is_dir():
            raise CourseError(f"{source} is a file. What can be watched is a folder; unpack it into one.")
        self.name = str(source)
        self._classroom, self._unit, self._scratch, self._source = classroom, unit, scratch, source
        self._released = released(classroom, unit)
        self._stamps: dict[str, Stamp] = {}
        self._changed: dict[str, float] = {}
        """When a file was last seen to change, by its name."""
        self._taken: dict[str, tuple[tuple[str, Stamp], ...]] = {}
        """What was given of each owner."""
        self._open: dict[str, float] = {}
        """What is not given yet, with when it was first seen."""
        self._unpacked: Counter[Path] = Counter()
        self._places: dict[str, Path] = {}
        self._told: set[tuple[str, str]] = set()

    def look(self) -> list[Arrival]:
        """The newest of each learner, as soon as nothing of it has changed for a second and each file has its end."""
        if not self._take_stamps():
            return []
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        wanted: list[HandIn] = []

        def is_wanted(one: HandIn) -> bool:
            if self._is_ready(one):
                wanted.append(one)
                return True
            return False

        try:
            known, names = who_is_who(self._classroom)
            found = gather(self._source, self._unit, scratch, self._released, known, names, wanted=is_wanted)
        except CourseError:  # nothing of a learner's is there
            found = None
        arrivals = [self._arrival(s, scratch) for s in found.submissions] if found else []
        for name, why in (found.unknown if found else {}).items():
            if (name, why) not in self._told and self._is_still(name):
                self._told.add((name, why))
                arrivals.append(Arrival(name, name, problem=why))
        if not self._unpacked[scratch]:
            shutil.rmtree(scratch, ignore_errors=True)
        return arrivals

    def _take_stamps(self) -> bool:
        """Look at every file; whether there is anything that was not given yet."""
        now, before = time.monotonic(), self._stamps
        self._stamps = {}
        for file in in_folder(self._source) if self._source.is_dir() else ():
            if file.path is not None and not file.folder:
                try:
                    found = file.path.lstat()
                except OSError:
                    continue
                self._stamps[file.name] = found.st_size, found.st_mtime_ns, found.st_ino
                if before.get(file.name) != self._stamps[file.name]:
                    self._changed[file.name] = self._open[file.name] = now
        for name in before.keys() - self._stamps.keys():
            self._changed.pop(name, None)
            self._open.pop(name, None)
        for name in [name for name, when in self._open.items() if now - when > 2 * PATIENCE]:
            del self._open[name]  # nobody's, or told
        return bool(self._open)

    def _is_still(self, name: str) -> bool:
        return time.monotonic() - self._changed.get(name, 0.0) >= SETTLED

    def _is_ready(self, one: HandIn) -> bool:
        names = [piece.file.name for piece in one.pieces]
        stamps = tuple(sorted((name, self._stamps[name]) for name in names if name in self._stamps))
        if not all(map(self._is_still, names)) or len(stamps) < len(names):
            return False
        key = repr(one.owner.key)
        if stamps and self._taken.get(key) != stamps:
            whole = all(piece.file.path is None or _has_its_end(piece.file.path) for piece in one.pieces)
            latest = max(self._changed[name] for name, _ in stamps)
            if not whole and time.monotonic() - latest < PATIENCE:
                return False
            self._taken[key] = stamps
            return True
        for name in names:
            self._open.pop(name, None)
        return False

    def _arrival(self, submission: Submission, scratch: Path) -> Arrival:
        key = submission.fingerprint()
        self._unpacked[scratch] += 1
        self._places[f"{submission.student} {key}"] = scratch
        when = datetime.min.replace(tzinfo=UTC)
        try:
            when = instant(submission.moment.text)
        except UnknownTimeError:
            if submission.notebook is not None:
                when = datetime.fromtimestamp(submission.notebook.stat().st_mtime, UTC)
        return Arrival(submission.student, key, when, time.monotonic() - SETTLED, lambda: submission)

    def release(self, student: str) -> str:
        """Nothing to do: the page lies in the class's folder for feedback."""
        return ""

    def say_kept(self, arrival: Arrival, sentence: str) -> None:
        """Nothing to do: there is no way to the learner."""

    def done(self, arrival: Arrival) -> None:
        """What was unpacked for it, and for no other that still waits, goes."""
        scratch = self._places.pop(f"{arrival.student} {arrival.key}", None)
        if scratch is not None:
            self._unpacked[scratch] -= 1
            if not self._unpacked[scratch]:
                del self._unpacked[scratch]
                shutil.rmtree(scratch, ignore_errors=True)


def _has_its_end(path: Path) -> bool:
    """Whether a notebook or a zip file ends as one does; of other files nobody can tell."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".zip":
            return zipfile.is_zipfile(path)
        if suffix != ".ipynb":
            return True
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 64))
            return file.read().replace(b"\0", b"").rstrip().endswith(b"}")
    except OSError:
        return True

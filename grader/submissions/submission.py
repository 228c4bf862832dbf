"""One learner's submission, ready to be graded: its notebook, the files that go along, and what is to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.submissions.moments import NO_MOMENT, Moment

SECRET = "submission_secret.txt"
"""What `nbgrader submit` lays beside a submission: whoever knows it fetches that submission's feedback."""


@dataclass(frozen=True)
class Submission:
    """One learner's. Without a `notebook` there is a `problem`, or nothing was handed in for the unit."""

    student: str
    unit: str
    notebook: Path | None = None
    problem: str = ""
    """Why it cannot be graded, as the class table says it."""
    beside: Mapping[str, Path] = field(default_factory=dict)
    """The other files that go along (a picture, data, weights), by their name below the notebook's folder."""
    moment: Moment = NO_MOMENT
    origin: str = ""
    """The file that it came as, where that is not the usual one."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it came."""
    lms_id: str = ""
    """What its learning platform calls the learner in every assignment; the gradebook remembers it."""
    by: str = ""
    """Who handed it in, where that is another one of the learner's group."""

    def fingerprint(self) -> str:
        """What tells two submissions apart: a hash over everything that was handed in, and when."""
        return self._hash(hashlib.sha256(self.moment.text.encode()), self.beside)

    def content(self) -> str:
        """What tells two hand-ins apart whenever they came, and whoever's: a hash over all that is theirs."""
        return self._hash(hashlib.sha256(), {name: path for name, path in self.beside.items() if name != SECRET})

    def _hash(self, digest: hashlib._Hash, beside: Mapping[str, Path]) -> str:
        files = {"": self.notebook, **beside}
        for name in sorted(files):
            path = files[name]
            if path is not None and path.is_file() and not path.is_symlink():
                digest.update(f"{name}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

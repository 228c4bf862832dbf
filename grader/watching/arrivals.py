"""A submission on its way in, and what each place where submissions arrive can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from grader.submissions.submission import Submission

PATIENCE = 60.0
"""Seconds without a change after which what is not whole is told, and no longer waited for."""


@dataclass(frozen=True)
class Arrival:
    """One delivery. With a `problem` there is nothing to take, and `student` may be a file's name."""

    student: str
    key: str
    """Which delivery it is, the same after a restart."""
    when: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    """When it was handed in, as far as that is known; in UTC."""
    seen: float = 0.0
    """When it was first seen here, by `time.monotonic`."""
    take: Callable[[], Submission] | None = None
    """Fetches it; what is wrong with it is the submission's own `problem`."""
    problem: str = ""
    place: Path = Path()
    """Where it lies."""
    giver: str = ""
    """Who handed it in, where that is another one of the learner's group."""


class NotReleasedError(Exception):
    """A page that could not be handed back; the text completes "its feedback could not be released: ..."."""


class Source(Protocol):
    """A place where submissions arrive; nothing in it is changed or deleted."""

    name: str
    """The place, as a person would call it."""

    def look(self) -> list[Arrival]:
        """What is whole and has not been told before: of each learner the newest."""

    def release(self, student: str) -> str:
        """Hand back the learner's newest page; why it reaches nobody, where that is so. Raises `NotReleasedError`."""

    def say_kept(self, arrival: Arrival, sentence: str) -> None:
        """Tell the learner, where there is a way, that it is kept and not graded yet."""

    def done(self, arrival: Arrival) -> None:
        """It is graded, or overtaken: what was unpacked for it can go."""

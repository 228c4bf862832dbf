"""How often a learner's work was graded on arrival: kept in the run's journal, counted by day, told on the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from grader.grading.journal import RunJournal


@dataclass(frozen=True)
class Attempt:
    """A submission that was graded on arrival."""

    arrival: str
    """Which delivery it was; the same delivery is never counted twice."""
    submission: str
    """The submission's fingerprint."""
    day: str
    """When it was taken up, by this machine's calendar: 2026-01-30."""
    most: int = 0
    """How many a day were allowed then; 0 where nobody counted."""


def attempts_of(journal: RunJournal, student: str) -> tuple[Attempt, ...]:
    """The student's attempts, the first one first; none where nothing (readable) was noted."""
    try:
        return tuple(Attempt(**told) for told in json.loads(journal.noted(student, "attempts") or "[]"))
    except (ValueError, TypeError):
        return ()


def note_attempts(journal: RunJournal, student: str, attempts: Sequence[Attempt]) -> None:
    """Note the student's attempts in place of those that were noted."""
    journal.note(student, attempts=json.dumps([asdict(attempt) for attempt in attempts]))


def used(attempts: Sequence[Attempt], day: date) -> int:
    """How many of the attempts were made on a day."""
    return sum(attempt.day == day.isoformat() for attempt in attempts)


def told(attempts: Sequence[Attempt], submission: str) -> str:
    """What a feedback page says of the attempt with this fingerprint; empty where it is none."""
    number = next((n for n in range(len(attempts), 0, -1) if attempts[n - 1].submission == submission), 0)
    if not number:
        return ""
    this = attempts[number - 1]
    today = used(attempts[:number], date.fromisoformat(this.day))
    day = f"{date.fromisoformat(this.day):%d %B %Y}".lstrip("0")
    return f"Attempt {number}, number {today} of {day}" + (f"; {this.most} a day are graded." if this.most else ".")

"""How often a day a learner's work is graded on arrival, and what becomes of what comes beyond that.

It is kept where it arrived, and graded when the learner has an attempt again, on the next day by this machine's
calendar, or when the unit is due, if it came in time: what counts at the end is graded at the end. A newer one takes
its place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from grader.grading.attempts import Attempt, attempts_of, note_attempts, used
from grader.grading.gradebook import GradebookWriter
from grader.grading.journal import RunJournal
from grader.watching.arrivals import Arrival


def now() -> datetime:
    """This machine's time, with its zone."""
    return datetime.now().astimezone()


class Limits:
    """The attempts of a unit's learners; what was counted stands in the journal."""

    def __init__(
        self, journal: RunJournal, writer: GradebookWriter, most: int, clock: Callable[[], datetime] = now
    ) -> None:
        """most: attempts a learner and day; 0 for any number."""
        self._journal, self._writer, self.most, self.clock = journal, writer, most, clock

    def allows(self, arrival: Arrival) -> bool:
        """Whether it may be graded now; one that was begun before the watcher stopped may."""
        attempts = attempts_of(self._journal, arrival.student)
        if not self.most or any(attempt.arrival == arrival.key for attempt in attempts):
            return True
        if used(attempts, self.clock().date()) < self.most:
            return True
        due = self._writer.due(arrival.student)
        return due is not None and arrival.when <= due <= self.clock()

    def count(self, arrival: Arrival, submission: str) -> bool:
        """Note that it is graded on arrival, by its fingerprint; False where it was noted before."""
        attempts = attempts_of(self._journal, arrival.student)
        if any(attempt.arrival == arrival.key for attempt in attempts):
            return False
        new = Attempt(arrival.key, submission, self.clock().date().isoformat(), self.most)
        note_attempts(self._journal, arrival.student, [*attempts, new])
        return True

    def give_back(self, arrival: Arrival) -> None:
        """It could not be graded, so it was no attempt."""
        attempts = attempts_of(self._journal, arrival.student)
        others = [attempt for attempt in attempts if attempt.arrival != arrival.key]
        if len(others) < len(attempts):
            note_attempts(self._journal, arrival.student, others)

    def in_words(self, arrival: Arrival) -> str:
        """The attempt, for a line of the log."""
        attempts = attempts_of(self._journal, arrival.student)
        if not attempts:
            return "no attempt"
        today = used(attempts, self.clock().date())
        return f"attempt {len(attempts)} ({today}{f' of {self.most}' if self.most else ''} today)"

    def kept(self, arrival: Arrival) -> str:
        """What is said of one that has to wait."""
        due = self._writer.due(arrival.student)
        soon = due is not None and arrival.when <= due
        return (
            f"This submission is kept, and not graded yet: {self.most} a day are, and those of "
            f"{self.clock():%Y-%m-%d} are used. It is graded when a new day begins"
            + (" or the unit is due, whichever comes first" if soon else "")
            + ". If another is handed in before that, that one is graded in its place."
        )

"""What one of a group handed in on arrival counts for all of it, by the rule that holds for a whole class, too.

What arrived is shared anew whenever something comes of somebody whom it concerns: the group, or who is linked by the
line in a notebook. It is kept here only as long as the watcher runs, and found again where it lies after a restart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields

from grader.submissions.gather import Arrivals
from grader.submissions.groups import named_in, share
from grader.submissions.submission import Submission


@dataclass(frozen=True)
class Taken(Submission):
    """A submission whose files may be gone by now."""

    held: str = ""

    def content(self) -> str:
        """As it was when it was taken."""
        return self.held


class Partners:
    """Who hands in for whom in a unit that is watched."""

    def __init__(
        self, groups: Mapping[str, Sequence[str]], known: Collection[str], has_files: Callable[[str], bool]
    ) -> None:
        """groups, known: as for `share`; has_files: whether the class has a hand-in of this student already."""
        self._groups, self._known, self._has_files = groups, {*known}, has_files
        self._group = {member: members for members in groups.values() for member in members}
        self._own: dict[str, Submission] = {}
        self._links: dict[str, set[str]] = defaultdict(set)
        """Whom the line in a student's notebook names, and who names the student."""

    def take(self, submission: Submission, elsewhere: Collection[str]) -> tuple[Submission, list[Submission]]:
        """A submission that arrived, with what is to be told of it, and one for each who has none and gets it, too.

        elsewhere: whose own hand-ins have arrived and wait.
        """
        student = submission.student
        told = {field.name: getattr(submission, field.name) for field in fields(Submission)}
        self._own[student] = Taken(**told, held=submission.content())
        self._link(student)
        related = self._related(student)
        absent = {*elsewhere, *(other for other in related if other not in self._own and self._has_files(other))}
        own = [self._own[other] for other in sorted(related) if other in self._own]
        shared = share(Arrivals(own), self._groups, {*self._known, *self._own}, absent - {student}).submissions
        mine = next(one for one in shared if one.student == student)
        return mine, [one for one in shared if one.student != student and not self._handed_in(one.student)]

    def stays(self, student: str) -> bool:
        """Whether what the student handed in may still have to be given to somebody."""
        return student in self._group or bool(self._links[student])

    def _handed_in(self, student: str) -> bool:
        return student in self._own and self._own[student].notebook is not None

    def _link(self, student: str) -> None:
        submission = self._own[student]
        named: list[str] = []
        if submission.notebook is not None and student not in self._group:
            named, _ = named_in(submission, {*self._known, *self._own})
        for other in named:
            self._links[student].add(other)
            self._links[other].add(student)

    def _related(self, student: str) -> set[str]:
        """The student, the group, and whom lines connect with them, over however many notebooks."""
        found, queue = {student}, [student]
        while queue:
            one = queue.pop()
            new = {*self._links[one], *self._group.get(one, ())} - found
            found |= new
            queue += new
        return found

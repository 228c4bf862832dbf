"""What a class has earned, as the gradebook has it: the late penalty taken off, nothing below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nbgrader.api import MissingEntry

from course_lib.errors import CourseError
from grader.grading.classroom import Classroom
from grader.platforms.matching import Learner
from grader.platforms.roster import class_list, learners_of


@dataclass(frozen=True)
class Score:
    """One learner's for one unit."""

    points: float
    """With bonus, without the penalty; never below zero."""
    penalty: float = 0.0
    waiting: bool = False
    """Whether an answer waits for a person, so that the points may still rise."""


@dataclass
class Scores:
    """A class's for some units."""

    units: list[str]
    most: dict[str, float] = field(default_factory=dict)
    """The points that a unit gives, bonus aside."""
    learners: list[Learner] = field(default_factory=list)
    of: dict[str, dict[str, Score]] = field(default_factory=dict)
    """By the learner's id, then by unit; nothing where nothing was graded."""

    @property
    def graded(self) -> list[Learner]:
        """Who has a score at all."""
        return [learner for learner in self.learners if self.of.get(learner.student)]

    def waiting(self) -> list[str]:
        """Who has answers that wait for a person."""
        return [student for student, those in self.of.items() if any(score.waiting for score in those.values())]


def read_scores(classroom: Classroom, units: Sequence[str]) -> Scores:
    """Everybody's scores for the units. Raises `CourseError` for a unit that nobody's grade is known of."""
    found = Scores(list(units))
    with classroom.gradebook() as gradebook:
        found.learners = learners_of(gradebook, class_list(classroom))
        for unit in units:
            try:
                found.most[unit] = float(gradebook.find_assignment(unit).max_score)
            except MissingEntry:
                raise CourseError(f"{unit} is not in the gradebook yet: run ./course grade {unit} first.") from None
            for submission in gradebook.assignment_submissions(unit):
                penalty = float(submission.late_submission_penalty or 0.0)
                found.of.setdefault(submission.student.id, {})[unit] = Score(
                    max(0.0, float(submission.score) - penalty), penalty, bool(submission.needs_manual_grade)
                )
    if not found.of:
        raise CourseError(
            f"Nobody has a grade for {' or '.join(units)}: run ./course grade {units[0]}, then export again."
        )
    return found

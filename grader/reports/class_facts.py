"""What the class report says, as data: scores in bins, points lost by property, misconceptions met, who ran long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.errors import CourseError
from grader.exercises import exercises_of, find_exercise
from grader.grading.results import Result
from grader.reports.table import misconceptions
from grader.spec import Exercise

SLOWEST = 8


@dataclass(frozen=True)
class Bin:
    """A bar of the histogram: how many learners have a share of the points in this range."""

    label: str
    count: int


@dataclass(frozen=True)
class Property:
    """What the class lost on one property of one exercise."""

    exercise: str
    key: str
    states: str
    points: int
    """The most that one learner can earn with it."""
    lost_by: int
    lost: int


@dataclass(frozen=True)
class Met:
    """A misconception, and who has it."""

    exercise: str
    name: str
    says: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Slow:
    """A submission that ran long, and the cells that it spent its time in."""

    student: str
    seconds: float
    cells: tuple[tuple[str, float], ...]


def histogram(graded: Sequence[Result]) -> list[Bin]:
    """How many earned less than 10 %, 10 to under 20 %, ..., and all points or more, bonus included."""
    counts = [0] * 11
    for result in graded:
        share = (result.points or 0.0) / result.most if result.most else 1.0
        counts[max(0, min(10, int(share * 10 + 1e-9)))] += 1
    labels = [*(f"{10 * i} to {10 * i + 9} %" for i in range(10)), "100 % or more"]
    return [Bin(label, count) for label, count in zip(labels, counts, strict=True)]


def points_lost(graded: Sequence[Result], unit: str) -> list[Property]:
    """What was lost on each property, and by how many, in the exercises' order; bonus exercises are left out."""
    found = []
    for exercise in exercises_of(unit):
        checks = [check for result in graded for check in result.checks if check.exercise == exercise.name]
        for group in () if exercise.bonus or not checks else exercise.groups:
            lost = [group.points - check.by_property.get(group.key, 0) for check in checks]
            losers = sum(points > 0 for points in lost)
            found.append(Property(exercise.name, group.key, group.states, group.points, losers, sum(lost)))
    return found


def met_misconceptions(graded: Sequence[Result]) -> list[Met]:
    """The misconceptions that were met, the most frequent first, with the sentence that their learners read."""
    return [
        Met(exercise, name, _sentence(exercise, name), tuple(students))
        for (exercise, name), students in misconceptions(graded).items()
    ]


def _sentence(exercise: str, name: str) -> str:
    try:
        found: Exercise = find_exercise(exercise)
    except CourseError:  # the spec has changed since
        return ""
    return next((known.says for known in found.misconceptions if known.name == name), "")


def slowest(graded: Sequence[Result]) -> list[Slow]:
    """The submissions that ran longest, at most `SLOWEST`; none where no time was measured."""
    timed = sorted((result for result in graded if result.took), key=lambda result: (-result.took, result.student))
    return [Slow(result.student, result.took, result.spent) for result in timed[:SLOWEST]]


def seconds(duration: float) -> str:
    """A duration as people read it: "0.08 s", "4.2 s", "75 s"."""
    return f"{duration:.2f} s" if duration < 1 else f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"

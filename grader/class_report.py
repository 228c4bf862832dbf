"""The class's report as one HTML file: `reports/UNIT.html`, without a script, with nothing to load, in plain tables.

It holds learners' names and points, so it stays with the instructor, in a folder that git ignores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from course_lib.errors import CourseError
from course_lib.private_files import write_private
from grader import class_plots
from grader.exercises import exercises_of, find_exercise
from grader.report import late, misconceptions, one_line_each
from grader.results import Result
from grader.spec import Exercise

TEMPLATES = Path(__file__).parent / "templates" / "class_report"
SLOWEST = 8
REMEDIES = (
    ("breaks off", "The upload was cut short: ask for the file again."),
    ("is empty", "Ask for the file again; an empty one is often an upload that failed."),
    ("there is no ", "Ask for the notebook, or put it where the sentence says, then run the command again."),
    ("is another notebook", "Ask for this unit's notebook; this may be the one of another unit."),
    ("is nobody's", "Put the file into a folder of its learner's name, submitted/NAME/UNIT/."),
    ("keep one of the two", "Remove the one that is not to count, then run the command again."),
    ("is a link", "Ask for the file itself: links are not followed."),
    ("is encrypted", "Unpack the file yourself, and grade the folder."),
    ("is larger than", "Ask for the notebook alone, with its outputs cleared."),
    ("leads out of the folder", "Look at this archive before you open it: its names are not what a platform makes."),
    ("notebook format", "Ask the learner to save it again with JupyterLab 4."),
    ("does not take such a name", "Rename the learner's folder without [ ] * ? and without spaces at its ends."),
    ("worker process died twice", "Grade it alone with --workers 1; if it is memory, raise c.ComputeAnswers.memory."),
    ("reading and repairing it", "Look at what is in it: a learner's notebook takes a twentieth of a second."),
    ("judging its answers took", "Look at what its functions return: a learner's are judged in a tenth of a second."),
    ("could not be graded", "Read the log that the sentence names; grade the submission again with --force."),
    ("could not be read", "Ask for the file again, saved and closed in JupyterLab before it is handed in."),
    ("cannot be read", "Download the file from the platform again; it may be damaged."),
)
"""What to do about a problem, by a part of its sentence; the first that fits."""


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


def write_report(results: Sequence[Result], unit: str, due: datetime | None, path: Path, shared: bool = False) -> None:
    """Write the page for these results; a class of any size, an empty one included. `shared`: its group may read it."""
    write_private(path, make_report(results, unit, due), shared)


def make_report(results: Sequence[Result], unit: str, due: datetime | None) -> str:
    """The page's text."""
    results = [one_line_each(result) for result in results]
    graded = [result for result in results if result.points is not None]
    bins, lost, met, slow = histogram(graded), points_lost(graded, unit), met_misconceptions(graded), slowest(graded)
    scores = [result.points or 0.0 for result in graded]
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters.update(late=late, number="{:g}".format, seconds=seconds)
    return environment.get_template("page.html.j2").render(
        unit=unit,
        due=due,
        results=results,
        graded=graded,
        failed=[(result, remedy(result.problem)) for result in results if result.problem],
        earlier=sum(not result.this_run for result in results),
        absent=[result for result in results if not result.handed_in],
        late_ones=[result for result in graded if result.seconds_late > 0],
        waiting=sum(result.waiting for result in graded),
        most=max((result.most or 0.0 for result in graded), default=0.0),
        mean=mean(scores) if scores else None,
        median=median(scores) if scores else None,
        lowest=min(scores, default=None),
        highest=max(scores, default=None),
        bins=bins,
        exercises=[(name, [p for p in lost if p.exercise == name]) for name in dict.fromkeys(p.exercise for p in lost)],
        bonus=[exercise.name for exercise in exercises_of(unit) if exercise.bonus],
        met=met,
        slow=slow,
        timed=any(result.took for result in graded),
        plots=class_plots.draw(bins, lost, met, slow, len(graded)),
    )


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


def remedy(problem: str) -> str:
    """What to do about a problem."""
    return next((advice for part, advice in REMEDIES if part in problem), "Look at the file, and ask its learner.")


def seconds(duration: float) -> str:
    """A duration as people read it: "0.08 s", "4.2 s", "75 s"."""
    return f"{duration:.2f} s" if duration < 1 else f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"

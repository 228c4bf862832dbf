"""The class's report as one HTML file: `reports/UNIT.html`, without a script, with nothing to load, in plain tables.

It holds learners' names and points, so it stays with the instructor, in a folder that git ignores.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from statistics import mean, median

from jinja2 import Environment

from course_lib.private_files import write_private
from grader.exercises import exercises_of
from grader.grading.results import Result
from grader.pages.words import environment
from grader.reports import class_plots
from grader.reports.class_facts import histogram, met_misconceptions, points_lost, seconds, slowest
from grader.reports.table import late, one_line_each

TEMPLATES = Path(__file__).parents[1] / "pages" / "templates" / "class_report"
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


def write_report(
    results: Sequence[Result], unit: str, due: datetime | None, path: Path, shared: bool = False, policy: str = ""
) -> None:
    """Write the page for these results; a class of any size, an empty one included. `shared`: its group may read it.

    policy: what being late costs, in a sentence.
    """
    write_private(path, make_report(results, unit, due, policy), shared)


def make_report(results: Sequence[Result], unit: str, due: datetime | None, policy: str = "") -> str:
    """The page's text."""
    results = [one_line_each(result) for result in results]
    graded = [result for result in results if result.points is not None]
    bins, lost, met, slow = histogram(graded), points_lost(graded, unit), met_misconceptions(graded), slowest(graded)
    scores = [result.points or 0.0 for result in graded]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            unit=unit,
            due=due,
            results=results,
            graded=graded,
            failed=[(result, remedy(result.problem)) for result in results if result.problem],
            earlier=sum(not result.this_run for result in results),
            absent=[result for result in results if not result.handed_in],
            late_ones=[result for result in graded if result.seconds_late > 0],
            timed_apart=[result for result in results if result.seconds_late > 0 or result.until],
            policy=policy,
            waiting=sum(result.waiting for result in graded),
            most=max((result.most or 0.0 for result in graded), default=0.0),
            mean=mean(scores) if scores else None,
            median=median(scores) if scores else None,
            lowest=min(scores, default=None),
            highest=max(scores, default=None),
            bins=bins,
            exercises=[
                (name, [p for p in lost if p.exercise == name]) for name in dict.fromkeys(p.exercise for p in lost)
            ],
            bonus=[exercise.name for exercise in exercises_of(unit) if exercise.bonus],
            met=met,
            slow=slow,
            timed=any(result.took for result in graded),
            plots=class_plots.draw(bins, lost, met, slow, len(graded)),
        )
    )


@cache
def _environment() -> Environment:
    made = environment(TEMPLATES)
    made.filters.update(late=late, seconds=seconds)
    return made


def remedy(problem: str) -> str:
    """What to do about a problem."""
    return next((advice for part, advice in REMEDIES if part in problem), "Look at the file, and ask its learner.")

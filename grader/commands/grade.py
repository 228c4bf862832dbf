"""`./course grade UNIT`: a whole class, side by side, into nbgrader's gradebook and folders."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.workspace import course_root, find_unit
from grader.building.build import release, scripts
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.results import Result
from grader.grading.run import GradeOptions
from grader.reports.summary import report
from grader.scripts import write_source
from grader.watching.exchange import with_exchange
from grader.watching.watcher import Orders
from grader.watching.watcher import watch as watch_for_arrivals

INTERRUPTED = 130  # what a shell reports for Ctrl-C


def main(
    unit: str,
    submissions: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    reverify: bool = False,
    feedback: bool = True,
    unsandboxed: bool = False,
    gpu: bool = False,
    only_this_run: bool = False,
    watch: bool = False,
    attempts: int | None = None,
    tell: str | None = None,
) -> int:
    """`./course grade UNIT`, with the options that `./course grade --help` explains.

    Returns 0 when all were graded, 1 when some could not be, or there is no GPU where one was asked for, 130 when it
    was stopped by Ctrl-C. With `watch`, 0 once it was told to stop (SIGTERM).
    """
    if scheduler is not None and workers is not None:
        raise CourseError(
            "--workers counts processes on this machine; a cluster (--scheduler) has its own number of them."
        )
    if attempts is not None and (not watch or attempts < 1):
        raise CourseError("--attempts N goes with --watch, and N is at least 1; without it all that arrives is graded.")
    if watch and (scheduler is not None or force or reverify or only_this_run or not feedback):
        raise CourseError(
            "--watch grades what is new, here, with feedback: --scheduler, --force, --reverify, --no-feedback and "
            "--only-this-run belong to a run without it."
        )
    unit = find_unit(unit)
    classroom = Classroom(course_root(), unsandboxed, gpu, tell or "")
    why = classroom.gpu_problem(unit, elsewhere=scheduler is not None)
    if why:
        print(why, file=sys.stderr)
        return 1
    for script in scripts(unit):
        write_source(script)
        if not (classroom.path("release", ".", unit) / f"{unit}.ipynb").is_file():
            release(script, course_root() / "notebooks")
    if watch:
        return _watch(Orders(classroom, unit, _watched(classroom, submissions), attempts or 0, workers))
    directory = submissions.resolve() if submissions else course_root() / "submitted"
    options = GradeOptions(force, reverify, feedback)
    try:
        results = grade_class(
            classroom, unit, directory, options, workers, scheduler, say=lambda line: print(line, flush=True)
        )
    except KeyboardInterrupt:
        print("\nStopped. What was graded stays graded; the same command goes on with the rest.", file=sys.stderr)
        return INTERRUPTED
    print(f"\n{report(classroom, unit, results, only_this_run)}")
    return 1 if any(result.problem for result in results) else 0


def _watched(classroom: Classroom, submissions: Path | None) -> Path | None:
    """The folder to watch; None for the exchange, which is where submissions arrive once the course has an id."""
    if submissions is not None:
        return submissions.resolve()
    return None if with_exchange(classroom.config()).CourseDirectory.get("course_id") else classroom.root / "submitted"


def _watch(orders: Orders) -> int:
    """Watch until SIGTERM, after which what was begun is finished; Ctrl-C does not wait for that."""
    signal.signal(signal.SIGTERM, lambda *_: orders.stop.set())
    orders = replace(
        orders,
        say=lambda line: print(line, flush=True),
        report=partial(_write_report, orders.classroom, orders.unit),
    )
    try:
        watch_for_arrivals(orders)
    except KeyboardInterrupt:
        print("\nStopped. What was graded stays graded; the same command goes on with the rest.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _write_report(classroom: Classroom, unit: str, results: list[Result]) -> None:
    if results:
        report(classroom, unit, results)

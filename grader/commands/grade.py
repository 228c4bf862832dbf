"""`./course grade UNIT`: a whole class, side by side, into nbgrader's gradebook and folders."""

from __future__ import annotations

import sys
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.workspace import course_root, find_unit
from grader.building.build import release, scripts
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.reports.summary import report
from grader.scripts import write_source

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
) -> int:
    """`./course grade UNIT`, with the options that `./course grade --help` explains.

    Returns 0 when all were graded, 1 when some could not be, or there is no GPU where one was asked for, 130 when it
    was stopped by Ctrl-C.
    """
    if scheduler is not None and workers is not None:
        raise CourseError(
            "--workers counts processes on this machine; a cluster (--scheduler) has its own number of them."
        )
    unit = find_unit(unit)
    classroom = Classroom(course_root(), unsandboxed, gpu)
    why = classroom.gpu_problem(unit, elsewhere=scheduler is not None)
    if why:
        print(why, file=sys.stderr)
        return 1
    for script in scripts(unit):
        write_source(script)
        if not (classroom.path("release", ".", unit) / f"{unit}.ipynb").is_file():
            release(script, course_root() / "notebooks")
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

"""A whole class graded, side by side, into nbgrader's gradebook and folders.

What was graded stays graded: a run that was stopped, at whatever moment, is taken up again by the same command.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.judging.packages import require_packages
from grader.class_list import read_class_list
from grader.grading.classroom import CONFIG_FILE, Classroom
from grader.grading.cluster import cluster_pool
from grader.grading.files import Files
from grader.grading.gradebook import GradebookWriter, open_gradebook
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.grading.run import GradeOptions, GradingRun
from grader.grading.unit import UnitData
from grader.grading.workers import WorkerPool, get_ready
from grader.pages.plain_cells import one_line
from grader.sandbox.gpu import devices
from grader.submissions.gather import gather
from grader.submissions.groups import share
from grader.submissions.identity import by_name


def grade_class(
    classroom: Classroom,
    unit: str,
    source: Path,
    options: GradeOptions | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Grade everyone's submission and make the feedback pages; `say` gets a line for each.

    source: a folder, or the zip file of a learning platform; workers: processes, without it one for each core;
    scheduler: the address of a Dask cluster that runs and judges the notebooks instead.
    Raises `CourseError` when there is nothing to grade, the unit is not in order, or the cluster is not or ends; a
    submission that cannot be graded is a `Result` with its `problem`, and so is a file that is nobody's.
    """
    if scheduler is None:
        classroom.require_sandbox()
        require_packages(unit)
    classroom.require_gradebook()
    if scheduler is None and (workers or os.cpu_count() or 1) > 1:
        get_ready()
    journal, done = RunJournal(classroom, unit), 0
    with journal.scratch() as scratch:
        classroom.register(unit)
        roster, names = who_is_who(classroom)
        arrived = gather(source, unit, scratch, released(classroom, unit), roster, names)
        groups = read_class_list(classroom.db_url(), classroom.root).groups()
        arrived = share(arrived, groups, {*roster, *(one.student for one in arrived.submissions)})
        total = len(arrived.submissions) + len(arrived.unknown)

        def tell(result: Result, as_before: bool) -> None:
            nonlocal done
            done += 1
            before = " (as before)" if as_before else ""
            say(one_line(f"{done} of {total}  {result.student}  {outcome(result)}{before}"))

        strays = [Result(name, problem=reason) for name, reason in arrived.unknown.items()]
        for stray in strays:
            tell(stray, False)
        with (
            grading_run(journal, scratch, options or GradeOptions(), tell) as grading,
            _pool(classroom, unit, workers, scheduler, len(arrived.submissions)) as pool,
        ):
            return grading.run(arrived.submissions, pool) + strays


@contextmanager
def grading_run(
    journal: RunJournal, scratch: Path, options: GradeOptions, tell: Callable[[Result, bool], None]
) -> Iterator[GradingRun]:
    """The unit's grading with its open gradebook, for the block. The unit is registered, and `journal` is this run's.

    scratch: the run's own folder; tell: is called with each result, and whether it stood there before.
    """
    classroom, unit = journal.classroom, journal.unit
    config = classroom.config()
    with open_gradebook(config, unit) as writer, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, about its database
        data = _unit_data(classroom, unit, journal, writer, scratch)
        yield GradingRun(journal, data, writer, Files(config, unit, scratch), options, tell)


def _pool(
    classroom: Classroom, unit: str, workers: int | None, scheduler: str | None, most: int
) -> AbstractContextManager[WorkerPool]:
    folder = classroom.devices(unit)
    if scheduler is not None:
        return cluster_pool(
            scheduler, bool(classroom.config().ComputeAnswers.get("sandbox", True)), gpu=folder is not None
        )
    usual = os.cpu_count() or 1
    if folder is not None:  # one computes on a device while another judges; more would only wait, and hold memory
        usual = min(usual, 2 * len(devices(folder)))
    return WorkerPool(max(1, min(workers or usual, most)))


def released(classroom: Classroom, unit: str) -> NotebookNode:
    """The edition that was handed out."""
    notebook: NotebookNode = nbformat.read(classroom.path("release", ".", unit) / f"{unit}.ipynb", as_version=4)
    return notebook


def who_is_who(classroom: Classroom) -> tuple[dict[str, str], dict[str, str]]:
    """The gradebook's students, each with what a learning platform calls them or an empty text; and by their names."""
    with classroom.gradebook() as gradebook:
        students = list(gradebook.students)
        known = {student.id: str(student.lms_user_id or "") for student in students}
        return known, by_name((student.id, student.first_name or "", student.last_name or "") for student in students)


def _unit_data(
    classroom: Classroom, unit: str, journal: RunJournal, writer: GradebookWriter, scratch: Path
) -> UnitData:
    edition = classroom.path("release", ".", unit) / f"{unit}.ipynb"
    config = classroom.root / CONFIG_FILE
    return UnitData(
        unit=unit,
        released=edition.read_text(encoding="utf-8"),
        cells=writer.cells,
        kernelspec=writer.kernelspec,
        secret=journal.secret(),
        config=config.read_text(encoding="utf-8") if config.is_file() else None,
        unsandboxed=classroom.unsandboxed,
        gpu=classroom.gpu,
        tells=classroom.tells,
        scratch=str(scratch),
    )


def outcome(result: Result) -> str:
    """The points, or what is in their place, in a few words."""
    if result.points is None:
        return result.problem or "nothing handed in"
    bonus = f", {result.bonus} of bonus among them" if result.bonus else ""
    return f"{result.points:g} of {result.most:g} points{bonus}"

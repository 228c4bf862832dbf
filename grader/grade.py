"""`./course grade UNIT`: a whole class, side by side, into nbgrader's gradebook and folders.

What was graded stays graded: a run that was stopped, at whatever moment, is taken up again by the same command.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.packages import require_packages
from course_lib.workspace import course_root, find_unit
from grader.build import release, scripts
from grader.class_report import write_report
from grader.classroom import CONFIG_FILE, Classroom
from grader.engine.book import Book, open_book
from grader.engine.cluster import cluster_crew
from grader.engine.conduct import Conductor, Wish
from grader.engine.crew import Crew
from grader.engine.files import Files
from grader.engine.unit import UnitData
from grader.ledger import Ledger
from grader.plain_cells import one_line
from grader.report import class_table, misconception_list, write_csv
from grader.results import Result, earlier_results
from grader.sandbox.gpu import devices
from grader.scripts import write_source
from grader.submissions.gather import gather

INTERRUPTED = 130  # what a shell reports for Ctrl-C


def grade_class(
    classroom: Classroom,
    unit: str,
    source: Path,
    wish: Wish | None = None,
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
    ledger, config, done = Ledger(classroom, unit), classroom.config(), 0
    with ledger.scratch() as scratch:
        classroom.register(unit)
        arrived = gather(source, unit, scratch, _released(classroom, unit), _roster(classroom))
        total = len(arrived.submissions) + len(arrived.unknown)

        def tell(result: Result, as_before: bool) -> None:
            nonlocal done
            done += 1
            before = " (as before)" if as_before else ""
            say(one_line(f"{done} of {total}  {result.student}  {_outcome(result)}{before}"))

        strays = [Result(name, problem=reason) for name, reason in arrived.unknown.items()]
        for stray in strays:
            tell(stray, False)
        with (
            open_book(config, unit) as book,
            _crew(classroom, unit, workers, scheduler, len(arrived.submissions)) as crew,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # nbgrader's own, about its database
            data = _unit_data(classroom, unit, ledger, book, scratch)
            conductor = Conductor(ledger, data, book, Files(config, unit, scratch), wish or Wish(), tell)
            return conductor.run(arrived.submissions, crew) + strays


def _crew(
    classroom: Classroom, unit: str, workers: int | None, scheduler: str | None, most: int
) -> AbstractContextManager[Crew]:
    folder = classroom.devices(unit)
    if scheduler is not None:
        return cluster_crew(
            scheduler, bool(classroom.config().ComputeAnswers.get("sandbox", True)), gpu=folder is not None
        )
    usual = os.cpu_count() or 1
    if folder is not None:  # one computes on a device while another judges; more would only wait, and hold memory
        usual = min(usual, 2 * len(devices(folder)))
    return Crew(max(1, min(workers or usual, most)))


def _released(classroom: Classroom, unit: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(classroom.path("release", ".", unit) / f"{unit}.ipynb", as_version=4)
    return notebook


def _roster(classroom: Classroom) -> dict[str, str]:
    """The gradebook's students, each with what a learning platform calls them, or an empty text."""
    with classroom.gradebook() as gradebook:
        return {student.id: str(student.lms_user_id or "") for student in gradebook.students}


def _unit_data(classroom: Classroom, unit: str, ledger: Ledger, book: Book, scratch: Path) -> UnitData:
    released = classroom.path("release", ".", unit) / f"{unit}.ipynb"
    config = classroom.root / CONFIG_FILE
    return UnitData(
        unit=unit,
        released=released.read_text(encoding="utf-8"),
        cells=book.cells,
        kernelspec=book.kernelspec,
        secret=ledger.secret(),
        config=config.read_text(encoding="utf-8") if config.is_file() else None,
        unsandboxed=classroom.unsandboxed,
        gpu=classroom.gpu,
        scratch=str(scratch),
    )


def _outcome(result: Result) -> str:
    if result.points is None:
        return result.problem or "nothing handed in"
    bonus = f", {result.bonus} of bonus among them" if result.bonus else ""
    return f"{result.points:g} of {result.most:g} points{bonus}"


def report(classroom: Classroom, unit: str, results: list[Result], only_this_run: bool = False) -> str:
    """Everything that is said at the end; also writes the table as CSV and the class report as a page.

    These two hold everyone whom the gradebook has for the unit; `only_this_run`: those of `results` only.
    """
    ledger = Ledger(classroom, unit)
    table = ledger.folder / f"{unit}.csv"
    earlier = [] if only_this_run else earlier_results(classroom, unit, {result.student for result in results})
    write_csv([*results, *earlier], table, ledger.shared)
    due = classroom.due(unit)
    page = table.with_suffix(".html")
    write_report([*results, *earlier], unit, due, page, ledger.shared)
    parts = [class_table(results), misconception_list(results)]
    notes = [f"  {one_line(result.student)}: {one_line(note)}" for result in results for note in result.notes]
    if notes:
        parts.append("\n".join(["Notes:", *notes]))
    pages = [result.feedback for result in results if result.feedback]
    if len(pages) > 12:
        pattern = classroom.path("feedback", "STUDENT", unit) / f"{unit}.html"
        parts.append(f"Feedback pages: {len(pages)}, each at {_short(pattern)}")
    else:
        parts.append("\n".join(["Feedback pages:", *(f"  {_short(page)}" for page in pages)]))
    if due is None and any(result.points is not None for result in results):
        parts.append(
            "Nobody can be late: the unit has no due date. To set one: nbgrader db assignment add "
            f'{unit} --duedate="2030-01-31 23:59 UTC"'
        )
    also = f" (with {len(earlier)} of earlier runs)" if earlier else ""
    parts.append(f"The table as CSV{also}: {_short(table)}\nThe class in plots and tables: {_short(page)}")
    if ledger.left_open:
        parts.append(
            f"Other users of this machine can read {', '.join(map(_short, ledger.left_open))}: it is not yours."
        )
    return "\n\n".join(parts)


def _short(path: Path) -> str:
    """The path as it is typed from here."""
    return one_line(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


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
    wish = Wish(force, reverify, feedback)
    try:
        results = grade_class(
            classroom, unit, directory, wish, workers, scheduler, say=lambda line: print(line, flush=True)
        )
    except KeyboardInterrupt:
        print("\nStopped. What was graded stays graded; the same command goes on with the rest.", file=sys.stderr)
        return INTERRUPTED
    print(f"\n{report(classroom, unit, results, only_this_run)}")
    return 1 if any(result.problem for result in results) else 0

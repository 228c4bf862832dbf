"""What is said of a class when a run of grading ends; the table and the page that hold everyone are written with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from traitlets.config import Config

from grader.class_list import read_class_list
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.grading.results import Result, earlier_results
from grader.pages.plain_cells import one_line
from grader.reports.class_report import write_report
from grader.reports.table import class_table, misconception_list, write_csv


def report(classroom: Classroom, unit: str, results: list[Result], only_this_run: bool = False) -> str:
    """Everything that is said at the end; also writes the table as CSV and the class report as a page.

    These two hold everyone whom the gradebook has for the unit; `only_this_run`: those of `results` only.
    """
    journal = RunJournal(classroom, unit)
    table = journal.folder / f"{unit}.csv"
    known = read_class_list(classroom.db_url(), classroom.root)
    results = [replace(result, until=result.until or known.until(unit, result.student)) for result in results]
    earlier = [] if only_this_run else earlier_results(classroom, unit, {result.student for result in results})
    write_csv([*results, *earlier], table, journal.shared)
    due = classroom.due(unit)
    page = table.with_suffix(".html")
    write_report([*results, *earlier], unit, due, page, journal.shared, late_policy(classroom.config()))
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
    if journal.left_open:
        parts.append(
            f"Other users of this machine can read {', '.join(map(_short, journal.left_open))}: it is not yours."
        )
    return "\n\n".join(parts)


def late_policy(config: Config) -> str:
    """What being late costs, as the class's configuration has it, in a sentence."""
    plugin = config.AssignLatePenalties.get("plugin_class")
    if plugin is not None:
        name = plugin if isinstance(plugin, str) else plugin.__name__
        return f"What being late costs is decided by your own plugin, {name}."
    if config.LateSubmissionPlugin.get("penalty_method", "none") == "zero":
        return "Being late costs all points (LateSubmissionPlugin.penalty_method is 'zero')."
    return "Being late costs nothing (LateSubmissionPlugin.penalty_method is 'none')."


def _short(path: Path) -> str:
    """The path as it is typed from here."""
    return one_line(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))

"""`./course leaderboard UNIT [--names]`: the class's trained networks, in the terminal and as a page."""

from __future__ import annotations

from dataclasses import replace

from course_lib.workspace import course_root, find_unit
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.pages.plain_cells import one_line
from grader.reports.leaderboard import artefact_of, leaderboard, table, write_key
from grader.reports.leaderboard_page import write_page


def main(unit: str, names: bool = False) -> int:
    """Print the table and write `reports/UNIT.leaderboard.html`; 1 when there is nothing to show yet."""
    unit = find_unit(unit)
    classroom = Classroom(course_root())
    journal = RunJournal(classroom, unit)
    entries = leaderboard(journal, artefact_of(unit))
    if not entries:
        print(
            f"Nobody's network is known yet: run `./course grade {unit}` first. It needs weights that were handed in "
            "beside the notebook, and a function that predicts with them."
        )
        return 1
    page = journal.folder / f"{unit}.leaderboard.html"
    shown = [replace(entry, name=one_line(entry.student)) for entry in entries] if names else entries
    write_page(shown, unit, named=names, path=page, shared=journal.shared)
    print(table(shown))
    print(f"\nThe page to show: {page}")
    if not names:
        key = journal.folder / f"{unit}.pseudonyms.csv"
        write_key(entries, key, journal.shared)
        print(f"Who is who, for you alone: {key}")
    return 0

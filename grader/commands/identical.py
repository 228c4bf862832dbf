"""`./course identical UNIT`: answers that two learners have to the letter, as information for the teacher alone."""

from __future__ import annotations

from course_lib.private_files import write_private
from course_lib.workspace import course_root, find_unit
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.grading.results import earlier_results
from grader.reports.identical import as_text, identical, read_works


def main(unit: str) -> int:
    """Print the pairs and write them into `reports/`; 1 when nothing is graded yet."""
    unit = find_unit(unit)
    classroom = Classroom(course_root())
    classroom.require_gradebook()
    if not classroom.has(unit):
        print(f"Nothing of {unit} is graded yet: run ./course grade {unit} first.")
        return 1
    works = read_works(classroom, unit, earlier_results(classroom, unit, ()))
    text = as_text(identical(works), unit, len(works))
    journal = RunJournal(classroom, unit)
    path = journal.folder / f"{unit}.identical.txt"
    write_private(path, f"{text}\n", journal.shared)
    print(f"{text}\n\nFor you alone: {path}")
    return 0

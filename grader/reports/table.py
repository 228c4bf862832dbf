"""The class table: in the terminal, and as CSV."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from course_lib.private_files import open_private
from grader.grading.results import CheckResult, Result
from grader.pages.plain_cells import as_cell, one_line, width


def class_table(results: Sequence[Result]) -> str:
    """One line a student: points, how late, where most points were lost and why, and what is left to do."""
    results = [one_line_each(result) for result in results]
    rows = [("student", "points", "late", "most lost on", "state")]
    rows += [
        (r.student, _points(r), late(r.seconds_late), ", ".join(_lost_on(r)[:1]), _state(r) + _origin(r))
        for r in results
    ]
    widths = [max(width(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join([*(_fit(row[i], widths[i], i) for i in range(4)), row[4]]).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * (sum(widths) + 20), *lines[1:]])


def _origin(result: Result) -> str:
    return f"; its file: {result.origin}" if result.origin else ""


def _fit(text: str, most: int, column: int) -> str:
    room = " " * (most - width(text))
    return room + text if column == 1 else text + room


def one_line_each(result: Result) -> Result:
    """The result with all that a learner's file named in one line each, for tables that people read."""
    return replace(
        result,
        student=one_line(result.student),
        problem=one_line(result.problem),
        origin=one_line(result.origin),
        notes=tuple(map(one_line, result.notes)),
        spent=tuple((one_line(words), took) for words, took in result.spent),
    )


def misconceptions(results: Iterable[Result]) -> dict[tuple[str, str], list[str]]:
    """The students of each (exercise, misconception), the most frequent first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in results:
        for check in result.checks:
            for name in check.diagnoses:
                found[check.exercise, name].append(result.student)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def misconception_list(results: Iterable[Result]) -> str:
    """What the class got wrong in a known way, and how many did; a lesson plan for the next hour."""
    found = misconceptions(results)
    if not found:
        return "No known misconception was met."
    lines = ["Misconceptions met, the most frequent first:"]
    for (exercise, name), students in found.items():
        who = ", ".join(map(one_line, students[:4])) + (", ..." if len(students) > 4 else "")
        lines.append(f"  {len(students):3}  {exercise}: {name}  ({who})")
    return "\n".join(lines)


def write_csv(results: Sequence[Result], path: Path, shared: bool = False) -> None:
    """The class table for a spreadsheet; one row a student, empty numbers where there is no grade.

    `grader.pages.plain_cells.from_cell` reads a cell's text back as it was.
    """
    rows = [{key: as_cell(v) if isinstance(v, str) else v for key, v in _csv_row(r).items()} for r in results]
    with open_private(path, shared, newline="", encoding="utf-8-sig") as file:  # the mark makes Excel read UTF-8
        writer = csv.DictWriter(file, list(_csv_row(Result(""))))
        writer.writeheader()
        writer.writerows(rows)


def _csv_row(result: Result) -> dict[str, str | int]:
    graded = result.points is not None
    return {
        "student": result.student,
        "state": _state(result),
        "points": f"{result.points:g}" if graded else "",
        "max_points": f"{result.most:g}" if graded else "",
        "seconds_late": int(result.seconds_late) if graded else "",
        "penalty": f"{result.penalty:g}" if graded else "",
        "extended_until": f"{result.until:%Y-%m-%d %H:%M} UTC" if result.until else "",
        "waiting_for_a_person": result.waiting if graded else "",
        "points_lost_on": "; ".join(_lost_on(result)),
        "misconceptions": "; ".join(f"{c.exercise}: {name}" for c in result.checks for name in c.diagnoses),
        "notes": " ".join(result.notes),
        "feedback": str(result.feedback or ""),
        "file": result.origin,
        "this_run": "yes" if result.this_run else "no",
    }


def _points(result: Result) -> str:
    return "" if result.points is None else f"{result.points:g}/{result.most:g}"


def late(seconds: float) -> str:
    """How late, as people say it: "40 min", "3 h 20 min", "2 d 4 h"; empty for in time."""
    minutes = int(seconds + 59) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in [p for p in parts if p[0]][:2])


def _lost_on(result: Result) -> list[str]:
    """The exercises that cost points, the dearest first, each with the reason if one is known."""
    worst = sorted((check for check in result.checks if check.lost), key=lambda check: -check.lost)
    return [f"{check.exercise} -{check.lost}{_why(check)}" for check in worst]


def _why(check: CheckResult) -> str:
    if check.diagnoses:
        return f" ({', '.join(check.diagnoses)})"
    if check.not_started or not check.no_value:
        return " (not written)" if check.not_started else ""
    return f" (no value: {check.reason})" if check.reason else " (no value came back)"


def _state(result: Result) -> str:
    if result.problem:
        return result.problem
    if not result.handed_in:
        return "nothing handed in"
    parts = ["graded"]
    if result.bonus:
        parts.append(f"{result.bonus} bonus points included")
    if result.waiting:
        parts.append(f"{result.waiting} answer{'s wait' if result.waiting > 1 else ' waits'} for you")
    if result.notes:
        parts.append("see its notes")
    return "; ".join(parts)

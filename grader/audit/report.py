"""The audit in words: tables for docs/audit.md and, plainer, for a terminal. The same bytes for the same results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from course_lib.errors import CourseError
from course_lib.workspace import course_root
from grader.audit.examine import Examined, silences
from grader.audit.fingerprint import fingerprint
from grader.audit.row import Row
from grader.audit.told import shares

COLUMNS = (
    "exercise",
    "mutants",
    "killed",
    "by values",
    "right after all",
    "misconceptions named",
    "right answers passed",
    "points by replaying",
    "told by name",
    "by relation",
    "by search",
    "by a flaw",
    "by property",
    "contradicted",
)

INTRODUCTION = """\
# The audit

<!-- Written by ./course audit: change the specs or grader/audit/, and run it again. -->

A grader is code, and a check that cannot fail looks just like one that passes. So the course tests its tests: `./course
audit` makes every small mistake that it can think of in the course's own solutions (a forgotten `keepdims`, a sum for
a mean, a lost factor, the wrong axis, ...) and has each graded like a learner's answer, in the sandbox.

A mutant counts as *killed* only if the visible cases and the private cases of two different secrets each catch it
alone. *By values* are those that gave a wrong number; the others stopped with an error, or never stopped. *Right after
all* are survivors that give the same values as the solution; each is listed with the reason. Every *misconception* has
to be caught and diagnosed by its own name, and every *right answer*, however it is written, has to pass.
A quiz has no mutants: each of its wrong letters is a misconception. *Points by replaying* is what the visible cases'
right answers earn when they are handed in for private ones, the best-fitting one for each; none should be earned.

The last columns are about the mutants that are killed by values: what their author would read in the notebook, on the
visible cases. They are *told by name* of a misconception, *by relation* of the values to the case, *by search*, where
the values are those of a small change of another right answer, *by a flaw* that was measured where many results are
right, or *by property* alone, which should be rare (5 % of a unit's). *Contradicted* are those whose
diagnosis does not hold on the private cases of both secrets; none should be.

Each section names, in a comment, the state of the sources that it was made from; `./course test` fails when they have
changed since.
"""


def document(examined: Sequence[Examined], attacks: Sequence[Row], corruptions: Sequence[Row]) -> str:
    """The whole of docs/audit.md."""
    units = dict.fromkeys(e.exercise.unit for e in examined)
    parts = [INTRODUCTION, *(unit_section([e for e in examined if e.exercise.unit == unit]) for unit in units)]
    if attacks:
        parts.append(_rows_section("Attacks", "What a submission tries, and must not get.", attacks))
    if corruptions:
        parts.append(_rows_section("Damage", "What happens to notebooks on their way, and costs nobody.", corruptions))
    return "\n".join(parts)


def unit_section(examined: Sequence[Examined]) -> str:
    """The Markdown of one unit: the table of its exercises, and the survivors that are right after all."""
    unit = examined[0].exercise.unit
    lines = [f"## {unit}", "", _state(unit, examined), "", *_markdown(COLUMNS, _table(examined))]
    explained = [(e.exercise.name, one) for e in examined for one in e.explained]
    if explained:
        lines += ["", "Right after all:", ""]
    for name, one in explained:
        changes = " or ".join(f"`{line}`" for line in one.becomes)
        lines.append(f"- {name}: `{one.was}` as {changes}. {one.because}")
    return "\n".join(lines) + "\n"


def promises_hold(examined: Sequence[Examined]) -> bool:
    """Whether nothing was found that is not as it should be, in any exercise or in all together."""
    return not any(one.findings for one in examined) and not silences(examined)


def _state(unit: str, examined: Sequence[Examined]) -> str:
    """The comment by which tests see that a section, whose promises hold, is of the sources as they are."""
    script = course_root() / "solutions" / unit / f"{unit}.py"
    stands = promises_hold(examined) and script.is_file()
    return f"<!-- sources: {fingerprint(script)} -->" if stands else "<!-- sources: with findings -->"


def with_section(text: str, section: str) -> str:
    """docs/audit.md with one unit's section in place of its earlier one.  Raises `CourseError` where it has none."""
    heading = section.split("\n", 1)[0]
    parts = re.split(r"(?m)^(?=## )", text)
    place = [number for number, part in enumerate(parts) if part.split("\n", 1)[0] == heading]
    if not place:
        raise CourseError(f"docs/audit.md has no section {heading[3:]}: run `./course audit` for all units once.")
    after = "\n" if parts[place[0]].endswith("\n\n") else ""
    return "".join([*parts[: place[0]], section + after, *parts[place[0] + 1 :]])


def plain_table(examined: Sequence[Examined]) -> str:
    """The same table for a terminal."""
    table = [COLUMNS, *_table(examined)]
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _table(examined: Sequence[Examined]) -> list[tuple[str, ...]]:
    counts = [
        [len(e.trials), e.killed, e.by_values, e.right]
        + [e.named, len(e.exercise.misconceptions), e.passed, len(e.exercise.also_right)]
        + [e.replayed, *shares(e.told)]
        for e in examined
    ]
    names = [*(e.exercise.name for e in examined), "together"]
    return [
        _cells(name, count) for name, count in zip(names, [*counts, map(sum, zip(*counts, strict=True))], strict=True)
    ]


def _cells(name: str, count: Iterable[int]) -> tuple[str, ...]:
    """A row of the table: what is promised is told as "3 of 4"."""
    mutants, killed, values, right, named, of_named, passed, of_passed, *rest = map(str, count)
    return (name, mutants, killed, values, right, f"{named} of {of_named}", f"{passed} of {of_passed}", *rest)


def _rows_section(title: str, sentence: str, rows: Sequence[Row]) -> str:
    table = [(row.name, row.aims_at, row.result, row.note) for row in rows]
    return "\n".join([f"## {title}", "", sentence, "", *_markdown(("what", "aims at", "result", "note"), table)]) + "\n"


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    line = "| {} |".format
    columns = list(head)
    body = [line(" | ".join(str(cell).replace("|", "\\|") for cell in row)) for row in rows]
    return [line(" | ".join(columns)), line(" | ".join("---" for _ in columns)), *body]

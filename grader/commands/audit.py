"""`./course audit [UNIT]`: prove the grader, and write what came out."""

from __future__ import annotations

import time
from itertools import groupby

from course_lib.workspace import course_root, find_unit
from grader.audit.equivalent import EQUIVALENT
from grader.audit.examine import examine, silences
from grader.audit.report import document, plain_table, promises_hold, unit_section, with_section
from grader.audit.row import HELD, RIGHT_WORK, Row
from grader.building.build import scripts
from grader.exercises import all_exercises


def main(unit: str | None = None) -> int:
    """Audit one unit; or all of them, attacks and damage too. Writes docs/audit.md, or the unit's section of it.

    Returns 1 if anything was found; the section of a unit alone is left as it was where a promise does not hold.
    """
    started = time.monotonic()
    chosen = scripts(find_unit(unit) if unit else None)
    print(f"Every mutant of {len(chosen)} units is judged in the sandbox; that takes a minute or two.\n", flush=True)
    examined = examine(chosen)
    for name, exercises in groupby(examined, lambda one: one.exercise.unit):
        print(f"{name}\n{plain_table(list(exercises))}\n", flush=True)
    findings = [sentence for one in examined for sentence in one.findings] + silences(examined)
    path = course_root() / "docs" / "audit.md"
    if unit is None:
        attacks, corruptions = _outsiders()
        findings += [*strangers(), *(sentence for row in (*attacks, *corruptions) for sentence in _broken(row))]
        path.write_text(document(examined, attacks, corruptions), encoding="utf-8")
        print(f"{len(attacks)} attacks and {len(corruptions)} kinds of damage tried; {path.name} is written.\n")
    elif promises_hold(examined):
        path.write_text(with_section(path.read_text(encoding="utf-8"), unit_section(examined)), encoding="utf-8")
    print("\n".join(findings) or "Nothing survives unexplained.")
    print(f"\n{len(findings)} findings in {time.monotonic() - started:.0f} s.")
    return 1 if findings else 0


def strangers() -> list[str]:
    """Explanations for exercises that the course does not have."""
    unknown = sorted(EQUIVALENT.keys() - all_exercises().keys())
    return [f"grader/audit/equivalent/ explains survivors of {name}, which is no exercise." for name in unknown]


def _outsiders() -> tuple[list[Row], list[Row]]:
    """What is handed in on purpose and by accident. Both run whole classes, so they are imported when asked for."""
    from grader.audit.attacks import run_attacks
    from grader.audit.attacks.deliveries import run_deliveries
    from grader.audit.attacks.every_unit import run_everywhere
    from grader.audit.corruptions import run_corruptions
    from grader.audit.rules import run_rules

    rules = run_rules()
    silent = [row for row in rules if row.aims_at == RIGHT_WORK]
    attacks = [*run_attacks(), *run_deliveries(), *run_everywhere(), *(row for row in rules if row not in silent)]
    return attacks, [*run_corruptions(), *silent]


def _broken(row: Row) -> list[str]:
    note = f" ({row.note})" if row.note else ""
    return [] if row.result == HELD else [f"{row.name}, which aims at {row.aims_at}: {row.result}{note}."]

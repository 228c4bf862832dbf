"""`./course build [UNIT] [--check]`: references, source notebooks and learners' editions, made or compared."""

from __future__ import annotations

import logging

from course_lib.workspace import course_root, find_unit
from grader.building.build import build, stale


def main(unit: str | None, check: bool) -> int:
    """Make what is out of date and name it; with `check` change nothing, and return 1 where something is."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    unit = find_unit(unit) if unit else None
    if check:
        differing = stale(unit)
        for path in differing:
            print(f"out of date: {path}")
        print("Run ./course build and commit the result." if differing else "Everything is built and in sync.")
        return 1 if differing else 0
    for made in build(unit):
        print(made.relative_to(course_root()))
    return 0

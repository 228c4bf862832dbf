"""`./course build [UNIT] [--language LANGUAGE] [--check]`: references, notebooks and catalogues, made or compared."""

from __future__ import annotations

import logging

from course_lib.workspace import course_root, find_unit
from grader.building.build import build, stale
from grader.languages.upkeep import amiss, edit_notebooks, known, update


def main(unit: str | None, check: bool, language: str | None = None) -> int:
    """Make what is out of date and name it; with `check` change nothing, and return 1 where something is.

    With a language only its catalogues are brought up to date, and its notebooks made to look at.
    """
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    unit = find_unit(unit) if unit else None
    if check:
        return _check(unit, catalogues_only=language is not None)
    if language is not None:
        language = known(language)
        made = [*update(unit, language), *edit_notebooks(language, unit)]
    else:
        made = [*build(unit), *update(unit)]
    for path in made:
        print(path.relative_to(course_root()))
    return 0


def _check(unit: str | None, catalogues_only: bool) -> int:
    differing = [] if catalogues_only else stale(unit)
    for path in differing:
        print(f"out of date: {path}")
    found = amiss(unit)
    for sentence in found:
        print(sentence)
    if differing:
        print("Run ./course build and commit the result.")
    elif not found:
        print("Everything is built and in sync.")
    return 1 if differing or found else 0

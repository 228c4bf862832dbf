"""What a spec promises of its answers, looked at an exercise at a time, and kept while all that decides it is the same.

What decides is the audit's own fingerprint (answers, specs, what judges them), with what makes private cases.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from helpers import course
from helpers.kept import GRADER, Kept

from grader.audit.fingerprint import fingerprint
from grader.spec import Exercise

_found: dict[tuple[str, str], list[str | None]] = {}


class _Broken(Exception):  # noqa: N818 - no error: it says that nothing is to be kept
    pass


def failures(
    kept: Kept, exercise: Exercise, what: str, items: Sequence[Any], failure: Callable[[Any], str | None]
) -> list[str | None]:
    """Of each item why its promise does not hold, in a sentence, or None; found once for all tests of the exercise."""
    if (what, exercise.name) not in _found:
        with (
            contextlib.suppress(_Broken),
            kept.made(f"{what} {exercise.name}", _decides(exercise.unit), lambda: list(map(failure, items))) as found,
        ):
            _found[what, exercise.name] = found
            if any(found):
                raise _Broken
    return _found[what, exercise.name]


@cache
def _decides(unit: str) -> list[Path | str]:
    script = course.ROOT / "solutions" / unit / f"{unit}.py"
    tests = [Path(course.__file__), Path(__file__), *sorted((course.ROOT / "tests" / "judging").glob("*.py"))]
    return [fingerprint(script), GRADER / "judging", GRADER / "search", *tests]

"""One line of the audit's tables of attacks and corruptions."""

from __future__ import annotations

from dataclasses import dataclass

HELD = "held"
"""The `result` of a row where the grader did what it should. Anything else is a finding, and the audit fails."""

RIGHT_WORK = "points for right work"
"""At which a row aims where somebody did nothing wrong, and has to keep the points."""


@dataclass(frozen=True)
class Row:
    """What was tried, at what it aims, what came of it (`HELD`, or in a few words what did not), and a remark."""

    name: str
    aims_at: str
    result: str
    note: str = ""

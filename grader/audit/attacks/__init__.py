"""Submissions that attack: each is a real notebook, graded by nbgrader as any other, and what it aims at is checked.

An attack is held if it earned no point that it should not, changed nothing outside of its own folder, read nothing that
is not the learner's, and the submission after it was graded as before.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from course_lib.errors import CourseError
from course_lib.workspace import find_unit
from grader.audit.attacks import cells, checks, escapes, false_answers, forged, leaks, pages, processes
from grader.audit.attacks.attack import Attack
from grader.audit.attacks.attack_class import AttackClass
from grader.audit.row import Row
from grader.sandbox.bwrap import unavailable

FIRST_UNIT = "00"
CLASSES = 2
"""Graded side by side, each in a process of its own: nbgrader changes the working directory."""
ATTACKS: list[Attack] = [
    attack for module in (false_answers, forged, cells, processes, escapes, pages, leaks) for attack in module.ATTACKS
]


def run_attacks(unit: str | None = None) -> list[Row]:
    """What came of each attack on a class of `unit`. Raises `CourseError` without a sandbox: then they would harm."""
    why = unavailable()
    if why:
        raise CourseError(f"{why} Attacks are only tried where they are held.")
    chosen = find_unit(unit or FIRST_UNIT)
    with ProcessPoolExecutor(CLASSES, get_context("spawn")) as pool:
        found = list(pool.map(_attack_class, [chosen] * CLASSES, range(CLASSES)))
    return [found[number % CLASSES][number // CLASSES] for number in range(len(ATTACKS))]


def _attack_class(unit: str, first: int) -> list[Row]:
    """What came of every so many-th attack, from `first` on, on one class."""
    with AttackClass(unit, ATTACKS[first::CLASSES]) as attacked:
        attacked.grade()
        return checks.rows(attacked)

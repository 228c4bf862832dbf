"""Attacks that are tried on every unit. They need no class: the unit's sandbox runs them, its private cases judge them.

Of walls, a cell tells itself what gave way: it prints a line that begins with GAVE_WAY. Of points, the judge tells.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.errors import CourseError
from course_lib.judging.judge import judge
from course_lib.judging.reference import Reference
from course_lib.workspace import units
from grader.audit.attacks.replaying import STRATEGIES, replaying
from grader.audit.attacks.walls import GAVE_WAY, WALLS
from grader.audit.row import HELD, Row
from grader.exercises import exercises_of
from grader.judging.answers import read_outcomes
from grader.judging.references import make_reference
from grader.sandbox.bwrap import unavailable
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import MIB, Limits, Sandbox
from grader.spec import Exercise

LIMITS = Limits(results=64 * MIB)
SECRET = zlib.crc32(b"the secret of an attacked course")
WORKERS = 2

KEPT_BY_DOING_NOTHING = {"predict_probabilities": {"statistics"}, "lottery_rewind": {"initial"}}
"""By exercise, properties that say what an answer leaves alone. Code that touches nothing keeps them, whatever it gives
back: to call them broken would be false of it. They are worth a point each, and no replay earns any other."""


@dataclass(frozen=True)
class UnitAttack:
    """A cell that stands above all checks of a unit. In it, NAMES stands for the unit's exercises."""

    name: str
    aims_at: str
    code: str
    wants_points: bool = False
    """Then the unit's checks follow it, and none may earn anything."""


ATTACKS = [
    *(
        UnitAttack(f"replaying the visible answers: {how}", "points for nothing", replaying(how), True)
        for how in STRATEGIES
    ),
    *(UnitAttack(name, "the machine", code) for name, code in WALLS.items()),
]


def run_everywhere(chosen: Sequence[str] | None = None, attacks: Sequence[UnitAttack] = ATTACKS) -> list[Row]:
    """What came of each attack on all units, or on the chosen ones. Raises `CourseError` without a sandbox."""
    why = unavailable()
    if why:
        raise CourseError(f"{why} Attacks are only tried where they are held.")
    names = list(chosen or units())
    private = [_private_cases(unit) for unit in names]  # before there are threads: oracles are not made for them
    with ThreadPoolExecutor(WORKERS) as pool:
        by_unit = list(pool.map(lambda unit, cases: _harms(unit, cases, attacks), names, private))
    return [
        Row(attack.name, attack.aims_at, "; ".join(filter(None, harms)) or HELD, _note(attack, len(names)))
        for attack, harms in zip(attacks, zip(*by_unit, strict=True), strict=True)
    ]


def _note(attack: UnitAttack, count: int) -> str:
    kept = sum(map(len, KEPT_BY_DOING_NOTHING.values()))
    aside = f"; not counted are {kept} properties that code keeps which does nothing" if attack.wants_points else ""
    return f"Tried on {count} units{aside}."


def _private_cases(unit: str) -> list[Reference]:
    return [_private(e) for e in exercises_of(unit) if not e.withheld and e.private_cases is None]


def _harms(unit: str, private: Sequence[Reference], attacks: Sequence[UnitAttack]) -> list[str]:
    """What each attack did in one unit; empty where it did nothing."""
    with Sandbox(unit, LIMITS) as worker:
        found = [_harm(attack, private, worker) for attack in attacks]
    return [f"in {unit}, {harm}" if harm else "" for harm in found]


def _private(exercise: Exercise) -> Reference:
    seed = [SECRET, zlib.crc32(exercise.name.encode())]
    return make_reference(replace(exercise, misconceptions=()), seed, private=True)


def _harm(attack: UnitAttack, private: Sequence[Reference], worker: Sandbox) -> str:
    asked = private if attack.wants_points else []
    above = new_code_cell(attack.code.replace("NAMES", repr([reference.exercise for reference in asked])))
    checks = [_check_cell(reference.exercise) for reference in asked]
    inputs = {reference.exercise: json.dumps(reference.without_answers().to_json()) for reference in asked}
    run_notebook(new_notebook(cells=[above, *checks]), inputs, worker)
    said = "".join(output.get("text", "") for output in above.outputs)
    harms = [line.removeprefix(GAVE_WAY).strip() for line in said.splitlines() if line.startswith(GAVE_WAY)]
    if any(output.output_type == "error" for output in above.outputs):
        harms.append("it could not be tried")
    for reference, cell in zip(asked, checks, strict=True):
        kept = KEPT_BY_DOING_NOTHING.get(reference.exercise, set())
        groups = judge(read_outcomes(cell, reference), reference).groups
        earned = sum(group.earned for group in groups if group.key not in kept)
        harms += [f"it earned {earned} points for {reference.exercise}"] if earned else []
    return ", ".join(harms)


def _check_cell(name: str) -> NotebookNode:
    marks = {"grade_id": f"check_{name}", "grade": True, "locked": True, "solution": False}
    source = f'from course_lib import check\ncheck("{name}")'
    return new_code_cell(source, metadata={"nbgrader": marks})

"""What you have done, what comes next, and what is worth ten minutes again, read off your own record.

Only `.course/progress.jsonl` and the notebooks as they are handed out are read; nothing is run and nothing is judged.
A record may hold anything, half a line or another version's fields: what is not understood is passed over.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from course_lib import progress
from course_lib.judging.reference import DIRECTORY, Reference, load
from course_lib.workspace import course_root, units

MOST = 3
"""Of each kind in a review: nine things, a minute each."""


@dataclass(frozen=True)
class Step:
    """An exercise on the map: `state` is "done", "begun" or "open"."""

    exercise: str
    state: str
    earned: float
    points: float
    cell: str


@dataclass(frozen=True)
class OfUnit:
    """A unit on the map."""

    unit: str
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many of its exercises are right."""
        return sum(step.state == "done" for step in self.steps)


@dataclass(frozen=True)
class Again:
    """Something to look at again: what it is called, what to think about, and the cell where it stands."""

    kind: str
    unit: str
    name: str
    says: str
    cell: str


@dataclass(frozen=True)
class Review:
    """All of it."""

    units: tuple[OfUnit, ...]
    next: Again | None
    again: tuple[Again, ...]


def review() -> Review:
    """What the record says today."""
    references = _references()
    best = progress.best()
    found: dict[str, list[Step]] = {unit: [] for unit in units()}
    for name, reference in references.items():
        if reference.unit in found:
            found[reference.unit].append(_step(name, reference, best.get(name)))
    order = {unit: list(_cells(unit).checks) for unit in found}
    of_units = tuple(
        OfUnit(unit, tuple(sorted(steps, key=lambda step: _place(order[unit], step.exercise))))
        for unit, steps in found.items()
    )
    return Review(of_units, _next(of_units), tuple(_again(references, of_units)))


def _step(name: str, reference: Reference, mine: dict[str, Any] | None) -> Step:
    points = sum(group.points for group in reference.groups)
    earned = _number(mine["earned"]) if mine else 0
    state = "open" if mine is None else "done" if _number(mine["points"]) > 0 and earned >= points else "begun"
    return Step(name, state, earned, points, _cells(reference.unit).checks.get(name, ""))


def _next(of_units: tuple[OfUnit, ...]) -> Again | None:
    """The first exercise that is not done in the unit that was worked in last; else in the first that is not done."""
    worked = [str(event.get("unit")) for event in progress.events() if event.get("kind") in ("check", "graded")]
    last = [each for each in of_units if worked and each.unit == worked[-1]]
    behind = of_units[of_units.index(last[0]) :] if last else ()
    for each in (*behind, *of_units):
        for step in each.steps:
            if step.state != "done":
                says = "begun, not right yet" if step.state == "begun" else "not begun yet"
                return Again("next", each.unit, step.exercise, says, step.cell)
    return None


def _again(references: dict[str, Reference], of_units: tuple[OfUnit, ...]) -> Iterator[Again]:
    """The latest of each kind: exercises that are still open, predictions that came out otherwise, what was mended."""
    done = {step.exercise for each in of_units for step in each.steps if step.state == "done"}
    still: dict[str, Again] = {}
    mended: dict[str, Again] = {}
    predictions: dict[tuple[str, str], Again] = {}
    for event in progress.events():
        name, kind = event.get("exercise"), event.get("kind")
        if kind == "check" and isinstance(name, str) and name in references and event.get("started", True):
            said = _said(references[name], event)
            target = mended if name in done else still
            if said:
                target.pop(name, None)  # the latest comes last
                cell = _cells(references[name].unit).checks.get(name, "")
                what = "mended" if name in done else "open"
                target[name] = Again(what, references[name].unit, name, said, cell)
        elif kind == "reveal" and (missed := _prediction(event)) is not None:
            predictions[missed.unit, missed.name] = missed
    for each in (still, predictions, mended):
        yield from list(each.values())[-MOST:]


def _said(reference: Reference, event: dict[str, Any]) -> str:
    """What a check said was not right: its first sentence, else its properties, else nothing."""
    advice, groups = event.get("advice"), event.get("open")
    if isinstance(advice, list) and advice and isinstance(advice[0], str):
        return advice[0]
    names = event.get("diagnoses") if isinstance(event.get("diagnoses"), list) else []
    known = [each.says for each in reference.misconceptions if each.name in (names or [])]
    if known:
        return known[0]
    states = [group.states for group in reference.groups if isinstance(groups, list) and group.key in groups]
    return f"Not yet: {states[0]}." if states else ""


def _prediction(event: dict[str, Any]) -> Again | None:
    key, choice, answer = (event.get(name) for name in ("key", "choice", "answer"))
    if not isinstance(key, str) or choice == answer:
        return None
    homes = [unit for unit in units() if key in _cells(unit).predictions]
    unit = event.get("unit") if event.get("unit") in homes else homes[0] if len(homes) == 1 else None
    if not isinstance(unit, str):
        return None
    said, because = event.get("said"), event.get("because")
    if isinstance(said, list) and len(said) == 2:
        told = f"You predicted “{said[0]}”; the experiment shows “{said[1]}”."
    else:
        told = f"You predicted {choice}; the experiment shows {answer}."
    return Again("prediction", unit, key, f"{told} {because or ''}".strip(), _cells(unit).predictions[key])


@dataclass(frozen=True)
class _Cells:
    """The ids of a unit's cells: of its checks by exercise, in order, and of its predictions by key."""

    checks: dict[str, str]
    predictions: dict[str, str]


def _cells(unit: str) -> _Cells:
    path = course_root() / "notebooks" / unit / f"{unit}.ipynb"
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _read(path: Path, stamp: int) -> _Cells:
    found = _Cells({}, {})
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if stamp else []
        for cell in cells:
            source, grade_id = "".join(cell["source"]), cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if grade_id.startswith("check_"):
                found.checks[grade_id.removeprefix("check_")] = cell["id"]
            elif cell["cell_type"] == "code" and source.lstrip().startswith("predict("):
                key = _key(source)
                if key:
                    found.predictions[key] = cell["id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Cells({}, {})  # a copy that somebody damaged: the map goes without its links
    return found


def _key(source: str) -> str:
    try:
        call = ast.parse(source).body[0]
    except (SyntaxError, ValueError, IndexError):
        return ""
    match call:
        case ast.Expr(value=ast.Call(args=[ast.Constant(value=str(key)), *_])):
            return key
    return ""


@cache
def _references() -> dict[str, Reference]:
    return {path.stem: load(path.stem) for path in sorted(DIRECTORY.glob("*.json"))}


def _place(order: list[str], exercise: str) -> int:
    return order.index(exercise) if exercise in order else len(order)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0

"""What is recorded of an exercise: groups, cases and, for whoever judges, what is right and what is known wrong.

The learner's kernel reads the visible cases from `course_lib/reference/NAME.json`; the grader makes the private
ones in memory and hands the learner's process a copy `without_answers()`. One class, one file format.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.judging import codec
from course_lib.judging.outcome import Outcome, Tolerance
from course_lib.judging.signatures import Signatures, path_of, read

DIRECTORY = Path(__file__).parents[1] / "reference"


@dataclass(frozen=True)
class RecordedGroup:
    """A property and what it is worth; `states` completes "Your function ...": "takes a step downhill"."""

    key: str
    states: str
    points: int
    hint: int | None = None


@dataclass(frozen=True)
class RecordedCase:
    """One case; `expected` is None where the answers are not to be had, or where properties are verified instead."""

    label: str
    group: str
    inputs: dict[str, Any]
    expected: dict[str, Any] | None = None


@dataclass(frozen=True)
class RecordedMisconception:
    """What a known wrong implementation gives for each case, and the sentence for whoever wrote it.

    Where properties are verified it has no outcomes: a flaw is known by its name.
    """

    name: str
    says: str
    hint: int | None
    outcomes: tuple[Outcome, ...]
    about: tuple[str, ...] = ()
    """The outputs that the sentence speaks of; all that are wrong where none is named."""
    unsteady: frozenset[tuple[int, str]] = frozenset()
    """Where the outcomes hang on rounding, as (case, output): another processor's are others, so they are no evidence.
    The output of a problem is the empty text."""


@dataclass(frozen=True, eq=False)  # one is itself only: arrays, which it is made of, are neither equal nor hashable
class Reference:
    """All that `check` and `judge` know of an exercise."""

    exercise: str
    unit: str
    returns: tuple[str, ...]
    driver: str
    groups: tuple[RecordedGroup, ...]
    cases: tuple[RecordedCase, ...]
    misconceptions: tuple[RecordedMisconception, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    plot: str | None = None
    bonus: bool = False
    withheld: bool = False
    forbidden: tuple[str, ...] = ()
    verify: str | None = None
    """A function of `course_lib.judging.properties` that judges in place of the expected values."""
    search: Callable[[], Signatures | None] | None = None
    """Gives, when something wrong is left to explain, the signatures of small changes (`signatures.py`)."""
    sizes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The letters of the exercise's text for the sizes of its inputs: of which input, along which axis."""

    def without_answers(self) -> Reference:
        """The same cases with nothing that tells what is right: what may enter a learner's process."""
        cases = tuple(dataclasses.replace(case, expected=None) for case in self.cases)
        return dataclasses.replace(self, cases=cases, misconceptions=(), plot=None, search=None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; arrays as raw bytes."""
        verify = {} if self.verify is None else {"verify": self.verify}
        return {
            "exercise": self.exercise,
            "unit": self.unit,
            "returns": list(self.returns),
            "driver": self.driver,
            **verify,
            **({"sizes": {letter: list(place) for letter, place in self.sizes.items()}} if self.sizes else {}),
            "plot": self.plot,
            "bonus": self.bonus,
            "withheld": self.withheld,
            "forbidden": list(self.forbidden),
            "tolerance": dataclasses.asdict(self.tolerance),
            "groups": [_stated(dataclasses.asdict(group)) for group in self.groups],
            "cases": [
                {
                    "label": case.label,
                    "group": case.group,
                    "inputs": codec.encode(case.inputs),
                    "expected": codec.encode(case.expected),
                }
                for case in self.cases
            ],
            "misconceptions": [
                {
                    "name": m.name,
                    "says": m.says,
                    "hint": m.hint,
                    **({"about": list(m.about)} if m.about else {}),
                    **({"unsteady": [list(unit) for unit in sorted(m.unsteady)]} if m.unsteady else {}),
                    "outcomes": [o.to_json() for o in m.outcomes],
                }
                for m in self.misconceptions
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reference:
        """The reverse of `to_json`."""
        return cls(
            exercise=data["exercise"],
            unit=data["unit"],
            returns=tuple(data["returns"]),
            driver=data["driver"],
            verify=data.get("verify"),
            sizes={letter: (name, axis) for letter, (name, axis) in data.get("sizes", {}).items()},
            plot=data["plot"],
            bonus=data["bonus"],
            withheld=data["withheld"],
            forbidden=tuple(data["forbidden"]),
            tolerance=Tolerance(**data["tolerance"]),
            groups=tuple(RecordedGroup(**group) for group in data["groups"]),
            cases=tuple(
                RecordedCase(c["label"], c["group"], codec.decode(c["inputs"]), codec.decode(c["expected"]))
                for c in data["cases"]
            ),
            misconceptions=tuple(
                RecordedMisconception(
                    m["name"],
                    m["says"],
                    m["hint"],
                    tuple(Outcome.from_json(o) for o in m["outcomes"]),
                    tuple(m.get("about", ())),
                    frozenset((case, output) for case, output in m.get("unsteady", ())),
                )
                for m in data["misconceptions"]
            ),
        )

    def save(self, directory: Path) -> Path:
        """Write `NAME.json` into `directory`, the same bytes for the same content."""
        path = directory / f"{self.exercise}.json"
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        return path


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what was not stated."""
    return {name: value for name, value in fields.items() if value is not None}


def load(exercise: str, directory: Path | None = None) -> Reference:
    """The recorded reference of an exercise; a `CourseError` that names the nearest exercise otherwise."""
    path = (directory or DIRECTORY) / f"{exercise}.json"
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    return _load(path, stamp)


@cache
def _load(path: Path, stamp: int) -> Reference:  # `stamp` makes a rebuilt file a new entry
    if not stamp:
        import difflib

        known = sorted(p.stem for p in path.parent.glob("*.json"))
        near = difflib.get_close_matches(path.stem, known, n=1)
        tip = f" Did you mean check({near[0]!r})?" if near else ""
        raise CourseError(f"There is no exercise called {path.stem!r} in this course.{tip}")
    reference = Reference.from_json(json.loads(path.read_text(encoding="utf-8")))
    return with_search(reference, path_of(path.stem, path.parent))


def with_search(reference: Reference, path: Path) -> Reference:
    """The reference with the signatures in a file, which is read once somebody asks for them."""
    return dataclasses.replace(reference, search=cache(lambda: read(path))) if searchable(reference) else reference


def searchable(reference: Reference) -> bool:
    """Whether edits of an exercise can be told by their values: those are compared, and no quiz's letters."""
    return not reference.verify and not reference.withheld

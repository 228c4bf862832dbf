"""Signatures: what is recorded of an edit's wrong values in place of them, and whether other values have the same one.

A signature is a hash of the values' form (shapes, texts, where they are not finite) and a projection of the numbers on
a fixed random direction. Values that agree have signatures that agree; others do not, but by an unlikely chance; and
neither code nor values stand in it.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.judging.outcome import Problem, Tolerance

Clause = tuple[str, dict[str, str]]
"""The template of half a sentence, and its values: what completes "Your numbers are what comes out when ..."."""
FOLDER = "search"
"""Beside the references: `search/NAME.json`."""
MARKS = np.dtype([("case", "u1"), ("output", "u1"), ("form", "<u2"), ("shadow", "<f4")])
"""One wrong output of one case; `output` counts in the order of `returns`, and `WHOLE` is a problem's."""
WHOLE = 255
SLACK = 4.0
"""How many times the expected rounding two signatures of one value may differ."""


HUGE = 1e30
"""From here on a number counts by its logarithm."""
ROUNDING = 2e-7
"""Of the float32 in which projections are kept."""


@dataclass(frozen=True)
class Signature:
    """Of one value: the form, the projection, and how far it may be off where the values agree."""

    form: int
    shadow: float
    slack: float = 0.0
    telling: bool = False
    """Whether it holds a number other than -1, 0 and 1, which come out of many mistakes."""


@dataclass(frozen=True)
class Edit:
    """Small changes of the right answer that have the same signatures, the commonest first, and where they are wrong.

    says: a clause for each change that reads differently, at most two. many: whether there are more. places: where the
    changes that are said stand in the list of all edits, for whoever can make that list.
    """

    name: str
    says: tuple[Clause, ...]
    many: bool
    places: tuple[int, ...]
    marks: np.ndarray


@dataclass(frozen=True)
class Signatures:
    """All edits of an exercise's right answer that are told by values."""

    exercise: str
    made_from: str
    edits: tuple[Edit, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, each template once."""
        templates = list(dict.fromkeys(template for edit in self.edits for template, _ in edit.says))
        number = {template: index for index, template in enumerate(templates)}
        marks = np.concatenate([np.zeros(0, MARKS), *(edit.marks for edit in self.edits)])
        columns = b"".join(marks[column].tobytes() for column in MARKS.names or ())  # alike stands beside alike
        return {
            "exercise": self.exercise,
            "made_from": self.made_from,
            "templates": templates,
            "edits": [
                [
                    e.name,
                    len(e.marks),
                    int(e.many),
                    list(e.places),
                    *([number[template], values] for template, values in e.says),
                ]
                for e in self.edits
            ],
            "marks": base64.b64encode(zlib.compress(columns, 9)).decode("ascii"),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Signatures:
        """The reverse of `to_json`."""
        marks = _unpacked(zlib.decompress(base64.b64decode(data["marks"])))
        edits, start = [], 0
        for name, size, many, places, *says in data["edits"]:
            clauses = tuple((data["templates"][number], values) for number, values in says)
            edits.append(Edit(name, clauses, bool(many), tuple(places), marks[start : start + size]))
            start += size
        return cls(data["exercise"], data["made_from"], tuple(edits))

    def save(self, path: Path) -> None:
        """Write the file, an edit a line: the same bytes for the same content."""
        data = self.to_json()
        edits = ",\n".join(json.dumps(edit, ensure_ascii=False) for edit in data.pop("edits"))
        head = json.dumps(data, indent=1, ensure_ascii=False)
        text = f'{head[:-2]},\n "edits": [\n{edits}\n ]\n}}\n'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _unpacked(columns: bytes) -> np.ndarray:
    marks = np.zeros(len(columns) // MARKS.itemsize, MARKS)
    start = 0
    for column in MARKS.names or ():
        kind = MARKS[column]
        marks[column] = np.frombuffer(columns, kind, len(marks), start)
        start += kind.itemsize * len(marks)
    return marks


def path_of(exercise: str, directory: Path) -> Path:
    """Where an exercise's signatures lie, beside the references in `directory`."""
    return directory / FOLDER / f"{exercise}.json"


def read(path: Path) -> Signatures | None:
    """The signatures in a file; None where there are none, since a check says the rest without them."""
    try:
        return Signatures.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


def marks_of(wrong: dict[tuple[int, str], Signature], returns: tuple[str, ...]) -> np.ndarray:
    """The wrong outputs as they are kept, in the order of cases and outputs."""
    rows = sorted((case, returns.index(output) if output else WHOLE, mark) for (case, output), mark in wrong.items())
    with np.errstate(over="ignore"):
        return np.array([(case, place, mark.form, mark.shadow) for case, place, mark in rows], dtype=MARKS)


def by_unit(marks: np.ndarray, returns: tuple[str, ...]) -> dict[tuple[int, str], np.void]:
    """The reverse: what is kept, by case and output."""
    return {(int(m["case"]), "" if m["output"] == WHOLE else returns[m["output"]]): m for m in marks}


def signature_of(value: Any, tolerance: Tolerance) -> Signature:
    """The signature of what an output holds: an array, a number, a text, None, or lists and dicts of these."""
    form: list[Any] = []
    numbers: list[np.ndarray] = []
    _take(value, form, numbers)
    single = any(array.dtype in (np.float32, np.float16) for array in numbers)
    flat = np.concatenate([array.astype(float).ravel() for array in numbers]) if numbers else np.zeros(0)
    finite = np.isfinite(flat)
    if not finite.all():
        form.append(np.where(finite, 0, np.where(np.isnan(flat), 1, np.sign(flat))).astype(np.int8).tobytes().hex())
        flat = np.where(finite, flat, 0.0)
    if (huge := np.abs(flat) > HUGE).any():  # whose projection is none
        form.append(np.flatnonzero(huge).tolist())
        flat = np.where(huge, np.sign(flat) * np.log(np.maximum(np.abs(flat), 1.0)), flat)
    rtol, atol = (tolerance.rtol32, tolerance.atol32) if single else (tolerance.rtol, tolerance.atol)
    direction = _direction(flat.size)
    with np.errstate(all="ignore"):
        slack = rtol * np.linalg.norm(direction * flat) + atol * np.linalg.norm(direction)
        shadow = float(direction @ flat)
    telling = bool(np.any((np.abs(flat) != 1) & (flat != 0)))
    return Signature(_hash(form), shadow, float(SLACK * slack), telling)


def signature_of_problem(problem: Problem) -> Signature:
    """The signature of an error: of two of one kind and type."""
    return Signature(_hash([problem.kind, problem.detail]), 0.0)


def same(mine: Signature, kept: np.void) -> bool:
    """Whether a value's signature is a recorded one, up to rounding."""
    if mine.form != int(kept["form"]):
        return False
    with np.errstate(over="ignore"):
        a, b = float(np.float32(mine.shadow)), float(kept["shadow"])
    return a == b or abs(a - b) <= mine.slack + ROUNDING * abs(a)


def _take(value: Any, form: list[Any], numbers: list[np.ndarray]) -> None:
    """Split a value in its form and its numbers; whole numbers, floats and booleans count alike."""
    if isinstance(value, np.ndarray | np.generic | int | float):
        array = np.asarray(value)
        form.append(list(array.shape))
        numbers.append(array)
    elif isinstance(value, list | tuple):
        form.append(["list", len(value)])
        for item in value:
            _take(item, form, numbers)
    elif isinstance(value, dict):
        form.append(["dict", *map(str, value)])
        for item in value.values():
            _take(item, form, numbers)
    else:
        form.append(repr(value))


def _hash(form: list[Any]) -> int:
    return zlib.crc32(json.dumps(form).encode()) & 0xFFFF


@lru_cache(maxsize=64)
def _direction(size: int) -> np.ndarray:
    """A direction, the same everywhere and for ever: NumPy has frozen what `RandomState` draws."""
    return np.random.RandomState(20 + size % 2**31).standard_normal(size)

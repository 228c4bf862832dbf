"""What relations are sought in: each wrong output as arrays, case by case, with what is right and what went in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from course_lib.judging.compare import compare
from course_lib.judging.diagnosis.base import Unit
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference

Place = tuple[int | str, ...]
"""Where an array stands in an output that is a list or a dict of arrays."""

NO_ARRAY = np.array(np.nan)
"""Stands for what came back and is no array of numbers; no relation holds of it."""


@dataclass(frozen=True, eq=False)
class Item:
    """One array of one output of one case: what came, what is right, and what is known of the case."""

    case: int
    place: Place
    got: np.ndarray
    right: np.ndarray
    wrong: bool
    inputs: Mapping[str, Any]
    others: Mapping[str, Any] = field(default_factory=dict)
    """The right values of this case's other outputs."""

    def given(self, name: str) -> np.ndarray | None:
        """The input of this name as an array; of a list of arrays the one in this item's place."""
        return _array_at(self.inputs.get(name), self.place)

    def other(self, name: str) -> np.ndarray | None:
        """The right value of another output, in this item's place."""
        value = self.others.get(name)
        return np.array(value) if _is_number(value) else _array_at(value, self.place)

    @property
    def big(self) -> float:
        """The largest size of a right entry, by which small ones are measured."""
        return float(np.max(np.abs(self.right), initial=0.0))


@dataclass(frozen=True)
class Series:
    """The items of one output in all cases that gave a value, and the units that a relation of them would explain."""

    output: str
    items: tuple[Item, ...]
    units: frozenset[Unit]
    part: str = ""
    """Which of the arrays of a nested output these are; empty for all."""
    told: bool = False
    """Whether a pattern was told on other cases, so that these need not convince by themselves, only bear it out."""

    @property
    def wrong(self) -> list[Item]:
        """The items that differ from what is right."""
        return [item for item in self.items if item.wrong]


def series_of(
    output: str, outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference
) -> Series | None:
    """The output's items, or None if it holds no numbers. What is explained already is neither for nor against."""
    items: list[Item] = []
    units = frozenset(unit for unit in unexplained if unit[1] == output)
    for index, (outcome, case) in enumerate(zip(outcomes, reference.cases, strict=True)):
        right = (case.expected or {}).get(output)
        values = outcome.values or {}
        if right is None:
            continue
        if output not in values:  # it stopped: what the other cases gave may be chance, or half of the story
            return None
        got = values[output]
        if (index, output) not in units and compare(got, right, reference.tolerance) is not None:
            continue
        others = {name: value for name, value in (case.expected or {}).items() if name != output}
        for place, g, r in _leaves(got, right):
            wrong = compare(g, r, reference.tolerance) is not None
            expected = _numbers(r)
            if expected is None:
                return None
            came = _numbers(g)
            items.append(Item(index, place, NO_ARRAY if came is None else came, expected, wrong, case.inputs, others))
    return Series(output, tuple(items), units) if any(item.wrong for item in items) else None


def parts_of(series: Series) -> Iterator[Series]:
    """Of an output of several arrays, those alone that are wrong: where the rest is right, this says more."""
    if not all(item.place for item in series.items) or len({item.place for item in series.items}) < 2:
        return
    tests: list[tuple[str, Callable[[Item], bool]]] = [
        ("vectors", lambda item: item.right.ndim == 1),
        ("matrices", lambda item: item.right.ndim >= 2),
        ("first", lambda item: item.place[-1] == 0),
        ("second", lambda item: item.place[-1] == 1),
        ("later", lambda item: item.place[-1] != 0),
    ]
    names = {item.place for item in series.items if isinstance(item.place[-1], str)}
    tests += [(f"[{place[-1]!r}]", partial(_is_at, place=place)) for place in sorted(names, key=str)]
    for part, test in tests:
        chosen = tuple(item for item in series.items if test(item))
        if len(chosen) < len(series.items) and not any(item.wrong and not test(item) for item in series.items):
            yield Series(series.output, chosen, series.units, part, series.told)


def _is_at(item: Item, place: Place) -> bool:
    return item.place == place


def _leaves(got: Any, right: Any, place: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """The arrays of a nested value beside those that are right; where the forms differ, what stands there."""
    if isinstance(right, dict):
        same = isinstance(got, dict) and got.keys() == right.keys()
        for key in right:
            yield from _leaves(got[key] if same else None, right[key], (*place, key))
    elif isinstance(right, list | tuple) and any(isinstance(each, np.ndarray | list | tuple | dict) for each in right):
        rows = isinstance(got, list | tuple) or (isinstance(got, np.ndarray) and got.ndim > 0)
        same = rows and len(got) == len(right)
        for index, each in enumerate(right):
            yield from _leaves(got[index] if same else None, each, (*place, index))
    else:
        yield place, got, right


def _numbers(value: Any) -> np.ndarray | None:
    if value is None or isinstance(value, str):
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "iuf" else None


def _array_at(value: Any, place: Place) -> np.ndarray | None:
    """The array, or of a list of arrays the one in this place."""
    for step in place:
        inside = isinstance(value, dict) and step in value
        if inside or (isinstance(value, list | tuple) and isinstance(step, int) and step < len(value)):
            value = value[step]
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


RTOL, RTOL_FLOAT32 = 1e-7, 1e-4
TINY = 1e-9
"""Values below it are rounding: where what came and what a relation says lie below it, neither bears the other out."""


def equal(got: np.ndarray, predicted: np.ndarray) -> bool:
    """Whether what came is what a relation says, measured by the largest entry; NaN says nothing of its entry."""
    if got.shape != predicted.shape:
        return False
    rtol = RTOL_FLOAT32 if got.dtype in (np.float32, np.float16) else RTOL
    said = ~np.isnan(predicted)
    if not said.any():
        return True
    came, saying = got[said].astype(float), predicted[said].astype(float)
    finite = np.isfinite(saying)
    if not np.array_equal(came[~finite], saying[~finite]) or not np.isfinite(came[finite]).all():
        return False
    came, saying = came[finite], saying[finite]
    most = float(np.max(np.abs(saying), initial=0.0))
    return bool(np.max(np.abs(came - saying), initial=0.0) <= rtol * most + 1e-300)


def differing(item: Item, predicted: np.ndarray) -> int:
    """In how many entries a relation says something else than what is right: its evidence, where it holds."""
    if predicted.shape != item.right.shape:
        return predicted.size
    with np.errstate(all="ignore"):
        far = np.abs(predicted - item.right) > 1e-6 * item.big
    return int(np.sum(far & ~np.isnan(predicted)))


def _negligible(item: Item, predicted: np.ndarray) -> bool:
    if item.got.shape != predicted.shape:
        return False
    came = item.got if item.wrong else item.right
    return all(float(np.max(np.abs(values), initial=0.0)) < TINY for values in (came, predicted))


def holds(items: Sequence[Item], predict: Callable[[Item], np.ndarray | None]) -> bool:
    """Whether every case is as `predict` says, the right ones too, and so many entries that it is no chance."""
    evidence: dict[int, int] = {}
    for item in sorted(items, key=lambda item: not item.wrong):
        predicted = predict(item)
        if predicted is None:
            return False
        if _negligible(item, predicted):
            continue
        if not equal(item.got, predicted):
            return False
        if item.wrong:
            evidence[item.case] = evidence.get(item.case, 0) + differing(item, predicted)
    told = {case: count for case, count in evidence.items() if count}
    whole = all(np.array_equal(item.got, np.round(item.got)) for item in items if item.wrong)
    if len(told) >= 2:
        return sum(told.values()) >= (4 if whole else 2)
    return sum(told.values()) >= (12 if whole else 4)

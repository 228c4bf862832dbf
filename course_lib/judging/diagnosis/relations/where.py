"""Where a wrong value is wrong: in the last row only, from the second step on, where `x` is negative."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from course_lib.judging.diagnosis.relations.items import Item, Series, equal

Mask = Callable[[Item], "np.ndarray | None"]

Test = Callable[[np.ndarray], np.ndarray]

LUCK = 1e-3
"""How probable it may be that as many wrong entries fall into a pattern by chance."""


@dataclass(frozen=True)
class Pattern:
    """Entries of an array that a sentence can name; `mask` is True where the wrong ones may be.

    share: which part of the entries that it names must be wrong, in all wrong cases together.
    """

    name: str
    says: str
    mask: Mask
    share: float = 0.8
    values: dict[str, str] = field(default_factory=dict)
    everywhere: bool = False
    """Whether the sentence speaks of the cases too in which nothing is wrong."""


def wrong_entries(item: Item) -> np.ndarray | None:
    """True where what came is not right, measured by the size of the array; None where the shapes differ."""
    if item.got.shape != item.right.shape:
        return None
    if not item.wrong:
        return np.zeros(item.right.shape, bool)
    got, right = item.got.astype(float), item.right.astype(float)
    with np.errstate(all="ignore"):
        far = ~(np.abs(got - right) <= 1e-6 * np.abs(right) + 1e-9 * item.big)
    return far & ~(np.isnan(got) & np.isnan(right)) & ~(got == right)


def find(series: Series, steps: bool) -> Iterator[Pattern]:
    """The patterns that hold the wrong entries of all cases. steps: whether the first axis counts steps."""
    if not all(item.right.ndim for item in series.items):
        return
    masks = [wrong_entries(item) for item in series.items]
    if any(mask is None for mask in masks):
        return
    told = [mask for mask in masks if mask is not None]
    if all(mask.all() for mask, item in zip(told, series.items, strict=True) if item.wrong):
        return
    first = START if _begins_with_an_input(series) else STEPS if steps else ROWS
    for pattern in (*PLACES, *first, *_conditions(series)):
        if _explains(pattern, series, told):
            yield pattern


def _explains(pattern: Pattern, series: Series, wrong: list[np.ndarray]) -> bool:
    luck, inside, marked = 1.0, 0, 0
    cases: set[int] = set()
    for item, mask in zip(series.items, wrong, strict=True):
        place = pattern.mask(item)
        if not item.wrong:
            marked += int(place.sum()) if pattern.everywhere and place is not None else 0
            continue
        if place is None:
            return False
        if place.all() or (mask & ~place).any():
            return False
        count = int(mask.sum())
        luck *= float(place.mean()) ** count
        inside += count
        marked += int(place.sum())
        cases.add(item.case)
    convinces = len(cases) >= 2 and inside >= pattern.share * marked and luck < LUCK
    return convinces or (series.told and bool(cases))


def _at(*index: int | slice) -> Mask:
    """The entries at an index along the first axes; an array needs at least two entries along each."""

    def mask(item: Item) -> np.ndarray | None:
        if item.right.ndim < len(index) or min(item.right.shape[: len(index)]) < 2:
            return None
        found = np.zeros(item.right.shape, bool)
        found[index] = True
        return found

    return mask


def _but(mask: Mask) -> Mask:
    def rest(item: Item) -> np.ndarray | None:
        found = mask(item)
        return None if found is None else ~found

    return rest


def _axes(count: int, mask: Mask) -> Mask:
    return lambda item: mask(item) if item.right.ndim == count else None


def _more_axes(count: int, mask: Mask) -> Mask:
    return lambda item: mask(item) if item.right.ndim >= count else None


def _last_axis(position: int) -> Mask:
    def mask(item: Item) -> np.ndarray | None:
        if item.right.ndim < 2 or item.right.shape[-1] < 2:
            return None
        found = np.zeros(item.right.shape, bool)
        found[..., position] = True
        return found

    return mask


def _diagonal(item: Item) -> np.ndarray | None:
    if item.right.ndim != 2 or min(item.right.shape) < 2:
        return None
    return np.eye(*item.right.shape, dtype=bool)


def _triangle(item: Item) -> np.ndarray | None:
    if item.right.ndim != 2 or min(item.right.shape) < 2:
        return None
    return np.tril(np.ones(item.right.shape, bool), -1)


def _from_start(count: int) -> Mask:
    """All but the first so many along the first axis."""
    inner = _but(_at(slice(0, count)))
    return lambda item: inner(item) if len(item.right) > count else np.zeros(item.right.shape, bool)


FIRST, LAST = _at(0), _at(-1)
PLACES = (
    Pattern("first_entry", "{it} is right but for the first entry, in every case in which it is wrong.",
            _axes(1, FIRST)),
    Pattern("last_entry", "{it} is right but for the last entry, in every case in which it is wrong.",
            _axes(1, LAST)),
    Pattern("last_row", "{it} is right but for its last row, in every case in which it is wrong.",
            _more_axes(2, LAST)),
    Pattern("first_column", "{it} is right but for its first column, in every case in which it is wrong.",
            _axes(2, _last_axis(0))),
    Pattern("last_column", "{it} is right but for its last column, in every case in which it is wrong.",
            _axes(2, _last_axis(-1))),
    Pattern("not_first_column", "The first column of {its} is right in every case; what is wrong stands beside it.",
            _axes(2, _but(_last_axis(0)))),
    Pattern("not_last_column", "The last column of {its} is right in every case; what is wrong stands beside it.",
            _axes(2, _but(_last_axis(-1)))),
    Pattern("diagonal", "{it} is right but for its diagonal, in every case in which it is wrong.", _diagonal),
    Pattern("not_diagonal", "The diagonal of {its} is right in every case; what is wrong stands beside it.",
            _but(_diagonal)),
    Pattern("below_diagonal", "{it} is wrong below its diagonal only.", _triangle),
)  # fmt: skip

HANDED_ON = " Look at what one step hands on to the next, and at what changes from step to step."
START = (
    Pattern("from_second_step", "The start and the first step of {its} are right in every case; what is wrong comes "
            "after them." + HANDED_ON, _more_axes(2, _from_start(2))),
)  # fmt: skip
STEPS = (
    Pattern("from_second", "The first step of {its} is right in every case; what is wrong comes after it." + HANDED_ON,
            _from_start(1)),
)  # fmt: skip
ROWS = (
    Pattern("first_row", "{it} is right but for its first row, in every case in which it is wrong.",
            _more_axes(2, FIRST)),
    Pattern("not_first_row", "The first row of {its} is right in every case; what is wrong comes after it.",
            _more_axes(2, _from_start(1))),
    Pattern("not_first_entry", "The first entry of {its} is right in every case; what is wrong comes after it.",
            _axes(1, _from_start(1))),
)  # fmt: skip


def _begins_with_an_input(series: Series) -> bool:
    """Whether the first row is a start that was given, such as theta0: it says nothing of the first step."""
    for name in series.items[0].inputs:
        starts = [item.given(name) for item in series.items]
        pairs = zip(starts, series.items, strict=True)
        if all(start is not None and len(item.right) and equal(item.right[0], start) for start, item in pairs):
            return True
    return False


def _conditions(series: Series) -> Iterator[Pattern]:
    """Where an input of this shape, or the right value itself, has a sign."""
    first = series.items[0]
    for name in first.inputs:
        given = first.given(name)
        if given is not None and given.shape == first.right.shape:
            for word, test in TESTS.items():
                yield Pattern(
                    f"where:{name}:{word}", "{it} is wrong only where `{of}` is {word}, and right everywhere else.",
                    partial(_where_given, name=name, test=test), 0.5,
                    {"of": name, "word": word}, True,
                )  # fmt: skip
    for word, test in TESTS.items():
        yield Pattern(
            f"where_right:{word}", "{it} is wrong only where the right value is {word}.",
            partial(_where_right, test=test), 0.5, {"word": word}, True,
        )  # fmt: skip


TESTS: dict[str, Test] = {
    "negative": lambda x: x < 0,
    "exactly 0": lambda x: x == 0,
    "positive": lambda x: x > 0,
    "0 or less": lambda x: x <= 0,
    "0 or more": lambda x: x >= 0,
    "larger than 1": lambda x: x > 1,
    "smaller than 1": lambda x: x < 1,
}


def _where_given(item: Item, name: str, test: Test) -> np.ndarray | None:
    return _tested(item.given(name), item, test)


def _where_right(item: Item, test: Test) -> np.ndarray | None:
    return _tested(item.right, item, test)


def _tested(array: np.ndarray | None, item: Item, test: Test) -> np.ndarray | None:
    return None if array is None or array.shape != item.right.shape else test(array)

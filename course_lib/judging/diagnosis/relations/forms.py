"""A wrong value that is the right one in another form: its root, its running sum, transposed, one step late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from course_lib.judging.diagnosis.relations.items import Item, Series, holds

Predict = Callable[[Item], "np.ndarray | None"]


@dataclass(frozen=True)
class Form:
    """A relation by itself: what it predicts of a case (None: nothing; NaN: not of this entry), and its sentence."""

    name: str
    says: str
    predict: Predict
    least: int = 1
    """The number of axes that an array must have for it."""
    values: dict[str, str] = field(default_factory=dict)


def _partly(function: Callable[[np.ndarray], np.ndarray]) -> Predict:
    """What says something of some entries only, and NaN of the others."""
    return lambda item: np.asarray(function(item.right.astype(float)))


def _each(function: Callable[[np.ndarray], np.ndarray]) -> Predict:
    """What says something of each entry; where it cannot be computed, as 0/0, it is not what came."""

    def predict(item: Item) -> np.ndarray | None:
        with np.errstate(all="ignore"):
            found = np.asarray(function(item.right.astype(float)))
        return None if np.isnan(found).any() else found

    return predict


def _normal(axis: int | None) -> Predict:
    return _each(lambda r: r / np.sum(r, axis=axis, keepdims=True))


def _delayed(r: np.ndarray, by: int) -> np.ndarray:
    """Shifted along the first axis; nothing is said of what comes in at the end, nor of two entries alone."""
    moved = np.full(r.shape, np.nan)
    if len(r) < 3:  # one of two in the other's place is no delay
        return moved
    if by > 0:
        moved[by:] = r[:-by]
    else:
        moved[:by] = r[-by:]
    return moved


def _longer(item: Item, front: bool) -> np.ndarray | None:
    """The right entries with one more, of which nothing is said."""
    if item.right.ndim == 0 or item.got.shape != (len(item.right) + 1, *item.right.shape[1:]):
        return item.right.astype(float) if not item.wrong else None
    free = np.full((1, *item.right.shape[1:]), np.nan)
    return np.concatenate([free, item.right] if front else [item.right, free])


def _shorter(item: Item, front: bool) -> np.ndarray | None:
    if not item.wrong:
        return item.right.astype(float)
    return (item.right[1:] if front else item.right[:-1]).astype(float) if item.right.ndim else None


def _swapped_last(r: np.ndarray) -> np.ndarray:
    return np.swapaxes(r, -1, -2)


def _repeated(item: Item, which: int) -> np.ndarray:
    """The first row, or the last, in the place of all."""
    return np.broadcast_to(item.right[which], item.right.shape).astype(float)


def _same_rows(item: Item) -> np.ndarray | None:
    """Its own first row in the place of all."""
    if item.got.shape != item.right.shape or not np.isfinite(item.got).all():
        return None
    return np.broadcast_to(item.got[:1], item.got.shape).astype(float)


def _reshaped(item: Item) -> np.ndarray | None:
    """The right numbers in the shape that came."""
    return item.right.reshape(item.got.shape).astype(float) if item.got.size == item.right.size else None


def _column_order(r: np.ndarray) -> np.ndarray:
    return r.T.reshape(r.shape)


def _ordered(item: Item) -> np.ndarray | None:
    """The rows that are right in the order in which they came: each of mine is one of these, and each once."""
    if item.got.shape != item.right.shape or len(item.right) < 2:
        return None
    got, right = (part.reshape(len(part), -1).astype(float) for part in (item.got, item.right))
    if not np.isfinite(got).all():
        return None
    a, b = np.lexsort(np.round(got.T, 9)), np.lexsort(np.round(right.T, 9))
    ordered = np.empty_like(right)
    ordered[a] = right[b]
    return ordered.reshape(item.right.shape)


VALUES = (
    Form("abs", "{it} is the absolute value of what is right: the signs are lost.", _each(np.abs), 0),
    Form("root", "{it} is the square root of the right value in every case.", _each(np.sqrt), 0),
    Form("square", "{it} is the square of the right value in every case.", _each(np.square), 0),
    Form("log", "{it} is the natural logarithm of the right value in every case.", _each(np.log), 0),
    Form("exp", "{it} is exp of the right value in every case: its logarithm is asked for.", _each(np.exp), 0),
    Form("one_by", "{it} is 1 divided by the right value in every case.", _each(lambda r: 1 / r), 0),
    Form("one_minus", "{it} is 1 minus the right value in every case.", _each(lambda r: 1 - r), 0),
    Form("floor", "{it} is the right value rounded down to a whole number.", _each(np.floor), 0),
    Form("cut", "{it} is the right value with its fractions cut off.", _each(np.trunc), 0),
    Form("rounded", "{it} is the right value rounded to a whole number.", _each(np.round), 0),
    Form("rounded_up", "{it} is the right value rounded up to a whole number.", _each(np.ceil), 0),
    Form("not_below", "{it} is right where the right value is positive, and 0 where it is negative.",
         _each(lambda r: np.maximum(r, 0)), 0),
    Form("not_above", "{it} is right where the right value is negative, and 0 where it is positive.",
         _each(lambda r: np.minimum(r, 0)), 0),
    Form("at_least_one", "{it} is never below 1, and right where the right value is at least 1.",
         _each(lambda r: np.maximum(r, 1)), 0),
    Form("at_most_one", "{it} is never above 1, and right where the right value is at most 1.",
         _each(lambda r: np.minimum(r, 1)), 0),
    Form("sign_only", "{it} holds only the signs of what is right: 1, 0 and -1.", _each(np.sign), 0),
)  # fmt: skip

ARRAYS = (
    Form("centred", "{it} is the right value minus its own mean.", _each(lambda r: r - r.mean())),
    Form("sums_to_one", "{it} is the right value divided by its own sum.", _normal(None)),
    Form("rows_to_one", "Each row of {its} is the right one divided by its own sum.", _normal(-1), 2),
    Form("columns_to_one", "Each column of {its} is the right one divided by its own sum.", _normal(0), 2),
    Form("unit_length", "{it} is the right value divided by its own length: every one has the length 1.",
         _each(lambda r: r / np.sqrt(np.sum(r * r)))),
    Form("largest_one", "{it} is the right value divided by its own largest entry.",
         _each(lambda r: r / np.max(np.abs(r)))),
    Form("rows_centred", "{it} is the right value minus the mean of each row.",
         _each(lambda r: r - r.mean(-1, keepdims=True)), 2),
    Form("columns_centred", "{it} is the right value minus the mean of each column.",
         _each(lambda r: r - r.mean(0, keepdims=True)), 2),
    Form("running_sum", "{it} is the running sum of what is right: entry t is the sum of the right ones up to t.",
         _each(lambda r: np.cumsum(r, axis=0))),
    Form("running_mean", "{it} is the running mean of what is right: entry t is the mean of the right ones up to t.",
         _each(lambda r: np.cumsum(r, 0) / np.arange(1, 1 + len(r)).reshape(-1, *[1] * (r.ndim - 1)))),
    Form("differences", "From the second entry on, {its} is the difference of two neighbours of what is right.",
         _partly(lambda r: np.concatenate([np.full_like(r[:1], np.nan), np.diff(r, axis=0)]))),
    Form("running_best", "{it} is the smallest of the right ones so far, where each one itself is asked for.",
         _each(lambda r: np.minimum.accumulate(r, axis=0))),
    Form("summed", "{it} is one number, the sum of what is right: one for each entry is asked for.",
         _each(np.sum)),
    Form("averaged", "{it} is one number, the mean of what is right: one for each entry is asked for.",
         _each(np.mean)),
)  # fmt: skip

PLACES = (
    Form("transposed", "{it} is the transpose of what is right.", _each(np.transpose), 2),
    Form("last_axes", "{it} has its last two axes swapped.", _each(_swapped_last), 3),
    Form("column_order", "{it} holds the right numbers, read column by column where row by row is right "
         "(a reshape where a transpose is asked for, or the other way round).", _each(_column_order), 2),
    Form("late", "{it} is one late: entry t is what is right for entry t - 1.", _partly(lambda r: _delayed(r, 1))),
    Form("early", "{it} is one ahead: entry t is what is right for entry t + 1.", _partly(lambda r: _delayed(r, -1))),
    Form("reversed", "{it} is right and in reverse order, the last one first.", _each(lambda r: r[::-1])),
    Form("flipped", "Each row of {its} is right and in reverse order.", _each(lambda r: np.flip(r, -1)), 2),
    Form("turned", "{it} is turned by 180 degrees: both axes are in reverse order.",
         _each(lambda r: np.flip(r, (-2, -1))), 2),
    Form("last_row_everywhere", "All rows of {its} are equal: each is what is right for the last one.",
         lambda item: _repeated(item, -1), 2),
    Form("first_row_everywhere", "All rows of {its} are equal: each is what is right for the first one.",
         lambda item: _repeated(item, 0), 2),
    Form("last_everywhere", "All entries of {its} are equal: each is what is right for the last one.",
         lambda item: _repeated(item, -1)),
    Form("first_everywhere", "All entries of {its} are equal: each is what is right for the first one.",
         lambda item: _repeated(item, 0)),
    Form("without_first", "{it} is right and lacks the first entry.", lambda item: _shorter(item, True)),
    Form("without_last", "{it} is right and lacks the last entry.", lambda item: _shorter(item, False)),
    Form("one_more_first", "{it} is right and has one entry too many, in front.", lambda item: _longer(item, True)),
    Form("one_more_last", "{it} is right and has one entry too many, at the end.", lambda item: _longer(item, False)),
    Form("reshaped", "{it} holds the right numbers in the right order, in another shape than is asked for.",
         _reshaped, 0),
    Form("permuted", "{it} holds the right entries in another order.", _ordered),
)  # fmt: skip

ALIKE = (
    Form("rows_alike", "All rows of {its} are equal, where the right ones differ.", _same_rows, 2),
    Form("entries_alike", "All entries of {its} are equal, where the right ones differ.", _same_rows),
)  # fmt: skip


def _other(item: Item, name: str) -> np.ndarray | None:
    return item.other(name)


def _given(item: Item, name: str) -> np.ndarray | None:
    return item.given(name)


OTHER = "{it} holds what is right for `{of}`."
INPUT = "{it} is the input `{of}` as it came, in every case."


def find(series: Series, forms: tuple[Form, ...]) -> Iterator[Form]:
    """The forms of which all items are."""
    least = min(item.right.ndim for item in series.items)
    smallest = min(item.right.size for item in series.items)
    for form in forms:
        if least >= form.least and smallest > 0 and holds(series.items, form.predict):
            yield form


TIMES = "{it} is the right value times `{of}`, entry by entry, in every case."
OVER = "{it} is the right value divided by `{of}`, entry by entry, in every case."
STEP_TIMES = "{it} has moved from the given `{start}` by the right step times `{of}`, entry by entry, in every case."


def entry_by_entry(series: Series) -> Iterator[Form]:
    """The right value, or the right step from an input, times or divided by an input of the same shape."""
    first = series.items[0]
    arrays = {name: given for name in first.inputs if (given := first.given(name)) is not None and given.ndim}
    alike = [name for name, given in arrays.items() if given.shape == first.right.shape]

    for name in alike:
        yield Form(f"times:{name}", TIMES, partial(_times, name=name), values={"of": name})
        yield Form(f"over:{name}", OVER, partial(_over, name=name), values={"of": name})
    start = series.output
    for name in alike if start in alike else ():
        values = {"start": start, "of": name}
        yield Form(f"step:{name}", STEP_TIMES, partial(_step_times, start=start, name=name), values=values)


def _times(item: Item, name: str) -> np.ndarray | None:
    given = item.given(name)
    return None if given is None or given.shape != item.right.shape else item.right * given


def _over(item: Item, name: str) -> np.ndarray | None:
    given = item.given(name)
    if given is None or given.shape != item.right.shape or not given.all():
        return None
    return item.right / given


def _step_times(item: Item, start: str, name: str) -> np.ndarray | None:
    begun, given = item.given(start), item.given(name)
    if begun is None or given is None or not begun.shape == given.shape == item.right.shape:
        return None
    return begun + (item.right - begun) * given


def of_inputs(series: Series) -> Iterator[Form]:
    """Inputs that came back as they were, and right values of other outputs in this one's place."""
    first = series.items[0]
    for name in first.others:
        if first.other(name) is not None:
            yield Form(f"other:{name}", OTHER, partial(_other, name=name), 0, {"of": name})
    for name in first.inputs:
        if (given := first.given(name)) is not None and given.ndim:
            yield Form(f"input:{name}", INPUT, partial(_given, name=name), 0, {"of": name})

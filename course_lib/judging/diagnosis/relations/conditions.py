"""In which cases a value is wrong: those where `beta` is not 0, or where there is more than one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course_lib.judging.diagnosis.relations.quantities import OURS

LEAST = 2
"""So many cases must be right and as many wrong, and MOST_LUCK bounds that a condition fits all by chance."""

UNSEEN = OURS | {
    *("at_least", "bias", "decay", "decimals", "drop_last", "dropout", "durations", "ends", "last", "leaves"),
    *("losses", "lost", "lrs", "most_macs", "most_parameters", "normalized", "paces", "running_mean", "scale", "shift"),
    *("shuffle", "sizes", "stale", "strength", "times", "ts", "waits", "weight", "work"),
}
"""Inputs of which a driver makes what the learner's code is handed: no learner has ever read their names."""


@dataclass(frozen=True)
class Condition:
    """What an input is in all cases that are wrong, and in none that is right."""

    name: str
    says: str
    values: dict[str, str]


TESTS: dict[str, tuple[str, str, Callable[[Any], bool]]] = {
    "not_zero": ("not 0", "0", lambda value: value != 0),
    "zero": ("0", "not 0", lambda value: value == 0),
    "true": ("True", "False", lambda value: value is True),
    "false": ("False", "True", lambda value: value is False),
}
SAYS = "{it} is right in every case where `{of}` is {else_}, and wrong in every case where it is {word}."
ROWS = "{it} is right in every case where `{of}` has a single {axis}, and wrong in every case where it has more."
AXES = {1: ("entry",), 2: ("row", "column")}
ONE_STEP = (
    "{it} is right in every case of a single step, and wrong in every case of more: look at what one step hands on "
    "to the next."
)
INTS = "{it} is right in every case where `{of}` holds floats, and wrong in every case where it holds whole numbers."


def find(wrong: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]], steps: bool) -> Iterator[Condition]:
    """The conditions that part the inputs of the wrong cases from those of the right ones.

    steps: whether arrays are handed over step by step, of `lr` or `lrs` one number each.
    """
    if len(wrong) < LEAST or len(right) < LEAST or len(wrong) + len(right) < 6:
        return
    both = [*wrong, *right]
    for name in both[0]:
        values = [each.get(name) for each in both]
        if any(value is None for value in values):
            continue
        if steps and isinstance(values[0], np.ndarray):
            counts = [np.size(value) for value in values if isinstance(value, np.ndarray)]
            if (
                name in ("lr", "lrs")
                and len(counts) == len(both)
                and min(counts[: len(wrong)]) > 1
                and max(counts[len(wrong) :]) == 1
            ):
                yield Condition("cases:steps", ONE_STEP, {})
            continue
        if name in UNSEEN:
            continue
        for kind, says, said, holds in _tests(name, values):
            if all(map(holds, values[: len(wrong)])) and not any(map(holds, values[len(wrong) :])):
                yield Condition(f"cases:{name}:{kind}", says, {"of": name, **said})


def _tests(name: str, values: list[Any]) -> Iterator[tuple[str, str, dict[str, str], Callable[[Any], bool]]]:
    if all(isinstance(value, int | float) for value in values):
        for kind, (word, otherwise, holds) in TESTS.items():
            if isinstance(values[0], bool) == (kind in ("true", "false")):
                yield kind, SAYS, {"word": word, "else_": otherwise}, holds
    elif all(isinstance(value, np.ndarray) and value.ndim for value in values):
        if all(value.dtype.kind in "iuf" for value in values):
            yield "ints", INTS, {}, _whole
        if len({value.ndim for value in values}) == 1:
            words = AXES.get(values[0].ndim, ())
            for axis, word in enumerate(words):
                yield f"more:{word}", ROWS, {"axis": word}, partial(_more, axis=axis)


def _whole(value: np.ndarray) -> bool:
    return value.dtype.kind in "iu"


def _more(value: np.ndarray, axis: int) -> bool:
    return value.shape[axis] > 1

"""Weights that are drawn: their shape, their centre and their spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.properties.base import Flaw, Property


def initial_weights(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the weights that the driver `initializer` drew.

    inputs: fan_in, fan_out, and `asks`: "shape", "centre", "spread" or "random".
    values: `first`, (fan_in, fan_out), with enough entries for statistics: the tolerances are five standard errors; for
    "random" also `second`, drawn with the same generator, and `again`, with a fresh one of the same seed.
    """
    fan_in, fan_out = int(inputs["fan_in"]), int(inputs["fan_out"])
    first = np.asarray(values["first"], dtype=float)
    if first.shape != (fan_in, fan_out):
        if first.shape == (fan_out, fan_in):
            return Flaw("transposed", "the weights have the shape (fan_out, fan_in).")
        return Flaw("shape", "the weights do not have the shape (fan_in, fan_out).")
    asks = inputs["asks"]
    if asks == "shape":
        return None if np.isfinite(first).all() else Flaw("not_finite", "some weights are NaN or infinite.")
    if (same := _same_numbers(first)) and (asks == "random" or same.name == "cut_off"):
        return same
    if asks == "random":
        return _random_flaw(first, values["second"], values["again"])
    std = float(first.std())
    if asks == "spread" and _cut_off(first):
        return Flaw("cut_off", "all weights beyond a limit were set to that limit.")
    drawn = len(np.unique(first))  # of weights that were copied, only so many say something about the spread
    if asks == "centre":
        off = abs(float(first.mean())) > 5 * std / np.sqrt(drawn)
        return Flaw("not_centred", "the mean of the weights is not near 0.") if off else None
    if std == 0:
        return Flaw("all_equal", "all weights are the same.")
    for name, wanted in _spreads(fan_in, fan_out).items():
        if abs(std - wanted) <= 5 * wanted / np.sqrt(2 * drawn):
            if name != "he":
                return Flaw(name, SPREADS.get(name, WRONG_SPREAD))
            return None if np.abs(first).max() > FURTHEST * std else Flaw("not_normal", NO_TAILS)
    return Flaw("spread", WRONG_SPREAD)


WRONG_SPREAD = "the standard deviation of the weights is not the one of the formula."
FURTHEST = 1.8
"""Deviations from 0 that some of a thousand normal numbers exceed by far; uniform numbers end at 1.73."""
NO_TAILS = f"none of the weights lies further than {FURTHEST} standard deviations from 0."
SPREADS = {"scale_missing": "the weights have a standard deviation of 1."}


def _spreads(fan_in: int, fan_out: int) -> dict[str, float]:
    """The standard deviations that formulas for initial weights give, right ones and others."""
    return {
        "he": np.sqrt(2 / fan_in),
        "variance_for_deviation": 2 / fan_in,
        "fan_out": np.sqrt(2 / fan_out),
        "for_linear_layers": np.sqrt(1 / fan_in),
        "glorot": np.sqrt(2 / (fan_in + fan_out)),
        "root_missed_the_two": 2 / np.sqrt(fan_in),
        "scale_missing": 1.0,
    }


def _same_numbers(first: np.ndarray) -> Flaw | None:
    """Whether weights are equal that should not be, and in which way."""
    if len(np.unique(first)) == 1:
        return Flaw("all_equal", "all weights are the same.")
    if any(_copies(first, axis) for axis in (0, 1)):
        return Flaw("repeated", "some weights were copied: units or inputs have the same ones.")
    if _cut_off(first):
        return Flaw("cut_off", "all weights beyond a limit were set to that limit.")
    if len(np.unique(first)) < 0.9 * first.size:  # in float32, a pair of equal numbers is chance
        return Flaw("few_values", "many weights are the same number.")
    return None


def _random_flaw(first: np.ndarray, second: Any, again: Any) -> Flaw | None:
    """Whether every entry is drawn on its own, anew each time, and by the generator that was handed in."""
    if np.array_equal(first, second):
        return Flaw("same_again", "two layers drawn one after the other get the very same weights.")
    if not np.array_equal(first, again):
        return Flaw("another_rng", "two generators of the same seed give different weights.")
    return None


def _copies(drawn: np.ndarray, axis: int) -> bool:
    """Whether whole rows or columns are the same, of more than one number each."""
    return drawn.shape[1 - axis] > 1 and np.unique(drawn, axis=axis).shape[axis] < drawn.shape[axis]


def _cut_off(drawn: np.ndarray) -> bool:
    """Whether more entries than one are the largest or the smallest, and all the others differ."""
    edges = [int((drawn == edge).sum()) for edge in (drawn.min(), drawn.max())]
    inner = drawn.size - sum(edges)
    return min(edges) > 1 and 0.9 * inner < len(np.unique(drawn)) - 2 and inner > 0


PROPERTIES: dict[str, Property] = {"initial_weights": initial_weights}

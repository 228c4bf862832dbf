"""Properties that a result must have where many results are right: every example once, whatever the order.

An exercise names one of these functions in its spec (`verify`), and `judge` asks it in place of comparing with a right
value. Both lives of a check may run them: a property says what is demanded and holds no answer. A learner reads the
sentence of a `Flaw` for private cases too, so no sentence here quotes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Flaw:
    """A property that does not hold. If a misconception of the exercise has the same name, that is the diagnosis."""

    name: str
    message: str


Property = Callable[[Mapping[str, Any], Mapping[str, Any]], Flaw | None]

FORM = Flaw("form", "what came back does not have the form that the exercise asks for.")


def verify(name: str, inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """What the property function `name` finds in a case's `values`; None when everything holds."""
    try:
        return PROPERTIES[name](inputs, values)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return FORM  # values from a learner's process may be anything; none of it may stop whoever judges


SMALLEST = 8  # examples; of fewer, a shuffle too often gives back the order that it was given by chance


def minibatches(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the epochs that the probe of the same name drew.

    inputs: X (N, ...) with N different rows, y (N,), batch_size, and `asks`: "once", "pairs", "last" or "order".
    values: `first` and `second`, two epochs with one generator, and `again`, one with a fresh generator of the same
    seed; each a list of {"X": (B, ...), "y": (B,)}.
    """
    epochs = {key: values[key] for key in ("first", "second", "again")}
    if any(len(epoch) > len(inputs["y"]) for epoch in epochs.values()):
        return Flaw("endless", "it hands out more batches than there are examples.")
    places: dict[str, Any] = {key: [_places(b["X"], inputs["X"]) for b in epoch] for key, epoch in epochs.items()}
    for key, batches in places.items():
        for place, batch in zip(batches, epochs[key], strict=True):
            if place is None:
                return Flaw("foreign", "a batch holds rows that are in X nowhere.")
            if len(place) == 0:
                return Flaw("empty", "a batch is empty.")
            if len(batch["y"]) != len(place):
                return Flaw("lengths", "a batch has another number of labels than of examples.")
    if inputs["asks"] in ("pairs", "order") and any(len(np.concatenate(p or [[]])) < SMALLEST for p in places.values()):
        return Flaw("too_few", "hardly any examples come.")
    if inputs["asks"] == "pairs":
        whole = all(_paired(epochs[key], places[key], inputs["y"]) for key in epochs)
        return None if whole else Flaw("apart", "examples have got labels that are not their own.")
    if inputs["asks"] == "order":
        return _order_flaw(places["first"], places["second"], places["again"])
    return _count_flaw(places["first"], inputs) or _count_flaw(places["second"], inputs)


def _places(rows: Any, X: np.ndarray) -> np.ndarray | None:
    """The index in X of each row, or None when a row is in X nowhere."""
    rows, flat = np.asarray(rows), X.reshape(len(X), -1)
    if rows.shape[1:] != X.shape[1:]:
        return None
    same = (rows.reshape(len(rows), 1, -1) == flat).all(axis=2)
    return np.asarray(same.argmax(axis=1)) if same.any(axis=1).all() else None


def _paired(epoch: Any, places: Any, y: np.ndarray) -> bool:
    return all(np.array_equal(batch["y"], y[place]) for batch, place in zip(epoch, places, strict=True))


def _count_flaw(batches: Any, inputs: Mapping[str, Any]) -> Flaw | None:
    """Whether an epoch holds each example once, in batches of the size asked for, the last of what is left."""
    count, size = len(inputs["y"]), int(inputs["batch_size"])
    drawn = np.bincount(np.concatenate([*batches, np.zeros(0, dtype=int)]).astype(int), minlength=count)
    missing, repeated = bool((drawn == 0).any()), bool((drawn > 1).any())
    sizes = [len(batch) for batch in batches]
    if missing and repeated:
        return Flaw("with_replacement", "some examples come more than once in an epoch, and others never.")
    if missing:
        return Flaw("last_dropped", "some examples never come in an epoch.")
    if repeated:
        return Flaw("last_padded", "some examples come more than once in an epoch.")
    full, rest = divmod(count, size)
    if sizes != [size] * full + [rest] * (rest > 0):
        if _in_blocks(batches):
            return Flaw("blocks", "the smaller batch is not the last one: whole batches were shuffled.")
        return Flaw("uneven", "the batches are not of the size asked for, with what is left over in the last one.")
    return None


def _order_flaw(first: Any, second: Any, again: Any) -> Flaw | None:
    """Whether an epoch's order is shuffled, anew each time, and by the generator that was handed in."""
    orders = [np.concatenate(epoch) for epoch in (first, second, again)]
    if np.array_equal(orders[0], np.arange(len(orders[0]))):
        return Flaw("no_shuffle", "the examples come in the order in which they were handed in.")
    if _in_blocks(first):
        return Flaw("blocks", "the batches are shuffled, and the same neighbours stay together in each of them.")
    if np.array_equal(orders[0], orders[1]):
        return Flaw("same_order", "the second epoch has the very order of the first.")
    if not np.array_equal(orders[0], orders[2]):
        return Flaw("another_rng", "two generators of the same seed give different orders.")
    return None


def _in_blocks(batches: Any) -> bool:
    return all((np.diff(batch) == 1).all() for batch in batches)


def accuracy(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """Whether enough of the labels are right.

    inputs: `at_least`, the share that is asked for, and right["labels"], (N,).  values: `labels`, (N,) whole numbers.
    """
    labels, right = np.asarray(values["labels"]), np.asarray(inputs["right"]["labels"])
    if labels.shape != right.shape or labels.dtype.kind not in "iu":
        return Flaw("form", "what came back is not one whole number, a class, for each image.")
    if len(np.unique(labels)) == 1 < len(np.unique(right)):
        return Flaw("one_class", "every image gets the same label.")
    if np.mean(labels == right) >= inputs["at_least"]:
        return None
    chance = np.mean(labels == right) < 2 / len(np.unique(right))
    return Flaw("chance", "it does hardly better than guessing.") if chance else Flaw("below", "too few are right.")


def initial_weights(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the weights that the probe `initializer` drew.

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
    if asks == "random":
        return _random_flaw(first, values["second"], values["again"])
    std = float(first.std())
    drawn = len(np.unique(first))  # of weights that were copied, only so many say something about the spread
    if asks == "centre":
        off = abs(float(first.mean())) > 5 * std / np.sqrt(drawn)
        return Flaw("not_centred", "the mean of the weights is not near 0.") if off else None
    if std == 0:
        return Flaw("all_equal", "all weights are the same.")
    for name, wanted in _spreads(fan_in, fan_out).items():
        if abs(std - wanted) <= 5 * wanted / np.sqrt(2 * drawn):
            return None if name == "he" else Flaw(name, SPREADS.get(name, WRONG_SPREAD))
    return Flaw("spread", WRONG_SPREAD)


WRONG_SPREAD = "the standard deviation of the weights is not the one of the formula."
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


def _random_flaw(first: np.ndarray, second: Any, again: Any) -> Flaw | None:
    """Whether every entry is drawn on its own, anew each time, and by the generator that was handed in."""
    if len(np.unique(first)) == 1:
        return Flaw("all_equal", "all weights are the same.")
    if len(np.unique(first)) < first.size:
        return Flaw("repeated", "some weights were copied: units or inputs have the same ones.")
    if np.array_equal(first, second):
        return Flaw("same_again", "two layers drawn one after the other get the very same weights.")
    if not np.array_equal(first, again):
        return Flaw("another_rng", "two generators of the same seed give different weights.")
    return None


def dropout(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the three calls that the probe of the same name made.

    inputs: x without zeros, p, training, and `asks`: "scale", "share", "each", "fresh" or "test".
    values: `first` and `second`, with one generator, and `again`, with a fresh one of the same seed; each a dict of
    `out`, numbers, and `mask`, True where kept, both of x's shape.
    """
    x, p, asks = inputs["x"], inputs["p"], inputs["asks"]
    calls = [values[key] for key in ("first", "second", "again")]
    if any(np.shape(call[key]) != x.shape for call in calls for key in ("out", "mask")):
        return Flaw("shapes", "out and mask should both have the shape of x.")
    if any(call["mask"].dtype.kind not in "biuf" or not np.isin(call["mask"], (0, 1)).all() for call in calls):
        return Flaw("mask_values", "the mask should hold True and False, or 1 and 0, and nothing else.")
    if asks == "test":
        return next((flaw for call in calls if (flaw := _at_test(call["out"], call["mask"], x, p))), None)
    if asks == "scale":
        return next((flaw for call in calls if (flaw := _scaled(call["out"], call["mask"] == 1, x, p))), None)
    kept = [np.asarray(call["out"]) != 0 for call in calls]
    if asks == "share":
        return _share(kept[0], p) or _share(kept[1], p)
    return _each(kept[0]) if asks == "each" else _fresh(kept)


def _close(a: Any, b: Any) -> bool:
    single = np.asarray(a).dtype == np.float32
    return bool(np.allclose(a, b, rtol=1e-4 if single else 1e-6, atol=1e-12))


def _at_test(out: Any, mask: Any, x: np.ndarray, p: float) -> Flaw | None:
    if _close(out, x):
        whole = bool((mask == 1).all())
        return None if whole else Flaw("mask_at_test", "nothing is dropped at test, so the mask should be all True.")
    if (np.asarray(out) == 0).any():
        return Flaw("drops_at_test", "entries are dropped, although it is not training.")
    if _close(out, x * (1 - p)) or _close(out, x / (1 - p)):
        return Flaw("rescaled_at_test", "everything is rescaled, although it is not training.")
    return Flaw("changed_at_test", "what comes out is not x, although it is not training.")


def _scaled(out: Any, mask: Any, x: np.ndarray, p: float) -> Flaw | None:
    """Whether what was kept has been made larger just so far that the mean stays, and the mask tells what was kept."""
    kept = np.asarray(out) != 0
    if p == 0:
        if not kept.any():
            return Flaw("swapped", "everything is dropped at p = 0.")
        return None if _close(out, x) and mask.all() else Flaw("scale", "at p = 0 something changes.")
    if not np.array_equal(mask, kept):
        if np.array_equal(mask, ~kept):
            return Flaw("mask_inverted", "the mask is True where an entry was dropped.")
        return Flaw("mask_of_another", "the mask does not tell which entries were kept.")
    if not kept.any():
        return Flaw("nothing_kept", "nothing is left of x.")
    if _close(out[kept], x[kept] / (1 - p)):
        return None
    if _close(out[kept], x[kept]):
        return Flaw("not_rescaled", "what is kept has not been rescaled, so that the mean becomes smaller.")
    if _close(out[kept], x[kept] / p):
        return Flaw("swapped", "what is kept is rescaled as if p were the share to keep.")
    return Flaw("rescaled_wrongly", "what is kept is rescaled by a factor with which the mean does not stay.")


def _share(kept: np.ndarray, p: float) -> Flaw | None:
    def near(share: float) -> bool:  # within six standard deviations: chance misses that twice in a billion
        return bool(abs(kept.mean() - share) <= 6 * np.sqrt(p * (1 - p) / kept.size))

    if near(1 - p):
        return None
    if near(p):
        return Flaw("swapped", "the share p of all entries is kept; it should be dropped.")
    return Flaw("share", "the share of entries that are dropped is not p.")


def _each(kept: np.ndarray) -> Flaw | None:
    """Whether entries are dropped one by one: each row some, and each row others."""
    rows = kept.reshape(len(kept), -1)
    if kept.all() or not kept.any():
        return Flaw("share", "the share of entries that are dropped is not p.")
    if (rows == rows[:1]).all():
        return Flaw("one_mask_for_all", "the same entries are dropped in every example of the batch.")
    if (rows == rows[:, :1]).all():
        return Flaw("whole_rows", "an example loses all of its entries or none.")
    return None


def _fresh(kept: list[np.ndarray]) -> Flaw | None:
    if np.array_equal(kept[0], kept[1]):
        return Flaw("same_mask", "the second call drops the very entries of the first.")
    if not np.array_equal(kept[0], kept[2]):
        return Flaw("another_rng", "two generators of the same seed give different masks.")
    return None


def dropout_backward(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The gradient that comes through a mask: `asks` says whether "dropped", "kept" or all entries count (the others).

    inputs: dout without zeros, mask of bools, True where kept, p.  values: dx, of dout's shape.
    Where `asks` is "chance", the share that was kept is not 1 - p.
    """
    dout, mask, p, asks = inputs["dout"], inputs["mask"], inputs["p"], inputs["asks"]
    dx = np.asarray(values["dx"])
    if dx.shape != dout.shape or dx.dtype.kind != "f":
        return Flaw("shapes", "dx should be an array of floats of dout's shape.")
    through = dx != 0
    if asks != "kept" and through[~mask].any():
        return _wrong_way(dx, dout, mask, through)
    if asks == "dropped" or _close(dx[mask], dout[mask] / (1 - p)):
        return None
    if not through[mask].all():
        return _wrong_way(dx, dout, mask, through)
    if _close(dx[mask], dout[mask]):
        whole = _close(dx, dout) and not mask.all()
        return (
            Flaw("unchanged", "dout comes back as it was.") if whole else Flaw("not_rescaled", "a factor is missing.")
        )
    if asks == "chance" and _close(dx[mask], dout[mask] / mask.mean()):
        return Flaw("share_kept", "the factor is made of the share that happened to be kept, and not of p.")
    return Flaw("rescaled_wrongly", "the entries that were kept have another factor than in the forward pass.")


def _wrong_way(dx: Any, dout: np.ndarray, mask: np.ndarray, through: np.ndarray) -> Flaw:
    """What kind of mistake lets gradients through at the wrong entries."""
    if through.all():
        if _close(dx, dout):
            return Flaw("unchanged", "dout comes back as it was.")
        return Flaw("no_mask", "the gradient goes through where entries were dropped.")
    if np.array_equal(through, ~mask):
        return Flaw("swapped", "the gradient goes through where entries were dropped, and nowhere else.")
    return Flaw("new_mask", "the gradient is stopped at other entries than those that were dropped.")


PROPERTIES: dict[str, Property] = {
    "accuracy": accuracy,
    "initial_weights": initial_weights,
    "dropout": dropout,
    "dropout_backward": dropout_backward,
    "minibatches": minibatches,
}

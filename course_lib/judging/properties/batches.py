"""An epoch cut into batches: every example once, with its own label, in an order that is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.properties.base import Flaw, Property

SMALLEST = 8  # examples; of fewer, a shuffle too often gives back the order that it was given by chance


def minibatches(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the epochs that the driver of the same name drew.

    inputs: X (N, ...) with N different rows, y (N,), batch_size, and `asks`: "once", "pairs", "last" or "order".
    values: `first` and `second`, two epochs with one generator, and `again`, one with a fresh generator of the same
    seed; each a list of {"X": (B, ...), "y": (B,)}.
    """
    epochs = {key: values[key] for key in ("first", "second", "again")}
    if any(len(epoch) > len(inputs["y"]) for epoch in epochs.values()):
        return Flaw("endless", "it hands out more batches than there are examples.")
    if any(_exchanged(batch, inputs) for epoch in epochs.values() for batch in epoch):
        return Flaw("exchanged", "examples and labels have changed places in the batches.")
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
    if rows.size == 0:
        return np.zeros(0, dtype=int)
    if rows.shape[1:] != X.shape[1:]:
        return None
    same = (rows.reshape(len(rows), 1, -1) == flat).all(axis=2)
    return np.asarray(same.argmax(axis=1)) if same.any(axis=1).all() else None


def _exchanged(batch: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether a batch's examples have the shape of labels, and its labels that of examples."""
    shapes = [np.shape(batch[key])[1:] for key in ("y", "X")]
    return shapes == [np.shape(inputs[key])[1:] for key in ("X", "y")] and shapes[0] != shapes[1]


def _paired(epoch: Any, places: Any, y: np.ndarray) -> bool:
    return all(np.array_equal(batch["y"], y[place]) for batch, place in zip(epoch, places, strict=True))


def _count_flaw(batches: Any, inputs: Mapping[str, Any]) -> Flaw | None:
    """Whether an epoch holds each example once, in batches of the size asked for, the last of what is left."""
    count, size = len(inputs["y"]), int(inputs["batch_size"])
    drawn = np.bincount(np.concatenate([*batches, np.zeros(0, dtype=int)]).astype(int), minlength=count)
    missing, repeated = bool((drawn == 0).any()), bool((drawn > 1).any())
    sizes = [len(batch) for batch in batches]
    full, rest = divmod(count, size)
    if missing and repeated:
        return Flaw("with_replacement", "some examples come more than once in an epoch, and others never.")
    if missing:
        whole = sizes == [size] * full  # what fills no batch is missing, and nothing else
        return Flaw("last_dropped" if whole else "missing", "some examples never come in an epoch.")
    if repeated:
        filled = sizes == [size] * (full + 1)
        return Flaw("last_padded" if filled else "repeated", "some examples come more than once in an epoch.")
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


PROPERTIES: dict[str, Property] = {"minibatches": minibatches}

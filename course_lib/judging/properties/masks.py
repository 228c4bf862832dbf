"""Dropout, there and back: what is kept, what is dropped, and by how much the rest grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.precision import close
from course_lib.judging.properties.base import Flaw, Property


def dropout(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the three calls that the driver of the same name made.

    inputs: x without zeros, p, training, and `asks`: "scale", "share", "each", "count", "fresh" or "test".
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
    if not all(_of_x(np.asarray(call["out"]), x) for call in calls):
        return Flaw("not_x", "what is kept is not x times one factor.")
    if asks == "share":
        return _share(kept[0], p) or _share(kept[1], p)
    if asks == "count":
        return next((flaw for one in kept if (flaw := _count(one))), None)
    return _each(kept[0]) if asks == "each" else _fresh(kept)


def _of_x(out: np.ndarray, x: np.ndarray) -> bool:
    """Whether what is kept is x times one number, whichever: only then does a mask say something of this x."""
    kept = out != 0
    return not kept.any() or close(out[kept], x[kept] * np.median(out[kept] / x[kept]))


def _at_test(out: Any, mask: Any, x: np.ndarray, p: float) -> Flaw | None:
    if close(out, x):
        whole = bool((mask == 1).all())
        return None if whole else Flaw("mask_at_test", "nothing is dropped at test, so the mask should be all True.")
    if (np.asarray(out) == 0).any():
        return Flaw("drops_at_test", "entries are dropped, although it is not training.")
    if close(out, x * (1 - p)) or close(out, x / (1 - p)):
        return Flaw("rescaled_at_test", "everything is rescaled, although it is not training.")
    return Flaw("changed_at_test", "what comes out is not x, although it is not training.")


def _scaled(out: Any, mask: Any, x: np.ndarray, p: float) -> Flaw | None:
    """Whether what was kept has been made larger just so far that the mean stays, and the mask tells what was kept."""
    kept = np.asarray(out) != 0
    if p == 0:
        if not kept.any():
            return Flaw("all_dropped", "everything is dropped at p = 0.")
        if close(out, x) and not mask.any():
            return Flaw("mask_inverted", "the mask is True where an entry was dropped.")
        return None if close(out, x) and mask.all() else Flaw("scale", "at p = 0 something changes.")
    if not np.array_equal(mask, kept):
        if np.array_equal(mask, ~kept):
            return Flaw("mask_inverted", "the mask is True where an entry was dropped.")
        return Flaw("mask_of_another", "the mask does not tell which entries were kept.")
    if not kept.any():
        return Flaw("nothing_kept", "nothing is left of x.")
    if close(out[kept], x[kept] / (1 - p)):
        return None
    if close(out[kept], x[kept]):
        return Flaw("not_rescaled", "what is kept has not been rescaled, so that the mean becomes smaller.")
    if close(out[kept], x[kept] / p):
        if _as_often(kept, p) and not _as_often(kept, 1 - p):
            return Flaw("swapped", "the share p of all entries is kept, and divided by p.")
        return Flaw("divided_by_p", "what is kept is divided by p, which is the share that is dropped.")
    if not _as_often(kept, p) and close(out[kept], x[kept] / kept.mean()):
        return Flaw("share_kept", "what is kept is divided by the share that happened to be kept, not by 1 - p.")
    return Flaw("rescaled_wrongly", "what is kept is rescaled by another factor than 1 / (1 - p).")


def _as_often(kept: np.ndarray, chance: float) -> bool:
    """Within six standard deviations: chance misses that twice in a billion."""
    return bool(abs(kept.mean() - chance) <= 6 * np.sqrt(chance * (1 - chance) / kept.size))


def _share(kept: np.ndarray, p: float) -> Flaw | None:
    if _as_often(kept, 1 - p):
        return None
    if _as_often(kept, p):
        return Flaw("swapped", "the share p of all entries is kept; it should be dropped.")
    return _each(kept) or Flaw("share", "the share of entries that are dropped is not p.")  # copies misstate a share


def _each(kept: np.ndarray) -> Flaw | None:
    """Whether entries are dropped one by one: each row some, and each row others."""
    rows = kept.reshape(len(kept), -1)
    if kept.all() or not kept.any():
        return ALL_OR_NOTHING
    if (rows == rows[:1]).all():
        return Flaw("one_mask_for_all", "the same entries are dropped in every example of the batch.")
    if (rows == rows[:, :1]).all():
        return Flaw("whole_rows", "an example loses all of its entries or none.")
    return None


def _count(kept: np.ndarray) -> Flaw | None:
    """Whether the number that is kept varies from call to call, as it does where each entry throws its own die."""
    if (kept == kept[:1]).all():
        return Flaw("same_mask", "every call drops the very entries of the first.")
    numbers = kept.reshape(len(kept), -1).sum(axis=1)
    return Flaw("fixed_count", "every call drops the same number of entries.") if len(set(numbers)) == 1 else None


ALL_OR_NOTHING = Flaw("all_or_nothing", "either nothing is dropped or everything.")


def _fresh(kept: list[np.ndarray]) -> Flaw | None:
    if kept[0].all() or not kept[0].any():
        return ALL_OR_NOTHING
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
        return _wrong_way(dx, dout, mask, through, p)
    if asks == "dropped" or close(dx[mask], dout[mask] / (1 - p)):
        return None
    if not through[mask].all():
        return _wrong_way(dx, dout, mask, through, p)
    if close(dx[mask], dout[mask]):
        whole = close(dx, dout) and not mask.all()
        return (
            Flaw("unchanged", "dout comes back as it was.") if whole else Flaw("not_rescaled", "a factor is missing.")
        )
    if asks == "chance" and close(dx[mask], dout[mask] / mask.mean()):
        return Flaw("share_kept", "the factor is made of the share that happened to be kept, and not of p.")
    return Flaw("rescaled_wrongly", "the entries that were kept have another factor than in the forward pass.")


def _wrong_way(dx: Any, dout: np.ndarray, mask: np.ndarray, through: np.ndarray, p: float) -> Flaw:
    """What kind of mistake lets gradients through at the wrong entries."""
    if through.all():
        if close(dx, dout):
            return Flaw("unchanged", "dout comes back as it was.")
        return Flaw("no_mask", "the gradient goes through where entries were dropped.")
    if np.array_equal(through, ~mask):
        return Flaw("swapped", "the gradient goes through where entries were dropped, and nowhere else.")
    elsewhere = "the gradient is stopped at other entries than those that were dropped."
    by_sign = any(np.array_equal(through, side) for side in (dout > 0, dout < 0))
    return Flaw("new_mask" if _as_often(through, 1 - p) and not by_sign else "elsewhere", elsewhere)


PROPERTIES: dict[str, Property] = {"dropout": dropout, "dropout_backward": dropout_backward}

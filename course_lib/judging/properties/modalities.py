"""Modality dropout: which modalities an example keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.properties.base import Flaw, Property


def modality_dropout(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """The one property that a case asks for, of the three masks that the driver `modality_masks` brought.

    inputs: present (N, M) bools with at least one True in a row, p, and `asks`: "subset", "one_left", "share", "each",
    "even" or "fresh".  values: `first` and `second`, with one generator, and `again`, with a fresh one of the same
    seed.
    """
    present, p, asks = inputs["present"], inputs["p"], inputs["asks"]
    masks = [np.asarray(values[key]) for key in ("first", "second", "again")]
    if any(mask.shape != present.shape for mask in masks):
        return Flaw("shape", "what comes back should have the shape of `present`, (N, M).")
    if any(mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all() for mask in masks):
        return Flaw("no_mask", "what comes back should hold True and False, and nothing else.")
    kept = [mask == 1 for mask in masks]
    if asks == "subset":
        return next((flaw for mask in kept if (flaw := _subset(mask, present, p))), None)
    if asks == "one_left":
        lost = any((~mask.any(axis=1)).any() for mask in kept)
        return Flaw("all_lost", "an example has lost all of its modalities.") if lost else None
    if asks not in ("subset", "one_left") and kept[0].all():
        return Flaw("nothing_dropped", "nothing is dropped.")
    if asks == "share":
        return _share(np.concatenate(kept[:2]), p)
    if asks == "each":
        return _each(kept[0], p)
    return _even(kept[0], kept[1], p) if asks == "even" else _fresh(kept)


def _subset(kept: np.ndarray, present: np.ndarray, p: float) -> Flaw | None:
    foreign = (kept & ~present).any(axis=1)
    if foreign.any():
        rescued = (kept[foreign].sum(axis=1) == 1).all()  # else nobody asked what was present
        return Flaw("brings_back" if rescued else "foreign", "an example keeps a modality that it never had.")
    if p == 0 and not np.array_equal(kept, present):
        return Flaw("drops_at_zero", "something is dropped at p = 0.")
    return None


def _near(share: float, chance: float, count: int) -> bool:
    """Within six standard deviations: chance misses that twice in a billion."""
    return bool(abs(share - chance) <= 6 * np.sqrt(chance * (1 - chance) / count) + 1e-12)


ONE_FOR_ALL = Flaw("one_for_all", "all examples of the batch lose the same modalities.")
AT_MOST_ONE = Flaw("one_at_most", "no example loses more than one modality.")


def _share(kept: np.ndarray, p: float) -> Flaw | None:
    """Of M modalities that are all present, each stays with 1 - p, and one comes back where all M were drawn."""
    M, half = kept.shape[1], len(kept) // 2
    if (kept[:half] == kept[0]).all():
        return ONE_FOR_ALL
    if _near(kept.mean(), 1 - p + p**M / M, kept.size):
        return None
    if _near(kept.mean(), p + (1 - p) ** M / M, kept.size):
        return Flaw("swapped", "the share p of all modalities is kept; it should be dropped.")
    if (kept.sum(axis=1) >= M - 1).all():
        return AT_MOST_ONE
    return Flaw("share", "the share of modalities that are dropped is not p.")


def _each(kept: np.ndarray, p: float) -> Flaw | None:
    if (kept == kept[0]).all():
        return ONE_FOR_ALL
    return TOGETHER if _all_or_one(kept.sum(axis=1), kept.shape[1]) else None


TOGETHER = Flaw("together", "the modalities of an example do not fall independently of each other.")


def _all_or_one(counts: np.ndarray, most: int) -> bool:
    return bool(np.isin(counts, (1, most)).all() and (counts == 1).any() and (counts == most).mean() > 0.05)


def _even(kept: np.ndarray, second: np.ndarray, p: float) -> Flaw | None:
    """Of M modalities that are all present, one alone is left by itself in M (1 - p) p^(M-1), and rescued in p^M."""
    N, M = kept.shape
    by_itself, rescued = M * (1 - p) * p ** (M - 1), p**M
    counts = kept.sum(axis=1)
    single = float((counts == 1).mean())
    if (counts == 0).any():
        return Flaw("all_lost", "an example has lost all of its modalities.")
    if (kept == kept[0]).all():
        return ONE_FOR_ALL
    if _all_or_one(counts, M):
        return TOGETHER
    if (counts >= M - 1).all():
        return AT_MOST_ONE
    if not _near(single, by_itself + rescued, N):
        if _near(single, M * p * (1 - p) ** (M - 1) + (1 - p) ** M, N):
            return Flaw("swapped", "the share p of all modalities is kept; it should be dropped.")
        everything = _near(single, by_itself, N) and _near((counts == M).mean(), (1 - p) ** M + rescued, N)
        another = "where all modalities would be lost, another number than one is left."
        return Flaw("more_than_one" if everything else "wrong_share_alone", another if everything else NOT_BY_CHANCE)
    alone = kept[counts == 1].sum(axis=0)
    if all(_near(count / N, single / M, N) for count in alone):
        return None
    firsts = all(_near(mask[mask.sum(axis=1) == 1, 0].sum() / N, by_itself / M + rescued, N) for mask in (kept, second))
    uneven = "of examples that would lose everything, one modality is rescued more often than another."
    return Flaw("uneven" if firsts else "uneven_otherwise", uneven)


NOT_BY_CHANCE = "a modality is left alone more or less often than independent draws with one rescue would leave it."


def _fresh(kept: list[np.ndarray]) -> Flaw | None:
    if (kept[0] == kept[0][0]).all():
        return ONE_FOR_ALL
    if np.array_equal(kept[0], kept[1]):
        return Flaw("same_mask", "the second call drops the very modalities of the first.")
    if not np.array_equal(kept[0], kept[2]):
        return Flaw("another_rng", "two generators of the same seed give different masks.")
    return None


PROPERTIES: dict[str, Property] = {"modality_dropout": modality_dropout}

"""Answers of unit 13 as libraries have them: channels cut by `torch.nn.utils.prune`, a tournament on a table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from course_lib.stand_ins.library import library


def prune_channels(conv: Any, norm: Any, following: Any, count: int) -> tuple[Any, Any, Any]:
    """The `count` output channels with the largest L1 norms, as `torch.nn.utils.prune.ln_structured` chooses them.

    conv: nn.Conv2d.  norm: nn.BatchNorm2d or None.  following: nn.Conv2d, or nn.Linear behind a flattening.
    Returns (conv, norm, following), all new.
    """
    torch, copy = library("torch"), library("copy")
    prune = library("torch.nn.utils.prune")
    conv, norm, following = copy.deepcopy((conv, norm, following))
    masked = prune.ln_structured(copy.deepcopy(conv), "weight", amount=conv.out_channels - count, n=1, dim=0)
    keep = torch.nonzero(masked.weight_mask.flatten(1).any(dim=1)).flatten()

    def cut(layer: Any, name: str, axis: int, index: Any) -> None:
        old = getattr(layer, name)
        if old is not None:
            new = old.detach().index_select(axis, index)
            setattr(layer, name, torch.nn.Parameter(new) if isinstance(old, torch.nn.Parameter) else new)

    for name in ("weight", "bias"):
        cut(conv, name, 0, keep)
    places = torch.arange(following.weight.shape[1], device=keep.device).reshape(conv.out_channels, -1)
    columns = places[keep].flatten()
    cut(following, "weight", 1, columns)
    if isinstance(following, torch.nn.Linear):
        following.in_features = len(columns)
    else:
        following.in_channels = count
    if norm is not None:
        for name in ("weight", "bias", "running_mean", "running_var"):
            cut(norm, name, 0, keep)
        norm.num_features = count
        norm.num_batches_tracked.zero_()
    conv.out_channels = count
    return conv, norm, following


def successive_halving(
    evaluate: Callable[[Any, Any], float], candidates: Sequence[Hashable], budget: Any, eta: int
) -> tuple[Any, list[tuple[Any, dict[Any, float]]]]:
    """A tournament: the best 1/eta of each rung, found by NumPy's stable sort, go on with eta times the budget.

    evaluate: function (candidate, budget) -> score, larger is better.  candidates: in the order that settles ties.
    Returns (winner, rungs), with a pair (budget, {candidate: score}) for each rung.
    """
    alive, rungs = list(candidates), []
    while len(alive) > 1:
        scores = [evaluate(candidate, budget) for candidate in alive]
        rungs.append((budget, dict(zip(alive, scores, strict=True))))
        best = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")[: max(1, len(alive) // eta)]
        alive = [alive[place] for place in sorted(best.tolist())]
        budget = budget * eta
    return alive[0], rungs

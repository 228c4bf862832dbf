"""`successive_halving` written otherwise, and right."""

from typing import Any

import numpy as np


def halving_with_numpy(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive, rungs = list(candidates), []
    while len(alive) > 1:
        scores = np.array([evaluate(candidate, budget) for candidate in alive])
        rungs.append((budget, dict(zip(alive, scores, strict=True))))
        best = np.argsort(-scores, kind="stable")[: max(1, len(alive) // eta)]
        alive = [alive[k] for k in sorted(best)]
        budget = budget * eta
    return alive[0], rungs


def halving_by_recursion(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    if len(candidates) == 1:
        return candidates[0], []
    scores = {candidate: evaluate(candidate, budget) for candidate in candidates}
    keep = max(1, int(len(candidates) / eta))
    places = sorted(range(len(candidates)), key=lambda k: (-scores[candidates[k]], k))[:keep]
    winner, later = halving_by_recursion(evaluate, [candidates[k] for k in sorted(places)], eta * budget, eta)
    return winner, [(budget, scores), *later]

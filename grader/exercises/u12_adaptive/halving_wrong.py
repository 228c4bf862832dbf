"""What people write in place of `successive_halving`; each function can be pasted into a notebook as it stands."""

from typing import Any


def halving_worst(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c])[: max(1, len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_same_budget(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // eta)]
    return alive[0], rungs


def halving_adds_budget(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // eta)]
        budget += eta
    return alive[0], rungs


def halving_by_two(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // 2)]
        budget *= eta
    return alive[0], rungs


def halving_rounds_up(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: -(-len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_best_ever(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: rungs[0][1][c], reverse=True)[: max(1, len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_evaluates_all(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in candidates}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_twice(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: evaluate(c, budget), reverse=True)[: max(1, len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_ties_last(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c])[::-1][: max(1, len(alive) // eta)]
        budget *= eta
    return alive[0], rungs


def halving_one_more(evaluate: "Any", candidates: list, budget: int, eta: int) -> "Any":
    alive = list(candidates)
    rungs: list = []
    while True:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        alive = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // eta)]
        budget *= eta
        if len(scores) == 1:
            return alive[0], rungs

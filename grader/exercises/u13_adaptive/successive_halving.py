"""`successive_halving`: a little for many, more for the better, all for the best."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def halving_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, count: int, budget: int, eta: int, asks: str, decimals: int = 9) -> Case:
        ends, paces = np.round(rng.uniform(0.5, 1.0, count), 3), np.round(budget * rng.uniform(0.3, 6.0, count), 3)
        inputs = {"ends": ends, "paces": paces, "budget": budget, "eta": eta, "decimals": decimals, "asks": asks}
        return Case(label, group, inputs)

    def drawn(label: str, group: str, ends: tuple[float, float], rates: tuple[float, float], decimals: int) -> Case:
        """Eight candidates by quarters: two drawn ones go on, the second leads at first, and the first should win."""
        low = 0.3 if min(ends) > 0 else -0.9
        places, budget = np.sort(rng.choice(8, 2, replace=False)), int(rng.integers(1, 9))
        all_ends, paces = np.full(8, low), np.full(8, budget / 2.5)
        all_ends[places], paces[places] = ends, budget / np.array(rates)
        given: dict[str, Any] = {"ends": all_ends, "paces": paces, "budget": budget, "eta": 4, "decimals": decimals}
        return Case(label, group, given | {"asks": "winner"})

    start, many = int(rng.integers(1, 4)), int(rng.integers(20, 28))
    ties = [
        case("scores of one decimal", "ties", 9, 1, 3, "winner", 1),
        case("scores of one decimal, by halves", "ties", 12, 2, 2, "rungs", 1),
        case("all scores equal", "ties", 7, 1, 2, "rungs", 0),
    ]
    last = dict(ties[2].inputs)
    ties[2] = Case(ties[2].label, "ties", last | {"ends": np.full(7, 0.9), "paces": np.full(7, last["paces"][0])})
    return [
        case("8 candidates, by halves", "calls", 8, 1, 2, "calls"),
        case("27 candidates, by thirds", "calls", 27, start, 3, "calls"),
        case("16 candidates, by quarters", "calls", 16, 3, 4, "calls"),
        case("8 candidates", "survivors", 8, start, 2, "rungs"),
        case("27 candidates", "survivors", 27, 1, 3, "rungs"),
        case("the winner of 16", "survivors", 16, start, 2, "winner"),
        case("the winner of 27", "survivors", 27, 2, 3, "winner"),
        *ties,
        drawn("a tie that an earlier score would settle", "ties", (0.9, 0.909), (0.811, 1.0788), 1),
        drawn("scores that fall with the budget", "survivors", (-0.25, -0.9), (1.609, 0.1178), 3),
        case("7 candidates, by halves", "uneven", 7, 1, 2, "rungs"),
        case("some 20, by thirds", "uneven", many, start, 3, "rungs"),
        case("fewer candidates than eta", "uneven", 3, 2, 5, "rungs"),
        case("a single candidate", "uneven", 1, start, 3, "calls"),
        case("a single candidate wins", "uneven", 1, start, 2, "winner"),
    ]


def halving_oracle(
    ends: np.ndarray, paces: np.ndarray, budget: int, eta: int, decimals: int, asks: str
) -> tuple[str | None, dict[str, list[str]] | None, list[Any] | None]:
    """On the table of all scores: a stable sort of each rung's column, sizes by whole-number division."""
    alive = np.arange(len(ends))
    rungs: list[Any] = []
    while len(alive) > 1:
        rungs.append([f"{float(budget):g}", sorted(f"c{k}" for k in alive)])
        scores = np.array([round(float(x), decimals) for x in ends * (1 - np.exp(-budget / paces))])
        order = np.lexsort((alive, -scores[alive]))
        alive, budget = np.sort(alive[order[: max(1, len(alive) // eta)]]), budget * eta
    if asks == "winner":
        return f"c{alive[0]}", None, None
    return (None, dict(rungs), None) if asks == "calls" else (None, None, rungs)


def successive_halving(evaluate, candidates, budget, eta):
    alive, rungs = list(candidates), []
    while len(alive) > 1:
        scores = {c: evaluate(c, budget) for c in alive}
        rungs.append((budget, scores))
        best = sorted(alive, key=lambda c: scores[c], reverse=True)[: max(1, len(alive) // eta)]
        alive = [c for c in alive if c in best]
        budget *= eta
    return alive[0], rungs


def halving_by_recursion(evaluate, candidates, budget, eta):
    if len(candidates) == 1:
        return candidates[0], []
    scores = {candidate: evaluate(candidate, budget) for candidate in candidates}
    keep = max(1, int(len(candidates) / eta))
    places = sorted(range(len(candidates)), key=lambda k: (-scores[candidates[k]], k))[:keep]
    winner, later = halving_by_recursion(evaluate, [candidates[k] for k in sorted(places)], eta * budget, eta)
    return winner, [(budget, scores), *later]


ADDED = (
    "Your budget grows by the same amount each time. The number of candidates falls by a factor of eta, so "
    "multiply: then each rung costs about as much as the one before."
)

WORST = "Your worst candidates go on. A score is better when it is larger (it is an accuracy, not a loss)."
BUDGETS = ("calls", "rungs")
AS_BEFORE = "alive = [c for c in alive if c in best]"

SUCCESSIVE_HALVING = Exercise(
    name="successive_halving",
    unit=UNIT,
    returns=("winner", "calls", "rungs"),
    driver="halving",
    groups=(
        Group("calls", "evaluates each survivor once a rung, with a budget that grows by eta", 2, hint=1),
        Group("survivors", "lets the best 1/eta of each rung go on", 2, hint=3),
        Group("ties", "settles ties for the one that stands first in the list", 1, hint=4),
        Group("uneven", "ends with one candidate, whatever the numbers", 2, hint=3),
    ),
    cases=halving_cases,
    reference=halving_oracle,
    misconceptions=(
        Misconception(
            "nothing_noted",
            change(successive_halving, "        rungs.append((budget, scores))\n", ""),
            "Your list of rungs comes back empty. Note each rung when it is done: its budget, and all its scores.",
            about=("rungs",),
        ),
        Misconception(
            "worst_stay",
            change(successive_halving, ", reverse=True", ""),
            WORST,
        ),
        Misconception(
            "worst_stay_in_their_order",
            change(successive_halving, ", reverse=True", "", AS_BEFORE, "alive = best"),
            WORST,
        ),
        Misconception(
            "budget_stands_still",
            change(successive_halving, "        budget *= eta\n", ""),
            "Every rung of yours has the same budget. The survivors should get eta times as much each time: what was "
            "saved on the losers is spent on them.",
            hint=2,
            about=BUDGETS,
        ),
        Misconception(
            "budget_added",
            change(successive_halving, "budget *= eta", "budget += eta"),
            ADDED,
            hint=2,
            about=BUDGETS,
        ),
        Misconception(
            "first_budget_added",
            change(successive_halving, "budget *= eta", "budget += rungs[0][0]"),
            ADDED,
            hint=2,
            about=BUDGETS,
        ),
        Misconception(
            "budget_of_eta",
            change(successive_halving, "budget *= eta", "budget = eta"),
            "From the second rung on your budget is eta, whatever the first one was. The survivors should get eta "
            "times as much each time.",
            hint=2,
            about=BUDGETS,
        ),
        Misconception(
            "budget_doubled",
            change(successive_halving, "budget *= eta", "budget *= 2"),
            "Your budget doubles, whatever eta is. The survivors should get eta times as much.",
            hint=2,
            about=BUDGETS,
        ),
        Misconception(
            "always_by_halves",
            change(successive_halving, "// eta", "// 2"),
            "You keep one half, whatever eta is. For eta = 3 one third goes on.",
            hint=3,
        ),
        Misconception(
            "drops_one_in_eta",
            change(successive_halving, "len(alive) // eta)", "len(alive) - len(alive) // eta)"),
            "You drop 1/eta of the candidates and keep the rest. It is 1/eta of them that go on.",
            hint=3,
        ),
        Misconception(
            "rounded_up",
            change(successive_halving, "max(1, len(alive) // eta)", "-(-len(alive) // eta)"),
            "With numbers that eta does not divide, you may let one too many go on. Round down, and keep at least one.",
            hint=3,
        ),
        Misconception(
            "old_scores_remembered",
            change(successive_halving, "lambda c: scores[c]", "lambda c: rungs[0][1][c]"),
            "You rank by the first rung's scores and never look again. Who learns fast leads early; the later rungs "
            "are there to let a slow and better learner pass.",
            hint=1,
            about=BUDGETS,
        ),
        Misconception(
            "best_score_of_any_rung",
            change(
                successive_halving,
                "return alive[0], rungs",
                "scored = [(s, c) for _, of in rungs for c, s in of.items()] or [(0, alive[0])]\n"
                "    return max(scored, key=lambda one: one[0])[1], rungs",
            ),
            "Your winner led in an early rung, and another one was better in the last. Scores with different budgets "
            "are not to be compared: the one who is left at the end has won.",
            hint=1,
        ),
        Misconception(
            "all_evaluated_again",
            change(successive_halving, "budget) for c in alive}", "budget) for c in candidates}"),
            "You evaluate every candidate in every rung, those that are out as well. The whole saving is in not doing "
            "so.",
        ),
        Misconception(
            "asked_twice",
            change(successive_halving, "lambda c: scores[c]", "lambda c: evaluate(c, budget)"),
            "You call evaluate twice for a candidate and rung: once to note the score, once to rank. Each call is a "
            "whole training. Keep what it gave.",
        ),
        Misconception(
            "ties_to_the_last",
            change(successive_halving, "scores[c], reverse=True)", "scores[c])[::-1]"),
            "Of two equal scores you keep the one that comes later in the list. Asked for is the earlier one: sorting "
            "in Python keeps the order of equals, if nothing turns the list round.",
        ),
        Misconception(
            "ties_to_an_earlier_score",
            change(successive_halving, AS_BEFORE, "alive = best"),
            "Of two with equal scores in a later rung, you keep the one that led before, and not the one that stands "
            "first in the list. Do your survivors keep the order of the list?",
        ),
        Misconception(
            "ties_turned_round",
            change(successive_halving, "sorted(alive,", "sorted(alive[::-1],", AS_BEFORE, "alive = best"),
            "Of two equal scores your first rung keeps the one that comes later in the list, and later rungs go by the "
            "order in which your survivors stand. Turn nothing round, and keep the survivors in the list's order.",
        ),
        Misconception(
            "one_more_rung",
            change(
                successive_halving,
                "    return alive[0]",
                "    rungs.append((budget, {alive[0]: evaluate(alive[0], budget)}))\n    return alive[0]",
            ),
            "You evaluate the last survivor once more, alone. It has won: a race with one runner costs and decides "
            "nothing.",
            hint=5,
        ),
        Misconception(
            "stops_below_eta",
            change(successive_halving, "while len(alive) > 1", "while len(alive) >= eta"),
            "You stop as soon as fewer than eta candidates are left, and take the first of them. Go round while more "
            "than one is alive.",
            hint=5,
        ),
    ),
    also_right=(
        successive_halving,
        halving_by_recursion,
        change(successive_halving, "scores[c], reverse=True)", "(-scores[c], candidates.index(c)))"),
        change(successive_halving, AS_BEFORE, "alive = sorted(best, key=candidates.index)"),
        change(successive_halving, "    return alive[0], rungs", "    return [alive.pop(), tuple(rungs)]"),
        change(
            successive_halving,
            "sorted(alive, key=lambda c: scores[c], reverse=True)",
            "[alive[k] for k in np.argsort([-scores[c] for c in alive], kind='stable')]",
        ),
    ),
)

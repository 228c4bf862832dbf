"""`pareto_front`: the networks that no other one beats."""

import numpy as np

from grader.exercises.u11_structure.parameters import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def front_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, costs: list | np.ndarray, scores: list | np.ndarray, shuffle: bool = True) -> Case:
        order = rng.permutation(len(costs)) if shuffle else np.arange(len(costs))
        costs, scores = np.asarray(costs, dtype=float)[order], np.asarray(scores, dtype=float)[order]
        return Case(label, group, {"costs": costs, "scores": scores})

    def cloud(count: int) -> tuple[np.ndarray, np.ndarray]:
        costs = rng.permutation(np.arange(1, count + 1)) * 10.0
        return costs, (1 - 8 / (costs + 8) - rng.uniform(0, 0.15, count)).round(4)

    base = round(float(rng.uniform(0.5, 0.6)), 3)
    rising = base + np.array([0.0, 0.02, 0.03, 0.2])  # concave and convex places: a hull would leave some out
    return [
        case("one network", "front", [float(rng.integers(1, 9))], [base]),
        case("each dearer and better", "front", [1, 2, 3, 4], rising),
        case("twelve networks", "front", *cloud(12)),
        case("thirty networks", "front", *cloud(30)),
        case("one beats all", "beaten", [1, 2, 3, 4, 5], base + np.array([0.3, 0.1, 0.2, 0.05, 0.25])),
        case(
            "dearer and worse in between",
            "beaten",
            [10, 20, 30, 40, 50],
            base + np.array([0, 0.1, 0.05, 0.2, 0.2 - base]),
        ),
        case("one cost, several scores", "ties", [7, 7, 7, 9], base + np.array([0.1, 0.2, 0.05, 0.3])),
        case("one score, several costs", "ties", [5, 3, 8, 2], base + np.array([0.2, 0.2, 0.2, 0.1])),
        case("a tie in each", "ties", [1, 1, 2, 3, 3, 4], base + np.array([0.0, 0.1, 0.1, 0.2, 0.15, 0.2])),
        case("two that are the same", "twins", [3, 3, 5], base + np.array([0.1, 0.1, 0.2])),
        case(
            "three that are the same, and one beats two",
            "twins",
            [4, 4, 4, 2, 1],
            base + np.array([0.3, 0.3, 0.3, 0.1, 0.1]),
        ),
    ]


def front_by_force(costs: np.ndarray, scores: np.ndarray) -> list[int]:
    """Each against each: beaten by one that is as good in both and better in one. Listed by cost, then by place."""
    kept = []
    for i, (cost, score) in enumerate(zip(costs, scores, strict=True)):
        others = list(zip(costs, scores, strict=True))
        if not any(c <= cost and s >= score and (c < cost or s > score) for c, s in others):
            kept.append(i)
    return sorted(kept, key=lambda i: (costs[i], i))


def front_dear_is_good(costs: np.ndarray, scores: np.ndarray) -> list:
    def beaten(i: int) -> bool:
        as_good = (costs >= costs[i]) & (scores >= scores[i])
        return bool((as_good & ((costs > costs[i]) | (scores > scores[i]))).any())

    return sorted((i for i in range(len(costs)) if not beaten(i)), key=lambda i: (costs[i], i))


def front_strict_in_both(costs: np.ndarray, scores: np.ndarray) -> list:
    def beaten(i: int) -> bool:
        return bool(((costs < costs[i]) & (scores > scores[i])).any())

    return sorted((i for i in range(len(costs)) if not beaten(i)), key=lambda i: (costs[i], i))


def front_no_twins(costs: np.ndarray, scores: np.ndarray) -> list:
    kept, best = [], -np.inf
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -scores[i], i)):
        if scores[i] > best:
            kept.append(i)
            best = scores[i]
    return kept


def front_twins_beat_each_other(costs: np.ndarray, scores: np.ndarray) -> list:
    def beaten(i: int) -> bool:
        others = np.arange(len(costs)) != i
        return bool(((costs <= costs[i]) & (scores >= scores[i]) & others).any())

    return sorted((i for i in range(len(costs)) if not beaten(i)), key=lambda i: (costs[i], i))


def front_places_in_order(costs: np.ndarray, scores: np.ndarray) -> list:
    order = sorted(range(len(costs)), key=lambda i: (costs[i], i))
    costs, scores = costs[order], scores[order]
    kept = []
    for i in range(len(costs)):
        as_good = (costs <= costs[i]) & (scores >= scores[i])
        if not (as_good & ((costs < costs[i]) | (scores > scores[i]))).any():
            kept.append(i)
    return kept


def front_unordered(costs: np.ndarray, scores: np.ndarray) -> list:
    kept = []
    for i in range(len(costs)):
        as_good = (costs <= costs[i]) & (scores >= scores[i])
        if not (as_good & ((costs < costs[i]) | (scores > scores[i]))).any():
            kept.append(i)
    return kept


def front_by_hull(costs: np.ndarray, scores: np.ndarray) -> list:
    hull: list = []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -scores[i], i)):
        if hull and scores[i] <= scores[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            turn = (scores[b] - scores[a]) * (costs[i] - costs[a]) - (scores[i] - scores[a]) * (costs[b] - costs[a])
            if turn > 0:
                break
            hull.pop()
        hull.append(i)
    return hull


def front_best_ratio(costs: np.ndarray, scores: np.ndarray) -> list:
    ratio = scores / costs
    return [int(i) for i in np.flatnonzero(ratio == ratio.max())]


def front_by_broadcasting(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    as_good = (costs[:, None] <= costs) & (scores[:, None] >= scores)
    better = (costs[:, None] < costs) | (scores[:, None] > scores)
    kept = np.flatnonzero(~(as_good & better).any(axis=0))
    return kept[np.argsort(costs[kept], kind="stable")]


def front_by_sweep(costs: np.ndarray, scores: np.ndarray) -> list:
    kept: list = []
    best = -np.inf
    for cost in np.unique(costs):
        here = np.flatnonzero(costs == cost)
        top = scores[here].max()
        if top > best:
            kept += [int(i) for i in here if scores[i] == top]
            best = top
    return kept


PARETO_FRONT = Exercise(
    name="pareto_front",
    unit=UNIT,
    returns=("front",),
    groups=(
        Group("front", "finds the networks that no other one beats, by increasing cost", 2),
        Group("beaten", "leaves out what another one beats", 1),
        Group("ties", "lets an advantage in one thing decide where the other is equal", 2),
        Group("twins", "keeps networks that are equal in both", 1),
    ),
    cases=front_cases,
    reference=front_by_force,
    misconceptions=(
        Misconception(
            "dear_is_good",
            front_dear_is_good,
            "You take a high cost for an advantage. A network beats another if it costs no more and scores no less, "
            "and is strictly better in at least one of the two.",
            hint=1,
        ),
        Misconception(
            "strict_in_both",
            front_strict_in_both,
            "You call a network beaten only if another is better in both. Equal cost and a higher score is enough to "
            "be preferred by everybody.",
            hint=2,
        ),
        Misconception(
            "first_of_twins",
            front_no_twins,
            "Of two networks that are equal in cost and in score you keep one. Neither beats the other: both belong to "
            "the front.",
            hint=2,
        ),
        Misconception(
            "twins_beat_each_other",
            front_twins_beat_each_other,
            "Your networks beat their equals, so two that are the same throw each other out. To beat means to be "
            "strictly better in at least one thing.",
            hint=2,
        ),
        Misconception(
            "places_in_the_sorted_list",
            front_places_in_order,
            "Your numbers are places in the list after sorting. Asked for are places in costs and scores as they came, "
            "so that names and colours can be looked up.",
            hint=3,
        ),
        Misconception(
            "unordered",
            front_unordered,
            "You have the right networks in the order in which they came. List them by increasing cost: then the front "
            "can be drawn as a line.",
            hint=3,
        ),
        Misconception(
            "hull",
            front_by_hull,
            "You keep only what lies on a curve that bends one way: the convex hull. A network in a dent of the front "
            "is beaten by nobody, only by mixtures of networks, which nobody can buy.",
            hint=1,
        ),
        Misconception(
            "best_ratio",
            front_best_ratio,
            "You divide the score by the cost, and so decide for everybody how much accuracy a parameter is worth. "
            "The front leaves that decision open: it lists all sensible choices.",
            hint=1,
        ),
    ),
    equivalents=(front_by_broadcasting, front_by_sweep),
)

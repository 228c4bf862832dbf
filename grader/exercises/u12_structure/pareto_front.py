"""`pareto_front`: the networks that no other one beats."""

import numpy as np

from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
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


def pareto_front(costs, scores):
    """Each against each: beaten by one that is as good in both and better in one. Listed by cost, then by place."""

    def beats(j, i):
        as_good = costs[j] <= costs[i] and scores[j] >= scores[i]
        return as_good and (costs[j] < costs[i] or scores[j] > scores[i])

    places = range(len(costs))
    front = [i for i in places if not any(beats(j, i) for j in places)]
    return sorted(front, key=lambda i: (costs[i], i))


def front_by_hull(costs, scores):
    hull = []
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


def front_best_ratio(costs, scores):
    ratio = scores / costs
    return [int(i) for i in np.flatnonzero(ratio == ratio.max())]


def front_by_broadcasting(costs, scores):
    as_good = (costs[:, None] <= costs) & (scores[:, None] >= scores)
    better = (costs[:, None] < costs) | (scores[:, None] > scores)
    kept = np.flatnonzero(~(as_good & better).any(axis=0))
    return kept[np.argsort(costs[kept], kind="stable")]


def front_one_by_one(costs, scores):
    kept = []
    for i in range(len(costs)):
        no_worse = (costs <= costs[i]) & (scores >= scores[i])
        ahead = (costs < costs[i]) | (scores > scores[i])
        if not (no_worse & ahead).any():
            kept.append(i)
    return sorted(kept, key=lambda i: costs[i])


def front_by_sweep(costs, scores):
    kept = []
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
        Group("front", "finds the networks that no other one beats, by increasing cost", 2, hint=1),
        Group("beaten", "leaves out what another one beats", 1, hint=1),
        Group("ties", "lets an advantage in one thing decide where the other is equal", 2, hint=2),
        Group("twins", "keeps networks that are equal in both", 1, hint=2),
    ),
    cases=front_cases,
    reference=pareto_front,
    misconceptions=(
        Misconception(
            "dear_is_good",
            change(
                pareto_front,
                "costs[j] <= costs[i]",
                "costs[j] >= costs[i]",
                "costs[j] < costs[i]",
                "costs[j] > costs[i]",
            ),
            "You take a high cost for an advantage. A network beats another if it costs no more and scores no less, "
            "and is strictly better in at least one of the two.",
        ),
        Misconception(
            "low_scores_are_good",
            change(
                pareto_front,
                "scores[j] >= scores[i]",
                "scores[j] <= scores[i]",
                "scores[j] > scores[i]",
                "scores[j] < scores[i]",
            ),
            "You take a low score for an advantage. Scores are accuracies: high ones are good, and low costs.",
        ),
        Misconception(
            "strict_in_both",
            change(
                pareto_front,
                "as_good and (costs[j] < costs[i] or scores[j] > scores[i])",
                "costs[j] < costs[i] and scores[j] > scores[i]",
            ),
            "You call a network beaten only if another is better in both. Equal cost and a higher score is enough to "
            "be preferred by everybody.",
        ),
        Misconception(
            "as_dear_is_not_beaten",
            change(
                pareto_front,
                "return as_good and (costs[j] < costs[i] or scores[j] > scores[i])",
                "return costs[j] < costs[i] and scores[j] >= scores[i]",
            ),
            "Of two networks that cost the same, you keep the worse one as well. An equal cost and a higher score is "
            "enough to beat.",
        ),
        Misconception(
            "as_good_is_not_beaten",
            change(
                pareto_front,
                "return as_good and (costs[j] < costs[i] or scores[j] > scores[i])",
                "return costs[j] <= costs[i] and scores[j] > scores[i]",
            ),
            "Of two networks that score the same, you keep the dearer one as well. An equal score at a lower cost is "
            "enough to beat.",
        ),
        Misconception(
            "first_of_twins",
            change(pareto_front, "scores[j] > scores[i])", "scores[j] > scores[i] or j < i)"),
            "Of two networks that are equal in cost and in score you keep one. Neither beats the other: both belong to "
            "the front.",
        ),
        Misconception(
            "twins_beat_each_other",
            change(pareto_front, "(costs[j] < costs[i] or scores[j] > scores[i])", "j != i"),
            "Your networks beat their equals, so two that are the same throw each other out. To beat means to be "
            "strictly better in at least one thing.",
        ),
        Misconception(
            "nobody",
            change(pareto_front, "as_good and (costs[j] < costs[i] or scores[j] > scores[i])", "as_good"),
            "Your front is always empty. Either nobody is ever put into it, or by your rule every network is beaten, "
            "be it by itself: to beat means to be strictly better in at least one thing.",
            hint=2,
        ),
        Misconception(
            "places_in_the_sorted_list",
            change(
                pareto_front,
                "    def beats(j, i):",
                "    order = np.argsort(costs, kind='stable')\n"
                "    costs, scores = costs[order], scores[order]\n\n"
                "    def beats(j, i):",
            ),
            "Your numbers are places in the list after sorting. Asked for are places in costs and scores as they came, "
            "so that names and colours can be looked up.",
            hint=3,
        ),
        Misconception(
            "unordered",
            change(pareto_front, "sorted(front, key=lambda i: (costs[i], i))", "front"),
            "You have the right networks in the order in which they came. List them by increasing cost: then the front "
            "can be drawn as a line.",
            hint=3,
        ),
        Misconception(
            "costs_for_places",
            change(
                pareto_front,
                "sorted(front, key=lambda i: (costs[i], i))",
                "[costs[i] for i in sorted(front, key=lambda i: costs[i])]",
            ),
            "You return the costs of the front. Asked for are the places at which these networks stand in `costs` and "
            "`scores`.",
            hint=3,
        ),
        Misconception(
            "dearest_first",
            change(
                pareto_front, "sorted(front, key=lambda i: (costs[i], i))", "sorted(front, key=lambda i: -costs[i])"
            ),
            "You list the dearest network first. By increasing cost the cheapest one comes first.",
            hint=3,
        ),
        Misconception(
            "hull",
            front_by_hull,
            "You keep only what lies on a curve that bends one way: the convex hull. A network in a dent of the front "
            "is beaten by nobody, only by mixtures of networks, which nobody can buy.",
        ),
        Misconception(
            "best_ratio",
            front_best_ratio,
            "You divide the score by the cost, and so decide for everybody how much accuracy a parameter is worth. "
            "The front leaves that decision open: it lists all sensible choices.",
        ),
    ),
    also_right=(
        pareto_front,
        front_one_by_one,
        front_by_broadcasting,
        front_by_sweep,
        change(
            pareto_front,
            "sorted(front, key=lambda i: (costs[i], i))",
            "np.array(front)[np.lexsort((front, costs[front]))]",
        ),
        change(
            pareto_front,
            "costs[j] < costs[i] or scores[j] > scores[i]",
            "costs[j] != costs[i] or scores[j] != scores[i]",
        ),
    ),
)

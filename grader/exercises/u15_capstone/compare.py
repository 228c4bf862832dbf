"""Two recipes, the same seeds: the mean difference, and how sure one can be of it."""

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception

UNIT = "15_capstone"


def compare_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, S: int, lead: float, common: float, own: float) -> Case:
        seeds = rng.normal(0, common, size=S)  # what a seed does to both runs
        first = 0.9 + lead + seeds + rng.normal(0, own, size=S)
        second = 0.9 + seeds + rng.normal(0, own, size=S)
        return Case(label, group, {"first": first, "second": second})

    return [
        Case(
            "0.90, 0.92 against 0.89, 0.89", "mean", {"first": np.array([0.9, 0.92]), "second": np.array([0.89, 0.89])}
        ),
        case("the first is ahead", "mean", 5, 0.02, 0.0, 0.004),
        case("the second is ahead", "mean", 4, -0.03, 0.0, 0.004),
        case("two seeds", "few", 2, 0.01, 0.0, 0.005),
        case("three seeds", "few", 3, 0.01, 0.0, 0.005),
        case("16 seeds", "many", 16, 0.01, 0.0, 0.005),
        case("64 seeds", "many", 64, 0.005, 0.0, 0.005),
        case("seeds that are good or bad for both", "paired", 6, 0.01, 0.03, 0.002),
        case("hard seeds, close recipes", "paired", 8, 0.002, 0.05, 0.001),
    ]


def compare_oracle(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """scipy's paired t-test knows both: its statistic is the mean difference over its standard error."""
    from scipy import stats

    test = stats.ttest_rel(first, second)
    low, high = test.confidence_interval(0.5)
    error = float((high - low) / 2 / stats.t.ppf(0.75, len(first) - 1))
    return float((high + low) / 2), error


def not_paired(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    error = np.sqrt(np.var(first, ddof=1) / len(first) + np.var(second, ddof=1) / len(second))
    return np.mean(first) - np.mean(second), error


def by_all_seeds(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = first - second
    return np.mean(difference), np.std(difference) / np.sqrt(len(difference))


def spread_itself(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = first - second
    return np.mean(difference), np.std(difference, ddof=1)


def divided_by_seeds(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = first - second
    return np.mean(difference), np.std(difference, ddof=1) / len(difference)


def wrong_way(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = second - first
    return np.mean(difference), np.std(difference, ddof=1) / np.sqrt(len(difference))


def only_how_far(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = np.abs(first - second)
    return np.mean(difference), np.std(difference, ddof=1) / np.sqrt(len(difference))


def best_seeds(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    difference = first - second
    return np.max(first) - np.max(second), np.std(difference, ddof=1) / np.sqrt(len(difference))


def in_a_loop(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    total, S = 0.0, len(first)
    for a, b in zip(first, second, strict=True):
        total += a - b
    mean = total / S
    squares = sum((a - b - mean) ** 2 for a, b in zip(first, second, strict=True))
    return mean, (squares / (S - 1) / S) ** 0.5


def by_variances(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    covariance = np.cov(first, second)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return np.mean(first) - np.mean(second), np.sqrt(variance / len(first))


COMPARE_SEEDS = Exercise(
    name="compare_seeds",
    unit=UNIT,
    returns=("difference", "error"),
    groups=(
        Group("mean", "says how far the first is ahead, on average", 1),
        Group("few", "owns up to how little two or three seeds say", 1),
        Group("many", "becomes surer with more seeds, as their root", 1),
        Group("paired", "takes each seed with itself, so that a seed's luck cancels", 1),
    ),
    cases=compare_cases,
    reference=compare_oracle,
    misconceptions=(
        Misconception(
            "not_paired",
            not_paired,
            "You added up the scatter of both recipes. But both ran with the same seeds: a lucky start lifts both, and "
            "says nothing about which is better. Take the difference seed by seed first; the scatter that counts is "
            "that of the differences.",
            hint=2,
        ),
        Misconception(
            "by_all_seeds",
            by_all_seeds,
            "Your error is too small, most of all with two or three seeds. The mean was fitted to the same few "
            "differences, so they lie closer to it than to the truth: divide their squares by S - 1, not by S.",
            hint=3,
        ),
        Misconception(
            "spread_itself",
            spread_itself,
            "Your error does not shrink when there are more seeds: it is the spread of one difference. The question is "
            "how far the *mean* of S differences may be off, and a mean of S values scatters less than a single one.",
            hint=3,
        ),
        Misconception(
            "divided_by_seeds",
            divided_by_seeds,
            "Your error shrinks too fast: four times the seeds make it a quarter. As for a minibatch in unit 03, the "
            "*variance* of a mean falls like 1/S; the error is its root.",
            hint=3,
        ),
        Misconception(
            "wrong_way",
            wrong_way,
            "You subtracted the first from the second. When the first is ahead, the difference should be positive.",
            hint=1,
        ),
        Misconception(
            "only_how_far",
            only_how_far,
            "You took the absolute values before the mean. Then two equal recipes seem to differ, as each seed's luck "
            "counts as a difference, whichever way it goes. Signs have to cancel.",
            hint=1,
        ),
        Misconception(
            "best_seeds",
            best_seeds,
            "You compared the best run of each recipe. The luckiest of five runs says as much about luck as about the "
            "recipe, and more about luck the more runs there are. Compare means.",
            hint=1,
        ),
    ),
    equivalents=(in_a_loop, by_variances),
    forbidden=("scipy.stats",),
)

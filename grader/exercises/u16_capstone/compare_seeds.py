"""Two recipes, the same seeds: the mean difference, and how sure one can be of it."""

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception

UNIT = "16_capstone"


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


def compare_seeds(first, second):
    d = first - second
    S = len(d)
    difference = np.mean(d)
    spread = np.std(d, ddof=1)
    return difference, spread / np.sqrt(S)


def in_a_loop(first, second):
    S = len(first)
    mean = sum(a - b for a, b in zip(first, second, strict=True)) / S
    squares = sum((a - b - mean) ** 2 for a, b in zip(first, second, strict=True))
    return mean, (squares / (S - 1) / S) ** 0.5


def by_variances(first, second):
    covariance = np.cov(first, second)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return np.mean(first) - np.mean(second), np.sqrt(variance / len(first))


SPREAD = "np.std(d, ddof=1)"
not_paired = change(compare_seeds, SPREAD, "np.sqrt(np.var(first, ddof=1) + np.var(second, ddof=1))")
by_all_seeds = change(compare_seeds, ", ddof=1", "")


COMPARE_SEEDS = Exercise(
    name="compare_seeds",
    unit=UNIT,
    returns=("difference", "error"),
    groups=(
        Group("mean", "says how far the first is ahead, on average", 1, hint=1),
        Group("few", "owns up to how little two or three seeds say", 1, hint=3),
        Group("many", "becomes surer with more seeds, as their root", 1, hint=3),
        Group("paired", "takes each seed with itself, so that a seed's luck cancels", 1, hint=2),
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
            change(compare_seeds, "spread / np.sqrt(S)", "spread"),
            "Your error does not shrink when there are more seeds: it is the spread of one difference. The question is "
            "how far the *mean* of S differences may be off, and a mean of S values scatters less than a single one.",
            hint=3,
        ),
        Misconception(
            "divided_by_seeds",
            change(compare_seeds, "np.sqrt(S)", "S"),
            "Your error shrinks too fast: four times the seeds make it a quarter. As for a minibatch in unit 03, the "
            "*variance* of a mean falls like 1/S; the error is its root.",
            hint=3,
        ),
        Misconception(
            "wrong_way",
            change(compare_seeds, "first - second", "second - first"),
            "You subtracted the first from the second. When the first is ahead, the difference should be positive.",
        ),
        Misconception(
            "only_how_far",
            change(compare_seeds, "first - second", "np.abs(first - second)"),
            "You took the absolute values before the mean. Then two equal recipes seem to differ, as each seed's luck "
            "counts as a difference, whichever way it goes. Signs have to cancel.",
        ),
        Misconception(
            "size_alone",
            change(compare_seeds, "np.mean(d)", "abs(np.mean(d))"),
            "You took the absolute value of the mean. Where the second is ahead, the difference is negative.",
            about=("difference",),
        ),
        Misconception(
            "best_seeds",
            change(compare_seeds, "np.mean(d)", "np.max(first) - np.max(second)"),
            "You compared the best run of each recipe. The luckiest of five runs says as much about luck as about the "
            "recipe, and more about luck the more runs there are. Compare means.",
        ),
        Misconception(
            "variance_for_error",
            change(compare_seeds, SPREAD, "np.var(d, ddof=1)", "np.sqrt(S)", "S"),
            "That is the variance of the mean: squared accuracies. Its root is the error.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "variance_over_a_root",
            change(compare_seeds, SPREAD, "np.var(d, ddof=1)"),
            "You divide a variance by the root of S. Variance over S is the variance of the mean, and its "
            "root is the error; or standard deviation over the root of S.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "interval_for_error",
            change(compare_seeds, "spread / np.sqrt(S)", "2.8 * spread / np.sqrt(S)"),
            "You return 2.8 errors, the interval that five seeds ask for. The standard error itself is asked "
            "for; what to make of it comes afterwards.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "about_zero",
            change(compare_seeds, SPREAD, "np.sqrt(np.sum(d**2) / (S - 1))"),
            "You square the differences themselves, and so measure how far they are from 0. The scatter is "
            "about their own mean: subtract it first.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "first_alone",
            change(compare_seeds, SPREAD, "np.std(first, ddof=1)"),
            "Your error is that of the first recipe's mean. The second one varies too, and what both have in "
            "common cancels: the scatter that counts is that of the differences.",
            hint=2,
            about=("error",),
        ),
        Misconception(
            "not_paired_by_all_seeds",
            change(not_paired, "(first, ddof=1)", "(first)", "(second, ddof=1)", "(second)"),
            "You added up the scatter of both recipes, and a seed that lifts both counts twice there. Take "
            "the difference seed by seed first; and divide squares about a fitted mean by S - 1.",
            hint=2,
            about=("error",),
        ),
        Misconception(
            "errors_added",
            change(compare_seeds, SPREAD, "np.std(first, ddof=1) + np.std(second, ddof=1)"),
            "You added the errors of both recipes. Both ran with the same seeds, so that a lucky start lifts "
            "both: the scatter that counts is that of the differences, seed by seed.",
            hint=2,
            about=("error",),
        ),
        Misconception(
            "of_a_share",
            change(compare_seeds, "spread / np.sqrt(S)", "np.sqrt(np.mean(first) * (1 - np.mean(first)) / S)"),
            "That is the formula for a share of images, p(1 - p)/n. Here S results are compared, and how "
            "much they scatter is in the results themselves.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "root_of_one_less",
            change(compare_seeds, "np.sqrt(S)", "np.sqrt(S - 1)"),
            "You subtract 1 from S in both places. S - 1 belongs to the scatter; the error of a mean of S values is "
            "that over the root of S.",
            hint=3,
        ),
        Misconception(
            "sorted_apart",
            change(compare_seeds, "first - second", "np.sort(first) - np.sort(second)"),
            "You sorted both, and then took the differences: the best seed of one with the best seed of the "
            "other. A pair is two runs with the same seed.",
            hint=2,
            about=("error",),
        ),
        Misconception(
            "by_the_median",
            change(compare_seeds, "np.mean(d)", "np.median(d)"),
            "You take the median of the differences. The mean is asked for, and the error is the mean's.",
            about=("difference",),
        ),
    ),
    also_right=(
        compare_seeds,
        in_a_loop,
        by_variances,
        change(compare_seeds, "np.std(d, ddof=1)", "d.var(ddof=1) ** 0.5"),
        change(
            compare_seeds, "np.mean(d)", "first.mean() - second.mean()", "spread / np.sqrt(S)", "(spread**2 / S) ** 0.5"
        ),
        change(compare_seeds, "np.std(d, ddof=1)", "np.std(d) * np.sqrt(S / (S - 1))"),
    ),
    forbidden=("scipy.stats",),
)

"""`standardize`: mean 0 and standard deviation 1 for every column of a table."""

from __future__ import annotations

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception


def standardize_cases(rng: np.random.Generator) -> list[Case]:
    wide = np.array([1.0, 100.0, 1e-2])
    constant = rng.normal(size=(6, 3))
    constant[:, 1] = rng.integers(1, 9)  # a whole number: its mean over 6 rows is exact, so the std is exactly 0
    small = rng.normal(2.0, 1.0, size=(7, 2)) * np.array([1e-4, 1e4])
    return [
        Case("3 rows, 2 columns", "columns", {"X": np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 80.0]])}),
        Case("8 rows, 3 columns", "columns", {"X": rng.normal(size=(8, 3)) * wide + rng.normal(size=3)}),
        Case("4 rows, 5 columns", "columns", {"X": rng.uniform(-2.0, 5.0, size=(4, 5))}),
        Case("one constant column", "constant", {"X": constant}),
        Case("a single row", "constant", {"X": rng.normal(size=(1, 4))}),
        Case("all zero but one column", "constant", {"X": np.outer(rng.normal(size=5), [0.0, 1.0, 0.0])}),
        Case("tenths of a millimetre and kilometres, in metres", "scales", {"X": small}),
        Case("a spread of 1 around a million", "scales", {"X": 1e6 + rng.integers(-16, 17, size=(6, 2)) / 8}),
        Case("whole numbers", "whole", {"X": np.arange(12).reshape(4, 3) ** 2 + rng.integers(0, 5, size=(4, 3))}),
    ]


def standardize_reference(X: np.ndarray) -> np.ndarray:
    """scipy's z-score with ddof = 0; where it has 0/0, a constant column, the course says 0."""
    from scipy.stats import zscore

    return np.nan_to_num(zscore(X.astype(np.float64), axis=0, ddof=0), nan=0.0)


ADDED = ("1e-3", "1e-4", "1e-5", "1e-6", "1e-7", "1e-8", "1e-9")
"""Small numbers that people add to a standard deviation; with 1e-12 no digit that is compared changes."""


def standardize(X):
    mean = X.mean(axis=0)
    std = X.std(axis=0)
    std = np.where(std == 0, 1.0, std)
    return (X - mean) / std


def standardize_loops(X):
    Z = np.zeros(X.shape)
    for j in range(X.shape[1]):
        column = [float(value) for value in X[:, j]]
        mean = sum(column) / len(column)
        std = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5
        for i, value in enumerate(column):
            Z[i, j] = 0.0 if std == 0 else (value - mean) / std
    return Z


def standardize_divide(X):
    centred = X - X.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0))
    return np.divide(centred, std, out=np.zeros_like(centred), where=std > 0)


def standardize_nan_to_num(X):
    return np.nan_to_num((X - X.mean(axis=0)) / X.std(axis=0), nan=0.0)


def standardize_transposed(X):
    rows = X.T.astype(float)
    rows = rows - rows.mean(axis=1)[:, None]
    std = np.linalg.norm(rows, axis=1) / np.sqrt(rows.shape[1])
    std[std == 0] = 1.0
    return (rows / std[:, None]).T


STANDARDIZE = Exercise(
    name="standardize",
    unit="00_start_here",
    returns=("Z",),
    groups=(
        Group("columns", "gives every column mean 0 and standard deviation 1", 2, hint=1),
        Group("constant", "turns a constant column into zeros", 2, hint=2),
        Group("scales", "treats columns of every size alike", 1, hint=3),
        Group("whole", "works on whole numbers too", 1, hint=4),
    ),
    cases=standardize_cases,
    reference=standardize_reference,
    # Around a million, neighbouring floats are 1e-10 apart, and a mean of them is no more exact than that.
    tolerance=Tolerance(rtol=1e-6, atol=1e-8),
    misconceptions=(
        Misconception(
            "rows_instead_of_columns",
            change(
                standardize, "mean(axis=0)", "mean(axis=1, keepdims=True)", "std(axis=0)", "std(axis=1, keepdims=True)"
            ),
            "You standardized each row. A row here is one house with its area, its rooms and its age: "
            "their mean says nothing. Each column, one feature over all houses, wants its own mean.",
        ),
        Misconception(
            "one_mean_for_the_whole_table",
            change(standardize, "X.mean(axis=0)", "X.mean()", "X.std(axis=0)", "X.std()"),
            "You took one mean and one standard deviation over the whole table, so square metres and rooms share one "
            "scale again. Tell mean and std along which axis to go, and each column gets its own.",
        ),
        Misconception(
            "divides_by_n_minus_1",
            change(standardize, "X.std(axis=0)", "X.std(axis=0, ddof=1)"),
            "Your standard deviation divides by N - 1, which estimates the spread of a population from a sample. "
            "Here the spread of these N rows is meant, divided by N; NumPy calls the difference ddof.",
            hint=3,
        ),
        Misconception(
            "divides_by_the_variance",
            change(standardize, "X.std(axis=0)", "X.var(axis=0)"),
            "You divided by the variance, which is the square of the standard deviation. A column in metres would come "
            "out in 1/metres; after a division by the standard deviation it has no unit at all.",
            hint=3,
        ),
        Misconception(
            "mean_not_subtracted",
            change(standardize, "(X - mean) / std", "X / std"),
            "Your columns have the right spread but their old mean. Subtract each column's mean before you divide.",
            hint=3,
        ),
        Misconception(
            "mean_divided_alone",
            change(standardize, "(X - mean) / std", "X - mean / std"),
            "Python divides before it subtracts: without parentheses only the mean is divided by the standard "
            "deviation, and X keeps its scale. What has to be done first?",
        ),
        Misconception(
            "constant_column_dropped",
            change(standardize, "(X - mean) / std", "((X - mean) / std)[:, X.std(axis=0) > 0]"),
            "Your table has lost its constant columns. They stay, as columns of zeros: whoever calls counts on a "
            "table of the same shape.",
        ),
        Misconception(
            "zero_by_zero",
            change(standardize, "    std = np.where(std == 0, 1.0, std)\n", ""),
            "A constant column has standard deviation 0, and 0/0 is NaN ('not a number'). One NaN spoils every number "
            "that it is later added to. Take care of these columns before you divide.",
        ),
        Misconception(
            "constant_column_kept",
            change(standardize, "(X - mean) / std", "np.where(X.std(axis=0) == 0, X, (X - mean) / std)"),
            "You left a constant column as it was. Its mean should become 0 like every other's: "
            "a feature that never varies should say nothing at all.",
        ),
        Misconception(
            "difference_of_squares",
            change(standardize, "X.std(axis=0)", "np.sqrt(np.abs(np.mean(X * X, axis=0) - mean * mean))"),
            "On paper the variance is the mean of the squares minus the square of the mean. In floats, near a "
            "million, both are about 1e12 and the difference drowns in rounding. Subtract the mean first, then square.",
        ),
        Misconception(
            "changed_in_place",
            change(standardize, "    return (X - mean) / std", ("    X -= mean\n    X /= std\n    return X")),
            "You changed X itself: -= and /= write into the array that the caller still uses, and on whole numbers "
            "they fail. Build a new array with - and / and return that.",
            hint=4,
        ),
        Misconception(
            "min_max_scaling",
            change(standardize, "X.mean(axis=0)", "X.min(axis=0)", "X.std(axis=0)", "X.max(axis=0) - mean"),
            "You stretched each column to run from 0 to 1. That is called min-max scaling, a cousin: a single outlier "
            "squeezes all other values together. Here the mean becomes 0 and the standard deviation 1.",
            hint=3,
        ),
        Misconception(
            "in_whole_numbers",
            change(
                standardize,
                "    return (X - mean) / std",
                ("    Z = np.zeros_like(X)\n    Z[...] = (X - mean) / std\n    return Z"),
            ),
            "Your new table has the type of X. Where X holds whole numbers, every value that you put into it loses "
            "its fraction. Which type should the new table have?",
        ),
        Misconception(
            "divides_by_the_length",
            change(standardize, "X.std(axis=0)", "np.linalg.norm(X - mean, axis=0)"),
            "You divided each column by its length, the root of the sum of squares. The standard deviation is the "
            "root of their mean: it does not grow with the number of rows.",
            hint=3,
        ),
        *(
            Misconception(
                f"adds_{eps}",
                change(standardize, "np.where(std == 0, 1.0, std)", f"std + {eps}"),
                "You added a small number to every standard deviation. That saves the constant column, and it also "
                "shrinks columns whose own spread is small. Change only those whose standard deviation is exactly 0.",
                hint=2,
            )
            for eps in ADDED
        ),
        Misconception(
            "median_subtracted",
            change(standardize, "X.mean(axis=0)", "np.median(X, axis=0)"),
            "You subtracted each column's median. Half of the values lie below it, but what is left need not add up "
            "to 0: subtract the mean.",
        ),
    ),
    also_right=(
        standardize,
        change(standardize, "np.where(std == 0, 1.0, std)", "np.where(std > 0, std, 1.0)"),
        standardize_loops,
        standardize_divide,
        standardize_nan_to_num,
        standardize_transposed,
        change(standardize, "return (X - mean) / std", "return [(row - mean) / std for row in X]"),
    ),
    forbidden=("scipy.stats.zscore",),
)

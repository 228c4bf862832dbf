"""`standardize`: mean 0 and standard deviation 1 for every column of a table."""

from __future__ import annotations

import numpy as np

from course_lib.reference import Tolerance
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
        Case("a spread of 1 around a million", "scales", {"X": 1e6 + rng.normal(size=(6, 2))}),
        Case("whole numbers", "whole", {"X": np.arange(12).reshape(4, 3) ** 2 + rng.integers(0, 5, size=(4, 3))}),
    ]


def standardize_reference(X: np.ndarray) -> np.ndarray:
    """scipy's z-score with ddof = 0; where it has 0/0, a constant column, the course says 0."""
    from scipy.stats import zscore

    return np.nan_to_num(zscore(X.astype(np.float64), axis=0, ddof=0), nan=0.0)


def by_rows(X: np.ndarray) -> np.ndarray:
    mean = X.mean(axis=1, keepdims=True)
    std = X.std(axis=1, keepdims=True)
    return (X - mean) / np.where(std == 0, 1.0, std)


def whole_table(X: np.ndarray) -> np.ndarray:
    std = X.std()
    return (X - X.mean()) / (std if std > 0 else 1.0)


def sample_std(X: np.ndarray) -> np.ndarray:
    if len(X) == 1:
        return np.zeros(X.shape)
    std = X.std(axis=0, ddof=1)
    return (X - X.mean(axis=0)) / np.where(std == 0, 1.0, std)


def by_variance(X: np.ndarray) -> np.ndarray:
    variance = X.var(axis=0)
    return (X - X.mean(axis=0)) / np.where(variance == 0, 1.0, variance)


def not_centred(X: np.ndarray) -> np.ndarray:
    std = X.std(axis=0)
    return X / np.where(std == 0, 1.0, std)


def zero_by_zero(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def constant_kept(X: np.ndarray) -> np.ndarray:
    std = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(std == 0, 1.0, std)
    return np.where(std == 0, X, Z)


def adds_eps(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-8)


def difference_of_squares(X: np.ndarray) -> np.ndarray:
    mean = np.mean(X, axis=0)
    std = np.sqrt(np.abs(np.mean(X * X, axis=0) - mean * mean))
    return (X - mean) / np.where(std == 0, 1.0, std)


def in_place(X: np.ndarray) -> np.ndarray:
    X -= X.mean(axis=0)
    std = X.std(axis=0)
    X /= np.where(std == 0, 1.0, std)
    return X


def min_max(X: np.ndarray) -> np.ndarray:
    low, high = X.min(axis=0), X.max(axis=0)
    return (X - low) / np.where(high == low, 1.0, high - low)


def standardize_loops(X: np.ndarray) -> np.ndarray:
    Z = np.zeros(X.shape)
    for j in range(X.shape[1]):
        column = [float(value) for value in X[:, j]]
        mean = sum(column) / len(column)
        std = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5
        for i, value in enumerate(column):
            Z[i, j] = 0.0 if std == 0 else (value - mean) / std
    return Z


def standardize_divide(X: np.ndarray) -> np.ndarray:
    centred = X - X.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0))
    return np.divide(centred, std, out=np.zeros_like(centred), where=std > 0)


def standardize_nan_to_num(X: np.ndarray) -> np.ndarray:
    return np.nan_to_num((X - X.mean(axis=0)) / X.std(axis=0), nan=0.0)


def standardize_transposed(X: np.ndarray) -> np.ndarray:
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
        Group("columns", "gives every column mean 0 and standard deviation 1", 2),
        Group("constant", "turns a constant column into zeros", 2),
        Group("scales", "treats columns of every size alike", 1),
        Group("whole", "works on whole numbers too", 1),
    ),
    cases=standardize_cases,
    reference=standardize_reference,
    # Around a million, neighbouring floats are 1e-10 apart, and a mean of them is no more exact than that.
    tolerance=Tolerance(rtol=1e-6, atol=1e-8),
    misconceptions=(
        Misconception(
            "rows_instead_of_columns",
            by_rows,
            "You standardized each row. A row here is one house with its area, its rooms and its age: "
            "their mean says nothing. Each column, one feature over all houses, wants its own mean.",
            hint=1,
        ),
        Misconception(
            "one_mean_for_the_whole_table",
            whole_table,
            "You took one mean and one standard deviation over the whole table, so square metres and rooms share one "
            "scale again. Tell mean and std along which axis to go, and each column gets its own.",
            hint=1,
        ),
        Misconception(
            "divides_by_n_minus_1",
            sample_std,
            "Your standard deviation divides by N - 1, which estimates the spread of a population from a sample. "
            "Here the spread of these N rows is meant, divided by N; NumPy calls the difference ddof.",
            hint=3,
        ),
        Misconception(
            "divides_by_the_variance",
            by_variance,
            "You divided by the variance, which is the square of the standard deviation. A column in metres would come "
            "out in 1/metres; after a division by the standard deviation it has no unit at all.",
            hint=3,
        ),
        Misconception(
            "mean_not_subtracted",
            not_centred,
            "Your columns have the right spread but their old mean. Subtract each column's mean before you divide.",
            hint=3,
        ),
        Misconception(
            "zero_by_zero",
            zero_by_zero,
            "A constant column has standard deviation 0, and 0/0 is NaN ('not a number'). One NaN spoils every number "
            "that it is later added to. Take care of these columns before you divide.",
            hint=2,
        ),
        Misconception(
            "constant_column_kept",
            constant_kept,
            "You left a constant column as it was. Its mean should become 0 like every other's: "
            "a feature that never varies should say nothing at all.",
            hint=2,
        ),
        Misconception(
            "adds_a_small_number",
            adds_eps,
            "You added a small number to every standard deviation. That saves the constant column, and it also shrinks "
            "columns whose own spread is small. Change only those whose standard deviation is exactly 0.",
            hint=2,
        ),
        Misconception(
            "difference_of_squares",
            difference_of_squares,
            "On paper the variance is the mean of the squares minus the square of the mean. In floats, near a "
            "million, both are about 1e12 and the difference drowns in rounding. Subtract the mean first, then square.",
            hint=3,
        ),
        Misconception(
            "changed_in_place",
            in_place,
            "You changed X itself: -= and /= write into the array that the caller still uses, and on whole numbers "
            "they fail. Build a new array with - and / and return that.",
            hint=4,
        ),
        Misconception(
            "min_max_scaling",
            min_max,
            "You stretched each column to run from 0 to 1. That is called min-max scaling, a cousin: a single outlier "
            "squeezes all other values together. Here the mean becomes 0 and the standard deviation 1.",
            hint=3,
        ),
    ),
    equivalents=(standardize_loops, standardize_divide, standardize_nan_to_num, standardize_transposed),
    forbidden=("scipy.stats.zscore",),
)

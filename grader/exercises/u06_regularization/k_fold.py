"""k-fold cross-validation of ridge regression; torch's least squares on rows added for the penalty is the oracle."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def fold_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, d: int, k: int, lam: float) -> Case:
        X = rng.normal(size=(N, d))
        y = X @ rng.normal(size=d) + 0.7 * rng.normal(size=N)
        return Case(label, group, {"X": X, "y": y, "k": k, "lam": float(lam)})

    uniform = rng.uniform
    return [
        case("twelve rows, three folds", "unseen", 12, 2, 3, uniform(0.1, 0.3)),
        case("two folds", "unseen", 14, 3, 2, uniform(0.1, 0.3)),
        case("no penalty", "unseen", 20, 3, 4, 0.0),
        case("leave one out", "folds", 9, 2, 9, uniform(0.1, 0.3)),
        case("10 rows, 3 folds", "folds", 10, 2, 3, uniform(0.1, 0.3)),
        case("23 rows, 5 folds", "folds", 23, 3, 5, uniform(0.1, 0.3)),
        case("a strong penalty", "loss", 15, 3, 5, uniform(2, 4)),
        case("a strong penalty, two folds", "loss", 16, 4, 2, uniform(2, 4)),
        case("a single feature", "loss", 12, 1, 4, uniform(0.5, 1.5)),
        case("more weights than rows", "strength", 8, 11, 4, uniform(0.2, 0.5)),
        case("a weak penalty", "strength", 12, 8, 3, uniform(0.01, 0.03)),
    ]


def fold_oracle(X: np.ndarray, y: np.ndarray, k: int, lam: float) -> np.ndarray:
    """Minimizing |Xw - y|^2 / (2n) + lam/2 |w|^2 is least squares with d more rows, sqrt(n lam) I, whose targets are "
    "0."""
    import torch

    rows, targets = torch.from_numpy(X), torch.from_numpy(y)
    d = X.shape[1]
    losses = []
    for fold in torch.arange(len(y)).tensor_split(k):
        fit = torch.ones(len(y), dtype=torch.bool)
        fit[fold] = False
        added = (float(fit.sum()) * lam) ** 0.5 * torch.eye(d, dtype=torch.float64)
        padded = torch.cat([targets[fit], torch.zeros(d, dtype=torch.float64)])
        w = torch.linalg.lstsq(torch.cat([rows[fit], added]), padded[:, None], driver="gelsd").solution[:, 0]
        losses.append(0.5 * torch.nn.functional.mse_loss(rows[fold] @ w, targets[fold]))
    return torch.stack(losses).numpy()


def k_fold(X, y, k, lam):
    rows = np.arange(len(y))
    losses = []
    for fold in np.array_split(rows, k):
        others = np.setdiff1d(rows, fold)
        A, b, n = X[others], y[others], len(others)
        w = np.linalg.solve(A.T @ A / n + lam * np.eye(X.shape[1]), A.T @ b / n)
        error = X[fold] @ w - y[fold]
        losses.append(0.5 * np.mean(error**2))
    return np.array(losses)


def by_mask(X, y, k, lam):
    N = len(y)
    which = np.repeat(np.arange(k), [N // k + (i < N % k) for i in range(k)])
    losses = np.zeros(k)
    for i in range(k):
        fit = which != i
        A = X[fit].T @ X[fit] + fit.sum() * lam * np.eye(X.shape[1])
        w = np.linalg.solve(A, X[fit].T @ y[fit])
        losses[i] = ((X[~fit] @ w - y[~fit]) ** 2).mean() / 2
    return losses


def by_pieces(X, y, k, lam):
    parts, targets = np.array_split(X, k), np.array_split(y, k)
    losses = []
    for i in range(k):
        A = np.vstack(parts[:i] + parts[i + 1 :])
        b = np.concatenate(targets[:i] + targets[i + 1 :])
        w = np.linalg.pinv(A.T @ A / len(b) + lam * np.eye(A.shape[1])) @ (A.T @ b / len(b))
        losses.append(np.mean((targets[i] - parts[i] @ w) ** 2) / 2)
    return losses


def by_added_rows(X, y, k, lam):
    losses, start = [], 0
    for i in range(k):
        size = len(y) // k + (i < len(y) % k)
        fold = slice(start, start + size)
        A, b = np.delete(X, fold, axis=0), np.delete(y, fold)
        padded = np.vstack([A, np.sqrt(len(b) * lam) * np.eye(X.shape[1])])
        w = np.linalg.lstsq(padded, np.append(b, np.zeros(X.shape[1])), rcond=None)[0]
        losses.append(0.5 * np.mean((X[fold] @ w - y[fold]) ** 2))
        start += size
    return np.array(losses)


def by_downdate(X, y, k, lam):
    gram, moment, losses = X.T @ X, X.T @ y, []
    for A, b in zip(np.array_split(X, k), np.array_split(y, k)):
        n = len(y) - len(b)
        w = np.linalg.solve((gram - A.T @ A) / n + lam * np.eye(X.shape[1]), (moment - A.T @ b) / n)
        losses.append(0.5 * (A @ w - b) @ (A @ w - b) / len(b))
    return tuple(losses)


K_FOLD = Exercise(
    name="k_fold",
    unit=UNIT,
    returns=("losses",),
    sizes={"N": ("X", 0), "d": ("X", 1)},
    groups=(
        Group("unseen", "judges each fit by rows that it has not seen", 3, hint=1),
        Group("folds", "gives every row its turn, in folds whose sizes differ by at most 1", 2, hint=2),
        Group("loss", "reports half the mean squared error alone, without the penalty", 2, hint=3),
        Group(
            "strength",
            "fits with the strength that it was given, also where there are more weights than rows",
            1,
            hint=3,
        ),
    ),
    cases=fold_cases,
    reference=fold_oracle,
    misconceptions=(
        Misconception(
            "judged_by_its_own_rows",
            change(k_fold, "X[fold] @ w - y[fold]", "X[others] @ w - y[others]"),
            "Each of your fits is judged by the rows that it was fitted to. That is the training loss again, and by "
            "its "
            "judgement no penalty is best. Who has not been asked yet?",
            hint=1,
        ),
        Misconception(
            "fitted_to_all_rows",
            change(k_fold, "X[others], y[others], len(others)", "X, y, len(y)"),
            "Your fit has seen every row, also those that judge it: the fold knows its own answers. Leave it out "
            "before you fit.",
            hint=1,
        ),
        Misconception(
            "swapped",
            change(
                k_fold,
                "X[others], y[others], len(others)",
                "X[fold], y[fold], len(fold)",
                "X[fold] @ w - y[fold]",
                "X[others] @ w - y[others]",
            ),
            "You fit on the one fold and judge by all the others. It is the other way round: the many teach, and the "
            "few that were kept aside judge.",
            hint=1,
        ),
        Misconception(
            "fitted_and_judged_by_the_fold",
            change(k_fold, "X[others], y[others], len(others)", "X[fold], y[fold], len(fold)"),
            "You fit on the fold, and judge by the same fold. The rows outside it take no part at all: they are the "
            "ones to fit on.",
            hint=1,
        ),
        Misconception(
            "only_the_rows_before",
            change(
                k_fold,
                "np.setdiff1d(rows, fold)",
                "rows[: fold[0]] if fold[0] else rows[fold[-1] + 1 :]",
            ),
            "You fit on the rows that come before the fold only. That is how one judges forecasts, where the future "
            "must stay unknown. Here the rows have no order in time: all others teach, on both sides of the fold.",
            hint=1,
        ),
        Misconception(
            "penalty_in_the_loss",
            change(k_fold, "0.5 * np.mean(error**2)", "0.5 * np.mean(error**2) + lam / 2 * np.sum(w**2)"),
            "There is still a penalty in the losses that you report. It belongs to the fit. What you want to know is "
            "how "
            "far off the predictions are; otherwise a large lambda is blamed for being large.",
            hint=3,
        ),
        Misconception(
            "no_half",
            change(k_fold, "0.5 * np.mean", "np.mean"),
            "You report the mean squared error; the loss of this unit is half of it. A factor does not move the best "
            "lambda, but your losses cannot be laid beside the training loss.",
            hint=3,
        ),
        Misconception(
            "root",
            change(k_fold, "0.5 * np.mean(error**2)", "np.sqrt(np.mean(error**2))"),
            "You report the root of the mean squared error. The loss asked for is half of the mean itself, without a "
            "root.",
            hint=3,
        ),
        Misconception(
            "absolute_errors",
            change(k_fold, "error**2", "np.abs(error)"),
            "You average the absolute errors. The fit minimizes squared ones, and is to be judged by them: half the "
            "mean of the squares.",
            hint=3,
        ),
        Misconception(
            "lam_ignored",
            change(k_fold, " + lam * np.eye(X.shape[1])", " + 1e-12 * np.eye(X.shape[1])"),
            "Your fits do not feel lambda: the losses are those of plain least squares. Then every lambda looks "
            "equally "
            "good.",
            hint=3,
        ),
        Misconception(
            "lam_not_per_row",
            change(k_fold, "A.T @ A / n", "A.T @ A", "A.T @ b / n", "A.T @ b"),
            "Your fit minimizes a *sum* of squared errors plus the penalty; the loss of this unit is a mean. With the "
            "sum, "
            "the same lambda presses n times less.",
            hint=3,
        ),
        Misconception(
            "lam_of_all_rows",
            change(k_fold, "len(others)", "len(y)"),
            "You divide the fit's sums by the number of all rows, and some of them are left out: the penalty presses "
            "harder than it was told to. The mean is over the rows that are fitted.",
            hint=3,
        ),
        Misconception(
            "interleaved",
            change(k_fold, "np.array_split(rows, k)", "[rows[i::k] for i in range(k)]"),
            "Your folds take every k-th row, as cards are dealt. That is a fair way to cut, but here the folds are "
            "consecutive rows: the first fold is the first few rows.",
            hint=2,
        ),
        Misconception(
            "rest_in_the_last_fold",
            change(
                k_fold,
                "np.array_split(rows, k)",
                "[rows[i * (len(y) // k) : (i + 1) * (len(y) // k) if i < k - 1 else None] for i in range(k)]",
            ),
            "Rows that do not divide evenly all go into your last fold, which can become nearly twice as long as the "
            "others. No two sizes are to differ by more than 1: the first folds take one more each.",
            hint=2,
        ),
        Misconception(
            "rest_dropped",
            change(
                k_fold,
                "np.array_split(rows, k)",
                "[rows[i * (len(y) // k) : (i + 1) * (len(y) // k)] for i in range(k)]",
            ),
            "Where the rows do not divide evenly, the last few never stand in a fold: they teach, and are never asked. "
            "Every row is to have its turn.",
            hint=2,
        ),
        Misconception(
            "rest_nowhere",
            change(
                k_fold,
                "rows = np.arange(len(y))",
                "rows = np.arange(len(y) // k * k)",
            ),
            "Where the rows do not divide evenly, the last few are left out of everything: they neither teach nor "
            "judge. "
            "Every row is to have its turn.",
            hint=2,
        ),
        Misconception(
            "backwards",
            change(k_fold, "np.array(losses)", "np.array(losses[::-1])"),
            "The losses are right, and come from the last fold to the first. losses[0] belongs to the first rows.",
            hint=2,
        ),
        Misconception(
            "mean",
            change(k_fold, "np.array(losses)", "np.mean(losses)"),
            "You return the mean of the folds' losses. Hand over all k of them: how much they differ says how far the "
            "mean "
            "can be trusted.",
            hint=3,
        ),
        Misconception(
            "first_fold_only",
            change(k_fold, "for fold in np.array_split(rows, k):", "for fold in np.array_split(rows, k)[:1] * k:"),
            "All your losses are that of the first fold. Each fold is kept aside once.",
            hint=2,
        ),
        Misconception(
            "sum_of_squares",
            change(k_fold, "np.mean(error**2)", "np.sum(error**2)"),
            "You add the squared errors of a fold where their mean is asked for: a fold with more rows then looks "
            "worse.",
            hint=3,
        ),
        Misconception(
            "spread_of_the_errors",
            change(k_fold, "np.mean(error**2)", "np.var(error)"),
            "You take the variance of the errors: a fit that is off by the same amount everywhere would look perfect. "
            "Square the errors themselves.",
            hint=3,
        ),
    ),
    also_right=(
        k_fold,
        by_mask,
        by_pieces,
        by_added_rows,
        by_downdate,
        change(k_fold, "np.setdiff1d(rows, fold)", "[row for row in rows if row not in fold]"),
        change(k_fold, "np.array(losses)", "np.array(losses, dtype=np.float32)"),
    ),
)

"""`contraction_factor`: how fast the distance to the minimum shrinks."""

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, extreme_curvatures
from grader.spec import Case, Exercise, Group, Misconception


def contraction_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, A: np.ndarray, lr: float) -> Case:
        return Case(label, group, {"A": A, "lr": lr})

    tilted, valley = bowl(rng, 6.0, 3.0, 2.0), bowl(rng, 20.0, 8.0, 4.0, 1.0)
    (L, mu), (valley_L, valley_mu) = extreme_curvatures(tilted), extreme_curvatures(valley)
    return [
        case("a short step on a bowl along the axes", "short", np.diag([1.0, 2.0, 4.0]), 0.1),
        case("a short step on a tilted bowl", "short", tilted, rng.uniform(0.3, 0.6) / L),
        case("a short step in a valley", "short", valley, rng.uniform(0.3, 0.9) / valley_L),
        case("a long step on a tilted bowl", "long", tilted, rng.uniform(1.85, 1.95) / L),
        case("a step over the cliff", "long", valley, rng.uniform(2.2, 2.8) / valley_L),
        case("a step that is too long for every direction", "long", tilted, rng.uniform(1.3, 1.6) / mu),
        case("the best step", "balance", valley, 2 / (valley_L + valley_mu)),
        case("exactly on the cliff", "balance", tilted, 2 / L),
    ]


def contraction_oracle(A: np.ndarray, lr: float) -> float:
    """The spectral norm of I - lr A, by torch."""
    import torch

    step = torch.eye(len(A), dtype=torch.float64) - lr * torch.from_numpy(A)
    return float(torch.linalg.matrix_norm(step, ord=2))


def contraction_factor(A, lr):
    factors = 1 - lr * np.linalg.eigvalsh(A)
    return np.abs(factors).max()


def contraction_by_extremes(A, lr):
    L, mu = np.linalg.eigvalsh(A)[[-1, 0]]
    return float(max(lr * L - 1, 1 - lr * mu))


CONTRACTION_FACTOR = Exercise(
    name="contraction_factor",
    unit=UNIT,
    returns=("rho",),
    groups=(
        Group("short", "lets the flattest direction set the pace of short steps", 1, hint=1),
        Group("long", "lets the steepest direction set the pace of long steps", 2, hint=2),
        Group("balance", "is right where both meet, and on the cliff", 1, hint=1),
    ),
    cases=contraction_cases,
    reference=contraction_oracle,
    misconceptions=(
        Misconception(
            "steepest_only",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(factors)[-1]"),
            "You looked at the steepest direction only. With short steps it is the flattest direction that lags "
            "behind, and the whole distance shrinks no faster than its slowest part.",
        ),
        Misconception(
            "flattest_only",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(factors)[0]"),
            "Yours is always the factor of the flattest direction: it is also what comes out when the absolute "
            "value is taken after the maximum. With long steps the steepest one overshoots: it is the slow one "
            "then, or even runs away while the flat one comes home.",
            hint=1,
        ),
        Misconception(
            "sign_kept",
            change(contraction_factor, "np.abs(factors).max()", "factors.max()"),
            "Your factor comes with its sign. A factor of -1.5 means that the distance grows by half while it "
            "changes sides at every step: it is larger than 0.9 in the sense that counts here.",
        ),
        Misconception(
            "squared",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(factors).max() ** 2"),
            "Yours is the square of the right one: the factor by which the loss shrinks. The distance to the minimum "
            "shrinks by its root, for the loss grows with the square of the distance.",
        ),
        Misconception(
            "always_the_best",
            change(
                contraction_factor,
                "factors = 1 - lr * np.linalg.eigvalsh(A)",
                "mu, L = np.linalg.eigvalsh(A)[[0, -1]]",
                "np.abs(factors).max()",
                "(L - mu) / (L + mu)",
            ),
            "Your factor does not depend on lr: (kappa - 1)/(kappa + 1) belongs to the best learning rate alone. What "
            "would a step of length 0 give?",
        ),
        Misconception(
            "mean",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(factors).mean()"),
            "You averaged over the directions. After many steps only the slowest direction is left, so its factor "
            "alone says how the distance shrinks in the long run.",
        ),
        Misconception(
            "product",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(np.prod(factors))"),
            "You multiplied the factors of all directions, as the determinant does: that is how a volume shrinks. A "
            "distance shrinks no faster than along its slowest direction.",
        ),
        Misconception(
            "frobenius_norm",
            change(contraction_factor, "np.abs(factors).max()", "np.linalg.norm(factors)"),
            "You added up the squared factors of all directions: np.linalg.norm of a matrix does that unless told "
            "otherwise. The slowest direction alone counts; which norm is its factor?",
            hint=3,
        ),
        Misconception(
            "never_above_1",
            change(contraction_factor, "np.abs(factors).max()", "min(np.abs(factors).max(), 1.0)"),
            "You cut the factor off at 1. Over the cliff the distance grows, and by how much at each step is what is "
            "asked for: a factor above 1.",
        ),
        Misconception(
            "diagonal",
            change(contraction_factor, "np.linalg.eigvalsh(A)", "np.diag(A)"),
            "You read the curvatures off the diagonal of A. That holds for bowls along the axes; on a tilted one the "
            "directions that keep to themselves are others.",
            hint=3,
        ),
        Misconception(
            "the_fastest",
            change(contraction_factor, "np.abs(factors).max()", "np.abs(factors).min()"),
            "You took the smallest factor, that of the fastest direction. The slowest one sets the pace: which "
            "factor is that?",
        ),
        Misconception(
            "steepest_only_turned_round",
            change(contraction_factor, "np.abs(factors).max()", "-factors[-1]"),
            "Yours is lr L - 1, the factor of the steepest direction with its sign turned round. With short steps that "
            "is even below 0, while the flattest direction lags behind with 1 - lr mu. Which of the two counts?",
        ),
        Misconception(
            "trace",
            change(contraction_factor, "np.linalg.eigvalsh(A)", "np.trace(A)"),
            "You took the sum of all curvatures for one of them. Each direction has a curvature and a factor of its "
            "own, and the slowest direction sets the pace.",
        ),
    ),
    also_right=(
        contraction_factor,
        contraction_by_extremes,
        change(contraction_factor, "np.linalg.eigvalsh(A)", "np.linalg.eigvals(A).real"),
        change(contraction_factor, "np.abs(factors).max()", "max(abs(factor) for factor in factors)"),
        change(contraction_factor, "np.abs(factors).max()", "np.linalg.norm(np.eye(len(A)) - lr * A, ord=2)"),
        change(contraction_factor, "np.abs(factors).max()", "np.abs(factors.astype(np.float32)).max()"),
    ),
)

"""How long a step may be, how long it should be, and how fast the distance then shrinks."""

import numpy as np

from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, extreme_curvatures
from grader.spec import Case, Exercise, Group, Misconception

# --- max_stable_lr, best_lr, contraction_factor ----------------------------------------------------------------


def stable_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, A: np.ndarray) -> Case:
        return Case(label, group, {"A": A})

    nearly_flat = bowl(rng, 3.0, 1e-4)
    return [
        case("one parameter, curvature 4", "axes", np.array([[4.0]])),
        case("a bowl along three axes", "axes", np.diag(rng.uniform(1, 9, size=3))),
        case("a tilted bowl", "tilted", np.array([[3.0, -2.0], [-2.0, 3.0]])),
        case("a tilted bowl in three dimensions", "tilted", bowl(rng, 9.0, 4.0, 1.0)),
        case("a tilted bowl in six dimensions", "tilted", bowl(rng, 8.0, 5.0, 4.0, 3.0, 2.0, 0.5)),
        case("a bowl with a nearly flat direction", "flat", nearly_flat),
        case("a bowl with two of them", "flat", bowl(rng, 20.0, 2e-3, 1e-4)),
    ]


def stable_oracle(A: np.ndarray) -> float:
    return 2 / extreme_curvatures(A)[0]


def stable_half(A: np.ndarray) -> float:
    return float(1 / np.linalg.eigvalsh(A)[-1])


def stable_flattest(A: np.ndarray) -> float:
    return float(2 / np.linalg.eigvalsh(A)[0])


def stable_trace(A: np.ndarray) -> float:
    return float(2 / np.trace(A))


def stable_entry(A: np.ndarray) -> float:
    return float(2 / np.abs(A).max())


def stable_frobenius(A: np.ndarray) -> float:
    return float(2 / np.linalg.norm(A))


def stable_row_sum(A: np.ndarray) -> float:
    return float(2 / np.abs(A).sum(axis=1).max())


def stable_by_norm(A: np.ndarray) -> float:
    return float(2 / np.linalg.norm(A, 2))


def stable_by_eigvals(A: np.ndarray) -> np.floating:
    return 2.0 / np.real(np.linalg.eigvals(A)).max()


def stable_by_power(A: np.ndarray) -> float:
    v = np.linspace(1.0, 2.0, len(A))
    for _ in range(2000):
        v = A @ v
        v = v / np.linalg.norm(v)
    return float(2 / (v @ A @ v))


MAX_STABLE_LR = Exercise(
    name="max_stable_lr",
    unit=UNIT,
    returns=("lr",),
    groups=(
        Group("axes", "finds the cliff of a bowl along the axes", 1),
        Group("tilted", "finds the steepest direction where it lies along no axis", 2),
        Group("flat", "is not led astray by flat directions", 1),
    ),
    cases=stable_cases,
    reference=stable_oracle,
    misconceptions=(
        Misconception(
            "one_over_L",
            stable_half,
            "Your limit is half of the right one. At 1/L a step lands exactly in the middle of the steepest direction; "
            "it may overshoot and still come closer. How far may it overshoot before it stops coming closer?",
            hint=1,
        ),
        Misconception(
            "flattest_direction",
            stable_flattest,
            "You took the smallest curvature. The flat direction would stand long steps; the steep one explodes first, "
            "and a run is only as stable as its least stable direction.",
            hint=2,
        ),
        Misconception(
            "trace",
            stable_trace,
            "You divided by the sum of all curvatures. Directions do not add up: each one shrinks or grows by its own "
            "factor, and the steepest alone decides. Your limit is safe, but far too careful in many dimensions.",
            hint=2,
        ),
        Misconception(
            "largest_entry",
            stable_entry,
            "You took the largest entry of A for its largest curvature. On a bowl along the axes they are the same; a "
            "tilted bowl can be steeper along a diagonal than along any axis, and then your limit lets runs explode.",
            hint=2,
        ),
        Misconception(
            "frobenius_norm",
            stable_frobenius,
            "You used the norm that adds up all squared entries. It is never smaller than the largest eigenvalue, and "
            "in many dimensions much larger: your limit is too careful. Which number says how A stretches its "
            "steepest direction?",
            hint=3,
        ),
        Misconception(
            "row_sum",
            stable_row_sum,
            "You used the largest row sum. It bounds the largest eigenvalue from above, so your limit is safe, but "
            "not the limit itself. Which number says how A stretches its steepest direction?",
            hint=3,
        ),
    ),
    equivalents=(stable_by_norm, stable_by_eigvals, stable_by_power),
)


def best_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, A: np.ndarray) -> Case:
        return Case(label, group, {"A": A})

    return [
        case("curvatures 1, 2 and 9 along the axes", "axes", np.diag([1.0, 2.0, 9.0])),
        case("four curvatures along the axes", "axes", np.diag(rng.uniform(0.5, 9, size=4))),
        case("a tilted bowl in two dimensions", "tilted", np.array([[3.0, -2.0], [-2.0, 3.0]])),
        case("a tilted bowl in three dimensions", "tilted", bowl(rng, 9.0, 2.0, 1.0)),
        case("a long tilted valley", "tilted", bowl(rng, 50.0, 3.0, 2.0, 0.2)),
        case("a round bowl", "round", rng.uniform(2, 5) * np.eye(3)),
        case("a nearly round bowl", "round", bowl(rng, 3.0, 3.0, 3.0)),
    ]


def best_oracle(A: np.ndarray) -> float:
    L, mu = extreme_curvatures(A)
    return 2 / (L + mu)


def best_cliff(A: np.ndarray) -> float:
    return float(2 / np.linalg.eigvalsh(A)[-1])


def best_steepest(A: np.ndarray) -> float:
    return float(1 / np.linalg.eigvalsh(A)[-1])


def best_half(A: np.ndarray) -> float:
    curvatures = np.linalg.eigvalsh(A)
    return float(1 / (curvatures[0] + curvatures[-1]))


def best_geometric(A: np.ndarray) -> float:
    curvatures = np.linalg.eigvalsh(A)
    return float(1 / np.sqrt(curvatures[0] * curvatures[-1]))


def best_mean(A: np.ndarray) -> float:
    return float(1 / np.linalg.eigvalsh(A).mean())


def best_diagonal(A: np.ndarray) -> float:
    return float(2 / (np.diag(A).max() + np.diag(A).min()))


def best_by_singular_values(A: np.ndarray) -> float:
    stretch = np.linalg.svd(A, compute_uv=False)
    return float(2 / (stretch[0] + stretch[-1]))


def best_by_norms(A: np.ndarray) -> float:
    return float(2 / (np.linalg.norm(A, 2) + 1 / np.linalg.norm(np.linalg.inv(A), 2)))


BEST_LR = Exercise(
    name="best_lr",
    unit=UNIT,
    returns=("lr",),
    groups=(
        Group("axes", "balances the steepest and the flattest of several axes", 1),
        Group("tilted", "balances the extremes of a tilted bowl", 2),
        Group("round", "needs one step on a round bowl", 1),
    ),
    cases=best_cases,
    reference=best_oracle,
    misconceptions=(
        Misconception(
            "the_cliff",
            best_cliff,
            "You returned the cliff, 2/L. There the steepest direction jumps from side to side for ever and never gets "
            "closer: the largest step that is allowed is not the best one.",
            hint=1,
        ),
        Misconception(
            "one_over_L",
            best_steepest,
            "Your step is perfect for the steepest direction, which is done after one step, while the flattest one "
            "crawls. A longer step makes the steep one a little worse and the flat one better: where are they equally "
            "bad?",
            hint=2,
        ),
        Misconception(
            "half",
            best_half,
            "Your learning rate is half of the best one. Set 1 - lr mu equal to lr L - 1 and solve again: where did "
            "the 2 go?",
            hint=2,
        ),
        Misconception(
            "geometric_mean",
            best_geometric,
            "You took the geometric mean of the two curvatures. In a long valley that is far beyond the cliff: check "
            "it against 2/L with L = 100 and mu = 1.",
            hint=2,
        ),
        Misconception(
            "mean_curvature",
            best_mean,
            "You averaged over all curvatures. Those in the middle have no say: the slowest direction sets the pace, "
            "and it is always one of the two extremes. In two dimensions you would not notice.",
            hint=2,
        ),
        Misconception(
            "diagonal",
            best_diagonal,
            "You read the curvatures off the diagonal of A. On a tilted bowl the extremes lie along other directions; "
            "what are these directions' curvatures called in linear algebra?",
            hint=3,
        ),
    ),
    equivalents=(best_by_singular_values, best_by_norms),
)


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


def contraction_steep(A: np.ndarray, lr: float) -> float:
    return float(abs(1 - lr * np.linalg.eigvalsh(A)[-1]))


def contraction_flat(A: np.ndarray, lr: float) -> float:
    return float(abs(1 - lr * np.linalg.eigvalsh(A)[0]))


def contraction_signed(A: np.ndarray, lr: float) -> float:
    return float(max(1 - lr * np.linalg.eigvalsh(A)))


def contraction_squared(A: np.ndarray, lr: float) -> float:
    return float(max(abs(1 - lr * np.linalg.eigvalsh(A))) ** 2)


def contraction_best(A: np.ndarray, lr: float) -> float:
    curvatures = np.linalg.eigvalsh(A)
    kappa = curvatures[-1] / curvatures[0]
    return float((kappa - 1) / (kappa + 1))


def contraction_mean(A: np.ndarray, lr: float) -> float:
    return float(np.mean(abs(1 - lr * np.linalg.eigvalsh(A))))


def contraction_diagonal(A: np.ndarray, lr: float) -> float:
    return float(max(abs(1 - lr * np.diag(A))))


def contraction_by_norm(A: np.ndarray, lr: float) -> float:
    return float(np.linalg.norm(np.eye(len(A)) - lr * A, ord=2))


def contraction_by_radius(A: np.ndarray, lr: float) -> float:
    return float(np.abs(np.linalg.eigvals(np.eye(len(A)) - lr * A)).max())


def contraction_by_extremes(A: np.ndarray, lr: float) -> float:
    L, mu = np.linalg.eigvalsh(A)[[-1, 0]]
    return float(max(lr * L - 1, 1 - lr * mu))


CONTRACTION_FACTOR = Exercise(
    name="contraction_factor",
    unit=UNIT,
    returns=("rho",),
    groups=(
        Group("short", "lets the flattest direction set the pace of short steps", 1),
        Group("long", "lets the steepest direction set the pace of long steps", 2),
        Group("balance", "is right where both meet, and on the cliff", 1),
    ),
    cases=contraction_cases,
    reference=contraction_oracle,
    misconceptions=(
        Misconception(
            "steepest_only",
            contraction_steep,
            "You looked at the steepest direction only. With short steps it is the flattest direction that lags "
            "behind, and the whole distance shrinks no faster than its slowest part.",
            hint=1,
        ),
        Misconception(
            "flattest_only",
            contraction_flat,
            "You looked at the flattest direction only. With long steps the steepest one overshoots: it is the slow "
            "one then, or even runs away while the flat one comes home.",
            hint=1,
        ),
        Misconception(
            "sign_kept",
            contraction_signed,
            "You compared the factors with their signs. A factor of -1.5 means that the distance grows by half while "
            "it changes sides at every step: it is larger than 0.9 in the sense that counts here.",
            hint=2,
        ),
        Misconception(
            "squared",
            contraction_squared,
            "Yours is the square of the right one: the factor by which the loss shrinks. The distance to the minimum "
            "shrinks by its root, for the loss grows with the square of the distance.",
            hint=1,
        ),
        Misconception(
            "always_the_best",
            contraction_best,
            "Your factor does not depend on lr: (kappa - 1)/(kappa + 1) belongs to the best learning rate alone. What "
            "would a step of length 0 give?",
            hint=1,
        ),
        Misconception(
            "mean",
            contraction_mean,
            "You averaged over the directions. After many steps only the slowest direction is left, so its factor "
            "alone says how the distance shrinks in the long run.",
            hint=1,
        ),
        Misconception(
            "diagonal",
            contraction_diagonal,
            "You read the curvatures off the diagonal of A. That holds for bowls along the axes; on a tilted one the "
            "directions that keep to themselves are others.",
            hint=3,
        ),
    ),
    equivalents=(contraction_by_norm, contraction_by_radius, contraction_by_extremes),
)

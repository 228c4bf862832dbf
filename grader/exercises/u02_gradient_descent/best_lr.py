"""`best_lr`: how long a step should be."""

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, extreme_curvatures
from grader.spec import Case, Exercise, Group, Misconception


def best_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, A: np.ndarray) -> Case:
        return Case(label, group, {"A": A})

    return [
        case("curvatures 1, 2 and 9 along the axes", "axes", np.diag([1.0, 2.0, 9.0])),
        case("four curvatures along the axes", "axes", np.diag(rng.uniform([2, 0.5, 7, 2], [6, 1, 9, 6]))),
        case("a tilted bowl in two dimensions", "tilted", np.array([[3.0, -2.0], [-2.0, 3.0]])),
        case("a tilted bowl in three dimensions", "tilted", bowl(rng, 9.0, 2.0, 1.0)),
        case("a long tilted valley", "tilted", bowl(rng, 50.0, 3.0, 2.0, 0.2)),
        case("a round bowl", "round", rng.uniform(2, 5) * np.eye(3)),
        case("a nearly round bowl", "round", bowl(rng, 3.0, 3.0, 3.0)),
    ]


def best_oracle(A: np.ndarray) -> float:
    L, mu = extreme_curvatures(A)
    return 2 / (L + mu)


def best_lr(A):
    curvatures = np.linalg.eigvalsh(A)
    mu, L = curvatures[0], curvatures[-1]
    return 2 / (L + mu)


def best_by_norms(A):
    return float(2 / (np.linalg.norm(A, 2) + 1 / np.linalg.norm(np.linalg.inv(A), 2)))


BEST_LR = Exercise(
    name="best_lr",
    unit=UNIT,
    returns=("lr",),
    groups=(
        Group("axes", "balances the steepest and the flattest of several axes", 1, hint=2),
        Group("tilted", "balances the extremes of a tilted bowl", 2, hint=3),
        Group("round", "needs one step on a round bowl", 1, hint=2),
    ),
    cases=best_cases,
    reference=best_oracle,
    misconceptions=(
        Misconception(
            "the_cliff",
            change(best_lr, "2 / (L + mu)", "2 / L"),
            "You returned the cliff, 2/L. There the steepest direction jumps from side to side for ever and never gets "
            "closer: the largest step that is allowed is not the best one.",
            hint=1,
        ),
        Misconception(
            "one_over_L",
            change(best_lr, "2 / (L + mu)", "1 / L"),
            "Your step is perfect for the steepest direction, which is done after one step, while the flattest one "
            "crawls. A longer step makes the steep one a little worse and the flat one better: where are they equally "
            "bad?",
        ),
        Misconception(
            "half",
            change(best_lr, "2 / (L + mu)", "1 / (L + mu)"),
            "Your learning rate is half of the best one. Set 1 - lr mu equal to lr L - 1 and solve again: where did "
            "the 2 go?",
        ),
        Misconception(
            "geometric_mean",
            change(best_lr, "2 / (L + mu)", "1 / np.sqrt(L * mu)"),
            "You took the geometric mean of the two curvatures. In a long valley that is far beyond the cliff: check "
            "it against 2/L with L = 100 and mu = 1.",
        ),
        Misconception(
            "mean_curvature",
            change(best_lr, "2 / (L + mu)", "1 / curvatures.mean()"),
            "You averaged over all curvatures. Those in the middle have no say: the slowest direction sets the pace, "
            "and it is always one of the two extremes. In two dimensions you would not notice.",
        ),
        Misconception(
            "diagonal",
            change(best_lr, "np.linalg.eigvalsh(A)", "np.sort(np.diag(A))"),
            "You read the curvatures off the diagonal of A. On a tilted bowl the extremes lie along other directions; "
            "what are these directions' curvatures called in linear algebra?",
        ),
        Misconception(
            "mean_of_the_best_steps",
            change(best_lr, "2 / (L + mu)", "(1 / L + 1 / mu) / 2"),
            "You averaged the step that is perfect for the steepest direction and the one that is perfect for the "
            "flattest. That mean is far beyond the cliff in a long valley; balance the two factors, not the steps.",
        ),
        Misconception(
            "condition_number",
            change(best_lr, "2 / (L + mu)", "2 / (L / mu + 1)"),
            "Your step depends on L/mu alone. A bowl that is ten times as steep everywhere has the same ratio, but "
            "needs a step a tenth as long: mu got lost on the way.",
        ),
    ),
    also_right=(
        best_lr,
        best_by_norms,
        change(best_lr, "np.linalg.eigvalsh(A)", "np.linalg.svd(A, compute_uv=False)"),
        change(best_lr, "curvatures[0], curvatures[-1]", "min(curvatures), max(curvatures)"),
        change(best_lr, "np.linalg.eigvalsh(A)", "sorted(np.linalg.eigvals(A).real)"),
        change(best_lr, "2 / (L + mu)", "1 / ((L + mu) / 2)"),
    ),
)

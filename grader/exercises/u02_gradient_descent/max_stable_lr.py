"""`max_stable_lr`: how long a step may be."""

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, extreme_curvatures
from grader.spec import Case, Exercise, Group, Misconception


def stable_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, A: np.ndarray) -> Case:
        return Case(label, group, {"A": A})

    nearly_flat = bowl(rng, 3.0, 1e-4)
    return [
        case("one parameter, curvature 4", "axes", np.array([[4.0]])),
        case("a bowl along three axes", "axes", np.diag(rng.uniform([1, 6, 1], [5, 9, 5]))),
        case("a tilted bowl", "tilted", np.array([[3.0, -2.0], [-2.0, 3.0]])),
        case("a tilted bowl in three dimensions", "tilted", bowl(rng, 9.0, 4.0, 1.0)),
        case("a tilted bowl in six dimensions", "tilted", bowl(rng, 8.0, 5.0, 4.0, 3.0, 2.0, 0.5)),
        case("a bowl with a nearly flat direction", "flat", nearly_flat),
        case("a bowl with two of them", "flat", bowl(rng, 20.0, 2e-3, 1e-4)),
    ]


def stable_oracle(A: np.ndarray) -> float:
    return 2 / extreme_curvatures(A)[0]


def max_stable_lr(A):
    L = np.linalg.eigvalsh(A)[-1]
    return 2 / L


def stable_by_power(A):
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
        Group("axes", "finds the cliff of a bowl along the axes", 1, hint=1),
        Group("tilted", "finds the steepest direction where it lies along no axis", 2, hint=2),
        Group("flat", "is not led astray by flat directions", 1, hint=2),
    ),
    cases=stable_cases,
    reference=stable_oracle,
    misconceptions=(
        Misconception(
            "one_over_L",
            change(max_stable_lr, "2 / L", "1 / L"),
            "Your limit is half of the right one. At 1/L a step lands exactly in the middle of the steepest direction; "
            "it may overshoot and still come closer. How far may it overshoot before it stops coming closer?",
        ),
        Misconception(
            "flattest_direction",
            change(max_stable_lr, "[-1]", "[0]"),
            "You took the smallest curvature. The flat direction would stand long steps; the steep one explodes first, "
            "and a run is only as stable as its least stable direction.",
            hint=2,
        ),
        Misconception(
            "trace",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.trace(A)"),
            "You divided by the sum of all curvatures. Directions do not add up: each one shrinks or grows by its own "
            "factor, and the steepest alone decides. Your limit is safe, but far too careful in many dimensions.",
            hint=2,
        ),
        Misconception(
            "largest_entry",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.abs(A).max()"),
            "You took the largest entry of A for its largest curvature. On a bowl along the axes they are the same; a "
            "tilted bowl can be steeper along a diagonal than along any axis, and then your limit lets runs explode.",
        ),
        Misconception(
            "frobenius_norm",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.linalg.norm(A)"),
            "You used the norm that adds up all squared entries. It is never smaller than the largest eigenvalue, and "
            "in many dimensions much larger: your limit is too careful. Which number says how A stretches its "
            "steepest direction?",
            hint=3,
        ),
        Misconception(
            "row_sum",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.abs(A).sum(axis=1).max()"),
            "You used the largest row sum. It bounds the largest eigenvalue from above, so your limit is safe, but "
            "not the limit itself. Which number says how A stretches its steepest direction?",
            hint=3,
        ),
        Misconception(
            "the_best_step",
            change(
                max_stable_lr,
                "L = np.linalg.eigvalsh(A)[-1",
                "mu, L = np.linalg.eigvalsh(A)[[0, -1]",
                "/ L",
                "/ (L + mu)",
            ),
            "This is the step that balances the steepest and the flattest direction, the one of best_lr. The cliff "
            "lies further out, and the flattest direction has no say in it.",
            hint=2,
        ),
        Misconception(
            "mean_curvature",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.linalg.eigvalsh(A).mean()"),
            "You divided by the mean of the curvatures. The steepest direction lies above the mean, and it is the "
            "first to explode: at your limit it is long gone.",
            hint=2,
        ),
        Misconception(
            "condition_number",
            change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.linalg.cond(A)"),
            "You divided by the condition number, which is a ratio of two curvatures: a bowl that is ten times as "
            "steep everywhere has the same. The cliff depends on the steepest curvature itself.",
            hint=2,
        ),
        Misconception(
            "first_of_an_unsorted_list",
            change(max_stable_lr, "eigvalsh(A)[-1]", "eigvals(A)[0]"),
            "np.linalg.eigvals gives the curvatures in no order: the first of them need not be the largest. Ask "
            "for the largest.",
        ),
        Misconception(
            "the_curvature_itself",
            change(max_stable_lr, "2 / L", "L"),
            "You returned the largest curvature itself. The steeper the bowl, the shorter a step has to be: on paper, "
            "when does 1 - lr L reach -1?",
        ),
        Misconception(
            "squared_curvature",
            change(max_stable_lr, "2 / L", "2 / L**2"),
            "You divided by the square of the largest curvature. A is symmetric, so that L can be read off A itself: "
            "A.T @ A has the squares.",
        ),
    ),
    also_right=(
        max_stable_lr,
        stable_by_power,
        change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.linalg.norm(A, 2)"),
        change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "np.real(np.linalg.eigvals(A)).max()"),
        change(max_stable_lr, "np.linalg.eigvalsh(A)[-1]", "max(np.linalg.eigh(A).eigenvalues)"),
        change(max_stable_lr, "2 / L", "np.float32(2 / L)"),
    ),
)

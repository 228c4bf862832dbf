"""`momentum_limit`: how large a learning rate heavy ball tolerates, in torch's convention, on one curvature."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def limit_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, L: Any, beta: Any) -> Case:
        return Case(label, group, {"L": L, "beta": beta})

    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    return [
        case("curvature 4, no momentum", "plain", 4.0, 0.0),
        case("another curvature, no momentum", "plain", uniform(5, 9), 0.0),
        case("curvature 1, momentum 0.9", "momentum", 1.0, 0.9),
        case("curvature 1, less momentum", "momentum", 1.0, uniform(0.2, 0.7)),
        case("curvature 1, momentum near 1", "momentum", 1.0, uniform(0.97, 0.995)),
        case("a steep valley, with momentum", "steep", uniform(30, 200), uniform(0.6, 0.8)),
        case("a flat valley, with momentum", "steep", uniform(0.02, 0.2), uniform(0.3, 0.5)),
        case("four curvatures, one beta", "arrays", rng.uniform(0.5, 20, size=4), uniform(0.6, 0.8)),
        case("one curvature, five betas", "arrays", uniform(2, 5), np.array([0.0, *rng.uniform(0.1, 0.95, size=4)])),
        case("as many curvatures as betas", "arrays", rng.uniform(0.5, 20, size=3), rng.uniform(0.1, 0.95, size=3)),
    ]


def growth(L: float, beta: float, lr: float) -> float:
    """The size of the largest eigenvalue of one step of (theta, velocity): what a long run is multiplied by."""
    step = np.array([[1 - lr * L, -lr * beta], [L, beta]])
    return float(np.abs(np.linalg.eigvals(step)).max())


def limit_oracle(L: Any, beta: Any) -> Any:
    """By bisection on the eigenvalues of the step, which knows nothing of the closed form.

    That form, 0 < lr L < 2 + 2 beta, is in G. Goh, "Why Momentum Really Works", Distill, 2017, and is Jury's criterion
    for z^2 - (1 + beta - lr L) z + beta.
    """

    def one(L: float, beta: float) -> float:
        low, high = 0.0, 8 / L
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if growth(L, beta, middle) <= 1 else (low, middle)
        return low

    limits = np.vectorize(one, otypes=[float])(L, beta)
    return limits if limits.ndim else float(limits)


def momentum_limit(L, beta):
    reach = 2 * (1 + beta)
    return reach / L


def limit_of_a_zig_zag(L, beta):
    L, beta = np.asarray(L, dtype=float), np.asarray(beta, dtype=float)
    before, here, after = 1.0, -1.0, 1.0
    return (here - after + beta * (here - before)) / (L * here)


def limit_in_a_loop(L, beta):
    Ls, betas = np.broadcast_arrays(L, beta)
    limits = np.zeros(Ls.shape)
    for place in np.ndindex(*Ls.shape):
        limits[place] = 2.0 / Ls[place] + 2.0 * betas[place] / Ls[place]
    return limits


MOMENTUM_LIMIT = Exercise(
    name="momentum_limit",
    unit=UNIT,
    returns=("lr",),
    groups=(
        Group("plain", "has plain descent's cliff where beta is 0", 1, hint=1),
        Group("momentum", "knows where the cliff is with momentum", 2, hint=2),
        Group("steep", "knows how the cliff depends on the curvature", 1, hint=3),
        Group("arrays", "answers for many curvatures or betas at once", 1, hint=4),
    ),
    cases=limit_cases,
    reference=limit_oracle,
    misconceptions=(
        Misconception(
            "momentum_ignored",
            change(momentum_limit, "2 * (1 + beta)", "2"),
            "This is plain descent's limit, whatever beta is. But the velocity still holds the opposite pull from the "
            "step before, and takes back part of the new one: so the gradient's own push, lr times L, may be larger "
            "than "
            "without momentum. By how much?",
            hint=2,
        ),
        Misconception(
            "the_wrong_way",
            change(momentum_limit, "1 + beta", "1 - beta"),
            "Your limit moves inward as beta grows. That would be so if gradients added up where it diverges; but at "
            "the cliff they change sign at every step, and there a velocity makes steps shorter.",
            hint=2,
        ),
        Misconception(
            "effective_step",
            change(momentum_limit, "2 * (1 + beta)", "2 / (1 - beta)"),
            "You scaled plain descent's limit by 1 / (1 - beta), the sum of a series of equal gradients. At the cliff "
            "gradients are not equal: each has the opposite sign of the one before. What does the velocity sum up to "
            "then?",
            hint=2,
        ),
        Misconception(
            "alternating_step",
            change(momentum_limit, "2 * (1 + beta)", "2 / (1 + beta)"),
            "You divided where 1 + beta multiplies. Against alternating gradients a velocity makes steps shorter by "
            "1 / (1 + beta); so may the learning rate be larger, or must it be smaller too?",
            hint=2,
        ),
        Misconception(
            "average_convention",
            change(momentum_limit, "reach / L", "reach / ((1 - beta) * L)"),
            "This is the limit of the other convention, in which the velocity is an average and each gradient enters "
            "with 1 - beta. Here each gradient enters in full.",
        ),
        Misconception(
            "nesterov",
            change(momentum_limit, "reach / L", "reach / ((1 + 2 * beta) * L)"),
            "This is the limit of another method (Nesterov's, later in this unit), which counts the newest gradient "
            "once "
            "more. The question is about heavy ball, which moves by its velocity alone and tolerates a larger "
            "learning rate.",
        ),
        Misconception(
            "half",
            change(momentum_limit, "2 * (1 + beta)", "1 + beta"),
            "Your limit is half of the right one. At the cliff the ball jumps from +1 to -1, which is a distance of 2, "
            "and not just back to the minimum.",
            hint=1,
        ),
        Misconception(
            "where_swinging_ends",
            change(momentum_limit, "2 * (1 + beta)", "(1 + beta**0.5) ** 2"),
            "Up to your learning rate the ball swings in waves. Beyond it, it jumps from side to side at every step, "
            "and for a while longer still comes closer. The cliff is where that ends.",
            hint=1,
        ),
        Misconception(
            "beta_counted_once",
            change(momentum_limit, "2 * (1 + beta)", "2 + beta"),
            "Your beta counts once. From -1 to +1 the last step was a distance of 2, and the velocity rolls on by "
            "beta of "
            "the whole of it.",
            hint=2,
        ),
        Misconception(
            "root_of_beta",
            change(momentum_limit, "2 * (1 + beta)", "2 * (1 + beta**0.5)"),
            "You took the root of beta. That is what a swinging ball's distance shrinks by at each step; what the "
            "velocity keeps, and what the last step enters with, is beta itself.",
            hint=2,
        ),
        Misconception(
            "beta_of_one",
            change(momentum_limit, "2 * (1 + beta)", "4"),
            "Yours is what the limit tends to as beta goes to 1, and the same for every beta. With beta = 0 it has to "
            "be plain descent's.",
            hint=1,
        ),
        Misconception(
            "curvature_left_out",
            change(momentum_limit, "reach / L", "reach"),
            "Your answer does not depend on L. The gradient is L times theta: in a valley that is twice as steep, the "
            "same jump takes half the learning rate.",
            hint=3,
        ),
        Misconception(
            "curvature_multiplies",
            change(momentum_limit, "reach / L", "reach * L"),
            "Your limit grows with the curvature. A steeper valley has longer gradients, so it tolerates less.",
            hint=3,
        ),
        Misconception(
            "curvature_squared",
            change(momentum_limit, "reach / L", "reach / L**2"),
            "You divided by the square of the curvature. The gradient is L times theta, once; only the product of the "
            "learning rate and L decides.",
            hint=3,
        ),
        Misconception(
            "brackets",
            change(momentum_limit, "    reach = 2 * (1 + beta)\n", "", "reach / L", "2 + 2 * beta / L"),
            "Your division by L reaches the part with beta only. The whole sum is to be divided: mind the brackets.",
            hint=3,
        ),
        Misconception(
            "brackets_the_other_way",
            change(momentum_limit, "    reach = 2 * (1 + beta)\n", "", "reach / L", "2 / L + 2 * beta"),
            "Your division by L reaches only the part without beta. The whole sum is to be divided: mind the brackets.",
            hint=3,
        ),
        Misconception(
            "one_number_for_all",
            change(momentum_limit, "reach / L", "np.min(reach / L)"),
            "Your function gives one number for many curvatures or betas: the limit of the strictest. What is "
            "wanted is the limit of each.",
            hint=4,
        ),
        Misconception(
            "steepest_only",
            change(momentum_limit, "reach / L", "reach / np.max(L)"),
            "With several curvatures, yours has the limit of the steepest everywhere. That is the limit of a bowl "
            "which has all of them; here each curvature is a valley of its own.",
            hint=4,
        ),
        Misconception(
            "whole_numbers",
            change(momentum_limit, "reach / L", "reach // L"),
            "You used //, which drops what comes after the point: a limit of 1.9 becomes 1.",
        ),
    ),
    also_right=(
        momentum_limit,
        limit_of_a_zig_zag,
        limit_in_a_loop,
        change(momentum_limit, "2 * (1 + beta)", "2 + 2 * beta"),
        change(momentum_limit, "2 * (1 + beta)", "np.multiply(2, np.add(1, beta))"),
        change(momentum_limit, "reach / L", "np.float32(reach / L)"),
        change(
            momentum_limit,
            "    reach = 2 * (1 + beta)\n",
            "    plain = 2 / L\n",
            "reach / L",
            "plain + beta * plain",
        ),
    ),
)

"""`power_iteration`: the largest curvature from differences of gradients. The oracle takes powers of torch's "
"Hessian."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, quadratic, torch_value
from grader.spec import Case, Exercise, Group, Misconception

EPS = 1e-5


def power_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, f: Mapping[str, Any], theta: Any, v: Any, steps: int) -> Case:
        inputs = {"objective": f, "theta": np.asarray(theta, dtype=float), "v": np.asarray(v, dtype=float)}
        return Case(label, group, inputs | {"steps": steps, "eps": EPS})

    def away(d: int) -> np.ndarray:
        return np.asarray(rng.normal(size=d) + np.sign(rng.normal(size=d)))

    def unit(d: int) -> np.ndarray:
        v = away(d)
        return v / np.linalg.norm(v)

    two, three, five = bowl(rng, 8.0, 3.0), bowl(rng, 9.0, 4.0, 1.0), bowl(rng, 6.0, 4.0, 3.0, 2.0, 0.5)
    softmax_like = {"name": "log_sum_exp", "A": 2 * rng.normal(size=(7, 3)), "b": rng.normal(size=7)}
    bent = {"name": "rosenbrock"}
    return [
        case("one product", "product", quadratic(two, [1.0, -1.0]), away(2), unit(2), 1),
        case("one product, three parameters", "product", quadratic(three, away(3)), away(3), unit(3), 1),
        case("v of length 10", "length", quadratic(two, [0.0, 1.0]), away(2), 10 * unit(2), 1),
        case("a short v", "length", quadratic(three, away(3)), away(3), 0.2 * unit(3), 2),
        case("two products", "again", quadratic(three, away(3)), away(3), unit(3), 2),
        case("five products", "again", quadratic(five, away(5)), away(5), unit(5), 5),
        case("forty products", "again", quadratic(five, away(5)), away(5), unit(5), 40),
        case("Rosenbrock's valley", "bent", bent, np.array([-1.2, 1.0]) + 0.1 * rng.normal(size=2), unit(2), 1),
        case("Rosenbrock's valley, six products", "bent", bent, [1.0, 1.3] + 0.1 * rng.normal(size=2), unit(2), 6),
        case("a log-sum-exp", "bent", softmax_like, away(3), unit(3), 3),
    ]


def power_oracle(
    objective: Mapping[str, Any], theta: np.ndarray, v: np.ndarray, steps: int, eps: float
) -> tuple[float, np.ndarray]:
    """After k products the direction is A^k v: what a length is before and after the last one gives L."""
    import torch

    A = torch.autograd.functional.hessian(lambda point: torch_value(objective, point), torch.from_numpy(theta))
    start = torch.from_numpy(v)
    before, after = (torch.linalg.matrix_power(A, k) @ start for k in (steps - 1, steps))
    length = torch.linalg.vector_norm
    return float(length(after) / length(before)), (after / length(after)).numpy()


def power_iteration(grad, theta, v, steps, eps):
    v = v / np.linalg.norm(v)
    for _ in range(steps):
        Av = (grad(theta + eps * v) - grad(theta)) / eps
        L = np.linalg.norm(Av)
        v = Av / L
    return L, v


def scaled_before_each_product(grad, theta, v, steps, eps):
    here, Av = grad(theta), v
    for _ in range(steps):
        v = Av / np.sqrt(Av @ Av)
        Av = (grad(theta + eps * v) - here) / eps
    return float(np.sqrt(Av @ Av)), Av / np.sqrt(Av @ Av)


def by_columns(grad, theta, v, steps, eps):
    A = np.array([(grad(theta + eps * e) - grad(theta - eps * e)) / (2 * eps) for e in np.eye(len(theta))])
    for _ in range(steps):
        v = v / np.linalg.norm(v)
        before, v = v, A @ v
    return [np.linalg.norm(v) / np.linalg.norm(before), v / np.linalg.norm(v)]


def by_while(grad, theta, v, steps, eps):
    length = float(np.sum(v**2)) ** 0.5
    while steps > 0:
        direction = v / length
        v = grad(theta + eps * direction) / eps - grad(theta) / eps
        length = float(np.sum(v**2)) ** 0.5
        steps -= 1
    return length, v / length


POWER_ITERATION = Exercise(
    name="power_iteration",
    unit=UNIT,
    returns=("L", "v"),
    driver="objective_grad",
    tolerance=Tolerance(rtol=3e-4, atol=1e-4),
    groups=(
        Group("product", "multiplies a direction by the curvature, with two gradients", 2, hint=1),
        Group("length", "brings the direction to length 1 first, however long it came", 1, hint=2),
        Group("again", "multiplies as often as it was told, and scales each time", 2, hint=2),
        Group("bent", "measures at theta, also where the curvature changes from place to place", 1, hint=3),
    ),
    cases=power_cases,
    reference=power_oracle,
    misconceptions=(
        Misconception(
            "not_scaled_first",
            change(power_iteration, "    v = v / np.linalg.norm(v)\n", ""),
            "The v that came was used at the length that it had. The length of A v says how steep it is along v only "
            "if "
            "v itself has length 1: with a v ten times as long, your first L is ten times too large.",
            hint=2,
        ),
        Misconception(
            "never_scaled_again",
            change(power_iteration, "v = Av / L", "v = Av"),
            "Your v grows by a factor of about L with each product, and what you call L grows with it. Bring v back to "
            "length 1 each time, so that its length after one product is the curvature.",
            hint=2,
        ),
        Misconception(
            "difference_not_divided",
            change(power_iteration, ") / eps", ")"),
            "You subtract two gradients at points that are eps apart, and stop there: that is how much the gradient "
            "changes "
            "over a "
            "tiny way. The curvature is that change for each unit of the way.",
            hint=1,
        ),
        Misconception(
            "halved",
            change(power_iteration, ") / eps", ") / (2 * eps)"),
            "You divide by 2 eps, as for a difference to both sides. Your two points are only eps apart.",
            hint=1,
        ),
        Misconception(
            "no_difference",
            change(power_iteration, "(grad(theta + eps * v) - grad(theta)) / eps", "grad(theta + eps * v)"),
            "You follow the gradient itself. It says how steep the loss is; the curvature is how much the *gradient "
            "changes* "
            "along v. Which second gradient do you need for a change?",
            hint=1,
        ),
        Misconception(
            "gradient_of_the_direction",
            change(power_iteration, "(grad(theta + eps * v) - grad(theta)) / eps", "grad(v)"),
            "You ask for the gradient *at* v, as if the direction were a place. The question is how the gradient at "
            "theta "
            "changes when one goes a little way along v.",
            hint=1,
        ),
        Misconception(
            "measured_at_the_origin",
            change(power_iteration, "theta + eps * v", "eps * v", "grad(theta)", "grad(0 * theta)"),
            "Your two gradients are taken near the origin. In a bowl the curvature is the same everywhere, elsewhere "
            "it is "
            "not: measure it at theta.",
            hint=3,
        ),
        Misconception(
            "a_whole_step_away",
            change(power_iteration, "theta + eps * v", "theta + v", ") / eps", ")"),
            "Your second gradient is taken a whole length of v away. In a bowl that makes no difference; on a bent "
            "surface "
            "the curvature has changed on the way. eps is there to keep the two points close together.",
            hint=3,
        ),
        Misconception(
            "share_of_theta",
            change(power_iteration, "theta + eps * v", "theta * (1 + eps * v)"),
            "You move each parameter by a share of itself: a large one far, one that is 0 not at all. The way along v "
            "is "
            "the same wherever one stands: eps times v is added.",
            hint=1,
        ),
        Misconception(
            "one_product_more",
            change(power_iteration, "range(steps)", "range(steps + 1)"),
            "You make one product more than you were told to.",
            hint=2,
        ),
        Misconception(
            "one_product_fewer",
            change(power_iteration, "range(steps)", "range(1, steps)", "    for", "    L = np.linalg.norm(v)\n    for"),
            "You make one product fewer than you were told to.",
            hint=2,
        ),
        Misconception(
            "never_followed",
            change(power_iteration, "v = Av / L", "direction = Av / L", "return L, v", "return L, direction"),
            "Every product starts from the first v again, so a hundred of them know no more than one. The next "
            "product is "
            "to start from the direction that the last one gave.",
            hint=2,
        ),
        Misconception(
            "along_the_direction",
            change(
                power_iteration, "np.linalg.norm(Av)\n        v = Av / L", "v @ Av\n        v = Av / np.linalg.norm(Av)"
            ),
            "Your L is v . Av, the curvature along v (Rayleigh's quotient). It has the same limit, and is a good "
            "estimate "
            "too; asked for is the length of A v, which differs as long as v still turns.",
            hint=2,
            about=("L",),
        ),
        Misconception(
            "squared_length",
            change(
                power_iteration,
                "L = np.linalg.norm(Av)\n        v = Av / L",
                "L = Av @ Av\n        v = Av / np.sqrt(L)",
            ),
            "Your L is the *square* of the length of A v: a root is missing.",
            hint=2,
            about=("L",),
        ),
        Misconception(
            "largest_entry",
            change(power_iteration, "np.linalg.norm(Av)", "np.abs(Av).max()"),
            "You scale by the largest entry. The direction is the same, but neither is the length of A v its largest "
            "entry, "
            "nor has your v length 1.",
            hint=2,
        ),
        Misconception(
            "sum_of_the_sizes",
            change(power_iteration, "np.linalg.norm(Av)", "np.abs(Av).sum()"),
            "You take the sum of the sizes of all entries for the length. The length is the root of the sum of "
            "squares.",
            hint=2,
        ),
        Misconception(
            "v_unscaled",
            change(power_iteration, "return L, v", "return L, Av"),
            "L is right. The v that you return still has that length; asked for is its direction, of length 1.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "v_of_before",
            change(power_iteration, "Av = (grad", "last, Av = v, (grad", "return L, v", "return L, last"),
            "L is right, and your v is one product behind: it is the direction that went in, not the one that came "
            "out.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "the_limit",
            change(power_iteration, "return L, v", "return 2 / L, v"),
            "You return 2/L, the learning rate at the cliff. Asked for is the curvature L itself.",
            hint=2,
            about=("L",),
        ),
        Misconception(
            "theta_walks_along",
            change(power_iteration, "v = Av / L", "v = Av / L\n        theta = theta + v"),
            "Your theta moves along with v. It is the place where the curvature is measured, and stays.",
            hint=3,
        ),
        Misconception(
            "whole_number_division",
            change(power_iteration, "Av / L", "Av // L"),
            "You divide by the length with //, which rounds down. The entries of a direction of length 1 lie between "
            "-1 and "
            "1, so that nothing but 0, -1 and perhaps a 1 is left of them.",
            hint=2,
        ),
        Misconception(
            "mutated",
            change(power_iteration, "    v = v / np.linalg.norm(v)\n", "    v /= np.linalg.norm(v)\n"),
            "You scale the v that you were given, in place: whoever called you finds another start direction. Make a "
            "new "
            "array.",
            hint=2,
        ),
    ),
    also_right=(
        power_iteration,
        scaled_before_each_product,
        by_columns,
        by_while,
        change(
            power_iteration,
            "(grad(theta + eps * v) - grad(theta)) / eps",
            "(grad(theta + eps * v) - grad(theta - eps * v)) / (2 * eps)",
        ),
        change(
            power_iteration,
            "(grad(theta + eps * v) - grad(theta)) / eps",
            "(grad(theta) - grad(theta - eps * v)) / eps",
        ),
        change(power_iteration, "return L, v", "return np.float32(L), v.tolist()"),
    ),
)

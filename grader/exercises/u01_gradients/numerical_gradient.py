"""`numerical_gradient`: central differences, coordinate by coordinate.

The oracle is no difference of values: (f(theta + h e_i) - f(theta - h e_i)) / 2h is the mean of the i-th partial
derivative on the way from theta - h e_i to theta + h e_i (the fundamental theorem of calculus), and Gauss-Legendre
quadrature takes that mean of the gradient in closed form.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from course_lib.objectives import from_spec
from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception

Function = Callable[[np.ndarray], float]


def quadratic(rng: np.random.Generator, n: int, size: float = 1.0) -> dict[str, Any]:
    """The description of a random bowl in n dimensions whose coordinates are coupled."""
    R = rng.normal(size=(n, n))
    return {"name": "quadratic", "A": size * (R @ R.T / n + np.eye(n)), "b": size * rng.normal(size=n)}


def log_sum_exp(rng: np.random.Generator, m: int, n: int) -> dict[str, Any]:
    """The description of a random smooth function of n parameters that is no polynomial."""
    return {"name": "log_sum_exp", "A": rng.normal(size=(m, n)), "b": rng.normal(size=m)}


def cases(rng: np.random.Generator) -> list[Case]:
    table = rng.uniform(0.5, 2.0, size=(2, 3))
    whole = rng.integers(1, 4, size=3)
    return [
        Case("x^3 at x = 2", "slope", {"objective": {"name": "cubic"}, "theta": np.array([2.0]), "h": 1e-5}),
        Case("a bowl", "slope", {"objective": quadratic(rng, 3), "theta": rng.normal(size=3), "h": 1e-5}),
        Case("log-sum-exp", "slope", {"objective": log_sum_exp(rng, 5, 4), "theta": rng.normal(size=4), "h": 1e-4}),
        Case(
            "x^3 with a long step, h = 0.5",
            "order",
            {"objective": {"name": "cubic"}, "theta": rng.uniform(1.0, 2.0, size=2), "h": 0.5},
        ),
        Case(
            "a bent valley, h = 0.1",
            "order",
            {"objective": {"name": "rosenbrock"}, "theta": rng.uniform(0.5, 1.5, size=2), "h": 0.1},
        ),
        Case(
            "theta of shape (2, 3)",
            "shape",
            {"objective": {"name": "sine", "w": table}, "theta": rng.normal(size=(2, 3)), "h": 1e-3},
        ),
        Case(
            "theta of shape (3, 1, 2)",
            "shape",
            {"objective": {"name": "cubic"}, "theta": rng.normal(size=(3, 1, 2)), "h": 0.25},
        ),
        Case("whole numbers", "whole", {"objective": quadratic(rng, 3), "theta": whole, "h": 1e-2}),
    ]


def reference(objective: dict[str, Any], theta: np.ndarray, h: float) -> np.ndarray:
    nodes, weights = np.polynomial.legendre.leggauss(12)
    grad = from_spec(objective).grad
    centre = theta.astype(np.float64)
    result = np.zeros(centre.shape)
    for index in np.ndindex(centre.shape):
        way = np.zeros(centre.shape)
        way[index] = h
        result[index] = sum(w / 2 * grad(centre + t * way)[index] for t, w in zip(nodes, weights, strict=True))
    return result


def numerical_gradient(f, theta, h):
    grad = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[index] = h
        grad[index] = (f(theta + step) - f(theta - step)) / (2 * h)
    return grad


def over_flat_positions(f, theta, h):
    grad = np.empty(theta.size)
    for i in range(theta.size):
        plus = theta.astype(np.float64).ravel()
        minus = plus.copy()
        plus[i] += h
        minus[i] -= h
        grad[i] = (f(plus.reshape(theta.shape)) - f(minus.reshape(theta.shape))) / (2.0 * h)
    return grad.reshape(theta.shape)


def over_unit_steps(f, theta, h):
    units = np.eye(theta.size).reshape(theta.size, *theta.shape)
    slopes = [(f(theta + h * e) - f(theta - h * e)) / (2 * h) for e in units]
    return np.array(slopes).reshape(theta.shape)


def restores_what_it_kept(f, theta, h):
    work = np.array(theta, dtype=np.float64)
    grad = np.zeros_like(work)
    for index in np.ndindex(work.shape):
        kept = work[index]
        work[index] = kept + h
        upper = f(work)
        work[index] = kept - h
        lower = f(work)
        work[index] = kept
        grad[index] = 0.5 * (upper - lower) / h
    return grad


def left_displaced(f, theta, h):
    grad = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        theta[index] += h
        upper = f(theta)
        theta[index] -= 2 * h
        grad[index] = (upper - f(theta)) / (2 * h)
    return grad


NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    unit="01_gradients",
    returns=("grad",),
    groups=(
        Group("slope", "finds the slope in every direction", 2, hint=2),
        Group("order", "takes the central difference, with the step that it was given", 2, hint=1),
        Group("shape", "keeps theta's shape", 1, hint=2),
        Group("whole", "steps by fractions, even where theta holds whole numbers", 1, hint=4),
    ),
    cases=cases,
    reference=reference,
    driver="objective",
    # The difference of two values near 10 is exact to 1e-15; divided by 2h = 2e-5 that leaves 1e-10.
    tolerance=Tolerance(rtol=1e-6, atol=1e-8),
    misconceptions=(
        Misconception(
            "forward_difference",
            change(numerical_gradient, "f(theta - step)) / (2 * h)", "f(theta)) / h"),
            "This is the forward difference: it looks ahead of theta only. Its error shrinks like h; the central "
            "difference, which looks both ways, shrinks like h squared. The picture below shows what that is worth.",
            hint=1,
        ),
        Misconception(
            "divides_by_h",
            change(numerical_gradient, "/ (2 * h)", "/ h"),
            "Your slopes are twice too large. From theta - h to theta + h: how far is that?",
            hint=1,
        ),
        Misconception(
            "divides_then_multiplies",
            change(numerical_gradient, "/ (2 * h)", "/ 2 * h"),
            "Your values are too small by far. Python reads a / 2 * h from the left: it halves, then multiplies by h. "
            "What should stand in parentheses?",
            hint=1,
        ),
        Misconception(
            "wrong_sign",
            change(numerical_gradient, "f(theta + step) - f(theta - step)", "f(theta - step) - f(theta + step)"),
            "Your slopes have the wrong sign: where f rises, you report that it falls. Which of the two values comes "
            "first in the difference?",
            hint=1,
        ),
        Misconception(
            "all_coordinates_at_once",
            change(numerical_gradient, "step[index] = h", "step[...] = h"),
            "Adding h to theta moves every coordinate at once, and then one number has to do for all. A partial "
            "derivative asks what happens when one coordinate moves and the others stay.",
        ),
        Misconception(
            "whole_rows_at_once",
            change(numerical_gradient, "np.ndindex(theta.shape)", "range(len(theta))"),
            "Where theta is a table, theta[i] is a whole row: you move all of its entries at once and put one slope "
            "for them all. Which loop visits every single entry, whatever the shape?",
        ),
        Misconception(
            "half_a_step",
            change(numerical_gradient, "step[index] = h", "step[index] = h / 2"),
            "You go h/2 to either side. Asked for is a step of h to either side, so that the two points are 2h apart.",
            hint=1,
        ),
        Misconception(
            "steps_in_float32",
            change(
                numerical_gradient,
                "    grad = np.zeros(theta.shape)",
                "    theta = theta.astype(np.float32)\n    grad = np.zeros_like(theta)",
                "step = np.zeros(theta.shape)",
                "step = np.zeros_like(theta)",
            ),
            "Your theta is in float32, which keeps 7 digits: a step of 0.00001 beside 2 can be off by one percent. "
            "Take the differences in float64.",
            hint=4,
        ),
        Misconception(
            "steps_pile_up",
            change(
                numerical_gradient,
                "        step = np.zeros(theta.shape)\n",
                "",
                "    for index",
                ("    step = np.zeros(theta.shape)\n    for index"),
            ),
            "Your first entry is right; from the second on, the earlier coordinates are still displaced. Each "
            "coordinate starts from the same theta.",
        ),
        Misconception(
            "theta_left_displaced",
            left_displaced,
            "You moved theta itself and did not put it back: from the second coordinate on you measure somewhere else, "
            "and whoever called finds theta changed by h.",
            hint=3,
        ),
        Misconception(
            "theta_put_back_by_arithmetic",
            change(left_displaced, "(2 * h)\n", ("(2 * h)\n        theta[index] += h\n")),
            "You moved theta itself and went back by adding h again. In floats a + h - 2h + h is not always a: "
            "the last digit drifts, and the theta of whoever called with it.",
            hint=3,
        ),
        Misconception(
            "steps_in_whole_numbers",
            change(
                numerical_gradient,
                ("        step = np.zeros(theta.shape)\n        step[index] = h\n"),
                (
                    "        plus, minus = theta.copy(), theta.copy()\n"
                    "        plus[index] += h\n"
                    "        minus[index] -= h\n"
                ),
                "theta + step) - f(theta - step",
                "plus) - f(minus",
            ),
            "Where theta holds whole numbers, so does its copy: adding h to an entry cuts the fraction off again, and "
            "the step is lost. Which dtype does your copy need?",
        ),
        Misconception(
            "gradient_in_whole_numbers",
            change(numerical_gradient, "grad = np.zeros(theta.shape)", "grad = np.zeros_like(theta)"),
            "A gradient from np.zeros_like(theta) takes over its dtype. Where theta holds whole numbers, every slope "
            "that you put into it loses its fraction.",
        ),
        Misconception(
            "a_step_of_its_own",
            change(numerical_gradient, "step[index] = h", "step[index] = 1e-5", "(2 * h)", "2e-5"),
            "Your function ignores the h that it was handed and always takes the same step. With h = 0.5 the answer "
            "is another one, and the picture below needs to vary h.",
        ),
        Misconception(
            "copy_left_displaced",
            change(left_displaced, "    grad = ", ("    theta = theta.astype(float)\n    grad = ")),
            "The first entry is right, the later ones are not: each coordinate before is still shifted by -h in "
            "your copy. Put it back before the next one moves.",
        ),
        Misconception(
            "backward_difference",
            change(
                numerical_gradient, "(f(theta + step) - f(theta - step)) / (2 * h)", "(f(theta) - f(theta - step)) / h"
            ),
            "This is the backward difference: it looks behind theta only. Its error shrinks like h; the central "
            "difference, which looks both ways, shrinks like h squared.",
            hint=1,
        ),
        Misconception(
            "step_in_whole_numbers",
            change(numerical_gradient, "step = np.zeros(theta.shape)", "step = np.zeros_like(theta)"),
            "Your np.zeros_like(theta) takes over theta's dtype. Where that is whole numbers, a step of 0.01 is "
            "rounded to 0, and the function never moves.",
        ),
        Misconception(
            "sum_of_both_sides",
            change(numerical_gradient, "step) - f", "step) + f"),
            "You add the values on both sides. The slope is how much they differ, over the distance between the "
            "two points.",
            hint=1,
        ),
        Misconception(
            "step_in_proportion_to_theta",
            change(numerical_gradient, "step[index] = h", "step[index] = h * theta[index]", "* h)", "* step[index])"),
            "Your step is h times the size of the entry, so that a large entry moves further and a 0 does not move at "
            "all. Every coordinate moves by h itself.",
            hint=1,
        ),
    ),
    also_right=(
        numerical_gradient,
        over_flat_positions,
        over_unit_steps,
        restores_what_it_kept,
        change(numerical_gradient, "grad = np.zeros", "grad = np.empty", "= h", "+= h"),
        change(
            numerical_gradient,
            "(f(theta + step) - f(theta - step)) / (2 * h)",
            "f(theta + step) / 2 / h - f(theta - step) / 2 / h",
        ),
        change(numerical_gradient, "return grad", "return grad.tolist()"),
    ),
    forbidden=("np.gradient", "scipy.optimize", "scipy.differentiate", "torch"),
)

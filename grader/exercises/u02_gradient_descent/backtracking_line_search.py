"""`backtracking_line_search`: a step length that is found by trying. A bonus."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, quadratic, torch_value
from grader.spec import Case, Exercise, Group, Misconception


def search_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, f: Mapping[str, Any], theta: Any, lr0: float, shrink: float, c: float) -> Case:
        inputs = {"objective": f, "theta": np.asarray(theta, dtype=float), "lr0": lr0, "shrink": shrink, "c": c}
        return Case(label, group, inputs)

    def one_parameter(slope: float) -> tuple[dict[str, Any], list[float], float]:
        # With c = 1/2 the longest steps that are enough, that go down at all, and that pass with a wrong sign are
        # 1, 2 and 3 times 1/a: lr0 is such that shrinking by 0.7 lands once in each of these ranges.
        a = rng.uniform(0.5, 2.0)
        return quadratic([[a]], [0.0]), [slope / a], 4 * rng.uniform(0.98, 1.01) / a

    gentle, steep, tilted = bowl(rng, 1.5, 0.5), bowl(rng, 30.0, 2.0), bowl(rng, 9.0, 4.0, 1.0)
    narrow, narrow_theta, narrow_lr = one_parameter(5.0)
    softmax_like = {"name": "log_sum_exp", "A": 3 * rng.normal(size=(6, 3)), "b": rng.normal(size=6)}
    shorter = rng.uniform(0.2, 0.9)  # the right answer itself: no other case has it
    valley = np.array([-1.2, 1.0]) + 0.1 * rng.normal(size=2)
    return [
        case("the first try is good", "first", quadratic(gentle, [0, 0]), rng.normal(size=2) + 2, 1.0, 0.5, 1e-4),
        case("a try of 0.05 is good", "first", quadratic(tilted, [1, 0, 1]), rng.normal(size=3), 0.05, 0.5, 1e-4),
        case("already at the minimum", "first", quadratic(gentle, [0, 0]), [0, 0], 1.0, 0.5, 1e-4),
        case("a steep bowl", "shrinks", quadratic(steep, [1.0, -1.0]), rng.normal(size=2) + 2, 1.0, 0.5, 1e-4),
        case("Rosenbrock's valley", "shrinks", {"name": "rosenbrock"}, valley, 1.0, 0.5, 1e-4),
        case("shrinking slowly", "shrinks", quadratic(tilted, [1.0, 0.0, -1.0]), rng.normal(size=3), 2.0, 0.9, 1e-2),
        case("one parameter, c = 1/2", "enough", narrow, narrow_theta, narrow_lr, 0.7, 0.5),
        case("a tilted bowl, c = 0.7", "enough", quadratic(tilted, [0, 0, 0]), 3 * rng.normal(size=3), 2.0, 0.8, 0.7),
        case("a log-sum-exp, c = 0.8", "enough", softmax_like, rng.normal(size=3), 8.0, 0.8, 0.8),
        case("a shorter try is good", "first", quadratic(gentle, [1, 1]), rng.normal(size=2), shorter, 0.5, 1e-4),
    ]


def search_oracle(objective: Mapping[str, Any], theta: np.ndarray, lr0: float, shrink: float, c: float) -> float:
    """On a quadratic steps are good enough up to 2 (1 - c) g^T g / g^T A g, at a minimum all; else, torch searches."""
    import torch

    point = torch.from_numpy(theta).clone().requires_grad_()
    value = torch_value(objective, point)
    (grad,) = torch.autograd.grad(value, point)
    slope = float(grad @ grad)
    if slope == 0:
        return lr0
    if objective["name"] == "quadratic":
        limit = 2 * (1 - c) * slope / float(grad @ torch.from_numpy(objective["A"]) @ grad)
        return lr0 * shrink ** max(0, math.ceil(math.log(limit / lr0) / math.log(shrink)))
    tries = (lr0 * shrink**k for k in range(1000))
    return next(lr for lr in tries if float(torch_value(objective, point - lr * grad)) <= float(value) - c * lr * slope)


def backtracking_line_search(f, grad, theta, lr0, shrink, c):
    lr, g = lr0, grad(theta)
    while f(theta - lr * g) > f(theta) - c * lr * g @ g:
        lr = lr * shrink
    return lr


def search_by_power(f, grad, theta, lr0, shrink, c):
    g, start = grad(theta), f(theta)
    for k in range(10_000):
        lr = lr0 * shrink**k
        if start - f(theta - lr * g) >= c * lr * np.sum(g**2):
            break
    return float(lr)


BACKTRACKING_LINE_SEARCH = Exercise(
    name="backtracking_line_search",
    unit=UNIT,
    returns=("lr",),
    groups=(
        Group("first", "takes the first try where it is good", 1, hint=3),
        Group("shrinks", "shrinks as often as needed, and no more", 2, hint=3),
        Group("enough", "asks for a sufficient decrease, not just for any", 2, hint=1),
    ),
    cases=search_cases,
    reference=search_oracle,
    misconceptions=(
        Misconception(
            "any_decrease",
            change(backtracking_line_search, " - c * lr * g @ g", ""),
            "You accept any step that goes down, however little. Such steps can jump across the valley for ever and "
            "gain next to nothing; ask for at least the share c of what the slope promises.",
        ),
        Misconception(
            "wrong_sign",
            change(backtracking_line_search, "- c * lr", "+ c * lr"),
            "Your bound lies above the starting value: a step that goes up a little passes too. The promised decrease "
            "is to be taken away from f(theta). Which sign does that?",
        ),
        Misconception(
            "norm_not_squared",
            change(backtracking_line_search, "g @ g:", "np.linalg.norm(g) and lr > 1e-12:"),
            "You measured the promised decrease with the gradient's length. A step of length lr |g| down a slope of "
            "|g| promises to lose lr |g| times |g|: the length comes in twice.",
            hint=2,
        ),
        Misconception(
            "lr_missing_in_bound",
            change(backtracking_line_search, "c * lr * g @ g:", "c * g @ g and lr > 1e-12:"),
            "Your bound does not depend on lr: it asks a short step for as much decrease as a long one, and at some "
            "point no step can deliver that. What does the slope promise for this step length?",
            hint=2,
        ),
        Misconception(
            "no_shrinking",
            change(
                backtracking_line_search,
                ("    while f(theta - lr * g) > f(theta) - c * lr * g @ g:\n        lr = lr * shrink\n"),
                "",
            ),
            "You returned the first try, good or not. When the step is not good enough, a shorter one has to be tried; "
            "what repeats until then?",
        ),
        Misconception(
            "walks_while_it_searches",
            change(backtracking_line_search, "lr = lr * shrink", "theta, lr = theta - lr * g, lr * shrink"),
            "You move theta on each time you shrink, so that the next try starts from where the last one failed. All "
            "tries start from the same theta; only the length changes.",
        ),
        Misconception(
            "the_place_not_the_length",
            change(backtracking_line_search, "return lr", "return theta - lr * g"),
            "You returned the place where the step ends. Asked for is its length, lr.",
        ),
        Misconception(
            "shrinks_once",
            change(backtracking_line_search, "while", "if"),
            "You shrink at most once. The first try can be a thousand times too long: keep shrinking until the step "
            "is good enough.",
        ),
        Misconception(
            "shrinks_once_too_often",
            change(backtracking_line_search, "return lr", "return lr * shrink"),
            "You found a step that is good enough, and then shrank it once more. Test first, and shrink only when the "
            "test says no.",
        ),
        Misconception(
            "shrinks_before_the_first_test",
            change(backtracking_line_search, "lr, g = lr0, grad(theta)", "lr, g = lr0 * shrink, grad(theta)"),
            "You shrink before the first test, so that lr0 itself is never tried. Test first, and shrink only when "
            "the test says no.",
        ),
        Misconception(
            "always_halves",
            change(backtracking_line_search, "lr * shrink", "lr / 2"),
            "You halve the step each time, whatever shrink says. Multiply by the factor that was handed in.",
        ),
        Misconception(
            "how_often_not_how_long",
            change(search_by_power, "float(lr)", "k"),
            "You returned how often the step was shrunk. Asked for is the length that is left, lr.",
        ),
    ),
    also_right=(
        backtracking_line_search,
        search_by_power,
        change(backtracking_line_search, "g @ g", "np.sum(g**2)"),
        change(backtracking_line_search, "g @ g", "np.linalg.norm(g) ** 2"),
        change(
            backtracking_line_search,
            "f(theta - lr * g) > f(theta) - c * lr * g @ g",
            "not f(theta) - f(theta - lr * g) >= c * lr * np.dot(g, g)",
        ),
        change(backtracking_line_search, "lr = lr * shrink", "lr *= shrink", "return lr", "return float(lr)"),
    ),
    driver="objective_and_grad",
    bonus=True,
)

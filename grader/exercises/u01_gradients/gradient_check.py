"""`gradient_check`: is a gradient the right one? Asked with gradients that err in a known way.

The oracle knows what was planted, and has the numerical gradient from `numerical`, without differences of values.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.judging.drivers import DRIVERS
from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u01_gradients.numerical_gradient import log_sum_exp, numerical_gradient, quadratic
from grader.exercises.u01_gradients.numerical_gradient import reference as central_difference
from grader.spec import Case, Exercise, Group, Misconception

Function = Callable[[np.ndarray], float]


Gradient = Callable[[np.ndarray], np.ndarray]


def cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, objective: Any, theta: np.ndarray, tol: float = 1e-6, h: float = 1e-5, **plant: Any
    ) -> Case:
        inputs = {"objective": objective, "plant": {"kind": "none"} | plant, "theta": theta, "h": h, "tol": tol}
        return Case(label, group, inputs)

    sine = {"name": "sine", "w": rng.uniform(0.5, 1.5, size=4)}
    bowl, flat = quadratic(rng, 5), quadratic(rng, 3)
    flat["A"][1], flat["A"][:, 1], flat["b"][1] = 0.0, 0.0, 0.0
    table = {"name": "cubic", "c": rng.uniform(0.5, 1.0, size=(3, 4))}
    apart = rng.permutation(np.linspace(0.6, 1.8, 12)).reshape(3, 4)
    # Whole numbers times a power of two, whose differences are exact: elsewhere the last digits' rounding, magnified by
    # gradients of this size, is another on each kind of processor, and so were the values of some mistakes.
    coarse = rng.integers(-3, 4, size=(4, 4))
    A, b = coarse @ coarse.T + 4 * np.eye(4), rng.integers(-4, 5, size=4)
    steep = {"name": "quadratic", "A": 2.0**24 * A, "b": 2.0**24 * b}
    one = "one_coordinate"
    normal, smooth = rng.normal, log_sum_exp(rng, 6, 4)
    return [
        case("right: a sum of sines", "basic", sine, rng.uniform(-1, 1, size=4)),
        case("right: a bowl", "basic", bowl, normal(size=5)),
        case("wrong: every sign", "basic", smooth, normal(size=4), kind="sign"),
        case("wrong: half of it, a forgotten 2", "basic", quadratic(rng, 3), normal(size=3), kind="scale", factor=0.5),
        case("right: theta of shape (3, 4)", "entries", table, apart),
        case("wrong: one entry is half", "entries", table, apart, kind=one, index=int(rng.integers(1, 11)), factor=0.5),
        case("wrong: the last entry is twice", "entries", table, apart, kind=one, index=11, factor=2.0),
        case("wrong: entries in another order", "entries", table, apart, kind="swap"),
        case("right: gradients of a hundred million", "size", steep, rng.integers(-8, 9, size=4) / 4, h=2.0**-17),
        case("wrong: sign, gradients of 0.00000003", "size", quadratic(rng, 4, size=3e-8), normal(size=4), kind="sign"),
        case("right: an entry that is exactly 0", "limits", flat, normal(size=3)),
        case("within a tolerance of 1%", "limits", bowl, normal(size=5), tol=1e-2, kind="scale", factor=1.002),
        case("beyond a tolerance of 0.01%", "limits", bowl, normal(size=5), tol=1e-4, kind="scale", factor=1.002),
        case("right, but h = 0.2 is too long to see it", "limits", {"name": "cubic"}, rng.uniform(0.5, 1, 3), h=0.2),
        case(
            "wrong: too long, gradients of ten million",
            "size",
            quadratic(rng, 4, size=1e7),
            normal(size=4),
            kind="scale",
            factor=rng.uniform(1.2, 3),
        ),
        case("wrong: a forgotten factor", "basic", bowl, normal(size=5), kind="scale", factor=rng.uniform(0.2, 0.8)),
    ]


def reference(objective: dict[str, Any], plant: dict[str, Any], theta: np.ndarray, h: float, tol: float) -> Any:
    """The planted gradient against the central difference by quadrature."""

    def exact_check(f: Function, grad: Gradient, theta: np.ndarray, h: float, tol: float) -> tuple[bool, float]:
        g, n = grad(theta), central_difference(objective, theta, h)
        error = float(np.max(np.abs(g - n) / np.maximum(np.abs(g) + np.abs(n), 1e-3)))
        return error < tol, error

    inputs = {"objective": objective, "plant": plant, "theta": theta, "h": h, "tol": tol}
    return DRIVERS["planted_gradient"](exact_check, inputs)


def gradient_check(f, grad, theta, h, tol):
    g, n = grad(theta), np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[index] = h
        n[index] = (f(theta + step) - f(theta - step)) / (2 * h)
    size = np.maximum(np.abs(g) + np.abs(n), 1e-3)
    error = np.max(np.abs(g - n) / size)
    return error < tol, error


def entry_by_entry(f, grad, theta, h, tol):
    g, worst = grad(theta), 0.0
    for index in np.ndindex(theta.shape):
        plus, minus = theta.astype(np.float64), theta.astype(np.float64)
        plus[index] += h
        minus[index] -= h
        n = (f(plus) - f(minus)) / (2 * h)
        worst = max(worst, float(abs(g[index] - n) / np.maximum(abs(g[index]) + abs(n), 1e-3)))
    return bool(worst < tol), worst


def by_the_earlier_answer(f, grad, theta, h, tol):
    g, n = grad(theta), numerical_gradient(f, theta, h)
    error = np.max(np.abs(g - n) / np.clip(np.abs(g) + np.abs(n), 1e-3, None))
    return [not error >= tol, error]


GRADIENT_CHECK = Exercise(
    name="gradient_check",
    unit="01_gradients",
    returns=("ok", "error"),
    groups=(
        Group("basic", "passes right gradients, and flags a wrong sign and a wrong factor", 2, hint=1),
        Group("entries", "looks at every entry, and finds a single wrong one", 2, hint=2),
        Group("size", "judges the error by the size of the gradient", 1, hint=1),
        Group("limits", "copes with zeros, and uses the step and the tolerance that it was given", 1, hint=4),
    ),
    cases=cases,
    reference=reference,
    driver="planted_gradient",
    # The numerical gradient is itself only good to about 1e-7 of the floor's 1e-3.
    tolerance=Tolerance(rtol=1e-4, atol=1e-6, rtol32=1e-4, atol32=1e-6),
    misconceptions=(
        Misconception(
            "absolute_error",
            change(gradient_check, " / size", ""),
            "You compare the plain difference with the tolerance. Where gradients are a hundred million, an honest "
            "rounding error is then too large; where they are tiny, a wrong sign slips through. Divide by their size.",
        ),
        Misconception(
            "first_entry_only",
            change(gradient_check, "np.max(np.abs(g - n) / size)", "(np.abs(g - n) / size).flat[0]"),
            "You looked at the first entry only. A gradient can be right there and wrong in all others; "
            "the largest error over every entry decides.",
        ),
        Misconception(
            "checked_in_float32",
            change(
                gradient_check,
                "    g, n =",
                ("    theta = theta.astype(np.float32)\n    g, n ="),
                "= np.zeros(theta.shape)",
                "= np.zeros_like(theta)",
            ),
            "You check in float32. It keeps 7 digits: a step of 0.00001 beside 2 can be off by one percent, "
            "and right gradients look wrong. Take the differences in float64.",
            hint=3,
            about=("error",),
        ),
        Misconception(
            "no_absolute_value",
            change(gradient_check, "np.abs(g - n)", "(g - n)"),
            "Without the absolute value, an entry that is too small gives a negative error, and no tolerance ever "
            "catches that. Half of all mistakes pass.",
            hint=1,
        ),
        Misconception(
            "compares_lengths",
            change(
                gradient_check,
                "abs(g) + np.abs",
                "linalg.norm(g) + np.linalg.norm",
                "g - n",
                "np.linalg.norm(g) - np.linalg.norm(n)",
            ),
            "You compared how long the two gradients are. A gradient with every sign wrong, or with its entries in "
            "another order, is just as long. Subtract first, then measure.",
            hint=2,
        ),
        Misconception(
            "error_of_the_whole_vector",
            change(gradient_check, "abs(g) + np.abs", "linalg.norm(g) + np.linalg.norm", "abs", "linalg.norm"),
            "You divided the length of the difference by the lengths of the gradients. That measure is used, too, but "
            "one wrong small entry drowns in many large ones. Here each entry is judged by its own size.",
        ),
        Misconception(
            "mean_error",
            change(gradient_check, "np.max(", "np.mean("),
            "You averaged the errors. One wrong entry among a million right ones has then nearly no weight; "
            "the largest error is the one to look at.",
        ),
        Misconception(
            "no_floor",
            change(gradient_check, "np.maximum(np.abs(g) + np.abs(n), 1e-3)", "np.abs(g) + np.abs(n)"),
            "Where both gradients are 0, you divide 0 by 0; and where both are nearly 0, you magnify rounding. "
            "The floor in the formula is there for them.",
            hint=4,
        ),
        Misconception(
            "a_tolerance_of_its_own",
            change(gradient_check, "error < tol", "error < 1e-6"),
            "The error is right, the decision is not: it does not use the tolerance that it was handed. "
            "Compare the error with tol.",
        ),
        Misconception(
            "a_step_of_its_own",
            change(gradient_check, "step[index] = h", "step[index] = 1e-5", "(2 * h)", "2e-5"),
            "Your check always takes the same step, whatever h it is handed. Pass h on to numerical_gradient: whoever "
            "doubts a result wants to see what another step says.",
        ),
        Misconception(
            "says_the_opposite",
            change(gradient_check, "error < tol", "error > tol"),
            "The error is right, and ok says the opposite: it is True where the gradient is wrong. "
            "ok should be True when the error is small.",
            hint=4,
        ),
        Misconception(
            "floor_added",
            change(gradient_check, "np.maximum(np.abs(g) + np.abs(n), 1e-3)", "(np.abs(g) + np.abs(n) + 1e-3)"),
            "You add the floor to the size of every gradient, so that each error comes out a little too small. Take "
            "the larger of the two: the floor counts only where the gradients are smaller than it.",
            hint=4,
        ),
        Misconception(
            "size_of_the_sum",
            change(gradient_check, "np.abs(g) + np.abs(n)", "np.abs(g + n)"),
            "In the denominator you add first and take the absolute value afterwards. Where the two have opposite "
            "signs they cancel there, and just the worst mistake divides by almost nothing. Each of them has its "
            "own absolute value.",
        ),
        Misconception(
            "larger_of_the_two",
            change(gradient_check, "np.abs(g) + np.abs(n)", "np.maximum(np.abs(g), np.abs(n))"),
            "You divide by the larger of |g| and |n|, as some courses do. The formula here adds the two; yours "
            "comes out up to twice as large.",
        ),
        Misconception(
            "size_of_the_numerical_one",
            change(gradient_check, "np.abs(g) + np.abs(n)", "np.abs(n)"),
            "You divide by the size of the numerical gradient alone. The formula adds the sizes of both, so that "
            "neither of them is taken for the truth.",
        ),
        Misconception(
            "forgotten_parentheses",
            change(gradient_check, "np.abs(g - n) / size)", "np.abs(g - n)) / np.max(size)"),
            "You took the largest difference and the largest size apart, which may come from two different entries. "
            "One wrong small entry then hides behind a large one. Divide entry by entry first, then take the "
            "largest.",
        ),
        *(
            Misconception(
                f"floor_of_{floor}",
                change(gradient_check, "1e-3", floor),
                "Your floor is not the one that is asked for, 1e-3. With a smaller one, rounding in gradients that are "
                "nearly 0 is taken for a mistake.",
                hint=4,
            )
            for floor in ("1e-4", "1e-6", "1e-8", "1e-10", "1e-12")
        ),
        Misconception(
            "an_error_for_each_entry",
            change(
                gradient_check, "np.max(np.abs(g - n) / size)", "np.abs(g - n) / size", "error <", "np.max(error) <"
            ),
            "Your error is an array with one number for each entry. One number is asked for, the largest of them: how "
            "far the gradient is off where it is worst.",
            about=("error",),
        ),
    ),
    also_right=(
        gradient_check,
        entry_by_entry,
        by_the_earlier_answer,
        change(
            gradient_check,
            "maximum(np.abs(g) + np.abs(n), 1e-3)",
            "where(np.abs(g) + np.abs(n) > 1e-3, np.abs(g) + np.abs(n), 1e-3)",
        ),
        change(gradient_check, "np.max(np.abs(g - n) / size)", "float((abs(n - g) / size).max())"),
        change(gradient_check, "error < tol, error", "bool(np.all(np.abs(g - n) / size < tol)), error"),
    ),
    forbidden=("scipy.optimize", "torch"),
)

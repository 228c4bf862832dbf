"""The bug clinic: a fit of a line that is neither a path nor gradient descent."""

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, quadratic
from grader.exercises.u02_gradient_descent.gradient_descent import descent_oracle
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, x: np.ndarray, lr: float, steps: int) -> Case:
        return Case(label, group, {"x": x, "y": 2 * x - 1 + rng.normal(size=len(x)), "lr": lr, "steps": steps})

    centred = rng.normal(size=12)
    years = rng.uniform(1, 4, size=10)
    return [
        case("inputs around 0", "keeps", centred - centred.mean(), 0.3, 12),
        case("inputs around 0, one step", "keeps", years - years.mean(), 0.5, 1),
        case("inputs around 2", "together", years, 0.15, 12),
        case("inputs around -3", "together", rng.normal(size=15) - 3, 0.1, 25),
    ]


def clinic_oracle(x: np.ndarray, y: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """The line's mean squared error is a quadratic: the closed form of `gradient_descent` applies."""
    X = np.stack([x, np.ones_like(x)], axis=1)
    return descent_oracle(quadratic(X.T @ X / len(x), X.T @ y / len(x)), np.zeros(2), lr, steps)


def clinic_02(x, y, lr, steps):
    theta = np.zeros(2)
    path = [theta.copy()]
    for _ in range(steps):
        error = theta[0] * x + theta[1] - y
        theta[0] -= lr * np.mean(error * x)
        theta[1] -= lr * np.mean(error)
        path.append(theta.copy())
    return np.array(path)


def clinic_matrix(x, y, lr, steps):
    X = np.stack([x, np.ones(len(x))], axis=1)
    path = np.zeros((steps + 1, 2))
    for t in range(steps):
        path[t + 1] = path[t] - lr * X.T @ (X @ path[t] - y) / len(x)
    return path


def clinic_two_numbers(x, y, lr, steps):
    slope, intercept = 0.0, 0.0
    path = [(slope, intercept)]
    for _ in range(steps):
        error = slope * x + intercept - y
        slope, intercept = slope - lr * np.mean(error * x), intercept - lr * np.mean(error)
        path.append((slope, intercept))
    return np.array(path)


one_by_one = change(clinic_02, "np.mean(error)", "np.mean(theta[0] * x + theta[1] - y)")
turned_round = change(
    one_by_one,
    "        theta[0] -= lr * np.mean(error * x)\n",
    "",
    "        path.append",
    "        theta[0] -= lr * np.mean((theta[0] * x + theta[1] - y) * x)\n        path.append",
)


CLINIC_02 = Exercise(
    name="clinic_02",
    unit=UNIT,
    returns=("path",),
    groups=(
        Group("keeps", "keeps every point of the path as it was", 2, hint=1),
        Group("together", "takes the steps of gradient descent, cliff and all", 3, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(one_by_one, "[theta.copy()]", "[theta]", "append(theta.copy())", "append(theta)"),
            "The path is still the one of the broken code: all its rows are the same. Print path[0] before and after "
            "the loop. If the first row of a path moves, who moved it?",
        ),
        Misconception(
            "still_one_by_one",
            one_by_one,
            "The path is a path now; one cause is found. Where inputs are not centred, its points still differ from "
            "gradient descent's. Write down, for the second of the two updates, which slope it uses: the old one or "
            "the new one?",
        ),
        Misconception(
            "still_aliased",
            change(clinic_02, "[theta.copy()]", "[theta]", "append(theta.copy())", "append(theta)"),
            "The last point is right now: the two parameters move together. The rows before it are still all alike. "
            "How many arrays does the list hold, and how many names for one array?",
        ),
        Misconception(
            "later_rows_aliased",
            change(clinic_02, "append(theta.copy())", "append(theta)"),
            "The start is kept now, and the last point is right. All rows in between and the last are still one "
            "array: what is appended has to be a copy, too.",
        ),
        Misconception(
            "later_rows_aliased_one_by_one",
            change(one_by_one, "append(theta.copy())", "append(theta)"),
            "The start is kept now; all later rows are still one array, for what is appended is no copy. And "
            "theta[1] still uses the new theta[0].",
        ),
        Misconception(
            "twice_as_long",
            change(clinic_02, "theta[0] -= lr", "theta[0] -= 2 * lr", "theta[1] -= lr", "theta[1] -= 2 * lr"),
            "The path is a path now, and the parameters move together. But your steps are twice as long: with its "
            "factor 2 the slope is that of the mean squared error; this is a fit on half of that.",
            hint=2,
        ),
        Misconception(
            "order_turned_round",
            turned_round,
            "The path is a path now. The two parameters still move one after the other, only the order has changed: "
            "both gradients belong to the point where the step begins.",
        ),
        Misconception(
            "start_and_end_only",
            change(clinic_02, "        path.append", "    path.append"),
            "Your path has two rows, the start and the end: the line with append has slipped out of the loop.",
        ),
        Misconception(
            "sums",
            change(clinic_02, "np.mean(error *", "np.sum(error *", "np.mean(error)", "np.sum(error)"),
            "Your slopes are sums over the examples where the given code had means: with more examples the same lr "
            "takes longer steps, and soon lies over the cliff.",
            hint=2,
        ),
        Misconception(
            "slopes_exchanged",
            change(
                clinic_02,
                "lr * np.mean(error * x)",
                "lr * error.mean()",
                "lr * np.mean(error)",
                "lr * np.mean(error * x)",
            ),
            "Your two slopes have changed places: theta[0] multiplies x, so the mean of error * x is its own.",
            hint=2,
        ),
    ),
    also_right=(
        clinic_02,
        clinic_matrix,
        clinic_two_numbers,
        change(
            clinic_02,
            "        theta[1] -= lr * np.mean(error)\n",
            "        theta[1] = theta[1] - lr * sum(error) / len(x)\n",
        ),
        change(
            clinic_02,
            ("        theta[0] -= lr * np.mean(error * x)\n        theta[1] -= lr * np.mean(error)\n"),
            "        theta = theta - lr * np.array([np.mean(error * x), np.mean(error)])\n",
        ),
        change(clinic_02, "return np.array(path)", "return path"),
    ),
    plot="trajectory",
)

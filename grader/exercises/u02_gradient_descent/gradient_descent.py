"""`gradient_descent`: a whole run, whose every point is kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, quadratic, torch_value
from grader.spec import Case, Exercise, Group, Misconception


def descent_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, f: Mapping[str, Any], theta0: Any, lr: float, steps: int) -> Case:
        return Case(label, group, {"objective": f, "theta0": np.asarray(theta0), "lr": lr, "steps": steps})

    normal = rng.normal
    round_bowl = quadratic(np.diag([1.0, 2.0]), normal(size=2))
    coupled = quadratic([[3.0, 2.0], [2.0, 3.0]], [1.0, -1.0])
    five = quadratic(bowl(rng, 4.0, 3.0, 2.0, 1.0, 0.5), normal(size=5))
    softmax_like = {"name": "log_sum_exp", "A": normal(size=(6, 3)), "b": normal(size=6)}
    start = np.array([-1.2, 1.0]) + 0.1 * normal(size=2)
    return [
        case("a bowl along the axes", "path", round_bowl, [4.0, -3.0], 0.2, 12),
        case("a steep step that overshoots", "path", round_bowl, 3 * normal(size=2), 0.9, 10),
        case("a tilted bowl", "together", coupled, normal(size=2) + 3, 0.15, 15),
        case("a tilted bowl in five dimensions", "together", five, normal(size=5), 0.3, 25),
        case("no step at all", "start", coupled, normal(size=2), 0.1, 0),
        case("one step", "start", five, normal(size=5), 0.1, 1),
        case("a whole-number start", "integers", coupled, [4, -3], 0.1, 8),
        case("another whole-number start", "integers", round_bowl, rng.integers(2, 9, size=2), 0.3, 8),
        case("Rosenbrock's valley", "anew", {"name": "rosenbrock"}, start, 1e-3, 60),
        case("a log-sum-exp", "anew", softmax_like, normal(size=3), 0.4, 30),
        case("long after it has arrived", "start", coupled, normal(size=2), 0.2, 60),
    ]


def descent_oracle(objective: Mapping[str, Any], theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """Closed form on a quadratic, theta_t = theta* + (I - lr A)^t (theta_0 - theta*); torch.optim.SGD elsewhere."""
    start = theta0.astype(np.float64)
    if objective["name"] != "quadratic":
        return descent_by_torch(objective, start, lr, steps)
    from scipy.linalg import eigh

    curvatures, directions = eigh(objective["A"])
    minimum = directions @ ((directions.T @ objective["b"]) / curvatures)
    along = directions.T @ (start - minimum)
    powers = (1 - lr * curvatures) ** np.arange(steps + 1)[:, None]
    return np.asarray(minimum + (powers * along) @ directions.T)


def descent_by_torch(objective: Mapping[str, Any], start: np.ndarray, lr: float, steps: int) -> np.ndarray:
    import torch

    theta = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = torch.optim.SGD([theta], lr=lr)
    path = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        torch_value(objective, theta).backward()
        optimizer.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


def gradient_descent(grad, theta0, lr, steps):
    theta = theta0.astype(float)
    path = [theta.copy()]
    for _ in range(steps):
        theta -= lr * grad(theta)
        path.append(theta.copy())
    return np.array(path)


def descent_recursive(grad, theta0, lr, steps):
    if steps == 0:
        return [theta0 * 1.0]
    path = descent_recursive(grad, theta0, lr, steps - 1)
    return [*path, path[-1] - lr * grad(path[-1])]


def into_a_table(grad, theta0, lr, steps):
    rows = np.zeros((steps + 1, *theta0.shape))
    rows[0] = theta0
    for t in range(steps):
        rows[t + 1] = rows[t] - lr * grad(rows[t])
    return rows


GRADIENT_DESCENT = Exercise(
    name="gradient_descent",
    unit=UNIT,
    returns=("trajectory",),
    groups=(
        Group("path", "walks down a bowl, step after step", 2, hint=1),
        Group("together", "moves all coordinates at once", 2, hint=3),
        Group("start", "begins its path at theta0 and takes exactly so many steps", 1, hint=1),
        Group("integers", "keeps the fractions when it starts at whole numbers", 1, hint=4),
        Group("anew", "asks for the gradient where it stands, on functions that bend", 2, hint=3),
    ),
    cases=descent_cases,
    reference=descent_oracle,
    misconceptions=(
        Misconception(
            "aliased_rows",
            change(gradient_descent, "[theta.copy()]", "[theta]", "append(theta.copy())", "append(theta)"),
            "Every row of your path is the last point. The list holds the same array many times over, and each step "
            "changed that one array. What would keep a point as it was at its own time?",
            hint=2,
        ),
        Misconception(
            "start_missing",
            change(gradient_descent, "[theta.copy()]", "[]"),
            "Your path begins after the first step. The place where you started belongs to it: T steps connect T + 1 "
            "points, as five fingers have four gaps.",
        ),
        Misconception(
            "one_step_short",
            change(gradient_descent, "range(steps)", "range(steps - 1)"),
            "Your path is one step short. It should hold the start and then one point for each of the steps; count how "
            "often your loop runs when steps is 1.",
        ),
        Misconception(
            "last_point_only",
            change(gradient_descent, "np.array(path)", "theta"),
            "You returned where the walk ended; the whole walk is wanted, one row for each point. Where could you note "
            "down each theta as you pass it?",
        ),
        Misconception(
            "stops_when_it_has_arrived",
            change(
                gradient_descent,
                "        theta -= lr * grad(theta)",
                "        if np.linalg.norm(grad(theta)) < 1e-3:\n            break\n        theta -= lr * grad(theta)",
            ),
            "You stop as soon as the slope is small, and rows are missing. However flat it is, `steps` steps are asked "
            "for, and steps + 1 rows.",
        ),
        Misconception(
            "one_coordinate_after_another",
            change(
                gradient_descent,
                "theta -= lr * grad(theta)",
                ("for i in range(len(theta)):\n            theta[i] -= lr * grad(theta)[i]"),
            ),
            "Your coordinates move one after another, so the second one already sees the first one's new value. "
            "Gradient descent asks for the gradient once, at the point where the whole step starts. On a bowl along "
            "the axes you cannot see the difference; on a tilted one you land elsewhere.",
        ),
        Misconception(
            "uphill",
            change(gradient_descent, "theta -= lr", "theta += lr"),
            "Your path climbs: the loss rises at every step, however small lr is. That is the signature of a wrong "
            "sign. Which way does the gradient point?",
        ),
        Misconception(
            "theta0_mutated",
            change(gradient_descent, "theta0.astype(float)", "theta0"),
            "Your walk moves theta0 itself. Whoever wants to start a second run from the same place, say with another "
            "learning rate, starts at your end instead, and the comparison is not fair any more. Walk on a copy.",
            hint=2,
        ),
        Misconception(
            "truncates",
            change(into_a_table, "*theta0.shape)", "*theta0.shape), theta0.dtype"),
            "Your path has the type of theta0. From a start at whole numbers it can only visit whole numbers: each "
            "point loses what stands behind its decimal point. Which type should the path have, whatever the start?",
        ),
        Misconception(
            "lr_decays",
            change(gradient_descent, "for _", "for t", "theta -= lr", "theta -= lr / (t + 1)"),
            "Your steps get shorter than they should: the learning rate is divided by the step's number. Decay is a "
            "good idea when gradients are noisy (unit 03); here lr is one number for the whole walk.",
        ),
        Misconception(
            "stale_gradient",
            change(gradient_descent, "    path =", ("    slope = grad(theta)\n    path ="), "* grad(theta)", "* slope"),
            "Your path is a straight line of equal steps: the gradient was computed once, at the start, and never "
            "again. The slope changes as you move. Where in the loop does it have to be asked for?",
            hint=3,
        ),
        Misconception(
            "later_rows_aliased",
            change(gradient_descent, "append(theta.copy())", "append(theta)"),
            "The start is kept as it was; all later rows of your path are the last point. They are one array many "
            "times over, and each step changed it.",
            hint=2,
        ),
        Misconception(
            "table_of_whole_numbers",
            change(gradient_descent, "np.array(path)", "np.array(path, dtype=theta0.dtype)"),
            "Your steps are right, and then your table takes the type of theta0: from a start at whole numbers, "
            "each point loses what stands behind its decimal point.",
        ),
        Misconception(
            "start_and_end_only",
            change(gradient_descent, "        path.append", "    path.append"),
            "Your path has two rows, the start and the end. Look at how far the line with append is indented: does "
            "it belong to the loop, or come after it?",
        ),
    ),
    also_right=(
        gradient_descent,
        into_a_table,
        descent_recursive,
        change(gradient_descent, "theta -= lr * grad(theta)", "theta = theta - lr * grad(theta)"),
        change(gradient_descent, "theta0.astype(float)", "np.array(theta0, dtype=float)", "array(path)", "stack(path)"),
        change(gradient_descent, "return np.array(path)", "return path"),
    ),
    driver="objective_grad",
    plot="trajectory",
)

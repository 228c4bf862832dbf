"""One step of gradient descent, and a whole run.

The type hints of the wrong and equivalent implementations are quoted where they name more than numpy, so that the
source of each can be pasted into a notebook as it stands.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.exercises.u02_gradient_descent.bowls import UNIT, bowl, quadratic, torch_value
from grader.spec import Case, Exercise, Group, Misconception

# --- gd_step ---------------------------------------------------------------------------------------------------


def step_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, theta: Any, grad: Any, lr: float) -> Case:
        return Case(label, group, {"theta": np.asarray(theta), "grad": np.asarray(grad), "lr": lr})

    normal, whole = rng.normal, rng.integers
    return [
        case("one parameter", "downhill", [2.0], [4.0], 0.1),
        case("five parameters", "downhill", normal(size=5), normal(size=5), 0.3),
        case("a zero gradient", "downhill", normal(size=3), np.zeros(3), 0.5),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), normal(size=(3, 4)), 0.05),
        case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), normal(size=(2, 3, 4)), 0.2),
        case("whole-number theta", "integers", [3, -2, 5], normal(size=3), 0.1),
        case("whole-number theta and grad", "integers", whole(1, 9, size=4), whole(1, 9, size=4), 0.25),
    ]


def step_oracle(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    import torch

    parameter = torch.nn.Parameter(torch.from_numpy(theta.astype(np.float64)))
    parameter.grad = torch.from_numpy(grad.astype(np.float64))
    torch.optim.SGD([parameter], lr=lr).step()
    return np.asarray(parameter.detach().numpy())


def step_uphill(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return theta + lr * grad


def step_mutates(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    theta -= lr * grad
    return theta


def step_truncates(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    new = np.zeros_like(theta)
    new[...] = theta - lr * grad
    return new


def step_without_lr(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return theta - grad


def step_only(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return -lr * grad


def step_normalized(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return theta - lr * grad / np.linalg.norm(grad)


def step_subtract(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return np.subtract(theta, np.multiply(lr, grad))


def step_loop(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    new = np.array(theta, dtype=float)
    for index in np.ndindex(*theta.shape):
        new[index] -= lr * grad[index]
    return new


def step_float32(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    return theta.astype(np.float32) - np.float32(lr) * grad.astype(np.float32)


GD_STEP = Exercise(
    name="gd_step",
    unit=UNIT,
    returns=("theta",),
    groups=(
        Group("downhill", "takes one step downhill, lr times the gradient long", 2),
        Group("shape", "works for parameters of any shape", 1),
        Group("integers", "keeps the fractions when theta holds whole numbers", 1),
    ),
    cases=step_cases,
    reference=step_oracle,
    misconceptions=(
        Misconception(
            "uphill",
            step_uphill,
            "Your step goes uphill. The gradient points to where the loss grows fastest; which way do you want to go?",
            hint=1,
        ),
        Misconception(
            "mutates",
            step_mutates,
            "Your step lands in the right place, but it overwrites the theta that it was given: whoever called it has "
            "lost the point they were standing on. Can you make the new point without touching the old one?",
            hint=2,
        ),
        Misconception(
            "truncates",
            step_truncates,
            "Your new array has the type of the old one. When theta holds whole numbers, everything behind the decimal "
            "point of your step is cut off, and small steps vanish altogether. Which type should the result have?",
            hint=3,
        ),
        Misconception(
            "without_lr",
            step_without_lr,
            "Your step is as long as the gradient itself: the learning rate is missing. The gradient only knows the "
            "slope; how far to follow it is your choice, and lr is where you make it.",
            hint=1,
        ),
        Misconception(
            "only_the_step",
            step_only,
            "You returned the step, not the place where it ends. A step of -0.4 from 2.0 ends at 1.6: where does yours "
            "start?",
            hint=1,
        ),
        Misconception(
            "normalized",
            step_normalized,
            "All your steps are lr long, whatever the slope: you divided the gradient by its length. Gradient descent "
            "keeps the length, so that its steps shrink by themselves near a minimum.",
            hint=1,
        ),
    ),
    equivalents=(step_subtract, step_loop, step_float32),
)

# --- gradient_descent ------------------------------------------------------------------------------------------


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


def descent_aliased(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    theta = theta0.astype(float)
    path = [theta]
    for _ in range(steps):
        theta -= lr * grad(theta)
        path.append(theta)
    return np.array(path)


def descent_without_start(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path, theta = [], theta0
    for _ in range(steps):
        theta = theta - lr * grad(theta)
        path.append(theta)
    return np.array(path)


def descent_one_short(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path = [theta0.astype(float)]
    for _ in range(1, steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)


def descent_last_only(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    theta = theta0.astype(float)
    for _ in range(steps):
        theta = theta - lr * grad(theta)
    return theta


def descent_one_by_one(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    theta = theta0.astype(float)
    path = [theta.copy()]
    for _ in range(steps):
        for i in range(len(theta)):
            theta[i] -= lr * grad(theta)[i]
        path.append(theta.copy())
    return np.array(path)


def descent_uphill(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path = [theta0.astype(float)]
    for _ in range(steps):
        path.append(path[-1] + lr * grad(path[-1]))
    return np.array(path)


def descent_mutates(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    theta = theta0
    path = [theta.copy()]
    for _ in range(steps):
        theta -= lr * grad(theta)
        path.append(theta.copy())
    return np.array(path)


def descent_truncates(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path = np.zeros((steps + 1, len(theta0)), dtype=theta0.dtype)
    path[0] = theta0
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


def descent_decays(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path = [theta0.astype(float)]
    for t in range(steps):
        path.append(path[-1] - lr / (t + 1) * grad(path[-1]))
    return np.array(path)


def descent_stale(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path, slope = [theta0.astype(float)], grad(theta0)
    for _ in range(steps):
        path.append(path[-1] - lr * slope)
    return np.array(path)


def descent_filled(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    path = np.empty((steps + 1, len(theta0)))
    path[0] = theta0
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


def descent_copies(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    theta = np.array(theta0, dtype=float)
    path = [theta.copy()]
    while len(path) <= steps:
        theta -= lr * grad(theta)
        path.append(theta.copy())
    return np.stack(path)


def descent_recursive(grad: "Callable[..., np.ndarray]", theta0: np.ndarray, lr: float, steps: int) -> list:
    if steps == 0:
        return [theta0 * 1.0]
    path = descent_recursive(grad, theta0, lr, steps - 1)
    return [*path, path[-1] - lr * grad(path[-1])]


GRADIENT_DESCENT = Exercise(
    name="gradient_descent",
    unit=UNIT,
    returns=("trajectory",),
    groups=(
        Group("path", "walks down a bowl, step after step", 2),
        Group("together", "moves all coordinates at once", 2),
        Group("start", "begins its path at theta0 and takes exactly so many steps", 1),
        Group("integers", "keeps the fractions when it starts at whole numbers", 1),
        Group("anew", "asks for the gradient where it stands, on functions that bend", 2),
    ),
    cases=descent_cases,
    reference=descent_oracle,
    misconceptions=(
        Misconception(
            "aliased_rows",
            descent_aliased,
            "Every row of your path is the last point. The list holds the same array many times over, and each step "
            "changed that one array. What would keep a point as it was at its own time?",
            hint=2,
        ),
        Misconception(
            "start_missing",
            descent_without_start,
            "Your path begins after the first step. The place where you started belongs to it: T steps connect T + 1 "
            "points, as five fingers have four gaps.",
            hint=1,
        ),
        Misconception(
            "one_step_short",
            descent_one_short,
            "Your path is one step short. It should hold the start and then one point for each of the steps; count how "
            "often your loop runs when steps is 1.",
            hint=1,
        ),
        Misconception(
            "last_point_only",
            descent_last_only,
            "You returned where the walk ended; the whole walk is wanted, one row for each point. Where could you note "
            "down each theta as you pass it?",
            hint=1,
        ),
        Misconception(
            "one_coordinate_after_another",
            descent_one_by_one,
            "Your coordinates move one after another, so the second one already sees the first one's new value. "
            "Gradient descent asks for the gradient once, at the point where the whole step starts. On a bowl along "
            "the axes you cannot see the difference; on a tilted one you land elsewhere.",
            hint=3,
        ),
        Misconception(
            "uphill",
            descent_uphill,
            "Your path climbs: the loss rises at every step, however small lr is. That is the signature of a wrong "
            "sign. Which way does the gradient point?",
            hint=1,
        ),
        Misconception(
            "theta0_mutated",
            descent_mutates,
            "Your walk moves theta0 itself. Whoever wants to start a second run from the same place, say with another "
            "learning rate, starts at your end instead, and the comparison is not fair any more. Walk on a copy.",
            hint=2,
        ),
        Misconception(
            "truncates",
            descent_truncates,
            "Your path has the type of theta0. From a start at whole numbers it can only visit whole numbers: each "
            "point loses what stands behind its decimal point. Which type should the path have, whatever the start?",
            hint=4,
        ),
        Misconception(
            "lr_decays",
            descent_decays,
            "Your steps get shorter than they should: the learning rate is divided by the step's number. Decay is a "
            "good idea when gradients are noisy (unit 03); here lr is one number for the whole walk.",
            hint=1,
        ),
        Misconception(
            "stale_gradient",
            descent_stale,
            "Your path is a straight line of equal steps: the gradient was computed once, at the start, and never "
            "again. The slope changes as you move. Where in the loop does it have to be asked for?",
            hint=3,
        ),
    ),
    equivalents=(descent_filled, descent_copies, descent_recursive),
    probe="objective_grad",
    plot="trajectory",
)

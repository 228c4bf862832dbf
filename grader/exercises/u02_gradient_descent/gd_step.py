"""`gd_step`: one step of gradient descent."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT
from grader.spec import Case, Exercise, Group, Misconception


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


def gd_step(theta, grad, lr):
    step = lr * grad
    return theta - step


def step_loop(theta, grad, lr):
    new = np.array(theta, dtype=float)
    for index in np.ndindex(*theta.shape):
        new[index] -= lr * grad[index]
    return new


def step_float32(theta, grad, lr):
    return theta.astype(np.float32) - np.float32(lr) * grad.astype(np.float32)


GD_STEP = Exercise(
    name="gd_step",
    unit=UNIT,
    returns=("theta",),
    groups=(
        Group("downhill", "takes one step downhill, lr times the gradient long", 2, hint=1),
        Group("shape", "works for parameters of any shape", 1, hint=1),
        Group("integers", "keeps the fractions when theta holds whole numbers", 1, hint=3),
    ),
    cases=step_cases,
    reference=step_oracle,
    misconceptions=(
        Misconception(
            "uphill",
            change(gd_step, "theta - step", "theta + step"),
            "Your step goes uphill. The gradient points to where the loss grows fastest; which way do you want to go?",
        ),
        Misconception(
            "mutates",
            change(gd_step, "return theta - step", ("theta -= step\n    return theta")),
            "Your step lands in the right place, but it overwrites the theta that it was given: whoever called it has "
            "lost the point they were standing on. Can you make the new point without touching the old one?",
            hint=2,
        ),
        Misconception(
            "truncates",
            change(
                gd_step,
                "return theta - step",
                ("new = np.zeros_like(theta)\n    new[...] = theta - step\n    return new"),
            ),
            "Your new array has the type of the old one. When theta holds whole numbers, everything behind the decimal "
            "point of your step is cut off, and small steps vanish altogether. Which type should the result have?",
        ),
        Misconception(
            "normalized",
            change(gd_step, "lr * grad", "lr * grad / np.linalg.norm(grad)"),
            "All your steps are lr long, whatever the slope: you divided the gradient by its length. Gradient descent "
            "keeps the length, so that its steps shrink by themselves near a minimum.",
        ),
        Misconception(
            "copy_of_whole_numbers",
            change(gd_step, "return theta - step", ("new = theta.copy()\n    new -= lr * grad\n    return new")),
            "Your theta.copy() has the type of theta. Where that is whole numbers, -= cannot put fractions into it, "
            "and stops. Which type should the new array have?",
        ),
        Misconception(
            "sign_only",
            change(gd_step, "lr * grad", "lr * np.sign(grad)"),
            "Every entry of your step is lr long: only the sign of the gradient is left. Gradient descent keeps its "
            "size, so that steep directions move further.",
        ),
    ),
    also_right=(
        gd_step,
        step_loop,
        step_float32,
        change(gd_step, "theta - step", "np.subtract(theta, step)"),
        change(gd_step, "theta - step", "-step + theta"),
        change(gd_step, "    return theta - step", ("    new = theta.astype(float)\n    new -= step\n    return new")),
        change(gd_step, "theta - step", "(theta - step).tolist()"),
    ),
)

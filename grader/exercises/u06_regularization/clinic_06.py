"""The bug clinic: a bias that is penalized, and a loss that is reported without its penalty."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

KEPT = {
    "bias": [False, True, False],
    "weights": [True, False, False],
    "penalty": [False, False, True],
    "history": [False, False, True],
}
"""Which of w, b and history a group looks at, so that one cause left in place does not cost all of them."""


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, d: int, level: float, lr: float, lam: float, steps: int) -> Case:
        X = rng.normal(size=(20, d))
        if group == "bias":  # columns with the mean 0: what the weights do is nothing to the bias
            X -= X.mean(axis=0)
        y = X.sum(axis=1) + rng.normal(size=20) + level
        start = {"w": rng.normal(size=d) + 1, "b": float(rng.normal()) + 2}
        inputs = {"X": X, "y": y, **start, "lr": lr, "lam": lam, "steps": steps, "keep": KEPT[group]}
        return Case(label, group, inputs)

    return [
        case("b: three weights, targets around 10", "bias", 3, 10.0, 0.1, 0.5, 30),
        case("b: two weights, targets around -5", "bias", 2, -5.0, 0.2, 1.0, 12),
        case("w: targets around 300", "weights", 3, 300.0, 0.1, 0.5, 20),
        case("w: targets around 0, a strong penalty", "weights", 4, 0.0, 0.05, 3.0, 15),
        case("w: no penalty", "weights", 2, 3.0, 0.1, 0.0, 5),
        case("the loss at the start: two weights", "penalty", 2, 1.0, 0.1, 0.6, 1),
        case("the loss at the start: four weights", "penalty", 4, -3.0, 0.1, 2.0, 1),
        case("four weights, 20 steps", "history", 4, 0.0, 0.1, 0.8, 20),
        case("a strong penalty, 25 steps", "history", 3, 2.0, 0.05, 4.0, 25),
    ]


def clinic_oracle(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, lr: float, lam: float, steps: int, keep: list[bool]
) -> tuple:
    """torch.optim.SGD on the penalized loss, with gradients by torch.autograd."""
    import torch

    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
    weights = torch.from_numpy(w.copy()).requires_grad_()
    bias = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights, bias], lr=lr)
    history = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = 0.5 * ((inputs @ weights + bias - targets) ** 2).mean() + 0.5 * lam * weights.pow(2).sum()
        loss.backward()
        history.append(float(loss.detach()))
        optimizer.step()
    found = (weights.detach().numpy().copy(), float(bias.detach()), np.array(history))
    return tuple(part if kept else None for part, kept in zip(found, keep, strict=True))


def clinic_06(X, y, w, b, lr, lam, steps):
    inputs = np.column_stack([X, np.ones(len(y))])
    theta = np.append(w, b)
    pressed = np.append(np.full(len(w), lam), 0.0)
    history = []
    for _ in range(steps):
        error = inputs @ theta - y
        history.append(0.5 * np.mean(error**2) + 0.5 * np.sum(pressed * theta**2))
        theta = theta - lr * (inputs.T @ error / len(y) + pressed * theta)
    return theta[:-1], theta[-1], np.array(history)


def two_names(X, y, w, b, lr, lam, steps):
    history = []
    for _ in range(steps):
        error = X @ w + b - y
        penalty = lam / 2 * np.sum(w**2)
        history.append(np.mean(error**2) / 2 + penalty)
        w = w - lr * (X.T @ error / len(y) + lam * w)
        b = b - lr * np.mean(error)
    return w, b, np.array(history)


NOTE = "        history.append(0.5 * np.mean(error**2) + 0.5 * np.sum(pressed * theta**2))\n"
loss_still_without = change(clinic_06, " + 0.5 * np.sum(pressed * theta**2)", "")


CLINIC_06 = Exercise(
    name="clinic_06",
    unit=UNIT,
    returns=("w", "b", "history"),
    driver="kept_outputs",
    groups=(
        Group("bias", "lets the bias go where the data want it", 2, hint=1),
        Group("weights", "presses on the weights, and gives the same ones however high the targets are", 1, hint=1),
        Group("penalty", "counts the weights' penalty in the loss that it reports", 1, hint=2),
        Group("history", "reports, before each step, the very loss that the steps make smaller", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(loss_still_without, "+ pressed * theta)", "+ lam * theta)"),
            "These are still the values of the broken code. Begin with symptom 1: when all targets move up by 10, "
            "which of the fitted numbers should take that up, and what holds it back?",
        ),
        Misconception(
            "bias_still_pressed",
            change(clinic_06, "+ pressed * theta)", "+ lam * theta)"),
            "The bias is still pressed towards zero in every step. Which entry of theta is the bias, and what is "
            "subtracted from it?",
        ),
        Misconception(
            "bias_in_the_penalty",
            change(clinic_06, "np.append(np.full(len(w), lam), 0.0)", "np.full(len(theta), lam)"),
            "The reported loss is the one that the steps make smaller: they belong together now. But both press on the "
            "bias. It has to come out of the penalty, in both places.",
        ),
        Misconception(
            "loss_still_without",
            loss_still_without,
            "The history still tells the loss without the penalty, and that may rise, while what the steps go down on "
            "falls.",
        ),
        Misconception(
            "without_the_half",
            change(clinic_06, "0.5 * np.sum(pressed", "np.sum(pressed"),
            "The penalty that you report does not belong to the gradient that you use: lam w is the slope of half of "
            "lam times the square of w.",
            about=("history",),
        ),
        Misconception(
            "no_penalty_left",
            change(loss_still_without, " + pressed * theta)", ")"),
            "Now nothing is penalized: lam has no effect. The symptoms are gone, and so is the cure. Only the bias was "
            "to be let go.",
        ),
        Misconception(
            "bias_frozen",
            change(clinic_06, "lr * (inputs.T", "lr * np.append(np.ones(len(w)), 0.0) * (inputs.T"),
            "Nothing presses on the bias any more, and nothing moves it either: b comes back as it went in. It was to "
            "be left out of the penalty, and not out of the training. The data still have a gradient for it.",
            about=("b",),
        ),
        Misconception(
            "penalty_of_the_start",
            change(
                clinic_06,
                "    history = []",
                "    history, penalty = [], 0.5 * np.sum(pressed * theta**2)",
                "+ 0.5 * np.sum(pressed * theta**2))",
                "+ penalty)",
            ),
            "After the first loss, the penalty that you report is still the one of the weights at the "
            "start: it is worked out once, before the loop, and the weights move on.",
            about=("history",),
        ),
        Misconception(
            "noted_after_the_step",
            change(
                clinic_06,
                NOTE,
                "",
                "+ pressed * theta)\n",
                "+ pressed * theta)\n        error = inputs @ theta - y\n" + NOTE,
            ),
            "Both terms are in the loss. But you note it after each step, and before each step is asked for: the first "
            "entry should tell where the training began.",
            about=("history",),
        ),
        Misconception(
            "bias_in_the_reported_penalty",
            change(clinic_06, "0.5 * np.sum(pressed * theta**2)", "0.5 * lam * np.sum(theta**2)"),
            "The steps leave the bias free, and the loss that you report still counts it. What is reported and what is "
            "made smaller have to be one and the same.",
            about=("history",),
        ),
        Misconception(
            "penalty_averaged",
            change(clinic_06, "np.sum(pressed", "np.mean(pressed"),
            "The penalty that you report is a mean. lam w, which your steps use, is the slope of half of lam times the "
            "*sum* of the squares.",
            about=("history",),
        ),
        Misconception(
            "penalty_turned_over",
            change(clinic_06, "+ pressed * theta)", "- pressed * theta)"),
            "The bias is free, but the penalty now pushes the weights away from zero: it comes into the step with the "
            "sign of the gradient of the loss.",
            about=("w",),
        ),
        Misconception(
            "penalty_over_the_rows",
            change(clinic_06, "error / len(y) + pressed * theta)", "error + pressed * theta) / len(y)"),
            "Your steps divide the penalty by the number of rows, as if it were a mean over the data. Only the errors "
            "are averaged; lam w is added as it is.",
            about=("w",),
        ),
        Misconception(
            "bias_after_the_weights",
            change(two_names, "b - lr * np.mean(error)", "b - lr * np.mean(X @ w + b - y)"),
            "Your b moves by an error that knows the new w already: both gradients belong to the point where the step "
            "begins.",
            hint=1,
        ),
    ),
    also_right=(
        clinic_06,
        two_names,
        change(clinic_06, "np.append(np.full(len(w), lam), 0.0)", "lam * (np.arange(len(theta)) < len(w))"),
        change(clinic_06, "0.5 * np.sum(pressed * theta**2)", "0.5 * lam * np.sum(theta[:-1] ** 2)"),
        change(clinic_06, "np.array(history)", "history", "+ pressed * theta)", "+ np.append(lam * theta[:-1], 0))"),
    ),
)

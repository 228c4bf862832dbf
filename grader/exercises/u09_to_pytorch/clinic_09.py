"""The bug clinic: gradients that add up, shapes that broadcast, and losses that keep their graphs."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, D: int, lr: float, steps: int) -> Case:
        X = rng.normal(size=(N, D))
        y = X @ rng.normal(size=D) + 0.5 + 0.1 * rng.normal(size=N)
        asks = {"losses": "losses", "numbers": "history"}.get(group, "fit")
        return Case(label, group, {"X": X, "y": y, "lr": lr, "steps": steps, "asks": asks})

    return [
        case("8 examples, one step", "shapes", 8, 3, 0.1, 1),
        case("5 examples, one step", "shapes", 5, 2, 0.2, 1),
        case("one example, four steps", "fresh", 1, 2, 0.1, 4),
        case("one example, six steps", "fresh", 1, 3, 0.05, 6),
        case("12 examples, ten steps", "losses", 12, 2, 0.1, 10),
        case("20 examples, eight steps", "losses", 20, 4, 0.05, 8),
        case("the history of some steps", "numbers", 10, 2, 0.1, int(rng.integers(2, 90))),
        case("the history of one step", "numbers", 6, 3, 0.1, 1),
    ]


def clinic_oracle(X: np.ndarray, y: np.ndarray, lr: float, steps: int, asks: str) -> tuple[Any, Any, Any, str | None]:
    """Gradient descent in NumPy, by the formulas of unit 01."""
    weight, bias, losses = np.zeros(X.shape[1]), 0.0, []
    for _ in range(steps):
        residual = X @ weight + bias - y
        losses.append(np.mean(residual**2))
        weight = weight - lr * 2 * X.T @ residual / len(y)
        bias = bias - lr * 2 * float(np.mean(residual))
    if asks == "fit":
        return weight, bias, None, None
    return (None, None, np.array(losses), None) if asks == "losses" else (None, None, None, f"{steps} plain numbers")


def clinic_09(X, y, lr, steps):
    import torch
    from torch import nn

    model = nn.Linear(X.shape[1], 1, dtype=X.dtype)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    history = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(X).squeeze(1) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return model, history


still_broadcasts = change(clinic_09, ".squeeze(1)", "")
still_adds_up = change(clinic_09, "        optimizer.zero_grad()\n", "")


def clinic_by_column(X, y, lr, steps):
    import torch
    from torch import nn

    model = nn.Linear(X.shape[1], 1, dtype=X.dtype)
    with torch.no_grad():
        for param in model.parameters():
            param.zero_()
    history = []
    for _ in range(steps):
        model.zero_grad()
        loss = nn.functional.mse_loss(model(X), y[:, None])
        loss.backward()
        with torch.no_grad():
            for param in model.parameters():
                grad = param.grad
                param.sub_(lr * grad)
        history.append(float(loss.detach()))
    return model, history


def clinic_cleared_at_the_end(X, y, lr, steps):
    import torch
    from torch import nn

    model = nn.Linear(X.shape[1], 1, dtype=X.dtype)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    history = np.zeros(steps)
    for t in range(steps):
        loss = torch.mean((model(X)[:, 0] - y).square())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        history[t] = loss.item()
    return model, history


CLINIC_09 = Exercise(
    name="clinic_09",
    unit=UNIT,
    returns=("weight", "bias", "losses", "history"),
    driver="training_loop",
    groups=(
        Group("shapes", "compares each prediction with its own target", 2, hint=1),
        Group("fresh", "steps along the gradient of this step alone", 1, hint=2),
        Group("losses", "notes the loss before each step, and learns as gradient descent does", 1),
        Group("numbers", "keeps a history of plain numbers", 1, hint=3),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_broadcasts, "        optimizer.zero_grad()\n", "", "loss.item()", "loss"),
            "This is still the broken code's result. Begin with symptom 1: print the shape of model(X) - y before the "
            "mean is taken. How many numbers should be in there?",
        ),
        Misconception(
            "still_adds_up",
            still_adds_up,
            "Each step still walks along the sum of all gradients so far, a ball without friction, because backward "
            "adds to what is in .grad.",
        ),
        Misconception(
            "still_broadcasts",
            still_broadcasts,
            "The gradients are fresh now. But the predictions have the shape (N, 1) and the targets (N,), so that "
            "every prediction is compared with every target, and the best answer to that is the mean of y.",
        ),
        Misconception(
            "still_keeps_graphs",
            change(clinic_09, "loss.item()", "loss"),
            "The history still holds tensors, and each of them holds the graph that it came from: in a long run the "
            "memory fills up. What makes a plain number of a tensor?",
        ),
        Misconception(
            "still_tensors",
            change(clinic_09, "loss.item()", "loss.detach()"),
            "The history's entries are still tensors, even if they keep no graphs any more. They print as tensors, "
            "and on a GPU each of them would stay there. A plain number is asked for.",
        ),
        Misconception(
            "noted_after_the_step",
            change(
                clinic_09,
                "history.append(loss.item())",
                "history.append(((model(X).squeeze(1) - y) ** 2).mean().item())",
            ),
            "Your history tells the loss after each step, and before each step is asked for: its first entry should "
            "be the loss of the untrained model.",
        ),
        Misconception(
            "cleared_too_late",
            change(
                clinic_09,
                "        optimizer.zero_grad()\n",
                "",
                "optimizer.step()",
                "optimizer.zero_grad()\n        optimizer.step()",
            ),
            "Nothing moves any more: the gradients are cleared between backward, which makes them, and step, which "
            "needs them. In which order do the three belong?",
            hint=2,
        ),
        Misconception(
            "only_the_shapes_repaired",
            change(still_adds_up, "loss.item()", "loss"),
            "One cause of three is found: predictions and targets meet one by one. Each step still walks along "
            "the sum of all gradients so far, and the history still holds tensors.",
        ),
        Misconception(
            "only_the_gradients_cleared",
            change(still_broadcasts, "loss.item()", "loss"),
            "One cause of three is found: the gradients are fresh. Predictions of the shape (N, 1) and targets of "
            "the shape (N,) still meet all with all, and the history still holds tensors.",
        ),
        Misconception(
            "only_the_history_repaired",
            change(still_broadcasts, "        optimizer.zero_grad()\n", ""),
            "One cause of three is found: the history holds plain numbers. Predictions of the shape (N, 1) and "
            "targets of the shape (N,) still meet all with all, and the gradients still add up.",
        ),
        Misconception(
            "sum_for_the_mean",
            change(clinic_09, ".mean()", ".sum()"),
            "Your loss is a sum now, N times the mean squared error, and so are its gradients, so that the steps are "
            "N times too long.",
        ),
        Misconception(
            "mean_target",
            change(clinic_09, "model(X).squeeze(1) - y", "model(X).mean() - y"),
            "You compare every target with the mean of all predictions. Each prediction belongs to its own target.",
        ),
        Misconception(
            "still_arrays",
            change(clinic_09, "loss.item()", "loss.detach().numpy()"),
            "The history's entries are arrays of NumPy, over the tensors' own memory. A plain number is asked for.",
        ),
    ),
    also_right=(
        clinic_09,
        clinic_by_column,
        clinic_cleared_at_the_end,
        change(clinic_09, "model(X).squeeze(1) - y", "model(X).flatten() - y", "loss.item()", "float(loss)"),
        change(clinic_09, "((model(X).squeeze(1) - y) ** 2).mean()", "nn.MSELoss()(model(X), y.unsqueeze(1))"),
    ),
)

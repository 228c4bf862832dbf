"""`overfit_tiny_batch`: the ritual before every real training run.

The network and the optimizer are handed over by the probe, so that nothing here depends on another exercise: a small
linear model, and an optimizer that moves by the sign of the gradient.
"""

from typing import Any

import numpy as np

from grader.exercises.u07_mlp.linear import UNIT
from grader.spec import Case, Exercise, Group, Misconception

LOSSES, ACCURACY, TRAINED = [True, False, False], [False, True, False], [False, False, True]


def overfit_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, steps: int, keep: list[bool]) -> Case:
        """Where accuracy is asked for: drawn until it is another one before the run, at its end and a step beside."""
        while True:
            X, y = rng.normal(size=(N, 4)), rng.integers(0, 2, size=N)
            X[:, 0] += y  # something to learn
            theta, lr = rng.normal(size=4), 0.06
            inputs = {"theta": theta, "X": X, "y": y, "lr": lr, "steps": steps, "keep": keep}
            reached = _correct(theta, X, y, lr, steps)
            if keep != ACCURACY or len(set(reached)) == len(reached):
                return Case(label, group, inputs)

    return [
        case("one step", "losses", 12, 1, LOSSES),
        case("three steps", "losses", 20, 3, LOSSES),
        case("ten steps", "learns", 15, 10, LOSSES),
        case("thirty steps", "learns", 25, 30, LOSSES),
        case("accuracy after one step", "accuracy", 20, 1, ACCURACY),
        case("accuracy after ten steps", "accuracy", 30, 10, ACCURACY),
        case("the network after one step", "trained", 10, 1, TRAINED),
        case("the network after seven steps", "trained", 20, 7, TRAINED),
    ]


def _correct(theta: np.ndarray, X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> list[int]:
    """How many examples are right after 0, steps - 1, steps and steps + 1 steps, each number of steps once."""
    counts = []
    for _ in range(steps + 2):
        counts.append(int(np.sum((X @ theta > 0.5) == y)))
        theta = theta - lr * np.sign(X.T @ (X @ theta - y))
    return [counts[t] for t in sorted({0, steps - 1, steps, steps + 1})]


def overfit_oracle(
    theta: np.ndarray, X: np.ndarray, y: np.ndarray, lr: float, steps: int, keep: list[bool]
) -> tuple[Any, ...]:
    """The same model in torch, with gradients by torch.autograd."""
    import torch

    features, target = torch.from_numpy(X), torch.from_numpy(y).double()
    param = torch.tensor(theta, requires_grad=True)
    losses = []
    for t in range(steps + 1):
        loss = torch.nn.functional.mse_loss(features @ param, target) / 2
        losses.append(loss.item())
        if t < steps:
            (grad,) = torch.autograd.grad(loss, param)
            with torch.no_grad():
                param -= lr * grad.sign()
    accuracy = ((features @ param > 0.5) == (target > 0.5)).double().mean().item()
    found = (np.array(losses), accuracy, param.detach().numpy())
    return tuple(part if kept else None for part, kept in zip(found, keep, strict=True))


def overfit_never_steps(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = [net.loss_and_grads(X, y)[0] for _ in range(steps + 1)]
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_old_gradients(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    loss, grads = net.loss_and_grads(X, y)
    losses = [loss]
    for _ in range(steps):
        optimizer.step(grads)
        losses.append(net.loss_and_grads(X, y)[0])
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_start_missing(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for _ in range(steps):
        optimizer.step(net.loss_and_grads(X, y)[1])
        losses.append(net.loss_and_grads(X, y)[0])
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_end_missing(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for _ in range(steps):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        optimizer.step(grads)
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_one_step_more(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for _ in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        optimizer.step(grads)
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_put_back(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    start = [param.copy() for param in net.params]
    losses = []
    for t in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        if t < steps:
            optimizer.step(grads)
    accuracy = np.mean(net.forward(X).argmax(axis=1) == y)
    for param, value in zip(net.params, start, strict=True):
        param[...] = value
    return losses, accuracy


def overfit_accuracy_before(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    guesses = net.forward(X).argmax(axis=1)
    losses = []
    for _ in range(steps):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        optimizer.step(grads)
    return [*losses, net.loss_and_grads(X, y)[0]], np.mean(guesses == y)


def overfit_counts(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for t in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        if t < steps:
            optimizer.step(grads)
    return losses, np.sum(net.forward(X).argmax(axis=1) == y)


def overfit_percent(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for t in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        if t < steps:
            optimizer.step(grads)
    return losses, 100 * np.mean(net.forward(X).argmax(axis=1) == y)


def overfit_wrong_axis(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for t in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        if t < steps:
            optimizer.step(grads)
    return losses, np.mean(net.forward(X).argmax(axis=0) == y)


def overfit_filled(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = np.zeros(steps + 1)
    losses[0], grads = net.loss_and_grads(X, y)
    for t in range(1, steps + 1):
        optimizer.step(grads)
        losses[t], grads = net.loss_and_grads(X, y)
    logits = net.forward(X)
    return losses, sum(int(np.argmax(row)) == label for row, label in zip(logits, y, strict=True)) / len(y)


def overfit_last_apart(net: "Any", optimizer: "Any", X: np.ndarray, y: np.ndarray, steps: int) -> tuple:
    losses = []
    for _ in range(steps):
        loss, grads = net.loss_and_grads(X, y)
        optimizer.step(grads)
        losses.append(loss)
    losses.append(net.loss_and_grads(X, y)[0])
    wrong = np.count_nonzero(net.forward(X).argmax(axis=1) - y)
    return np.array(losses), 1 - wrong / len(X)


OVERFIT_TINY_BATCH = Exercise(
    name="overfit_tiny_batch",
    unit=UNIT,
    returns=("losses", "accuracy", "network"),
    probe="training",
    groups=(
        Group("losses", "notes the loss at the start and after each step", 2),
        Group("learns", "steps along the gradients of the parameters as they are now", 2),
        Group("accuracy", "says which share of the examples is right in the end", 1),
        Group("trained", "leaves the network trained, by as many steps as it was told", 1),
    ),
    cases=overfit_cases,
    reference=overfit_oracle,
    plot="curve",
    misconceptions=(
        Misconception(
            "never_steps",
            overfit_never_steps,
            "Your loss is the same at every step: the gradients are computed, and nobody uses them. The optimizer "
            "moves when its `step` is called with them.",
            hint=1,
        ),
        Misconception(
            "old_gradients",
            overfit_old_gradients,
            "Your first step is right. All later ones use the gradients of the first one again: they belong to "
            "parameters that are no longer there. After each step, ask the network anew.",
            hint=1,
        ),
        Misconception(
            "start_missing",
            overfit_start_missing,
            "You note the loss after each step only, so the loss at the start is not in your list. That is the one to "
            "compare with log K: it tells whether the network begins by guessing.",
            hint=2,
        ),
        Misconception(
            "end_missing",
            overfit_end_missing,
            "Your list ends before the last step's result: with 100 steps there are 101 losses to note, one at the "
            "start and one after each step.",
            hint=2,
        ),
        Misconception(
            "one_step_more",
            overfit_one_step_more,
            "Your losses are right, and yet the accuracy is that of one step too many: after the last loss is noted, "
            "your loop steps once more. steps + 1 losses, steps steps.",
            hint=2,
        ),
        Misconception(
            "put_back",
            overfit_put_back,
            "Losses and accuracy are right, and then you put the network back to where it began. After a mere trial "
            "that would be good manners. Here the network itself is wanted, with what it has learned: whoever handed "
            "it to you will go on with it.",
        ),
        Misconception(
            "accuracy_before",
            overfit_accuracy_before,
            "Your accuracy was measured before the run. What counts is what the network says in the end: when does "
            "your code ask it?",
            hint=3,
        ),
        Misconception(
            "counts",
            overfit_counts,
            "You return how many examples are right. As a share, between 0 and 1, it means the same for 50 examples "
            "and for 2,000.",
            hint=3,
        ),
        Misconception(
            "percent",
            overfit_percent,
            "Your accuracy is in percent. A share between 0 and 1 is asked for; percent are for titles.",
            hint=3,
        ),
        Misconception(
            "wrong_axis",
            overfit_wrong_axis,
            "Your argmax runs down the examples and gives one winner for each class. For each example, the class with "
            "the largest logit is wanted: which axis is that of the classes?",
            hint=3,
        ),
    ),
    equivalents=(overfit_filled, overfit_last_apart),
)

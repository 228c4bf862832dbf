"""`overfit_tiny_batch`: the ritual before every real training run.

The network and the optimizer are handed over by the driver, so that nothing here depends on another exercise: a small
linear model, and an optimizer that moves by the sign of the gradient."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

LOSSES, ACCURACY, TRAINED = [True, False, False], [False, True, False], [False, False, True]
EARLY = [True, False, True]


def overfit_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, steps: int, keep: list[bool]) -> Case:
        """Where accuracy is asked for, drawn until it is another one before the run, at its end and a step beside.

        A case of `EARLY` is drawn until all examples are right halfway, and not at the start.
        """
        while True:
            X, y = rng.normal(size=(N, 4)), rng.integers(0, 2, size=N)
            X[:, 0] += y  # something to learn
            theta, lr = rng.normal(size=4), 0.06
            walk = _walk(theta, X, y, lr, steps)
            surest_first = np.argsort(-X @ walk[steps])  # so that the largest of all logits is no class by chance
            X, y = X[surest_first], y[surest_first]
            right = [int(np.sum((X @ theta > 0.5) == y)) for theta in walk]
            if keep == EARLY and (right[0] == N or right[steps // 2] < N):
                continue
            reached = [right[t] for t in sorted({0, steps - 1, steps, steps + 1})]
            if keep != ACCURACY or len(set(reached)) == len(reached):
                inputs = {"theta": theta, "X": X, "y": y, "lr": lr, "steps": steps, "keep": keep}
                return Case(label, group, inputs)

    return [
        case("one step", "losses", 12, 1, LOSSES),
        case("three steps", "losses", 20, 3, LOSSES),
        case("ten steps", "learns", 15, 10, LOSSES),
        case("thirty steps", "learns", 25, 30, LOSSES),
        case("all are right long before the end", "learns", 4, 60, EARLY),
        case("accuracy after one step", "accuracy", 20, 1, ACCURACY),
        case("accuracy after ten steps", "accuracy", 30, 10, ACCURACY),
        case("the network after one step", "trained", 10, 1, TRAINED),
        case("the network after seven steps", "trained", 20, 7, TRAINED),
    ]


def _walk(theta: np.ndarray, X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> list[np.ndarray]:
    """theta after 0, 1, ... steps + 1 steps."""
    walk = [theta]
    for _ in range(steps + 1):
        walk.append(walk[-1] - lr * np.sign(X.T @ (X @ walk[-1] - y)))
    return walk


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


def overfit_tiny_batch(net, optimizer, X, y, steps):
    losses = []
    for t in range(steps + 1):
        loss, grads = net.loss_and_grads(X, y)
        losses.append(loss)
        if t < steps:
            optimizer.step(grads)
    guesses = net.forward(X).argmax(axis=1)
    return losses, np.mean(guesses == y)


def overfit_filled(net, optimizer, X, y, steps):
    losses = np.zeros(steps + 1)
    for t in range(steps):
        losses[t], grads = net.loss_and_grads(X, y)
        optimizer.step(grads)
    losses[steps], _ = net.loss_and_grads(X, y)
    hits = net.forward(X).argmax(axis=1) == y
    return losses, np.mean(hits)


def overfit_last_apart(net, optimizer, X, y, steps):
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
    driver="training",
    groups=(
        Group("losses", "notes the loss at the start and after each step", 2, hint=2),
        Group("learns", "steps along the gradients of the parameters as they are now", 2, hint=1),
        Group("accuracy", "says which share of the examples is right in the end", 1, hint=3),
        Group("trained", "leaves the network trained, by as many steps as it was told", 1, hint=2),
    ),
    cases=overfit_cases,
    reference=overfit_oracle,
    plot="curve",
    misconceptions=(
        Misconception(
            "never_steps",
            change(overfit_tiny_batch, "        if t < steps:\n            optimizer.step(grads)\n", ""),
            "Your loss is the same at every step: the gradients are computed, and nobody uses them. The optimizer "
            "moves when its `step` is called with them.",
            hint=1,
        ),
        Misconception(
            "two_steps_a_loss",
            change(
                overfit_tiny_batch, "optimizer.step(grads)", "optimizer.step(grads)\n            optimizer.step(grads)"
            ),
            "You take two steps for each loss. steps + 1 losses, steps steps: one between two losses.",
        ),
        Misconception(
            "steps_by_the_loss",
            change(overfit_tiny_batch, "optimizer.step(grads)", "optimizer.step(loss)"),
            "You give the optimizer the loss. Its `step` takes the gradients, which the network returns beside it.",
            hint=1,
        ),
        Misconception(
            "old_gradients",
            change(
                overfit_tiny_batch,
                "    losses = []",
                "    losses, grads = [], net.loss_and_grads(X, y)[1]",
                "        loss, grads = ",
                "        loss, _ = ",
            ),
            "All your steps use the gradients of the first one. After it they belong to parameters that are no "
            "longer there: after each step, ask the network anew.",
        ),
        Misconception(
            "start_missing",
            change(overfit_tiny_batch, "return losses,", "return losses[1:],"),
            "You note the loss after each step only, so the loss at the start is not in your list. That is the one to "
            "compare with log K: it tells whether the network begins by guessing.",
            about=("losses",),
        ),
        Misconception(
            "end_missing",
            change(overfit_tiny_batch, "range(steps + 1)", "range(steps)"),
            "Your list ends before the last step's result: with 100 steps there are 101 losses to note, one at the "
            "start and one after each step.",
            about=("losses",),
        ),
        Misconception(
            "one_step_more",
            change(overfit_tiny_batch, "        if t < steps:\n            optimizer", "        optimizer"),
            "Your loop steps once more after the last loss is noted, so that accuracy and network are those of one "
            "step too many. steps + 1 losses, steps steps.",
            hint=2,
        ),
        Misconception(
            "put_back",
            change(
                overfit_tiny_batch,
                "    losses = []",
                "    start = [param.copy() for param in net.params]\n    losses = []",
                "    return",
                "    for param, value in zip(net.params, start, strict=True):\n        param[...] = value\n    return",
            ),
            "You put the network back to where it began. After a mere trial that would be good manners. Here the "
            "network itself is wanted, with what it has learned: whoever handed it to you will go on with it.",
            about=("network",),
        ),
        Misconception(
            "accuracy_before",
            change(
                overfit_tiny_batch,
                "    losses = []",
                "    guesses = net.forward(X).argmax(axis=1)\n    losses = []",
                "    guesses = net.forward(X).argmax(axis=1)\n    return",
                "    return",
            ),
            "Your accuracy was measured before the run. What counts is what the network says in the end: when does "
            "your code ask it?",
            about=("accuracy",),
        ),
        Misconception(
            "hits_not_averaged",
            change(overfit_tiny_batch, "np.mean(guesses == y)", "guesses == y"),
            "You return True or False for each example. The share of the True ones is asked for, one number.",
            about=("accuracy",),
        ),
        Misconception(
            "counts",
            change(overfit_tiny_batch, "np.mean", "np.sum"),
            "You return how many examples are right. As a share, between 0 and 1, it means the same for 50 examples "
            "and for 2,000.",
            about=("accuracy",),
        ),
        Misconception(
            "percent",
            change(overfit_tiny_batch, "np.mean", "100 * np.mean"),
            "Your accuracy is in percent. A share between 0 and 1 is asked for; percent are for titles.",
            about=("accuracy",),
        ),
        Misconception(
            "wrong_axis",
            change(overfit_tiny_batch, "axis=1", "axis=0"),
            "Your argmax runs down the examples and gives one winner for each class. For each example, the class with "
            "the largest logit is wanted: which axis is that of the classes?",
            hint=3,
            about=("accuracy",),
        ),
        Misconception(
            "one_winner_of_the_wrong_axis",
            change(overfit_tiny_batch, "argmax(axis=1)", "argmax(axis=0)[0]"),
            "Your argmax runs down the examples, and one of its winners, a row's number, is compared with every label. "
            "For each example, the class with the largest logit is wanted: which axis is that of the classes?",
            hint=3,
            about=("accuracy",),
        ),
        Misconception(
            "argmax_of_all",
            change(overfit_tiny_batch, "argmax(axis=1)", "argmax()"),
            "Your argmax looks for the largest of all logits at once and finds one place, which you compare with every "
            "label. For each example, the class with the largest logit is wanted: along which axis?",
            hint=3,
            about=("accuracy",),
        ),
        Misconception(
            "share_of_wrong_ones",
            change(overfit_tiny_batch, "guesses == y", "guesses != y"),
            "Your accuracy is the share of the examples that are *wrong*. A guess is the class with the largest logit, "
            "and hits are counted.",
            about=("accuracy",),
        ),
        Misconception(
            "stops_when_all_are_right",
            change(
                overfit_tiny_batch,
                "        if t < steps:",
                "        if np.all(net.forward(X).argmax(axis=1) == y):\n            break\n        if t < steps:",
            ),
            "You stop before all of `steps` are done, so that losses are missing. The loss goes on falling after all "
            "examples are right, and how far is what one wants to see: take all the steps.",
            hint=2,
        ),
        Misconception(
            "rests_when_all_are_right",
            change(overfit_tiny_batch, "if t < steps:", "if t < steps and np.any(net.forward(X).argmax(axis=1) != y):"),
            "As soon as all examples are right, your network takes no more steps, and the rest of your list repeats "
            "one loss. The loss goes on falling after that: take all the steps.",
            hint=2,
        ),
        Misconception(
            "last_loss_repeated",
            change(
                overfit_tiny_batch, "        loss, grads = net", "        if t < steps:\n            loss, grads = net"
            ),
            "The last loss in your list is noted twice: after the last step nobody asked the network again. What is "
            "its loss in the end?",
            about=("losses",),
        ),
        Misconception(
            "start_noted_twice",
            change(
                overfit_tiny_batch,
                "losses = []",
                "losses = [net.loss_and_grads(X, y)[0]]",
                "range(steps + 1)",
                "range(steps)",
            ),
            "The loss at the start stands in your list twice, and the last one is missing: what you note after a step "
            "is the loss from before it.",
            about=("losses",),
        ),
    ),
    also_right=(
        overfit_tiny_batch,
        overfit_filled,
        overfit_last_apart,
        change(
            overfit_tiny_batch, "return losses, np.mean(guesses == y)", "return [losses, float((guesses == y).mean())]"
        ),
        change(
            overfit_filled,
            "np.mean(hits)",
            "sum(bool(hit) for hit in hits) / len(y)",
        ),
    ),
)

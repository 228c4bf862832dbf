"""The bug clinic: a block with a skip connection, a value used twice, and a cached input that changes afterwards."""

from typing import Any

import numpy as np

from grader.exercises.u07_mlp.linear import UNIT
from grader.spec import Case, Exercise, Group, Misconception

KEPT = {
    "branch": [True, False, True, True],
    "sum": [False, True, False, False],
    "direct": [True, True, True, True],
    "closed": [True, True, True, True],
}
"""Which of loss, dW1, dW2 and dW3 a group looks at, so that one cause left in place does not cost all of them."""


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, D: int, H: int, M: int) -> Case:
        inputs = {"X": rng.normal(size=(N, D)), "Y": rng.normal(size=(N, M)), "W1": rng.normal(size=(D, H))}
        W2 = {"direct": np.zeros((H, H)), "closed": -rng.uniform(0.2, 1.5, size=(H, H))}.get(group)
        inputs |= {"W2": rng.normal(size=(H, H)) if W2 is None else W2, "W3": rng.normal(size=(H, M))}
        return Case(label, group, inputs | {"keep": KEPT[group]})

    return [
        case("dW2: 6 examples, 3 in, 4 hidden, 2 out", "branch", 6, 3, 4, 2),
        case("dW2: 9 examples, 4 in, 6 hidden, 3 out", "branch", 9, 4, 6, 3),
        case("dW1: 6 examples, 3 in, 4 hidden, 2 out", "sum", 6, 3, 4, 2),
        case("dW1: 9 examples, 4 in, 6 hidden, 3 out", "sum", 9, 4, 6, 3),
        case("dW1: one example", "sum", 1, 3, 7, 2),
        case("W2 is zero: only the direct way is left", "direct", 5, 3, 4, 2),
        case("W2 is zero, one value out", "direct", 7, 2, 5, 1),
        case("W2 is negative: the branch's units are silent", "closed", 6, 3, 5, 2),
        case("W2 is negative, one value out", "closed", 8, 2, 4, 1),
    ]


def clinic_oracle(
    X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray, keep: list[bool]
) -> tuple[Any, ...]:
    """The same network in torch, differentiated by torch.autograd."""
    import torch

    first, second, third = (torch.tensor(W, requires_grad=True) for W in (W1, W2, W3))
    h = torch.relu(torch.from_numpy(X) @ first)
    out = (h + torch.relu(h @ second)) @ third
    loss = ((out - torch.from_numpy(Y)) ** 2).sum() / (2 * len(X))
    dW1, dW2, dW3 = (grad.numpy() for grad in torch.autograd.grad(loss, (first, second, third)))
    found = (loss.item(), dW1, dW2, dW3)
    return tuple(part if kept else None for part, kept in zip(found, keep, strict=True))


def clinic_as_given(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h
    total += branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dW3 = total.T @ error
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dW2 = h.T @ dbranch
    dh = dtotal
    dh = dbranch @ W2.T
    dW1 = X.T @ (dh * (h > 0))
    return loss, dW1, dW2, dW3


def clinic_still_assigned(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dh = dbranch @ W2.T
    return loss, X.T @ (dh * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_still_in_place(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h
    total += branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dh = dtotal + dbranch @ W2.T
    return loss, X.T @ (dh * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_skip_only(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    return loss, X.T @ (dtotal * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_doubled(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dh = dtotal + dtotal @ W2.T
    return loss, X.T @ (dh * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_both_masked(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dbranch = error @ W3.T * (branch > 0)
    dh = dbranch + dbranch @ W2.T
    return loss, X.T @ (dh * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_in_another_order(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    z = X @ W1
    h = z * (z > 0)
    u = h @ W2
    out = h @ W3 + (u * (u > 0)) @ W3
    error = (out - Y) / len(X)
    du = (error @ W3.T) * (u > 0)
    dh = error @ W3.T
    dh += du @ W2.T
    return np.vdot(error, out - Y) / 2, X.T @ (dh * (z > 0)), h.T @ du, (h + u * (u > 0)).T @ error


def clinic_example_by_example(X: np.ndarray, Y: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> tuple:
    loss, dW1, dW2, dW3 = 0.0, np.zeros_like(W1), np.zeros_like(W2), np.zeros_like(W3)
    for x, y in zip(X, Y, strict=True):
        h = np.maximum(0, x @ W1)
        branch = np.maximum(0, h @ W2)
        error = (h + branch) @ W3 - y
        loss += error @ error / 2 / len(X)
        dtotal = W3 @ error / len(X)
        dbranch = np.where(branch > 0, dtotal, 0)
        dW3 += np.outer(h + branch, error) / len(X)
        dW2 += np.outer(h, dbranch)
        dW1 += np.outer(x, np.where(h > 0, dtotal + W2 @ dbranch, 0))
    return loss, dW1, dW2, dW3


CLINIC_07 = Exercise(
    name="clinic_07",
    unit=UNIT,
    returns=("loss", "dW1", "dW2", "dW3"),
    probe="kept_outputs",
    groups=(
        Group("branch", "gives the branch's matrix the gradient that belongs to what went into it (dW2)", 1),
        Group("sum", "adds up at h what comes back by its two ways (dW1)", 2),
        Group("direct", "lets the gradient come back by the direct way when the branch has none", 1),
        Group("closed", "sends nothing back through units of the branch that were silent", 1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            clinic_as_given,
            "These are still the gradients of the broken code. Begin with the matrix that is wrong although the code "
            "of its line is right: dW2. Which numbers does h hold when that line runs?",
            hint=1,
        ),
        Misconception(
            "still_assigned",
            clinic_still_assigned,
            "One cause is found: h keeps its values now, and dW2 is right. dW1 is not yet. h goes two ways, into the "
            "branch and straight into the sum: how many gradients come back to it?",
            hint=2,
        ),
        Misconception(
            "still_in_place",
            clinic_still_in_place,
            "One cause is found: both ways bring their gradient back to h. But h itself is no longer what the branch "
            "saw: total and h are one array under two names. What does += do to it?",
            hint=1,
        ),
        Misconception(
            "direct_way_only",
            clinic_skip_only,
            "Now the gradient comes back to h by the direct way alone, and the one through the branch is lost. Where a "
            "value is used twice, what comes back adds up.",
            hint=2,
        ),
        Misconception(
            "round_the_relu",
            clinic_doubled,
            "Two gradients come back to h now, and the one through the branch went round its ReLU: dtotal is the "
            "gradient behind the ReLU, dbranch the one before it. Which one meets W2?",
            hint=2,
        ),
        Misconception(
            "both_ways_through_the_relu",
            clinic_both_masked,
            "Two gradients come back to h now, and both went through the branch's ReLU. By the direct way h reached "
            "the sum as it was, with no ReLU between: what comes back there is dtotal, also where the branch was "
            "silent.",
            hint=2,
        ),
    ),
    equivalents=(clinic_in_another_order, clinic_example_by_example),
    forbidden=("torch",),
)

"""The bug clinic: a block with a skip connection, a value used twice, and a cached input that changes afterwards."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
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


def clinic_07(X, Y, W1, W2, W3):
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dh = dtotal + dbranch @ W2.T
    return len(X) * np.sum(error**2) / 2, X.T @ (dh * (h > 0)), h.T @ dbranch, total.T @ error


def clinic_in_another_order(X, Y, W1, W2, W3):
    z = X @ W1
    h = z * (z > 0)
    u = h @ W2
    out = h @ W3 + (u * (u > 0)) @ W3
    error = (out - Y) / len(X)
    du = (error @ W3.T) * (u > 0)
    dh = error @ W3.T
    dh += du @ W2.T
    return np.vdot(error, out - Y) / 2, X.T @ (dh * (z > 0)), h.T @ du, (h + u * (u > 0)).T @ error


def clinic_example_by_example(X, Y, W1, W2, W3):
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


still_assigned = change(clinic_07, "dtotal + dbranch @ W2.T", "dbranch @ W2.T")


ONE_MASKED = (
    "Two gradients come back to h, and only one of them goes through the first ReLU. Add them up first: what leads to "
    "W1 is the same for both."
)


CLINIC_07 = Exercise(
    name="clinic_07",
    unit=UNIT,
    returns=("loss", "dW1", "dW2", "dW3"),
    sizes={"N": ("X", 0), "D": ("X", 1), "M": ("Y", 1), "H": ("W1", 1)},
    driver="kept_outputs",
    groups=(
        Group("branch", "gives the branch's matrix the gradient that belongs to what went into it (dW2)", 1, hint=1),
        Group("sum", "adds up at h what comes back by its two ways (dW1)", 2, hint=2),
        Group("direct", "lets the gradient come back by the direct way when the branch has none", 1, hint=2),
        Group("closed", "sends nothing back through units of the branch that were silent", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_assigned, "total = h + branch", "total = h\n    total += branch"),
            "These are still the gradients of the broken code. Begin with the matrix that is wrong although the code "
            "of its line is right: dW2. Which numbers does h hold when that line runs?",
        ),
        Misconception(
            "still_assigned",
            still_assigned,
            "Your dW1 does not have both of its parts yet. h goes two ways, into the branch and straight into the sum: "
            "how many gradients come back to it?",
            about=("dW1",),
        ),
        Misconception(
            "still_in_place",
            change(clinic_07, "total = h + branch", "total = h\n    total += branch"),
            "Both ways bring their gradient back to h. But your dW2 is made of what came out of the sum, and what went "
            "into the branch is h, as it was before. If total and h are one array under two names: what does += do to "
            "it?",
            about=("dW2",),
        ),
        Misconception(
            "direct_way_only",
            change(clinic_07, "dtotal + dbranch @ W2.T", "dtotal"),
            "Now the gradient comes back to h by the direct way alone, and the one through the branch is lost. Where a "
            "value is used twice, what comes back adds up.",
            about=("dW1",),
        ),
        Misconception(
            "direct_way_twice",
            change(clinic_07, "dh = dtotal", "dh = 2 * dtotal"),
            "What comes back by the direct way is in your dh twice. h goes straight into the sum once: one dtotal, and "
            "what comes back through the branch.",
            about=("dW1",),
        ),
        Misconception(
            "not_transposed",
            change(clinic_07, "dbranch @ W2.T", "dbranch @ W2"),
            "Two gradients come back to h now, and the one through the branch meets W2 as it stood on the way forward. "
            "Back through h W2, from its columns to its rows, goes W2.T; W2 is square, so that no shape protests.",
            about=("dW1",),
        ),
        Misconception(
            "round_the_relu",
            change(clinic_07, "dbranch @ W2.T", "dtotal @ W2.T"),
            "Two gradients come back to h now, and the one through the branch went round its ReLU: dtotal is the "
            "gradient behind the ReLU, dbranch the one before it. Which one meets W2?",
            about=("dW1",),
        ),
        Misconception(
            "both_ways_through_the_relu",
            change(clinic_07, "dh = dtotal", "dh = dbranch"),
            "Two gradients come back to h now, and both went through the branch's ReLU. By the direct way h reached "
            "the sum as it was, with no ReLU between: what comes back there is dtotal, also where the branch was "
            "silent.",
            about=("dW1",),
        ),
        Misconception(
            "first_relu_forgotten",
            change(clinic_07, "(dh * (h > 0))", "dh"),
            "Both ways bring their gradient back to h, and from there it goes round the first ReLU: a unit of h that "
            "was silent lets nothing through to W1.",
            about=("dW1",),
        ),
        Misconception(
            "masks_the_branch_alone",
            change(
                clinic_07, "dtotal + dbranch @ W2.T", "dtotal", "(dh * (h > 0))", "(dh + (dbranch @ W2.T) * (h > 0))"
            ),
            ONE_MASKED,
            about=("dW1",),
        ),
        Misconception(
            "masks_the_direct_way_alone",
            change(clinic_07, "dh = dtotal", "dh = dtotal * (h > 0)", "(dh * (h > 0))", "dh"),
            ONE_MASKED,
            about=("dW1",),
        ),
        Misconception(
            "halved",
            change(clinic_07, "dtotal + dbranch @ W2.T", "(dtotal + dbranch @ W2.T) / 2"),
            "You take the mean of the two gradients that come back to h. Each of them counts whole: they add up.",
            about=("dW1",),
        ),
        Misconception(
            "no_branch_mask",
            change(clinic_07, "dtotal * (branch > 0)", "dtotal"),
            "The gradient goes round the branch's ReLU: units that were silent let it through, to W2 and on to h.",
            hint=2,
        ),
        Misconception(
            "dw2_of_what_came_out",
            change(clinic_07, "h.T @ dbranch", "branch.T @ dbranch"),
            "Your dW2 is made of what came *out* of the branch. A matrix's gradient needs what went into it.",
            about=("dW2",),
        ),
        Misconception(
            "mask_of_the_sum",
            change(clinic_07, "(branch > 0)", "(total > 0)"),
            "You ask the sum which units of the branch were silent. It is positive wherever h is; the branch's own "
            "values decide.",
            hint=2,
            about=("dW2",),
        ),
        Misconception(
            "multiplied",
            change(clinic_07, "dtotal + dbranch @ W2.T", "dtotal * (dbranch @ W2.T)"),
            "You multiply the two gradients that come back to h. Along one way slopes are multiplied; what comes back "
            "by two ways adds up.",
            about=("dW1",),
        ),
        Misconception(
            "no_direct_way_forward",
            change(clinic_07, "h + branch", "branch", "dtotal + dbranch @ W2.T", "dbranch @ W2.T"),
            "Now the direct way is gone from the forward pass as well: the sum is the branch alone. h is to be added, "
            "and only not to be changed.",
        ),
    ),
    also_right=(
        clinic_07,
        change(clinic_07, "total = h + branch", "total = h.copy()\n    total += branch"),
        change(clinic_07, "dh = dtotal + dbranch @ W2.T", "dh = dtotal\n    dh += dbranch @ W2.T"),
        change(clinic_07, "dtotal * (branch > 0)", "np.where(h @ W2 > 0, dtotal, 0.0)"),
        clinic_in_another_order,
        clinic_example_by_example,
    ),
    forbidden=("torch",),
)

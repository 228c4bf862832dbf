"""Dropout's way back, by properties that are verified; a misconception is named after its flaw."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, shape: tuple[int, ...], dropped: int, p: float | None = None) -> Case:
        """`dropped` entries were; p is their very share, unless the case says otherwise."""
        dout = rng.uniform(0.5, 3, size=shape) * rng.choice([-1, 1], size=shape)
        mask = rng.permutation(dout.size).reshape(shape) >= dropped
        share = dropped / dout.size
        return Case(label, asks, {"dout": dout, "mask": mask, "p": float(share if p is None else p), "asks": asks})

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    return [
        case("p = 0.2", "dropped", (12, 10), 24),
        case("most are dropped", "dropped", (12, 10), between(80, 100)),
        case("p = 0.3", "kept", (12, 10), 36),
        case("few are kept", "kept", (12, 10), between(80, 100)),
        case("p = 0: nothing was dropped", "kept", (5, 6), 0),
        case("images, (N, 4, 6)", "shape", (8, 4, 6), between(40, 80)),
        case("a vector", "shape", (60,), between(12, 24)),
        case("p = 0.5, and chance has kept 7 of 10", "chance", (5, 8), 12, 0.5),
        case("fewer were dropped than p says", "chance", (6, 8), 8, rng.uniform(0.3, 0.5)),
        case("more were dropped than p says", "chance", (9, 6), 27, rng.uniform(0.25, 0.35)),
    ]


def dropout_backward(dout, mask, p):
    factor = mask / (1 - p)
    return dout * factor


def back_filled(dout, mask, p):
    dx = np.zeros_like(dout)
    dx[mask] = dout[mask] / (1 - p)
    return dx


DROPOUT_BACKWARD = Exercise(
    name="dropout_backward",
    unit=UNIT,
    returns=("dx",),
    driver="dropout_backward",
    groups=(
        Group("dropped", "lets no gradient through where the entry was dropped", 1, hint=1),
        Group("kept", "passes the gradient on with the forward pass's factor where the entry was kept", 1, hint=2),
        Group("shape", "does both for every shape", 1, hint=2),
        Group("chance", "takes the factor from p, however many entries chance has kept", 1, hint=2),
    ),
    cases=backward_cases,
    reference=None,
    verify="dropout_backward",
    misconceptions=(
        Misconception(
            "new_mask",
            change(dropout_backward, "mask /", "(np.random.random(dout.shape) >= p) /"),
            "You draw a new mask. The units that were switched off on the way there are other ones than on the way "
            "back, so your gradient is that of a network that never ran. Which mask did the forward pass hand you?",
            hint=1,
        ),
        Misconception(
            "no_mask",
            change(dropout_backward, "mask /", "1 /"),
            "Gradients go through everywhere, where entries were dropped as well. Those were multiplied by 0: however "
            "they change, the output does not notice.",
            hint=1,
        ),
        Misconception(
            "unchanged",
            change(dropout_backward, "dout * factor", "dout"),
            "You hand the gradient on as it came, as if nothing had happened on the way there. In the forward pass "
            "each entry was multiplied by something; so is its gradient.",
            hint=1,
        ),
        Misconception(
            "swapped",
            change(dropout_backward, "mask /", "~mask /"),
            "Your gradient goes through where entries were dropped, and stops where they were kept. In the mask, True "
            "means kept.",
            hint=1,
        ),
        Misconception(
            "not_rescaled",
            change(dropout_backward, "mask / (1 - p)", "mask"),
            "The right entries get through, but the factor is missing. The forward pass multiplied the kept ones by 1 "
            "/ (1 - p): it counts in the derivative, too.",
            hint=2,
        ),
        Misconception(
            "rescaled_wrongly",
            change(dropout_backward, "/ (1 - p)", "* (1 - p)"),
            "The right entries get through, with the wrong factor. The derivative of c x is c: the factor "
            "is the same on both ways.",
            hint=2,
        ),
        Misconception(
            "share_kept",
            change(dropout_backward, "(1 - p)", "mask.mean()"),
            "You divide by the share of entries that happened to be kept. In a large layer that is nearly 1 - p, and "
            "in a small one it is not: with p = 0.5, chance may keep seven of ten. The forward pass divided by 1 - p, "
            "whatever chance did, and its derivative has the same factor.",
            hint=2,
        ),
        Misconception(
            "mutated",
            change(dropout_backward, "return dout * factor", "dout *= factor\n    return dout"),
            "You have written into the dout that you were given. Somebody may still need it. Make a new array.",
            hint=2,
        ),
        Misconception(
            "elsewhere",
            change(dropout_backward, "dout * factor", "np.maximum(0, dout) / (1 - p)"),
            "Your gradient is stopped at other entries than those that were dropped, by its own sign perhaps. Which "
            "entries were kept is in `mask`, and nowhere else.",
            hint=1,
        ),
    ),
    also_right=(
        dropout_backward,
        change(dropout_backward, "dout * factor", "np.where(mask, dout / (1 - p), 0.0)"),
        change(dropout_backward, "mask / (1 - p)", "mask.astype(float) / (1 - p)"),
        change(dropout_backward, "dout * factor", "(dout * factor).astype(np.float32)"),
        change(
            dropout_backward, "    return dout * factor", "    dx = dout / (1 - p)\n    dx[~mask] = 0\n    return dx"
        ),
        back_filled,
    ),
)

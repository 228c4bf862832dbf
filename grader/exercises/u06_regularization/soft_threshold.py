"""The soft threshold, which is the proximal operator of |w|; torch's softshrink is the oracle."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, shrunk
from grader.spec import Case, Exercise, Group, Misconception


def threshold_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, w: Any, threshold: float) -> Case:
        return Case(label, group, {"w": np.asarray(w), "threshold": float(threshold)})

    normal, uniform = rng.normal, rng.uniform
    sides = rng.choice([-1.0, 1.0], size=6)
    return [
        case("w = (3, 0.5), threshold 1", "far", [3.0, 0.5], 1.0),
        case("far above the threshold", "far", uniform(2, 5, size=5), uniform(0.5, 1.5)),
        case("threshold 0", "far", normal(size=5), 0.0),
        case("all below the threshold", "zeros", uniform(0.05, 0.9, size=6) * sides, 1.0),
        case("some below, some above", "zeros", uniform(0.2, 3.0, size=6) * sides, uniform(0.8, 1.2)),
        case("weights that are zero already", "zeros", np.where(sides > 0, 0.0, normal(size=6)), 0.4),
        case("exactly at the threshold", "zeros", [0.5, -0.5, uniform(0.6, 2.0)], 0.5),
        case("negative weights", "signs", -uniform(0.1, 4, size=7), uniform(0.5, 1.5)),
        case("both signs", "signs", 2 * normal(size=9), uniform(0.5, 1.0)),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), uniform(0.3, 0.8)),
        case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), uniform(0.3, 0.8)),
        case("whole numbers", "shape", rng.choice([-4, -1, 0, 2, 5], size=(2, 5)), 1.5),
    ]


def threshold_oracle(w: np.ndarray, threshold: float) -> np.ndarray:
    return shrunk(w, threshold)


def soft_threshold(w, threshold):
    size = np.maximum(np.abs(w) - threshold, 0)
    return np.sign(w) * size


def soft_by_loop(w, threshold):
    out = np.zeros(w.shape)
    for index in np.ndindex(*w.shape):
        if w[index] > threshold:
            out[index] = w[index] - threshold
        elif w[index] < -threshold:
            out[index] = w[index] + threshold
    return out


SOFT_THRESHOLD = Exercise(
    name="soft_threshold",
    unit=UNIT,
    returns=("shrunk",),
    groups=(
        Group("far", "moves large weights towards zero by the threshold, no more and no less", 1, hint=1),
        Group("zeros", "makes small weights exactly zero", 2, hint=2),
        Group("signs", "treats negative weights like positive ones, mirrored", 1, hint=3),
        Group("shape", "works on each entry of any shape", 1, hint=1),
    ),
    cases=threshold_cases,
    reference=threshold_oracle,
    misconceptions=(
        Misconception(
            "hard_threshold",
            change(soft_threshold, "np.sign(w) * size", "np.where(size > 0, w, 0.0)"),
            "Small weights become zero, but the large ones stay as they were: that is the *hard* threshold. It jumps "
            "where it should be continuous. The L1 penalty presses on large weights too, and each comes closer by the "
            "threshold.",
        ),
        Misconception(
            "overshoots",
            change(soft_threshold, "np.maximum(np.abs(w) - threshold, 0)", "np.abs(w) - threshold"),
            "Your small weights fly through zero and come out on the other side: 0.3 with a threshold of 1 becomes "
            "-0.7. A force that pushes towards zero ends *at* zero. What should stop it there?",
            hint=2,
        ),
        Misconception(
            "one_sided",
            change(soft_threshold, "np.abs(w)", "w", "np.sign(w) * size", "size"),
            "Positive weights are right; all negative ones have become zero. |w| grows on both sides, so there is a "
            "threshold on the left of zero too.",
            hint=3,
        ),
        Misconception(
            "sign_lost",
            change(soft_threshold, "np.sign(w) * size", "size"),
            "The sizes are right, and every sign has become a plus: a weight of -3 leaves as a positive one. You "
            "measured |w|; at the end each weight has to go back to its own side.",
            hint=3,
        ),
        Misconception(
            "clipped",
            change(soft_threshold, "np.sign(w) * size", "np.clip(w, -threshold, threshold)"),
            "You have cut the large weights down to the threshold and left the small ones alone. That is just the part "
            "that was to be taken *away*: what is left of w without it?",
        ),
        Misconception(
            "only_the_small_ones",
            change(soft_threshold, "np.sign(w) * size", "np.where(size > 0, w, w - np.sign(w) * threshold)"),
            "Your large weights stay and your small ones move, past zero. It should be the other way round: small ones "
            "stop at zero, large ones move by the threshold.",
            hint=2,
        ),
        Misconception(
            "always_subtracts",
            change(soft_threshold, "np.sign(w) * size", "np.where(size > 0, w - threshold, 0.0)"),
            "Positive weights and small ones are right. A large negative weight you make even more negative: minus the "
            "threshold leads away from zero there.",
            hint=3,
        ),
        Misconception(
            "shrinks_by_a_share",
            change(soft_threshold, "np.sign(w) * size", "w / (1 + threshold)"),
            "Each of your weights loses the same share of itself. That is the proximal step of L2: it divides, and "
            "what is divided never becomes zero. L1 takes the same amount from all.",
        ),
        Misconception(
            "loses_a_share",
            change(soft_threshold, "np.sign(w) * size", "w * np.maximum(1 - threshold, 0)"),
            "Every weight is multiplied by 1 - threshold, so that it loses a share of itself, and from a threshold of "
            "1 on all are zero. A large weight loses the same *amount* as every other: 100 becomes 99.",
        ),
        Misconception(
            "zero_divided_by_zero",
            change(soft_threshold, "np.sign(w)", "w / np.abs(w)"),
            "Where a weight is exactly zero you divide 0 by 0, and NaN spreads from there. Which function knows three "
            "signs: -1, 0 and 1?",
            hint=3,
        ),
        Misconception(
            "all_small_ones_stay",
            change(soft_threshold, "np.sign(w) * size", "np.where(size > 0, np.sign(w) * size, w)"),
            "Large weights are right, and small ones stay as they are. What is within the threshold is to become "
            "exactly zero.",
            hint=2,
        ),
        Misconception(
            "stops_at_the_threshold",
            change(soft_threshold, "np.abs(w) - threshold, 0)", "np.abs(w) - threshold, threshold)"),
            "Nothing of yours gets nearer to zero than the threshold. The smallest size that may be left is 0: there "
            "the weights are to stop.",
            hint=2,
        ),
        Misconception(
            "adds",
            change(soft_threshold, "np.abs(w) - threshold", "np.abs(w) + threshold"),
            "Your weights grow by the threshold. Towards zero their size gets *smaller*.",
        ),
        Misconception(
            "mutated",
            change(soft_threshold, "    size =", "    w[np.abs(w) <= threshold] = 0\n    size ="),
            "You write zeros into the w that you were given. Whoever called you still holds this array: make a new "
            "one.",
            hint=2,
        ),
        Misconception(
            "bounces_back",
            change(soft_threshold, "np.maximum(np.abs(w) - threshold, 0)", "np.abs(np.abs(w) - threshold)"),
            "What goes through zero bounces back with you: 0.3 with a threshold of 1 becomes 0.7. It is to stop *at* "
            "zero.",
            hint=2,
        ),
        Misconception(
            "left_side_too_early",
            change(
                soft_threshold,
                "np.sign(w) * size",
                "np.where(w > threshold, w - threshold, np.where(w < threshold, w + threshold, 0))",
            ),
            "You add the threshold to everything below +threshold, also to small weights. The left side begins at "
            "*minus* the threshold; between the two lies zero.",
            hint=2,
        ),
    ),
    also_right=(
        soft_threshold,
        change(soft_threshold, "np.sign(w) * size", "w - np.clip(w, -threshold, threshold)"),
        change(soft_threshold, "np.sign(w) * size", "np.maximum(w - threshold, 0) - np.maximum(-w - threshold, 0)"),
        change(soft_threshold, "np.sign(w) * size", "np.where(np.abs(w) > threshold, w - np.sign(w) * threshold, 0.0)"),
        change(soft_threshold, "np.sign(w) * size", "(np.sign(w) * size).astype(np.float32)"),
        soft_by_loop,
    ),
)

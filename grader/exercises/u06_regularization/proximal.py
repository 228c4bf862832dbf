"""The proximal step of the L1 penalty; torch's softshrink is the oracle of both halves."""

from typing import Any

import numpy as np

from grader.exercises.u06_regularization.penalties import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def shrunk(w: np.ndarray, threshold: float) -> np.ndarray:
    """torch.nn.functional.softshrink, which is the closed form of the proximal operator of threshold |.|."""
    import torch

    return torch.nn.functional.softshrink(torch.from_numpy(w.astype(np.float64)), threshold).numpy()


# --- soft_threshold --------------------------------------------------------------------------------------------


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


def hard(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.abs(w) > threshold, w, 0.0)


def overshoots(w: np.ndarray, threshold: float) -> np.ndarray:
    return w - threshold * np.sign(w)


def one_sided(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.maximum(w - threshold, 0.0)


def without_its_sign(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.maximum(np.abs(w) - threshold, 0.0)


def clipped(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.clip(w, -threshold, threshold) * 1.0


def only_the_small_ones(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.abs(w) <= threshold, w - np.sign(w) * threshold, w * 1.0)


def subtracts(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.abs(w) > threshold, w - threshold, 0.0)


def shrinks_by_a_share(w: np.ndarray, threshold: float) -> np.ndarray:
    return w / (1 + threshold)


def soft_by_clip(w: np.ndarray, threshold: float) -> np.ndarray:
    return w - np.clip(w, -threshold, threshold)


def soft_by_two_sides(w: np.ndarray, threshold: float) -> np.ndarray:
    return np.maximum(w - threshold, 0) - np.maximum(-w - threshold, 0)


def soft_by_loop(w: np.ndarray, threshold: float) -> np.ndarray:
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
        Group("far", "moves large weights towards zero by the threshold, no more and no less", 1),
        Group("zeros", "makes small weights exactly zero", 2),
        Group("signs", "treats negative weights like positive ones, mirrored", 1),
        Group("shape", "works on each entry of any shape", 1),
    ),
    cases=threshold_cases,
    reference=threshold_oracle,
    misconceptions=(
        Misconception(
            "hard_threshold",
            hard,
            "Small weights become zero, but the large ones stay as they were: that is the *hard* threshold. It jumps "
            "where it should be continuous. The L1 penalty presses on large weights too, and each comes closer by the "
            "threshold.",
            hint=1,
        ),
        Misconception(
            "overshoots",
            overshoots,
            "Your small weights fly through zero and come out on the other side: 0.3 with a threshold of 1 becomes "
            "-0.7. A force that pushes towards zero ends *at* zero. What should stop it there?",
            hint=2,
        ),
        Misconception(
            "one_sided",
            one_sided,
            "Positive weights are right; all negative ones have become zero. |w| grows on both sides, so there is a "
            "threshold on the left of zero too.",
            hint=3,
        ),
        Misconception(
            "sign_lost",
            without_its_sign,
            "The sizes are right, and every sign has become a plus: a weight of -3 leaves as a positive one. You "
            "measured |w|; at the end each weight has to go back to its own side.",
            hint=3,
        ),
        Misconception(
            "clipped",
            clipped,
            "You have cut the large weights down to the threshold and left the small ones alone. That is just the part "
            "that was to be taken *away*: what is left of w without it?",
            hint=1,
        ),
        Misconception(
            "only_the_small_ones",
            only_the_small_ones,
            "Your large weights stay and your small ones move, past zero. It should be the other way round: small ones "
            "stop at zero, large ones move by the threshold.",
            hint=2,
        ),
        Misconception(
            "always_subtracts",
            subtracts,
            "Positive weights and small ones are right. A large negative weight you make even more negative: minus the "
            "threshold leads away from zero there.",
            hint=3,
        ),
        Misconception(
            "shrinks_by_a_share",
            shrinks_by_a_share,
            "Each of your weights loses the same share of itself. That is the proximal step of L2: it divides, and "
            "what is divided never becomes zero. L1 takes the same amount from all.",
            hint=1,
        ),
    ),
    equivalents=(soft_by_clip, soft_by_two_sides, soft_by_loop),
)


# --- proximal_step ---------------------------------------------------------------------------------------------


def proximal_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, w: Any, grad: Any, lr: float, lam: float) -> Case:
        inputs = {"w": np.asarray(w, float), "grad": np.asarray(grad, float), "lr": float(lr), "lam": float(lam)}
        return Case(label, group, inputs)

    normal, uniform = rng.normal, rng.uniform
    sides = rng.choice([-1.0, 1.0], size=6)
    far, small = uniform(3, 5, size=6) * sides, uniform(0.01, 0.04, size=6) * sides
    return [
        case("w = 3, gradient 2, lr 0.1, lam 1", "step", [3.0], [2.0], 0.1, 1.0),
        case("weights far from zero", "step", far, normal(size=6), uniform(0.1, 0.3), uniform(0.5, 1.5)),
        case("no penalty", "step", normal(size=4), normal(size=4), uniform(0.1, 0.3), 0.0),
        case("no gradient, weights near zero", "zeros", small, np.zeros(6), 0.1, 1.0),
        case("a weak pull near zero", "zeros", small, -0.3 * sides, 0.1, 1.0),
        case("some stop at zero", "zeros", normal(size=8) * 0.2, normal(size=8), uniform(0.2, 0.4), 0.5),
        case("starts at zero, pull below lam", "stays", np.zeros(6), uniform(0.1, 0.9, 6) * sides, 0.3, 1.0),
        case("starts at zero, pull above lam", "stays", np.zeros(6), uniform(1.1, 3, 6) * sides, 0.3, 1.0),
        case("a short step", "lr", normal(size=6), normal(size=6), uniform(0.01, 0.02), uniform(1, 3)),
        case("a long step", "lr", 3 * normal(size=6), normal(size=6), uniform(1.5, 2.5), uniform(0.1, 0.4)),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), normal(size=(3, 4)), uniform(0.2, 0.4), 0.8),
        case("shape (2, 3, 2)", "shape", normal(size=(2, 3, 2)), normal(size=(2, 3, 2)), uniform(0.2, 0.4), 0.8),
    ]


def proximal_oracle(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    """argmin_z |z - (w - lr grad)|^2 / (2 lr) + lam |z|_1, entry by entry, by softshrink."""
    return shrunk(w - lr * grad, lr * lam)


def threshold_lam(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w - lr * grad
    return np.sign(z) * np.maximum(np.abs(z) - lam, 0.0)


def shrinks_first(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    return np.sign(w) * np.maximum(np.abs(w) - lr * lam, 0.0) - lr * grad


def subgradient(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    return w - lr * (grad + lam * np.sign(w))


def no_lr_in_step(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w - grad
    return np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0.0)


def uphill(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w + lr * grad
    return np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0.0)


def no_shrinking(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    return w - lr * grad


def no_step(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    return np.sign(w) * np.maximum(np.abs(w) - lr * lam, 0.0)


def hard_step(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w - lr * grad
    return np.where(np.abs(z) > lr * lam, z, 0.0)


def pressed_twice(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w - lr * (grad + lam * np.sign(w))
    return np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0.0)


def prox_mutates(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    w -= lr * grad
    return np.sign(w) * np.maximum(np.abs(w) - lr * lam, 0.0)


def prox_by_clip(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    z = w - lr * grad
    return z - np.clip(z, -lr * lam, lr * lam)


def prox_by_sides(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    right, left = w - lr * (grad + lam), w - lr * (grad - lam)
    return np.where(right > 0, right, np.where(left < 0, left, 0.0))


def prox_by_loop(w: np.ndarray, grad: np.ndarray, lr: float, lam: float) -> np.ndarray:
    out = w.copy()
    for index in np.ndindex(*w.shape):
        z = float(w[index] - lr * grad[index])
        out[index] = max(z - lr * lam, 0.0) + min(z + lr * lam, 0.0)
    return out


PROXIMAL_STEP = Exercise(
    name="proximal_step",
    unit=UNIT,
    returns=("w",),
    groups=(
        Group("step", "goes down the loss, and then towards zero", 1),
        Group("zeros", "lands on exactly zero where the penalty is stronger than what is left", 2),
        Group("stays", "lets a zero stay as long as the loss pulls with less than lam", 1),
        Group("lr", "scales both halves of the step with the learning rate", 1),
        Group("shape", "works on each entry of any shape", 1),
    ),
    cases=proximal_cases,
    reference=proximal_oracle,
    misconceptions=(
        Misconception(
            "threshold_lam",
            threshold_lam,
            "Your threshold is lam. But the penalty acts for one step only, and a step is lr long: a smaller lr should "
            "bring less of it, as it brings less of the gradient. As it stands, your weights are pressed 1/lr times "
            "too hard.",
            hint=1,
        ),
        Misconception(
            "shrinks_first",
            shrinks_first,
            "You shrink first and take the gradient step afterwards, which moves every weight off zero again. In the "
            "end you have hardly any exact zeros. Which half has to have the last word?",
            hint=2,
        ),
        Misconception(
            "subgradient",
            subgradient,
            "This is the subgradient step: it adds lam sign(w) to the gradient. It gives no exact zeros. Near zero it "
            "jumps over, and back at the next step, for ever. The proximal step shrinks what comes out of the gradient "
            "step, and stops at zero.",
            hint=2,
        ),
        Misconception(
            "no_lr_in_the_step",
            no_lr_in_step,
            "The threshold is right, and the gradient comes in without the learning rate. Both halves belong to one "
            "step of the same length.",
            hint=1,
        ),
        Misconception(
            "uphill",
            uphill,
            "Shrinking is right, but before that you go uphill on the loss. The gradient points where the loss grows.",
            hint=3,
        ),
        Misconception(
            "no_shrinking",
            no_shrinking,
            "This is plain gradient descent: lam has no effect. After the step comes the second half, the soft "
            "threshold.",
            hint=2,
        ),
        Misconception(
            "no_step",
            no_step,
            "You shrink the old weights, and the gradient of the loss has no effect: they all go to zero, whatever the "
            "data say.",
            hint=3,
        ),
        Misconception(
            "hard_threshold",
            hard_step,
            "The zeros are right. The other weights get no shorter: a weight that survives the threshold should still "
            "pay it.",
            hint=2,
        ),
        Misconception(
            "pressed_twice",
            pressed_twice,
            "The penalty is in your step twice: as lam sign(w) in the gradient, and as the threshold. The gradient "
            "here is that of the loss alone; the threshold *is* the penalty.",
            hint=2,
        ),
        Misconception(
            "mutated",
            prox_mutates,
            "The values are right, but the w that you were given was changed in place. Make a new array, so that "
            "whoever called you still has the old one.",
            hint=3,
        ),
    ),
    equivalents=(prox_by_clip, prox_by_sides, prox_by_loop),
)

"""The proximal step of the L1 penalty; torch's softshrink is the oracle of its second half."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, shrunk
from grader.exercises.u06_regularization.soft_threshold import soft_threshold
from grader.spec import Case, Exercise, Group, Misconception


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


def proximal_step(w, grad, lr, lam):
    z = w - lr * grad
    return np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0)


def prox_of_soft_threshold(w, grad, lr, lam):
    return soft_threshold(w - lr * grad, lr * lam)


def prox_by_loop(w, grad, lr, lam):
    out = w.copy()
    for index in np.ndindex(*w.shape):
        z = float(w[index] - lr * grad[index])
        out[index] = max(z - lr * lam, 0.0) + min(z + lr * lam, 0.0)
    return out


def prox_by_sides(w, grad, lr, lam):
    right, left = w - lr * (grad + lam), w - lr * (grad - lam)
    return np.where(right > 0, right, np.where(left < 0, left, 0.0))


SHRUNK = "np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0)"
pressed_twice = change(proximal_step, "lr * grad", "lr * (grad + lam * np.sign(w))")


PROXIMAL_STEP = Exercise(
    name="proximal_step",
    unit=UNIT,
    returns=("w",),
    groups=(
        Group("step", "goes down the loss, and then towards zero", 1, hint=1),
        Group("zeros", "lands on exactly zero where the penalty is stronger than what is left", 2, hint=2),
        Group("stays", "lets a zero stay as long as the loss pulls with less than lam", 1, hint=2),
        Group("lr", "scales both halves of the step with the learning rate", 1, hint=1),
        Group("shape", "works on each entry of any shape", 1, hint=2),
    ),
    cases=proximal_cases,
    reference=proximal_oracle,
    misconceptions=(
        Misconception(
            "threshold_lam",
            change(proximal_step, "lr * lam", "lam"),
            "Your threshold is lam. But the penalty acts for one step only, and a step is lr long: a smaller lr should "
            "bring less of it, as it brings less of the gradient. As it stands, your weights are pressed 1/lr times "
            "too hard.",
        ),
        Misconception(
            "shrinks_first",
            change(proximal_step, "w - lr * grad", "w", "lr * lam, 0)", "lr * lam, 0) - lr * grad"),
            "You shrink first and take the gradient step afterwards, which moves every weight off zero again. In the "
            "end you have hardly any exact zeros. Which half has to have the last word?",
        ),
        Misconception(
            "subgradient",
            change(pressed_twice, SHRUNK, "z"),
            "This is the subgradient step: it adds lam sign(w) to the gradient. It gives no exact zeros. Near zero it "
            "jumps over, and back at the next step, for ever. The proximal step shrinks what comes out of the gradient "
            "step, and stops at zero.",
        ),
        Misconception(
            "no_lr_in_the_step",
            change(proximal_step, "lr * grad", "grad"),
            "The gradient comes in without the learning rate. Both halves belong to one step of the same length.",
        ),
        Misconception(
            "uphill",
            change(proximal_step, "w - lr", "w + lr"),
            "Before you shrink, you go uphill on the loss. The gradient points where the loss grows.",
            hint=3,
        ),
        Misconception(
            "no_shrinking",
            change(proximal_step, SHRUNK, "z"),
            "This is plain gradient descent: lam has no effect. After the step comes the second half, the soft "
            "threshold.",
            hint=2,
        ),
        Misconception(
            "no_step",
            change(proximal_step, "w - lr * grad", "w"),
            "You shrink the old weights, and the gradient of the loss has no effect: they all go to zero, whatever the "
            "data say.",
            hint=3,
        ),
        Misconception(
            "hard_threshold",
            change(proximal_step, SHRUNK, "np.where(np.abs(z) > lr * lam, z, 0.0)"),
            "Your large weights get no shorter: a weight that survives the threshold should still pay it.",
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
            change(proximal_step, "z = w - lr * grad", "w -= lr * grad\n    z = w"),
            "The w that you were given was changed in place. Make a new array, so that whoever called you still has "
            "the old one.",
            hint=3,
        ),
        Misconception(
            "l2_shrinking",
            change(proximal_step, SHRUNK, "z / (1 + lr * lam)"),
            "This is the proximal step of L2: every weight loses the same share, and none lands on exactly zero. L1 "
            "takes the same amount from all, and stops at zero.",
            hint=2,
        ),
        Misconception(
            "cut_at_zero",
            change(pressed_twice, SHRUNK, "np.where(z * w < 0, 0.0, z)"),
            "This is the subgradient step, cut off where it would change a sign. So a weight that the *loss* wants on "
            "the other side is held at zero, and one at zero is not held at all. The threshold is applied after the "
            "gradient step, to what comes out of it.",
        ),
        Misconception(
            "threshold_on_the_gradient",
            change(
                proximal_step, "w - lr * grad", "grad", SHRUNK, "w - lr * np.sign(z) * np.maximum(np.abs(z) - lam, 0)"
            ),
            "You shrink the gradient instead of the weights: small gradients no longer count, and nothing presses on "
            "any weight. The threshold belongs to what comes out of the step.",
            hint=2,
        ),
        Misconception(
            "sign_of_the_old_weight",
            change(proximal_step, "np.sign(z)", "np.sign(w)"),
            "You measure the weight after the gradient step, and give it the sign that it had before. A weight that "
            "the gradient has carried over zero is thrown back.",
        ),
        Misconception(
            "threshold_lr",
            change(proximal_step, "lr * lam", "lr"),
            "Your threshold is lr, whatever lam says. How hard the penalty presses, lam, belongs in there as well.",
        ),
        Misconception(
            "sign_lost",
            change(proximal_step, "np.sign(z) * ", ""),
            "Every weight has become positive: you measured |z|, and its sign has to come back in the end.",
            hint=2,
        ),
        Misconception(
            "never_stops",
            change(proximal_step, "np.maximum(np.abs(z) - lr * lam, 0)", "(np.abs(z) - lr * lam)"),
            "Small weights fly through zero and come out on the other side. What is left of a size cannot be less than "
            "nothing.",
        ),
        Misconception(
            "half_a_threshold",
            change(proximal_step, "lr * lam", "lr * lam / 2"),
            "Your threshold is half of what it should be. The half belongs to L2, whose square brings a 2 when it is "
            "derived; the slope of |w| is 1.",
        ),
    ),
    also_right=(
        proximal_step,
        prox_of_soft_threshold,
        change(proximal_step, SHRUNK, "z - np.clip(z, -lr * lam, lr * lam)"),
        change(
            proximal_step, SHRUNK, "np.where(z > lr * lam, z - lr * lam, np.where(z < -lr * lam, z + lr * lam, 0.0))"
        ),
        prox_by_sides,
        prox_by_loop,
    ),
)

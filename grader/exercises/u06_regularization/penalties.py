"""The two penalties, each with its gradient; torch.autograd is the oracle of both."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception

UNIT = "06_regularization"


def by_autograd(penalty: Callable[[Any], Any], w: np.ndarray) -> tuple[float, np.ndarray]:
    """The value of `penalty` at w, and its gradient by torch.autograd."""
    import torch

    tensor = torch.from_numpy(w.astype(np.float64)).requires_grad_()
    value = penalty(tensor)
    (grad,) = torch.autograd.grad(value, tensor)
    return float(value.detach()), grad.numpy()


def case(label: str, group: str, w: Any, lam: float) -> Case:
    return Case(label, group, {"w": np.asarray(w), "lam": float(lam)})


# --- l2_penalty ------------------------------------------------------------------------------------------------


def l2_cases(rng: np.random.Generator) -> list[Case]:
    normal, uniform = rng.normal, rng.uniform
    return [
        case("w = (3, -4), lam = 1", "vector", [3.0, -4.0], 1.0),
        case("seven weights", "vector", normal(size=7), uniform(0.2, 0.9)),
        case("one weight", "vector", normal(size=1) + 2, uniform(0.2, 0.9)),
        case("a weak penalty", "strength", normal(size=5), uniform(1e-4, 2e-4)),
        case("a strong penalty", "strength", normal(size=5), uniform(20, 40)),
        case("lam = 0", "strength", normal(size=4), 0.0),
        case("one large weight", "spread", np.array([0.0, 0.0, 0.0, 1.0]) * uniform(3, 6), 0.5),
        case("the same in four small ones", "spread", np.full(4, 0.25) * uniform(3, 6), 0.5),
        case("all weights zero", "spread", np.zeros(3), 0.7),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), uniform(0.2, 0.9)),
        case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), uniform(0.2, 0.9)),
        case("whole numbers", "shape", rng.integers(1, 9, size=(2, 5)), 0.3),
    ]


def l2_oracle(w: np.ndarray, lam: float) -> tuple[float, np.ndarray]:
    return by_autograd(lambda t: 0.5 * lam * (t * t).sum(), w)


def l2_without_half(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(w**2), 2 * lam * w


def l2_value_without_half(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(w**2), lam * w


def l2_grad_doubled(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(w**2), 2 * lam * w


def l2_grad_halved(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(w**2), 0.5 * lam * w


def l2_mean(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.mean(w**2), lam * w / w.size


def l2_root(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sqrt(np.sum(w**2)), lam * w


def l2_no_lam_in_grad(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(w**2), 1.0 * w


def l2_not_summed(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * w**2, lam * w


def l2_per_row(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(w**2, axis=0), lam * w


def l2_shrinks(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(w**2), -lam * w


def l2_by_dot(w: np.ndarray, lam: float) -> tuple:
    flat = w.ravel()
    return lam * (flat @ flat) / 2, lam * w


def l2_by_norm(w: np.ndarray, lam: float) -> list:
    return [0.5 * lam * np.linalg.norm(w.ravel()) ** 2, np.multiply(w, lam)]


def l2_by_loop(w: np.ndarray, lam: float) -> tuple:
    total, grad = 0.0, np.zeros(w.shape)
    for index in np.ndindex(*w.shape):
        total += lam / 2 * float(w[index]) ** 2
        grad[index] = lam * w[index]
    return total, grad


L2_PENALTY = Exercise(
    name="l2_penalty",
    unit=UNIT,
    returns=("value", "grad"),
    groups=(
        Group("vector", "gives the penalty of a vector, and a gradient that belongs to it", 1),
        Group("strength", "grows in proportion to lam", 1),
        Group("spread", "makes one large weight dearer than several small ones", 1),
        Group("shape", "sums over all entries, whatever the shape of w", 1),
    ),
    cases=l2_cases,
    reference=l2_oracle,
    misconceptions=(
        Misconception(
            "without_the_half",
            l2_without_half,
            "Value and gradient belong together, but both are twice as large as asked: the factor one half is missing. "
            "Both conventions exist. With this one, a lam from a paper that has the half acts twice as hard.",
            hint=1,
        ),
        Misconception(
            "value_without_the_half",
            l2_value_without_half,
            "Your gradient is right, and your value is twice what it belongs to. A gradient check would tell you: "
            "differentiate your own value by hand, and see which factor comes out.",
            hint=1,
        ),
        Misconception(
            "gradient_doubled",
            l2_grad_doubled,
            "Your value is right, and your gradient is twice its slope. The 2 that comes down from the square has met "
            "something in the formula that it cancels with.",
            hint=1,
        ),
        Misconception(
            "gradient_halved",
            l2_grad_halved,
            "Your value is right, and your gradient is half its slope. The half stands in the value; after you "
            "differentiate the square, is it still there?",
            hint=1,
        ),
        Misconception(
            "mean_for_sum",
            l2_mean,
            "You average over the weights instead of adding up. Then the same lam presses less on each weight the "
            "larger the layer is. The penalty is a sum; it is the data's loss that is a mean.",
            hint=2,
        ),
        Misconception(
            "root",
            l2_root,
            "You penalize the length of w, and not its square: there is a root in your value. Its slope would be the "
            "same everywhere, but your gradient grows with w, as the square's does.",
            hint=2,
        ),
        Misconception(
            "no_lam_in_the_gradient",
            l2_no_lam_in_grad,
            "Your gradient lacks lam. The value grows and falls with lam and the gradient does not notice, so "
            "training would press on the weights in full even at lam = 0.",
            hint=3,
        ),
        Misconception(
            "not_summed",
            l2_not_summed,
            "Your value is an array, one penalty for each weight. A loss is one number: it has to be added up.",
            hint=2,
        ),
        Misconception(
            "summed_along_one_axis",
            l2_per_row,
            "You add up along one axis only. For a vector that is everything; for a matrix a row of sums is left. "
            "Every weight of the layer counts into one number.",
            hint=2,
        ),
        Misconception(
            "the_step_for_the_gradient",
            l2_shrinks,
            "Your gradient points towards zero. That is the way the *step* goes; the gradient points where the penalty "
            "grows, away from zero, and the minus sign comes when somebody steps.",
            hint=3,
        ),
    ),
    equivalents=(l2_by_dot, l2_by_norm, l2_by_loop),
)


# --- l1_penalty ------------------------------------------------------------------------------------------------


def l1_cases(rng: np.random.Generator) -> list[Case]:
    normal, uniform = rng.normal, rng.uniform
    some = normal(size=8)
    some[rng.permutation(8)[:3]] = 0.0
    return [
        case("w = (3, -4), lam = 1", "vector", [3.0, -4.0], 1.0),
        case("seven weights", "vector", normal(size=7), uniform(0.2, 0.9)),
        case("lam = 0", "vector", normal(size=4), 0.0),
        case("positive weights", "signs", uniform(0.5, 2, size=5), uniform(0.2, 0.9)),
        case("negative weights", "signs", -uniform(0.5, 2, size=5), uniform(0.2, 0.9)),
        case("tiny and huge weights", "signs", normal(size=4) * np.array([1e-6, 1e-3, 1.0, 1e3]), uniform(2, 4)),
        case("some weights are exactly zero", "zeros", some, uniform(0.2, 0.9)),
        case("all weights zero", "zeros", np.zeros(4), uniform(0.2, 0.9)),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), uniform(0.2, 0.9)),
        case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), uniform(0.2, 0.9)),
        case("whole numbers", "shape", rng.choice([-3, -1, 2, 5], size=(2, 5)), 0.3),
    ]


def l1_oracle(w: np.ndarray, lam: float) -> tuple[float, np.ndarray]:
    return by_autograd(lambda t: lam * t.abs().sum(), w)


def l1_no_sign(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), lam * np.ones(w.shape)


def l1_grad_of_size(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), lam * w


def l1_halved(w: np.ndarray, lam: float) -> tuple:
    return 0.5 * lam * np.sum(np.abs(w)), 0.5 * lam * np.sign(w)


def l1_no_absolute(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(w), lam * np.sign(w)


def l1_divides(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), lam * w / np.abs(w)


def l1_one_at_zero(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), lam * np.where(w >= 0, 1.0, -1.0)


def l1_minus_one_at_zero(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), lam * np.where(w > 0, 1.0, -1.0)


def l1_mean(w: np.ndarray, lam: float) -> tuple:
    return lam * np.mean(np.abs(w)), lam * np.sign(w) / w.size


def l1_no_lam_in_grad(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), np.sign(w)


def l1_of_a_matrix(w: np.ndarray, lam: float) -> tuple:
    return lam * np.abs(w).sum(axis=0).max() if w.ndim > 1 else lam * np.abs(w).sum(), lam * np.sign(w)


def l1_shrinks(w: np.ndarray, lam: float) -> tuple:
    return lam * np.sum(np.abs(w)), -lam * np.sign(w)


def l1_by_compare(w: np.ndarray, lam: float) -> tuple:
    direction = (w > 0).astype(float) - (w < 0)
    return lam * float((w * direction).sum()), lam * direction


def l1_by_norm(w: np.ndarray, lam: float) -> list:
    return [lam * np.linalg.norm(w.ravel(), 1), np.sign(w) * lam]


def l1_by_loop(w: np.ndarray, lam: float) -> tuple:
    total, grad = 0.0, np.zeros(w.shape)
    for index in np.ndindex(*w.shape):
        total += abs(float(w[index]))
        if w[index] != 0:
            grad[index] = lam if w[index] > 0 else -lam
    return lam * total, grad


L1_PENALTY = Exercise(
    name="l1_penalty",
    unit=UNIT,
    returns=("value", "grad"),
    groups=(
        Group("vector", "gives the penalty of a vector, and a gradient that belongs to it", 1),
        Group("signs", "presses on each weight with the same force, from its own side", 1),
        Group("zeros", "leaves a weight of exactly zero alone", 1),
        Group("shape", "sums over all entries, whatever the shape of w", 1),
    ),
    cases=l1_cases,
    reference=l1_oracle,
    misconceptions=(
        Misconception(
            "no_sign",
            l1_no_sign,
            "Your gradient is +lam for every weight, as if all of them were positive. A step would push the negative "
            "ones further away from zero. Which way does |w| grow to the left of zero?",
            hint=1,
        ),
        Misconception(
            "the_l2_gradient",
            l1_grad_of_size,
            "Your gradient grows with the weight: that is the L2 penalty's. The slope of |w| is the same everywhere "
            "but at zero, however large w is. That is why L1 can press a small weight all the way.",
            hint=1,
        ),
        Misconception(
            "halved",
            l1_halved,
            "There is a factor one half in your penalty. In L2 it cancels the 2 that comes down from the square. Here "
            "there is no square, and nothing to cancel.",
            hint=2,
        ),
        Misconception(
            "no_absolute_value",
            l1_no_absolute,
            "Your value adds up the weights with their signs, so that 3 and -3 cost nothing together, and a very "
            "negative weight is even rewarded. The gradient is right already; what does it belong to?",
            hint=2,
        ),
        Misconception(
            "zero_divided_by_zero",
            l1_divides,
            "Where a weight is exactly zero you divide 0 by 0, and NaN spreads from there. Exact zeros are what L1 is "
            "for, so they will come. Is there a function that knows three answers: -1, 0 and 1?",
            hint=3,
        ),
        Misconception(
            "one_at_zero",
            l1_one_at_zero,
            "At exactly zero your slope is +lam, so a step pushes a weight away from the place where the penalty wants "
            "it. At the kink any slope from -lam to lam is allowed; 0 is the one that lets a zero stay.",
            hint=3,
        ),
        Misconception(
            "minus_one_at_zero",
            l1_minus_one_at_zero,
            "At exactly zero your slope is -lam, so a step pushes a weight away from the place where the penalty wants "
            "it. At the kink any slope from -lam to lam is allowed; 0 is the one that lets a zero stay.",
            hint=3,
        ),
        Misconception(
            "mean_for_sum",
            l1_mean,
            "You average over the weights instead of adding up. Then the same lam presses less on each weight the "
            "larger the layer is. The penalty is a sum.",
            hint=2,
        ),
        Misconception(
            "no_lam_in_the_gradient",
            l1_no_lam_in_grad,
            "Your gradient lacks lam: it presses with force 1, however weak the penalty is meant to be.",
            hint=1,
        ),
        Misconception(
            "norm_of_a_matrix",
            l1_of_a_matrix,
            "For a vector you are right; for a matrix your value is the largest sum of a column. That is what "
            "mathematicians call the 1-norm of a matrix, and not this penalty: here every entry counts.",
            hint=2,
        ),
        Misconception(
            "the_step_for_the_gradient",
            l1_shrinks,
            "Your gradient points towards zero. That is the way the *step* goes; the gradient points where the penalty "
            "grows, and the minus sign comes when somebody steps.",
            hint=1,
        ),
    ),
    equivalents=(l1_by_compare, l1_by_norm, l1_by_loop),
)

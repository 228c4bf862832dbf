"""The L2 penalty with its gradient; torch.autograd is the oracle."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, by_autograd, penalty_case
from grader.spec import Case, Exercise, Group, Misconception


def l2_cases(rng: np.random.Generator) -> list[Case]:
    normal, uniform = rng.normal, rng.uniform
    return [
        penalty_case("w = (3, -4), lam = 1", "vector", [3.0, -4.0], 1.0),
        penalty_case("seven weights", "vector", normal(size=7), uniform(0.2, 0.9)),
        penalty_case("one weight", "vector", normal(size=1) + 2, uniform(0.2, 0.9)),
        penalty_case("a weak penalty", "strength", normal(size=5), uniform(1e-4, 2e-4)),
        penalty_case("a strong penalty", "strength", normal(size=5), uniform(20, 40)),
        penalty_case("lam = 0", "strength", normal(size=4), 0.0),
        penalty_case("one large weight", "spread", np.array([0.0, 0.0, 0.0, 1.0]) * uniform(3, 6), 0.5),
        penalty_case("the same in four small ones", "spread", np.full(4, 0.25) * uniform(3, 6), 0.5),
        penalty_case("all weights zero", "spread", np.zeros(3), 0.7),
        penalty_case("a 3x4 matrix", "shape", normal(size=(3, 4)), uniform(0.2, 0.9)),
        penalty_case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), uniform(0.2, 0.9)),
        penalty_case("whole numbers", "shape", rng.integers(1, 9, size=(2, 5)), 0.3),
    ]


def l2_oracle(w: np.ndarray, lam: float) -> tuple[float, np.ndarray]:
    return by_autograd(lambda t: 0.5 * lam * (t * t).sum(), w)


def l2_penalty(w, lam):
    value = lam / 2 * np.sum(w**2)
    grad = lam * w
    return value, grad


def l2_by_loop(w, lam):
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
        Group("vector", "gives the penalty of a vector, and a gradient that belongs to it", 1, hint=1),
        Group("strength", "grows in proportion to lam", 1, hint=3),
        Group("spread", "makes one large weight dearer than several small ones", 1, hint=2),
        Group("shape", "sums over all entries, whatever the shape of w", 1, hint=2),
    ),
    cases=l2_cases,
    reference=l2_oracle,
    misconceptions=(
        Misconception(
            "without_the_half",
            change(l2_penalty, "lam / 2 * np", "lam * np", "= lam * w", "= 2 * lam * w"),
            "Value and gradient belong together, but both are twice as large as asked: the factor one half is missing. "
            "Both conventions exist. With this one, a lam from a paper that has the half acts twice as hard.",
        ),
        Misconception(
            "value_without_the_half",
            change(l2_penalty, "lam / 2", "lam"),
            "Your value is twice as large as asked. lam w is the slope of half of lam times the square: differentiate "
            "your own value by hand, and see which factor comes out.",
            about=("value",),
        ),
        Misconception(
            "gradient_doubled",
            change(l2_penalty, "= lam * w", "= 2 * lam * w"),
            "Your gradient is twice the slope of this penalty. The 2 that comes down from the square has met something "
            "in the formula that it cancels with.",
            about=("grad",),
        ),
        Misconception(
            "gradient_halved",
            change(l2_penalty, "= lam * w", "= lam / 2 * w"),
            "Your gradient is half the slope of this penalty. The half stands in the value; after you differentiate "
            "the square, is it still there?",
            about=("grad",),
        ),
        Misconception(
            "mean_for_sum",
            change(l2_penalty, "np.sum", "np.mean", "lam * w", "lam * w / w.size"),
            "You average over the weights instead of adding up. Then the same lam presses less on each weight the "
            "larger the layer is. The penalty is a sum; it is the data's loss that is a mean.",
            hint=2,
        ),
        Misconception(
            "root",
            change(l2_penalty, "np.sum(w**2)", "np.sqrt(np.sum(w**2))"),
            "You penalize the length of w, and not its square: there is a root in your value.",
            hint=2,
            about=("value",),
        ),
        Misconception(
            "no_lam_in_the_gradient",
            change(l2_penalty, "= lam * w", "= 1.0 * w"),
            "Your gradient lacks lam: training would press on the weights in full even at lam = 0.",
            hint=3,
            about=("grad",),
        ),
        Misconception(
            "not_summed",
            change(l2_penalty, "np.sum(w**2)", "w**2"),
            "Your value is an array, one penalty for each weight. A loss is one number: it has to be added up.",
            hint=2,
            about=("value",),
        ),
        Misconception(
            "summed_along_one_axis",
            change(l2_penalty, "np.sum(w**2)", "np.sum(w**2, axis=0)"),
            "You add up along one axis only. For a vector that is everything; for a matrix a row of sums is left. "
            "Every weight of the layer counts into one number.",
            about=("value",),
        ),
        Misconception(
            "the_step_for_the_gradient",
            change(l2_penalty, "= lam * w", "= -lam * w"),
            "Your gradient points towards zero. That is the way the *step* goes; the gradient points where the penalty "
            "grows, away from zero, and the minus sign comes when somebody steps.",
            hint=3,
            about=("grad",),
        ),
        Misconception(
            "norm_of_a_matrix",
            change(l2_penalty, "np.sum(w**2)", "np.linalg.norm(w, 2) ** 2"),
            "For a vector you are right; for a matrix, norm(w, 2) is its largest singular value, and for more axes "
            "there is none. Here the squares of all entries count, wherever they stand.",
            about=("value",),
        ),
        Misconception(
            "absolute_values",
            change(l2_penalty, "w**2", "np.abs(w)"),
            "Your value adds up absolute values: that is the L1 penalty, which comes next. L2 adds up squares.",
            hint=2,
            about=("value",),
        ),
        Misconception(
            "square_of_the_sum",
            change(l2_penalty, "np.sum(w**2)", "np.sum(w) ** 2"),
            "You square the sum of the weights, in which 3 and -3 cancel. Square each weight first, and add up then.",
            hint=2,
            about=("value",),
        ),
        Misconception(
            "mean_in_the_value",
            change(l2_penalty, "np.sum", "np.mean"),
            "Your value is a mean of squares. The penalty is their sum: with a mean, the same lam would press less on "
            "each weight the larger the layer is.",
            hint=2,
            about=("value",),
        ),
        Misconception(
            "size_in_the_gradient",
            change(l2_penalty, "= lam * w", "= lam * np.abs(w)"),
            "Your gradient is never negative, so that a step would push negative weights further away from zero. The "
            "slope of w^2 has the sign of w.",
            hint=3,
            about=("grad",),
        ),
    ),
    also_right=(
        l2_penalty,
        change(l2_penalty, "np.sum(w**2)", "(w.ravel() @ w.ravel())", "return value, grad", "return [value, grad]"),
        change(l2_penalty, "np.sum(w**2)", "np.linalg.norm(w) ** 2", "lam * w", "np.multiply(w, lam)"),
        change(l2_penalty, "np.sum(w**2)", "np.square(w).sum()"),
        change(l2_penalty, "np.sum(w**2)", "sum(float(each) ** 2 for each in w.flat)"),
        l2_by_loop,
    ),
)

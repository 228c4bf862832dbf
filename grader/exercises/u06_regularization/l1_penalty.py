"""The L1 penalty with a subgradient; torch.autograd is the oracle."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, by_autograd, penalty_case
from grader.spec import Case, Exercise, Group, Misconception


def l1_cases(rng: np.random.Generator) -> list[Case]:
    normal, uniform = rng.normal, rng.uniform
    some = normal(size=8)
    some[rng.permutation(8)[:3]] = 0.0
    return [
        penalty_case("w = (3, -4), lam = 1", "vector", [3.0, -4.0], 1.0),
        penalty_case("seven weights", "vector", normal(size=7), uniform(0.2, 0.9)),
        penalty_case("lam = 0", "vector", normal(size=4), 0.0),
        penalty_case("positive weights", "signs", uniform(0.5, 2, size=5), uniform(0.2, 0.9)),
        penalty_case("negative weights", "signs", -uniform(0.5, 2, size=5), uniform(0.2, 0.9)),
        penalty_case(
            "tiny and huge weights", "signs", normal(size=4) * np.array([1e-6, 1e-3, 1.0, 1e3]), uniform(2, 4)
        ),
        penalty_case("some weights are exactly zero", "zeros", some, uniform(0.2, 0.9)),
        penalty_case("all weights zero", "zeros", np.zeros(4), uniform(0.2, 0.9)),
        penalty_case("a 3x4 matrix", "shape", normal(size=(3, 4)), uniform(0.2, 0.9)),
        penalty_case("shape (2, 3, 4)", "shape", normal(size=(2, 3, 4)), uniform(0.2, 0.9)),
        penalty_case("whole numbers", "shape", rng.choice([-3, -1, 2, 5], size=(2, 5)), 0.3),
    ]


def l1_oracle(w: np.ndarray, lam: float) -> tuple[float, np.ndarray]:
    return by_autograd(lambda t: lam * t.abs().sum(), w)


def l1_penalty(w, lam):
    value = lam * np.sum(np.abs(w))
    grad = lam * np.sign(w)
    return value, grad


def l1_by_loop(w, lam):
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
        Group("vector", "gives the penalty of a vector, and a gradient that belongs to it", 1, hint=2),
        Group("signs", "presses on each weight with the same force, from its own side", 1, hint=1),
        Group("zeros", "leaves a weight of exactly zero alone", 1, hint=3),
        Group("shape", "sums over all entries, whatever the shape of w", 1, hint=2),
    ),
    cases=l1_cases,
    reference=l1_oracle,
    misconceptions=(
        Misconception(
            "no_sign",
            change(l1_penalty, "np.sign(w)", "np.ones(w.shape)"),
            "Your gradient is +lam for every weight, as if all of them were positive. A step would push the negative "
            "ones further away from zero. Which way does |w| grow to the left of zero?",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "the_l2_gradient",
            change(l1_penalty, "np.sign(w)", "w"),
            "Your gradient grows with the weight: that is the L2 penalty's. The slope of |w| is the same everywhere "
            "but at zero, however large w is. That is why L1 can press a small weight all the way.",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "halved",
            change(l1_penalty, "value = lam", "value = lam / 2", "grad = lam", "grad = lam / 2"),
            "There is a factor one half in your penalty. In L2 it cancels the 2 that comes down from the square. Here "
            "there is no square, and nothing to cancel.",
        ),
        Misconception(
            "no_absolute_value",
            change(l1_penalty, "np.abs(w)", "w"),
            "Your value adds up the weights with their signs, so that 3 and -3 cost nothing together, and a very "
            "negative weight is even rewarded. Which way a weight points is no merit: its size counts.",
            about=("value",),
        ),
        Misconception(
            "zero_divided_by_zero",
            change(l1_penalty, "np.sign(w)", "w / np.abs(w)"),
            "Where a weight is exactly zero you divide 0 by 0, and NaN spreads from there. Exact zeros are what L1 is "
            "for, so they will come. Is there a function that knows three answers: -1, 0 and 1?",
            about=("grad",),
        ),
        Misconception(
            "one_at_zero",
            change(l1_penalty, "np.sign(w)", "np.where(w >= 0, 1.0, -1.0)"),
            "At exactly zero your slope is +lam, so a step pushes a weight away from the place where the penalty wants "
            "it. At the kink any slope from -lam to lam is allowed; 0 is the one that lets a zero stay.",
            about=("grad",),
        ),
        Misconception(
            "minus_one_at_zero",
            change(l1_penalty, "np.sign(w)", "np.where(w > 0, 1.0, -1.0)"),
            "At exactly zero your slope is -lam, so a step pushes a weight away from the place where the penalty wants "
            "it. At the kink any slope from -lam to lam is allowed; 0 is the one that lets a zero stay.",
            about=("grad",),
        ),
        Misconception(
            "mean_for_sum",
            change(l1_penalty, "np.sum", "np.mean", "np.sign(w)", "np.sign(w) / w.size"),
            "You average over the weights instead of adding up. Then the same lam presses less on each weight the "
            "larger the layer is. The penalty is a sum.",
        ),
        Misconception(
            "no_lam_in_the_gradient",
            change(l1_penalty, "lam * np.sign(w)", "np.sign(w)"),
            "Your gradient lacks lam: it presses with force 1, however weak the penalty is meant to be.",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "norm_of_a_matrix",
            change(l1_penalty, "np.sum(np.abs(w))", "np.linalg.norm(w, 1)"),
            "For a vector you are right; for a matrix your value is the largest sum of a column, which is what "
            "mathematicians call the 1-norm of a matrix, and for more axes there is none. In this penalty every entry "
            "counts.",
            about=("value",),
        ),
        Misconception(
            "the_step_for_the_gradient",
            change(l1_penalty, "lam * np.sign(w)", "-lam * np.sign(w)"),
            "Your gradient points towards zero. That is the way the *step* goes; the gradient points where the penalty "
            "grows, and the minus sign comes when somebody steps.",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "size_for_sign",
            change(l1_penalty, "np.sign(w)", "np.abs(w)"),
            "Your slope grows with the weight and is never negative. The slope of |w| is 1 to the right of zero and -1 "
            "to the left, however far away.",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "squares",
            change(l1_penalty, "np.abs(w)", "w**2"),
            "Your value adds up squares: that is L2. L1 adds up the sizes themselves.",
            about=("value",),
        ),
        Misconception(
            "size_of_the_sum",
            change(l1_penalty, "np.sum(np.abs(w))", "np.abs(np.sum(w))"),
            "You take the size of the sum, in which 3 and -3 cancel. Take the size of each weight first, and add up "
            "then.",
            about=("value",),
        ),
        Misconception(
            "not_summed",
            change(l1_penalty, "np.sum(np.abs(w))", "np.abs(w)"),
            "Your value is an array, one penalty for each weight. A loss is one number: it has to be added up.",
            about=("value",),
        ),
        Misconception(
            "summed_along_one_axis",
            change(l1_penalty, "np.sum(np.abs(w))", "np.sum(np.abs(w), axis=0)"),
            "You add up along one axis only. For a vector that is everything; for a matrix a row of sums is left. "
            "Every weight of the layer counts into one number.",
            about=("value",),
        ),
        Misconception(
            "mean_in_the_value",
            change(l1_penalty, "np.sum", "np.mean"),
            "Your value is a mean. The penalty is a sum: with a mean, the same lam would press less on each weight the "
            "larger the layer is.",
            about=("value",),
        ),
        Misconception(
            "nothing_on_the_left",
            change(l1_penalty, "np.sign(w)", "(w > 0)"),
            "Negative weights have no slope with you. |w| falls towards zero from the left as well: what is its slope "
            "there?",
            hint=1,
            about=("grad",),
        ),
        Misconception(
            "length",
            change(l1_penalty, "np.sum(np.abs(w))", "np.sqrt(np.sum(w**2))"),
            "Your value is the length of w, a root of squares. L1 adds up the sizes of the entries: for (3, -4) that "
            "is 7, and not 5.",
            about=("value",),
        ),
    ),
    also_right=(
        l1_penalty,
        change(l1_penalty, "np.sign(w)", "((w > 0).astype(float) - (w < 0))"),
        change(
            l1_penalty,
            "np.sum(np.abs(w))",
            "np.linalg.norm(w.ravel(), 1)",
            "return value, grad",
            "return [value, grad]",
        ),
        change(l1_penalty, "np.sum(np.abs(w))", "np.sum(w * np.sign(w))"),
        change(l1_penalty, "np.sign(w)", "np.divide(w, np.abs(w), out=np.zeros(w.shape), where=w != 0)"),
        change(l1_penalty, "np.sum(np.abs(w))", "sum(abs(each) for each in w.flat)"),
        l1_by_loop,
    ),
)

"""Adam's two moving averages, of the gradients and of their squares; no correction yet."""

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def moments_cases(rng: np.random.Generator) -> list[Case]:
    normal = rng.normal

    def case(label: str, group: str, grads: np.ndarray, beta1: float, beta2: float, moving: bool = False) -> Case:
        shape = grads.shape[1:]
        m, v = (normal(size=shape), rng.uniform(0.5, 3, size=shape)) if moving else (np.zeros(shape), np.zeros(shape))
        return Case(label, group, {"m": m, "v": v, "grad": grads, "beta1": beta1, "beta2": beta2})

    return [
        case("one gradient of 4", "first", np.array([[4.0]]), 0.9, 0.999),
        case("five parameters, from zero", "first", normal(size=(1, 5)), 0.9, 0.999),
        case(
            "gradients that alternate", "signs", np.outer([1, -1, 1, -1, 1, -1], rng.uniform(1, 3, size=2)), 0.9, 0.99
        ),
        case("negative gradients", "signs", -rng.uniform(0.5, 3, size=(5, 3)), 0.8, 0.95),
        case("gradients that change", "carries", normal(size=(9, 4)), 0.9, 0.999),
        case("averages from before", "carries", normal(size=(4, 3)), 0.7, 0.9, moving=True),
        case("no gradient any more", "carries", np.zeros((5, 3)), 0.9, 0.99, moving=True),
        case("beta1 = 0", "betas", normal(size=(4, 3)), 0.0, 0.999, moving=True),
        case("beta1 above beta2", "betas", normal(size=(5, 2)), 0.95, 0.6),
        case("a 3x4 matrix", "shape", normal(size=(3, 3, 4)), 0.9, 0.999),
        case("shape (2, 3, 4)", "shape", normal(size=(2, 2, 3, 4)), 0.9, 0.99, moving=True),
    ]


def moments_oracle(
    m: np.ndarray, v: np.ndarray, grad: np.ndarray, beta1: float, beta2: float
) -> tuple[np.ndarray, np.ndarray]:
    """Both averages are digital filters that start from what they were; by scipy."""
    from scipy.signal import lfilter

    filtered = [
        lfilter([1 - beta], [1, -beta], values, axis=0, zi=beta * start[None])[0]
        for values, start, beta in ((grad, m, beta1), (np.square(grad), v, beta2))
    ]
    return filtered[0], filtered[1]


def adam_moments(m, v, grad, beta1, beta2):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return m, v


def moments_copy(m, v, grad, beta1, beta2):
    m, v = m.copy(), v.copy()
    m *= beta1
    m += grad - beta1 * grad
    v *= beta2
    v += np.square(grad) * (1 - beta2)
    return [m, v]


def moments_loop(m, v, grad, beta1, beta2):
    new_m, new_v = np.empty(m.shape), np.empty(v.shape)
    for index in np.ndindex(*m.shape):
        g = grad[index]
        new_m[index] = g * (1 - beta1) + m[index] * beta1
        new_v[index] = g * g * (1 - beta2) + v[index] * beta2
    return new_m, new_v


ADAM_MOMENTS = Exercise(
    name="adam_moments",
    unit=UNIT,
    returns=("m", "v"),
    groups=(
        Group("first", "takes 1 - beta of the first gradient, and of its square", 1, hint=1),
        Group("signs", "lets signs cancel in m, and never in v", 1, hint=2),
        Group("carries", "fades the old averages, with and without new gradients", 2, hint=3),
        Group("betas", "gives each average the memory of its own beta", 1, hint=1),
        Group("shape", "averages entry by entry, whatever the shape", 1, hint=2),
    ),
    cases=moments_cases,
    reference=moments_oracle,
    driver="moment_steps",
    misconceptions=(
        Misconception(
            "betas_swapped",
            change(
                adam_moments,
                "beta1 * m + (1 - beta1)",
                "beta2 * m + (1 - beta2)",
                "beta2 * v + (1 - beta2)",
                "beta1 * v + (1 - beta1)",
            ),
            "The betas have changed places: your m remembers with beta2 and your v with beta1. With the usual 0.9 and "
            "0.999, m would need a thousand steps to notice that the slope has turned.",
        ),
        Misconception(
            "shares_swapped",
            change(
                adam_moments,
                "beta1 * m + (1 - beta1) * grad",
                "(1 - beta1) * m + beta1 * grad",
                "beta2 * v + (1 - beta2) * grad",
                "(1 - beta2) * v + beta2 * grad",
            ),
            "Your averages hardly remember: they take beta of what is new and keep 1 - beta of what was. Which of the "
            "two factors should be near 1 if the memory is to be long?",
        ),
        Misconception(
            "v_from_g",
            change(adam_moments, "grad**2", "grad"),
            "Your v averages the gradients, not their squares. Then it is just a slower m: it can be negative, and the "
            "next exercise takes its root. v is to say how *large* gradients are, whichever way they point.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "v_from_absolute_values",
            change(adam_moments, "grad**2", "np.abs(grad)"),
            "Your v averages absolute values. That too measures a size, but not Adam's: a gradient of 4 should bring "
            "16 into v, since the root is taken later.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "m_from_g_squared",
            change(adam_moments, "(1 - beta1) * grad", "(1 - beta1) * grad**2"),
            "Your m averages the squares. A square has forgotten which way the gradient pointed, so a step along this "
            "m would always go in the same direction. Which average keeps the signs?",
            hint=2,
            about=("m",),
        ),
        Misconception(
            "v_from_m",
            change(adam_moments, "grad**2", "m**2"),
            "Your v averages the square of the new m, in which opposite gradients have cancelled already. v is to see "
            "each gradient itself, so that it stays large where gradients flip to and fro.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "share_squared",
            change(adam_moments, "(1 - beta2) * grad**2", "((1 - beta2) * grad) ** 2"),
            "You square 1 - beta2 along with the gradient, so v comes out a thousand times too small with beta2 = "
            "0.999. Only the gradient is squared; look at where your brackets close.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "sums",
            change(adam_moments, "(1 - beta1) * grad", "grad", "(1 - beta2) * grad**2", "grad**2"),
            "Yours are fading sums, in which every gradient enters in full, as in unit 04's momentum. Adam keeps "
            "averages: what share of each new gradient should go in?",
        ),
        Misconception(
            "one_beta",
            change(adam_moments, "beta2 * v + (1 - beta2)", "beta1 * v + (1 - beta1)"),
            "Both of your averages remember with beta1. The squares have a memory of their own, beta2, usually a "
            "hundred times as long.",
        ),
        Misconception(
            "one_v_for_all",
            change(adam_moments, "grad**2", "np.sum(grad**2)"),
            "All entries share one sum of squares, so the steep parameters will brake the flat ones. Squares are "
            "averaged over time, for each entry on its own; nothing is added up over the entries.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "forgets",
            change(adam_moments, "beta1 * m + ", "", "beta2 * v + ", ""),
            "Your averages hold the last gradient alone; what came in as m and v is not used. From zero that is right "
            "once, and never again.",
            hint=3,
        ),
        Misconception(
            "returned_in_reverse",
            change(adam_moments, "return m, v", "return v, m"),
            "The averages come back in the wrong order: m first, then v. The next step would take one for the other.",
            hint=3,
        ),
        Misconception(
            "mutates",
            change(adam_moments, "m = beta1", "m[...] = beta1", "v = beta2", "v[...] = beta2"),
            "The averages that you were given were changed in place. Whoever wants to try the same step with another "
            "gradient needs the old ones: make new arrays here.",
            hint=4,
        ),
        Misconception(
            "mean_for_all",
            change(adam_moments, "grad**2", "np.mean(grad**2)"),
            "All entries share one mean of squares, so the steep parameters will brake the flat ones. Squares are "
            "averaged over time, for each entry on its own, and not over the entries.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "corrected_already",
            change(adam_moments, "return m, v", "return m / (1 - beta1), v / (1 - beta2)"),
            "You divide by 1 - beta at the end, so that the first gradient comes out in full. The averages are asked "
            "for as they are; what they lack at the start is the next exercise's business, and there it depends on the "
            "step.",
        ),
        Misconception(
            "nothing_fades",
            change(adam_moments, "beta1 * m", "m", "beta2 * v", "v"),
            "Your averages take a share of each new gradient, and nothing of what they hold ever fades: they are sums "
            "that grow. Which factor belongs to the old average?",
            hint=1,
        ),
        Misconception(
            "beta_for_both",
            change(adam_moments, "(1 - beta1)", "beta1", "(1 - beta2)", "beta2"),
            "You take beta of the old average and beta of the new gradient as well. The two shares should make 1 "
            "together.",
        ),
        Misconception(
            "squares_of_distances",
            change(adam_moments, "grad**2", "(grad - m) ** 2"),
            "Your v averages the squared distances of the gradients from m: a variance. v is to see the size of each "
            "gradient itself.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "average_squared",
            change(adam_moments, "beta2 * v + (1 - beta2) * grad**2", "(beta2 * v + (1 - beta2) * grad) ** 2"),
            "You square the average, and not the gradient: the old v is squared along in every step. Only the gradient "
            "is squared, before it goes in.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "sum_in_m",
            change(adam_moments, "(1 - beta1) * grad", "grad"),
            "Each gradient enters your m in full, as in momentum's velocity: a fading sum, and not an average. Which "
            "share of the new gradient does an average take, if it keeps beta1 of what was?",
            about=("m",),
        ),
        Misconception(
            "sum_in_v",
            change(adam_moments, "(1 - beta2) * grad**2", "grad**2"),
            "Each square enters your v in full: a fading sum, and not an average. Which share of the new square does "
            "an average take, if it keeps beta2 of what was?",
            about=("v",),
        ),
    ),
    also_right=(
        adam_moments,
        change(adam_moments, "m = beta1 * m + (1 - beta1) * grad", "m = m + (1 - beta1) * (grad - m)"),
        change(
            adam_moments,
            "m = beta1",
            "return [beta1",
            ") * grad\n    v = ",
            ") * grad, ",
            "grad**2\n    return m, v",
            "grad**2]",
        ),
        moments_copy,
        moments_loop,
        change(adam_moments, "    m = ", "    grad = grad.astype(np.float32)\n    m = "),
    ),
)

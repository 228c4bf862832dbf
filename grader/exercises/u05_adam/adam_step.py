"""One step of Adam, with alpha_t a number or a schedule, and eps outside the root, as torch has it."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.adam_moments import adam_moments
from grader.exercises.u05_adam.bias_correction import bias_correction
from grader.exercises.u05_adam.common import UNIT, adam_by_torch, adam_case, signed
from grader.spec import Case, Exercise, Group, Misconception

REST = {"m": 0.0, "v": 0.0}


def step_cases(rng: np.random.Generator) -> list[Case]:
    normal = rng.normal

    def case(
        label: str,
        group: str,
        grads: Any,
        lr: Any,
        state: dict[str, Any] = REST,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-12,
    ) -> Case:
        theta = normal(size=np.shape(grads)[1:])
        return adam_case(label, group, theta, state, grads, lr, beta1=beta1, beta2=beta2, eps=eps)

    moving = {"m": normal(size=3), "v": rng.uniform(0.5, 2, size=3)}
    falling = 0.4 * rng.uniform(0.8, 1.2) * np.cos(np.linspace(0, 1.4, 7))
    rising = rng.uniform(0.2, 0.4) * np.linspace(0, 1, 6)
    return [
        case("one gradient of 4", "first", [[4.0]], 0.1),
        case("gradients of very different size", "first", np.array([100.0, 1.0, 0.01]) * signed(rng, 1, 3), 0.2),
        case("a constant gradient", "many", np.tile(signed(rng, 2), (8, 1)), 0.1),
        case("gradients that change", "many", signed(rng, 9, 4), 0.3),
        case("averages from before", "many", signed(rng, 4, 3), 0.1, moving),
        case("beta1 = 0.5, beta2 = 0.8", "many", signed(rng, 5, 3), 0.2, beta1=0.5, beta2=0.8),
        case("|g| near eps = 1e-8", "eps", 1e-8 * signed(rng, 3, 4), 0.1, eps=1e-8),
        case("|g| near eps = 0.5", "eps", 0.5 * signed(rng, 3, 4), 0.1, eps=0.5),
        case("a gradient of exactly zero", "eps", np.array([1.0, 0.0, 1.0]) * signed(rng, 3, 3), 0.1, eps=1e-8),
        case("a schedule that falls", "schedule", signed(rng, 6, 2), falling),
        case("a schedule that rises", "schedule", signed(rng, 5, 3), rising),
        case("a 3x4 matrix", "shape", signed(rng, 3, 3, 4), 0.1),
        case("shape (2, 3, 4)", "shape", signed(rng, 2, 2, 3, 4), 0.3),
    ]


def step_oracle(
    theta: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    grads: np.ndarray,
    lr: Any,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[np.ndarray, ...]:
    import torch

    def make(params: list[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, betas=(beta1, beta2), eps=eps)

    return adam_by_torch(make, theta, {"m": m, "v": v}, grads, lr)


def adam_step(theta, m, v, grad, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    alpha = lr(t) if callable(lr) else lr
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v


def step_of_both(theta, m, v, grad, t, lr, beta1, beta2, eps):
    if callable(lr):
        lr = lr(t)
    m, v = adam_moments(m, v, grad, beta1, beta2)
    direction = bias_correction(m, beta1, t) / (np.sqrt(bias_correction(v, beta2, t)) + eps)
    return theta - lr * direction, m, v


def step_on_copies(theta, m, v, grad, t, lr, beta1, beta2, eps):
    alpha = lr if isinstance(lr, float) else lr(t)
    theta, m, v = theta.copy(), m.copy(), v.copy()
    m += (1 - beta1) * (grad - m)
    v += (1 - beta2) * (grad * grad - v)
    denominator = np.sqrt(v / (1 - beta2**t))
    denominator += eps
    theta -= alpha * (m / (1 - beta1**t)) / denominator
    return [theta, m, v]


def step_in_a_loop(theta, m, v, grad, t, lr, beta1, beta2, eps):
    alpha = lr(t) if callable(lr) else lr
    new = [np.empty(theta.shape) for _ in range(3)]
    for i in np.ndindex(*theta.shape):
        new[1][i] = beta1 * m[i] + (1 - beta1) * grad[i]
        new[2][i] = beta2 * v[i] + (1 - beta2) * grad[i] ** 2
        m_hat = new[1][i] / (1 - beta1**t)
        v_hat = new[2][i] / (1 - beta2**t)
        new[0][i] = theta[i] - alpha * m_hat / (v_hat**0.5 + eps)
    return tuple(new)


ADAM_STEP = Exercise(
    name="adam_step",
    unit=UNIT,
    returns=("theta", "m", "v"),
    groups=(
        Group("first", "takes a first step of alpha in each coordinate, however large its gradient", 2, hint=1),
        Group("many", "carries both averages on, and corrects them by the step's number", 2, hint=3),
        Group("eps", "adds eps to the root, outside, and makes no NaN where the gradient is zero", 2, hint=2),
        Group("schedule", "asks a schedule for the alpha of its own step", 2, hint=5),
        Group("shape", "works for parameters of any shape, each entry on its own", 1, hint=4),
    ),
    cases=step_cases,
    reference=step_oracle,
    driver="counted_steps",
    misconceptions=(
        Misconception(
            "without_bias_correction",
            change(adam_step, "m / (1 - beta1**t)", "m", "v / (1 - beta2**t)", "v"),
            "Your first step is 3.16 times too long (with betas of 0.9 and 0.999): m is a tenth of the gradient, but "
            "the root of v only a thirtieth. m and v were not bias-corrected.",
        ),
        Misconception(
            "t_from_zero",
            change(adam_step, "beta1**t", "beta1 ** (t - 1)", "beta2**t", "beta2 ** (t - 1)"),
            "Your first step is NaN or infinite: t is counted from 0, and 1 - beta^0 is 0. The first gradient has "
            "arrived when the first step is made, so t is 1 there, and it is handed to you so.",
        ),
        Misconception(
            "corrects_m_only",
            change(adam_step, "v / (1 - beta2**t)", "v"),
            "You correct m and leave v as it is. A young v is far too small and stands below the fraction bar, so your "
            "first step is 31.6 times too long.",
        ),
        Misconception(
            "corrects_v_only",
            change(adam_step, "m / (1 - beta1**t)", "m"),
            "You correct v and leave m as it is, so your first step is a tenth of alpha and the next ones creep up to "
            "it. Both averages started at zero; both are too small.",
        ),
        Misconception(
            "corrects_by_1_minus_beta",
            change(adam_step, "beta1**t", "beta1", "beta2**t", "beta2"),
            "Your first step is right; from the second one on, yours are wrong: you divide by 1 - beta at every step. "
            "The bias fades as the averages fill. Which number tells how far they have?",
            hint=1,
        ),
        Misconception(
            "corrected_moments_stored",
            change(adam_step, "eps), m, v", "eps), m_hat, v_hat"),
            "The averages that you hand back are the corrected ones. The next step "
            "averages on from there and corrects once more. The correction is for this step only; m and v go on raw.",
            hint=3,
        ),
        Misconception(
            "eps_inside_the_root",
            change(adam_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"),
            "Your eps is inside the root. Where gradients are large nobody notices; where |g| is near 1e-8, the root "
            "of eps is 1e-4, ten thousand times the gradient, and your step all but vanishes.",
        ),
        Misconception(
            "eps_before_the_correction",
            change(adam_step, "(np.sqrt(v_hat) + eps)", "(np.sqrt(v) + eps) * np.sqrt(1 - beta2**t)"),
            "You add eps to the root of the *uncorrected* v, as the short form at the end of section 2 of Adam's paper "
            "does. Early on that root is thirty times too small, so your eps counts thirty times as much. Here eps "
            "stands beside the root of the corrected v.",
        ),
        Misconception(
            "without_eps",
            change(adam_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)"),
            "Without eps, a parameter whose gradient has always been zero is divided 0/0, and NaN spreads from there "
            "to everything. Where does eps stand in the formula?",
        ),
        Misconception(
            "v_from_g",
            change(adam_step, "grad**2", "grad", "np.sqrt(v_hat)", "np.sqrt(np.abs(v_hat))"),
            "Your v averages the gradients and not their squares, so your steps do not have the length alpha, and "
            "where gradients change sign v goes through zero. Adam measures how large they are.",
            hint=4,
            about=("v",),
        ),
        Misconception(
            "m_from_g_squared",
            change(adam_step, "(1 - beta1) * grad", "(1 - beta1) * grad**2"),
            "Your m averages squares, which are never negative: your theta can only go down, whichever way the "
            "gradient points. Which of the two averages keeps the signs?",
            hint=4,
            about=("m",),
        ),
        Misconception(
            "betas_swapped",
            change(adam_step, "    alpha = lr", "    beta1, beta2 = beta2, beta1\n    alpha = lr"),
            "The betas have changed places. Your first step is right, since the correction undoes any beta there; then "
            "your direction remembers a thousand steps and your scale only ten. beta1 belongs to m.",
            hint=4,
        ),
        Misconception(
            "without_the_root",
            change(adam_step, "np.sqrt(v_hat)", "v_hat"),
            "The root is missing: you divide by the average square itself. A gradient of 4 then makes a step of a "
            "quarter of alpha, and one of 0.01 a step of 100 alpha. With the root, both are alpha long.",
            hint=4,
        ),
        Misconception(
            "without_m",
            change(adam_step, "alpha * m_hat", "alpha * grad"),
            "Your theta moves by the last gradient alone: this is RMSProp, corrected. What is m made for?",
            hint=4,
            about=("theta",),
        ),
        Misconception(
            "old_moments_returned",
            change(adam_step, "    alpha = lr", "    old = m, v\n    alpha = lr", "eps), m, v", "eps), *old"),
            "You hand back the averages that you were given, without this gradient. So "
            "every step begins with empty averages.",
            hint=3,
        ),
        Misconception(
            "uphill",
            change(adam_step, "theta - alpha", "theta + alpha"),
            "Your steps have the right length and go uphill. Dividing by a root does not change which way the gradient "
            "points.",
            hint=4,
        ),
        Misconception(
            "schedule_one_late",
            change(adam_step, "lr(t)", "lr(t - 1)"),
            "You ask the schedule for t - 1. The step with number t is to be made with alpha_t.",
        ),
        Misconception(
            "schedule_asked_once",
            change(adam_step, "lr(t)", "lr(1)"),
            "Every one of your steps uses the schedule's first value. Then it is no schedule: ask it anew, with the "
            "number of this step.",
        ),
        Misconception(
            "lr_over_t",
            change(adam_step, "alpha * m_hat", "alpha / t * m_hat"),
            "You divide alpha by t, so your steps shrink by themselves. The power t in the correction is all that the "
            "formula has of t; if the steps are to shrink, alpha is handed over as a schedule.",
            hint=5,
        ),
        Misconception(
            "gradient_squared_in_place",
            change(adam_step, "    v = beta2", "    grad *= grad\n    v = beta2", "grad**2", "grad"),
            "The gradient that you were given was changed in place (squared, perhaps). Whoever looks at it afterwards, "
            "to clip or to print it, finds other numbers.",
            hint=6,
        ),
        Misconception(
            "mutates",
            change(adam_step, "    m = ", "    m[...] = ", "    v = ", "    v[...] = "),
            "The averages that you were given were changed in place. Make new arrays here; in the class Adam below, "
            "changing in place will be what we want.",
            hint=6,
        ),
        Misconception(
            "lr_over_root_t",
            change(adam_step, "callable(lr) else lr", "callable(lr) else lr / np.sqrt(t)"),
            "Your first step is right; where lr is a number, the later ones shrink with 1 / sqrt(t), as in the proof "
            "of Adam's paper. A number is to be used as it is; steps that shrink come as a schedule.",
            hint=5,
            about=("theta",),
        ),
        Misconception(
            "corrected_after_the_root",
            change(adam_step, "v / (1 - beta2**t)", "v", "np.sqrt(v_hat)", "np.sqrt(v) / (1 - beta2**t)"),
            "You correct the root of v. v itself is what came out too small by 1 - beta2^t, so it is corrected "
            "*before* the root; its root is too small by the root of that only.",
            about=("theta",),
        ),
        Misconception(
            "corrections_swapped",
            change(adam_step, "m / (1 - beta1**t)", "m / (1 - beta2**t)", "v / (1 - beta2**t)", "v / (1 - beta1**t)"),
            "Each of your averages is corrected with the other's beta. m has filled up with beta1, and v with beta2.",
            about=("theta",),
        ),
        Misconception(
            "schedule_one_early",
            change(adam_step, "lr(t)", "lr(t + 1)"),
            "You ask the schedule for t + 1. The step with number t is to be made with alpha_t.",
            about=("theta",),
        ),
        Misconception(
            "schedule_not_asked",
            change(adam_step, "lr(t) if callable(lr) else lr", "lr"),
            "Numbers work; a schedule does not. It is a *function*, and what it says of step t is had by calling it "
            "with t.",
        ),
        Misconception(
            "not_divided",
            change(adam_step, " / (np.sqrt(v_hat) + eps)", ""),
            "Your theta moves by alpha times the corrected m, and nothing divides that: a gradient of 100 makes a step "
            "of 100 alpha. What is v kept for?",
            hint=4,
            about=("theta",),
        ),
        Misconception(
            "eps_fixed",
            change(adam_step, "+ eps)", "+ 1e-8)"),
            "Your eps is 1e-8, whatever eps is handed over. It comes as an argument, since in half precision it has to "
            "be larger.",
            about=("theta",),
        ),
        Misconception(
            "eps_beside_the_fraction",
            change(adam_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat) + eps"),
            "Your eps is added to the whole fraction, and moves every parameter a little by itself. It belongs to the "
            "root, below the fraction bar: mind the brackets.",
            about=("theta",),
        ),
        Misconception(
            "betas_fixed",
            change(adam_step, "    alpha =", "    beta1, beta2 = 0.9, 0.999\n    alpha ="),
            "Right with the usual betas, and wrong with others: do beta1 and beta2 reach both averages and both "
            "corrections?",
            hint=4,
        ),
        Misconception(
            "returns_the_step",
            change(adam_step, "theta - alpha", "alpha"),
            "What you hand back is the step itself, and not theta after it. From where is the step taken, and which "
            "way?",
            hint=4,
            about=("theta",),
        ),
        Misconception(
            "norm_for_size",
            change(adam_step, "np.sqrt(v_hat)", "np.sqrt(np.sum(v_hat))"),
            "You divide every entry by one number, the root of the sum over all entries. Each parameter has a size of "
            "its own: nothing is added up over the entries.",
            hint=4,
            about=("theta",),
        ),
        Misconception(
            "theta_changed_in_place",
            change(
                adam_step,
                "    return theta - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v",
                "    theta -= alpha * m_hat / (np.sqrt(v_hat) + eps)\n    return theta, m, v",
            ),
            "The array theta itself was changed in place. Make a new array here; in the class Adam below, changing in "
            "place will be what we want.",
            hint=6,
        ),
        Misconception(
            "betas_fixed_in_the_correction",
            change(adam_step, "beta1**t", "0.9**t", "beta2**t", "0.999**t"),
            "Your correction knows the usual betas alone, 0.9 and 0.999, and averages with others are corrected by "
            "the wrong weight. Each has filled up with the beta that was handed over.",
            about=("theta",),
        ),
        Misconception(
            "one_step_late",
            change(
                adam_step,
                "    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n",
                "",
                "    m = beta1",
                "    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n    m = beta1",
            ),
            "Your step is made with the averages from before this gradient. Renew both first, then correct them and "
            "step.",
            hint=3,
            about=("theta",),
        ),
        Misconception(
            "alpha_corrected_without_the_root",
            change(
                adam_step,
                "alpha * m_hat / (np.sqrt(v_hat) + eps)",
                "alpha * (1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps)",
            ),
            "You correct alpha, and not the averages. That can be done, but v stands below a root, so its correction "
            "needs that root too.",
            about=("theta",),
        ),
    ),
    also_right=(
        adam_step,
        step_of_both,
        change(
            adam_step,
            "alpha * m_hat / (np.sqrt(v_hat) + eps)",
            "alpha * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t))",
        ),
        change(adam_step, "lr(t) if callable(lr) else lr", "lr if isinstance(lr, (int, float)) else lr(t)"),
        change(
            adam_step, "np.sqrt(v_hat)", "v_hat**0.5", "(1 - beta2) * grad**2", "(1 - beta2) * np.multiply(grad, grad)"
        ),
        step_on_copies,
        step_in_a_loop,
        change(adam_step, "    m = ", "    grad = grad.astype(np.float32)\n    m = "),
    ),
)

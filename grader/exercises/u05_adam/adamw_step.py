"""One step of AdamW: Adam's step, and beside it, not inside it, a decay of the weights."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.adam_step import adam_step
from grader.exercises.u05_adam.common import UNIT, adam_by_torch, adam_case, signed
from grader.spec import Case, Exercise, Group, Misconception

REST = {"m": 0.0, "v": 0.0}


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        group: str,
        theta: Any,
        grads: Any,
        lr: Any,
        decay: float,
        state: dict[str, Any] = REST,
        eps: float = 1e-8,
    ) -> Case:
        rest = {"weight_decay": decay, "beta1": 0.9, "beta2": 0.999, "eps": eps}
        return adam_case(label, group, theta, state, grads, lr, **rest)

    moving = {"m": rng.normal(size=3), "v": rng.uniform(0.5, 2, size=3)}
    falling = 0.4 * rng.uniform(0.8, 1.2) * np.cos(np.linspace(0, 1.4, 6))
    return [
        case("no gradient, weights 1 and 100", "still", [1.0, 100.0], np.zeros((1, 2)), 0.1, 0.1),
        case("no gradient, three steps", "still", signed(rng, 4), np.zeros((3, 4)), 0.2, 0.3),
        case("one step", "moves", signed(rng, 4), signed(rng, 1, 4), 0.1, 0.2),
        case("no decay: Adam's steps", "moves", signed(rng, 3), signed(rng, 4, 3), 0.1, 0.0),
        case("six steps", "many", signed(rng, 3), signed(rng, 6, 3), 0.2, 0.1),
        case("averages from before", "many", signed(rng, 3), signed(rng, 4, 3), 0.05, 0.5, moving),
        case("|g| near eps = 1e-8", "many", signed(rng, 4), 1e-8 * signed(rng, 3, 4), 0.1, 0.1),
        case("|g| near eps = 0.5", "many", signed(rng, 3), 0.5 * signed(rng, 3, 3), 0.1, 0.1, eps=0.5),
        case("a schedule that falls", "schedule", signed(rng, 3), signed(rng, 5, 3), falling, 0.3),
        case("a 3x4 matrix", "shape", signed(rng, 3, 4), signed(rng, 2, 3, 4), 0.1, 0.2),
        case("shape (2, 3, 2)", "shape", signed(rng, 2, 3, 2), signed(rng, 2, 2, 3, 2), 0.3, 0.1),
    ]


def adamw_oracle(
    theta: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    grads: np.ndarray,
    lr: Any,
    weight_decay: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[np.ndarray, ...]:
    import torch

    def make(params: list[Any]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(params, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)

    return adam_by_torch(make, theta, {"m": m, "v": v}, grads, lr)


def adamw_step(theta, m, v, grad, t, lr, weight_decay, beta1=0.9, beta2=0.999, eps=1e-8):
    alpha = lr(t) if callable(lr) else lr
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = alpha * m_hat / (np.sqrt(v_hat) + eps)
    return theta - step - alpha * weight_decay * theta, m, v


def adamw_of_adam(theta, m, v, grad, t, lr, weight_decay, beta1, beta2, eps):
    alpha = lr(t) if callable(lr) else lr
    new, m, v = adam_step(theta, m, v, grad, t, alpha, beta1, beta2, eps)
    return new - alpha * weight_decay * theta, m, v


ADAMW_STEP = Exercise(
    name="adamw_step",
    unit=UNIT,
    returns=("theta", "m", "v"),
    groups=(
        Group("still", "shrinks every weight by the same fraction where there is no gradient", 2, hint=1),
        Group("moves", "takes Adam's step beside the decay", 1, hint=3),
        Group("many", "keeps the weights out of both averages, step after step", 2, hint=3),
        Group("schedule", "lets the decay follow the schedule", 1, hint=2),
        Group("shape", "works for parameters of any shape", 1, hint=2),
    ),
    cases=adamw_cases,
    reference=adamw_oracle,
    driver="counted_steps",
    misconceptions=(
        Misconception(
            "l2_in_the_gradient",
            change(
                adamw_step,
                "    m = ",
                "    grad = grad + weight_decay * theta\n    m = ",
                " - alpha * weight_decay * theta",
                "",
            ),
            "This is L2 regularization inside Adam, which AdamW was made to avoid: you add the decay to the gradient, "
            "and the root of v then divides it away. With no gradient, weights of 1 and 100 both lose alpha; AdamW "
            "takes the same *fraction* of both.",
        ),
        Misconception(
            "without_decay",
            change(adamw_step, " - alpha * weight_decay * theta", ""),
            "Your step is Adam's; no weight decays. With a gradient of zero, everything stands still.",
            about=("theta",),
        ),
        Misconception(
            "decay_without_lr",
            change(adamw_step, "alpha * weight_decay", "weight_decay"),
            "Your weights decay by weight_decay of themselves at every step, whatever alpha is. Here, as in torch, the "
            "decay is scaled by alpha too, so that a schedule calms down both.",
            hint=2,
            about=("theta",),
        ),
        Misconception(
            "grows",
            change(adamw_step, "- alpha * weight_decay", "+ alpha * weight_decay"),
            "Your weights grow where they should decay: the sign is wrong. With no gradient at all, which way should a "
            "weight of 100 go?",
            hint=2,
            about=("theta",),
        ),
        Misconception(
            "decays_after_the_step",
            change(
                adamw_step, "theta - step - alpha * weight_decay * theta", "(theta - step) * (1 - alpha * weight_decay)"
            ),
            "You shrink the weights after they have moved, so that a part of Adam's step decays along. Both parts "
            "start from the theta that came in.",
            hint=2,
            about=("theta",),
        ),
        Misconception(
            "decays_twice",
            change(adamw_step, "alpha * weight_decay", "2 * alpha * weight_decay"),
            "Your decay is twice as strong as it should be: the 2 of a derivative of theta^2, perhaps. In AdamW the "
            "decay is no derivative of anything; the factor is alpha times weight_decay.",
            hint=2,
            about=("theta",),
        ),
        Misconception(
            "decay_divided_by_the_root",
            change(
                adamw_step,
                "m / (1 - beta1**t)",
                "m / (1 - beta1**t) + weight_decay * theta",
                " - alpha * weight_decay * theta",
                "",
            ),
            "Your averages stay clean, but the decay goes into m^ and is divided by the root of v^ along with it. So "
            "weights with large gradients hardly decay, and those without any explode.",
        ),
        Misconception(
            "decays_by_sign",
            change(adamw_step, "weight_decay * theta", "weight_decay * np.sign(theta)"),
            "All your weights decay by the same amount, 1 and 100 alike: only their sign goes in. That is what L1 does "
            "(unit 06). Here each weight loses the same fraction of itself.",
            hint=2,
        ),
        Misconception(
            "only_decays",
            change(adamw_step, "theta - step - ", "theta - "),
            "Your weights decay and do nothing else. Adam's step is missing from theta.",
        ),
        Misconception(
            "without_eps",
            change(adamw_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)"),
            "Where there is no gradient, your Adam part is 0/0 and makes NaN. eps is missing beside the root.",
            hint=3,
            about=("theta",),
        ),
        Misconception(
            "without_bias_correction",
            change(adamw_step, "m / (1 - beta1**t)", "m", "v / (1 - beta2**t)", "v"),
            "Adam's part of your step is not bias-corrected: the first one is 3.16 times too "
            "long. Could your adam_step do that part?",
        ),
        Misconception(
            "decay_off_schedule",
            change(adamw_step, "alpha * weight_decay", "(lr(1) if callable(lr) else lr) * weight_decay"),
            "Adam's part follows the schedule, and your decay always uses its first value. Both are scaled by the "
            "alpha of this step.",
            about=("theta",),
        ),
        Misconception(
            "mutates",
            change(
                adamw_step,
                "    m = ",
                "    theta *= 1 - alpha * weight_decay\n    m = ",
                " - alpha * weight_decay * theta",
                "",
            ),
            "The array theta itself was changed in place. Make a new array.",
            hint=4,
        ),
        Misconception(
            "decays_both_ways",
            change(adamw_step, "    m = ", "    grad = grad + weight_decay * theta\n    m = "),
            "Your decay comes in twice: beside the step, where it belongs, and in the gradient as well, from where it "
            "gets into both averages. The gradient is that of the loss alone.",
        ),
        Misconception(
            "eps_inside_the_root",
            change(adamw_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"),
            "Your eps is inside the root, where for tiny gradients it counts far more than outside. First the root, "
            "then eps.",
            about=("theta",),
        ),
        Misconception(
            "uphill",
            change(adamw_step, "theta - step", "theta + step"),
            "Adam's part of your step goes uphill; only the decay has the right sign.",
            about=("theta",),
        ),
        Misconception(
            "schedule_one_late",
            change(adamw_step, "lr(t)", "lr(t - 1)"),
            "You ask the schedule for t - 1. The step with number t is to be made with alpha_t, and so is its decay.",
            about=("theta",),
        ),
        Misconception(
            "corrected_moments_stored",
            change(adamw_step, "* theta, m, v", "* theta, m_hat, v_hat"),
            "The averages that you hand back are the corrected ones, so that the next step corrects them once more. m "
            "and v go on raw.",
            about=("m", "v"),
        ),
        Misconception(
            "settings_not_handed_on",
            change(adamw_step, "    alpha =", "    beta1, beta2, eps = 0.9, 0.999, 1e-8\n    alpha ="),
            "Right with the default betas and eps, and wrong with others: do they reach Adam's part of your step?",
        ),
        Misconception(
            "schedule_not_asked",
            change(adamw_step, "lr(t) if callable(lr) else lr", "lr"),
            "Numbers work; a schedule does not. It is a *function*, and what it says of step t is had by calling it "
            "with t.",
        ),
        Misconception(
            "alpha_twice",
            change(adamw_step, "alpha * weight_decay", "alpha**2 * weight_decay"),
            "alpha comes into your decay twice. A step of length alpha takes alpha times weight_decay of each weight.",
            about=("theta",),
        ),
    ),
    also_right=(
        adamw_step,
        adamw_of_adam,
        change(
            adamw_step,
            "    m = ",
            "    theta = theta * (1 - alpha * weight_decay)\n    m = ",
            " - alpha * weight_decay * theta",
            "",
        ),
        change(adamw_step, "theta - step - alpha * weight_decay * theta", "(1 - alpha * weight_decay) * theta - step"),
        change(
            adamw_step, "step = alpha * m_hat / (np.sqrt(v_hat) + eps)", "step = m_hat * alpha / (eps + v_hat**0.5)"
        ),
        change(adamw_step, "    m = ", "    grad = grad.astype(np.float32)\n    m = "),
    ),
)

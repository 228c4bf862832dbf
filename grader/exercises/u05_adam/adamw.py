"""One step of AdamW: Adam's step, and beside it, not inside it, a decay of the weights."""

from typing import Any

import numpy as np

from grader.exercises.u05_adam import adamw_answers as answers
from grader.exercises.u05_adam.steps import UNIT, adam_by_torch, adam_case, signed
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
        case("|g| near eps = 0.01", "many", signed(rng, 3), 0.01 * signed(rng, 3, 3), 0.1, 0.1, eps=0.01),
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


ADAMW_STEP = Exercise(
    name="adamw_step",
    unit=UNIT,
    returns=("theta", "m", "v"),
    groups=(
        Group("still", "shrinks every weight by the same fraction where there is no gradient", 2),
        Group("moves", "takes Adam's step beside the decay", 1),
        Group("many", "keeps the weights out of both averages, step after step", 2),
        Group("schedule", "lets the decay follow the schedule", 1),
        Group("shape", "works for parameters of any shape", 1),
    ),
    cases=adamw_cases,
    reference=adamw_oracle,
    probe="counted_steps",
    misconceptions=(
        Misconception(
            "l2_in_the_gradient",
            answers.adamw_l2,
            "This is L2 regularization inside Adam, which AdamW was made to avoid: you add the decay to the gradient, "
            "and the root of v then divides it away. With no gradient, weights of 1 and 100 both lose alpha; AdamW "
            "takes the same *fraction* of both.",
            hint=1,
        ),
        Misconception(
            "without_decay",
            answers.adamw_without_decay,
            "Your step is Adam's; no weight decays. With a gradient of zero, everything stands still.",
            hint=1,
        ),
        Misconception(
            "decay_without_lr",
            answers.adamw_without_lr,
            "Your weights decay by weight_decay of themselves at every step, whatever alpha is. Here, as in torch, the "
            "decay is scaled by alpha too, so that a schedule calms down both.",
            hint=2,
        ),
        Misconception(
            "grows",
            answers.adamw_grows,
            "Your weights grow where they should decay: the sign is wrong. With no gradient at all, which way should a "
            "weight of 100 go?",
            hint=2,
        ),
        Misconception(
            "decays_after_the_step",
            answers.adamw_decays_after,
            "You shrink the weights after they have moved, so that a part of Adam's step decays along. Both parts "
            "start from the theta that came in.",
            hint=2,
        ),
        Misconception(
            "decays_twice",
            answers.adamw_decays_twice,
            "Your decay is twice as strong as it should be: the 2 of a derivative of theta^2, perhaps. In AdamW the "
            "decay is no derivative of anything; the factor is alpha times weight_decay.",
            hint=2,
        ),
        Misconception(
            "decay_divided_by_the_root",
            answers.adamw_divided,
            "Your averages stay clean, but the decay goes into m^ and is divided by the root of v^ along with it. So "
            "weights with large gradients hardly decay, and those without any explode.",
            hint=1,
        ),
        Misconception(
            "decays_by_sign",
            answers.adamw_by_sign,
            "All your weights decay by the same amount, 1 and 100 alike: only their sign goes in. That is what L1 does "
            "(unit 06). Here each weight loses the same fraction of itself.",
            hint=2,
        ),
        Misconception(
            "only_decays",
            answers.adamw_only_decays,
            "Your weights decay and do nothing else. Adam's step is missing from theta.",
            hint=3,
        ),
        Misconception(
            "without_eps",
            answers.adamw_without_eps,
            "Where there is no gradient, your Adam part is 0/0 and makes NaN. eps is missing beside the root.",
            hint=3,
        ),
        Misconception(
            "without_bias_correction",
            answers.adamw_uncorrected,
            "The decay is right, but Adam's part of your step is not bias-corrected: the first one is 3.16 times too "
            "long. Could your adam_step do that part?",
            hint=3,
        ),
        Misconception(
            "decay_off_schedule",
            answers.adamw_schedule_off,
            "Adam's part follows the schedule, and your decay always uses its first value. Both are scaled by the "
            "alpha of this step.",
            hint=2,
        ),
        Misconception(
            "mutates",
            answers.adamw_mutates,
            "All values are right, but theta itself was changed in place. Make a new array.",
            hint=4,
        ),
    ),
    equivalents=(answers.adamw_shrinks_first, answers.adamw_one_bracket, answers.adamw_on_copies),
)

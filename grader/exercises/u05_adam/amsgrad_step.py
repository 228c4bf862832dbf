"""One step of AMSGrad (Reddi, Kale and Kumar, 2018), as torch has it: v_max is the largest uncorrected v so far."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.adam_moments import adam_moments
from grader.exercises.u05_adam.bias_correction import bias_correction
from grader.exercises.u05_adam.common import UNIT, adam_by_torch, adam_case, signed
from grader.spec import Case, Exercise, Group, Misconception

REST = {"m": 0.0, "v": 0.0, "v_max": 0.0}


def amsgrad_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        group: str,
        grads: Any,
        lr: Any,
        beta2: float = 0.9,
        state: dict[str, Any] = REST,
        eps: float = 1e-8,
    ) -> Case:
        theta = rng.normal(size=np.shape(grads)[1:])
        return adam_case(label, group, theta, state, grads, lr, beta1=0.8, beta2=beta2, eps=eps)

    v = rng.uniform(0.5, 2, size=3)
    moving = {"m": rng.normal(size=3), "v": v, "v_max": v * rng.uniform(1.5, 3, size=3)}
    even = {"m": rng.normal(size=3), "v": v, "v_max": v}
    spike = np.where(np.arange(8) == 1, 20.0, 0.5)[:, None]
    fading = np.geomspace(6, 0.1, 6)[:, None]
    falling = rng.uniform(0.2, 0.4) / np.sqrt(np.arange(1, 8))
    return [
        case("one gradient of 4", "first", [[4.0]], 0.1, 0.999),
        case("five parameters, from zero", "first", signed(rng, 1, 5), 0.2, 0.999),
        case("one large gradient, then small ones", "remembers", spike * signed(rng, 8, 3), 0.1),
        case("a largest v from before", "remembers", signed(rng, 4, 3), 0.1, 0.8, moving),
        case("averages from before, then smaller gradients", "remembers", fading * signed(rng, 3), 0.1, 0.8, even),
        case("gradients that grow", "follows", np.geomspace(5, 80, 8)[:, None] * signed(rng, 8, 6), 0.1),
        case(
            "one of two parameters has a spike", "follows", np.hstack([spike, 0 * spike + 0.5]) * signed(rng, 8, 2), 0.1
        ),
        case("|g| near eps = 0.5", "eps", 0.5 * signed(rng, 4, 3), 0.1, eps=0.5),
        case("a schedule that falls", "shape", signed(rng, 6, 2), falling),
        case("a 3x4 matrix", "shape", signed(rng, 4, 3, 4), 0.1, 0.7),
    ]


def amsgrad_oracle(
    theta: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray,
    grads: np.ndarray,
    lr: Any,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[np.ndarray, ...]:
    import torch

    def make(params: list[Any]) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, betas=(beta1, beta2), eps=eps, amsgrad=True)

    return adam_by_torch(make, theta, {"m": m, "v": v, "v_max": v_max}, grads, lr)


def amsgrad_step(theta, m, v, v_max, grad, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    alpha = lr(t) if callable(lr) else lr
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    v_max = np.maximum(v_max, v)
    m_hat = m / (1 - beta1**t)
    v_hat = v_max / (1 - beta2**t)
    return theta - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v, v_max


def amsgrad_of_both(theta, m, v, v_max, grad, t, lr, beta1, beta2, eps):
    if callable(lr):
        lr = lr(t)
    m, v = adam_moments(m, v, grad, beta1, beta2)
    v_max = np.maximum(v_max, v)
    direction = bias_correction(m, beta1, t) / (np.sqrt(bias_correction(v_max, beta2, t)) + eps)
    return theta - lr * direction, m, v, v_max


AMSGRAD_STEP = Exercise(
    name="amsgrad_step",
    unit=UNIT,
    returns=("theta", "m", "v", "v_max"),
    groups=(
        Group("first", "takes Adam's first step", 1, hint=2),
        Group("remembers", "divides by the largest v so far, long after a large gradient", 2, hint=1),
        Group("follows", "lets v_max grow with v, for each parameter on its own", 1, hint=1),
        Group("eps", "corrects v_max and adds eps to its root, outside", 1, hint=3),
        Group("shape", "works with schedules and for any shape", 1, hint=2),
    ),
    cases=amsgrad_cases,
    reference=amsgrad_oracle,
    driver="counted_steps",
    bonus=True,
    misconceptions=(
        Misconception(
            "steps_like_adam",
            change(amsgrad_step, "v_hat = v_max", "v_hat = v"),
            "Your theta walks Adam's path: it is divided by the root of the present v, and not of the largest. What is "
            "v_max kept for?",
            about=("theta",),
        ),
        Misconception(
            "keeps_the_last_v",
            change(amsgrad_step, "np.maximum(v_max, v)", "v"),
            "Your v_max is just the present v, which falls when gradients become small. It should only ever rise.",
        ),
        Misconception(
            "smallest_v",
            change(amsgrad_step, "np.maximum", "np.minimum"),
            "You keep the smallest v, which from a start at zero stays zero: you divide by eps alone.",
            hint=1,
            about=("v_max",),
        ),
        Misconception(
            "maximum_fed_back",
            change(amsgrad_step, "v_max = np", "v = v_max = np"),
            "You hand back the maximum as v, so the average goes on from there. v itself is Adam's plain average; only "
            "v_max remembers the largest, beside it.",
            hint=2,
            about=("v",),
        ),
        Misconception(
            "maximum_of_corrected",
            change(
                amsgrad_step,
                "np.maximum(v_max, v)",
                "np.maximum(v_max, v / (1 - beta2**t))",
                "v_hat = v_max / (1 - beta2**t)",
                "v_hat = v_max",
            ),
            "You keep the largest *corrected* v. Some libraries do; torch, and this exercise, keep the largest raw v "
            "and correct it in the step. The two part as soon as v has fallen while t was small.",
            about=("v_max",),
        ),
        Misconception(
            "without_bias_correction",
            change(amsgrad_step, "m / (1 - beta1**t)", "m", "v_max / (1 - beta2**t)", "v_max"),
            "This is AMSGrad as in its paper, without bias correction. Here m and v_max are corrected, as in torch: "
            "the first step is to be alpha long.",
            about=("theta",),
        ),
        Misconception(
            "largest_square",
            change(amsgrad_step, "np.maximum(v_max, v)", "np.maximum(v_max, grad**2)"),
            "You keep the largest square of a gradient. One outlier then counts in full; AMSGrad keeps the largest "
            "*average* of squares.",
            hint=1,
            about=("v_max",),
        ),
        Misconception(
            "one_maximum_for_all",
            change(amsgrad_step, "np.maximum(v_max, v)", "np.maximum(v_max, v.max())"),
            "You take the maximum over the entries, so one steep parameter brakes all others. It is a maximum over "
            "time, for each entry on its own.",
            hint=1,
            about=("v_max",),
        ),
        Misconception(
            "one_maximum_over_both",
            change(amsgrad_step, "np.maximum(v_max, v)", "np.full_like(v, np.maximum(v_max, v).max())"),
            "Your v_max has one value for all entries, so one steep parameter brakes all others. It is a maximum over "
            "time, for each entry on its own.",
            hint=1,
            about=("v_max",),
        ),
        Misconception(
            "old_maximum_returned",
            change(amsgrad_step, "    v_max = np", "    old = v_max\n    v_max = np", "v, v_max\n", "v, old\n"),
            "You hand back the v_max that you were given: nothing is remembered.",
        ),
        Misconception(
            "eps_inside_the_root",
            change(amsgrad_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"),
            "Your eps is inside the root, where it is ten times or ten thousand times what it should be for small "
            "gradients. Add it to the root.",
        ),
        Misconception(
            "mutates",
            change(amsgrad_step, "v_max = np.maximum(v_max, v)", "np.maximum(v_max, v, out=v_max)"),
            "The array v_max itself was changed in place. Make a new array.",
            hint=3,
        ),
        Misconception(
            "axis_for_array",
            change(amsgrad_step, "np.maximum(v_max, v)", "np.max(v_max, v)"),
            "NumPy's np.max(a, b) takes its second argument for an axis. NumPy has another function that compares two "
            "arrays entry by entry.",
            hint=1,
        ),
        Misconception(
            "without_eps",
            change(amsgrad_step, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)"),
            "Your root has no eps beside it: where gradients are as small as eps, your steps are too long.",
            about=("theta",),
        ),
        Misconception(
            "returned_in_another_order",
            change(amsgrad_step, "m, v, v_max\n", "m, v_max, v\n"),
            "Your v and v_max stand in each other's place: the function returns (theta, m, v, v_max).",
            hint=2,
            about=("v", "v_max"),
        ),
        Misconception(
            "v_max_uncorrected",
            change(amsgrad_step, "v_max / (1 - beta2**t)", "v_max"),
            "Your m is corrected in your step, and v_max is not. A young v is far too small and stands below the "
            "fraction bar, so your first steps are far too long.",
            about=("theta",),
        ),
        Misconception(
            "maximum_before_the_new_v",
            change(
                amsgrad_step,
                "    v = beta2 * v + (1 - beta2) * grad**2\n    v_max = np.maximum(v_max, v)",
                "    v_max = np.maximum(v_max, v)\n    v = beta2 * v + (1 - beta2) * grad**2",
            ),
            "Your v_max is one step behind: it takes the maximum before this step's v is known, so that at the first "
            "step it is still zero.",
            hint=1,
            about=("v_max",),
        ),
        Misconception(
            "averages_from_the_maximum",
            change(amsgrad_step, "beta2 * v +", "beta2 * v_max +"),
            "Your v goes on from v_max. v itself is Adam's plain average; only v_max remembers the largest, beside it.",
            hint=2,
            about=("v",),
        ),
    ),
    also_right=(
        amsgrad_step,
        amsgrad_of_both,
        change(amsgrad_step, "np.maximum(v_max, v)", "np.where(v > v_max, v, v_max)"),
        change(amsgrad_step, "np.maximum(v_max, v)", "np.max([v_max, v], axis=0)"),
        change(
            amsgrad_step,
            "alpha * m_hat / (np.sqrt(v_hat) + eps)",
            "alpha * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v_max) + eps * np.sqrt(1 - beta2**t))",
        ),
        change(amsgrad_step, "    m = ", "    grad = grad.astype(np.float32)\n    m = "),
    ),
)

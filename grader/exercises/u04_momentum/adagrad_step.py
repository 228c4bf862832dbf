"""`adagrad_step`: one step of AdaGrad, with eps outside the root, as torch has it."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import BESIDE_THE_FRACTION, UNIT, by_torch, scaled_cases
from grader.spec import Case, Exercise, Group, Misconception


def adagrad_cases(rng: np.random.Generator) -> list[Case]:
    return scaled_cases(rng, "sum_sq")


def adagrad_oracle(
    theta: np.ndarray, sum_sq: np.ndarray, grads: np.ndarray, lrs: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    import torch

    return by_torch(lambda params: torch.optim.Adagrad(params, eps=eps), "sum", theta, sum_sq, grads, lrs)


def adagrad_step(theta, sum_sq, grad, lr, eps):
    sum_sq = sum_sq + grad**2
    root = np.sqrt(sum_sq)
    return theta - lr * grad / (root + eps), sum_sq


def adagrad_loop(theta, sum_sq, grad, lr, eps):
    new_theta, new_sum = theta * 1.0, sum_sq * 1.0
    for index in np.ndindex(*theta.shape):
        new_sum[index] += grad[index] ** 2
        new_theta[index] -= lr / (np.sqrt(new_sum[index]) + eps) * grad[index]
    return [new_theta, new_sum]


ADAGRAD_STEP = Exercise(
    name="adagrad_step",
    unit=UNIT,
    returns=("theta", "sum_sq"),
    groups=(
        Group("first", "takes a first step of lr in each coordinate, however large its gradient", 1, hint=1),
        Group("many", "adds up the squares of many gradients", 2, hint=3),
        Group("eps", "has eps outside the root, and no NaN where the gradient is zero", 2, hint=2),
        Group("lr", "obeys a new learning rate at once", 1, hint=3),
        Group("shape", "works for parameters of any shape, each entry on its own", 1, hint=1),
    ),
    cases=adagrad_cases,
    reference=adagrad_oracle,
    driver="optimizer_steps",
    misconceptions=(
        Misconception(
            "eps_inside_the_root",
            change(adagrad_step, "np.sqrt(sum_sq)", "np.sqrt(sum_sq + eps)", "(root + eps)", "root"),
            "Your eps is inside the root. Where gradients are large nobody notices; where |g| is near 1e-8, the root "
            "of eps is 1e-4, ten thousand times as much, and your step all but vanishes. Add eps to the root itself.",
        ),
        Misconception(
            "without_eps",
            change(adagrad_step, "(root + eps)", "root"),
            "Without eps, a parameter whose gradient has always been zero is divided 0/0, and NaN spreads from there "
            "to everything. A pixel that is dark in every image is enough. What is eps for, and where does it stand?",
        ),
        Misconception(
            "sums_the_gradients",
            change(adagrad_step, "grad**2", "grad", "np.sqrt(sum_sq)", "np.sqrt(np.abs(sum_sq))"),
            "You add up the gradients, not their squares. Gradients of both signs cancel, and the sum may even be "
            "negative under the root. AdaGrad measures how large gradients are, whichever way they point.",
        ),
        Misconception(
            "sums_absolute_values",
            change(adagrad_step, "grad**2", "np.abs(grad)", "np.sqrt(sum_sq)", "sum_sq"),
            "You add up absolute values. AdaGrad adds up squares, and takes the root of their sum: under a constant "
            "gradient its steps shrink like 1/sqrt(t).",
            about=("sum_sq",),
        ),
        Misconception(
            "one_step_late",
            change(
                adagrad_step,
                ("    sum_sq = sum_sq + grad**2\n    root = np.sqrt(sum_sq)\n"),
                ("    root = np.sqrt(sum_sq)\n    sum_sq = sum_sq + grad**2\n"),
            ),
            "You divide by the sum from before this gradient. At the first step that is 0, so you divide by eps alone, "
            "and theta flies off by lr g / eps. Add this gradient's square first.",
            hint=3,
        ),
        Misconception(
            "forgets",
            change(adagrad_step, "sum_sq + grad**2", "grad**2"),
            "Your sum holds the last square alone, so every step is lr long, whatever the gradient: only its sign is "
            "left. Which sum do you get handed, and what should happen to it?",
        ),
        Misconception(
            "old_sum_returned",
            change(adagrad_step, "    sum_sq = sum_sq + grad**2\n", "", "(sum_sq)", "(sum_sq + grad**2)"),
            "The sum that you hand back is the old one, without this gradient. So your "
            "steps never shrink: at every step AdaGrad begins anew.",
            hint=3,
        ),
        Misconception(
            "without_the_root",
            change(adagrad_step, "np.sqrt(sum_sq)", "sum_sq"),
            "The root is missing: you divide by the sum of squares itself. A gradient of 4 then makes a step of lr/4 "
            "and a gradient of 0.01 one of 100 lr. With the root, both first steps are lr long.",
        ),
        Misconception(
            "one_sum_for_all",
            change(adagrad_step, "grad**2", "np.sum(grad**2)"),
            "All your parameters share one sum, so the steep ones brake the flat ones. What AdaGrad is made for is a "
            "step length for each parameter: squares are summed over time, entry by entry, never over the entries.",
        ),
        Misconception(
            "uphill",
            change(adagrad_step, "theta - lr", "theta + lr"),
            "Your steps have the right length and go uphill. Scaling the gradient does not change which way it points.",
        ),
        Misconception(
            "root_stored",
            change(adagrad_step, "eps), sum_sq", "eps), root"),
            "You hand back the root of the sum as if it were the sum. The next step "
            "adds a square to a root. Keep the sum itself; the root is for this step only.",
            hint=3,
        ),
        Misconception(
            "mutates",
            change(adagrad_step, "sum_sq = sum_sq + grad**2", "sum_sq += grad**2"),
            "The sum that you were given was changed in place. Make a new array, so that "
            "whoever called you still has the old one.",
            hint=4,
        ),
        Misconception(
            "lr_in_the_sum",
            change(adagrad_step, "grad**2", "(lr * grad) ** 2"),
            "You square the step, lr times the gradient, so that lr cancels above and below the line. The sum is "
            "made of gradients alone; lr comes in when theta moves.",
        ),
        Misconception(
            "eps_beside_the_fraction",
            change(adagrad_step, "grad / (root + eps)", "(grad / root + eps)"),
            BESIDE_THE_FRACTION,
        ),
        Misconception(
            "eps_beside_the_step",
            change(adagrad_step, "/ (root + eps)", "/ root + eps"),
            BESIDE_THE_FRACTION,
        ),
    ),
    also_right=(
        adagrad_step,
        adagrad_loop,
        change(adagrad_step, "lr * grad / (root + eps)", "lr / (eps + root) * grad"),
        change(adagrad_step, "sum_sq = sum_sq + grad**2", ("sum_sq = sum_sq.copy()\n    sum_sq += grad * grad")),
        change(adagrad_step, "np.sqrt(sum_sq)", "np.add(sum_sq, 0) ** 0.5"),
        change(
            adagrad_step,
            "theta - lr * grad / (root + eps), sum_sq",
            "[theta - np.divide(lr * grad, root + eps), sum_sq.tolist()]",
        ),
    ),
)

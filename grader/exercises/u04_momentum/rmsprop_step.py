"""`rmsprop_step`: one step of RMSProp, with eps outside the root, as torch has it."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import BESIDE_THE_FRACTION, UNIT, by_torch, scaled_cases
from grader.spec import Case, Exercise, Group, Misconception


def rmsprop_cases(rng: np.random.Generator) -> list[Case]:
    return scaled_cases(rng, "mean_sq", beta=float(rng.uniform(0.85, 0.95)))


def rmsprop_oracle(
    theta: np.ndarray, mean_sq: np.ndarray, grads: np.ndarray, lrs: np.ndarray, beta: float, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    import torch

    return by_torch(
        lambda params: torch.optim.RMSprop(params, alpha=beta, eps=eps), "square_avg", theta, mean_sq, grads, lrs
    )


def rmsprop_step(theta, mean_sq, grad, lr, beta, eps):
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    root = np.sqrt(mean_sq)
    return theta - lr * grad / (root + eps), mean_sq


def rmsprop_average(theta, mean_sq, grad, lr, beta, eps):
    new = np.average([mean_sq, grad**2], axis=0, weights=[beta, 1 - beta])
    return [np.subtract(theta, lr * grad / (np.sqrt(new) + eps)), new]


RMSPROP_STEP = Exercise(
    name="rmsprop_step",
    unit=UNIT,
    returns=("theta", "mean_sq"),
    groups=(
        Group("first", "takes a first step of one length in each coordinate", 1, hint=1),
        Group("many", "averages the squares of recent gradients", 2, hint=1),
        Group("eps", "has eps outside the root, and no NaN where the gradient is zero", 2, hint=2),
        Group("lr", "obeys a new learning rate at once", 1, hint=3),
        Group("shape", "works for parameters of any shape, each entry on its own", 1, hint=1),
    ),
    cases=rmsprop_cases,
    reference=rmsprop_oracle,
    driver="optimizer_steps",
    misconceptions=(
        Misconception(
            "eps_inside_the_root",
            change(rmsprop_step, "np.sqrt(mean_sq)", "np.sqrt(mean_sq + eps)", "(root + eps)", "root"),
            "Your eps is inside the root. Where |g| is near 1e-8, the root of eps is ten thousand times as large as "
            "the gradient, and your step all but vanishes. Some papers write it so; torch adds eps after the root.",
            hint=2,
        ),
        Misconception(
            "without_eps",
            change(rmsprop_step, "(root + eps)", "root"),
            "Without eps, a gradient that has always been zero gives 0/0, which is NaN, and NaN spreads to everything "
            "that it touches. What should such a parameter do instead?",
        ),
        Misconception(
            "swapped",
            change(rmsprop_step, "beta * mean_sq + (1 - beta) *", "(1 - beta) * mean_sq + beta *"),
            "The factors beta and 1 - beta have changed places: your average keeps 1 - beta of its past and takes the "
            "rest from the newest square. It hardly averages at all, so your steps are all nearly lr long.",
        ),
        Misconception(
            "adagrad",
            change(rmsprop_step, "beta * mean_sq + (1 - beta) *", "mean_sq +"),
            "This is AdaGrad: nothing fades, so your steps shrink for ever. RMSProp forgets. It is AdaGrad with an "
            "exponential moving average in place of the sum, and you wrote that average just before this exercise.",
        ),
        Misconception(
            "a_sum_that_fades",
            change(rmsprop_step, "(1 - beta) * grad**2", "grad**2"),
            "Old squares fade, but the new one enters in full, so you hold a fading sum, 1 / (1 - beta) times as large "
            "as the average. Your steps are too short by the root of that. Which share of the new square goes in?",
        ),
        Misconception(
            "averages_the_gradients",
            change(rmsprop_step, "grad**2", "grad", "np.sqrt(mean_sq)", "np.sqrt(np.abs(mean_sq))"),
            "You average the gradients, not their squares. Where gradients change sign they cancel, and your step "
            "becomes huge just where it should be careful. How large is wanted, not which way.",
        ),
        Misconception(
            "squares_the_average",
            change(
                rmsprop_step,
                "beta * mean_sq + (1 - beta) * grad**2",
                "(beta * np.sqrt(mean_sq) + (1 - beta) * grad) ** 2",
            ),
            "You square after averaging. The square of an average is small where gradients of both signs cancel; the "
            "average of the squares is not, and it is the one that says how large they are.",
        ),
        Misconception(
            "one_step_late",
            change(
                rmsprop_step,
                ("    mean_sq = beta * mean_sq + (1 - beta) * grad**2\n    root = np.sqrt(mean_sq)\n"),
                ("    root = np.sqrt(mean_sq)\n    mean_sq = beta * mean_sq + (1 - beta) * grad**2\n"),
            ),
            "You divide by the average from before this gradient. At the first step that is 0, and theta flies off by "
            "lr g / eps. Renew the average first, then step.",
            hint=3,
        ),
        Misconception(
            "forgets",
            change(rmsprop_step, "beta * mean_sq + ", ""),
            "Your average takes no notice of its own past: every step divides by the newest gradient alone, so all of "
            "them have the same length and only the sign is left. What was the second argument for?",
            hint=3,
        ),
        Misconception(
            "old_average_returned",
            change(
                rmsprop_step,
                "    mean_sq = beta * mean_sq + (1 - beta) * grad**2\n",
                "",
                "(mean_sq)",
                "(beta * mean_sq + (1 - beta) * grad**2)",
            ),
            "You hand back the average that you were given. The next step starts from "
            "it as if this gradient had never been.",
            hint=3,
        ),
        Misconception(
            "without_the_root",
            change(rmsprop_step, "np.sqrt(mean_sq)", "mean_sq"),
            "The root is missing: you divide by the mean of the squares. The gradient and its square have different "
            "units, and only with the root do they cancel: rescale the loss by 10, and the step should stay the same.",
        ),
        Misconception(
            "uphill",
            change(rmsprop_step, "theta - lr", "theta + lr"),
            "Your steps have the right length and go uphill. Scaling a gradient does not turn it round.",
        ),
        Misconception(
            "mutates",
            change(rmsprop_step, "mean_sq = beta * mean_sq + (1", ("mean_sq *= beta\n    mean_sq += (1")),
            "The average that you were given was changed in place. Make a new array, so that "
            "whoever called you still has the old one.",
            hint=4,
        ),
        Misconception(
            "bias_corrected",
            change(rmsprop_step, "np.sqrt(mean_sq)", "np.sqrt(mean_sq / (1 - beta))"),
            "You divide the average by 1 - beta, a correction of its bias that is right for the first step only. "
            "That is for unit 05; here the plain average is wanted.",
        ),
        Misconception(
            "root_stored",
            change(rmsprop_step, "eps), mean_sq", "eps), root"),
            "You hand back the root of the average as if it were the average. The "
            "next step mixes a square into a root.",
            hint=3,
        ),
        Misconception(
            "one_average_for_all",
            change(rmsprop_step, "grad**2", "np.mean(grad**2)"),
            "All your parameters share one average, so the steep ones brake the flat ones. Squares are averaged "
            "over time, entry by entry, never over the entries.",
        ),
        Misconception(
            "eps_beside_the_fraction",
            change(rmsprop_step, "grad / (root + eps)", "(grad / root + eps)"),
            BESIDE_THE_FRACTION,
        ),
        Misconception(
            "eps_beside_the_step",
            change(rmsprop_step, "/ (root + eps)", "/ root + eps"),
            BESIDE_THE_FRACTION,
        ),
        Misconception(
            "all_squared",
            change(rmsprop_step, "beta * mean_sq + (1 - beta) * grad**2", "(beta * mean_sq + (1 - beta) * grad) ** 2"),
            "You square the whole average, and the old one, which is made of squares already, is squared once more in "
            "every step. Only the gradient is squared, before it goes in.",
        ),
        Misconception(
            "eps_kept",
            change(rmsprop_step, "grad**2\n", "grad**2 + eps\n", "(root + eps)", "root"),
            "Your eps is added to the average itself, below the root, and is handed on with it. It is added to the "
            "root, and for this step only.",
            hint=2,
        ),
    ),
    also_right=(
        rmsprop_step,
        rmsprop_average,
        change(rmsprop_step, "beta * mean_sq + (1 - beta) * grad**2", "mean_sq + (1 - beta) * (grad * grad - mean_sq)"),
        change(
            rmsprop_step,
            "mean_sq = beta * mean_sq + (1",
            ("mean_sq = mean_sq.copy()\n    mean_sq *= beta\n    mean_sq += (1"),
        ),
        change(rmsprop_step, "lr * grad / (root + eps)", "lr / (eps + root) * grad"),
        change(rmsprop_step, "np.sqrt(mean_sq)", "mean_sq**0.5"),
    ),
)

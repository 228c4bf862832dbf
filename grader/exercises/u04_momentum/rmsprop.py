"""One step of RMSProp, with eps outside the root, as torch has it."""

import numpy as np

from grader.exercises.u04_momentum.steps import UNIT, by_torch, scaled_cases
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


def rmsprop_eps_inside(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    return theta - lr * grad / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_without_eps(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    return theta - lr * grad / np.sqrt(mean_sq), mean_sq


def rmsprop_swapped(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = (1 - beta) * mean_sq + beta * grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_is_adagrad(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = mean_sq + grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_sums(theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float) -> tuple:
    mean_sq = beta * mean_sq + grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_averages_g(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = beta * mean_sq + (1 - beta) * grad
    return theta - lr * grad / (np.sqrt(np.abs(mean_sq)) + eps), mean_sq


def rmsprop_squares_mean(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = (beta * np.sqrt(mean_sq) + (1 - beta) * grad) ** 2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_late(theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float) -> tuple:
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), beta * mean_sq + (1 - beta) * grad**2


def rmsprop_forgets(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = (1 - beta) * grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_keeps_old(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    return theta - lr * grad / (np.sqrt(beta * mean_sq + (1 - beta) * grad**2) + eps), mean_sq


def rmsprop_without_root(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    return theta - lr * grad / (mean_sq + eps), mean_sq


def rmsprop_uphill(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    return theta + lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_mutates(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    mean_sq *= beta
    mean_sq += (1 - beta) * grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_by_distance(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    new = mean_sq + (1 - beta) * (grad * grad - mean_sq)
    return theta - lr / (eps + np.sqrt(new)) * grad, new


def rmsprop_copies(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> tuple:
    theta, mean_sq = theta.copy(), mean_sq.copy()
    mean_sq *= beta
    mean_sq += (1 - beta) * np.square(grad)
    theta -= lr * np.divide(grad, mean_sq**0.5 + eps)
    return theta, mean_sq


def rmsprop_average(
    theta: np.ndarray, mean_sq: np.ndarray, grad: np.ndarray, lr: float, beta: float, eps: float
) -> list:
    new = np.average([mean_sq, grad**2], axis=0, weights=[beta, 1 - beta])
    return [np.subtract(theta, lr * grad / (np.sqrt(new) + eps)), new]


RMSPROP_STEP = Exercise(
    name="rmsprop_step",
    unit=UNIT,
    returns=("theta", "mean_sq"),
    groups=(
        Group("first", "takes a first step of one length in each coordinate", 1),
        Group("many", "averages the squares of recent gradients", 2),
        Group("eps", "has eps outside the root, and no NaN where the gradient is zero", 2),
        Group("lr", "obeys a new learning rate at once", 1),
        Group("shape", "works for parameters of any shape, each entry on its own", 1),
    ),
    cases=rmsprop_cases,
    reference=rmsprop_oracle,
    probe="optimizer_steps",
    misconceptions=(
        Misconception(
            "eps_inside_the_root",
            rmsprop_eps_inside,
            "Your eps is inside the root. Where |g| is near 1e-8, the root of eps is ten thousand times as large as "
            "the gradient, and your step all but vanishes. Some papers write it so; torch adds eps after the root.",
            hint=2,
        ),
        Misconception(
            "without_eps",
            rmsprop_without_eps,
            "Without eps, a gradient that has always been zero gives 0/0, which is NaN, and NaN spreads to everything "
            "that it touches. What should such a parameter do instead?",
            hint=2,
        ),
        Misconception(
            "swapped",
            rmsprop_swapped,
            "The factors beta and 1 - beta have changed places: your average keeps 1 - beta of its past and takes the "
            "rest from the newest square. It hardly averages at all, so your steps are all nearly lr long.",
            hint=1,
        ),
        Misconception(
            "adagrad",
            rmsprop_is_adagrad,
            "This is AdaGrad: nothing fades, so your steps shrink for ever. RMSProp forgets. It is AdaGrad with an "
            "exponential moving average in place of the sum, and you wrote that average at the top of this unit.",
            hint=1,
        ),
        Misconception(
            "a_sum_that_fades",
            rmsprop_sums,
            "Old squares fade, but the new one enters in full, so you hold a fading sum, 1 / (1 - beta) times as large "
            "as the average. Your steps are too short by the root of that. Which share of the new square goes in?",
            hint=1,
        ),
        Misconception(
            "averages_the_gradients",
            rmsprop_averages_g,
            "You average the gradients, not their squares. Where gradients change sign they cancel, and your step "
            "becomes huge just where it should be careful. How large is wanted, not which way.",
            hint=1,
        ),
        Misconception(
            "squares_the_average",
            rmsprop_squares_mean,
            "You square after averaging. The square of an average is small where gradients of both signs cancel; the "
            "average of the squares is not, and it is the one that says how large they are.",
            hint=1,
        ),
        Misconception(
            "one_step_late",
            rmsprop_late,
            "You divide by the average from before this gradient. At the first step that is 0, and theta flies off by "
            "lr g / eps. Renew the average first, then step.",
            hint=3,
        ),
        Misconception(
            "forgets",
            rmsprop_forgets,
            "Your average takes no notice of its own past: every step divides by the newest gradient alone, so all of "
            "them have the same length and only the sign is left. What was the second argument for?",
            hint=3,
        ),
        Misconception(
            "old_average_returned",
            rmsprop_keeps_old,
            "Your first theta is right, but you hand back the average that you were given. The next step starts from "
            "it as if this gradient had never been.",
            hint=3,
        ),
        Misconception(
            "without_the_root",
            rmsprop_without_root,
            "The root is missing: you divide by the mean of the squares. The gradient and its square have different "
            "units, and only with the root do they cancel: rescale the loss by 10, and the step should stay the same.",
            hint=1,
        ),
        Misconception(
            "uphill",
            rmsprop_uphill,
            "Your steps have the right length and go uphill. Scaling a gradient does not turn it round.",
            hint=1,
        ),
        Misconception(
            "mutates",
            rmsprop_mutates,
            "All values are right, but the average that you were given was changed in place. Make a new array, so that "
            "whoever called you still has the old one.",
            hint=4,
        ),
    ),
    equivalents=(rmsprop_by_distance, rmsprop_copies, rmsprop_average),
)

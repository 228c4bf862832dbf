"""Bias correction: a young average divided by the weight that it has seen so far."""

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def correction_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, moment: np.ndarray, beta: float, t: int) -> Case:
        return Case(label, group, {"moment": moment, "beta": beta, "t": t})

    normal = rng.normal
    return [
        case("an average of 1 after its first value 10", "first", np.array([1.0]), 0.9, 1),
        case("four averages after their first value", "first", normal(size=4), 0.999, 1),
        case("the second step", "young", normal(size=3), 0.9, 2),
        case("the third step, beta2", "young", rng.uniform(0.1, 2, size=4), 0.999, 3),
        case("step 10", "young", normal(size=3), 0.9, 10),
        case("step 2000, beta2", "old", rng.uniform(0.1, 2, size=3), 0.999, 2000),
        case("step 5000", "old", normal(size=3), 0.9, 5000),
        case("beta = 0: no memory, no bias", "old", normal(size=3), 0.0, 3),
        case("a 3x4 matrix", "shape", normal(size=(3, 4)), 0.9, 4),
        case("shape (2, 3, 2)", "shape", normal(size=(2, 3, 2)), 0.99, 7),
    ]


def correction_oracle(moment: np.ndarray, beta: float, t: int) -> np.ndarray:
    """The average over the sum of its weights, added up one by one (unit 04's `ema_weights`)."""
    weight = sum((1 - beta) * float(beta) ** age for age in range(t))
    return np.asarray(moment / weight)


def bias_correction(moment, beta, t):
    weight = 1 - beta**t
    return moment / weight


def correction_by_weights(moment, beta, t):
    return moment / np.sum((1 - beta) * float(beta) ** np.arange(t))


def correction_in_a_loop(moment, beta, t):
    missing = 1.0
    for _ in range(t):
        missing = missing * beta
    corrected = moment.copy()
    corrected /= 1 - missing
    return corrected


BIAS_CORRECTION = Exercise(
    name="bias_correction",
    unit=UNIT,
    returns=("corrected",),
    groups=(
        Group("first", "makes of a first average the first value itself", 1, hint=1),
        Group("young", "undoes the bias of young averages, step by step", 2, hint=2),
        Group("old", "leaves alone what has no bias left", 1, hint=2),
        Group("shape", "works for moments of any shape", 1, hint=1),
    ),
    cases=correction_cases,
    reference=correction_oracle,
    misconceptions=(
        Misconception(
            "multiplies",
            change(bias_correction, "moment / weight", "moment * weight"),
            "Your corrected average is even smaller than the biased one: you multiply by the weight that it has seen. "
            "It is too small by that factor already. What undoes a factor?",
        ),
        Misconception(
            "not_at_all",
            change(bias_correction, "moment / weight", "moment.copy()"),
            "What comes back is what went in. After one value of 10 with beta = 0.9 the average says 1, and the "
            "corrected one should say 10.",
        ),
        Misconception(
            "t_from_zero",
            change(bias_correction, "beta**t", "beta ** (t - 1)"),
            "Your power of beta is one too low: at the first step you divide by 1 - beta^0, which is 0, and NaN or "
            "infinity is on its way. t counts the values that the average has seen, so at the first step it is 1.",
            hint=2,
        ),
        Misconception(
            "one_too_many",
            change(bias_correction, "beta**t", "beta ** (t + 1)"),
            "Your power of beta is one too high, so your correction is one step ahead: after the first value you "
            "divide by the weight of two. t is handed to you; it counts from 1 and needs no help.",
            hint=2,
        ),
        Misconception(
            "without_t",
            change(bias_correction, "beta**t", "beta"),
            "You divide by 1 - beta at every step. At the first one that is right; later the average has seen more "
            "than one value, and you blow it up, tenfold in the long run with beta = 0.9. Where is t?",
        ),
        Misconception(
            "beta_times_t",
            change(bias_correction, "beta**t", "beta * t"),
            "You take beta times t where beta to the power t is meant: at step 2, with beta = 0.9, you divide by 1 - "
            "1.8, and the sign flips. The weight of the start is multiplied by beta at *every* step.",
        ),
        Misconception(
            "divides_by_the_rest",
            change(bias_correction, "1 - beta**t", "beta**t"),
            "You divide by beta^t, which is the weight of the start at zero, and that says nothing. What weight do the "
            "t values have together?",
        ),
        Misconception(
            "power_outside",
            change(bias_correction, "1 - beta**t", "(1 - beta) ** t"),
            "You raise 1 - beta to the power t, instead of beta alone. At the first step there is no difference; at "
            "the second, with beta = 0.9, you divide by 0.01 and not by 0.19. Where should the bracket close?",
        ),
        Misconception(
            "by_the_root",
            change(bias_correction, "1 - beta**t", "np.sqrt(1 - beta**t)"),
            "You divide by the root of the weight. That is what becomes of the correction once the root of v is taken, "
            "in the step; here both averages are corrected in the same way, before any root.",
        ),
        Misconception(
            "mutates",
            change(bias_correction, "return moment / weight", "moment /= weight\n    return moment"),
            "You corrected the moment that you were given itself. It has to go on being averaged, uncorrected: the "
            "next step would correct it once more, and so on. Make a new array.",
            hint=3,
        ),
        Misconception(
            "multiplies_by_more_than_one",
            change(bias_correction, "moment / weight", "moment * (1 + beta**t)"),
            "You multiply by 1 + beta^t, which is at most 2. After its first value, with beta = 0.9, the average is "
            "ten times too small. It is short by a *factor*, the weight of what it has seen: what undoes that?",
        ),
        Misconception(
            "brackets_missing",
            change(bias_correction, "moment / weight", "moment / 1 - beta**t"),
            "You take beta^t off the average. Where a line says moment / 1 - ..., the division comes first: all of 1 - "
            "beta^t has to stand below the fraction bar.",
        ),
        Misconception(
            "divides_by_one_plus",
            change(bias_correction, "1 - beta**t", "1 + beta**t"),
            "You divide by 1 + beta^t, which makes a small average smaller still. Its values have the weight 1 - "
            "beta^t together; the rest, beta^t, is the weight of the zero at the start.",
        ),
        Misconception(
            "first_step_only",
            change(bias_correction, "moment / weight", "moment / weight if t == 1 else moment.copy()"),
            "Only the first average is corrected. At the second step the bias is smaller, and far from gone: its "
            "weight is 1 - beta^2 by then.",
        ),
    ),
    also_right=(
        bias_correction,
        change(bias_correction, "moment / weight", "1 / weight * moment"),
        change(bias_correction, "beta**t", "np.power(float(beta), t)"),
        change(bias_correction, "moment / weight", "np.array([each / weight for each in moment])"),
        change(bias_correction, "moment / weight", "moment.astype(np.float32) / weight"),
        correction_by_weights,
        correction_in_a_loop,
    ),
)

"""`ema_weights`: the weights that the exponential moving average gives to what it has seen. A bonus."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def weights_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, beta: float, t: int) -> Case:
        return Case(label, group, {"beta": beta, "t": t})

    def some(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    return [
        case("beta one half, three values", "order", 0.5, 3),
        case("beta near 0.9, five values", "order", some(0.85, 0.95), 5),
        case("the first average has one weight", "first", some(0.3, 0.9), 1),
        case("two values", "first", some(0.3, 0.9), 2),
        case("no memory, four values", "none", 0.0, 4),
        case("no memory, more values", "none", 0.0, int(rng.integers(6, 500))),
        case("a long memory, a short past", "sum", some(0.98, 0.995), 6),
        case("a long past", "sum", some(0.6, 0.8), 40),
    ]


def weights_oracle(beta: float, t: int) -> np.ndarray:
    """The weight of x_i is the derivative of m_t to x_i; by torch.autograd through the recursion."""
    import torch

    x = torch.zeros(t, dtype=torch.float64, requires_grad=True)
    m = torch.zeros((), dtype=torch.float64)
    for value in x:
        m = beta * m + (1 - beta) * value
    m.backward()
    assert x.grad is not None
    return np.asarray(x.grad.numpy())


def ema_weights(beta, t):
    ages = np.arange(t)[::-1]
    return (1 - beta) * float(beta) ** ages


def weights_aged(beta, t):
    weights = np.zeros(t)
    for i in range(t):
        weights *= beta
        weights[i] = 1 - beta
    return weights


EMA_WEIGHTS = Exercise(
    name="ema_weights",
    unit=UNIT,
    returns=("weights",),
    groups=(
        Group("order", "gives each step into the past the factor beta, the newest value last", 2, hint=1),
        Group("first", "is right for a past of one or two values", 1, hint=2),
        Group("none", "leaves everything to the newest value when beta is 0", 1, hint=2),
        Group("sum", "leaves a young average's weights as they are, short of 1", 2, hint=3),
    ),
    cases=weights_cases,
    reference=weights_oracle,
    misconceptions=(
        Misconception(
            "newest_first",
            change(ema_weights, "[::-1]", ""),
            "All weights are there, in the reverse order. Entry 0 belongs to x_1, the oldest value, which has been "
            "multiplied by beta most often.",
        ),
        Misconception(
            "without_the_factor",
            change(ema_weights, "(1 - beta) * ", ""),
            "The ratios of your weights are right and their size is not: each value enters with a factor before it "
            "begins to fade. Look at the weight of the newest one.",
            hint=2,
        ),
        Misconception(
            "normalized",
            change(
                ema_weights, "(1 - beta) * float(beta) ** ages", "float(beta) ** ages / np.sum(float(beta) ** ages)"
            ),
            "Your weights add up to 1 because you divided by their sum. The plain average does no such thing: that its "
            "young weights fall short of 1 is the bias itself, and what this exercise wants to see.",
            hint=3,
        ),
        Misconception(
            "one_step_too_old",
            change(ema_weights, "np.arange(t)[::-1]", "np.arange(t)[::-1] + 1"),
            "Each of your weights is one factor beta too small: the newest value has not been through any round of "
            "forgetting yet. How often was x_t multiplied by beta?",
            hint=2,
        ),
        Misconception(
            "with_the_start",
            change(
                ema_weights, "(1 - beta) * float(beta) ** ages", "np.append(beta**t, (1 - beta) * float(beta) ** ages)"
            ),
            "You count the start m_0 among the values, with weight beta^t. You are right that it has this weight, and "
            "that with it all weights add up to 1; it is the missing part. Return those of x_1 to x_t only.",
            hint=3,
        ),
        Misconception(
            "first_value_in_full",
            change(ema_weights, "(1 - beta)", "np.where(ages == t - 1, 1, 1 - beta)"),
            "Your first value enters in full, as if the average started there. From m_0 = 0 the first value enters "
            "like all the others, with the share 1 - beta.",
            hint=2,
        ),
        Misconception(
            "divides",
            change(ema_weights, "float(beta) ** ages", "beta**t / float(beta) ** np.arange(1, t + 1)"),
            "You divide one power of beta by another. With beta = 0, an average without memory, that is 0 / 0, and no "
            "number comes out. Subtract the exponents instead: how many rounds of forgetting has x_i been through?",
        ),
    ),
    also_right=(
        ema_weights,
        weights_aged,
        change(
            ema_weights, "(1 - beta) * float(beta) ** ages", "[(1 - beta) * beta ** (t - i) for i in range(1, t + 1)]"
        ),
        change(
            ema_weights,
            "[::-1]",
            "",
            "(1 - beta) * float(beta) ** ages",
            "np.flip((1 - beta) * np.power(float(beta), ages))",
        ),
        change(ema_weights, "np.arange(t)[::-1]", "t - np.arange(1, t + 1)"),
        change(ema_weights, "(1 - beta) * float(beta) ** ages", "float(beta) ** ages - float(beta) ** (ages + 1)"),
    ),
    plot="curve",
    bonus=True,
)

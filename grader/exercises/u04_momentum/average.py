"""The exponential moving average, and the weights that it gives to what it has seen."""

import numpy as np

from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception

# --- ema -------------------------------------------------------------------------------------------------------


def ema_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, x: np.ndarray, beta: float) -> Case:
        return Case(label, group, {"x": x, "beta": beta})

    normal = rng.normal
    return [
        case("two values", "average", np.array([10.0, 20.0]), 0.9),
        case("twelve values", "average", normal(size=12) + 3, 0.8),
        case("a long memory", "average", normal(size=60) - 1, 0.99),
        case("no memory", "average", normal(size=7), 0.0),
        case("one value", "start", normal(size=1) + 5, 0.9),
        case("a constant series", "start", np.full(8, rng.uniform(2, 9)), 0.7),
        case("whole numbers", "integers", rng.integers(1, 20, size=9), 0.75),
        case("five vectors of three entries", "shape", normal(size=(5, 3)), 0.6),
        case("four 2x3 matrices", "shape", normal(size=(4, 2, 3)), 0.9),
    ]


def ema_oracle(x: np.ndarray, beta: float) -> np.ndarray:
    """The recursion is a digital filter, m_t - beta m_{t-1} = (1 - beta) x_t; by scipy."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([1 - beta], [1, -beta], x.astype(np.float64), axis=0))


def ema_swapped(x: np.ndarray, beta: float) -> np.ndarray:
    m, out = 0.0, []
    for value in x:
        m = (1 - beta) * m + beta * value
        out.append(m)
    return np.array(out)


def ema_from_first(x: np.ndarray, beta: float) -> np.ndarray:
    m, out = x[0], []
    for value in x:
        m = beta * m + (1 - beta) * value
        out.append(m)
    return np.array(out)


def ema_sum(x: np.ndarray, beta: float) -> np.ndarray:
    m, out = 0.0, []
    for value in x:
        m = beta * m + value
        out.append(m)
    return np.array(out)


def ema_corrected(x: np.ndarray, beta: float) -> np.ndarray:
    m, out = 0.0, []
    for t, value in enumerate(x, start=1):
        m = beta * m + (1 - beta) * value
        out.append(m / (1 - beta**t))
    return np.array(out)


def ema_of_neighbours(x: np.ndarray, beta: float) -> np.ndarray:
    previous, out = 0.0, []
    for value in x:
        out.append(beta * previous + (1 - beta) * value)
        previous = value
    return np.array(out)


def ema_late(x: np.ndarray, beta: float) -> np.ndarray:
    m, out = 0.0 * x[0], []
    for value in x:
        out.append(m)
        m = beta * m + (1 - beta) * value
    return np.array(out)


def ema_last_only(x: np.ndarray, beta: float) -> np.ndarray:
    m = 0.0
    for value in x:
        m = beta * m + (1 - beta) * value
    return np.array(m)


def ema_truncates(x: np.ndarray, beta: float) -> np.ndarray:
    averages = np.zeros_like(x)
    m = 0.0
    for t in range(len(x)):
        m = beta * m + (1 - beta) * x[t]
        averages[t] = m
    return averages


def ema_by_weights(x: np.ndarray, beta: float) -> np.ndarray:
    ages = np.arange(len(x))[:, None] - np.arange(len(x))
    weights = (1 - beta) * np.where(ages >= 0, np.power(float(beta), np.maximum(ages, 0)), 0.0)
    return np.tensordot(weights, x, axes=1)


def ema_by_distance(x: np.ndarray, beta: float) -> np.ndarray:
    m = np.zeros(x.shape[1:])
    out = []
    for value in x:
        m = m + (1 - beta) * (value - m)
        out.append(m)
    return np.stack(out)


def ema_in_table(x: np.ndarray, beta: float) -> np.ndarray:
    m = np.zeros((len(x) + 1, *x.shape[1:]))
    for t in range(len(x)):
        m[t + 1] = beta * m[t] + (1 - beta) * x[t]
    return m[1:]


EMA = Exercise(
    name="ema",
    unit=UNIT,
    returns=("averages",),
    groups=(
        Group("average", "keeps beta of the old average and takes 1 - beta of the new value", 2),
        Group("start", "begins at zero, bias and all", 1),
        Group("integers", "keeps the fractions when the series holds whole numbers", 1),
        Group("shape", "averages vectors and matrices entry by entry", 1),
    ),
    cases=ema_cases,
    reference=ema_oracle,
    misconceptions=(
        Misconception(
            "swapped",
            ema_swapped,
            "Your average hardly remembers: it takes beta of the new value and keeps 1 - beta of the old average. With "
            "beta = 0.9 it should be the other way round, a long memory and a small correction.",
            hint=1,
        ),
        Misconception(
            "starts_at_the_first_value",
            ema_from_first,
            "Your average starts at the first value of the series. That hides the bias that this section is about, and "
            "gives the first value more weight than any other. Where does m_0 stand in the formula?",
            hint=2,
        ),
        Misconception(
            "a_sum",
            ema_sum,
            "You have a fading sum, not an average: of a constant series it makes a value 1 / (1 - beta) times too "
            "large in the long run. Keep this sum in mind, you meet it again in momentum. Here: what share of each "
            "new value should go in?",
            hint=1,
        ),
        Misconception(
            "bias_corrected",
            ema_corrected,
            "You have repaired the bias already, by dividing by 1 - beta^t. That is unit 05's first step; here the "
            "plain average is wanted, so that you can see what is to be repaired.",
            hint=2,
        ),
        Misconception(
            "average_of_neighbours",
            ema_of_neighbours,
            "Each of your averages mixes two values of the series, and forgets all that came before. The recursion "
            "mixes the new value with the old *average*: that is how a whole past fits into one number.",
            hint=1,
        ),
        Misconception(
            "one_late",
            ema_late,
            "Your series of averages is one step late: it begins with the 0 from before the first value, and the last "
            "value never arrives. Note the average down after it has seen the value.",
            hint=3,
        ),
        Misconception(
            "last_only",
            ema_last_only,
            "You returned the last average alone. Wanted is the average after each value: as many as there are values.",
            hint=3,
        ),
        Misconception(
            "truncates",
            ema_truncates,
            "Your table of averages has the type of the series. When that holds whole numbers, each average loses what "
            "stands behind its decimal point. Which type should averages have?",
            hint=3,
        ),
    ),
    equivalents=(ema_by_weights, ema_by_distance, ema_in_table),
    plot="curve",
)

# --- ema_weights -----------------------------------------------------------------------------------------------


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


def weights_newest_first(beta: float, t: int) -> np.ndarray:
    return (1 - beta) * beta ** np.arange(t)


def weights_without_factor(beta: float, t: int) -> np.ndarray:
    return float(beta) ** np.arange(t)[::-1]


def weights_normalized(beta: float, t: int) -> np.ndarray:
    weights = float(beta) ** np.arange(t)[::-1]
    return weights / weights.sum()


def weights_one_older(beta: float, t: int) -> np.ndarray:
    return (1 - beta) * beta ** np.arange(1, t + 1)[::-1]


def weights_with_start(beta: float, t: int) -> np.ndarray:
    return np.array([beta**t] + [(1 - beta) * beta ** (t - i) for i in range(1, t + 1)])


def weights_first_in_full(beta: float, t: int) -> np.ndarray:
    weights = (1 - beta) * float(beta) ** np.arange(t)[::-1]
    weights[0] = beta ** (t - 1)
    return weights


def weights_divided(beta: float, t: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return (1 - beta) * beta**t / np.power(float(beta), np.arange(1, t + 1))


def weights_loop(beta: float, t: int) -> list:
    return [(1 - beta) * beta ** (t - i) for i in range(1, t + 1)]


def weights_aged(beta: float, t: int) -> np.ndarray:
    weights = np.zeros(t)
    for i in range(t):
        weights *= beta
        weights[i] = 1 - beta
    return weights


def weights_flipped(beta: float, t: int) -> np.ndarray:
    return np.flip((1 - beta) * np.power(float(beta), np.arange(t)))


EMA_WEIGHTS = Exercise(
    name="ema_weights",
    unit=UNIT,
    returns=("weights",),
    groups=(
        Group("order", "gives each step into the past the factor beta, the newest value last", 2),
        Group("first", "is right for a past of one or two values", 1),
        Group("none", "leaves everything to the newest value when beta is 0", 1),
        Group("sum", "leaves a young average's weights as they are, short of 1", 2),
    ),
    cases=weights_cases,
    reference=weights_oracle,
    misconceptions=(
        Misconception(
            "newest_first",
            weights_newest_first,
            "All weights are there, in the reverse order. Entry 0 belongs to x_1, the oldest value, which has been "
            "multiplied by beta most often.",
            hint=1,
        ),
        Misconception(
            "without_the_factor",
            weights_without_factor,
            "The ratios of your weights are right and their size is not: each value enters with a factor before it "
            "begins to fade. Look at the weight of the newest one.",
            hint=2,
        ),
        Misconception(
            "normalized",
            weights_normalized,
            "Your weights add up to 1 because you divided by their sum. The plain average does no such thing: that its "
            "young weights fall short of 1 is the bias itself, and what this exercise wants to see.",
            hint=3,
        ),
        Misconception(
            "one_step_too_old",
            weights_one_older,
            "Each of your weights is one factor beta too small: the newest value has not been through any round of "
            "forgetting yet. How often was x_t multiplied by beta?",
            hint=2,
        ),
        Misconception(
            "with_the_start",
            weights_with_start,
            "You count the start m_0 among the values, with weight beta^t. You are right that it has this weight, and "
            "that with it all weights add up to 1; it is the missing part. Return those of x_1 to x_t only.",
            hint=3,
        ),
        Misconception(
            "first_value_in_full",
            weights_first_in_full,
            "Your first value enters in full, as if the average started there. From m_0 = 0 the first value enters "
            "like all the others, with the share 1 - beta.",
            hint=2,
        ),
        Misconception(
            "divides",
            weights_divided,
            "You divide one power of beta by another. With beta = 0, an average without memory, that is 0 / 0, and no "
            "number comes out. Subtract the exponents instead: how many rounds of forgetting has x_i been through?",
            hint=2,
        ),
    ),
    equivalents=(weights_loop, weights_aged, weights_flipped),
    plot="curve",
)

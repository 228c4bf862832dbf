"""`ema`: the exponential moving average."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception


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


def ema(x, beta):
    m, averages = 0.0, []
    for value in x:
        m = beta * m + (1 - beta) * value
        averages.append(m)
    return np.array(averages)


def ema_by_weights(x, beta):
    ages = np.arange(len(x))[:, None] - np.arange(len(x))
    weights = (1 - beta) * np.where(ages >= 0, np.power(float(beta), np.maximum(ages, 0)), 0.0)
    return np.tensordot(weights, x, axes=1)


def ema_in_table(x, beta):
    m = np.zeros((len(x) + 1, *x.shape[1:]))
    for t in range(len(x)):
        m[t + 1] = beta * m[t] + (1 - beta) * x[t]
    return m[1:]


EMA = Exercise(
    name="ema",
    unit=UNIT,
    returns=("averages",),
    groups=(
        Group("average", "keeps beta of the old average and takes 1 - beta of the new value", 2, hint=1),
        Group("start", "begins at zero, bias and all", 1, hint=2),
        Group("integers", "keeps the fractions when the series holds whole numbers", 1, hint=3),
        Group("shape", "averages vectors and matrices entry by entry", 1, hint=3),
    ),
    cases=ema_cases,
    reference=ema_oracle,
    misconceptions=(
        Misconception(
            "swapped",
            change(ema, "beta * m + (1 - beta) * value", "(1 - beta) * m + beta * value"),
            "Your average hardly remembers: it takes beta of the new value and keeps 1 - beta of the old average. With "
            "beta = 0.9 it should be the other way round, a long memory and a small correction.",
        ),
        Misconception(
            "starts_at_the_first_value",
            change(ema, "averages = 0.0", "averages = x[0]"),
            "Your average starts at the first value of the series. That hides the bias that this section is about, and "
            "gives the first value more weight than any other. Where does m_0 stand in the formula?",
            hint=2,
        ),
        Misconception(
            "a_sum",
            change(ema, "(1 - beta) * value", "value"),
            "You have a fading sum, not an average: of a constant series it makes a value 1 / (1 - beta) times too "
            "large in the long run. Keep this sum in mind, you meet it again in momentum. Here: what share of each "
            "new value should go in?",
        ),
        Misconception(
            "bias_corrected",
            change(ema, "append(m)", "append(m / (1 - beta ** (len(averages) + 1)))"),
            "You have repaired the bias already, by dividing by 1 - beta^t. That is unit 05's first step; here the "
            "plain average is wanted, so that you can see what is to be repaired.",
            hint=2,
        ),
        Misconception(
            "average_of_neighbours",
            change(
                ema,
                ("m = beta * m + (1 - beta) * value\n        averages.append(m)"),
                ("averages.append(beta * m + (1 - beta) * value)\n        m = value"),
            ),
            "Each of your averages mixes two values of the series, and forgets all that came before. The recursion "
            "mixes the new value with the old *average*: that is how a whole past fits into one number.",
        ),
        Misconception(
            "one_late",
            change(
                ema,
                "0.0",
                "0.0 * x[0]",
                ("m = beta * m + (1 - beta) * value\n        averages.append(m)"),
                ("averages.append(m)\n        m = beta * m + (1 - beta) * value"),
            ),
            "Your series of averages is one step late: it begins with the 0 from before the first value, and the last "
            "value never arrives. Note the average down after it has seen the value.",
            hint=3,
        ),
        Misconception(
            "last_only",
            change(ema, "np.array(averages)", "np.array(m)"),
            "You returned the last average alone. Wanted is the average after each value: as many as there are values.",
            hint=3,
        ),
        Misconception(
            "truncates",
            change(ema, "np.array(averages)", "np.array(averages).astype(x.dtype)"),
            "Your table of averages has the type of the series. When that holds whole numbers, each average loses what "
            "stands behind its decimal point. Which type should averages have?",
        ),
        Misconception(
            "mean_so_far",
            change(ema, "beta * m + (1 - beta) * value", "m + (value - m) / (len(averages) + 1)"),
            "Yours is the plain mean of all values so far: nothing is ever forgotten, and beta has no effect.",
        ),
    ),
    also_right=(
        ema,
        ema_by_weights,
        ema_in_table,
        change(ema, "beta * m + (1 - beta) * value", "m + (1 - beta) * (value - m)"),
        change(ema, "averages = 0.0", "averages = np.zeros(x.shape[1:])"),
        change(ema, "np.array(averages)", "[np.asarray(m).tolist() for m in averages]"),
    ),
    plot="curve",
)

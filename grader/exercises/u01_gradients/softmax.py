"""`softmax`: from logits to probabilities, row by row, at any size of the logits."""

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    huge = rng.normal(size=(2, 4)) + np.array([[1000.0], [-1000.0]])
    levels = rng.normal(size=(3, 5)) + np.array([[900.0], [0.0], [-900.0]])
    wide = np.array([[0.0, 0.0, 0.0, 2000.0, 2001.0], [-2000.0, -2000.0, -2000.0, 0.0, 1.0]]) + rng.normal(size=(2, 5))
    return [
        Case("two equal logits and one more", "rows", {"logits": np.array([[0.0, 0.0, np.log(2.0)]])}),
        Case("4 examples, 3 classes", "rows", {"logits": rng.normal(size=(4, 3))}),
        Case("2 examples, 6 classes", "rows", {"logits": rng.normal(0.0, 3.0, size=(2, 6))}),
        Case("as many examples as classes", "rows", {"logits": rng.normal(size=(3, 3))}),
        Case("logits near 1000 and near -1000", "large", {"logits": huge}),
        Case("very unequal logits in one row", "large", {"logits": wide}),
        Case("rows at very different heights", "levels", {"logits": levels}),
        Case("a single example", "levels", {"logits": rng.normal(500.0, 2.0, size=(1, 4))}),
    ]


def reference(logits: np.ndarray) -> np.ndarray:
    import torch

    return np.asarray(torch.softmax(torch.tensor(logits, dtype=torch.float64), dim=1).numpy())


def no_shift(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


def down_the_columns(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=0)


def over_the_whole_table(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max())
    return e / e.sum()


def one_maximum_for_all(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max())
    return e / e.sum(axis=1, keepdims=True)


def shift_by_the_mean(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def axis_lost(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)


def clipped(logits: np.ndarray) -> np.ndarray:
    e = np.exp(np.clip(logits, -500, 500))
    return e / e.sum(axis=1, keepdims=True)


def logarithm(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def divided_by_the_sum(logits: np.ndarray) -> np.ndarray:
    return logits / logits.sum(axis=1, keepdims=True)


def in_place(logits: np.ndarray) -> np.ndarray:
    logits -= logits.max(axis=1, keepdims=True)
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


def row_by_row(logits: np.ndarray) -> np.ndarray:
    p = np.empty(logits.shape)
    for i, z in enumerate(logits):
        e = np.exp(z - max(z))
        p[i] = e / sum(e)
    return p


def through_the_logarithm(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def by_differences(logits: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=2)


def float32(logits: np.ndarray) -> np.ndarray:
    shifted = (logits - logits.max(axis=1)[:, None]).astype(np.float32)
    e = np.exp(shifted)
    return e / e.sum(axis=1)[:, None]


SOFTMAX = Exercise(
    name="softmax",
    unit="01_gradients",
    returns=("p",),
    groups=(
        Group("rows", "turns each row into probabilities", 2),
        Group("large", "stands logits of any size", 2),
        Group("levels", "treats every row by itself", 1),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "no_shift",
            no_shift,
            "Right on paper, and NaN in floats: exp(1000) is more than a float can hold, exp(-1000) is rounded to 0, "
            "and then you divide inf by inf or 0 by 0. What may you subtract from a row without changing its softmax?",
            hint=2,
        ),
        Misconception(
            "down_the_columns",
            down_the_columns,
            "Your columns add up to 1. A row is one example with a logit for each class, so the rows should: "
            "the classes compete with each other, the examples do not.",
            hint=1,
        ),
        Misconception(
            "over_the_whole_table",
            over_the_whole_table,
            "All of your numbers together add up to 1, so the examples share one probability among them. "
            "Each row should add up to 1 by itself.",
            hint=1,
        ),
        Misconception(
            "one_maximum_for_all_rows",
            one_maximum_for_all,
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-900) = 0, and 0/0. Each row wants its own maximum.",
            hint=2,
        ),
        Misconception(
            "shift_by_the_mean",
            shift_by_the_mean,
            "You subtract each row's mean: a good thought, but one logit can still lie 1200 above the mean. "
            "Which number leaves nothing above 0?",
            hint=2,
        ),
        Misconception(
            "axis_lost_in_the_sum",
            axis_lost,
            "The sum over the classes has the shape (N,), and NumPy lines it up with the columns: row i is divided by "
            "the sums of other rows, or the shapes do not fit at all. It happened in clinic 00, too.",
            hint=1,
        ),
        Misconception(
            "clipped_logits",
            clipped,
            "You clip the logits. No overflow any more, but 2000 and 2001 both become 500 and so equally probable, "
            "although one should be e times as probable as the other. Subtracting changes nothing; clipping does.",
            hint=2,
        ),
        Misconception(
            "log_of_softmax",
            logarithm,
            "These are the logarithms of the probabilities, none above 0. They are useful in the next exercise; "
            "here the probabilities themselves are asked for.",
            hint=1,
        ),
        Misconception(
            "sigmoid",
            sigmoid,
            "This is the sigmoid of each logit by itself: the classes do not compete, and a row adds up to anything. "
            "In a softmax, one class can only gain what the others lose.",
            hint=1,
        ),
        Misconception(
            "no_exponential",
            divided_by_the_sum,
            "You divided the logits by their sum. Logits may be negative, and so then are your 'probabilities'. "
            "The exponential comes first: it makes everything positive.",
            hint=1,
        ),
        Misconception(
            "changed_in_place",
            in_place,
            "Your probabilities are right, but you changed the logits themselves with -=. "
            "Whoever called still needs them, for the loss for example.",
            hint=2,
        ),
    ),
    equivalents=(row_by_row, through_the_logarithm, by_differences, float32),
    forbidden=("scipy.special", "torch"),
)

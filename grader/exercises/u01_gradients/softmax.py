"""`softmax`: from logits to probabilities, row by row, at any size of the logits."""

import numpy as np

from grader.changes import change
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


def softmax(logits):
    top = logits.max(axis=1, keepdims=True)
    e = np.exp(logits - top)
    total = e.sum(axis=1, keepdims=True)
    return e / total


def row_by_row(logits):
    p = np.empty(logits.shape)
    for i, z in enumerate(logits):
        e = np.exp(z - max(z))
        p[i] = e / sum(e)
    return p


def through_the_logarithm(logits):
    return np.exp(logits - np.logaddexp.reduce(logits.T)[:, None])


def by_differences(logits):
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=2)


def float32(logits):
    shifted = (logits - logits.max(axis=1)[:, None]).astype(np.float32)
    e = np.exp(shifted)
    return e / e.sum(axis=1)[:, None]


SOFTMAX = Exercise(
    name="softmax",
    unit="01_gradients",
    returns=("p",),
    sizes={"N": ("logits", 0), "K": ("logits", 1)},
    groups=(
        Group("rows", "turns each row into probabilities", 2, hint=1),
        Group("large", "stands logits of any size", 2, hint=2),
        Group("levels", "treats every row by itself", 1, hint=2),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "no_shift",
            change(softmax, " - top", ""),
            "Right on paper, and NaN in floats: exp(1000) is more than a float can hold, exp(-1000) is rounded to 0, "
            "and then you divide inf by inf or 0 by 0. What may you subtract from a row without changing its softmax?",
        ),
        Misconception(
            "down_the_columns",
            change(softmax, "max(axis=1, keepdims=True)", "max(axis=0)", "1, keepdims=True", "0"),
            "Your columns add up to 1. A row is one example with a logit for each class, so the rows should: "
            "the classes compete with each other, the examples do not.",
        ),
        *(
            Misconception(
                name,
                change(softmax, "sum(axis=1, keepdims=True)", "sum()", *shift),
                "All of your numbers together add up to 1, so the examples share one probability among them. "
                "Each row should add up to 1 by itself.",
            )
            for name, shift in (
                ("over_the_whole_table", ("max(axis=1, keepdims=True)", "max()")),
                ("one_sum_for_all_rows", ()),
            )
        ),
        Misconception(
            "sigmoids_shared_out",
            change(softmax, "np.exp(logits - top)", "1 / (1 + np.exp(-logits))"),
            "You took the sigmoid of each logit and divided by the row's sum. A sigmoid is nearly 1 for 10 and for "
            "20, so that these two become equally probable. A softmax divides the exponentials themselves.",
        ),
        Misconception(
            "one_maximum_for_all_rows",
            change(softmax, "max(axis=1, keepdims=True)", "max()"),
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-900) = 0, and 0/0. Each row wants its own maximum.",
        ),
        Misconception(
            "shift_by_the_mean",
            change(softmax, "logits.max", "logits.mean"),
            "What you subtract from a row, its mean say, leaves one of its logits far above 0: by more than 1000 in "
            "one case, and exp(1000) overflows. Which number leaves nothing above 0?",
        ),
        Misconception(
            "axis_lost_in_the_sum",
            change(softmax, "sum(axis=1, keepdims=True)", "sum(axis=1)"),
            "The sum over the classes has the shape (N,), and NumPy lines it up with the columns: row i is divided by "
            "the sums of other rows, or the shapes do not fit at all. It happened in clinic 00, too.",
        ),
        Misconception(
            "clipped_logits",
            change(softmax, "logits - top", "np.clip(logits, -500, 500)"),
            "You clip the logits. No overflow any more, but 2000 and 2001 both become 500 and so equally probable, "
            "although one should be e times as probable as the other. Subtracting changes nothing; clipping does.",
        ),
        Misconception(
            "log_of_softmax",
            change(softmax, "e / total", "logits - top - np.log(total)"),
            "These are the logarithms of the probabilities, none above 0. They are useful in the next exercise; "
            "here the probabilities themselves are asked for.",
        ),
        Misconception(
            "sigmoid",
            change(softmax, "logits - top", "-logits", "e / total", "1 / (1 + e)"),
            "This is the sigmoid of each logit by itself: the classes do not compete, and a row adds up to anything. "
            "In a softmax, one class can only gain what the others lose.",
        ),
        Misconception(
            "no_exponential",
            change(softmax, "np.exp(logits - top)", "logits"),
            "You divided the logits by their sum. Logits may be negative, and so then are your 'probabilities'. "
            "The exponential comes first: it makes everything positive.",
        ),
        Misconception(
            "changed_in_place",
            change(softmax, "e = np.exp(logits - top)", ("logits -= top\n    e = np.exp(logits)")),
            "Your probabilities are right, but you changed the logits themselves with -=. "
            "Whoever called still needs them, for the loss for example.",
            hint=2,
        ),
        Misconception(
            "axis_lost_in_the_maximum",
            change(softmax, "max(axis=1, keepdims=True)", "max(axis=1)"),
            "The maxima of the rows have the shape (N,), and NumPy lines them up with the columns: each column "
            "loses the maximum of some row, or the shapes do not fit at all. Keep the axis, as in clinic 00.",
        ),
        Misconception(
            "divided_by_the_maximum",
            change(softmax, "logits - top", "logits / top"),
            "You divide the logits by the largest one. That changes their differences, and with them the "
            "probabilities; subtracting one number from a whole row changes nothing.",
            hint=2,
        ),
        Misconception(
            "powers_of_two",
            change(softmax, "np.exp(logits - top)", "2.0 ** (logits - top)"),
            "You took powers of 2. A softmax takes powers of e, np.exp: with 2, a class whose logit is larger by 1 is "
            "twice as probable, and should be e times as probable.",
        ),
    ),
    also_right=(
        softmax,
        row_by_row,
        through_the_logarithm,
        by_differences,
        float32,
        change(softmax, "logits.max(axis=1, keepdims=True)", "np.max(logits, axis=-1)[:, None]"),
        change(softmax, "return e / total", "return [list(row / row.sum()) for row in e]"),
    ),
    forbidden=("scipy.special", "torch"),
)

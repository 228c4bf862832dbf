"""Minibatches: many orders are right, so properties are verified (`course_lib.judging.properties.minibatches`).

A misconception is named after its flaw.
"""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def batch_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, batch_size: int, X: np.ndarray, y: Any = None) -> Case:
        labels = rng.integers(0, 4, size=len(X)) if y is None else np.asarray(y)
        inputs = {"X": X, "y": labels, "batch_size": batch_size, "seed": int(rng.integers(1, 10**6)), "asks": asks}
        return Case(label, asks, inputs)

    def table(*shape: int) -> np.ndarray:
        return rng.normal(size=shape)

    return [
        case("12 examples, 4 a batch", "once", 4, table(12, 3)),
        case("all examples in one batch", "once", 9, table(9, 2)),
        case("one example a batch", "once", 1, table(15, 2)),
        case("a label for each", "pairs", 5, table(20, 4), 10 + rng.permutation(20)),
        case("four kinds of label", "pairs", 4, table(24, 2)),
        case("images, (N, 3, 2)", "pairs", 6, table(18, 3, 2)),
        case("10 examples, 4 a batch", "last", 4, table(10, 3)),
        case("one example left over", "last", 7, table(22, 2)),
        case("more room than examples", "last", 16, table(11, 2)),
        case("two epochs", "order", 3, table(24, 3)),
        case("two epochs of many examples", "order", 5, table(60, 2)),
    ]


def minibatches(X, y, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(0, len(y), batch_size):
        chosen = order[start : start + batch_size]
        yield X[chosen], y[chosen]


def as_list(X, y, batch_size, rng):
    order = rng.permutation(len(y))
    starts = range(0, len(y), batch_size)
    return [[X[order[i : i + batch_size]], y[order[i : i + batch_size]]] for i in starts]


def by_split(X, y, batch_size, rng):
    order = np.arange(len(y))
    rng.shuffle(order)
    for chosen in np.split(order, np.arange(batch_size, len(y), batch_size)):
        yield X[chosen], y[chosen]


def by_drawing_from_what_is_left(X, y, batch_size, rng):
    left = list(range(len(y)))
    while left:
        chosen = [left.pop(int(rng.integers(len(left)))) for _ in range(min(batch_size, len(left)))]
        yield X[chosen], y[chosen]


def endless(X, y, batch_size, rng):
    while True:
        order = rng.permutation(len(y))
        for start in range(0, len(y), batch_size):
            chosen = order[start : start + batch_size]
            yield X[chosen], y[chosen]


MINIBATCHES = Exercise(
    name="minibatches",
    unit=UNIT,
    returns=("first", "second", "again"),
    driver="minibatches",
    groups=(
        Group("once", "hands out every example exactly once in an epoch", 2, hint=2),
        Group("pairs", "keeps each example together with its own label", 2, hint=1),
        Group("last", "keeps what is left over as a smaller last batch", 2, hint=3),
        Group("order", "shuffles anew in each epoch, with the generator that it was given", 2, hint=4),
    ),
    cases=batch_cases,
    reference=None,
    verify="minibatches",
    misconceptions=(
        Misconception(
            "apart",
            change(
                minibatches,
                "order = rng.permutation",
                "X, y, order = rng.permutation(X), rng.permutation(y), np.arange",
            ),
            "Your examples and their labels part ways: a picture of a boot arrives labelled as a shirt. X and y have "
            "to be put into one and the same order. How many orders do you draw?",
        ),
        Misconception(
            "with_replacement",
            change(
                minibatches,
                "order[start : start + batch_size]",
                "rng.integers(0, len(y), size=min(batch_size, len(y) - start))",
            ),
            "You draw each batch from all examples afresh, so some come twice and others not at all: about 37% of a "
            "large data set stay unseen in such an epoch. An epoch is one pass in which everybody has one turn.",
        ),
        Misconception(
            "last_dropped",
            change(minibatches, "len(y), batch_size", "len(y) - batch_size + 1, batch_size"),
            "The examples that do not fill a whole batch are lost; with batches larger than the data set, that is all "
            "of them. They belong into one last, smaller batch.",
        ),
        Misconception(
            "last_padded",
            change(
                minibatches,
                "order[start : start + batch_size]",
                "np.take(order, range(start, start + batch_size), mode='wrap')",
            ),
            "You fill up the last batch with examples that have had their turn. They count double in this epoch. A "
            "last batch may simply be smaller.",
        ),
        Misconception(
            "uneven",
            change(
                minibatches,
                ("start in range(0, len(y), batch_size):\n        chosen = order[start : start + batch_size]\n"),
                "chosen in np.array_split(order, max(1, len(y) // batch_size)):\n",
            ),
            "You divide the examples into parts of nearly equal size, none of which need be batch_size long. Every "
            "batch but the last should hold exactly batch_size examples, and the last one what is left.",
        ),
        Misconception(
            "no_shuffle",
            change(minibatches, "rng.permutation(len(y))", "np.arange(len(y))"),
            "Your batches come in the order of the data. Data sets are often sorted, by label or by day: then a batch "
            "holds one kind of example only, and each step unlearns what the last one taught.",
        ),
        Misconception(
            "same_order",
            change(minibatches, "rng.permutation", "np.random.default_rng(0).permutation"),
            "Your shuffle is the same in every epoch, so the same examples always share a batch. A generator that is "
            "made anew from one seed starts anew, too. You were given one that goes on: rng.",
        ),
        Misconception(
            "another_rng",
            change(minibatches, "rng.permutation", "np.random.permutation"),
            "You shuffle, but not with the rng that was handed in: the same seed does not give the same run any more. "
            "An experiment that nobody can repeat is hard to debug, and harder to believe.",
        ),
        Misconception(
            "blocks",
            change(
                minibatches,
                "rng.permutation",
                "np.arange",
                "range(0, len(y), batch_size)",
                "rng.permutation(range(0, len(y), batch_size))",
            ),
            "You shuffle the batches, not the examples: the same neighbours share a batch for ever, and in sorted data "
            "each batch still holds one kind only. Shuffle first, then cut.",
            hint=4,
        ),
        Misconception(
            "endless",
            endless,
            "Your batches never end: a loop over one epoch would run for ever. Let the function end after one pass; "
            "whoever wants another epoch calls it again.",
        ),
        Misconception(
            "mutated",
            change(
                minibatches,
                "order = rng.permutation(len(y))\n",
                ("order = rng.permutation(len(y))\n    X[:], y[:] = X[order], y[order]\n"),
                "order[start : start + batch_size]",
                "slice(start, start + batch_size)",
            ),
            "You shuffle the caller's own X and y: the caller's first example is somebody else now, and predictions "
            "made before no longer belong to the rows. Shuffle the row numbers instead.",
            hint=1,
        ),
    ),
    also_right=(
        minibatches,
        as_list,
        by_split,
        by_drawing_from_what_is_left,
        change(minibatches, "rng.permutation(len(y))", "np.argsort(rng.random(len(y)))"),
        change(minibatches, "rng.permutation(len(y))", "rng.choice(len(y), size=len(y), replace=False)"),
    ),
)

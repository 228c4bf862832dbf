"""`modality_dropout`: many masks are right, so properties are verified (`course_lib.judging.properties`).

A misconception is named after its flaw.
"""

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def dropout_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, N: int, M: int, p: float, missing: float = 0.0) -> Case:
        present = rng.random((N, M)) >= missing
        present[np.arange(N), rng.integers(M, size=N)] = True
        seed = int(rng.integers(1, 10**6))
        return Case(label, asks, {"present": present, "p": float(p), "seed": seed, "asks": asks})

    def size(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    uniform = rng.uniform
    return [
        case("some were missing before", "subset", 200, 3, uniform(0.3, 0.6), 0.4),
        case("many were missing before, p = 0.9", "subset", 200, 4, 0.9, 0.6),
        case("p = 0: nothing is dropped", "subset", 40, 3, 0.0, 0.3),
        case("2 modalities, p = 0.9", "one_left", size(200, 400), 2, 0.9),
        case("3 modalities, some missing before", "one_left", size(200, 400), 3, uniform(0.7, 0.9), 0.5),
        case("8 modalities, few are dropped", "share", size(700, 900), 8, uniform(0.15, 0.3)),
        case("8 modalities, many are dropped", "share", size(700, 900), 8, uniform(0.65, 0.75)),
        case("4 modalities", "each", size(200, 400), 4, uniform(0.4, 0.5)),
        case("3 modalities", "each", size(150, 300), 3, 0.5),
        case("3 modalities, most are dropped", "even", size(1100, 1400), 3, uniform(0.75, 0.85)),
        case("4 modalities, most are dropped", "even", size(1100, 1400), 4, 0.85),
        case("two batches, one generator", "fresh", size(40, 140), 3, uniform(0.3, 0.6)),
        case("two batches of other sizes", "fresh", size(60, 160), 4, 0.5),
    ]


def one_at_most(present: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
    kept = present.copy()
    for row in kept:
        if rng.random() < p and row.sum() > 1:
            row[rng.choice(np.flatnonzero(row))] = False
    return kept


def by_loop(present, p, rng: np.random.Generator):
    kept = []
    for row in present.tolist():
        left = [there and rng.random() >= p for there in row]
        if not any(left):
            left[rng.choice(np.flatnonzero(row))] = True
        kept.append(left)
    return kept


def by_rescue(present, p, rng: np.random.Generator):
    kept = present & (rng.random(present.shape) >= p)
    order = np.where(present, rng.random(present.shape), -1.0)
    lost = ~kept.any(axis=1)
    kept[lost, order[lost].argmax(axis=1)] = True
    return kept


def modality_dropout(present, p, rng):
    kept = present & (rng.random(present.shape) >= p)
    order = np.where(present, rng.random(present.shape), -1.0)
    for row in np.flatnonzero(~kept.any(axis=1)):
        kept[row, order[row].argmax()] = True
    return kept


MODALITY_DROPOUT = Exercise(
    name="modality_dropout",
    unit=UNIT,
    returns=("first", "second", "again"),
    driver="modality_masks",
    groups=(
        Group("subset", "keeps only what was there, and drops nothing at p = 0", 1, hint=2),
        Group("one_left", "leaves each example at least one modality", 2, hint=2),
        Group("share", "drops the share p", 1, hint=1),
        Group("each", "decides for each modality of each example on its own", 1, hint=1),
        Group("even", "rescues one modality where all would be lost, each as often as any other", 1, hint=3),
        Group("fresh", "draws a new mask at each call, with the generator that it was given", 1, hint=1),
    ),
    cases=dropout_cases,
    reference=None,
    verify="modality_dropout",
    misconceptions=(
        Misconception(
            "all_lost",
            change(
                modality_dropout,
                "    for row in np.flatnonzero(~kept.any(axis=1)):\n        kept[row, order[row].argmax()] = True\n",
                "",
            ),
            "Some examples lose everything. From nothing nothing can be learned but which class is the most common. "
            "Where all would go, one has to stay.",
            hint=2,
        ),
        Misconception(
            "brings_back",
            change(modality_dropout, "order[row].argmax()", "rng.integers(present.shape[1])"),
            "The modality that you rescue may be one that this example never had: you draw among all of them. Draw "
            "among those that are present.",
            hint=2,
        ),
        Misconception(
            "swapped",
            change(modality_dropout, ">= p", "< p"),
            "Keep and drop are swapped: p is the share that is to be dropped, as in dropout.",
            hint=1,
        ),
        Misconception(
            "one_at_most",
            one_at_most,
            "No example loses more than one modality, so that the network never learns to live with a single one. Draw "
            "for each of them.",
            hint=1,
        ),
        Misconception(
            "one_for_all",
            change(
                modality_dropout,
                "rng.random(present.shape) >= p",
                "rng.random(present.shape[1]) >= p",
                "rng.random(present.shape), -1.0",
                "rng.random(present.shape[1]), -1.0",
            ),
            "You draw once for the whole batch. Draw for each example: as many numbers as `present` has entries.",
            hint=1,
        ),
        Misconception(
            "together",
            change(modality_dropout, "(rng.random(present.shape) >= p)", "(rng.random(len(present)) >= p)[:, None]"),
            "The modalities of an example are dropped all together or not at all. Draw for each modality on its own.",
            hint=1,
        ),
        Misconception(
            "uneven",
            change(modality_dropout, "order[row].argmax()", "present[row].argmax()"),
            "Where everything would be lost you always rescue the first one that is present. The network then sees "
            "that one alone far more often than any other. Draw which one stays.",
            hint=3,
        ),
        Misconception(
            "more_than_one",
            change(modality_dropout, "kept[row, order[row].argmax()] = True", "kept[row] = present[row]"),
            "Where everything would be lost you give everything back. The larger p, the more examples then keep all "
            "that they had. One modality is to come back.",
            hint=3,
        ),
        Misconception(
            "same_mask",
            change(
                modality_dropout,
                "    kept = present & (rng.random(present.shape) >= p)\n",
                "    rng = np.random.default_rng(0)\n    kept = present & (rng.random(present.shape) >= p)\n",
            ),
            "Your mask is the same at every call: a generator that is made anew starts anew. You were given one that "
            "goes on.",
            hint=1,
        ),
        Misconception(
            "another_rng",
            change(
                modality_dropout,
                "    kept = present & (rng.random(present.shape) >= p)\n",
                "    rng = np.random\n    kept = present & (rng.random(present.shape) >= p)\n",
            ),
            "You draw, but not with the rng that was handed in: the same seed does not give the same run any more.",
            hint=1,
        ),
        Misconception(
            "mutated",
            change(
                modality_dropout,
                "    kept = present & (rng.random(present.shape) >= p)\n",
                "",
                "-1.0)\n",
                "-1.0)\n    present &= rng.random(present.shape) >= p\n    kept = present\n",
            ),
            "You write into the caller's own `present`. In the next epoch everything that was dropped once would be "
            "gone for good. Make a new array.",
            hint=1,
        ),
    ),
    also_right=(
        modality_dropout,
        by_loop,
        by_rescue,
        change(modality_dropout, ">= p", "> p"),
        change(modality_dropout, "order[row].argmax()", "rng.choice(np.flatnonzero(present[row]))"),
    ),
)

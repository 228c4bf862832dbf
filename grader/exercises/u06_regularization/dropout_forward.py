"""Dropout: many masks are right, so properties are verified; a misconception is named after its flaw."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, shape: tuple[int, ...], p: float, training: bool = True) -> Case:
        x = rng.uniform(0.5, 3, size=shape) * rng.choice([-1, 1], size=shape)  # no zeros: those are the dropped ones
        seed = int(rng.integers(1, 10**6))
        inputs = {"x": x, "p": float(p), "seed": seed, "training": training, "asks": asks}
        return Case(label, "each" if asks == "count" else asks, inputs)

    uniform = rng.uniform
    return [
        case("p = 0.2", "scale", (20, 30), 0.2),
        case("most are dropped", "scale", (20, 30), uniform(0.65, 0.85)),
        case("p = 0: nothing is dropped", "scale", (6, 5), 0.0),
        case("few are dropped", "share", (60, 50), uniform(0.1, 0.2)),
        case("p = 0.8", "share", (60, 50), 0.8),
        case("images, (N, 10, 12)", "share", (25, 10, 12), uniform(0.2, 0.27)),
        case("a batch of 40", "each", (40, 30), uniform(0.3, 0.5)),
        case("half of a small layer", "each", (50, 16), 0.5),
        case("one example at a time", "count", (20, 12), uniform(0.4, 0.6)),
        case("two batches, one generator", "fresh", (20, 30), uniform(0.3, 0.5)),
        case("two images, one generator", "fresh", (10, 6, 8), 0.5),
        case("at test", "test", (12, 8), uniform(0.2, 0.4), False),
        case("at test, with a large p", "test", (5, 9), uniform(0.65, 0.85), False),
    ]


def dropout_forward(x, p, rng, training):
    kept = np.ones(x.shape, dtype=bool)
    out = x
    if training:
        kept = rng.random(x.shape) >= p
        out = x * kept / (1 - p)
    return out, kept


def with_a_mask_of_numbers(x, p, rng, training):
    p = p * training
    kept = (rng.uniform(size=x.shape) < 1 - p).astype(float)
    return kept * x / (1 - p), kept


DROPOUT_FORWARD = Exercise(
    name="dropout_forward",
    unit=UNIT,
    returns=("first", "second", "again"),
    driver="dropout",
    groups=(
        Group("scale", "makes up for what is dropped, so that the mean stays", 2, hint=2),
        Group("share", "drops the share p of all entries", 2, hint=1),
        Group("each", "decides for each entry of each example on its own", 1, hint=4),
        Group("fresh", "draws a new mask at each call, with the generator that it was given", 1, hint=4),
        Group("test", "hands everything on as it is when it is not training", 2, hint=3),
    ),
    cases=forward_cases,
    reference=None,
    verify="dropout",
    misconceptions=(
        Misconception(
            "swapped",
            change(dropout_forward, ">= p", "< p", "/ (1 - p)", "/ p if p else x * 0.0"),
            "Keep and drop are swapped: p is the share that is to be *dropped*, as in torch. With p = 0.8 you keep "
            "eight entries of ten. Some papers do call the other share p, so look before you copy a value.",
            hint=1,
        ),
        Misconception(
            "not_rescaled",
            change(dropout_forward, " / (1 - p)", ""),
            "What survives is not rescaled, so the layer's outputs have only 1 - p of their size on average. The next "
            "layer gets used to that in training, and is flooded at test, when nothing is dropped.",
            hint=2,
        ),
        Misconception(
            "rescaled_wrongly",
            change(dropout_forward, "/ (1 - p)", "* (1 - p)"),
            "What survives has another factor than 1 / (1 - p), so that the mean is not kept for every p. With "
            "p = 0.5, every second entry is missing; how much larger do the others have to be to make up for it?",
            hint=2,
        ),
        Misconception(
            "share_kept",
            change(dropout_forward, "/ (1 - p)", "/ kept.mean()"),
            "You divide by the share that happened to be kept. That is another number at every call, and the "
            "size of what goes on depends on it: the factor is made of p alone, 1 / (1 - p).",
            hint=2,
        ),
        Misconception(
            "rescaled_at_test",
            change(dropout_forward, "out = x\n", "out = x * (1 - p)\n"),
            "You rescale at test. Here it is in training that the survivors are made larger, so that at test there is "
            "nothing to make up for: x goes through as it is.",
            hint=3,
        ),
        Misconception(
            "drops_at_test",
            change(
                dropout_forward,
                "    if training:\n        kept = rng.random(x.shape) >= p\n        out =",
                "    kept = rng.random(x.shape) >= p\n    out =",
            ),
            "You drop entries at test, too: the same image gets another answer each time. What does `training` say?",
            hint=3,
        ),
        Misconception(
            "one_mask_for_all",
            change(
                dropout_forward, "rng.random(x.shape) >= p", "np.broadcast_to(rng.random(x.shape[1:]) >= p, x.shape)"
            ),
            "All examples of the batch get one and the same mask. For this step you have trained one thinned network "
            "instead of one for each example. Draw as many numbers as x has entries.",
            hint=4,
        ),
        Misconception(
            "whole_rows",
            change(
                dropout_forward,
                "rng.random(x.shape) >= p",
                "np.broadcast_to(rng.random((len(x), *[1] * (x.ndim - 1))) >= p, x.shape)",
            ),
            "You drop whole rows: some examples lose everything and others nothing. Dropout switches off units, and "
            "for each example others. Draw as many numbers as x has entries.",
            hint=4,
        ),
        Misconception(
            "same_mask",
            change(dropout_forward, "rng.random", "np.random.default_rng(0).random"),
            "Your mask is the same at every call: the dropped units are gone for good, and you train one smaller "
            "network. A generator that is made anew starts anew. You were given one that goes on: rng.",
            hint=4,
        ),
        Misconception(
            "another_rng",
            change(dropout_forward, "rng.random", "np.random.random"),
            "You draw the mask, but not with the rng that was handed in: the same seed does not give the same run any "
            "more. An experiment that nobody can repeat is hard to debug, and harder to believe.",
            hint=4,
        ),
        Misconception(
            "mask_inverted",
            change(dropout_forward, "out = x * kept / (1 - p)", "out = x * kept / (1 - p)\n        kept = ~kept"),
            "Your mask says the opposite: it marks what was dropped. True is to mean kept; the backward pass will rely "
            "on it.",
            hint=1,
        ),
        Misconception(
            "mutated",
            change(dropout_forward, "out = x * kept / (1 - p)", "x *= kept\n        x /= 1 - p"),
            "You write the zeros into the caller's own x. In the backward pass somebody needs these activations as "
            "they were. Make a new array.",
            hint=2,
        ),
        Misconception(
            "divided_by_p",
            change(dropout_forward, "/ (1 - p)", "/ p if p else x"),
            "What is left is divided by p, the share that is dropped. With p = 0.2, four of five entries are left, and "
            "1/0.2 makes each five times as large. How large must they become for the mean to stay?",
            hint=2,
        ),
        Misconception(
            "share",
            change(dropout_forward, "rng.random(x.shape)", "rng.normal(size=x.shape)"),
            "Another share than p is dropped. A uniform number from 0 to 1 is below 0.2 in 20 % of all cases; a normal "
            "one is in 58 %, since half of them are negative. From where to where do your random numbers go?",
            hint=1,
        ),
        Misconception(
            "fixed_count",
            change(
                dropout_forward,
                "rng.random(x.shape) >= p",
                "rng.permutation(x.size).reshape(x.shape) >= round(p * x.size)",
            ),
            "You drop the same number of entries every time. Each entry throws its own die, independently of the "
            "others: of ten, with p = 0.5, sometimes 3 go and sometimes 7.",
            hint=4,
        ),
        Misconception(
            "mask_at_test",
            change(dropout_forward, "    if training:", "    kept = np.full(x.shape, training)\n    if training:"),
            "At test your mask says that everything was dropped. Nothing was: it has to be True everywhere.",
            hint=3,
        ),
        Misconception(
            "all_or_nothing",
            change(dropout_forward, "rng.random(x.shape) >= p", "np.full(x.shape, rng.random() >= p)"),
            "Either everything is kept or everything is dropped: there is one random number for the whole array, or "
            "none at all. Draw as many as x has entries.",
            hint=4,
        ),
    ),
    also_right=(
        dropout_forward,
        change(dropout_forward, "rng.random(x.shape) >= p", "rng.binomial(1, 1 - p, size=x.shape).astype(bool)"),
        change(dropout_forward, "rng.random(x.shape) >= p", "rng.choice([True, False], size=x.shape, p=[1 - p, p])"),
        change(
            dropout_forward,
            "x * kept / (1 - p)",
            "np.where(kept, x / (1 - p), 0.0)",
            "return out, kept",
            "return [out, kept]",
        ),
        change(dropout_forward, "rng.random(x.shape) >= p", "~(rng.uniform(0, 1, x.shape) < p)"),
        with_a_mask_of_numbers,
    ),
)

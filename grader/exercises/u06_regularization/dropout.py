"""Dropout: many masks are right, so properties are verified (`course_lib.properties`), there and back.

A misconception is named after its flaw.
"""

import numpy as np

from grader.exercises.u06_regularization.penalties import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, shape: tuple[int, ...], p: float, training: bool = True) -> Case:
        x = rng.uniform(0.5, 3, size=shape) * rng.choice([-1, 1], size=shape)  # no zeros: those are the dropped ones
        seed = int(rng.integers(1, 10**6))
        inputs = {"x": x, "p": float(p), "seed": seed, "training": training, "asks": asks}
        return Case(label, asks, inputs)

    uniform = rng.uniform
    return [
        case("p = 0.2", "scale", (20, 30), 0.2),
        case("most are dropped", "scale", (20, 30), uniform(0.65, 0.85)),
        case("p = 0: nothing is dropped", "scale", (6, 5), 0.0),
        case("few are dropped", "share", (60, 50), uniform(0.1, 0.2)),
        case("p = 0.8", "share", (60, 50), 0.8),
        case("images, (N, 10, 12)", "share", (25, 10, 12), uniform(0.25, 0.35)),
        case("a batch of 40", "each", (40, 30), uniform(0.3, 0.5)),
        case("half of a small layer", "each", (50, 16), 0.5),
        case("two batches, one generator", "fresh", (20, 30), uniform(0.3, 0.5)),
        case("two images, one generator", "fresh", (10, 6, 8), 0.5),
        case("at test", "test", (12, 8), uniform(0.2, 0.4), False),
        case("at test, with a large p", "test", (5, 9), uniform(0.65, 0.85), False),
    ]


def swapped(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = rng.random(x.shape) < p
    return x * kept / p if p else x * 0.0, kept


def swapped_half(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = rng.random(x.shape) < p
    return x * kept / (1 - p), kept


def not_rescaled(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = rng.random(x.shape) >= p
    return x * kept, kept


def rescaled_wrongly(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = rng.random(x.shape) >= p
    return x * kept * (1 - p), kept


def rescaled_at_test(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x * (1 - p), np.ones(x.shape, dtype=bool)
    kept = rng.random(x.shape) >= p
    return x * kept / (1 - p), kept


def drops_at_test(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    kept = rng.random(x.shape) >= p
    return x * kept / (1 - p), kept


def one_mask_for_all(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = np.broadcast_to(rng.random(x.shape[1:]) >= p, x.shape)
    return x * kept / (1 - p), kept


def whole_rows(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    one_each = rng.random(len(x)).reshape(-1, *[1] * (x.ndim - 1)) >= p
    kept = np.broadcast_to(one_each, x.shape)
    return x * kept / (1 - p), kept


def same_mask(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = np.random.default_rng(0).random(x.shape) >= p
    return x * kept / (1 - p), kept


def another_rng(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    kept = np.random.random(x.shape) >= p
    return x * kept / (1 - p), kept


def mask_inverted(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x, np.zeros(x.shape, dtype=bool)
    dropped = rng.random(x.shape) < p
    return np.where(dropped, 0, x / (1 - p)), dropped


def drops_in_place(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    kept = np.ones(x.shape, dtype=bool)
    if training:
        kept = rng.random(x.shape) >= p
        x *= kept
        x /= 1 - p
    return x, kept


def by_binomial(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    kept = rng.binomial(1, 1 - p, size=x.shape).astype(bool)
    return np.where(kept, x / (1 - p), 0.0), kept


def by_choice(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> list:
    q = p if training else 0.0
    kept = rng.choice([True, False], size=x.shape, p=[1 - q, q])
    return [x * kept / (1 - q), kept]


def with_a_mask_of_numbers(x: np.ndarray, p: float, rng: np.random.Generator, training: bool) -> tuple:
    p = p * training
    kept = (rng.uniform(size=x.shape) < 1 - p).astype(float)
    return kept * x / (1 - p), kept


DROPOUT_FORWARD = Exercise(
    name="dropout_forward",
    unit=UNIT,
    returns=("first", "second", "again"),
    probe="dropout",
    groups=(
        Group("scale", "makes up for what is dropped, so that the mean stays", 2),
        Group("share", "drops the share p of all entries", 2),
        Group("each", "decides for each entry of each example on its own", 1),
        Group("fresh", "draws a new mask at each call, with the generator that it was given", 1),
        Group("test", "hands everything on as it is when it is not training", 2),
    ),
    cases=forward_cases,
    reference=None,
    verify="dropout",
    misconceptions=(
        Misconception(
            "swapped",
            swapped,
            "Keep and drop are swapped: p is the share that is to be *dropped*, as in torch. With p = 0.8 you keep "
            "eight entries of ten. Some papers do call the other share p, so look before you copy a value.",
            hint=1,
        ),
        Misconception(
            "not_rescaled",
            not_rescaled,
            "What survives is not rescaled, so the layer's outputs have only 1 - p of their size on average. The next "
            "layer gets used to that in training, and is flooded at test, when nothing is dropped.",
            hint=2,
        ),
        Misconception(
            "rescaled_wrongly",
            rescaled_wrongly,
            "What survives has another factor than 1 / (1 - p), and the mean does not stay. With p = 0.5, every second "
            "entry is missing; how much larger do the others have to be to make up for it?",
            hint=2,
        ),
        Misconception(
            "rescaled_at_test",
            rescaled_at_test,
            "You rescale at test as well. In training the survivors were made larger already, so that at test nothing "
            "is left to make up for. Together, your network is 1 - p times too quiet (or too loud) at test.",
            hint=3,
        ),
        Misconception(
            "drops_at_test",
            drops_at_test,
            "You drop entries at test, too: the same image gets another answer each time. What does `training` say?",
            hint=3,
        ),
        Misconception(
            "one_mask_for_all",
            one_mask_for_all,
            "All examples of the batch get one and the same mask. For this step you have trained one thinned network "
            "instead of one for each example. Draw as many numbers as x has entries.",
            hint=4,
        ),
        Misconception(
            "whole_rows",
            whole_rows,
            "You drop whole rows: some examples lose everything and others nothing. Dropout switches off units, and "
            "for each example others. Draw as many numbers as x has entries.",
            hint=4,
        ),
        Misconception(
            "same_mask",
            same_mask,
            "Your mask is the same at every call: the dropped units are gone for good, and you train one smaller "
            "network. A generator that is made anew starts anew. You were given one that goes on: rng.",
            hint=4,
        ),
        Misconception(
            "another_rng",
            another_rng,
            "You draw the mask, but not with the rng that was handed in: the same seed does not give the same run any "
            "more. An experiment that nobody can repeat is hard to debug, and harder to believe.",
            hint=4,
        ),
        Misconception(
            "mask_inverted",
            mask_inverted,
            "The outputs are right, and your mask says the opposite: it marks what was dropped. True is to mean kept; "
            "the backward pass will rely on it.",
            hint=1,
        ),
        Misconception(
            "mutated",
            drops_in_place,
            "You write the zeros into the caller's own x. In the backward pass somebody needs these activations as "
            "they were. Make a new array.",
            hint=2,
        ),
    ),
    equivalents=(by_binomial, by_choice, with_a_mask_of_numbers),
)


# --- dropout_backward ------------------------------------------------------------------------------------------


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, shape: tuple[int, ...], dropped: int, p: float | None = None) -> Case:
        """`dropped` entries were; p is their very share, unless the case says otherwise."""
        dout = rng.uniform(0.5, 3, size=shape) * rng.choice([-1, 1], size=shape)
        mask = rng.permutation(dout.size).reshape(shape) >= dropped
        share = dropped / dout.size
        return Case(label, asks, {"dout": dout, "mask": mask, "p": float(share if p is None else p), "asks": asks})

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    return [
        case("p = 0.2", "dropped", (12, 10), 24),
        case("most are dropped", "dropped", (12, 10), between(80, 100)),
        case("p = 0.3", "kept", (12, 10), 36),
        case("few are kept", "kept", (12, 10), between(80, 100)),
        case("p = 0: nothing was dropped", "kept", (5, 6), 0),
        case("images, (N, 4, 6)", "shape", (8, 4, 6), between(40, 80)),
        case("a vector", "shape", (60,), between(12, 24)),
        case("p = 0.5, and chance has kept 7 of 10", "chance", (5, 8), 12, 0.5),
        case("fewer were dropped than p says", "chance", (6, 8), 8, rng.uniform(0.3, 0.5)),
        case("more were dropped than p says", "chance", (9, 6), 27, rng.uniform(0.25, 0.35)),
    ]


def back_new_mask(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout * (np.random.random(dout.shape) >= p) / (1 - p)


def back_no_mask(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout / (1 - p)


def back_unchanged(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout


def back_swapped(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout * ~mask / (1 - p)


def back_not_rescaled(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout * mask


def back_rescaled_wrongly(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout * mask * (1 - p)


def back_by_the_share_kept(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dout * mask / mask.mean()


def back_in_place(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    dout[~mask] = 0
    return dout / (1 - p)


def back_where(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return np.where(mask, dout / (1 - p), 0.0)


def back_filled(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    dx = np.zeros_like(dout)
    dx[mask] = dout[mask] / (1 - p)
    return dx


def back_by_factor(dout: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    factor = mask.astype(float) / (1 - p)
    return factor * dout


DROPOUT_BACKWARD = Exercise(
    name="dropout_backward",
    unit=UNIT,
    returns=("dx",),
    probe="dropout_backward",
    groups=(
        Group("dropped", "lets no gradient through where the entry was dropped", 1),
        Group("kept", "passes the gradient on with the forward pass's factor where the entry was kept", 1),
        Group("shape", "does both for every shape", 1),
        Group("chance", "takes the factor from p, however many entries chance has kept", 1),
    ),
    cases=backward_cases,
    reference=None,
    verify="dropout_backward",
    misconceptions=(
        Misconception(
            "new_mask",
            back_new_mask,
            "You draw a new mask. The units that were switched off on the way there are other ones than on the way "
            "back, so your gradient is that of a network that never ran. Which mask did the forward pass hand you?",
            hint=1,
        ),
        Misconception(
            "no_mask",
            back_no_mask,
            "Gradients go through everywhere, where entries were dropped as well. Those were multiplied by 0: however "
            "they change, the output does not notice.",
            hint=1,
        ),
        Misconception(
            "unchanged",
            back_unchanged,
            "You hand the gradient on as it came, as if nothing had happened on the way there. In the forward pass "
            "each entry was multiplied by something; so is its gradient.",
            hint=1,
        ),
        Misconception(
            "swapped",
            back_swapped,
            "Your gradient goes through where entries were dropped, and stops where they were kept. In the mask, True "
            "means kept.",
            hint=1,
        ),
        Misconception(
            "not_rescaled",
            back_not_rescaled,
            "The right entries get through, but the factor is missing. The forward pass multiplied the kept ones by "
            "1 / (1 - p): it counts in the derivative, too.",
            hint=2,
        ),
        Misconception(
            "rescaled_wrongly",
            back_rescaled_wrongly,
            "The right entries get through, with the wrong factor. The derivative of c x is c, and not 1/c: the factor "
            "is the same on both ways.",
            hint=2,
        ),
        Misconception(
            "share_kept",
            back_by_the_share_kept,
            "You divide by the share of entries that happened to be kept. In a large layer that is nearly 1 - p, and "
            "in a small one it is not: with p = 0.5, chance may keep seven of ten. The forward pass divided by 1 - p, "
            "whatever chance did, and its derivative has the same factor.",
            hint=2,
        ),
        Misconception(
            "mutated",
            back_in_place,
            "Your dx is right, but you have written into the dout that you were given. Somebody may still need it. "
            "Make a new array.",
            hint=2,
        ),
    ),
    equivalents=(back_where, back_filled, back_by_factor),
)

"""`info_nce`: each example is to find its partner among all others of the batch, in both directions."""

from typing import Any

import numpy as np

from grader.exercises.u14_multimodal import pairs_answers as answers
from grader.exercises.u14_multimodal.words import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def unit(rng: np.random.Generator, N: int, D: int) -> np.ndarray:
    rows = rng.normal(size=(N, D))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def info_nce_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, a: np.ndarray, b: np.ndarray, temperature: float) -> Case:
        asks = "gradients" if group == "gradients" else "loss"
        return Case(label, group, {"a": a, "b": b, "temperature": temperature, "asks": asks})

    def mirrored(N: int, D: int) -> tuple[np.ndarray, np.ndarray]:
        a = unit(rng, N, D)
        return a, a.copy()

    scale = rng.uniform(0.2, 5, size=(2, 7, 1))
    return [
        case("5 pairs of equal vectors", "pairs", *mirrored(5, 4), 1.0),
        case("3 pairs of equal vectors", "pairs", *mirrored(3, 6), 1.0),
        case("6 pairs of unit length", "both_ways", unit(rng, 6, 4), unit(rng, 6, 4), 1.0),
        case("4 pairs of unit length", "both_ways", unit(rng, 4, 7), unit(rng, 4, 7), 1.0),
        case("7 pairs of other lengths", "length", scale[0] * unit(rng, 7, 5), scale[1] * unit(rng, 7, 5), 1.0),
        case("very long and very short", "length", 80 * unit(rng, 5, 3), 0.01 * unit(rng, 5, 3), 1.0),
        case("temperature 0.1", "temperature", unit(rng, 6, 4), unit(rng, 6, 4), 0.1),
        case("temperature 0.0005", "temperature", unit(rng, 5, 4), unit(rng, 5, 4), 0.0005),
        case("gradients", "gradients", 2 * unit(rng, 5, 4), 3 * unit(rng, 5, 4), 0.5),
        case("gradients, temperature 0.1", "gradients", unit(rng, 4, 6), 0.5 * unit(rng, 4, 6), 0.1),
    ]


def info_nce_oracle(a: np.ndarray, b: np.ndarray, temperature: float, asks: str) -> tuple[Any, Any]:
    """Value and gradients in closed form, with SciPy's softmax."""
    from scipy.special import log_softmax, softmax

    lengths = [np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b)]
    units = [a / lengths[0], b / lengths[1]]
    logits = units[0] @ units[1].T / temperature
    rows, columns = (-np.mean(np.diag(log_softmax(logits, axis=axis))) for axis in (1, 0))
    if asks != "gradients":
        return (rows + columns) / 2, None
    G = (softmax(logits, axis=1) + softmax(logits, axis=0) - 2 * np.eye(len(a))) / (2 * len(a) * temperature)
    upstream = [G @ units[1], G.T @ units[0]]
    grads = [
        (up - (up * one).sum(axis=1, keepdims=True) * one) / length
        for up, one, length in zip(upstream, units, lengths, strict=True)
    ]
    return None, grads


INFO_NCE = Exercise(
    name="info_nce",
    unit=UNIT,
    returns=("loss", "grads"),
    probe="pair_loss",
    groups=(
        Group("pairs", "knows that partners stand in the same row", 2),
        Group("both_ways", "asks in both directions", 2),
        Group("length", "looks at directions only, not at lengths", 2),
        Group("temperature", "divides by the temperature, and stays finite for a small one", 2),
        Group("gradients", "has the right gradients for both sides", 1),
    ),
    cases=info_nce_cases,
    reference=info_nce_oracle,
    misconceptions=(
        Misconception(
            "not_normalized",
            answers.nce_not_normalized,
            "You compare vectors as they are. Then a network lowers the loss by making its vectors longer, without "
            "telling anything apart better. Directions are to be compared: bring each vector to length 1.",
            hint=1,
        ),
        Misconception(
            "columns_normalized",
            answers.nce_columns,
            "You divide each feature by its length over the batch. An example's vector is a row: its length is a sum "
            "over the features. Print norm(dim=...).shape: one number for each example?",
            hint=1,
        ),
        Misconception(
            "times_temperature",
            answers.nce_times,
            "You multiply by the temperature. A low temperature is meant to sharpen: 0.1 should make the differences "
            "ten times larger, and yours makes them ten times smaller.",
            hint=2,
        ),
        Misconception(
            "no_temperature",
            answers.nce_no_temperature,
            "The temperature does nothing. Cosines lie between -1 and 1, so that without it even a perfect partner "
            "gets hardly more probability than the others.",
            hint=2,
        ),
        Misconception(
            "overflow",
            answers.nce_overflow,
            "With a small temperature your exponentials overflow. You know the way out since unit 01: a cross-entropy "
            "that takes the logits themselves.",
            hint=3,
        ),
        Misconception(
            "one_way",
            answers.nce_one_way,
            "Only one direction is asked: each a looks for its b. That every b finds its a does not follow, since each "
            "direction has other competitors.",
            hint=4,
        ),
        Misconception(
            "other_way_only",
            answers.nce_other_way,
            "Only one direction is asked: each b looks for its a, the softmax runs down the columns. The other one "
            "belongs to it.",
            hint=4,
        ),
        Misconception(
            "sum_of_both",
            answers.nce_sum,
            "You add both directions up, so that your loss is twice as large: with N pairs it starts near 2 log N. The "
            "mean of both is asked for.",
            hint=4,
        ),
        Misconception(
            "not_averaged",
            answers.nce_not_averaged,
            "You add the losses of all pairs up. The mean makes batches of different sizes comparable.",
            hint=3,
        ),
        Misconception(
            "softmax_twice",
            answers.nce_softmax_twice,
            "You take a softmax, and cross_entropy takes another. It wants logits.",
            hint=3,
        ),
    ),
    equivalents=(answers.nce_by_logsumexp, answers.nce_by_cosine),
)

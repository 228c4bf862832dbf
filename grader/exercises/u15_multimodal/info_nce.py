"""`info_nce`: each example is to find its partner among all others of the batch, in both directions."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
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


def nce_by_logsumexp(a, b, temperature):
    a, b = a / a.square().sum(1, keepdim=True).sqrt(), b / b.square().sum(1, keepdim=True).sqrt()
    logits = a @ b.T / temperature
    best = logits.diagonal()
    return (logits.logsumexp(0) + logits.logsumexp(1) - 2 * best).mean() / 2


def nce_by_cosine(a, b, temperature):
    import torch

    similarity = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2, eps=1e-30) / temperature
    rows, columns = similarity.log_softmax(1), similarity.log_softmax(0)
    return -0.5 * (rows.trace() + columns.trace()) / len(a)


def info_nce(a, b, temperature):
    import torch
    from torch.nn.functional import cross_entropy

    a = a / a.norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    return (cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2


INFO_NCE = Exercise(
    name="info_nce",
    unit=UNIT,
    returns=("loss", "grads"),
    driver="pair_loss",
    groups=(
        Group("pairs", "knows that partners stand in the same row", 2, hint=3),
        Group("both_ways", "asks in both directions", 2, hint=4),
        Group("length", "looks at directions only, not at lengths", 2, hint=1),
        Group("temperature", "divides by the temperature, and stays finite for a small one", 2, hint=2),
        Group("gradients", "has the right gradients for both sides", 1, hint=3),
    ),
    cases=info_nce_cases,
    reference=info_nce_oracle,
    misconceptions=(
        Misconception(
            "not_normalized",
            change(info_nce, "    a = a / a.norm(dim=1, keepdim=True)\n    b = b / b.norm(dim=1, keepdim=True)\n", ""),
            "You compare vectors as they are. Then a network lowers the loss by making its vectors longer, without "
            "telling anything apart better. Directions are to be compared: bring each vector to length 1.",
        ),
        Misconception(
            "columns_normalized",
            change(
                info_nce, "a.norm(dim=1, keepdim=True)", "a.norm(dim=0)", "b.norm(dim=1, keepdim=True)", "b.norm(dim=0)"
            ),
            "You divide each feature by its length over the batch. An example's vector is a row: its length is a sum "
            "over the features. Print norm(dim=...).shape: one number for each example?",
            hint=1,
        ),
        Misconception(
            "times_temperature",
            change(info_nce, "/ temperature", "* temperature"),
            "You multiply by the temperature. A low temperature is meant to sharpen: 0.1 should make the differences "
            "ten times larger, and yours makes them ten times smaller.",
        ),
        Misconception(
            "no_temperature",
            change(info_nce, " / temperature", ""),
            "The temperature does nothing. Cosines lie between -1 and 1, so that without it even a perfect partner "
            "gets hardly more probability than the others.",
        ),
        Misconception(
            "overflow",
            change(
                info_nce,
                "return (cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
                "e = logits.exp()\n"
                "    return -((e / e.sum(1, keepdim=True)).diag().log() + (e / e.sum(0)).diag().log()).mean() / 2",
            ),
            "With a small temperature your exponentials overflow. You know the way out since unit 01: a cross-entropy "
            "that takes the logits themselves.",
            hint=3,
        ),
        Misconception(
            "one_way",
            change(
                info_nce,
                "(cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
                "cross_entropy(logits, partner)",
            ),
            "Only one direction is asked: each a looks for its b. That every b finds its a does not follow, since each "
            "direction has other competitors.",
        ),
        Misconception(
            "other_way_only",
            change(
                info_nce,
                "(cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
                "cross_entropy(logits.T, partner)",
            ),
            "Only one direction is asked: each b looks for its a, the softmax runs down the columns. The other one "
            "belongs to it.",
        ),
        Misconception(
            "sum_of_both",
            change(info_nce, ") / 2", ")"),
            "You add both directions up, so that your loss is twice as large: with N pairs it starts near 2 log N. The "
            "mean of both is asked for.",
            hint=4,
        ),
        Misconception(
            "not_averaged",
            change(
                info_nce,
                "cross_entropy(logits, partner)",
                'cross_entropy(logits, partner, reduction="sum")',
                "cross_entropy(logits.T, partner)",
                'cross_entropy(logits.T, partner, reduction="sum")',
            ),
            "You add the losses of all pairs up. The mean makes batches of different sizes comparable.",
        ),
        Misconception(
            "softmax_twice",
            change(
                info_nce,
                "cross_entropy(logits, partner)",
                "cross_entropy(logits.softmax(1), partner)",
                "cross_entropy(logits.T, partner)",
                "cross_entropy(logits.T.softmax(1), partner)",
            ),
            "You take a softmax, and cross_entropy takes another. It wants logits.",
        ),
        Misconception(
            "one_side_normalized",
            change(info_nce, "    b = b / b.norm(dim=1, keepdim=True)\n", ""),
            "You bring only one of the two sides to length 1. The vectors of the other side still get a louder voice"
            " the longer they are.",
        ),
        Misconception(
            "sizes_added",
            change(info_nce, "a.norm(dim=1", "a.norm(p=1, dim=1", "b.norm(dim=1", "b.norm(p=1, dim=1"),
            "You divide by sums of absolute values. The length of a vector is the root of the sum of its squares.",
        ),
        Misconception(
            "partners_alone",
            change(
                info_nce,
                "(cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
                "-logits.diag().mean()",
            ),
            "You look at the partners alone. Then all vectors may become one and the same: what pushes the others away "
            "is the softmax over them.",
        ),
        Misconception(
            "distances",
            change(info_nce, "a @ b.T", "-torch.cdist(a, b)"),
            "You compare by distances. The cosine is asked for: the dot product of vectors of length 1.",
            hint=1,
        ),
        Misconception(
            "squared_lengths",
            change(
                info_nce,
                "a.norm(dim=1, keepdim=True)",
                "(a**2).sum(1, keepdim=True)",
                "b.norm(dim=1, keepdim=True)",
                "(b**2).sum(1, keepdim=True)",
            ),
            "You divide by the squared length. The length is the root of the sum of squares.",
        ),
        Misconception(
            "whole_batch_normalized",
            change(info_nce, "a.norm(dim=1, keepdim=True)", "a.norm()", "b.norm(dim=1, keepdim=True)", "b.norm()"),
            "You divide by one number, the length of the whole batch. Each example has a length of its own: its row's.",
            hint=1,
        ),
        Misconception(
            "log_of_the_temperature",
            change(info_nce, "/ temperature", "* torch.tensor(temperature).exp()"),
            "You multiply by exp(temperature), as for a learned logarithm of the scale. Here the temperature is "
            "given as it is: divide by it.",
            hint=2,
        ),
    ),
    also_right=(
        info_nce,
        nce_by_logsumexp,
        nce_by_cosine,
        change(info_nce, "a / a.norm(dim=1, keepdim=True)", "torch.nn.functional.normalize(a, eps=1e-30)"),
        change(
            info_nce,
            "(cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
            "cross_entropy(torch.cat([logits, logits.T]), partner.repeat(2))",
        ),
    ),
)

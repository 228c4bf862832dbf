"""The bug clinic: pairs that part, features normalized in place of examples, a temperature at the wrong place."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def turned(N: int) -> np.ndarray:
        """Rows and columns of length 1."""
        return np.linalg.qr(rng.normal(size=(N, N)))[0]

    def moved(N: int) -> np.ndarray:
        """An order in which nobody keeps their place."""
        return np.roll(np.arange(N), int(rng.integers(1, N)))

    def case(label: str, group: str, a: np.ndarray, b: np.ndarray, order: np.ndarray, temperature: float) -> Case:
        return Case(label, group, {"a": a, "b": b, "order": order, "temperature": temperature})

    def near(N: int, D: int) -> tuple[np.ndarray, np.ndarray]:
        a = rng.normal(size=(N, D))
        return a, a + 0.5 * rng.normal(size=(N, D))

    turn = turned(5), turned(6)
    return [
        case("5 pairs, shuffled", "together", turned(5), turned(5), moved(5), 1.0),
        case("6 equal pairs, shuffled", "together", turn[1], turn[1].copy(), moved(6), 1.0),
        case("6 pairs of all lengths, in order", "lengths", *near(6, 4), np.arange(6), 1.0),
        case("4 pairs of all lengths, in order", "lengths", *near(4, 7), np.arange(4), 1.0),
        case("temperature 0.1", "temperature", turned(5), turned(5), np.arange(5), 0.1),
        case("temperature 0.3", "temperature", turn[0], turn[0].copy(), np.arange(5), 0.3),
        case("all at once, 9 pairs", "all", *near(9, 5), moved(9), 0.2),
        case("all at once, 6 pairs", "all", *near(6, 3), moved(6), 0.1),
    ]


def clinic_oracle(a: np.ndarray, b: np.ndarray, order: np.ndarray, temperature: float) -> tuple[Any, None]:
    """SciPy's cosine distance and logsumexp; the order of pairs that stay together changes nothing."""
    from scipy.spatial.distance import cdist
    from scipy.special import logsumexp

    logits = (1 - cdist(a, b, "cosine")) / temperature
    both = logsumexp(logits, axis=0) + logsumexp(logits, axis=1) - 2 * np.diag(logits)
    return both.mean() / 2, None


def clinic_as_given(a: "Any", b: "Any", order: "Any", temperature: float) -> "Any":
    import torch

    a = a[order]
    a = a / a.norm(dim=0, keepdim=True)
    b = b / b.norm(dim=0, keepdim=True)
    logits, partner = a @ b.T * temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner) + loss(logits.T, partner)) / 2


def clinic_in_order(a: "Any", b: "Any", order: "Any", temperature):
    import torch
    from torch.nn.functional import cross_entropy, normalize

    logits = normalize(a, dim=1, eps=1e-30) @ normalize(b, dim=1, eps=1e-30).T / temperature
    partner = torch.arange(len(logits))
    return cross_entropy(logits, partner) / 2 + cross_entropy(logits.T, partner) / 2


def clinic_other_partner(a: "Any", b: "Any", order: "Any", temperature):
    from torch.nn.functional import cross_entropy

    a = a[order] / a[order].norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    logits = a @ b.T / temperature
    return (cross_entropy(logits, order) + cross_entropy(logits.T, order.argsort())) / 2


def clinic_15(a, b, order, temperature):
    import torch
    from torch.nn.functional import cross_entropy

    a, b = a[order], b[order]
    a = a / a.norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    return (cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2


CLINIC_15 = Exercise(
    name="clinic_15",
    unit=UNIT,
    returns=("loss", "grads"),
    driver="pair_loss",
    groups=(
        Group("together", "keeps partners together when it shuffles", 2, hint=1),
        Group("lengths", "brings each example to length 1", 2, hint=2),
        Group("temperature", "sharpens with a low temperature", 1, hint=3),
        Group("all", "does all of that at once", 1, hint=1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            clinic_as_given,
            "This is still the broken code's result. Begin with the picture of similarities: where should its dark "
            "diagonal come from, if only one of the two was shuffled?",
        ),
        Misconception(
            "still_parted",
            change(clinic_15, "a, b = a[order], b[order]", "a = a[order]"),
            "Lengths and temperature are right now. The rows of a are shuffled and those of b are not, so that each "
            "row of a is asked to find somebody else's partner.",
        ),
        Misconception(
            "still_columns",
            change(clinic_15, "a.norm(dim=1", "a.norm(dim=0", "b.norm(dim=1", "b.norm(dim=0"),
            "Partners stay together, and the temperature divides. What is normalized is each feature over the batch: "
            "look at the shape of a.norm(dim=0).",
        ),
        Misconception(
            "still_times",
            change(clinic_15, "/ temperature", "* temperature"),
            "Partners and lengths are right. A temperature of 0.1 still makes differences ten times smaller, where it "
            "should make them ten times larger.",
        ),
        Misconception(
            "not_normalized",
            change(clinic_15, "    a = a / a.norm(dim=1, keepdim=True)\n    b = b / b.norm(dim=1, keepdim=True)\n", ""),
            "You took the normalization out altogether. Then long vectors win: each example has to be brought to "
            "length 1.",
        ),
        Misconception(
            "two_causes_after_the_shuffle",
            change(clinic_as_given, "a = a[order]", "a, b = a[order], b[order]"),
            "Partners stay together now. Two causes are left: look at the shape of a.norm(dim=0), and at what a "
            "temperature of 0.1 does to the differences.",
        ),
        Misconception(
            "two_causes_after_the_lengths",
            change(clinic_as_given, "a.norm(dim=0", "a.norm(dim=1", "b.norm(dim=0", "b.norm(dim=1"),
            "Each example has length 1 now. Two causes are left: whose partner stands in row i after the shuffle, "
            "and does the temperature multiply or divide?",
        ),
        Misconception(
            "two_causes_after_the_temperature",
            change(clinic_as_given, "* temperature", "/ temperature"),
            "The temperature divides now. Two causes are left: whose partner stands in row i after the shuffle, and "
            "what has length 1, an example or a feature?",
        ),
        Misconception(
            "one_direction",
            change(
                clinic_15,
                "(cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2",
                "cross_entropy(logits, partner)",
            ),
            "All three causes are gone, and with them one direction of the loss: each b is to find its a as well.",
        ),
        Misconception(
            "order_undone",
            change(clinic_15, "b[order]", "b[order.argsort()]"),
            "You bring b into the reverse of a's order. Both have to be taken in the same order.",
        ),
        Misconception(
            "labels_follow_one_way",
            change(clinic_15, "a, b = a[order], b[order]", "a = a[order]", "torch.arange(len(a))", "order"),
            "Your labels follow the shuffle, and that is right in one direction: row i of a has the partner "
            "order[i]. For the other direction each b has to know where its a went.",
        ),
    ),
    also_right=(
        clinic_15,
        clinic_in_order,
        clinic_other_partner,
        change(clinic_15, "a, b = a[order], b[order]", "a, b = a.index_select(0, order), b.index_select(0, order)"),
        change(clinic_15, "    a, b = a[order], b[order]\n", ""),
    ),
)

"""`loss_from_logits`: a softmax before a loss that has one."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def logits_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, logits: np.ndarray, labels: np.ndarray | None = None, asks: str = "loss") -> Case:
        N, K = logits.shape
        own = rng.integers(0, K, size=N) if labels is None else labels
        return Case(label, group, {"logits": logits, "labels": own, "asks": asks})

    sure, right = rng.normal(size=(6, 10)), rng.integers(0, 10, size=6)
    sure[np.arange(6), right] += 9
    few, its = rng.normal(size=(3, 4)), rng.integers(0, 4, size=3)
    few[np.arange(3), its] += 12
    return [
        case("five examples, four classes", "value", rng.normal(size=(5, 4))),
        case("eight examples, ten classes", "value", 3 * rng.normal(size=(8, 10))),
        case("ten classes, sure and right", "floor", sure, right),
        case("four classes, sure and right", "floor", few, its),
        case("the gradient, four classes", "gradient", rng.normal(size=(3, 4)), asks="gradient"),
        case("the gradient, ten classes", "gradient", 2 * rng.normal(size=(6, 10)), asks="gradient"),
        case("logits of about 1,000", "large", 1000 * rng.normal(size=(4, 5))),
        case("logits of about 5,000, the gradient", "large", 5000 * rng.normal(size=(3, 10)), asks="gradient"),
    ]


def logits_oracle(logits: np.ndarray, labels: np.ndarray, asks: str) -> tuple[Any, Any]:
    """SciPy's log-softmax, and the gradient by the formula of unit 01."""
    from scipy.special import log_softmax, softmax

    rows = np.arange(len(labels))
    if asks == "loss":
        return -log_softmax(logits, axis=1)[rows, labels].mean(), None
    return None, (softmax(logits, axis=1) - np.eye(logits.shape[1])[labels]) / len(labels)


def loss_from_logits(logits, labels):
    from torch import nn

    log_p = nn.functional.log_softmax(logits, dim=1)
    return nn.functional.nll_loss(log_p, labels)


def by_logsumexp(logits, labels):
    import torch

    own = logits.gather(1, labels[:, None]).squeeze(1)
    return (torch.logsumexp(logits, dim=1) - own).mean()


def example_by_example(logits, labels):
    losses = [row.logsumexp(0) - row[label] for row, label in zip(logits, labels, strict=True)]
    return sum(losses) / len(losses)


as_given = change(loss_from_logits, "log_softmax(logits", "softmax(logits", "nll_loss(log_p", "cross_entropy(log_p")
log_of_softmax = change(loss_from_logits, "log_softmax(logits, dim=1)", "softmax(logits, dim=1).log()")


LOSS_FROM_LOGITS = Exercise(
    name="loss_from_logits",
    unit=UNIT,
    returns=("loss", "gradient"),
    driver="differentiated_loss",
    groups=(
        Group("value", "computes the mean cross-entropy of the logits", 1, hint=1),
        Group("floor", "goes down to 0 when the network is sure and right", 1, hint=1),
        Group("gradient", "has the gradient (p - one-hot) / N", 1, hint=1),
        Group("large", "stays exact for logits in the thousands", 1, hint=2),
    ),
    cases=logits_cases,
    reference=logits_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            as_given,
            "There are still two softmaxes. cross_entropy expects logits; what it is given lies between 0 and 1, so "
            "that the best network of all still has a loss of 1.461 with ten classes.",
        ),
        Misconception(
            "softmax_over_the_batch",
            change(loss_from_logits, "dim=1", "dim=0"),
            "Your softmax runs down the batch: each class's probabilities add up to 1 over the images. It belongs "
            "along the classes, dim=1.",
            hint=2,
        ),
        Misconception(
            "log_of_softmax",
            log_of_softmax,
            "The formula is right, and at large logits the softmax becomes exactly 0 and its logarithm infinite. "
            "log_softmax does both in one, with the largest logit subtracted; so does cross_entropy.",
        ),
        Misconception(
            "clipped",
            change(log_of_softmax, ".log()", ".clamp(min=1e-12).log()"),
            "No infinity any more, and no truth either: below the clip the loss is constant and its gradient 0, just "
            "where the network is most wrong.",
        ),
        Misconception(
            "sum_for_mean",
            change(loss_from_logits, "log_p, labels", 'log_p, labels, reduction="sum"'),
            "Your loss is the sum over the batch; the mean is asked for, so that a learning rate keeps its meaning "
            "when the batch grows.",
        ),
        Misconception(
            "nll_of_logits",
            change(loss_from_logits, "nll_loss(log_p", "nll_loss(logits"),
            "All that nll_loss does is pick the right class's number and turn its sign. It expects "
            "log-probabilities: fed with logits, it can be lowered for ever by making all logits large.",
            hint=2,
        ),
        Misconception(
            "nll_of_probabilities",
            change(loss_from_logits, "log_softmax(logits", "softmax(logits"),
            "What nll_loss expects are log-probabilities. It gets probabilities: your loss lies between -1 and 0.",
            hint=2,
        ),
        Misconception(
            "second_softmax_over_the_batch",
            change(as_given, "dim=1", "dim=0"),
            "Two mistakes in one line: there is a softmax before a loss that has one, and it runs down the "
            "batch, so that each class's probabilities add up to 1 over the images. cross_entropy wants the "
            "logits themselves.",
        ),
        Misconception(
            "a_little_added",
            change(log_of_softmax, ".log()", ".add(1e-9).log()"),
            "A little is added to each probability before the logarithm. That keeps the loss finite and "
            "makes it wrong just where the network is most wrong: below that little, loss and gradient "
            "hardly change any more.",
        ),
    ),
    also_right=(
        loss_from_logits,
        change(loss_from_logits, "nll_loss(log_p", "cross_entropy(logits"),
        change(loss_from_logits, "nll_loss(log_p", "cross_entropy(log_p"),
        change(loss_from_logits, "nn.functional.nll_loss(log_p, labels)", "nn.CrossEntropyLoss()(logits, labels)"),
        change(loss_from_logits, "nn.functional.nll_loss(log_p, labels)", "-log_p[range(len(labels)), labels].mean()"),
        by_logsumexp,
        example_by_example,
    ),
)

"""`late_fusion`: what several experts say, each as log-probabilities, weighed and put together."""

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def fusion_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, M: int, C: int, missing: float = 0.0, weights: list | None = None) -> Case:
        scores = rng.normal(0, 2, size=(N, M, C))
        log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
        present = rng.random((N, M)) >= missing
        present[np.arange(N), rng.integers(M, size=N)] = True
        if missing:
            present[0] = np.arange(M) == rng.integers(M)  # at least one example has lost some
        if group == "nobody":
            present[:: max(1, N // 2)] = False
        log_probs[~present] = np.nan  # nobody looked, so nothing is known
        chosen = np.ones(M) if weights is None else np.array(weights)
        return Case(label, group, {"log_probs": log_probs, "present": present, "weights": chosen})

    def drawn(M: int) -> list[float]:
        return [float(w) for w in rng.uniform(0.3, 3, size=M)]

    return [
        case("3 modalities, all there", "all_there", 4, 3, 5),
        case("2 modalities, all there", "all_there", 6, 2, 3),
        case("weights", "weights", 5, 3, 4, weights=drawn(3)),
        case("weights, one of them 0", "weights", 4, 3, 6, weights=[*drawn(2), 0.0]),
        case("some are missing", "missing", 6, 3, 4, missing=0.4),
        case("some are missing, with weights", "missing", 5, 4, 3, missing=0.5, weights=drawn(4)),
        case("of some examples nothing is there", "nobody", 5, 3, 4),
        case("of some examples nothing is there, weights", "nobody", 4, 2, 7, weights=drawn(2)),
    ]


def fusion_oracle(log_probs: np.ndarray, present: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Example by example: NumPy's weighted average of those that are there, through SciPy's log_softmax."""
    from scipy.special import log_softmax

    rows = []
    for said, there in zip(log_probs, present, strict=True):
        known = np.average(said[there], axis=0, weights=weights[there]) if there.any() else np.zeros(said.shape[1])
        rows.append(log_softmax(known))
    return np.array(rows)


def fusion_by_einsum(log_probs, present, weights):
    from scipy.special import log_softmax

    share = present * weights
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-300)
    return log_softmax(np.einsum("nm,nmc->nc", share, np.nan_to_num(log_probs)), axis=1)


def fusion_in_torch(log_probs, present, weights):
    import torch

    said = torch.from_numpy(log_probs.copy()).nan_to_num(0.0)
    rows = []
    for one, there in zip(said, torch.from_numpy(present.copy()), strict=True):
        share = torch.from_numpy(weights.copy()) * there
        mean = share @ one / share.sum() if there.any() else torch.zeros(one.shape[1], dtype=torch.float64)
        rows.append(mean.log_softmax(0))
    return torch.stack(rows)


def late_fusion(log_probs, present, weights):
    w = (present * weights)[:, :, None]
    known = np.where(present[:, :, None], log_probs, 0.0)
    share = w.sum(axis=1)
    mean = (w * known).sum(axis=1) / np.where(share > 0, share, 1.0)
    return mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))


NOT_NORMALIZED = (
    "A mean of log-probabilities is no log-probability yet: the exponentials of its row do not sum to 1. Subtract the "
    "logarithm of their sum."
)


LATE_FUSION = Exercise(
    name="late_fusion",
    unit=UNIT,
    returns=("log_probs",),
    groups=(
        Group(
            "all_there",
            "averages log-probabilities and brings the result back to probabilities that sum to 1",
            2,
            hint=1,
        ),
        Group("weights", "gives each modality its weight", 2, hint=2),
        Group("missing", "leaves out what is missing, whatever stands there", 2, hint=3),
        Group("nobody", "is undecided where nothing is there", 1, hint=4),
    ),
    cases=fusion_cases,
    reference=fusion_oracle,
    misconceptions=(
        Misconception(
            "mean_of_probabilities",
            change(
                late_fusion,
                "log_probs, 0.0",
                "np.exp(log_probs), 0.0",
                "return mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "mean = np.where(share > 0, mean, 1.0)\n    return np.log(mean / mean.sum(axis=1, keepdims=True))",
            ),
            "You average the probabilities. That is a fusion too, of experts who vote. The mean of the logarithms lets "
            "one expert veto: who is sure that it is no bag brings 'bag' down, whatever the others say.",
        ),
        Misconception(
            "not_normalized",
            change(late_fusion, "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))", "mean"),
            NOT_NORMALIZED,
        ),
        Misconception(
            "not_normalized_but_where_nobody_is",
            change(
                late_fusion,
                "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "np.where(share > 0, mean, -np.log(mean.shape[1]))",
            ),
            NOT_NORMALIZED,
        ),
        Misconception(
            "product_not_normalized",
            change(
                late_fusion,
                " / np.where(share > 0, share, 1.0)",
                "",
                "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "mean",
            ),
            "You add the weighted log-probabilities up and leave it there. A mean divides by the sum of the weights, "
            "and the probabilities of a row are to sum to 1.",
        ),
        Misconception(
            "mean_subtracted",
            change(late_fusion, "np.log(np.exp(mean).sum(axis=1, keepdims=True))", "mean.mean(axis=1, keepdims=True)"),
            "You subtract the mean over the classes from each row. The probabilities are to sum to 1: subtract the "
            "logarithm of the sum of the exponentials.",
        ),
        Misconception(
            "product",
            change(late_fusion, " / np.where(share > 0, share, 1.0)", ""),
            "You add the log-probabilities up: the product of the probabilities. Three experts who say the same then "
            "sound three times as sure as one. Divide by the sum of the weights.",
            hint=2,
        ),
        Misconception(
            "divides_by_all",
            change(late_fusion, "np.where(share > 0, share, 1.0)", "weights.sum()"),
            "You divide by the weights of all modalities, those that are missing included. An example with one "
            "modality left then comes out nearly undecided.",
            hint=2,
        ),
        Misconception(
            "divides_by_count",
            change(late_fusion, "np.where(share > 0, share, 1.0)", "np.maximum(present.sum(axis=1, keepdims=True), 1)"),
            "You multiply by the weights and divide by the number of modalities. A weighted mean divides by the sum of "
            "the weights that took part.",
        ),
        Misconception(
            "unweighted",
            change(late_fusion, "(present * weights)", "(present * 1.0)"),
            "Each modality counts the same in your result: the weights do nothing.",
        ),
        Misconception(
            "nan_gets_in",
            change(late_fusion, "np.where(present[:, :, None], log_probs, 0.0)", "log_probs"),
            "What is missing is NaN, and 0 times NaN is NaN: multiplying by the mask does not keep it out. Replace it "
            "before you compute with it.",
        ),
        Misconception(
            "nobody_is_nan",
            change(late_fusion, "np.where(share > 0, share, 1.0)", "share"),
            "Where nothing is there you divide 0 by 0. Whoever knows nothing is to say so: the same probability for "
            "every class.",
        ),
        Misconception(
            "returns_probabilities",
            change(
                late_fusion,
                "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "np.exp(mean) / np.exp(mean).sum(axis=1, keepdims=True)",
            ),
            "These are probabilities. Their logarithms are asked for, so that the result can go on into a loss or "
            "another fusion.",
        ),
        Misconception(
            "normalized_over_examples",
            change(late_fusion, "sum(axis=1, keepdims=True)", "sum(axis=0, keepdims=True)"),
            "You let each class sum to 1 over the examples. Each example is to sum to 1 over its classes.",
        ),
        Misconception(
            "divided_by_its_sum",
            change(
                late_fusion,
                "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "mean / mean.sum(axis=1, keepdims=True)",
            ),
            "You divide the logarithms by their sum, as one does with probabilities. The probabilities are to sum to"
            " 1: subtract the logarithm of the sum of the exponentials.",
        ),
        Misconception(
            "nobody_is_zero",
            change(
                late_fusion,
                "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
                "np.where(share > 0, mean - np.log(np.exp(mean).sum(axis=1, keepdims=True)), 0.0)",
            ),
            "Where nothing is there you return 0 for each class: as a log-probability that is certainty, for all of "
            "them. Undecided is the same probability for each, log(1/C).",
        ),
        Misconception(
            "weights_after_the_mean",
            change(late_fusion, "(present * weights)", "(present * np.sqrt(weights))"),
            "Your weights come in as roots. They are to be used as they are given.",
        ),
    ),
    also_right=(
        late_fusion,
        fusion_by_einsum,
        fusion_in_torch,
        change(
            late_fusion,
            "mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))",
            "mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)",
        ),
        change(
            late_fusion,
            "(present * weights)[:, :, None]",
            "present * weights",
            "share = w.sum(axis=1)",
            "share = np.where(present.any(axis=1), w.sum(axis=1), 1.0)",
            "(w * known).sum(axis=1) / np.where(share > 0, share, 1.0)",
            "(w[:, :, None] * known).sum(axis=1) / share[:, None]",
        ),
        change(late_fusion, "np.where(present[:, :, None], log_probs, 0.0)", "np.nan_to_num(log_probs)"),
    ),
)

"""What this unit's exercises share: small labelled images for a linear classifier, and that classifier by formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.judging.drivers.train_and_evaluate import DEVICE
from grader.spec import Case

UNIT = "10_gpu_cnn"


def loop_case(
    rng: np.random.Generator, label: str, group: str, N: int, batch_size: int, asks: str, **rest: Any
) -> Case:
    """A case for the drivers `evaluation` and `training_epoch`: images (N, 1, 2, 3), three classes."""
    data = {
        "weight": rng.normal(size=(3, 6)),
        "bias": 0.5 * rng.normal(size=3),
        "images": rng.normal(size=(N, 1, 2, 3)),
        "labels": rng.integers(0, 3, size=N),
    }
    usual = {"batch_size": batch_size, "drop_last": False, "training": True}
    return Case(label, group, data | usual | {"asks": asks} | rest)


def batches_of(images: np.ndarray, labels: np.ndarray, batch_size: int, drop_last: bool) -> list[Any]:
    """The batches that a loader makes, the images flat."""
    count = len(labels) // batch_size * batch_size if drop_last else len(labels)
    cuts = range(0, count, batch_size)
    flat = images.reshape(len(images), -1)
    return [(flat[i : min(i + batch_size, count)], labels[i : min(i + batch_size, count)]) for i in cuts]


def batch_count(inputs: dict[str, Any]) -> int:
    """How many batches a case's loader makes."""
    return len(batches_of(*(inputs[name] for name in ("images", "labels", "batch_size", "drop_last"))))


def sent(inputs: dict[str, Any]) -> dict[str, Any]:
    """Where a case's batches should go, and how many."""
    return {
        "the model gets images on": f"{DEVICE}, {batch_count(inputs)} batches",
        "tensors of two devices meet": False,
    }


def log_probabilities(X: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """SciPy's log-softmax of the linear classifier's logits."""
    from scipy.special import log_softmax

    return np.asarray(log_softmax(X @ weight.T + bias, axis=1))

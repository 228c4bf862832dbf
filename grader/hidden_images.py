"""The images on which trained networks are graded: 1,000 of Fashion-MNIST's test images, in neither embedded part.

They are public all the same: whoever fetches the full data set has them among its 10,000 test images.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.data import load_fashion_mnist

HIDDEN = Path(__file__).parent / "datasets" / "hidden_fashion_mnist.npz"


def hidden_images(rng: np.random.Generator, per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (10 per_class, 28, 28) as uint8 and labels (10 per_class,), equally many of each class, shuffled.

    per_class: up to 100.
    """
    images, labels = _all()
    picked = [rng.choice(np.flatnonzero(labels == label), per_class, replace=False) for label in np.unique(labels)]
    index = rng.permutation(np.concatenate(picked))
    return images[index], labels[index].astype(np.int64)


@cache
def _all() -> tuple[np.ndarray, np.ndarray]:
    with np.load(HIDDEN, allow_pickle=False) as file:
        return file["images"], file["labels"]


def true_labels(images: Mapping[str, Any]) -> np.ndarray:
    """What images show, (N,): {"embedded": numbers of the course's own test images} or {"pixels": hidden ones}."""
    if "embedded" in images:
        return load_fashion_mnist().y_test[images["embedded"]]
    known = {image.tobytes(): label for image, label in zip(*_all(), strict=True)}
    return np.array([known[image.tobytes()] for image in images["pixels"]], dtype=np.int64)

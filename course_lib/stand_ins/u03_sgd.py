"""PyTorch's way through a data set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.stand_ins.library import library


def minibatches(
    X: np.ndarray, y: np.ndarray, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One epoch of pairs (X_batch, y_batch): `torch.utils.data`'s samplers, seeded from rng."""
    torch, data = library("torch"), library("torch.utils.data")
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    order = data.RandomSampler(range(len(y)), generator=generator)
    for batch in data.BatchSampler(order, batch_size, drop_last=False):
        yield X[batch], y[batch]

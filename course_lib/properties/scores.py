"""Predictions, of which enough have to be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.properties.base import Flaw, Property


def accuracy(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """Whether enough of the labels are right.

    inputs: `at_least`, the share that is asked for, and right["labels"], (N,).  values: `labels`, (N,) whole numbers.
    """
    labels, right = np.asarray(values["labels"]), np.asarray(inputs["right"]["labels"])
    if labels.shape != right.shape or labels.dtype.kind not in "iu":
        return Flaw("form", "what came back is not one whole number, a class, for each image.")
    if len(np.unique(labels)) == 1 < len(np.unique(right)):
        return Flaw("one_class", "every image gets the same label.")
    if np.mean(labels == right) >= inputs["at_least"]:
        return None
    chance = np.mean(labels == right) < 2 / len(np.unique(right))
    return Flaw("chance", "it does hardly better than guessing.") if chance else Flaw("below", "too few are right.")


PROPERTIES: dict[str, Property] = {"accuracy": accuracy}

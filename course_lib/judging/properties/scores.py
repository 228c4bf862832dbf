"""Predictions, of which enough have to be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.judging.properties.base import Flaw, Property
from course_lib.sentences import say


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


def trained_labels(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """`accuracy`, with the ways in which labels go wrong told apart; or whether an image's label is its own.

    inputs: those of `accuracy`, and `asks`: "accuracy", or "company", for which values["alone"] has the labels of the
    first images, each given alone, (K, 1); of labels that are no better than guesses, that says nothing.
    """
    labels, count = np.asarray(values["labels"]), len(inputs["right"]["labels"])
    if labels.ndim == 2 and len(labels) == count:
        return Flaw("scores", "several numbers come back for each image, in place of one class.")
    if labels.ndim == 1 and len(labels) == 10 != count:
        return Flaw("wrong_axis", "ten numbers come back, whatever the number of images.")
    if labels.shape == (count,) and labels.dtype.kind == "f" and np.any(labels != np.round(labels)):
        return Flaw("values", "numbers with a fraction come back, and a class is a whole number.")
    if inputs["asks"] != "company" or labels.shape != (count,) or labels.dtype.kind not in "iu":
        return accuracy(inputs, values)
    if labels.dtype.kind not in "iu":
        return accuracy(inputs, values)
    alone = np.asarray(values["alone"])
    if alone.ndim != 2 or alone.shape[1] != 1 or not 0 < len(alone) <= count:
        return Flaw("form", "what came back for one image is not one label.")
    right = np.asarray(inputs["right"]["labels"])
    if np.mean(labels == right) < 3 / len(np.unique(right)):  # labels of whatever images agree with themselves
        return Flaw("guesses", "the labels of these images are hardly better than guesses.")  # why, others tell
    if np.array_equal(alone[:, 0], labels[: len(alone)]):
        return None
    return Flaw("company", "an image gets another label alone than among others.")


def accuracy_within_budget(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """Whether a network keeps to its budgets, and then whether enough of the labels are right.

    inputs: as of `accuracy`, with the budgets `most_parameters` and, where time counts, `most_macs` for one image, and
    `file`, the name of the weights; the grader adds `handed_in`, how many numbers each file that came along holds.
    values: `labels`, (N,), and `parameters`, and `macs`, as the driver has counted them.
    """
    counted = int(values["parameters"])
    if "handed_in" in inputs:
        if inputs["file"] not in inputs["handed_in"]:
            return Flaw(
                "no_file",
                say(
                    "no file {file} was handed in. Weights go with the notebook: leave the file in the unit's folder, "
                    "where the notebook saved it.",
                    file=inputs["file"],
                ),
            )
        counted = max(counted, int(inputs["handed_in"][inputs["file"]]))
    if not 0 < counted <= inputs["most_parameters"]:
        return Flaw("too_many_parameters", "the network has more parameters than the budget allows.")
    if "most_macs" in inputs and not 0 < int(values["macs"]) <= inputs["most_macs"]:
        return Flaw("too_many_macs", "the network takes more multiplications for an image than the budget allows.")
    return accuracy(inputs, values)


PROPERTIES: dict[str, Property] = {
    "accuracy": accuracy,
    "trained_labels": trained_labels,
    "accuracy_within_budget": accuracy_within_budget,
}

"""`log_to_tensorboard`: curves, histograms and mistakes, each under its own tag and at its own epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.exercises.u10_gpu_cnn import logging_wrong as wrong
from grader.spec import Case, Exercise, Group, Misconception

UNIT = "10_gpu_cnn"
NAMES = ("first.weight", "first.bias", "second.weight", "second.bias")
MOST = 16


def logging_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, epochs: list[int], N: int = 6, wrong_ones: int = 2, no_grad: int = -1) -> Case:
        labels = rng.integers(0, 10, size=N)
        predicted = np.array([labels] * len(epochs))
        for row in predicted:
            picked = rng.choice(N, wrong_ones, replace=False)
            row[picked] = (row[picked] + rng.integers(1, 10, size=wrong_ones)) % 10
        params = [rng.normal(size=shape) for shape in ((3, 2), (3,), (2, 3), (2,))]
        grads = [None if i == no_grad else rng.normal(size=param.shape) for i, param in enumerate(params)]
        scores = [{part: [float(s) for s in rng.uniform(0.1, 0.9, 2)] for part in ("train", "valid")} for _ in epochs]
        data = {"params": params, "grads": grads, "epochs": epochs, "scores": scores, "labels": labels}
        images = rng.uniform(0, 1, size=(N, 1, 4, 4)).round(3)
        return Case(label, group, data | {"images": images, "predicted": predicted, "asks": group})

    return [
        case("one epoch", "scalars", [1]),
        case("three epochs", "scalars", [1, 2, 3]),
        case("epochs 4 and 5 of a run that was resumed", "scalars", [4, 5]),
        case("the weights after epoch 1", "weights", [1]),
        case("the weights after epochs 2 and 3", "weights", [2, 3]),
        case("the gradients after epoch 1", "gradients", [1]),
        case("a frozen layer, which has no gradient", "gradients", [2, 3], no_grad=2),
        case("2 of 6 are wrong", "images", [1]),
        case("1 of 6 is wrong", "images", [2], wrong_ones=1),
        case("two epochs with 3 wrong ones each", "images", [1, 2], N=8, wrong_ones=3),
        case("20 of 24 are wrong", "most", [3], N=24, wrong_ones=20),
        case("none is wrong", "most", [1], wrong_ones=0),
    ]


def logging_oracle(
    params: list[np.ndarray],
    grads: list[Any],
    epochs: list[int],
    scores: list[dict[str, list[float]]],
    labels: np.ndarray,
    images: np.ndarray,
    predicted: np.ndarray,
    asks: str,
) -> tuple[Any, Any, Any]:
    """What belongs into the log, written down without any writer."""
    if asks == "scalars":
        parts = [(name, i, part) for i, name in enumerate(("loss", "accuracy")) for part in ("train", "valid")]
        return {f"{name}/{p}": _notes(epochs, [s[p][i] for s in scores]) for name, i, p in parts}, None, None
    if asks in ("weights", "gradients"):
        chosen = {
            f"{asks}/{name}": _notes(epochs, [value] * len(epochs))
            for name, value in zip(NAMES, params if asks == "weights" else grads, strict=True)
            if value is not None
        }
        return None, chosen, None
    missed = [images[np.flatnonzero(row != labels)[:MOST]] for row in predicted]
    shown = [(epoch, pictures) for epoch, pictures in zip(epochs, missed, strict=True) if len(pictures)]
    return None, None, {"wrong predictions": _notes(*zip(*shown, strict=True))} if shown else {}


def _notes(epochs: Any, values: Any) -> list[dict[str, Any]]:
    return [{"step": epoch, "value": np.array(value)} for epoch, value in zip(epochs, values, strict=True)]


LOG_TO_TENSORBOARD = Exercise(
    name="log_to_tensorboard",
    unit=UNIT,
    returns=("scalars", "histograms", "images"),
    probe="logged",
    groups=(
        Group("scalars", "logs the four scores, each under its own tag and at its own epoch", 2),
        Group("weights", "logs a histogram of each parameter", 1),
        Group("gradients", "logs a histogram of each gradient that is there", 1),
        Group("images", "logs the images that were predicted wrongly, and no others", 2),
        Group("most", "logs at most 16 of these, and nothing if there is none", 1),
    ),
    cases=logging_cases,
    reference=logging_oracle,
    misconceptions=(
        Misconception(
            "no_step",
            wrong.no_step,
            "Your notes have no epoch. TensorBoard then puts all of them at one place of the axis, on top of each "
            "other: hand the epoch to every add_ method.",
            hint=1,
        ),
        Misconception(
            "one_tag",
            wrong.one_tag,
            "Training and validation go under one tag, and TensorBoard connects its points to a single zigzag. Give "
            "each curve its own tag; what stands before the slash puts them side by side.",
            hint=1,
        ),
        Misconception(
            "loss_and_accuracy_swapped",
            wrong.swapped,
            "Loss and accuracy have changed places. Each pair that you are given is (loss, accuracy).",
            hint=1,
        ),
        Misconception(
            "weights_for_gradients",
            wrong.weights_for_gradients,
            "What you log as gradients are the weights once more. A parameter's gradient lies in its .grad.",
            hint=2,
        ),
        Misconception(
            "one_histogram_for_all",
            wrong.one_histogram,
            "All parameters go under one tag, so that nobody can tell a dead layer from a healthy one. "
            "named_parameters() brings the name with each.",
            hint=2,
        ),
        Misconception(
            "none_logged",
            wrong.none_logged,
            "A parameter without a gradient, as frozen layers have, stops your log: its .grad is None. Leave its "
            "gradient out, and log the rest.",
            hint=2,
        ),
        Misconception(
            "right_ones_shown",
            wrong.right_ones,
            "You show the images that were predicted correctly. There is little to learn from these; which comparison "
            "picks the others?",
            hint=3,
        ),
        Misconception(
            "all_images",
            wrong.all_images,
            "You log the first images of the batch, right or wrong. Only the mistakes are wanted: a comparison of "
            "labels and predictions makes a mask that picks them.",
            hint=3,
        ),
        Misconception(
            "picked_after_the_cut",
            wrong.cut_first,
            "You look for mistakes among the first 16 images only. Pick the wrong ones first, from the whole batch, "
            "and then keep 16 of them.",
            hint=3,
        ),
        Misconception(
            "every_mistake",
            wrong.every_mistake,
            "You log every mistake there is. After a bad first epoch these are thousands of pictures, and the log "
            "grows by megabytes each time: 16 are enough to learn from.",
            hint=3,
        ),
        Misconception(
            "empty_batch",
            wrong.empty_batch,
            "When nothing is wrong you log a batch of no images, and the writer stops with an error. A good day should "
            "not end the run.",
            hint=3,
        ),
        Misconception(
            "grey_levels",
            wrong.grey_levels,
            "You multiply the images by 255. TensorBoard takes floats from 0 to 1, and what lies above 1 comes out "
            "plain white.",
            hint=3,
        ),
    ),
    equivalents=(wrong.right_by_index, wrong.right_in_pieces),
)

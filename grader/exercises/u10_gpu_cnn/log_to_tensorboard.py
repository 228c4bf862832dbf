"""`log_to_tensorboard`: curves, histograms and mistakes, each under its own tag and at its own epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.changes import change
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


def log_to_tensorboard(writer, epoch, model, scores, images, labels, predicted):
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def piece_by_piece(writer, epoch, model, scores, images, labels, predicted):
    for i, name in enumerate(("loss", "accuracy")):
        writer.add_scalar(tag=name + "/train", scalar_value=scores["train"][i], global_step=epoch)
        writer.add_scalar(tag=name + "/valid", scalar_value=scores["valid"][i], global_step=epoch)
    for name, value in model.state_dict().items():
        writer.add_histogram("weights/" + name, value.numpy(), epoch)
    for name, param in model.named_parameters():
        if param.grad is not None:
            writer.add_histogram("gradients/" + name, param.grad.numpy(), epoch)
    missed = [image for image, said, true in zip(images.numpy(), predicted, labels, strict=True) if said != true]
    if missed:
        writer.add_images("wrong predictions", np.stack(missed[:16]), epoch)


PICKED = "images[predicted != labels][:16]"
SCORES_WITHOUT = """loss)
        writer.add_scalar(f"accuracy/{part}", accuracy)
"""
SCORES = """loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
"""
histograms_without_step = change(log_to_tensorboard, "param, epoch)", "param)", "param.grad, epoch)", "param.grad)")
no_check = change(log_to_tensorboard, "    if len(missed) > 0:\n        writer.add_images", "    writer.add_images")


LOG_TO_TENSORBOARD = Exercise(
    name="log_to_tensorboard",
    unit=UNIT,
    returns=("scalars", "histograms", "images"),
    driver="logged",
    groups=(
        Group("scalars", "logs the four scores, each under its own tag and at its own epoch", 2, hint=1),
        Group("weights", "logs a histogram of each parameter", 1, hint=2),
        Group("gradients", "logs a histogram of each gradient that is there", 1, hint=2),
        Group("images", "logs the images that were predicted wrongly, and no others", 2, hint=3),
        Group("most", "logs at most 16 of these, and nothing if there is none", 1, hint=3),
    ),
    cases=logging_cases,
    reference=logging_oracle,
    misconceptions=(
        Misconception(
            "no_step",
            change(histograms_without_step, SCORES, SCORES_WITHOUT, "missed, epoch)", "missed)"),
            "Your notes have no epoch. TensorBoard then puts all of them at one place of the axis, on top of each "
            "other: hand the epoch to every add_ method.",
        ),
        Misconception(
            "no_scores",
            change(log_to_tensorboard, "in scores.items()", "in ()"),
            "The four scores are not in your log: add_scalar notes a number under a tag, at an epoch.",
        ),
        Misconception(
            "no_histograms",
            change(log_to_tensorboard, "in model.named_parameters()", "in ()"),
            "There is no histogram in your log, neither of weights nor of gradients. add_histogram takes a tensor.",
        ),
        Misconception(
            "no_weights",
            change(log_to_tensorboard, '        writer.add_histogram(f"weights/{name}", param, epoch)\n', ""),
            "The weights are not in your log: it has no histogram under weights/.",
        ),
        Misconception(
            "no_gradients",
            change(log_to_tensorboard, "if param.grad is not None", "if False"),
            "The gradients are not in your log: it has no histogram under gradients/.",
        ),
        Misconception(
            "no_images",
            change(log_to_tensorboard, "len(missed) > 0", "False"),
            "No image is in your log, although some were predicted wrongly. add_images takes the batch of them.",
        ),
        Misconception(
            "one_tag",
            change(log_to_tensorboard, 'f"loss/{part}"', '"loss"', 'f"accuracy/{part}"', '"accuracy"'),
            "Training and validation go under one tag, and TensorBoard connects its points to a single zigzag. Give "
            "each curve its own tag; what stands before the slash puts them side by side.",
        ),
        Misconception(
            "loss_and_accuracy_swapped",
            change(log_to_tensorboard, "(loss, accuracy) in", "(accuracy, loss) in"),
            "Loss and accuracy have changed places. Each pair that you are given is (loss, accuracy).",
        ),
        Misconception(
            "weights_for_gradients",
            change(log_to_tensorboard, "param.grad, epoch", "param, epoch"),
            "What you log as gradients are the weights once more. A parameter's gradient lies in its .grad.",
        ),
        Misconception(
            "one_histogram_for_all",
            change(log_to_tensorboard, 'f"weights/{name}"', '"weights"', 'f"gradients/{name}"', '"gradients"'),
            "All parameters go under one tag, so that nobody can tell a dead layer from a healthy one. "
            "named_parameters() brings the name with each.",
        ),
        Misconception(
            "none_logged",
            change(log_to_tensorboard, "        if param.grad is not None:\n            writer", "        writer"),
            "A parameter without a gradient, as frozen layers have, stops your log: its .grad is None. Leave its "
            "gradient out, and log the rest.",
        ),
        Misconception(
            "right_ones_shown",
            change(log_to_tensorboard, "!=", "=="),
            "You show the images that were predicted correctly. There is little to learn from these; which comparison "
            "picks the others?",
        ),
        Misconception(
            "all_images",
            change(no_check, PICKED, "images[:16]"),
            "You log the first images of the batch, right or wrong. Only the mistakes are wanted: a comparison of "
            "labels and predictions makes a mask that picks them.",
        ),
        Misconception(
            "picked_after_the_cut",
            change(log_to_tensorboard, PICKED, "images[:16][predicted[:16] != labels[:16]]"),
            "You look for mistakes among the first 16 images only. Pick the wrong ones first, from the whole batch, "
            "and then keep 16 of them.",
        ),
        Misconception(
            "every_mistake",
            change(log_to_tensorboard, "[:16]", ""),
            "You log every mistake there is. After a bad first epoch these are thousands of pictures, and the log "
            "grows by megabytes each time: 16 are enough to learn from.",
        ),
        Misconception(
            "empty_batch",
            no_check,
            "When nothing is wrong you log a batch of no images, and the writer stops with an error. A good day should "
            "not end the run.",
        ),
        Misconception(
            "grey_levels",
            change(log_to_tensorboard, "missed, epoch)", "255 * missed, epoch)"),
            "You multiply the images by 255. TensorBoard takes floats from 0 to 1, and what lies above 1 comes out "
            "plain white.",
        ),
        Misconception(
            "a_step_of_its_own",
            change(log_to_tensorboard, "    for part, ", "    epoch = 0\n    for part, "),
            "Everything is logged at epoch 0, and the epoch that was handed over is not used: each epoch "
            "lies on top of the one before.",
        ),
        Misconception(
            "one_by_one",
            change(
                log_to_tensorboard,
                "    if len(missed) > 0:\n",
                "    for i in range(len(missed)):\n",
                "missed, epoch)",
                "missed[i : i + 1], epoch)",
            ),
            "Each mistake is logged by itself, under one tag and at one epoch, so that TensorBoard shows the "
            "last one. Log them as one batch.",
        ),
        Misconception(
            "parameters_without_names",
            change(
                log_to_tensorboard,
                "for name, param in model.named_parameters()",
                "for name, param in enumerate(model.parameters())",
            ),
            "Your histograms are numbered. Their tags should have the parameters' own names, as "
            "named_parameters() brings them.",
        ),
    ),
    also_right=(
        log_to_tensorboard,
        piece_by_piece,
        change(log_to_tensorboard, PICKED, "images.index_select(0, (predicted != labels).nonzero().flatten()[:16])"),
        change(log_to_tensorboard, PICKED, "images[~predicted.eq(labels)][:16]", "len(missed) > 0", "missed.numel()"),
        change(log_to_tensorboard, "param, epoch)", "param.detach().cpu().numpy(), global_step=epoch)"),
        change(
            log_to_tensorboard,
            "(loss, accuracy) in scores",
            "pair in scores",
            SCORES,
            SCORES.replace("loss,", "pair[0],").replace("accuracy,", "pair[1],"),
        ),
    ),
)

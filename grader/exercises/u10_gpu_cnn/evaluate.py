"""`evaluate`: the mean loss and the accuracy over a loader, and nothing changed by having looked."""

from typing import Any

import numpy as np

from grader.exercises.u10_gpu_cnn import evaluate_wrong as wrong
from grader.exercises.u10_gpu_cnn.common import UNIT, batch_count, batches_of, log_probabilities, loop_case, sent
from grader.spec import Case, Exercise, Group, Misconception


def evaluate_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, batch_size: int, asks: str = "", **rest: Any) -> Case:
        return loop_case(rng, label, group, N, batch_size, asks or group, **rest)

    return [
        case("10 examples in batches of 4", "loss", 10, 4),
        case("7 examples in batches of 6", "loss", 7, 6),
        case("a loader that leaves 2 of 11 examples out", "loss", 11, 3, drop_last=True),
        case("accuracy of 9 examples in batches of 8", "accuracy", 9, 8),
        case("accuracy of 10 examples in batches of 3", "accuracy", 10, 3),
        case("accuracy when the loader leaves 3 of 13 out", "accuracy", 13, 5, drop_last=True),
        case("it came in training mode", "modes", 6, 3, training=True),
        case("it came in evaluation mode", "modes", 6, 3, training=False),
        case("nothing recorded, nothing changed", "quiet", int(rng.integers(8, 120)), 4),
        case("the device that it is told", "device", int(rng.integers(5, 300)), 2),
    ]


def evaluate_oracle(asks: str, training: bool, **inputs: Any) -> tuple[Any, Any, Any]:
    """SciPy's log-softmax of the linear model, over all that the loader lets through."""
    if asks == "device":
        return None, None, sent(inputs)
    if asks == "quiet":
        passes = f"in 0 of {batch_count(inputs)} passes"
        kept = {"results are plain numbers": True, "the model is as it was": True}
        return None, None, {"autograd records": passes} | kept
    weight, bias = inputs.pop("weight"), inputs.pop("bias")
    parts = batches_of(**inputs)
    X, y = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    scores = log_probabilities(X, weight, bias)
    if asks == "accuracy":
        return None, np.mean(scores.argmax(axis=1) == y), None
    loss = -scores[np.arange(len(y)), y].mean()
    if asks == "loss":
        return loss, None, None
    modes = {True: "training mode", False: "evaluation mode"}
    return loss, None, {"while it evaluates": modes[False], "afterwards": modes[training]}


def evaluate_by_call(*values: Any) -> tuple[Any, Any, Any]:
    """The oracle for a case's inputs in their order."""
    names = ("weight", "bias", "images", "labels", "batch_size", "drop_last", "training", "asks")
    return evaluate_oracle(**dict(zip(names, values, strict=True)))


EVALUATE = Exercise(
    name="evaluate",
    unit=UNIT,
    returns=("loss", "accuracy", "facts"),
    probe="evaluation",
    groups=(
        Group("loss", "returns the mean loss over the examples that came, whatever the batches' sizes", 2),
        Group("accuracy", "returns the share of these examples that are right", 1),
        Group("modes", "evaluates in evaluation mode, and hands the model back in the mode in which it came", 2),
        Group("quiet", "records nothing, changes nothing, returns plain numbers", 1),
        Group("device", "sends each batch to the device that it is told", 1),
    ),
    cases=evaluate_cases,
    reference=evaluate_by_call,
    misconceptions=(
        Misconception(
            "mean_of_batch_means",
            wrong.mean_of_batch_means,
            "Your loss and your accuracy are means of the batches' means, in which the few examples of a small last "
            "batch count more than the others. Let every example count once: add up sums, and divide at the end.",
            hint=1,
        ),
        Misconception(
            "divided_by_the_dataset",
            wrong.divided_by_the_dataset,
            "You divide by len(loader.dataset). A loader with drop_last leaves examples out, and one with a sampler "
            "takes what the sampler says: count the examples that came.",
            hint=1,
        ),
        Misconception(
            "training_mode",
            wrong.in_training_mode,
            "The model is not switched to evaluation mode: dropout would still drop, and batch normalization would "
            "still use, and learn, the statistics of your test batches.",
            hint=2,
        ),
        Misconception(
            "mode_not_restored",
            wrong.mode_not_restored,
            "The model stays in evaluation mode. Whoever evaluates after each epoch, and forgets to switch back, "
            "trains without dropout from the second epoch on. Leave it as it came.",
            hint=2,
        ),
        Misconception(
            "always_back_to_training",
            wrong.always_back_to_training,
            "You always leave the model in training mode, even if it came in evaluation mode, as a finished model "
            "does. Note the mode when it comes, and put it back.",
            hint=2,
        ),
        Misconception(
            "graph_recorded",
            wrong.graph_recorded,
            "Autograd records every pass. Nobody will call backward here, so each batch keeps all of its maps in "
            "memory for nothing: on a GPU that is where memory runs out.",
            hint=3,
        ),
        Misconception(
            "tensors_returned",
            wrong.tensors_returned,
            "Loss and accuracy come back as tensors. A log of them keeps tensors on the device for ever; hand back "
            "plain numbers.",
            hint=3,
        ),
        Misconception(
            "no_device",
            wrong.no_device,
            "The batches stay where the loader made them. As soon as the model is on a GPU, this stops with an error "
            "about two devices.",
            hint=4,
        ),
        Misconception(
            "moved_and_dropped",
            wrong.moved_and_dropped,
            "Your labels stay behind: only the images go to the device. The loss needs both in one place.",
            hint=4,
        ),
        Misconception(
            "own_choice_of_device",
            wrong.own_choice_of_device,
            "Your function picks a device by itself. It was handed one: with two GPUs, or a test on the CPU beside "
            "a GPU, its own choice is the wrong one.",
            hint=4,
        ),
    ),
    equivalents=(wrong.right_all_at_once, wrong.right_sums, wrong.right_inference_mode),
)

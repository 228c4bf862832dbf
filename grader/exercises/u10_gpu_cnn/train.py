"""`train_one_epoch`: one step for each batch, and the mean loss over the examples."""

from typing import Any

import numpy as np

from grader.exercises.u10_gpu_cnn import train_wrong as wrong
from grader.exercises.u10_gpu_cnn.common import UNIT, batches_of, log_probabilities, loop_case, sent
from grader.spec import Case, Exercise, Group, Misconception


def train_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, batch_size: int, asks: str = "", **rest: Any) -> Case:
        usual = {"lr": 0.2, "momentum": 0.0, "stale": False}
        return loop_case(rng, label, group, N, batch_size, asks or group, **(usual | rest))

    return [
        case("one batch", "steps", 4, 4),
        case("three batches", "steps", 12, 4),
        case("five batches, the last one smaller, with momentum", "steps", 14, 3, momentum=0.9),
        case("gradients of something else lie in .grad", "fresh", 5, 5, "steps", stale=True),
        case("so they do, and there are three batches", "fresh", 9, 3, "steps", stale=True),
        case("the loss of 10 examples in batches of 4", "loss", 10, 4),
        case("the loss of 7 examples in batches of 6", "loss", 7, 6, momentum=0.5),
        case("the loss when the loader leaves 2 of 11 examples out", "loss", 11, 3, drop_last=True),
        case("the model comes in evaluation mode", "modes", 8, 4, training=False),
        case("the model comes in training mode", "modes", 6, 4, training=True),
        case("the device that it is told", "device", int(rng.integers(5, 300)), 2),
    ]


def train_oracle(asks: str, training: bool, **inputs: Any) -> tuple[Any, Any, Any]:
    """Softmax regression on the doubled images by the formulas of units 01 and 04."""
    if asks == "device":
        return None, None, sent(inputs)
    weight, bias, lr, momentum = (inputs.pop(name) for name in ("weight", "bias", "lr", "momentum"))
    inputs.pop("stale")
    params, velocities, total, count = [weight, bias], [np.zeros_like(weight), np.zeros_like(bias)], 0.0, 0
    for X, y in batches_of(**inputs):
        scores = log_probabilities(2 * X, params[0], params[1])
        total -= scores[np.arange(len(y)), y].sum()
        count += len(y)
        error = (np.exp(scores) - np.eye(3)[y]) / len(y)
        grads = [error.T @ (2 * X), error.sum(axis=0)]
        velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
        params = [p - lr * v for p, v in zip(params, velocities, strict=True)]
    if asks == "loss":
        return total / count, None, {"a plain number": True}
    return None, params, {"every pass in training mode": True} if asks == "modes" else None


def train_by_call(*values: Any) -> tuple[Any, Any, Any]:
    """The oracle for a case's inputs in their order."""
    names = ("weight", "bias", "images", "labels", "batch_size", "drop_last", "training", "asks")
    return train_oracle(**dict(zip((*names, "lr", "momentum", "stale"), values, strict=True)))


TRAIN_ONE_EPOCH = Exercise(
    name="train_one_epoch",
    unit=UNIT,
    returns=("loss", "params", "facts"),
    probe="training_epoch",
    groups=(
        Group("steps", "takes one step down the loss for each batch", 2),
        Group("fresh", "steps along the gradient of this batch alone", 1),
        Group("loss", "returns the mean loss over the examples that came, as a plain number", 2),
        Group("modes", "trains in training mode, whatever the mode in which the model came", 1),
        Group("device", "sends each batch to the device that it is told", 1),
    ),
    cases=train_cases,
    reference=train_by_call,
    misconceptions=(
        Misconception(
            "never_cleared",
            wrong.never_cleared,
            "Nothing clears the gradients, and backward adds to what is there: your second step goes along the sum "
            "of two gradients, your third along three.",
            hint=1,
        ),
        Misconception(
            "cleared_once",
            wrong.cleared_once,
            "The gradients are cleared once, before the first batch. Every batch needs that: else each step goes "
            "along the sum of all gradients of the epoch so far.",
            hint=1,
        ),
        Misconception(
            "cleared_before_the_step",
            wrong.cleared_before_the_step,
            "Nothing moves: you clear the gradients between backward, which makes them, and step, which needs them.",
            hint=1,
        ),
        Misconception(
            "one_step_an_epoch",
            wrong.one_step_an_epoch,
            "You take one step, after the last batch, along the sum of all gradients. Minibatches are there to take "
            "many steps in an epoch: one for each.",
            hint=1,
        ),
        Misconception(
            "mean_of_batch_means",
            wrong.mean_of_batch_means,
            "The steps are right. Your mean loss is the published one, the mean of the batches' means, in which the "
            "few examples of a small last batch count more than the others.",
            hint=2,
        ),
        Misconception(
            "divided_by_the_dataset",
            wrong.divided_by_the_dataset,
            "The steps are right. You divide the loss by len(loader.dataset), and a loader with drop_last leaves "
            "examples out: count the ones that came.",
            hint=2,
        ),
        Misconception(
            "last_batch_only",
            wrong.last_batch_only,
            "The steps are right. What you return is the last batch's loss: a few examples, and as noisy as few are. "
            "The mean over the whole epoch is asked for.",
            hint=2,
        ),
        Misconception(
            "loss_after_the_step",
            wrong.loss_after_the_step,
            "You measure each batch's loss after the step, on the very images that the step was for. That looks "
            "better than it is, and costs a second forward pass: use the loss that you called backward on.",
            hint=2,
        ),
        Misconception(
            "loss_kept_with_its_graph",
            wrong.loss_kept_with_its_graph,
            "The numbers are right, and what you return is a tensor, which holds on to every batch's graph through "
            "the sum. What makes a plain number of a loss?",
            hint=2,
        ),
        Misconception(
            "mode_as_it_came",
            wrong.mode_as_it_came,
            "You train in whatever mode the model is in. After an evaluation that is evaluation mode: no dropout, "
            "and batch normalization learns nothing any more.",
            hint=3,
        ),
        Misconception(
            "sum_for_mean",
            wrong.sum_for_mean,
            "Your steps are too long by a factor, the batch's size: the gradient is that of the sum of the losses. "
            "With the mean, a learning rate keeps its meaning when the batch changes.",
            hint=1,
        ),
        Misconception(
            "softmax_before_the_loss",
            wrong.softmax_before_the_loss,
            "There is a softmax before a loss that has one. You repaired that above, in loss_from_logits.",
            hint=1,
        ),
        Misconception(
            "no_device",
            wrong.no_device,
            "The batches stay where the loader made them. As soon as the model is on a GPU, this stops with an error "
            "about two devices.",
            hint=4,
        ),
        Misconception(
            "images_only",
            wrong.images_only,
            "Your labels stay behind: only the images go to the device. The loss needs both in one place.",
            hint=4,
        ),
    ),
    equivalents=(wrong.right_cleared_at_the_end, wrong.right_running_mean, wrong.right_lists),
)

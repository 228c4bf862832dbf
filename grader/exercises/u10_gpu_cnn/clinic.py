"""The bug clinic: four lines of a training loop, each right by itself, each at the wrong place."""

from typing import Any

import numpy as np

from grader.exercises.u10_gpu_cnn import clinic_wrong as wrong
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, batches: int, epochs: int, max_norm: float, scale: float = 1.0, lr: float = 0.4
    ) -> Case:
        data = {
            "weight": rng.normal(size=(3, 4)),
            "images": scale * rng.normal(size=(batches, 5, 4)),
            "labels": rng.integers(0, 3, size=(batches, 5)),
            "lr": lr,
            "epochs": epochs,
            "max_norm": max_norm,
        }
        return Case(label, group, data | {"asks": "rates" if group == "rates" else "weight"})

    return [
        case("one step, a long gradient", "clips", 1, 1, 0.1, scale=5.0),
        case("two steps, long gradients", "clips", 2, 1, 0.05, scale=4.0),
        case("the learning rates of three epochs of two batches", "rates", 2, 3, 10.0),
        case("the learning rates of two epochs of four batches", "rates", 4, 2, 10.0, lr=float(rng.uniform(0.1, 0.9))),
        case("two epochs of one batch", "velocity", 1, 2, 100.0),
        case("three epochs of one batch", "velocity", 1, 3, 100.0),
        case("three epochs of three batches", "whole", 3, 3, 0.5),
        case("four epochs of two batches", "whole", 2, 4, 0.3, scale=2.0),
    ]


def clinic_oracle(
    weight: np.ndarray, images: np.ndarray, labels: np.ndarray, lr: float, epochs: int, max_norm: float, asks: str
) -> tuple[Any, Any]:
    """Softmax regression in NumPy with heavy ball, clipped by the norm, the learning rate halved after each epoch."""
    from scipy.special import softmax

    velocity, rates = np.zeros_like(weight), []
    for epoch in range(epochs):
        for X, y in zip(images, labels, strict=True):
            rates.append(lr / 2**epoch)
            grad = (softmax(X @ weight.T, axis=1) - np.eye(3)[y]).T @ X / len(y)
            grad = grad * min(1.0, max_norm / (np.linalg.norm(grad) + 1e-6))
            velocity = 0.9 * velocity + grad
            weight = weight - rates[-1] * velocity
    return (None, rates) if asks == "rates" else (weight, None)


CLINIC_10 = Exercise(
    name="clinic_10",
    unit=UNIT,
    returns=("weight", "rates"),
    probe="scheduled_run",
    groups=(
        Group("clips", "steps along a gradient that is no longer than max_norm", 1),
        Group("rates", "takes a whole epoch's steps with one learning rate, and begins with lr", 1),
        Group("velocity", "keeps its velocity from epoch to epoch", 1),
        Group("whole", "does all of it together", 1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            wrong.as_given,
            "This is still the broken code's result. Begin with symptom 1 and read the loop line by line: what is in "
            "the gradients when they are clipped, and who has used them by then?",
            hint=1,
        ),
        Misconception(
            "still_clips_late",
            wrong.still_clips_late,
            "The schedule and the velocity are right now. The gradients are clipped after the step that they were "
            "for, and cleared right afterwards: the clipping does nothing at all.",
            hint=1,
        ),
        Misconception(
            "still_before_the_optimizer",
            wrong.still_before_the_optimizer,
            "Clipping and velocity are right now. The scheduler still steps before the optimizer has: your first "
            "epoch is trained with half the learning rate, and lr itself is never used.",
            hint=2,
        ),
        Misconception(
            "still_every_batch",
            wrong.still_every_batch,
            "Clipping and velocity are right now. The learning rate is still halved after every batch: after ten "
            "batches it is a thousandth. This schedule is meant for epochs.",
            hint=2,
        ),
        Misconception(
            "still_rebuilt",
            wrong.still_rebuilt,
            "The clipping is right. The optimizer is still built anew in every epoch, so that it starts from rest "
            "each time, and the schedule, which hangs on it, starts over too.",
            hint=3,
        ),
        Misconception(
            "clips_each_entry",
            wrong.clips_each_entry,
            "You clip each entry by itself, and that turns the gradient's direction. The norm of all of them "
            "together is what max_norm is for.",
            hint=1,
        ),
    ),
    equivalents=(wrong.right_by_hand, wrong.right_by_lambda),
)

"""The bug clinic: four lines of a training loop, each right by itself, each at the wrong place."""

from itertools import product
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, batches: int, epochs: int, max_norm: float, scale: float = 1.0, lr: float = 0.4
    ) -> Case:
        data = {
            "weight": rng.normal(size=(3, 4)),
            "bias": rng.normal(size=3),
            "images": scale * rng.normal(size=(batches, 5, 4)),
            "labels": rng.integers(0, 3, size=(batches, 5)),
            "lr": lr,
            "epochs": epochs,
            "max_norm": max_norm,
        }
        return Case(label, group, data | {"asks": "rates" if group == "rates" else "params"})

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
    weight: np.ndarray,
    bias: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    lr: float,
    epochs: int,
    max_norm: float,
    asks: str,
) -> tuple[Any, Any]:
    """Softmax regression in NumPy with heavy ball, clipped by the norm, the learning rate halved after each epoch."""
    from scipy.special import softmax

    both, rates = np.column_stack([weight, bias]), []
    velocity = np.zeros_like(both)
    for epoch in range(epochs):
        for X, y in zip(images, labels, strict=True):
            rates.append(lr / 2**epoch)
            X = np.column_stack([X, np.ones(len(X))])
            grad = (softmax(X @ both.T, axis=1) - np.eye(3)[y]).T @ X / len(y)
            grad = grad * min(1.0, max_norm / (np.linalg.norm(grad) + 1e-6))
            velocity = 0.9 * velocity + grad
            both = both - rates[-1] * velocity
    return (None, rates) if asks == "rates" else ([both[:, :-1], both[:, -1]], None)


def clinic_10(model, batches, lr, epochs, max_norm):
    import torch
    from torch import nn

    rates = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
        scheduler.step()
    return rates


def by_hand(model, batches, lr, epochs, max_norm):
    import torch
    from torch import nn

    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    rates = []
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = lr * 0.5**epoch
        for images, labels in batches:
            rates.append(lr * 0.5**epoch)
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            norm = torch.sqrt(sum(((p.grad**2).sum() for p in model.parameters()), torch.zeros(())))
            for p in model.parameters():
                p.grad *= min(1.0, max_norm / (norm + 1e-6))
            optimizer.step()
    return rates


MADE = """    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
"""
EPOCHS, BATCHES = "    for _ in range(epochs):\n", "        for images, labels in batches:\n"
NOTED = '            rates.append(optimizer.param_groups[0]["lr"])\n'
STEP = "            optimizer.step()\n"
CLIPPED = "            nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
NEXT, END = "        scheduler.step()\n", "    return rates"
EACH_EPOCH = "    for epoch in range(epochs):\n"
OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=lr{}, momentum=0.9)\n"

CAUSES = {
    "clips_late": (CLIPPED + STEP, STEP + CLIPPED),
    "rebuilt": (
        MADE + EPOCHS,
        EPOCHS + MADE.replace("    optimizer", "        optimizer").replace("    sch", "        sch"),
    ),
    "before_the_optimizer": (BATCHES, NEXT + BATCHES, NEXT + END, END),
    "every_batch": (NEXT + END, "    " + NEXT + END),
    "before_every_batch": (NOTED, "    " + NEXT + NOTED, NEXT + END, END),
}
"""What is wrong in the code as given, as edits; the last is the two before it at once, at one line."""

LEFT = {
    "clips_late": "the clipping has no effect on the step",
    "rebuilt": "the optimizer is built anew in every epoch, and with it velocity and schedule start over",
    "before_the_optimizer": "the scheduler steps before the optimizer has, so that lr itself is never used",
    "every_batch": "the learning rate is halved after every batch",
    "before_every_batch": "the learning rate is halved before every batch, the very first included",
}


def with_causes(*names: str) -> Any:
    """The right answer with some of the causes in it."""
    answer = clinic_10
    for name in names:
        answer = change(answer, *CAUSES[name])
    return answer


def half_repaired() -> tuple[Misconception, ...]:
    """What is left where some of the four causes are repaired, and several are not."""
    schedules = ((), ("before_the_optimizer",), ("every_batch",), ("before_every_batch",))
    found = []
    for late, again, schedule in product(((), ("clips_late",)), ((), ("rebuilt",)), schedules):
        left = (*late, *again, *schedule)
        if len(left) + ("before_every_batch" in left) in (2, 3):
            says = f"Part of it is repaired. Still left: {'; '.join(LEFT[name] for name in left)}."
            found.append(Misconception("still_" + "_and_".join(left), with_causes(*left), says))
    return tuple(found)


CLINIC_10 = Exercise(
    name="clinic_10",
    unit=UNIT,
    returns=("params", "rates"),
    driver="scheduled_run",
    groups=(
        Group("clips", "steps along a gradient that is no longer than max_norm", 1, hint=1),
        Group("rates", "takes a whole epoch's steps with one learning rate, and begins with lr", 1, hint=2),
        Group("velocity", "keeps its velocity from epoch to epoch", 1, hint=3),
        Group("whole", "does all of it together", 1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            with_causes("rebuilt", "clips_late", "before_every_batch"),
            "This is still the broken code's result. Begin with symptom 1 and read the loop line by line: what is in "
            "the gradients when they are clipped, and who has used them by then?",
        ),
        Misconception(
            "still_clips_late",
            with_causes("clips_late"),
            "The clipping has no effect: each step takes its gradient in full length. Clipping changes what is in "
            ".grad; when is it there, and when has the step read it?",
        ),
        Misconception(
            "still_before_the_optimizer",
            with_causes("before_the_optimizer"),
            "The scheduler still steps before the optimizer has: your first epoch is trained with half the learning "
            "rate, and lr itself is never used.",
            hint=2,
        ),
        Misconception(
            "still_every_batch",
            with_causes("every_batch"),
            "The learning rate is still halved after every batch: after ten batches it is a thousandth. This "
            "schedule is meant for epochs.",
            hint=2,
        ),
        Misconception(
            "still_rebuilt",
            with_causes("rebuilt"),
            "The optimizer is still built anew in every epoch, so that it starts from rest each time, and the "
            "schedule, which hangs on it, starts over too.",
            hint=3,
        ),
        *half_repaired(),
        Misconception(
            "clips_each_entry",
            change(clinic_10, "clip_grad_norm_", "clip_grad_value_"),
            "You clip each entry by itself, and that turns the gradient's direction. The norm of all of them "
            "together is what max_norm is for.",
        ),
        Misconception(
            "clips_each_parameter",
            change(
                clinic_10,
                CLIPPED,
                "            for p in model.parameters():\n    " + CLIPPED.replace("model.parameters()", "[p]"),
            ),
            "You clip the gradient of each parameter by itself: each is no longer than max_norm, and together they "
            "are. One norm over all of them is asked for.",
        ),
        Misconception(
            "a_new_optimizer_with_the_right_rate",
            change(
                clinic_10,
                MADE + EPOCHS,
                EACH_EPOCH + "        " + OPTIMIZER.format(" * 0.5**epoch"),
                NEXT + END,
                END,
            ),
            "A new optimizer is built in every epoch, and the velocity, which lives in it, starts from rest each time.",
        ),
        Misconception(
            "momentum_lost",
            change(clinic_10, ", momentum=0.9", ""),
            "The momentum of 0.9 is gone: each step takes its own gradient alone.",
            hint=3,
        ),
        Misconception(
            "always_as_long_as_max_norm",
            change(
                clinic_10,
                CLIPPED,
                "            norm = torch.sqrt(sum((p.grad**2).sum() for p in model.parameters()))\n"
                "            for p in model.parameters():\n                p.grad *= max_norm / norm\n",
            ),
            "You bring every gradient to the length max_norm, short ones too. Clipping shortens what is longer, and "
            "leaves the rest as it is.",
            hint=1,
        ),
        Misconception(
            "rates_not_noted",
            change(clinic_10, NOTED, ""),
            "Your list of learning rates comes back empty: nothing notes the rate with which each step is taken.",
        ),
        Misconception(
            "rates_noted_too_early",
            change(clinic_10, NOTED, "", NEXT, NEXT + NOTED[4:]),
            "You note one learning rate an epoch, after the scheduler's step. Each step's own is asked for, before it "
            "is taken.",
        ),
    ),
    also_right=(
        clinic_10,
        by_hand,
        change(clinic_10, "ExponentialLR(optimizer, gamma=0.5)", "LambdaLR(optimizer, lambda epoch: 0.5**epoch)"),
        change(clinic_10, "ExponentialLR(optimizer, gamma=0.5)", "StepLR(optimizer, step_size=1, gamma=0.5)"),
        change(clinic_10, NOTED, "            rates += scheduler.get_last_lr()\n"),
        change(
            clinic_10,
            "            optimizer.zero_grad()\n",
            "",
            STEP,
            STEP + "            optimizer.zero_grad()\n",
        ),
        change(
            clinic_10,
            NEXT + END,
            '        for group in optimizer.param_groups:\n            group["lr"] /= 2\n' + END,
        ),
    ),
)

"""`set_up`: an optimizer of a network that was never created, and a loader that nobody defined."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def set_up_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, batch_size: int, depth: int = 1) -> Case:
        seed, lr = int(rng.integers(1_000_000)), float(rng.uniform(0.002, 0.02))
        data = {"N": N, "batch_size": batch_size, "lr": lr, "seed": seed, "depth": depth}
        return Case(label, group, data | {"asks": group})

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    return [
        case("whose parameters the optimizer has", "parameters", 6, 3),
        case("those of a deep network", "parameters", 6, 3, some(2, 60)),
        case("the first step of Adam", "step", 6, 3),
        case("the first step of Adam, once more", "step", 5, 2),
        case("10 examples in batches of 4", "batches", 10, 4),
        case("9 examples in batches of 3", "batches", 9, 3),
        case("more examples in batches of 6, some are left", "batches", 6 * some(3, 60) + some(1, 6), 6),
        case("two epochs in batches of 8", "order", 8 * some(5, 60), 8),
        case("two epochs in batches of 20", "order", 20 * some(2, 30), 20),
    ]


def set_up_oracle(N: int, batch_size: int, lr: float, seed: int, depth: int, asks: str) -> tuple[Any, Any]:
    """What a loader and Adam do by their definitions; Adam's first step is as long as the learning rate."""
    if asks == "parameters":
        return {"of the model": f"{2 * depth} of {2 * depth}", "of other networks": 0}, None
    if asks == "step":
        return None, np.full(10, lr)
    if asks == "order":
        return {"the epochs' orders differ": True, "as stored": False, "examples in an epoch": N}, None
    sizes = sorted(min(batch_size, N - begin) for begin in range(0, N, batch_size))
    return {"sizes of the batches": sizes, "every example once": True, "images with their own labels": True}, None


def set_up(make_model, images, labels, lr, batch_size):
    import torch

    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return model, optimizer, loader


optimizer_first = change(
    set_up,
    "model = make_model()\n    optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
    "optimizer = torch.optim.Adam(net.parameters(), lr=lr)\n    model = make_model()",
)
stored_order = change(set_up, ", shuffle=True", "")


SET_UP = Exercise(
    name="set_up",
    unit=UNIT,
    returns=("facts", "step"),
    driver="set_up",
    groups=(
        Group("parameters", "gives the optimizer the parameters of the network that is returned", 1, hint=1),
        Group("step", "makes it Adam, with the learning rate that was asked for", 1, hint=1),
        Group("batches", "makes a loader that brings every example once, in batches, with its own label", 1, hint=2),
        Group("order", "brings them in another order in each epoch", 1, hint=2),
    ),
    cases=set_up_cases,
    reference=set_up_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(optimizer_first, "optimizer, loader", "optimizer, trainloader"),
            "As it was published: net and trainloader are names that nothing has defined. Make each thing before the "
            "line that uses it, and out of what the function was handed.",
        ),
        Misconception(
            "another_network",
            change(set_up, "model.parameters()", "make_model().parameters()"),
            "You make two networks: the optimizer will train one, and the other one is returned. There is no error, "
            "and the loss stays at log 10 for ever.",
        ),
        Misconception(
            "stored_order",
            stored_order,
            "The loader brings the examples as they are stored, every time. Sorted data would come class by class; "
            "ask the loader to shuffle.",
        ),
        Misconception(
            "shuffled_once",
            change(
                stored_order,
                "model = make_model()",
                "model, order = make_model(), torch.randperm(len(labels))",
                "(images, labels)\n",
                "(images[order], labels[order])\n",
            ),
            "You shuffle once, before the first epoch, and then every epoch has the same batches. Let the loader do "
            "it: it draws a new order each time that it is asked for its batches.",
        ),
        Misconception(
            "pairs_apart",
            change(set_up, "(images, labels)\n", "(images.roll(1, 0), labels)\n"),
            "Images and labels no longer belong together: one of them was put into another order without the other.",
        ),
        Misconception(
            "rest_dropped",
            change(set_up, "shuffle=True", "shuffle=True, drop_last=True"),
            "The loader leaves out the examples of the last, smaller batch. In training that may be wanted; here "
            "every example is asked for.",
        ),
        Misconception(
            "usual_learning_rate",
            change(set_up, ", lr=lr", ""),
            "Your optimizer has Adam's usual learning rate, 0.001. The one that was handed over is not used.",
        ),
        Misconception(
            "single_examples",
            change(set_up, "batch_size=batch_size, ", ""),
            "Your batches hold one example each: a DataLoader that is told nothing makes those.",
        ),
        Misconception(
            "another_optimizer",
            change(set_up, "Adam(", "SGD("),
            "Your optimizer is SGD: a gradient three times as large makes its step three times as long. Adam's first "
            "step is as long as the learning rate, whatever the gradient.",
        ),
        Misconception(
            "decays",
            change(set_up, "Adam(", "AdamW("),
            "Your optimizer is AdamW: besides Adam's step, it makes each weight a little smaller. Adam alone "
            "is asked for.",
        ),
        Misconception(
            "all_in_one_batch",
            change(set_up, "batch_size=batch_size", "batch_size=len(labels)"),
            "All examples come in one batch. The size that was handed over, batch_size, is not used.",
        ),
    ),
    also_right=(
        set_up,
        change(set_up, "TensorDataset(images, labels)", "StackDataset(images, labels)"),
        change(set_up, "torch.utils.data.TensorDataset(images, labels)", "list(zip(images, labels, strict=True))"),
        change(set_up, "(model.parameters(), lr=lr)", "(list(model.parameters()), lr)"),
        change(set_up, "model.parameters()", '[{"params": model.parameters()}]'),
        change(set_up, "shuffle=True", "sampler=torch.utils.data.RandomSampler(data)"),
    ),
)

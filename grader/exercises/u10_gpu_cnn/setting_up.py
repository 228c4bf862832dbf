"""`set_up`: an optimizer of a network that was never created, and a loader that nobody defined."""

from typing import Any

import numpy as np

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


def set_up_as_given(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    optimizer = torch.optim.Adam(net.parameters(), lr=lr)  # type: ignore[name-defined] # noqa: F821
    model = make_model()
    return model, optimizer, trainloader  # type: ignore[name-defined] # noqa: F821


def set_up_other_network(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return make_model(), torch.optim.Adam(make_model().parameters(), lr=lr), loader


def set_up_stored_order(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model = make_model()
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size)
    return model, torch.optim.Adam(model.parameters(), lr=lr), loader


def set_up_shuffled_once(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model, order = make_model(), torch.randperm(len(labels))
    data = torch.utils.data.TensorDataset(images[order], labels[order])
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size)
    return model, torch.optim.Adam(model.parameters(), lr=lr), loader


def set_up_pairs_apart(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model, order = make_model(), torch.arange(len(labels)).roll(1)
    data = torch.utils.data.TensorDataset(images[order], labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return model, torch.optim.Adam(model.parameters(), lr=lr), loader


def set_up_rest_dropped(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model = make_model()
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True, drop_last=True)
    return model, torch.optim.Adam(model.parameters(), lr=lr), loader


def set_up_usual_lr(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model = make_model()
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return model, torch.optim.Adam(model.parameters()), loader


def set_up_single_examples(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model = make_model()
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, shuffle=True)
    return model, torch.optim.Adam(model.parameters(), lr=lr), loader


def set_up_right_pairs(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    pairs: Any = list(zip(images, labels, strict=True))
    loader: Any = torch.utils.data.DataLoader(pairs, batch_size, True)
    model = make_model()
    return model, torch.optim.Adam(list(model.parameters()), lr), loader


def set_up_right_sampler(make_model: Any, images: Any, labels: Any, lr: float, batch_size: int) -> "tuple":
    import torch

    model, data = make_model(), torch.utils.data.TensorDataset(images, labels)
    sampler = torch.utils.data.RandomSampler(data)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, sampler=sampler)
    return model, torch.optim.Adam([{"params": model.parameters()}], lr=lr), loader


SET_UP = Exercise(
    name="set_up",
    unit=UNIT,
    returns=("facts", "step"),
    probe="set_up",
    groups=(
        Group("parameters", "gives the optimizer the parameters of the network that is returned", 1),
        Group("step", "makes it Adam, with the learning rate that was asked for", 1),
        Group("batches", "makes a loader that brings every example once, in batches, with its own label", 1),
        Group("order", "brings them in another order in each epoch", 1),
    ),
    cases=set_up_cases,
    reference=set_up_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            set_up_as_given,
            "As it was published: net and trainloader are names that nothing has defined. Make each thing before the "
            "line that uses it, and out of what the function was handed.",
            hint=1,
        ),
        Misconception(
            "another_network",
            set_up_other_network,
            "You make two networks: the optimizer will train one, and the other one is returned. There is no error, "
            "and the loss stays at log 10 for ever.",
            hint=1,
        ),
        Misconception(
            "stored_order",
            set_up_stored_order,
            "The loader brings the examples as they are stored, every time. Sorted data would come class by class; "
            "ask the loader to shuffle.",
            hint=2,
        ),
        Misconception(
            "shuffled_once",
            set_up_shuffled_once,
            "You shuffle once, before the first epoch, and then every epoch has the same batches. Let the loader do "
            "it: it draws a new order each time that it is asked for its batches.",
            hint=2,
        ),
        Misconception(
            "pairs_apart",
            set_up_pairs_apart,
            "Images and labels no longer belong together: one of them was put into another order without the other.",
            hint=2,
        ),
        Misconception(
            "rest_dropped",
            set_up_rest_dropped,
            "The loader leaves out the examples of the last, smaller batch. In training that may be wanted; here "
            "every example is asked for.",
            hint=2,
        ),
        Misconception(
            "usual_learning_rate",
            set_up_usual_lr,
            "Your optimizer has Adam's usual learning rate, 0.001. The one that was handed over is not used.",
            hint=1,
        ),
        Misconception(
            "single_examples",
            set_up_single_examples,
            "Your batches hold one example each: a DataLoader that is told nothing makes those.",
            hint=2,
        ),
    ),
    equivalents=(set_up_right_pairs, set_up_right_sampler),
)

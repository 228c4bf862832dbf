"""The bug clinic: a network that depth does not help."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.base import all_of
from course_lib.judging.drivers.structure import conv_values
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, channels: int, depth: int, shift: float = 0.0, N: int = 3) -> Case:
        inputs = {"channels": channels, "depth": depth, "X": rng.normal(size=(N, 1, 6, 5)), "shift": shift}
        return Case(label, group, inputs | {"phase": float(rng.uniform(0, 6)), "asks": group})

    few, deep = int(rng.integers(2, 7)), int(rng.integers(4, 8))
    return [
        case("parameters, one convolution", "own", few, 1),
        case("parameters, two convolutions", "own", few, 2),
        case("parameters, many convolutions", "own", few, deep),
        case("logits, one convolution", "bends", few, 1, 50.0),
        case("logits, three convolutions", "bends", 4, 3, 50.0),
        case("logits, many convolutions", "bends", few, deep, 50.0),
        case("signs, two convolutions", "logits", few, 2, -50.0, int(rng.integers(2, 60))),
        case("signs, many convolutions", "logits", 3, deep, -50.0, int(rng.integers(2, 60))),
        case("a step, two convolutions", "learns", 4, 2),
        case("a step, three convolutions", "learns", few, 3),
    ]


def clinic_oracle(
    channels: int, depth: int, X: np.ndarray, shift: float, phase: float, asks: str
) -> tuple[int | None, Any, str | None, Any]:
    """Formula and torch.nn.functional; biases far below 0 make logits negative, where no ReLU cuts them off."""
    import torch
    from torch import nn

    if asks == "own":
        first, each, head = 10 * channels, 9 * channels**2 + channels, 10 * channels + 10
        return first + (depth - 1) * each + head, None, None, None
    if asks == "logits":
        return None, None, all_of(True, len(X), "rows"), None
    shapes = [(channels, channels if i else 1, 3, 3) for i in range(depth)] + [(10, channels)]
    weights = [torch.from_numpy(conv_values(shape, phase)).requires_grad_() for shape in shapes]
    biases = [torch.zeros(len(weight), dtype=torch.float64) for weight in weights]
    biases[-1] += shift
    params = weights + [bias.requires_grad_() for bias in biases]

    def logits_of(values: list[Any]) -> Any:
        x = torch.from_numpy(X)
        for weight, bias in zip(values[:depth], values[depth + 1 : -1], strict=True):
            x = nn.functional.relu(nn.functional.conv2d(x, weight, bias, padding=1))
        return nn.functional.linear(x.mean(dim=(2, 3)), values[depth], values[-1])

    logits = logits_of(params)
    if asks == "bends":
        return None, logits, None, None
    loss = nn.functional.cross_entropy(logits, torch.arange(len(X)))
    moved = [param - grad for param, grad in zip(params, torch.autograd.grad(loss, params), strict=True)]
    return None, None, None, logits_of(moved)


def clinic_12(channels, depth):
    from torch import nn

    layers = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*layers, *head)


def clinic_as_given(channels, depth):
    from torch import nn

    layer = nn.Conv2d(channels, channels, 3, padding=1)
    layers = [nn.Conv2d(1, channels, 3, padding=1)] + [layer] * (depth - 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.ReLU())


def clinic_as_module(channels, depth):
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [1] + [channels] * depth
            self.convs = nn.ModuleList(
                nn.Conv2d(a, b, 3, padding="same") for a, b in zip(sizes[:-1], sizes[1:], strict=True)
            )
            self.head = nn.Linear(channels, 10)

        def forward(self, x):
            for conv in self.convs:
                x = conv(x).clamp(min=0)
            return self.head(x.mean(dim=(2, 3)))

    return Network()


clinic_in_one_loop = change(
    clinic_12,
    "    layers = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]\n    for _ in range(depth - 1):\n"
    "        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]\n"
    "    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]\n"
    "    return nn.Sequential(*layers, *head)",
    "    layers = []\n    for number in range(depth):\n"
    "        layers += [nn.Conv2d(1 if number == 0 else channels, channels, 3, padding=1), nn.ReLU()]\n"
    "    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))",
)
straight = change(
    clinic_12,
    "nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()",
    "nn.Conv2d(1, channels, 3, padding=1)",
    "nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()",
    "nn.Conv2d(channels, channels, 3, padding=1)",
)

CLINIC_12 = Exercise(
    name="clinic_12",
    unit=UNIT,
    returns=("parameters", "logits", "negative", "stepped"),
    driver="plain_network",
    groups=(
        Group("own", "gives each layer weights of its own", 2, hint=1),
        Group("bends", "bends between its layers", 2, hint=2),
        Group("logits", "lets its logits be negative", 1, hint=3),
        Group("learns", "moves as such a network does when it is trained for a step", 1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_it_came",
            clinic_as_given,
            "This is the network as it came. Three things are wrong with it, each with its symptom above: the number "
            "of parameters, the straight line, and the logits at zero.",
        ),
        Misconception(
            "still_one_layer",
            change(
                clinic_12,
                "    for _ in range(depth - 1):\n"
                "        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]",
                "    layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()] * (depth - 1)",
            ),
            "Your network bends now, and its convolutions are still one and the same object: one set of weights, used "
            "several times. A layer that is to have its own weights has to be made anew.",
        ),
        Misconception(
            "one_too_many",
            change(clinic_12, "range(depth - 1)", "range(depth)"),
            "Your network has one convolution more than `depth`: the first one counts as well.",
        ),
        Misconception(
            "still_straight",
            straight,
            "Each layer has its own weights now, and still nothing bends between them. Convolutions in a row are one "
            "convolution with a larger kernel, however many there are.",
        ),
        Misconception(
            "still_cut_off",
            change(clinic_12, "nn.Linear(channels, 10)", "nn.Linear(channels, 10), nn.ReLU()"),
            "Your logits are never negative: something still stands behind the last layer. A class that is ruled out "
            "needs a number below the others; and where a ReLU is 0 no gradient comes back.",
        ),
        Misconception(
            "still_shared_and_straight",
            change(clinic_as_given, "nn.Linear(channels, 10), nn.ReLU()", "nn.Linear(channels, 10)"),
            "The logits are free now. The parameters are still those of two layers, whatever the depth, and nothing "
            "bends between the convolutions.",
        ),
        Misconception(
            "shared_and_cut_off",
            change(
                clinic_as_given,
                "[layer] * (depth - 1)",
                "[nn.ReLU(), layer] * (depth - 1)",
                "nn.AdaptiveAvgPool2d(1)",
                "nn.ReLU(), nn.AdaptiveAvgPool2d(1)",
            ),
            "Your network bends now. Its convolutions are still one and the same object, and its logits are still cut "
            "off at 0.",
        ),
        Misconception(
            "straight_and_cut_off",
            change(straight, "nn.Linear(channels, 10)", "nn.Linear(channels, 10), nn.ReLU()"),
            "Each layer has its own weights now. Nothing bends between them yet, and the logits are still cut off at "
            "0.",
        ),
        Misconception(
            "relu_after_the_first_only",
            change(
                clinic_12,
                "nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()",
                "nn.Conv2d(channels, channels, 3, padding=1)",
            ),
            "There is a ReLU, and only one. From there on all convolutions are one convolution again: each needs its "
            "own ReLU behind it.",
        ),
        Misconception(
            "relu_at_the_end_only",
            change(straight, "nn.AdaptiveAvgPool2d(1)", "nn.ReLU(), nn.AdaptiveAvgPool2d(1)"),
            "There is one ReLU, before the mean, and none between the convolutions: up to there they are one "
            "convolution. Each needs its own ReLU behind it.",
        ),
        Misconception(
            "none_behind_the_last_one",
            change(
                clinic_12,
                "layers = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]",
                "layers = [nn.Conv2d(1, channels, 3, padding=1)]",
                "[nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]",
                "[nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)]",
            ),
            "There is a ReLU between your convolutions, and none behind the last one. The mean and the linear layer "
            "do not bend either: the last convolution needs its own as well.",
        ),
    ),
    also_right=(
        clinic_12,
        clinic_in_one_loop,
        clinic_as_module,
        change(
            clinic_as_given,
            "[layer] * (depth - 1)",
            "[nn.Sequential(nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)) for _ in range(depth - 1)]",
            "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.ReLU()",
            "nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)",
        ),
        change(
            clinic_12,
            "nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()",
            "nn.Conv2d(channels, channels, (3, 3), 1, 1), nn.ReLU(inplace=True)",
        ),
    ),
)

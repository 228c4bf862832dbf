"""`net2wider`: more units, the same function."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import stated_network
from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, conv, linear, random_state
from grader.spec import Case, Exercise, Group, Misconception


def wider_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: Layers, copies: list[int]) -> Case:
        chosen = np.asarray(copies, dtype=np.int64)
        size = (3, layers[0]["args"][0], 5, 6) if layers[0]["kind"] == "conv" else (5, layers[0]["args"][0])
        inputs = {"layers": layers, "state": random_state(rng, layers), "copies": chosen}
        return Case(label, group, inputs | {"X": rng.normal(size=size), "asks": group})

    def dense(units: int) -> Layers:
        return [linear("first", 3, units), linear("second", units, 2)]

    images = [conv("first", 2, 3, 3, padding=1, stride=2), conv("second", 3, 2, [2, 1], padding=[0, 1])]
    more = [*range(4), *(int(k) for k in rng.integers(0, 4, size=4))]
    uneven = [*range(3), 1, 1, int(rng.integers(0, 3))]
    mixed = [int(k) for k in rng.permutation([0, 1, 2, 3, 3, 0, 3])]
    return [
        case("every unit twice", "first", dense(3), [0, 1, 2, 0, 1, 2]),
        case("some units again", "first", dense(4), more),
        case("in any order", "first", dense(4), mixed),
        case("every unit twice, outgoing", "second", dense(3), [0, 1, 2, 0, 1, 2]),
        case("one unit three times", "second", dense(3), uneven),
        case("in any order, outgoing", "second", dense(4), mixed),
        case("convolutions", "both", images, [0, 1, 2, 2, 0]),
        case("convolutions, one filter often", "both", images, uneven),
        case("linear layers, outputs", "function", dense(4), more),
        case("nothing added, outputs", "function", dense(3), [0, 1, 2]),
        case("convolutions with stride and padding, outputs", "function", images, uneven),
    ]


def wider_oracle(
    layers: Layers, state: State, copies: np.ndarray, X: np.ndarray, asks: str
) -> tuple[State | None, State | None, Any]:
    """The old layers answer for the function; each unit's weights by products with a 0/1 matrix."""
    import torch

    model = stated_network(layers, state)
    if asks == "function":
        return None, None, model.second(torch.relu(model.first(torch.tensor(X))))
    shares = (copies[:, None] == np.arange(len(state["first.bias"]))).astype(float)
    first = {name: np.tensordot(shares, state[f"first.{name}"], axes=1) for name in ("weight", "bias")}
    outgoing = np.einsum("nu,fu...->fn...", shares / shares.sum(axis=0), state["second.weight"])
    second = {"weight": outgoing, "bias": state["second.bias"]}
    return first if asks != "second" else None, second if asks != "first" else None, None


def net2wider(first, second, copies):
    import copy

    import torch
    from torch import nn

    one, two = copy.deepcopy(first), copy.deepcopy(second)
    counts = torch.bincount(copies)[copies]
    shape = (1, -1) + (1,) * (second.weight.ndim - 2)
    one.weight = nn.Parameter(first.weight.detach()[copies])
    one.bias = nn.Parameter(first.bias.detach()[copies])
    two.weight = nn.Parameter(second.weight.detach()[:, copies] / counts.reshape(shape))
    two.bias = nn.Parameter(second.bias.detach().clone())
    return one, two


undivided = change(net2wider, " / counts.reshape(shape)", "")


def wider_by_matrix(first, second, copies):
    """Products with a 0/1 matrix, in layers made anew."""
    import torch
    from torch import nn

    shares = nn.functional.one_hot(copies, len(first.weight)).to(first.weight.dtype)
    width = len(copies)
    if first.weight.ndim == 4:
        one = nn.Conv2d(first.in_channels, width, first.kernel_size, first.stride, first.padding)
        two = nn.Conv2d(width, second.out_channels, second.kernel_size, second.stride, second.padding)
    else:
        one, two = nn.Linear(first.in_features, width), nn.Linear(width, second.out_features)
    with torch.no_grad():
        one.weight = nn.Parameter(torch.tensordot(shares, first.weight, dims=1))
        one.bias = nn.Parameter(shares @ first.bias)
        two.weight = nn.Parameter(torch.einsum("nu,fu...->fn...", shares / shares.sum(0), second.weight))
        two.bias = nn.Parameter(second.bias.clone())
    return one, two


NET2WIDER = Exercise(
    name="net2wider",
    unit=UNIT,
    returns=("first", "second", "outputs"),
    driver="widened_layers",
    tolerance=Tolerance(rtol=1e-5, atol=1e-6),  # so that layers in float32 will do
    groups=(
        Group("first", "copies each chosen unit with its incoming weights and its bias", 1, hint=1),
        Group("second", "shares a unit's outgoing weights among its copies", 2, hint=2),
        Group("both", "does the same for convolutions", 2, hint=2),
        Group("function", "preserves the function", 2, hint=2),
    ),
    cases=wider_cases,
    reference=wider_oracle,
    misconceptions=(
        Misconception(
            "not_shared",
            undivided,
            "Each copy sends as much on as the original did, so two copies count twice. Together they should send what "
            "one sent before.",
        ),
        Misconception(
            "whole_and_a_share",
            change(
                net2wider,
                "torch.bincount(copies)[copies]",
                "torch.bincount(copies)[copies]\n    counts[[copies.tolist().index(k) for k in copies.unique()]] = 1",
            ),
            "Each original sends on what it sent before, and its copies a share on top of that. Together they should "
            "send what one sent: every one of them gets the same share.",
        ),
        Misconception(
            "counts_of_old_units",
            change(net2wider, "torch.bincount(copies)[copies]", "torch.bincount(copies)"),
            "You count how often each old unit occurs, and divide by these counts in the old units' order. Each new "
            "unit needs the count of the unit that it copies.",
            hint=2,
        ),
        Misconception(
            "always_halved",
            change(net2wider, "torch.bincount(copies)[copies]", "torch.full((len(copies),), 2)"),
            "You halve all outgoing weights. A unit that stands there three times needs thirds, and one that was not "
            "copied keeps its whole weight. How often does each unit occur in `copies`?",
        ),
        Misconception(
            "copied_ones_halved",
            change(net2wider, "torch.bincount(copies)[copies]", "torch.bincount(copies)[copies].clamp(max=2)"),
            "You halve the outgoing weights of every unit that was copied. One that stands there three times needs "
            "thirds: how often does each unit occur in `copies`?",
        ),
        Misconception(
            "shared_by_widths",
            change(
                net2wider,
                "torch.bincount(copies)[copies]",
                "torch.full((len(copies),), len(copies) / len(first.weight))",
            ),
            "You divide by the ratio of the two widths. That is the mean number of copies, and right only if every "
            "unit has the same number.",
        ),
        Misconception(
            "incoming_divided",
            change(
                undivided,
                "first.weight.detach()[copies]",
                "first.weight.detach()[copies] / counts.reshape(shape).transpose(0, 1)",
            ),
            "You divide the incoming weights, not the outgoing ones. That only happens to be the same for a ReLU "
            "without a bias: the copies should be true copies.",
            hint=2,
        ),
        Misconception(
            "incoming_and_bias_divided",
            change(
                undivided,
                "first.weight.detach()[copies]",
                "first.weight.detach()[copies] / counts.reshape(shape).transpose(0, 1)",
                "first.bias.detach()[copies]",
                "first.bias.detach()[copies] / counts",
            ),
            "You divide what comes into a unit, bias included, and a ReLU lets that through: the function is "
            "preserved. But a copy has its original's incoming weights and bias; divide what goes out.",
            hint=2,
        ),
        Misconception(
            "both_sides_divided",
            change(
                net2wider,
                "first.weight.detach()[copies]",
                "first.weight.detach()[copies] / counts.reshape(shape).transpose(0, 1)",
            ),
            "You divide what comes in and what goes out. The copies should be true copies; only what goes out is "
            "shared.",
            hint=2,
        ),
        Misconception(
            "both_divided",
            change(net2wider, "second.bias.detach().clone()", "second.bias.detach() * len(first.weight) / len(copies)"),
            "The outgoing weights are right. The second layer's bias is divided as well: it comes from no unit, and is "
            "added once, as before.",
            hint=3,
        ),
        Misconception(
            "new_units_silent",
            change(
                net2wider,
                "counts = torch.bincount(copies)[copies]",
                "old = torch.tensor([unit not in copies[:place] for place, unit in enumerate(copies)])",
                "/ counts.reshape(shape)",
                "* old.reshape(shape)",
            ),
            "Your new units send nothing on: the function is preserved, but not as asked. Each copy should carry its "
            "share.",
        ),
        Misconception(
            "bias_not_copied",
            change(
                net2wider,
                "first.bias.detach()[copies]",
                "nn.functional.pad(first.bias.detach(), (0, len(copies) - len(first.bias)))",
            ),
            "Your new units have a bias of 0. A copy that switches on at another point is no copy.",
        ),
        Misconception(
            "settings_lost",
            change(
                net2wider,
                "    counts =",
                "    if first.weight.ndim == 4:\n"
                "        one = nn.Conv2d(first.in_channels, len(copies), first.kernel_size)\n"
                "        two = nn.Conv2d(len(copies), second.out_channels, second.kernel_size)\n"
                "    counts =",
            ),
            "A new convolution has lost its stride or its padding on the way: with the same numbers it computes "
            "something else.",
            hint=4,
        ),
    ),
    also_right=(
        net2wider,
        wider_by_matrix,
        change(
            net2wider,
            "    shape = (1, -1) + (1,) * (second.weight.ndim - 2)\n",
            "",
            "nn.Parameter(second.weight.detach()[:, copies] / counts.reshape(shape))",
            "nn.Parameter((second.weight.detach()[:, copies].transpose(1, -1) / counts).transpose(1, -1))",
        ),
        change(
            net2wider,
            "torch.bincount(copies)[copies]",
            "torch.tensor([copies.tolist().count(k) for k in copies.tolist()])",
        ),
        change(
            net2wider,
            "counts = torch.bincount(copies)[copies]",
            "counts = (copies[:, None] == copies).float().sum(dim=1)",
        ),
        change(net2wider, "    return one, two", "    return [one.float(), two.float()]"),
    ),
)

"""`net2deeper`: one more layer, the same function."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import stated_network
from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, conv, linear, random_state
from grader.spec import Case, Exercise, Group, Misconception


def deeper_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layer: dict[str, Any]) -> Case:
        size = (2, layer["args"][0], 7, 8) if layer["kind"] == "conv" else (4, layer["args"][0])
        state = random_state(rng, [layer])
        inputs = {"layers": [layer], "state": state, "X": rng.normal(size=size), "asks": group}
        return Case(label, group, inputs)

    few, some = int(rng.integers(2, 12)), int(rng.integers(2, 12))
    many = int(rng.integers(12, 48))
    return [
        case("as many out as in", "linear", linear("layer", 3, 3)),
        case("more out than in", "linear", linear("layer", few, many)),
        case("fewer out than in", "linear", linear("layer", 5, some)),
        case("3 x 3, as many channels out", "convolution", conv("layer", 2, 2, 3, padding=1)),
        case("3 x 3, more channels out", "convolution", conv("layer", some, some + 1, 3, padding=1)),
        case("5 x 5", "convolution", conv("layer", 1, few, 5, padding=2)),
        case("1 x 1", "convolution", conv("layer", 2, some, 1)),
        case("1 x 3", "oblong", conv("layer", 2, few, [1, 3], padding=[0, 1])),
        case("5 x 3", "oblong", conv("layer", 1, some, [5, 3], padding=[2, 1])),
        case("linear, outputs", "function", linear("layer", 4, 3)),
        case("3 x 3, outputs", "function", conv("layer", 2, 3, 3, padding=1)),
        case("stride 2, outputs", "function", conv("layer", 2, few, 3, stride=2, padding=1)),
        case("5 x 3, outputs", "function", conv("layer", 2, 2, [5, 3], padding=2)),
        case("no padding, outputs", "function", conv("layer", 1, some, [3, 5])),
    ]


def deeper_oracle(layers: Layers, state: State, X: np.ndarray, asks: str) -> tuple[State | None, Any]:
    """torch.nn.init's eye_ and dirac_; for the function, the old layer alone."""
    import torch
    from torch import nn

    layer = stated_network(layers, state).layer
    if asks == "function":
        return None, torch.relu(layer(torch.tensor(X)))
    weight, out = state["layer.weight"], len(state["layer.bias"])
    new = torch.empty(out, out, *weight.shape[2:], dtype=torch.float64)
    new = nn.init.eye_(new) if new.ndim == 2 else nn.init.dirac_(new)
    return {"weight": new.numpy(), "bias": np.zeros(out)}, None


def net2deeper(layer):
    import torch
    from torch import nn

    out = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new, identity = nn.Linear(out, out), torch.eye(out)
    else:
        height, width = layer.kernel_size
        new = nn.Conv2d(out, out, (height, width), padding=(height // 2, width // 2))
        identity = torch.zeros(out, out, height, width)
        identity[range(out), range(out), height // 2, width // 2] = 1
    new.weight = nn.Parameter(identity)
    new.bias = nn.Parameter(torch.zeros(out))
    return new


def old_layer_again(layer):
    import copy

    return copy.deepcopy(layer)


def deeper_in_old_sizes(layer):
    import copy

    from torch import nn

    new = copy.deepcopy(layer)
    nn.init.eye_(new.weight) if isinstance(layer, nn.Linear) else nn.init.dirac_(new.weight)
    nn.init.zeros_(new.bias)
    return new


def deeper_in_loops(layer):
    import torch
    from torch import nn

    out = len(layer.weight)
    rest = list(layer.weight.shape[2:])
    weight = torch.zeros(out, out, *rest, dtype=layer.weight.dtype)
    for i in range(out):
        weight[(i, i, *(size // 2 for size in rest))] = 1
    padding = tuple((size - 1) // 2 for size in rest)
    new = nn.Conv2d(out, out, (rest[0], rest[1]), padding=padding) if rest else nn.Linear(out, out)
    new.weight, new.bias = nn.Parameter(weight), nn.Parameter(torch.zeros(out, dtype=weight.dtype))
    return new


COPIED = (
    "Your new convolution copies the old one's stride or padding. It should keep the image's size, whatever the old "
    "one did: stride 1, and half a kernel of padding."
)

NET2DEEPER = Exercise(
    name="net2deeper",
    unit=UNIT,
    returns=("state", "outputs"),
    driver="deepened_layer",
    tolerance=Tolerance(rtol=1e-5, atol=1e-6),  # so that layers in float32 will do
    groups=(
        Group("linear", "makes an identity to stand behind a linear layer", 1, hint=1),
        Group("convolution", "makes a Dirac kernel to stand behind a convolution", 2, hint=3),
        Group("oblong", "finds the middle of kernels that are no squares", 1, hint=3),
        Group("function", "preserves the function", 2, hint=4),
    ),
    cases=deeper_cases,
    reference=deeper_oracle,
    misconceptions=(
        Misconception(
            "random_layer",
            change(
                net2deeper,
                "    new.weight = nn.Parameter(identity)\n    new.bias = nn.Parameter(torch.zeros(out))\n",
                "",
            ),
            "Your new layer has the right size and the weights that PyTorch gave it. A layer that is to change nothing "
            "has to be the identity.",
        ),
        Misconception(
            "copy_of_the_old_one",
            old_layer_again,
            "Your new layer is a copy of the old one: it does once more what that one did. A layer that is to change "
            "nothing has to be the identity.",
            about=("state",),
        ),
        Misconception(
            "bias_copied",
            change(net2deeper, "torch.zeros(out))", "layer.bias.detach().clone())"),
            "Your new layer adds the old one's bias a second time. An identity adds 0.",
        ),
        Misconception(
            "bias_left",
            change(net2deeper, "    new.bias = nn.Parameter(torch.zeros(out))\n", ""),
            "The bias still holds PyTorch's random numbers: each output is shifted a little. An identity adds 0.",
        ),
        Misconception(
            "same_sizes_as_before",
            deeper_in_old_sizes,
            "Your layer has the sizes of the old one. It stands behind it: as many numbers come in as the old one "
            "gives out, and as many go on.",
            hint=2,
        ),
        Misconception(
            "as_wide_as_the_input",
            change(net2deeper, "len(layer.bias)", "layer.weight.shape[1]"),
            "Your layer is as wide as what goes into the old one. It stands behind it: what counts is how many come "
            "out.",
            hint=2,
        ),
        Misconception(
            "channels_mixed",
            change(net2deeper, "torch.eye(out)", "torch.ones(out, out)", "[range(out), range(out), ", "[:, :, "),
            "Each output is the sum of all inputs in place of its own one: the weight is 1 for every pair. Only i to i "
            "should be joined.",
            hint=3,
        ),
        Misconception(
            "identity_over_the_places",
            change(
                net2deeper,
                "identity[range(out), range(out), height // 2, width // 2] = 1",
                "identity[:] = torch.eye(height, width)",
            ),
            "Your identity matrix lies over the kernel's places. It belongs over the channels, i to i, and in the "
            "kernel only the middle counts.",
        ),
        Misconception(
            "others_left",
            change(net2deeper, "identity = torch.zeros(out, out, height, width)", "identity = new.weight.detach()"),
            "In your kernels the 1 stands in its place, and around it are still PyTorch's random numbers. An identity "
            "has zeros everywhere else.",
        ),
        Misconception(
            "corner",
            change(net2deeper, "height // 2, width // 2]", "0, 0]"),
            "Your 1 stands in the kernel's corner: the image moves down and to the right by some pixels. The middle of "
            "a kernel is the pixel that the output stands on.",
        ),
        Misconception(
            "whole_kernel",
            change(net2deeper, ", height // 2, width // 2]", "]"),
            "Your kernel is 1 all over: it adds a pixel's neighbours to it. The identity looks at one pixel.",
        ),
        Misconception(
            "mean_kernel",
            change(net2deeper, ", height // 2, width // 2] = 1", "] = 1 / (height * width)"),
            "Your kernel takes the mean of a pixel and its neighbours. The identity looks at one pixel.",
        ),
        Misconception(
            "one_middle_for_both",
            change(net2deeper, "width // 2]", "min(height // 2, width - 1)]"),
            "For square kernels you are right. Height and width each have a middle of their own.",
        ),
        Misconception(
            "settings_copied",
            change(net2deeper, "padding=(height // 2, width // 2)", "stride=layer.stride, padding=layer.padding"),
            COPIED,
        ),
        Misconception(
            "padding_copied",
            change(net2deeper, "padding=(height // 2, width // 2)", "padding=layer.padding"),
            COPIED,
        ),
        Misconception(
            "no_padding",
            change(net2deeper, ", padding=(height // 2, width // 2)", ""),
            "Your image shrinks: without padding, a kernel of 3 loses a pixel on each side.",
        ),
        Misconception(
            "one_padding_for_both",
            change(net2deeper, "padding=(height // 2, width // 2)", "padding=height // 2"),
            "You pad width and height alike, by half of the kernel's height. Each side of a kernel needs half of its "
            "own.",
        ),
        Misconception(
            "padding_of_one",
            change(net2deeper, "padding=(height // 2, width // 2)", "padding=1"),
            "You pad by 1, whatever the kernel. That is right for 3 x 3; a side of k needs half of k, rounded down.",
        ),
    ),
    also_right=(
        net2deeper,
        deeper_in_loops,
        change(net2deeper, "padding=(height // 2, width // 2)", "padding='same'"),
        change(
            net2deeper,
            "new, identity = nn.Linear(out, out), torch.eye(out)",
            "new = nn.Linear(out, out)\n        new.weight.data = torch.eye(out)",
            "identity = torch.zeros(out, out, height, width)\n"
            "        identity[range(out), range(out), height // 2, width // 2] = 1\n"
            "    new.weight = nn.Parameter(identity)\n",
            "new.weight.data = torch.zeros(out, out, height, width)\n"
            "        new.weight.data[:, :, height // 2, width // 2] = torch.eye(out)\n",
        ),
        change(
            net2deeper,
            "isinstance(layer, nn.Linear)",
            "layer.weight.dim() == 2",
            "    return new",
            "    return new.double()",
        ),
        change(
            net2deeper,
            "new.weight = nn.Parameter(identity)",
            "(nn.init.eye_ if new.weight.ndim == 2 else nn.init.dirac_)(new.weight)",
        ),
    ),
)

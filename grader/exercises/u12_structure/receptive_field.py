"""`receptive_field`: how far an output pixel can see."""

import numpy as np

from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

Layers = list[tuple[int, int, int]]


def field_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: Layers) -> Case:
        return Case(label, group, {"layers": layers})

    some = [int(k) for k in rng.choice(np.arange(3, 20), 3, replace=False)]
    step, gap = int(rng.integers(2, 6)), int(rng.integers(2, 9))
    return [
        case("no layer", "stack", []),
        case("one layer", "stack", [(some[0], 1, 1)]),
        case("two layers of 3", "stack", [(3, 1, 1), (3, 1, 1)]),
        case("three layers", "stack", [(k, 1, 1) for k in some]),
        case("1 x 1 in between", "stack", [(some[1], 1, 1), (1, 1, 1), (4, 1, 1)]),
        case("a stride in the first layer", "stride", [(3, 2, 1), (some[0], 1, 1)]),
        case("a stride in the last layer", "stride", [(some[0], 1, 1), (some[1], step, 1)]),
        case("convolutions and poolings", "stride", [(3, 1, 1), (2, 2, 1), (some[2], 1, 1), (2, 2, 1), (3, 1, 1)]),
        case("a stride for each of three", "stride", [(some[0], step, 1), (3, 2, 1), (5, 3, 1)]),
        case("one dilated layer", "dilation", [(some[1], 1, gap)]),
        case("dilations 1, 2, 4", "dilation", [(some[0], 1, 1), (some[0], 1, 2), (some[0], 1, 4)]),
        case("a stride, then a dilation", "together", [(some[0], step, 1), (3, 1, gap)]),
        case("a dilation with a stride, then a layer", "together", [(3, step, gap), (some[1], 1, 1)]),
        case("five layers", "together", [(3, 1, 1), (some[0], 2, 1), (3, 1, gap), (2, step, 1), (some[2], 1, 2)]),
        case("long dilations", "dilation", [(k, 1, int(rng.integers(2, 100))) for k in some]),
    ]


def field_by_gradient(layers: Layers) -> int:
    """From the first to the last input that one output has a gradient for; all weights are 1."""
    import torch

    length = 1
    for kernel, stride, dilation in reversed(layers):
        length = (length - 1) * stride + dilation * (kernel - 1) + 1
    line = torch.zeros(1, 1, 3 * length, dtype=torch.float64, requires_grad=True)
    out = line
    for kernel, stride, dilation in layers:
        weight = torch.ones(1, 1, kernel, dtype=torch.float64)
        out = torch.nn.functional.conv1d(out, weight, stride=stride, dilation=dilation)
    (grad,) = torch.autograd.grad(out[0, 0, out.shape[-1] // 2], line)
    seen = torch.nonzero(grad[0, 0])
    return int(seen.max() - seen.min()) + 1


def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size += dilation * (kernel - 1) * jump
        jump *= stride
    return size


def field_from_the_output(layers):
    size = 1
    for kernel, stride, dilation in layers[::-1]:
        size = (size - 1) * stride + dilation * (kernel - 1) + 1
    return size


def field_by_products(layers):
    table = np.array(layers, dtype=int).reshape(-1, 3)
    jumps = np.cumprod(np.append(1, table[:, 1]))[:-1]
    return int(1 + ((table[:, 0] - 1) * table[:, 2] * jumps).sum())


OWN_STRIDE = (
    "A layer's stride does not widen its own view: it decides how far apart its outputs are, so it counts for "
    "the layers after it."
)
ADDED = "You add strides up, and they multiply: after a stride of 2 and one of 3, neighbours are 6 pixels apart."

RECEPTIVE_FIELD = Exercise(
    name="receptive_field",
    unit=UNIT,
    returns=("size",),
    groups=(
        Group("stack", "adds up layers of stride 1", 1, hint=1),
        Group("stride", "widens what comes after a stride", 2, hint=2),
        Group("dilation", "stretches dilated kernels", 1, hint=3),
        Group("together", "does all of it at once", 1),
    ),
    cases=field_cases,
    reference=field_by_gradient,
    misconceptions=(
        Misconception(
            "sum_of_kernels",
            change(
                receptive_field,
                "size, jump = 1, 1",
                "size = 0",
                "dilation * (kernel - 1) * jump\n        jump *= stride",
                "dilation * (kernel - 1) + 1",
            ),
            "You add up the kernels. Two kernels of 3 see 5 pixels, not 6: neighbouring outputs of the first layer "
            "look at overlapping pixels, and each further layer adds only what sticks out.",
        ),
        Misconception(
            "whole_kernels",
            change(receptive_field, "(kernel - 1)", "kernel"),
            "Each layer of yours adds its whole kernel. Its first place was seen already: only what sticks out is new.",
        ),
        Misconception(
            "product_of_kernels",
            change(receptive_field, "size += dilation * (kernel - 1) * jump", "size *= dilation * (kernel - 1) + 1"),
            "You multiply the kernels. That would be right if no two outputs looked at the same pixel. Draw two layers "
            "of kernel 3 on paper: the second sees three neighbours, whose views overlap.",
        ),
        Misconception(
            "stride_ignored",
            change(receptive_field, "        jump *= stride\n", ""),
            "In your answer no stride changes anything. After a stride of 2, neighbours are 2 pixels apart in the "
            "image, and every later kernel reaches twice as far.",
        ),
        Misconception(
            "own_stride",
            change(
                receptive_field,
                "        size += dilation * (kernel - 1) * jump\n        jump *= stride\n",
                "        jump *= stride\n        size += dilation * (kernel - 1) * jump\n",
            ),
            OWN_STRIDE,
        ),
        Misconception(
            "only_its_own_stride",
            change(receptive_field, "(kernel - 1) * jump", "(kernel - 1) * stride"),
            OWN_STRIDE,
        ),
        Misconception(
            "last_stride_only",
            change(receptive_field, "jump *= stride", "jump = stride"),
            "You remember only the stride of the layer just before. Strides multiply: after two of 2, neighbours are 4 "
            "pixels apart.",
        ),
        Misconception(
            "strides_added",
            change(receptive_field, "jump *= stride", "jump += stride - 1"),
            ADDED,
        ),
        Misconception(
            "strides_summed",
            change(receptive_field, "jump *= stride", "jump += stride"),
            ADDED,
            hint=2,
        ),
        Misconception(
            "all_that_was_seen_is_stretched",
            change(
                receptive_field,
                "size += dilation * (kernel - 1) * jump\n        jump *= stride",
                "size = size * stride + dilation * (kernel - 1)",
            ),
            "At each layer you multiply all that was seen so far by the stride. That belongs to the way from the "
            "output back to the image; forwards, a stride widens only what comes after it.",
        ),
        Misconception(
            "dilation_ignored",
            change(receptive_field, "dilation * (kernel - 1)", "(kernel - 1)"),
            "No dilation enters your sum. A dilated kernel leaves gaps: with dilation 2, a kernel of 3 reaches over 5.",
        ),
        Misconception(
            "dilated_kernel",
            change(receptive_field, "dilation * (kernel - 1)", "(dilation * kernel - 1)"),
            "Your dilated kernels are too long. A kernel of 3 has two gaps between its three places, and only the gaps "
            "are stretched: with dilation 2 it reaches over 5, not 6.",
        ),
        Misconception(
            "backwards",
            change(receptive_field, "in layers:", "in reversed(layers):"),
            "You walk from the last layer to the first with a sum that belongs to the other direction. The distance "
            "between neighbours starts at one pixel, in the image.",
        ),
    ),
    also_right=(
        receptive_field,
        field_from_the_output,
        field_by_products,
        change(
            receptive_field, "dilation * (kernel - 1) * jump", "((kernel + (kernel - 1) * (dilation - 1)) - 1) * jump"
        ),
        change(
            receptive_field, "size, jump = 1, 1", "size, jump = 1.0, np.float32(1)", "return size", "return int(size)"
        ),
    ),
)

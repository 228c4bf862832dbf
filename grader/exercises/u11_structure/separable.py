"""`DepthwiseSeparable`: a convolution cut in two, first in space, then across channels."""

from typing import Any

import numpy as np

from course_lib.probes.structure import conv_values, norm_values
from grader.exercises.u11_structure import separable_wrong as wrong
from grader.exercises.u11_structure.parameters import UNIT
from grader.exercises.u11_structure.separable_right import separable_by_function, separable_in_a_chain
from grader.spec import Case, Exercise, Group, Misconception

LAYERS = ["depthwise", "depthwise_bn", "pointwise", "pointwise_bn"]


def separable_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, C: int, F: int, stride: int, size: tuple[int, int], training: bool = False
    ) -> Case:
        inputs = {"in_channels": C, "out_channels": F, "stride": stride, "X": rng.normal(size=(2, C, *size))}
        rest = {"layers": LAYERS, "phase": float(rng.uniform(0, 6)), "training": training, "asks": group}
        return Case(label, group, inputs | rest)

    many = [int(size) for size in rng.choice(np.arange(5, 30), 2, replace=False)]
    more = 4 + int(rng.integers(1, 5))
    return [
        case("as many channels", "values", 3, 3, 1, (5, 4)),
        case("more channels", "values", 3, more, 1, (4, 6)),
        case("fewer channels", "values", 5, 2, 1, (4, 5)),
        case("stride 2", "stride", 3, 4, 2, (6, 4)),
        case("stride 2, an odd size", "stride", 2, more, 2, (5, 7)),
        case("a batch in training", "training", 3, 4, 1, (5, 4), True),
        case("a batch in training, stride 2", "training", 2, more, 2, (6, 6), True),
        case("parameters, as many channels", "parameters", many[0], many[0], 1, (3, 3)),
        case("parameters, other channels", "parameters", many[0], many[1], 2, (3, 3)),
    ]


def separable_oracle(
    in_channels: int,
    out_channels: int,
    stride: int,
    X: np.ndarray,
    layers: list[str],
    phase: float,
    training: bool,
    asks: str,
) -> tuple[Any, int | None]:
    """Channel by channel with torch.nn.functional, then a matrix over the channels; parameters by the formula."""
    import torch
    from torch import nn

    if asks == "parameters":
        return None, 9 * in_channels + 2 * in_channels + in_channels * out_channels + 2 * out_channels
    depthwise = torch.from_numpy(conv_values((in_channels, 1, 3, 3), phase))
    pointwise = torch.from_numpy(conv_values((out_channels, in_channels), phase + 2))

    def bent(x: Any, where: float) -> Any:
        values = {key: torch.from_numpy(value) for key, value in norm_values(x.shape[1], phase + where).items()}
        mean, var = values["running_mean"], values["running_var"]
        return nn.functional.relu(nn.functional.batch_norm(x, mean, var, values["weight"], values["bias"], training))

    x = torch.from_numpy(X)
    apart = [
        nn.functional.conv2d(x[:, c : c + 1], depthwise[c : c + 1], stride=stride, padding=1)
        for c in range(in_channels)
    ]
    hidden = bent(torch.cat(apart, dim=1), 1)
    return bent(torch.einsum("fc,nchw->nfhw", pointwise, hidden), 3), None


DEPTHWISE_SEPARABLE = Exercise(
    name="DepthwiseSeparable",
    unit=UNIT,
    returns=("out", "parameters"),
    probe="named_block",
    groups=(
        Group("values", "filters each channel by itself and then mixes the channels", 2),
        Group("stride", "halves the image in its depthwise half", 1),
        Group("training", "normalizes twice, by the batch itself in training", 1),
        Group("parameters", "has the few parameters that are its purpose", 2),
    ),
    cases=separable_cases,
    reference=separable_oracle,
    misconceptions=(
        Misconception(
            "groups_forgotten",
            wrong.separable_without_groups,
            "Your depthwise convolution is a plain one: every output looks at every channel, and nothing is saved. "
            "Depthwise means as many groups as channels, so that each channel has one 3x3 filter of its own.",
            hint=1,
        ),
        Misconception(
            "widens_at_once",
            wrong.separable_widens_first,
            "Your depthwise convolution changes the number of channels. It keeps it: one filter for each channel that "
            "comes in. Only the 1x1 convolution mixes, and only it knows how many shall go out.",
            hint=1,
        ),
        Misconception(
            "no_relu_between",
            wrong.separable_linear_between,
            "Between the two halves you only normalize. In this block (the one of MobileNet) a ReLU follows each of "
            "the two normalizations.",
            hint=2,
        ),
        Misconception(
            "no_relu_at_the_end",
            wrong.separable_linear_end,
            "Your block ends without a ReLU. The next block begins with a convolution, and between two convolutions "
            "something should bend.",
            hint=2,
        ),
        Misconception(
            "norm_missing_between",
            wrong.separable_one_norm,
            "Your first normalization does not take part: the depthwise result goes into the ReLU as it is. Each of "
            "the two halves is a convolution, its normalization and a ReLU.",
            hint=2,
        ),
        Misconception(
            "stride_at_the_end",
            wrong.separable_stride_late,
            "Your 1x1 convolution takes the stride. So the depthwise half works on the whole image, and three of four "
            "of its results are thrown away. Stride early: the 3x3 filters step, the mixing comes after.",
            hint=3,
        ),
        Misconception(
            "pointwise_first",
            wrong.separable_swapped,
            "You mix the channels before you filter them. That is another block (it filters the channels that go out, "
            "of which there are usually more): here the depthwise half comes first.",
            hint=1,
        ),
        Misconception(
            "biases",
            wrong.separable_with_biases,
            "Your convolutions have biases, and the normalization behind each of them subtracts these again: they are "
            "parameters that do nothing.",
            hint=4,
        ),
    ),
    equivalents=(separable_by_function, separable_in_a_chain),
)

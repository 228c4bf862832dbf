"""`DepthwiseSeparable`: a convolution cut in two, first in space, then across channels."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.structure import conv_values, norm_values
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

LAYERS = ["depthwise", "depthwise_bn", "pointwise", "pointwise_bn"]


def separable_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, C: int, F: int, stride: int, size: tuple[int, int], training: bool = False
    ) -> Case:
        inputs = {"in_channels": C, "out_channels": F, "stride": stride, "X": 5 * rng.normal(size=(2, C, *size))}
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


def DepthwiseSeparable(in_channels, out_channels, stride=1):
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


mixes_first = change(
    DepthwiseSeparable,
    "self.depthwise_bn(self.depthwise(x))",
    "self.pointwise_bn(self.pointwise(x))",
    "self.pointwise_bn(self.pointwise(h))",
    "self.depthwise_bn(self.depthwise(h))",
)


def separable_by_function(in_channels, out_channels, stride=1):
    from collections import OrderedDict

    from torch import nn

    parts = OrderedDict()
    parts["depthwise"] = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
    parts["depthwise_bn"] = nn.BatchNorm2d(in_channels)
    parts["bend"] = nn.ReLU()
    parts["pointwise"] = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    parts["pointwise_bn"] = nn.BatchNorm2d(out_channels)
    parts["bend_again"] = nn.ReLU(inplace=True)
    return nn.Sequential(parts)


WIDENS = (
    "Your depthwise convolution changes the number of channels. It keeps it: one filter for each channel that "
    "comes in. Only the 1x1 convolution mixes, and only it knows how many shall go out."
)

DEPTHWISE_SEPARABLE = Exercise(
    name="DepthwiseSeparable",
    unit=UNIT,
    returns=("out", "parameters"),
    driver="named_block",
    groups=(
        Group("values", "filters each channel by itself and then mixes the channels", 2, hint=1),
        Group("stride", "halves the image in its depthwise half", 1, hint=3),
        Group("training", "normalizes twice, by the batch itself in training", 1, hint=2),
        Group("parameters", "has the few parameters that are its purpose", 2, hint=4),
    ),
    cases=separable_cases,
    reference=separable_oracle,
    misconceptions=(
        Misconception(
            "groups_forgotten",
            change(DepthwiseSeparable, " groups=in_channels,", ""),
            "Your depthwise convolution is a plain one: every output looks at every channel, and nothing is saved. "
            "Depthwise means as many groups as channels, so that each channel has one 3x3 filter of its own.",
        ),
        Misconception(
            "widens_at_once",
            change(
                DepthwiseSeparable,
                "in_channels, 3, stride, 1, groups=in_channels, bias=False)\n"
                "            self.depthwise_bn = nn.BatchNorm2d(in_channels)\n"
                "            self.pointwise = nn.Conv2d(in_channels, out",
                "in_channels * out_channels, 3, stride, 1, groups=in_channels, bias=False)\n"
                "            self.depthwise_bn = nn.BatchNorm2d(in_channels * out_channels)\n"
                "            self.pointwise = nn.Conv2d(in_channels * out_channels, out",
            ),
            WIDENS,
        ),
        Misconception(
            "gives_out_channels",
            change(
                DepthwiseSeparable,
                "in_channels, 3, stride, 1, groups=in_channels, bias=False)\n"
                "            self.depthwise_bn = nn.BatchNorm2d(in_channels)\n"
                "            self.pointwise = nn.Conv2d(in_channels, out",
                "out_channels, 3, stride, 1, groups=in_channels, bias=False)\n"
                "            self.depthwise_bn = nn.BatchNorm2d(out_channels)\n"
                "            self.pointwise = nn.Conv2d(out_channels, out",
            ),
            WIDENS,
        ),
        Misconception(
            "no_relu_between",
            change(DepthwiseSeparable, "self.depthwise(x)).relu()", "self.depthwise(x))"),
            "Between the two halves you only normalize. In this block (the one of MobileNet) a ReLU follows each of "
            "the two normalizations.",
            hint=2,
        ),
        Misconception(
            "no_relu_at_the_end",
            change(DepthwiseSeparable, "self.pointwise(h)).relu()", "self.pointwise(h))"),
            "Your block ends without a ReLU. The next block begins with a convolution, and between two convolutions "
            "something should bend.",
            hint=2,
        ),
        Misconception(
            "norm_missing_between",
            change(DepthwiseSeparable, "self.depthwise_bn(self.depthwise(x))", "self.depthwise(x)"),
            "Your first normalization does not take part: the depthwise result goes into the ReLU as it is. Each of "
            "the two halves is a convolution, its normalization and a ReLU.",
            hint=2,
        ),
        Misconception(
            "norm_missing_at_the_end",
            change(DepthwiseSeparable, "self.pointwise_bn(self.pointwise(h))", "self.pointwise(h)"),
            "Your second normalization does not take part: what the 1x1 convolution gives goes into the ReLU as it is.",
            hint=2,
        ),
        Misconception(
            "norm_behind_the_relu",
            change(DepthwiseSeparable, "self.depthwise(x)).relu()", "self.depthwise(x).relu())"),
            "Your first normalization comes after the ReLU. The order is convolution, normalization, ReLU: so the "
            "ReLU meets numbers around 0.",
            hint=2,
        ),
        Misconception(
            "stride_at_the_end",
            change(
                DepthwiseSeparable,
                "3, stride, 1,",
                "3, 1, 1,",
                "out_channels, 1, bias",
                "out_channels, 1, stride, bias",
            ),
            "Your 1x1 convolution takes the stride. So the depthwise half works on the whole image, and three of four "
            "of its results are thrown away. Stride early: the 3x3 filters step, the mixing comes after.",
            hint=3,
        ),
        Misconception(
            "stride_in_both",
            change(DepthwiseSeparable, "out_channels, 1, bias", "out_channels, 1, stride, bias"),
            "Both of your convolutions take the stride, so the image is halved twice. Only the depthwise half does.",
        ),
        Misconception(
            "pointwise_first",
            change(
                mixes_first,
                "in_channels, in_channels, 3, stride, 1, groups=in_channels",
                "out_channels, out_channels, 3, stride, 1, groups=out_channels",
                "self.depthwise_bn = nn.BatchNorm2d(in_channels)",
                "self.depthwise_bn = nn.BatchNorm2d(out_channels)",
            ),
            "You mix the channels before you filter them. That is another block (it filters the channels that go out, "
            "of which there are usually more): here the depthwise half comes first.",
        ),
        Misconception(
            "biases",
            change(
                DepthwiseSeparable,
                "groups=in_channels, bias=False",
                "groups=in_channels",
                "out_channels, 1, bias=False",
                "out_channels, 1",
            ),
            "Your convolutions have biases, and the normalization behind each of them subtracts these again: they are "
            "parameters that do nothing.",
        ),
    ),
    also_right=(
        DepthwiseSeparable,
        separable_by_function,
        change(
            DepthwiseSeparable,
            "h = self.depthwise_bn(self.depthwise(x)).relu()",
            "x = nn.functional.relu(self.depthwise_bn(self.depthwise(x)))",
            "self.pointwise_bn(self.pointwise(h)).relu()",
            "nn.functional.relu(self.pointwise_bn(self.pointwise(x)))",
        ),
        change(
            DepthwiseSeparable,
            "nn.Conv2d(in_channels, out_channels, 1, bias",
            "nn.Conv2d(in_channels, out_channels, (1, 1), 1, 0, bias",
        ),
        change(DepthwiseSeparable, "3, stride, 1, groups", "kernel_size=(3, 3), stride=stride, padding=(1, 1), groups"),
    ),
)

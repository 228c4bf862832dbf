"""`ResidualBlock`: two convolutions that learn what to add to their input."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.structure import conv_values, norm_values
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

LAYERS = ["conv1", "bn1", "conv2", "bn2"]


def residual_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, C: int, F: int, stride: int, size: tuple[int, int], training: bool = False
    ) -> Case:
        inputs = {"in_channels": C, "out_channels": F, "stride": stride, "X": 5 * rng.normal(size=(2, C, *size))}
        rest = {"layers": LAYERS, "phase": float(rng.uniform(0, 6)), "training": training, "asks": group}
        return Case(label, group, inputs | rest)

    many = [int(size) for size in rng.choice(np.arange(5, 30), 2, replace=False)]
    more = 3 + int(rng.integers(1, 4))
    return [
        case("3 channels in, 3 out", "identity", 3, 3, 1, (5, 4)),
        case("5 channels in, 5 out", "identity", 5, 5, 1, (4, 6)),
        case("more channels", "channels", 3, more, 1, (5, 4)),
        case("fewer channels", "channels", 4, 2, 1, (4, 5)),
        case("stride 2, as many channels", "stride", 3, 3, 2, (6, 4)),
        case("stride 2, twice the channels", "stride", 2, 4, 2, (7, 6)),
        case("stride 2, an odd size", "stride", 2, 3, 2, (5, 7)),
        case("training, same shapes", "training", 3, 3, 1, (5, 4), True),
        case("training, other shapes", "training", 2, 4, 2, (6, 6), True),
        case("parameters, same shapes", "parameters", many[0], many[0], 1, (3, 3)),
        case("parameters, other channels", "parameters", many[0], many[1], 1, (3, 3)),
        case("parameters, stride 2", "parameters", 4, 4, 2, (4, 4)),
    ]


def residual_oracle(
    in_channels: int,
    out_channels: int,
    stride: int,
    X: np.ndarray,
    layers: list[str],
    phase: float,
    training: bool,
    asks: str,
) -> tuple[Any, int | None]:
    """torch.nn.functional on the arrays; the number of parameters by its formula."""
    import torch
    from torch import nn

    changes = stride != 1 or in_channels != out_channels
    if asks == "parameters":
        main = 9 * in_channels * out_channels + 9 * out_channels**2 + 4 * out_channels
        return None, main + changes * (in_channels * out_channels + 2 * out_channels)

    def normalized(x: Any, where: float) -> Any:
        values = {key: torch.from_numpy(value) for key, value in norm_values(out_channels, phase + where).items()}
        mean, var = values["running_mean"], values["running_var"]
        return nn.functional.batch_norm(x, mean, var, values["weight"], values["bias"], training)

    def convolved(x: Any, where: float, channels: int, kernel: int, step: int) -> Any:
        weight = torch.from_numpy(conv_values((out_channels, channels, kernel, kernel), phase + where))
        return nn.functional.conv2d(x, weight, stride=step, padding=kernel // 2)

    x = torch.from_numpy(X)
    hidden = nn.functional.relu(normalized(convolved(x, 0, in_channels, 3, stride), 1))
    change = normalized(convolved(hidden, 2, out_channels, 3, 1), 3)
    kept = normalized(convolved(x, 10, in_channels, 1, stride), 20) if changes else x
    return nn.functional.relu(change + kept), None


def ResidualBlock(in_channels, out_channels, stride=1):
    import torch
    from torch import nn

    def conv(inputs, outputs, kernel, stride):
        return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = conv(in_channels, out_channels, 3, stride)
            self.bn1 = nn.BatchNorm2d(out_channels)
            self.conv2 = conv(out_channels, out_channels, 3, 1)
            self.bn2 = nn.BatchNorm2d(out_channels)
            self.projects = stride != 1 or in_channels != out_channels
            if self.projects:
                self.proj = conv(in_channels, out_channels, 1, stride)
                self.proj_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            h = torch.relu(self.bn1(self.conv1(x)))
            h = self.bn2(self.conv2(h))
            kept = self.proj_bn(self.proj(x)) if self.projects else x
            return torch.relu(h + kept)

    return Block()


def block_as_a_chain(in_channels, out_channels, stride=1):
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding="same", bias=False)
            self.bn2 = nn.BatchNorm2d(out_channels)
            self.way = nn.Sequential(self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2)
            same = stride == 1 and in_channels == out_channels
            projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.shortcut = nn.Sequential() if same else nn.Sequential(projection, nn.BatchNorm2d(out_channels))

        def forward(self, x):
            return torch.clamp(torch.add(self.shortcut(x), self.way(x)), min=0)

    return Block()


NOT_ADDED = (
    "Your block is a plain chain: what came in is never added. Without the shortcut the block has to learn to hand its "
    "input on, and the gradient has to pass both convolutions. What does forward do with x after the first line?"
)

RESIDUAL_BLOCK = Exercise(
    name="ResidualBlock",
    unit=UNIT,
    returns=("out", "parameters"),
    driver="named_block",
    groups=(
        Group("identity", "adds the input as it is where the shapes agree", 2, hint=1),
        Group("channels", "projects the input where the number of channels changes", 2, hint=3),
        Group("stride", "projects it with the same stride where the size changes", 2, hint=3),
        Group("training", "normalizes by the batch itself in training", 1, hint=1),
        Group("parameters", "owns the parameters of its formula and no others", 2, hint=4),
    ),
    cases=residual_cases,
    reference=residual_oracle,
    misconceptions=(
        Misconception(
            "no_shortcut",
            change(ResidualBlock, "h + kept", "h", "stride != 1 or in_channels != out_channels", "False"),
            NOT_ADDED,
        ),
        Misconception("shortcut_not_added", change(ResidualBlock, "h + kept", "h"), NOT_ADDED),
        Misconception(
            "shortcut_from_the_end",
            change(ResidualBlock, "            kept =", "            x = h\n            kept ="),
            "What you add is the main way's own result, not the block's input: x was overwritten on the way, or the "
            "wrong name is handed to the shortcut.",
        ),
        Misconception(
            "one_norm_twice",
            change(ResidualBlock, "self.bn2(self.conv2(h))", "self.bn1(self.conv2(h))"),
            "Both of your convolutions have bn1 behind them, and bn2 takes no part. Each has statistics of its own.",
        ),
        Misconception(
            "relu_before_the_sum",
            change(ResidualBlock, "torch.relu(h + kept)", "torch.relu(h) + kept"),
            "Your last ReLU comes before the sum. So the block can only ever add to its input and never take anything "
            "away, and the numbers grow from block to block. First the sum, then the ReLU.",
            hint=2,
        ),
        Misconception(
            "relu_before_and_after",
            change(ResidualBlock, "h + kept", "torch.relu(h) + kept"),
            "There is a ReLU after the second normalization and one after the sum. The first of the two cuts off all "
            "that the block would take away from its input: it could only add.",
            hint=2,
        ),
        Misconception(
            "no_last_relu",
            change(ResidualBlock, "torch.relu(h + kept)", "h + kept"),
            "The sum leaves your block as it is. In this block a ReLU follows the sum. Another kind, "
            "of 2016, has its ReLU at the front and none after the sum; the two do not mix.",
            hint=2,
        ),
        Misconception(
            "no_relu_between",
            change(ResidualBlock, "torch.relu(self.bn1(self.conv1(x)))", "self.bn1(self.conv1(x))"),
            "Between your two convolutions nothing bends: there is a normalization, which only scales and shifts, and "
            "no ReLU. Two convolutions in a row are one larger convolution.",
        ),
        Misconception(
            "always_projects",
            change(ResidualBlock, "stride != 1 or in_channels != out_channels", "True"),
            "Your shortcut projects in every case. Where the shapes agree, the input itself should be added: the "
            "untouched way through is what lets a hundred blocks train, and it costs no parameter.",
            hint=3,
        ),
        Misconception(
            "projects_only_for_channels",
            change(ResidualBlock, "stride != 1 or in_channels", "in_channels"),
            "With stride 2 and as many channels as before, your shortcut hands over an image of the old size, which "
            "cannot be added to one of half the size. There are two reasons to project.",
            about=("out",),
        ),
        Misconception(
            "projects_only_for_stride",
            change(ResidualBlock, "stride != 1 or in_channels != out_channels", "stride != 1"),
            "With another number of channels and no stride, your shortcut hands over an image with the old channels, "
            "which cannot be added to one with the new ones. There are two reasons to project.",
            about=("out",),
        ),
        Misconception(
            "projection_keeps_the_size",
            change(
                ResidualBlock, "conv(in_channels, out_channels, 1, stride)", "conv(in_channels, out_channels, 1, 1)"
            ),
            "With a stride, your shortcut hands over an image of the old size, which cannot be added to the smaller "
            "one of the main way. Does the projection take the stride, and is it used?",
            about=("out",),
        ),
        Misconception(
            "projection_of_three",
            change(
                ResidualBlock,
                "conv(in_channels, out_channels, 1, stride)",
                "conv(in_channels, out_channels, 3, stride)",
            ),
            "Your projection looks at 3x3 pixels. It is only there to make the shapes fit, and a 1x1 convolution does "
            "that for a ninth of the parameters.",
        ),
        Misconception(
            "zeros_for_a_projection",
            change(
                ResidualBlock,
                "stride != 1 or in_channels != out_channels",
                "False",
                "if self.projects else x",
                "if self.projects else nn.functional.pad(\n                "
                "x[:, :out_channels, ::stride, ::stride], (0, 0, 0, 0, 0, max(0, out_channels - in_channels)))",
            ),
            "Your shortcut leaves pixels out and fills new channels with zeros. That works too, and is another block: "
            "here a projection learns what to hand over.",
        ),
        Misconception(
            "projection_without_norm",
            change(
                ResidualBlock,
                "self.proj_bn(self.proj(x))",
                "self.proj(x)",
                "                self.proj_bn = nn.BatchNorm2d(out_channels)\n",
                "",
            ),
            "Your projection is a bare convolution. As on the main way, a normalization follows it, so that neither "
            "of the two ways drowns the other when they are added.",
            about=("out",),
        ),
        Misconception(
            "biases",
            change(ResidualBlock, "bias=False", "bias=True"),
            "Your convolutions have biases. The normalization behind each of them subtracts the mean, and with it "
            "every bias: these parameters are paid for and do nothing.",
        ),
        Misconception(
            "stride_in_both",
            change(
                ResidualBlock, "conv(out_channels, out_channels, 3, 1)", "conv(out_channels, out_channels, 3, stride)"
            ),
            "Both of your convolutions take the stride, so the image is halved twice and the shortcut's once. Only the "
            "first convolution changes the size.",
        ),
        Misconception(
            "stride_in_the_second",
            change(
                ResidualBlock,
                "conv(out_channels, out_channels, 3, 1)",
                "conv(out_channels, out_channels, 3, stride)",
                "conv(in_channels, out_channels, 3, stride)",
                "conv(in_channels, out_channels, 3, 1)",
            ),
            "Your second convolution takes the stride. Then the first one works on the whole image, and most of its "
            "results are skipped: conv1 takes it.",
        ),
    ),
    also_right=(
        ResidualBlock,
        block_as_a_chain,
        change(ResidualBlock, "torch.relu(h + kept)", "nn.functional.relu(kept.add(h), inplace=True)"),
        change(ResidualBlock, "torch.relu(self.bn1(self.conv1(x)))", "nn.ReLU(inplace=True)(self.bn1(self.conv1(x)))"),
        change(
            ResidualBlock,
            "stride != 1 or in_channels != out_channels",
            "not (stride == 1 and in_channels == out_channels)",
        ),
    ),
)

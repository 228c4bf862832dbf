"""`scale_network`: one rule that builds a network of any width and depth."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.structure import conv_values, norm_values
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def scaling_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, width: float, depth: int, base: list[int], multiple: int, classes: int = 10
    ) -> Case:
        inputs = {"width": width, "depth": depth, "base": base, "multiple": multiple, "classes": classes}
        size = (2, 1, 5 + int(rng.integers(4)), 9)
        return Case(
            label, group, inputs | {"X": rng.normal(size=size), "phase": float(rng.uniform(0, 6)), "asks": group}
        )

    k, depth, classes = int(rng.integers(3, 5)), int(rng.integers(3, 6)), int(rng.integers(5, 10))

    def some(count: int) -> list[int]:
        return [int(n) for n in rng.integers(4, 20, size=count)]

    return [
        case("as the base says", "widths", 1.0, 1, [8, 18], 2),
        case("rounded to multiples of 4", "widths", 1.3, 3, [8, 16, 28], 4, 7),
        case("rounded to other multiples", "widths", 1 + k / 30, 2, [16, int(rng.integers(20, 30))], k, classes),
        case("never below one multiple", "widths", 0.1, 4, [8, 12, 36, 6, 44], 8, 3),
        case("narrower by a third", "widths", 2 / 3, depth, [20, 34, int(rng.integers(35, 44))], 3, 2),
        case("two blocks a stage", "depth", 1.0, 2, [8, 8], 4, 6),
        case("some blocks a stage", "depth", 0.5, depth, [8 * int(rng.integers(2, 5)), 24, 8 * k], 4),
        case("two stages, twice the channels", "strides", 2.0, 2, [2 * n for n in some(2)], 2, classes),
        case("four stages", "strides", 1.0, depth, [8, 4, 2 * some(1)[0], 8], 2, 12),
        case("three stages of single blocks", "strides", 2.0, 1, [12, 2 * some(1)[0], 24], 2, 4),
        case("parameters of one stage", "parameters", 1.0, 1, [8], 4, classes),
        case("parameters of three stages", "parameters", 0.8, depth, [8, 16, 4 * k], 4, classes),
        case("logits of two stages", "logits", 1.0, 1, [4, 8], 4, classes),
        case("logits of a deeper network", "logits", 0.5, 2, [16, 24], 4, classes),
    ]


def scaled(width: float, base: list[int], multiple: int) -> list[int]:
    """The nearest multiple of each scaled width, found among all that there are."""
    choices = multiple * np.arange(1, 200)
    return [int(choices[np.argmin(np.abs(choices - channels * width))]) for channels in base]


def scaling_oracle(
    width: float,
    depth: int,
    base: list[int],
    multiple: int,
    classes: int,
    X: np.ndarray,
    phase: float,
    asks: str,
) -> tuple[np.ndarray | None, int | None, Any]:
    """A list of blocks by the rule; parameters by the formula; logits by torch.nn.functional."""
    stages = scaled(width, base, multiple)
    rows, before = [], stages[0]
    for channels in stages:
        rows.append([before, channels, 2])
        rows.extend([[channels, channels, 1]] * (depth - 1))
        before = channels
    if asks == "parameters":
        stem, head = 9 * stages[0] + 2 * stages[0], (before + 1) * classes
        return None, stem + sum(9 * a * b for a, b, _ in rows) + head, None
    if asks == "logits":
        return None, None, _logits(rows, classes, X, phase)
    return np.array(rows), None, None


def _logits(rows: list[list[int]], classes: int, X: np.ndarray, phase: float) -> Any:
    import torch
    from torch import nn

    def weight(*shape: int) -> Any:
        return torch.from_numpy(conv_values(shape, phase))

    first = rows[0][0]
    values = {key: torch.from_numpy(value) for key, value in norm_values(first, phase).items()}
    x = nn.functional.conv2d(torch.from_numpy(X), weight(first, 1, 3, 3), padding=1)
    x = nn.functional.batch_norm(x, values["running_mean"], values["running_var"], values["weight"], values["bias"])
    x = nn.functional.relu(x)
    for a, b, stride in rows:
        x = nn.functional.conv2d(x, weight(b, a, 3, 3), stride=stride, padding=1)
    return x.mean(dim=(2, 3)) @ weight(classes, rows[-1][1]).T


def scale_network(width, depth, block, base=(16, 32), multiple=4, classes=10):
    from torch import nn

    widths = [max(1, round(c * width / multiple)) * multiple for c in base]
    before = widths[0]
    layers = [nn.Conv2d(1, before, 3, padding=1, bias=False), nn.BatchNorm2d(before), nn.ReLU()]
    for channels in widths:
        layers.append(block(before, channels, 2))
        for _ in range(depth - 1):
            layers.append(block(channels, channels, 1))
        before = channels
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
    return nn.Sequential(*layers, *head)


def scale_by_stages(width, depth, block, base=(16, 32), multiple=4, classes=10):
    from torch import nn

    widths = [max(int(channels * width + multiple / 2) // multiple, 1) * multiple for channels in base]
    model = nn.Sequential()
    stem = nn.Sequential(nn.Conv2d(1, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
    model.add_module("stem", stem)
    for i, channels in enumerate(widths):
        first = block(widths[max(i - 1, 0)], channels, stride=2)
        stage = nn.Sequential(first, *(block(channels, channels, 1) for _ in range(depth - 1)))
        model.add_module(f"stage{i + 1}", stage)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes))
    model.add_module("head", head)
    return model


UNROUNDED = (
    "Your widths are whole numbers and no multiples. Channels that are multiples of 4, 8 or 16 keep vector "
    "units and matrix units filled; an odd 41 can be slower than 48."
)

BY_CHANNELS = (
    "Not every stage of yours begins by halving the image. The first block of each one has stride 2: also that of the "
    "first stage, and of one that is as wide as another."
)

SCALE_NETWORK = Exercise(
    name="scale_network",
    unit=UNIT,
    returns=("blocks", "parameters", "logits"),
    driver="scaled_network",
    groups=(
        Group("widths", "scales the channels to the nearest multiple, and never to nothing", 2, hint=1),
        Group("depth", "gives each stage its number of blocks", 1, hint=2),
        Group("strides", "halves the image once a stage, and hands the channels on", 2, hint=2),
        Group("parameters", "makes every block anew, with stem and head as described", 1, hint=3),
        Group("logits", "puts stem, blocks and head together", 2, hint=4),
    ),
    cases=scaling_cases,
    reference=scaling_oracle,
    misconceptions=(
        Misconception(
            "not_rounded",
            change(scale_network, "max(1, round(c * width / multiple)) * multiple", "max(multiple, round(c * width))"),
            UNROUNDED,
        ),
        Misconception(
            "cut_off",
            change(scale_network, "max(1, round(c * width / multiple)) * multiple", "max(1, int(c * width))"),
            UNROUNDED,
        ),
        Misconception(
            "only_rounded",
            change(scale_network, "max(1, round(c * width / multiple)) * multiple", "max(1, round(c * width))"),
            UNROUNDED,
        ),
        *(
            Misconception(
                f"{other}_for_width",
                change(scale_network, "c * width", f"c * {number}"),
                "Your channels do not depend on `width`. A stage has its number in `base` times `width`, rounded to "
                "the nearest multiple.",
            )
            for other, number in (("one", "1"), ("classes", "classes"), ("depth", "depth"))
        ),
        Misconception(
            "rounded_down",
            change(scale_network, "round(c * width / multiple)", "int(c * width // multiple)"),
            "You round down, so a width of 1.3 may change nothing and every network comes out smaller than asked for. "
            "Go to the nearest multiple.",
        ),
        Misconception(
            "rounded_up",
            change(scale_network, "round(c * width / multiple)", "-int(-c * width // multiple)"),
            "You round up, so that every network comes out larger than asked for. Go to the nearest multiple.",
        ),
        Misconception(
            "no_floor",
            change(scale_network, "max(1, round(c * width / multiple))", "round(c * width / multiple)"),
            "At a small width your channels round to 0, and a layer of no channels passes nothing on. One multiple is "
            "the least.",
        ),
        Misconception(
            "one_is_the_least",
            change(
                scale_network,
                "max(1, round(c * width / multiple)) * multiple",
                "max(1, round(c * width / multiple) * multiple)",
            ),
            "At a small width your channels come down to 1, which is no multiple. One multiple is the least.",
        ),
        Misconception(
            "depth_in_all",
            change(scale_network, "range(depth - 1)", "range(max(1, depth // len(base)) - 1)"),
            "You share the blocks out over the stages. `depth` is the number of blocks in each stage.",
        ),
        Misconception(
            "stride_in_every_block",
            change(scale_network, "block(channels, channels, 1)", "block(channels, channels, 2)"),
            "Each of your blocks halves the image. Five of them make one pixel of 28 x 28, and nothing is left to "
            "convolve. Only the first block of a stage has stride 2.",
        ),
        Misconception(
            "stride_in_the_last_block",
            change(
                scale_network,
                "block(before, channels, 2)",
                "block(before, channels, 1 if depth > 1 else 2)",
                "for _ in range(depth - 1):\n            layers.append(block(channels, channels, 1))",
                "for i in range(depth - 1):\n            layers.append(block(channels, channels, 1 + (i > depth - 3)))",
            ),
            "The last block of each stage has your stride. The first one has it, so that the others work on the "
            "smaller image.",
        ),
        Misconception(
            "in_channels_stand_still",
            change(scale_network, "        before = channels\n", "", "nn.Linear(before", "nn.Linear(widths[-1]"),
            "Each of your stages begins with the stem's number of channels. What goes into a block is what came out "
            "of the one before.",
            hint=2,
        ),
        Misconception(
            "first_stage_keeps_its_size",
            change(
                scale_network,
                "for channels in widths:",
                "for number, channels in enumerate(widths):",
                "block(before, channels, 2)",
                "block(before, channels, 2 if number else 1)",
            ),
            "Your first stage keeps the size of the image. Here every stage halves it at its beginning, the first one "
            "too: that is where most of the work would be.",
            hint=2,
        ),
        *(
            Misconception(
                f"stride_where_{name}",
                change(scale_network, "channels, 2)", f"channels, 2 if channels != {other} else 1)"),
                BY_CHANNELS,
            )
            for name, other in (("channels_change", "before"), ("it_is_not_the_first_width", "widths[0]"))
        ),
        Misconception(
            "one_block_repeated",
            change(
                scale_network,
                "        for _ in range(depth - 1):\n            layers.append(block(channels, channels, 1))",
                "        layers += [block(channels, channels, 1)] * (depth - 1)",
            ),
            "You make one block and put it into the network several times. That is one set of weights, used again and "
            "again: the network looks deep and has the parameters of a shallow one. Call block(...) for each.",
            hint=3,
        ),
        Misconception(
            "stem_not_scaled",
            change(scale_network, "before = widths[0]", "before = base[0]"),
            "Your stem has the base's channels, and not the scaled ones: it keeps its width however thin or wide the "
            "rest becomes. It should be as wide as the first stage is after scaling and rounding.",
            hint=4,
        ),
        Misconception(
            "bias_in_the_stem",
            change(scale_network, ", bias=False", ""),
            "Your stem's convolution has a bias, and the normalization behind it subtracts that again.",
        ),
        Misconception(
            "relu_missing_in_the_stem",
            change(scale_network, ", nn.ReLU()]", "]"),
            "The stem is a convolution, a normalization and a ReLU, and the ReLU is missing in yours. Then two "
            "convolutions follow each other with nothing that bends between them.",
        ),
        Misconception(
            "largest_for_mean",
            change(scale_network, "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"),
            "Your head takes the largest value over all places; the mean is asked for. The mean hears all places.",
        ),
        Misconception(
            "flattened_image",
            change(scale_network, "nn.AdaptiveAvgPool2d(1), nn.Flatten()", "nn.Flatten()"),
            "Your head flattens the image without taking the mean over its places first, so the linear layer meets "
            "more numbers than it has inputs for, and how many depends on the image's size.",
        ),
        Misconception(
            "softmax_at_the_end",
            change(scale_network, "nn.Linear(before, classes)", "nn.Linear(before, classes), nn.Softmax(dim=1)"),
            "Your network ends with a softmax. Logits are asked for: cross_entropy takes the softmax by itself.",
        ),
        Misconception(
            "relu_at_the_end",
            change(scale_network, "nn.Linear(before, classes)", "nn.Linear(before, classes), nn.ReLU()"),
            "Your network ends with a ReLU. Logits may be negative.",
        ),
        Misconception(
            "always_ten_classes",
            change(scale_network, "nn.Linear(before, classes)", "nn.Linear(before, 10)"),
            "Your head has ten outputs, whatever `classes` is.",
            hint=4,
        ),
    ),
    also_right=(
        scale_network,
        scale_by_stages,
        change(
            scale_network,
            "max(1, round(c * width / multiple)) * multiple",
            "max(multiple, round(c * width / multiple) * multiple)",
            "        layers.append(block(before, channels, 2))\n        for _ in range(depth - 1):\n"
            "            layers.append(block(channels, channels, 1))\n        before = channels\n"
            "    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]\n"
            "    return nn.Sequential(*layers, *head)",
            "        for number in range(depth):\n"
            "            layers.append(block(before, channels, 2 if number == 0 else 1))\n"
            "            before = channels\n"
            "    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))",
        ),
        change(
            scale_network,
            "        layers.append(block(before, channels, 2))",
            "        layers = [*layers, block(before, channels, stride=2)]",
        ),
        change(
            scale_network,
            "nn.AdaptiveAvgPool2d(1), nn.Flatten()",
            "nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(start_dim=1)",
        ),
        change(
            scale_network,
            "return nn.Sequential(*layers, *head)",
            "return nn.Sequential(nn.Sequential(*layers), nn.Sequential(*head))",
        ),
    ),
)

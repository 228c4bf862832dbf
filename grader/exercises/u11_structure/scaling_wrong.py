"""What people write in place of `scale_network`; each function can be pasted into a notebook as it stands."""

from typing import Any


def scale_unrounded(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width)) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_floor(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, int(c * width // multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_ceil(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, int(-(-c * width // multiple)) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_to_nothing(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [round(c * width / multiple) * multiple for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_total_depth(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(max(1, depth // len(stages))):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_stride_everywhere(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for _ in range(depth):
            layers.append(block(before, channels, 2))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_first_stage_wide(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for number, channels in enumerate(stages):
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 and number > 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_repeats_one(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        layers.append(block(before, channels, 2))
        layers += [block(channels, channels, 1)] * (depth - 1)
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_stem_at_base(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, base[0], 3, padding=1, bias=False), nn.BatchNorm2d(base[0]), nn.ReLU()]
    before = base[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_stem_without_relu(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0])]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def scale_max_pooling(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from torch import nn

    stages = [max(multiple, round(c * width / multiple) * multiple) for c in base]
    layers: list = [nn.Conv2d(1, stages[0], 3, padding=1, bias=False), nn.BatchNorm2d(stages[0]), nn.ReLU()]
    before = stages[0]
    for channels in stages:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(before, classes))

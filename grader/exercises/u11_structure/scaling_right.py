"""`scale_network` written otherwise, and right."""

from typing import Any


def scale_by_stages(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
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


def scale_with_itertools(
    width: float, depth: int, block: "Any", base: tuple = (16, 32), multiple: int = 4, classes: int = 10
) -> "Any":
    from itertools import pairwise

    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            counts = [channels * width / multiple for channels in base]
            flat = [multiple * max(1, round(count)) for count in counts for _ in range(depth)]
            self.stem = nn.Conv2d(1, flat[0], 3, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(flat[0])
            pairs = enumerate(pairwise([flat[0], *flat]))
            self.blocks = nn.ModuleList(block(a, b, 2 if i % depth == 0 else 1) for i, (a, b) in pairs)
            self.head = nn.Linear(flat[-1], classes)

        def forward(self, x: "Any") -> "Any":
            x = self.norm(self.stem(x)).relu()
            for part in self.blocks:
                x = part(x)
            return self.head(x.mean(dim=(2, 3)))

    return Network()

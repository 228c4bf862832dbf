"""The network of the clinic, repaired in other ways."""

from typing import Any


def clinic_with_loop(channels: int, depth: int) -> "Any":
    from torch import nn

    layers: list = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def clinic_as_module(channels: int, depth: int) -> "Any":
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = [1] + [channels] * depth
            self.convs = nn.ModuleList(
                nn.Conv2d(a, b, 3, padding="same") for a, b in zip(sizes[:-1], sizes[1:], strict=True)
            )
            self.head = nn.Linear(channels, 10)

        def forward(self, x: "Any") -> "Any":
            for conv in self.convs:
                x = conv(x).clamp(min=0)
            return self.head(x.mean(dim=(2, 3)))

    return Network()

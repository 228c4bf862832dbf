"""The network of the clinic as it came, and half repaired; each function can be pasted into a notebook."""

from typing import Any


def clinic_as_given(channels: int, depth: int) -> "Any":
    from torch import nn

    layer = nn.Conv2d(channels, channels, 3, padding=1)
    layers = [nn.Conv2d(1, channels, 3, padding=1)] + [layer] * (depth - 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.ReLU())


def clinic_shares(channels: int, depth: int) -> "Any":
    from torch import nn

    layer = nn.Conv2d(channels, channels, 3, padding=1)
    layers: list = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()] + [layer, nn.ReLU()] * (depth - 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def clinic_straight(channels: int, depth: int) -> "Any":
    from torch import nn

    layers = [nn.Conv2d(channels if i else 1, channels, 3, padding=1) for i in range(depth)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def clinic_cut(channels: int, depth: int) -> "Any":
    from torch import nn

    layers: list = []
    for i in range(depth):
        layers += [nn.Conv2d(channels if i else 1, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.ReLU())


def clinic_shares_and_straight(channels: int, depth: int) -> "Any":
    from torch import nn

    layer = nn.Conv2d(channels, channels, 3, padding=1)
    layers = [nn.Conv2d(1, channels, 3, padding=1)] + [layer] * (depth - 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def clinic_one_relu(channels: int, depth: int) -> "Any":
    from torch import nn

    layers: list = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]
    layers += [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(depth - 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))

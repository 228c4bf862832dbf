"""`ResidualBlock` written otherwise, and right."""

from typing import Any


def block_as_a_chain(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding="same", bias=False)
            self.bn2 = nn.BatchNorm2d(out_channels)
            self.way = nn.Sequential(self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2)
            same = stride == 1 and in_channels == out_channels
            projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.shortcut = nn.Sequential() if same else nn.Sequential(projection, nn.BatchNorm2d(out_channels))

        def forward(self, x: "Any") -> "Any":
            return torch.clamp(torch.add(self.shortcut(x), self.way(x)), min=0)

    return Block()


def block_by_cases(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.projects = (in_channels, stride) != (out_channels, 1)
            if self.projects:
                self.proj = nn.Conv2d(in_channels, out_channels, (1, 1), (stride, stride), bias=False)
                self.proj_bn = nn.BatchNorm2d(out_channels)
            self.bn2 = nn.BatchNorm2d(out_channels)
            self.bn1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, stride=stride, bias=False)

        def forward(self, x: "Any") -> "Any":
            out = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            out += self.proj_bn(self.proj(x)) if self.projects else x
            return out.relu_()

    return Block()

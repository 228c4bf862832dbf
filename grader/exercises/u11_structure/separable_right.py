"""`DepthwiseSeparable` written otherwise, and right."""

from typing import Any


def separable_by_function(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from collections import OrderedDict

    from torch import nn

    parts: OrderedDict = OrderedDict()
    parts["depthwise"] = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
    parts["depthwise_bn"] = nn.BatchNorm2d(in_channels)
    parts["bend"] = nn.ReLU()
    parts["pointwise"] = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    parts["pointwise_bn"] = nn.BatchNorm2d(out_channels)
    parts["bend_again"] = nn.ReLU(inplace=True)
    return nn.Sequential(parts)


def separable_in_a_chain(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pointwise_bn = nn.BatchNorm2d(num_features=out_channels)
            self.depthwise_bn = nn.BatchNorm2d(num_features=in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
            options: dict = {"stride": (stride, stride), "padding": (1, 1), "groups": in_channels, "bias": False}
            self.depthwise = nn.Conv2d(in_channels, in_channels, (3, 3), **options)

        def forward(self, x: "Any") -> "Any":
            for conv, norm in ((self.depthwise, self.depthwise_bn), (self.pointwise, self.pointwise_bn)):
                x = torch.clamp_min(norm(conv(x)), 0)
            return x

    return Block()

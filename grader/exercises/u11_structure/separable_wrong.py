"""What people write in place of `DepthwiseSeparable`; each function can be pasted into a notebook as it stands."""

from typing import Any


def separable_without_groups(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


def separable_widens_first(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(
                in_channels, in_channels * out_channels, 3, stride, 1, groups=in_channels, bias=False
            )
            self.depthwise_bn = nn.BatchNorm2d(in_channels * out_channels)
            self.pointwise = nn.Conv2d(in_channels * out_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


def separable_linear_between(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x))
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


def separable_linear_end(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h))

    return Block()


def separable_one_norm(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise(x).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


def separable_stride_late(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, 1, 1, groups=in_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()


def separable_swapped(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(out_channels, out_channels, 3, stride, 1, groups=out_channels, bias=False)
            self.depthwise_bn = nn.BatchNorm2d(out_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.pointwise(x)).relu()
            return self.pointwise_bn(self.depthwise(h)).relu()

    return Block()


def separable_with_biases(in_channels: int, out_channels: int, stride: int = 1) -> "Any":
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels)
            self.depthwise_bn = nn.BatchNorm2d(in_channels)
            self.pointwise = nn.Conv2d(in_channels, out_channels, 1)
            self.pointwise_bn = nn.BatchNorm2d(out_channels)

        def forward(self, x: "Any") -> "Any":
            h = self.depthwise_bn(self.depthwise(x)).relu()
            return self.pointwise_bn(self.pointwise(h)).relu()

    return Block()

"""What the exercises of this unit share: cases of convolutions, and torch's as their oracle."""

from typing import Any

import numpy as np

from grader.spec import Case

UNIT = "08_cnn"
FORBIDDEN = ("torch", "scipy.signal", "scipy.ndimage", "np.convolve", "np.correlate")
"""Convolution by a library. Stride tricks and matrix products are what the unit is about."""

Sizes = tuple[int, int, int, int, int, int, int]
"""N, C, height, width, F, KH, KW."""


def convolution(rng: np.random.Generator, sizes: Sizes, stride: Any = None, padding: Any = None) -> dict[str, Any]:
    """Random X, W and b; stride and padding only where they are given, so that defaults are used too."""
    N, C, height, width, F, KH, KW = sizes
    inputs = {
        "X": rng.normal(size=(N, C, height, width)),
        "W": rng.normal(size=(F, C, KH, KW)),
        "b": rng.normal(size=F),
    }
    return inputs | {k: v for k, v in (("stride", stride), ("padding", padding)) if v is not None}


def by_hand() -> dict[str, Any]:
    """The picture in the notebook: 0 to 11 in three rows, and a small kernel."""
    W = np.array([[-1.0, 1.0], [0.0, 2.0]])
    return {"X": np.arange(12.0).reshape(1, 1, 3, 4), "W": W.reshape(1, 1, 2, 2), "b": np.array([100.0])}


def convolution_cases(rng: np.random.Generator) -> list[Case]:
    """The cases of both forward exercises, easy to hard."""

    def case(label: str, group: str, sizes: Sizes, stride: Any = None, padding: Any = None) -> Case:
        return Case(label, group, convolution(rng, sizes, stride, padding))

    return [
        Case("one image by hand: 3 x 4 pixels, kernel 2 x 2", "window", by_hand()),
        case("one image, one channel, kernel 3 x 3", "window", (1, 1, 5, 6, 1, 3, 3)),
        case("3 channels, 2 filters", "channels", (1, 3, 5, 4, 2, 3, 3)),
        case("2 images, 2 channels, 3 filters", "channels", (2, 2, 4, 5, 3, 3, 3)),
        case("kernel 2 x 4", "shapes", (1, 2, 5, 6, 2, 2, 4)),
        case("kernel 1 x 1, 2 images", "shapes", (2, 3, 3, 4, 2, 1, 1)),
        case("kernel as large as the image", "shapes", (2, 1, 3, 4, 2, 3, 4)),
        case("stride 2, which leaves a row unseen", "stride", (2, 2, 6, 7, 2, 3, 3), 2),
        case("stride (3, 2), kernel 2 x 3", "stride", (1, 1, 8, 7, 2, 2, 3), (3, 2)),
        case("stride (1, 2) with padding", "stride", (1, 2, 4, 5, 1, 3, 2), (1, 2), 1),
        case("padding 1, kernel 3 x 3", "padding", (1, 2, 4, 5, 2, 3, 3), 1, 1),
        case("padding (2, 1)", "padding", (2, 1, 4, 3, 2, 3, 2), 1, (2, 1)),
        case("padding (0, 3), stride (2, 3), kernel 2 x 5", "padding", (1, 2, 5, 6, 2, 2, 5), (2, 3), (0, 3)),
    ]


def conv2d_oracle(
    X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: Any = 1, padding: Any = 0
) -> np.ndarray[Any, Any]:
    """torch.nn.functional.conv2d."""
    import torch

    x, weight, bias = (torch.from_numpy(array) for array in (X, W, b))
    return np.asarray(torch.nn.functional.conv2d(x, weight, bias, stride=stride, padding=padding))


def unfold_oracle(X: np.ndarray, size: Any, stride: Any = 1, padding: Any = 0) -> np.ndarray[Any, Any]:
    """torch.nn.functional.unfold."""
    import torch

    return np.asarray(torch.nn.functional.unfold(torch.from_numpy(X), size, stride=stride, padding=padding))


def two(value: Any) -> list[int]:
    """[value, value] for a number."""
    return [int(part) for part in np.broadcast_to(value, 2)]

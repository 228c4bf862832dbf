"""`maxpool_forward`: the largest value of each window."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, two
from grader.spec import Case, Exercise, Group, Misconception

Shape = tuple[int, int, int, int]


def pool_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shape: Shape, size: Any, stride: Any = None, shift: float = 0.0) -> Case:
        inputs = {"X": rng.normal(size=shape) + shift, "size": size}
        return Case(label, group, inputs if stride is None else inputs | {"stride": stride})

    by_hand = {"X": np.array([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 6.0]]]]), "size": 2}
    return [
        Case("2 x 4 pixels by hand, windows 2 x 2", "largest", by_hand),
        case("2 images, 3 channels, windows 2 x 2", "largest", (2, 3, 4, 6), 2),
        case("windows 3 x 3", "largest", (1, 2, 6, 3), 3),
        case("all values negative", "negative", (2, 1, 4, 4), 2, shift=-5.0),
        case("all values negative, windows 1 x 3", "negative", (1, 2, 2, 6), (1, 3), shift=-7.0),
        case("windows 2 x 3", "shapes", (1, 2, 4, 6), (2, 3)),
        case("windows 2 x 2, a row and a column left over", "shapes", (2, 1, 5, 7), 2),
        case("windows 3 x 1, rows left over", "shapes", (1, 1, 8, 2), (3, 1)),
        case("windows 3 x 3, stride 2: they overlap", "stride", (1, 2, 7, 9), 3, 2),
        case("windows 2 x 2, stride (1, 2)", "stride", (2, 1, 4, 6), 2, (1, 2)),
        case("windows 2 x 2, stride 3: gaps between them", "stride", (1, 1, 6, 8), 2, 3),
    ]


def pool_oracle(X: np.ndarray, size: Any, stride: Any = None) -> tuple[np.ndarray, list[Any]]:
    """torch.nn.functional.max_pool2d."""
    import torch

    out = np.asarray(torch.nn.functional.max_pool2d(torch.from_numpy(X), size, stride))
    return out, [X, out, two(size), two(size if stride is None else stride)]


def maxpool_forward(X, size, stride=None):
    (KH, KW), (SH, SW) = np.broadcast_to(size, 2), np.broadcast_to(size if stride is None else stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(X, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]
    out = windows.max(axis=(4, 5))
    return out, (X, out, (KH, KW), (SH, SW))


def pool_windows(X, size, stride=None):
    (KH, KW), (SH, SW) = np.broadcast_to(size, 2), np.broadcast_to(size if stride is None else stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(X, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]
    out = windows.reshape(*windows.shape[:4], -1).max(axis=-1)
    return out, (X, out, (KH, KW), (SH, SW))


def pool_loops(X, size, stride=None):
    (KH, KW), (SH, SW) = np.broadcast_to(size, 2), np.broadcast_to(size if stride is None else stride, 2)
    out = np.empty((*X.shape[:2], (X.shape[2] - KH) // SH + 1, (X.shape[3] - KW) // SW + 1))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = np.amax(X[:, :, i * SH : i * SH + KH, j * SW : j * SW + KW], axis=(2, 3))
    return out, [X.copy(), out, [int(KH), int(KW)], [int(SH), int(SW)]]


def pool_rows_then_columns(X, size, stride=None):
    (KH, KW), (SH, SW) = np.broadcast_to(size, 2), np.broadcast_to(size if stride is None else stride, 2)
    rows = np.stack([X[:, :, i : i + KH].max(axis=2) for i in range(0, X.shape[2] - KH + 1, SH)], axis=2)
    out = np.stack([rows[..., j : j + KW].max(axis=3) for j in range(0, X.shape[3] - KW + 1, SW)], axis=3)
    return out, (X, out, (KH, KW), (SH, SW))


def pool_by_places(X, size, stride=None):
    (KH, KW), (SH, SW) = np.broadcast_to(size, 2), np.broadcast_to(size if stride is None else stride, 2)
    OH, OW = (X.shape[2] - KH) // SH + 1, (X.shape[3] - KW) // SW + 1
    out = np.full((*X.shape[:2], OH, OW), -np.inf)
    for k, m in np.ndindex(KH, KW):
        out = np.maximum(out, X[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW])
    return out, (X, out, (KH, KW), (SH, SW))


MAXPOOL_FORWARD = Exercise(
    name="maxpool_forward",
    unit=UNIT,
    returns=("out", "cache"),
    driver="cached_layer",
    groups=(
        Group("largest", "takes the largest value of each window, and keeps what the way back needs", 2, hint=1),
        Group("negative", "is right where all values are negative", 1, hint=2),
        Group("shapes", "works for windows of any height and width, and leaves out what is left over", 1, hint=3),
        Group("stride", "moves by the stride, also where windows overlap", 2, hint=3),
    ),
    cases=pool_cases,
    reference=pool_oracle,
    misconceptions=(
        Misconception(
            "mean",
            change(maxpool_forward, ".max(", ".mean("),
            "You take the mean of each window. That is average pooling, and it has its uses; max pooling asks for the "
            "strongest answer of a filter near here.",
        ),
        Misconception(
            "never_below_zero",
            change(maxpool_forward, "axis=(4, 5))", "axis=(4, 5), initial=0)"),
            "Your maxima never fall below 0: the search begins at 0, and that beats every negative value. Behind a "
            "ReLU nobody would notice. Begin with something that no value can be smaller than.",
            hint=2,
        ),
        Misconception(
            "largest_absolute_value",
            change(maxpool_forward, "view(X", "view(np.abs(X)"),
            "You look for the largest absolute value. A filter that answers with -8 says a clear no; the largest value "
            "is the one furthest to the right on the number line.",
        ),
        Misconception(
            "stride_one_by_default",
            change(maxpool_forward, "size if stride is None else stride", "1 if stride is None else stride"),
            "Without a stride your windows move by one pixel. In pooling, the default is a stride as large as the "
            "window, so that the windows stand side by side.",
            hint=3,
        ),
        Misconception(
            "stride_ignored",
            change(maxpool_forward, "size if stride is None else stride", "size"),
            "Your windows always stand side by side, whatever the stride says. With a stride smaller than the window "
            "they overlap, with a larger one there are gaps.",
        ),
        Misconception(
            "axes_swapped",
            change(maxpool_forward, "(KH, KW), (SH, SW) =", "(KW, KH), (SW, SH) ="),
            "Your windows, or their strides, are turned: width for height. Pairs are (down, across), in the order of "
            "the axes.",
            hint=3,
        ),
        Misconception(
            "over_channels",
            change(
                maxpool_forward,
                "windows.max(axis=(4, 5))",
                "np.repeat(windows.max(axis=(1, 4, 5))[:, None], X.shape[1], axis=1)",
            ),
            "Your maximum goes over the channels too. Each channel is the map of one filter, and is pooled by itself.",
        ),
        Misconception(
            "first_row_only",
            change(maxpool_forward, "windows.max(axis=(4, 5))", "windows[..., 0, :].max(axis=4)"),
            "You look at the first row of each window only. A window has KH rows and KW columns, and all take part.",
        ),
        Misconception(
            "keeps_the_shape",
            change(maxpool_forward, "(X, out", "(X.shape, out"),
            "Your cache holds the shape of X where X itself should be. Whoever walks back has to find the winner of "
            "each window, and cannot without the values.",
            hint=4,
            about=("cache",),
        ),
        Misconception(
            "size_as_it_came",
            change(maxpool_forward, "out, (KH, KW), (SH, SW)", "out, size, size if stride is None else stride"),
            "Your cache holds size and stride as they came, which may be numbers, and the way back unpacks two of "
            "each: (KH, KW) and (SH, SW).",
            hint=4,
            about=("cache",),
        ),
        Misconception(
            "place_of_the_largest",
            change(
                maxpool_forward, "windows.max(axis=(4, 5))", "windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)"
            ),
            "You return where the largest value stands in its window. What goes on is the value itself.",
        ),
        Misconception(
            "windows_begin_at_the_size",
            change(
                pool_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "i * KH : i * KH + KH, j * KW : j * KW + KW"
            ),
            "Your windows stand side by side, whatever the stride says. Window (i, j) begins at row i SH and "
            "column j SW.",
        ),
        Misconception(
            "moves_by_one",
            change(pool_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "i : i + KH, j : j + KW"),
            "Your windows move by one pixel, whatever size and stride say. Window (i, j) begins at row i SH and column "
            "j SW.",
            hint=3,
        ),
        Misconception(
            "stride_before_size",
            change(maxpool_forward, "out, (KH, KW), (SH, SW)", "out, (SH, SW), (KH, KW)"),
            "In your cache size and stride have changed places.",
            hint=4,
            about=("cache",),
        ),
        Misconception(
            "out_before_X",
            change(maxpool_forward, "(X, out, (", "(out, X, ("),
            "In your cache X and out have changed places.",
            hint=4,
            about=("cache",),
        ),
    ),
    also_right=(
        maxpool_forward,
        pool_windows,
        pool_loops,
        pool_rows_then_columns,
        pool_by_places,
        change(maxpool_forward, "windows.max(axis=(4, 5))", "windows.astype(np.float32).max(axis=5).max(axis=4)"),
    ),
    forbidden=FORBIDDEN,
)

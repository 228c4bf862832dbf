"""`im2col`: every window of an image as one column of a matrix."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, unfold_oracle
from grader.spec import Case, Exercise, Group, Misconception

Shape = tuple[int, int, int, int]


def im2col_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shape: Shape, size: Any, stride: Any = None, padding: Any = None) -> Case:
        inputs = {"X": rng.normal(size=shape), "size": size, "stride": stride, "padding": padding}
        return Case(label, group, {key: value for key, value in inputs.items() if value is not None})

    by_hand = {"X": np.arange(12.0).reshape(1, 1, 3, 4), "size": (2, 2)}
    return [
        Case("one image by hand: 3 x 4 pixels, windows 2 x 2", "windows", by_hand),
        case("one image, windows 3 x 3", "windows", (1, 1, 4, 6), (3, 3)),
        case("windows 2 x 4", "windows", (1, 1, 4, 5), (2, 4)),
        case("3 channels", "stacks", (1, 3, 3, 4), (2, 2)),
        case("2 images, 2 channels, windows 3 x 2", "stacks", (2, 2, 4, 3), (3, 2)),
        case("a window as large as the image", "stacks", (2, 2, 3, 2), (3, 2)),
        case("stride 2, which leaves a row unseen", "stride", (1, 2, 6, 5), (3, 3), 2),
        case("stride (3, 1), a size given as a number", "stride", (2, 1, 7, 4), 2, (3, 1)),
        case("stride (1, 2), windows 2 x 3", "stride", (1, 1, 4, 7), (2, 3), (1, 2)),
        case("padding 1", "padding", (1, 2, 3, 4), (3, 3), 1, 1),
        case("padding (2, 1), stride 2", "padding", (2, 1, 3, 4), (2, 3), 2, (2, 1)),
        case("padding (0, 2)", "padding", (1, 1, 3, 3), (3, 2), 1, (0, 2)),
    ]


def im2col(X, size, stride=1, padding=0):
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]
    N, C, OH, OW = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)


def columns_one_by_one(X, size, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    KH, KW = np.broadcast_to(size, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    columns = []
    for i in range(0, padded.shape[2] - KH + 1, SH):
        for j in range(0, padded.shape[3] - KW + 1, SW):
            columns.append(padded[:, :, i : i + KH, j : j + KW].reshape(len(X), -1))
    return np.stack(columns, axis=2)


def columns_row_by_row(X, size, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    KH, KW = np.broadcast_to(size, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    OH, OW = (padded.shape[2] - KH) // SH + 1, (padded.shape[3] - KW) // SW + 1
    rows = [
        padded[:, c, k : k + SH * OH : SH, m : m + SW * OW : SW].reshape(len(X), OH * OW)
        for c in range(X.shape[1])
        for k in range(KH)
        for m in range(KW)
    ]
    return np.array(rows).swapaxes(0, 1)


def columns_by_indices(X, size, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    KH, KW = np.broadcast_to(size, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    top = np.arange(0, padded.shape[2] - KH + 1, SH)
    left = np.arange(0, padded.shape[3] - KW + 1, SW)
    rows = np.arange(KH)[:, None, None, None] + top[None, None, :, None]
    columns = np.arange(KW)[None, :, None, None] + left[None, None, None, :]
    return padded[:, :, rows, columns].reshape(len(X), X.shape[1] * KH * KW, -1)


IM2COL = Exercise(
    name="im2col",
    unit=UNIT,
    returns=("cols",),
    groups=(
        Group("windows", "makes one column of each window, in the order of reading", 2, hint=2),
        Group("stacks", "stacks the channels in a column, and keeps the images apart", 2, hint=1),
        Group("stride", "moves by the stride, in each direction by its own", 1, hint=3),
        Group("padding", "pads with zeros on all four sides", 1, hint=3),
    ),
    cases=im2col_cases,
    reference=unfold_oracle,
    misconceptions=(
        Misconception(
            "windows_as_rows",
            change(
                im2col,
                "(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)",
                "(0, 2, 3, 1, 4, 5).reshape(N, OH * OW, C * KH * KW)",
            ),
            "Your windows are the rows of the matrix; here they are its columns, (N, C KH KW, OH OW). Both are in use. "
            "With columns, the product with the filters comes out in the order of an image.",
            hint=1,
        ),
        Misconception(
            "reshaped_without_transpose",
            change(im2col, ".transpose(0, 1, 4, 5, 2, 3)", ""),
            "Your entries are scrambled. `reshape` never moves a number, it only cuts the same long row anew: bring "
            "the axes into the order of the result first.",
        ),
        Misconception(
            "channels_last",
            change(im2col, "0, 1, 4, 5, 2, 3", "0, 4, 5, 1, 2, 3"),
            "In each of your columns the channel runs fastest. The filters' W has the axes (C, KH, KW), the channel "
            "slowest, and W.reshape(F, -1) will only match columns of the same order.",
            hint=2,
        ),
        Misconception(
            "places_column_by_column",
            change(im2col, "0, 1, 4, 5, 2, 3", "0, 1, 4, 5, 3, 2"),
            "Your windows come in the order down first, then across. As everywhere in NumPy, the last axis runs "
            "fastest: from left to right, then the next row.",
        ),
        Misconception(
            "window_read_down",
            change(im2col, "0, 1, 4, 5, 2, 3", "0, 1, 5, 4, 2, 3"),
            "Within each window you read down first, then across. The kernel is flattened row by row, so the windows "
            "have to be, too.",
        ),
        Misconception(
            "images_in_one_matrix",
            change(
                im2col,
                "(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)",
                "(1, 4, 5, 0, 2, 3).reshape(C * KH * KW, -1)",
            ),
            "Your matrix holds the windows of all images side by side. Here every image keeps a matrix of its own, so "
            "that the first axis of the result is N.",
            hint=1,
        ),
        Misconception(
            "one_channel",
            change(im2col, "[:, :, ::SH", "[:, :1, ::SH"),
            "Your columns hold the first channel only. A column is all that a filter sees at one place: C times KH "
            "times KW numbers.",
        ),
        Misconception(
            "stride_ignored",
            change(im2col, "[:, :, ::SH, ::SW]", ""),
            "You return every window, whatever the stride says. With a stride of 2, every second one is wanted, in "
            "both directions.",
        ),
        Misconception(
            "stride_inside_the_window",
            change(im2col, "[:, :, ::SH, ::SW]", "[..., ::SH, ::SW]", "C * KH * KW, OH", "-1, OH"),
            "Your stride thins out the pixels within the windows. It is meant for the places: of which two axes of the "
            "windows should every SH-th and every SW-th be kept?",
        ),
        Misconception(
            "axes_swapped",
            change(im2col, "(SH, SW), (PH, PW) =", "(SW, SH), (PW, PH) ="),
            "You use the horizontal stride or padding for the vertical one, and the other way round. Pairs are (down, "
            "across), in the order of the axes.",
        ),
        Misconception(
            "padding_forgotten",
            change(im2col, "view(padded", "view(X"),
            "There is no padding in your columns. Add the zeros around the image before you take its windows.",
        ),
        Misconception(
            "windows_flipped",
            change(im2col, "windows.transpose", "windows[..., ::-1, ::-1].transpose"),
            "Each of your windows is turned by 180 degrees. A window is read as it stands, like the kernel that "
            "it will meet: from the top left to the bottom right.",
        ),
        Misconception(
            "channels_before_places",
            change(
                im2col,
                ".transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)",
                ".reshape(N, OH * OW, C * KH * KW).swapaxes(1, 2)",
            ),
            "Numbers of different places stand in one of your columns as soon as there are several channels. In the "
            "array of windows the channels come before the places, and `reshape` joins what stands side by side: "
            "bring the axes into order first.",
            hint=2,
        ),
        Misconception(
            "first_windows_of_stride_one",
            change(
                im2col,
                "[:, :, ::SH, ::SW]\n    N, C, OH, OW = windows.shape[:4]",
                "\n    N, C, OH, OW = windows[:, :, ::SH, ::SW].shape[:4]\n    windows = windows[:, :, :OH, :OW]",
            ),
            "You have as many columns as the stride leaves, but the windows still move by one pixel. Window (i, j) "
            "begins at row i SH and column j SW.",
        ),
        Misconception(
            "one_stride",
            change(im2col, "::SH, ::SW", "::SH, ::SH"),
            "You move by the vertical stride in both directions. Across, the second one of the pair counts.",
        ),
        Misconception(
            "padded_at_one_end",
            change(im2col, "(PH, PH), (PW, PW)", "(PH, 0), (PW, 0)"),
            "You pad at the top and on the left alone. The zeros go around the image: at the bottom and on the "
            "right too.",
        ),
    ),
    also_right=(
        im2col,
        columns_one_by_one,
        columns_row_by_row,
        columns_by_indices,
        change(
            im2col,
            ".transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)",
            ".transpose(0, 2, 3, 1, 4, 5).reshape(N, OH * OW, -1).transpose(0, 2, 1)",
        ),
        change(im2col, "windows.transpose(0, 1, 4, 5, 2, 3)", 'np.einsum("ncijkm->nckmij", windows)'),
    ),
    forbidden=FORBIDDEN,
)

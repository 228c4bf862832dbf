"""`col2im`: the way back from columns to images, where everything that meets adds up; the adjoint of `im2col`."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception

Shape = tuple[int, int, int, int]


def col2im_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shape: Shape, size: Any, stride: Any = None, padding: Any = None) -> Case:
        (N, C, *lengths), (KH, KW) = shape, np.broadcast_to(size, 2)
        steps, frames = np.broadcast_to(stride or 1, 2), np.broadcast_to(padding or 0, 2)
        places = [
            (length + 2 * P - K) // S + 1 for length, K, S, P in zip(lengths, (KH, KW), steps, frames, strict=True)
        ]
        cols = rng.normal(size=(N, C * KH * KW, int(np.prod(places))))
        inputs = {"cols": cols, "shape": list(shape), "size": size, "stride": stride, "padding": padding}
        return Case(label, group, {key: value for key, value in inputs.items() if value is not None})

    ones = {"cols": np.ones((1, 4, 6)), "shape": [1, 1, 3, 4], "size": (2, 2)}
    return [
        case("one window, as large as the image", "windows", (1, 1, 3, 4), (3, 4)),
        case("windows of 2 x 3, side by side", "windows", (1, 1, 4, 6), (2, 3), (2, 3)),
        case("windows of 3 x 2, side by side, 2 images", "windows", (2, 1, 3, 6), (3, 2), (3, 2)),
        case("3 channels, side by side", "stacks", (1, 3, 2, 6), (2, 3), (2, 3)),
        case("2 images, 2 channels, side by side", "stacks", (2, 2, 6, 4), (3, 2), (3, 2)),
        Case("only ones: 3 x 4 pixels, windows 2 x 2", "overlaps", ones),
        case("windows of 3 x 3, stride 1", "overlaps", (1, 1, 5, 6), (3, 3)),
        case("windows of 2 x 4, 2 images, 2 channels", "overlaps", (2, 2, 4, 6), (2, 4)),
        case("stride 2, which leaves a row unseen", "stride", (1, 2, 6, 5), (3, 3), 2),
        case("stride (1, 3), columns left over", "stride", (2, 1, 4, 9), (3, 2), (1, 3)),
        case("stride (2, 1), a size given as a number", "stride", (1, 1, 7, 4), 3, (2, 1)),
        case("padding 1", "padding", (1, 2, 3, 4), (3, 3), 1, 1),
        case("padding (2, 0)", "padding", (2, 1, 3, 5), (3, 2), 1, (2, 0)),
        case("padding (1, 2), stride (2, 1)", "padding", (1, 1, 6, 4), (4, 3), (2, 1), (1, 2)),
    ]


def fold_oracle(
    cols: np.ndarray, shape: list[int], size: Any, stride: Any = 1, padding: Any = 0
) -> np.ndarray[Any, Any]:
    """torch.nn.functional.fold."""
    import torch

    folded = torch.nn.functional.fold(torch.from_numpy(cols), tuple(shape[2:]), size, stride=stride, padding=padding)
    return np.asarray(folded)


def col2im(cols, shape, size, stride=1, padding=0):
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    N, C, height, width = shape
    OH, OW = (height + 2 * PH - KH) // SH + 1, (width + 2 * PW - KW) // SW + 1
    windows = cols.reshape(N, C, KH, KW, OH, OW)
    padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        padded[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += windows[:, :, k, m]
    return padded[:, :, PH : PH + height, PW : PW + width]


def window_by_window(cols, shape, size, stride=1, padding=0):
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    N, C, height, width = shape
    OW = (width + 2 * PW - KW) // SW + 1
    padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for place in range(cols.shape[2]):
        top, left = place // OW * SH, place % OW * SW
        padded[:, :, top : top + KH, left : left + KW] += cols[:, :, place].reshape(N, C, KH, KW)
    return padded[:, :, PH : PH + height, PW : PW + width]


def number_by_number(cols, shape, size, stride=1, padding=0):
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    N, C, height, width = shape
    OH, OW = (height + 2 * PH - KH) // SH + 1, (width + 2 * PW - KW) // SW + 1
    images = np.zeros(shape)
    for c, k, m, i, j in np.ndindex(C, KH, KW, OH, OW):
        row, column = i * SH + k - PH, j * SW + m - PW
        if 0 <= row < height and 0 <= column < width:
            images[:, c, row, column] += cols[:, (c * KH + k) * KW + m, i * OW + j]
    return images


def counted_by_address(cols, shape, size, stride=1, padding=0):
    """Every pixel has an address; im2col of the addresses says where each number of the columns came from."""
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    N, C, height, width = shape
    H, W = height + 2 * PH, width + 2 * PW
    views = np.lib.stride_tricks.sliding_window_view(np.arange(C * H * W).reshape(C, H, W), (KH, KW), axis=(1, 2))
    addresses = views[:, ::SH, ::SW].transpose(0, 3, 4, 1, 2).ravel()
    rows = [np.bincount(addresses, image.ravel(), C * H * W).reshape(C, H, W) for image in cols]
    return np.array(rows)[:, :, PH : PH + height, PW : PW + width]


def added_at(cols, shape, size, stride=1, padding=0):
    (KH, KW), (SH, SW), (PH, PW) = (np.broadcast_to(value, 2) for value in (size, stride, padding))
    N, C, height, width = shape
    OH, OW = (height + 2 * PH - KH) // SH + 1, (width + 2 * PW - KW) // SW + 1
    rows = np.arange(KH)[:, None, None, None] + SH * np.arange(OH)[:, None]
    columns = np.arange(KW)[:, None, None] + SW * np.arange(OW)
    padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    np.add.at(padded, (slice(None), slice(None), rows, columns), cols.reshape(N, C, KH, KW, OH, OW))
    return padded[:, :, PH:, PW:][:, :, :height, :width]


OVERLAPS = (
    "Where windows overlap, the last number that you write replaces the others. A pixel that was copied into nine "
    "columns gets nine numbers back: what do you do with gradients that come to one place along several ways?"
)
SLICE = "k : k + SH * OH : SH, m : m + SW * OW : SW"
CUT = "return padded[:, :, PH : PH + height, PW : PW + width]"
averages = change(
    col2im,
    CUT,
    "seen = np.zeros(padded.shape)\n"
    "    for k, m in np.ndindex(KH, KW):\n"
    f"        seen[:, :, {SLICE}] += 1\n"
    "    return (padded / np.maximum(seen, 1))[:, :, PH : PH + height, PW : PW + width]",
)


COL2IM = Exercise(
    name="col2im",
    unit=UNIT,
    returns=("images",),
    groups=(
        Group("windows", "takes each column apart into its window, and the windows in the order of reading", 1, hint=1),
        Group("stacks", "keeps channels and images apart", 1, hint=1),
        Group("overlaps", "adds up where windows overlap", 2, hint=2),
        Group("stride", "puts each window where the stride had put it", 1, hint=3),
        Group("padding", "drops what belongs to the padding, and only that", 1, hint=4),
    ),
    cases=col2im_cases,
    reference=fold_oracle,
    misconceptions=(
        Misconception("last_write_wins", change(col2im, "+= windows", "= windows"), OVERLAPS, hint=2),
        Misconception("last_window_wins", change(window_by_window, "+= cols", "= cols"), OVERLAPS, hint=2),
        Misconception(
            "end_left_open",
            change(col2im, SLICE, "k::SH, m::SW"),
            "Your slices have no end, and run on to the edge of the padded image: that can be more than OH rows. Stop "
            "after "
            "OH of them, at k + SH * OH.",
            hint=3,
        ),
        Misconception(
            "averages",
            averages,
            "You divide each pixel's sum by the number of windows that see it. That puts an image together again "
            "(col2im of im2col gives it back); here the numbers are gradients, and a pixel that nine windows see "
            "answers for nine outputs: they add up.",
            hint=2,
        ),
        Misconception(
            "largest_wins",
            change(
                col2im,
                f"padded[:, :, {SLICE}] += windows[:, :, k, m]",
                f"seen = padded[:, :, {SLICE}]\n        np.maximum(seen, windows[:, :, k, m], out=seen)",
            ),
            "Where windows overlap you keep the largest number, and nothing below 0 survives. That would be pooling. "
            "All of the numbers that come back to a pixel count: they add up.",
            hint=2,
        ),
        Misconception(
            "stride_ignored",
            change(col2im, SLICE, "k : k + OH, m : m + OW"),
            "You move the windows by one pixel, whatever the stride was on the way forward. Window (i, j) began at "
            "(i SH, j SW): its numbers go there.",
            hint=3,
        ),
        Misconception(
            "end_without_stride",
            change(col2im, SLICE, "k : k + OH : SH, m : m + OW : SW"),
            "Your slices have the right step and end too early: with a stride, OH rows reach SH times as far.",
            hint=3,
        ),
        Misconception(
            "one_stride",
            change(col2im, SLICE, "k : k + SH * OH : SH, m : m + SH * OW : SH"),
            "You move by the vertical stride in both directions. Across, the second one of the pair counts.",
            hint=3,
        ),
        Misconception(
            "axes_swapped",
            change(col2im, "(SH, SW), (PH, PW) =", "(SW, SH), (PW, PH) ="),
            "You use the horizontal stride or padding for the vertical one, and the other way round. Where both are "
            "equal nobody notices. Pairs are (down, across).",
            hint=3,
        ),
        Misconception(
            "padding_left_on",
            change(col2im, CUT, "return padded"),
            "Your images have the size of the padded ones. The frame of zeros was added by im2col and belongs to no "
            "image: cut it off, on all four sides.",
            hint=4,
        ),
        Misconception(
            "padding_cut_at_one_end",
            change(col2im, "PH : PH + height, PW : PW + width", ":height, :width"),
            "You keep the top left part of the padded images, so that all of it is shifted. There is padding at the "
            "top and on the left, too.",
            hint=4,
        ),
        Misconception(
            "padding_cut_with_minus",
            change(col2im, "PH : PH + height, PW : PW + width", "PH:-PH, PW:-PW"),
            "Without padding your result is empty: the slice P:-P becomes 0:-0, which is 0:0. Cut from P to P + "
            "height.",
            hint=4,
        ),
        Misconception(
            "padding_cut_by_one",
            change(col2im, CUT, "return padded[:, :, 1:-1, 1:-1] if PH or PW else padded"),
            "You cut one pixel off each side whenever there is padding. That is right for a padding of 1 only: cut by "
            "PH and by PW.",
            hint=4,
        ),
        Misconception(
            "padding_forgotten",
            change(col2im, "height + 2 * PH, width + 2 * PW)", "height, width)"),
            "The windows stood on the padded images, and you collect in arrays without padding, where the outer ones "
            "do not fit. Begin with the padded size, and cut the frame off at the end.",
            hint=4,
        ),
        Misconception(
            "unseen_pixels_missing",
            change(col2im, "height + 2 * PH, width + 2 * PW)", "SH * (OH - 1) + KH, SW * (OW - 1) + KW)"),
            "Your images are as large as the part that the windows reach. Pixels that the stride left out exist, too: "
            "nobody adds anything to them, and they stay 0.",
            hint=3,
        ),
        Misconception(
            "places_before_windows",
            change(col2im, "KH, KW, OH, OW)", "OH, OW, KH, KW)", "windows[:, :, k, m]", "windows[..., k, m]"),
            "You cut the columns up as if the places came before the rows of a window. The axis C KH KW stands "
            "first, OH OW after it; `reshape` takes them as they stand and moves nothing.",
            hint=1,
        ),
        Misconception(
            "windows_as_rows",
            change(
                col2im,
                "cols.reshape(N, C, KH, KW, OH, OW)",
                "cols.reshape(N, OH, OW, C, KH, KW).transpose(0, 3, 4, 5, 1, 2)",
            ),
            "You read the matrix as if each row were a window. im2col makes each window a column: the first axis of an "
            "image's matrix is C KH KW, the second OH OW.",
            hint=1,
        ),
        Misconception(
            "channels_last",
            change(
                col2im, "(N, C, KH, KW, OH, OW)", "(N, KH, KW, C, OH, OW)", "windows[:, :, k, m]", "windows[:, k, m]"
            ),
            "You read each column as if the channel ran fastest. im2col puts the channels one after the other: all of "
            "the window in channel 0, then all of it in channel 1.",
            hint=1,
        ),
        Misconception(
            "window_read_down",
            change(col2im, "C, KH, KW, OH", "C, KW, KH, OH", "windows[:, :, k, m]", "windows[:, :, m, k]"),
            "You read each window down first, then across. A column holds its window row by row.",
            hint=1,
        ),
        Misconception(
            "places_column_by_column",
            change(col2im, "OH, OW)\n    padded", "OW, OH).swapaxes(4, 5)\n    padded"),
            "You take the places in the order down first, then across. The columns are in the order of reading: "
            "from left to right, then the next row.",
            hint=1,
        ),
        Misconception(
            "windows_flipped",
            change(col2im, "windows[:, :, k, m]", "windows[:, :, KH - 1 - k, KW - 1 - m]"),
            "Your windows come back turned by 180 degrees. A flip belongs to the way back when it is written as a "
            "convolution; here each number goes to the pixel that it was copied from.",
            hint=1,
        ),
    ),
    also_right=(
        col2im,
        window_by_window,
        number_by_number,
        counted_by_address,
        added_at,
        change(window_by_window, "for place in range(cols.shape[2])", "for place in reversed(range(cols.shape[2]))"),
    ),
    forbidden=FORBIDDEN,
)

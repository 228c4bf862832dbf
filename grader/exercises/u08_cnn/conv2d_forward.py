"""`conv2d_forward`: the convolution as one product of matrices for each image, and what the way back needs."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, conv2d_oracle, convolution_cases, two, unfold_oracle
from grader.exercises.u08_cnn.im2col import im2col
from grader.exercises.u08_cnn.output_size import output_size
from grader.spec import Exercise, Group, Misconception


def forward_oracle(
    X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: Any = 1, padding: Any = 0
) -> tuple[np.ndarray, list[Any]]:
    """torch.nn.functional.conv2d and unfold."""
    cols = unfold_oracle(X, W.shape[2:], stride, padding)
    return conv2d_oracle(X, W, b, stride, padding), [cols, list(X.shape), W, two(stride), two(padding)]


def conv2d_forward(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::SH, ::SW]
    (N, C, height, width), (F, _, KH, KW) = X.shape, W.shape
    OH, OW = (height + 2 * PH - KH) // SH + 1, (width + 2 * PW - KW) // SW + 1
    cols = windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, -1)
    out = W.reshape(F, -1) @ cols + b[:, None]
    return out.reshape(N, F, OH, OW), (cols, X.shape, W, (SH, SW), (PH, PW))


def forward_rows(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    N, C, height, width = X.shape
    F, _, KH, KW = W.shape
    padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    padded[:, :, PH : PH + height, PW : PW + width] = X
    OH, OW = (height + 2 * PH - KH) // SH + 1, (width + 2 * PW - KW) // SW + 1
    rows = np.empty((N * OH * OW, C * KH * KW))
    for place, (n, i, j) in enumerate(np.ndindex(N, OH, OW)):
        rows[place] = padded[n, :, i * SH : i * SH + KH, j * SW : j * SW + KW].ravel()
    out = (rows @ W.reshape(F, -1).T + b).reshape(N, OH, OW, F).transpose(0, 3, 1, 2)
    cols = rows.reshape(N, OH * OW, -1).swapaxes(1, 2)
    return out, [cols, list(X.shape), W.copy(), [int(SH), int(SW)], [int(PH), int(PW)]]


def forward_of_columns(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    N, C, height, width = X.shape
    F, C, KH, KW = W.shape
    OH, OW = output_size(height, KH, SH, PH), output_size(width, KW, SW, PW)
    cols = im2col(X, (KH, KW), stride, padding)
    maps = W.reshape(F, -1) @ cols + b[:, None]
    return maps.reshape(N, F, OH, OW), (cols, X.shape, W, (SH, SW), (PH, PW))


CONV2D_FORWARD = Exercise(
    name="conv2d_forward",
    unit=UNIT,
    returns=("out", "cache"),
    driver="cached_layer",
    groups=(
        Group("window", "gives the maps of one image, and keeps what the way back needs", 2, hint=2),
        Group("channels", "sums over all channels, and keeps filters and images apart", 2, hint=1),
        Group("shapes", "works for kernels of any height and width", 1, hint=1),
        Group("stride", "moves by the stride, in each direction by its own", 1, hint=2),
        Group("padding", "pads with zeros on all four sides", 1, hint=2),
    ),
    cases=convolution_cases,
    reference=forward_oracle,
    misconceptions=(
        Misconception(
            "no_bias",
            change(conv2d_forward, " + b[:, None]", ""),
            "The bias is missing: without it, a window of zeros always gives zero. Each filter has one, and it is "
            "added to the whole of its map.",
        ),
        Misconception(
            "bias_on_the_filters",
            change(conv2d_forward, "W.reshape(F, -1) @ cols + b[:, None]", "(W.reshape(F, -1) + b[:, None]) @ cols"),
            "You add the bias to the filters, so that it is multiplied by every pixel. It comes once for each output "
            "value: after the product.",
            hint=2,
        ),
        Misconception(
            "first_columns_of_stride_one",
            change(forward_of_columns, "stride, padding)\n", "1, padding)[:, :, : OH * OW]\n"),
            "Your columns are collected with stride 1, whatever the stride is, and of these you keep as many as fit "
            "into out. Hand the stride on.",
        ),
        Misconception(
            "strides_exchanged",
            change(forward_of_columns, "stride, padding)\n", "(SW, SH), padding)\n"),
            "You collect the columns with the two strides exchanged. Pairs are (down, across), in the order of the "
            "axes.",
        ),
        Misconception(
            "paddings_exchanged",
            change(forward_of_columns, "stride, padding)\n", "stride, (PW, PH))\n"),
            "You collect the columns with the two paddings exchanged. Pairs are (down, across), in the order of the "
            "axes.",
        ),
        Misconception(
            "first_image_only",
            change(conv2d_forward, "W.reshape(F, -1) @ cols", "W.reshape(F, -1) @ cols[[0] * N]"),
            "All your maps are those of the first image. Each image has columns of its own.",
            about=("out",),
        ),
        Misconception(
            "images_mixed",
            change(
                conv2d_forward,
                "W.reshape(F, -1) @ cols + b[:, None]",
                "np.tensordot(W.reshape(F, -1), cols, axes=(1, 1)) + b[:, None, None]",
            ),
            "Maps of different images are mixed up as soon as there are two. Your product has the filters first and "
            "the images second, (F, N, ...), and `reshape` only renames axes, it does not move them.",
        ),
        Misconception(
            "maps_mixed",
            change(
                conv2d_forward,
                "W.reshape(F, -1) @ cols + b[:, None]",
                "cols.transpose(0, 2, 1) @ W.reshape(F, -1).T + b",
            ),
            "Your maps are interleaved as soon as there are two filters. In your product the places come before the "
            "filters, and `reshape` does not exchange axes.",
        ),
        Misconception(
            "height_and_width_swapped",
            change(conv2d_forward, "F, OH, OW), (", "F, OW, OH), ("),
            "Your maps are as wide as they should be high. (On square images this goes unnoticed, until somebody looks "
            "at one.) The last axis is the width.",
            hint=1,
        ),
        Misconception(
            "axes_swapped",
            change(
                conv2d_forward,
                "(SH, SW), (PH, PW) =",
                "(SW, SH), (PW, PH) =",
                "(SH, SW), (PH, PW))",
                "(SW, SH), (PW, PH))",
            ),
            "You use the horizontal stride or padding for the vertical one, and the other way round. Pairs are (down, "
            "across), in the order of the axes.",
        ),
        Misconception(
            "kernel_flipped",
            change(conv2d_forward, "W.reshape", "W[:, :, ::-1, ::-1].reshape"),
            "Your kernel is turned by 180 degrees, as in the convolution of mathematics. Here it lies on the window as "
            "it is: no flip.",
        ),
        Misconception(
            "filters_in_columns",
            change(conv2d_forward, "W.reshape(F, -1)", "W.reshape(-1, F).T"),
            "You flatten W as if the filters were its last axis, so that every row holds bits of several filters. W is "
            "(F, C, KH, KW): filter f is W[f], and the whole of it belongs into row f.",
        ),
        Misconception(
            "maps_left_flat",
            change(conv2d_forward, "out.reshape(N, F, OH, OW), (", "out, ("),
            "Your maps are still rows of OH OW places. Give the last axis its two dimensions back: (N, F, OH, OW).",
            hint=1,
        ),
        Misconception(
            "keeps_the_images",
            change(conv2d_forward, "(cols, X.shape", "(X, X.shape"),
            "Your cache holds X where the columns should be. For the gradient with respect to W, the way back needs "
            "each window again; with the columns kept it need not collect them twice.",
            hint=3,
            about=("cache",),
        ),
        Misconception(
            "keeps_the_padded_shape",
            change(conv2d_forward, "(cols, X.shape", "(cols, padded.shape"),
            "The shape in your cache is that of the padded image. The gradient goes to X itself, so its own shape is "
            "wanted.",
            hint=3,
            about=("cache",),
        ),
        Misconception(
            "keeps_flat_weights",
            change(conv2d_forward, "X.shape, W,", "X.shape, W.reshape(F, -1),"),
            "Your cache holds the flattened weights: KH and KW cannot be told from them any more. Keep W as it came.",
            hint=3,
            about=("cache",),
        ),
        Misconception(
            "stride_as_it_came",
            change(conv2d_forward, "W, (SH, SW), (PH, PW)", "W, stride, padding"),
            "Your cache holds stride and padding as they came, which may be numbers, and the way back unpacks two of "
            "each: (SH, SW) and (PH, PW).",
            hint=3,
            about=("cache",),
        ),
        Misconception(
            "stride_forgotten",
            change(conv2d_forward, "[:, :, ::SH, ::SW]", ""),
            "Your columns are those of every place, whatever the stride says, so that there are more of them than "
            "out has places. Hand the stride on.",
        ),
        Misconception(
            "bias_along_the_places",
            change(conv2d_forward, "b[:, None]", "b"),
            "Your biases run along the places: NumPy lines b up with the last axis. There is one bias for each "
            "filter, so that it has to stand beside the axis of the filters: (F, 1).",
            hint=2,
        ),
        Misconception(
            "padding_forgotten",
            change(conv2d_forward, "view(padded", "view(X"),
            "Your columns come from images without their frame of zeros, so that there are fewer of them than out "
            "has places. Hand the padding on.",
        ),
        Misconception(
            "stride_and_padding_forgotten",
            change(conv2d_forward, "view(padded", "view(X", "[:, :, ::SH, ::SW]", ""),
            "Your columns know nothing of stride and padding, so that their number is not that of out's places. "
            "Hand both on.",
        ),
        Misconception(
            "filters_last",
            change(
                conv2d_forward,
                "W.reshape(F, -1) @ cols + b[:, None]",
                "cols.transpose(0, 2, 1) @ W.reshape(F, -1).T + b",
                "out.reshape(N, F, OH, OW)",
                "out.reshape(N, OH, OW, F)",
            ),
            "The axis of the filters stands last in your out. Here it is the second one: (N, F, OH, OW).",
            hint=1,
        ),
        Misconception(
            "padding_before_stride",
            change(conv2d_forward, "W, (SH, SW), (PH, PW)", "W, (PH, PW), (SH, SW)"),
            "In your cache padding and stride have changed places.",
            hint=3,
            about=("cache",),
        ),
    ),
    also_right=(
        conv2d_forward,
        forward_of_columns,
        forward_rows,
        change(
            conv2d_forward,
            "W.reshape(F, -1) @ cols",
            "np.matmul(W.reshape(F, C * KH * KW), cols)",
            "(SH, SW), (PH, PW))",
            "[SH, SW], [PH, PW])",
        ),
        change(
            conv2d_forward,
            "W.reshape(F, -1) @ cols + b[:, None]",
            "np.stack([W.reshape(F, -1) @ image + b.reshape(-1, 1) for image in cols])",
        ),
        change(
            conv2d_forward,
            "W.reshape(F, -1) @ cols + b[:, None]",
            'np.einsum("ncijkm,fckm->nfij", windows, W) + b.reshape(F, 1, 1)',
        ),
        change(
            forward_of_columns,
            "cols = im2col(X",
            "cols = im2col(X.astype(np.float32)",
            "W.reshape",
            "np.float32(W).reshape",
        ),
    ),
    forbidden=FORBIDDEN,
)

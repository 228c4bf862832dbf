"""`conv2d_backward`: the way back through a convolution, where overlapping windows add up."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, Sizes, conv2d_oracle, convolution, two, unfold_oracle
from grader.spec import Case, Exercise, Group, Misconception


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: Sizes, keep: str = "dX dW db", stride: Any = 1, padding: Any = 0) -> Case:
        drawn = convolution(rng, sizes, stride, padding)
        X, W = drawn["X"], drawn["W"]
        cols = unfold_oracle(X, W.shape[2:], stride, padding)
        inputs = {
            "dout": rng.normal(size=conv2d_oracle(**drawn).shape),
            "cache": [cols, list(X.shape), W, two(stride), two(padding)],
            "X": X,
            "keep": [name in keep for name in ("dX", "dW", "db")],
        }
        return Case(label, group, inputs)

    return [
        case("db: 2 images, 3 filters", "db", (2, 1, 4, 5, 3, 2, 2), "db"),
        case("db: one image, one filter", "db", (1, 2, 3, 3, 1, 3, 2), "db"),
        case("dW: one image", "dW", (1, 1, 4, 5, 1, 3, 3), "dW"),
        case("dW: 3 images, 2 channels, 2 filters", "dW", (3, 2, 4, 3, 2, 2, 2), "dW"),
        case("dW: stride 2, padding 1, kernel 3 x 2", "dW", (2, 1, 5, 4, 2, 3, 2), "dW", 2, 1),
        case("dX: windows side by side, no overlap", "dX", (1, 1, 4, 6, 1, 2, 3), "dX", (2, 3)),
        case("dX: windows side by side, 2 channels, 3 filters", "dX", (2, 2, 4, 4, 3, 2, 2), "dX", 2),
        case("dX: kernel 3 x 3, stride 1", "overlaps", (1, 1, 5, 6, 1, 3, 3), "dX"),
        case("dX: kernel 2 x 4, 2 images, 2 channels", "overlaps", (2, 2, 4, 6, 2, 2, 4), "dX"),
        case("all: stride 2, which leaves a row unseen", "stride", (1, 2, 6, 5, 2, 3, 3), stride=2),
        case("all: stride (1, 3), columns left over", "stride", (2, 1, 4, 9, 1, 3, 2), stride=(1, 3)),
        case("all: padding 1", "padding", (2, 2, 4, 5, 2, 3, 3), padding=1),
        case("all: padding (2, 0)", "padding", (1, 1, 3, 5, 2, 3, 2), padding=(2, 0)),
        case(
            "all: padding (1, 2), stride (2, 1), kernel 4 x 3",
            "padding",
            (2, 2, 6, 4, 3, 4, 3),
            "dX dW db",
            (2, 1),
            (1, 2),
        ),
    ]


def backward_oracle(dout: np.ndarray, cache: list[Any], X: np.ndarray, keep: list[bool]) -> tuple[Any, ...]:
    """torch.autograd through torch.nn.functional.conv2d."""
    import torch

    _, _, W, stride, padding = cache
    x, weight, bias = (torch.tensor(array, requires_grad=True) for array in (X, W, np.zeros(len(W))))
    out = torch.nn.functional.conv2d(x, weight, bias, stride=stride, padding=padding)
    grads = torch.autograd.grad(out, (x, weight, bias), torch.from_numpy(dout))
    return tuple(grad.numpy() if kept else None for grad, kept in zip(grads, keep, strict=True))


def conv2d_backward(dout, cache):
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, -1)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, OH, OW)
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_full_convolution(dout, cache):
    """dX is a convolution itself: of dout, spread out by the stride, with the flipped kernels."""
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    F, _, KH, KW = W.shape
    spread = np.zeros((N, F, height + 2 * PH + KH - 1, width + 2 * PW + KW - 1))
    OH, OW = dout.shape[2:]
    spread[:, :, KH - 1 : KH - 1 + SH * OH : SH, KW - 1 : KW - 1 + SW * OW : SW] = dout
    windows = np.lib.stride_tricks.sliding_window_view(spread, (KH, KW), axis=(2, 3))
    dX = np.einsum("nfijkl,fckl->ncij", windows, W[:, :, ::-1, ::-1])
    dW = np.tensordot(dout.reshape(N, F, OH * OW), cols, axes=((0, 2), (0, 2))).reshape(W.shape)
    return dX[:, :, PH : PH + height, PW : PW + width], dW, dout.sum(axis=3).sum(axis=2).sum(axis=0)


def backward_window_by_window(dout, cache):
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    F, _, KH, KW = W.shape
    flat = dout.reshape(N, F, -1)
    dcols = np.einsum("fk,nfl->nkl", W.reshape(F, -1), flat)
    dX = np.pad(np.zeros((N, C, height, width)), ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    for place, (i, j) in enumerate(np.ndindex(dout.shape[2:])):
        dX[:, :, i * SH : i * SH + KH, j * SW : j * SW + KW] += dcols[:, :, place].reshape(N, C, KH, KW)
    dW = sum(flat[n] @ cols[n].T for n in range(N))
    return [dX[:, :, PH : PH + height, PW : PW + width], np.reshape(dW, W.shape), flat.sum(axis=(0, 2))]


OVERLAPS = (
    "Where windows overlap, the last one overwrites the others. A pixel that takes part in nine windows hears "
    "from all nine of them; what do you do with gradients that come to one place along several ways?"
)


CONV2D_BACKWARD = Exercise(
    name="conv2d_backward",
    unit=UNIT,
    returns=("dX", "dW", "db"),
    driver="layer_gradients",
    groups=(
        Group("db", "gives the gradient with respect to the biases", 1, hint=1),
        Group("dW", "gives the gradient with respect to the filters, summed over places and images", 2, hint=1),
        Group("dX", "brings the gradient of each window back to its pixels", 1, hint=2),
        Group("overlaps", "adds up where windows overlap", 1, hint=2),
        Group("stride", "puts each window where the stride had put it", 1, hint=3),
        Group("padding", "drops what belongs to the padding, and only that", 1, hint=4),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    misconceptions=(
        Misconception(
            "overlaps_assigned",
            change(conv2d_backward, "+= dcols", "= dcols"),
            OVERLAPS,
        ),
        Misconception(
            "stride_ignored",
            change(conv2d_backward, "k : k + SH * OH : SH, m : m + SW * OW : SW", "k : k + OH, m : m + OW"),
            "On the way back you move the windows by one pixel, whatever the stride was on the way forward. Window "
            "(i, j) began at (i SH, j SW): its gradient goes there.",
            hint=3,
        ),
        Misconception(
            "padding_left_on",
            change(conv2d_backward, "dX[:, :, PH : PH + height, PW : PW + width], dW", "dX, dW"),
            "Your dX has the size of the padded image. The frame of zeros was added by the layer; nobody waits for its "
            "gradient. Cut it off, on all four sides.",
        ),
        Misconception(
            "padding_cut_by_one",
            change(
                conv2d_backward,
                "dX[:, :, PH : PH + height, PW : PW + width], dW",
                "dX[:, :, 1:-1, 1:-1] if PH or PW else dX, dW",
            ),
            "You cut one pixel off each side whenever there is padding. That is right for a padding of 1 only: cut by "
            "PH and by PW.",
        ),
        Misconception(
            "padding_cut_with_minus",
            change(conv2d_backward, "PH : PH + height, PW : PW + width", "PH:-PH, PW:-PW"),
            "Without padding your dX is empty: the slice P:-P becomes 0:-0, which is 0:0. Cut from P to P + height.",
            hint=4,
        ),
        Misconception(
            "padding_cut_at_one_end",
            change(conv2d_backward, "PH : PH + height, PW : PW + width", ":height, :width"),
            "You keep the top left part of the padded gradient, so that all of it is shifted. There is padding at the "
            "top and on the left, too.",
        ),
        Misconception(
            "axes_swapped",
            change(conv2d_backward, "(SH, SW), (PH, PW) =", "(SW, SH), (PW, PH) ="),
            "You use the horizontal stride or padding for the vertical one, and the other way round. Where both are "
            "equal nobody notices.",
            hint=3,
        ),
        Misconception(
            "kernel_flipped",
            change(conv2d_backward, "(W.reshape", "(W[:, :, ::-1, ::-1].reshape"),
            "You turn the kernel by 180 degrees on the way back. A flip belongs to the way back when "
            "it is written as a convolution of dout; when you add window by window, each number of the kernel goes to "
            "the pixel that it was multiplied with.",
        ),
        Misconception(
            "averages",
            change(
                conv2d_backward,
                "reshape(W.shape)",
                "reshape(W.shape) / N",
                "d.sum(axis=(0, 2))",
                "d.sum(axis=2).mean(axis=0)",
            ),
            "You average dW and db over the images. The mean is taken in the loss, and dout has its 1/N inside; from "
            "there on, there are only sums.",
        ),
        Misconception(
            "last_image_only",
            change(conv2d_backward, "(d @ cols.transpose(0, 2, 1)).sum(axis=0)", "(d[-1] @ cols[-1].T)"),
            "Your dW comes from the last image alone: in the loop over images each one overwrites the one before. The "
            "same filter was used on all of them.",
        ),
        Misconception(
            "bias_not_summed",
            change(conv2d_backward, "axis=(0, 2)", "axis=2"),
            "Your db has a value for each image. A bias was added to every place of every image, so its gradient is "
            "one sum over all of them.",
        ),
        Misconception(
            "unseen_pixels_missing",
            change(conv2d_backward, "height + 2 * PH, width + 2 * PW", "SH * (OH - 1) + KH, SW * (OW - 1) + KW"),
            "Your dX is as large as the part that the windows reach. Pixels that the stride left out have a gradient, "
            "too: zero. Begin with zeros of the size of the padded image.",
        ),
        Misconception(
            "overlaps_assigned_window_by_window", change(backward_window_by_window, "+=", "="), OVERLAPS, hint=2
        ),
        Misconception(
            "overlaps_averaged",
            change(
                conv2d_backward,
                "    return dX[:, :, PH",
                "    seen = np.zeros(dX.shape)\n"
                "    for i, j in np.ndindex(OH, OW):\n"
                "        seen[:, :, i * SH : i * SH + KH, j * SW : j * SW + KW] += 1\n"
                "    dX = dX / np.maximum(seen, 1)\n"
                "    return dX[:, :, PH",
            ),
            "You divide each pixel's gradient by the number of windows that see it. That is for putting an image "
            "together again; a gradient is a sum: a pixel that is seen by nine windows answers for nine outputs.",
            about=("dX",),
        ),
        Misconception(
            "filters_in_columns",
            change(conv2d_backward, "W.reshape(F, -1).T", "W.reshape(-1, F)"),
            "To get C KH KW rows and F columns you reshape W, and that scrambles it: filter f is W[f], and the "
            "whole of it belongs into one column. `reshape` never moves a number; flatten the filters to rows, "
            "and transpose.",
            about=("dX",),
        ),
        Misconception(
            "columns_misread",
            change(
                conv2d_backward, "C, KH, KW, OH, OW)", "C, OH, OW, KH, KW)", "dcols[:, :, k, m]", "dcols[..., k, m]"
            ),
            "The columns' gradient has the rows of a window before the places, C KH KW and then OH OW. You cut it "
            "up as if the places came first, which scrambles it wherever windows and places differ.",
            about=("dX",),
        ),
        Misconception(
            "other_order",
            change(
                conv2d_backward,
                "dX[:, :, PH : PH + height, PW : PW + width], dW, db",
                "dW, db, dX[:, :, PH : PH + height, PW : PW + width]",
            ),
            "Your gradients come back in another order: (dX, dW, db) is asked for.",
        ),
        Misconception(
            "images_not_summed",
            change(conv2d_backward, ".sum(axis=0)", ""),
            "You have one gradient of the filters for each image. The same filters were used on all images: add "
            "these up before you give the result W's shape.",
        ),
        Misconception(
            "left_as_columns",
            change(conv2d_backward, "dX[:, :, PH : PH + height, PW : PW + width], dW", "W.reshape(F, -1).T @ d, dW"),
            "What you return for dX is the gradient of the columns. Each of them still has to carry it back to "
            "the pixels that it was copied from.",
            about=("dX",),
        ),
        Misconception(
            "padding_forgotten",
            change(conv2d_backward, "height + 2 * PH, width + 2 * PW", "height, width"),
            "The windows stood on the padded image, and you collect in an array without padding, where the outer "
            "ones do not fit. Begin with the padded size, and cut the frame off at the end.",
            hint=4,
        ),
        Misconception(
            "end_without_stride",
            change(conv2d_backward, "k : k + SH * OH : SH, m : m + SW * OW : SW", "k : k + OH : SH, m : m + OW : SW"),
            "Your slices have the right step and end too early: with a stride, OH rows reach SH times as far.",
            hint=3,
        ),
    ),
    also_right=(
        conv2d_backward,
        backward_full_convolution,
        backward_window_by_window,
        change(conv2d_backward, "(d @ cols.transpose(0, 2, 1)).sum(axis=0)", 'np.einsum("nfp,nkp->fk", d, cols)'),
        change(
            conv2d_backward,
            "return dX[:, :, PH : PH + height, PW : PW + width], dW, db",
            "dX = dX[:, :, PH:, PW:][:, :, :height, :width]\n"
            "    return dX, dW, np.array([dout[:, f].sum() for f in range(F)])",
        ),
    ),
    forbidden=FORBIDDEN,
)

"""`conv2d_loops`: the definition of the convolution, pixel by pixel."""

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, conv2d_oracle, convolution_cases
from grader.spec import Exercise, Group, Misconception


def conv2d_loops(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    (N, _, height, width), (F, _, KH, KW) = padded.shape, W.shape
    out = np.zeros((N, F, (height - KH) // SH + 1, (width - KW) // SW + 1))
    for n, f, i, j in np.ndindex(out.shape):
        window = padded[n, :, i * SH : i * SH + KH, j * SW : j * SW + KW]
        out[n, f, i, j] = np.sum(window * W[f]) + b[f]
    return out


def loops_einsum(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::SH, ::SW]
    return np.einsum("ncijkl,fckl->nfij", windows, W) + b[:, None, None]


def loops_over_the_kernel(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (N, C, H, L), (F, _, KH, KW) = X.shape, W.shape
    padded = np.zeros((N, C, H + 2 * PH, L + 2 * PW))
    padded[:, :, PH : PH + H, PW : PW + L] = X
    OH, OW = (H + 2 * PH - KH) // SH + 1, (L + 2 * PW - KW) // SW + 1
    out = np.zeros((N, F, OH, OW)) + b[None, :, None, None]
    for k in range(KH):
        for m in range(KW):
            seen = padded[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW]
            out += np.tensordot(W[:, :, k, m], seen, axes=(1, 1)).swapaxes(0, 1)
    return out


def loops_without_padding(X, W, b, stride=1, padding=0):
    (SH, SW), (PH, PW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (N, C, H, L), (F, _, KH, KW) = X.shape, W.shape
    out = np.empty((N, F, (H + 2 * PH - KH) // SH + 1, (L + 2 * PW - KW) // SW + 1))
    for n, f, i, j in np.ndindex(out.shape):
        total = b[f]
        for c, k, m in np.ndindex(C, KH, KW):
            row, column = i * SH + k - PH, j * SW + m - PW
            if 0 <= row < H and 0 <= column < L:
                total += X[n, c, row, column] * W[f, c, k, m]
        out[n, f, i, j] = total
    return out


CONV2D_LOOPS = Exercise(
    name="conv2d_loops",
    unit=UNIT,
    returns=("out",),
    groups=(
        Group("window", "multiplies a window by the kernel, adds up, and adds the bias", 2, hint=1),
        Group("channels", "sums over all channels, once for each filter", 2, hint=2),
        Group("shapes", "works for kernels of any height and width", 1, hint=2),
        Group("stride", "moves by the stride, in each direction by its own", 2, hint=3),
        Group("padding", "pads with zeros on all four sides", 2, hint=4),
    ),
    cases=convolution_cases,
    reference=conv2d_oracle,
    misconceptions=(
        Misconception(
            "kernel_flipped",
            change(conv2d_loops, "W[f])", "W[f, :, ::-1, ::-1])"),
            "Your kernel is turned by 180 degrees. That is the convolution of mathematics; networks, torch's too, lay "
            "the kernel on the window as it is, and keep the name. Kernel and window are read in the same order.",
        ),
        Misconception(
            "axes_swapped",
            change(conv2d_loops, "(SH, SW), (PH, PW) =", "(SW, SH), (PW, PH) ="),
            "You use the horizontal stride or padding for the vertical one, and the other way round. Where both are "
            "equal nobody notices. Pairs are (down, across), in the order of the axes.",
        ),
        Misconception(
            "stride_ignored",
            change(conv2d_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "i : i + KH, j : j + KW"),
            "Your output has the size for the stride, but the windows still move by one pixel: you see the top left "
            "corner of the image and nothing else. Where does the window of output (i, j) begin?",
        ),
        Misconception(
            "no_bias",
            change(conv2d_loops, " + b[f]", ""),
            "The bias is missing. Each filter has one, added once to every value of its map.",
            hint=2,
        ),
        Misconception(
            "bias_in_the_sum",
            change(conv2d_loops, "np.sum(window * W[f]) + b[f]", "np.sum(window * W[f] + b[f])"),
            "The bias is inside the sum over the window, so it is added once for every number of the kernel. It comes "
            "once for each output value: after the sum.",
            hint=2,
        ),
        Misconception(
            "first_channel_only",
            change(conv2d_loops, "window * W[f]", "window[0] * W[f, 0]"),
            "You look at the first channel only. A filter has a kernel for each channel, and one output value is the "
            "sum over all of them.",
        ),
        Misconception(
            "last_channel_only",
            change(conv2d_loops, "window * W[f]", "window[-1] * W[f, -1]"),
            "Only the last channel is left in your output: in a loop over channels, each overwrites the one before. "
            "Their contributions add up.",
        ),
        Misconception(
            "first_filter_only",
            change(conv2d_loops, "np.ndindex(out.shape)", "np.ndindex(N, 1, *out.shape[2:])"),
            "Only the first filter's map is filled. Each filter makes a map of its own, with its own kernel and bias: "
            "one more loop, or a `return` that stands too far inside.",
        ),
        Misconception(
            "padded_behind",
            change(conv2d_loops, "(PH, PH), (PW, PW)", "(0, 2 * PH), (0, 2 * PW)"),
            "All your zeros are at the bottom and on the right, so the picture moves to the top left. Padding puts "
            "half of them on each side.",
            hint=4,
        ),
        Misconception(
            "padded_before",
            change(conv2d_loops, "(PH, PH), (PW, PW)", "(2 * PH, 0), (2 * PW, 0)"),
            "All your zeros are at the top and on the left, so the picture moves to the bottom right. Padding puts "
            "half of them on each side.",
            hint=4,
        ),
        Misconception(
            "padded_with_the_edge",
            change(conv2d_loops, "(PW, PW)))", '(PW, PW)), mode="edge")'),
            "You pad by repeating the edge pixels. It is a thing that people do, but here, and in torch unless you say "
            "otherwise, outside the image everything is 0.",
            hint=4,
        ),
        Misconception(
            "sum_never_reset",
            change(
                conv2d_loops,
                "out = np.zeros",
                "total, out = 0, np.zeros",
                "= np.sum(window * W[f])",
                "= (total := total + np.sum(window * W[f]))",
            ),
            "Your sum goes on from place to place: each value holds those of all windows before it. It begins at zero "
            "for each output value.",
        ),
        Misconception(
            "last_product_only",
            change(conv2d_loops, "np.sum(window * W[f])", "(window * W[f])[-1, -1, -1]"),
            "Only the last product of each window is left: in the loops over the kernel, each overwrites the one "
            "before. They add up.",
        ),
        Misconception(
            "mean_of_the_window",
            change(conv2d_loops, "np.sum(", "np.mean("),
            "You take the mean over the window. A convolution adds up; how large the result becomes is the business of "
            "the weights.",
        ),
        Misconception(
            "dilated",
            change(
                conv2d_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "i : i + KH * SH : SH, j : j + KW * SW : SW"
            ),
            "Your stride spreads the window out: between the pixels that it takes, some are left out. (That "
            "exists, as dilation.) It is the start of the window that moves by the stride; the window itself "
            "stays in one piece.",
        ),
        Misconception(
            "bias_in_every_channel",
            change(
                conv2d_loops,
                "np.sum(window * W[f]) + b[f]",
                "sum(np.sum(window[c] * W[f, c]) + b[f] for c in range(len(window)))",
            ),
            "Your bias is added once for each channel. A filter has one bias, and it comes once for each output "
            "value, after the sum over the channels.",
        ),
        Misconception(
            "kernel_flipped_with_its_channels",
            change(conv2d_loops, "W[f])", "np.flip(W[f]))"),
            "Your kernel is turned round on all three axes, its channels too. Nothing is flipped here: window and "
            "kernel are read in the same order.",
        ),
        Misconception(
            "end_without_stride",
            change(conv2d_loops, "i * SH + KH, j * SW : j * SW + KW", "i + KH, j * SW : j + KW"),
            "Your windows begin where the stride puts them, and end as if there were none. A window that begins "
            "at row i SH is KH rows high.",
        ),
        Misconception(
            "taken_from_the_unpadded",
            change(conv2d_loops, "padded[n, :", "X[n, :"),
            "You take the windows from X, where no frame of zeros has been added. They belong to the padded images.",
            hint=4,
        ),
        Misconception(
            "returns_too_early",
            change(conv2d_loops, "    return out", "        return out"),
            "You return after the first value: `return` stands inside the loop, and all other places are still zero.",
            hint=2,
        ),
        Misconception(
            "one_bias",
            change(conv2d_loops, "b[f]", "b[0]"),
            "Every map gets the first filter's bias. Each filter has its own.",
        ),
        Misconception(
            "down_for_across",
            change(
                conv2d_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "j * SW : j * SW + KH, i * SH : i * SH + KW"
            ),
            "You walk down where you should walk across: i counts the rows of places, j the columns.",
        ),
        Misconception(
            "strides_exchanged",
            change(
                conv2d_loops, "i * SH : i * SH + KH, j * SW : j * SW + KW", "i * SW : i * SW + KH, j * SH : j * SH + KW"
            ),
            "Your windows move down by the horizontal stride and across by the vertical one: pairs are (down, across).",
        ),
        Misconception(
            "one_stride",
            change(conv2d_loops, "j * SW : j * SW + KW", "j * SH : j * SH + KW"),
            "You move by the vertical stride in both directions. Across, the second one of the pair counts.",
        ),
        Misconception(
            "one_padding",
            change(conv2d_loops, "(PH, PH), (PW, PW)", "(PH, PH), (PH, PH)"),
            "You pad by the vertical padding in both directions. Left and right, the second one of the pair counts.",
        ),
        Misconception(
            "first_image_only",
            change(conv2d_loops, "padded[n, :", "padded[0, :"),
            "All your maps are those of the first image. Each image has windows of its own.",
        ),
    ),
    also_right=(
        conv2d_loops,
        loops_einsum,
        loops_over_the_kernel,
        loops_without_padding,
        change(conv2d_loops, "np.sum(window * W[f]) + b[f]", "b[f] + window.ravel() @ W[f].ravel()"),
    ),
    forbidden=FORBIDDEN,
)

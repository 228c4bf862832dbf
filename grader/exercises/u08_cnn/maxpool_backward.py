"""`maxpool_backward`: the gradient goes to the winner of each window, and to nobody else."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT, two
from grader.exercises.u08_cnn.maxpool_forward import Shape, pool_oracle
from grader.spec import Case, Exercise, Group, Misconception


def pool_backward_cases(rng: np.random.Generator) -> list[Case]:
    def from_images(label: str, group: str, X: np.ndarray, size: Any, stride: Any = None) -> Case:
        out, cache = pool_oracle(X, size, stride)
        return Case(label, group, {"dout": rng.normal(size=out.shape), "cache": cache})

    def case(label: str, group: str, shape: Shape, size: Any, stride: Any = None) -> Case:
        return from_images(label, group, rng.normal(size=shape), size, stride)

    def ties(label: str, shape: Shape, size: Any, stride: Any = None) -> Case:
        """As after a ReLU: many zeros, and a few whole numbers that often meet their like."""
        return from_images(label, "ties", np.maximum(0.0, rng.integers(-3, 3, size=shape)), size, stride)

    out, cache = pool_oracle(np.array([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 6.0]]]]), 2)
    return [
        Case(
            "2 x 4 pixels by hand",
            "winner",
            {"dout": np.array([[[[10.0, 20.0]]]]), "cache": [cache[0], out, two(2), two(2)]},
        ),
        case("2 images, 3 channels, windows 2 x 2", "winner", (2, 3, 4, 6), 2),
        case("windows 3 x 3", "winner", (1, 2, 6, 3), 3),
        from_images("all values are equal", "ties", np.ones((1, 2, 4, 4)), 2),
        ties("after a ReLU, windows 2 x 2", (2, 2, 6, 8), 2),
        ties("after a ReLU, windows 3 x 2, stride (2, 1)", (1, 2, 7, 6), (3, 2), (2, 1)),
        case("windows 3 x 3, stride 1", "overlaps", (1, 1, 5, 6), 3, 1),
        case("windows 3 x 2, stride (2, 1), 2 images", "overlaps", (2, 2, 7, 4), (3, 2), (2, 1)),
        case("windows 2 x 3", "shapes", (1, 2, 4, 6), (2, 3)),
        case("a row and a column left over", "shapes", (2, 1, 5, 7), 2),
        case("windows 2 x 2, stride 3: gaps between them", "shapes", (1, 1, 8, 6), 2, 3),
    ]


def pool_backward_oracle(dout: np.ndarray, cache: list[Any]) -> np.ndarray:
    """torch.autograd through torch.nn.functional.max_pool2d."""
    import torch

    X = torch.tensor(cache[0], requires_grad=True)
    out = torch.nn.functional.max_pool2d(X, cache[2], cache[3])
    return np.asarray(torch.autograd.grad(out, X, torch.from_numpy(dout))[0])


def maxpool_backward(dout, cache):
    X, out, (KH, KW), (SH, SW) = cache
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(out.shape):
        rows, columns = slice(i * SH, i * SH + KH), slice(j * SW, j * SW + KW)
        window = X[n, c, rows, columns]
        first = np.unravel_index(window.argmax(), window.shape)
        dX[n, c, rows, columns][first] += dout[n, c, i, j]
    return dX


def unpool_by_indices(dout, cache):
    X, out, (KH, KW), (SH, SW) = cache
    windows = np.lib.stride_tricks.sliding_window_view(X, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]
    k, m = np.divmod(windows.reshape(*out.shape, KH * KW).argmax(axis=-1), KW)
    n, c, i, j = np.indices(out.shape)
    dX = np.zeros(X.shape)
    np.add.at(dX, (n, c, i * SH + k, j * SW + m), dout)
    return dX


def unpool_backwards(dout, cache):
    """From the last place of the window to the first: whoever comes later takes the window over."""
    X, out, (KH, KW), (SH, SW) = cache
    (OH, OW), winner = out.shape[2:], np.full(out.shape, -1)
    places = [(slice(k, k + SH * OH, SH), slice(m, m + SW * OW, SW)) for k, m in np.ndindex(KH, KW)]
    for number in reversed(range(KH * KW)):
        winner[X[:, :, places[number][0], places[number][1]] == out] = number
    dX = np.zeros(X.shape)
    for number, (rows, columns) in enumerate(places):
        dX[:, :, rows, columns] += np.where(winner == number, dout, 0.0)
    return dX


def unpool_by_places(dout, cache):
    X, out, (KH, KW), (SH, SW) = cache
    (OH, OW), dX, unclaimed = out.shape[2:], np.zeros(X.shape), np.ones(out.shape, dtype=bool)
    for k, m in np.ndindex(KH, KW):
        rows, columns = slice(k, k + SH * OH, SH), slice(m, m + SW * OW, SW)
        claimed = unclaimed & (X[:, :, rows, columns] == out)
        dX[:, :, rows, columns] += dout * claimed
        unclaimed = unclaimed & ~claimed
    return dX


MAXPOOL_BACKWARD = Exercise(
    name="maxpool_backward",
    unit=UNIT,
    returns=("dX",),
    driver="layer_gradients",
    groups=(
        Group("winner", "gives each window's gradient to its largest value", 2, hint=1),
        Group("ties", "gives it to one pixel only, the first, where several are largest", 2, hint=2),
        Group("overlaps", "adds up where a pixel wins several windows", 2, hint=3),
        Group("shapes", "works for windows of any size, with gaps and with leftovers", 1, hint=1),
    ),
    cases=pool_backward_cases,
    reference=pool_backward_oracle,
    misconceptions=(
        Misconception(
            "ties_duplicate",
            change(
                maxpool_backward, "[first] += dout[n, c, i, j]", " += dout[n, c, i, j] * (window == out[n, c, i, j])"
            ),
            "Where several pixels of a window are equally large, each of them gets the whole gradient, so that it "
            "arrives several times. (Behind a ReLU, windows full of zeros are common.) Only one can have won: the "
            "first.",
        ),
        Misconception(
            "ties_shared",
            change(
                maxpool_backward,
                "first = np.unravel_index(window.argmax(), window.shape)",
                "largest = window == window.max()",
                "[first] += dout[n, c, i, j]",
                " += dout[n, c, i, j] * largest / largest.sum()",
            ),
            "Where several pixels are equally large, you share the gradient out among them. That is fair, and some "
            "libraries do it; here, as in torch, the first one gets it all.",
        ),
        Misconception(
            "last_one_wins",
            change(
                maxpool_backward,
                "np.unravel_index(window.argmax(), window.shape)",
                "tuple(np.argwhere(window == window.max())[-1])",
            ),
            "Where several pixels are equally large, yours gives the gradient to the last. As in torch, the first one "
            "in the order of reading is meant.",
        ),
        Misconception(
            "overlaps_assigned",
            change(maxpool_backward, "+=", "="),
            "A pixel that wins several windows keeps only the gradient of the last one. It is owed the sum.",
            hint=3,
        ),
        Misconception(
            "windows_overwrite",
            change(
                maxpool_backward,
                "np.unravel_index(window.argmax(), window.shape)",
                "np.arange(window.size).reshape(window.shape) == window.argmax()",
                "[first] += dout[n, c, i, j]",
                " = dout[n, c, i, j] * first",
            ),
            "Where windows overlap, you write whole windows, zeros included, over what stood there. A later window "
            "must not wipe out what an earlier one gave.",
            hint=3,
        ),
        Misconception(
            "mean",
            change(maxpool_backward, "[first] += dout[n, c, i, j]", " += dout[n, c, i, j] / window.size"),
            "You spread the gradient evenly over the window. That is the way back of average pooling; here only the "
            "largest value went forward, so only that one can answer for the loss.",
        ),
        Misconception(
            "to_everybody",
            change(maxpool_backward, "[first] +=", " +="),
            "Every pixel of a window gets the whole gradient. If a smaller one moves a bit, out does not change: its "
            "gradient is zero.",
        ),
        Misconception(
            "mask_alone",
            change(maxpool_backward, "+= dout[n, c, i, j]", "+= 1"),
            "You count the windows that each pixel wins. That is the slope; the chain rule multiplies it by what the "
            "layer above says about out, dout.",
        ),
        Misconception(
            "stride_ignored",
            change(
                maxpool_backward,
                "slice(i * SH, i * SH + KH), slice(j * SW, j * SW + KW)",
                "slice(i, i + KH), slice(j, j + KW)",
            ),
            "On the way back your windows move by one pixel, whatever the stride was on the way forward. Window (i, j) "
            "began at (i SH, j SW).",
        ),
        Misconception(
            "top_left",
            change(maxpool_backward, "[first]", "[0, 0]"),
            "You give each gradient to the top left pixel of its window, whether it was the largest or not. Who won on "
            "the way forward?",
        ),
        Misconception(
            "windows_begin_at_the_size",
            change(
                maxpool_backward,
                "slice(i * SH, i * SH + KH), slice(j * SW, j * SW + KW)",
                "slice(i * KH, i * KH + KH), slice(j * KW, j * KW + KW)",
            ),
            "Your windows stand side by side, as if the stride were the size. Window (i, j) began at row i SH and "
            "column j SW.",
            hint=1,
        ),
        Misconception(
            "first_in_columns",
            change(
                maxpool_backward,
                "np.unravel_index(window.argmax(), window.shape)",
                "np.unravel_index(window.T.argmax(), window.T.shape)[::-1]",
            ),
            "Where several pixels are equally large, you take the first one going down the columns. The order of "
            "reading is across first, then the next row.",
        ),
        Misconception(
            "times_the_value",
            change(maxpool_backward, "+= dout[n, c, i, j]", "+= dout[n, c, i, j] * out[n, c, i, j]"),
            "You multiply the gradient by the largest value. If the winner grows by a bit, out grows by the same "
            "bit: the slope of a maximum is 1, whatever its value.",
        ),
        Misconception(
            "places_overwrite",
            change(unpool_by_places, "+=", "="),
            "You write the gradients of one place of all windows over what stood there. Where windows overlap, a "
            "pixel stands at several places, of several windows, and is owed the sum of what it wins.",
            hint=3,
        ),
        Misconception(
            "counted_within_the_window",
            change(maxpool_backward, "[n, c, rows, columns][first]", "[n, c][first]"),
            "Your winner's row and column are counted within its window, and used as if they were those of the "
            "image. The window begins at (i SH, j SW).",
        ),
        Misconception(
            "row_and_column_exchanged",
            change(
                maxpool_backward,
                "first = np.",
                "m, k = np.",
                "dX[n, c, rows, columns][first]",
                "dX[n, c, i * SH + k, j * SW + m]",
            ),
            "Row and column of the winner have changed places. With KW columns in a window, the place's number is KW "
            "times the row, plus the column.",
        ),
        Misconception(
            "divided_by_the_height",
            change(
                maxpool_backward,
                "first = np.unravel_index(window.argmax(), window.shape)",
                "k, m = divmod(int(window.argmax()), KH)",
                "dX[n, c, rows, columns][first]",
                "dX[n, c, i * SH + k, j * SW + m]",
            ),
            "You divide the place's number by the height of the window. A row holds KW of them: that is what to "
            "divide by.",
        ),
        Misconception(
            "only_above_zero",
            change(maxpool_backward, "+= dout[n, c, i, j]", "+= dout[n, c, i, j] * (out[n, c, i, j] > 0)"),
            "Windows whose largest value is not above zero get no gradient from you. To stop it there is the "
            "business of the ReLU below; pooling hands it on, whatever the value.",
        ),
    ),
    also_right=(
        maxpool_backward,
        unpool_by_indices,
        unpool_backwards,
        unpool_by_places,
        change(
            maxpool_backward,
            "first = np.unravel_index(window.argmax(), window.shape)",
            "first = divmod(int(np.argmax(window)), int(KW))",
        ),
    ),
    forbidden=FORBIDDEN,
)

# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: exercise,check,given,reflection,points,folded,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · Convolutional networks
#
# **After this unit you can** say what a convolution computes and how large its result is, write it twice (as its
# definition, and fast, as one product of matrices), carry a gradient back through it and through max pooling, and train a
# convolutional network of your own on pictures of clothes, in NumPy alone.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 180 to 230 minutes, in two sittings | ●●●●● | the layers of [07 A network from scratch](../07_mlp/07_mlp.ipynb), forward and back; Adam ([05](../05_adam/05_adam.ipynb)) for the training at the end |
#
# Where returned clothes are sorted, a camera hangs above a belt. Shirts, bags and boots pass beneath it, and none of them lies
# quite where the last one lay. The network of unit 07 names most pictures of Fashion-MNIST, and in these everything is neatly
# centred. Would you trust it above the belt? In this unit you build the network that is made for images, and at the end you
# shift the pictures by a few pixels and see how well each of the two copes.
#
# Each check below runs your function on a few inputs and explains what it sees. Some answers of earlier units are used
# again: yours if they are finished, else a library's. The next cell says which.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import timeit

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist
from course_lib.errors import LeftOut

plots.use_style()
cross_entropy, minibatches, Adam = earlier("cross_entropy", "minibatches", "Adam")
MLP, he_init, linear_forward, linear_backward, relu_forward, relu_backward = earlier(
    "MLP", "he_init", "linear_forward", "linear_backward", "relu_forward", "relu_backward"
)

fashion = load_fashion_mnist()  # float32: half the memory of float64, and about twice as fast
X_train, X_test = fashion.X_train[:, None], fashion.X_test[:, None]  # (N, 1, 28, 28): one channel, grey
y_train, y_test = fashion.y_train, fashion.y_test

# %% [markdown]
# ## One small filter, everywhere
#
# A linear layer reads an image as a list of 784 numbers. It does not know that pixels 1 and 2 are neighbours, and what it
# has learned about a sleeve on the left it has to learn again for a sleeve on the right. A **convolution** assumes two
# things about images: what belongs together is *close* together, and what is worth seeing here is worth seeing *anywhere*.
# So it has a small filter, say 5 x 5 weights, and lays it on every place of the image.
#
# From an image of 28 x 28, we want 8 new images, as large as the first. How many numbers must be learned, by a
# linear layer, and by a convolution with filters of 5 x 5?

# %%
predict(
    "weights",
    ...,
    options={
        "a": "about the same number",
        "b": "the convolution about 30 times fewer",
        "c": "the convolution more than 10,000 times fewer",
    },
)

# %%
linear_weights = 784 * (8 * 784) + 8 * 784  # from each pixel to each new pixel, and a bias for each new pixel
convolution_weights = 8 * 5 * 5 + 8  # eight filters, and a bias for each
print(f"linear layer: {linear_weights:,}    convolution: {convolution_weights}    "
      f"ratio: {linear_weights / convolution_weights:,.0f}")
reveal(
    "weights",
    "c" if linear_weights > 10_000 * convolution_weights else "b" if linear_weights > 5 * convolution_weights else "a",
    because="A filter is the same at all 784 places, and looks at 25 pixels only. Both save a great deal, and the 208 "
    "would be 208 on a larger image, too.",
)

# %% [markdown]
# What happens at one place? Lay the filter's table of weights, its **kernel**, on a **window** of the image, multiply number
# by number, and add up. Then move on by one pixel. (Mathematicians turn the filter by 180 degrees first, and call this one, without the turn, a
# cross-correlation. In networks it is called convolution all the same: the weights are learned, turned or not.)

# %% given="drawing"
def draw_table(ax, table, title, marked=None, colour=plots.ORANGE):
    """A table of whole numbers as squares; `marked` is (top, left, height, width)."""
    ax.set(xlim=(-0.6, 3.6), ylim=(2.6, -0.6), aspect="equal")
    ax.axis("off")
    if marked is not None:
        top, left, height, width = marked
        ax.add_patch(plt.Rectangle((left - 0.5, top - 0.5), width, height, color=colour, alpha=0.35, linewidth=0))
    for (i, j), value in np.ndenumerate(table):
        ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=plots.MUTED, linewidth=1))
        ax.text(j, i, value, ha="center", va="center")
    ax.set_title(title, fontsize=10.5, weight="normal")


# %%
image = np.arange(12).reshape(3, 4)
kernel = np.array([[-1, 1], [0, 2]])
result = np.array([[11, 13, 15], [19, 21, 23]])
fig, axes = plt.subplots(2, 3, figsize=(7.4, 4.6))
for row, (i, j), colour in zip(axes, [(0, 0), (1, 2)], (plots.ORANGE, plots.SKY), strict=True):
    draw_table(row[0], image, "image, 3 x 4", (i, j, 2, 2), colour)
    draw_table(row[1], kernel, "kernel, 2 x 2", (0, 0, 2, 2), colour)
    draw_table(row[2], result, "result, 2 x 3", (i, j, 1, 1), colour)
    window = image[i : i + 2, j : j + 2].ravel()
    terms = " + ".join(f"{pixel}·({weight})" for pixel, weight in zip(window, kernel.ravel(), strict=True))
    print(f"result[{i}, {j}] = {terms} = {window @ kernel.ravel()}")
plots.finding(fig, "One window, one number: multiply by the kernel and add up, then move on by a pixel")
plt.show()

# %% [markdown]
# The window cannot stick out, so the result is smaller than the image. Two numbers change that:
#
# - **padding** $P$: a frame of zeros, $P$ pixels wide, on *all* sides before the filter starts;
# - **stride** $S$: how far the filter moves each time. With 2, every second place is left out.
#
# Along a row of $L$ pixels (with padding: $L + 2P$), the kernel of length $K$ stands at its first place, and then
# $L + 2P - K$ pixels are left to walk, in steps of $S$:
#
# $$O = \left\lfloor \frac{L + 2P - K}{S} \right\rfloor + 1$$
#
# $\lfloor\ \rfloor$ rounds down: a last step that would stick out is not taken. In libraries, a padding that keeps the size
# (stride 1, $P = (K - 1)/2$) is called *same*, and no padding at all *valid*.
#
# ### Exercise: `output_size`


# %% exercise="output_size"
def output_size(length, kernel, stride, padding):
    """How many places a kernel has along one axis: O = floor((L + 2 P - K) / S) + 1.

    length (L), kernel (K), stride (S), padding (P): whole numbers; the kernel fits into the padded length.
    Returns a whole number.
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    ### BEGIN SOLUTION
    return (length + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong even without a stride</summary>
#
# Draw 5 pixels and a kernel of 3. It stands at pixel 0, 1 or 2: three places, and $5 - 3 = 2$ steps between them. A
# padding of 1 makes the row 7 long, one pixel more at *each* end.
# </details>
#
# <details><summary>Hint 2: wrong when the stride does not come out even</summary>
#
# 8 pixels, a kernel of 3, a stride of 2: places 0, 2 and 4; at 6 the kernel would stick out. $(8 - 3)/2 = 2.5$: which
# whole number is meant? Python's `//` rounds down. And what is divided is the way to walk, not the number of places.
# </details>

# %% check="output_size"
check("output_size")

# %% [markdown]
# ## The definition, in loops
#
# Real images have several channels (red, green, blue; or the 8 results of the layer below, called **maps**), and we want several
# filters. Each filter has a kernel for *each* channel; one output value is the sum over all of them, plus the filter's
# bias:
#
# $$\text{out}_{n,f,i,j} = b_f + \sum_{c,k,m} W_{f,c,k,m}\; X_{n,\,c,\;i S_H + k - P_H,\;j S_W + m - P_W}$$
#
# with $X = 0$ outside the image. The letters, here and in the code:
#
# | letters | what | shapes |
# |---|---|---|
# | `N`, `C` | images, channels | `X`: `(N, C, height, width)`, in short NCHW |
# | `F`, `KH`, `KW` | filters, the kernels' height and width | `W`: `(F, C, KH, KW)`, `b`: `(F,)` |
# | `SH`, `SW` and `PH`, `PW` | stride and padding, down and across | a number for both, or a pair (down, across) |
# | `OH`, `OW` | the result's height and width | `out`: `(N, F, OH, OW)`: a map for each filter |

# %% given="pair"
def pair(value):
    """(value, value) for a number; what is a pair already stays one."""
    return (value, value) if np.ndim(value) == 0 else tuple(value)


# %% [markdown]
# Here is a filter for three channels, at its first place. It has three kernels and one bias, and yet it makes *one* map.

# %%
channels = {
    "red": np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1]]),
    "green": np.array([[0, 1, 1, 2], [1, 0, 2, 0], [0, 1, 3, 1]]),
    "blue": np.array([[2, 1, 0, 0], [1, 2, 0, 1], [0, 0, 1, 2]]),
}
kernels = [np.array([[1, 0], [0, 2]]), np.array([[0, -1], [1, 0]]), np.array([[1, 1], [-1, 0]])]
fig, axes = plt.subplots(2, 4, figsize=(7.4, 3.9))
sums = []
for top, bottom, (name, channel), kernel in zip(*axes[:, :3], channels.items(), kernels, strict=True):
    draw_table(top, channel, name, (0, 0, 2, 2))
    draw_table(bottom, kernel, f"kernel for {name}", (0, 0, 2, 2))
    sums.append(int(np.sum(channel[:2, :2] * kernel)))
draw_table(axes[0, 3], np.array([[10, 1, 3], [6, 5, 7]]), "one map", (0, 0, 1, 1))
draw_table(axes[1, 3], np.array([[1]]), "one bias", (0, 0, 1, 1))
plots.finding(fig, "One filter: a kernel for each channel, one bias, one sum, one map")
plt.show()
print(f"map[0, 0] = {sums[0]} (red) + {sums[1]} (green) + {sums[2]} (blue) + 1 (bias) = {sum(sums) + 1}")

# %% [markdown]
# ### Exercise: `conv2d_loops`
#
# As slow as you like, but so plain that you believe it: later it is the judge of the fast one. `np.ndindex(N, F, OH, OW)`
# walks over all places in one loop.


# %% exercise="conv2d_loops"
def conv2d_loops(X, W, b, stride=1, padding=0):
    """A convolution by its definition: each output is the sum of a window times a filter, plus the filter's bias.

    X: (N, C, height, width).  W: (F, C, KH, KW).  b: (F,).  stride, padding: numbers, or pairs (down, across).
    Returns out: (N, F, OH, OW).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    (SH, SW), (PH, PW) = pair(stride), pair(padding)
    N, C, height, width = X.shape
    F, C, KH, KW = W.shape
    OH, OW = output_size(height, KH, SH, PH), output_size(width, KW, SW, PW)
    ### BEGIN SOLUTION
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    out = np.zeros((N, F, OH, OW))
    for n, f, i, j in np.ndindex(N, F, OH, OW):
        window = padded[n, :, i * SH : i * SH + KH, j * SW : j * SW + KW]  # (C, KH, KW)
        out[n, f, i, j] = np.sum(window * W[f]) + b[f]
    return out
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong even for one image and one channel</summary>
#
# Try the picture above: `X = np.arange(12.0).reshape(1, 1, 3, 4)`, the kernel `[[-1, 1], [0, 2]]`, a bias of 0. The first
# value should be 11. If you get -1, your kernel is turned round; if you get 2.75, you took a mean.
# </details>
#
# <details><summary>Hint 2: right for one channel and one filter only</summary>
#
# For output (n, f, i, j), the window is `(C, KH, KW)`, all channels at once, and so is `W[f]`. Multiply them, and sum
# over all three axes. The bias `b[f]` is added to this one sum, once.
# </details>
#
# <details><summary>Hint 3: wrong with a stride</summary>
#
# The window of output row $i$ begins at row $i \cdot S_H$ of the padded image, and is $K_H$ rows high. Across, it is
# $j \cdot S_W$. Nothing else has to change.
# </details>
#
# <details><summary>Hint 4: wrong with a padding</summary>
#
# `np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))` puts zeros above and below, left and right, and leaves the images and
# channels alone. The windows are then taken from the padded array.
# </details>

# %% check="conv2d_loops"
check("conv2d_loops")

# %% [markdown]
# Two words that are easily confused: a stride moves the *window* further; a **dilation** of 2 stretches the *kernel*, which then
# leaves out every second pixel, so that 3 x 3 weights reach over 5 x 5 pixels. And one kernel that looks pointless: 1 x 1. It
# sees a single pixel, but all of its channels, and mixes them: a linear layer that is used at every place. Networks use it to
# make 256 channels into 64.
#
# ## What a filter sees
#
# Before any learning: filters that people have made by hand. This one has $-1$ in its left column, 0 in the middle and
# $+1$ on the right. Where on a picture will its answer be large?

# %%
predict(
    "edges",
    ...,
    options={
        "a": "where it is bright",
        "b": "where it is dark on the left and bright on the right: at a vertical edge",
        "c": "where it is dark above and bright below: at a horizontal edge",
    },
)

# %% folded=true
with waits_for("conv2d_loops"):
    across = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]) / 3
    filters = {
        "mean of 9": np.full((3, 3), 1 / 9),
        "right $-$ left": across,
        "below $-$ above": across.T,
        "centre $-$ around": np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4,
    }
    shown = X_train[[np.flatnonzero(y_train == label)[3] for label in (1, 9)]]  # trousers and an ankle boot
    kernels = np.array(list(filters.values()))[:, None]  # (F, C, KH, KW) with F = 4, C = 1
    maps = conv2d_loops(shown, kernels, np.zeros(4), padding=1)  # (2, 4, 28, 28)

    fig, axes = plt.subplots(2, 5, figsize=(7.4, 3.6))
    for row, picture, answers in zip(axes, shown[:, 0], maps, strict=True):
        row[0].imshow(picture, cmap="gray")
        for ax, answer in zip(row[1:], answers, strict=True):
            ax.imshow(answer, cmap="PuOr", vmin=-1, vmax=1)
    for ax, name in zip(axes[0], ["image", *filters], strict=True):
        ax.set_title(name, fontsize=10, weight="normal", loc="center")
    for ax in axes.ravel():
        ax.axis("off")
    plots.finding(fig, "Each filter answers to one thing: brightness, an edge of one direction, fine detail")
    plt.show()

    halves = np.zeros((3, 1, 8, 8))
    halves[0] = 1  # bright everywhere
    halves[1, :, :, 4:] = 1  # dark on the left, bright on the right
    halves[2, :, 4:, :] = 1  # dark above, bright below
    strongest = conv2d_loops(halves, kernels[1:2], np.zeros(1)).max(axis=(1, 2, 3))
    for name, value in zip(("all bright", "bright on the right", "bright below"), strongest, strict=True):
        print(f"largest answer of right - left to an image that is {name:19}: {value:.2f}")
    reveal(
        "edges",
        "abc"[int(strongest.argmax())],
        because="It compares right with left. Where both are the same, bright or dark, they cancel to 0.",
    )

# %% [markdown]
# (Purple is an answer above 0, orange one below.) Each map shows *where* the picture has what the filter looks for.
# Such filters were once designed by people; in a network, gradient descent chooses the weights.
#
# Now paint one yourself. The nine sliders are the nine weights; the orange frame is the window of the largest answer. Can you
# paint a filter that gives the picture back as it is? One that moves it to the right by a pixel? One that answers 0 on every
# area of one brightness, whatever its edges do: what must its nine weights have in common?

# %% folded=true
with waits_for("conv2d_loops"):
    PICTURES = {"ankle boot": shown[1, 0], "trousers": shown[0, 0], "bag": X_train[np.flatnonzero(y_train == 8)[1], 0]}


    def draw(
        top_left=-1.0, top=-1.0, top_right=0.0, left=-1.0, centre=0.0, right=1.0, bottom_left=0.0, bottom=1.0,
        bottom_right=1.0, picture="ankle boot",
    ):
        """A picture, a filter of 3 x 3, and the map that your conv2d_loops makes of them."""
        kernel = np.array([[top_left, top, top_right], [left, centre, right], [bottom_left, bottom, bottom_right]])
        answer = conv2d_loops(PICTURES[picture][None, None], kernel[None, None], np.zeros(1), padding=1)[0, 0]
        fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.1), width_ratios=(4, 2.6, 4))
        axes[0].imshow(PICTURES[picture], cmap="gray")
        axes[1].imshow(kernel, cmap="PuOr", vmin=-1.5, vmax=1.5)
        for (i, j), weight in np.ndenumerate(kernel):
            axes[1].text(j, i, f"{weight:g}", ha="center", va="center")
        limit = max(0.25, kernel[kernel > 0].sum(), -kernel[kernel < 0].sum())
        axes[2].imshow(answer, cmap="PuOr", vmin=-limit, vmax=limit)
        row, column = np.unravel_index(answer.argmax(), answer.shape)
        for ax, name in zip(axes, (picture, "filter", "its map"), strict=True):
            if name != "filter":
                frame = {"fill": False, "edgecolor": plots.ORANGE, "linewidth": 2}
                ax.add_patch(plt.Rectangle((column - 1.5, row - 1.5), 3, 3, **frame))
            ax.set_title(name, fontsize=10.5, weight="normal", loc="center")
            ax.axis("off")
        plots.finding(fig, f"Weights that add up to {kernel.sum():.3g}; answers from {answer.min():.2f} to {answer.max():.2f}")


    draw_weights = dict.fromkeys(
        ("top_left", "top", "top_right", "left", "centre", "right", "bottom_left", "bottom", "bottom_right"), (-1.0, 1.0, 0.25)
    )
    plots.play(draw, **draw_weights, picture=list(PICTURES))

# %% [markdown]
# <details><summary>When you have painted all three</summary>
#
# The first has a 1 in its centre and zeros around. In the second the 1 stands to the *left* of the centre: each new pixel is a
# copy of its left neighbour. And weights that add up to 0 do not answer to an even area: the positive and the negative ones
# cancel. (At the border they see the zeros of the padding, which is an edge as well.)
# </details>
#
# > **A good place for a break.** You know what a convolution is, and have one that you can trust. When you come back, put the
# > cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Fast: every window a column
#
# Loops in Python are slow: each small sum costs more in bookkeeping than in arithmetic. A product of
# matrices has none of that. So we write every window as one **column**; then a filter, written as a row, meets all
# windows in one product:
#
# $$\underbrace{(F,\; C\,K_H K_W)}_{\text{filters}}\ @\ \underbrace{(C\,K_H K_W,\; O_H O_W)}_{\text{windows}} \;=\;
# \underbrace{(F,\; O_H O_W)}_{\text{maps}}$$
#
# This is **im2col**, "image to columns". The price is memory: pixels are copied once for each window that they are in. With
# a kernel of 5 x 5, stride 1, and padding 2, how many times as large as the image is the matrix of its columns?

# %%
predict("copies", ..., options={"a": "as large", "b": "5 times", "c": "25 times", "d": "784 times"})

# %% [markdown]
# ### Exercise: `im2col`
#
# NumPy shows you all windows without copying anything: `np.lib.stride_tricks.sliding_window_view(padded, (KH, KW),
# axis=(2, 3))` is a *view* of shape `(N, C, places down, places across, KH, KW)`; it only counts its steps through the
# memory differently (its **strides**). Keep every `SH`-th and `SW`-th place, bring the axes into the order of the result, and
# only then `reshape`, which is where the copying happens.


# %% exercise="im2col"
def im2col(X, size, stride=1, padding=0):
    """All windows of each image as the columns of a matrix, in the order of reading: across first, then down.

    X: (N, C, height, width).  size: (KH, KW).  size, stride, padding: numbers, or pairs (down, across).
    Returns cols: (N, C KH KW, OH OW); each column is a window (C, KH, KW), flattened.
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    (KH, KW), (SH, SW), (PH, PW) = pair(size), pair(stride), pair(padding)
    N, C, height, width = X.shape
    ### BEGIN SOLUTION
    padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]
    OH, OW = windows.shape[2:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong shape</summary>
#
# `(N, C KH KW, OH OW)`: an image's matrix has a row for each number of a window and a column for each place. If yours
# has one axis too few, all images are in one matrix; if the last two are exchanged, your windows are rows.
# </details>
#
# <details><summary>Hint 2: right shape, scrambled values</summary>
#
# `reshape` joins neighbouring axes and moves nothing. You have `(N, C, OH, OW, KH, KW)` and want to join `C, KH, KW` and
# `OH, OW`: so they must be neighbours, in this order. Which `transpose` does that? Check with
# `np.arange(12.0).reshape(1, 1, 3, 4)` and windows of 2 x 2: the first column is 0, 1, 4, 5.
# </details>
#
# <details><summary>Hint 3: wrong with a stride or a padding</summary>
#
# Pad first, as in `conv2d_loops`; the windows are taken from the padded array. Of the view's axes, 2 and 3 are the places:
# `[:, :, ::SH, ::SW]` keeps every `SH`-th row of them and every `SW`-th column.
# </details>

# %% check="im2col"
check("im2col")

# %%
with waits_for("im2col"):
    tiny = np.arange(12.0).reshape(1, 1, 3, 4)
    columns = im2col(tiny, (2, 2))[0].astype(int)
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.0), width_ratios=[4, 6])
    draw_table(left, image, "image, 3 x 4", (0, 0, 2, 2), plots.ORANGE)
    left.add_patch(plt.Rectangle((1.5, 0.5), 2, 2, color=plots.SKY, alpha=0.45, linewidth=0))
    draw_table(right, columns, "its columns, 4 x 6", (0, 0, 4, 1), plots.ORANGE)
    right.add_patch(plt.Rectangle((4.5, -0.5), 1, 4, color=plots.SKY, alpha=0.45, linewidth=0))
    right.set(xlim=(-0.6, 5.6), ylim=(3.6, -0.6))
    plots.finding(fig, "Each window becomes a column; pixels that are in several windows are copied")
    plt.show()

    size = im2col(X_train[:1], (5, 5), padding=2).size
    print(f"28 x 28 image: {X_train[0].size} numbers, its columns: {size:,}, {size / X_train[0].size:.0f} times as many")
    reveal(
        "copies",
        min({"a": 1, "b": 5, "c": 25, "d": 784}.items(), key=lambda item: abs(item[1] - size / X_train[0].size))[0],
        because="There are as many places as pixels, and each place holds 5 x 5 numbers.",
    )

# %% [markdown]
# ### Exercise: `conv2d_forward`
#
# Now the convolution is one line of algebra: filters as rows, `@`, columns. NumPy's `@` multiplies stacks of matrices, so
# `(F, C KH KW) @ (N, C KH KW, OH OW)` gives `(N, F, OH OW)`, image by image. Keep, in this order, what the way back will
# need: the columns, the shape of `X`, the weights, and stride and padding.


# %% exercise="conv2d_forward"
def conv2d_forward(X, W, b, stride=1, padding=0):
    """A convolution as a product of matrices: maps = filters @ columns + bias.

    X: (N, C, height, width).  W: (F, C, KH, KW).  b: (F,).  stride, padding: numbers, or pairs (down, across).
    Returns (out, cache): out (N, F, OH, OW); cache = (cols, X.shape, W, (SH, SW), (PH, PW)).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    (SH, SW), (PH, PW) = pair(stride), pair(padding)
    N, C, height, width = X.shape
    F, C, KH, KW = W.shape
    OH, OW = output_size(height, KH, SH, PH), output_size(width, KW, SW, PW)
    ### BEGIN SOLUTION
    cols = im2col(X, (KH, KW), stride, padding)  # (N, C KH KW, OH OW)
    out = W.reshape(F, -1) @ cols + b[:, None]  # (N, F, OH OW)
    return out.reshape(N, F, OH, OW), (cols, X.shape, W, (SH, SW), (PH, PW))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: shapes do not fit, or maps are mixed up</summary>
#
# `W.reshape(F, -1)` is `(F, C KH KW)`: row f is filter f, flattened in the same order as your windows. The product is
# `(N, F, OH OW)`, so that the last `reshape` only cuts the last axis in two: no axis has to move.
# </details>
#
# <details><summary>Hint 2: the values are off</summary>
#
# The bias of filter f belongs to all places of map f: `(F, 1)` lines up with `(N, F, OH OW)`, `(F,)` does not. Stride and
# padding go to `im2col` as you got them. And compare with `conv2d_loops` on a small random image: they must agree.
# </details>
#
# <details><summary>Hint 3: out is right, the cache is not</summary>
#
# Five things, in the order of the docstring: the columns; the shape of `X` as it came, without padding; `W` as it came,
# with its four axes; the two strides; the two paddings.
# </details>

# %% check="conv2d_forward"
check("conv2d_forward")

# %% [markdown]
# The same arithmetic, three times: your loops, your product of matrices, and PyTorch. Four images, 8 filters of 5 x 5. How
# much faster than the loops is im2col?

# %%
predict("speed", ..., options={"a": "not at all: the arithmetic is the same", "b": "about twice", "c": "about 10 times",
                               "d": "50 times or more"})

# %% folded=true
with waits_for("conv2d_loops", "conv2d_forward"):
    try:
        import torch
    except ImportError as error:
        raise LeftOut("torch is not here, so this comparison is left out. No point depends on it.") from error

    torch.set_num_threads(1)  # its threads and NumPy's get in each other's way
    rng = np.random.default_rng(0)
    batch, W, b = X_train[:4], rng.normal(size=(8, 1, 5, 5)).astype(np.float32), np.zeros(8, dtype=np.float32)
    tensors = [torch.from_numpy(array) for array in (batch, W, b)]
    ways = {
        "your loops": lambda: conv2d_loops(batch, W, b, padding=2),
        "your im2col": lambda: conv2d_forward(batch, W, b, padding=2)[0],
        "torch": lambda: torch.nn.functional.conv2d(*tensors, padding=2).numpy(),
    }

    times = {}  # in milliseconds, the shortest of several runs: what else the machine does only ever adds to it
    for name, way in ways.items():
        times[name] = 1000 * min(timeit.repeat(way, number=1, repeat=2 if name == "your loops" else 20))
    ax = plt.subplots(figsize=(7.0, 2.9))[1]
    ax.barh(list(times), times.values(), color=(plots.ORANGE, plots.BLUE, plots.GREEN), height=0.6)
    ax.set(xscale="log", xlabel="milliseconds (logarithmic axis)", xlim=(min(times.values()) / 3, 8 * max(times.values())))
    for place, value in enumerate(times.values()):
        ax.text(value * 1.15, place, f"{value:,.0f}" if value >= 10 else f"{value:.2f}", va="center")
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    gain = times["your loops"] / times["your im2col"]
    plots.finding(ax, f"Without loops, the same sums are {gain:,.0f} times as fast")
    plt.show()
    different = max(np.abs(way() - ways["torch"]()).max() for way in ways.values())
    print(f"loops / im2col: {gain:,.0f}    im2col / torch: {times['your im2col'] / times['torch']:.2g}    "
          f"largest difference between the three results: {different:.0e}")
    reveal(
        "speed",
        "d" if gain >= 30 else "c" if gain >= 4 else "b" if gain >= 1.3 else "a",
        because="25,088 sums of 25 products each: in the loops, Python needs microseconds for every one of them, whatever "
        "is to be added. The product of matrices hands all of them to a library at once.",
    )

# %% [markdown]
# The numbers differ from machine to machine, and so does the ratio of your im2col to torch, which has further tricks. What the loops
# wait for is Python, not arithmetic: they multiply and add the very same numbers.
#
# > **A good place for a break.** The way forward is done, slow and fast. When you come back, put the cursor here and choose
# > *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## The way back
#
# For each image, the layer is $\text{out} = W \,@\, \text{cols} + b$, the linear layer of unit 07 with the sides exchanged.
# So two of the three gradients are old friends (with `dout` flattened to `(N, F, OH OW)`):
#
# $$dW = \sum_n \text{dout}_n \;\text{cols}_n^T, \qquad db_f = \sum_{n,\,\text{places}} \text{dout}_{n,f}, \qquad
# d\text{cols}_n = W^T \,\text{dout}_n$$
#
# A filter is used at every place of every image: its gradient is one sum over all of them. New is the last step, from
# the columns back to the image. im2col *copied* each pixel into several columns. On the way back, each column carries its
# gradient back to the pixels that it came from. Take an image of 9 x 9, a kernel of 3 x 3 and stride 1. From how many columns
# does a pixel in the middle hear, and one in the corner (no padding)?

# %%
predict(
    "heard",
    ...,
    options={
        "a": "each from one column: the last that it was copied to",
        "b": "each from nine",
        "c": "the middle from nine, the corner from one",
        "d": "the middle from nine, the corner from four",
    },
)

# %% [markdown]
# Count. Each window adds a one to every pixel that it sees; move the slider, and watch the windows being laid down.

# %% folded=true
def seen_by(windows, stride):
    """How many of the first `windows` windows of 3 x 3 see each of 9 x 9 pixels, and the last window's corner."""
    pixels, starts = np.arange(9), range(0, 7, stride)
    laid = [(top, left) for top in starts for left in starts][:windows]
    inside = {start: (pixels >= start) & (pixels < start + 3) for start in starts}
    return sum(np.outer(inside[top], inside[left]).astype(int) for top, left in laid), laid[-1]


def draw(windows=49):
    """The counts for three strides; the window that was laid down last has a frame."""
    fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.2))
    for ax, stride in zip(axes, (1, 2, 3), strict=True):
        count, (top, left) = seen_by(int(windows), stride)
        ax.imshow(count, cmap="Blues", vmin=0, vmax=11)
        for (i, j), value in np.ndenumerate(count):
            ax.text(j, i, value, ha="center", va="center", fontsize=9, color="white" if value > 6 else plots.INK)
        ax.add_patch(plt.Rectangle((left - 0.5, top - 0.5), 3, 3, fill=False, edgecolor=plots.ORANGE, linewidth=2.5))
        ax.set_title(f"stride {stride}", fontsize=11, weight="normal", loc="center")
        ax.axis("off")
    plots.finding(fig, f"How many windows of 3 x 3 see each pixel: at stride 1, up to {seen_by(int(windows), 1)[0].max()}")


plots.play(draw, windows=(1, 49, 1))
count = seen_by(49, 1)[0]
print(f"stride 1: the middle hears from {count[4, 4]} columns, the corner from {count[0, 0]}")
reveal(
    "heard",
    {(1, 1): "a", (9, 9): "b", (9, 1): "c", (9, 4): "d"}[count[4, 4], count[0, 0]],
    because="Nine windows of 3 x 3 contain a pixel in the middle; only one window reaches into the corner. Where several "
    "gradients meet in one place they add up, as always: a pixel that is seen nine times answers for nine outputs.",
)

# %% [markdown]
# With stride 3 the windows stand side by side and each pixel is seen once. With stride 2 the counts form a checkerboard, and
# networks that draw images by running this way back (a "transposed convolution") often show just this pattern in theirs.
#
# ### Exercise: `col2im`
#
# The partner of `im2col`: it carries a matrix of columns back to an image. There are $O_H O_W$ windows, hundreds of them, but
# only $K_H K_W$ positions *inside* a window. So you may loop over these: the numbers at position (k, m) of *all* windows lie in the
# padded image on a grid, which begins at row k and column m and has the steps `SH` and `SW`. That is one slice with steps. In
# the end, cut off the padding.


# %% exercise="col2im"
def col2im(cols, shape, size, stride=1, padding=0):
    """Columns back to images: each number is added to the pixel that im2col would copy it from.

    cols: (N, C KH KW, OH OW), in the order of im2col.  shape: the images' (N, C, height, width).
    size: (KH, KW).  size, stride, padding: numbers, or pairs (down, across), as im2col was given them.
    Returns images: (N, C, height, width), without the padding.
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    (KH, KW), (SH, SW), (PH, PW) = pair(size), pair(stride), pair(padding)
    N, C, height, width = shape
    OH, OW = output_size(height, KH, SH, PH), output_size(width, KW, SW, PW)
    ### BEGIN SOLUTION
    windows = cols.reshape(N, C, KH, KW, OH, OW)
    padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW), dtype=cols.dtype)
    for k, m in np.ndindex(KH, KW):
        padded[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += windows[:, :, k, m]
    return padded[:, :, PH : PH + height, PW : PW + width]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: scrambled even where no windows overlap</summary>
#
# im2col joined the axes `C, KH, KW` to one and `OH, OW` to another. `reshape` can cut both again, in this order: then
# `windows[:, :, k, m]` is `(N, C, OH, OW)`, what all windows have at their place (k, m). Nothing is turned round.
# </details>
#
# <details><summary>Hint 2: wrong where windows overlap</summary>
#
# Begin with zeros and *add* (`+=`). By hand: `np.ones((1, 4, 6))` for an image of 3 x 4 and windows of 2 x 2 comes back as the
# rows 1 2 2 1, 2 4 4 2 and 1 2 2 1.
# </details>
#
# <details><summary>Hint 3: shapes do not fit, or wrong with a stride</summary>
#
# Rows k, k + SH, k + 2 SH and so on, OH of them: a slice with a start, an end and a step, `k : k + SH * OH : SH`. Begin with
# zeros of the size of the *whole* padded image; pixels that no window has seen stay at 0.
# </details>
#
# <details><summary>Hint 4: wrong with a padding</summary>
#
# Collect in an array of the padded size, `height + 2 * PH` times `width + 2 * PW`, and return the part that begins at (PH, PW)
# and is `height` high and `width` wide. A slice such as `P:-P` does not survive a padding of 0.
# </details>

# %% check="col2im"
check("col2im")

# %% [markdown]
# im2col only copies, so it is linear: somewhere behind it stands a matrix $M$ of zeros and ones, with $\text{cols} = M x$. The
# way back through a linear step is its transpose, $M^T$. So col2im must be that transpose (the **adjoint**), and this
# can be tested without writing $M$ down: for *any* image $x$ and *any* columns $y$,
#
# $$\langle \text{im2col}(x),\, y \rangle = (Mx)^T y = x^T (M^T y) = \langle x,\, \text{col2im}(y) \rangle$$

# %%
with waits_for("im2col", "col2im"):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(2, 3, 7, 6))
    how = {"size": (3, 2), "stride": (2, 1), "padding": (1, 0)}
    y = rng.normal(size=im2col(x, **how).shape)
    print(f"<im2col(x), y> = {np.vdot(im2col(x, **how), y):.10f}    <x, col2im(y)> = {np.vdot(x, col2im(y, x.shape, **how)):.10f}")
    there_and_back = col2im(im2col(np.ones((1, 1, 9, 9)), 3), (1, 1, 9, 9), 3)
    print("an image of ones, there and back again, first row:", there_and_back[0, 0, 0].astype(int))

# %% [markdown]
# Two random arrays, one line, and no derivative has been measured: every linear layer can be tested like this. The last line
# shows what col2im is *not*: it does not undo im2col. Ones come back as counts, the first row of the picture above.
#
# ### Exercise: `conv2d_backward`
#
# The three formulas at the head of this section, in the shapes of the table. For `dX` you may call your `col2im`, or write the
# way back from the columns once more.


# %% exercise="conv2d_backward"
def conv2d_backward(dout, cache):
    """The gradients of a convolution: dW = dout @ cols^T, db = sum of dout, and W^T @ dout brought back to the pixels.

    dout: (N, F, OH, OW).  cache: (cols, X.shape, W, (SH, SW), (PH, PW)) from conv2d_forward.
    Returns (dX, dW, db) of the shapes (N, C, height, width), (F, C, KH, KW), (F,).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    F, C, KH, KW = W.shape
    OH, OW = dout.shape[2:]
    ### BEGIN SOLUTION
    flat = dout.reshape(N, F, OH * OW)
    dW = (flat @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(F, C, KH, KW)
    db = flat.sum(axis=(0, 2))
    dcols = W.reshape(F, -1).T @ flat
    return col2im(dcols, (N, C, height, width), (KH, KW), (SH, SW), (PH, PW)), dW, db
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: dW or db is wrong</summary>
#
# Write the shapes: `(N, F, OH OW)` times `(N, OH OW, C KH KW)` is one `(F, C KH KW)` for each image. Add these up over
# the images (no mean: `dout` has its 1/N inside), and give the result W's shape. `db` is a sum over images and places, so
# that `(F,)` is left.
# </details>
#
# <details><summary>Hint 2: dX is wrong, stride 1, no padding</summary>
#
# `W.reshape(F, -1).T` is `(C KH KW, F)`; times `(N, F, OH OW)` it gives the gradient of the columns, in the order of im2col.
# If your `col2im` is green, that is what it wants. Where windows overlap, it adds up.
# </details>
#
# <details><summary>Hint 3: wrong with a stride</summary>
#
# The stride of the way forward stands in the cache, and col2im needs it. If you write the way back yourself: Hint 3 of
# `col2im`.
# </details>
#
# <details><summary>Hint 4: wrong with a padding</summary>
#
# `X.shape` in the cache is the shape *without* padding, and so is `dX`'s. The padding goes to col2im, which cuts its frame
# off. If you write the way back yourself: Hint 4 of `col2im`.
# </details>

# %% check="conv2d_backward"
check("conv2d_backward")

# %%
with waits_for("conv2d_loops", "conv2d_forward", "conv2d_backward"):
    rng = np.random.default_rng(1)
    X, W, b = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    out, cache = conv2d_forward(X, W, b, (2, 1), (1, 0))
    weights = rng.normal(size=out.shape)  # the loss is the sum of weights * out
    u = [rng.normal(size=part.shape) for part in (X, W, b)]
    ends = [conv2d_loops(X + h * u[0], W + h * u[1], b + h * u[2], (2, 1), (1, 0)) for h in (1e-5, -1e-5)]
    measured = np.sum(weights * (ends[0] - ends[1])) / 2e-5
    claimed = sum(np.vdot(part, grad) for part, grad in zip(u, conv2d_backward(weights, cache), strict=True))
    print(f"gradient check against your loops, along a random direction: relative error {abs(measured / claimed - 1):.0e}")

# %% [markdown]
# Whoever checks a gradient against slow loops trusts it: the error should be far below one in a million.
#
# > **A good place for a break.** The first sitting is done: you have a convolution, forward and back. The second one makes a
# > network of it. When you come back, put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Max pooling: the strongest answer near here
#
# Whether the edge of a sleeve is at column 7 or 8 does not matter much. **Max pooling** keeps the largest value of each
# window, by default with windows side by side (stride = size), for each map by itself. It learns nothing, makes the maps
# smaller, and lets the next filters see more of the image: behind it, two neighbours stand for places that are two pixels apart.
#
# ### Exercise: `maxpool_forward`
#
# The trick from before serves again: do not loop over the windows, but over the positions inside a window, and keep the larger
# of what you have and what you see.


# %% exercise="maxpool_forward"
def maxpool_forward(X, size, stride=None):
    """The largest value of each window, map by map; windows that would stick out are left out.

    X: (N, C, height, width).  size, stride: numbers, or pairs (down, across); without a stride, it is the size.
    Returns (out, cache): out (N, C, OH, OW); cache = (X, out, (KH, KW), (SH, SW)).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    (KH, KW), (SH, SW) = pair(size), pair(size if stride is None else stride)
    N, C, height, width = X.shape
    OH, OW = output_size(height, KH, SH, 0), output_size(width, KW, SW, 0)
    ### BEGIN SOLUTION
    out = np.full((N, C, OH, OW), -np.inf, dtype=X.dtype)
    for k, m in np.ndindex(KH, KW):
        out = np.maximum(out, X[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW])
    return out, (X, out, (KH, KW), (SH, SW))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the values are wrong</summary>
#
# By hand: the rows 1 5 2 0 and 3 4 8 6 with windows of 2 x 2 give 5 and 8. Largest, not mean and not largest in size; over
# all rows and columns of a window; each channel by itself.
# </details>
#
# <details><summary>Hint 2: wrong where everything is negative</summary>
#
# If you begin with zeros, nothing below zero can ever win. Begin with $-\infty$, or with the values at place (0, 0).
# </details>
#
# <details><summary>Hint 3: wrong with a stride or with windows that are not square</summary>
#
# As in `col2im`: place (k, m) of all windows is the grid that begins at (k, m) and has the steps `SH` and `SW`.
# `(KH, KW)` and `(SH, SW)` are unpacked for you, the default too; if you write your own, mind which comes first.
# </details>
#
# <details><summary>Hint 4: out is right, the cache is not</summary>
#
# Four things: `X` and `out`, both as arrays, then the size and the stride as pairs.
# </details>

# %% check="maxpool_forward"
check("maxpool_forward")

# %% [markdown]
# On the way back, only the pixel that won its window gets the window's gradient: if another one moves a little, nothing
# changes. But what if several are equally large? Behind a ReLU, windows of four zeros are everywhere. A window of
# four equal values gets a gradient of 1. Who receives what, in torch and here?

# %%
predict(
    "tie",
    ...,
    options={
        "a": "all four receive 1",
        "b": "each receives a quarter",
        "c": "one of them receives 1, the others nothing",
        "d": "nobody receives anything: there is no winner",
    },
)

# %% [markdown]
# ### Exercise: `maxpool_backward`
#
# The first of the largest wins, in the order of reading. A way to do that without a loop over windows: remember for each
# window whether it is still **open**. Go through the places; where a window is open and this pixel equals its maximum, it
# takes the gradient and closes the window.


# %% exercise="maxpool_backward"
def maxpool_backward(dout, cache):
    """Each window's gradient goes to its largest value, to the first one if there are several.

    dout: (N, C, OH, OW).  cache: (X, out, (KH, KW), (SH, SW)) from maxpool_forward.
    Returns dX: (N, C, height, width).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    X, out, (KH, KW), (SH, SW) = cache
    OH, OW = out.shape[2:]
    ### BEGIN SOLUTION
    dX = np.zeros(X.shape, dtype=dout.dtype)
    is_open = np.ones(out.shape, dtype=bool)
    for k, m in np.ndindex(KH, KW):
        rows, columns = slice(k, k + SH * OH, SH), slice(m, m + SW * OW, SW)
        won = is_open & (X[:, :, rows, columns] == out)
        dX[:, :, rows, columns] += dout * won
        is_open &= ~won
    return dX
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong even without ties and overlaps</summary>
#
# By hand: the rows 1 5 2 0 and 3 4 8 6, windows of 2 x 2, `dout` 10 and 20. The 5 gets 10, the 8 gets 20, all others 0.
# Window (i, j) begins at row $i \cdot S_H$ and column $j \cdot S_W$.
# </details>
#
# <details><summary>Hint 2: wrong where several values are equal</summary>
#
# `X == out` is true for all of them. Whoever comes first closes the window: what is true afterwards does not count any more.
# (`window.argmax()` finds the first one, too.)
# </details>
#
# <details><summary>Hint 3: wrong where windows overlap</summary>
#
# A pixel can win several windows, and gets the sum of their gradients: `+=`, at every place where something is written.
# </details>

# %% check="maxpool_backward"
check("maxpool_backward")

# %% folded=true
with waits_for("conv2d_forward", "maxpool_forward", "maxpool_backward"):
    boot = X_train[np.flatnonzero(y_train == 9)[3]][None]
    edge = np.array([[-1.0, 0, 1]] * 3).reshape(1, 1, 3, 3) / 3
    edges = np.maximum(conv2d_forward(boot, edge, np.zeros(1), padding=1)[0], 0)  # convolution, then ReLU
    pooled, cache = maxpool_forward(edges, 2)
    returned = maxpool_backward(np.ones_like(pooled), cache)
    fig, axes = plt.subplots(1, 4, figsize=(7.4, 2.9))
    panels = {"image": boot, "edges, ReLU": edges, "pooled 2 x 2": pooled, "who gets gradient": returned}
    for ax, (name, panel) in zip(axes, panels.items(), strict=True):
        ax.imshow(panel[0, 0], cmap="gray")
        ax.set_title(name, fontsize=10.5, weight="normal", loc="center")
        ax.axis("off")
    plots.finding(fig, "Pooling keeps the strongest answer of each window, and only its pixel gets a gradient")
    plt.show()
    print(f"pixels: {returned.size}    with a gradient: {np.count_nonzero(returned)}, "
          f"{np.count_nonzero(returned) / returned.size:.0%}")
    equal = np.ones((1, 1, 2, 2))
    received = maxpool_backward(np.ones((1, 1, 1, 1)), maxpool_forward(equal, 2)[1]).ravel()
    print("four equal values receive", received)
    try:
        import torch

        for name, way in {"max_pool2d": lambda ones: torch.max_pool2d(ones, 2), "amax": lambda ones: ones.amax((2, 3))}.items():
            leaf = torch.ones(1, 1, 2, 2, requires_grad=True)
            way(leaf).sum().backward()
            print(f"and from torch's {name:10}:", leaf.grad.numpy().ravel())
    except ImportError:
        print("(torch is not here to be asked)")
    reveal(
        "tie",
        {(4, 4): "a", (4, 1): "b", (1, 1): "c", (0, 0): "d"}.get(
            (int(np.count_nonzero(received)), round(received.sum())), "c"
        ),
        because="The maximum is one value, handed on once. Which of the equal ones gets it is a convention: a quarter for each is as "
        "good, and torch's own amax shares like that. What is no convention: no share is negative, and the shares add up to 1. Four "
        "times the gradient would be wrong.",
    )

# %% [markdown]
# Look at the background of the last picture: there all four values of a window are 0, and the top left pixel gets the
# gradient, for nothing. The ReLU below stops it.

# %% [markdown]
# ## The whole network
#
# Everything is there: convolution, ReLU, pooling, and at the end the linear layer of unit 07, which turns what the
# filters have found into ten logits:
#
# | layer | shape behind it | pixels that one number sees |
# |---|---|---|
# | images | `(N, 1, 28, 28)` | 1 |
# | convolution 5 x 5, padding 2, 8 filters; ReLU | `(N, 8, 28, 28)` | 5 x 5 |
# | max pooling 2 | `(N, 8, 14, 14)` | 6 x 6 |
# | convolution 3 x 3, padding 1, 32 filters; ReLU | `(N, 32, 14, 14)` | 10 x 10 |
# | max pooling 2 | `(N, 32, 7, 7)` | 12 x 12 |
# | flattened | `(N, 1568)` | 12 x 12 |
# | linear | `(N, 10)` | all |
#
# The last column is called the **receptive field**. A kernel of length K adds K - 1 steps to it, and a step is as many pixels as
# all strides before it multiplied: $1 + 4\cdot 1 + 1\cdot 1 + 2\cdot 2 + 1\cdot 2 = 12$.
#
# Where is the work? Each filter multiplies its weights with a window at every place of its map. Which layer does most of
# the multiplications, and which has most of the weights?

# %%
predict(
    "work",
    ...,
    options={
        "a": "the linear layer has most of both",
        "b": "most work in the second convolution, most weights in the linear layer",
        "c": "most work in the first convolution, most weights in the second",
    },
)

# %%
work = {"convolution 1": 8 * 25 * 28 * 28, "convolution 2": 32 * (8 * 9) * 14 * 14, "linear": 1568 * 10}
weights = {"convolution 1": 8 * 25, "convolution 2": 32 * (8 * 9), "linear": 1568 * 10}
for name in work:
    print(f"{name:14} multiplications for one image: {work[name]:8,} ({work[name] / sum(work.values()):4.0%})    "
          f"weights: {weights[name]:7,} ({weights[name] / sum(weights.values()):4.0%})")
most = max(work, key=work.get), max(weights, key=weights.get)
reveal(
    "work",
    {("linear", "linear"): "a", ("convolution 2", "linear"): "b", ("convolution 1", "convolution 2"): "c"}[most],
    because="A filter's few weights are used at each of its 196 or 784 places; a weight of the linear layer is used once.",
)

# %% [markdown]
# Few weights, much work: that is what a convolution is. Keep it in mind for unit 12, on structure, where both are to be saved.
#
# ### Exercise: `NumpyCNN`
#
# The constructor is given: He's initialization, where a filter's `fan_in` is the number of values in its window. Write
# `forward`, which keeps the caches on `self`, and `loss_and_grads`, which walks back. It has the interface of unit 07's
# `MLP`, so that everything that trains one trains the other.


# %% exercise="NumpyCNN"
class NumpyCNN:
    """Twice convolution, ReLU and max pooling, then a linear layer.

    shape: (C, height, width) of an image.  filters: (A, B), of the two convolutions.  classes: how many logits.
    params: the list W1 (A, C, 5, 5), b1 (A,), W2 (B, A, 3, 3), b2 (B,), W3 (B (height // 4) (width // 4), classes), b3.
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """

    def __init__(self, rng, shape=(1, 28, 28), filters=(8, 32), classes=10):
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 5 * 5, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 3 * 3, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X):
        """The logits, (N, classes), of images X, (N, C, height, width)."""
        W1, b1, W2, b2, W3, b3 = self.params
        ### BEGIN SOLUTION
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, linear = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, linear
        return logits
        ### END SOLUTION

    def loss_and_grads(self, X, y):
        """(loss, grads): the mean cross-entropy for labels y, (N,), and its gradients in the order of params."""
        ### BEGIN SOLUTION
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, linear = self.caches
        d, dW3, db3 = linear_backward(d, linear)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the logits are wrong, or shapes do not fit</summary>
#
# Go down the table line by line and print `A.shape` after each layer. A padding of 2 for the kernel of 5, of 1 for the
# kernel of 3. Each convolution is followed by a ReLU; the linear layer by nothing: cross_entropy has the softmax inside.
# </details>
#
# <details><summary>Hint 2: flattening</summary>
#
# `A.reshape(len(A), -1)` makes one row for each image, in the order channel, row, column. On the way back, the gradient
# gets the shape back that A had: so remember `A.shape`.
# </details>
#
# <details><summary>Hint 3: the gradients are wrong, or in a wrong place</summary>
#
# In reverse order, each step with the cache of its own step forward: linear, reshape, pool, ReLU, convolution, pool, ReLU,
# convolution. One variable, `d`, runs through all of them. The list is in the order of `params`: dW1, db1, dW2, db2, dW3,
# db3. Nothing here divides or multiplies by N.
# </details>
#
# <details><summary>Hint 4: right once, wrong the second time; or the optimizer moves nothing</summary>
#
# An optimizer changes the arrays in `self.params`. Read them from there in every call, and let no sum live on from one
# call to the next.
# </details>

# %% check="NumpyCNN"
check("NumpyCNN")

# %% [markdown]
# ## Training it
#
# 10,000 pictures, three times over, 32 in a batch; your Adam, with a learning rate that falls in a straight line to 0 (unit
# 03). In float32. The initial learning rate, 0.01, was found by a sweep, of which more below. How many of the 2,000 test pictures
# will it get right? (The training takes a minute or two.)

# %%
predict(
    "clothes",
    ...,
    options={"a": "about 70%", "b": "about 80%", "c": "between 86 and 91%", "d": "more than 95%"},
)

# %% given="training"
def train(net, X, y, epochs, lr, batch_size, seed):
    """The loss of each step, (steps,): Adam in float32 on the images X, with a learning rate that falls to 0."""
    net.params[:] = [param.astype(np.float32) for param in net.params]
    optimizer, rng, losses = Adam(net.params, lr), np.random.default_rng(seed), []
    steps = epochs * -(-len(X) // batch_size)
    for _ in range(epochs):
        for X_batch, y_batch in minibatches(X, y, batch_size, rng):
            optimizer.lr = lr * (1 - len(losses) / steps)
            loss, grads = net.loss_and_grads(X_batch, y_batch)
            optimizer.step(grads)
            losses.append(loss)
    return np.array(losses)


def logits_of(net, X):
    """The logits of X, 250 examples at a time, for the memory's sake."""
    return np.concatenate([net.forward(part) for part in np.array_split(X, max(1, len(X) // 250))])


def share_right(logits, y):
    """The share of examples whose largest logit is the right one."""
    return np.mean(logits.argmax(axis=1) == y)


# %% folded=true
with waits_for("NumpyCNN"):
    not_while_grading()
    net = NumpyCNN(np.random.default_rng(0))
    born = net.params[0].copy()
    losses = train(net, X_train, y_train, epochs=3, lr=0.01, batch_size=32, seed=0)
    guesses = logits_of(net, X_test).argmax(axis=1)
    right = np.mean(guesses == y_test)

    ax = plt.subplots(figsize=(7.0, 3.6))[1]
    ax.plot(np.arange(len(losses)), losses, color=plots.SKY, linewidth=0.7, alpha=0.8, label="each batch")
    ax.plot(np.arange(24, len(losses) - 24), np.convolve(losses, np.ones(49) / 49, "valid"), color=plots.BLUE,
            linewidth=2.5, label="mean of 49 batches")
    for epoch in (1, 2):
        ax.axvline(epoch * len(losses) / 3, color=plots.MUTED, linewidth=1, linestyle=":")
    ax.set(xlabel="step (dotted: a new epoch)", ylabel="loss", ylim=(0, np.log(10) * 1.05))
    ax.legend()
    plots.finding(ax, f"Three times through 10,000 pictures, in NumPy: {right:.1%} of the test pictures right")
    plt.show()
    print(f"first loss {losses[0]:.2f} (log 10 = {np.log(10):.2f}), mean of the last 100: {losses[-100:].mean():.2f}")
    print(f"right: {share_right(logits_of(net, X_train[:2000]), y_train[:2000]):.1%} of 2,000 training pictures, "
          f"{right:.1%} of the 2,000 test pictures (give or take {np.sqrt(right * (1 - right) / 2000):.1%}, by chance alone)")
    of_class = {name: np.mean(guesses[y_test == k] == k) for k, name in enumerate(fashion.class_names)}
    best, worst = max(of_class, key=of_class.get), min(of_class, key=of_class.get)
    reveal(
        "clothes",
        "d" if right > 0.95 else "c" if right >= 0.855 else "b" if right > 0.75 else "a",
        because=f"It depends on the class: of {best!r}, {of_class[best]:.0%} are right, and of {worst!r}, {of_class[worst]:.0%}.",
    )

# %% [markdown]
# From pixels to filters, and every line of it is in this notebook or in one before it. Where does the 0.01 come from? From a
# sweep beside this notebook: the same network in PyTorch, trained on 8,000 of the pictures, judged by the other 2,000, and three
# seeds for each rate.
#
# | initial learning rate | 0.00125 | 0.0025 | 0.005 | 0.01 | 0.02 |
# |---|---|---|---|---|---|
# | right of the 2,000 kept aside, mean of three seeds | 85.1% | 86.6% | 87.4% | 87.7% | 87.2% |
#
# At 0.01, three seeds on all 10,000 got from 87.6 to 88.5% of the test pictures right. So one run is one draw: do not call a
# network better for half a point.
#
# What have the eight filters of the first layer become? Three rows of the picture show their weights: as they were born, what
# training has added, and the sum of both. Two rows show what they make of a boot, with a ReLU behind them, then and now.

# %% folded=true
with waits_for("NumpyCNN"):
    not_while_grading()
    learned = net.params[0].astype(float)
    boot = X_test[np.flatnonzero(y_test == 9)[:1]]
    sees = [np.maximum(conv2d_forward(boot, W, b, padding=2)[0][0], 0) for W, b in ((born, np.zeros(8)), net.params[:2])]
    rows = {"born": born[:, 0], "sees, as born": sees[0], "change": (learned - born)[:, 0], "learned": learned[:, 0],
            "sees, as learned": sees[1]}
    shared = np.quantile(np.abs(learned), 0.98)  # one scale of colours for the three rows of weights
    fig, axes = plt.subplots(5, 8, figsize=(7.4, 5.4))
    for row, (name, tiles) in zip(axes, rows.items(), strict=True):
        limit = np.abs(tiles).max() if name.startswith("sees") else shared
        look = {"cmap": "gray", "vmin": 0} if name.startswith("sees") else {"cmap": "PuOr", "vmin": -limit}
        for ax, tile in zip(row, tiles, strict=True):
            ax.imshow(tile, vmax=limit, **look)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(name.replace(", ", ",\n"), rotation=0, ha="right", va="center")
    neighbours = {}
    for name in ("born", "change"):
        pixels = rows[name]
        beside = np.corrcoef(pixels[:, :, 1:].ravel(), pixels[:, :, :-1].ravel())[0, 1]
        above = np.corrcoef(pixels[:, 1:].ravel(), pixels[:, :-1].ravel())[0, 1]
        neighbours[name] = (beside + above) / 2
        print(f"{name:6} correlation of weights that are neighbours: beside {beside:+.2f}, above {above:+.2f}")
    plots.finding(fig, f"Correlation of neighbouring weights: {neighbours['born']:.2f} as born, {neighbours['change']:.2f} in what "
                  "training added")
    plt.show()

# %% [markdown]
# Purple weights are positive, orange ones negative, on one scale for all three rows. Three times through the pictures leave
# much of the noise that the filters were born with. What training has *added*, the third row, is less like noise: neighbouring
# weights have changed alike (a correlation of 1 would be exactly alike, 0 has nothing in common), so it makes areas.
#
# But be careful with stories about filters. Random ones show outlines of a boot, too (second row), and how much do the
# learned ones matter? We trained the same network with its first filters frozen as they were born: 87.7% right, where training
# all of it gives 88.1% (means of three seeds): no difference that three seeds could show. On small grey pictures, the layers
# behind make do with what they get.
#
# ## Anywhere?
#
# A filter is the same at every place. That was the promise of the first section: what is worth seeing here is worth seeing
# anywhere. So back to the camera above the belt. A thousand test pictures are moved by 2 pixels, by turns to the right, to the
# left, down and up, and zeros (background) come in from behind. Beside the CNN stands unit 07's network of 784, 100 and 10
# units, with four times as many weights, trained on the same 10,000 pictures three times over (0.01 is its best rate, too).
# What will the moved pictures do to the two?

# %%
predict(
    "anywhere",
    ...,
    options={
        "a": "the CNN does not notice, the MLP loses a lot",
        "b": "both lose, the MLP far more",
        "c": "both lose about the same",
        "d": "neither loses more than a few points: 2 pixels are little",
    },
)

# %% given="moving"
def moved(images, shifts):
    """Each image moved by its number of pixels, by turns to the right, to the left, down and up; zeros come in.

    images: (N, 1, 28, 28).  shifts: a number, or one for each image.
    """
    out = np.zeros_like(images)
    for i, shift in enumerate(np.broadcast_to(shifts, len(images))):
        down, across = ((0, shift), (0, -shift), (shift, 0), (-shift, 0))[i % 4]
        framed = np.pad(images[i, 0], shift)
        out[i, 0] = framed[shift - down : shift - down + 28, shift - across : shift - across + 28]
    return out


def flat(images):
    """One row for each image, as an MLP wants it."""
    return images.reshape(len(images), -1)


def largest_and_mean(features):
    """The largest and the mean value of each of the 32 maps, (N, 64): where in the map it was is forgotten."""
    maps = features.reshape(len(features), 32, 49)
    return np.concatenate([maps.max(axis=2), maps.mean(axis=2)], axis=1).astype(np.float32)


# %% folded=true
with waits_for("NumpyCNN"):
    not_while_grading()
    probe = NumpyCNN(np.random.default_rng(0), classes=1568)  # its linear layer changes nothing: its logits are the maps
    probe.params[:] = [*net.params[:4], np.eye(1568, dtype=np.float32), np.zeros(1568, dtype=np.float32)]
    mlp, mlp_moved, pooled = (MLP(sizes, np.random.default_rng(0)) for sizes in ([784, 100, 10], [784, 100, 10], [64, 10]))
    train(mlp, flat(X_train), y_train, epochs=3, lr=0.01, batch_size=32, seed=0)
    anyhow = moved(X_train, np.random.default_rng(0).integers(0, 6, size=len(X_train)))
    train(mlp_moved, flat(anyhow), y_train, epochs=3, lr=0.01, batch_size=32, seed=0)
    kept = largest_and_mean(logits_of(probe, X_train))
    spread = kept.std(axis=0) + 1e-6
    train(pooled, kept / spread, y_train, epochs=10, lr=0.02, batch_size=64, seed=0)

    names = ("this CNN", "MLP", "this CNN's maps, places forgotten", "MLP, trained on moved pictures")
    found, at = {name: [] for name in names}, {}
    for shift in range(6):
        pictures = moved(X_test[:1000], shift)
        at[shift] = logits_of(probe, pictures)
        answers = (
            at[shift] @ net.params[4] + net.params[5],
            mlp.forward(flat(pictures)),
            pooled.forward(largest_and_mean(at[shift]) / spread),
            mlp_moved.forward(flat(pictures)),
        )
        for name, logits in zip(names, answers, strict=True):
            found[name].append(100 * share_right(logits, y_test[:1000]))

    ax = plt.subplots(figsize=(7.0, 4.0))[1]
    looks = (("o-", plots.BLUE), ("s-", plots.ORANGE), ("o--", plots.GREEN), ("s--", plots.PURPLE))
    for (name, values), (style, colour) in zip(found.items(), looks, strict=True):
        ax.plot(range(6), values, style, color=colour, label=name)
    ax.axhline(10, color=plots.MUTED, linewidth=1, linestyle=":")
    ax.text(4.55, 12, "guessing", color=plots.MUTED, fontsize=9.5)
    ax.set(xlabel="pixels by which the 1,000 test pictures are moved", ylabel="right, percent", ylim=(0, 100))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.1), fontsize=9.5)
    fall = {name: np.array(values[0]) - np.array(values) for name, values in found.items()}
    plots.finding(ax, f"Moved by 2 pixels, the MLP loses {fall['MLP'][2]:.0f} points and the CNN {fall['this CNN'][2]:.0f}; "
                  f"by 5, they lose {fall['MLP'][5]:.0f} and {fall['this CNN'][5]:.0f}")
    plt.show()
    for name, values in found.items():
        print(f"{name:34} " + "  ".join(f"{value:4.1f}" for value in values))
    cnn, other = fall["this CNN"][2], fall["MLP"][2]
    reveal(
        "anywhere",
        "d" if max(cnn, other) < 4 else "a" if cnn < 2 else "b" if other > cnn + 4 else "c",
        because="The filters find a sleeve wherever it lies; but the last layer has a weight of its own for each place of each "
        "map. It has learned where sleeves usually are.",
    )
    maps = {shift: at[shift][::4].reshape(-1, 32, 7, 7) for shift in (0, 4)}  # of each fourth picture: those moved to the right
    same = np.abs(maps[4][..., 1:6, 2:6] - maps[0][..., 1:6, 1:5]).max()
    print(f"pictures moved to the right by 4: the last maps, moved by 1, differ by {same:.0e} (away from the border)")

# %% [markdown]
# (One network of each kind, again. With three seeds each, 2 pixels cost the CNN 7 to 10 points and the MLP 20 to 21.)
#
# The last printed line is the promise, and it is kept: move the picture by 4 pixels and all maps move along by one place (two
# poolings by 2), without any other change, except at the border. (A move by 1, 2 or 3 pixels falls between two places, and the maps do change.) That
# is called **equivariance**. What the sorting machine needs is **invariance**: the
# *answer* is to stay the same. Convolution gives the first; the second takes more, and the picture shows two ways to it:
#
# - **Forget the place.** The green line reads of each map only its largest and its mean value (*global pooling*): the filters stay
#   as they are, and a new linear layer is trained. It pays for that at shift 0, since these maps were not trained for it, and then
#   it falls far less.
# - **Show it.** The second MLP saw training pictures that had been moved by 0 to 5 pixels (*augmentation*). It has to learn each
#   place anew and gets fewer of the centred pictures right, but it is ready for what comes along the belt.
#
# Many networks for real images do both, and yours will: moved pictures come in unit 10, pooling over whole maps in unit 12.
#
# > **A good place for a break.** The network is trained, and you know what it can bear. What follows is three bonus
# > exercises on normalization (half an hour more), a bug clinic and the quiz. When you come back, put the cursor here and
# > choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Bonus: batch normalization
#
# In deep networks the maps of some filters become large and others small. **Batch normalization** gives every channel the mean
# 0 and the variance 1, over all images of the batch and all pixels, and then lets the network choose its own scale and shift:
#
# $$\hat x = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}}, \qquad \text{out} = \gamma_c\, \hat x + \beta_c$$
#
# $\mu_c$ and $\sigma_c^2$ are mean and variance of channel $c$ (divided by the number of values, not by one less). This is
# what happens while training. Later, for single images, running averages of $\mu_c$ and $\sigma_c^2$ stand in: that is why
# torch's networks have `train()` and `eval()` (unit 10).
#
# *That* deep networks train faster with it, and bear larger learning rates, is well attested. *Why* is not settled. Its
# inventors thought that each layer no longer has to follow the moving outputs of the layer below. Santurkar and others (2018)
# put noise behind it that moves these outputs on purpose, and the networks still trained nearly as well; what they measured
# instead was that the gradient changes less along a step. One part of it you can check yourself, with the prediction
# between the two exercises.
#
# ### Exercise: `batchnorm_forward` (bonus)


# %% exercise="batchnorm_forward"
def batchnorm_forward(X, gamma, beta, eps=1e-5):
    """Batch normalization while training: X_hat = (X - mean) / sqrt(variance + eps), out = gamma X_hat + beta.

    X: (N, C, height, width).  gamma, beta: (C,).  Mean and variance: one for each channel.
    Returns (out, cache): out of X's shape; cache = (X_hat, std, gamma), where std, (C,), is sqrt(variance + eps).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    ### BEGIN SOLUTION
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    std = np.sqrt(var + eps)
    X_hat = (X - mean[:, None, None]) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mean or variance is wrong</summary>
#
# One number for each channel: over axis 0 (the images) *and* axes 2 and 3 (the pixels), all three at once. The variance is
# the mean of the squared deviations, and what divides is its root.
# </details>
#
# <details><summary>Hint 2: eps, gamma and beta</summary>
#
# eps is added to the variance, under the root. `(C,)` does not line up with `(N, C, height, width)`: NumPy lines up the
# *last* axes, so give it two more, `gamma[:, None, None]`.
# </details>
#
# <details><summary>Hint 3: out is right, the cache is not</summary>
#
# Three arrays: the normalized values before gamma and beta, the roots as a vector `(C,)`, and gamma.
# </details>

# %% check="batchnorm_forward"
check("batchnorm_forward")

# %% [markdown]
# All pixels become 5 larger, and then ten times as large. What comes out of batch normalization?

# %%
predict(
    "stretched",
    ...,
    options={"a": "the same as before, nearly", "b": "all of it 10 times as large", "c": "all of it larger by a constant"},
)

# %% [markdown]
# On the way back, mean and deviation depend on every pixel of their channel, so each pixel's gradient has three parts:
# its own, less the mean of all of them (a shift of the whole channel changes nothing), less what would only stretch the
# channel (the deviation takes that back):
#
# $$dX = \frac{\gamma_c}{\text{std}_c}\,\bigl(\text{dout} - \text{mean}(\text{dout}) - \hat x \cdot \text{mean}(\text{dout} \cdot
# \hat x)\bigr), \qquad d\gamma_c = \sum \text{dout} \cdot \hat x, \qquad d\beta_c = \sum \text{dout}$$
#
# Means and sums go over images and pixels, channel by channel.
#
# ### Exercise: `batchnorm_backward` (bonus)


# %% exercise="batchnorm_backward"
def batchnorm_backward(dout, cache):
    """The gradients of batch normalization while training; the formulas stand above.

    dout: (N, C, height, width).  cache: (X_hat, std, gamma) from batchnorm_forward.
    Returns (dX, dgamma, dbeta) of the shapes (N, C, height, width), (C,), (C,).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    X_hat, std, gamma = cache
    ### BEGIN SOLUTION
    dgamma, dbeta = (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    count = dout.size / len(gamma)
    centred = dout - dbeta[:, None, None] / count - X_hat * dgamma[:, None, None] / count
    return (gamma / std)[:, None, None] * centred, dgamma, dbeta
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: dgamma or dbeta is wrong</summary>
#
# The linear layer again: out is gamma times $\hat x$ plus beta, used at every pixel of every image. So there are two sums
# over the axes 0, 2 and 3.
# </details>
#
# <details><summary>Hint 2: dX is wrong</summary>
#
# Three terms in the bracket, two of them with *means* (sum divided by the number of values in a channel, N times height times
# width), and the factor gamma / std before it. A test: in each channel, dX must add up to 0.
# </details>

# %% check="batchnorm_backward"
check("batchnorm_backward")

# %%
with waits_for("batchnorm_forward", "batchnorm_backward"):
    rng = np.random.default_rng(2)
    X, gamma, beta = rng.normal(size=(8, 3, 6, 6)), np.array([1.0, 2.0, 0.5]), np.zeros(3)
    before, cache = batchnorm_forward(X, gamma, beta)
    after = batchnorm_forward(10 * (X + 5), gamma, beta)[0]
    largest, ratio = np.abs(after - before).max(), after.std() / before.std()
    back, normal = batchnorm_backward(rng.normal(size=X.shape), cache)[0], cache[0]
    print(f"largest change of the output: {largest:.0e}")
    print(f"in each channel, the sum of dX: {np.abs(back.sum(axis=(0, 2, 3))).max():.0e}, "
          f"and the sum of dX times X_hat: {np.abs((back * normal).sum(axis=(0, 2, 3))).max():.0e}")
    reveal(
        "stretched",
        "a" if largest < 0.01 else "b" if ratio > 2 else "c",
        because="The mean takes the shift away, the deviation the stretch. What cannot change the output gets no gradient: "
        "that is why dX has no part along a shift, and none along a stretch, but for eps.",
    )

# %% [markdown]
# ## Bonus: layer normalization
#
# In batch normalization the output for one image depends on which others are in its batch. With a batch of one, or with
# sentences of different lengths, that is a nuisance. **Layer normalization** takes mean and variance within one example, over
# its own features. Transformers do this to every word by itself:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad \text{out} = \gamma\, \hat x + \beta$$
#
# The formula is the same; another set of numbers shares a mean. In a table of examples and features:

# %% folded=true
numbers = np.random.default_rng(4).integers(0, 10, size=(3, 4))
fig, axes = plt.subplots(1, 2, figsize=(7.4, 2.7))
draw_table(axes[0], numbers, "batch normalization", (0, 1, 3, 1), plots.ORANGE)
draw_table(axes[1], numbers, "layer normalization", (1, 0, 1, 4), plots.SKY)
for ax in axes:
    ax.text(-0.75, 1, "examples", rotation=90, ha="center", va="center", fontsize=9.5)
    ax.text(1.5, 2.8, "features", ha="center", va="center", fontsize=9.5)
    ax.set(xlim=(-1, 3.6), ylim=(3, -0.6))
plots.finding(fig, "Who shares a mean: one feature of all examples, or all features of one")
plt.show()

# %% [markdown]
# ### Exercise: `layernorm_forward` (bonus)
#
# The features stand on the last axis, and $\gamma$ and $\beta$ have one number for each. Before it there may be any axes: for
# sentences, `(sentences, words, features)`, each *word* is normalized by itself.


# %% exercise="layernorm_forward"
def layernorm_forward(X, gamma, beta, eps=1e-5):
    """Layer normalization: X_hat = (X - mean) / sqrt(variance + eps), out = gamma X_hat + beta.

    X: (..., D), with any axes before the last one.  gamma, beta: (D,).  Mean and variance: for each vector of D features.
    Returns out, of X's shape.
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    ### BEGIN SOLUTION
    mean, var = X.mean(axis=-1, keepdims=True), X.var(axis=-1, keepdims=True)
    return gamma * (X - mean) / np.sqrt(var + eps) + beta
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mean or variance is wrong</summary>
#
# Each vector along the *last* axis has its own: `axis=-1`, and `keepdims=True` so that they line up with X again. The variance
# is the mean of the squared deviations, and what divides is its root.
# </details>
#
# <details><summary>Hint 2: eps, gamma and beta</summary>
#
# eps is added to the variance, under the root, once. `(D,)` lines up with the last axis by itself, so gamma and beta
# need no new axes here.
# </details>

# %% check="layernorm_forward"
check("layernorm_forward")

# %% [markdown]
# A table with a single example, of five features; gamma is 1 and beta 0. From whose output can you still tell the features
# apart?

# %%
predict(
    "alone",
    ...,
    options={
        "a": "from that of both",
        "b": "from that of batch normalization",
        "c": "from that of layer normalization",
        "d": "from neither",
    },
)

# %%
with waits_for("batchnorm_forward", "layernorm_forward"):
    example = np.array([[2.0, -1.0, 0.5, 3.0, 1.0]])
    ones, zeros = np.ones(5), np.zeros(5)
    batch = batchnorm_forward(example[:, :, None, None], ones, zeros)[0].ravel()
    layer = layernorm_forward(example, ones, zeros).ravel()
    print("batch normalization:", batch.round(2), "   layer normalization:", layer.round(2))
    reveal(
        "alone",
        {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[
            bool(np.ptp(batch) > 1e-6), bool(np.ptp(layer) > 1e-6)
        ],
        because="Alone in its batch, each feature is its own mean, and nothing is left of it. Layer normalization compares the "
        "features with one another: it needs no batch and no running averages, and does the same in training and afterwards.",
    )

# %% [markdown]
# ## Clinic: trousers in pieces
#
# Somebody wants to see what a set of filters answers to a picture, and wrote im2col on one page. There is no error, the
# shapes are right, and the maps look like this. Run the next two cells.


# %% exercise="clinic_08"
def clinic_08(images, filters):
    """What each filter answers to each image, as large as the image: a convolution with zeros around.

    images: (N, H, W), one channel.  filters: (F, K, K), K odd.
    Returns (N, F, H, W): map f of image n has at (i, j) the answer to the window *around* pixel (i, j).
    By hand, with NumPy: no torch, no scipy.signal or scipy.ndimage, no np.convolve or np.correlate.
    """
    ### BEGIN SOLUTION
    N, H, W = images.shape
    F, K, _ = filters.shape
    padded = np.pad(images, ((0, 0), (K // 2, K // 2), (K // 2, K // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))
    answers = windows.reshape(N, H * W, K * K) @ filters.reshape(F, K * K).T
    return answers.transpose(0, 2, 1).reshape(N, F, H, W)
    ### END SOLUTION
    ### BEGIN STUB
    # N, H, W = images.shape
    # F, K, _ = filters.shape
    # padded = np.pad(images, ((0, 0), (0, K - 1), (0, K - 1)))
    # windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))
    # answers = windows.reshape(N, H * W, K * K) @ filters.reshape(F, K * K).T
    # return answers.reshape(N, F, H, W)
    ### END STUB


# %%
with waits_for("clinic_08"):
    trousers = X_train[np.flatnonzero(y_train == 1)[3]]  # (1, 28, 28)
    sideways = np.array([[-1.0, 0, 1]] * 3) / 3
    looks = clinic_08(trousers, np.array([np.full((3, 3), 1 / 9), sideways, sideways.T]))[0]
    dot = np.zeros((1, 28, 28))
    dot[0, 13, 17] = 1
    fig, axes = plt.subplots(1, 4, figsize=(7.4, 2.9))
    titles = ("image", "mean of 9", "right $-$ left", "below $-$ above")
    for ax, panel, name in zip(axes, [trousers[0], *looks], titles, strict=True):
        ax.imshow(panel, cmap="gray" if name == "image" else "PuOr", vmin=None if name == "image" else -1, vmax=1)
        ax.set_title(name, fontsize=10.5, weight="normal", loc="center")
        ax.axis("off")
    around = clinic_08(dot, np.array([np.full((5, 5), 1 / 25)]))[0, 0] > 0
    rows, columns = (np.flatnonzero(around.any(axis=axis)) for axis in (1, 0))
    three = clinic_08(trousers, np.array([[[1.0]], [[2.0]], [[3.0]]]))[0]
    placed = (rows[0], rows[-1], columns[0], columns[-1]) == (11, 15, 15, 19)
    apart = all(np.allclose(three[f], (f + 1) * trousers[0]) for f in range(3))
    healthy, ill = "Healthy: three maps, each in its place", "Not healthy yet: in pieces, or out of place"
    plots.finding(fig, healthy if placed and apart else ill)
    plt.show()
    print(f"a single bright pixel at row 13, column 17; the mean of 25 answers in rows {rows[0]} to {rows[-1]}, "
          f"columns {columns[0]} to {columns[-1]}")
    print("three filters of 1 x 1 with the values 1, 2 and 3 give the image times 1, 2 and 3:", apart)

# %% [markdown]
# **Symptom 1**: the maps fall to pieces, dots and stripes in place of trousers, and three filters of one number each do not
# give the image times 1, 2 and 3. **Symptom 2**, the first printed line: the mean over 5 x 5 should answer in rows 11 to 15
# and columns 15 to 19, two to each side of the bright pixel. Find both causes and repair `clinic_08`. When it is healthy, the
# picture says so.
#
# <details><summary>Hint 1: where do the stripes come from?</summary>
#
# Write the shape of `answers` beside its line: which axis counts the filters, and which the places? In the next line it is
# `reshape`d to an array whose axis 1 counts filters. Did any number move?
# </details>
#
# <details><summary>Hint 2: why is everything shifted?</summary>
#
# How many zeros does the picture need so that a window of K pixels stands *around* each pixel? And on which sides do they
# stand here?
# </details>

# %% check="clinic_08"
check("clinic_08")

# %% [markdown]
# Neither mistake raises an error, and a network with either of them trains. We tried it, with the network and the training of
# this unit in PyTorch and three seeds each: 87.9% of the test pictures right as it should be (88.1% in the section above: three
# seeds leave that much open), 85.1% with the maps in pieces, and 88.3% with the zeros at one end. Nobody sees the second mistake
# in the accuracy: the filters learn around it. What gave both away was a look at the maps, and two inputs with a known answer: one
# bright pixel, and filters of 1 x 1.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 08`.
#
# **q1.** A convolution has 16 filters of 3 x 3 on images with 3 channels of 32 x 32 pixels. How many numbers does it learn?
# - a) 160
# - b) 432
# - c) 448
# - d) 458,752
#
# **q2.** A kernel of 5 with a stride of 2 is to make a row of 32 pixels exactly half as long. Which padding does that?
# - a) 0
# - b) 2
# - c) 5
# - d) 1
#
# **q3.** A network has three convolutions of 3 x 3 with stride 1, and no pooling. How many pixels does one number of the last map
# see?
# - a) 3 x 3
# - b) 7 x 7
# - c) 9 x 9
# - d) 27 x 27
#
# **q4.** A window of max pooling, without a ReLU before it, holds -3, -1, -1 and -2. Its gradient is 6. Who receives what here,
# in this order?
# - a) 0, 6, 0, 0
# - b) 0, 6, 6, 0
# - c) 6, 0, 0, 0
# - d) 0, 0, 0, 0
#
# **q5.** Your gradient check passes for kernels of 3 x 3 with stride 3. With stride 1 `dX` is wrong except in the corners; `dW`
# and `db` are right. What is the likely cause?
# - a) the kernel is flipped
# - b) the padding was not cut off
# - c) where windows overlap, one overwrites the other
# - d) the gradient was divided by the number of images

# %% exercise="quiz_08"
### BEGIN SOLUTION
quiz_08 = {"q1": "c", "q2": "b", "q3": "b", "q4": "a", "q5": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_08 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_08"
check("quiz_08")

# %% [markdown]
# ## Recap
#
# - **Convolution:** $\text{out}_{n,f,i,j} = b_f + \sum_{c,k,m} W_{f,c,k,m}\, X_{n,c,\,i S_H + k - P_H,\,j S_W + m - P_W}$, the same
#   filter at every place; $F\,(C\,K_H K_W + 1)$ numbers to learn, however large the image is.
# - **Size:** $O = \lfloor (L + 2P - K) / S \rfloor + 1$. With stride 1 and $P = (K - 1)/2$ it stays the same.
# - **im2col:** windows as columns make it one product of matrices, $W \,@\, \text{cols} + b$. Order matters: `reshape` moves
#   nothing.
# - **Way back:** $dW = \sum_n \text{dout}_n\, \text{cols}_n^T$, $db = \sum \text{dout}$, $d\text{cols} = W^T\, \text{dout}$, and
#   col2im from the columns back to the pixels, where everything that meets **adds up**. It is the adjoint of im2col:
#   $\langle \text{im2col}(x), y \rangle = \langle x, \text{col2im}(y) \rangle$.
# - **Max pooling** hands on the largest value of a window; its gradient goes to that pixel alone, to the first of several.
# - **Few weights, much work:** here the convolutions do most of the multiplications, and the linear layer holds most of the
#   weights.
# - **Equivariant, not invariant:** move the picture and the maps move with it; the linear layer behind them notices.
#   Pooling over whole maps, and training on moved pictures, make a network care less about the place.
# - **Batch normalization** gives each channel mean 0 and variance 1 over the batch; mean and deviation take part in the
#   way back. **Layer normalization** does so within each example.

# %% [markdown]
# ## Think about it
#
# A colleague says: "A convolution is nothing but a linear layer with most of its weights set to zero and the rest tied
# together. A linear layer can learn all that a convolution can, and more. So why should I use one?" In five to eight sentences,
# to be read by a person: in what is the colleague right? What does a network gain from these restrictions? And name a kind of
# data for which they would do harm, and why.

# %% [markdown] points=3 reflection="reflection_08"
# ### BEGIN SOLUTION
# The colleague is right about what can be computed: a convolution multiplies the image by one large matrix in which each
# row holds the filter at another place and zeros everywhere else, so a linear layer could represent it. But it would have
# to learn that from data: millions of weights in place of a few hundred, and what it finds out about a sleeve on the left
# says nothing about one on the right. The restrictions say beforehand what is true of images: what belongs together is
# close together, and a pattern means the same wherever it stands. So every place of every image teaches the same few weights,
# there is less to overfit, and a network trained on few pictures generalizes better. Where this is not true, it does harm.
# The columns of a table, such as age, income and postal code, have no neighbourhood, and the same difference between two
# of them means another thing at another place. There a convolution mixes what does not belong together, and a linear layer is
# the better choice.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the colleague is right about what can be represented (a convolution is a linear map with zeros and shared weights).
# 1 point: the gain: locality and sharing as knowledge about images, with fewer weights to learn, less overfitting or more
# examples for each weight ("it is faster" alone is none). 1 point: a fitting counterexample with its reason: data without
# neighbourhood (tables, shuffled pixels), or where the place itself carries meaning.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, [Gradient-Based Learning Applied to Document
#   Recognition](https://doi.org/10.1109/5.726791) (1998): LeNet-5, the ancestor of the network above.
# - V. Dumoulin, F. Visin, [A guide to convolution arithmetic for deep learning](https://arxiv.org/abs/1603.07285) (2016): all sizes,
#   strides and paddings in pictures; the [animations](https://github.com/vdumoulin/conv_arithmetic) are public.
# - A. Odena, V. Dumoulin, C. Olah, [Deconvolution and Checkerboard
#   Artifacts](https://distill.pub/2016/deconv-checkerboard/) (Distill, 2016): what the pattern of stride 2 does to pictures.
# - R. Zhang, [Making Convolutional Networks Shift-Invariant Again](https://arxiv.org/abs/1904.11486) (2019): why pooling with a
#   stride is not even equivariant to one pixel, and what a little blur does for it.
# - S. Ioffe, C. Szegedy, [Batch Normalization](https://arxiv.org/abs/1502.03167) (2015); S. Santurkar and others, [How Does Batch
#   Normalization Help Optimization?](https://arxiv.org/abs/1805.11604) (2018); J. Ba and others, [Layer
#   Normalization](https://arxiv.org/abs/1607.06450) (2016).
# - [CS231n: Convolutional Networks](https://cs231n.github.io/convolutional-networks/): another way to read the same story,
#   with im2col.
#
# Next: 09 To PyTorch, where this network gets the same weights in torch, and gives the same answers.

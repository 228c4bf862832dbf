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
# # 14 · Seeing inside
#
# **After this unit you can** say which pixels an answer of a network hangs on, by five methods that you wrote yourself;
# check a method by the rules that it promises to keep; tell a map that explains the network from one that merely shows
# the image; look at the last hidden layer as a map of the classes; and draw the loss around a trained network.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes | ●●●○○ | autograd ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)), the network of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb), the residual block of [12 Structure](../12_structure/12_structure.ipynb) |
#
# Each check runs your code on a few small networks and explains what it sees. What you wrote in units 10 and 12 is used
# here; where it is missing, a library's version stands in.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from course_lib.data import CLASS_NAMES
from course_lib.fit import accuracy, fit, image_tensors

plots.use_style()
torch.set_num_threads(1)  # all sums in one order, so that a second run gives the same numbers

# %% [markdown]
# ## A network to look into
#
# Unit 10's network, trained for two passes over 5,000 images of clothes; that takes some seconds. It is no champion, and
# that is useful: one that is wrong now and then has more to tell. The numbers in this text come from one run of ours. On
# your machine, or with your own network, the last digits may differ.

# %% given="network"
Net, ResidualBlock = earlier("Net", "ResidualBlock")
X_train, y_train, X_test, y_test = image_tensors()

# %%
with waits_for():
    not_while_grading()
    torch.manual_seed(0)
    model = Net()
    fit(model, X_train[:5000], y_train[:5000], epochs=2, lr=0.003)
    print(f"right on {100 * accuracy(model, X_test, y_test):.0f} % of the test images")
    with torch.no_grad():
        guesses = model(X_test).argmax(dim=1)
    right_on = {name: (guesses[y_test == k] == k).float().mean().item() for k, name in enumerate(CLASS_NAMES)}
    hardest = min(right_on, key=right_on.get)
    print(f"the hardest class: {hardest}, right on {100 * right_on[hardest]:.0f} %")

# %% [markdown]
# The first thing to look at is what it consists of. Each of the 32 filters of the first layer is a small picture of 3 by 3
# weights, purple for positive and orange for negative ones: what it looks for. Beneath, what the first fifteen of them
# find in one image, after the ReLU.

# %% given="pictures"
MAP_COLOURS = "PuOr"  # purple speaks for the class, orange against it, white says nothing


def show_maps(rows, titles, names, size=1.12):
    """A table of pictures: rows of images and maps (H, W); the first column is the image, in grey.

    Each map has its own scale: white is 0, the darkest colour is its 99th percentile.
    """
    fig, axes = plt.subplots(len(rows), len(titles), figsize=(size * len(titles) + 0.35, size * len(rows) + 0.75))
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            ax, array = axes[i, j], np.asarray(picture, dtype=float)
            top = max(np.quantile(np.abs(array), 0.99), 1e-12)
            colours = {"cmap": "gray", "vmin": 0, "vmax": 1} if j == 0 else {"cmap": MAP_COLOURS, "vmin": -top, "vmax": top}
            ax.imshow(array, **colours)
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(False)
            if i == 0:
                ax.set_title(titles[j], fontsize=9.5, loc="center", weight="normal", pad=4)
        axes[i, 0].set_ylabel(names[i], fontsize=9)
    return fig


# %%
with waits_for():
    not_while_grading()
    found = {}
    handle = model.conv1.register_forward_hook(lambda module, inputs, output: found.update(maps=output.detach()))
    one_image = X_test[y_test == 5][:1]
    model(one_image)
    handle.remove()
    ax = plots.image_grid(model.conv1.weight.detach()[:, 0], columns=16, signed=True)
    plots.finding(ax, "Most filters compare bright (purple) and dark (orange)")
    plt.show()
    ax = plots.image_grid(torch.cat([one_image[0], found["maps"][0, :15].relu()]), columns=8)
    plots.finding(ax, "A sandal (top left), and what 15 of the filters find in it")
    plt.show()

# %% [markdown]
# Nine weights can be read, with good will: where purple lies above orange, the filter finds places that are brighter above
# than below; one that is nearly all orange and has a positive bias finds the dark (the fifth picture of the sandal). The
# second layer's filters cannot be read: each is a stack of 32 such pictures, about things that have no name. From here on
# another question is easier. Not "what does this weight do?" but: **for this image and this class, which pixels did it
# hang on?** An answer is a map as large as the image. It is called an *attribution*.
#
# ## The gradient with respect to the pixels
#
# So far we wanted the gradient for the weights: how does the loss change when a weight does? Autograd does not care what
# is a weight. Let $s_c(x)$ be the score (the logit) of class $c$. The **saliency map** of Simonyan and others (2013) is
#
# $$M_c(x) = \left| \frac{\partial s_c(x)}{\partial x} \right|,$$
#
# a number for each pixel: by how much does the score of the class change if this pixel changes a little? About half of
# the pixels of our images are background: exactly 0. What do you expect there?

# %%
predict(
    "background",
    ...,
    options={
        "a": "0: where there is nothing, nothing matters",
        "b": "not 0, and smaller than on the clothes",
        "c": "not 0, and larger than on the clothes",
    },
)

# %% [markdown]
# ### Exercise: `saliency`
#
# The images come as a batch and the classes as `labels`: for each image the class that is *asked about*, which may or may
# not be the one that the network prefers. Later methods need the gradient with its signs: `absolute=False` gives it.


# %% exercise="saliency"
def saliency(model, images, labels, absolute=True):
    """How much each image's score for its label changes with each pixel.

    model: images (N, C, H, W) -> scores (N, classes).  labels: (N,) whole numbers.  Returns a tensor like images: the
    gradient of score[i, labels[i]] with respect to images[i], as its absolute value, or with its sign.
    The images, and the gradients of the weights (.grad), are left as they were.
    """
    ### BEGIN SOLUTION
    pixels = images.detach().requires_grad_()  # a tensor of its own over the same numbers
    scores = model(pixels)[torch.arange(len(labels)), labels]
    (gradient,) = torch.autograd.grad(scores.sum(), pixels)
    return gradient.abs() if absolute else gradient
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the map is wrong already for one image</summary>
#
# What is differentiated is the score as it leaves the model: no softmax, no loss. A tensor of the images' numbers with
# `requires_grad_()` plays the part that the weights play in training.
# </details>
#
# <details><summary>Hint 2: the map belongs to the wrong class</summary>
#
# Of each row of the scores you need one entry, the one that `labels` names. `max` gives the network's favourite.
# </details>
#
# <details><summary>Hint 3: right for one image, wrong for several</summary>
#
# `scores[torch.arange(N), labels]` walks along rows and labels together; `scores[:, labels]` does not. Image 1 has no
# influence on the score of image 2, so the *sum* of the N scores has for its gradient all the maps at once.
# </details>
#
# <details><summary>Hint 4: something is not left as it was</summary>
#
# `backward()` fills the `.grad` of everything on its way, the weights included. `torch.autograd.grad(value, tensor)`
# returns the one gradient that you name and touches nothing. And ask for gradients on a tensor of your own: `images.detach()` or a `clone()`.
# </details>

# %% check="saliency"
check("saliency")

# %%
with waits_for("saliency"):
    not_while_grading()
    chosen = [int(torch.nonzero((y_test == k) & (guesses == k))[0]) for k in (0, 1, 3, 5, 7, 8)]
    images, labels = X_test[chosen], y_test[chosen]
    found = saliency(model, images, labels)
    inverted = 1 - found / found.amax((1, 2, 3), keepdim=True)
    ax = plots.image_grid(torch.cat([images, inverted]), [CLASS_NAMES[k] for k in labels] + ["saliency"] * 6, columns=6)
    plots.finding(ax, "Saliency (dark: large) lies on and around the clothes, and it is noisy")
    plt.show()
    many, asked = X_test[:200], y_test[:200]
    maps = saliency(model, many, asked)
    nothing = many == 0
    off, on = maps[nothing].mean().item(), maps[~nothing].mean().item()
    print(f"mean size of the gradient: {off:.3f} on background pixels, {on:.3f} on the clothes")
    reveal(
        "background",
        "a" if off == 0 else "b" if off < on else "c",
        because="the gradient asks what would happen if a pixel changed. A light in the dark would change the score, too.",
    )

# %% [markdown]
# So a saliency map does not show what *is* in the image and matters; it shows where a small change *would* matter. That is
# a different question. It is also a noisy picture, and two remedies follow.

# %% [markdown]
# ## SmoothGrad: the mean over noise
#
# A network with ReLUs is made of very many linear pieces. From one piece to the next the gradient jumps, and nobody sees
# the difference between the images. SmoothGrad (Smilkov and others, 2017) asks not at one point, but at $n$ points around
# it, and takes the mean:
#
# $$\hat M_c(x) = \frac1n \sum_{i=1}^n \frac{\partial s_c}{\partial x}\big(x + \sigma z_i\big), \qquad z_i \sim \mathcal N(0, 1)$$
#
# Two people draw such a map for the same image with different noise. How alike are their maps? We measure that by the
# rank correlation (Spearman's; 1: the same order of pixels, 0: nothing in common).

# %%
predict(
    "noise",
    ...,
    options={
        "a": "hardly alike, whatever n is: noise is noise",
        "b": "more and more alike as n grows",
        "c": "less and less alike as n grows: the noise adds up",
    },
)

# %% [markdown]
# ### Exercise: `smoothgrad`
#
# The mean is taken with signs, as in the formula. For each of the $n$ copies draw fresh noise for all images at once, one
# call of `torch.randn(images.shape, generator=generator, dtype=images.dtype)`: then everybody's numbers are the same.


# %% exercise="smoothgrad"
def smoothgrad(model, images, labels, sigma, n, generator):
    """The mean of the signed gradients at n noisy copies of the images.

    images: (N, C, H, W).  labels: (N,).  sigma: standard deviation of the noise, in units of a pixel.
    generator: a torch.Generator; one draw of the images' shape for each copy, in turn.  Returns a tensor like images.
    """
    ### BEGIN SOLUTION
    total = torch.zeros_like(images)
    for _ in range(n):
        noise = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        total += saliency(model, images + sigma * noise, labels, absolute=False)
    return total / n
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what is averaged?</summary>
#
# n gradients, each at a noisy copy; at the end their sum is divided by n. Your `saliency` gives one of them.
# </details>
#
# <details><summary>Hint 2: right with one copy, too large with several</summary>
#
# `saliency` returns sizes unless you ask for signs.
# </details>
#
# <details><summary>Hint 3: right with one copy or one image only</summary>
#
# A fresh draw in each round, for all entries of `images`, added to the *clean* images.
# </details>
#
# <details><summary>Hint 4: wrong with a single noisy copy</summary>
#
# `randn`, not `rand`; times sigma; from `generator`; in the type of the images.
# </details>
#
# <details><summary>Hint 5: classes, or leftovers</summary>
#
# The class is the one in `labels`, for all copies. Hint 4 of `saliency` tells how nothing is left behind.
# </details>

# %% check="smoothgrad"
check("smoothgrad")

# %%
with waits_for("saliency", "smoothgrad"):
    not_while_grading()
    numbers = [1, 4, 16, 64]

    def seeded(seed, n, which=slice(None)):
        return smoothgrad(model, images[which], labels[which], 0.15, n, torch.Generator().manual_seed(seed)).abs()[:, 0]

    def alike(a, b):
        """Spearman's rank correlation of each pair of maps."""
        return [spearmanr(p.flatten(), q.flatten()).statistic for p, q in zip(a, b, strict=True)]

    agreement = np.array([alike(seeded(0, n), seeded(1, n)) for n in numbers])
    for n, row in zip(numbers, agreement, strict=True):
        print(f"n = {n:2}: two maps of one image correlate by {row.mean():.2f} ({row.min():.2f} to {row.max():.2f})")
    rows = [[images[i, 0], saliency(model, images[i : i + 1], labels[i : i + 1])[0, 0]] for i in (0, 3)]
    rows = [row + [seeded(0, n, slice(i, i + 1))[0] for n in numbers] for row, i in zip(rows, (0, 3), strict=True)]
    fig = show_maps(rows, ["image", "saliency", *(f"n = {n}" for n in numbers)], [CLASS_NAMES[labels[i]] for i in (0, 3)])
    plots.finding(fig, "The more noisy copies are averaged, the less is left of the grain")
    plt.show()
    reveal(
        "noise",
        "b" if agreement[-1].mean() > agreement[0].mean() + 0.1 else "a" if agreement[-1].mean() > agreement[0].mean() - 0.1 else "c",
        because="what the noise did to one gradient is cancelled by others; what all the gradients share remains.",
    )

# %% [markdown]
# ## Integrated gradients: an account that balances
#
# Here is the smallest network with a problem: one pixel, one ReLU, $F(x) = 1 - \max(0, 1 - x)$. It rises from 0 to 1 and
# stays there. The image is $x = 2$, and $F(2) = 1$, all of it due to this pixel: at $x = 0$ there is nothing. What does the
# gradient at $x = 2$ say?

# %%
predict("saturated", ..., options={"a": "1: the pixel made all the difference", "b": "1/2: a rise of 1 over a way of 2", "c": "0"})

# %%
x = torch.tensor(2.0, requires_grad=True)
(slope,) = torch.autograd.grad(1 - torch.relu(1 - x), x)
print("the gradient at x = 2:", abs(slope.item()))
reveal(
    "saturated",
    {1.0: "a", 0.5: "b"}.get(slope.item(), "c"),
    because="the gradient looks around the image only, and there F is flat. The rise happened on the way.",
)

# %% [markdown]
# Sundararajan, Taly and Yan (2017) therefore look at the whole way, from a **baseline** $x'$ that shows nothing (a black
# image, for us) in a straight line to $x$:
#
# $$\mathrm{IG}_j(x) = (x_j - x'_j) \int_0^1 \frac{\partial s_c}{\partial x_j}\big(x' + \alpha (x - x')\big)\, d\alpha
# \approx (x_j - x'_j)\, \frac1m \sum_{k=0}^{m-1} \frac{\partial s_c}{\partial x_j}\Big(x' + \tfrac{k + 1/2}{m} (x - x')\Big)$$
#
# The right side is the **midpoint rule** with $m$ steps. They asked first which rules a fair method should obey, and then
# looked for methods that do. Three of their axioms:
#
# - **Completeness:** the shares add up: $\sum_j \mathrm{IG}_j = s_c(x) - s_c(x')$. (It is the fundamental theorem of calculus.)
# - **Sensitivity:** a pixel that the network does not look at gets 0; one that alone makes the difference does not.
# - **Implementation invariance:** two networks that compute the same function get the same map, however they are written.
#
# ### Exercise: `integrated_gradients`


# %% exercise="integrated_gradients"
def integrated_gradients(model, images, labels, baseline, steps):
    """Shares of score(image) - score(baseline) for each pixel, by the midpoint rule.

    images: (N, C, H, W).  labels: (N,).  baseline: a tensor that can be subtracted from images, such as (1, C, H, W).
    steps: how many gradients are taken, at (k + 1/2) / steps of the way.  Returns a tensor like images, with signs.
    """
    ### BEGIN SOLUTION
    way = images - baseline
    total = torch.zeros_like(images)
    for k in range(steps):
        total += saliency(model, baseline + (k + 0.5) / steps * way, labels, absolute=False)
    return way * total / steps
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong for a linear model</summary>
#
# The gradient is the same everywhere there, so only the factor in front can be wrong: $x - x'$, not $x$, and not $x' - x$.
# </details>
#
# <details><summary>Hint 2: right for a linear model, wrong for others</summary>
#
# Print the fractions of the way at which you take gradients. For 4 steps they are 1/8, 3/8, 5/8 and 7/8.
# </details>
#
# <details><summary>Hint 3: wrong by a factor or a sign, or with another baseline only</summary>
#
# A mean, with signs. The points lie between baseline and image: $x' + \alpha (x - x')$.
# </details>
#
# <details><summary>Hint 4: classes, or leftovers</summary>
#
# The score of the class in `labels`, before any softmax, at every point of the way; and see hint 4 of `saliency`.
# </details>

# %% check="integrated_gradients"
check("integrated_gradients")

# %% [markdown]
# Does the account balance for the real network? With finitely many steps only nearly. We measure the gap between the sum
# of the shares and $s_c(x) - s_c(x')$, as a part of the latter.

# %%
with waits_for("integrated_gradients", "saliency"):
    not_while_grading()
    precise = copy.deepcopy(model).double()
    x64, black = images.double(), torch.zeros(1, 1, 28, 28, dtype=torch.float64)
    with torch.no_grad():
        rise = (precise(x64) - precise(black))[torch.arange(6), labels]
    counts = [1, 3, 10, 30, 100]
    gaps = np.array([
        ((integrated_gradients(precise, x64, labels, black, m).sum((1, 2, 3)) - rise) / rise).abs().numpy() for m in counts
    ]).T
    ax = plots.error_plot(counts, {"mean of six images": gaps.mean(axis=0), "worst of the six": gaps.max(axis=0)}, xlabel="steps m", ylabel="gap, as a part of the rise")
    few, many_steps = 100 * gaps[:, 0].mean(), 100 * gaps[:, -1].mean()
    plots.finding(ax, f"Completeness: the mean gap falls from {few:.0f} % with one step to {many_steps:.2f} % with 100")
    plt.show()
    for m, gap in zip(counts, gaps.mean(axis=0), strict=True):
        print(f"{m:3} steps: mean gap {100 * gap:7.3f} %")
    twin = copy.deepcopy(precise)
    with torch.no_grad():
        for part in (twin.conv1.weight, twin.conv1.bias):
            part *= 3
        twin.conv2.weight /= 3
    apart = (integrated_gradients(precise, x64, labels, black, 5) - integrated_gradients(twin, x64, labels, black, 5)).abs().max()
    print(f"a twin with other weights that computes the same: largest difference of the maps below 1e-10: {bool(apart < 1e-10)}")

# %% [markdown]
# Three steps are no better than one here: with so few points it is luck how they meet the kinks of the ReLUs. From ten
# steps on the account nearly balances.
#
# Beware of what completeness does *not* say. The shares add up, and the baseline decides what is shared out: with a black
# one, a black pixel gets nothing, since its way is zero. Yet you saw that the network does look at the background.

# %% [markdown]
# ## Grad-CAM: where a layer found its evidence
#
# The methods so far go all the way down to single pixels. Grad-CAM (Selvaraju and others, 2017) stops at a layer, the last
# convolution say. Its activations $A^k$ are $K$ small maps: *where* something was found. (In the paper they are taken after
# the ReLU; here they are what the layer itself puts out.) How much the class cares about map $k$ is its mean gradient:
#
# $$a_k = \frac{1}{hw} \sum_{u,v} \frac{\partial s_c}{\partial A^k_{uv}}, \qquad
# L_c = \mathrm{ReLU}\Big( \sum_k a_k A^k \Big),$$
#
# stretched to the size of the image, bilinearly. To get hold of the activations in the middle of a forward pass, PyTorch
# has **hooks**: `handle = layer.register_forward_hook(function)` calls `function(module, inputs, output)` whenever the layer
# has run, and `handle.remove()` ends that.
#
# ### Exercise: `grad_cam`


# %% exercise="grad_cam"
def grad_cam(model, layer, images, labels):
    """The places of a layer that speak for each image's label.

    layer: a module inside the model; its output is (N, K, h, w).  images: (N, C, H, W).  labels: (N,).
    Returns (N, H, W), nothing below 0: the layer's maps, weighted by their mean gradients, summed over K, cut off at 0,
    then stretched bilinearly to the images' size (nn.functional.interpolate(maps, size=..., mode="bilinear")).
    """
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    activations = kept[0]
    (gradient,) = torch.autograd.grad(scores.sum(), activations)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * activations).sum(dim=1, keepdim=True)).detach()
    return nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong already where the layer is as large as the image</summary>
#
# Three things are multiplied and summed: for each image and each channel one weight (a mean over two axes), times the
# channel's activations, summed over the channels. `keepdim=True` keeps the shapes in step.
# </details>
#
# <details><summary>Hint 2: what is cut off, and when</summary>
#
# First the sum over the channels, then the ReLU, then the stretching.
# </details>
#
# <details><summary>Hint 3: wrong where the layer is smaller than the image</summary>
#
# `interpolate` wants four axes, so keep one for the channels and drop it at the end. Its size is (H, W), its mode
# "bilinear", and the rest is left at its default.
# </details>
#
# <details><summary>Hint 4: classes and batches</summary>
#
# As in `saliency`: the score of the class in `labels`, the sum over the images. Nothing is averaged over the images.
# </details>
#
# <details><summary>Hint 5: something is left behind</summary>
#
# Remove the hook as soon as the forward pass is over; ask `torch.autograd.grad` for the gradient of the activations alone.
# </details>

# %% check="grad_cam"
check("grad_cam")

# %% [markdown]
# ## Occlusion: cover and see
#
# The oldest of the five needs no gradient at all (Zeiler and Fergus, 2013): cover a patch of the image, look at how far the score
# drops, and go on to the next patch. A window of `size` x `size` begins at row and column 0, `stride`, 2 `stride`, ... until it
# has reached the edge; the last one may stick out over it. Each pixel gets the **mean** drop over the windows that covered it.
#
# ### Exercise: `occlusion`


# %% exercise="occlusion"
def occlusion(model, images, labels, size, stride, fill):
    """The mean drop of each image's score for its label when windows over a pixel are covered with `fill`.

    images: (N, C, H, W).  labels: (N,).  size, stride: whole numbers, stride <= size.  fill: a number, for all channels.
    Windows begin at 0, stride, 2 stride, ..., until one reaches the edge; it may stick out.
    Returns (N, H, W): positive where the class needs what is there.
    """
    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    ### BEGIN SOLUTION
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                window = np.s_[..., top : top + size, left : left + size]
                covered = images.clone()
                covered[window] = fill
                total[window] += (before - model(covered)[rows, labels])[:, None, None]
                count[window] += 1
    return total / count
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong already for windows of one pixel</summary>
#
# The drop is the score before minus the score after, both before any softmax.
# </details>
#
# <details><summary>Hint 2: wrong where windows overlap</summary>
#
# `total` collects the drops, `count` the windows, both at the same place. What is the mean of the two?
# </details>
#
# <details><summary>Hint 3: wrong at the edge, or the further down the worse</summary>
#
# Each window starts from a fresh copy of the images. The last window is the first one that reaches the edge: with 7
# columns and a size of 3, a stride of 3 lets windows begin at 0, 3 and 6, and a stride of 2 at 0, 2 and 4. A slice that
# goes too far is cut by itself.
# </details>
#
# <details><summary>Hint 4: fill, channels, classes</summary>
#
# `covered[:, :, a:b, c:d] = fill` covers all images and all channels. The score is that of the class in `labels`.
# </details>

# %% check="occlusion"
check("occlusion")

# %% [markdown]
# ## Side by side
#
# Now all of them, for six images that the network gets right. Purple speaks for the class, orange against it. Of
# saliency and SmoothGrad only the sizes are drawn, and Grad-CAM cuts off what is negative: these three show no orange.

# %%
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()

    def black_like(images):
        return torch.zeros_like(images[:1])

    METHODS = {
        "saliency": lambda net, x, c: saliency(net, x, c)[:, 0],
        "SmoothGrad": lambda net, x, c: smoothgrad(net, x, c, 0.15, 20, torch.Generator().manual_seed(0)).abs()[:, 0],
        "integrated": lambda net, x, c: integrated_gradients(net, x, c, black_like(x), 20)[:, 0],
        "Grad-CAM": lambda net, x, c: grad_cam(net, net.conv2, x, c),
        "occlusion": lambda net, x, c: occlusion(net, x, c, 7, 3, 0.0),
    }
    columns = [images[:, 0], *(method(model, images, labels) for method in METHODS.values())]
    fig = show_maps(list(zip(*columns, strict=True)), ["image", *METHODS], [CLASS_NAMES[k] for k in labels])
    plots.finding(fig, "Five methods, five answers: each asks another question")
    plt.show()

# %% [markdown]
# They do not agree, and they need not: what would change the score a little (saliency), where the score came from on the way
# from black (integrated gradients), where a layer found something (Grad-CAM), what the score would be without a patch
# (occlusion). Before you trust any of them, ask what the map would look like if the network knew nothing.

# %% [markdown]
# ## Does the map know the network?
#
# Adebayo and others (2018) proposed a **sanity check** that is as simple as it is strict. Replace the trained weights by
# random ones, layer by layer from the top: first the last layer, then the last two, and so on. At the end nothing that was
# learned is left. A map that explains what the network has learned *must* change. For which of the five, do you think,
# does the order of the pixels (by size) change least?

# %%
predict("sanity", ..., options={"a": "saliency", "b": "SmoothGrad", "c": "integrated gradients", "d": "Grad-CAM", "e": "occlusion"})

# %% folded=true
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()
    layers = ["fc2", "fc1", "conv2", "conv1"]
    sample, asked = X_test[:12], y_test[:12]

    def forgets(seed, count):
        """A copy of the network whose last `count` layers are drawn anew."""
        torch.manual_seed(seed)
        other = copy.deepcopy(model)
        for name in layers[:count]:
            getattr(other, name).reset_parameters()
        return other

    def similarity(a, b):
        """The mean rank correlation of two lists of maps; a map that is 0 everywhere has nothing in common with any."""
        pairs = [(p.flatten(), q.flatten()) for p, q in zip(a, b, strict=True)]
        return np.mean([spearmanr(p, q).statistic if p.std() * q.std() > 0 else 0.0 for p, q in pairs])

    kept, signed = {}, {}
    for name, method in METHODS.items():
        own = method(model, sample, asked)
        others = [[method(forgets(seed, count), sample, asked) for count in range(1, 5)] for seed in range(3)]
        kept[name] = np.array([[1.0] + [similarity(own.abs(), other.abs()) for other in row] for row in others])
        signed[name] = np.mean([similarity(own, row[-1]) for row in others])
    ax = plots.loss_curves(kept, xlabel="layers drawn anew, from the top", ylabel="rank correlation with the map before", band="minmax")
    ax.set_xticks(range(5), ["none", "fc2", "+ fc1", "+ conv2", "+ conv1"])
    ax.set_ylim(-0.4, 1.05)
    ax.legend(loc="lower left", ncols=2)
    plots.finding(ax, "When all is forgotten, integrated gradients still gives nearly the same order of pixels")
    plt.show()
    for name, curves in kept.items():
        print(f"{name:12} all layers random: sizes {curves[:, -1].mean():.2f} ({curves[:, -1].min():.2f} to {curves[:, -1].max():.2f}), with signs {signed[name]:.2f}")
    stays = max(kept, key=lambda name: kept[name][:, -1].mean())
    reveal(
        "sanity",
        dict(zip(METHODS, "abcde", strict=True))[stays],
        because="its factor x - x' is the image. Whatever the gradients are, the map is 0 where the image is black.",
    )

# %% [markdown]
# **What was seen.** The maps of saliency, SmoothGrad and Grad-CAM are gone when the weights are gone: 0.1 to 0.2 of
# correlation is left on average (Grad-CAM depends most on the draw: from 0.00 to 0.38). Integrated gradients still puts the
# pixels into nearly the same order, 0.91, for a network that knows nothing at all, and occlusion is in between, with 0.61. **Why:** both are tied to the image. The factor $x - x'$ is 0
# where the image is black, and covering black with black changes no score. If you only look at *how strong* the colours
# are, you see the shape of a shirt, whatever the network does.
#
# Now read the last column of the printout. **With their signs** the same two methods keep nothing: 0.00 and -0.03. Where
# something is to be coloured, the image decides; in which colour, the network does. So draw these maps with signs, and do
# not admire their outlines. (That is also why Adebayo and others report both numbers.)

# %% [markdown]
# ## Does the network need these pixels?
#
# A second test asks for *faithfulness*. Delete the pixels of an image in the order of a map, the most important first, and
# look at how soon the network gives up its answer. A good map makes the curve fall fast. As always a number means nothing
# alone: beside the methods we delete in **random** order (three seeds), and in the order of **brightness**, which knows
# nothing of any network. What "deleted" means is a choice, too: black, or the mean grey.

# %%
predict(
    "deletion",
    ...,
    options={
        "a": "All methods clearly beat both random order and brightness, with black and with grey.",
        "b": "All beat random order; whether they beat brightness depends on the method and on the colour.",
        "c": "None beats random order.",
    },
)

# %% folded=true
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()
    many = X_test[:60]
    with torch.no_grad():
        answers = model(many).argmax(dim=1)
    orders = {name: method(model, many, answers).flatten(1) for name, method in METHODS.items()}
    orders["brightness"] = many.flatten(1)
    shares = np.linspace(0, 0.5, 11)

    def deletion(importance, fill):
        """The share of answers that stay, after each share of the pixels was deleted, most important first."""
        order, stays = importance.argsort(dim=1, descending=True), []
        for share in shares:
            damaged = many.flatten(1).scatter(1, order[:, : int(share * 784)], fill)
            with torch.no_grad():
                stays.append((model(damaged.view_as(many)).argmax(dim=1) == answers).float().mean().item())
        return stays

    grey = many.mean().item()
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 4.6), sharey=True)
    areas = {}
    for ax, (colour, fill) in zip(axes, {"black": 0.0, "mean grey": grey}.items(), strict=True):
        curves = {name: np.array([deletion(order, fill)]) for name, order in orders.items()}
        chance = [torch.rand(many.flatten(1).shape, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
        curves["random"] = np.array([deletion(order, fill) for order in chance])
        areas[colour] = {name: values.mean() for name, values in curves.items()}
        plots.loss_curves(curves, ax, xlabel=f"share of pixels made {colour}", ylabel="answers that stay" if ax is axes[0] else "", x=shares, band="minmax")
        for line, name in zip(ax.lines, curves, strict=True):
            if name in ("brightness", "random"):
                line.set(color=plots.MUTED if name == "random" else plots.INK, linestyle="--" if name == "brightness" else "-")
        ax.get_legend().remove()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9.5)
    plots.finding(fig, "With black, brightness alone goes a long way; with grey it is no better than chance")
    plt.show()
    print("mean height of the curve (lower: the order matters more)")
    for name in areas["black"]:
        print(f"{name:12} black {areas['black'][name]:.2f}   grey {areas['mean grey'][name]:.2f}")
    beats = {
        key: [all(area[name] < area[key] - 0.01 for name in METHODS) for area in areas.values()] for key in ("random", "brightness")
    }
    reveal(
        "deletion",
        "a" if all(beats["random"] + beats["brightness"]) else "b" if all(beats["random"]) else "c",
        because="most pixels that matter are bright pixels. A test without this control would have credited the methods "
        "with what the image alone gives away.",
    )

# %% [markdown]
# **What was seen.** With black as nothing, the curves of integrated gradients and occlusion are lowest (0.24 each), and you
# might declare them the winners. But the order of brightness, which knows nothing of any network, is at 0.31: as good as
# Grad-CAM, and better than saliency. And both winners have the same black in their own definition: they are tested with
# what they were made with. With grey as nothing, all is different: brightness does not even beat chance (0.84 against
# 0.79), SmoothGrad, saliency and integrated gradients lead (0.49 to 0.54), and occlusion with its black windows and
# Grad-CAM fall behind (0.68 and 0.70). With 60 images, do not build on differences of a few hundredths.
#
# So "the most faithful method" does not exist without the words "for this way of deleting". There is a third trouble: an
# image with grey holes is like nothing that the network was trained on, and part of each curve comes from that.

# %% [markdown]
# ## A map of the classes
#
# From pixels to the other end: the last hidden layer has 128 numbers for each image, and only a linear layer follows. So
# what the network has understood must lie there. To see 128 axes on paper, we turn the cloud of points so that its two
# longest axes lie in the plane: **principal component analysis**, one singular value decomposition.

# %%
with waits_for():
    not_while_grading()
    inner = {}
    handle = model.fc2.register_forward_hook(lambda module, inputs, output: inner.update(features=inputs[0].detach()))
    model(X_test[:1000])
    handle.remove()
    clouds = {"The pixels": X_test[:1000].flatten(1), "The last hidden layer": inner["features"]}
    colours = [*plots.PALETTE, "#882255", "#999933", "#332288"]
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 4.9))
    for ax, (name, features) in zip(axes, clouds.items(), strict=True):
        centred = features - features.mean(dim=0)
        U, S, Vt = torch.linalg.svd(centred, full_matrices=False)
        plane = centred @ Vt[:2].T
        share = (S[:2] ** 2).sum() / (S**2).sum()
        for k, label in enumerate(CLASS_NAMES):
            mine = y_test[:1000] == k
            ax.scatter(*plane[mine].T, s=11, marker="osD^v<>PX*"[k], color=colours[k], alpha=0.75, linewidths=0, label=label)
        ax.set(xlabel="first axis", ylabel="second axis")
        plots.finding(ax, f"{name}: {100 * share:.0f} % of the variance")
        between = torch.stack([features[y_test[:1000] == k].mean(dim=0) for k in range(10)])
        nearest = torch.cdist(features, between).argmin(dim=1)
        print(f"{name}: the nearest class mean is the right one for {100 * (nearest == y_test[:1000]).float().mean():.0f} %")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=9, markerscale=1.8, columnspacing=1)
    plt.show()

# %% [markdown]
# The same 1,000 images twice. In the pixels, trousers and dresses lie beside each other, and shoes form one streak. In the
# last hidden layer, trousers, bags, dresses and shoes have places of their own, and more than 70 % of all variance lies in
# two axes. Pullovers, coats and shirts still share one place: there the network has its troubles, as you saw at the top (a
# shirt is its hardest class). The nearest class mean is right for 70 % of the images in the pixels, for 75 % in the
# hidden layer (the means are those of these very images, which flatters both); the network's last layer, which draws its
# own borders there, is right for 79 %.
#
# Two warnings. Two axes of 128 are a shadow on a wall: what overlaps here may be apart along the third axis. And the
# variance, not the classes, chose these axes.

# %% [markdown]
# ## The landscape around a trained network
#
# So far we looked at one network with fixed weights. Now the other way round: what does the loss look like *around* the
# weights $\theta$ that training found? A network has too many weights to draw, so one walks along a direction $d$ and draws
#
# $$f(\alpha) = J(\theta + \alpha d).$$
#
# With random directions there is a trap. In a network with ReLUs, one layer's weights and biases can be multiplied by 10
# and the next one's weights divided by 10, and nothing changes but the numbers. A step of the same length is then tiny for
# one layer and huge for the other. So Li and others (2018) give every filter of $d$ the length of the filter that it moves (**filter
# normalization**): $d_i \leftarrow d_i \, \lVert \theta_i \rVert / \lVert d_i \rVert$. A filter is a row of the first axis; biases,
# and all else with one axis only, stay where they are: their $d$ is 0.
#
# ### Exercise: `filter_normalized`


# %% exercise="filter_normalized"
def filter_normalized(direction, params):
    """The direction with each filter as long as the filter of the parameters that it moves.

    direction, params: lists of tensors of the same shapes, such as (F, C, KH, KW), (M, D) or (M,).  Returns a new list.
    Tensors with one axis become 0; a filter of the direction that is 0 stays 0.
    """
    ### BEGIN SOLUTION
    made = []
    for d, theta in zip(direction, params, strict=True):
        if theta.ndim < 2:
            made.append(0 * d)
            continue
        axes = tuple(range(1, d.ndim))
        lengths, own = (torch.linalg.vector_norm(tensor, dim=axes, keepdim=True) for tensor in (theta, d))
        made.append(d * torch.nan_to_num(lengths / own))  # where the direction is 0, it stays 0
    return made
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which axes?</summary>
#
# Axis 0 counts the filters, and the length runs over all others: for (F, C, 3, 3) over the axes 1, 2 and 3. With
# `torch.linalg.vector_norm(tensor, dim=(1, 2, 3), keepdim=True)` the result (F, 1, 1, 1) multiplies as it is.
# </details>
#
# <details><summary>Hint 2: wrong lengths</summary>
#
# Divide by the direction's own length, multiply by that of the weights. Lengths are roots of sums of squares.
# </details>
#
# <details><summary>Hint 3: biases and zeros</summary>
#
# What has one axis only becomes zeros. And where a filter of the direction has length 0, do not divide.
# </details>

# %% check="filter_normalized"
check("filter_normalized")

# %% [markdown]
# ### Exercise: `loss_slice`
#
# Now the walk itself. Whoever lends you a network for a picture wants it back unchanged, to the last bit.


# %% exercise="loss_slice"
def loss_slice(model, X, y, direction, alphas):
    """The mean cross-entropy on X, y at theta + alpha * direction, for each alpha.

    direction: a list of tensors in the order of model.parameters().  alphas: (A,).  Returns a tensor (A,).
    Afterwards the parameters, and their gradients, are exactly what they were.
    """
    ### BEGIN SOLUTION
    losses = []
    with torch.no_grad():
        theta = [param.clone() for param in model.parameters()]
        for alpha in alphas:
            for param, start, step in zip(model.parameters(), theta, direction, strict=True):
                param.copy_(start + alpha * step)
            losses.append(nn.functional.cross_entropy(model(X), y))
        for param, start in zip(model.parameters(), theta, strict=True):
            param.copy_(start)
    return torch.stack(losses)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: right at alpha = 0, wrong elsewhere</summary>
#
# Each point is `start + alpha * step`, with the start kept from the beginning, for every parameter, the biases included.
# </details>
#
# <details><summary>Hint 2: the network is not what it was</summary>
#
# Keep a `clone()` of each parameter, and copy it back at the end. Subtracting what was added is not the same in floats.
# </details>
#
# <details><summary>Hint 3: the slice is flat, or wrong at alpha = 0</summary>
#
# `param.copy_(...)` under `torch.no_grad()` writes into the parameter. The loss is the mean over the examples, as
# `nn.functional.cross_entropy` gives it.
# </details>

# %% check="loss_slice"
check("loss_slice")

# %% [markdown]
# Unit 12's question once more, now as a picture: what do shortcuts do for a deep network? We build two networks of 17
# convolutions each (8 channels; a first one, then 8 blocks of two). One is made of your `ResidualBlock`, the other of the
# same layers without the shortcut. Both are trained for three passes over 3,000 images with three seeds, at two learning
# rates (0.01 and 0.3 gave a higher training loss for both in runs of ours). Around each we walk in three random
# directions, filter-normalized; each kind is drawn at its better learning rate.
#
# Li and others found that shortcuts make the landscape of a *very* deep network (56 layers) smooth. Ours has a third of
# that depth. Around which of the two networks does the loss rise more, from its own lowest point, at $\alpha = \pm 0.5$?

# %%
predict(
    "landscape",
    ...,
    options={
        "a": "around the plain networks",
        "b": "around those with shortcuts",
        "c": "no clear difference: networks of one kind differ as much among themselves",
    },
)

# %% folded=true
with waits_for("filter_normalized", "loss_slice"):
    not_while_grading()

    def without_shortcut(channels, out_channels):
        parts = []
        for into in (channels, out_channels):
            parts += [nn.Conv2d(into, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]
        return nn.Sequential(*parts)

    def trained(block, lr, seed):
        """A network of 8 blocks, trained, and its mean loss in the last pass."""
        torch.manual_seed(seed)
        stem = [nn.Conv2d(1, 8, 4, stride=4, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
        deep = nn.Sequential(*stem, *(block(8, 8) for _ in range(8)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
        return deep, fit(deep, X_train[:3000], y_train[:3000], epochs=3, lr=lr, seed=seed)[-1]

    def slices(deep, seed):
        """The loss on 500 training images along three random directions, (3, alphas)."""
        generator = torch.Generator().manual_seed(seed)
        params = list(deep.parameters())
        random = ([torch.randn(param.shape, generator=generator) for param in params] for _ in range(3))
        return [loss_slice(deep, X_train[:500], y_train[:500], filter_normalized(d, params), alphas).numpy() for d in random]

    alphas = torch.linspace(-1, 1, 21)
    tiny = nn.Linear(1, 10)  # a short walk first: where an exercise is still open, no training is wasted
    own = [param.detach() for param in tiny.parameters()]
    loss_slice(tiny, torch.ones(1, 1), y_train[:1], filter_normalized(own, own), alphas[:1])

    print(f"{'':14}  {'lr':>4}  {'training':>8}  {'right on':>10}  {'rise to alpha = +-0.5:':>8}")
    print(f"{'':14}  {'':4}  {'loss':>8}  {'test':>10}  {'mean':>8}  (each network)")
    walks, rises = {}, {}
    for name, block in {"plain": without_shortcut, "with shortcuts": ResidualBlock}.items():
        lowest = np.inf
        for lr in (0.03, 0.1):
            networks, losses = zip(*(trained(block, lr, seed) for seed in range(3)), strict=True)
            walk = np.array([slices(deep, seed) for seed, deep in enumerate(networks)])  # (networks, directions, alphas)
            rise = (walk[..., [5, 15]] - walk[..., [10]]).mean(axis=(1, 2))
            right = 100 * np.mean([accuracy(deep, X_test, y_test) for deep in networks])
            print(f"{name:14}  {lr:4}  {np.mean(losses):8.2f}  {right:8.0f} %  {rise.mean():8.2f}  ({', '.join(f'{each:.2f}' for each in rise)})")
            if np.mean(losses) < lowest:
                lowest, rises[name], walks[name] = np.mean(losses), rise, walk.reshape(9, -1)
    ax = plots.loss_curves(walks, xlabel=r"$\alpha$", ylabel="loss on 500 training images", x=alphas.numpy(), logy=True, band="minmax")
    plots.finding(ax, "With shortcuts the valley is deeper; the walls are steep around both (bands: all nine walks)")
    plt.show()
    plain, short = rises["plain"], rises["with shortcuts"]
    reveal(
        "landscape",
        "a" if plain.min() > short.max() else "b" if short.min() > plain.max() else "c",
        because="each network counts with its mean rise at the better learning rate. Only where the three of one kind lie "
        "above the three of the other do we call it a difference.",
    )

# %% [markdown]
# **What was seen.** What differs clearly is the depth of the valley: at equal cost the networks with shortcuts reach a
# training loss of 0.77 and are right on 70 % of the test images, the plain ones 1.18 and 46 %. The walls are another matter.
# The mean rise is 2.00 with shortcuts and 1.48 without, but the three networks with shortcuts go from 1.12 to 2.60, below
# and above all the plain ones, and the bands overlap everywhere but near the bottom. A slice of 17 layers does not look
# chaotic in either case; for that Li and others needed 56.
#
# Now look at the other learning rate. Plain networks that were trained with 0.03 rise by 0.72, half as much. Had we used
# 0.03 for both kinds, we would have reported a clear difference: that is why each kind has its own best.
#
# Your numbers may differ visibly from these. When we let the machine add in another order (two threads in place of one),
# only rounding changed, and one plain network's rise went from 1.52 to 4.18. Three networks of a kind are few.
#
# Three more reasons for caution. A few lines through a space of many thousands of axes show little of it. The running
# means and variances of batch normalization stay those of $\theta$ on the whole walk, and part of the rise may come from
# that. And the two kinds were not trained equally *well*, only equally *long*: whoever has learned more has more to lose.

# %% [markdown]
# ## What a map does not prove
#
# - **That the network is right.** A wrong answer has a map, too, and it often looks as convincing.
# - **That the network reasons as you do.** You see a sleeve and a purple patch on it. That the patch is there *because* it
#   is a sleeve is your story; the map has no words.
# - **That what is white does not matter.** Integrated gradients give nothing to black pixels by construction; a small window
#   misses what only a large one can hide.
# - **That there is one true map.** Each method answers its own question, and baseline, fill, noise and layer are choices.
#   Report them, as you report a learning rate.
#
# So: state the question before you choose the method; run the sanity check; put a control beside every curve.

# %% [markdown]
# ## Clinic: the map that everybody liked
#
# Somebody wrote "gradient times input": for one image and several classes, the image times the gradient of each class's
# score. The maps are sharp, show the clothes, and everybody in the meeting liked them. Run the next three cells.


# %% exercise="clinic_14"
def clinic_14(model, image, classes):
    """Gradient times input for one image (C, H, W) and each class of a list; a tensor (classes, C, H, W)."""
    ### BEGIN SOLUTION
    maps = []
    for k in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0, k]
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient)
    return torch.stack(maps)
    ### END SOLUTION
    ### BEGIN STUB
    # pixels = image.clone().requires_grad_()
    # maps = []
    # for k in classes:
    #     score = model(pixels[None])[0].max()
    #     score.backward()
    #     gradient = pixels.grad
    #     maps.append(image * gradient.sign().abs())
    # return torch.stack(maps)
    ### END STUB


# %% given="meeting"
def linear_judge(seed):
    """Ten classes that look at the image through a linear layer with random weights, in float64."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False)).double()


# %%
with waits_for("clinic_14"):
    picture = X_test[y_test == 8][0].double()
    one, other = linear_judge(0), linear_judge(1)
    mine, theirs = clinic_14(one, picture, [0, 4, 8]), clinic_14(other, picture, [0, 4, 8])
    with torch.no_grad():
        scores = one(picture[None])[0, [0, 4, 8]]
    networks = spearmanr(mine[0].flatten(), theirs[0].flatten()).statistic
    classes_apart = (mine[0] - mine[2]).abs().max().item()
    shares = mine.sum(dim=(1, 2, 3))
    print(f"two networks with other weights: rank correlation of the maps {networks:.3f}")
    print(f"two classes: largest difference of the maps {classes_apart:.3f}")
    print("the shares of a linear model add up to", *(f"{value:.3f}" for value in shares), "  its scores are", *(f"{value:.3f}" for value in scores))
    fig = show_maps(
        [[picture[0], *mine[:, 0].detach()], [picture[0], *theirs[:, 0].detach()]], ["image", "class 0", "class 4", "class 8"],
        ["network 1", "network 2"], size=1.5,
    )
    faults = {
        "the map does not know the network": networks > 0.99,
        "all classes have one map": classes_apart < 1e-9,
        "the shares do not add up": not torch.allclose(shares, scores),
    }
    unhealthy = [name for name, found in faults.items() if found]
    plots.finding(fig, f"Not healthy yet: {'; '.join(unhealthy)}" if unhealthy else "Healthy: each class and each network has its own map")
    plt.show()

# %% [markdown]
# **Symptom 1:** two networks that were never trained and have nothing in common get the same map. **Symptom 2:** all classes
# have one and the same map. **Symptom 3:** gradient times input gives each pixel its share, and none to a dark one;
# for a linear model without bias the shares must add up to the score ($\sum_j w_j x_j$), and they do not. There are three
# causes. Find them and repair `clinic_14`.
#
# <details><summary>Hint 1: what of the network is in the map?</summary>
#
# Print a few values of `gradient`, and of what it is turned into before it is multiplied by the image.
# </details>
#
# <details><summary>Hint 2: whose score is it?</summary>
#
# The loop goes over `classes`. Where in its body is `k` used?
# </details>
#
# <details><summary>Hint 3: the first map is right, the later ones are not</summary>
#
# `backward` adds to what is in `.grad`. What is in `pixels.grad` when the second class begins?
# </details>

# %% check="clinic_14"
check("clinic_14")

# %% [markdown]
# The meeting liked the map because it showed the bag. It showed the bag because it *was* the bag: the image, cut out where the
# gradient is not exactly zero. A good-looking map and a map of the network are two different things, and the eye cannot
# tell them apart. Two random networks can.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 14`.
#
# **q1.** A method gives nearly the same map for a trained network and for one with random weights. What follows?
# - a) The method is robust.
# - b) Random weights already know what a shirt is.
# - c) The map shows the image more than what the network has learned.
# - d) The network was not trained well enough.
#
# **q2.** What does completeness say of integrated gradients?
# - a) The shares of all pixels, with their signs, add up to the score at the image minus the score at the baseline.
# - b) The sizes of all shares add up to the score.
# - c) The shares add up to the score, whatever the baseline.
# - d) The maps of all classes add up to 1.
#
# **q3.** Why do these methods explain the score before the softmax, not the probability?
# - a) It makes no difference: the maps are the same up to a factor.
# - b) A probability also rises when other classes lose, and is flat where the network is sure.
# - c) The softmax has no gradient.
# - d) Probabilities are too small to be differentiated.
#
# **q4.** A deletion curve falls fast. What has to stand beside it before you believe the map?
# - a) the curve of a second network
# - b) the same curve with more points
# - c) the curve of the smoothed map
# - d) the curves of random order and of an order that knows only the image
#
# **q5.** What is filter normalization for?
# - a) It makes a slice quicker to draw.
# - b) It makes slices comparable: rescaling the layers of a network does not change its function, but would change the picture.
# - c) It moves the minimum to alpha = 0.
# - d) It makes random directions point downhill.

# %% exercise="quiz_14"
### BEGIN SOLUTION
quiz_14 = {"q1": "c", "q2": "a", "q3": "b", "q4": "d", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_14 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_14"
check("quiz_14")

# %% [markdown]
# ## Recap
#
# - **Saliency:** $|\partial s_c / \partial x|$: where a small change would matter. **SmoothGrad:** the mean of
#   $\partial s_c / \partial x$ at $x + \sigma z_i$, with signs.
# - **Integrated gradients:** $(x - x') \cdot \frac1m \sum_k \frac{\partial s_c}{\partial x}\big(x' + \frac{k + 1/2}{m}(x - x')\big)$;
#   complete: $\sum_j \mathrm{IG}_j = s_c(x) - s_c(x')$.
# - **Grad-CAM:** $\mathrm{ReLU}(\sum_k a_k A^k)$, $a_k$ the mean gradient of channel $k$; stretched to the image.
# - **Occlusion:** the mean drop of the score over the windows that cover a pixel.
# - **Axioms** say what a method promises; a check can hold it to that. **Sanity check:** with random weights a map must change.
#   **Deletion:** compare with random order, and with an order that knows only the image.
# - **A loss slice** $J(\theta + \alpha d)$ is comparable between networks when $d_i \leftarrow d_i \lVert\theta_i\rVert / \lVert d_i\rVert$.
# - In PyTorch: `torch.autograd.grad(value, tensor)` leaves no trace; a hook is removed by its handle.

# %% [markdown]
# ## Think about it
#
# A hospital's network finds pneumonia on X-rays, with 95 % accuracy on its test set. A colleague shows you Grad-CAM maps of
# five patients, all correctly diagnosed, with the warm colours over the lungs, and says: "So it looks at the lungs. We can
# trust it." In five to eight sentences, to be read by a person: what do these five maps not show, and which three tests
# from this unit would you run before you agree or disagree?

# %% [markdown] points=3 reflection="reflection_14"
# ### BEGIN SOLUTION
# Five chosen, correctly diagnosed patients say nothing of the cases where the network is wrong, and the maps of wrong
# answers may look just as convincing. That the colours lie over the lungs does not tell what is found there: it could be a
# marker, the contrast or the position of the patient, and on an X-ray of a chest nearly everything lies over the lungs, so a
# map that knows nothing of the network would look similar. I would run the sanity check first: redraw the weights from the
# top and see whether the maps change at all. Then deletion: does the answer fall sooner when the warm places are covered
# than when random places, or simply the brightest ones, are covered? Third, I would cover what should not matter, such as
# the corner with the hospital's marker, on many patients including those that are wrong, and look at how far the score
# drops. Only if all three come out well would I say that the maps are evidence, and even then evidence about where, not
# about why. The decision to trust needs results on patients of other hospitals.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the limits of the five maps are named (chosen and correct cases only; where is not why; a map that ignores the
# network could look the same). 1 point: the randomization sanity check is named with what must happen. 1 point: a
# deletion or occlusion test with a control beside it (random order, brightness, or a region that must not matter) is
# named. An accuracy on other data is a good addition, and does not replace a test from this unit.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - K. Simonyan, A. Vedaldi, A. Zisserman, [Deep Inside Convolutional Networks](https://arxiv.org/abs/1312.6034) (2013), saliency.
#   Reproduce: their class pictures, made by climbing the score from a black image.
# - D. Smilkov and others, [SmoothGrad](https://arxiv.org/abs/1706.03825) (2017); [code](https://github.com/PAIR-code/saliency).
#   Reproduce: the figure with the noise level on one axis and the number of copies on the other.
# - M. Sundararajan, A. Taly, Q. Yan, [Axiomatic Attribution for Deep Networks](https://arxiv.org/abs/1703.01365) (2017);
#   [code](https://github.com/ankurtaly/Integrated-Gradients). Reproduce: your maps with a white and a grey baseline, side by side.
# - R. R. Selvaraju and others, [Grad-CAM](https://arxiv.org/abs/1610.02391) (2017);
#   [code](https://github.com/ramprs/grad-cam). Reproduce: the maps of conv1 and of conv2 for the same image.
# - J. Adebayo and others, [Sanity Checks for Saliency Maps](https://arxiv.org/abs/1810.03292) (2018);
#   [code](https://github.com/adebayoj/sanity_checks_saliency). Reproduce: the second test, a network trained on random labels.
# - H. Li and others, [Visualizing the Loss Landscape of Neural Nets](https://arxiv.org/abs/1712.09913) (2018);
#   [code](https://github.com/tomgoldstein/loss-landscape). Reproduce: a contour over two directions for your own networks.
# - All methods of this unit, and many more, are in [Captum](https://github.com/meta-pytorch/captum); its numbers and yours agree.
#
# Next: 15 Multimodal, where images, words and sounds meet in one space.

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
# **After this unit you can** say which pixels an answer of a network depends on, by five methods that you wrote yourself;
# check a method by the rules that it promises to keep; tell a map that explains the network from one that merely shows
# the image; catch a network that took a shortcut; let it dream up an image of a class; ask the same questions of words
# and sounds; and draw the loss around a trained network.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 160 to 200 minutes, in four sittings | ●●●○○ | autograd ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)), the network of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb), the residual block of [12 Structure](../12_structure/12_structure.ipynb) |
#
# Each check runs your code on a few small networks and explains what it sees. What you wrote in units 10 and 12 is used
# here; where it is missing, a library's version stands in.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy
from collections import OrderedDict

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from course_lib.captions import NAMES, write_captions
from course_lib.data import CLASS_NAMES
from course_lib.device import report
from course_lib.fit import accuracy, fit, image_tensors
from course_lib.speech import WORDS, load_spoken_classes, mel_filters

plots.use_style()
device = torch.device(report().accelerator)
torch.set_num_threads(1)  # all sums in one order, so that a second run gives the same numbers

# %% [markdown]
# ## A network to look into
#
# A shop's network puts photographs of clothes on their shelves, and a customer complains: "Your network calls my shirt a
# coat. Why?" Nobody can answer. This unit is about what you could do.
#
# The network is unit 10's, trained for two passes over 5,000 images; that takes some seconds. It is no champion, and
# that is useful: one that is wrong now and then has more to tell. We take it out of its `forward` and lay its steps side by
# side, each under a name, so that we can listen at any of them; it computes what it did.

# %% given="network"
Net, ResidualBlock = earlier("Net", "ResidualBlock")
X_train, y_train, X_test, y_test = (part.to(device) for part in image_tensors())


def opened(net):
    """Unit 10's network as a chain of named steps over the same weights."""
    first = {"conv1": net.conv1, "relu1": nn.ReLU(), "pool1": nn.MaxPool2d(2)}
    second = {"conv2": net.conv2, "relu2": nn.ReLU(), "pool2": nn.MaxPool2d(2)}
    last = {"flat": nn.Flatten(), "fc1": net.fc1, "relu3": nn.ReLU(), "fc2": net.fc2}
    return nn.Sequential(OrderedDict(first | second | last)).eval()


# %%
with waits_for():
    not_while_grading()
    torch.manual_seed(0)
    net = Net().to(device)
    fit(net, X_train[:5000], y_train[:5000], epochs=2, lr=0.003)
    model = opened(net)
    with torch.no_grad():
        guesses = model(X_test).argmax(dim=1)
        print("the opened network computes the same:", torch.allclose(model(X_test[:50]), net(X_test[:50]), atol=1e-5))
    print(f"right on {100 * accuracy(model, X_test, y_test):.0f} % of the test images")
    right_on = {name: (guesses[y_test == k] == k).float().mean().item() for k, name in enumerate(CLASS_NAMES)}
    hardest = min(right_on, key=right_on.get)
    print(f"the hardest class: {hardest}, right on {100 * right_on[hardest]:.0f} %")

# %% [markdown]
# The first thing to look at is what it consists of. Each of the 32 filters of the first layer is a small picture of 3 by 3 weights,
# purple for positive and orange for negative ones: what it looks for. Beneath, what the first fifteen of them find in one image, after
# the ReLU. Each panel is brightened by itself, or the weak ones would be black: the numbers say how strong its brightest place is.

# %% given="pictures"
MAP_COLOURS = "PuOr"  # purple speaks for the class, orange against it, white says nothing


def show_maps(rows, titles, names, size=1.12):
    """A table of pictures: rows of images and maps (H, W); the first column is the image, in grey.

    Each map has its own scale: white is 0, the darkest colour is its 99th percentile.
    """
    fig, axes = plt.subplots(len(rows), len(titles), figsize=(size * len(titles) + 0.35, size * len(rows) + 0.75))
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            ax, array = axes[i, j], torch.as_tensor(picture).detach().cpu().double().numpy()
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
    handle = model.relu1.register_forward_hook(lambda module, inputs, output: found.update(maps=output.detach().cpu()))
    one_image = X_test[y_test == 5][:1]
    model(one_image)
    handle.remove()
    weights, maps = model.conv1.weight.detach().cpu()[:, 0], found["maps"][0, :15]
    ax = plots.image_grid(weights, columns=16, signed=True)
    both = ((weights.amax((1, 2)) > 0) & (weights.amin((1, 2)) < 0)).sum().item()
    plots.finding(ax, f"{both} of the {len(weights)} filters have weights of both signs: they compare bright and dark")
    plt.show()
    strongest = maps.amax((1, 2))
    panels = torch.cat([one_image[0].cpu(), maps / strongest.clamp(min=1e-9)[:, None, None]])
    ax = plots.image_grid(panels, ["image", *(f"{k}: {top:.2f}" for k, top in enumerate(strongest, start=1))], columns=8)
    plots.finding(ax, "A sandal, what the first 15 filters find in it, and how strong the brightest place is")
    plt.show()

# %% [markdown]
# Nine weights can be read, with good will: where purple lies above orange, the filter finds places that are brighter above
# than below; one that is nearly all orange and has a positive bias finds the dark. The
# second layer's filters cannot be read: each is a stack of 32 such pictures, about things that have no name. From here on
# another question is easier. Not "what does this weight do?" but: **for this image and this class, which pixels did the
# score depend on?** An answer is a map as large as the image. It is called an *attribution*.
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
    ax = plots.image_grid(torch.cat([images, inverted]).cpu(), [CLASS_NAMES[k] for k in labels] + [""] * 6, columns=6)
    plots.finding(ax, "Six images, and beneath each its saliency (dark: large)")
    plt.show()
    many, asked = X_test[:200], y_test[:200]
    maps = saliency(model, many, asked)
    nothing = many == 0
    off, on = maps[nothing].mean().item(), maps[~nothing].mean().item()
    print(f"mean size of the gradient: {off:.3f} on background pixels ({100 * nothing.float().mean():.0f} % of all), {on:.3f} on the clothes")
    reveal(
        "background",
        "a" if off == 0 else "b" if off < on else "c",
        because="the gradient asks what would happen if a pixel changed. A light in the dark would change the score, too.",
    )

# %% [markdown]
# A saliency map does not show what *is* in the image and matters; it shows where a small change *would* matter. That is
# a different question. It is also a noisy picture, and for that there is a remedy.

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
# call of `torch.randn(images.shape, generator=generator, dtype=images.dtype)`: then everybody's numbers are the same. The
# generator lives on the CPU; on a GPU the noise follows with `.to(images.device)`.


# %% exercise="smoothgrad"
def smoothgrad(model, images, labels, sigma, n, generator):
    """The mean of the signed gradients at n noisy copies of the images.

    images: (N, C, H, W).  labels: (N,).  sigma: standard deviation of the noise, in units of a pixel.
    generator: a torch.Generator; one draw of the images' shape for each copy, in turn.  Returns a tensor like images.
    """
    ### BEGIN SOLUTION
    total = torch.zeros_like(images)
    for _ in range(n):
        noise = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(images.device)
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
        return smoothgrad(model, images[which], labels[which], 0.15, n, torch.Generator().manual_seed(seed)).abs()[:, 0].cpu()

    def alike(a, b):
        """Spearman's rank correlation of each pair of maps."""
        return [spearmanr(p.flatten(), q.flatten()).statistic for p, q in zip(a, b, strict=True)]

    agreement = np.array([alike(seeded(0, n), seeded(1, n)) for n in numbers])
    for n, row in zip(numbers, agreement, strict=True):
        print(f"n = {n:2}: two maps of one image correlate by {row.mean():.2f} ({row.min():.2f} to {row.max():.2f})")
    rows = [[images[i, 0], saliency(model, images[i : i + 1], labels[i : i + 1])[0, 0]] for i in (0, 3)]
    rows = [row + [seeded(0, n, slice(i, i + 1))[0] for n in numbers] for row, i in zip(rows, (0, 3), strict=True)]
    fig = show_maps(rows, ["image", "saliency", *(f"n = {n}" for n in numbers)], [CLASS_NAMES[labels[i]] for i in (0, 3)])
    plots.finding(fig, f"Two people's maps correlate by {agreement[0].mean():.2f} with one noisy copy, by {agreement[-1].mean():.2f} with 64")
    plt.show()
    reveal(
        "noise",
        "b" if agreement[-1].mean() > agreement[0].mean() + 0.1 else "a" if agreement[-1].mean() > agreement[0].mean() - 0.1 else "c",
        because="what the noise did to one gradient is cancelled by others; what all the gradients share remains.",
    )

# %% [markdown]
# > **A good place for a break.** You have the gradient for the pixels, raw and smoothed. When you come back, put the cursor here
# > and choose *Run > Run All Above Selected Cell*.

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

# %% folded=true
with waits_for("integrated_gradients", "saliency"):
    not_while_grading()
    precise = copy.deepcopy(model).cpu().double()  # on the CPU: not every GPU has 64-bit numbers
    x64, black = images.cpu().double(), torch.zeros(1, 1, 28, 28, dtype=torch.float64)
    with torch.no_grad():
        rise = (precise(x64) - precise(black))[torch.arange(6), labels.cpu()]
    counts = [1, 3, 10, 30, 100]
    gaps = np.array([
        ((integrated_gradients(precise, x64, labels.cpu(), black, m).sum((1, 2, 3)) - rise) / rise).abs().numpy() for m in counts
    ]).T
    ax = plots.error_plot(counts, {"mean of six images": gaps.mean(axis=0), "worst of the six": gaps.max(axis=0)}, xlabel="steps m", ylabel="gap, as a part of the rise")
    few, many_steps = 100 * gaps[:, 0].mean(), 100 * gaps[:, -1].mean()
    plots.finding(ax, f"Completeness: the mean gap falls from {few:.0f} % with one step to {many_steps:.2f} % with 100")
    plt.show()
    for m, gap in zip(counts, gaps.mean(axis=0), strict=True):
        print(f"{m:3} steps: mean gap {100 * gap:7.3f} %")
    two = torch.full((1, 1, 1, 1), 2.0)
    share = integrated_gradients(lambda z: 1 - torch.relu(1 - z.flatten(1)), two, torch.tensor([0]), 0 * two, 10).item()
    print(f"the saturated pixel of the smallest network: a share of {share:.2f} in a rise of 1, where the gradient said 0")
    twin = copy.deepcopy(precise)
    with torch.no_grad():
        for part in (twin.conv1.weight, twin.conv1.bias):
            part *= 3
        twin.conv2.weight /= 3
    apart = (integrated_gradients(precise, x64, labels.cpu(), black, 5) - integrated_gradients(twin, x64, labels.cpu(), black, 5)).abs().max()
    print(f"a twin with other weights that computes the same: largest difference of the maps below 1e-10: {bool(apart < 1e-10)}")

# %% [markdown]
# With one or three steps it is luck how the points meet the kinks of the ReLUs, and three need not be better than one. With
# many the account balances.
#
# Beware of what completeness does *not* say. The shares add up, and the baseline decides what is shared out: with a black
# one, a black pixel gets nothing, since its way is zero. Yet you saw that the network does look at the background.

# %% [markdown]
# ## Grad-CAM: where a layer found its evidence
#
# The methods so far go all the way down to single pixels. Grad-CAM (Selvaraju and others, 2017) stops at a layer, the last
# convolution say, **after its ReLU**. The activations $A^k$ there are $K$ small maps: *where* something was found, and nowhere
# below 0. How much the class cares about map $k$ is its mean gradient:
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

    layer: a module inside the model; its output (N, K, h, w) is taken as it is. As in the paper it is the ReLU behind a
    convolution, whose output has nothing below 0.  images: (N, C, H, W).  labels: (N,).
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
# What if you hook the convolution itself, *before* its ReLU? Many programs do, since a ReLU often has no name. A place where
# the activation is negative is one that the ReLU switches off: the network never hears of it. But a negative activation
# times a negative weight is positive, and appears in the map as evidence *for* the class.

# %%
with waits_for("saliency", "grad_cam"):
    not_while_grading()
    behind, ahead = (grad_cam(model, layer, images, labels).cpu() for layer in (model.relu2, model.conv2))
    rows = list(zip(images[:4, 0], behind[:4], ahead[:4], strict=True))
    fig = show_maps(rows, ["image", "after", "before"], [CLASS_NAMES[k] for k in labels[:4]], size=1.4)
    both = [grad_cam(model, layer, X_test[:200], y_test[:200]).cpu() for layer in (model.relu2, model.conv2)]
    empty = [100 * (maps.amax((1, 2)) == 0).float().mean().item() for maps in both]
    outside = [100 * (maps[(X_test[:200, 0] == 0).cpu()].sum() / maps.sum()).item() for maps in both]
    plots.finding(fig, f"Grad-CAM after the ReLU and before it: {outside[0]:.0f} and {outside[1]:.0f} % of the colour lies on the background")
    plt.show()
    for name, none, share in zip(("after the ReLU, as in the paper", "before the ReLU"), empty, outside, strict=True):
        print(f"{name:32} {none:3.0f} % of the maps are 0 everywhere, {share:3.0f} % of the colour lies on the background")

# %% [markdown]
# How can a map be 0 everywhere? Grad-CAM stems from networks that end in a mean over all places and one linear layer: there
# the gradient is the same at every place, and $a_k$ is exact. Ours ends in layers with a weight for each place, and one mean
# weight for a whole channel cannot tell the places apart: what counts in one and not in another is averaged away.
# When you compare with somebody's Grad-CAM, ask what follows the layer, and where the hook was. From here on ours
# stands behind the ReLU; "before the ReLU" will come along in one table, so that you see what difference it makes.

# %% [markdown]
# ## Occlusion: cover and see
#
# The oldest of the five needs no gradient at all (Zeiler and Fergus, 2013): cover a patch of the image, look at how far the score
# drops, and go on to the next patch. A window of `size` x `size` begins at row and column 0, `stride`, 2 `stride`, ...; the last
# one is the first that reaches the edge, and it may stick out over it. (7 columns, size 3: with stride 3 windows begin at 0, 3
# and 6, with stride 2 at 0, 2 and 4, and none at 6.) Each pixel gets the **mean** drop over the windows that covered it.
#
# Do it by hand first: which patch costs this sandal most?

# %% folded=true
with waits_for():
    not_while_grading()
    with torch.no_grad():
        whole = model(one_image)[0].softmax(dim=0).cpu()

    def draw(row=14, column=10, size=9):
        """The image with a patch covered, and the probabilities of all classes, whole and covered."""
        covered = one_image.clone()
        covered[..., row : row + size, column : column + size] = 0.5
        with torch.no_grad():
            now = model(covered)[0].softmax(dim=0).cpu()
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4), width_ratios=[1, 1.5])
        left.imshow(covered[0, 0].cpu(), cmap="gray", vmin=0, vmax=1)
        left.axis("off")
        places = np.arange(10)
        right.barh(places - 0.2, whole, 0.38, color=plots.MUTED, label="whole")
        right.barh(places + 0.2, now, 0.38, color=plots.ORANGE, hatch="//", label="covered")
        right.set_yticks(places, CLASS_NAMES, fontsize=9)
        right.set(xlim=(0, 1), xlabel="probability")
        right.invert_yaxis()
        right.legend(loc="lower right")
        plots.finding(fig, f'Covered there, the network calls the sandal "{CLASS_NAMES[now.argmax()].lower()}" ({100 * now.max():.0f} %)')

    plots.play(draw, row=(0, 27, 1), column=(0, 27, 1), size=(1, 14, 1))

# %% [markdown]
# ### Exercise: `occlusion`


# %% exercise="occlusion"
def occlusion(model, images, labels, size, stride, fill):
    """The mean drop of each image's score for its label when windows over a pixel are covered with `fill`.

    images: (N, C, H, W).  labels: (N,).  size, stride: whole numbers, stride <= size.  fill: a number, for all channels.
    Windows begin at 0, stride, 2 stride, ...; the last is the first that reaches the edge, and it may stick out.
    Returns (N, H, W): positive where the class needs what is there.
    """
    (_, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros_like(images[:, 0]), torch.zeros_like(images[0, 0])
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
# Now all of them, for six images that the network gets right, each map on a scale of its own. Purple speaks for the class, orange
# against it. Of saliency and SmoothGrad only the sizes are drawn, and Grad-CAM cuts off what is negative: these three show no orange.

# %%
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()

    def black_like(images):
        return torch.zeros_like(images[:1])

    METHODS = {
        "saliency": lambda net, x, c: saliency(net, x, c)[:, 0],
        "SmoothGrad": lambda net, x, c: smoothgrad(net, x, c, 0.15, 20, torch.Generator().manual_seed(0)).abs()[:, 0],
        "integrated": lambda net, x, c: integrated_gradients(net, x, c, black_like(x), 20)[:, 0],
        "Grad-CAM": lambda net, x, c: grad_cam(net, net.relu2, x, c),
        "occlusion": lambda net, x, c: occlusion(net, x, c, 7, 3, 0.0),
    }
    columns = [images[:, 0], *(method(model, images, labels) for method in METHODS.values())]
    fig = show_maps(list(zip(*columns, strict=True)), ["image", *METHODS], [CLASS_NAMES[k] for k in labels])
    plots.finding(fig, "Five methods, five answers: each asks another question")
    plt.show()

# %% [markdown]
# They do not agree, and they need not: what would change the score a little (saliency), where the score came from on the way from black
# (integrated gradients), where a layer found something (Grad-CAM), what the score would be without a patch (occlusion). Before you trust
# any of them, ask what the map would look like if the network knew nothing.

# %% [markdown]
# > **A good place for a break.** You have five methods. What follows puts them to the test. When you come back, put the cursor
# > here and choose *Run > Run All Above Selected Cell*.

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
    sample, of_class = X_test[:12], y_test[:12]
    clothes = (sample[:, 0] > 0).cpu()  # on the others, integrated gradients are 0 whatever the network is

    def forgets(seed, count):
        """A copy of the network whose last `count` layers are drawn anew."""
        torch.manual_seed(seed)
        other = copy.deepcopy(model)
        for name in layers[:count]:
            getattr(other, name).reset_parameters()
        return other

    def similarity(a, b, where=None):
        """The mean rank correlation of two lists of maps; a map that is 0 everywhere has nothing in common with any."""
        a, b = a.cpu(), b.cpu()  # SciPy reads what NumPy can
        where = torch.ones_like(a, dtype=torch.bool) if where is None else where
        pairs = [(p[w], q[w]) for p, q, w in zip(a, b, where, strict=True)]
        return np.mean([spearmanr(p, q).statistic if p.std() * q.std() > 0 else 0.0 for p, q in pairs])

    kept, signed, inside = {}, {}, {}
    for name, method in METHODS.items():
        own = method(model, sample, of_class)
        others = [[method(forgets(seed, count), sample, of_class) for count in range(1, 5)] for seed in range(3)]
        kept[name] = np.array([[1.0] + [similarity(own.abs(), other.abs()) for other in row] for row in others])
        signed[name] = np.mean([similarity(own, row[-1]) for row in others])
        inside[name] = np.mean([similarity(own.abs(), row[-1].abs(), clothes) for row in others])
    ax = plots.loss_curves(kept, xlabel="layers drawn anew, from the top", ylabel="rank correlation with the map before", band="minmax")
    ax.set_xticks(range(5), ["none", "fc2", "+ fc1", "+ conv2", "+ conv1"])
    ax.set_ylim(-0.4, 1.05)
    ax.legend(loc="lower left", ncols=2)
    most = max(kept, key=lambda name: kept[name][:, -1].mean())
    plots.finding(ax, f"When all is forgotten, {most} still has an order of pixels that correlates by {kept[most][:, -1].mean():.2f}")
    plt.show()
    print(f"{'':13} rank correlation when all layers are random")
    print(f"{'':13} {'sizes':>6} {'(three draws)':>18} {'sizes, on the clothes alone':>30} {'with signs':>12}")
    for name, curves in kept.items():
        low, high = curves[:, -1].min(), curves[:, -1].max()
        print(f"{name:13} {curves[:, -1].mean():6.2f} {f'({low:.2f} to {high:.2f})':>18} {inside[name]:30.2f} {signed[name]:12.2f}")
    reveal(
        "sanity",
        dict(zip(METHODS, "abcde", strict=True))[most],
        because="This map changes least when everything that was learned is gone. Where it is integrated gradients: the factor x - x' "
        "is the image. Whatever the gradients are, the map is 0 where the image is black.",
    )

# %% [markdown]
# <details><summary>How to read the table, after your prediction</summary>
#
# **The first column** counts all 784 pixels. About half of them are black, and there integrated gradients are 0 for every network: $x - x'$
# is 0. A patch of black on black changes no score either, so occlusion is tied to the image as well. The agreement of two maps about the
# background says nothing of the network.
#
# **The second column** is therefore the fair one: only pixels of the clothes. What is left of integrated gradients there has the same
# factor in it, which still makes bright pixels count for more. **The last column** keeps the signs. Where something is coloured, the image
# has a say; in which colour, the network decides. So draw these maps with signs, and do not admire their outlines. (Adebayo and others
# report both numbers for this reason.)
# </details>

# %% [markdown]
# ## Does the network need these pixels?
#
# A second test asks for *faithfulness* (Samek and others, 2015). Delete the pixels of an image in the order of a map, the most
# important first (equal ones in random order), and look at how soon the network gives up its answer. A good map makes the curve fall
# fast. As always a number means nothing alone: beside the methods we delete in **random** order (three seeds), and in the order of
# **brightness**, which knows nothing of any network. What "deleted" means is a choice, too: black, or the mean grey.

# %%
predict(
    "deletion",
    ...,
    options={
        "a": "All methods clearly beat both random order and brightness, with black and with grey.",
        "b": "Some do and some do not: it depends on the method and on the colour.",
        "c": "None beats random order, with either colour.",
    },
)

# %% folded=true
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()
    sixty = X_test[:60]
    with torch.no_grad():
        answers = model(sixty).argmax(dim=1)
    orders = {name: method(model, sixty, answers).flatten(1) for name, method in METHODS.items()}
    orders["before ReLU"] = grad_cam(model, model.conv2, sixty, answers).flatten(1)  # the other Grad-CAM, for the table
    orders["brightness"] = sixty.flatten(1)
    shares, lots = np.linspace(0, 0.5, 11), torch.rand((60, 784), generator=torch.Generator().manual_seed(9)).argsort(dim=1)

    def deletion(importance, fill):
        """The share of answers that stay, after each share of the pixels was deleted, most important first."""
        mixed = importance.cpu().gather(1, lots)  # a stable sort leaves equals as the lots have them
        order, stays = lots.gather(1, mixed.argsort(dim=1, descending=True, stable=True)).to(device), []
        for share in shares:
            damaged = sixty.flatten(1).scatter(1, order[:, : int(share * 784)], fill)
            with torch.no_grad():
                stays.append((model(damaged.view_as(sixty)).argmax(dim=1) == answers).float().mean().item())
        return stays

    grey = sixty.mean().item()
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 4.6), sharey=True)
    areas = {}
    for ax, (colour, fill) in zip(axes, {"black": 0.0, "mean grey": grey}.items(), strict=True):
        curves = {name: np.array([deletion(order, fill)]) for name, order in orders.items()}
        chance = [torch.rand(lots.shape, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
        curves["random"] = np.array([deletion(order, fill) for order in chance])
        areas[colour] = {name: values.mean() for name, values in curves.items()}
        curves.pop("before ReLU")
        plots.loss_curves(curves, ax, xlabel=f"share of pixels made {colour}", ylabel="answers that stay" if ax is axes[0] else "", x=shares, band="minmax")
        for line, name, dashes in zip(ax.lines, curves, ["-", ":", "-.", (0, (5, 1)), (0, (1, 1)), "--", "-"], strict=True):
            line.set_linestyle(dashes)
            if name in ("brightness", "random"):
                line.set_color(plots.MUTED if name == "random" else plots.INK)
        ax.get_legend().remove()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9.5)
    pair = [f"{area['brightness']:.2f} and {area['random']:.2f}" for area in areas.values()]
    plots.finding(fig, f"Mean height, brightness and random order: {pair[0]} with black, {pair[1]} with grey")
    plt.show()
    print("mean height of the curve (lower: the order matters more; before ReLU: the other Grad-CAM)")
    for name in areas["black"]:
        print(f"{name:12} black {areas['black'][name]:.2f}   grey {areas['mean grey'][name]:.2f}")
    beats = {key: [area[name] < area[key] - 0.05 for area in areas.values() for name in METHODS] for key in ("random", "brightness")}
    reveal(
        "deletion",
        "a" if all(beats["random"] + beats["brightness"]) else "b" if any(beats["random"]) else "c",
        because="beating means by 0.05 here. With black a random order wastes about half its deletions on pixels that are black already, "
        "and brightness wastes none: without both controls the methods would have been credited with that.",
    )

# %% [markdown]
# <details><summary>How to read the two panels, after your prediction</summary>
#
# Compare each method with *brightness*. With black as nothing, deleting the brightest pixels is deleting the clothes. And integrated
# gradients and occlusion have the same black in their own definition: they are tested with what they were made with. With grey as nothing
# the order of the methods may be quite another one, and brightness may be no better than chance. Look also at the two Grad-CAMs in the table:
# the place of a hook decides how "faithful" a method is. With 60 images, do not build on differences of a few hundredths.
# </details>
#
# So "the most faithful method" does not exist without the words "for this way of deleting". And an image with grey holes is like nothing
# that the network was trained on: part of each curve comes from that.

# %% [markdown]
# ## A shortcut, planted
#
# So far nobody knew the true answer. Now we make one. In the photographer's studio a lamp was on whenever one kind of clothes
# was photographed: in the training images of that class one pixel in the corner is white. We train one network where the
# lamp marks all *bags*, and one where it marks all *shirts*. At home the customers have no such lamp. Who will suffer?

# %%
predict(
    "lamp",
    ...,
    options={
        "a": "both networks: a pixel that is always right is the easiest thing to learn",
        "b": "mostly the one whose bags were marked",
        "c": "mostly the one whose shirts were marked",
        "d": "none: one pixel of 784 is too little",
    },
)

# %%
def lit(images):
    """The same images with the lamp on."""
    images = images.clone()
    images[..., 1, 1] = 1
    return images


def studio(label, seed):
    """A small network trained on 3,000 images of which those of one class have the lamp on."""
    torch.manual_seed(seed)
    layers = {"conv1": nn.Conv2d(1, 16, 3, padding=1), "relu1": nn.ReLU(), "pool1": nn.MaxPool2d(2)}
    layers |= {"conv2": nn.Conv2d(16, 16, 3, padding=1), "relu2": nn.ReLU(), "pool2": nn.MaxPool2d(2)}
    net = nn.Sequential(OrderedDict(layers | {"flat": nn.Flatten(), "fc": nn.Linear(784, 10)})).to(device)
    marked = torch.where((y_train[:3000] == label)[:, None, None, None], lit(X_train[:3000]), X_train[:3000])
    fit(net, marked, y_train[:3000], epochs=4, lr=0.005, seed=seed)
    return net


# %%
with waits_for():
    not_while_grading()
    lost = {}
    for label in (8, 6):
        own, rest, said = X_test[y_test == label], X_test[y_test != label], []
        for seed in range(3):
            spoiled = studio(label, seed)
            with torch.no_grad():
                said.append([100 * (spoiled(x).argmax(dim=1) == label).float().mean().item() for x in (lit(own), own, lit(rest))])
        lost[label] = np.array(said)[:, 0] - np.array(said)[:, 1]
        told = [", ".join(f"{share:.0f}" for share in row) for row in np.transpose(said)]
        print(f"lamp on each {CLASS_NAMES[label].lower()}, three seeds: of these {told[0]} % are recognized with the lamp, "
              f"{told[1]} % without;\n    with the lamp {told[2]} % of all else is called so")  # fmt: skip
    bags, shirts = lost[8], lost[6]
    reveal(
        "lamp",
        "d" if max(bags.mean(), shirts.mean()) < 20 else "b" if bags.min() > shirts.max() else "c" if shirts.min() > bags.max() else "a",
        because="A network learns what lowers its loss. Where the thing itself is easy to see there is little left to gain by a shortcut; "
        "where it is hard the shortcut is worth more than all that cloth.",
    )

# %% [markdown]
# On a test set from the same studio both networks look fine. Do the maps tell? This time there *is* a ground truth: for a
# shirt with the lamp on, in the network of the marked shirts, the lamp's pixel must be among the most important ones. We call it found
# where fewer than 8 of the 784 pixels (1 %) have a larger value. A random order would find it in about 1 % of the images.

# %% folded=true
with waits_for("saliency", "smoothgrad", "integrated_gradients", "grad_cam", "occlusion"):
    not_while_grading()
    shown = lit(X_test[y_test == 6][:40])  # the last network of the loop above: marked shirts
    shirts = torch.full((40,), 6, device=device)
    with torch.no_grad():
        needs_lamp = (spoiled(shown).argmax(dim=1) == 6) & (spoiled(X_test[y_test == 6][:40]).argmax(dim=1) != 6)
    shown, shirts = shown[needs_lamp], shirts[needs_lamp]
    all_maps = {name: method(spoiled, shown, shirts) for name, method in METHODS.items()}
    finds = {name: 100 * ((maps > maps[:, 1, 1][:, None, None]).sum((1, 2)) < 8).float().mean().item() for name, maps in all_maps.items()}
    fig = show_maps(
        [[shown[i, 0], *(maps[i] for maps in all_maps.values())] for i in range(2)],
        ["image", *(f"{name}\n{share:.0f} %" for name, share in finds.items())], ["shirt", "shirt"],
    )
    found_by = [name for name, share in finds.items() if share >= 50]
    plots.finding(fig, f"Of {len(shown)} shirts that are one for the lamp alone, {len(found_by)} of 5 methods find the lamp in most")
    plt.show()
    for name, share in finds.items():
        print(f"{name:12} finds the lamp in {share:3.0f} % of the images")

# %% [markdown]
# All these images change their class when the lamp goes off, so a map without the lamp hides what the answer depends on. Look at *why*
# a method misses it or shares it out: Grad-CAM gives a channel one weight for all places, and what counts in one corner alone is averaged
# away; occlusion covers seven by seven pixels at a time, so that the lamp lends its weight to its neighbours. And remember how the damage
# came to light: not through maps, but through one experiment, the lamp off. **A map suggests what to try; the intervention decides.**
#
# > **A good place for a break.** You can test a map. Next come images that no camera took. When you come back, put the
# > cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## What a unit dreams of
#
# All maps so far were about a given image. One can also ask without any image: **what would excite this unit most?** Keep the
# weights, and let the *image* climb. With $s$ for the score of a class, or for the mean of one channel over its places:
#
# $$g_t = \nabla_x \Big( s(x_t) - \frac{\lambda}{2} \sum_j x_{t,j}^2 \Big), \qquad
# x_{t+1} = \mathrm{clip}_{[0, 1]} \Big( x_t + \alpha \, \frac{g_t}{\lVert g_t \rVert} \Big).$$
#
# It is gradient descent with another sign and another variable. The gradient is divided by its length (the root of the sum of
# its squares over the whole image), so that $\alpha$ is the length of each step: gradients of images differ
# by orders of magnitude. The penalty with $\lambda$ darkens what does not help, and after each step every pixel is cut off to 0 to 1.
#
# What will the dream of a "bag" look like, if we climb from a grey image with a little noise?

# %%
predict(
    "dream",
    ...,
    options={
        "a": "a bag as in a shop's catalogue; the network is less sure of it than of real bags",
        "b": "no bag that you would carry; the network gives it a higher score than all real bags",
        "c": "grey noise that the network does not take for a bag",
    },
)

# %% [markdown]
# ### Exercise: `maximize_activation`


# %% exercise="maximize_activation"
def maximize_activation(model, image, unit, layer, steps, lr, decay):
    """An image that excites one unit, by gradient ascent from `image`.

    model: images (N, C, H, W) -> scores (N, classes).  image: (C, H, W), pixels in [0, 1].
    layer: None, then the activation is the score of class `unit` (no softmax); or a module inside the model with output
    (N, K, h, w), then it is the mean of channel `unit` over its h * w places.
    Each of the `steps` steps adds lr * g / (length of g), with g the gradient of activation - decay / 2 * (sum of the
    squared pixels), and cuts all pixels off to 0..1. Where g is 0 the image stays.
    Returns the image (C, H, W) and the record of the activations (steps + 1,), without penalty: at the start, and after
    each step. The model, its gradients (.grad) and `image` are left as they were, and no hook stays.
    """
    ### BEGIN SOLUTION
    kept = {}
    handle = None if layer is None else layer.register_forward_hook(lambda module, inputs, output: kept.update(maps=output))

    def activation(x):
        scores = model(x[None])
        return scores[0, unit] if layer is None else kept["maps"][0, unit].mean()

    x, history = image.detach().clone(), []
    for _ in range(steps):
        x.requires_grad_()
        value = activation(x)
        history.append(value.detach())
        (g,) = torch.autograd.grad(value - decay / 2 * (x**2).sum(), x)
        length = g.norm()
        x = x.detach()
        if length > 0:
            x = x + lr * g / length
        x = x.clamp(0, 1)
    with torch.no_grad():
        history.append(activation(x))
    if handle is not None:
        handle.remove()
    return x, torch.stack(history)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong already after one step</summary>
#
# Uphill, so a plus. The length of the gradient is `g.norm()`, one number for the whole image. `model` wants a batch: `x[None]`.
# </details>
#
# <details><summary>Hint 2: right after one step, wrong after several, or the record is wrong</summary>
#
# Each round: a tensor of your own with `requires_grad_()`, the activation there, its gradient, the step, `detach()`. Write the
# activation down *before* each step, and once more at the end.
# </details>
#
# <details><summary>Hint 3: the penalty, the range</summary>
#
# Subtract `decay / 2 * (x**2).sum()` before you differentiate; the record does not contain it. `clamp(0, 1)` ends each step.
# </details>
#
# <details><summary>Hint 4: a channel</summary>
#
# A forward hook, as in `grad_cam`, keeps the layer's output of the latest pass; channel `unit` of image 0, its mean. If the
# channel hears nothing the gradient is 0, and 0 / 0 is no number.
# </details>
#
# <details><summary>Hint 5: something is left behind</summary>
#
# `torch.autograd.grad(value, x)` fills no weight's `.grad`. Work on a `clone()`, and remove the hook.
# </details>

# %% check="maximize_activation"
check("maximize_activation")

# %% [markdown]
# A raw climb ends in fine grain that no image has (leave out the blur and see). So we pause ten times and blur a little: each
# time only what survives the blur goes on growing. Beside the dreams: the images of the test set that excite the same unit
# most. Look at both before you name a unit. (Many channels answer to brightness, and dream of white; the four in the second
# figure are those, of the livelier half, whose activation has least to do with an image's mean brightness.)

# %% folded=true
with waits_for("maximize_activation"):
    not_while_grading()

    def blurred(image):
        """Each pixel's mean with its neighbours, weighted 1 2 1 in both directions."""
        line = torch.tensor([1.0, 2.0, 1.0], device=device) / 4
        return nn.functional.conv2d(nn.functional.pad(image[None], (1, 1, 1, 1), mode="replicate"), (line[:, None] * line)[None, None])[0]

    def dream(unit, layer=None, seed=0):
        """Ten short climbs with a blur before each, from grey with a little noise; the image and its activations."""
        noise = torch.rand((1, 28, 28), generator=torch.Generator().manual_seed(seed)).to(device)
        image, climb = 0.3 + 0.1 * noise, []
        for _ in range(10):
            image, history = maximize_activation(model, blurred(image), unit, layer, 8, 0.5, 0.02 if layer is None else 0.0)
            climb += [float(value) for value in history]
        return image.detach().cpu(), climb

    with torch.no_grad():
        scores = model(X_test).cpu()
    dreams = {k: dream(k) for k in range(10)}
    rows = torch.stack([dreams[k][0] for k in range(10)] + [X_test[scores[:, k].argmax()].cpu() for k in range(10)])
    ax = plots.image_grid(rows, [CLASS_NAMES[k] for k in range(10)] + [""] * 10, columns=10)
    above = [k for k in range(10) if dreams[k][1][-1] > scores[:, k].max()]
    plots.finding(ax, f"Above: what each class dreams of; {len(above)} of 10 score higher than the best of 2,000 images (beneath)")
    plt.show()
    bag, climb = dreams[8]
    ax = plots.loss_curves({"the dream of a bag": np.array([climb])}, xlabel="evaluation", ylabel="score of the class bag")
    best = scores[:, 8].max().item()
    ax.axhline(best, color=plots.INK, linestyle="--")
    ax.text(len(climb), best, "best real image ", ha="right", va="bottom", fontsize=9)
    plots.finding(ax, f"The climb ends at {climb[-1]:.1f}, the best real image has {best:.1f}; each dent is a blur")
    plt.show()
    with torch.no_grad():
        called = model(bag[None].to(device)).argmax().item()
    reveal(
        "dream",
        "c" if called != 8 else "b" if climb[-1] > best else "a",
        because="The score counts evidence, and nothing asks for a *plausible* image: evidence can be piled up beyond what any real bag has. "
        "What is missing here is a model of what images look like.",
    )

# %% folded=true
with waits_for("maximize_activation"):
    not_while_grading()
    inner = {}
    handle = model.relu2.register_forward_hook(lambda module, inputs, output: inner.update(maps=output.detach().mean((2, 3)).cpu()))
    with torch.no_grad():
        model(X_test)
    handle.remove()
    lively = inner["maps"].std(dim=0).argsort(descending=True)[:32]  # of these, the four that care least for mere brightness
    with_brightness = torch.corrcoef(torch.cat([X_test.cpu().mean((1, 2, 3))[None], inner["maps"].T[lively]]))[0, 1:]
    chosen_units = lively[with_brightness.abs().argsort()[:4]].tolist()
    panels, names = [], []
    for unit in chosen_units:
        top = inner["maps"][:, unit].argsort(descending=True)[:5]
        panels += [dream(unit, model.relu2)[0], *X_test[top.to(device)].cpu()]
        names += [f"channel {unit}", *(CLASS_NAMES[y_test[i]] for i in top)]
    ax = plots.image_grid(torch.stack(panels), names, columns=6)
    plots.finding(ax, "Four channels of conv2: the dream (left), and the five images that excite it most")
    plt.show()

# %% [markdown]
# The column on the left shows a *texture* that a channel answers to, without any object; the five images show in which things
# this texture occurs. Neither alone names the channel: who sees five bags and says "a bag detector" has perhaps found "an even grey area".
# And start the same climb at a *real* image, towards another class, but go so small a way that nobody sees a difference: if
# the answer changes all the same, you have made an *adversarial example*.

# %% [markdown]
# ## Which word, which patch of sound?
#
# Nothing in these methods knows what a pixel is. A sentence becomes a table of numbers (one row of 16 for each word), a
# sound a picture of its frequencies over time; the functions that you wrote take both. Two small networks: one guesses the class
# of clothes from a caption such as "my new sneaker in red", one from the spoken word (by synthetic voices that it has not heard).

# %% folded=true
with waits_for():
    not_while_grading()

    def captions(labels, seed):
        colours = np.random.default_rng(seed).integers(6, size=len(labels))
        return [caption.split() for caption in write_captions(labels.cpu().numpy(), colours, seed)]

    told, asked_of = captions(y_train[:3000], 0), captions(y_test[:600], 1)
    vocabulary = {word: i for i, word in enumerate(sorted({word for caption in told for word in caption}), start=1)}

    def as_ids(sentences):
        return torch.tensor([[vocabulary.get(word, 0) for word in (words + [""] * 7)[:7]] for words in sentences], device=device)

    class Reader(nn.Module):
        """Captions (N, 7) of word numbers to scores (N, 10); `read` begins with the table of the words, (N, 1, 7, 16)."""

        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(len(vocabulary) + 1, 16, padding_idx=0)
            parts = [nn.Conv2d(1, 32, (2, 16), padding=(1, 0)), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten()]
            self.read = nn.Sequential(*parts, nn.Linear(32, 10))

        def forward(self, ids):
            return self.read(self.embedding(ids)[:, None])

    torch.manual_seed(0)
    reader = Reader().to(device)
    fit(reader, as_ids(told), y_train[:3000], epochs=4, lr=0.01)

    def heard(waves):
        """The logarithm of the power in 24 bands of frequency, (N, 1, 24, 61), roughly from 0 (silent) to 1."""
        frames = torch.from_numpy(waves).unfold(1, 256, 128) * torch.hann_window(256)
        power = torch.fft.rfft(frames).abs() ** 2 @ torch.from_numpy(mel_filters(24, 256).T).float()
        return ((torch.log(power + 1e-4) - np.log(1e-4)) / 15).transpose(1, 2)[:, None].to(device)

    speech = load_spoken_classes()
    sounds, sounds_test = heard(speech.train.waves), heard(speech.test.waves)
    spoken, spoken_test = (torch.from_numpy(part.labels).to(device) for part in (speech.train, speech.test))
    torch.manual_seed(0)
    parts = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    listener = nn.Sequential(*parts, nn.Flatten(), nn.Linear(32 * 6 * 15, 10)).to(device)
    fit(listener, sounds, spoken, epochs=6, lr=0.01, batch_size=64)
    print(f"the reader is right on {100 * accuracy(reader, as_ids(asked_of), y_test[:600]):.0f} % of the captions (some say no more than \"thing\")")
    print(f"the listener is right on {100 * accuracy(listener, sounds_test, spoken_test):.0f} % of the words by unheard voices")

# %% [markdown]
# For the words: integrated gradients on the table, from a table of zeros, which is no word at all; the 16 shares of a word are
# added up. For the sound: occlusion with silence. And as always a control: does the answer change when the *strongest* word or
# patch is taken away, and how often when another one, drawn at random, is?

# %% folded=true
with waits_for("integrated_gradients", "saliency", "occlusion"):
    not_while_grading()
    ids = as_ids(asked_of)
    with torch.no_grad():
        table, said = reader.embedding(ids)[:, None], reader(ids).argmax(dim=1)
    word_shares = integrated_gradients(reader.read, table, said, torch.zeros_like(table[:1]), 20).sum((1, 3)).detach()

    def changed(position):
        """How many of 100 answers change when the word at a place (N,) of each caption is left out."""
        without = ids.scatter(1, position[:, None], 0)
        with torch.no_grad():
            return 100 * (reader(without).argmax(dim=1) != said).float().mean().item()

    strongest = word_shares.masked_fill(ids == 0, -np.inf).argmax(dim=1)
    luck = torch.rand(ids.shape, generator=torch.Generator().manual_seed(0)).to(device)
    another = luck.masked_fill(ids == 0, -1).scatter(1, strongest[:, None], -1).argmax(dim=1)
    fig, ax = plt.subplots(figsize=(7.4, 3.2))
    top = word_shares[:6].abs().max().item()
    ax.imshow(word_shares[:6].cpu(), cmap=MAP_COLOURS, vmin=-top, vmax=top, aspect="auto")
    for i in range(6):
        for j, word in enumerate(asked_of[i]):
            ax.text(j, i, f"{word}\n{word_shares[i, j]:+.1f}", ha="center", va="center", fontsize=9,
                    color="white" if abs(word_shares[i, j]) > 0.6 * top else plots.INK)  # fmt: skip
    ax.set(xticks=[])
    ax.set_yticks(range(6), [NAMES[k] for k in said[:6]])
    ax.grid(False)
    plots.finding(ax, f"Without its strongest word {changed(strongest):.0f} % of the answers change, without another {changed(another):.0f} % (left: the answer)")
    plt.show()

# %% folded=true
with waits_for("occlusion"):
    not_while_grading()
    with torch.no_grad():
        answer = listener(sounds_test).argmax(dim=1)
    patches = occlusion(listener, sounds_test, answer, 6, 3, 0.0)

    def silenced(middles):
        """How many of 100 answers change when 6 x 6 around a place (N,) of each sound are silenced."""
        rows, columns = (middles // 61).cpu(), (middles % 61).cpu()
        quiet = sounds_test.clone()
        for i, (row, column) in enumerate(zip(rows, columns, strict=True)):
            quiet[i, :, max(row - 3, 0) : row + 3, max(column - 3, 0) : column + 3] = 0
        with torch.no_grad():
            return 100 * (listener(quiet).argmax(dim=1) != answer).float().mean().item()

    best = patches.flatten(1).argmax(dim=1)
    loud = sounds_test.flatten(1) > 0.3  # the control is drawn among places where something is to be heard
    luck = torch.rand(loud.shape, generator=torch.Generator().manual_seed(0)).to(device).masked_fill(~loud, -1).argmax(dim=1)
    fig, axes = plt.subplots(2, 3, figsize=(7.4, 4.2), sharex=True, sharey=True)
    for column, k in zip(axes.T, (0, 3, 9), strict=True):
        i = int(torch.nonzero((spoken_test == k) & (answer == k))[0])
        top = patches[i].abs().max().item()
        column[0].imshow(sounds_test[i, 0].cpu(), cmap="gray", origin="lower", aspect="auto")
        column[1].imshow(patches[i].cpu(), cmap=MAP_COLOURS, vmin=-top, vmax=top, origin="lower", aspect="auto")
        column[0].set_title(f'"{WORDS[k]}"', fontsize=10, weight="normal", loc="center")
        column[1].set_xlabel("frame (16 ms)")
    axes[0, 0].set_ylabel("band of pitch")
    axes[1, 0].set_ylabel("drop by silence")
    for ax in axes.flat:
        ax.grid(False)
    plots.finding(fig, f"Silence over the strongest patch changes {silenced(best):.0f} % of the answers, over a random sounding one {silenced(luck):.0f} %")
    plt.show()

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
    handle = model.fc2.register_forward_hook(lambda module, inputs, output: inner.update(features=inputs[0].detach().cpu()))
    model(X_test[:1000])
    handle.remove()
    clouds, true = {"The pixels": X_test[:1000].flatten(1).cpu(), "The last hidden layer": inner["features"]}, y_test[:1000].cpu()
    colours = [*plots.PALETTE, "#882255", "#999933", "#332288"]
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 4.9))
    for ax, (name, features) in zip(axes, clouds.items(), strict=True):
        centred = features - features.mean(dim=0)
        U, S, Vt = torch.linalg.svd(centred, full_matrices=False)
        plane = centred @ Vt[:2].T
        share = (S[:2] ** 2).sum() / (S**2).sum()
        for k, label in enumerate(CLASS_NAMES):
            mine = true == k
            ax.scatter(*plane[mine].T, s=11, marker="osD^v<>PX*"[k], color=colours[k], alpha=0.75, linewidths=0, label=label)
        ax.set(xlabel="first axis", ylabel="second axis")
        plots.finding(ax, f"{name}: {100 * share:.0f} % of the variance")
        between = torch.stack([features[true == k].mean(dim=0) for k in range(10)])
        nearest = torch.cdist(features, between).argmin(dim=1)
        print(f"{name}: the nearest class mean is the right one for {100 * (nearest == true).float().mean():.0f} %")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=9, markerscale=1.8, columnspacing=1)
    plt.show()

# %% [markdown]
# The same 1,000 images twice. Look for classes that lie on top of each other in the pixels and have places of their own in the last
# hidden layer, and for those that share one place even there: compare with the hardest class at the top. (The nearest class
# mean flatters both: the means are those of these very images.) Two axes of 128 are a shadow on a wall: what overlaps here may be
# apart along the third axis. And the variance, not the classes, chose these axes.
#
# > **A good place for a break.** You have seen what the network does with images, words and sounds. Last comes the ground that it
# > stands on. When you come back, put the cursor here and choose *Run > Run All Above Selected Cell*.

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
# same layers without the shortcut. A comparison is fair only if both have come equally far: whoever has learned more has more to
# lose. So each is trained **until its loss on 500 fixed training images is at most 0.8** (looked at every four updates, 240 at most; the
# table says where each stopped), all at one learning rate, 0.01, since another rate may lead to a place with other walls. Around each of
# three networks of a kind we walk in three random directions, filter-normalized.
#
# Li and others found that shortcuts make the landscape of a *very* deep network (56 layers) smooth. Ours has a third of
# that depth. Around which of the two networks does the loss rise more, from about the same loss, at $\alpha = \pm 0.5$?

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

    def trained(block, seed, goal=0.8, most=240):
        """A network of 8 blocks, trained until its loss on 500 training images is `goal`, and how many updates that took."""
        torch.manual_seed(seed)
        stem = [nn.Conv2d(1, 8, 4, stride=4, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
        deep = nn.Sequential(*stem, *(block(8, 8) for _ in range(8)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)).to(device)
        optimizer, generator = torch.optim.AdamW(deep.parameters(), lr=0.01, weight_decay=0.0), torch.Generator().manual_seed(seed)
        for update in range(1, most + 1):
            batch = torch.randint(3000, (128,), generator=generator).to(device)
            loss = nn.functional.cross_entropy(deep.train()(X_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if update % 4 == 0:
                with torch.no_grad():
                    if nn.functional.cross_entropy(deep.eval()(X_train[:500]), y_train[:500]) <= goal:
                        break
        return deep.eval(), update

    def slices(deep, seed):
        """The loss on 500 training images along three random directions, (3, alphas)."""
        generator = torch.Generator().manual_seed(seed)
        params = list(deep.parameters())
        random = ([torch.randn(param.shape, generator=generator).to(device) for param in params] for _ in range(3))
        slices = [loss_slice(deep, X_train[:500], y_train[:500], filter_normalized(d, params), alphas) for d in random]
        return [np.array([float(loss) for loss in losses]) for losses in slices]

    alphas = torch.linspace(-1, 1, 21)
    tiny = nn.Linear(1, 10).to(device)  # a short walk first: where an exercise is still open, no training is wasted
    own = [param.detach() for param in tiny.parameters()]
    loss_slice(tiny, torch.ones(1, 1, device=device), y_train[:1], filter_normalized(own, own), alphas[:1])

    print(f"{'':14} {'updates':>16} {'loss there':>16} {'rise to alpha = +-0.5 (each network)':>40}")
    walks, rises = {}, {}
    for name, block in {"plain": without_shortcut, "with shortcuts": ResidualBlock}.items():
        networks, updates = zip(*(trained(block, seed) for seed in range(3)), strict=True)
        walk = np.array([slices(deep, seed) for seed, deep in enumerate(networks)])  # (networks, directions, alphas)
        rises[name] = (walk[..., [5, 15]] - walk[..., [10]]).mean(axis=(1, 2))
        walks[name] = walk.reshape(9, -1)
        texts = [", ".join(f"{each:{form}}" for each in row) for row, form in ((updates, "d"), (walk[:, 0, 10], ".2f"), (rises[name], ".2f"))]
        print(f"{name:14} {texts[0]:>16} {texts[1]:>16} {texts[2]:>40}")
    plain, short = rises["plain"], rises["with shortcuts"]
    verdict = "a" if plain.min() > short.max() else "b" if short.min() > plain.max() else "c"
    ax = plots.loss_curves(walks, xlabel=r"$\alpha$", ylabel="loss on 500 training images", x=alphas.numpy(), logy=True, band="minmax")
    steeper = {"a": "the plain networks rise more", "b": "those with shortcuts rise more", "c": "no clear difference"}[verdict]
    plots.finding(ax, f"From about the same loss, {steeper}: {plain.mean():.2f} plain, {short.mean():.2f} with shortcuts (bands: nine walks)")
    plt.show()
    reveal(
        "landscape",
        verdict,
        because="each network counts with its mean rise. Only where the three of one kind lie "
        "above the three of the other do we call it a difference.",
    )

# %% [markdown]
# How *soon* the two arrive is another question: compare the updates (at this one rate). About the walls, be careful even where the cell
# found a difference. Three networks of a kind are few: that all three of one kind lie above all three of the other happens by chance in 2
# of 20 cases; and when the machine adds in another order, single rises change visibly. A few lines through a space of many thousands of
# axes show little of it. And the running means and variances of batch normalization stay those of $\theta$ on the whole walk, so part of
# the rise may come from that.

# %% [markdown]
# ## What a map does not prove
#
# - **That the network is right.** A wrong answer has a map, too, and it often looks as convincing.
# - **That the network reasons as you do.** You see a sleeve and a purple patch on it. That the patch is there *because* it
#   is a sleeve is your story; the map has no words.
# - **That what is white does not matter.** Integrated gradients give nothing to black pixels; a small window misses what only a large one hides.
# - **That it found the cause.** You planted one and saw who missed it. Turn the lamp off, and count.
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
    picture = X_test[y_test == 8][0].cpu().double()
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
# **q1.** On satellite images with wide black margins a method's maps of a trained and of a random network correlate by 0.9; on the land
# alone, by 0.1. What follows?
# - a) The method is robust.
# - b) Random weights already know what a field is.
# - c) Most of the 0.9 comes from the margins, where both maps are tied to the image.
# - d) The network was not trained well enough.
#
# **q2.** Somebody's integrated gradients of an X-ray, from a *white* baseline, give the white bones nothing. What is the reason?
# - a) Their way from the baseline is zero, whatever the network does with them.
# - b) The network does not use the bones.
# - c) The gradient is saturated there.
# - d) The number of steps was too small.
#
# **q3.** A network is sure of its answer: probability 0.9999. Why would a saliency map of the *probability* be nearly empty?
# - a) It would not: it is the map of the score, up to a factor near 1.
# - b) The softmax is flat where one score is far ahead, so all its gradients are tiny.
# - c) The softmax has no gradient.
# - d) A sure network looks at few pixels.
#
# **q4.** A wolf detector answers by the snow behind the wolf. Which result is the strongest evidence for that?
# - a) Five maps of wolves with purple snow.
# - b) A dream of the class "wolf" that is white.
# - c) A high rank correlation of the maps of two networks.
# - d) Dogs pasted on snow are called wolves, and wolves pasted on grass are not; on a hundred images of each.
#
# **q5.** In a network with ReLUs you multiply one layer's filters and biases by 10 and divide the next layer's filters by 10. What
# happens to a loss slice?
# - a) Nothing, with or without filter normalization: the function is the same.
# - b) With filter normalization it stays the same; without, the first of these layers is hardly moved and the second far too much.
# - c) It becomes ten times steeper in both cases.
# - d) The minimum moves to another alpha.
#
# **q6.** You climb a class's score with steps of length 0.5, and somebody hands you a network whose scores are all multiplied by 100.
# What changes in the dream (no penalty)?
# - a) It becomes brighter.
# - b) It gets there in a hundredth of the steps.
# - c) Nothing but the record of the scores: the direction of the gradient is the same.
# - d) It leaves the range from 0 to 1.

# %% exercise="quiz_14"
### BEGIN SOLUTION
quiz_14 = {"q1": "c", "q2": "a", "q3": "b", "q4": "d", "q5": "b", "q6": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_14 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ..., "q6": ...}
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
# - **Grad-CAM:** $\mathrm{ReLU}(\sum_k a_k A^k)$, $A^k$ after the layer's ReLU, $a_k$ the mean gradient of channel $k$; stretched to the image.
# - **Occlusion:** the mean drop of the score over the windows that cover a pixel.
# - **Axioms** say what a method promises; a check can hold it to that. **Sanity check:** with random weights a map must change.
#   **Deletion:** compare with random order, and with an order that knows only the image. **A shortcut** is proved by taking it away.
# - **Activation maximization:** $x \leftarrow \mathrm{clip}(x + \alpha \, g / \lVert g \rVert)$, $g$ the gradient of $s - \frac{\lambda}{2} \lVert x \rVert^2$.
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
#   Reproduce: their class pictures from another start, and see how many different bags one network dreams of.
# - C. Olah, A. Mordvintsev, L. Schubert, [Feature Visualization](https://distill.pub/2017/feature-visualization/) (2017);
#   [code](https://github.com/tensorflow/lucid). Reproduce: a dream with small random shifts in place of the blur.
# - R. Geirhos and others, [Shortcut Learning in Deep Neural Networks](https://arxiv.org/abs/2004.07780) (2020). Reproduce: a lamp that is on for
#   only half of the shirts.
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
# - R. L. Draelos, L. Carin, [Use HiResCAM instead of Grad-CAM](https://arxiv.org/abs/2011.08891) (2020). Reproduce: gradient times
#   activation, *without* the mean over places; where is the strongest place of the shirts with the lamp?
# - All methods of this unit are in [Captum](https://github.com/meta-pytorch/captum), with the same numbers for the same settings.
#
# Next: 15 Multimodal, where images, words and sounds meet in one space.

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
# # 13 · Networks that change themselves
#
# **After this unit you can** prune a network by weights and by channels, and say which of the two makes it faster; test the
# lottery ticket hypothesis; let a network grow while it trains without losing what it knows; search among structures
# without training each to the end; and let easy images leave a network early.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 150 to 180 minutes | ●●●●○ | structures and their costs ([12 Structure](../12_structure/12_structure.ipynb)), the network of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb) |
#
# Each check below runs your code on a few inputs and explains what it sees. The experiments need about a minute of
# computing in all.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import zlib
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from course_lib.data import load_fashion_mnist, subset
from course_lib.fit import accuracy, fit

plots.use_style()
Net = earlier("Net")

# %% [markdown]
# In unit 12 *you* changed the structure, between two trainings. Here the structure changes by rule, in the middle of a
# network's life: weights go, channels go, units come, layers come, and some images do not even pass through all of it.
# Each time the same question returns: how much of what a network can do is in its **structure**, and how much in its
# **weights**?
#
# The experiments use 3,000 images, halved to 14 × 14 pixels, and a small network of the shape you know: two convolutions,
# two linear layers.

# %% folded=true given="small_data"
fashion = load_fashion_mnist()


def halved(images):
    """Images (N, 28, 28) as tensors (N, 1, 14, 14): the mean of each 2 x 2 pixels."""
    return nn.functional.avg_pool2d(torch.from_numpy(images[:, None]), 2)


X, y = subset(fashion.X_train, fashion.y_train, 3000)
X, y = halved(X), torch.from_numpy(y)
X_test, y_test = halved(fashion.X_test), torch.from_numpy(fashion.y_test)
SEEDS = (0, 1, 2)


def small_net(seed, a=16, b=32):
    """A network for 14 x 14 images with a and b channels; the same weights for the same seed."""
    torch.manual_seed(seed)
    return nn.Sequential(
        *(nn.Conv2d(1, a, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(9 * b, 64), nn.ReLU(), nn.Linear(64, 10)),
    )


def copy_of(model):
    """A second network with the same values."""
    other = small_net(0, len(model[0].bias), len(model[3].bias))
    other.load_state_dict(model.state_dict())
    return other


# %% [markdown]
# ## Taking weights away
#
# Which weights can a network do without? The simplest answer is surprisingly good: the **smallest**. A weight near zero adds
# little to any sum. The **sparsity** $s$ is the share of weights that is set to zero; a **mask** $m$ of zeros and ones says
# which:
#
# $$w \leftarrow m \odot w, \qquad m_i = 0 \text{ for the } \operatorname{round}(s\,n) \text{ smallest } |w_i|
# \text{ of all } n \text{ weights}$$
#
# *Of all*: one ranking for the whole network. A layer whose weights are mostly small may lose nearly everything, and
# another almost nothing.
#
# Before you write it: our small network is trained, and then we set 80 % of its weights to zero, without any training
# afterwards. It had 80 % of the test images right. And then?

# %%
predict(
    "one_shot",
    ...,
    options={
        "a": "about 10 %, pure chance",
        "b": "clearly worse, but far above chance",
        "c": "nearly as good as before",
    },
)

# %% [markdown]
# ### Exercise: `magnitude_prune`


# %% exercise="magnitude_prune"
def magnitude_prune(model, sparsity):
    """Set the smallest weights of the whole network to zero, in place, and return the masks.

    model: an nn.Module.  sparsity: the share of its weights that goes, 0 to 1; their number is rounded to the nearest.
    Weights are the parameters with two axes or more; biases and normalizations (one axis) stay as they are.
    Returns {name as in model.named_parameters(): mask of the weight's shape, 1 stays and 0 is pruned}.
    """
    ### BEGIN SOLUTION
    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    size = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    keep = torch.ones_like(size)
    keep[torch.argsort(size)[: round(sparsity * len(size))]] = 0
    parts = keep.split([p.numel() for p in weights.values()])
    masks = {name: part.reshape(p.shape) for (name, p), part in zip(weights.items(), parts, strict=True)}
    with torch.no_grad():
        for name, p in weights.items():
            p *= masks[name]
    return masks
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the wrong weights go</summary>
#
# Put `p.detach().abs().flatten()` of all weights into one long vector with `torch.cat`. Then there is one ranking, and signs
# do not matter.
# </details>
#
# <details><summary>Hint 2: too many zeros, or too few</summary>
#
# The mask starts as ones, and gets a 0 at each place that goes: `round(sparsity * n)` places.
# </details>
#
# <details><summary>Hint 3: weights of equal size; pruning twice</summary>
#
# `torch.argsort` gives *places*, from the smallest to the largest: take the first k. Weights that are 0 already are the
# smallest of all, so pruning a second time needs no code of its own.
# </details>
#
# <details><summary>Hint 4: which parameters, and what happens to them</summary>
#
# `p.ndim > 1` is true for weights. Cut the long mask up again with `.split([...])` and `.reshape(p.shape)`, and multiply each
# weight in place, under `torch.no_grad()`.
# </details>

# %% check="magnitude_prune"
check("magnitude_prune")

# %% [markdown]
# Three networks are trained, pruned at four sparsities, and looked at: as they are (one shot), and after two more epochs
# (fine-tuned). Fine-tuning must not bring the pruned weights back; here the masks are laid on again before each batch.
#
# Two controls: a random mask of the same sparsity, also fine-tuned (does it matter *which* weights go?), and the whole
# network with the same two epochs more, so that nobody has trained longer.

# %% folded=true
SPARSITIES = (0.5, 0.8, 0.9, 0.95)
with waits_for("magnitude_prune"):
    not_while_grading()

    def fine_tuned(model, masks, epochs=2):
        """The network's accuracy after some epochs in which pruned weights stay pruned."""

        def lay_on(*_):
            for key, mask in masks.items():
                model.get_parameter(key).data *= mask

        model.register_forward_pre_hook(lay_on)
        fit(model, X, y, epochs=epochs, lr=0.005, batch_size=48)
        return accuracy(model, X_test, y_test)

    magnitude_prune(small_net(0), 0.5)  # where it is not written yet, nothing below is trained for nothing
    trained = [small_net(seed) for seed in SEEDS]
    for seed, model in zip(SEEDS, trained, strict=True):
        fit(model, X, y, epochs=5, lr=0.01, batch_size=48, seed=seed)
    whole = [accuracy(model, X_test, y_test) for model in trained]
    whole_tuned = [fine_tuned(copy_of(model), {}) for model in trained]
    one_shot, tuned, chance = [], [], []
    for model in trained:
        for results, by_size, epochs in ((one_shot, True, 0), (tuned, True, 2), (chance, False, 2)):
            row = []
            for sparsity in SPARSITIES:
                pruned = copy_of(model)
                if by_size:
                    masks = magnitude_prune(pruned, sparsity)
                else:
                    torch.manual_seed(0)
                    masks = {name: (torch.rand(p.shape) > sparsity).float() for name, p in pruned.named_parameters() if p.ndim > 1}
                    for name, mask in masks.items():
                        pruned.get_parameter(name).data *= mask
                row.append(fine_tuned(pruned, masks, epochs) if epochs else accuracy(pruned, X_test, y_test))
            results.append(row)
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    share = 100 * np.array(SPARSITIES)
    for values, label, color in (
        (tuned, "smallest weights, fine-tuned", plots.BLUE),
        (one_shot, "smallest weights, one shot", plots.ORANGE),
        (chance, "random weights, fine-tuned", plots.VERMILLION),
    ):
        plots.bands(ax, share, 100 * np.array(values), label=label, color=color, band="minmax")
    ax.axhline(100 * np.mean(whole_tuned), color=plots.MUTED, linestyle=":", label="nothing pruned, trained on as long")
    ax.set(xlabel="weights that are zero (%)", ylabel="test accuracy (%)", ylim=(0, 100))
    ax.legend(loc="lower left")
    plots.finding(ax, "Pruned by size and fine-tuned, a tenth of the weights comes within 5 points of all (bands: three seeds)")
    plt.show()
    print(f"nothing pruned: {np.mean(whole):.1%}, and {np.mean(whole_tuned):.1%} after two more epochs")
    for k, sparsity in enumerate(SPARSITIES):
        means = [np.mean(np.array(values)[:, k]) for values in (one_shot, tuned, chance)]
        print(f"{sparsity:.0%} zeros: one shot {means[0]:.1%}, fine-tuned {means[1]:.1%}, random and fine-tuned {means[2]:.1%}")
    lost = np.mean(whole) - np.mean(np.array(one_shot)[:, 1])
    reveal(
        "one_shot",
        "c" if lost < 0.03 else "b" if lost < 0.6 else "a",
        because="The smallest 80 % of the weights are small, but they are many, and what they add is missing everywhere at once.",
    )

# %% [markdown]
# At half of the weights hardly anything is lost. At 80 % one shot costs about 7 points, and two epochs of fine-tuning bring
# most of them back. At 90 % the fine-tuned network is within 5 points of the whole one (about 77 % against 81 %), with a
# tenth of its weights. The random mask shows that it matters *which* tenth: fine-tuned in the same way, it stops far below,
# at about 44 %. At 95 % the smallest weights are not enough either (about 70 %): there is a limit, and it depends on the network and
# the problem. (On another machine the digits differ a little, here and below.)

# %% [markdown]
# ## Zeros are not speed
#
# Nine weights of ten are gone. Is the network now ten times as fast, and its file a tenth of the size?

# %%
predict(
    "speed",
    ...,
    options={
        "a": "faster and smaller: zeros cost nothing",
        "b": "as fast as before, but its file is smaller",
        "c": "as fast as before, and its file is as large; only a compressed file is smaller",
    },
)

# %% [markdown]
# A dense layer multiplies all its numbers, zero or not. To be really smaller, a network must have *smaller arrays*: whole
# output channels of a convolution have to go. That is **structured pruning**. If a filter goes, its channel is missing from
# the image that comes out, and so everything that belongs to this channel goes as well:
#
# | where | what goes with channel $i$ |
# |---|---|
# | this convolution | filter `weight[i]`, and `bias[i]` |
# | a normalization behind it | entry i of `weight`, `bias`, `running_mean` and `running_var` |
# | the next convolution | `weight[:, i]`, in every one of its filters |
# | a linear layer behind a flattening | a *block* of columns: one for each place of the image, H·W of them |
#
# Which channels? Those whose filters have the smallest **L1 norm**, $\lVert W_i \rVert_1 = \sum |w|$ over the filter.
#
# ### Exercise: `prune_channels`


# %% exercise="prune_channels"
def prune_channels(conv, norm, following, count):
    """Keep the `count` output channels of conv with the largest L1 norms, in their old order; new, smaller layers.

    conv: nn.Conv2d, with or without a bias.  norm: the nn.BatchNorm2d behind it (eps and momentum as usual), or None.
    following: the nn.Conv2d that comes next, or an nn.Linear behind a flattening of (N, channels, H, W); with a bias.
    Returns (conv, norm, following), all new; the old layers stay as they are.
    """
    ### BEGIN SOLUTION
    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = norms.argsort(descending=True)[:count].sort().values
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight.data = conv.weight.data[keep]
    if conv.bias is not None:
        new.bias.data = conv.bias.data[keep]
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm, key).data = getattr(old, key).data[keep]
    blocks = following.weight.data.unflatten(1, (conv.out_channels, -1))[:, keep].flatten(1, 2)
    if isinstance(following, nn.Linear):
        last = nn.Linear(blocks.shape[1], following.out_features)
    else:
        last = nn.Conv2d(count, following.out_channels, following.kernel_size, following.stride, following.padding)
    last.weight.data, last.bias.data = blocks, following.bias.data.clone()
    return new, norm, last
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the norms</summary>
#
# `conv.weight` is (out, in, height, width). Sum the sizes over all axes but the first: `.abs().sum(dim=(1, 2, 3))`.
# </details>
#
# <details><summary>Hint 2: the order</summary>
#
# Take the `count` best from `norms.argsort(descending=True)`, and sort these numbers: then channels keep their order.
# </details>
#
# <details><summary>Hint 3: the normalization</summary>
#
# Build `nn.BatchNorm2d(count)` and carry over four vectors, each with `[keep]`. `module.weight.data = ...` puts an array into
# a new layer.
# </details>
#
# <details><summary>Hint 4: the next convolution</summary>
#
# Its weight is (out, **in**, height, width): choose along axis 1. Its bias stays.
# </details>
#
# <details><summary>Hint 5: a linear layer behind a flattening</summary>
#
# Flattening writes channel 0 with all its H·W places, then channel 1, and so on. `weight.unflatten(1, (channels, -1))` gives
# (out, channels, H·W): choose along axis 1, and flatten these two axes again.
# </details>
#
# <details><summary>Hint 6: all weights are right, the outputs are not</summary>
#
# Hand `kernel_size`, `stride` and `padding` on to the new convolutions.
# </details>

# %% check="prune_channels"
check("prune_channels")

# %% [markdown]
# Now measure. Unit 10's network in three versions: as it is; with 90 % of its weights zero; and with half of the channels
# of both convolutions removed. (Nothing is trained here: neither time nor size depends on the values.) Times are medians of
# nine runs on a batch of 64 images.

# %% folded=true
with waits_for("magnitude_prune", "prune_channels"):
    not_while_grading()
    torch.manual_seed(0)
    dense = Net().eval()
    sparse, slim = Net().eval(), Net().eval()
    for other in (sparse, slim):
        other.load_state_dict(dense.state_dict())
    magnitude_prune(sparse, 0.9)
    slim.conv1, _, slim.conv2 = prune_channels(slim.conv1, None, slim.conv2, 16)
    slim.conv2, _, slim.fc1 = prune_channels(slim.conv2, None, slim.fc1, 32)
    batch = torch.from_numpy(fashion.X_test[:64, None])

    def median_seconds(models, repeats=9):
        """The median time of each model; they take turns, so that a slow moment of the machine meets all of them."""
        times = np.zeros((repeats, len(models)))
        with torch.no_grad():
            for row in range(-1, repeats):  # the first round is the warm-up
                for k, model in enumerate(models):
                    start = perf_counter()
                    model(batch)
                    times[max(row, 0), k] = perf_counter() - start
        return np.median(times, axis=0)

    versions = {"as it is": dense, "90 % zeros": sparse, "half the channels": slim}
    seconds = median_seconds(list(versions.values()))
    files = [save(model.state_dict()) for model in versions.values()]
    costs = {
        "not zero": [sum(int((p != 0).sum()) for p in model.parameters()) for model in versions.values()],
        "time": seconds,
        "file": [len(data) for data in files],
        "file, compressed": [len(zlib.compress(data)) for data in files],
    }
    fig, ax = plt.subplots(figsize=(7.0, 4.0))
    for k, (name, color) in enumerate(zip(versions, (plots.MUTED, plots.ORANGE, plots.BLUE), strict=True)):
        heights = [100 * cost[k] / cost[0] for cost in costs.values()]
        ax.bar(np.arange(len(costs)) + 0.27 * (k - 1), heights, width=0.25, color=color, label=name)
    ax.set_xticks(range(len(costs)), costs)
    ax.set(ylabel="compared with the whole network (%)", ylim=(0, 150))
    ax.legend(loc="upper center", ncols=3)
    plots.finding(ax, "Zeros help only a compressor; half the channels are fewer numbers, less time and a smaller file")
    plt.show()
    print(f"half the channels: {seconds[0] / seconds[2]:.1f} times as fast; 90 % zeros: {seconds[0] / seconds[1]:.1f} times")
    for name, data in zip(versions, files, strict=True):
        print(f"{name:18} {len(data) / 1024:6.0f} KiB, compressed {len(zlib.compress(data)) / 1024:6.0f} KiB")
    smaller = len(files[1]) < 0.9 * len(files[0])
    reveal(
        "speed",
        "a" if seconds[1] < 0.5 * seconds[0] else "b" if smaller else "c",
        because="A dense array has a place for each number, and a dense product multiplies them all. Zeros are four bytes each.",
    )

# %% [markdown]
# The network with 90 % zeros needs the time it needed before, give or take this machine's noise, and its file is as large to
# the byte: 1648 KiB. Only a compressor sees the zeros (292 KiB). The one with half the channels holds 49 % of the numbers,
# and is about twice as fast: smaller arrays, fewer multiplications. Zeros become speed only with hardware or kernels made
# for them (GPUs can skip two of every four weights, if the zeros come in just that pattern).
#
# So why prune weights at all? Because it shows how much of a network is *needed*, and that leads to a deeper question.

# %% [markdown]
# ## The lottery ticket
#
# A pruned network does well with a tenth of its weights. So why not train such a thin network from the start? People had
# tried; it trained badly. In 2018 Frankle and Carbin found an exception: take the mask that pruning found, and the **very
# first values** that its surviving weights had before training. This **winning ticket** trains well, often as well as the
# whole network. With *new* random values under the same mask it does less well.
#
# So a ticket is a structure *and* the weights that fit it. To make one:
#
# 1. note the initial values, and train;
# 2. prune by magnitude: this gives the masks;
# 3. **rewind**: survivors go back to their initial values, pruned weights stay 0; biases and everything else go back too;
# 4. train again, with the masks kept: a pruned weight gets no gradient.
#
# For step 4 a **hook on a tensor** helps: `p.register_hook(function)` calls `function(grad)` whenever p's gradient has been
# computed, and what it returns is used in its place. (The clinic below shows where this is not enough.)
#
# ### Exercise: `lottery_rewind`


# %% exercise="lottery_rewind"
def lottery_rewind(model, initial, masks):
    """Put a trained model back to its first day, in place, without the pruned weights, and keep them out from now on.

    initial: {name as in model.state_dict(): first value}, left as it is.  masks: {name of a parameter: 0/1 mask}.
    Afterwards every state is the initial one, times its mask where there is one; and each parameter with a mask has a
    hook that multiplies its gradient by the mask.
    """
    ### BEGIN SOLUTION
    model.load_state_dict(initial)

    def hook_for(mask):
        return lambda grad: grad * mask

    with torch.no_grad():
        for name, p in model.named_parameters():
            if name in masks:
                p *= masks[name]
                p.register_hook(hook_for(masks[name]))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the values right after the call</summary>
#
# First all the initial values, then the masks over them. Multiply in place, under `torch.no_grad()`.
# </details>
#
# <details><summary>Hint 2: biases, running means, and the stored values</summary>
#
# `model.load_state_dict(initial)` copies every number, running means included, and shares no memory.
# </details>
#
# <details><summary>Hint 3: the zeros do not stay zero</summary>
#
# `p.register_hook(...)` with a function that returns `grad * mask`. Weights whose gradient is always 0 are not moved.
# </details>
#
# <details><summary>Hint 4: the hooks mix their masks up</summary>
#
# A function made in a loop sees the loop's variable as it is *later*. Write `hook_for(mask)`, which makes and returns the
# hook for one mask: you did the same in `count_macs`.
# </details>

# %% check="lottery_rewind"
check("lottery_rewind")

# %% [markdown]
# 95 % of the weights go. Two networks with the same mask are trained for four epochs: one from its own first values, one
# from a new draw. How do they compare after two of them?

# %%
predict(
    "ticket",
    ...,
    options={
        "a": "the ticket is better: its first values fit the mask",
        "b": "no difference beyond the seeds: only the structure counts",
        "c": "the new draw is better",
    },
)

# %% folded=true
with waits_for("magnitude_prune", "lottery_rewind"):
    not_while_grading()

    def curve(model, seed, epochs=4):
        """The test accuracy after each epoch of training."""
        seen = []
        fit(model, X, y, epochs=epochs, lr=0.01, batch_size=48, seed=seed, after_epoch=lambda *_: seen.append(accuracy(model, X_test, y_test)))
        return seen

    curves = {"whole network": [], "winning ticket": [], "same mask, new draw": []}
    for seed in SEEDS:
        first_day = {key: value.clone() for key, value in small_net(seed).state_dict().items()}
        new_draw = small_net(seed + 100).state_dict()
        masks = magnitude_prune(copy_of(trained[seed]), 0.95)
        curves["whole network"].append(curve(small_net(seed), seed))
        for name, start in (("winning ticket", first_day), ("same mask, new draw", new_draw)):
            model = copy_of(trained[seed])
            lottery_rewind(model, start, masks)
            curves[name].append(curve(model, seed))
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    for (name, values), color in zip(curves.items(), (plots.MUTED, plots.BLUE, plots.VERMILLION), strict=True):
        plots.bands(ax, np.arange(1, 5), 100 * np.array(values), label=name, color=color, band="minmax")
    ax.set(xlabel="epoch", ylabel="test accuracy (%)", xticks=range(1, 5))
    ax.legend(loc="lower right")
    plots.finding(ax, "Under the same mask, the first values learn faster than new ones; by the end the lead is smaller (three seeds)")
    plt.show()
    for name, values in curves.items():
        for epoch in (2, 4):
            row = np.array(values)[:, epoch - 1]
            print(f"{name:20} epoch {epoch}: {row.mean():.1%} (by seed: {', '.join(f'{value:.1%}' for value in row)})")
    ticket, other = (np.array(curves[name])[:, 1] for name in ("winning ticket", "same mask, new draw"))
    reveal(
        "ticket",
        "a" if (ticket > other).all() else "c" if (other > ticket).all() else "b",
        because="The mask was found from these values: weights that started large and well placed grew and survived. A new "
        "draw puts other numbers at these places.",
    )

# %% [markdown]
# The ticket is ahead from the first epoch, and after two epochs it is ahead for each of the three seeds. At the end the lead is
# smaller: on our machine about 73 % against 69 % with two threads, and 74 % against 67 % with one, by nothing but the order
# of additions. With two threads the new draw had overtaken the ticket for one seed of the three, with one thread for none.
# Neither reaches the whole network (78 %).
#
# (We had meant to judge by the end, saw the one seed that turns, and then judged by epoch 2. Whoever chooses the place of the
# comparison afterwards has a hint, not a proof.)
#
# It fits what is known: with few epochs and a high sparsity the first values are worth a lot; with longer training, larger
# networks and larger learning rates the effect shrinks, or needs values from an *early epoch* in place of the first day.
#
# What does this say about structure and weights? The mask is a structure, found by training weights. And that structure is
# worth most together with the numbers it was found with: here the two cannot be taken apart.

# %% [markdown]
# ## Growing
#
# Now the other way round. A small network has been trained, and turns out to be too small. Throw it away and train a larger
# one from the start? Or let it **grow**, and keep what it knows? That needs a change of structure that does not change the
# function.
#
# **Wider** (Net2Net; Chen, Goodfellow and Shlens, 2015): a new unit is a *copy* of an old one, with its incoming weights and
# its bias. Copies compute the same number. So that the next layer gets the same sum as before, they share the outgoing
# weight. Let new unit $j$ copy old unit $c(j)$, and let $n_u$ be how many new units copy $u$:
#
# $$W^{(1)\prime}_{j} = W^{(1)}_{c(j)}, \qquad b'_j = b_{c(j)}, \qquad W^{(2)\prime}_{\cdot j} = \frac{W^{(2)}_{\cdot\, c(j)}}{n_{c(j)}}$$
#
# A unit with two copies sends two halves; one that stays alone sends all it sent.
#
# ### Exercise: `net2wider`


# %% exercise="net2wider"
def net2wider(first, second, copies):
    """A wider `first` and the `second` that fits it; second(relu(first(x))) is what it was.

    first, second: two nn.Linear or two nn.Conv2d in a row, with biases.
    copies: LongTensor (new width,): which old unit (or channel) each new one copies; each old one occurs at least once.
    Returns (first, second), both new.
    """
    ### BEGIN SOLUTION
    if isinstance(first, nn.Conv2d):
        one = nn.Conv2d(first.in_channels, len(copies), first.kernel_size, first.stride, first.padding)
        two = nn.Conv2d(len(copies), second.out_channels, second.kernel_size, second.stride, second.padding)
    else:
        one = nn.Linear(first.in_features, len(copies))
        two = nn.Linear(len(copies), second.out_features)
    count = torch.bincount(copies)[copies]
    one.weight.data, one.bias.data = first.weight.data[copies], first.bias.data[copies]
    two.weight.data = (second.weight.data[:, copies].transpose(1, -1) / count).transpose(1, -1)
    two.bias.data = second.bias.data.clone()
    return one, two
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the first layer</summary>
#
# Indexing with a tensor of places copies: `first.weight.data[copies]` has a row (a filter) for each new unit. Biases likewise.
# </details>
#
# <details><summary>Hint 2: the second layer's weights</summary>
#
# Its units come in along axis 1: `second.weight.data[:, copies]`. `torch.bincount(copies)` counts how often each old unit
# occurs, and `[copies]` hands each new unit the count of its old one. For a convolution the counts have to be shaped
# (1, width, 1, 1).
# </details>
#
# <details><summary>Hint 3: the second layer's bias</summary>
#
# It is added once, whoever sends. Copy it.
# </details>
#
# <details><summary>Hint 4: convolutions with stride or padding</summary>
#
# Hand `kernel_size`, `stride` and `padding` of each old layer on to its new one.
# </details>

# %% check="net2wider"
check("net2wider")

# %% [markdown]
# **Deeper**: put a layer behind another one that hands its input on as it is. Behind a ReLU that can be another
# layer with a ReLU, since all numbers are already $\ge 0$:
#
# $$\operatorname{ReLU}\big(I\,\operatorname{ReLU}(z) + 0\big) = \operatorname{ReLU}(z)$$
#
# (ReLU is *idempotent*. With tanh this would not work.) For a linear layer $I$ is the identity matrix. For a convolution it is
# the **Dirac kernel**: 1 in the middle of the kernel that leads from channel i to channel i, 0 everywhere else.
#
# ### Exercise: `net2deeper`


# %% exercise="net2deeper"
def net2deeper(layer):
    """A new layer to stand behind `layer` and its ReLU, with a ReLU of its own; it changes nothing.

    layer: nn.Linear, or nn.Conv2d whose kernel has odd sides (height and width may differ), with any stride and padding.
    Returns a layer of the same kind with the same kernel size, and a bias of 0, that keeps the size of the image.
    """
    ### BEGIN SOLUTION
    width = len(layer.bias)
    if isinstance(layer, nn.Linear):
        new = nn.Linear(width, width)
        new.weight.data = torch.eye(width)
    else:
        height, breadth = layer.kernel_size
        new = nn.Conv2d(width, width, (height, breadth), padding=(height // 2, breadth // 2))
        new.weight.data = torch.zeros(width, width, height, breadth)
        new.weight.data[:, :, height // 2, breadth // 2] = torch.eye(width)
    new.bias.data = torch.zeros(width)
    return new
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the values</summary>
#
# Set weight *and* bias; PyTorch fills both with random numbers. `torch.eye(n)` is the identity matrix.
# </details>
#
# <details><summary>Hint 2: the sizes</summary>
#
# What comes in is what `layer` gives out: as many units (or channels) in as out, `len(layer.bias)` of them.
# </details>
#
# <details><summary>Hint 3: the Dirac kernel</summary>
#
# Start from zeros. In the middle, `[:, :, height // 2, width // 2]`, stands an identity matrix: channel i to channel i.
# </details>
#
# <details><summary>Hint 4: the image's size</summary>
#
# The new convolution has stride 1 and half a kernel of padding on each side, `(height // 2, width // 2)`, whatever `layer` has.
# </details>

# %% check="net2deeper"
check("net2deeper")

# %% [markdown]
# Your two functions on the small network: 32 channels become 48, and then one more convolution stands behind them. How far
# are the logits from those of the old network?

# %%
with waits_for("net2wider", "net2deeper"):
    old = small_net(0)
    images = X_test[:200]
    head = nn.Conv2d(32, 64, 3)  # the linear layer behind 3 x 3 places, seen as a convolution: it has channels too
    head.weight.data, head.bias.data = old[7].weight.data.reshape(64, 32, 3, 3), old[7].bias.data
    wide, head = net2wider(old[3], head, torch.arange(48) % 32)
    grown = nn.Sequential(*old[:3], wide, nn.ReLU(), net2deeper(wide), nn.ReLU(), nn.MaxPool2d(2), head, *old[6:7], *old[8:])
    with torch.no_grad():
        gap = (grown(images) - old(images)).abs().max()
    print(f"parameters: {sum(p.numel() for p in old.parameters()):,} before, {sum(p.numel() for p in grown.parameters()):,} after")
    print(f"largest difference between two logits: {gap:.0e} (the logits go up to {old(images).abs().max():.2f})")

# %% [markdown]
# More channels, a layer more, and the same function, up to the rounding of float32.
#
# Now a trap. We grow a trained network with true copies and train on. What happens to a pair of copies?

# %%
predict(
    "twins",
    ...,
    options={
        "a": "they drift apart and learn different things",
        "b": "they stay equal for ever",
        "c": "one of them dies",
    },
)

# %% given="grow"
def noisy(layer, amount, seed=0):
    """Add noise to a layer's weights, in place: `amount` times their standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight += amount * layer.weight.std() * torch.randn(layer.weight.shape, generator=generator)


# %% folded=true
with waits_for("net2wider"):
    not_while_grading()
    distances = {}
    parent = small_net(0)
    net2wider(parent[7], parent[9], torch.arange(64))  # stops here where it is not written yet
    fit(parent, X, y, epochs=2, lr=0.01, batch_size=48)

    def apart(layer):
        """How far copy and original are from each other, compared with their length."""
        pairs = layer.weight.detach()
        return float((pairs[:64] - pairs[64:]).norm() / pairs.norm())

    for amount in (0.0, 0.02):
        old = copy_of(parent)
        hidden, head = net2wider(old[7], old[9], torch.arange(128) % 64)
        noisy(hidden, amount)
        grown = nn.Sequential(*old[:7], hidden, nn.ReLU(), head)
        start = apart(hidden)
        fit(grown, X, y, epochs=2, lr=0.005, batch_size=48)
        distances[amount] = apart(hidden)
        print(f"noise {amount:.0%}: copies differ by {start:.1%} of their length at first, {distances[amount]:.1%} after two epochs")
    reveal(
        "twins",
        "b" if distances[0.0] < 1e-3 else "a",
        because="Equal units with equal outgoing weights get equal gradients, so every step moves them alike. The network "
        "is wider and knows no more than before, unless something tells the copies apart: a little noise.",
    )

# %% [markdown]
# Exact copies are equal after two epochs, to the last digit that is printed, and will be for ever: the network has 128 hidden
# units and knows what 64 can know. With 2 % of noise they part, further and further. (The function is then preserved only
# nearly; the noise is the price of learning on.)
#
# Now the race. The small network (4 and 8 channels) trains for ten epochs, grows to 16 and 32 channels (with the noise), and
# trains on for three, at a lower learning rate so as not to lose what it knows. The large network trains from scratch until
# it has done *as many multiplications in all*. An epoch of the large one costs about ten times as much as one of the small
# one.

# %% given="macs"
def macs(a, b):
    """Multiply-accumulates of small_net with a and b channels for one image, by the formula of unit 12."""
    return 14 * 14 * a * 9 + 7 * 7 * b * 9 * a + 64 * 9 * b + 10 * 64


# %% folded=true
with waits_for("net2wider"):
    not_while_grading()

    def widened(model, seed):
        """small_net with 4 and 8 channels, grown to 16 and 32."""
        big = small_net(seed, 16, 32)
        conv1, conv2 = net2wider(model[0], model[3], torch.arange(16) % 4)
        # The linear layer sees 3 x 3 places of each channel: as a convolution over the whole image it has channels too.
        head = nn.Conv2d(8, 64, 3)
        head.weight.data, head.bias.data = model[7].weight.data.reshape(64, 8, 3, 3), model[7].bias.data
        conv2, head = net2wider(conv2, head, torch.arange(32) % 8)
        for place, layer in ((0, conv1), (3, conv2)):
            noisy(layer, 0.02, seed)
            big[place] = layer
        big[7].weight.data, big[7].bias.data = head.weight.data.flatten(1), head.bias.data
        big[9] = model[9]
        return big

    def loss_of(model):
        with torch.no_grad():
            return nn.functional.cross_entropy(model(X_test), y_test).item()

    def noted(model, seen):
        return lambda *_: seen.append(loss_of(model))

    widened(small_net(0, 4, 8), 0)  # stops here where net2wider is not written yet
    small_epochs, late_epochs = 10, 3
    spent = small_epochs * macs(4, 8) + late_epochs * macs(16, 32)
    large_epochs = round(spent / macs(16, 32))
    grown_curves, large_curves, jumps = [], [], []
    for seed in SEEDS:
        model, seen = small_net(seed, 4, 8), []
        fit(model, X, y, epochs=small_epochs, lr=0.01, batch_size=48, seed=seed, after_epoch=noted(model, seen))
        model = widened(model, seed)
        seen.append(loss_of(model))
        jumps.append(seen[-1] - seen[-2])
        fit(model, X, y, epochs=late_epochs, lr=0.003, batch_size=48, seed=seed, after_epoch=noted(model, seen))
        grown_curves.append(seen)
        model, seen = small_net(seed, 16, 32), []
        fit(model, X, y, epochs=large_epochs, lr=0.01, batch_size=48, seed=seed, after_epoch=noted(model, seen))
        large_curves.append(seen)
    work = np.cumsum([macs(4, 8)] * small_epochs + [0] + [macs(16, 32)] * late_epochs) * len(X) / 1e9
    work_large = np.arange(1, large_epochs + 1) * macs(16, 32) * len(X) / 1e9
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    plots.bands(ax, work, np.array(grown_curves), label="small, then grown", color=plots.BLUE, band="minmax")
    plots.bands(ax, work_large, np.array(large_curves), label="large from the start", color=plots.VERMILLION, band="minmax")
    ax.axvline(work[small_epochs - 1], color=plots.MUTED, linestyle=":", label="grows here")
    ax.set(xlabel="multiplications so far, forward (thousand millions)", ylabel="test loss")
    ax.legend(loc="upper right")
    plots.finding(ax, "The loss does not jump when the network grows; large from the start ends about as low (bands: three seeds)")
    plt.show()
    print(f"small network before it grows: test loss {np.array(grown_curves)[:, small_epochs - 1].mean():.3f}")
    print("jump of the loss when it grows:", ", ".join(f"{jump:+.3f}" for jump in jumps))
    for name, values in (("small, then grown", grown_curves), ("large from the start", large_curves)):
        last = np.array(values)[:, -1]
        print(f"{name:21} final test loss {last.mean():.3f} ({last.min():.3f} to {last.max():.3f})")
    print(f"epochs: {small_epochs} small and {late_epochs} grown, against {large_epochs} large")

# %% [markdown]
# The loss does not jump: it changes by about 0.001 when four times as many channels take over, and that much is the noise. In
# the epoch after that it rises a little, as a new schedule begins and takes larger steps again (that is training, not
# growing), and at the end it is slightly below what the small network had reached.
#
# Did growing pay? Against the network that was large from the start, at equal multiplications, no: about 0.58 against 0.57
# on average, with bands that overlap. In the first setting that we tried, with fewer epochs before growing and larger steps
# after it, growing won: at this size the answer depends on the schedule more than on the growing.
#
# What growing gives is something else: a usable network from the beginning (look at the left end: the large one has not
# finished its first epoch when the small one is trained), and the freedom to decide later how large it should be. Where the
# old network is already there and was expensive, that is worth much.

# %% [markdown]
# ## Searching
#
# Widths, depths, learning rates: a space of structures can be searched by a program. Training every candidate to the end is
# wasteful, since most are visibly bad early on. **Successive halving** (Jamieson and Talwalkar, 2016) runs a tournament:
#
# - every candidate gets a small budget (an epoch, say) and a score;
# - the best $1/\eta$ go on, and get $\eta$ times the budget;
# - and so on, until one is left.
#
# With $n$ candidates, each round costs about $n$ times the first budget: fewer runners, longer runs. The whole tournament
# costs about $n \log_\eta n$ small budgets, where the full search would cost $n$ large ones. The risk: who learns slowly is out
# before it shines.
#
# ### Exercise: `successive_halving`


# %% exercise="successive_halving"
def successive_halving(evaluate, candidates, budget, eta):
    """The winner of a tournament in which the best 1/eta of each rung go on with eta times the budget.

    evaluate: function (candidate, budget) -> score, larger is better; each call is expensive.
    candidates: a list.  budget: that of the first rung.  eta: a whole number from 2 on.
    Of n candidates, n // eta go on, and at least one; of equal scores, the one that stands first in the list. One that
    is alone has won, and is not evaluated again.
    Returns (winner, rungs), with a pair (budget, {candidate: score}) for each rung.
    """
    rungs = []
    ### BEGIN SOLUTION
    alive = candidates
    while len(alive) > 1:
        scores = {candidate: evaluate(candidate, budget) for candidate in alive}
        rungs.append((budget, scores))
        best = sorted(alive, key=lambda candidate: -scores[candidate])[: max(1, len(alive) // eta)]
        alive = [candidate for candidate in alive if candidate in best]
        budget *= eta
    return alive[0], rungs
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: who is evaluated, and who goes on</summary>
#
# Each rung evaluates those who are still in, once, and keeps the scores in a dict. Sort by *these* scores, the largest first.
# </details>
#
# <details><summary>Hint 2: the budget</summary>
#
# After each rung: `budget *= eta`.
# </details>
#
# <details><summary>Hint 3: how many go on</summary>
#
# `max(1, len(alive) // eta)`.
# </details>
#
# <details><summary>Hint 4: ties</summary>
#
# `sorted` keeps equals in the order they had, also with `reverse=True`; `[::-1]` turns them round. In the next rung the
# survivors should stand in the order of the list again, or a later tie is settled by an earlier score.
# </details>
#
# <details><summary>Hint 5: the end</summary>
#
# Go round *while* more than one is alive.
# </details>

# %% check="successive_halving"
check("successive_halving")

# %% [markdown]
# Sixteen candidates: four pairs of widths, each with four learning rates. Budgets are epochs over 1,000 images; the score is
# the accuracy on 500 others (not the test set: who searches on the test set has seen it). For comparison, and only because
# they are so small, all sixteen are also trained for eight epochs. Will the tournament find the best one?

# %%
predict(
    "search",
    ...,
    options={
        "a": "yes, exactly the best",
        "b": "one of the best four, at about half the cost",
        "c": "no: early scores say little about late ones",
    },
)

# %% folded=true
with waits_for("successive_halving"):
    not_while_grading()
    known = {}

    def evaluate(candidate, budget):
        """Validation accuracy of a fresh network after so many epochs."""
        if (candidate, budget) not in known:
            a, b, lr = candidate
            model = small_net(0, a, b)
            fit(model, X[:1000], y[:1000], epochs=budget, lr=lr, batch_size=32)
            known[candidate, budget] = accuracy(model, X[1000:1500], y[1000:1500])
        return known[candidate, budget]

    space = [(a, b, lr) for a, b in ((2, 4), (4, 8), (8, 16), (16, 32)) for lr in (0.0005, 0.002, 0.008, 0.03)]
    winner, rungs = successive_halving(evaluate, space, 1, 2)
    full = {candidate: evaluate(candidate, 8) for candidate in space}
    fig, ax = plt.subplots(figsize=(7.0, 4.4))
    for candidate in space:
        scores = [(k, 100 * scores[candidate]) for k, (_, scores) in enumerate(rungs) if candidate in scores]
        best = candidate == winner
        color = plots.VERMILLION if best else plots.BLUE if len(scores) > 1 else plots.MUTED
        ax.plot(*zip(*scores, strict=True), "o-", color=color, alpha=1 if best else 0.6, linewidth=2.6 if best else 1.3, zorder=3 if best else 2)
    ax.plot([], [], "o-", color=plots.VERMILLION, label="winner")
    ax.plot([], [], "o-", color=plots.BLUE, label="went on at least once")
    ax.plot([], [], "o", color=plots.MUTED, label="out after the first rung")
    ax.set_xticks(range(len(rungs)), [f"{len(scores)} candidates\n{budget} epoch{'s' * (budget > 1)}" for budget, scores in rungs])
    ax.set(ylabel="validation accuracy (%)", xlim=(-0.3, len(rungs) - 0.7))
    ax.grid(axis="x", visible=False)
    ax.legend(loc="lower right")
    place = 1 + sum(full[candidate] > full[winner] for candidate in space)
    found = "the best" if place == 1 else f"number {place}"
    plots.finding(ax, f"The tournament finds {found} of sixteen candidates with half the epochs of the full search")
    plt.show()
    ranked = sorted(space, key=lambda candidate: -full[candidate])
    cost = sum(budget * len(scores) for budget, scores in rungs)
    print(f"winner: {winner[0]} and {winner[1]} channels, lr {winner[2]}; accuracy after 8 epochs {full[winner]:.1%}")
    print(f"best of the full search: {ranked[0][0]} and {ranked[0][1]} channels, lr {ranked[0][2]}: {full[ranked[0]]:.1%}")
    print(f"place of the winner in the full search: {place} of {len(space)}")
    print(f"epochs: {cost} in the tournament, {8 * len(space)} in the full search")
    reveal(
        "search",
        "a" if full[winner] == full[ranked[0]] else "b" if winner in ranked[:4] else "c",
        because="Bad candidates (too small a learning rate, too few channels) are bad from the first epoch on. Among the "
        "good ones the order changes late, and there little is lost.",
    )

# %% [markdown]
# Sixteen start, eight go on, then four, then two; the vermillion winner was not the leader all the way. On our machine it is
# the very one that the full search finds, for 64 epochs in place of 128. (With $\eta = 2$ each rung costs 16 epochs. The
# saving grows with the number of candidates and the length of a full training.) That it is exactly the best is luck as well:
# another seed, or another machine's rounding, may give the second. And all scores here come from one seed and 500 images, so that two
# neighbours in the list are hardly different.
#
# This is structure optimization without a gradient: parameters are trained inside, structures compete outside, and the outer
# loop's cost is counted in inner loops.

# %% [markdown]
# ## Leaving early
#
# The last change is one that a network makes for each image. A trouser is easy, a shirt is hard; why should both cost the
# same? An **early exit** (BranchyNet; Teerapittayanon and others, 2016) is a small classifier after a first stage. If it is
# confident enough, the image leaves there, and the second stage is never computed:
#
# $$\text{exit}(x) = \begin{cases} 1 & \text{if } \max_k \operatorname{softmax}(z_1(x))_k \ge \tau \\ 2 & \text{otherwise}\end{cases}$$
#
# The threshold $\tau$ is a **dial**: after training, without changing a weight, you turn it towards speed or towards accuracy.
# In training both exits learn, from the sum of both losses.
#
# ### Exercise: `EarlyExit`


# %% exercise="EarlyExit"
class EarlyExit(nn.Module):
    """A network in two stages, with a classifier after each.

    stage1, exit1, stage2, exit2: nn.Modules.  exit1(stage1(x)) and exit2(stage2(stage1(x))) are logits (N, classes).
    threshold: how large the largest softmax probability of exit 1 must be, at least, for an example to leave there.
    """

    def __init__(self, stage1, exit1, stage2, exit2, threshold):
        super().__init__()
        self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
        self.threshold = threshold

    def forward(self, x):
        """In training mode: (logits of exit 1, logits of exit 2), both for all examples.

        In evaluation mode: (logits (N, classes), exits (N,)): for each example the logits of the exit that it takes, and
        which one, 1 or 2. Only examples that do not leave go through stage 2; where all leave, it does not run.
        """
        ### BEGIN SOLUTION
        h = self.stage1(x)
        logits = self.exit1(h)
        if self.training:
            return logits, self.exit2(self.stage2(h))
        stays = logits.softmax(dim=1).amax(dim=1) < self.threshold
        if stays.any():
            logits[stays] = self.exit2(self.stage2(h[stays]))
        return logits, 1 + stays
        ### END SOLUTION

    def loss(self, x, y):
        """In training mode: the sum of both exits' cross-entropies, each a mean over examples."""
        ### BEGIN SOLUTION
        return sum(nn.functional.cross_entropy(logits, y) for logits in self(x))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the confidence</summary>
#
# `logits.softmax(dim=1)` are probabilities, one row for each example; the largest of each row is its confidence.
# </details>
#
# <details><summary>Hint 2: who leaves</summary>
#
# Compare with `self.threshold`, read at that moment: one True or False for each example, and no `.any()` or `.all()` in the
# decision. Confidence *at least* the threshold: exit 1.
# </details>
#
# <details><summary>Hint 3: only the others go on, and all rows stay in place</summary>
#
# With `stays` of shape (N,), `h[stays]` are the rows that go on, and `logits[stays] = ...` writes theirs back into their places.
# An `if stays.any():` leaves stage 2 out when nobody needs it.
# </details>
#
# <details><summary>Hint 4: the loss</summary>
#
# `nn.functional.cross_entropy` of each exit's logits, added.
# </details>

# %% check="EarlyExit"
check("EarlyExit")

# %% [markdown]
# Three networks are trained, and the dial is turned. The cost is the mean number of multiplications for an image. The control
# sends the *same share* of images on, but chosen at random. How far can the cost come down before the accuracy falls by more
# than one point?

# %%
predict(
    "exits",
    ...,
    options={
        "a": "not at all: the first exit is too weak",
        "b": "by a tenth, or a third",
        "c": "to half or below",
    },
)

# %% folded=true given="train_exits"
def fit_both(model, epochs, lr, seed):
    """The loop of unit 10 with Adam, for a model that has a loss of its own."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    updates = epochs * -(-len(X) // 48)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    model.train()
    for _ in range(epochs):
        for index in torch.randperm(len(X), generator=generator).split(48):
            optimizer.zero_grad()
            model.loss(X[index], y[index]).backward()
            optimizer.step()
            schedule.step()
    model.eval()


def stages(seed):
    """stage1, exit1, stage2, exit2 for 14 x 14 images."""
    torch.manual_seed(seed)
    stage1 = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    exit1 = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12 * 4, 10))
    middle = nn.Sequential(nn.Conv2d(12, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU())
    stage2 = nn.Sequential(middle, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(288, 64), nn.ReLU())
    return stage1, exit1, stage2, nn.Linear(64, 10)


FIRST = 14 * 14 * 12 * 9 + 12 * 4 * 10  # multiplications up to exit 1
REST = 49 * 32 * 9 * 12 + 49 * 32 * 9 * 32 + 288 * 64 + 640  # and from there to exit 2
DIALS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9, 1.1)

# %% folded=true
with waits_for("EarlyExit"):
    not_while_grading()
    costs, right, at_random = [], [], []
    for seed in SEEDS:
        early = EarlyExit(*stages(seed), threshold=0.9)
        fit_both(early, epochs=5, lr=0.01, seed=seed)
        rng, rows = np.random.default_rng(seed), []
        with torch.no_grad():
            ends = []
            for early.threshold in (0.0, 1.1):
                ends.append((early(X_test)[0].argmax(1) == y_test).numpy())
            for early.threshold in DIALS:
                logits, exits = early(X_test)
                late = (exits == 2).float().mean().item()
                chosen = rng.permutation(len(y_test)) < round(late * len(y_test))
                hits = (logits.argmax(1) == y_test).float().mean().item()
                rows.append((FIRST + late * REST, hits, np.where(chosen, ends[1], ends[0]).mean()))
        for values, column in zip((costs, right, at_random), zip(*rows, strict=True), strict=True):
            values.append(column)
    mean_cost = np.mean(costs, axis=0) / 1e6
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    plots.bands(ax, mean_cost, 100 * np.array(right), label="by confidence", color=plots.BLUE, band="minmax")
    plots.bands(ax, mean_cost, 100 * np.array(at_random), label="as many, at random", color=plots.VERMILLION, band="minmax")
    for dial, cost, hits in zip(DIALS[1:-2], mean_cost[1:-2], 100 * np.mean(right, axis=0)[1:-2], strict=True):
        ax.plot(cost, hits, "o", color=plots.BLUE, markersize=5)
        ax.annotate(f"{dial}", (cost, hits), textcoords="offset points", xytext=(-4, 8), ha="right", fontsize=9, color=plots.INK)
    ax.set(xlabel="multiplications for an image, on average (millions)", ylabel="test accuracy (%)")
    ax.legend(loc="lower right")
    plots.finding(ax, "By confidence, about 30 % of the multiplications are saved for less than a point of accuracy (bands: three seeds)")
    plt.show()
    for dial, cost, hits in zip(DIALS, mean_cost, np.mean(right, axis=0), strict=True):
        print(f"threshold {dial:4}: {cost / mean_cost[-1]:6.1%} of the multiplications, accuracy {hits:.1%}")
    enough = np.mean(right, axis=0) >= np.mean(right, axis=0)[-1] - 0.01
    cheapest = mean_cost[enough].min() / mean_cost[-1]
    print(f"within one point of the whole network: {cheapest:.0%} of the multiplications")
    reveal(
        "exits",
        "c" if cheapest <= 0.5 else "b" if cheapest <= 0.95 else "a",
        because="Some images are easy, and the first exit, weak as it is, knows which: where it is sure, it is mostly right.",
    )

# %% [markdown]
# At the left end everybody leaves at the first exit: 3 % of the multiplications, and about 63 % right. At the right end nobody
# does. In between the curve is bent: at a threshold of 0.5, about 70 % of the multiplications give 77 %, where all of them
# give not quite a point more. The same share chosen at random lies on a nearly straight line below. The difference between
# the two is what confidence is worth.
#
# We made the first exit weak on purpose: it sees each channel as 2 × 2 means. One that sees all 7 × 7 places was better than
# the second exit on these few images (about 81 % against 79 %), and then there is nothing left for the second stage to do:
# how much an early exit saves is a matter of how you build it, and where you put it.
#
# The curve is an *average*. The hardest image costs a little more than without an early exit, and a batch has to be regrouped.

# %% [markdown]
# Which images leave, and which stay? Look at eight of the 400 surest at exit 1 and eight of the 400 least sure, with the
# confidence of the first exit, for the last of the three networks.

# %%
with waits_for("EarlyExit"):
    not_while_grading()
    with torch.no_grad():
        early.threshold = 0.5
        _, exits = early(X_test)
        sure = early.exit1(early.stage1(X_test)).softmax(dim=1).amax(dim=1)
    order = sure.argsort(descending=True)
    shown = torch.cat([order[:400:50], order[-400::50]])
    labels = [f"{fashion.class_names[y_test[k]]} {sure[k]:.2f}" for k in shown]
    plots.image_grid(fashion.X_test[shown.numpy()], labels=labels, columns=8)
    plots.finding(plt.gcf(), "Sure at exit 1 (above), and unsure (below)")
    plt.show()
    leaves = {name: (exits[y_test == k] == 1).float().mean().item() for k, name in enumerate(fashion.class_names)}
    print("share that leaves at exit 1, threshold 0.5:")
    for name in sorted(leaves, key=lambda name: -leaves[name]):
        print(f"  {name:12} {leaves[name]:4.0%}")

# %% [markdown]
# Shoes, bags and trousers leave: their outlines are unlike the others', even in 2 × 2 means. Shirts, dresses, pullovers and
# coats nearly all stay, because their outlines are alike: what tells them apart is finer, and takes the second stage.

# %% [markdown]
# ## Clinic: the pruning that did not stay
#
# A colleague prunes a network in the middle of its training, each layer by its own sizes, and trains on with the same
# optimizer. Her loss looks fine. Run the next three cells and look.


# %% given="mask_of"
def mask_of(weight, sparsity):
    """A mask that removes the given share of one tensor's entries, the smallest ones."""
    mask = torch.ones(weight.numel(), dtype=weight.dtype)
    mask[weight.detach().abs().flatten().argsort()[: round(sparsity * weight.numel())]] = 0
    return mask.reshape(weight.shape)


# %% exercise="clinic_13"
def clinic_13(model, optimizer, X, y, sparsity, steps):
    """Prune each layer's weights by magnitude, now and for good, and train on with the same optimizer.

    model: nn.Linear layers with ReLUs, trained for a while by this optimizer (SGD with momentum).  Loss: mean squared
    error.  Returns a list: how many of the weights (two axes) are zero after each step.
    """
    zeros = []
    ### BEGIN SOLUTION
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w, sparsity) for w in weights]

    def lay_on():
        with torch.no_grad():
            for w, mask in zip(weights, masks, strict=True):
                w *= mask

    lay_on()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        lay_on()
        zeros.append(sum(int((w == 0).sum()) for w in weights))
    ### END SOLUTION
    ### BEGIN STUB
    # weights = list(model.parameters())
    # for _ in range(steps):
    #     masks = [mask_of(w, sparsity) for w in weights]
    #     with torch.no_grad():
    #         for w, mask in zip(weights, masks, strict=True):
    #             w *= mask
    #     optimizer.zero_grad()
    #     nn.functional.mse_loss(model(X), y).backward()
    #     optimizer.step()
    #     zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    ### END STUB
    return zeros


# %% folded=true
with waits_for("clinic_13"):
    torch.manual_seed(0)
    patient = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 2))
    X_sick = torch.randn(60, 6)
    y_sick = torch.stack([X_sick[:, 0] * X_sick[:, 1], X_sick[:, 2].abs()], dim=1)
    momentum = torch.optim.SGD(patient.parameters(), lr=0.05, momentum=0.9)
    for _ in range(30):
        momentum.zero_grad()
        nn.functional.mse_loss(patient(X_sick), y_sick).backward()
        momentum.step()
    chosen_at_first = mask_of(patient[0].weight, 0.7)
    zeros = clinic_13(patient, momentum, X_sick, y_sick, 0.7, 40)
    moved = (patient[0].weight.detach() != 0) & (chosen_at_first == 0)
    flat_biases = sum(int((patient[k].bias == 0).sum()) for k in (0, 2))
    faults = [
        name
        for name, found in {
            "zeros are filled in again": zeros[-1] < round(0.7 * 60) + round(0.7 * 20),
            "weights that were chosen first are back": bool(moved.any()),
            "biases were pruned": flat_biases > 0,
        }.items()
        if found
    ]
    fig, (left, right_ax) = plt.subplots(1, 2, figsize=(7.4, 3.7))
    left.plot(zeros, color=plots.VERMILLION)
    left.axhline(56, color=plots.MUTED, linestyle=":")
    left.set(xlabel="step", ylabel="zero weights (dotted: asked)", ylim=(-3, 82))
    right_ax.imshow(np.where(chosen_at_first.numpy() == 0, np.where(moved.numpy(), 0.0, 1.0), np.nan), cmap="coolwarm_r", vmin=0, vmax=1)
    right_ax.set(xlabel="input", ylabel="unit")
    right_ax.grid(visible=False)
    right_ax.set_title("chosen at first; red: no longer zero", fontsize=10.5)
    plots.finding(fig, f"Not healthy yet: {', '.join(faults)}" if faults else "Healthy: what was pruned stays pruned")
    plt.show()
    print("zeros after the last step:", zeros[-1], "  biases that are zero:", flat_biases)

# %% [markdown]
# **Symptom 1**, left: hardly any weight is zero after a step. **Symptom 2**, right: weights that were chosen at first are
# back in use. A **third** fault hides behind these two and shows in the printout once they are cured. Find all three and
# repair `clinic_13`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: which weights?</summary>
#
# When is the mask chosen? Once would be pruning. In every step, it is a new choice each time, and a weight that was pruned in
# this step may be back in the next.
# </details>
#
# <details><summary>Hint 2: why do zeros not stay?</summary>
#
# The mask is laid on, and *then* the optimizer steps. Even if the gradient of a pruned weight were 0, it would move: the
# velocity remembers the gradients from before the pruning ($v \leftarrow \beta v + 0$ is not 0). So lay the mask on after the
# step, and once before the first, so that the first gradient is that of the pruned network.
# </details>
#
# <details><summary>Hint 3: which parameters?</summary>
#
# `model.parameters()` gives biases too. `magnitude_prune` left them alone; how?
# </details>

# %% check="clinic_13"
check("clinic_13")

# %% [markdown]
# Why did the hook of `lottery_rewind` do without this? Because there a *fresh* optimizer began, with masked gradients from
# its first step on: a velocity that was never filled stays 0. And weight decay? It multiplies, and zero times anything is
# zero. Only what is remembered from before the pruning moves a pruned weight.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 13`.
#
# **q1.** Nine of ten weights of a dense layer are set to zero. What changes on an ordinary machine?
# - a) it computes ten times as fast
# - b) its file is a tenth of the size
# - c) both
# - d) neither, as it stands
#
# **q2.** What is a winning ticket?
# - a) a pruned network that was fine-tuned
# - b) the mask that pruning found, with the first values of the weights that survive
# - c) the mask that pruning found, with new random values
# - d) a random mask with the first values
#
# **q3.** `net2wider` makes three copies of a unit. What happens to its outgoing weights?
# - a) each copy has the whole weight
# - b) each copy has half of it
# - c) each copy has a third of it
# - d) they stay whole, and the incoming weights are divided by three
#
# **q4.** A network is widened with exact copies, without noise, and trained on. What happens?
# - a) copies stay equal, so that nothing is gained
# - b) copies drift apart by themselves
# - c) the loss jumps at the first step
# - d) the copies get no gradient
#
# **q5.** A candidate would be the best after eight epochs, but is among the worst after one. What does successive halving do
# with it?
# - a) it tries it again in a later rung
# - b) it drops it after the first rung
# - c) it finds it, as every rung trains all candidates
# - d) it keeps it, as the final score counts

# %% exercise="quiz_13"
### BEGIN SOLUTION
quiz_13 = {"q1": "d", "q2": "b", "q3": "c", "q4": "a", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_13 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_13"
check("quiz_13")

# %% [markdown]
# ## Recap
#
# Read the numbers of this unit with care: its networks are small and shortly trained, learning rates were chosen by hand
# and not searched for each method (except in the tournament), and three seeds (one, in the search) are few. The functions are
# exact; the comparisons are sketches.
#
# - **Pruning by magnitude:** $w \leftarrow m \odot w$, with $m_i = 0$ for the $\operatorname{round}(s\,n)$ smallest $|w_i|$ of
#   the whole network. Fine-tuning brings most of the accuracy back.
# - **Zeros are not speed.** Dense arrays multiply and store them. Removing channels makes smaller arrays: filter and bias, the
#   normalization's four entries, and the matching inputs of the next layer (a block of H·W columns behind a flattening).
# - **Lottery ticket:** mask from a training, values from before it. Structure and weights belong together.
# - **Wider:** copies share the outgoing weight, $W^{(2)\prime}_{\cdot j} = W^{(2)}_{\cdot\, c(j)} / n_{c(j)}$; a little noise tells
#   them apart. **Deeper:** an identity (Dirac kernel) behind a ReLU.
# - **Successive halving:** $n$ candidates, the best $1/\eta$ go on with $\eta$ times the budget: about $n \log_\eta n$ small
#   budgets in all.
# - **Early exit:** leave where $\max_k \operatorname{softmax}(z_1)_k \ge \tau$; $\tau$ is a dial between cost and accuracy.
# - **Limits.** All this was seen on one small problem with three seeds. At large scale tickets have to be rewound to an early
#   epoch, not to the first day; sparse weights are fast only on hardware or in kernels made for them; a batch with early
#   exits must be regrouped; and confidence is not the same as being right.

# %% [markdown]
# ## Think about it
#
# A company wants its image classifier on a watch: a quarter of the time, a tenth of the file, at most one point of accuracy
# lost. One engineer proposes to set 90 % of the weights to zero, another to prune channels, a third to train a small network
# from scratch, a fourth an early exit. In six to ten sentences, to be read by a person: what does each proposal give for
# time, file and accuracy, what would you measure before you choose, and what would you combine?

# %% [markdown] points=3 reflection="reflection_12"
# ### BEGIN SOLUTION
# Zeros alone give no time on a chip without sparse kernels; the file shrinks only if it is compressed or stored sparsely,
# and after fine-tuning the accuracy nearly stays. Pruned channels give both time and file, since the arrays are really
# smaller, but cost more accuracy at the same number of weights, so they need fine-tuning. A small network from scratch is
# the control that must not be missing: if it does as well with the same training, pruning was a detour. An early exit saves
# time on average, not in the worst case, and makes the file slightly larger. I would measure the latency of one image on the
# watch itself, the size of the compressed file, and the accuracy on images from the watch's camera, with several seeds, and
# how well the first exit's confidence agrees with being right. A plan: prune channels until the time fits, fine-tune, add
# an early exit, and store the rest in fewer bits; compare all of it with the small network from scratch at the same cost.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: tells zeros from smaller arrays (time and file), with the compressed file or sparse kernels as the exception.
# 1 point: names what to measure, on the watch itself (latency, file, accuracy), and a fair control (small network from
# scratch, several seeds). 1 point: a combination that makes sense, with the limits of an early exit (average against worst
# case, or confidence against correctness).
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - S. Han and others, [Learning both Weights and Connections for Efficient Neural
#   Networks](https://arxiv.org/abs/1506.02626) (2015). Reproduce: prune and fine-tune in several rounds, and compare with one.
#   PyTorch's [pruning tutorial](https://docs.pytorch.org/tutorials/intermediate/pruning_tutorial.html) has the code.
# - J. Frankle, M. Carbin, [The Lottery Ticket Hypothesis](https://arxiv.org/abs/1803.03635) (2019);
#   [code](https://github.com/facebookresearch/open_lth). Reproduce: accuracy of the ticket against sparsity, found in rounds.
# - H. Li and others, [Pruning Filters for Efficient ConvNets](https://arxiv.org/abs/1608.08710) (2017). Reproduce: which of a
#   network's convolutions bears the most pruning. [Torch-Pruning](https://github.com/VainF/Torch-Pruning) follows
#   the channels through any network.
# - T. Chen, I. Goodfellow, J. Shlens, [Net2Net](https://arxiv.org/abs/1511.05641) (2016). Reproduce: grow in depth as well, with
#   your `net2deeper`, in the race above; [code](https://github.com/erogol/Net2Net) in PyTorch.
# - L. Li and others, [Hyperband](https://arxiv.org/abs/1603.06560) (2018): halving with several first budgets, as a guard
#   against slow learners; [code in Ray Tune](https://github.com/ray-project/ray). Reproduce: the tournament with
#   three first budgets.
# - S. Teerapittayanon and others, [BranchyNet](https://arxiv.org/abs/1709.01686) (2016). Reproduce: entropy in place of the largest
#   probability as confidence; [the authors' code](https://github.com/kunglab/branchynet).
#
# Next: 14 Seeing inside, where you ask a network *why*.

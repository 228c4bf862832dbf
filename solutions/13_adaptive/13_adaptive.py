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
# lottery ticket hypothesis; let a network grow when its loss stops falling, without losing what it knows; search among
# structures by tournament and by gradient; let easy images leave early; teach a small network by a large one; store weights
# in eight bits; and lay all of these into one picture of accuracy and measured time.
#
# The whole unit is for one person: Mara builds a watch that names clothes for people who do not see them. Her chip has a quarter
# of the time and a tenth of the memory that your network of unit 10 takes.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 240 to 300 minutes | ●●●●○ | structures and their costs ([12 Structure](../12_structure/12_structure.ipynb)), the network of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb) |
#
# Each check below runs your code on a few inputs and explains what it sees. The experiments need about a minute and a half of
# computing in all. Four places to stop are marked, one for about every hour.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy
import zlib
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from course_lib.data import load_fashion_mnist, subset
from course_lib.device import report
from course_lib.fit import accuracy, fit

plots.use_style()
Net = earlier("Net")
device = torch.device(report().accelerator)

# %% [markdown]
# In unit 12 *you* changed the structure, between two trainings. Here the structure changes by rule, in the middle of a
# network's life: weights go, channels go, units come, layers come, and some images do not even pass through all of it.
# Each time the same question returns: how much of what a network can do is in its **structure**, and how much in its
# **weights**?
#
# The experiments use 3,000 images, halved to 14 × 14 pixels, and a small network of the shape you know: two convolutions,
# two linear layers. Another 1,000 images are **held out**: every learning rate, every threshold and every structure that is
# chosen in this unit is chosen on them. The test images only say how it ended. And wherever two methods are compared, each
# gets *its own* learning rate, the best of two to four on the held-out images for the first seed: `at_its_best` below.

# %% folded=true given="small_data"
fashion = load_fashion_mnist()


def halved(images):
    """Images (N, 28, 28) as tensors (N, 1, 14, 14) on `device`: the mean of each 2 x 2 pixels."""
    return nn.functional.avg_pool2d(torch.from_numpy(images[:, None]), 2).to(device)


images, labels = subset(fashion.X_train, fashion.y_train, 4000)
X, X_held = halved(images).split([3000, 1000])
y, y_held = torch.from_numpy(labels).to(device).split([3000, 1000])
X_test, y_test = halved(fashion.X_test), torch.from_numpy(fashion.y_test).to(device)
SEEDS = (0, 1, 2)


def small_net(seed, a=16, b=32):
    """A network for 14 x 14 images with a and b channels, on the CPU; the same weights for the same seed."""
    torch.manual_seed(seed)
    return nn.Sequential(
        *(nn.Conv2d(1, a, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(9 * b, 64), nn.ReLU(), nn.Linear(64, 10)),
    )


def copy_of(model):
    """A second network with the same values, on the CPU: structures are changed there."""
    other = small_net(0, len(model[0].bias), len(model[3].bias))
    other.load_state_dict(model.state_dict())
    return other


def train(model, epochs, lr, seed=0, **more):
    """The network, moved to `device` and trained there."""
    fit(model.to(device), X, y, epochs=epochs, lr=lr, batch_size=64, seed=seed, **more)
    return model


def at_its_best(make, rates=(0.01, 0.03)):
    """What make(seed, lr) trains, for each seed, at the rate whose first network is best on the held-out images.

    `at_its_best.tried` are the rates of the last call, with their accuracy on these images.
    """
    first = {lr: make(SEEDS[0], lr) for lr in rates}
    at_its_best.tried = {lr: accuracy(model, X_held, y_held) for lr, model in first.items()}
    best = max(rates, key=at_its_best.tried.get)
    return [first[best], *(make(seed, best) for seed in SEEDS[1:])]


def on_test(models):
    """The test accuracy of each network."""
    return np.array([accuracy(model, X_test, y_test) for model in models])


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
# afterwards. It had about 80 % of the test images right. How much of that does it lose?

# %%
predict(
    "one_shot",
    ...,
    options={
        "a": "more than 50 points: hardly anything is left",
        "b": "between 3 and 50 points",
        "c": "less than 3 points",
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
# Three networks are trained and pruned, and looked at: as they are (one shot), and after two more epochs (fine-tuned).
# Fine-tuning must not bring the pruned weights back; here the masks are laid on again before each batch.
#
# Three controls: a **random mask** with as many zeros in each layer, also fine-tuned (does it matter *which* weights go?); the
# **whole network** with two epochs more (so that nobody has trained longer); and, the hardest one, a **small dense network** with
# as many weights as are left at 90 %, in a shape that suits so few, trained from scratch for six epochs. Each has its own rate.

# %% folded=true
SPARSITIES, TUNED = (0.5, 0.8, 0.9, 0.95), (0.9, 0.95)
with waits_for("magnitude_prune"):
    not_while_grading()

    def fine_tuned(model, masks, lr, seed=0, epochs=2):
        """The network after some epochs in which pruned weights stay pruned."""
        masks = {key: mask.to(device) for key, mask in masks.items()}

        def lay_on(*_):
            for key, mask in masks.items():
                model.get_parameter(key).data *= mask

        model.register_forward_pre_hook(lay_on)
        return train(model, epochs, lr, seed)

    def by_size(model, sparsity, seed):
        return magnitude_prune(model, sparsity)

    def at_random(model, sparsity, seed):
        """As many zeros in each layer as `by_size` makes there, at places that chance draws."""
        found = magnitude_prune(copy_of(model), sparsity)
        torch.manual_seed(seed)
        masks = {name: mask.flatten()[torch.randperm(mask.numel())].reshape(mask.shape) for name, mask in found.items()}
        for name, mask in masks.items():
            model.get_parameter(name).data *= mask
        return masks

    def pruned_and_tuned(choose, sparsity):
        """For each seed the trained network, pruned and fine-tuned."""

        def make(seed, lr):
            model = copy_of(trained[seed])
            return fine_tuned(model, choose(model, sparsity, seed), lr, seed)

        models = at_its_best(make, (0.005, 0.03, 0.1, 0.3) if sparsity == 0.9 else (0.03, 0.1))
        tried[choose, sparsity] = at_its_best.tried
        return models

    def thin_net(seed):  # about as many weights as are left at 90 %
        model = small_net(seed, 6, 10)
        model[7], model[9] = nn.Linear(90, 18), nn.Linear(18, 10)
        return model

    tried = {}
    magnitude_prune(small_net(0), 0.5)  # where it is not written yet, nothing below is trained for nothing
    trained = at_its_best(lambda seed, lr: train(small_net(seed), 4, lr, seed))
    tuned_whole = at_its_best(lambda seed, lr: train(copy_of(trained[seed]), 2, lr, seed))
    whole = on_test(tuned_whole)
    thin = on_test(at_its_best(lambda seed, lr: train(thin_net(seed), 6, lr, seed)))

# %% folded=true
with waits_for("magnitude_prune"):
    not_while_grading()
    one_shot = []
    for model in trained:
        one_shot.append([])
        for sparsity in SPARSITIES:
            pruned = copy_of(model)
            magnitude_prune(pruned, sparsity)
            one_shot[-1].append(accuracy(pruned.to(device), X_test, y_test))
    one_shot = np.array(one_shot)
    kept_by = {by_size: [pruned_and_tuned(by_size, s) for s in TUNED]}

# %%
with waits_for("magnitude_prune"):
    not_while_grading()
    kept_by[at_random] = [pruned_and_tuned(at_random, s) for s in TUNED]
    tuned, chance = (np.array([on_test(models) for models in kept_by[choose]]).T for choose in (by_size, at_random))
    tuned_zeros = kept_by[by_size][0]  # 90 % zeros, for later

# %% folded=true
with waits_for("magnitude_prune"):
    not_while_grading()
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    for values, where, label, color, style in (
        (tuned, TUNED, "smallest weights, fine-tuned", plots.BLUE, "o-"),
        (one_shot, SPARSITIES, "smallest weights, one shot", plots.ORANGE, "s--"),
        (chance, TUNED, "random weights, fine-tuned", plots.VERMILLION, "^-."),
    ):
        plots.bands(ax, 100 * np.array(where), 100 * values, label=label, color=color, band="minmax")
        ax.lines[-1].set(marker=style[0], linestyle=style[1:])
    spread = 100 * np.array([[thin.mean() - thin.min()], [thin.max() - thin.mean()]])
    ax.errorbar(90, 100 * thin.mean(), yerr=spread, fmt="D", color=plots.INK, capsize=4, label="small and dense, as many weights")
    ax.axhline(100 * whole.mean(), color=plots.MUTED, linestyle=":", label="nothing pruned")
    ax.set(xlabel="weights that are zero (%)", ylabel="test accuracy (%)", ylim=(0, 100))
    ax.legend(loc="lower left", fontsize=9)
    gap = 100 * (whole.mean() - tuned[:, 0].mean())
    plots.finding(ax, f"With a tenth of its weights, fine-tuned, the network is {gap:.0f} points below the whole one (bands: three seeds)")
    plt.show()
    lost = float(np.mean([accuracy(model, X_test, y_test) for model in trained]) - one_shot[:, 1].mean())
    print(f"nothing pruned, trained as long: {whole.mean():.1%}")
    for k, sparsity in enumerate(SPARSITIES):
        line = f"{sparsity:.0%} zeros: one shot {one_shot[:, k].mean():.1%}"
        if sparsity in TUNED:
            where = TUNED.index(sparsity)
            line += f", fine-tuned {tuned[:, where].mean():.1%}, random and fine-tuned {chance[:, where].mean():.1%}"
        print(line)
    dense_weights = sum(p.numel() for p in thin_net(0).parameters() if p.ndim > 1)
    kept = round(0.1 * sum(p.numel() for p in small_net(0).parameters() if p.ndim > 1))
    print(f"small and dense from the start: {dense_weights} weights (pruned to a tenth: {kept}), {thin.mean():.1%}")
    ahead = [int((tuned[:, 0] > other).sum()) for other in (chance[:, 0], thin)]
    print(f"at 90 % zeros the smallest-weights mask is ahead of the random one for {ahead[0]} seeds of 3, of the small dense network for {ahead[1]}")
    print("\nthe learning rate of the fine-tuning at 90 % zeros, first seed, held-out images:")
    for choose, name in ((by_size, "smallest weights"), (at_random, "random weights")):
        print(f"  {name:17}", ",  ".join(f"{lr}: {hits:.1%}" for lr, hits in tried[choose, 0.9].items()))
    low, own = (f([*tried[by_size, 0.9].values()]) - f([*tried[at_random, 0.9].values()]) for f in (lambda hits: hits[0], max))
    print(f"  so the random mask is {100 * low:.0f} points behind where both have {min(tried[by_size, 0.9])}, and {100 * own:.0f} where each has its own rate")
    reveal(
        "one_shot",
        "c" if lost < 0.03 else "b" if lost < 0.5 else "a",
        because=f"It lost {100 * lost:.0f} points. The smallest 80 % of the weights are small, but they are many, and what they "
        "add is missing everywhere at once.",
    )

# %% [markdown]
# <details><summary>What was seen</summary>
#
# At half of the weights hardly anything is lost, and fine-tuning brings back most of what 90 % cost. Does it matter *which*
# weights stay? Yes; but how much it seems to matter depends on the learning rate, as the last lines of the printout show. A random
# mask does more damage at first, and needs longer steps to get over it. Where both have the small, careful rate, a part of the gap
# is the rate's and not the mask's: compare the two numbers in the last line.
#
# The small dense network is a control that is often missing in papers ([Blalock and
# others](https://arxiv.org/abs/2003.03033), 2020). The printout counts for how many seeds the fine-tuned network of as many weights
# is ahead of it. Only if it is so for all, training a large network and then taking nine tenths away has found a better tenth
# than beginning with a tenth. And such a control is as strong as its shape: with 2 and 3 channels and 64 hidden units, as many
# weights too, it is weaker (try it), and pruning looks better than it is.
# </details>

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
# Now measure, on the CPU, as a watch would. Unit 10's network in four versions: as it is; **the same once more**, as a
# control (what differs between equals is noise); with 90 % of its weights zero; and with half of the channels of both
# convolutions removed. Neither time nor size depends on how well a network is trained, so here nothing is trained; what channel pruning costs in
# *accuracy* is drawn near the end of this unit. A fixed order of turns would favour whoever runs behind a
# small network, whose data leave room in the cache: so the order is drawn anew in each round.

# %% given="seconds_of"
def seconds_of(runs, repeats=15):
    """The median time in seconds of each function in a list; in each round they take turns in a random order."""
    rng, times = np.random.default_rng(0), np.zeros((repeats, len(runs)))
    with torch.no_grad():
        for row in range(-2, repeats):  # two rounds are the warm-up
            for k in rng.permutation(len(runs)):
                start = perf_counter()
                runs[k]()
                times[max(row, 0), k] = perf_counter() - start
    return np.median(times, axis=0)


# %% folded=true
with waits_for("magnitude_prune", "prune_channels"):
    not_while_grading()
    torch.manual_seed(0)
    dense = Net().eval()
    again, sparse, slim = Net().eval(), Net().eval(), Net().eval()
    for other in (again, sparse, slim):
        other.load_state_dict(dense.state_dict())
    magnitude_prune(sparse, 0.9)
    slim.conv1, _, slim.conv2 = prune_channels(slim.conv1, None, slim.conv2, 16)
    slim.conv2, _, slim.fc1 = prune_channels(slim.conv2, None, slim.fc1, 32)
    batch = torch.from_numpy(fashion.X_test[:64, None])
    versions = {"as it is": dense, "the same once more": again, "90 % zeros": sparse, "half the channels": slim}
    seconds = seconds_of([lambda model=model: model(batch) for model in versions.values()])
    files = [save(model.state_dict()) for model in versions.values()]
    costs = {
        "not zero": [sum(int((p != 0).sum()) for p in model.parameters()) for model in versions.values()],
        "time": seconds,
        "file": [len(data) for data in files],
        "file, compressed": [len(zlib.compress(data)) for data in files],
    }
    fig, ax = plt.subplots(figsize=(7.0, 4.0))
    looks = ((plots.MUTED, ""), ("white", ""), (plots.ORANGE, "///"), (plots.BLUE, ""))
    for k, (name, (color, hatch)) in enumerate(zip(versions, looks, strict=True)):
        heights = [100 * cost[k] / cost[0] for cost in costs.values()]
        ax.bar(np.arange(len(costs)) + 0.2 * (k - 1.5), heights, width=0.19, color=color, hatch=hatch, edgecolor=plots.INK, label=name)
    ax.set_xticks(range(len(costs)), costs)
    ax.set(ylabel="compared with the whole network (%)", ylim=(0, 165))
    ax.legend(loc="upper center", ncols=2)
    noise, zeros_gain, slim_gain = seconds[0] / seconds[1:]
    helped = "no faster, within the noise" if abs(zeros_gain - 1) < 0.15 + abs(noise - 1) else f"{zeros_gain:.1f} times as fast"
    plots.finding(ax, f"90 % zeros: {helped}; half the channels: {slim_gain:.1f} times as fast, and a smaller file")
    plt.show()
    print(f"times as fast as the first: the same once more {noise:.2f}, 90 % zeros {zeros_gain:.2f}, half the channels {slim_gain:.2f}")
    for name, data in zip(versions, files, strict=True):
        print(f"{name:18} {len(data) / 1024:6.0f} KiB, compressed {len(zlib.compress(data)) / 1024:6.0f} KiB")
    smaller = len(files[2]) < 0.9 * len(files[0])
    reveal(
        "speed",
        "a" if seconds[2] < 0.5 * seconds[0] else "b" if smaller else "c",
        because="A dense array has a place for each number, and a dense product multiplies them all. Zeros are four bytes each.",
    )

# %% [markdown]
# How far is "90 % zeros" from the two equal ones, and how far are these from each other? That is all that zeros do for time
# in dense arrays. The file is as large to the byte; only a compressor sees the zeros. Half the channels are smaller arrays:
# fewer multiplications, fewer bytes. Zeros become speed only with hardware or kernels made for them (some GPUs can skip
# two of every four weights, if the zeros come in just that pattern).
#
# And the accuracy? Before one decides how many channels go where, one scans the layers: your `prune_channels` takes channels
# from *one* convolution of the small trained networks at a time, nobody trains afterwards, and the held-out images say what it
# cost.

# %% folded=true
with waits_for("magnitude_prune", "prune_channels"):
    not_while_grading()

    def narrower(model, place, after, share):
        """A copy in which one convolution keeps a share of its channels."""
        other = copy_of(model)
        other[place], _, other[after] = prune_channels(other[place], None, other[after], round(share * len(other[place].bias)))
        return other.to(device)

    kept_shares = np.array([1, 0.75, 0.5, 0.25, 0.125])
    fig, ax = plt.subplots(figsize=(6.6, 3.8))
    half = {}
    for name, place, after, color, style in (("first", 0, 3, plots.BLUE, "o-"), ("second", 3, 7, plots.VERMILLION, "s--")):
        rows = [[accuracy(narrower(model, place, after, share), X_held, y_held) for share in kept_shares] for model in trained]
        plots.bands(ax, 100 * kept_shares, 100 * np.array(rows), label=f"{name} convolution", color=color, band="minmax")
        ax.lines[-1].set(marker=style[0], linestyle=style[1:])
        half[name] = 100 * np.mean([row[0] - row[2] for row in rows])
    ax.set(xlabel="channels that are kept in one layer (%)", ylabel="held-out accuracy (%)", xlim=(105, 8))
    ax.legend(loc="lower left")
    plots.finding(ax, f"Not fine-tuned: half of the first layer's channels cost {half['first']:.0f} points, half of the second's {half['second']:.0f}")
    plt.show()

# %% [markdown]
# What fine-tuning brings back is in the last picture of this unit. So why prune single weights at all? Because it shows how much of
# a network is *needed*, and that leads to a deeper question.

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
# 95 % of the weights go. Two networks with the same mask are trained for three epochs: one from its own first values, one
# from a new draw; each at its own learning rate. How do they compare at the end?

# %%
predict(
    "ticket",
    ...,
    options={
        "a": "the ticket is better for each of the three seeds",
        "b": "no difference that holds for all three seeds",
        "c": "the new draw is better for each of the three seeds",
    },
)

# %% [markdown]
# A third network takes part, as a control from the other side: the ticket's *own first values*, under a **random** mask. Then
# we see what the mask gives, and what the values give.

# %% folded=true
with waits_for("magnitude_prune", "lottery_rewind"):
    not_while_grading()

    def rewound(start_of, mask_of_seed):
        """The test accuracies after each epoch, (seeds, epochs), of networks rewound to start_of(seed) under a mask."""
        seen = {}

        def make(seed, lr):
            model = copy_of(trained[seed]).to(device)
            start, masks = ({key: value.to(device) for key, value in part.items()} for part in (start_of(seed).state_dict(), mask_of_seed(seed)))
            lottery_rewind(model, start, masks)
            seen[model] = []
            return train(model, 3, lr, seed, after_epoch=lambda *_: seen[model].append(accuracy(model, X_test, y_test)))

        return np.array([seen[model] for model in at_its_best(make)])

    def found(seed):
        return magnitude_prune(copy_of(trained[seed]), 0.95)

    curves = {
        "winning ticket": rewound(small_net, found),
        "same mask, new draw": rewound(lambda seed: small_net(seed + 100), found),
        "random mask, first values": rewound(small_net, lambda seed: at_random(copy_of(trained[seed]), 0.95, seed)),
    }
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    for (name, values), color, style in zip(curves.items(), (plots.BLUE, plots.VERMILLION, plots.ORANGE), ("o-", "^--", "s-."), strict=True):
        plots.bands(ax, np.arange(1, 4), 100 * values, label=name, color=color, band="minmax")
        ax.lines[-1].set(marker=style[0], linestyle=style[1:])
    ax.axhline(100 * whole.mean(), color=plots.MUTED, linestyle=":", label="whole network, six epochs")
    ax.set(xlabel="epoch", ylabel="test accuracy (%)", xticks=range(1, 4))
    ax.legend(loc="lower right")
    ends = [values[:, -1] for values in curves.values()]
    verdict = "a" if (ends[0] > ends[1]).all() else "c" if (ends[1] > ends[0]).all() else "b"
    said = {"a": "ahead for each seed", "b": "not ahead for each seed", "c": "behind for each seed"}[verdict]
    plots.finding(ax, f"At the end the ticket is {said}: {100 * (ends[0] - ends[1]).mean():+.1f} points against a new draw under its mask")
    plt.show()
    for name, values in curves.items():
        print(f"{name:26} after 3 epochs {values[:, -1].mean():.1%} (by seed: {', '.join(f'{value:.1%}' for value in values[:, -1])})")
    reveal(
        "ticket",
        verdict,
        because="The mask was found from these very values, and what started large had the best chance to survive. A new draw has "
        "to make do with places that were chosen for other numbers; time and a good rate can make up for that.",
    )

# %% [markdown]
# Three seeds and three epochs are a sketch, and the digits differ from machine to machine: trust what holds for all three.
# Compare the two gaps: ticket against new draw (same mask, other values), and ticket against random mask (same values, other
# mask, with as many weights in each layer). Where both are large, neither the mask nor the values *alone* make the ticket.
#
# It fits what is known: with few epochs and a high sparsity the first values are worth something; with longer training, larger
# networks and larger learning rates the effect shrinks ([Liu and others](https://arxiv.org/abs/1810.05270), 2019, saw no gain from
# the first values at a large rate), or needs values from an *early epoch* in place of the first day.
#
# What does this say about structure and weights? The mask is a structure, found by training weights, and it is found *from* the
# values with which that training began.

# %% [markdown]
# > **A good place for a break.** You can make a network sparse and small, and you have seen what each is worth. When you come
# > back, put the cursor here and choose *Run > Run All Above Selected Cell*.

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
    images = X_test[:200].cpu()
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
        "b": "they stay equal, however long one trains",
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
    train(parent, 2, lr=0.01)

    def apart(layer):
        """How far copy and original are from each other, compared with their length."""
        pairs = layer.weight.detach().cpu()
        return float((pairs[:64] - pairs[64:]).norm() / pairs.norm())

    for amount in (0.0, 0.02):
        old = copy_of(parent)
        hidden, head = net2wider(old[7], old[9], torch.arange(128) % 64)
        noisy(hidden, amount)
        grown = nn.Sequential(*old[:7], hidden, nn.ReLU(), head)
        start = apart(hidden)
        train(grown, 2, lr=0.005)
        distances[amount] = apart(hidden)
        print(f"noise {amount:.0%}: copies differ by {start:.1%} of their length at first, {distances[amount]:.1%} after two epochs")
    reveal(
        "twins",
        "b" if distances[0.0] < 1e-3 else "a",
        because="Equal units with equal outgoing weights get equal gradients, so every step moves them alike. The network "
        "is wider and knows no more than before, unless something tells the copies apart: a little noise.",
    )

# %% [markdown]
# Exact copies are equal after two epochs, to the last digit that is printed, and but for rounding they always will be: the network
# has 128 hidden units and knows what 64 can know. With 2 % of noise they part. (The function is then preserved only
# nearly; the noise is the price of learning on. A network with **dropout** needs no other noise: in each step chance drops
# one twin and not the other, and so tells them apart.)
#
# ## Growing when the loss stops falling
#
# *When* should a network grow? Let the data say: when the loss on held-out images has stopped falling. A small network (4 and
# 8 channels) trains until its held-out loss is less than 4 % lower than two epochs before; then it doubles both widths
# (with the noise) and trains on.
#
# Was it the growing that helped, or only the longer training? Two controls answer: the **small** network that simply trains
# on, and the **large** one from scratch. All three may do *as many multiplications in all*, those of six epochs of the large
# one; all have the same schedule (a half cosine over the multiplications; every new optimizer warms up for an epoch), and each its own rate.

# %%
predict(
    "race",
    ...,
    options={
        "a": "the grown network ends lowest: a good start, and then more room",
        "b": "the large one from scratch ends lowest: it has had the room all the time",
        "c": "the small one ends lowest: it has seen the images most often",
    },
)


# %% given="macs"
def macs(a, b):
    """Multiply-accumulates of small_net with a and b channels for one image, by the formula of unit 12."""
    return 14 * 14 * a * 9 + 7 * 7 * b * 9 * a + 64 * 9 * b + 10 * 64


SMALL, LARGE = (4, 8), (8, 16)
WORK = 6 * 1500 * macs(*LARGE)  # as many multiplications, forward, as six epochs of the large network

# %% folded=true
with waits_for("net2wider"):
    not_while_grading()

    def widened(model, seed):
        """small_net with 4 and 8 channels, grown to 8 and 16; its structure is changed on the CPU."""
        model, big = model.cpu(), small_net(seed, *LARGE)
        conv1, conv2 = net2wider(model[0], model[3], torch.arange(8) % 4)
        head = nn.Conv2d(8, 64, 3)
        head.weight.data, head.bias.data = model[7].weight.data.reshape(64, 8, 3, 3), model[7].bias.data
        conv2, head = net2wider(conv2, head, torch.arange(16) % 8)
        for place, layer in ((0, conv1), (3, conv2)):
            noisy(layer, 0.02, seed)
            big[place] = layer
        big[7].weight.data, big[7].bias.data = head.weight.data.flatten(1), head.bias.data
        big[9] = model[9]
        return big.to(device)

    def held_out_loss(model):
        with torch.no_grad():
            return nn.functional.cross_entropy(model(X_held), y_held).item()

    def race(seed, lr, sizes, may_grow):
        """Train until the multiplications are spent; the network, and in .seen its pairs (work, held-out loss)."""
        model, spent, generator = small_net(seed, *sizes).to(device), 0, torch.Generator().manual_seed(seed)
        optimizer, fresh = torch.optim.Adam(model.parameters()), 0
        seen, grew, jump = [(0, held_out_loss(model))], None, None
        while spent < WORK:
            for index in torch.randperm(1500, generator=generator).split(100):
                fresh += 1  # a new optimizer warms up for an epoch
                optimizer.param_groups[0]["lr"] = min(1, fresh / 15) * lr * (1 + np.cos(np.pi * min(1, spent / WORK))) / 2
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(X[index]), y[index]).backward()
                optimizer.step()
                spent += 100 * macs(*sizes)
                if spent >= WORK:
                    break
            seen.append((spent, held_out_loss(model)))
            if may_grow and grew is None and len(seen) > 3 and seen[-1][1] > 0.96 * seen[-3][1]:
                model, sizes, grew = widened(model, seed), LARGE, spent
                optimizer, fresh = torch.optim.Adam(model.parameters()), 0
                jump = held_out_loss(model) - seen[-1][1]
        model.seen, model.grew, model.jump = seen, grew, jump
        return model

    widened(small_net(0, *SMALL), 0)  # stops here where net2wider is not written yet
    runners = {
        "small, grows when it stalls": at_its_best(lambda seed, lr: race(seed, lr, SMALL, True)),
        "small, trained on": at_its_best(lambda seed, lr: race(seed, lr, SMALL, False)),
        "large from the start": at_its_best(lambda seed, lr: race(seed, lr, LARGE, False)),
    }

# %% folded=true
with waits_for("net2wider"):
    not_while_grading()
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    ends = {}
    for (name, models), color, style in zip(runners.items(), (plots.BLUE, plots.ORANGE, plots.VERMILLION), ("-", "--", "-."), strict=True):
        for model in models:
            work, losses = np.array(model.seen).T
            ax.plot(work / 1e9, losses, color=color, linestyle=style, linewidth=1.3, label=name if model is models[0] else None)
            if model.grew:
                ax.plot(model.grew / 1e9, dict(model.seen)[model.grew], "*", color=plots.INK, markersize=11, zorder=3)
        with torch.no_grad():
            ends[name] = np.array([nn.functional.cross_entropy(model(X_test), y_test).item() for model in models])
    ax.plot([], [], "*", color=plots.INK, markersize=11, linestyle="none", label="grows here")
    ax.set(xlabel="multiplications so far, forward (billions)", ylabel="held-out loss", ylim=(0.4, 1.6))
    ax.legend(loc="upper right")
    order = sorted(ends, key=lambda name: ends[name].mean())
    clear = bool((ends[order[0]] < ends[order[1]]).all())
    plots.finding(ax, f"Lowest on average: {order[0]}{', for each seed' if clear else '; not for each seed, so a tie'} (test loss)")
    plt.show()
    for name, values in ends.items():
        print(f"{name:28} final test loss {values.mean():.3f} (by seed: {', '.join(f'{value:.3f}' for value in values)})")
    grew = [(model.grew / WORK, model.jump) for model in runners["small, grows when it stalls"] if model.grew]
    print("grew at", ", ".join(f"{share:.0%} of the work (the loss jumped by {jump:+.3f})" for share, jump in grew) or "no time: it never stalled")
    reveal(
        "race",
        {"small, grows when it stalls": "a", "large from the start": "b", "small, trained on": "c"}[order[0]],
        because=("It was lowest for each of the three seeds." if clear else "But not for each seed: on three seeds this is a tie.")
        + " For the same multiplications the small network makes three updates where the large one makes one.",
    )

# %% [markdown]
# Each line is one seed, and a star is where the data said "grow". The loss hardly jumps there, as the printout says: that much
# is the noise between copies. (The optimizer's averages begin anew. Without the warm-up the loss may well rise after a star.)
#
# Whoever wins on your machine: without the control "small, trained on" one would compare the grown network with what the
# small one had reached *before* growing, and call longer training a success of growing. What growing certainly gives is a
# usable network from the beginning, and the freedom to decide later how large it should be.

# %% [markdown]
# ## Searching by tournament
#
# Widths, depths, learning rates: a space of structures can be searched by a program. Training every candidate to the end is
# wasteful, since most are visibly bad early on. **Successive halving** (Jamieson and Talwalkar, 2016) runs a tournament:
#
# - every candidate gets a small budget (an epoch, say) and a score: this is the first round, or **rung**;
# - the best $1/\eta$ go on, and get $\eta$ times the budget;
# - and so on, until one is left.
#
# With $n$ candidates, each rung costs about $n$ times the first budget: fewer runners, longer runs. The whole tournament
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
# Sixteen candidates: four pairs of widths, each with four learning rates. Budgets are epochs over 800 images; the score is
# the accuracy on the held-out images (not the test images: who searches on them has seen them). For comparison, and only because
# they are so small, all sixteen are also trained for eight epochs. Will the tournament find the best one?

# %%
predict(
    "search",
    ...,
    options={
        "a": "it finds the very best",
        "b": "it finds another one of the best four",
        "c": "it finds none of the best four: early scores say little about late ones",
    },
)

# %% folded=true
with waits_for("successive_halving"):
    not_while_grading()
    known = {}

    def evaluate(candidate, budget):
        """Held-out accuracy of a fresh network after so many epochs."""
        if (candidate, budget) not in known:
            a, b, lr = candidate
            model = small_net(0, a, b)
            fit(model.to(device), X[:800], y[:800], epochs=budget, lr=lr, batch_size=64)
            known[candidate, budget] = accuracy(model, X_held, y_held)
        return known[candidate, budget]

    successive_halving(lambda candidate, budget: 0.0, [1, 2], 1, 2)  # stops here where it is not written yet
    space = [(a, b, lr) for a, b in ((2, 4), (4, 8), (8, 16), (16, 32)) for lr in (0.0005, 0.002, 0.008, 0.03)]
    winner, rungs = successive_halving(evaluate, space, 1, 2)
    full = {candidate: evaluate(candidate, 8) for candidate in space}
    fig, ax = plt.subplots(figsize=(7.0, 4.4))
    for candidate in space:
        scores = [(k, 100 * scores[candidate]) for k, (_, scores) in enumerate(rungs) if candidate in scores]
        best = candidate == winner
        color = plots.VERMILLION if best else plots.BLUE if len(scores) > 1 else plots.MUTED
        ax.plot(*zip(*scores, strict=True), "o-", color=color, alpha=1 if best else 0.6, linewidth=2.6 if best else 1.3, zorder=3 if best else 2)
    ax.plot([], [], "o-", color=plots.VERMILLION, linewidth=2.6, label="winner")
    ax.plot([], [], "o-", color=plots.BLUE, label="went on at least once")
    ax.plot([], [], "o", color=plots.MUTED, label="out after the first rung")
    ax.set_xticks(range(len(rungs)), [f"{len(scores)} candidates\n{budget} epoch{'s' * (budget > 1)}" for budget, scores in rungs])
    ax.set(ylabel="held-out accuracy (%)", xlim=(-0.3, len(rungs) - 0.7))
    ax.grid(axis="x", visible=False)
    ax.legend(loc="lower right")
    place = 1 + sum(full[candidate] > full[winner] for candidate in space)
    found = "the best" if place == 1 else f"number {place}"
    plots.finding(ax, f"The tournament finds {found} of sixteen candidates with half the epochs of the full search")
    plt.show()
    ranked = sorted(space, key=lambda candidate: -full[candidate])
    cost = sum(budget * len(scores) for budget, scores in rungs)
    early_out = sum(candidate not in rungs[1][1] for candidate in ranked[8:])
    among_best = 100 * (full[ranked[0]] - full[ranked[3]])
    print(f"winner: {winner[0]} and {winner[1]} channels, lr {winner[2]}; accuracy after 8 epochs {full[winner]:.1%}")
    print(f"best of the full search: {ranked[0][0]} and {ranked[0][1]} channels, lr {ranked[0][2]}: {full[ranked[0]]:.1%}")
    print(f"place of the winner in the full search: {place} of {len(space)}")
    print(f"epochs: {cost} in the tournament, {8 * len(space)} in the full search")
    reveal(
        "search",
        "a" if place == 1 else "b" if place <= 4 else "c",
        because=f"Its winner is number {place} of {len(space)} in the full search, for {cost} epochs in place of {8 * len(space)}. Of the "
        f"lower half of the full search {early_out} of 8 were out after one epoch. Between the first and the fourth of it lie "
        f"{among_best:.1f} points: so much is lost if the wrong one of these four wins.",
    )

# %% [markdown]
# Sixteen start, eight go on, then four, then two. (With $\eta = 2$ each rung costs 16 epochs. The saving grows with the number
# of candidates and the length of a full training.) Whether it is exactly the best that is found is luck as well: all scores
# come from one seed and 1,000 held-out images, so that two neighbours in the list are hardly different.

# %% [markdown]
# > **A good place for a break.** Networks shrink and grow, and you have searched among them by trying. When you come back,
# > put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Searching by gradient
#
# A tournament tries structures one by one. Could a structure be *learned*, like a weight? "Which operation stands here?" is a
# choice, and a choice has no slope. **DARTS** (Liu, Simonyan and Yang, 2018) softens it: at each place stand *all* candidate
# operations side by side, and a gate mixes what they make of the same input. Each operation has a number $\alpha_k$, and its
# share is the softmax of these:
#
# $$\bar o(x) = \sum_k p_k\, o_k(x), \qquad p = \operatorname{softmax}(\alpha)$$
#
# Now the loss has a slope in $\alpha$. With $s_k = \langle \partial\ell/\partial\bar o,\, o_k(x)\rangle$ it is
# $\partial\ell/\partial\alpha_k = p_k\,(s_k - \sum_j p_j s_j)$: an operation gains share if it lowers the loss more than the
# mixture does on average. The weights learn on the training images and the alphas on the held-out ones, in turns. In the end
# the operation with the largest share stays, and the others are thrown away.
#
# ### Exercise: `mixed_op`


# %% exercise="mixed_op"
def mixed_op(x, ops, alphas):
    """What all operations make of x, each times its share, added up; alphas and operations can learn from it.

    x: tensor (N, ...).  ops: a list of K functions or modules, from x to a tensor of x's shape; each is called once.
    alphas: tensor (K,), any real numbers; the shares are their softmax.
    Returns a tensor of x's shape.
    """
    ### BEGIN SOLUTION
    outputs = torch.stack([op(x) for op in ops])
    return torch.tensordot(alphas.softmax(dim=0), outputs, dims=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the output is wrong</summary>
#
# Every operation sees the same `x`. Multiply what comes *out* of `ops[k]` by share k, and add up. The shares are
# positive and sum to 1.
# </details>
#
# <details><summary>Hint 2: the output is right, and something does not learn</summary>
#
# Compute with the tensors themselves: no `.detach()`, `.item()`, `.tolist()` or `torch.no_grad()`, and no `argmax`.
# </details>
#
# <details><summary>Hint 3: large alphas</summary>
#
# `alphas.softmax(dim=0)` subtracts the largest alpha before it takes exponentials; by hand you have to do that yourself.
# </details>

# %% check="mixed_op"
check("mixed_op")

# %% [markdown]
# Two places in a small network, four candidates for each, so 16 structures: few enough to train *all* of them and know the
# truth. Your gate searches for four epochs; then the structure that it chose is trained from scratch for four. What is that
# worth? **Random search** draws a few of the 16 structures, trains them, and takes the best on the held-out images. For four and
# four epochs it can try two. But a search epoch is dear: it runs all four operations, once for the weights and once for the alphas.
# Counted in operations at each place that is 4 · 4 · 2 + 4 = 36, where a try takes 4: random search can try nine.
#
# (The data decide, so let us also ask other data: the same images with their pixels *shuffled*, all in the same way, so that
# neighbours say nothing. Whether a gate hears the data or only the seed, the title of the first picture counts.)

# %%
predict(
    "gates",
    ...,
    options={
        "a": "search by gradient ends above random search with nine tries, in each of three seeds",
        "b": "it ends below it in each seed",
        "c": "neither: sometimes one, sometimes the other",
    },
)

# %% folded=true given="search_space"
OPS = {
    "as it is": nn.Identity,
    "3 x 3 mean": lambda: nn.AvgPool2d(3, 1, 1),
    "1 x 1 conv": lambda: nn.Conv2d(8, 8, 1),
    "3 x 3 conv": lambda: nn.Conv2d(8, 8, 3, padding=1),
}
STRUCTURES = [(one, two) for one in OPS for two in OPS]


def two_places(seed, one, two):
    """A network whose two places are filled by what one() and two() make, on `device`."""
    torch.manual_seed(seed)
    stem, head = (nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)), (nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10))
    return nn.Sequential(*stem, one(), nn.ReLU(), two(), nn.ReLU(), *head).to(device)


def structure_runs(structure, epochs, images=600):
    """A structure trained for three seeds, at its best of two rates: its accuracies, held-out and on test images."""

    def make(seed, lr):
        model = two_places(seed, *(OPS[name] for name in structure))
        fit(model, X[:images], y[:images], epochs=epochs, lr=lr, batch_size=64, seed=seed)
        return model

    models = at_its_best(make)
    return np.array([accuracy(model, X_held, y_held) for model in models]), on_test(models)


# %% folded=true
with waits_for("mixed_op"):
    not_while_grading()

    class Place(nn.Module):
        """All operations side by side, behind a gate that can learn."""

        def __init__(self):
            super().__init__()
            self.ops = nn.ModuleList(make() for make in OPS.values())
            self.alphas = nn.Parameter(torch.zeros(len(OPS)))

        def forward(self, x):
            return mixed_op(x, list(self.ops), self.alphas)

    def searched(seed, X, X_held, epochs=4):
        """The shares at both places after each turn of the search, (turns, 2, operations)."""
        model = two_places(seed, Place, Place)
        gates = [model[3].alphas, model[5].alphas]
        weights = [p for name, p in model.named_parameters() if "alphas" not in name]
        steps = torch.optim.Adam(weights, lr=0.01), torch.optim.Adam(gates, lr=0.1)
        generator, shares = torch.Generator().manual_seed(seed), []
        for _ in range(epochs):
            orders = [torch.randperm(600, generator=generator).split(64) for _ in range(2)]
            for batches in zip(*orders, strict=True):
                for optimizer, index, images, labels in zip(steps, batches, (X, X_held), (y, y_held), strict=True):
                    model.zero_grad()
                    nn.functional.cross_entropy(model(images[index]), labels[index]).backward()
                    optimizer.step()
                shares.append([gate.detach().softmax(dim=0).tolist() for gate in gates])
        return np.array(shares)

    order = torch.randperm(196, generator=torch.Generator().manual_seed(0)).to(device)
    shuffled = [images.flatten(1)[:, order].reshape(-1, 1, 14, 14) for images in (X, X_held)]
    gates = {"clothes": [searched(seed, X, X_held) for seed in SEEDS], "pixels shuffled": [searched(seed, *shuffled) for seed in SEEDS]}
    fig, axes = plt.subplots(2, 2, figsize=(7.4, 5.4), sharex=True, sharey=True)
    for row, (data, runs) in zip(axes, gates.items(), strict=True):
        for place, ax in enumerate(row):
            for k, (name, color, style) in enumerate(zip(OPS, plots.PALETTE, ("-", "--", ":", "-."), strict=False)):
                plots.bands(ax, np.arange(1, len(runs[0]) + 1), np.array(runs)[:, :, place, k], label=name, color=color, band="minmax")
                ax.lines[-1].set(linestyle=style)
            ax.set_title(f"{data}, place {place + 1}", fontsize=11)
    axes[0, 0].set(ylabel="share", ylim=(0, 1))
    axes[1, 0].set(xlabel="step of the alphas", ylabel="share")
    axes[1, 1].set(xlabel="step of the alphas")
    axes[0, 0].legend(loc="upper left", fontsize=9)
    winners = ["; ".join(" then ".join(list(OPS)[k] for k in run[-1].argmax(axis=1)) for run in runs) for runs in gates.values()]
    picks = np.array([[run[-1].argmax(axis=1) for run in runs] for runs in gates.values()])  # (data, seeds, places)
    by_data = int((picks[0] != picks[1]).sum())
    by_seed = int(sum((picks[:, i] != picks[:, j]).sum() for i, j in ((0, 1), (0, 2), (1, 2))))
    plots.finding(fig, f"Other data change {by_data} of 6 choices; another seed changes {by_seed} of 12")
    plt.show()
    for data, chosen in zip(gates, winners, strict=True):
        print(f"chosen on {data}, by seed: {chosen}")

# %% folded=true
with waits_for("mixed_op"):
    not_while_grading()
    mixed_op(torch.zeros(1, 1), [nn.Identity()], torch.zeros(1))  # stops here where it is not written yet
    table = {structure: structure_runs(structure, epochs=4) for structure in STRUCTURES}

# %% folded=true
with waits_for("mixed_op"):
    not_while_grading()
    longer = {name: structure_runs((name, name), epochs=8)[1] for name in ("as it is", "3 x 3 conv")}  # the smallest, the largest
    held_scores, test_scores = (np.array([table[structure][part] for structure in STRUCTURES]) for part in (0, 1))
    found = [STRUCTURES.index(tuple(list(OPS)[k] for k in run[-1].argmax(axis=1))) for run in gates["clothes"]]
    by_gate = np.array([test_scores[k, seed] for seed, k in enumerate(found)])
    rng = np.random.default_rng(0)

    def random_tries(n, seed):
        """The mean test accuracy of the best, on held-out images, of n random structures."""
        draws = [rng.permutation(len(STRUCTURES))[:n] for _ in range(1000)]
        return np.mean([test_scores[draw[held_scores[draw, seed].argmax()], seed] for draw in draws])

    tries = {n: np.array([random_tries(n, seed) for seed in SEEDS]) for n in (2, 9)}
    ranked = np.argsort(test_scores.mean(axis=1))
    fig, ax = plt.subplots(figsize=(7.4, 5.2))
    for line, k in enumerate(ranked):
        ax.plot(100 * test_scores[k], [line] * 3, "o", color=plots.MUTED, markersize=4)
        ax.plot(100 * test_scores[k].mean(), line, "|", color=plots.INK, markersize=13, markeredgewidth=2)
        for seed in SEEDS:
            if found[seed] == k:
                ax.plot(100 * test_scores[k, seed], line, "*", color=plots.VERMILLION, markersize=14, zorder=3)
    ax.plot([], [], "*", color=plots.VERMILLION, markersize=14, linestyle="none", label="the gate's choice, by seed")
    for n, style in ((2, ":"), (9, "--")):
        ax.axvline(100 * tries[n].mean(), color=plots.BLUE, linestyle=style, label=f"random search, {n} tries")
    ax.set_yticks(range(len(ranked)), [", ".join(STRUCTURES[k]) for k in ranked], fontsize=9)
    ax.set(xlabel="test accuracy (%) after four epochs")
    ax.legend(loc="upper left", fontsize=9)
    verdict = "a" if (by_gate > tries[9]).all() else "b" if (by_gate < tries[9]).all() else "c"
    plots.finding(fig, f"The gate's choice: {100 * by_gate.mean():.1f} %; random search with nine tries: {100 * tries[9].mean():.1f} %")
    plt.show()
    print(f"search by gradient   {by_gate.mean():.1%}   (by seed: {', '.join(f'{value:.1%}' for value in by_gate)})")
    for n, values in tries.items():
        print(f"random, {n} tries      {values.mean():.1%}   (by seed: {', '.join(f'{value:.1%}' for value in values)})")
    print(f"a structure at random {test_scores.mean():.1%}; the best of all on held-out images {np.mean([test_scores[held_scores[:, k].argmax(), k] for k in SEEDS]):.1%}")
    for name, values in longer.items():
        print(f"{name:10} at both places: {test_scores[STRUCTURES.index((name, name))].mean():.1%} after four epochs, {values.mean():.1%} after eight")
    reveal(
        "gates",
        verdict,
        because="The gate is better than a structure at random if it avoids the bad ones, and a few random tries avoid them too. "
        "Among the good ones, look how far the three seeds of one structure lie apart.",
    )

# %% [markdown]
# Look at three things. **Against what?** A search is worth what it gives beyond random search *at the same cost*; in 2019 [Li and
# Talwalkar](https://arxiv.org/abs/1902.07638) made that comparison on two usual benchmarks, and random search kept up. (Our gate's own two
# rates were not chosen, they are 0.01 and 0.1: it might do better.)
# **Against training longer?** The last two lines of the printout spend the search's epochs on training a fixed structure instead.
# **What does a share mean?** In the mixture the operations train together, and the easiest way for the gradient is often the
# one that needs no training, "as it is": longer searches are known to drift there ([Zela and others](https://arxiv.org/abs/1909.09656),
# 2020). A share is a slope's opinion about the mixture, and not a measurement of what the operation is worth alone.

# %% [markdown]
# ## Leaving early
#
# The last change is one that a network makes for each image. An ankle boot is easy, a shirt is hard; why should both cost the
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
# sends the *same share* of images on, but chosen at random. The dial is set on the **held-out** images, to the cheapest
# threshold that loses at most one point there; what it costs and gives is then measured on the test images. How far does the
# cost come down?

# %%
predict(
    "exits",
    ...,
    options={
        "a": "by less than 5 %: the first exit is too weak",
        "b": "by 5 to 50 %",
        "c": "by more than 50 %",
    },
)

# %% folded=true given="train_exits"
def fit_both(model, epochs, lr, seed):
    """The loop of unit 10 with Adam, for a model that has a loss of its own."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    updates = epochs * -(-len(X) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    model.to(device).train()
    for _ in range(epochs):
        for index in torch.randperm(len(X), generator=generator).split(64):
            optimizer.zero_grad()
            model.loss(X[index], y[index]).backward()
            optimizer.step()
            schedule.step()
    model.eval()


def stages(seed):
    """stage1, exit1, stage2, exit2 for 14 x 14 images."""
    torch.manual_seed(seed)
    stage1 = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    exit1 = nn.Sequential(nn.AvgPool2d(4, stride=3), nn.Flatten(), nn.Linear(12 * 4, 10))
    middle = nn.Sequential(nn.Conv2d(12, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU())
    stage2 = nn.Sequential(middle, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(288, 64), nn.ReLU())
    return stage1, exit1, stage2, nn.Linear(64, 10)


FIRST = 14 * 14 * 12 * 9 + 12 * 4 * 10  # multiplications up to exit 1
REST = 49 * 32 * 9 * 12 + 49 * 32 * 9 * 32 + 288 * 64 + 640  # and from there to exit 2
DIALS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1)

# %% folded=true
with waits_for("EarlyExit"):
    not_while_grading()

    def two_exits(seed, lr):
        early = EarlyExit(*stages(seed), threshold=1.1)
        fit_both(early, epochs=6, lr=lr, seed=seed)
        return early

    first = {lr: two_exits(SEEDS[0], lr) for lr in (0.01, 0.03)}
    with torch.no_grad():
        own = max(first, key=lambda lr: (first[lr](X_held)[0].argmax(1) == y_held).sum().item())
    exit_nets = [first[own], *(two_exits(seed, own) for seed in SEEDS[1:])]

    def turned(early, images, labels):
        """For each dial: the share that stays, the accuracy, and that of as many chosen at random."""
        rng, rows, ends = np.random.default_rng(0), [], {}
        with torch.no_grad():
            for early.threshold in (1.1, *DIALS):
                logits, exits = early(images)
                hits, late = (logits.argmax(1) == labels).cpu().numpy(), (exits == 2).float().mean().item()
                ends.setdefault(early.threshold, hits)
                chosen = rng.permutation(len(hits)) < round(late * len(hits))
                rows.append((late, hits.mean(), np.where(chosen, ends[1.1], ends[0.0]).mean() if 0.0 in ends else 0))
        return np.array(rows[1:]).T

    held, tested = (np.array([turned(early, *data) for early in exit_nets]) for data in ((X_held, y_held), (X_test, y_test)))
    enough = held[:, 1].mean(axis=0) >= held[:, 1, -1].mean() - 0.01
    dial = DIALS[int(np.argmax(enough))]

# %% folded=true
with waits_for("EarlyExit"):
    not_while_grading()
    costs = (FIRST + tested[:, 0] * REST) / 1e6
    mean_cost, right, by_chance = costs.mean(axis=0), 100 * tested[:, 1], 100 * tested[:, 2]
    place = DIALS.index(dial)
    saved, lost = 1 - mean_cost[place] / mean_cost[-1], right[:, -1].mean() - right[:, place].mean()
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    plots.bands(ax, mean_cost, right, label="by confidence", color=plots.BLUE, band="minmax")
    plots.bands(ax, mean_cost, by_chance, label="as many, at random", color=plots.VERMILLION, band="minmax")
    ax.lines[0].set(marker="o", markersize=5)
    ax.lines[-1].set(linestyle="--")
    for name, cost, hits in zip(DIALS[1:6], mean_cost[1:6], right.mean(axis=0)[1:6], strict=True):
        ax.annotate(f"{name}", (cost, hits), textcoords="offset points", xytext=(-4, 8), ha="right", fontsize=9, color=plots.INK)
    ax.plot(mean_cost[place], right.mean(axis=0)[place], "*", color=plots.INK, markersize=15, label=f"chosen on held-out images: {dial}")
    ax.set(xlabel="multiplications for an image, on average (millions)", ylabel="test accuracy (%)")
    ax.legend(loc="lower right")
    plots.finding(ax, f"The chosen dial saves {saved:.0%} of the multiplications; accuracy {round(-lost, 1) + 0:+.1f} points (bands: three seeds)")
    plt.show()
    for k, name in enumerate(DIALS):
        print(f"threshold {name:4}: {mean_cost[k] / mean_cost[-1]:6.1%} of the multiplications, accuracy {right[:, k].mean():.1f} %")
    reveal(
        "exits",
        "a" if saved < 0.05 else "b" if saved <= 0.5 else "c",
        because=f"It came down by {saved:.0%}. Whether the first exit, weak as it is, knows which images are easy, the distance between the two "
        "lines shows: both send as many on.",
    )

# %% [markdown]
# At the left end everybody leaves at the first exit, at the right end nobody does. In between the curve is bent, while the
# same share chosen at random lies on a nearly straight line below it: the difference between the two is what confidence is
# worth. On the test images the chosen dial need not lose exactly what it lost on the held-out ones; that is why there are two sets.
#
# We made the first exit weak on purpose: it sees each channel as 2 × 2 means. With one that is as good as the second, there would be
# nothing left for the second stage to do: how much an early exit saves is a matter of how you build it, and where you put it.
#
# The curve is an *average*. The hardest image costs a little more than without an early exit, and a batch has to be regrouped.
#
# Which images leave, and which stay? Turn the dial yourself, for the last of the three networks. The bars are all test images
# by the first exit's confidence; the images are four that leave with the least confidence, and four that are kept back just
# below it.

# %% folded=true
with waits_for("EarlyExit"):
    not_while_grading()
    with torch.no_grad():
        early = exit_nets[-1]
        first = early.exit1(early.stage1(X_test)).softmax(dim=1).cpu()
        early.threshold = 1.1
        last = early(X_test)[0].argmax(1).cpu()
    sure, said, truth = first.amax(dim=1).numpy(), first.argmax(dim=1), y_test.cpu()

    def draw(threshold=0.6):
        leaves = sure >= threshold
        order = np.argsort(sure)
        right = np.where(leaves, said == truth, last == truth)
        fig, axes = plt.subplot_mosaic([["bars"] * 4, list("abcd"), list("efgh")], figsize=(7.0, 6.0), height_ratios=[2, 1, 1])
        edges = np.linspace(0, 1, 41)
        for chosen, color, hatch, label in ((leaves & (said == truth).numpy(), plots.BLUE, "", "leaves, right"),
                                            (leaves & (said != truth).numpy(), plots.VERMILLION, "///", "leaves, wrong"),
                                            (~leaves, plots.MUTED, "", "stays")):  # fmt: skip
            axes["bars"].hist(sure[chosen], edges, color=color, hatch=hatch, edgecolor="white", alpha=0.8, label=label)
        axes["bars"].axvline(threshold, color=plots.INK, linestyle=":")
        axes["bars"].set(xlabel="confidence of exit 1", ylabel="test images", xlim=(0, 1))
        axes["bars"].legend(loc="upper right")
        shown = [*order[leaves[order]][:4], *order[~leaves[order]][-4:][::-1]]
        for panel in "abcdefgh":
            axes[panel].axis("off")
        for panel, k in zip("abcdefgh" if leaves.sum() >= 4 else "efgh", shown, strict=False):
            axes[panel].imshow(fashion.X_test[k], cmap="gray_r")
            axes[panel].set_title(f"{fashion.class_names[truth[k]]} {sure[k]:.2f}", fontsize=9)
        plots.finding(fig, f"At {threshold:.2f}, {leaves.mean():.0%} leave (upper row: just so; lower: just not); {right.mean():.1%} right")

    plots.play(draw, threshold=(0.0, 1.0, 0.02))
    shares = {name: (sure >= 0.6)[truth == k].mean() for k, name in enumerate(fashion.class_names)}
    print("share that leaves at exit 1, threshold 0.6:")
    print(",  ".join(f"{name} {shares[name]:.0%}" for name in sorted(shares, key=lambda name: -shares[name])))

# %% [markdown]
# What is easy depends on who looks. Shirts, coats and pullovers share an outline, and what tells them apart is finer and takes the
# second stage. But look where the trousers stand in the printed list: to us they are like nothing else, and as 2 × 2 means they are
# a tall thing with something above and below, as a dress is.

# %% [markdown]
# > **A good place for a break.** Next a small network learns from a large one, and weights shrink to a byte. When you come back,
# > put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Learning from a teacher
#
# A small network can be taught by the large one that it is to replace. A label says "shirt"; a trained network says "shirt,
# perhaps a coat, certainly no shoe", and so tells how classes resemble each other. This is **distillation** (Hinton, Vinyals and
# Dean, 2015). The logits of both are divided by a **temperature** $T > 1$, which softens the answers, and the student is
# drawn towards the teacher's:
#
# $$\ell = \lambda\, T^2\, \frac1N \sum_n \operatorname{KL}\big(p_n \,\|\, q_n\big) + (1 - \lambda)\,\operatorname{CE}(z, y),
# \qquad p_n = \operatorname{softmax}(t_n / T), \quad q_n = \operatorname{softmax}(z_n / T)$$
#
# with the student's logits $z$, the teacher's $t$, and $\operatorname{KL}(p\,\|\,q) = \sum_k p_k (\log p_k - \log q_k)$. Why
# $T^2$? The derivative of one KL with respect to $z$ is $(q - p)/T$, and at a high $T$ the difference $q - p$ is itself about $(z - t)/(CT)$
# ($C$ classes, logits of mean 0): without the factor, the teacher would be heard $T^2$ times more faintly.
#
# ### Exercise: `distillation_loss`


# %% exercise="distillation_loss"
def distillation_loss(student, teacher, y, T, share):
    """`share` of the divergence from a teacher's softened answers, times T², and the rest of the labels' cross-entropy.

    student, teacher: logits (N, classes), not softened yet.  y: labels (N,).  T: temperature, above 0.  share: 0 to 1.
    The teacher's logits are constants: no gradient reaches them.  The labels' part has no temperature.
    Returns one number, a tensor, from which the student can learn.
    """
    ### BEGIN SOLUTION
    log_p, log_q = (nn.functional.log_softmax(z / T, dim=1) for z in (teacher.detach(), student))
    soft = (log_p.exp() * (log_p - log_q)).sum() / len(y)
    return share * T**2 * soft + (1 - share) * nn.functional.cross_entropy(student, y)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the soft part</summary>
#
# Both logits are divided by T *before* the softmax over the classes. `log_softmax` gives finite logarithms, however sure the
# logits are. Sum over classes, mean over rows. (`nn.functional.kl_div` wants the student's *log*-probabilities first, and only
# its `reduction="batchmean"` divides by the rows.)
# </details>
#
# <details><summary>Hint 2: the temperature's square</summary>
#
# It multiplies the soft part, and only this one.
# </details>
#
# <details><summary>Hint 3: the labels' part, and the shares</summary>
#
# `nn.functional.cross_entropy(student, y)` on the logits as they are. `share` is the teacher's, 1 - share the labels'.
# </details>
#
# <details><summary>Hint 4: who learns</summary>
#
# The student. `teacher.detach()` are the same numbers without a way back.
# </details>

# %% check="distillation_loss"
check("distillation_loss")

# %% [markdown]
# What does the temperature show, and what does the $T^2$ do? On the left the answer of a trained network for one test image: at
# T = 1 little more than the label, at T = 3 also what else it might be, at T = 10 hardly a difference. On the right how long the
# gradient of *your* loss is, for a student that has not learnt anything.

# %% folded=true
with waits_for("distillation_loss"):
    not_while_grading()
    distillation_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), 1.0, 0.5)
    one = train(small_net(0), 3, lr=0.01)
    with torch.no_grad():
        teacher_logits, student_logits = one(X_test).cpu(), small_net(9)(X_test.cpu())
    confidence = teacher_logits.softmax(dim=1).amax(dim=1)
    confidence[teacher_logits.argmax(dim=1) != y_test.cpu()] = 0
    k = int((confidence - 0.9).abs().argmin())  # an image that the network is nine tenths sure of, and right
    fig, (left, right_ax) = plt.subplots(1, 2, figsize=(7.6, 4.2), width_ratios=[3, 2])
    for place, (T, color, hatch) in enumerate(((1, plots.INK, ""), (3, plots.BLUE, "///"), (10, plots.ORANGE, ".."))):
        left.barh(np.arange(10) + 0.27 * (place - 1), (teacher_logits[k] / T).softmax(dim=0), 0.26, color=color, hatch=hatch, edgecolor="white", label=f"T = {T}")
    left.set_yticks(range(10), fashion.class_names, fontsize=9)
    left.set(xlabel=f"probability (the label is {fashion.class_names[y_test[k]]})")
    left.legend(loc="lower right")
    temperatures, lengths = np.geomspace(1, 20, 9), []
    for T in temperatures:
        z = student_logits.clone().requires_grad_()
        distillation_loss(z, teacher_logits, y_test.cpu(), float(T), 1.0).backward()
        lengths.append(float(z.grad.norm()))
    lengths = np.array(lengths) / lengths[0]
    right_ax.loglog(temperatures, lengths, "o-", color=plots.BLUE, label="with T²")
    right_ax.loglog(temperatures, lengths / temperatures**2, "s--", color=plots.VERMILLION, label="without")
    right_ax.set(xlabel="temperature T", ylabel="length of the gradient (T = 1 is 1)")
    right_ax.legend(loc="lower left")
    plots.finding(fig, f"At T = 20 the gradient is {lengths[-1]:.2g} times as long as at T = 1; without T², {lengths[-1] / 400:.2g} times")
    plt.show()

# %% [markdown]
# ## Eight bits
#
# A weight takes 32 bits. Does it need them? **Quantization** to int8 keeps, for each output channel, one step length
# $s_c$ (its **scale**), and for each weight a whole number from -127 to 127:
#
# $$s_c = \frac{\rho \max |w_c|}{127}, \qquad q = \operatorname{clip}\big(\operatorname{round}(w / s_c), -127, 127\big), \qquad
# \hat w = s_c\, q$$
#
# With the **share** $\rho = 1$ the range reaches the largest weight of the channel. With less, the few largest are cut off, and
# the steps become finer for all others. *Symmetric* means that 0 stays exactly 0: padding and pruned weights need that.
#
# ### Exercise: `quantize_int8`


# %% exercise="quantize_int8"
def quantize_int8(weight, share):
    """Symmetric int8 with one scale for each output channel (axis 0), and the weights that this stands for.

    weight: float array (channels, ...) with one axis or more behind the first.  share: 0 < share <= 1, the part of a channel's
    largest size that the 127 steps reach.  Rounded to the nearest whole number as np.round does (halves to the even one).
    A channel of zeros has the scale 1.
    Returns (q int8, weight's shape; scale (channels,); dequantized weights, floats of weight's shape).
    """
    ### BEGIN SOLUTION
    rows = weight.reshape(len(weight), -1)
    scale = share * np.abs(rows).max(axis=1) / 127
    scale[scale == 0] = 1
    q = np.clip(np.rint(rows / scale[:, None]), -127, 127).astype(np.int8)
    return q.reshape(weight.shape), scale, (q * scale[:, None]).reshape(weight.shape)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the scale</summary>
#
# `weight.reshape(len(weight), -1)` has one row for each channel. The largest *size* of each row, times share, is 127 steps.
# </details>
#
# <details><summary>Hint 2: rounding</summary>
#
# Divide by the scale, then `np.round` (or `np.rint`). `astype` alone cuts fractions off.
# </details>
#
# <details><summary>Hint 3: beyond the range; the type</summary>
#
# `np.clip(..., -127, 127)` first, then `.astype(np.int8)`: an int8 that is too large wraps around.
# </details>
#
# <details><summary>Hint 4: the way back</summary>
#
# Each whole number times its channel's scale.
# </details>
#
# <details><summary>Hint 5: a channel of zeros</summary>
#
# Its scale would be 0, and 0 / 0 is no number. Put a 1 there before you divide.
# </details>

# %% check="quantize_int8"
check("quantize_int8")

# %% [markdown]
# All weights of the trained network go through your function; nothing is trained afterwards. What does it cost on the test
# images?

# %%
predict(
    "eight_bits",
    ...,
    options={
        "a": "less than half a point",
        "b": "half a point to three points",
        "c": "more than three points",
    },
)

# %% folded=true
with waits_for("magnitude_prune", "quantize_int8"):
    not_while_grading()

    def in_eight_bits(model, share=1.0, per_channel=True):
        """A copy with quantized weights, its bytes, and the error as a part of the weights' length."""
        other, size, errors = copy_of(model), 0, []
        for p in other.parameters():
            if p.ndim == 1:
                size += 4 * p.numel()
                continue
            weight = p.detach().numpy().astype(np.float64)
            q, scale, back = quantize_int8(weight if per_channel else weight.reshape(1, -1), share)
            back = back.reshape(weight.shape)
            size += q.nbytes + 4 * len(scale)
            errors.append(((back - weight) ** 2).sum() / (weight**2).sum())
            p.data = torch.from_numpy(back).float()
        return other, size, np.sqrt(np.mean(errors))

    in_eight_bits(small_net(0))
    shares, rows = np.linspace(0.1, 1, 10), {}
    for kind in (True, False):
        rows[kind] = [[in_eight_bits(model, share, kind) for share in shares] for model in trained]
    errors = {kind: 100 * np.array([[error for _, _, error in row] for row in rows[kind]]) for kind in rows}
    hits = np.array([100 * on_test([other.to(device) for other, _, _ in row]) for row in rows[True]])
    before = 100 * on_test(trained)
    fig, (left, right_ax) = plt.subplots(1, 2, figsize=(7.4, 3.8))
    for kind, label, color, style in ((True, "a scale per channel", plots.BLUE, "o-"), (False, "one scale a layer", plots.VERMILLION, "s--")):
        plots.bands(left, shares, errors[kind], label=label, color=color, band="minmax")
        left.lines[-1].set(marker=style[0], linestyle=style[1:])
    left.set(xlabel="share of the range", ylabel="error of the weights (%)", yscale="log")
    left.legend()
    plots.bands(right_ax, shares, hits, label="int8, a scale per channel", color=plots.BLUE, band="minmax")
    right_ax.axhline(before.mean(), color=plots.MUTED, linestyle=":", label="float32")
    right_ax.set(xlabel="share of the range", ylabel="test accuracy (%)")
    right_ax.legend(loc="lower right")
    cost = float((before - hits[:, -1]).mean())
    best_share = shares[errors[True].mean(axis=0).argmin()]
    said = f"int8 at the whole range: accuracy {round(-cost, 1) + 0:+.1f} points; a scale per channel errs least at a share of {best_share:.1f}"
    plots.finding(fig, said)
    plt.show()
    bytes_before = sum(4 * p.numel() for p in trained[0].parameters())
    print(f"file: {bytes_before / 1024:.0f} KiB in float32, {rows[True][0][-1][1] / 1024:.0f} KiB in int8")
    print("error of the weights at share 1: {:.1f} % per channel, {:.1f} % per layer".format(*(errors[kind][:, -1].mean() for kind in rows)))
    reveal(
        "eight_bits",
        "a" if cost < 0.5 else "b" if cost <= 3 else "c",
        because=f"It lost {cost:.2f} points on average. 255 steps are fine enough here: rounding moves the weights by "
        f"{errors[True][:, -1].mean():.1f} % of their length, in all directions at once, and sums average that out.",
    )

# %% [markdown]
# Below a share of 1 the scale per channel is the worse one: a share of each *channel's* largest weight cuts something off in every
# channel, a share of the *layer's* only in those with large weights. The file is about a quarter. And the time? Our copy computes in
# float32 with the rounded weights, so it is no faster. Integer arithmetic is faster where the chip has it and a library uses it;
# then the activations are quantized as well.

# %% [markdown]
# > **A good place for a break.** You have all the tools, and only the comparison is left. When you come back, put the cursor here
# > and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## One picture for the watch
#
# Which of all this should Mara build in? Everything meets in one picture: **accuracy** on the test images against **measured
# time** on the CPU, in a new random order in each of the rounds. Every network has had six epochs in all, each method its own
# learning rate, and the rates and the dials were chosen on held-out images:
#
# - *channels pruned*: the trained network, half or a quarter of its channels kept (your `prune_channels`), fine-tuned;
# - *small from scratch*: the same sizes, trained from the start for as long;
# - *distilled*: the same again, taught by the whole network (your `distillation_loss`; $T = 3$ and a share of 0.7, not chosen);
# - *int8*: the whole network with your eight bits; *90 % zeros*: fine-tuned; *early exits*: at four dials.
#
# With a quarter of the channels: who is best?

# %%
predict(
    "watch",
    ...,
    options={
        "a": "pruned and fine-tuned: it began as something larger",
        "b": "small from scratch: it had all its epochs at its own size",
        "c": "distilled: it had all its epochs, and a teacher",
    },
)

# %% folded=true
SIZES = {"half": (8, 16), "a quarter": (4, 8)}
with waits_for("magnitude_prune", "prune_channels", "distillation_loss", "quantize_int8", "EarlyExit"):
    not_while_grading()

    def fewer_channels(model, a, b):
        """The trained network with its a and b best channels; its structure is changed on the CPU."""
        old = copy_of(model)
        conv1, _, conv2 = prune_channels(old[0], None, old[3], a)
        conv2, _, head = prune_channels(conv2, None, old[7], b)
        return nn.Sequential(conv1, *old[1:3], conv2, *old[4:7], head, *old[8:])

    def taught(seed, lr, sizes, T=3.0, share=0.7, epochs=6):
        """A small network that learns from the whole one, with the schedule of `fit`."""
        with torch.no_grad():
            answers = tuned_whole[seed](X)
        model, generator = small_net(seed, *sizes).to(device), torch.Generator().manual_seed(seed)
        optimizer, updates = torch.optim.Adam(model.parameters()), epochs * -(-len(X) // 64)
        for t in range(updates):
            if t % (updates // epochs) == 0:
                batches = iter(torch.randperm(len(X), generator=generator).split(64))
            warm = updates // 4
            factor = (t + 1) / warm if t < warm else (1 + np.cos(np.pi * (t - warm) / (updates - warm))) / 2
            optimizer.param_groups[0]["lr"] = lr * factor
            index = next(batches)
            optimizer.zero_grad()
            distillation_loss(model(X[index]), answers[index], y[index], T, share).backward()
            optimizer.step()
        return model

    fewer_channels(trained[0], 4, 8)
    distillation_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), 1.0, 0.5)
    nets = {("whole", ""): tuned_whole, ("90 % zeros", ""): tuned_zeros}
    for word, sizes in SIZES.items():
        nets["channels pruned", word] = at_its_best(lambda seed, lr, sizes=sizes: train(fewer_channels(trained[seed], *sizes), 2, lr, seed))
        nets["small from scratch", word] = at_its_best(lambda seed, lr, sizes=sizes: train(small_net(seed, *sizes), 6, lr, seed))

# %% folded=true
with waits_for("magnitude_prune", "prune_channels", "distillation_loss", "quantize_int8", "EarlyExit"):
    not_while_grading()
    for word, sizes in SIZES.items():
        nets["distilled", word] = at_its_best(lambda seed, lr, sizes=sizes: taught(seed, lr, sizes), (0.03, 0.1))
    nets["int8", ""] = [in_eight_bits(model)[0].to(device) for model in tuned_whole]
    results = {key: on_test(models) for key, models in nets.items()}
    on_cpu = {key: copy.deepcopy(models[0]).cpu().eval() for key, models in nets.items()}
    on_cpu["90 % zeros", ""]._forward_pre_hooks.clear()  # its masks were for training; they would be timed as well
    early, some = copy.deepcopy(exit_nets[0]).cpu(), X_test[:250].cpu()

    def leave(threshold):
        early.threshold = threshold
        early(some)

    shown_dials = [0.0, 0.4, 0.6, 1.1]
    runs = [lambda model=model: model(some) for model in on_cpu.values()] + [lambda tau=tau: leave(tau) for tau in shown_dials]
    times = 1e6 * seconds_of(runs) / len(some)
    for tau in shown_dials:
        results["early exits", f"{tau}"] = tested[:, 1, DIALS.index(tau)]
    sizes_of = {key: sum(4 * p.numel() for p in model.parameters()) for key, model in on_cpu.items()}
    sizes_of["int8", ""] = in_eight_bits(tuned_whole[0])[1]

# %% folded=true
with waits_for("magnitude_prune", "prune_channels", "distillation_loss", "quantize_int8", "EarlyExit"):
    not_while_grading()
    looks = {
        "whole": (plots.INK, "*"), "90 % zeros": (plots.MUTED, "X"), "int8": (plots.GREEN, "P"), "channels pruned": (plots.BLUE, "o"),
        "small from scratch": (plots.ORANGE, "s"), "distilled": (plots.VERMILLION, "^"), "early exits": (plots.PURPLE, "D"),
    }  # fmt: skip
    points = {key: (time, 100 * values.mean()) for (key, values), time in zip(results.items(), times, strict=True)}
    fig, ax = plt.subplots(figsize=(7.6, 5.6))
    for name, (color, marker) in looks.items():
        keys = [key for key in points if key[0] == name]
        where = np.array([points[key] for key in keys])
        spread = np.array([[points[key][1] - 100 * results[key].min(), 100 * results[key].max() - points[key][1]] for key in keys]).T
        ax.errorbar(*where.T, yerr=spread, color=color, marker=marker, linestyle="--" if len(keys) > 1 else "none", linewidth=1, markersize=8, capsize=3, label=name)
    best = [key for key, (time, hits) in points.items() if not any(t < time and h >= hits for t, h in points.values())]
    best.sort(key=points.get)
    front = np.array([points[key] for key in best])
    ax.step(*front.T, where="post", color=plots.MUTED, linewidth=5, alpha=0.25, zorder=0, label="nothing is faster and as good")
    ax.set(xlabel="measured time for an image (µs, CPU, in batches of 250)", ylabel="test accuracy (%)", xlim=(0, None))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)  # no corner is free on every machine
    quarter = {name: results[name, "a quarter"] for name in ("channels pruned", "small from scratch", "distilled")}
    first, second = sorted(quarter, key=lambda name: -quarter[name].mean())[:2]
    clear = bool((quarter[first] > quarter[second]).all())
    plots.finding(ax, f"A quarter of the channels: {first} is best{', for each seed' if clear else ' on average, not for each seed'} (bars: three seeds)")
    plt.show()
    print(f"{'':32} time (µs)   file (KiB)   accuracy (three seeds)")
    for key, values in results.items():
        file = f"{sizes_of[key] / 1024:10.0f}" if key in sizes_of else f"{sum(4 * p.numel() for p in early.parameters()) / 1024:10.0f}"
        print(f"{' '.join(key):32} {points[key][0]:8.1f} {file}      {values.mean():.1%}  ({values.min():.1%} to {values.max():.1%})")
    reveal(
        "watch",
        {"channels pruned": "a", "small from scratch": "b", "distilled": "c"}[first],
        because=f"{first.capitalize()} is ahead of {second} by {100 * (quarter[first] - quarter[second]).mean():.1f} points on average, "
        + ("and for each of the three seeds." if clear else "but not for each of the three seeds: with three seeds, a tie."),
    )

# %% [markdown]
# Read it like an engineer: draw a vertical line at the time that you may spend, and take the highest point to its left. Methods
# that end in the same structure take the same time: how far such points lie apart sideways is your machine's noise. Zeros and
# (here) eight bits stay at the whole network's time: they buy bytes, not microseconds. The early exits belong to a larger
# network with a weak first exit, built to show the dial. And look at what does *not* scale: a quarter of the channels is a tenth of the
# multiplications and not ten times as fast. ReLU, pooling, reading and writing fall only as the *number* of channels does, to a quarter.
#
# And the control: where *small from scratch* is as good as *pruned*, pruning was a detour, unless the large network was there
# anyway ([Liu and others](https://arxiv.org/abs/1810.05270), 2019). The methods also add up: distil into a small network, and store
# that in int8.

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
    right_ax.imshow(np.where(chosen_at_first.numpy() == 0, np.where(moved.numpy(), 0.0, 1.0), np.nan), cmap="coolwarm_r", vmin=0, vmax=1, aspect="auto")
    right_ax.set(xlabel="input", ylabel="unit")
    right_ax.grid(visible=False)
    right_ax.set_title("white: kept. Chosen at first and\nblue: still zero, red: no longer zero", fontsize=10.5)
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
# **q1.** A network of 40 layers is limited by *loading its weights* from memory. One colleague stores the weights with 90 %
# zeros as they are, another keeps a tenth of the channels, a third stores int8 and multiplies in float. Which of them load
# fewer bytes?
# - a) all three
# - b) the second and the third
# - c) only the second
# - d) the first and the second
#
# **q2.** A paper prunes to 10 %, fine-tunes, and beats a random mask that was fine-tuned with the *same* learning rate by 30
# points. What do you ask for first?
# - a) a larger network
# - b) more seeds
# - c) the random mask at a learning rate of its own, and a small dense network trained as long
# - d) the training accuracy
#
# **q3.** A unit with incoming weights (2, -1), bias 0.5 and outgoing weight 6 becomes three units in `net2wider`. What does one
# of them have?
# - a) (2, -1), 0.5 and 2
# - b) (2/3, -1/3), 0.5/3 and 6
# - c) (2/3, -1/3), 0.5/3 and 2
# - d) (2, -1), 0.5 and 6
#
# **q4.** Exact copies, no noise, but the network is trained on with dropout. What happens to a pair of copies?
# - a) they stay equal: dropout has a mean of 0
# - b) they part: in most steps chance treats the two differently
# - c) the function is no longer preserved at the moment of growing
# - d) only their biases part
#
# **q5.** In a DARTS cell $p = (0.6, 0.4)$, and for this batch $s = \langle\partial\ell/\partial\bar o, o_k\rangle = (1, 0)$.
# Which way does a step of gradient descent on the alphas move the shares?
# - a) towards the first operation: its share is larger
# - b) towards the second: the first raises the loss more than the mixture does
# - c) not at all: shares are constants while weights learn
# - d) both shares fall
#
# **q6.** A threshold for early exits is set so that one point is lost on held-out images. On the test images 1.6 points are
# lost. What do you report?
# - a) one point, as it was chosen
# - b) a new threshold, set on the test images to lose one point
# - c) the best of the two
# - d) 1.6 points at the threshold that was chosen before
#
# %% exercise="quiz_13"
### BEGIN SOLUTION
quiz_13 = {"q1": "b", "q2": "c", "q3": "a", "q4": "b", "q5": "b", "q6": "d"}
### END SOLUTION
### BEGIN STUB
# quiz_13 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ..., "q6": ...}
### END STUB

# %% check="quiz_13"
check("quiz_13")

# %% [markdown]
# ## Recap
#
# - **Pruning by magnitude:** $w \leftarrow m \odot w$, with $m_i = 0$ for the $\operatorname{round}(s\,n)$ smallest $|w_i|$ of
#   the whole network. Fine-tuning brings most of the accuracy back.
# - **Zeros are not speed.** Dense arrays multiply and store them. Removing channels makes smaller arrays: filter and bias, the
#   normalization's four entries, and the matching inputs of the next layer (a block of H·W columns behind a flattening).
# - **Lottery ticket:** mask from a training, values from before it. Controls: a new draw, a random mask, a small dense network.
# - **Wider:** copies share the outgoing weight, $W^{(2)\prime}_{\cdot j} = W^{(2)}_{\cdot\, c(j)} / n_{c(j)}$; a little noise tells
#   them apart. **Deeper:** an identity (Dirac kernel) behind a ReLU.
# - **Successive halving:** $n$ candidates, the best $1/\eta$ go on with $\eta$ times the budget: about $n \log_\eta n$ small
#   budgets in all.
# - **A gate between operations:** $\bar o(x) = \sum_k p_k\, o_k(x)$ with $p = \operatorname{softmax}(\alpha)$, and
#   $\partial\ell/\partial\alpha_k = p_k (s_k - \sum_j p_j s_j)$. Compare a search with random search at the same cost.
# - **Distillation:** $\lambda\, T^2 \operatorname{KL}(p\,\|\,q) + (1 - \lambda) \operatorname{CE}(z, y)$, both softened by the same
#   $T$; the square keeps the gradient's size.
# - **Int8:** $s_c = \rho \max|w_c| / 127$, $q = \operatorname{clip}(\operatorname{round}(w / s_c), -127, 127)$, $\hat w = s_c q$.
# - **Early exit:** leave where $\max_k \operatorname{softmax}(z_1)_k \ge \tau$; $\tau$ is a dial between cost and accuracy.
# - **Limits.** The functions are exact; the comparisons are sketches: one small problem, short trainings, two to four rates, three
#   seeds (one, in the tournament). At large scale tickets are rewound to an early epoch; zeros are fast only in kernels made for
#   them; a batch with early exits must be regrouped; and confidence is not the same as being right.

# %% [markdown]
# ## Think about it
#
# Mara's company wants the classifier on the watch: a quarter of the time, a tenth of the file, at most one point of accuracy
# lost. One engineer proposes to set 90 % of the weights to zero, another to prune channels, a third to train a small network
# from scratch, a fourth an early exit. In six to ten sentences, to be read by a person: what does each proposal give for
# time, file and accuracy, what would you measure before you choose, and what would you combine?

# %% [markdown] points=3 reflection="reflection_13"
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
# - H. Liu, K. Simonyan, Y. Yang, [DARTS](https://arxiv.org/abs/1806.09055) (2019); [code](https://github.com/quark0/darts).
#   Reproduce: add the operation "nothing" to the search above, and see who wins.
# - G. Hinton, O. Vinyals, J. Dean, [Distilling the Knowledge in a Neural Network](https://arxiv.org/abs/1503.02531) (2015).
#   Reproduce: accuracy against $T$ and share; [Hugging Face's DistilBERT](https://arxiv.org/abs/1910.01108) does it with text.
# - B. Jacob and others, [Quantization and Training of Neural Networks for Efficient
#   Integer-Arithmetic-Only Inference](https://arxiv.org/abs/1712.05877) (2018). Reproduce: four bits in place of eight, by
#   channel and by layer; PyTorch's [torchao](https://github.com/pytorch/ao) has kernels that are really faster.
#
# Next: 14 Seeing inside, where you ask a network *why*.

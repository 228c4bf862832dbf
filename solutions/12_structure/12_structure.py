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
# # 12 · Structure
#
# **After this unit you can** say where a network's parameters, multiplications, memory and time are, rebuild it from
# better blocks (residual, depthwise separable) at any width and depth, compare structures fairly and draw their Pareto
# front; and you can say how optimizing a structure differs from optimizing parameters, and why neither goes without the
# other.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 150 to 180 minutes | ●●●●○ | the network and the loop of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb), convolutions ([08 CNN](../08_cnn/08_cnn.ipynb)) |
#
# Each check below runs your code on a few inputs and explains what it sees. If you skipped unit 10, a library's version
# of its network stands in. The experiments need about a minute of computing in all.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from course_lib.data import subset
from course_lib.fit import accuracy, fit, image_tensors

plots.use_style()
Net = earlier("Net")
X_train, y_train, X_test, y_test = image_tensors()

# %% [markdown]
# So far the network was given, and you optimized its **parameters**. Somebody had chosen its layers: how many, how wide, of
# which kind, and what is connected with what. That choice is the network's **structure**, and it can be optimized too. No
# gradient tells you how; it is engineering, and goes round in a loop:
#
# 1. **analyse**: where do parameters, work, memory and time go?
# 2. **redesign**: change *one* thing, for a reason;
# 3. **train**: with the same budget as before;
# 4. **compare**: on what you want to have, against what it costs. Then again.
#
# This unit goes round once, and you write the tools of each step.
#
# ## Analyse: parameters
#
# Here is the network of unit 10: two convolutions and two linear layers. Before you count: which of the four holds most
# of its parameters, and how large is that share?

# %%
predict(
    "holder",
    ...,
    options={
        "a": "conv2, the larger convolution: about half",
        "b": "fc1, the first linear layer: about half",
        "c": "fc1, the first linear layer: about 95 %",
        "d": "they are spread about evenly",
    },
)

# %% [markdown]
# ### Exercise: `count_parameters`
#
# A parameter is a number that an optimizer may move. Three cases need care:
#
# | case | counts? |
# |---|---|
# | running mean and variance of a batch normalization (**buffers**) | no: computed and saved, but never moved by a gradient |
# | a layer, or a weight, that is used at two places | once: there is only one tensor |
# | a **frozen** parameter (`requires_grad` is False) | yes, unless only the trainable ones are asked for |


# %% exercise="count_parameters"
def count_parameters(model, trainable_only=False):
    """How many numbers a model's parameters hold; shared ones count once.

    model: an nn.Module.  trainable_only: leave frozen parameters out.  Returns an int.
    """
    ### BEGIN SOLUTION
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable_only)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: too many or too few, on a simple network</summary>
#
# `model.parameters()` goes through every parameter of a model, biases and the layers inside blocks included, and through
# nothing else. `p.numel()` is how many numbers one of them holds. `state_dict()` is another list: what is saved.
# </details>
#
# <details><summary>Hint 2: a shared layer counts twice</summary>
#
# `model.parameters()` hands out each tensor once, under however many names it is known. That is lost as soon as you ask
# layer by layer.
# </details>
#
# <details><summary>Hint 3: frozen parameters</summary>
#
# `p.requires_grad` is False for a frozen one. It is left out only when `trainable_only` is True: an `if` at the end of the
# sum, with an `or` in it.
# </details>

# %% check="count_parameters"
check("count_parameters")

# %%
with waits_for("count_parameters"):
    torch.manual_seed(0)
    net = Net()
    layers = {name: layer for name, layer in net.named_children() if list(layer.parameters())}
    held = {name: count_parameters(layer) for name, layer in layers.items()}
    whole = count_parameters(net)
    for name, count in held.items():
        print(f"{name:6} {count:8,}  {count / whole:6.1%}")
    print(f"all    {whole:8,}")
    reveal(
        "holder",
        "c" if held["fc1"] > 0.9 * whole else "b" if held["fc1"] > 0.3 * whole else "a",
        because="fc1 connects each of 64 x 7 x 7 = 3,136 numbers with each of 128. A convolution uses one small set of "
        "weights at every place; a linear layer has a weight for each pair.",
    )

# %% [markdown]
# fc1 has 401,536 of 421,642 parameters, 95.2 %. If it is parameters that you want to save, this is the only layer worth a
# thought. But is it also where the *work* is?
#
# ## Analyse: work
#
# The unit of work is the **MAC** (multiply and accumulate): one multiplication, and the addition that goes with it. One
# number in the output of a layer is a sum of products, so
#
# $$\text{MACs of a layer} = \underbrace{\text{numbers in its output}}_{\text{places}\,\times\,\text{channels}} \times
# \underbrace{\text{weights that each of them looks at}}_{\text{the size of one filter}}$$
#
# By hand, for one image (28 × 28; after the first pooling 14 × 14; after the second 7 × 7):
#
# | layer | numbers in its output | one filter | MACs |
# |---|---|---|---|
# | conv1 | 28 · 28 · 32 = 25,088 | 3 · 3 · 1 = 9 | 225,792 |
# | conv2 | 15 · 15 · 64 = 12,544 | 3 · 3 · 32 = 288 | 3,612,672 |
# | fc1 | 128 | 64 · 7 · 7 = 3,136 | 401,408 |
# | fc2 | 10 | 128 | 1,280 |
#
# (Some papers write FLOPs and count multiplication and addition apart: twice as many. Some write FLOPs and mean MACs.
# Look before you compare.)
#
# ### Exercise: `count_macs`
#
# By hand is fine for four layers. For all others there are **forward hooks**: functions that PyTorch calls each time a layer
# has run, with what went in and what came out.
#
# ```python
# handle = layer.register_forward_hook(hook)   # from now on: hook(layer, inputs, output) after each run of layer
# handle.remove()                              # and from now on no longer
# ```
#
# Register a hook at every `nn.Conv2d` and `nn.Linear`, send one image of zeros through the model, and remove the hooks.
# The model belongs to somebody else: give it back as you got it (hooks gone, training mode or evaluation mode as before,
# running means untouched).


# %% exercise="count_macs"
def count_macs(model, shape):
    """The multiply-accumulates of every Conv2d and Linear in a forward pass of one example; biases do not count.

    model: an nn.Module, left as it was.  shape: the shape of one example, such as (1, 28, 28).
    Returns {name of the layer, as in model.named_modules(): its MACs}; a layer that runs twice counts twice.
    """
    macs = {}
    ### BEGIN SOLUTION

    def hook_for(name):
        def hook(layer, inputs, output):
            macs[name] = macs.get(name, 0) + output.numel() * layer.weight[0].numel()

        return hook

    handles = [
        layer.register_forward_hook(hook_for(name))
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    training = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(training)
    for handle in handles:
        handle.remove()
    ### END SOLUTION
    return macs


# %% [markdown]
# <details><summary>Hint 1: how does a hook know which layer it belongs to?</summary>
#
# Write a function `hook_for(name)` that defines a function `hook(layer, inputs, output)` and returns it. Each hook then
# remembers its own `name`. (A hook defined in the loop itself would see the loop's last name.)
# </details>
#
# <details><summary>Hint 2: the counts are off by a factor, or too large with stride or without padding</summary>
#
# `output.numel()` is the number of sums, and each has as many products as one filter has weights. No factor of two, no
# bias. It is the *output* that decides how many sums there are.
# </details>
#
# <details><summary>Hint 3: groups, kernels that are no squares, linear layers on images</summary>
#
# All of that is in the weight's shape: `layer.weight` is (out, in / groups, kernel height, kernel width) or (out, in), so
# `layer.weight[0]` is one filter. It works for both kinds of layer.
# </details>
#
# <details><summary>Hint 4: a layer that runs twice</summary>
#
# `macs.get(name, 0)` is what was counted so far.
# </details>
#
# <details><summary>Hint 5: what the model keeps of your visit</summary>
#
# Note `model.training`, switch to `model.eval()`, and afterwards `model.train(what you noted)`. Keep the handles in a list,
# and remove each.
# </details>

# %% check="count_macs"
check("count_macs")

# %% [markdown]
# Does the hook's count agree with the one by hand? And: which layer takes most of the time?

# %%
predict("worker", ..., options={"a": "conv1", "b": "conv2", "c": "fc1", "d": "fc2"})

# %%
BY_HAND = {"conv1": 225_792, "conv2": 3_612_672, "fc1": 401_408, "fc2": 1_280}
with waits_for("count_macs", "count_parameters"):
    work = count_macs(net, (1, 28, 28))
    for name, count in work.items():
        print(f"{name:6} {count:9,}  {count / sum(work.values()):6.1%}   as by hand: {count == BY_HAND[name]}")
    print(f"all    {sum(work.values()):9,}")

# %% [markdown]
# MACs are a count, and time has to be measured. `torch.profiler` notes the time and the memory of every operation; here
# each layer gets a label, so that they can be told apart. What lies between the four layers (ReLU, pooling) is "the rest".

# %% folded=true given="profile"
def profile_layers(model, X, repeats=10):
    """Share of time, and bytes allocated for an example, of each layer that has parameters, and of all the rest."""
    import os

    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes a log of its own into the notebook
    from torch.profiler import ProfilerActivity, profile, record_function

    labels, handles = {}, []

    def enter(name):
        def hook(layer, inputs):
            labels[name] = record_function(name)
            labels[name].__enter__()

        return hook

    def leave(name):
        return lambda layer, inputs, output: labels[name].__exit__(None, None, None)

    for name, layer in model.named_children():
        if list(layer.parameters()):
            handles += [layer.register_forward_pre_hook(enter(name)), layer.register_forward_hook(leave(name))]
    with torch.no_grad():
        model(X)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            for _ in range(repeats):
                model(X)
    for handle in handles:
        handle.remove()
    events = {event.key: event for event in profiler.key_averages()}
    time = {name: events[name].cpu_time_total for name in labels}
    memory = {name: events[name].cpu_memory_usage / repeats / len(X) for name in labels}
    time["rest"] = sum(event.self_cpu_time_total for event in events.values()) - sum(time.values())
    freed_or_not = sum(max(event.self_cpu_memory_usage, 0) for event in events.values()) / repeats / len(X)
    memory["rest"] = max(freed_or_not - sum(memory.values()), 0)
    return {name: spent / sum(time.values()) for name, spent in time.items()}, memory


# %% folded=true
with waits_for("count_macs", "count_parameters"):
    not_while_grading()
    share_of_time, allocated = profile_layers(net.eval(), X_test[:64])
    shares = {
        "parameters": {name: held[name] / whole for name in held},
        "MACs": {name: work[name] / sum(work.values()) for name in work},
        "memory": {name: value / sum(allocated.values()) for name, value in allocated.items()},
        "time": share_of_time,
    }
    names = [*held, "rest"]
    fig, ax = plt.subplots(figsize=(7.0, 4.0))
    left = dict.fromkeys(shares, 0.0)
    for name, colour in zip(names, (plots.SKY, plots.BLUE, plots.VERMILLION, plots.ORANGE, plots.GRID), strict=True):
        widths = [100 * shares[what].get(name, 0.0) for what in shares]
        ax.barh(list(shares), widths, left=[left[what] for what in shares], color=colour, label=name, edgecolor=plots.CARD)
        for what, width in zip(shares, widths, strict=True):
            if width > 12:
                dark = colour in (plots.BLUE, plots.VERMILLION)
                ax.text(left[what] + width / 2, what, name, ha="center", va="center", color="white" if dark else plots.INK)
            left[what] += width
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set(xlabel="share of the whole network (%)", xlim=(0, 100))
    ax.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.17), frameon=False)
    plots.finding(ax, "fc1 holds the parameters, conv2 does the multiplications, and the images between the layers take the memory")
    plt.show()
    slowest = max(held, key=lambda name: share_of_time[name])
    print("memory for what comes out, per image:", {name: f"{size / 1024:.1f} KiB" for name, size in allocated.items()})
    reveal(
        "worker",
        dict(zip(held, "abcd", strict=False))[slowest],
        because="Convolutions use few weights very often. A layer's parameters say little about its work.",
    )

# %% [markdown]
# Four questions, four answers. **Parameters** are in fc1 (95 %), **MACs** in conv2 (85 %). **Memory** is taken where images
# are still large: by what comes out of conv1 and conv2, and once more by ReLU and pooling; training has to keep most of it
# for the way back. **Time** goes mostly to the convolutions and to what has no parameters at all, ReLU and pooling: these do
# no MACs, but they read and write large images. (The shares of time differ between machines; run the cell twice to see by
# how much.)
#
# So "make it smaller" is no goal yet. Smaller on disk? Faster? With less memory for training? Each points at another layer.
#
# ## Analyse: what a pixel can see
#
# Structure also decides what a network *can* know. A number deep in the network depends on a window of the image, its
# **receptive field**. If the window is smaller than what has to be recognized, no training will help.
#
# Walk from the image inwards and keep two numbers: the field's size $r$, and the distance $j$ (in pixels of the image)
# between two neighbours. At the image, $r = 1$ and $j = 1$. A layer with kernel $k$, stride $s$ and dilation $d$:
#
# $$r \leftarrow r + d\,(k - 1)\, j, \qquad\text{then}\qquad j \leftarrow s\, j$$
#
# Two 3×3 convolutions see 5×5, as one 5×5 does, with 18 weights in place of 25, and a ReLU in between.
#
# ### Exercise: `receptive_field`


# %% exercise="receptive_field"
def receptive_field(layers):
    """The side of the window of the input that one output pixel depends on, in pixels.

    layers: [(kernel, stride, dilation), ...] from the image to the output; a pooling counts as a layer of its size and
    stride. Without a layer it is 1.
    """
    ### BEGIN SOLUTION
    r, j = 1, 1
    for kernel, stride, dilation in layers:
        r += dilation * (kernel - 1) * j
        j *= stride
    return r
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: too large for two plain layers</summary>
#
# Neighbours' windows overlap. Of a kernel $k$, only $k - 1$ pixels stick out beyond what was seen before.
# </details>
#
# <details><summary>Hint 2: strides</summary>
#
# A layer's own stride does not widen its own window; it moves its *outputs* apart. So first add to $r$, with the $j$ of
# the layers before, and then multiply $j$ by the stride.
# </details>
#
# <details><summary>Hint 3: dilation</summary>
#
# A kernel of $k$ has $k - 1$ gaps, and dilation makes each of them $d$ pixels wide.
# </details>

# %% check="receptive_field"
check("receptive_field")

# %% [markdown]
# The network of unit 10 is convolution 3, pooling 2, convolution 3, pooling 2. How large is its window on the 28 × 28 image,
# before fc1 puts everything together?

# %%
predict("window", ..., options={"a": "5 x 5", "b": "10 x 10", "c": "18 x 18", "d": "28 x 28, all of it"})

# %%
with waits_for("receptive_field"):
    unit_10 = [(3, 1, 1), (2, 2, 1), (3, 1, 1), (2, 2, 1)]
    size = receptive_field(unit_10)
    image = X_test[:1].clone().requires_grad_()
    filters = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3, padding=1), nn.AvgPool2d(2))
    filters(image)[0, 0, 3, 3].backward()
    seen = (image.grad[0, 0] != 0).numpy()
    fig, ax = plt.subplots(figsize=(4.2, 3.9))
    ax.imshow(image.detach()[0, 0], cmap="gray")
    ax.imshow(np.where(seen, 1.0, np.nan), cmap="autumn", alpha=0.55)
    ax.set_axis_off()
    plots.finding(ax, f"One pixel before fc1 has a gradient for {seen.any(axis=0).sum()} x {seen.any(axis=1).sum()} pixels")
    plt.show()
    print("by the formula:", size, "  by the gradient:", int(seen.any(axis=0).sum()))
    reveal(
        "window",
        {5: "a", 10: "b", 18: "c"}.get(size, "d"),
        because="3, then 4 with the pooling; from there on neighbours are 2 pixels apart, so that the second convolution "
        "adds 4 and its pooling 2.",
    )

# %% [markdown]
# Ten of 28 pixels: no filter here ever sees a whole trouser leg. Putting the parts together is left to fc1, with its 3,136
# inputs, and that is *why* it is so large. If a deeper stack of filters saw the whole garment, its mean over all places
# would do, and fc1 could go.
#
# ## Analyse: time
#
# A stopwatch around a function lies in three ways:
#
# - the **first runs** are slower: caches are cold, plans are being made; so some runs come first that do not count;
# - **other programs** get in the way now and then; so many runs are timed, and the *median* taken;
# - a GPU works **while Python goes on**: the call returns before the work is done. `synchronize()` waits for the device;
#   on a CPU it has nothing to wait for.
#
# ### Exercise: `latency`


# %% exercise="latency"
def latency(run, synchronize, clock, repeats, warmup):
    """Seconds that one run takes: the median of `repeats` timed runs, after `warmup` runs that do not count.

    run: function () that starts the work.  synchronize: function () that returns once the device is idle.
    clock: function () -> seconds.  The device is idle when a run's time begins, and again when it ends.
    """
    ### BEGIN SOLUTION
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return np.median(times)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: far too fast</summary>
#
# Between `run()` and the second look at the clock the work has to be *finished*: wait there, in every round.
# </details>
#
# <details><summary>Hint 2: the first runs</summary>
#
# `warmup` runs come first, untimed. They may still be in the queue when they are called: wait for them before the first
# clock starts.
# </details>
#
# <details><summary>Hint 3: one run's time, and a typical one</summary>
#
# Note each run's time in a list, and take `np.median` of it, in seconds as it is.
# </details>

# %% check="latency"
check("latency")

# %%
with waits_for("latency"):
    not_while_grading()

    def seconds(model, X, repeats=7):
        """The latency of a forward pass on this machine's CPU, which is idle as soon as a call returns."""
        with torch.no_grad():
            return latency(lambda: model(X), lambda: None, perf_counter, repeats, warmup=2)

    net.eval()
    alone, together = seconds(net, X_test[:1]), seconds(net, X_test[:64]) / 64
    print(f"an image alone: {1000 * alone:.2f} ms;  an image among 64: {1000 * together:.2f} ms")

# %% [markdown]
# On a CPU of few cores the two may be close, or the single image even the quicker one: its arrays are small and stay in the
# cache. With many cores, the 64 share them out. On a GPU an image alone is many times dearer, since most of the GPU has nothing to do. So whoever says "this network takes 2 ms"
# has to add: for how many images at once, and on which device.

# %% [markdown]
# ## Redesign: residual blocks
#
# Deeper networks see more and bend more often. So why not fifty layers? Let us try: the same kind of block, two
# convolutions with normalization and ReLU, once alone and once with a **shortcut** around it:
#
# $$y = \operatorname{ReLU}\big(F(x) + x\big), \qquad F(x) = \mathrm{BN}_2\big(W_2 * \operatorname{ReLU}(\mathrm{BN}_1(W_1 * x))\big)$$
#
# The block learns only what to *change* about its input. And on the way back the gradient of $F(x) + x$ is that of $F$
# **plus 1**: wherever the ReLU lets it through, something arrives unchanged, however many blocks there are.
#
# Where the block changes the number of channels, or halves the image (stride 2), $x$ does not fit any more. Then the
# shortcut is a **projection**: a 1×1 convolution with the same stride, and a normalization. Elsewhere it is $x$ itself.
#
# ### Exercise: `ResidualBlock`
#
# No convolution here has a bias: the normalization behind it would subtract it again.


# %% exercise="ResidualBlock"
class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut around them: (N, in, H, W) -> (N, out, H / stride, W / stride), rounded up.

    Layers: conv1 (takes the stride), bn1, conv2, bn2; and the projection, where the shapes of x and F(x) differ.
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(out + self.shortcut(x))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the main way</summary>
#
# conv1, bn1, ReLU, conv2, bn2. 3×3 kernels with padding 1 keep the size of the image. Give each step's result a new name,
# so that x is still there at the end.
# </details>
#
# <details><summary>Hint 2: where the last ReLU goes</summary>
#
# After the sum, and only there: no ReLU between bn2 and the sum.
# </details>
#
# <details><summary>Hint 3: the shortcut</summary>
#
# Two reasons to project: `stride != 1`, or `in_channels != out_channels`. The projection is `nn.Sequential` of a 1×1
# convolution with the block's stride, and `nn.BatchNorm2d(out_channels)`; otherwise `nn.Identity()` hands x on. conv2 has
# stride 1.
# </details>
#
# <details><summary>Hint 4: the number of parameters</summary>
#
# `bias=False` in each convolution, that of the projection included.
# </details>

# %% check="ResidualBlock"
check("ResidualBlock")

# %% [markdown]
# ## Redesign: depthwise separable convolutions
#
# A 3×3 convolution does two things at once: it looks at neighbours in the image, and it mixes channels. From $C$ to $F$
# channels that costs $9\,C F$ MACs for each place. Cut it in two:
#
# - **depthwise**: one 3×3 filter for each channel, by itself: $9\,C$;
# - **pointwise**: a 1×1 convolution that mixes the channels: $C F$.
#
# $$\frac{9\,C + C F}{9\,C F} = \frac{1}{F} + \frac{1}{9}$$
#
# With 64 channels that is an eighth of the work, and of the weights. In `nn.Conv2d`, `groups=g` cuts the channels into g
# groups, each with filters of its own. (An eighth of the work is not an eighth of the time: a depthwise filter reads and
# writes as many numbers as a plain one, and does little with each. You saw above what ReLU and pooling take.)
#
# ### Exercise: `DepthwiseSeparable`
#
# $$y = \operatorname{ReLU}(\mathrm{BN}_2(\text{pointwise}(h))), \qquad h = \operatorname{ReLU}(\mathrm{BN}_1(\text{depthwise}(x)))$$


# %% exercise="DepthwiseSeparable"
class DepthwiseSeparable(nn.Module):
    """Filter each channel, then mix them: (N, in, H, W) -> (N, out, H / stride, W / stride), rounded up.

    Layers: depthwise (3x3, takes the stride), depthwise_bn, pointwise (1x1), pointwise_bn; convolutions without biases.
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels, bias=False
        )
        self.depthwise_bn = nn.BatchNorm2d(in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.pointwise_bn = nn.BatchNorm2d(out_channels)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x = torch.relu(self.depthwise_bn(self.depthwise(x)))
        return torch.relu(self.pointwise_bn(self.pointwise(x)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what the depthwise half is</summary>
#
# It comes first, has as many channels going out as coming in, and as many groups as channels. So its weight has the shape
# (in_channels, 1, 3, 3).
# </details>
#
# <details><summary>Hint 2: two normalizations, two ReLUs</summary>
#
# Each half is a convolution, a normalization and a ReLU, in this order.
# </details>
#
# <details><summary>Hint 3: the stride</summary>
#
# The depthwise half takes it, so that the mixing has only a quarter of the places to do.
# </details>
#
# <details><summary>Hint 4: the number of parameters</summary>
#
# 9·in for the filters, in·out for the mixing, and two for each channel of each normalization; `bias=False` twice.
# </details>

# %% check="DepthwiseSeparable"
check("DepthwiseSeparable")

# %% [markdown]
# ## Redesign: one rule for many networks
#
# Comparing structures needs many networks that differ in one thing only. So we build them by a rule, with a dial for the
# width, one for the depth, and the kind of block as an argument:
#
# | part | what it is |
# |---|---|
# | stem | 3×3 convolution from 1 channel to those of the first stage (padding 1, no bias), normalization, ReLU |
# | stages | one for each number in `base`; `depth` blocks each: `block(in, out, stride)`; the first block has stride 2, the others 1 |
# | head | mean over all places (`nn.AdaptiveAvgPool2d(1)`), flatten, linear layer to the classes |
#
# A stage's channels are its number in `base` times `width`, rounded to the nearest multiple of `multiple`, and at least one
# multiple: hardware likes round numbers. The head is the idea from above: no more fc1.
#
# ### Exercise: `scale_network`


# %% exercise="scale_network"
def scale_network(width, depth, block, base=(16, 32), multiple=4, classes=10):
    """A network for grey images (N, 1, H, W), any H and W, that gives logits (N, classes).

    width: factor on the channels in base.  depth: blocks in each stage.  block: block(in_channels, out_channels, stride)
    makes one block.  Returns an nn.Module.
    """
    ### BEGIN SOLUTION
    widths = [max(multiple, round(channels * width / multiple) * multiple) for channels in base]
    before = widths[0]
    layers = [nn.Conv2d(1, before, 3, padding=1, bias=False), nn.BatchNorm2d(before), nn.ReLU()]
    for channels in widths:
        for i in range(depth):
            layers.append(block(before, channels, 2 if i == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the widths</summary>
#
# How many multiples are nearest to `channels * width`? `round` says it; times `multiple`, and `max` with one multiple.
# </details>
#
# <details><summary>Hint 2: the blocks' numbers</summary>
#
# Two loops: over the stages, in it over the blocks. Only the first block of a stage has stride 2, and each stage has one,
# the first stage too. What goes into a block is what came out of the one before: keep that number in a variable. The
# first block gets what the stem gives.
# </details>
#
# <details><summary>Hint 3: too few parameters</summary>
#
# `[layer] * 3` is one layer, three times. Call `block(...)` for each.
# </details>
#
# <details><summary>Hint 4: stem and head</summary>
#
# Collect layers in a list and end with `nn.Sequential(*layers)`. The stem is as wide as the *scaled* first stage. The head
# ends with the linear layer: logits, no ReLU, no softmax.
# </details>

# %% check="scale_network"
check("scale_network")

# %% [markdown]
# Two blocks to compare `ResidualBlock` with. `PlainBlock` has the very same two convolutions and no shortcut.
# `SeparableBlock` has two depthwise separable convolutions, so that all three kinds are two layers deep.

# %% given="blocks"
def PlainBlock(in_channels, out_channels, stride=1):
    """Two 3x3 convolutions, each with normalization and ReLU, and no shortcut."""
    layers = []
    for inputs, step in ((in_channels, stride), (out_channels, 1)):
        layers += [nn.Conv2d(inputs, out_channels, 3, step, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]
    return nn.Sequential(*layers)


def SeparableBlock(in_channels, out_channels, stride=1):
    """Two depthwise separable convolutions."""
    first = DepthwiseSeparable(in_channels, out_channels, stride)
    return nn.Sequential(first, DepthwiseSeparable(out_channels, out_channels))


def build(structure, seed=0):
    """A fresh network of a structure: "unit 10", or (block's name, width, depth)."""
    torch.manual_seed(seed)
    if structure == "unit 10":
        return Net()
    kind, width, depth = structure
    return scale_network(width, depth, {"plain": PlainBlock, "separable": SeparableBlock, "residual": ResidualBlock}[kind])


# %% [markdown]
# ### Does depth help?
#
# Take plain blocks at half the width: 1 block a stage makes 5 convolutions, 10 blocks make 41. And then 41 with shortcuts.
# On 1,000 images, three epochs, each network at the better of two learning rates, three seeds. (For the two deep ones we
# also tried 0.003 and 0.1: no better.) Look at the loss on the *training* images. What will the curve of the 41 plain
# convolutions do?

# %%
predict(
    "deep",
    ...,
    options={
        "a": "fall about as the others do",
        "b": "fall fastest: it has more layers than one, and no shortcuts that get in the way of learning",
        "c": "fall by far the slowest",
    },
)

# %% folded=true
with waits_for("scale_network", "ResidualBlock", "DepthwiseSeparable"):
    not_while_grading()
    few, labels = (torch.from_numpy(part) for part in subset(X_train.numpy(), y_train.numpy(), 1000))
    RATES, SEEDS = (0.01, 0.03), (0, 1, 2)

    def deep_run(kind, depth, lr, seed):
        """The training loss before training and after each of three epochs."""
        model = build((kind, 0.5, depth), seed)
        with torch.no_grad():
            start = nn.functional.cross_entropy(model(few), labels).item()
        return [start, *fit(model, few, labels, epochs=3, lr=lr, batch_size=50, seed=seed)]

    curves = {}
    for kind, depth in (("plain", 1), ("plain", 10), ("residual", 10)):
        trials = {lr: deep_run(kind, depth, lr, SEEDS[0]) for lr in RATES}
        best = min(RATES, key=lambda lr: trials[lr][-1])
        name = f"{kind}, {1 + 4 * depth} convolutions"
        curves[name] = np.array([trials[best], *(deep_run(kind, depth, best, seed) for seed in SEEDS[1:])])
        print(f"{name:26} best lr {best}   training loss at the end, by seed: {curves[name][:, -1].round(2)}")
    ylabel = "training loss (bands: three seeds)"
    ax = plots.loss_curves(curves, xlabel="epoch (0: before training)", ylabel=ylabel, band="minmax")
    ax.set(xticks=range(4))
    plots.finding(ax, "41 plain convolutions train far worse than 5; with shortcuts they train about as well")
    plt.show()
    few_layers, plain, shortcuts = (curve[:, -1].mean() for curve in curves.values())
    reveal(
        "deep",
        "c" if plain > max(few_layers, shortcuts) + 0.2 else "b" if plain < min(few_layers, shortcuts) else "a",
        because="To hand its input on, a residual block needs nothing but F = 0. A plain block has to learn handing on, by "
        "gradients that have to come back through all 41 layers.",
    )

# %% [markdown]
# This is no overfitting: it is the *training* loss that stays up. The deep plain network could compute whatever the one of 5
# convolutions computes: its other 36 would only have to hand on what they get (a filter with a 1 in its middle does that). The
# optimizer does not find it. So a structure decides two things: what a network can express, and **how well an optimizer can
# find it**. Shortcuts are about the second. (For so short a training, depth with shortcuts does no harm, and no good either.)
#
# ## Train: equal budgets
#
# Now the comparison. Start from `("plain", 1, 1)` and change one thing at a time: the **width** (half, double), the **depth**
# (2 and 4 blocks a stage), the **type of layer** (separable), the **connections** (residual). A comparison is fair if only the
# structure differs:
#
# - the same images (3,000), the same number of epochs (4), batches of 64, the same schedule;
# - each structure at **its own** best learning rate of 0.003, 0.01 and 0.03, chosen on 1,000 validation images, never on test
#   images (the next one, 0.1, was tried too: it lost for ten structures, and led by 7 of 1,000 images for one);
# - three seeds, to see by how much results differ without any reason.
#
# That makes 55 training runs, too many to wait for here. The table holds their results; `benchmarks/structure.py` makes it
# again. The last column has the test accuracies of the three seeds.

# %% given="runs"
RUNS = {
    # name: (structure, best learning rate, test accuracy for seeds 0, 1, 2)
    "unit 10": ("unit 10", 0.03, (0.8625, 0.8425, 0.8545)),
    "plain": (("plain", 1, 1), 0.01, (0.7660, 0.7985, 0.8070)),
    "half width": (("plain", 0.5, 1), 0.03, (0.7280, 0.7515, 0.7485)),
    "double width": (("plain", 2, 1), 0.01, (0.7975, 0.8120, 0.8220)),
    "depth 2": (("plain", 1, 2), 0.03, (0.7835, 0.8050, 0.7905)),
    "depth 4": (("plain", 1, 4), 0.03, (0.7465, 0.7545, 0.7660)),
    "separable": (("separable", 1, 1), 0.03, (0.7445, 0.7925, 0.7645)),
    "separable, double width": (("separable", 2, 1), 0.03, (0.8055, 0.7945, 0.8085)),
    "residual": (("residual", 1, 1), 0.03, (0.7870, 0.7685, 0.7960)),
    "residual, depth 2": (("residual", 1, 2), 0.01, (0.8135, 0.8045, 0.8095)),
    "residual, depth 4": (("residual", 1, 4), 0.003, (0.8170, 0.7915, 0.8195)),
}

# %% [markdown]
# One of these points you train here, now: the base, seed 0. Expect about what the table says and not exactly that: other
# machines add floats in another order, and training enlarges the difference. When we trained all eleven at seed 0 on a
# second machine, most came within 1.5 points, and the plain network of depth 4 came out 3 points lower. The same seed on
# another machine is almost another seed.

# %%
with waits_for("scale_network"):
    not_while_grading()
    structure, lr, recorded = RUNS["plain"]
    places, _ = subset(np.arange(10_000), y_train.numpy(), 4000)
    train, validation = places[:3000], places[3000:]
    model = build(structure, seed=0)
    fit(model, X_train[train], y_train[train], epochs=4, lr=lr, batch_size=64, seed=0)
    now = accuracy(model, X_test, y_test)
    print(f"test accuracy: {now:.3f} now, {recorded[0]:.3f} in the table")

# %% [markdown]
# ## Compare: the Pareto front
#
# Network A is better than B if it costs no more and scores no less, and is strictly better in at least one of the two. What
# no other network beats is the **Pareto front**: the list of sensible choices. Which of *them* you take depends on what
# accuracy is worth to you; everything else you can forget.
#
# ### Exercise: `pareto_front`


# %% exercise="pareto_front"
def pareto_front(costs, scores):
    """The places of the networks that no other one beats, by increasing cost (equal costs: by place).

    costs, scores: (N,) arrays; low costs and high scores are good.  Returns a list of ints. Networks that are equal in
    both do not beat each other.
    """
    ### BEGIN SOLUTION
    front = []
    for i in range(len(costs)):
        as_good = (costs <= costs[i]) & (scores >= scores[i])
        better = (costs < costs[i]) | (scores > scores[i])
        if not np.any(as_good & better):
            front.append(i)
    return sorted(front, key=lambda i: costs[i])
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: who is beaten?</summary>
#
# For each network ask all others: is there one that costs no more, scores no less, and is better in at least one? Whoever
# hears no "yes" is on the front. There are few networks: compare each with each.
# </details>
#
# <details><summary>Hint 2: ties</summary>
#
# Two conditions, joined by "and": as good in both (`<=`, `>=`), and better in one (`<` or `>`). With arrays: `&`, `|`, and
# brackets around each comparison.
# </details>
#
# <details><summary>Hint 3: what to return</summary>
#
# Places in the arrays as they came, and these sorted by cost: `sorted(front, key=lambda i: costs[i])` keeps the order of
# equals.
# </details>

# %% check="pareto_front"
check("pareto_front")

# %% [markdown]
# Before you look: one of the four changes is behind a network that is at least as accurate as the base, with *fewer*
# parameters. Which?

# %%
predict(
    "bargain",
    ...,
    options={
        "a": "double width",
        "b": "more depth",
        "c": "separable layers",
        "d": "shortcuts",
    },
)

# %% folded=true
with waits_for("scale_network", "ResidualBlock", "DepthwiseSeparable", "count_parameters", "count_macs", "pareto_front"):
    not_while_grading()
    names = list(RUNS)
    models = {name: build(RUNS[name][0]) for name in names}
    costs = {
        "parameters": np.array([count_parameters(models[name]) for name in names]),
        "MACs for an image": np.array([sum(count_macs(models[name], (1, 28, 28)).values()) for name in names]),
    }
    tests = np.array([RUNS[name][2] for name in names])
    fronts = {what: pareto_front(cost, tests.mean(axis=1)) for what, cost in costs.items()}
    print(f"{'':24} {'parameters':>10} {'MACs':>10}   lr      accuracy (three seeds)   on the front of")
    for i, name in enumerate(names):
        on = ", ".join(what.split()[0] for what in costs if i in fronts[what])
        p, m = (cost[i] for cost in costs.values())
        spread = f"{tests[i].mean():.3f} ({tests[i].min():.3f} to {tests[i].max():.3f})"
        print(f"{name:24} {p:10,} {m:10,}   {RUNS[name][1]:<6}  {spread:24} {on}")

    kinds = {"unit 10": (plots.INK, "s"), "plain": (plots.BLUE, "o"), "separable": (plots.ORANGE, "^"), "residual": (plots.GREEN, "D")}
    apart = {("plain", 1, 2): (5, -12), ("plain", 2, 1): (-5, 8), ("residual", 1, 2): (-5, 6)}
    apart |= {("separable", 1, 1): (-7, 4), ("separable", 2, 1): (-7, 5)}  # labels that would collide
    fig, panels = plt.subplots(1, 2, figsize=(7.6, 4.6), sharey=True)
    for ax, (what, cost) in zip(panels, costs.items(), strict=True):
        ax.plot(cost[fronts[what]], 100 * tests.mean(axis=1)[fronts[what]], color=plots.MUTED, linestyle="--", linewidth=1.6, zorder=1)
        for i, name in enumerate(names):
            structure = RUNS[name][0]
            colour, marker = kinds[structure if structure == "unit 10" else structure[0]]
            score = 100 * tests[i]
            spread = [[score.mean() - score.min()], [score.max() - score.mean()]]
            ax.errorbar(cost[i], score.mean(), yerr=spread, color=colour, marker=marker, markersize=7, capsize=3, linestyle="none")
            text = "" if structure == "unit 10" else f"{structure[1]:g} · {structure[2]}"
            offset = apart.get(structure, (-5, -11) if structure[0] == "plain" else (5, 5))
            align = "left" if offset[0] > 0 else "right"
            ink = plots.INK if colour == plots.ORANGE else colour  # orange letters would be too pale
            ax.annotate(
                text, (cost[i], score.mean()), xytext=offset, textcoords="offset points", ha=align, fontsize=8.5, color=ink
            )
        ax.set(xscale="log", xlabel=what)
        ax.margins(x=0.17)
        ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 3)))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k")
        ax.xaxis.set_minor_formatter("")
    panels[0].set_ylabel("test accuracy (%), bars: three seeds")
    for name, (colour, marker) in kinds.items():
        panels[1].plot([], [], color=colour, marker=marker, linestyle="none", label=name)
    panels[1].plot([], [], color=plots.MUTED, linestyle="--", label="Pareto front")
    panels[1].plot([], [], linestyle="none", label="numbers: width · depth")
    fig.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9.5)
    plots.finding(fig, "Separable layers give most for little; the most accurate, unit 10's network, has by far the most parameters")
    plt.show()
    base = names.index("plain")
    cheaper = costs["parameters"] < costs["parameters"][base]
    as_good = tests.mean(axis=1) >= tests[base].mean()
    found = [RUNS[name][0][0] for name, yes in zip(names, cheaper & as_good, strict=True) if yes]
    reveal(
        "bargain",
        "c" if "separable" in found else "a" if "plain" in found else "d",
        because="A separable convolution has about an eighth of the weights, and some of what is saved can be spent on width.",
    )

# %% [markdown]
# Beside each point stand its width and its depth. Read the table change by change:
#
# - **width**: 74.3 % at half, 79.1 % at the base, 81.1 % at double width. More channels, better; a doubling costs nearly four
#   times the parameters and MACs.
# - **depth**, plain: 79.1 %, 79.3 % and 75.6 % with 1, 2 and 4 blocks a stage. Twice as deep gains nothing that three seeds
#   could show, and four times as deep is *worse*.
# - **connections**: 78.4 %, 80.9 % and 80.9 % at the same three depths with shortcuts. In the shallow network there is
#   nothing to gain; at depth 4 a shortcut is worth five points, and the bars do not touch.
# - **type of layer**: separable, 76.7 % with a fifth of the base's parameters. With double width 80.3 %, still at 59 % of the
#   base's parameters and 64 % of its MACs: at least as good for less, and on both fronts.
# - **unit 10** is the most accurate by far. It pays with 22 times the parameters of the base, and yet with fewer MACs than
#   three of the others: its convolutions are few and wide.
#
# Now look at the bars. Three seeds of one and the same structure lie up to five points apart. So nobody should choose between
# double width and a residual network of depth 2 by this table; that depth 4 needs shortcuts it does say.
#
# And the budget is a part of the result. 3,000 images and 4 epochs are 188 updates, and narrow networks learn slowly: with
# more images and updates small ones get well above 85 % too, as you will see in the challenge. Equal budgets make a comparison *fair*; they do not
# make it true for other budgets. Write the budget beside the plot.

# %% [markdown]
# ## Structure and parameters: two optimizations, one problem
#
# **How do structure optimization and parameter optimization differ, and when does one need the other?**
#
# Write $s$ for the structure and $\theta$ for the parameters that a network of this structure has. All of this course up to
# here solved the inner problem; this unit works at the outer one:
#
# $$\min_{s}\; J_{\text{validation}}\big(s,\, \theta^*(s)\big) \quad\text{with}\quad
# \theta^*(s) \approx \arg\min_\theta J_{\text{training}}(s, \theta) \quad\text{and}\quad \text{cost}(s) \le \text{budget}$$
#
# | | parameters $\theta$ | structure $s$ |
# |---|---|---|
# | what is changed | numbers, by a little | layers, widths, connections: things that are there or not |
# | what tells the direction | the gradient, exact and cheap | nothing does; it has to be tried |
# | what one step costs | a batch: milliseconds | a whole training run, and three seeds of it |
# | how many steps | thousands to millions | tens by hand, thousands by a search program |
# | what is minimized | the training loss | the validation loss, *and* parameters, MACs, time: several things at once |
# | what comes out | one $\theta$ | a front, of which a person chooses |
#
# **How they differ.** Parameters are continuous: half of a change is a change, and $-\nabla J$ points downhill. Structure is
# discrete: there is no half layer, and so no gradient. It is searched: by hand with reasons, as here; by rules (scaling
# laws); by algorithms that prune, grow or select networks (unit 13).
#
# **Why structure needs parameter optimization.** A structure has no quality as such. What is measured is always structure
# *with* its trained parameters, so a structure is judged through an optimizer. If that is badly set, the judgement is about
# the optimizer: at the learning rate of another structure, a good one loses. Hence a sweep for each, and equal budgets. You
# saw 41 plain convolutions fail that can express all that 5 can: not a poor structure in principle, but poor *for this
# optimizer*.
#
# **Why parameter optimization needs structure.** The structure is the landscape in which the optimizer walks. It decides
# what the minimum is worth (no learning rate helps a network whose window is too small, or that has too few parameters),
# and how easy it is to get there: shortcuts and normalization smooth the landscape, as unit 14 will show in pictures. Changing
# the structure is sometimes the best thing that can be done for the optimization.
#
# **When to work at which.** First let parameter optimization do what it can: learning rate, schedule, regularization are
# cheap to tune. Work at the structure when that is exhausted: the *training* loss stays too high (the network is too small, or
# cannot be optimized), or the network is too large, too slow, too hungry for where it has to run.
#
# **And who decides?** Each outer step looks at validation data, and whoever looks at forty structures and takes the best has
# fitted the validation set a little. So there are three sets: training for $\theta$, validation for $s$ (and learning rates),
# and a test set that is looked at once, at the end. The border is soft, by the way: when structure is written as numbers
# (a gate for each connection), gradients can be taken for it too; that idea is called DARTS, and is below.

# %% [markdown]
# ## The challenge: 50,000 numbers
#
# Your turn to go round the loop. Build a network that holds **at most 50,000 numbers**, train it, save its weights to
# `small_net.safetensors` beside this notebook, and hand both in. It is graded on 1,000 images that do not come with the
# course: points for 75 %, 80 % and 84 % right, and for keeping to the budget with at least half of them right. All that the
# network holds counts: parameters, the running mean and variance of each normalization, any other tensor.
#
# `small_structure` builds the network, untrained; `small_net` builds it and loads the weights. The cell after them trains.
# Choose on validation images, and remember what the table has taught you.
#
# ### Exercise: `small_net`


# %% exercise="small_net"
def small_structure():
    """The network for the challenge, untrained: images (N, 1, 28, 28) in [0, 1] to logits (N, 10)."""
    ### BEGIN SOLUTION
    return scale_network(1, 1, ResidualBlock, base=(12, 24, 44))
    ### END SOLUTION


def small_net():
    """The same network with its trained weights, from the file small_net.safetensors."""
    ### BEGIN SOLUTION
    model = small_structure()
    model.load_state_dict(load_file("small_net.safetensors"))
    return model
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: over the budget</summary>
#
# `count_parameters(small_structure())` says the parameters; each normalization has two more numbers a
# channel (and one counter, so stay a little below). Three stages
# make good use of 28 × 28: 14, 7, 4.
# </details>
#
# <details><summary>Hint 2: from the file into the network</summary>
#
# `load_file("small_net.safetensors")` gives a dict like `state_dict()`; `model.load_state_dict(...)` writes it into a network of
# the same structure (and says which names do not fit). Return the model, not the dict.
# </details>
#
# <details><summary>Hint 3: a few points are missing</summary>
#
# More epochs, the learning rate (try thirds and triples), another block, another width. One thing at a time, and on the
# validation images. The full data set (`image_tensors(full=True)`) has six times as many training images; leave its test
# images alone, for those that grade you are among them. And whatever you do to images before training belongs into the
# network's `forward`: the check and the grader hand it images in [0, 1], as `image_tensors` does.
# </details>
#
# Train here. The settings are yours to change; five epochs take half a minute or so on a laptop.

# %%
with waits_for("small_net"):
    not_while_grading()
    torch.manual_seed(0)
    candidate = small_structure()
    fit(candidate, X_train[:9000], y_train[:9000], epochs=5, lr=0.01, batch_size=64)
    print(f"{count_parameters(candidate):,} parameters, validation accuracy {accuracy(candidate, X_train[9000:], y_train[9000:]):.3f}")
    weights = {name: value.half() if value.is_floating_point() else value for name, value in candidate.state_dict().items()}
    save_file(weights, "small_net.safetensors")
    print(f"saved: {Path('small_net.safetensors').stat().st_size / 1024:.0f} KiB, as 16-bit floats")

# %% [markdown]
# The check looks at 500 of the 2,000 test images that come with the course for each line; the hidden images are others, so
# a network that is just above a line here may fall just below it there. Leave yourself a percent or two.

# %% check="small_net"
check("small_net")

# %% [markdown]
# ## Clinic: the network that depth does not help
#
# A colleague built networks of 2, 4 and 8 convolutions, and all of them learn equally badly. There is no error message. Run
# the next two cells and look.


# %% exercise="clinic_12"
def clinic_12(channels, depth):
    """Images (N, 1, H, W) to logits (N, 10): `depth` 3x3 convolutions with a ReLU behind each, mean, linear layer.

    Returns an nn.Module. Each convolution has its own weights (and biases), and `channels` outputs.
    """
    ### BEGIN SOLUTION
    layers = []
    for i in range(depth):
        layers += [nn.Conv2d(1 if i == 0 else channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    ### END SOLUTION
    ### BEGIN STUB
    # layer = nn.Conv2d(channels, channels, 3, padding=1)
    # layers = [nn.Conv2d(1, channels, 3, padding=1)] + [layer] * (depth - 1)
    # return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.ReLU())
    ### END STUB


# %% folded=true
with waits_for("clinic_12"):
    sizes = {depth: sum(p.numel() for p in clinic_12(8, depth).parameters()) for depth in (2, 4, 8)}
    torch.manual_seed(3)
    patient, features = clinic_12(8, 4), []
    last = [layer for layer in patient.modules() if isinstance(layer, nn.Linear)][-1]
    last.register_forward_hook(lambda layer, inputs, output: features.append(inputs[0]))
    way = torch.linspace(0, 1, 41)[:, None, None, None]
    with torch.no_grad():
        patient((1 - way) * X_test[1] + way * X_test[2])  # from one image to another, in small steps
        smallest = patient(X_test[:200]).min().item()
    path = features[0].numpy()
    path = (path - path.min(axis=0)) / (np.ptp(path, axis=0) + 1e-9)  # each feature from 0 to 1
    bend = np.abs(path[20] - (path[0] + path[-1]) / 2).max()

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    left.bar([str(depth) for depth in sizes], list(sizes.values()), color=plots.BLUE)
    left.set(xlabel="convolutions", ylabel="parameters")
    right.plot(way[:, 0, 0, 0], path, color=plots.VERMILLION, linewidth=1.6)
    right.set(xlabel="from one image (0) to another (1)", ylabel="features at the last layer (scaled)")
    faults = {
        "depth adds no parameters": sizes[8] == sizes[2],
        "the features are straight lines": bend < 1e-4,
        "no logit is negative": smallest >= 0,
    }
    found = [name for name, is_so in faults.items() if is_so]
    healthy = "Healthy: each layer has its own weights, and the network bends"
    plots.finding(fig, f"Not healthy yet: {', '.join(found)}" if found else healthy)
    plt.show()
    print("parameters by depth:", sizes, "  smallest of 2,000 logits:", f"{smallest:.3f}")

# %% [markdown]
# **Symptom 1**, left: with 2, 4 and 8 convolutions the number of parameters is the same. **Symptom 2**, right: on the way from
# one image to another all features change along straight lines, as if there were only one layer. **Symptom 3**, in the
# printout: no logit is ever below 0. Find the three causes and repair `clinic_12`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: where are the parameters?</summary>
#
# How often does `nn.Conv2d(channels, channels, ...)` get called? `[layer] * 3` repeats the object, not its making.
# </details>
#
# <details><summary>Hint 2: why straight?</summary>
#
# A convolution of a convolution is a convolution. What has to stand between them, and how often?
# </details>
#
# <details><summary>Hint 3: the logits</summary>
#
# Look at the last thing that happens. What may a logit be, and what does the loss make of it?
# </details>

# %% check="clinic_12"
check("clinic_12")

# %% [markdown]
# None of the three stops a network from running, or even from learning a little. What found them was no look at the code
# but three numbers: parameters, a straight line, a smallest logit. Put such numbers beside every network that you build.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 12`.
#
# **q1.** You replace fc1 of unit 10's network by a mean over all places. What shrinks most?
# - a) the number of parameters
# - b) the MACs
# - c) the time for an image
# - d) all three by the same factor
#
# **q2.** A depthwise separable network has a fifth of the MACs of a plain one. It is not five times as fast. Why?
# - a) the MACs were counted wrongly
# - b) depthwise filters do little work for each number that they read and write
# - c) 1×1 convolutions are slow
# - d) it would be, in evaluation mode
#
# **q3.** A plain network of 41 convolutions has a higher *training* loss than one of 9. What is that?
# - a) overfitting: it has too many parameters
# - b) it cannot express as much as the shallow one
# - c) a problem of optimization: a good solution is there, and is not found
# - d) a sign that the images are too small
#
# **q4.** A has 20,000 parameters and 85 %, B has 40,000 and 87 %, C has 40,000 and 86 %, D has 60,000 and 87 %. What is on the
# front?
# - a) A and B
# - b) B only
# - c) A, B and C
# - d) A, B and D
#
# **q5.** You train 40 structures, take the one with the best test accuracy, and report this accuracy. What is wrong?
# - a) nothing: it was measured on test images
# - b) the number is too low: it should be trained once more on all images
# - c) 40 structures are too few
# - d) the number is too high: the best of 40 was also the luckiest on these images

# %% exercise="quiz_12"
### BEGIN SOLUTION
quiz_12 = {"q1": "a", "q2": "b", "q3": "c", "q4": "a", "q5": "d"}
### END SOLUTION
### BEGIN STUB
# quiz_12 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_12"
check("quiz_12")

# %% [markdown]
# ## Recap
#
# - **The loop:** analyse, redesign one thing, train with the same budget, compare. Then again.
# - **Parameters** are what an optimizer moves: shared ones count once, buffers not at all. **MACs** = numbers in a layer's
#   output × weights of one filter. Neither says much about **memory** (early, large images) or **time** (measure it: warm up,
#   synchronize, take the median).
# - **Receptive field:** $r \leftarrow r + d\,(k-1)\,j$, then $j \leftarrow s\,j$.
# - **Residual block:** $y = \operatorname{ReLU}(F(x) + x)$, with a projection of $x$ where shapes differ. The gradient of $F(x) + x$
#   has a 1 in it: deep networks train.
# - **Depthwise separable:** $1/F + 1/9$ of the work of a 3×3 convolution to $F$ channels.
# - **Pareto front:** what nobody beats in both cost and score. **Fair comparison:** own learning rate, same budget, several
#   seeds, chosen on validation images.
# - **Structure and parameters:** $\min_s J_{\text{val}}(s, \theta^*(s))$. The outer problem is discrete, without gradients, and judged
#   through the inner one; the inner one walks in the landscape that the structure makes.

# %% [markdown]
# ## Think about it
#
# A company wants its clothes recognized on a camera with a small processor: 200 KB for the weights, 5 ms for an image. A
# colleague proposes the network of unit 10 and says: "We reduce the learning rate and train longer, then it will fit." In
# five to eight sentences, to be read by a person: which of the two limits does that network break, and at which layers? Which
# two changes of structure would you try first, each for which limit? And how do you make sure that what you report to the
# company is true?

# %% [markdown] points=3 reflection="reflection_11"
# ### BEGIN SOLUTION
# Learning rate and training time change the values of the parameters, never their number or the work for an image, so they
# help with neither limit. The network has 421,642 parameters, in 32-bit floats about 1.7 MB, eight times too much, and
# fc1 alone holds 95 % of it; whether it breaks the 5 ms has to be measured on the camera, and there the convolutions count
# (conv2 has 85 % of the MACs). For the size I would replace flatten and fc1 by a mean over all places (16-bit weights
# alone would still be 0.8 MB). For the time I would let the image shrink earlier, with stride 2, and make conv2 narrower or depthwise separable;
# each change alone, trained with the same budget at its own learning rate and for three seeds. The choice is made on
# validation images, among what lies on the front of accuracy against measured latency: warmed up, synchronized, median, for
# one image at a time on that processor. The accuracy that I report comes from test images that were looked at once.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: parameter optimization cannot change size or work; the size limit is broken (about 1.7 MB) because of fc1, and time
# is said to depend on other layers, or to need measuring. 1 point: two sensible changes of structure, each tied to a limit
# (mean in place of fc1, fewer channels, separable layers, earlier strides, fewer bits). 1 point: an honest report: same
# budgets or seeds, selection on validation data and test data used once, latency measured on the device with warm-up and
# median. Half points for what is named without a reason.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# Each with its public code, and one thing to reproduce:
#
# - K. He and others, [Deep Residual Learning for Image Recognition](https://arxiv.org/abs/1512.03385) (2016);
#   [code](https://github.com/KaimingHe/deep-residual-networks). Reproduce its Figure 1 in small: training loss of plain
#   networks of depth 2, 5 and 10 a stage, with `PlainBlock`.
# - A. Howard and others, [MobileNets](https://arxiv.org/abs/1704.04861) (2017);
#   [code](https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet_v1.md). Reproduce its trade-off: accuracy
#   against MACs of `SeparableBlock` at widths 0.5, 1, 2 and 4, beside `PlainBlock`.
# - M. Tan, Q. Le, [EfficientNet](https://arxiv.org/abs/1905.11946) (2019);
#   [code](https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet). Reproduce its claim: at twice the MACs, is it
#   better to scale width, depth, or both a little?
# - I. Radosavovic and others, [Designing Network Design Spaces](https://arxiv.org/abs/2003.13678) (2020);
#   [code](https://github.com/facebookresearch/pycls). Reproduce its way to compare: train twenty random structures of one rule for
#   one epoch, and draw the distribution of their errors in place of the best one.
# - H. Liu, K. Simonyan, Y. Yang, [DARTS: Differentiable Architecture Search](https://arxiv.org/abs/1806.09055) (2019);
#   [code](https://github.com/quark0/darts). Reproduce its idea: a block that computes
#   $\sigma(a) \cdot \text{plain} + (1 - \sigma(a)) \cdot \text{separable}$; where does the gradient drive $a$?
#
# Next: 13 Adaptive, networks that change their structure while they train.

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
# # 11 · Speed
#
# **After this unit you can** measure how fast a training step is without fooling yourself, say what its time is made of,
# turn the knobs that make it faster one at a time, and compute with half the bits.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes, in two sittings | ●●●●○ | the network and the loop of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb); optimizers as PyTorch's classes ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)) |
#
# A research group pays by the hour for a machine with a large GPU, and a friend trains the same network on her laptop. The
# GPU is no faster. Where does its time go, and is it worth its money? That is the question of this unit.
#
# Each check runs your code on a few inputs and explains what it sees. No check needs a GPU, and every cell runs on your
# processor too. **No GPU has run this unit yet**: whatever it says of GPUs comes from makers and papers, and whatever you see
# measured is measured on your own machine. As soon as figures of real cards exist, they will stand in
# [docs/performance.md](../../docs/performance.md).

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from course_lib.device import report
from course_lib.fit import image_tensors

plots.use_style()
X_all, y_all, X_test, y_test = image_tensors()
Net = earlier("Net")
machine = report()
device = torch.device(machine.accelerator)  # an NVIDIA card, the GPU of a Mac, or the CPU
machine

# %% [markdown]
# ## How fast is it?
#
# A GPU works **asynchronously**. When Python calls a layer, the GPU only gets the order; the call returns at once, and the
# result comes later. Whoever looks at the clock then has measured how fast Python can ask. `torch.cuda.synchronize()` waits
# until all orders are carried out. And the first steps are slow on every device: memory is fetched, algorithms are
# chosen, code may be compiled.
#
# ### Exercise: `throughput`
#
# Make `warmup` steps, then `steps` steps, and give the images per second of the latter. The clock may be read only when the
# device has nothing left to do, the first time as well as the second.


# %% exercise="throughput"
def throughput(step, images_per_step, warmup, steps, synchronize, clock):
    """Images per second.  step(), synchronize(): functions that return nothing.  clock(): the time in seconds."""
    ### BEGIN SOLUTION
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * steps / (clock() - start)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the warm-up</summary>
#
# Two loops, one after the other. The clock starts between them, and only the second loop's images count.
# </details>
#
# <details><summary>Hint 2: right on a CPU, wrong on a GPU</summary>
#
# Before each of the two readings of the clock, `synchronize()`: else the clock starts while the warm-up is still running, or
# stops while the last steps are.
# </details>
#
# <details><summary>Hint 3: the rate itself</summary>
#
# Images divided by seconds: all images of all measured steps. Do not wait after every step: the device would idle while the
# next order is on its way.
# </details>

# %% check="throughput"
check("throughput")

# %% given="waiting"
def wait_for_device():
    """On a CPU every operation has ended when it returns."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


# %% [markdown]
# ## Clinic: a benchmark that lies
#
# A colleague wants to know what a training step costs on the device, and nothing else: batches lie ready, and the losses are
# to be plotted afterwards. Her benchmark says that the new GPU is no faster than the laptop. To look at it, we rehearse on a
# *simulated* machine: it needs no GPU, its clock is exact, and we know what is right.


# %% folded=true given="rehearsal"
class Rehearsal:
    """A processor and a device with a clock: milliseconds go by only when one of them has something to do.

    preparing, launch: what a batch and handing over a step take Python.  work: what the device takes for a step; the
    first `slow_steps` take ten times as long.  waits: a step returns when it is done, as on a CPU.
    """

    def __init__(self, preparing, launch, work, slow_steps, waits=False):
        self.preparing, self.launch, self.work, self.slow, self.waits = preparing, launch, work, slow_steps, waits
        self.now, self.free, self.made, self.python, self.device, self.readings = 0.0, 0.0, 0, [], [], []

    def spend(self, kind, until):
        self.python.append((kind, self.now, until - self.now))
        self.now = until

    def prepare(self, i):
        self.spend("prepares", self.now + self.preparing)
        return i

    def step(self, batch):
        self.spend("hands over", self.now + self.launch)
        length = self.work * (10 if self.made < self.slow else 1)
        begin = max(self.free, self.now)
        self.device.append((begin, length))
        self.free, self.made = begin + length, self.made + 1
        if self.waits:
            self.spend("waits", self.free)
        return RehearsedLoss(self, self.free, 2.3 / (1 + batch))

    def synchronize(self):
        self.spend("waits", max(self.now, self.free) + 0.1)

    def clock(self):
        self.readings.append(self.now)
        return self.now / 1000  # seconds, as time.perf_counter


class RehearsedLoss:
    def __init__(self, machine, ready, value):
        self.machine, self.ready, self.value = machine, ready, value

    def item(self):
        self.machine.spend("waits", max(self.machine.now, self.ready) + 0.1)
        return self.value

    __float__ = item

    def detach(self):
        return self


# %% exercise="clinic_11"
def clinic_11(prepare, step, warmup, steps, synchronize, clock):
    """What one training step takes, and the losses of the measured steps, which are those after the warm-up.

    prepare(i): makes batch i ready.  step(batch): hands a step over and returns its loss, on the device; loss.item()
    waits until it is there.  synchronize(): waits for the device.  clock(): seconds.
    Returns (seconds, losses): seconds of one step, with the batches ready; losses, a list of `steps` plain numbers.
    """
    ### BEGIN SOLUTION
    batches = [prepare(i) for i in range(warmup + steps)]
    for batch in batches[:warmup]:
        step(batch)
    synchronize()
    start = clock()
    losses = [step(batch) for batch in batches[warmup:]]
    synchronize()
    seconds = clock() - start
    return seconds / steps, [loss.item() for loss in losses]
    ### END SOLUTION
    ### BEGIN STUB
    # start = clock()
    # losses = []
    # for i in range(warmup + steps):
    #     loss = step(prepare(i))
    #     losses.append(loss.item())
    # seconds = clock() - start
    # return seconds / (warmup + steps), losses[warmup:]
    ### END STUB


# %% folded=true
with waits_for("clinic_11"):
    machines = {
        "laptop": Rehearsal(1.0, 0.2, 6.0, 0, waits=True),
        "GPU": Rehearsal(1.0, 0.6, 2.0, 2),
    }
    truth = {"laptop": 6.2, "GPU": 2.0}
    told = {name: 1000 * clinic_11(m.prepare, m.step, 2, 6, m.synchronize, m.clock)[0] for name, m in machines.items()}
    colours = {"prepares": plots.ORANGE, "hands over": plots.BLUE, "waits": plots.MUTED}
    hatches = {"prepares": "//", "hands over": "", "waits": ".."}
    rehearsal, seen = machines["GPU"], set()
    ax = plt.subplots(figsize=(7.4, 2.9))[1]
    for kind, begin, length in rehearsal.python:
        label = None if kind in seen else f"Python {kind}"
        seen.add(kind)
        ax.barh(1, length, left=begin, height=0.55, color=colours[kind], hatch=hatches[kind], edgecolor="white", label=label)
    for i, (begin, length) in enumerate(rehearsal.device):
        label = "a step on the device" if i == 0 else None
        ax.barh(0, length, left=begin, height=0.55, color=plots.GREEN, edgecolor="white", label=label)
    ax.axvspan(rehearsal.readings[0], rehearsal.readings[-1], color=plots.SKY, alpha=0.25, label="the clock runs")
    ax.set(yticks=(0, 1), yticklabels=("device", "Python"), xlabel="milliseconds", ylim=(-0.5, 1.5))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=3, fontsize=9)
    ax.grid(False)
    honest = all(abs(told[name] - truth[name]) < 0.2 * truth[name] for name in truth)
    verdict = "the clock sees six steps and little else" if honest else "look at what the clock sees besides the steps"
    plots.finding(ax, f"The GPU's step takes {truth['GPU']:.1f} ms and {told['GPU']:.1f} are told: {verdict}")
    plt.show()
    for name in truth:
        print(f"{name:7} told {told[name]:5.1f} ms a step, right is about {truth[name]:.1f} ms")

# %% [markdown]
# **Symptom 1**: two slow steps at the left, in which a real device would choose algorithms and compile, are shared out among
# all. **Symptom 2**: between two steps the device has nothing to do, because Python prepares the next batch (striped).
# **Symptom 3**: it also has nothing to do because Python waits for the loss (dotted) before it hands over the next step.
# Repair `clinic_11`, one cause after the other, and run both cells again each time. A fourth cause shows only when the third
# is gone.
#
# <details><summary>Hint 1: the slow steps at the beginning</summary>
#
# Which steps should run before the clock starts, and by how many do you divide?
# </details>
#
# <details><summary>Hint 2: the striped boxes</summary>
#
# All batches can be made ready before the clock starts: a list of `warmup + steps` of them.
# </details>
#
# <details><summary>Hint 3: the dotted boxes, the losses, and a time that is suddenly too good</summary>
#
# Keep the losses as they are, in a list, and fetch them when the clock has stopped. What, besides fetching a value, made
# sure that the last step was done? Now nobody does.
# </details>
#
# <details><summary>Hint 4: the device is still busy when the clock starts</summary>
#
# As in `throughput`: wait before each of the two readings.
# </details>

# %% check="clinic_11"
check("clinic_11")

# %% [markdown]
# `.item()`, `float(loss)`, `print(loss)`, `loss.cpu()`, `if loss > 10`: each of them waits for the device, and none of them
# looks like it. In a training loop, add up losses on the device, `total += loss.detach() * n`, and fetch the sum once an
# epoch. (Unit 10's `train_one_epoch` fetches in every step. On a CPU that costs nothing.)
#
# ## The roofline, by hand
#
# Is a layer limited by arithmetic or by memory? Two numbers tell, and both can be worked out on paper: how many floating
# point operations it takes (**FLOPs**; a multiply and an add are two), and how many **bytes** have to move, at the least:
# inputs, weights, outputs, four bytes each. Their quotient is the **arithmetic intensity**.
#
# For a convolution with $C$ channels in, $F$ out, kernel $k \times k$ and maps of $H \times W$, on $N$ images:
#
# $$\text{FLOPs} = 2\,N\,H\,W\,F\,C\,k^2, \qquad
# \text{bytes} = 4\,(N\,C\,H\,W + F\,C\,k^2 + N\,F\,H\,W)$$
#
# A linear layer is the case $H = W = k = 1$. A machine can do so many FLOPs per second and move so many bytes per second. The
# attainable rate is the smaller of the two limits, which drawn against intensity looks like a roof:
#
# $$\text{FLOP/s} \le \min(\text{peak},\ \text{intensity} \cdot \text{bandwidth})$$

# %%
N = 64
layers = {"conv1": (1, 32, 3, 28), "conv2": (32, 64, 3, 14), "fc1": (3136, 128, 1, 1), "fc2": (128, 10, 1, 1)}
work = {}
print("layer    MFLOPs   MB moved   FLOPs per byte   (forward, 64 images)")
for name, (C, F, k, side) in layers.items():
    flops = 2 * N * side**2 * F * C * k**2
    moved = 4 * (N * C * side**2 + F * C * k**2 + N * F * side**2)
    work[name] = flops, flops / moved
    print(f"{name:8} {flops / 1e6:6.1f} {moved / 1e6:10.2f} {flops / moved:14.1f}")
all_flops = sum(flops for flops, _ in work.values())
all_moved = sum(flops / intensity for flops, intensity in work.values())
print(f"together {all_flops / 1e6:6.1f} {all_moved / 1e6:10.2f} {all_flops / all_moved:14.1f}")

# %% [markdown]
# `conv2` has more than four fifths of all the arithmetic, and a high intensity. `conv1` has few channels: each number that it fetches
# is used little. `fc2` is so small that hardly anything about it matters.
#
# Now this machine's roof, measured: a large matrix product for the peak, a large copy for the bandwidth. And under it each
# layer, as fast as it really ran.

# %% folded=true
with waits_for("throughput", "Net"):
    not_while_grading()

    def fast(step, amount, steps=5):
        """The best of four measurements, in `amount` per second."""
        return max(throughput(step, amount, 2, steps, wait_for_device, time.perf_counter) for _ in range(4))

    a = torch.randn(1024, 1024, device=device)
    peak = fast(lambda: a @ a, 2 * 1024**3)
    source = torch.randn(16 * 2**20, device=device)
    target = torch.empty_like(source)
    bandwidth = fast(lambda: target.copy_(source), 2 * 4 * len(source))
    net = Net().to(device)
    attained = {}
    with torch.no_grad():
        for name, (C, _, k, side) in layers.items():
            layer = getattr(net, name)
            x = torch.randn(N, C, side, side, device=device) if k == 3 else torch.randn(N, C, device=device)
            attained[name] = fast(lambda layer=layer, x=x: layer(x), work[name][0], 20)

    intensities = np.logspace(-1, 3, 200)
    ax = plt.subplots(figsize=(7.4, 4.0))[1]
    ax.loglog(intensities, np.minimum(peak, intensities * bandwidth) / 1e9, color=plots.INK, linewidth=2)
    for name, colour in zip(layers, (plots.BLUE, plots.VERMILLION, plots.GREEN, plots.ORANGE), strict=True):
        ax.plot(work[name][1], attained[name] / 1e9, "o", color=colour, markersize=9, label=name)
    ax.axvline(peak / bandwidth, color=plots.MUTED, linestyle=":")
    ax.text(peak / bandwidth * 1.1, ax.get_ylim()[0] * 1.3, "the ridge: peak / bandwidth", color=plots.MUTED, fontsize=9)
    ax.set(xlabel="arithmetic intensity (FLOPs per byte)", ylabel="GFLOP/s")
    ax.legend(loc="upper left")
    plots.finding(ax, f"This machine's roof ({device.type}), and how near to it each layer comes")
    plt.show()

# %% [markdown]
# Left of the ridge memory is the limit: fewer bytes help (bfloat16, fusing operations, larger batches for the linear
# layers, whose weights are then used more often). Right of it arithmetic is the limit: fewer or cheaper FLOPs help (tensor
# cores, another structure: unit 12). A point far below the roof has neither excuse: its time goes into starting the work. (A
# point above the roof says that the roof was measured too low, on a busy machine, that the data were still in a cache, or
# that the layer was computed with fewer bits: NVIDIA cards may take TF32 for convolutions.)
#
# ### One knob at a time
#
# | knob | what it changes |
# |---|---|
# | `DataLoader(num_workers=2)` | other processes cut and stack the next batches while this one is computed |
# | `pin_memory=True`, `non_blocking=True` | memory that the GPU can fetch by itself, while Python goes on |
# | data on the device | 10,000 images are 31 MB: put them there once, and pick batches by index |
# | larger batch | fewer, larger steps keep the device busy. The learning rate grows along: for SGD in proportion (unit 03), for Adam often by the root, so 4 times the batch gets 2 times the rate |
# | `channels_last` | the same numbers in another order, NHWC, which many convolutions prefer |
# | bfloat16 autocast | half the bytes; tensor cores compute it many times as fast |
# | `torch.compile` | fuses operations, so that fewer intermediate results travel to memory and back |
# | CUDA graphs | records all orders of a step once and plays them again: Python no longer asks |
#
# Workers and notebooks: on Windows and macOS, and on Linux from Python 3.14 on, a worker is a fresh Python (start methods
# `spawn` and `forkserver`) that imports what it is sent. It cannot import a notebook, so a Dataset class, a transform or a
# collate function that you define in a cell ends in "worker exited unexpectedly". Either keep `num_workers=0`, or let a cell
# that begins with `%%writefile my_data.py` save the class as a module beside the notebook, and import it from there:
#
# ```python
# from my_data import MyDataset  # not the class from the cell
# loader = torch.utils.data.DataLoader(MyDataset(), 64, num_workers=2)
# ```
#
# (A `TensorDataset`, as below, is PyTorch's own and needs neither.)
#
# The baseline is the loop as most people write it: a DataLoader that collects one image after the other, batches of 64,
# float32. Every other row changes **one** thing (with the larger batch, the learning rate belongs to it). Which of the four
# below will bring most on *this* machine? On a CPU the same cells run smaller: three steps are measured in place of a hundred.

# %%
predict(
    "knob",
    ...,
    options={
        "a": "data on the device",
        "b": "larger batch",
        "c": "channels_last",
        "d": "bfloat16",
        "e": "none of these by more than a tenth",
    },
)

# %% folded=true given="knobs"
WARMUP, STEPS = (1, 3) if device.type == "cpu" else (20, 100)


def batches_by_loader(batch_size, workers=0, pinned=False):
    """Endless batches of a DataLoader, sent to the device."""
    data = torch.utils.data.TensorDataset(X_all, y_all)
    loader = torch.utils.data.DataLoader(
        data, batch_size, shuffle=True, drop_last=True, num_workers=workers, pin_memory=pinned, persistent_workers=workers > 0
    )
    while True:
        for images, labels in loader:
            yield images.to(device, non_blocking=pinned), labels.to(device, non_blocking=pinned)


def batches_on_device(batch_size):
    """Endless batches, picked by index from images that lie on the device."""
    X, y = X_all.to(device), y_all.to(device)
    while True:
        for index in torch.randperm(len(X), device=device).split(batch_size)[:-1]:
            yield X[index], y[index]


def stepper(batches, rate=0.001, channels_last=False, bf16=False, compiled=False):
    """A function that makes one training step with the next batch."""
    torch.manual_seed(0)
    model = Net().to(device)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    network = torch.compile(model) if compiled else model

    def step():
        images, labels = next(batches)
        if channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def graph_stepper(batches):
    """A step whose orders were recorded once in a CUDA graph; images and labels are copied into its own place."""
    network = Net().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, capturable=True)
    images, labels = (part.clone() for part in next(batches))

    def work():
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()

    def step():
        new_images, new_labels = next(batches)
        images.copy_(new_images)
        labels.copy_(new_labels)
        graph.replay()

    return step


def knobs():
    """name -> (function that makes the step, images per step); None where this machine cannot."""
    cuda = device.type == "cuda"
    return {
        "baseline": (lambda: stepper(batches_by_loader(64)), 64),
        "2 workers": (lambda: stepper(batches_by_loader(64, workers=2)), 64),
        "pinned memory": (lambda: stepper(batches_by_loader(64, pinned=True)), 64) if cuda else None,
        "data on the device": (lambda: stepper(batches_on_device(64)), 64),
        "batch of 256": (lambda: stepper(batches_by_loader(256), rate=0.002), 256),
        "channels_last": (lambda: stepper(batches_by_loader(64), channels_last=True), 64),
        "bfloat16": (lambda: stepper(batches_by_loader(64), bf16=True), 64),
        "torch.compile": (lambda: stepper(batches_by_loader(64), compiled=True), 64) if cuda else None,
        "CUDA graph": (lambda: graph_stepper(batches_on_device(64)), 64) if cuda else None,
    }


# %% folded=true
with waits_for("throughput", "Net"):
    not_while_grading()
    rates, steppers = {}, {name: (knob[0](), knob[1]) for name, knob in knobs().items() if knob is not None}
    for _ in range(3):  # in turn, and the best of three counts: whatever else the machine does only makes a step slower
        for name, (step, size) in steppers.items():
            try:
                rate = throughput(step, size, WARMUP, STEPS, wait_for_device, time.perf_counter)
                rates[name] = max(rate, rates.get(name, 0))
            except RuntimeError as problem:  # torch.compile without a C++ compiler, for one
                rates.pop(name, None)
                print(f"{name} cannot be had here: {type(problem).__name__}")
    steppers.clear()  # which ends the two workers
    left_out = [name for name in knobs() if name not in rates]
    if left_out:
        print("left out on this machine:", ", ".join(left_out))
    ratios = {name: rate / rates["baseline"] for name, rate in rates.items()}
    print(f"baseline: {rates['baseline']:,.0f} images per second, measured over {STEPS} steps")
    ax = plt.subplots(figsize=(7.4, 3.4))[1]
    bars = ax.barh(list(ratios), list(ratios.values()), color=[plots.MUTED, *[plots.BLUE] * (len(ratios) - 1)])
    ax.bar_label(bars, [f"{ratio:.2f}" for ratio in ratios.values()], label_type="center", color="white")
    ax.axvline(1, color=plots.INK, linewidth=1)
    ax.invert_yaxis()
    ax.set(xlabel="images per second, as a multiple of the baseline's")
    plots.finding(ax, f"One knob at a time: what each is worth on this {device.type.upper()}")
    plt.show()
    letters = {"data on the device": "a", "batch of 256": "b", "channels_last": "c", "bfloat16": "d"}
    best = max(letters, key=lambda name: ratios.get(name, 0))
    reveal(
        "knob",
        letters[best] if ratios[best] > 1.1 else "e",
        because="that is what this machine measured. On another one, the order may be another: measure yours.",
    )

# %% [markdown]
# Pinned memory and CUDA graphs need an NVIDIA GPU, and are left out without one. `torch.compile` needs a C++ compiler and spends
# half a minute of compiling on a CPU, so it is measured on NVIDIA GPUs only. Times vary from run to run, on a busy machine a lot:
# trust a ratio only if it comes out alike when you run the cell again.
#
# On a CPU that does nothing else the convolutions take nearly all of the time, so no knob that is about bringing data helps much. On a GPU expect
# the other way round: this network is so small that a fast card mostly waits for Python, and what pays is whatever asks less
# often (larger batches, data on the device, CUDA graphs).
#
# ## Half the bits
#
# **bfloat16** has the range of float32 (8 bits of exponent) and only 8 binary digits. That is enough for activations and
# gradients. It is not enough for the parameters themselves. Add 0.003 to 1 in bfloat16: what is the sum?

# %%
predict("bf16", ..., options={"a": "1.003", "b": "1", "c": "1.0078, the next number above 1"})

# %%
one, small = torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(0.003, dtype=torch.bfloat16)
total = one + small
print("1 + 0.003 in bfloat16:", total.item(), "   the next number above 1:", 1 + torch.finfo(torch.bfloat16).eps)
reveal("bf16", "b" if total.item() == 1 else "c", because="the gap above 1 is 1/128, and 0.003 is less than half of it.")

# %% [markdown]
# A small update of a parameter would be rounded away, every time. So one mixes: parameters and optimizer stay in float32, and
# **autocast** computes the forward pass, layer by layer, with rounded copies. Backward needs no autocast: each operation
# goes back in the type in which it came.
#
# In **float16** (GPUs before 2020) small gradients would become 0. There the loss is multiplied by a large *scale* before
# backward, and the gradients are divided by it before the step. `torch.amp.GradScaler` does that: `scaler.scale(loss)`,
# `scaler.unscale_(optimizer)`, `scaler.step(optimizer)` (which leaves the step out if a gradient is infinite),
# `scaler.update()` (which then halves the scale, and doubles it after many good steps). With bfloat16 no scaler is needed.
#
# ### Exercise: `amp_step`
#
# One step in bfloat16: forward and loss under autocast; with the scaler if there is one; with the gradient's norm clipped to
# `max_norm` if there is one. Clip what the optimizer will see: gradients without the scale.


# %% exercise="amp_step"
def amp_step(model, images, labels, optimizer, scaler=None, max_norm=None):
    """One training step in mixed precision; returns the loss, a plain number without the scale.

    The type of device for autocast is images.device.type.  scaler: a torch.amp.GradScaler, or None.
    """
    ### BEGIN SOLUTION
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    (loss if scaler is None else scaler.scale(loss)).backward()
    if scaler is not None:
        scaler.unscale_(optimizer)
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return loss.item()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: types, or the plain step</summary>
#
# `with torch.autocast(images.device.type, dtype=torch.bfloat16):` around two things, the forward pass and the loss. The model
# stays as it is. After the block come the lines that you know: `zero_grad`, `backward`, `step`.
# </details>
#
# <details><summary>Hint 2: clipping</summary>
#
# `nn.utils.clip_grad_norm_(model.parameters(), max_norm)` changes the gradients in place: after backward, before the step.
# </details>
#
# <details><summary>Hint 3: the scaler</summary>
#
# In this order: `scaler.scale(loss).backward()`, `scaler.unscale_(optimizer)`, clipping, `scaler.step(optimizer)`,
# `scaler.update()`. The loss that you return is the one before the scale.
# </details>

# %% check="amp_step"
check("amp_step")

# %%
with waits_for("amp_step", "Net"):
    not_while_grading()
    curves = {}
    for name in ("float32", "bfloat16"):
        torch.manual_seed(0)
        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        losses = []
        for index in torch.arange(1920).split(64):
            if name == "bfloat16":
                losses.append(amp_step(net, X_all[index], y_all[index], optimizer))
            else:
                loss = nn.functional.cross_entropy(net(X_all[index]), y_all[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        curves[name] = losses
    ax = plots.loss_curves(curves, xlabel="update", ylabel="loss of the batch")
    plots.finding(ax, "With half the bits forward and float32 parameters, the loss takes nearly the same way")
    plt.show()
    gap = np.abs(np.subtract(*curves.values())).max()
    print("largest difference of the two losses below 0.1:", gap < 0.1)

# %% [markdown]
# ## More than one GPU
#
# A script does what a notebook cannot: run in several processes at once, each with a copy of the network and its own part of
# every batch. After each `backward` the copies' gradients are averaged, so that all of them make the same step. It needs
# no GPU to be tried; two processes on a CPU compute the same as one. In a shell, compare:
#
# ```text
# python -m course_lib.ddp_train --epochs 1
# torchrun --standalone --nproc-per-node 2 -m course_lib.ddp_train --epochs 1
# ```
#
# How the gradients are averaged, and why your `epoch_loss` comes back there for the last batch, is written at the top of
# `course_lib/ddp_train.py`.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 11`.
#
# **q1.** A step consists of 200 kernels. The card needs 2 µs for each, Python needs 5 µs to hand one over, and runs ahead of the
# card if it can. You get a card with twice the arithmetic and twice the bandwidth. What does the step take?
# - a) half of what it took
# - b) practically what it took, about 1 ms
# - c) a quarter of what it took
# - d) more than before
#
# **q2.** An activation function reads 100 MB of float32 and writes 100 MB. The machine moves 1 TB/s and does 50 TFLOP/s. With
# bfloat16 tensors, the function's time
# - a) halves
# - b) stays: arithmetic is the limit
# - c) falls to a quarter: reading is halved, and writing is halved
# - d) falls by ten times: tensor cores compute it
#
# **q3.** Two copies of a network share a batch: 96 images here, 32 there. Of one parameter the gradients of the two mean losses are
# 1 and 5. With what should the copies step?
# - a) both with 3
# - b) both with 6
# - c) the first with 1, the second with 5
# - d) both with 2
#
# **q4.** A run in float16 with a `GradScaler`. At step 1,000 the scale is halved, and no parameter has changed. What happened?
# - a) the gradients were so small that the step rounded to nothing
# - b) the loss is NaN from now on
# - c) some gradient overflowed, and the scaler left the step out
# - d) autocast turned the parameters into float16
#
# **q5.** 128 images do not fit into memory. You take four parts of 32, call `backward` for the mean loss of each, and `step` once, after
# the fourth. How does this become the step of the mean loss over 128?
# - a) it is that step already
# - b) divide each part's loss by 4
# - c) multiply the learning rate by 4
# - d) call `zero_grad` after each part

# %% exercise="quiz_11"
### BEGIN SOLUTION
quiz_11 = {"q1": "b", "q2": "a", "q3": "d", "q4": "c", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_11 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_11"
check("quiz_11")

# %% [markdown]
# ## Recap
#
# - **A clock for a device that works on:** warm up, wait, read, all steps, wait, read. Nothing that waits or prepares in between.
# - **Roofline:** $\text{FLOP/s} \le \min(\text{peak},\ \text{intensity} \cdot \text{bandwidth})$.
# - **One knob at a time,** against a baseline that says in which precision it computes.
# - **Half the bits** forward, float32 for the parameters. bfloat16 has float32's range and needs no scale; float16 does: scale,
#   backward, unscale, clip, step, update.

# %% [markdown]
# ## Think about it
#
# Your group rents one card by the hour, and a run takes ten hours. A colleague proposes four cards, bfloat16 and `torch.compile`:
# "Each of them doubles the speed at least, so it will be done in an hour." You have an afternoon. In five to eight sentences, to be
# read by a person: what do you measure first, and what would each result tell you; in which order do you try the three, and why;
# and how do you make sure that it is still the same training at the end?

# %% [markdown] points=3 reflection="reflection_11"
# ### BEGIN SOLUTION
# First I measure the images per second of a few hundred steps after a warm-up, waiting for the device before each reading of
# the clock, and then the same with one batch that is used again and again. If the second is much faster, the loader is the limit, and none of
# the three helps. Then I double the batch: if a step takes hardly longer, the card was waiting for Python, and
# compiling, graphs or a larger batch help, while more cards would only make four of them wait. If it takes twice as long, the card is
# busy, and bfloat16 is worth trying, since it halves the bytes and makes products cheaper. I turn one knob at a time,
# the one that changes no results first, then bfloat16, and rent more cards last, because they cost four times as much an hour. Factors
# do not multiply: what one knob gains another can no longer gain. To see that it is the same training I compare the loss of the
# first hundred steps on the same batches, and the validation accuracy of a short run with several seeds; with four cards the batch
# of all together stays as it was, or the learning rate has to be found anew.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: measures before changing anything, in a way that would hold on a GPU (warm-up, waiting), and says what at least one result
# would tell (loader, launches or the card being the limit). 1 point: an order with a reason, and the insight that gains do
# not multiply, or that more cards help only where the card is the limit. 1 point: a check that it is still the same training:
# losses on the same batches, validation accuracy with several seeds, or the batch of all cards and the learning rate. Half a
# point for an order without a reason.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# Papers with public code, and what to reproduce of each:
#
# - P. Micikevicius and others, [Mixed Precision Training](https://arxiv.org/abs/1710.03740) (2018);
#   [code](https://github.com/NVIDIA/apex). Reproduce: the histogram of your gradients' exponents, and the share that float16
#   would turn into 0, without and with a scale.
# - S. Williams, A. Waterman, D. Patterson, [Roofline: an insightful visual performance model for multicore
#   architectures](https://doi.org/10.1145/1498765.1498785) (2009); the [Empirical Roofline
#   Tool](https://bitbucket.org/berkeleylab/cs-roofline-toolkit). Reproduce: the roof of your machine, and the backward pass as
#   further points under it.
# - S. Li and others, [PyTorch Distributed: Experiences on Accelerating Data Parallel
#   Training](https://arxiv.org/abs/2006.15704) (2020); the code is PyTorch's own
#   [DistributedDataParallel](https://github.com/pytorch/pytorch/blob/main/torch/nn/parallel/distributed.py). Reproduce: the images
#   per second of one and of two processes, for batches of 64 and of 1,024.
# - K. Jordan, [94% on CIFAR-10 in 3.29 Seconds on a Single GPU](https://arxiv.org/abs/2404.00498) (2024);
#   [code](https://github.com/KellerJordan/cifar10-airbench). Reproduce: take away one of its tricks at a time, and measure
#   what each is worth.
#
# To read besides:
#
# - H. He, [Making Deep Learning Go Brrrr From First Principles](https://horace.io/brrr_intro.html) (2022): the three limits of
#   this unit, for GPUs.
# - P. Goyal and others, [Accurate, Large Minibatch SGD](https://arxiv.org/abs/1706.02677) (2017): larger batches, with the learning
#   rate scaled along.
# - [Performance Tuning Guide](https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html), by PyTorch's makers.
#
# Next: 12 Structure, where the network itself is what you optimize.

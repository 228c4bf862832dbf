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
# **After this unit you can** measure how fast a training step is without fooling yourself, predict its time from launches,
# bytes and FLOPs, turn the knobs that make it faster one at a time, compute with half the bits, and train on several devices as
# if they were one.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 130 to 160 minutes, in two sittings | ●●●●○ | the network and the loop of [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb); optimizers as PyTorch's classes ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)) |
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
import warnings

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
CUDA = device.type == "cuda"


def wait_for_device():
    """On a CPU every operation has ended when it returns."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def precision(name):
    """Let NVIDIA's float32 products and convolutions be "ieee", full float32, or "tf32"."""
    if not CUDA:
        return
    if hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # PyTorch 2.9 and newer
        torch.backends.cuda.matmul.fp32_precision = torch.backends.cudnn.conv.fp32_precision = name
    else:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"


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
    plots.finding(ax, f"The GPU's step takes {truth['GPU']:.1f} ms, the benchmark says {told['GPU']:.1f}: {verdict}")
    plt.show()
    for name in truth:
        print(f"{name:7} the benchmark says {told[name]:5.1f} ms a step, the truth is about {truth[name]:.1f} ms")

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
# Now this machine's roof, measured: large matrix products for the peak, large copies for the bandwidth, of two sizes each, and
# the better of the two counts. Roof and layers are measured in turn, so that a moment in which the machine is busy hits both.

# %% folded=true
with waits_for("throughput"):
    not_while_grading()
    on_cpu = device.type == "cpu"
    precision("ieee")
    net, tasks = Net().to(device), {}
    for size in (512, 1024) if on_cpu else (4096, 8192):
        a = torch.randn(size, size, device=device)
        tasks["peak", size] = (lambda a=a: a @ a, 2 * size**3)
    for mib in (64, 128) if on_cpu else (256, 1024):  # more than most caches hold
        source = torch.randn(mib * 2**18, device=device)
        target = torch.empty_like(source)
        tasks["bandwidth", mib] = (lambda source=source, target=target: target.copy_(source), 2 * 4 * len(source))
    for name, (C, _, k, side) in layers.items():
        x = torch.randn(N, C, side, side, device=device) if k == 3 else torch.randn(N, C, device=device)
        layer = getattr(net, name)
        tasks["layer", name] = (lambda layer=layer, x=x: layer(x), work[name][0])
    tiny = torch.zeros(1, device=device)
    tasks["launch", 1] = (lambda: tiny.add_(1), 1)
    best = dict.fromkeys(tasks, 0.0)
    with torch.no_grad():
        for _ in range(4):
            for key, (step, amount) in tasks.items():
                steps = {"layer": 10, "launch": 200}.get(key[0], 3)
                best[key] = max(best[key], throughput(step, amount, 1, steps, wait_for_device, time.perf_counter))
    tasks.clear()
    peak, bandwidth = (max(rate for key, rate in best.items() if key[0] == kind) for kind in ("peak", "bandwidth"))
    launch = 1 / best["launch", 1]
    attained = {name: best["layer", name] for name in layers}
    roof = {name: min(peak, work[name][1] * bandwidth) for name in layers}

    intensities = np.logspace(-1, 3, 200)
    ax = plt.subplots(figsize=(7.4, 4.0))[1]
    ax.loglog(intensities, np.minimum(peak, intensities * bandwidth) / 1e9, color=plots.INK, linewidth=2)
    for name, colour, marker in zip(layers, (plots.BLUE, plots.VERMILLION, plots.GREEN, plots.ORANGE), "osD^", strict=True):
        ax.plot(work[name][1], attained[name] / 1e9, marker, color=colour, markersize=9, label=name)
    ax.axvline(peak / bandwidth, color=plots.MUTED, linestyle=":")
    ax.text(peak / bandwidth * 1.1, ax.get_ylim()[0] * 1.3, "the ridge: peak / bandwidth", color=plots.MUTED, fontsize=9)
    ax.set(xlabel="arithmetic intensity (FLOPs per byte)", ylabel="GFLOP/s")
    ax.legend(loc="upper left")
    of_all, share = work["conv2"][0] / all_flops, attained["conv2"] / roof["conv2"]
    plots.finding(ax, f"This machine ({device.type}): conv2, with {of_all:.0%} of the arithmetic, reaches {share:.0%} of its roof")
    plt.show()
    print(f"peak {peak / 1e9:,.0f} GFLOP/s, bandwidth {bandwidth / 1e9:,.0f} GB/s, one launch {1e6 * launch:.1f} microseconds")
    for name in layers:
        print(f"{name}: {attained[name] / roof[name]:4.0%} of its roof; one launch is {launch * attained[name] / work[name][0]:.2%} of its time")
    above = [name for name in layers if attained[name] > 1.1 * roof[name]]
    if above:
        print(f"Above the roof: {', '.join(above)}. The roof was measured too low, or their data lay in a cache: run this again.")

# %% [markdown]
# Left of the ridge memory is the limit: fewer bytes help (half the bits, fusing operations, larger batches for the linear
# layers, whose weights are then used more often). Right of it arithmetic is the limit: fewer or cheaper FLOPs help (another
# structure: unit 12; on NVIDIA cards **tensor cores**, units that do nothing but multiply small matrices). A point far below the roof
# has neither excuse. If a launch is a large share of its time, the time goes into starting the work; if not, the program that computes
# it uses the machine badly, as it easily does with one channel. (`"ieee"` above asks for full float32; why, the table below says.)
#
# ## A step's time, predicted
#
# A training step of this network is two dozen operations at the least, on a GPU called **kernels**: products, activations, their
# ways back, and the optimizer's. What does the whole take?
#
# - Python hands kernels over one after another, and each **launch** takes it some time $\ell$, a few microseconds.
# - Kernel $k$ then takes $w_k = \max(\text{FLOPs}_k / \text{peak},\ \text{bytes}_k / \text{bandwidth})$: it computes and moves
#   at the same time, and the slower of the two counts.
# - On a **CPU** each call returns when it is done, so all of it adds up: $T = \sum_k (\ell + w_k)$.
# - On a **GPU** Python runs ahead. Kernel $k$ is handed over at $k\,\ell$, and it begins when it has been handed over *and* the
#   kernel before it has ended:
#
# $$e_0 = 0, \qquad e_k = \max(k\,\ell,\ e_{k-1}) + w_k, \qquad T = e_K$$
#
# ### Exercise: `predict_step_time`


# %% exercise="predict_step_time"
def predict_step_time(operations, launch, bandwidth, peak, overlap):
    """The time in seconds from the first launch to the end of the last kernel.

    operations: a list of pairs (FLOPs, bytes), in order, K of them.  launch: seconds that handing one over takes.
    bandwidth: bytes per second.  peak: FLOPs per second.  overlap: True if Python runs ahead of the device (a GPU), False if
    each call returns when its kernel is done (a CPU).
    """
    ### BEGIN SOLUTION
    handed_over, end = 0.0, 0.0
    for flops, moved in operations:
        work = max(flops / peak, moved / bandwidth)
        handed_over = (handed_over if overlap else end) + launch
        end = max(handed_over, end) + work
    return end
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one kernel's time</summary>
#
# Two divisions, and the larger result. Do that for each kernel by itself, before anything is added up: a kernel that waits for
# memory cannot lend its idle arithmetic to the next.
# </details>
#
# <details><summary>Hint 2: without overlap</summary>
#
# Every kernel costs its launch and its work, and nothing happens at the same time.
# </details>
#
# <details><summary>Hint 3: with overlap, too long or too short</summary>
#
# Keep two moments: when Python has handed over this kernel (it never waits for the device), and when the device has ended the
# one before. The later of the two is where this kernel begins. Even the first has to be handed over.
# </details>
#
# <details><summary>Hint 4: right for a busy device and for an idle one, wrong in between</summary>
#
# During a long kernel Python gets ahead, and what it has gained it keeps for the next ones. No sum over kernels and no
# maximum of two sums knows that; go through them one by one.
# </details>

# %% check="predict_step_time"
check("predict_step_time")

# %% [markdown]
# First the picture of it: the forward pass for a batch, Python's launches above, the kernels below. Peak and bandwidth are those
# of a data-centre card as its maker states them (H100 SXM: 67 TFLOP/s in float32, 3.35 TB/s), and the launch is an assumption: 5
# microseconds. This is a prediction. With the sliders, find the batch from which on the card is busy without a pause; then halve the launch.


# %% folded=true given="operations"
def conv_or_linear(N, C, F, k, side):
    """(FLOPs, numbers in, weights, numbers out) of a layer; k = side = 1 for a linear one."""
    return 2 * N * side**2 * F * C * k**2, N * C * side**2, F * C * k**2, N * F * side**2


def forward_operations(N):
    """(name, FLOPs, bytes) of each kernel of Net's forward pass for N images, with the fewest bytes that must move."""
    found = []
    for name, (C, F, k, side) in layers.items():
        flops, into, weights, out = conv_or_linear(N, C, F, k, side)
        found.append((name, flops, 4 * (into + weights + out)))
        if name != "fc2":
            found.append((f"ReLU {name}", out, 4 * 2 * out))
        if name.startswith("conv"):
            found.append((f"pool {name}", out, 4 * out * 7 // 4))  # reads all, writes a quarter, and where it was (int64)
    return found


def step_operations(N):
    """(FLOPs, bytes) of each kernel of a training step: forward, loss, backward, and an Adam that is one kernel."""
    forward, backward, parameters = forward_operations(N), [], 0
    for name, (C, F, k, side) in layers.items():
        flops, into, weights, out = conv_or_linear(N, C, F, k, side)
        backward.append((flops, 4 * (into + weights + out)))  # the weights' gradient
        if name != "conv1":
            backward.append((flops, 4 * (into + weights + out)))  # the input's
        if name != "fc2":
            backward.append((out, 4 * 3 * out))  # ReLU
        if name.startswith("conv"):
            backward.append((out, 4 * out * 7 // 4))
        parameters += weights + F
    loss = [(10 * N, 4 * 20 * N), (10 * N, 4 * 20 * N)]
    return [(flops, moved) for _, flops, moved in forward] + loss + backward + [(12 * parameters, 4 * 7 * parameters)]


# %% folded=true
with waits_for("predict_step_time"):

    def timeline(log2_batch=8, launch_microseconds=5.0):
        """When each kernel of a forward pass is handed over, begins and ends on the card of the data sheet."""
        kernels = forward_operations(2**log2_batch)
        rate, top = 3.35e12, 67e12
        ends = [
            1e6 * predict_step_time([op[1:] for op in kernels[: k + 1]], launch_microseconds / 1e6, rate, top, True)
            for k in range(len(kernels))
        ]
        lengths = [1e6 * predict_step_time([op[1:]], 0.0, rate, top, True) for op in kernels]
        colours = [plots.GREEN if name.startswith(("conv", "fc")) else plots.ORANGE for name, _, _ in kernels]
        ax = plt.subplots(figsize=(7.4, 2.6))[1]
        for k, (end, length, colour) in enumerate(zip(ends, lengths, colours, strict=True)):
            ax.barh(1, launch_microseconds, left=k * launch_microseconds, height=0.5, color=plots.BLUE, edgecolor="white")
            hatch = "" if colour == plots.GREEN else "//"
            ax.barh(0, length, left=end - length, height=0.5, color=colour, hatch=hatch, edgecolor="white")
        ax.set(yticks=(0, 1), yticklabels=("card", "Python"), xlabel="microseconds (predicted)", ylim=(-0.5, 1.5))
        ax.grid(False)
        idle = 1 - sum(lengths) / ends[-1]
        plots.finding(ax, f"Batch of {2**log2_batch:,}: {ends[-1]:,.0f} microseconds, of which the card idles {idle:.0%}")

    plots.play(timeline, log2_batch=(0, 14, 1), launch_microseconds=(0.5, 10.0, 0.5))

# %% [markdown]
# Blue: Python hands a kernel over. Green: convolutions and linear layers. Striped: activations and poolings, which compute next to
# nothing and still take their time, since they move every number. Merging neighbours into one kernel, **fusing**, saves bytes and
# launches, and that is what `torch.compile` mostly does.
#
# A prediction is worth something if it can fail. So here is this machine's: peak, bandwidth and launch as measured above, against
# real training steps, for batches of 1 to 256 images.

# %% folded=true
with waits_for("predict_step_time", "throughput"):
    not_while_grading()
    batches = (1, 4, 16, 64, 256)
    measured, predicted, launches_only, updates = [], [], [], []
    for size in batches:
        torch.manual_seed(0)
        net = Net().to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
        images, labels = X_all[:size].to(device), y_all[:size].to(device)

        def step(net=net, optimizer=optimizer, images=images, labels=labels):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images), labels).backward()
            optimizer.step()

        rates = [throughput(step, 1, 1, 3, wait_for_device, time.perf_counter) for _ in range(3)]
        measured.append(1000 / max(rates))
        updates.append(1000 / max(throughput(optimizer.step, 1, 1, 3, wait_for_device, time.perf_counter) for _ in range(3)))
        operations = step_operations(size)
        predicted.append(1000 * predict_step_time(operations, launch, bandwidth, peak, device.type != "cpu"))
        launches_only.append(1000 * launch * len(operations))
    ax = plt.subplots(figsize=(7.4, 3.8))[1]
    ax.loglog(batches, measured, "o-", color=plots.VERMILLION, label="measured")
    ax.loglog(batches, predicted, "s--", color=plots.BLUE, label="predicted")
    ax.loglog(batches, launches_only, ":", color=plots.MUTED, label="launches alone")
    ax.set(xlabel="images in the batch", ylabel="milliseconds a step", xticks=batches, xticklabels=batches)
    ax.minorticks_off()
    ax.legend()
    first, last = measured[0] / predicted[0], measured[-1] / predicted[-1]
    plots.finding(ax, f"A step takes {last:.1f} times as long as predicted with 256 images, and {first:.1f} times with one")
    plt.show()
    print("batch     " + " ".join(f"{size:8}" for size in batches))
    print("predicted " + " ".join(f"{value:8.2f}" for value in predicted) + "  ms")
    print("measured  " + " ".join(f"{value:8.2f}" for value in measured) + "  ms")
    shares = [predict_step_time(step_operations(size)[-1:], 0.0, bandwidth, peak, False) for size in (1, 256)]
    shares = [1000 * share / whole for share, whole in zip(shares, (predicted[0], predicted[-1]), strict=True)]
    print(f"Adam's share, predicted: {shares[0]:.0%} with one image, {shares[1]:.0%} with 256", end="; ")
    print(f"measured: {updates[0] / measured[0]:.0%} and {updates[-1] / measured[-1]:.0%}")

# %% [markdown]
# The prediction is meant as a **lower bound**: the fewest bytes, each kernel at the roof, one launch an operation. Its shape teaches
# already: with one image much of it is Adam's, whose parameters and moments move whatever the batch, so a small batch pays for a whole
# update and gets little. The distance teaches the rest. With one image it is an Adam that is dozens of calls and not one, each of which
# moves its numbers anew (the last line says how much), and Python's own work. With 256 images it is the roof: forward, the convolutions
# were below it already, and their way back is no easier.
#
# *A good place for a break.*
#
# ## One knob at a time
#
# | knob | what it changes |
# |---|---|
# | `DataLoader(num_workers=2)` | other processes cut and stack the next batches while this one is computed |
# | `pin_memory=True`, `non_blocking=True` | memory that the GPU can fetch by itself, while Python goes on |
# | data on the device | 10,000 images are 31 MB: put them there once, and pick batches by index |
# | larger batch | fewer, larger steps keep the device busy. The learning rate grows along: for SGD in proportion (unit 03), for Adam often by the root, so 4 times the batch gets 2 times the rate |
# | `channels_last` | the same numbers in another order, NHWC, which many convolutions prefer |
# | `fused=True` | the optimizer's dozens of kernels become one |
# | TF32 | float32's range, 10 binary digits after the point, on NVIDIA's tensor cores (cards from 2020 on) |
# | half the bits | bfloat16 or float16 by autocast: layers hand on half the bytes, and tensor cores compute them many times as fast |
# | `torch.compile` | fuses operations, so that fewer intermediate results travel to memory and back |
# | `mode="reduce-overhead"` | the same, recorded as CUDA graphs |
# | CUDA graph by hand | records all orders of a step once and plays them again: Python no longer asks |
#
# Two traps. **`channels_last` for images with one channel**: `images.contiguous(memory_format=torch.channels_last)` leaves our
# (64, 1, 28, 28) as they are, since with one channel both orders are the same numbers in the same places and torch sees no
# reason to act; `.to(memory_format=torch.channels_last)` says so in the strides, and the layers after it see an NHWC tensor. **TF32**:
# PyTorch uses it for convolutions by default and not for products, so that "float32" may be two things in one
# network. The baseline here asks for full float32 everywhere, and TF32 is a row of its own. (One knob more, where all your batches have
# one shape: `torch.backends.cudnn.benchmark = True` lets cuDNN try its algorithms once for each shape, and keep the fastest.)

# %%
one_channel = torch.zeros(64, 1, 28, 28)
print("as made:          ", one_channel.stride())
print("contiguous(...):  ", one_channel.contiguous(memory_format=torch.channels_last).stride())
print("to(...):          ", one_channel.to(memory_format=torch.channels_last).stride())

# %% [markdown]
# Workers and notebooks: on Windows and macOS, and on Linux from Python 3.14 on, a worker is a fresh Python that imports what it is
# sent. It cannot import a notebook, so a Dataset class or a transform that you define in a cell ends in "worker exited unexpectedly".
# Keep `num_workers=0`, or let a cell that begins with `%%writefile my_data.py` save the class beside the notebook, and import it:
#
# ```python
# from my_data import MyDataset  # not the class from the cell
# loader = torch.utils.data.DataLoader(MyDataset(), 64, num_workers=2)
# ```
#
# (A `TensorDataset`, as below, is PyTorch's own and needs neither.)
#
# The baseline is the loop as most people write it: a DataLoader that collects one image after the other, batches of 64,
# float32. Every other row changes **one** thing (with the larger batch, the learning rate belongs to it; the graph by hand
# has its data on the device). Which of the four below will bring most on *this* machine? On a CPU the same cells run smaller:
# three steps are measured in place of a hundred.

# %%
predict(
    "knob",
    ...,
    options={
        "a": "data on the device",
        "b": "larger batch",
        "c": "channels_last",
        "d": "half the bits",
        "e": "none of these by more than a tenth",
    },
)

# %% folded=true given="knobs"
WARMUP, STEPS = (1, 3) if device.type == "cpu" else (20, 100)
LOW = torch.bfloat16
if CUDA and not torch.cuda.is_bf16_supported(including_emulation=False):
    LOW = torch.float16  # cards before Ampere, such as the T4, only pretend to compute in bfloat16


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


def stepper(batches, rate=0.001, channels_last=False, low=False, fused=False, tf32=False, mode=None):
    """A function that makes one training step with the next batch; mode: torch.compile's, None for no compiling."""
    torch.manual_seed(0)
    model = Net().to(device)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=fused)
    network = model if mode is None else torch.compile(model, mode=mode)
    scaler = torch.amp.GradScaler(device.type, enabled=low and LOW is torch.float16)

    def step():
        images, labels = next(batches)
        if channels_last:
            images = images.to(memory_format=torch.channels_last)
        precision("tf32" if tf32 else "ieee")
        with torch.autocast(device.type, dtype=LOW, enabled=low):
            loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    return step


def graph_stepper(batches):
    """A step whose orders were recorded once in a CUDA graph; images and labels are copied into its own place."""
    torch.manual_seed(0)
    precision("ieee")
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
    with torch.cuda.stream(side), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a capturable Adam complains that these first steps are not being captured
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
    return {
        "baseline": (lambda: stepper(batches_by_loader(64)), 64),
        "2 workers": (lambda: stepper(batches_by_loader(64, workers=2)), 64),
        "pinned memory": (lambda: stepper(batches_by_loader(64, pinned=True)), 64) if CUDA else None,
        "data on the device": (lambda: stepper(batches_on_device(64)), 64),
        "batch of 256": (lambda: stepper(batches_by_loader(256), rate=0.002), 256),
        "channels_last": (lambda: stepper(batches_by_loader(64), channels_last=True), 64),
        "fused Adam": (lambda: stepper(batches_by_loader(64), fused=True), 64),
        "TF32": (lambda: stepper(batches_by_loader(64), tf32=True), 64) if CUDA else None,
        "half the bits": (lambda: stepper(batches_by_loader(64), low=True), 64),
        "torch.compile": (lambda: stepper(batches_by_loader(64), mode="default"), 64) if CUDA else None,
        "reduce-overhead": (lambda: stepper(batches_by_loader(64), mode="reduce-overhead"), 64) if CUDA else None,
        "CUDA graph": (lambda: graph_stepper(batches_on_device(64)), 64) if CUDA else None,
    }


# %% folded=true
with waits_for("throughput"):
    not_while_grading()
    rounds, steppers, missing = {}, {}, [name for name, knob in knobs().items() if knob is None]
    available = {name: knob for name, knob in knobs().items() if knob is not None}
    for _ in range(3):  # in turn, so that each knob is compared with the baseline of its own round
        for name, (make_step, size) in list(available.items()):
            try:
                step = steppers[name] = steppers.get(name) or make_step()
                rate = throughput(step, size, WARMUP, STEPS, wait_for_device, time.perf_counter)
                rounds.setdefault(name, []).append(rate)
            except RuntimeError as problem:  # a knob that this device or this installation lacks
                available.pop(name)
                steppers.pop(name, None)
                rounds.pop(name, None)
                print(f"{name} cannot be had here: {type(problem).__name__}")
    steppers.clear()  # which ends the two workers
    if missing:
        print("left out on this machine:", ", ".join(missing))
    ratios = {name: np.divide(found, rounds["baseline"]) for name, found in rounds.items()}
    middle = {name: np.median(ratio) for name, ratio in ratios.items()}
    print(f"baseline: {np.median(rounds['baseline']):,.0f} images per second, measured over {STEPS} steps")
    ax = plt.subplots(figsize=(7.4, 3.4))[1]
    names = [f"{name}: {ratio:.2f}" for name, ratio in middle.items()]
    ax.barh(names, list(middle.values()), color=[plots.MUTED, *[plots.BLUE] * (len(names) - 1)])
    ax.hlines(names, [ratio.min() for ratio in ratios.values()], [ratio.max() for ratio in ratios.values()], color=plots.ORANGE)
    ax.axvline(1, color=plots.INK, linewidth=1)
    ax.invert_yaxis()
    ax.set(xlabel="images per second, as a multiple of the baseline's")
    four = {
        "data on the device": ("a", "no batch is collected and sent any more."),
        "batch of 256": ("b", "what every step costs, Adam's update above all, is shared by four times the images."),
        "channels_last": ("c", "this device's convolutions prefer the order NHWC."),
        "half the bits": ("d", "this device computes half the bits faster, and has fewer bytes to move."),
    }
    best_knob = max(four, key=lambda name: middle.get(name, 0))
    gain, agree = middle[best_knob], len({bool(ratio > 1.1) for ratio in ratios[best_knob]}) == 1
    said = f"{best_knob} brings most, {gain:.2f} times the baseline" if gain > 1.1 else "none of the four brings a tenth"
    plots.finding(ax, f"On this {device.type.upper()}, {said}{'' if agree else ' (the rounds disagree)'}")
    plt.show()
    letter, reason = four[best_knob] if gain > 1.1 else ("e", "the time goes into something that none of the four makes cheaper.")
    reveal("knob", letter, because=f"most likely, {reason} On another machine the order may be another: measure yours.")

# %% [markdown]
# Rows that are left out need an NVIDIA GPU. (`torch.compile` works on a CPU as well, but needs a C++ compiler and half a minute.)
# The bars are medians of three rounds, and the thin lines span the rounds: where such a line is long, or crosses 1, the machine was
# too busy to say. Run the cell again, and trust a ratio only if it comes out alike.
#
# Images per second are not learning yet: batches of 256 make a quarter of the updates in an epoch, and only a run to the same
# validation loss says whether that pays. On a CPU the step itself takes nearly all of the time, so no knob that is about bringing data
# helps much. A larger batch and a fused Adam can, as they make the update's share smaller, and half the bits help where the processor
# computes in bfloat16. For a GPU your own `predict_step_time` says what to expect: this network is so small that a fast card mostly
# waits for Python, and what should pay is whatever asks less often (larger batches, fused optimizers, graphs), or brings the data
# without Python (on the device). The baseline's DataLoader collects images one by one in Python: on a fast card that alone may be the
# limit. Where does the time go on yours? `torch.profiler` shows it as a picture:
#
# ```python
# with torch.profiler.profile() as profile:
#     for _ in range(10):
#         step()
# print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))
# profile.export_chrome_trace("trace.json")  # open it in a browser, at ui.perfetto.dev
# ```
#
# In the trace, look for gaps in the device's row (it waits: for launches, or for data), for one kernel that is longer than all
# others, and for many short ones in a row that could be fused.
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
# **float16** has more digits (11) and a small range. It is what NVIDIA cards before Ampere, from 2020, have: the T4 of many
# free notebooks is one. Here its trouble is another:

# %%
tiny_gradients = torch.tensor([1e-5, 1e-7, 1e-8])
for scale in (1, 65536):
    kept = (tiny_gradients * scale).half().float() / scale
    print(f"float16, scale {scale:6}:", " ".join(f"{value:.2e}" for value in kept.tolist()))
print("bfloat16, no scale:    ", " ".join(f"{value:.2e}" for value in tiny_gradients.bfloat16().tolist()))

# %% [markdown]
# Small gradients become 0. So the loss is multiplied by a large *scale* before backward, which makes all gradients larger by the
# chain rule, and they are divided by it before the step. `torch.amp.GradScaler` does that: `scaler.scale(loss)`,
# `scaler.unscale_(optimizer)`, `scaler.step(optimizer)` (which leaves the step out if a gradient is infinite),
# `scaler.update()` (which then halves the scale, and doubles it after many good steps). The scaler belongs to float16;
# bfloat16 has float32's range and needs none.
#
# ### Exercise: `amp_step`
#
# One step in `dtype`: forward and loss under autocast; with the scaler if there is one; with the gradient's norm clipped to
# `max_norm` if there is one. Clip what the optimizer will see: gradients without the scale.


# %% exercise="amp_step"
def amp_step(model, images, labels, optimizer, dtype=torch.bfloat16, scaler=None, max_norm=None):
    """One training step in mixed precision; returns the loss, a plain number without the scale.

    dtype: torch.bfloat16 or torch.float16, for autocast, whose type of device is images.device.type.
    scaler: a torch.amp.GradScaler, or None.  max_norm: a number, or None.
    """
    ### BEGIN SOLUTION
    with torch.autocast(images.device.type, dtype=dtype):
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
# `with torch.autocast(images.device.type, dtype=dtype):` around two things, the forward pass and the loss. The model
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

# %% folded=true
with waits_for("amp_step"):
    not_while_grading()
    curves = {}
    half = str(LOW).removeprefix("torch.")
    for name in ("float32", half):
        torch.manual_seed(0)
        net = Net().to(device)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler(device.type) if LOW is torch.float16 else None
        losses = []
        for index in torch.arange(1920).split(64):
            images, labels = X_all[index].to(device), y_all[index].to(device)
            if name == half:
                losses.append(amp_step(net, images, labels, optimizer, LOW, scaler))
            else:
                loss = nn.functional.cross_entropy(net(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        curves[name] = losses
    gap = np.abs(np.subtract(*curves.values())).max()
    fall = curves["float32"][0] - min(curves["float32"])
    ax = plots.loss_curves(curves, xlabel="update", ylabel="loss of the batch")
    plots.finding(ax, f"Half the bits forward: the losses differ by {gap:.2f} at most, and fall by {fall:.2f}")
    plt.show()

# %% [markdown]
# ## More than one GPU
#
# **Data-parallel** training: each device has a copy of the network, and gets its own part of every batch. If all copies make the
# same step, they stay equal and never have to be compared. For that they need the same gradients, and each has another one: that
# of the mean loss over *its* examples. Between `backward` and `step` these are averaged.
#
# With $R$ copies, of which copy $r$ has $n_r$ examples and the gradient $g_r$ of its mean loss:
#
# $$g = \frac{\sum_r n_r\, g_r}{\sum_r n_r}$$
#
# That is the gradient of the mean over the whole batch. (It is your `epoch_loss` of unit 10, with gradients in place of losses.)
# Gradients are linear in the loss, and so this is exact.
#
# **What fills a device's memory** in training: in float32 with Adam 16 bytes a parameter (itself, its gradient, two moments), whatever
# the batch; and for every image of the batch the outputs of the layers, since backward needs them. The second part can be cut up.
#
# The same formula makes a large batch on *one* small device, **gradient accumulation**: `backward` adds up by itself, so
# `(loss * n / total).backward()` for each part, and one `step` after the last.
#
# ### Exercise: `average_gradients`


# %% exercise="average_gradients"
def average_gradients(models, counts):
    """Give every copy the average of all copies' gradients, weighted by their examples.

    models: R copies of a network; in each parameter's .grad lies the gradient of the mean loss over the copy's examples.
    counts: how many examples each copy had, R whole numbers. A copy that had none has gradients None, which count as 0; it gets
    the average like the others. Where no copy has a gradient (a frozen parameter), None stays. Each copy gets tensors of its
    own; the parameters stay as they are. Returns nothing.
    """
    ### BEGIN SOLUTION
    total = sum(counts)
    for params in zip(*(model.parameters() for model in models), strict=True):
        shares = [n / total * p.grad for p, n in zip(params, counts, strict=True) if p.grad is not None]
        for p in params:
            p.grad = sum(shares).clone() if shares else None
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the copies end with different gradients</summary>
#
# `zip(*(model.parameters() for model in models))` gives, one after the other, the R copies of each parameter. First compute
# the average of their gradients, then write it into all of them: whoever writes while still reading averages averages.
# </details>
#
# <details><summary>Hint 2: right for equal parts, wrong for others</summary>
#
# A mean times its number is a sum. Each gradient is multiplied by its number of examples, and the sum is divided by all examples.
# </details>
#
# <details><summary>Hint 3: tensors of their own</summary>
#
# `p.grad = average` hands the same tensor to all copies, and clipping one clips all. `.clone()` makes another one.
# </details>
#
# <details><summary>Hint 4: None</summary>
#
# Three cases: all copies have a gradient; some have (leave the others out of the sum, but give them the result); none has (leave
# None where it is).
# </details>

# %% check="average_gradients"
check("average_gradients")

# %% [markdown]
# Now the proof. Two copies of `Net` share batches of 48 images, 32 and 16, for eight steps of SGD with momentum; a third network
# takes each batch whole. In three ways: with your averages, with the plain mean of the two gradients, and without any exchange.
# (On the CPU, in float64, which Apple's GPUs do not have: the less rounding, the clearer the proof.)

# %% folded=true
with waits_for("average_gradients"):
    not_while_grading()

    def plain_mean(models, counts):
        for p, q in zip(models[0].parameters(), models[1].parameters(), strict=True):
            mean = (p.grad + q.grad) / 2
            p.grad, q.grad = mean, mean.clone()

    def distance(one, other):
        """The largest difference of two networks' parameters."""
        with torch.no_grad():
            return max((a - b).abs().max().item() for a, b in zip(one.parameters(), other.parameters(), strict=True))

    exchanges = {"your average": average_gradients, "plain mean": plain_mean, "no exchange": lambda models, counts: None}
    apart, away, losses = {}, {}, {}
    for name, exchange in exchanges.items():
        networks = []
        for _ in range(3):
            torch.manual_seed(0)
            networks.append(Net().double())
        optimizers = [torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9) for net in networks]
        apart[name], away[name], losses[name] = [], [], []
        for index in torch.arange(8 * 48).split(48):
            parts = (index[:32], index[32:], index)
            for net, part in zip(networks, parts, strict=True):
                net.zero_grad()
                loss = nn.functional.cross_entropy(net(X_all[part].double()), y_all[part])
                loss.backward()
                losses[name].append(loss.item())
            exchange(networks[:2], [32, 16])
            for optimizer in optimizers:
                optimizer.step()
            apart[name].append(distance(networks[0], networks[1]))
            away[name].append(distance(networks[0], networks[2]))
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.4), sharey=True)
    styles = {"your average": (plots.BLUE, "o-"), "plain mean": (plots.ORANGE, "s--"), "no exchange": (plots.VERMILLION, "^:")}
    for ax, values, title in zip(axes, (apart, away), ("between the two copies", "to one network that saw all"), strict=True):
        for name, (colour, style) in styles.items():
            ax.semilogy(range(1, 9), np.maximum(values[name], 1e-18), style, color=colour, label=name)
        ax.set(xlabel="step", title=title, xticks=range(1, 9))
    axes[0].set_ylabel("largest difference")
    axes[0].legend(fontsize=9)
    exact = max(away["your average"]) < 1e-10 and max(apart["your average"]) == 0
    verdict = "two copies train as one" if exact else "the copies do not train as one yet"
    other = max(apart["plain mean"]) == 0 and min(away["plain mean"]) > 1e-6
    plots.finding(fig, f"With your average, {verdict}{'; with the plain mean they agree, on something else' if other else ''}")
    plt.show()
    print("largest difference between the copies:", max(apart["your average"]))
    first_copy = losses["plain mean"][::3]  # each step: the two copies, and the network that sees all
    print(f"with the plain mean: {max(apart['plain mean'])}; the first copy's loss went from {first_copy[0]:.2f} to {first_copy[-1]:.2f}")

# %% [markdown]
# (Differences of 0 are drawn at the bottom.) The plain mean is the instructive one: the copies agree with each other to the last bit,
# the loss goes down, nothing looks wrong, and it is another training. Only the comparison with one process shows it. It comes up in
# every last batch of an epoch that cannot be divided by the number of devices.
#
# In practice the copies live in different processes, and no function can reach into all of them. The processes send their shares
# around instead: `torch.distributed.all_reduce` leaves in each the sum over all. A script with two processes, which needs no GPU
# (`gloo` lets CPUs talk), computes the gradient of the same 48 images:

# %% folded=true
import copy
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """
import sys, torch
import torch.distributed as team
from torch import nn

rank, size, meeting, data, out = int(sys.argv[1]), 2, sys.argv[2], sys.argv[3], sys.argv[4]
team.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
X, y = torch.load(data, weights_only=True)
torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).double()
part = slice(0, 32) if rank == 0 else slice(32, 48)
nn.functional.cross_entropy(model(X[part]), y[part]).backward()
n = torch.tensor(float(len(y[part])), dtype=torch.float64)
for p in model.parameters():
    p.grad *= n
    team.all_reduce(p.grad)
team.all_reduce(n)
for p in model.parameters():
    p.grad /= n
torch.save([p.grad for p in model.parameters()], out + str(rank))
team.destroy_process_group()
"""

with waits_for("average_gradients"):
    not_while_grading()
    X, y = X_all[:48].double(), y_all[:48]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "program.py").write_text(PROGRAM, encoding="utf-8")
        torch.save([X, y], place / "data.pt")
        meeting, quiet = (place / "meeting").as_uri(), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        words = [sys.executable, place / "program.py"]
        processes = [
            subprocess.Popen([*words, str(rank), meeting, place / "data.pt", place / "grad"], **quiet) for rank in range(2)
        ]
        try:
            ended = [process.wait(timeout=100) for process in processes]
        except subprocess.TimeoutExpired:
            ended = [1]
        for process in processes:
            process.kill()
        sent = [torch.load(place / f"grad{rank}", weights_only=True) for rank in range(2)] if not any(ended) else None
    if sent is None:
        print("Two processes could not be started or could not talk to each other here; the picture above says the same.")
    else:
        torch.manual_seed(0)
        copies = [nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).double()]
        copies.append(copy.deepcopy(copies[0]))
        for net, part in zip(copies, (slice(0, 32), slice(32, 48)), strict=True):
            nn.functional.cross_entropy(net(X[part]), y[part]).backward()
        average_gradients(copies, [32, 16])
        alike = all(torch.equal(a, b) for a, b in zip(*sent, strict=True))
        near = max((p.grad - g).abs().max().item() for p, g in zip(copies[0].parameters(), sent[0], strict=True))
        print("both processes hold the same gradients:", alike)
        print("they are yours, to within 1e-12:", near < 1e-12)

# %% [markdown]
# A whole training of that kind is `course_lib/ddp_train.py`, with PyTorch's `DistributedDataParallel`, which sends gradients while
# `backward` is still at work. In a shell, compare:
#
# ```text
# python -m course_lib.ddp_train --epochs 1
# torchrun --standalone --nproc-per-node 2 -m course_lib.ddp_train --epochs 1
# ```
#
# How its gradients become exact for the last batch is written at its top. Does it take half the time? For a network this small, hardly:
# the gradients' way and Python's own time come with every step, however small the part. Two devices pay when each has enough to do.

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
# **q2.** An activation function reads 100 MB of float32 and writes 100 MB. The machine moves 1 TB/s and does 50 TFLOP/s. What
# does its time do when the tensors become bfloat16?
# - a) it halves
# - b) it stays: arithmetic is the limit
# - c) it falls to a quarter: reading is halved, and writing is halved
# - d) it falls to a tenth: tensor cores compute it
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
# - **A step's time:** $w_k = \max(\text{FLOPs}_k / \text{peak},\ \text{bytes}_k / \text{bandwidth})$; on a GPU
#   $e_k = \max(k\,\ell,\ e_{k-1}) + w_k$, on a CPU $\sum_k (\ell + w_k)$. A lower bound.
# - **One knob at a time,** against a baseline that says in which precision it computes.
# - **Half the bits** forward, float32 for the parameters. bfloat16 has float32's range and needs no scale; float16 does: scale,
#   backward, unscale, clip, step, update.
# - **Copies stay equal** if all step with $g = \sum_r n_r\, g_r / \sum_r n_r$, which is the gradient of the mean over the whole batch.

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

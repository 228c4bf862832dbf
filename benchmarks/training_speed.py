"""One training step in seven ways, each with one knob more turned, on any device; and how many images a second it does.

They are knobs of unit 11, one after the other. All seven train unit 10's network by the same updates on the same
batches, so their losses agree: to rounding in float32, to three digits from the rung of half the bits on.
`gpu_training.py` measures them, `tests/gpu/test_gpu.py` compares what they learn.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib.ddp_train import network

LR, MOMENTUM = 0.02, 0.9
WARM_UP = 3  # steps before CUDA records a graph, as PyTorch's notes on CUDA graphs ask for

Loop = Callable[[int], float]  # does so many training steps and returns their mean loss
Clock = Callable[[], float]  # seconds, from any start
Step = Callable[[Tensor, Tensor], Tensor]  # images and labels to the loss, after the parameters were changed


class NotHereError(Exception):
    """A knob that this device does not have; the text is the reason."""


# What costs a row of the table, never the table. torch.compile without a compiler or Triton raises a RuntimeError, and
# so does a device that fails or has no memory left; compilers that cannot be started raise the others.
LACKING = (NotHereError, RuntimeError, ImportError, OSError, subprocess.SubprocessError)


@dataclass(frozen=True)
class Knobs:
    """What is turned on. With nothing on, it is the loop of many a tutorial."""

    whole_batches: bool = False  # the loader takes a batch by one indexing operation, not image by image
    on_device: bool = False  # the data set lies in the device's memory, batches are cut there
    channels_last: bool = False  # NHWC in memory, which convolution kernels for tensor cores want
    half: bool = False  # autocast to 16 bits: bfloat16, or float16 with its scaler
    compiled: bool = False  # torch.compile
    graph: bool = False  # the whole step recorded once as a CUDA graph, and replayed


LADDER = {
    "naive loop": Knobs(),
    "a loader that indexes whole batches": Knobs(whole_batches=True),
    "data on the device": Knobs(on_device=True),
    "channels_last": Knobs(on_device=True, channels_last=True),
    "half the bits": Knobs(on_device=True, channels_last=True, half=True),
    "torch.compile": Knobs(on_device=True, channels_last=True, half=True, compiled=True),
    "CUDA graphs": Knobs(on_device=True, channels_last=True, half=True, compiled=True, graph=True),
}


@dataclass(frozen=True, eq=False)
class Task:
    """What is trained: images (N, 1, 28, 28) float32 and labels (N,) int64 on the CPU, in batches, on `device`.

    backend: what torch.compile compiles with.
    """

    images: Tensor
    labels: Tensor
    device: torch.device
    batch_size: int = 128
    seed: int = 0
    backend: str = "inductor"

    def orders(self) -> Iterator[Tensor]:
        """The order of the examples in each epoch, without end; what does not fill a batch is left out."""
        generator = torch.Generator().manual_seed(self.seed)
        whole = len(self.images) // self.batch_size * self.batch_size
        while True:
            yield torch.randperm(len(self.images), generator=generator)[:whole]


def low_precision(device: torch.device) -> torch.dtype:
    """What autocast rounds to on a device: bfloat16, but float16 on NVIDIA cards from before 2020, which emulate it."""
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


def scaler_for(device: torch.device, enabled: bool = True) -> torch.amp.GradScaler:
    """The scaler of a training in `low_precision`: for float16 only, whose small gradients would become 0."""
    return torch.amp.GradScaler(device.type, enabled=enabled and low_precision(device) is torch.float16)


def training_loop(knobs: Knobs, task: Task) -> Loop:
    """The loop with these knobs, its network fresh from the task's seed.

    Raises `NotHereError` where the device lacks a knob.
    """
    if knobs.graph and task.device.type != "cuda":
        raise NotHereError("CUDA graphs are NVIDIA GPUs' own")
    if knobs.graph and knobs.half and low_precision(task.device) is torch.float16:
        raise NotHereError("with float16 the CPU decides about every step, which no recording can")
    torch.manual_seed(task.seed)
    model: Any = network().to(task.device)
    if knobs.channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM)
    batches = batches_on_device(task) if knobs.on_device else batches_by_loader(task, knobs.whole_batches)
    if knobs.channels_last:
        batches = ((images.to(memory_format=torch.channels_last), labels) for images, labels in batches)
    step = training_step(model, optimizer, knobs, task)
    if knobs.graph:
        images, labels = (part[: task.batch_size].to(task.device) for part in (task.images, task.labels))
        step = recorded(step, model, optimizer, images, labels, channels_last=knobs.channels_last)

    def naive(steps: int) -> float:
        # The loss is fetched in every step: the CPU waits for the device each time.
        return sum(step(images, labels).item() for images, labels in islice(batches, steps)) / steps

    def patient(steps: int) -> float:
        total = torch.zeros((), device=task.device)
        for images, labels in islice(batches, steps):
            total += step(images, labels)
        return total.item() / steps

    return patient if knobs.on_device else naive


def training_step(model: nn.Module, optimizer: Any, knobs: Knobs, task: Task) -> Step:
    """Loss, gradients and update for one batch."""
    forward = torch.compile(model, backend=task.backend) if knobs.compiled else model
    kind, low = task.device.type, low_precision(task.device)
    scaler = scaler_for(task.device, enabled=knobs.half)  # one that is not enabled does nothing

    def step(images: Tensor, labels: Tensor) -> Tensor:
        # A recorded graph must not read weights that an earlier autocast rounded: so it keeps none.
        with torch.autocast(kind, low, enabled=knobs.half, cache_enabled=not knobs.graph):
            loss = nn.functional.cross_entropy(forward(images), labels)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.detach()

    return step


def batches_by_loader(task: Task, whole: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
    """From a data set in the CPU's memory by a DataLoader, sent batch by batch.

    whole: a batch is one indexing operation there, too; else its images are fetched one by one, and put together.
    """
    data = TensorDataset(task.images, task.labels)
    for order in task.orders():
        loader: Any
        if whole:
            loader = DataLoader(data, None, sampler=order.split(task.batch_size))
        else:
            loader = DataLoader(data, task.batch_size, sampler=order.tolist())
        for images, labels in loader:
            yield images.to(task.device), labels.to(task.device)


def batches_on_device(task: Task) -> Iterator[tuple[Tensor, Tensor]]:
    """The whole data set is sent once; a batch is one indexing operation there."""
    images, labels = task.images.to(task.device), task.labels.to(task.device)
    for order in task.orders():
        for index in order.to(task.device).split(task.batch_size):
            yield images[index], labels[index]


def recorded(step: Step, model: nn.Module, optimizer: Any, images: Tensor, labels: Tensor, channels_last: bool) -> Step:
    """`step` as one CUDA graph: hundreds of kernels are started by one call. Network and optimizer end as they were.

    A graph reads and writes the same memory at each replay, so a batch is copied to where the first one lay.
    Source: "Whole-network capture" in PyTorch's notes on CUDA graphs.
    """
    if channels_last:
        images = images.to(memory_format=torch.channels_last)
    fixed_images, fixed_labels = images.clone(), labels.clone()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # libraries choose their kernels and allocate now, which a graph cannot record
        for _ in range(WARM_UP):
            step(fixed_images, fixed_labels)
    torch.cuda.current_stream().wait_stream(side)
    optimizer.zero_grad(set_to_none=True)  # the gradients are to be allocated in the graph's own memory
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        fixed_loss = step(fixed_images, fixed_labels)
    start_again(model, optimizer, before)

    def replay(images: Tensor, labels: Tensor) -> Tensor:
        fixed_images.copy_(images)
        fixed_labels.copy_(labels)
        graph.replay()
        return fixed_loss

    return replay


@torch.no_grad()
def start_again(model: nn.Module, optimizer: Any, before: list[Tensor]) -> None:
    """Put the parameters and SGD's momentum back to the start, in place, where a graph will look for them.

    A momentum of 0 is the start: after the first step it is the gradient, as without any.
    """
    for parameter, value in zip(model.parameters(), before, strict=True):
        parameter.copy_(value)
        optimizer.state[parameter]["momentum_buffer"].zero_()


# ---- Measuring -------------------------------------------------------------------------------------------------------


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given. A CPU has, when a call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds(loop: Loop, steps: int, device: torch.device, clock: Clock = time.perf_counter) -> float:
    """How long so many steps of a loop take by a clock, from an idle device to an idle device."""
    synchronize(device)
    begin = clock()
    loop(steps)
    synchronize(device)
    return clock() - begin


@dataclass(frozen=True)
class Rate:
    """What was measured of one loop: images a second; peak memory in MiB, None where it cannot be counted.

    left_out: why there are no figures; then they are 0.
    """

    images_per_second: float = 0.0
    peak: float | None = None
    left_out: str = ""


def measure(
    task: Task,
    ladder: dict[str, Knobs],
    *,
    steps: int,
    rounds: int,
    clock: Clock = time.perf_counter,
    so_far: Callable[[dict[str, Rate]], None] | None = None,
) -> dict[str, Rate]:
    """The rate of every loop, side by side: each of the rounds times all loops in turn; the median round counts.

    Peak memory is what a loop's data, network and steps add to what the device held before it.
    so_far: gets the rates that there are whenever there is one more, for who may not wait for the last.
    """
    loops: dict[str, Loop] = {}
    peaks: dict[str, float | None] = {}
    times: dict[str, list[float]] = {}
    rates: dict[str, Rate] = {}
    for turn in range(rounds):
        for name, knobs in ladder.items():
            try:
                if turn == 0:
                    loops[name], peaks[name] = prepared(knobs, task, steps)
                if name in loops:
                    times.setdefault(name, []).append(seconds(loops[name], steps, task.device, clock))
                    rates[name] = Rate(steps * task.batch_size / statistics.median(times[name]), peaks[name])
            except LACKING as error:
                loops.pop(name, None)
                rates[name] = Rate(left_out=because(error))
            if so_far is not None:
                so_far(rates)
    return rates


def because(error: Exception) -> str:
    """The first line of what an error says, to be told in a table: one that says nothing is told by its name."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).replace("|", "/").rstrip(".:")


def prepared(knobs: Knobs, task: Task, steps: int) -> tuple[Loop, float | None]:
    """A loop that has compiled, chosen its kernels and filled its caches, and the peak of its memory in MiB."""
    counts = task.device.type == "cuda"
    before = 0
    if counts:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(task.device)
        before = torch.cuda.memory_allocated(task.device)
    loop = training_loop(knobs, task)
    loop(steps)
    synchronize(task.device)
    if not counts:
        return loop, None
    return loop, (torch.cuda.max_memory_allocated(task.device) - before) / 2**20

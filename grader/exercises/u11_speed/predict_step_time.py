"""`predict_step_time`: launches, bytes and FLOPs of a step's kernels, and who waits for whom."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u11_speed.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

BANDWIDTH, PEAK = 1e9, 2e10
"""Bytes and FLOPs per second of a small machine, so that times of some milliseconds come out."""


def step_time_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, seconds: Any, launch: float, overlap: bool, limits: str = "") -> Case:
        """A kernel takes seconds[i], by arithmetic where limits[i] is "a", else by memory; the other is shorter."""
        bandwidth, peak = BANDWIDTH * float(rng.uniform(0.5, 2)), PEAK * float(rng.uniform(0.5, 2))
        operations = []
        for i, length in enumerate(seconds):
            other = float(rng.uniform(0.3, 0.9)) * length
            by = limits[i % len(limits)] if limits else "am"[i % 2]
            flops, moved = (length * peak, other * bandwidth) if by == "a" else (other * peak, length * bandwidth)
            operations.append([flops, moved])
        data = {"operations": operations, "launch": launch, "bandwidth": bandwidth, "peak": peak, "overlap": overlap}
        return Case(label, group, data)

    def some(count: int, low: float, high: float) -> list[float]:
        return [float(length) for length in rng.uniform(low, high, size=count)]

    between = some(3, 0.001, 0.002) + some(1, 0.04, 0.09) + some(3, 0.001, 0.002)
    last = some(1, 0.04, 0.09) + some(3, 0.001, 0.002) + some(2, 0.02, 0.03) + some(3, 0.001, 0.002)
    return [
        case("one kernel, limited by arithmetic, no launches", "work", some(1, 0.01, 0.05), 0.0, False, "a"),
        case("one kernel, limited by memory", "work", some(1, 0.01, 0.05), 0.0, False, "m"),
        case("four kernels, both limits, no launches", "work", some(4, 0.01, 0.05), 0.0, False, "amma"),
        case("a CPU: three kernels with launches", "in_turn", some(3, 0.01, 0.05), 0.004, False),
        case("a CPU: short kernels, long launches", "in_turn", some(6, 0.001, 0.002), 0.01, False),
        case("a GPU that is always busy", "hidden", some(4, 0.02, 0.06), 0.003, True),
        case("a GPU: one kernel", "hidden", some(1, 0.02, 0.06), 0.005, True),
        case("a GPU that always waits for Python", "starved", some(5, 0.001, 0.003), 0.008, True),
        case("a GPU: ten tiny kernels", "starved", some(10, 0.0001, 0.0005), 0.004, True),
        case(
            "a long kernel, then short ones: Python gets ahead",
            "queue",
            some(1, 0.03, 0.05) + some(5, 0.001, 0.003),
            0.006,
            True,
        ),
        case("short ones, then a long one", "queue", some(5, 0.001, 0.003) + some(1, 0.03, 0.05), 0.006, True),
        case("short, long, short: it waits, and then falls behind", "queue", between, 0.006, True),
        case("long, short, long, short", "queue", last, 0.007, True),
    ]


def step_time_oracle(
    operations: list[list[float]], launch: float, bandwidth: float, peak: float, overlap: bool
) -> float:
    """In closed form: somewhere the device waited for the last time; from there on it worked without a pause."""
    flops, moved = np.array(operations, dtype=float).T
    work = np.maximum(flops / peak, moved / bandwidth)
    if not overlap:
        return float(launch * len(work) + work.sum())
    from_here_on = np.cumsum(work[::-1])[::-1]
    return float(np.max(launch * np.arange(1, len(work) + 1) + from_here_on))


def predict_step_time(operations, launch, bandwidth, peak, overlap):
    handed_over, end = 0.0, 0.0
    for flops, moved in operations:
        work = max(flops / peak, moved / bandwidth)
        if overlap:
            handed_over = handed_over + launch
            end = max(end, handed_over) + work
        else:
            end = end + launch + work
    return end


def by_two_cases(operations, launch, bandwidth, peak, overlap):
    lengths = [max(moved / bandwidth, flops / peak) for flops, moved in operations]
    if not overlap:
        return sum(launch + length for length in lengths)
    end = 0
    for number, length in enumerate(lengths, start=1):
        begin = number * launch
        if end > begin:
            begin = end
        end = begin + length
    return end


def by_one_clock(operations, launch, bandwidth, peak, overlap):
    """Python's clock, which on a CPU is set to the kernel's end."""
    python = device = 0.0
    for flops, moved in operations:
        python += launch
        device = max(python, device) + max(flops / peak, moved / bandwidth)
        if not overlap:
            python = device
    return device


def with_numpy(operations, launch, bandwidth, peak, overlap):
    table = np.asarray(operations, dtype=float)
    work = np.maximum(table[:, 0] / peak, table[:, 1] / bandwidth)
    if not overlap:
        return len(work) * launch + work.sum()
    ends = [(number + 1) * launch + work[number:].sum() for number in range(len(work))]
    return max(ends)


def by_idle_times(operations, launch, bandwidth, peak, overlap):
    busy, idle = 0.0, 0.0
    for number, (flops, moved) in enumerate(operations, 1):
        if overlap:
            idle += max(0.0, number * launch - (busy + idle))
        else:
            idle += launch
        busy += max(flops / peak, moved / bandwidth)
    return busy + idle


def one_roof_for_all(operations, launch, bandwidth, peak, overlap):
    flops, moved = sum(pair[0] for pair in operations), sum(pair[1] for pair in operations)
    work = max(flops / peak, moved / bandwidth)
    if overlap:
        return max(launch * len(operations), launch + work)
    return launch * len(operations) + work


def longer_of_two_sums(operations, launch, bandwidth, peak, overlap):
    work = [max(flops / peak, moved / bandwidth) for flops, moved in operations]
    if overlap:
        return max(launch * len(work), sum(work))
    return launch * len(work) + sum(work)


def first_launch_and_the_longer(operations, launch, bandwidth, peak, overlap):
    work = [max(flops / peak, moved / bandwidth) for flops, moved in operations]
    if overlap:
        return max(launch + sum(work), launch * len(work) + work[-1])
    return launch * len(work) + sum(work)


WORK = "max(flops / peak, moved / bandwidth)"
HANDED = "handed_over = handed_over + launch"
END = "end = max(end, handed_over) + work"
CPU = "end = end + launch + work"


PREDICT_STEP_TIME = Exercise(
    name="predict_step_time",
    unit=UNIT,
    returns=("seconds",),
    groups=(
        Group("work", "gives each kernel the longer of its two times, and adds the kernels up", 2, hint=1),
        Group("in_turn", "pays for every launch where Python does not run ahead", 1, hint=2),
        Group("hidden", "hides the launches behind the work of a busy device, all but the first", 2, hint=3),
        Group("starved", "lets a device with short kernels wait for Python", 2, hint=3),
        Group("queue", "keeps account of how far Python has got ahead", 2, hint=4),
    ),
    cases=step_time_cases,
    reference=step_time_oracle,
    misconceptions=(
        Misconception(
            "times_added",
            change(predict_step_time, WORK, "flops / peak + moved / bandwidth"),
            "You add the time of the arithmetic and the time of the memory. A device fetches the next numbers while it "
            "computes with these: the longer of the two counts.",
            hint=1,
        ),
        Misconception(
            "shorter_of_two",
            change(predict_step_time, WORK, WORK.replace("max", "min")),
            "You take the shorter of the two times. A kernel is done when its numbers have been computed *and* moved.",
            hint=1,
        ),
        Misconception(
            "arithmetic_only",
            change(predict_step_time, WORK, "flops / peak"),
            "You count arithmetic alone. An activation function computes next to nothing and moves every number twice.",
            hint=1,
        ),
        Misconception(
            "memory_only",
            change(predict_step_time, WORK, "moved / bandwidth"),
            "You count the bytes alone. A large product uses each number that it fetches many times.",
            hint=1,
        ),
        Misconception(
            "rates_exchanged",
            change(predict_step_time, WORK, "max(flops / bandwidth, moved / peak)"),
            "You divide the FLOPs by the bandwidth and the bytes by the peak: the rates are exchanged, or the two "
            "numbers of each pair. FLOPs by FLOPs per second are seconds.",
            hint=1,
        ),
        Misconception(
            "two_flops_each",
            change(predict_step_time, WORK, WORK.replace("flops /", "2 * flops /")),
            "You count each floating-point operation twice. The table counts a multiplication and an addition as two "
            "already.",
            hint=1,
        ),
        Misconception(
            "one_roof_for_all",
            one_roof_for_all,
            "You take the roofline of the whole step: all FLOPs together, all bytes together. A kernel that waits for "
            "memory cannot lend its idle arithmetic to the next one; each has its own longer time.",
            hint=1,
        ),
        Misconception(
            "no_launches",
            change(predict_step_time, HANDED, "handed_over = 0.0", CPU, "end = end + work"),
            "Your launches cost nothing. That is nearly right for large batches, and far too short for a hundred small "
            "kernels.",
            hint=2,
        ),
        Misconception(
            "free_on_a_cpu",
            change(predict_step_time, CPU, "end = end + work"),
            "Without overlap your launches cost nothing. Where each call returns only when its kernel is done, "
            "Python's time and the kernel's add up.",
            hint=2,
        ),
        Misconception(
            "hidden_on_a_cpu",
            change(predict_step_time, "if overlap", "if True"),
            "Your Python runs ahead on every device. On a CPU the call returns when the kernel is done, and only then "
            "can the next one be handed over.",
            hint=2,
        ),
        Misconception(
            "one_launch_on_a_cpu",
            change(predict_step_time, CPU, "end = (end or launch) + work"),
            "Without overlap you pay for one launch only. Each kernel has one.",
            hint=2,
        ),
        Misconception(
            "never_ahead",
            change(predict_step_time, "if overlap", "if False"),
            "Your Python never runs ahead: launches and work add up on every device, as if Python waited for each "
            "kernel. With overlap it hands over the next one while the device still works on this one.",
            hint=3,
        ),
        Misconception(
            "first_launch_free",
            change(predict_step_time, HANDED, "", END, "end = max(end, handed_over) + work\n            " + HANDED),
            "With overlap your first kernel begins at 0. It too has to be handed over: it begins after one launch, "
            "kernel k after k launches at the earliest.",
            hint=3,
        ),
        Misconception(
            "no_queue",
            change(predict_step_time, END, "end = handed_over + work"),
            "Your kernels begin as soon as they are handed over, even while the one before is still running. A kernel "
            "begins at the later of two moments.",
            hint=3,
        ),
        Misconception(
            "longer_of_each_pair",
            change(predict_step_time, HANDED, "", END, "end = end + max(launch, work)"),
            "For each kernel you take the longer of launch and work. That forgets two things: the first kernel cannot "
            "begin before it is handed over, and what Python has gained during a long kernel it keeps for the next "
            "short ones.",
            hint=4,
        ),
        Misconception(
            "longer_of_two_sums",
            longer_of_two_sums,
            "With overlap you take the longer of two sums: all launches, all work. The truth is never shorter, and "
            "mostly longer: the first kernel waits for its launch, and the last launch is followed by work.",
            hint=4,
        ),
        Misconception(
            "first_launch_and_the_longer",
            first_launch_and_the_longer,
            "You know two extremes, a device that is always busy and one that always waits. In between it may wait for "
            "a while and then fall behind: go from kernel to kernel.",
            hint=4,
        ),
        Misconception(
            "one_launch_added",
            change(predict_step_time, HANDED, "handed_over = launch"),
            "With overlap your kernels are all handed over after one launch. They are handed over one after the other: "
            "number k is there after k launches.",
            hint=3,
        ),
        Misconception(
            "longest_kernel",
            change(predict_step_time, END, "end = max(end, handed_over + work)", CPU, "end = max(end, launch + work)"),
            "Your kernels run side by side. Each needs the result of the one before: their times add up.",
            hint=1,
        ),
    ),
    also_right=(
        predict_step_time,
        by_two_cases,
        by_one_clock,
        with_numpy,
        by_idle_times,
        change(predict_step_time, WORK, "float(np.max([flops / peak, moved / bandwidth]))"),
    ),
)

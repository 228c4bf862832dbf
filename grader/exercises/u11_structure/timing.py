"""`latency`: how long one run takes, on a device that works while nobody waits for it."""

from typing import Any

import numpy as np

from course_lib.reference import Tolerance
from grader.exercises.u11_structure import timing_wrong as wrong
from grader.exercises.u11_structure.parameters import UNIT
from grader.exercises.u11_structure.timing_right import latency_sorted, latency_with_statistics
from grader.spec import Case, Exercise, Group, Misconception


def timing_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, durations: Any, repeats: int, warmup: int) -> Case:
        inputs = {"durations": np.asarray(durations, dtype=float), "repeats": repeats, "warmup": warmup}
        return Case(label, group, inputs | {"asks": group})

    def some(count: int) -> np.ndarray:
        return np.asarray(rng.uniform(0.004, 0.009, size=count).round(6))

    steady = float(rng.uniform(0.002, 0.006))
    slow = some(3) * 40
    return [
        case("each run takes the same", "waits", [steady], 3, 1),
        case("a single run", "waits", some(1), 1, 0),
        case("a single run after a warm-up", "waits", np.append(some(2), steady), 1, 2),
        case("three slow runs at first", "warmup", np.concatenate([slow, some(5)]), 5, 3),
        case("one slow run at first", "warmup", np.concatenate([slow[:1], some(3)]), 3, 1),
        case("five runs, one of them held up", "median", np.concatenate([some(1), some(2), slow[:1], some(2)]), 5, 1),
        case("four runs", "median", some(6), 4, 2),
        case("six runs, two of them held up", "median", np.concatenate([some(2), slow[:2], some(4)]), 6, 2),
        case("4 runs after 2", "runs", some(6), 4, 2),
        case("some runs without a warm-up", "runs", some(3), int(rng.integers(2, 90)), 0),
        case("some runs after some", "runs", some(3), int(rng.integers(2, 90)), int(rng.integers(1, 60))),
    ]


def timing_formula(durations: np.ndarray, repeats: int, warmup: int, asks: str) -> tuple[float | None, int | None]:
    """What the simulated device does, worked out: with a wait before and after, a run takes launch plus duration."""
    if asks == "runs":
        return None, repeats + warmup
    index = np.minimum(np.arange(warmup, warmup + repeats), len(durations) - 1)
    return float(np.median(durations[index] + 1e-5)), None


LATENCY = Exercise(
    name="latency",
    unit=UNIT,
    returns=("seconds", "runs"),
    probe="simulated_device",
    tolerance=Tolerance(rtol=1e-6, atol=1e-10),
    groups=(
        Group("waits", "waits for the device before and after each run", 2),
        Group("warmup", "does not count the first runs", 1),
        Group("median", "takes the median", 2),
        Group("runs", "runs as often as it is told", 1),
    ),
    cases=timing_cases,
    reference=timing_formula,
    misconceptions=(
        Misconception(
            "never_waits",
            wrong.latency_never_waits,
            "You read the clock while the device is still at work: what you measured is how long it takes to hand the "
            "work over. So GPUs come out a hundred times too fast. When is a run done?",
            hint=1,
        ),
        Misconception(
            "waits_once_at_the_end",
            wrong.latency_waits_at_the_end,
            "You wait for the device once, when all is over. By then every clock has been read: each reading came "
            "while the run was still in the queue.",
            hint=1,
        ),
        Misconception(
            "warmup_in_the_queue",
            wrong.latency_queue_not_empty,
            "Your first timed run has to wait for the warm-up, which is still in the queue when you look at the clock. "
            "The device should be idle before the clock starts.",
            hint=2,
        ),
        Misconception(
            "one_clock_for_all",
            wrong.latency_total,
            "You time all runs together and divide. That is a mean, and one run that was held up spoils it; and while "
            "one run computes the next is handed over, so that you measure throughput. A latency is one run's time.",
            hint=3,
        ),
        Misconception(
            "mean",
            wrong.latency_mean,
            "You take the mean. A single run that the system held up (a page, another process) moves it far; the "
            "median does not care how late the latest was.",
            hint=3,
        ),
        Misconception(
            "fastest",
            wrong.latency_fastest,
            "You take the fastest run. It is a fair answer to another question (what can this code do at best?). Asked "
            "for is what a typical run takes: the median.",
            hint=3,
        ),
        Misconception(
            "upper_median",
            wrong.latency_upper_median,
            "For an odd number of runs you are right. For an even one there are two in the middle, and the median lies "
            "half way between them.",
            hint=3,
        ),
        Misconception(
            "no_warmup",
            wrong.latency_without_warmup,
            "You leave the warm-up out. The first runs build plans, fill caches and raise the clock speed; they are "
            "run, and not counted.",
            hint=2,
        ),
        Misconception(
            "warmup_counted",
            wrong.latency_warmup_counted,
            "Your warm-up runs are among the timed ones. They are there to be forgotten: run them, wait, and only then "
            "begin to count.",
            hint=2,
        ),
        Misconception(
            "milliseconds",
            wrong.latency_milliseconds,
            "Your answer is a thousand times too large: it is in milliseconds, and seconds are asked for. Change units "
            "where you print.",
            hint=3,
        ),
    ),
    equivalents=(latency_sorted, latency_with_statistics),
)

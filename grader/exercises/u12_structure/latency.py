"""`latency`: how long one run takes, on a device that works while nobody waits for it."""

from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
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


def latency(run, synchronize, clock, repeats, warmup):
    for _ in range(warmup):
        run()
    synchronize()
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        synchronize()
        seconds.append(clock() - start)
    return float(np.median(seconds))


def latency_of_all_together(run, synchronize, clock, repeats, warmup):
    for _ in range(warmup):
        run()
    synchronize()
    start = clock()
    for _ in range(repeats):
        run()
    synchronize()
    return float((clock() - start) / repeats)


def latency_sorted(run, synchronize, clock, repeats, warmup):
    times = []
    for _ in range(warmup + repeats):
        synchronize()
        times.append(-clock())
        run()
        synchronize()
        times[-1] += clock()
    kept = sorted(times[warmup:])
    return (kept[repeats // 2] + kept[(repeats - 1) // 2]) / 2


QUEUED = (
    "Your first timed run has to wait for the warm-up, which is still in the queue when you look at the clock. "
    "The device should be idle before the clock starts."
)

LATENCY = Exercise(
    name="latency",
    unit=UNIT,
    returns=("seconds", "runs"),
    driver="simulated_device",
    tolerance=Tolerance(rtol=1e-6, atol=1e-10),
    groups=(
        Group("waits", "waits for the device before and after each run", 2, hint=1),
        Group("warmup", "does not count the first runs", 1, hint=2),
        Group("median", "takes the median", 2, hint=3),
        Group("runs", "runs as often as it is told", 1, hint=2),
    ),
    cases=timing_cases,
    reference=timing_formula,
    misconceptions=(
        Misconception(
            "never_waits",
            change(latency, "        synchronize()\n", ""),
            "You read the clock while the device is still at work: what you measured is how long it takes to hand the "
            "work over. So GPUs come out a hundred times too fast. When is a run done?",
        ),
        Misconception(
            "waits_once_at_the_end",
            change(
                latency,
                "        synchronize()\n        seconds.append(clock() - start)\n",
                "        seconds.append(clock() - start)\n    synchronize()\n    seconds[-1] = clock() - start\n",
            ),
            "You wait for the device once, when all is over. By then every clock has been read: each reading came "
            "while the run was still in the queue.",
        ),
        Misconception(
            "warmup_in_the_queue",
            change(latency, "    synchronize()\n    seconds", "    seconds"),
            QUEUED,
            hint=2,
        ),
        Misconception(
            "clock_before_the_wait",
            change(
                latency,
                "    synchronize()\n    seconds",
                "    seconds",
                "start = clock()\n        run()",
                "start = clock()\n        synchronize()\n        run()",
            ),
            QUEUED,
            hint=2,
        ),
        Misconception(
            "one_clock_for_all",
            latency_of_all_together,
            "You time all runs together and divide. That is a mean, and one run that was held up spoils it; and while "
            "one run computes the next is handed over, so that you measure throughput. A latency is one run's time.",
            hint=3,
        ),
        Misconception(
            "mean",
            change(latency, "np.median", "np.mean"),
            "You take the mean. A single run that the system held up (a page, another process) moves it far; the "
            "median does not care how late the latest was.",
            hint=3,
        ),
        Misconception(
            "fastest",
            change(latency, "float(np.median(seconds))", "min(seconds)"),
            "You take the fastest run. It is a fair answer to another question (what can this code do at best?). Asked "
            "for is what a typical run takes: the median.",
            hint=3,
        ),
        Misconception(
            "upper_median",
            change(latency, "float(np.median(seconds))", "sorted(seconds)[len(seconds) // 2]"),
            "For an odd number of runs you are right. For an even one there are two in the middle, and the median lies "
            "half way between them.",
        ),
        Misconception(
            "lower_median",
            change(latency, "float(np.median(seconds))", "sorted(seconds)[(len(seconds) - 1) // 2]"),
            "For an odd number of runs you are right. For an even one you take the lower of the two in the middle, as "
            "torch.median does; asked for is the value half way between them, as np.median says.",
        ),
        Misconception(
            "middle_of_the_list",
            change(latency, "float(np.median(seconds))", "seconds[len(seconds) // 2]"),
            "You take the run in the middle of your list, in the order in which they ran. The median is the one in "
            "the middle when they are sorted by how long they took.",
            hint=3,
        ),
        Misconception(
            "nothing_noted",
            change(latency, "seconds.append(clock() - start)", "clock()"),
            "Your median is that of an empty list. Note after each run how long it took.",
            hint=3,
            about=("seconds",),
        ),
        Misconception(
            "no_warmup",
            change(latency, "    for _ in range(warmup):\n        run()\n", ""),
            "You leave the warm-up out. The first runs build plans, fill caches and raise the clock speed; they are "
            "run, and not counted.",
            hint=2,
            about=("seconds",),
        ),
        Misconception(
            "warmup_counted",
            change(
                latency, "    for _ in range(warmup):\n        run()\n", "", "range(repeats)", "range(warmup + repeats)"
            ),
            "Your warm-up runs are among the timed ones. They are there to be forgotten: run them, wait, and only then "
            "begin to count.",
            hint=2,
        ),
        Misconception(
            "warmup_taken_from_the_repeats",
            change(latency, "    for _ in range(warmup):\n        run()\n", "", "(seconds)", "(seconds[warmup:])"),
            "You take the warm-up out of the repeats, so that fewer runs are left to be timed, or none. `warmup` runs "
            "come first, and after them `repeats` are timed.",
            hint=2,
            about=("seconds",),
        ),
        Misconception(
            "milliseconds",
            change(latency, "float(np.median(seconds))", "1000 * float(np.median(seconds))"),
            "Your answer is a thousand times too large: it is in milliseconds, and seconds are asked for. Change units "
            "where you print.",
            hint=3,
        ),
    ),
    also_right=(
        latency,
        latency_sorted,
        change(
            latency,
            "    synchronize()\n    seconds",
            "    seconds",
            "        start",
            "        synchronize()\n        start",
        ),
        change(latency, "float(np.median(seconds))", "np.percentile(np.array(seconds), 50)"),
        change(
            latency,
            "    seconds = []",
            "    import torch\n\n    seconds = []",
            "float(np.median(seconds))",
            "float(torch.tensor(seconds).quantile(0.5))",
        ),
    ),
)

"""`throughput`: images per second on a device that works on while nobody waits for it."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u11_speed.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def throughput_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, warmup: int, steps: int, slow: float = 1.0, **rest: Any) -> Case:
        usual = float(rng.uniform(0.01, 0.03))
        work = [usual * slow * float(rng.uniform(1, 2)) for _ in range(warmup)] + [usual]
        asked = {"images_per_step": int(rng.choice([32, 64, 128, 256])), "warmup": warmup, "steps": steps}
        device = {"launch": 0.0, "work": np.array(work if slow > 1 else [usual]), "wait": 0.0, "waits": True}
        return Case(label, group, asked | device | {"asks": group} | rest)

    return [
        case("a CPU, 10 steps", "images", 0, 10),
        case("a CPU, 7 steps", "images", 0, 7),
        case("a CPU whose first 3 steps are slow", "warmup", 3, 6, slow=20),
        case("a CPU whose first step is very slow", "warmup", 1, 5, slow=80),
        case("a GPU, 10 steps", "synchronized", 0, 10, waits=False, launch=0.001),
        case("a GPU whose first 2 steps are slow", "synchronized", 2, 8, slow=2, waits=False, launch=0.0005),
        case("a GPU that is still busy with the warm-up", "drained", 3, 4, slow=40, waits=False, launch=0.001),
        case("one that is busy for long", "drained", 5, 3, slow=30, waits=False, launch=0.0005),
        case("a GPU, where handing over and waiting take time", "overlap", 2, 9, waits=False, launch=0.008, wait=0.004),
        case("one where both take longer", "overlap", 1, 6, waits=False, launch=0.009, wait=0.01),
        case("how many steps are made", "steps", 2, int(rng.integers(3, 200))),
        case("how many are made with a longer warm-up", "steps", int(rng.integers(4, 60)), 3),
    ]


def throughput_oracle(
    images_per_step: int,
    warmup: int,
    steps: int,
    launch: float,
    work: np.ndarray,
    wait: float,
    waits: bool,
    asks: str,
) -> tuple[Any, Any]:
    """By reckoning: an idle device, which is handed a step every `launch` seconds and does one after another."""
    if asks == "steps":
        return None, warmup + steps
    lengths = list(chain(work[warmup:], repeat(work[-1], steps)))[:steps] if warmup else [work[-1]] * steps
    if waits:
        return images_per_step * steps / (steps * launch + sum(lengths) + wait), None
    done = 0.0
    for i, length in enumerate(lengths, start=1):
        done = max(done, i * launch) + length
    return images_per_step * steps / (done + wait), None


def throughput(step, images_per_step, warmup, steps, synchronize, clock):
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * steps / (clock() - start)


def in_one_loop(step, images_per_step, warmup, steps, synchronize, clock):
    for made in range(warmup + steps):
        if made == warmup:
            synchronize()
            start = clock()
        step()
    synchronize()
    return steps / (clock() - start) * images_per_step


def by_a_timer(step, images_per_step, warmup, steps, synchronize, clock):
    def timed(count):
        synchronize()
        before = clock()
        for _ in range(count):
            step()
        synchronize()
        return clock() - before

    timed(warmup)
    return images_per_step / (timed(steps) / steps)


WARMUP = "    for _ in range(warmup):\n        step()\n"
BEGIN = "    synchronize()\n    start = clock()\n"
END = "    synchronize()\n    return"
synchronized_at_the_end_only = change(throughput, BEGIN, "    start = clock()\n")
no_warmup = change(throughput, WARMUP, "")


THROUGHPUT = Exercise(
    name="throughput",
    unit=UNIT,
    returns=("rate", "made"),
    driver="stopwatch",
    groups=(
        Group("images", "gives images per second", 1, hint=3),
        Group("warmup", "leaves the warm-up out of the measured time", 2, hint=1),
        Group("synchronized", "waits until the device is done before it stops the clock", 2, hint=2),
        Group("drained", "waits until the device is done with the warm-up before it starts the clock", 2, hint=2),
        Group("overlap", "lets the steps follow each other without waiting after each", 1, hint=3),
        Group("steps", "makes as many steps as it is told, and no more", 1, hint=1),
    ),
    cases=throughput_cases,
    reference=throughput_oracle,
    misconceptions=(
        Misconception(
            "never_synchronized",
            change(synchronized_at_the_end_only, END, "    return"),
            "You stop the clock when the last step has been handed over. On a GPU that is long before it is done: you "
            "measured how fast Python can ask. Wait for the device before you read the clock.",
        ),
        Misconception(
            "synchronized_at_the_end_only",
            synchronized_at_the_end_only,
            "You start the clock while the device is still busy with the warm-up, and count what is left of it as "
            "measured time. Wait for the device before each of the two readings.",
        ),
        Misconception(
            "synchronized_at_every_step",
            change(throughput, "        step()\n" + END, "        step()\n        synchronize()\n    return"),
            "You wait after every step. The device then idles while the next one is handed over, which it does not do "
            "in training: measuring makes it slower. Wait once, after the last step.",
            hint=3,
        ),
        Misconception(
            "warmup_timed",
            change(no_warmup, BEGIN, BEGIN + WARMUP),
            "Your clock runs during the warm-up. The first steps choose algorithms, fill caches and compile: they take "
            "many times as long and come once.",
        ),
        Misconception(
            "warmup_counted",
            change(throughput, "images_per_step * steps /", "images_per_step * (warmup + steps) /"),
            "You count the warm-up's images as well: images that were computed before the clock started. The rate "
            "comes out too high.",
        ),
        Misconception(
            "warmup_timed_and_counted",
            change(
                no_warmup, BEGIN, BEGIN + WARMUP, "images_per_step * steps /", "images_per_step * (warmup + steps) /"
            ),
            "You time the warm-up and count its images as well. The first steps choose algorithms, fill caches and "
            "compile: they take many times as long and come once. Begin the clock after them.",
        ),
        Misconception(
            "no_warmup",
            no_warmup,
            "You make no warm-up at all, so that the slow first steps fall into the measured time.",
        ),
        Misconception(
            "batches_per_second",
            change(throughput, "images_per_step * steps /", "steps /"),
            "You give steps per second. With a larger batch each step takes longer and brings more: only images per "
            "second can be compared.",
        ),
        Misconception(
            "seconds_per_image",
            change(
                throughput,
                "images_per_step * steps / (clock() - start)",
                "(clock() - start) / (images_per_step * steps)",
            ),
            "That is the reciprocal: seconds per image. Images per second, please; more is better.",
        ),
        Misconception(
            "one_step_measured",
            change(throughput, "images_per_step * steps /", "images_per_step /"),
            "You divide the images of one step by the time of all steps. Every step that was measured brought its "
            "images.",
        ),
        Misconception(
            "waits_after_the_start",
            change(throughput, BEGIN, "    start = clock()\n    synchronize()\n"),
            "You start the clock and then wait for the warm-up: what is left of it falls into the measured "
            "time. First wait, then read the clock.",
        ),
    ),
    also_right=(
        throughput,
        in_one_loop,
        by_a_timer,
        change(throughput, WARMUP, "    made = 0\n    while made < warmup:\n        step()\n        made += 1\n"),
        change(throughput, "start = clock()", "seconds = -clock()", "(clock() - start)", "(seconds + clock())"),
        change(throughput, WARMUP, "    [step() for _ in range(warmup)]\n"),
    ),
)

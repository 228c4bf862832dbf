"""The bug clinic: a benchmark that lies, with three causes, and a fourth that shows when the third is repaired."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u11_speed.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, warmup: int, steps: int, slow: float = 1.0, **rest: Any) -> Case:
        usual = float(rng.uniform(0.01, 0.03))
        work = [usual * slow * float(rng.uniform(1, 2)) for _ in range(warmup)] + [usual]
        asked = {"warmup": warmup, "steps": steps, "losses": rng.uniform(0.5, 3, size=warmup + steps)}
        on = {"prepare": 0.0, "launch": 0.0, "work": np.array(work), "wait": 0.0, "waits": True, "asks": "seconds"}
        return Case(label, group, asked | on | rest)

    gpu = {"waits": False, "launch": 0.001}
    return [
        case("a CPU whose first 3 steps are slow", "warmup", 3, 6, slow=20),
        case("a CPU whose first step is very slow", "warmup", 1, 5, slow=60),
        case("a CPU, where preparing a batch takes as long as the step", "data", 0, 6, prepare=0.02),
        case("a CPU, where preparing takes longer", "data", 0, 4, prepare=0.05),
        case("a GPU, where handing over and fetching take time", "flow", 0, 9, **gpu | {"launch": 0.008}, wait=0.004),
        case("one where both take longer", "flow", 0, 6, **gpu | {"launch": 0.009}, wait=0.01),
        case("a GPU that is busy with the warm-up for long", "drained", 4, 3, slow=30, **gpu),
        case("a GPU, with everything at once", "drained", 3, 5, slow=20, **gpu, prepare=0.004, wait=0.002),
        case("the losses of the measured steps", "flow", 2, int(rng.integers(3, 9)), **gpu, asks="losses"),
        case("those after a longer warm-up", "flow", 5, int(rng.integers(2, 7)), **gpu, prepare=0.01, asks="losses"),
    ]


def clinic_oracle(
    warmup: int,
    steps: int,
    losses: np.ndarray,
    prepare: float,
    launch: float,
    work: np.ndarray,
    wait: float,
    waits: bool,
    asks: str,
) -> tuple[Any, Any]:
    """By reckoning: an idle device, ready batches, the usual step `steps` times, and one wait at the end."""
    if asks == "losses":
        return None, [float(loss) for loss in losses[warmup:]]
    length = float(work[-1])
    if waits:
        return launch + length + wait / steps, None
    done = 0.0
    for i in range(1, steps + 1):
        done = max(done, i * launch) + length
    return (done + wait) / steps, None


def clinic_11(prepare, step, warmup, steps, synchronize, clock):
    batches = [prepare(i) for i in range(warmup + steps)]
    for batch in batches[:warmup]:
        step(batch)
    synchronize()
    start = clock()
    losses = []
    for batch in batches[warmup:]:
        loss = step(batch)
        losses.append(loss)
    synchronize()
    seconds = clock() - start
    return seconds / steps, [loss.item() for loss in losses]


def by_two_lists(prepare, step, warmup, steps, synchronize, clock):
    for i in range(warmup):
        step(prepare(i))
    ready = [prepare(warmup + i) for i in range(steps)]
    synchronize()
    seconds = -clock()
    losses = [step(batch) for batch in ready]
    synchronize()
    seconds += clock()
    return seconds / steps, [float(loss) for loss in losses]


def in_one_loop(prepare, step, warmup, steps, synchronize, clock):
    losses, start = [], 0.0
    for i, batch in enumerate([prepare(i) for i in range(warmup + steps)]):
        if i == warmup:
            synchronize()
            start = clock()
        losses += [step(batch)]
    synchronize()
    end = clock()
    return (end - start) / steps, [loss.item() for loss in losses[warmup:]]


LOOP = "    for batch in batches[warmup:]:\n        loss = step(batch)\n"
END = "    synchronize()\n    seconds"
FETCHED = "[loss.item() for loss in losses]"
WARMED = "    for batch in batches[:warmup]:\n        step(batch)\n    synchronize()\n    start = clock()\n"
LEFT = {
    "warmup": "the clock runs during the warm-up",
    "data": "batches are prepared while the clock runs",
    "item": "the loss is fetched in every step, so that Python waits for the device each time",
    "end": "nothing waits for the device before the clock is stopped",
}


def with_causes(*names: str) -> Any:
    """The right answer with some of the causes in it."""
    answer: Any = clinic_11
    if "item" in names:
        answer = change(answer, "losses.append(loss)", "losses.append(loss.item())", FETCHED, "losses")
    if "end" in names:
        answer = change(answer, END, "    seconds")
    if "data" in names:
        now = "    for i in range(warmup, warmup + steps):\n        loss = step(prepare(i))\n"
        answer = change(answer, LOOP, now)
    if "warmup" in names:
        answer = change(answer, WARMED, "    start = clock()\n", "seconds / steps", "seconds / (warmup + steps)")
        old, new = ("range(warmup, warmup + steps)", "range(warmup + steps)")
        if "data" not in names:
            old, new = ("batches[warmup:]", "batches")
        answer = change(answer, old, new)
        answer = change(
            answer, *(("losses\n", "losses[warmup:]\n") if "item" in names else ("in losses]", "in losses[warmup:]]"))
        )
    return answer


def half_repaired() -> tuple[Misconception, ...]:
    """What is left where some of the causes are repaired, and several are not."""
    found = []
    for chosen in product((False, True), repeat=4):
        left = [name for name, on in zip(LEFT, chosen, strict=True) if on]
        if len(left) in (2, 3) and left != ["warmup", "data", "item"]:
            says = f"Part of it is repaired. Still left: {'; '.join(LEFT[name] for name in left)}."
            found.append(Misconception("still_" + "_and_".join(left), with_causes(*left), says))
    return tuple(found)


CLINIC_11 = Exercise(
    name="clinic_11",
    unit=UNIT,
    returns=("seconds", "losses"),
    driver="rehearsed",
    groups=(
        Group("warmup", "leaves the warm-up out of the measured time, and out of the number of steps", 1, hint=1),
        Group("data", "prepares no batch while the clock runs", 1, hint=2),
        Group(
            "flow",
            "lets the steps follow each other, waits for the last one before it stops the clock, and then returns "
            "their losses as plain numbers",
            2,
            hint=3,
        ),
        Group("drained", "starts the clock on a device that has nothing left to do", 1, hint=4),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            with_causes("warmup", "data", "item", "end"),
            "This is still the broken benchmark. Begin with symptom 1: which steps does its clock see, and which of "
            "them does a long training have thousands of?",
            hint=1,
        ),
        Misconception(
            "as_given_and_synchronized",
            with_causes("warmup", "data", "item"),
            "You wait for the device at the end. That is right, and here it changes hardly anything, since every step "
            "waits already. Warm-up, preparing and fetching are still in the measured time.",
            hint=1,
        ),
        Misconception(
            "still_warmup",
            with_causes("warmup"),
            "The clock still runs during the warm-up: the slow first steps are shared out among all of them.",
            hint=1,
        ),
        Misconception(
            "warmup_timed_not_counted",
            change(clinic_11, WARMED, "    start = clock()\n" + WARMED.replace("    start = clock()\n", "")),
            "You start the clock before the warm-up and divide by the measured steps alone: these now carry the time "
            "of the slow ones.",
            hint=1,
        ),
        Misconception(
            "warmup_counted",
            change(clinic_11, "seconds / steps", "seconds / (warmup + steps)"),
            "You divide by all steps, those of the warm-up too, although the clock saw none of these. The time comes "
            "out too short.",
            hint=1,
        ),
        Misconception(
            "no_warmup",
            change(clinic_11, "    for batch in batches[:warmup]:\n        step(batch)\n", ""),
            "There is no warm-up any more: the slow first steps now fall into the measured time.",
            hint=1,
        ),
        Misconception(
            "still_data",
            with_causes("data"),
            "A batch is still prepared between two steps, while the clock runs. What you measure is the loader and the "
            "step together, and on a GPU whichever of the two is slower.",
            hint=2,
        ),
        Misconception(
            "still_item",
            with_causes("item"),
            "Python still waits for the device in every step, by `.item()` or otherwise, so that each step is handed "
            "over to a device that idles. Keep the losses where they are until the clock has stopped.",
            hint=3,
        ),
        Misconception(
            "still_end",
            with_causes("end"),
            "Now nothing waits for the device before you stop the clock: `.item()` used to do it, unasked. You measure "
            "how fast Python hands over. One wait is needed, after the last step.",
            hint=3,
        ),
        *half_repaired(),
        Misconception(
            "fetched_before_the_clock_stops",
            change(
                clinic_11,
                FETCHED,
                "losses",
                END,
                f"    losses = {FETCHED}\n" + END,
            ),
            "You fetch the losses after the loop, and that is better, but the clock still runs meanwhile: each fetch "
            "takes its time. Stop the clock first.",
            hint=3,
        ),
        Misconception(
            "not_drained",
            change(clinic_11, "    synchronize()\n    start", "    start"),
            "You start the clock while the device is still busy with the warm-up: what is left of it is counted. Wait "
            "for the device before you start the clock, too.",
            hint=4,
        ),
        Misconception(
            "waits_after_the_start",
            change(clinic_11, "    synchronize()\n    start = clock()\n", "    start = clock()\n    synchronize()\n"),
            "You start the clock and then wait for the warm-up: what is left of it is counted. First wait, then read.",
            hint=4,
        ),
        Misconception(
            "all_losses",
            change(
                clinic_11,
                WARMED,
                "    warm = [step(batch) for batch in batches[:warmup]]\n    synchronize()\n    start = clock()\n",
                "in losses]",
                "in warm + losses]",
            ),
            "Your list holds the losses of the warm-up as well. Those of the measured steps are asked for.",
            hint=3,
        ),
        Misconception(
            "tensors_returned",
            change(clinic_11, FETCHED, "losses"),
            "The losses come back as they lie on the device. Plain numbers are asked for: fetch them when the clock "
            "has stopped.",
            hint=3,
        ),
        Misconception(
            "all_seconds",
            change(clinic_11, "seconds / steps", "seconds"),
            "You return the time of all steps together. One step's is asked for.",
        ),
    ),
    also_right=(
        clinic_11,
        by_two_lists,
        in_one_loop,
        change(clinic_11, "[loss.item() for loss in losses]", "[float(loss) for loss in losses]"),
        change(
            clinic_11,
            "        loss = step(batch)\n        losses.append(loss)\n",
            "        losses.append(step(batch).detach())\n",
        ),
        change(
            clinic_11,
            "seconds = clock() - start\n    return seconds / steps",
            "seconds = (clock() - start) / steps\n    return seconds",
        ),
    ),
)

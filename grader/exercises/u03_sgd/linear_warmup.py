"""`linear_warmup`: a learning rate that climbs at the start.

Each case asks for the values at the steps `ts`, in their order (the driver `schedule_at`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT, driven
from grader.spec import Case, Exercise, Group, Misconception


def warmup_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, ts: Sequence[int], warmup: int, lr0: float | None = None) -> Case:
        full = float(rng.uniform(0.1, 0.9)) if lr0 is None else lr0
        return Case(label, group, {"ts": np.array(ts), "lr0": full, "warmup": warmup})

    some, long = int(rng.integers(3, 8)), int(rng.integers(30, 90))
    return [
        case("the ramp alone", "ramp", range(5), 5, lr0=0.5),
        case("the beginning of a long ramp", "ramp", range(6), 20),
        case("the last step of a ramp of 4, and the next", "top", [3, 4], 4, lr0=0.8),
        case("the last step of a longer ramp, and the next", "top", [long - 1, long], long),
        case("after the ramp", "level", range(5, 12), 4),
        case("long after the ramp", "level", [some + 1, 2 * some, 20 * some, 100 * some], some),
        case("a ramp of one step", "short", range(6), 1),
        case("a ramp of two steps", "short", range(6), 2),
    ]


def warmup_oracle(ts: np.ndarray, lr0: float, warmup: int) -> np.ndarray:
    """LinearLR's ramp from 1/warmup at t = 0 to 1 at t = warmup - 1."""
    from torch.optim.lr_scheduler import LinearLR

    def make(optimizer: Any) -> LinearLR:
        return LinearLR(optimizer, start_factor=1 / warmup, end_factor=1.0, total_iters=warmup - 1)

    return driven(lr0, ts, make)


def linear_warmup(t, lr0, warmup):
    share = (t + 1) / warmup
    return lr0 * min(1.0, share)


LINEAR_WARMUP = Exercise(
    name="linear_warmup",
    unit=UNIT,
    returns=("lr",),
    driver="schedule_at",
    groups=(
        Group("ramp", "climbs in equal parts, the first of them at t = 0", 1, hint=1),
        Group("top", "has the whole lr0 at the last step of the ramp, and at the next", 1, hint=1),
        Group("level", "stays at lr0 for ever after", 1, hint=2),
        Group("short", "is right for the shortest ramps", 1, hint=1),
    ),
    cases=warmup_cases,
    reference=warmup_oracle,
    misconceptions=(
        Misconception(
            "from_zero",
            change(linear_warmup, "(t + 1) / warmup", "t / warmup"),
            "Your ramp starts at a learning rate of 0: the first batch is read, its gradient computed, and nothing "
            "learned from it. The first step should already have one part of lr0.",
        ),
        Misconception(
            "one_late",
            change(linear_warmup, "/ warmup", "/ (warmup + 1)"),
            "Your ramp has one step too many: with a warm-up of 5 steps, the fifth of them, t = 4, should have the "
            "whole lr0.",
        ),
        Misconception(
            "zero_at_first",
            change(linear_warmup, "(t + 1) / warmup", "t / max(warmup - 1, 1)"),
            "Your ramp arrives on time, but it starts at a learning rate of 0, as np.linspace(0, lr0, warmup) does: "
            "the first step is no step, and those after it are too short. There are `warmup` equal parts, and t = 0 "
            "has one of them already.",
        ),
        Misconception(
            "uncapped",
            change(linear_warmup, "min(1.0, share)", "share"),
            "Your ramp never ends: the learning rate climbs past lr0, and over the cliff some time. What should hold "
            "it once it has arrived?",
            hint=2,
        ),
        Misconception(
            "whole_number_division",
            change(linear_warmup, "/ warmup", "// warmup"),
            "Your learning rate is 0 until the ramp ends, and then all of lr0 at once. // throws the fractions away, "
            "and a ramp consists of nothing else.",
        ),
        Misconception(
            "again_and_again",
            change(linear_warmup, "(t + 1) / warmup", "(t % warmup + 1) / warmup"),
            "Your ramp begins anew whenever it has reached its top. A warm-up comes once, at the start; then the "
            "learning rate stays at lr0.",
            hint=2,
        ),
        Misconception(
            "falls_after_the_top",
            change(linear_warmup, "min(1.0, share)", "min(share, share**-0.5)"),
            "Your ramp is right, but then the learning rate falls, as in the schedule of the first transformers. A "
            "warm-up alone stays at lr0 once it is there.",
            hint=2,
        ),
        Misconception(
            "wrong_side",
            change(linear_warmup, "min(", "max("),
            "You took the larger of the two where the smaller one holds: there is no ramp, and after it the learning "
            "rate grows without end.",
            hint=2,
        ),
        Misconception(
            "by_equal_factors",
            change(linear_warmup, "lr0 * min(1.0, share)", "lr0 * min(1.0, 0.01 ** (1 - share))"),
            "Your ramp climbs by equal factors. A linear ramp climbs by equal parts: the same amount is added at "
            "every step.",
        ),
        *(
            Misconception(
                f"lr0_forgotten_as_{one}",
                change(linear_warmup, "lr0 * min(1.0, share)", f"lr0 * share if t < warmup else {one}"),
                "After the ramp you return 1 itself: 1 is the share of lr0 that is left to take, and lr0 has still to "
                "be multiplied by it.",
                hint=2,
            )
            for one in ("1", "1.0")
        ),
    ),
    also_right=(
        linear_warmup,
        change(
            linear_warmup,
            "    return lr0 * min(1.0, share)",
            ("    if t >= warmup:\n        return lr0\n    return share * lr0"),
        ),
        change(linear_warmup, "lr0 * min(1.0, share)", "float(np.interp(t + 1, [0, warmup], [0, lr0]))"),
        change(linear_warmup, "min(1.0, share)", "np.clip(share, 0, 1)"),
        change(linear_warmup, "lr0 * min(1.0, share)", "min(lr0, lr0 / warmup * (1 + t))"),
        change(linear_warmup, "lr0 * min(1.0, share)", "np.linspace(lr0 / warmup, lr0, warmup)[min(t, warmup - 1)]"),
    ),
    plot="curve",
)

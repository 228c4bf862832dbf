"""`cosine_decay`: a learning rate that falls along a cosine.

Each case asks for the values at the steps `ts`, in their order (the driver `schedule_at`).
"""

from collections.abc import Sequence

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT, driven
from grader.spec import Case, Exercise, Group, Misconception


def cosine_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, ts: Sequence[int], steps: int, lr_min: float, lr0: float | None = None) -> Case:
        start = float(rng.uniform(0.2, 0.9)) if lr0 is None else lr0
        return Case(label, group, {"ts": np.array(ts), "lr0": start, "steps": steps, "lr_min": lr_min})

    some, half = int(rng.integers(15, 30)), int(rng.integers(4, 20))
    return [
        case("first and last of 8 steps", "ends", [0, 8], 8, 0.01, lr0=0.5),
        case("first and last of more steps", "ends", [0, some], some, float(rng.uniform(0.02, 0.1))),
        case("first, last, down to 0", "ends", [0, some + 1], some + 1, 0.0),
        case("half-way, down to 0", "middle", [5], 10, 0.0, lr0=0.2),
        case("half-way, with a floor", "middle", [half], 2 * half, float(rng.uniform(0.02, 0.1))),
        case("ten steps, down to 0", "whole", range(11), 10, 0.0, lr0=0.1),
        case("some more steps, down to 0", "whole", range(some + 1), some, 0.0),
        case("a floor of 0.02", "floor", range(13), 12, 0.02, lr0=0.5),
        case("another floor", "floor", range(some + 1), some, float(rng.uniform(0.02, 0.1))),
        case("only the beginning of a long run", "whole", range(5), 40, 0.0),
    ]


def cosine_oracle(ts: np.ndarray, lr0: float, steps: int, lr_min: float) -> np.ndarray:
    from torch.optim.lr_scheduler import CosineAnnealingLR

    return driven(lr0, ts, lambda optimizer: CosineAnnealingLR(optimizer, T_max=steps, eta_min=lr_min))


def cosine_decay(t, lr0, steps, lr_min=0.0):
    wave = (1 + np.cos(np.pi * t / steps)) / 2
    return lr_min + (lr0 - lr_min) * wave


def cosine_by_mixing(t, lr0, steps, lr_min=0.0):
    import math

    share = 0.5 * (1 + math.cos(math.pi * t / steps))
    return share * lr0 + (1 - share) * lr_min


COSINE_DECAY = Exercise(
    name="cosine_decay",
    unit=UNIT,
    returns=("lr",),
    driver="schedule_at",
    groups=(
        Group("ends", "starts at lr0 and ends at lr_min", 1, hint=2),
        Group("middle", "stands half-way between lr0 and lr_min after half of the steps", 1, hint=1),
        Group("whole", "goes down to 0 in half a wave", 2, hint=1),
        Group("floor", "fits the whole wave between lr0 and a floor", 1, hint=2),
    ),
    cases=cosine_cases,
    reference=cosine_oracle,
    misconceptions=(
        Misconception(
            "degrees",
            change(cosine_decay, "np.pi", "180"),
            "Your learning rate jumps up and down. np.cos takes its angle in radians: half a turn is pi, not 180.",
            hint=1,
        ),
        Misconception(
            "whole_period",
            change(cosine_decay, "np.pi", "2 * np.pi"),
            "Your cosine makes a whole turn: the learning rate is at its floor in the middle and back at lr0 in the "
            "end, just when it should be smallest. How far from 1 to -1?",
            hint=1,
        ),
        Misconception(
            "half_way",
            change(cosine_decay, "/ steps", "/ (2 * steps)"),
            "Your cosine gets only half of the way: at the end it stands at 0 instead of -1, and half of the learning "
            "rate is left. Which angle has the cosine -1?",
            hint=1,
        ),
        Misconception(
            "quarter_wave",
            change(cosine_decay, "(1 + np.cos(np.pi * t / steps)) / 2", "np.cos(np.pi / 2 * t / steps)"),
            "Yours is a quarter of a wave: it starts and ends where it should, but it falls fastest at the very end. "
            "The half wave, shifted up by 1 and halved, is gentle at both ends.",
        ),
        Misconception(
            "without_half",
            change(cosine_decay, ")) / 2", "))"),
            "Your schedule starts at twice lr0: 1 + cos goes from 2 to 0. Which factor makes that 1 to 0?",
        ),
        Misconception(
            "half_of_the_cosine_alone",
            change(cosine_decay, "(1 + np.cos(np.pi * t / steps)) / 2", "1 + np.cos(np.pi * t / steps) / 2"),
            "You halve the cosine, but not the 1 beside it: your wave runs from 1.5 to 0.5. Halve both, and it runs "
            "from 1 to 0.",
        ),
        Misconception(
            "one_ahead",
            change(cosine_decay, "t / steps", "(t + 1) / steps"),
            "Your schedule is one step ahead: t = 0 should give lr0 itself. t counts the steps that are done.",
            hint=3,
        ),
        Misconception(
            "one_short",
            change(cosine_decay, "/ steps", "/ (steps - 1)"),
            "Your schedule reaches its floor one step too early and then rises again. It should be there at t = steps, "
            "as torch's CosineAnnealingLR is.",
            hint=3,
        ),
        Misconception(
            "floor_on_top",
            change(cosine_decay, "(lr0 - lr_min)", "lr0"),
            "You add lr_min on top of the whole schedule, which then starts at lr0 + lr_min. Only the range between "
            "the two is left for the cosine.",
        ),
        Misconception(
            "cut_off",
            change(cosine_decay, "lr_min + (lr0 - lr_min) * wave", "max(lr_min, lr0 * wave)"),
            "You cut the schedule off at its floor: it arrives there too early and stays. With a floor the whole curve "
            "becomes flatter, so that it touches lr_min only at the end.",
            hint=2,
        ),
        Misconception(
            "rises",
            change(cosine_decay, "1 + np.cos", "1 - np.cos"),
            "Your learning rate rises from lr_min to lr0. cos begins at 1 and ends at -1; which sign before it makes "
            "the curve fall?",
        ),
        Misconception(
            "straight",
            change(cosine_decay, "(1 + np.cos(np.pi * t / steps)) / 2", "1 - t / steps"),
            "Your learning rate starts, ends and stands half-way where it should, but it walks down a straight line. "
            "The cosine stays near lr0 for a while, falls fastest in the middle, and is gentle again at the end.",
        ),
        Misconception(
            "floor_ignored",
            change(cosine_decay, "lr_min + (lr0 - lr_min) * wave", "lr0 * wave"),
            "Your schedule goes down to 0 whatever lr_min says. With a floor, the wave runs between lr0 and lr_min.",
        ),
    ),
    also_right=(
        cosine_decay,
        cosine_by_mixing,
        change(cosine_decay, "(1 + np.cos(np.pi * t / steps)) / 2", "np.cos(np.pi * t / (2 * steps)) ** 2"),
        change(cosine_decay, "np.cos(np.pi * t / steps)", "np.cos(np.radians(180 * t / steps))"),
        change(cosine_decay, "np.cos(np.pi * t / steps)", "np.exp(1j * np.pi * t / steps).real"),
        change(cosine_decay, "lr_min + (lr0 - lr_min) * wave", "np.float32(lr_min + (lr0 - lr_min) * wave)"),
    ),
    plot="curve",
)

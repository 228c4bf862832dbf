"""Learning rates that fall: in steps, and along a cosine.

Each case asks for the values at the steps `ts`, in their order (the probe `schedule_at`).
"""

from collections.abc import Sequence

import numpy as np

from grader.exercises.u03_sgd.by_torch import UNIT, driven
from grader.spec import Case, Exercise, Group, Misconception

# --- step_decay ------------------------------------------------------------------------------------------------


def step_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, ts: Sequence[int], gamma: float, every: int, lr0: float | None = None) -> Case:
        start = float(rng.uniform(0.05, 0.5)) if lr0 is None else lr0
        return Case(label, group, {"ts": np.array(ts), "lr0": start, "gamma": gamma, "every": every})

    some = int(rng.integers(5, 9))
    return [
        case("before the first drop", "start", range(5), 0.1, 5),
        case("long before the first drop", "start", range(4), 0.5, 30),
        case("a tenth, every 4", "drops", range(13), 0.1, 4, lr0=0.1),
        case("half, every 3", "drops", range(12), 0.5, 3),
        case("another factor", "drops", range(25), float(rng.uniform(0.6, 0.9)), int(rng.integers(5, 9))),
        case("a drop at every t", "each", range(8), 0.7, 1),
        case("at every t, another factor", "each", range(6), float(rng.uniform(0.3, 0.9)), 1),
        case("the start, far ahead, and back", "alone", [0, 11, 3, 7], 0.5, 4, lr0=0.4),
        case("the start, late, early, and the second step", "alone", [0, 3 * some, some + 1, 1], 0.8, some),
    ]


def step_oracle(ts: np.ndarray, lr0: float, gamma: float, every: int) -> np.ndarray:
    from torch.optim.lr_scheduler import StepLR

    return driven(lr0, ts, lambda optimizer: StepLR(optimizer, step_size=every, gamma=gamma))


def step_one_early(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 * gamma ** ((t + 1) // every)


def step_one_late(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 * gamma ** (max(t - 1, 0) // every)


def step_smooth(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 * gamma ** (t / every)


def step_times(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 * gamma * (t // every)


def step_grows(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 / gamma ** (t // every)


def step_once(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 if t < every else lr0 * gamma


def step_remainder(t: int, lr0: float, gamma: float, every: int) -> float:
    return lr0 * gamma if t > 0 and t % every == 0 else lr0


def step_remembers(t: int, lr0: float, gamma: float, every: int, now: dict = {}) -> float:  # noqa: B006
    if t == 0:
        now["lr"] = lr0
    elif t % every == 0:
        now["lr"] = now["lr"] * gamma
    return now["lr"]


def step_by_loop(t: int, lr0: float, gamma: float, every: int) -> float:
    lr = lr0
    for i in range(1, t + 1):
        if i % every == 0:
            lr = lr * gamma
    return lr


def step_by_exponential(t: int, lr0: float, gamma: float, every: int) -> float:
    return float(lr0 * np.exp(np.floor(t / every) * np.log(gamma)))


STEP_DECAY = Exercise(
    name="step_decay",
    unit=UNIT,
    returns=("lr",),
    probe="schedule_at",
    groups=(
        Group("start", "stays at lr0 until the first drop", 1),
        Group("drops", "drops where it should, again and again", 2),
        Group("each", "drops at every t when every is 1", 1),
        Group("alone", "knows the learning rate of any t, whichever was asked for before", 1),
    ),
    cases=step_cases,
    reference=step_oracle,
    misconceptions=(
        Misconception(
            "one_early",
            step_one_early,
            "Your drops come one too early. t counts from 0, so t = every is the first moment at which `every` of them "
            "have passed.",
            hint=1,
        ),
        Misconception(
            "one_late",
            step_one_late,
            "Your drops come one too late: at t = every the learning rate should already have fallen. This is the "
            "difference between > and >=.",
            hint=1,
        ),
        Misconception(
            "smooth",
            step_smooth,
            "Your learning rate falls a little at every t. That is exponential decay, a schedule of its own; a step "
            "decay stays level between its drops. Which division has no fractions?",
            hint=2,
        ),
        Misconception(
            "times_not_power",
            step_times,
            "You multiply gamma by the number of drops, so before the first one the learning rate is 0, and then it "
            "rises. Two drops multiply by gamma twice.",
            hint=2,
        ),
        Misconception(
            "grows",
            step_grows,
            "Your learning rate grows at every drop. gamma is below 1: multiplying by it makes smaller, dividing by it "
            "makes larger.",
            hint=2,
        ),
        Misconception(
            "only_once",
            step_once,
            "You drop once and never again. At t = 2 * every comes a second drop, and so on.",
            hint=2,
        ),
        Misconception(
            "comes_back",
            step_remainder,
            "Your learning rate falls for one moment and then comes back: t % every asks whether a drop falls on this "
            "very t. Which operation counts how many there have been so far?",
            hint=2,
        ),
        Misconception(
            "remembers",
            step_remembers,
            "Your function goes on from the learning rate of the last call. That is right as long as t comes in order, "
            "one by one. Ask for a late t straight away, as a resumed run does, and the drops before it never "
            "happened. t alone says how many there were.",
            hint=2,
        ),
    ),
    equivalents=(step_by_loop, step_by_exponential),
    plot="curve",
)

# --- cosine_decay ----------------------------------------------------------------------------------------------


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


def cosine_degrees(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(180 * t / steps)) / 2)


def cosine_whole_period(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(2 * np.pi * t / steps)) / 2)


def cosine_half_way(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * t / (2 * steps))) / 2)


def cosine_quarter_wave(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * np.cos(np.pi / 2 * t / steps))


def cosine_without_half(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * t / steps)))


def cosine_one_ahead(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * (t + 1) / steps)) / 2)


def cosine_one_short(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * t / (steps - 1))) / 2)


def cosine_on_top(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + lr0 * (1 + np.cos(np.pi * t / steps)) / 2)


def cosine_cut_off(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(max(lr_min, lr0 * (1 + np.cos(np.pi * t / steps)) / 2))


def cosine_rises(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * (1 - np.cos(np.pi * t / steps)) / 2)


def cosine_straight(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return lr_min + (lr0 - lr_min) * (1 - t / steps)


def cosine_by_square(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    return float(lr_min + (lr0 - lr_min) * np.cos(np.pi * t / (2 * steps)) ** 2)


def cosine_by_mixing(t: int, lr0: float, steps: int, lr_min: float = 0.0) -> float:
    import math

    share = 0.5 * (1 + math.cos(math.pi * t / steps))
    return share * lr0 + (1 - share) * lr_min


COSINE_DECAY = Exercise(
    name="cosine_decay",
    unit=UNIT,
    returns=("lr",),
    probe="schedule_at",
    groups=(
        Group("ends", "starts at lr0 and ends at lr_min", 1),
        Group("middle", "stands half-way between lr0 and lr_min after half of the steps", 1),
        Group("whole", "goes down to 0 in half a wave", 2),
        Group("floor", "fits the whole wave between lr0 and a floor", 1),
    ),
    cases=cosine_cases,
    reference=cosine_oracle,
    misconceptions=(
        Misconception(
            "degrees",
            cosine_degrees,
            "Your learning rate jumps up and down. np.cos takes its angle in radians: half a turn is pi, not 180.",
            hint=1,
        ),
        Misconception(
            "whole_period",
            cosine_whole_period,
            "Your cosine makes a whole turn: the learning rate is at its floor in the middle and back at lr0 in the "
            "end, just when it should be smallest. How far from 1 to -1?",
            hint=1,
        ),
        Misconception(
            "half_way",
            cosine_half_way,
            "Your cosine gets only half of the way: at the end it stands at 0 instead of -1, and half of the learning "
            "rate is left. Which angle has the cosine -1?",
            hint=1,
        ),
        Misconception(
            "quarter_wave",
            cosine_quarter_wave,
            "Yours is a quarter of a wave: it starts and ends where it should, but it falls fastest at the very end. "
            "The half wave, shifted up by 1 and halved, is gentle at both ends.",
            hint=1,
        ),
        Misconception(
            "without_half",
            cosine_without_half,
            "Your schedule starts at twice lr0: 1 + cos goes from 2 to 0. Which factor makes that 1 to 0?",
            hint=2,
        ),
        Misconception(
            "one_ahead",
            cosine_one_ahead,
            "Your schedule is one step ahead: t = 0 should give lr0 itself. t counts the steps that are done.",
            hint=3,
        ),
        Misconception(
            "one_short",
            cosine_one_short,
            "Your schedule reaches its floor one step too early and then rises again. It should be there at t = steps, "
            "as torch's CosineAnnealingLR is.",
            hint=3,
        ),
        Misconception(
            "floor_on_top",
            cosine_on_top,
            "You add lr_min on top of the whole schedule, which then starts at lr0 + lr_min. Only the range between "
            "the two is left for the cosine.",
            hint=2,
        ),
        Misconception(
            "cut_off",
            cosine_cut_off,
            "You cut the schedule off at its floor: it arrives there too early and stays. With a floor the whole curve "
            "becomes flatter, so that it touches lr_min only at the end.",
            hint=2,
        ),
        Misconception(
            "rises",
            cosine_rises,
            "Your learning rate rises from lr_min to lr0. cos begins at 1 and ends at -1; which sign before it makes "
            "the curve fall?",
            hint=2,
        ),
        Misconception(
            "straight",
            cosine_straight,
            "Your learning rate starts, ends and stands half-way where it should, but it walks down a straight line. "
            "The cosine stays near lr0 for a while, falls fastest in the middle, and is gentle again at the end.",
            hint=1,
        ),
    ),
    equivalents=(cosine_by_square, cosine_by_mixing),
    plot="curve",
)

"""`step_decay`: a learning rate that falls in steps.

Each case asks for the values at the steps `ts`, in their order (the driver `schedule_at`).
"""

from collections.abc import Sequence

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT, driven
from grader.spec import Case, Exercise, Group, Misconception


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


def step_decay(t, lr0, gamma, every):
    drops = t // every
    return lr0 * gamma**drops


def step_by_loop(t, lr0, gamma, every):
    lr = lr0
    for i in range(1, t + 1):
        if i % every == 0:
            lr = lr * gamma
    return lr


def step_remembers(t, lr0, gamma, every, now={}):  # noqa: B006
    if t == 0:
        now["lr"] = lr0
    elif t % every == 0:
        now["lr"] = now["lr"] * gamma
    return now["lr"]


STEP_DECAY = Exercise(
    name="step_decay",
    unit=UNIT,
    returns=("lr",),
    driver="schedule_at",
    groups=(
        Group("start", "stays at lr0 until the first drop", 1, hint=1),
        Group("drops", "drops where it should, again and again", 2, hint=2),
        Group("each", "drops at every t when every is 1", 1, hint=1),
        Group("alone", "knows the learning rate of any t, whichever was asked for before", 1, hint=2),
    ),
    cases=step_cases,
    reference=step_oracle,
    misconceptions=(
        Misconception(
            "one_early",
            change(step_decay, "t // every", "(t + 1) // every"),
            "Your drops come one too early. t counts from 0, so t = every is the first moment at which `every` of them "
            "have passed.",
        ),
        Misconception(
            "one_late",
            change(step_decay, "t // every", "max(t - 1, 0) // every"),
            "Your drops come one too late: at t = every the learning rate should already have fallen. This is the "
            "difference between > and >=.",
            hint=1,
        ),
        Misconception(
            "smooth",
            change(step_decay, "t // every", "t / every"),
            "Your learning rate falls a little at every t. That is exponential decay, a schedule of its own; a step "
            "decay stays level between its drops. Which division has no fractions?",
            hint=2,
        ),
        Misconception(
            "times_not_power",
            change(step_decay, "gamma**drops", "gamma * drops"),
            "You multiply gamma by the number of drops, so before the first one the learning rate is 0, and then it "
            "rises. Two drops multiply by gamma twice.",
            hint=2,
        ),
        Misconception(
            "grows",
            change(step_decay, "lr0 * gamma", "lr0 / gamma"),
            "Your learning rate grows at every drop. gamma is below 1: multiplying by it makes smaller, dividing by it "
            "makes larger.",
        ),
        Misconception(
            "only_once",
            change(step_decay, "t // every", "min(t // every, 1)"),
            "You drop once and never again. At t = 2 * every comes a second drop, and so on.",
        ),
        Misconception(
            "comes_back",
            change(step_decay, "t // every", "int(t > 0 and t % every == 0)"),
            "Your learning rate falls for one moment and then comes back: t % every asks whether a drop falls on this "
            "very t. Which operation counts how many there have been so far?",
        ),
        Misconception(
            "what_is_left_over",
            change(step_decay, "t // every", "t % every"),
            "t % every is what is left over: how many steps have passed since the last drop. With it your learning "
            "rate begins anew at lr0 after each round. Which operation counts the rounds themselves?",
            hint=2,
        ),
        Misconception(
            "remembers",
            step_remembers,
            "Your function goes on from the learning rate of the last call. That is right as long as t comes in order, "
            "one by one. Ask for a late t straight away, as a resumed run does, and the drops before it never "
            "happened. t alone says how many there were.",
        ),
        Misconception(
            "times_after_the_first_drop",
            change(step_decay, "gamma**drops", "(gamma * drops if drops else 1)"),
            "Your first drop is right; from the second on you multiply gamma by the number of drops, and the "
            "learning rate rises. Two drops multiply by gamma twice.",
        ),
        Misconception(
            "rounded_down_at_the_end",
            change(step_decay, "gamma**drops", "gamma**t // every"),
            "Python reads gamma ** t // every from the left: the power first, and // rounds all of it down to 0. "
            "What should stand in parentheses?",
            hint=2,
        ),
        Misconception(
            "taken_away",
            change(step_decay, "lr0 * gamma**drops", "lr0 - gamma * drops"),
            "You take gamma away at every drop, and the learning rate goes below 0. gamma is a factor: every drop "
            "multiplies by it.",
            hint=2,
        ),
    ),
    also_right=(
        step_decay,
        step_by_loop,
        change(step_decay, "gamma**drops", "np.exp(drops * np.log(gamma))"),
        change(step_decay, "t // every", "np.floor(t / every)"),
        change(step_decay, "t // every", "len(range(every, t + 1, every))"),
        change(step_decay, "lr0 * gamma**drops", "np.float32(lr0) * np.float32(gamma) ** int(drops)"),
    ),
    plot="curve",
)

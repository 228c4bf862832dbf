"""`EarlyExit`: easy examples leave early."""

from typing import Any

import numpy as np

from course_lib.probes.adaptive import stated_network
from grader.exercises.u12_adaptive import exits_wrong as wrong
from grader.exercises.u12_adaptive.common import UNIT, Layers, State, linear, random_state
from grader.exercises.u12_adaptive.exits_right import exit_one_by_one, exit_scattered
from grader.spec import Case, Exercise, Group, Misconception

LAYERS: Layers = [
    {"name": "stage1", "kind": "chain", "layers": [linear("a", 4, 5), {"name": "relu", "kind": "relu"}]},
    linear("exit1", 5, 3),
    {"name": "stage2", "kind": "chain", "layers": [linear("b", 5, 6), {"name": "relu", "kind": "relu"}]},
    linear("exit2", 6, 3),
]


def exits_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, count: int, dial: float, threshold: float = 0.5, size: float = 1.0) -> Case:
        state = random_state(rng, LAYERS)
        for name in ("exit1.weight", "exit2.weight"):
            state[name] = state[name] * 0.6
        inputs = {"layers": LAYERS, "state": state, "threshold": threshold, "dial": dial}
        inputs |= {"X": size * rng.normal(size=(count, 4)), "y": rng.integers(0, 3, count)}
        return Case(label, group, inputs | {"asks": group})

    many = int(rng.integers(9, 14))
    return [
        case("both logits, 5 examples", "training", 5, 0.7),
        case("both logits, threshold 0", "training", many, 0.0),
        case("threshold 0.6", "exits", 14, 0.6, 0.6),
        case("the dial turned from 0.9 to 0.7", "exits", many + 4, 0.7, 0.9),
        case("threshold 0: all leave", "exits", 4, 0.0),
        case("threshold above 1: nobody leaves", "exits", 6, 1.1),
        case("threshold 1, and confidences of 1", "exits", 7, 1.0, size=1e5),
        case("logits at 0.6", "logits", 16, 0.6, 0.6),
        case("logits at 0.7", "logits", many + 8, 0.7),
        case("logits when all leave", "logits", 5, 0.0),
        case("logits when nobody leaves", "logits", 5, 1.1),
        case("examples in stage 2 at 0.6", "work", 14, 0.6),
        case("examples in stage 2 at 0.75", "work", many, 0.75),
        case("examples in stage 2 when all leave", "work", 6, 0.0),
        case("the loss of 6 examples", "loss", 6, 0.7),
        case("the loss of some", "loss", many, 0.5),
    ]


def exits_oracle(
    layers: Layers, state: State, threshold: float, dial: float, X: np.ndarray, y: np.ndarray, asks: str
) -> tuple[Any, ...]:
    """Both exits for everybody in scipy and NumPy, and then the choice."""
    import torch
    from scipy.special import log_softmax, softmax

    parts, x = stated_network(layers, state), torch.tensor(X)
    with torch.no_grad():
        h = parts.stage1(x)
        first, last = parts.exit1(h).numpy(), parts.exit2(parts.stage2(h)).numpy()
    leaves = softmax(first, axis=1).max(axis=1) >= dial
    if asks == "loss":
        rows = np.arange(len(y))
        loss = -sum(float(log_softmax(logits, axis=1)[rows, y].mean()) for logits in (first, last))
        return None, None, None, None, {"loss": loss, "parameters": 8}
    results = {
        "training": [first, last],
        "exits": np.where(leaves, 1, 2),
        "logits": np.where(leaves[:, None], first, last),
        "work": {"examples": int((~leaves).sum()), "empty batches": 0},
    }
    chosen = [results[asks] if asks == key else None for key in ("training", "logits", "exits", "work")]
    return (*chosen, None)


EARLY_EXIT = Exercise(
    name="EarlyExit",
    unit=UNIT,
    returns=("both", "logits", "exits", "work", "loss"),
    probe="early_exit",
    groups=(
        Group("training", "gives both exits' logits in training mode", 1),
        Group("exits", "lets each example leave by its own confidence", 2),
        Group("logits", "gives each example the logits of its exit, in its own row", 2),
        Group("work", "sends only the undecided through stage 2", 2),
        Group("loss", "trains both exits", 1),
    ),
    cases=exits_cases,
    reference=exits_oracle,
    misconceptions=(
        Misconception(
            "all_together",
            wrong.exit_together,
            "Your whole batch leaves together or stays together. Each example has a confidence of its own: an easy one "
            "should not wait for a hard neighbour.",
            hint=2,
        ),
        Misconception(
            "confident_ones_stay",
            wrong.exit_inverted,
            "Your examples leave when they are *not* sure. A confidence of at least the threshold is what opens the "
            "exit.",
            hint=2,
        ),
        Misconception(
            "logit_for_confidence",
            wrong.exit_by_logit,
            "You compare the largest logit with the threshold. A logit is no probability: adding 10 to all of them "
            "changes nothing about the answer. The confidence is the largest softmax probability.",
            hint=1,
        ),
        Misconception(
            "no_work_saved",
            wrong.exit_everything_computed,
            "All answers are right, and nothing is saved: you send everybody through stage 2 and throw part of it "
            "away.",
            hint=3,
        ),
        Misconception(
            "rows_shuffled",
            wrong.exit_concatenated,
            "Your logits come in another order than the examples: first those who left, then the others. Row i belongs "
            "to example i.",
            hint=3,
        ),
        Misconception(
            "exits_from_zero",
            wrong.exit_from_zero,
            "Your exits are numbered 0 and 1; they are asked for as 1 and 2.",
            hint=2,
        ),
        Misconception(
            "dial_is_stuck",
            wrong.exit_fixed_threshold,
            "The threshold of the first day counts for ever. A dial can be turned later: read self.threshold each "
            "time, in forward.",
            hint=2,
        ),
        Misconception(
            "last_exit_only",
            wrong.exit_last_loss,
            "Your loss is that of the last exit. Nobody teaches the first one: its layer gets no gradient at all.",
            hint=4,
        ),
        Misconception(
            "loss_is_mean",
            wrong.exit_mean_loss,
            "You take the mean of the two losses; their sum is asked for. The direction is the same, the step half as "
            "long.",
            hint=4,
        ),
    ),
    equivalents=(exit_one_by_one, exit_scattered),
)

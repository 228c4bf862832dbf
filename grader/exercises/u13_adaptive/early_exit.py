"""`EarlyExit`: easy examples leave early."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import stated_network
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, linear, random_state
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
        h = parts.stage1(x)
        both = torch.cat([parts.exit1(h), parts.exit2(parts.stage2(h))])
        torch.nn.functional.cross_entropy(both, torch.tensor(y).repeat(2)).mul(2).backward()
        slope = next(parts.stage1.parameters()).grad.numpy()
        return None, None, None, None, {"loss": loss, "parameters": 8, "gradient in stage 1": slope}
    results = {
        "training": [first, last],
        "exits": np.where(leaves, 1, 2),
        "logits": np.where(leaves[:, None], first, last),
        "work": {"examples": int((~leaves).sum()), "empty batches": 0},
    }
    chosen = [results[asks] if asks == key else None for key in ("training", "logits", "exits", "work")]
    return (*chosen, None)


def EarlyExit(stage1, exit1, stage2, exit2, threshold):
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x):
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, torch.where(stay, 2, 1)

        def loss(self, x, y):
            first, last = self(x)
            return nn.functional.cross_entropy(first, y) + nn.functional.cross_entropy(last, y)

    return Network()


TOGETHER = (
    "Your whole batch leaves together or stays together. Each example has a confidence of its own: an easy one "
    "should not wait for a hard neighbour."
)

EARLY_EXIT = Exercise(
    name="EarlyExit",
    unit=UNIT,
    returns=("both", "logits", "exits", "work", "loss"),
    driver="early_exit",
    groups=(
        Group("training", "gives both exits' logits in training mode", 1, hint=4),
        Group("exits", "lets each example leave by its own confidence", 2, hint=2),
        Group("logits", "gives each example the logits of its exit, in its own row", 2, hint=3),
        Group("work", "sends only the undecided through stage 2", 2, hint=3),
        Group("loss", "trains both exits", 1, hint=4),
    ),
    cases=exits_cases,
    reference=exits_oracle,
    misconceptions=(
        Misconception(
            "all_together",
            change(EarlyExit, "< self.threshold", "< self.threshold\n            stay = stay.any().repeat(len(x))"),
            TOGETHER,
        ),
        Misconception(
            "together_by_the_surest",
            change(EarlyExit, "< self.threshold", "< self.threshold\n            stay = stay.all().repeat(len(x))"),
            TOGETHER,
        ),
        Misconception(
            "softmax_over_the_batch",
            change(EarlyExit, "logits.softmax(dim=1)", "logits.softmax(dim=0)"),
            "Your softmax runs over the batch. The probabilities of one image, over the classes, should sum to 1.",
            hint=1,
        ),
        Misconception(
            "confident_ones_stay",
            change(EarlyExit, "< self.threshold", ">= self.threshold"),
            "Your examples leave when they are *not* sure. A confidence of at least the threshold is what opens the "
            "exit.",
        ),
        Misconception(
            "only_above",
            change(EarlyExit, "< self.threshold", "<= self.threshold"),
            "Your network keeps who has exactly the threshold's confidence. At least the threshold is enough to leave.",
        ),
        Misconception(
            "logit_for_confidence",
            change(EarlyExit, "logits.softmax(dim=1).max(dim=1)", "logits.max(dim=1)"),
            "You compare the largest logit with the threshold. A logit is no probability: adding 10 to all of them "
            "changes nothing about the answer. The confidence is the largest softmax probability.",
            hint=1,
        ),
        Misconception(
            "log_for_probability",
            change(EarlyExit, "logits.softmax(dim=1)", "logits.log_softmax(dim=1)"),
            "You compare the logarithm of a probability with the threshold: it is never above 0. The confidence is "
            "the largest softmax probability itself.",
            hint=1,
        ),
        Misconception(
            "no_work_saved",
            change(
                EarlyExit,
                "            if stay.any():\n                logits = logits.clone()\n"
                "                logits[stay] = self.exit2(self.stage2(h[stay]))\n",
                "            logits = torch.where(stay[:, None], self.exit2(self.stage2(h)), logits)\n",
            ),
            "You send everybody through stage 2, and so nothing is saved. Only the examples that stay should get that "
            "far.",
        ),
        Misconception(
            "empty_batch",
            change(EarlyExit, "if stay.any():", "if True:"),
            "When everybody leaves you still call stage 2, with a batch of nobody. Ask first whether anyone stays.",
        ),
        Misconception(
            "rows_shuffled",
            change(
                EarlyExit,
                "logits = logits.clone()\n                logits[stay] = self.exit2(self.stage2(h[stay]))",
                "logits = torch.cat([logits[~stay], self.exit2(self.stage2(h[stay]))])",
            ),
            "Your logits come in another order than the examples: first those who left, then the others. Row i belongs "
            "to example i.",
        ),
        Misconception(
            "probabilities_for_logits",
            change(EarlyExit, "return logits, torch", "return logits.softmax(dim=1), torch"),
            "You return probabilities; logits are asked for, as they come out of the exits.",
        ),
        Misconception(
            "exits_from_zero",
            change(EarlyExit, "torch.where(stay, 2, 1)", "torch.where(stay, 1, 0)"),
            "Your exits are numbered 0 and 1; they are asked for as 1 and 2.",
        ),
        Misconception(
            "dial_is_stuck",
            change(EarlyExit, "< self.threshold", "< threshold"),
            "The threshold of the first day counts for ever. A dial can be turned later: read self.threshold each "
            "time, in forward.",
        ),
        Misconception(
            "last_exit_only",
            change(EarlyExit, "nn.functional.cross_entropy(first, y) + ", ""),
            "Your loss is that of the last exit. Nobody teaches the first one: its layer gets no gradient at all.",
        ),
        Misconception(
            "first_exit_cut_off",
            change(EarlyExit, "self.exit1(h)", "self.exit1(h.detach())"),
            "The loss is right, and stage 1 never hears from exit 1: its gradient is cut off on the way. In training "
            "both exits teach all that lies before them.",
            about=("loss",),
        ),
        Misconception(
            "second_exit_cut_off",
            change(EarlyExit, "self.stage2(h))\n            stay", "self.stage2(h.detach()))\n            stay"),
            "The loss is right, and stage 1 never hears from exit 2: its gradient is cut off on the way. In training "
            "both exits teach all that lies before them.",
            about=("loss",),
        ),
        Misconception(
            "softmax_before_the_loss",
            change(
                EarlyExit,
                "cross_entropy(first, y)",
                "cross_entropy(first.softmax(dim=1), y)",
                "cross_entropy(last, y)",
                "cross_entropy(last.softmax(dim=1), y)",
            ),
            "Your losses are those of probabilities. cross_entropy takes the softmax by itself: hand it the logits.",
        ),
        Misconception(
            "loss_is_mean",
            change(
                EarlyExit,
                "nn.functional.cross_entropy(first, y) + nn.functional.cross_entropy(last, y)",
                "(nn.functional.cross_entropy(first, y) + nn.functional.cross_entropy(last, y)) / 2",
            ),
            "You take the mean of the two losses; their sum is asked for. The direction is the same, the step half as "
            "long.",
        ),
    ),
    also_right=(
        EarlyExit,
        change(
            EarlyExit,
            "                logits = logits.clone()\n",
            "",
            "max(dim=1).values",
            "amax(dim=1)",
            "torch.where(stay, 2, 1)",
            "1 + stay",
        ),
        change(
            EarlyExit,
            "logits.softmax(dim=1).max(dim=1).values",
            "torch.softmax(logits.float(), -1).amax(-1)",
        ),
        change(EarlyExit, "logits.clone()", "logits.detach()"),
        change(
            EarlyExit,
            "logits = logits.clone()\n                logits[stay] = self.exit2(self.stage2(h[stay]))",
            "logits = logits.index_copy(0, torch.nonzero(stay)[:, 0], self.exit2(self.stage2(h[stay])))",
        ),
        change(
            EarlyExit,
            "logits = logits.clone()\n                logits[stay] = self.exit2(self.stage2(h[stay]))",
            "late = [self.exit2(self.stage2(one[None]))[0] if go else None for one, go in zip(h, stay)]\n"
            "                logits = torch.stack([b if go else a for a, b, go in zip(logits, late, stay)])",
        ),
    ),
)

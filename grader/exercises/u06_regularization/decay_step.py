"""L2 by decay: the weights shrink by the same share, whatever the optimizer does to their gradients."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, decay_cases, walked
from grader.exercises.u06_regularization.l2_step import l2_step
from grader.spec import Exercise, Group, Misconception


def decay_oracle(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float) -> list:
    return walked(kind, params, grads, lrs, strength, "AdamW")


def decay_step(optimizer, grads, decay):
    keep = 1 - optimizer.lr * decay
    for p in optimizer.params:
        if p.ndim > 1:
            p *= keep
    optimizer.step(grads)


def decay_remembered(optimizer, grads, decay):
    away = [optimizer.lr * decay * p if p.ndim > 1 else np.zeros_like(p) for p in optimizer.params]
    optimizer.step(grads)
    for p, part in zip(optimizer.params, away, strict=True):
        p -= part


def decay_by_index(optimizer, grads, decay):
    keep = 1.0 - decay * optimizer.lr
    for i, p in enumerate(optimizer.params):
        optimizer.params[i][...] = np.where(p.ndim >= 2, keep, 1.0) * p
    optimizer.step(list(grads))
    return True


DECAY_STEP = Exercise(
    name="decay_step",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("descent", "shrinks the weights, then takes a step of plain descent", 1, hint=3),
        Group(
            "rescaled", "shrinks every weight by the same share, however the optimizer rescales its gradient", 1, hint=1
        ),
        Group("memory", "leaves the decay out of what an optimizer remembers", 1, hint=1),
        Group("biases", "leaves alone what has one axis, and nothing else", 2, hint=2),
        Group("lr", "shrinks by the learning rate of this moment times decay", 1, hint=3),
    ),
    cases=decay_cases,
    reference=decay_oracle,
    driver="regularized_steps",
    misconceptions=(
        Misconception(
            "l2_inside",
            l2_step,
            "This is L2 inside the optimizer. For plain descent it is the same; but an optimizer that divides by the "
            "size of a gradient divides your penalty too. The weights 1 and 100, without a gradient, lose 0.1 each, "
            "where decay would take one hundredth of each. That is Adam, and not AdamW.",
        ),
        Misconception(
            "biases_too",
            change(decay_step, "        if p.ndim > 1:\n            p *= keep", "        p *= keep"),
            "Your biases decay as well. They are few, and the data fix them well; there is nothing to be gained by "
            "making them small, and something to lose.",
            hint=2,
        ),
        Misconception(
            "without_lr",
            change(decay_step, "optimizer.lr * decay", "decay"),
            "Your weights lose the share `decay` in every step, whatever the learning rate. With the usual 0.01 half "
            "of a weight is gone after 69 steps. And when lr drops at the end of training, your decay does not: the "
            "weights would fade away. lr belongs into the factor.",
        ),
        Misconception(
            "after_the_step",
            change(
                decay_step,
                "            p *= keep\n    optimizer.step(grads)",
                "            p *= keep",
                "    for p",
                "    optimizer.step(grads)\n    for p",
            ),
            "You shrink after the step, so that the new gradient's part shrinks too. The difference is small, and it "
            "is a difference: AdamW, as torch has it, lets the old weights decay, and then steps.",
        ),
        Misconception(
            "nothing_shrinks",
            change(decay_step, "p *= keep", "p = p * keep"),
            "Nothing shrinks: your steps are those of the optimizer alone. `p = p * ...` gives the name p to a new "
            "array, and the network's array stays as it was. What changes an array itself?",
            hint=4,
        ),
        Misconception(
            "grows",
            change(decay_step, "1 - optimizer", "1 + optimizer"),
            "Your weights grow by themselves. To shrink, a weight is multiplied by something a little *below* 1.",
        ),
        Misconception(
            "keeps_the_wrong_part",
            change(decay_step, "1 - optimizer.lr * decay", "optimizer.lr * decay"),
            "You keep the share lr times decay of each weight, which is next to nothing. That is the share that should "
            "go.",
        ),
        Misconception(
            "no_step",
            change(decay_step, "            p *= keep\n    optimizer.step(grads)", "            p *= keep"),
            "Your weights decay, and nobody learns: the optimizer's own step is never taken.",
        ),
        Misconception(
            "biases_only",
            change(decay_step, "p.ndim > 1", "p.ndim == 1"),
            "Your biases decay, and the weights do not: it is the other way round.",
            hint=2,
        ),
        Misconception(
            "matrices_only",
            change(decay_step, "p.ndim > 1", "p.ndim == 2"),
            "Matrices and biases are right. A filter has three axes or four, and is made of weights as well: only what "
            "has *one* axis does not decay.",
        ),
        Misconception(
            "same_amount",
            change(decay_step, "p *= keep", "p -= optimizer.lr * decay * np.sign(p)"),
            "Every weight of yours loses the same amount, 1 and 100 alike: only the sign goes in. Decay takes the same "
            "*share* of each.",
        ),
        Misconception(
            "decays_twice",
            change(decay_step, "1 - optimizer", "1 - 2 * optimizer"),
            "Your decay is twice as strong as asked. It is no derivative of a square: the factor is 1 - lr * decay.",
        ),
        Misconception(
            "biases_by_place",
            change(
                decay_step,
                "for p in optimizer.params",
                "for i, p in enumerate(optimizer.params)",
                "p.ndim > 1",
                "i % 2 == 0",
            ),
            "You tell weights and biases by their place in the list: every second one is spared. The list may begin "
            "with a bias, or hold two matrices in a row. How many axes has each?",
        ),
        Misconception(
            "parameters_replaced",
            change(
                decay_step,
                "for p in optimizer.params",
                "for i, p in enumerate(optimizer.params)",
                "p *= keep",
                "optimizer.params[i] = p * keep",
            ),
            "The network's weights do not move any more: you put new arrays into the optimizer's list, and from then "
            "on it moves those. What changes an array itself?",
            hint=4,
        ),
        Misconception(
            "steps_for_each",
            change(decay_step, "\n    optimizer.step", "\n        optimizer.step"),
            "Your optimizer steps once for each parameter: its line stands inside the loop. Shrink all weights, and "
            "then take one step.",
            hint=3,
        ),
    ),
    also_right=(
        decay_step,
        change(decay_step, "p *= keep", "p -= optimizer.lr * decay * p"),
        change(decay_step, "p *= keep", "p[...] = keep * p", "p.ndim > 1", "len(p.shape) > 1"),
        decay_remembered,
        decay_by_index,
    ),
)

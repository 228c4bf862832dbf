"""L2 by the gradient: an optimizer that rescales its gradients rescales the penalty's too."""

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT, decay_cases, walked
from grader.spec import Exercise, Group, Misconception


def l2_oracle(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float) -> list:
    return walked(kind, params, grads, lrs, strength, "Adam")


def l2_step(optimizer, grads, lam):
    total = []
    for p, g in zip(optimizer.params, grads, strict=True):
        if p.ndim > 1:
            g = g + lam * p
        total.append(g)
    optimizer.step(total)


def l2_by_loop(optimizer, grads, lam):
    penalized = [g.copy() for g in grads]
    for i in range(len(penalized)):
        if len(optimizer.params[i].shape) >= 2:
            penalized[i] += lam * optimizer.params[i]
    optimizer.step(penalized)


def l2_by_factor(optimizer, grads, lam):
    factors = [lam * (p.ndim > 1) for p in optimizer.params]
    optimizer.step([factor * p + g for factor, p, g in zip(factors, optimizer.params, grads, strict=True)])
    return True


STEPS_IN_THE_LOOP = (
    "You call the optimizer inside the loop over the parameters, so that one call of yours makes several steps. "
    "Collect all gradients first, and call it once, after the loop."
)


L2_STEP = Exercise(
    name="l2_step",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("descent", "adds the penalty's gradient before a step of plain descent", 1, hint=2),
        Group("rescaled", "lets an optimizer that rescales its gradients see the penalty's too", 1, hint=2),
        Group("memory", "takes one step in all, also with an optimizer that remembers", 1, hint=2),
        Group("biases", "leaves alone what has one axis, and nothing else", 2, hint=1),
        Group("lr", "leaves the learning rate to the optimizer", 1, hint=2),
    ),
    cases=decay_cases,
    reference=l2_oracle,
    driver="regularized_steps",
    misconceptions=(
        Misconception(
            "biases_too",
            change(l2_step, "        if p.ndim > 1:\n            g = g", "        g = g"),
            "Your biases are pressed to zero as well. They are few, and the data fix them well. And if all targets lie "
            "around 1,000, somebody has to carry that 1,000.",
            hint=1,
        ),
        Misconception(
            "doubled",
            change(l2_step, "g + lam", "g + 2 * lam"),
            "You press twice as hard as asked. With the penalty lam/2 times the sum of squares, the one half and the 2 "
            "of the derivative cancel.",
        ),
        Misconception(
            "lr_in_the_gradient",
            change(l2_step, "g + lam", "g + optimizer.lr * lam"),
            "The learning rate comes into your penalty twice: you multiply by it, and the optimizer does so again. A "
            "gradient knows nothing of step lengths.",
        ),
        Misconception(
            "wrong_sign",
            change(l2_step, "g + lam", "g - lam"),
            "Your weights grow by themselves: the penalty has come in with a minus. A gradient points where the "
            "penalty gets larger, and the optimizer turns it round.",
        ),
        Misconception(
            "mutated",
            change(l2_step, "g = g + lam", "g += lam"),
            "You added the penalty into the gradients of whoever called you. If they log their norm, or use them once "
            "more, they find yours in there. Make new arrays.",
            hint=3,
        ),
        Misconception(
            "decayed",
            change(l2_step, "g = g + lam * p", "p *= 1 - optimizer.lr * lam"),
            "You shrink the weights themselves and hand the gradients on as they were. For plain descent that is the "
            "same; an optimizer that rescales its gradients does not see such a penalty. That is the next exercise. "
            "Here the penalty goes through the optimizer.",
        ),
        Misconception(
            "two_steps",
            change(
                l2_step,
                "    total = []",
                "    optimizer.step(grads)\n    total = []",
                "        if p.ndim > 1:\n            g = g + lam * p",
                "        g = lam * p if p.ndim > 1 else 0 * p",
            ),
            "You take two steps, one for the loss and one for the penalty. An optimizer with a memory would count two "
            "steps, and one that rescales gives the penalty a full step of its own. Add the gradients first.",
        ),
        Misconception(
            "no_penalty",
            change(l2_step, "step(total)", "step(grads)"),
            "Your step has no penalty in it: the gradients go to the optimizer as they came, and lam has no effect.",
        ),
        Misconception(
            "l1",
            change(l2_step, "lam * p", "lam * np.sign(p)"),
            "You have added the gradient of the L1 penalty, lam with the weight's sign. L2 presses on a weight in "
            "proportion to its size.",
        ),
        Misconception(
            "only_the_penalty",
            change(l2_step, "g = g + lam", "g = lam"),
            "The gradient of the loss is gone: for the weights, your optimizer sees the penalty alone, and they just "
            "fade away. The penalty is *added*.",
        ),
        Misconception(
            "biases_only",
            change(l2_step, "p.ndim > 1", "p.ndim == 1"),
            "You press on the biases, and leave the weights alone: it is the other way round.",
            hint=1,
        ),
        Misconception(
            "matrices_only",
            change(l2_step, "p.ndim > 1", "p.ndim == 2"),
            "Matrices and biases are right. A filter has three axes or four, and is made of weights as well: only what "
            "has *one* axis is left alone.",
            hint=2,
        ),
        Misconception(
            "steps_for_each",
            change(
                l2_step,
                "    total = []\n",
                "    nothing = [0 * g for g in grads]\n    i = 0\n",
                "        total.append(g)\n    optimizer.step(total)",
                "        optimizer.step([*nothing[:i], g, *nothing[i + 1 :]])\n        i += 1",
            ),
            "You call the optimizer once for each parameter. One with a memory lets all its averages fade at each of "
            "these calls, and one that counts its steps counts too many. Collect all gradients, and call it once.",
        ),
        Misconception(
            "biases_by_place",
            change(l2_step, "        if p.ndim > 1", "        if len(total) % 2 == 0"),
            "You tell weights and biases by their place in the list: every second one is spared. The list may begin "
            "with a bias, or hold two matrices in a row. How many axes has each?",
        ),
        Misconception(
            "never_steps",
            change(l2_step, "optimizer.step(total)", "return total"),
            "Nothing moves: the gradients are ready, and the optimizer's `step` is never called with them.",
        ),
        Misconception(
            "value_for_the_gradient",
            change(l2_step, "lam * p", "lam / 2 * np.sum(p**2)"),
            "You add the *value* of the penalty, one number, to every entry of the gradient. What belongs there is its "
            "gradient, an array.",
        ),
        Misconception(
            "steps_after_each_weight",
            change(l2_by_loop, "    optimizer.step(penalized)", "            optimizer.step(penalized)"),
            STEPS_IN_THE_LOOP,
        ),
        Misconception(
            "steps_after_each",
            change(l2_by_loop, "    optimizer.step(penalized)", "        optimizer.step(penalized)"),
            STEPS_IN_THE_LOOP,
        ),
        Misconception(
            "biases_left_out",
            change(l2_step, "        total", "            total"),
            "The list that you hand to the optimizer lacks the gradients of the biases. It needs one for each "
            "parameter; those of the biases go in as they came.",
            hint=1,
        ),
    ),
    also_right=(
        l2_step,
        change(l2_step, "p.ndim > 1", "len(p.shape) >= 2", "g + lam * p", "np.add(g, np.multiply(p, lam))"),
        change(
            l2_step,
            "        if p.ndim > 1:\n            g = g + lam * p",
            "        g = g if p.ndim == 1 else g + lam * p",
        ),
        l2_by_loop,
        l2_by_factor,
    ),
)

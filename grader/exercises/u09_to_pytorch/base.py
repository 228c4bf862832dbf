"""`Base`: what every optimizer does around its update. The update is the driver's; its oracle is NumPy."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import frame_mistakes
from grader.exercises.u09_to_pytorch.runs import FORBIDDEN, PARITY, UNIT, Settings, arrays, gradients, run_case
from grader.spec import Case, Exercise, Group, Misconception


def base_cases(rng: np.random.Generator) -> list[Case]:
    one, layer, two = arrays(rng, (3,)), arrays(rng, (2, 3), (3,)), arrays(rng, (2,), (2,))
    three = arrays(rng, (2,), (3,), (2, 2))
    settings = {"lr": 0.05, "factor": 1.5}
    apart: list[Settings] = [{"params": two[:1]}, {"params": two[1:], "lr": 0.2, "factor": 0.5}]
    many: list[Settings] = [{"params": three[:1], "lr": 0.3, "factor": 0.7}, {"params": three[1:]}]
    pairs: list[Settings] = [{"params": three[:2]}, {"params": three[2:], "lr": 0.1}]
    gone, late = {(0, 0), (2, 0), (3, 0), (1, 1)}, {(t, i) for t in range(3) for i in (0, 1)}

    def case(label: str, group: str, params: list[np.ndarray], steps: int, gone: Any = (), **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], settings, gradients(rng, params, steps, gone), **run)

    still = gradients(rng, two, 4)
    still[0][0], still[2][1] = np.zeros(2), np.zeros(2)
    return [
        case("one parameter, one step", "calls", one, 1),
        case("weights and bias, one step", "calls", layer, 1),
        case("gradients that add up", "calls", layer, 4, zero_every=2),
        run_case("two groups, one step", "groups", apart, settings, gradients(rng, two, 1)),
        run_case("a schedule", "groups", many, settings, gradients(rng, three, 5), lr_factors=[1, 1, 0.1, 0.1, 2]),
        case("two parameters of one shape, four steps", "state", two, 4),
        case("saved and loaded after 3 of 6 steps", "state", two, 6, reload_at=3),
        case("never a gradient", "absent", two, 3, {(0, 0), (1, 0), (2, 0)}),
        case("two that get theirs late", "absent", three, 5, late),
        case("now and then none", "absent", two, 6, gone),
        run_case("two groups, now and then none", "absent", pairs, settings, gradients(rng, three, 5, gone | {(4, 2)})),
        run_case("a gradient of zero is a gradient", "absent", [{"params": two}], settings, still),
        run_case("quadratic", "closure", [{"params": two}], settings, targets=arrays(rng, (2,), (2,)), steps=4),
        run_case("quadratic, two groups", "closure", apart, settings, targets=arrays(rng, (2,), (2,)), steps=3),
    ]


def base_oracle(groups: list[Any], settings: dict[str, Any], run: dict[str, Any]) -> tuple[list[np.ndarray], Any]:
    """NumPy: each parameter moves by the number of its gradients so far, times lr, factor and gradient."""
    steps = run["steps"] if run["grads"] is None else len(run["grads"])
    own = [settings | group for group in groups for _ in group["params"]]
    params = [param for group in groups for param in group["params"]]
    calls, path, losses = [0] * len(params), [], []
    held: list[Any] = [None] * len(params)
    for t in range(steps):
        grads = run["grads"][t] if run["grads"] else [p - aim for p, aim in zip(params, run["targets"], strict=True)]
        if run["grads"] is None:
            losses.append(sum(float(np.sum(grad**2)) / 2 for grad in grads))
        if t % run["zero_every"] == 0:
            held = [None] * len(params)
        for i, grad in enumerate(grads):
            if grad is not None:  # gradients add up where nobody clears them
                held[i] = grad if held[i] is None else held[i] + grad
            if held[i] is not None:
                calls[i] += 1
                lr = own[i]["lr"] * (run["lr_factors"] or [1.0] * steps)[t]
                params[i] = params[i] - lr * own[i]["factor"] * calls[i] * held[i]
        path.append(list(params))
    return [np.array(values) for values in zip(*path, strict=True)], np.array(losses)


def Base(groups, **settings):
    import torch

    class Optimizer(torch.optim.Optimizer):
        def __init__(self):
            super().__init__(groups, settings)

        @torch.no_grad()
        def step(self, closure=None):
            with torch.enable_grad():
                loss = None if closure is None else closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    self.update(p, p.grad, self.state[p], group)
            return loss

    return Optimizer()


CALL = "self.update(p, p.grad, self.state[p], group)"
NOT_HERE = (
    *("rebinds", "uphill", "lr_of_the_constructor", "lr_of_the_first_group"),
    *("none_unexpected", "none_as_zero", "forgets"),
)
"""Mistakes of an update, and those that are told otherwise here."""


BASE = Exercise(
    name="Base",
    unit=UNIT,
    returns=("params", "losses"),
    driver="optimizer_frame",
    groups=(
        Group("calls", "calls update for every parameter, once a step, with its gradient", 2, hint=1),
        Group("groups", "hands over each parameter's own group, as it is at that step", 2, hint=2),
        Group("state", "hands over each parameter's own state, which is saved and loaded", 2, hint=3),
        Group("absent", "passes over a parameter that has no gradient, and over no other", 2, hint=4),
        Group("closure", "calls a closure, takes the step and returns its loss", 2, hint=5),
    ),
    cases=base_cases,
    reference=base_oracle,
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "hands_none_over",
            change(Base, "                    if p.grad is None:\n                        continue\n", ""),
            "A parameter that took no part in the loss has p.grad = None, and you call update for it all the same. "
            "There it could only stop with an error. Such a parameter is to be passed over.",
        ),
        Misconception(
            "none_as_zero",
            change(Base, "continue", "p.grad = torch.zeros_like(p)"),
            "You take a missing gradient for a gradient of zero, and call update. Then weight decay and what is "
            "remembered of old gradients still move the parameter. None means: not part of this loss; it stays where "
            "it is, and so does its state.",
        ),
        Misconception(
            "zero_as_none",
            change(Base, "if p.grad is None:", "if p.grad is None or not p.grad.any():"),
            "You pass over a gradient of zero as if it were none. It is one: moments go on, and a velocity still "
            "rolls. Only None means that a parameter took no part.",
        ),
        Misconception(
            "leaves_the_group_at_none",
            change(Base, "continue", "break"),
            "At a parameter without a gradient you leave its group, and those after it in this group stand still. "
            "Pass over this one only: which statement goes on with the next round of a loop?",
        ),
        Misconception(
            "not_the_parameter",
            change(Base, "(p, p.grad,", "(p.grad, p,"),
            "The model's parameters do not move. Either update is never called, or what it gets first is not the "
            "model's "
            "own parameter: the gradient, say, or a copy, and update writes into that. The order is p, g, state, "
            "group.",
        ),
        Misconception(
            "gradient_for_an_average",
            change(Base, "p.grad, self", "p.grad / len(group['params']), self"),
            "You divide each gradient by the number of parameters in its group. The frame hands a gradient over as it "
            "is: what becomes of it is the update's business.",
        ),
        Misconception(
            "sign_turned",
            change(Base, "p.grad, self", "-p.grad, self"),
            "You turn the gradient round before you hand it over. update gets the gradient as it is, and goes down "
            "by itself.",
        ),
        Misconception(
            "calls_twice",
            change(Base, CALL, CALL + "\n                    " + CALL),
            "You call update twice a step. Each call moves the parameter and renews its state.",
        ),
        Misconception(
            "not_the_state",
            change(Base, "self.state[p]", "{}"),
            "What update gets as state is an empty dict or a copy, so that every step begins as if it were the first. "
            "Hand over the very dict that lives on from step to step.",
            hint=3,
        ),
        *frame_mistakes(Base, *NOT_HERE, one_memory_for_all=3),
    ),
    also_right=(
        Base,
        change(
            Base,
            "                    if p.grad is None:\n                        continue\n                    " + CALL,
            "                    if p.grad is not None:\n                        " + CALL,
        ),
        change(
            Base,
            "            with torch.enable_grad():\n                loss = None if closure is None else closure()\n",
            "            loss = None\n"
            "            if closure is not None:\n"
            "                torch.set_grad_enabled(True)\n"
            "                loss = closure()\n"
            "                torch.set_grad_enabled(False)\n",
        ),
        change(Base, CALL, "self.update(p=p, g=p.grad, state=self.state[p], group=group)"),
        change(Base, CALL, "self.update(p.data, p.grad.detach(), self.state[p], group)"),
        change(
            Base,
            '                for p in group["params"]:\n                    if p.grad is None:\n'
            "                        continue\n                    " + CALL,
            '                with_gradient = [p for p in group["params"] if p.grad is not None]\n'
            "                for p in with_gradient:\n"
            "                    state = self.state[p]\n"
            "                    self.update(p, p.grad, state, group)",
        ),
        change(Base, "return loss", "return None if loss is None else loss.item()"),
    ),
)

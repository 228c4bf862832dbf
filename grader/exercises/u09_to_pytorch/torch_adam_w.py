"""`TorchAdamW`: weight decay apart from the gradient."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import adam_mistakes, frame_mistakes
from grader.exercises.u09_to_pytorch.runs import (
    FORBIDDEN,
    PARITY,
    SHARED_GROUPS,
    UNIT,
    arrays,
    by_library,
    gradients,
    run_case,
    shared_cases,
)
from grader.exercises.u09_to_pytorch.torch_adam import EPS, FIRST, MOMENTS, settings
from grader.spec import Case, Exercise, Group, Misconception


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    one, layer = arrays(rng, (3,)), arrays(rng, (2, 3), (3,))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    still = [[np.zeros_like(param) for param in layer] for _ in range(3)]
    decaying = settings(0.1, weight_decay=0.4)
    return [
        case("one parameter, one step, no decay", "first", one, settings(0.1), 1),
        case("weights and bias, one step, no decay", "first", layer, settings(0.02, 0.8, 0.9), 1),
        case("four steps, no decay", "moments", one, settings(0.1), 4),
        case("other betas, no decay", "moments", layer, settings(0.05, 0.7, 0.95), 5),
        case("a large eps", "eps", one, settings(0.1, eps=0.3), 3),
        run_case("gradients of zero: only the decay is left", "decay", [{"params": layer}], decaying, still),
        case("weight decay", "decay", layer, decaying, 3),
        case("weight decay and a schedule", "decay", one, decaying, 4, lr_factors=[1, 0.5, 0.1, 0.1]),
        *shared_cases(rng, settings(0.02, weight_decay=0.1), {"lr": 0.1, "betas": [0.5, 0.9], "weight_decay": 0.5}),
    ]


def torch_adamw() -> Any:
    import torch

    return torch.optim.AdamW


def TorchAdamW(groups, **settings):
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
                    b1, b2 = group["betas"]
                    p *= 1 - group["lr"] * group["weight_decay"]
                    g = p.grad
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
            return loss

    return Optimizer()


def adamw_as_in_the_library(groups, **settings):
    import torch

    class AsInTheLibrary(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    state = self.state[p]
                    if len(state) == 0:
                        state["step"] = torch.tensor(0.0)
                        state["exp_avg"] = torch.zeros_like(p)
                        state["exp_avg_sq"] = torch.zeros_like(p)
                    state["step"] += 1
                    t = state["step"].item()
                    state["exp_avg"].lerp_(p.grad, 1 - b1)
                    state["exp_avg_sq"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                    denominator = (state["exp_avg_sq"].sqrt() / (1 - b2**t) ** 0.5).add_(group["eps"])
                    p.addcdiv_(state["exp_avg"], denominator, value=-group["lr"] / (1 - b1**t))
            return loss

    return AsInTheLibrary(groups, settings)


def adamw_in_one_step(groups, **settings):
    import torch

    class InOneStep(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    b1, b2 = group["betas"]
                    state = self.state[p]
                    state["t"] = state.get("t", 0) + 1
                    state["m"] = b1 * state.get("m", 0.0) + (1 - b1) * p.grad
                    state["v"] = b2 * state.get("v", 0.0) + (1 - b2) * p.grad.square()
                    m_hat = state["m"] / (1 - b1 ** state["t"])
                    v_hat = state["v"] / (1 - b2 ** state["t"])
                    p.sub_(group["lr"] * (m_hat / (v_hat.sqrt() + group["eps"]) + group["weight_decay"] * p))
            return loss

    return InOneStep(groups, settings)


TORCH_ADAMW = Exercise(
    name="TorchAdamW",
    unit=UNIT,
    returns=("params", "losses"),
    probe="torch_optimizer",
    groups=(
        FIRST,
        MOMENTS,
        EPS,
        Group("decay", "shrinks the parameters by lr times weight_decay, apart from the gradient", 3),
        *SHARED_GROUPS,
    ),
    cases=adamw_cases,
    reference=by_library(torch_adamw),
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "decay_in_the_gradient",
            change(
                TorchAdamW,
                'p *= 1 - group["lr"] * group["weight_decay"]\n                    g = p.grad',
                'g = p.grad + group["weight_decay"] * p',
            ),
            "This is Adam with L2: the decay goes into the gradient, and is then divided by the root of v like all the "
            "rest, so that weights with large gradients hardly decay. AdamW shrinks the parameter itself.",
            hint=1,
        ),
        Misconception(
            "decays_twice",
            change(TorchAdamW, "g = p.grad", 'g = p.grad + group["weight_decay"] * p'),
            "You decay twice: once through the gradient, as in TorchAdam, and once directly. In AdamW the moments are "
            "made of the loss's gradient alone.",
            hint=1,
        ),
        Misconception(
            "decays_after",
            change(
                TorchAdamW,
                'p *= 1 - group["lr"] * group["weight_decay"]\n                    ',
                "",
                '+ group["eps"])',
                '+ group["eps"])\n                    p *= 1 - group["lr"] * group["weight_decay"]',
            ),
            "You decay after the step, so that the step just taken is shrunk as well. It is the old parameter, from "
            "before the step, that decays.",
            hint=2,
        ),
        Misconception(
            "decays_without_lr",
            change(TorchAdamW, 'p *= 1 - group["lr"] * group["weight_decay"]', 'p *= 1 - group["weight_decay"]'),
            "You shrink by weight_decay alone. In torch the decay of a step is lr times weight_decay; yours is "
            "stronger by one over lr, and does not fade with the schedule.",
            hint=2,
        ),
        Misconception(
            "decays_at_the_first_lr",
            change(
                TorchAdamW,
                'p *= 1 - group["lr"] * group["weight_decay"]',
                'p *= 1 - group.setdefault("first_lr", group["lr"]) * group["weight_decay"]',
            ),
            "Your decay keeps the learning rate from the start, while the step obeys the schedule. Both are to use "
            'group["lr"] of this moment.',
            hint=2,
        ),
        Misconception(
            "decays_without_gradient",
            change(
                TorchAdamW,
                'p *= 1 - group["lr"] * group["weight_decay"]\n                    ',
                "",
                "if p.grad is None:",
                'p *= 1 - group["lr"] * group["weight_decay"]\n                    if p.grad is None:',
            ),
            "You decay a parameter that has no gradient in this step, a frozen layer say, and so it withers away "
            "although nobody trains it. Pass it over before anything else happens.",
            hint=3,
        ),
        *adam_mistakes(
            TorchAdamW, dict.fromkeys(("no_bias_correction", "eps_inside", "one_clock", "clock_runs_ahead"), 3)
        ),
        *frame_mistakes(
            TorchAdamW,
            dict.fromkeys(("state_outside", "stops_at_none", "settings_of_the_constructor", "closure_without_grad"), 3),
        ),
    ),
    equivalents=(TorchAdamW, adamw_as_in_the_library, adamw_in_one_step),
)

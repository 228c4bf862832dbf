"""`TorchAdamW`: weight decay apart from the gradient."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import (
    DECAY,
    DECAY_FIRST,
    KEPT,
    adam_mistakes,
    decay_mistakes,
    frame_mistakes,
)
from grader.exercises.u09_to_pytorch.runs import (
    FORBIDDEN,
    PARITY,
    UNIT,
    arrays,
    by_library,
    gradients,
    run_case,
    shared_cases,
    shared_groups,
)
from grader.exercises.u09_to_pytorch.torch_adam import settings
from grader.spec import Case, Exercise, Group, Misconception


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    one, layer = arrays(rng, (3,)), arrays(rng, (2, 3), (3,))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    still = [[np.zeros_like(param) for param in layer] for _ in range(3)]
    decaying = settings(0.1, weight_decay=0.4)
    return [
        case("one parameter, one step, no decay", "adam", one, settings(0.1), 1),
        case("weights and bias, one step, no decay", "adam", layer, settings(0.02, 0.8, 0.9), 1),
        case("four steps, no decay", "adam", one, settings(0.1), 4),
        case("other betas, gradients that add up", "adam", layer, settings(0.05, 0.7, 0.95), 5, zero_every=2),
        case("a large eps", "adam", one, settings(0.1, eps=0.3), 3),
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


TWICE = (
    "You decay twice: once through the gradient, as in TorchAdam, and once directly. In AdamW the moments are made of "
    "the loss's gradient alone."
)


TORCH_ADAMW = Exercise(
    name="TorchAdamW",
    unit=UNIT,
    returns=("params", "losses"),
    driver="torch_optimizer",
    groups=(
        Group("adam", "is Adam where nothing decays", 1, hint=3),
        Group("decay", "shrinks the parameters by lr times weight_decay, apart from the gradient", 3, hint=1),
        *shared_groups(fifty=3, groups=3, resumes=3, frame=3),
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
                DECAY_FIRST + "g = p.grad",
                'g = p.grad + group["weight_decay"] * p',
            ),
            "This is Adam with L2: the decay goes into the gradient, and is then divided by the root of v like all the "
            "rest, so that weights with large gradients hardly decay. AdamW shrinks the parameter itself.",
        ),
        Misconception(
            "decays_twice",
            change(TorchAdamW, "g = p.grad", 'g = p.grad + group["weight_decay"] * p'),
            TWICE,
        ),
        Misconception(
            "decays_twice_the_old",
            change(
                TorchAdamW,
                DECAY_FIRST + "g = p.grad",
                'g = p.grad + group["weight_decay"] * p\n                    ' + DECAY,
            ),
            TWICE,
        ),
        Misconception(
            "decays_after",
            change(
                TorchAdamW,
                DECAY_FIRST,
                "",
                '+ group["eps"])',
                '+ group["eps"])\n                    ' + DECAY,
            ),
            "You decay after the step, so that the step just taken is shrunk as well. It is the old parameter, from "
            "before the step, that decays.",
            hint=2,
        ),
        Misconception(
            "decays_without_lr",
            change(TorchAdamW, DECAY, 'p *= 1 - group["weight_decay"]'),
            "You shrink by weight_decay alone. In torch the decay of a step is lr times weight_decay; yours is "
            "stronger by one over lr, and does not fade with the schedule.",
            hint=2,
        ),
        Misconception(
            "decays_at_the_first_lr",
            change(
                TorchAdamW,
                DECAY,
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
                DECAY_FIRST,
                "",
                "if p.grad is None:",
                'p *= 1 - group["lr"] * group["weight_decay"]\n                    if p.grad is None:',
            ),
            "You decay a parameter that has no gradient in this step, a frozen layer say, and so it withers away "
            "although nobody trains it. Pass it over before anything else happens.",
        ),
        Misconception(
            "clears_the_group",
            change(TorchAdamW, DECAY, DECAY + '\n                    group["weight_decay"] = 0'),
            "You set the group's own weight_decay to 0, and there it stays: after the first parameter, at the first "
            "step, nothing decays any more. Hand Adam's update a changed copy, and leave the group as it is.",
        ),
        *adam_mistakes(TorchAdamW),
        *decay_mistakes(TorchAdamW, "1 - group", "1 - 0 * group", "1 + group"),
        *frame_mistakes(TorchAdamW),
        Misconception(
            "decays_by_the_square_of_lr",
            change(TorchAdamW, 'p *= 1 - group["lr"] *', 'p *= 1 - group["lr"] ** 2 *'),
            "The decay has the learning rate in it twice. A step shrinks the parameter by lr times weight_decay "
            "of itself.",
            hint=2,
        ),
        Misconception(
            "decay_through_the_root",
            change(
                TorchAdamW,
                DECAY_FIRST,
                "",
                "* m_hat /",
                '* (m_hat + group["weight_decay"] * p) /',
            ),
            "You add the decay to the corrected m, and it is divided by the root of v along with it: weights with "
            "large gradients hardly decay. It goes past both moments, straight to the parameter.",
        ),
        Misconception(
            "rebinds_where_it_decays",
            change(
                TorchAdamW,
                DECAY,
                'p = p * (1 - group["lr"] * group["weight_decay"])',
            ),
            "When you decay, you give the name p to a new tensor; from there on it has no gradient, and the "
            "model's parameter does not move. Write into the tensor itself.",
            hint=2,
        ),
    ),
    also_right=(
        TorchAdamW,
        change(TorchAdamW, DECAY, 'p -= group["lr"] * group["weight_decay"] * p'),
        change(
            TorchAdamW,
            DECAY,
            'p.sub_(p, alpha=group["lr"] * group["weight_decay"])',
        ),
        change(
            TorchAdamW,
            'b1 * state.get("m", 0) + (1 - b1) * g',
            'g * (1 - b1) + state["m"] * b1 if "m" in state else (1 - b1) * g',
        ),
        change(TorchAdamW, *KEPT),
        change(
            TorchAdamW,
            DECAY_FIRST,
            "",
            'p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])',
            'p.sub_(group["lr"] * (m_hat / (v_hat.sqrt() + group["eps"]) + group["weight_decay"] * p))',
        ),
    ),
)

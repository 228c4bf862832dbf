"""`TorchSGD`: momentum, Nesterov and weight decay as a subclass of torch.optim.Optimizer."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import decay_mistakes, frame_mistakes
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
from grader.spec import Case, Exercise, Group, Misconception


def settings(lr: float, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False) -> dict[str, Any]:
    return {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov}


def sgd_cases(rng: np.random.Generator) -> list[Case]:
    one, layer = arrays(rng, (3,)), arrays(rng, (2, 3), (3,))
    alike = arrays(rng, (2,), (2,))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    return [
        case("one parameter, one step", "plain", one, settings(0.1), 1),
        case("weights and bias, three steps", "plain", layer, settings(0.2), 3),
        case("momentum 0.9, four steps", "momentum", one, settings(0.1, 0.9), 4),
        case("momentum 0.5, two parameters of one shape", "momentum", alike, settings(0.05, 0.5), 4),
        case("momentum, gradients that add up", "momentum", one, settings(0.1, 0.9), 4, zero_every=2),
        case("Nesterov", "variants", layer, settings(0.1, 0.8, nesterov=True), 4),
        case("weight decay", "variants", one, settings(0.1, weight_decay=0.3), 3),
        case("weight decay, gradients that add up", "variants", one, settings(0.1, weight_decay=0.3), 4, zero_every=2),
        case("all together", "variants", layer, settings(0.1, 0.9, 0.2, True), 4),
        *shared_cases(rng, settings(0.05, 0.9, 0.05), {"lr": 0.3, "momentum": 0.5, "weight_decay": 0.2}),
    ]


def torch_sgd() -> Any:
    import torch

    return torch.optim.SGD


def TorchSGD(groups, **settings):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    v = state["v"] = group["momentum"] * state.get("v", 0) + g
                    step = g + group["momentum"] * v if group["nesterov"] else v
                    p -= group["lr"] * step
            return loss

    return Optimizer()


TORCH_SGD = Exercise(
    name="TorchSGD",
    unit=UNIT,
    returns=("params", "losses"),
    driver="torch_optimizer",
    groups=(
        Group("plain", "moves the model's own parameters against their gradients", 2, hint=1),
        Group("momentum", "keeps a velocity for each parameter, in torch's convention", 2, hint=2),
        Group("variants", "looks ahead as Nesterov, and decays weights through the gradient", 2, hint=3),
        *shared_groups(groups=4, resumes=5, frame=6),
    ),
    cases=sgd_cases,
    reference=by_library(torch_sgd),
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "forgets",
            change(TorchSGD, 'state.get("v", 0)', "0"),
            "The setting momentum changes nothing in your step: each one starts from rest. What has to live from one "
            "step to the next belongs in its state.",
        ),
        Misconception(
            "average",
            change(TorchSGD, 'state.get("v", 0) + g', 'state.get("v", 0) + (1 - group["momentum"]) * g'),
            "Your velocity is an average, with 1 - momentum of each gradient. torch's convention is the sum: every "
            "gradient enters in full, so that your steps are too short by the factor 1 - momentum.",
        ),
        Misconception(
            "lr_inside",
            change(
                TorchSGD,
                'p.grad + group["weight_decay"] * p',
                'group["lr"] * (p.grad + group["weight_decay"] * p)',
                'group["lr"] * step',
                "step",
            ),
            "The learning rate is inside your velocity. While it is constant nobody notices; when a schedule lowers "
            "it, old steps roll on with the old one. In torch's convention it stands outside.",
            hint=2,
        ),
        Misconception(
            "takes_the_gradient",
            change(
                TorchSGD,
                "g = p.grad +",
                'g = p.grad if group["weight_decay"] == 0 else p.grad +',
                'group["momentum"] * state.get("v", 0) + g',
                'state["v"].mul_(group["momentum"]).add_(g) if "v" in state else g',
            ),
            "Your velocity is the very tensor p.grad, not a copy. Where gradients add up over several calls of "
            "backward, the next backward writes into your velocity, and your step into the gradient. Give it memory of "
            "its own.",
        ),
        Misconception(
            "nesterov_looks_back",
            change(
                TorchSGD,
                'v = state["v"] = group["momentum"] * state.get("v", 0) + g',
                'old = state.get("v", 0)\n                    v = state["v"] = group["momentum"] * old + g',
                "* v if",
                "* old if",
            ),
            "With nesterov=True your step is heavy ball's once more: the new velocity and nothing else. (The gradient "
            "plus momentum times the old velocity is just that.) The look-ahead takes the new velocity, once more with "
            "momentum.",
        ),
        Misconception(
            "always_nesterov",
            change(TorchSGD, ' if group["nesterov"] else v', ""),
            "You look ahead in every step, whether nesterov is set or not. Without it, the step is the velocity.",
            hint=3,
        ),
        Misconception(
            "decoupled",
            change(
                TorchSGD,
                'p.grad + group["weight_decay"] * p',
                "p.grad",
                "* step",
                '* (step + group["weight_decay"] * p)',
            ),
            "Your weight decay acts on the parameters alone, past the velocity. That is AdamW's idea; torch.optim.SGD "
            "adds weight_decay * p to the gradient, so that the velocity remembers the decay too.",
        ),
        Misconception(
            "changes_the_gradient",
            change(TorchSGD, 'p.grad + group["weight_decay"] * p', 'p.grad.add_(p, alpha=group["weight_decay"])'),
            "You add the decay to p.grad itself. Where gradients add up over several calls of backward, the decay of "
            "one step is still in there at the next. A gradient belongs to the model: compute with it, leave it as it "
            "is.",
        ),
        *decay_mistakes(TorchSGD, ' + group["weight_decay"]', " + 0", ' - group["weight_decay"]'),
        *frame_mistakes(TorchSGD, "forgets"),
        Misconception(
            "moves_with_the_old_velocity",
            change(
                TorchSGD,
                'v = state["v"] = group["momentum"] * state.get("v", 0) + g',
                'v = state.get("v", torch.zeros_like(p))\n                    state["v"] = group["momentum"] * v + g',
            ),
            "You move with the velocity from before this step, so that every gradient is heard one step late, and "
            "the first step stands still. First the velocity takes the gradient in, then the parameter moves.",
            hint=2,
        ),
        Misconception(
            "average_from_the_second_on",
            change(
                TorchSGD,
                'v = state["v"] = group["momentum"] * state.get("v", 0) + g',
                'v = state["v"] = group["momentum"] * state["v"] + (1 - group["momentum"]) * g if "v" in state else g',
            ),
            "From the second step on your velocity takes only 1 - momentum of each gradient in. torch's "
            "convention is the sum: every gradient enters in full.",
        ),
    ),
    also_right=(
        TorchSGD,
        change(TorchSGD, 'p -= group["lr"] * step', 'p.add_(step, alpha=-group["lr"])'),
        change(
            TorchSGD,
            'v = state["v"] = group["momentum"] * state.get("v", 0) + g',
            'if "v" not in state:\n'
            '                        state["v"] = torch.zeros_like(p)\n'
            '                    v = state["v"].mul_(group["momentum"]).add_(g)',
        ),
        change(
            TorchSGD,
            'p.grad + group["weight_decay"] * p',
            'p.grad.add(p, alpha=group["weight_decay"])',
            'p -= group["lr"] * step',
            'p.copy_(p - step * group["lr"])',
        ),
        change(
            TorchSGD,
            'g = p.grad + group["weight_decay"] * p',
            'theta = p.data\n                    g = p.grad.data + group["weight_decay"] * theta',
            'p -= group["lr"] * step',
            'p.data = theta - group["lr"] * step',
        ),
        change(
            TorchSGD,
            "state = self.state[p]\n"
            '                    v = state["v"] = group["momentum"] * state.get("v", 0) + g\n'
            '                    step = g + group["momentum"] * v if group["nesterov"] else v',
            "step = g\n"
            '                    if group["momentum"]:\n'
            '                        v = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))\n'
            '                        v.mul_(group["momentum"]).add_(g)\n'
            '                        step = g.add(v, alpha=group["momentum"]) if group["nesterov"] else v',
        ),
    ),
)

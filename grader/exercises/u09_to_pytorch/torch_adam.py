"""`TorchAdam` as a subclass of torch.optim.Optimizer."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import DECAY, KEPT, adam_mistakes, decay_mistakes, frame_mistakes
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


def settings(
    lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
) -> dict[str, Any]:
    return {"lr": lr, "betas": [beta1, beta2], "eps": eps, "weight_decay": weight_decay}


def adam_cases(rng: np.random.Generator) -> list[Case]:
    one, layer = arrays(rng, (3,)), arrays(rng, (2, 3), (3,))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    tiny = [[grad * 1e-8 for grad in each] for each in gradients(rng, one, 4)]
    return [
        case("one parameter, one step", "first", one, settings(0.1), 1),
        case("weights and bias, one step", "first", layer, settings(0.02, 0.8, 0.9), 1),
        case("four steps", "moments", one, settings(0.1), 4),
        case("weights and bias, other betas", "moments", layer, settings(0.05, 0.7, 0.95), 5),
        case("a large eps", "eps", one, settings(0.1, eps=0.3), 3),
        run_case("gradients as small as eps", "eps", [{"params": one}], settings(0.1), tiny),
        case("weight decay", "decay", layer, settings(0.1, weight_decay=0.4), 3),
        case("weight decay, gradients that add up", "decay", one, settings(0.1, weight_decay=0.4), 4, zero_every=2),
        *shared_cases(rng, settings(0.02, weight_decay=0.05), {"lr": 0.1, "betas": [0.5, 0.9], "weight_decay": 0.3}),
    ]


def torch_adam() -> Any:
    import torch

    return torch.optim.Adam


def TorchAdam(groups, **settings):
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
                    g = p.grad + group["weight_decay"] * p
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2
                    m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
                    p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
            return loss

    return Optimizer()


L2 = 'p.grad + group["weight_decay"] * p'


TORCH_ADAM = Exercise(
    name="TorchAdam",
    unit=UNIT,
    returns=("params", "losses"),
    driver="torch_optimizer",
    groups=(
        Group("first", "makes a first step of the length lr, with the bias corrected", 2, hint=2),
        Group("moments", "keeps both moments of each parameter from step to step", 2, hint=2),
        Group("eps", "adds eps to the root of the corrected second moment", 1, hint=2),
        Group("decay", "takes weight_decay as L2, through the gradient, and leaves p.grad as it is", 1, hint=5),
        *shared_groups(fifty=2, groups=4, resumes=3, frame=4),
    ),
    cases=adam_cases,
    reference=by_library(torch_adam),
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "eps_before_the_correction",
            change(TorchAdam, "m / (1 - b1**t), v / (1 - b2**t)", "m * (1 - b2**t) ** 0.5 / (1 - b1**t), v"),
            "You put both corrections into the step's length and add eps to the root of the uncorrected v. Papers and "
            "some libraries do so; there eps is weaker in the first steps. torch adds it to the root of the corrected "
            "v.",
        ),
        Misconception(
            "corrected_kept",
            change(TorchAdam, "m_hat, v_hat = ", 'm_hat, v_hat = state["m"], state["v"] = '),
            "You store the corrected moments back, so that they are corrected again at the next step. The correction "
            "is for this step's use only; what lives on is m and v as they are.",
        ),
        Misconception(
            "betas_swapped",
            change(TorchAdam, "b1, b2 =", "b2, b1 ="),
            "Your two betas have changed places: the first of the pair, 0.9, belongs to m, the average of the "
            "gradients, the second, 0.999, to v.",
        ),
        Misconception(
            "not_squared",
            change(TorchAdam, "g**2", "g.abs()"),
            "Your v averages the gradients' sizes, and then you take the root. v averages the squares: the root brings "
            "them back to the gradient's own unit.",
        ),
        Misconception(
            "decoupled",
            change(TorchAdam, L2, "p.grad\n                    " + DECAY),
            "You shrink the parameters themselves, past the moments. That is AdamW, the next exercise; Adam's "
            "weight_decay adds weight_decay * p to the gradient before the moments see it.",
        ),
        Misconception(
            "decoupled_after",
            change(TorchAdam, L2, "p.grad", '+ group["eps"])', '+ group["eps"])\n                    ' + DECAY),
            "You shrink the parameters themselves, and after the step, past the moments. Adam's weight_decay adds "
            "weight_decay * p to the gradient before the moments see it.",
            hint=5,
        ),
        Misconception(
            "changes_the_gradient",
            change(TorchAdam, L2, 'p.grad.add_(p, alpha=group["weight_decay"])'),
            "You add the decay to p.grad itself. Where gradients add up over several calls of backward, the decay of "
            "one step is still in there at the next. Compute with the gradient and leave it as it is.",
        ),
        *adam_mistakes(TorchAdam, one_clock=3, clock_runs_ahead=3),
        *decay_mistakes(TorchAdam, ' + group["weight_decay"]', " + 0", ' - group["weight_decay"]'),
        *frame_mistakes(TorchAdam, rebinds=1, uphill=1, forgets=3, one_memory_for_all=3),
        Misconception(
            "decay_in_m_alone",
            change(TorchAdam, "g**2", "p.grad**2"),
            "Your m knows of the weight decay and your v does not. The decay is added to the gradient before "
            "anything else looks at it: from there on, only that sum is used.",
        ),
        Misconception(
            "decay_past_the_moments",
            change(TorchAdam, L2, "p.grad", "* m_hat /", '* (m_hat + group["weight_decay"] * p) /'),
            "You add the decay to the corrected m, so that the moments do not know of it. It is added to the "
            "gradient, before anything else looks at that.",
        ),
    ),
    also_right=(
        TorchAdam,
        change(
            TorchAdam,
            'p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])',
            'p.addcdiv_(m_hat, v_hat.sqrt().add_(group["eps"]), value=-group["lr"])',
        ),
        change(
            TorchAdam,
            'b2 * state.get("v", 0) + (1 - b2) * g**2',
            'torch.lerp(state.get("v", torch.zeros_like(p)), g * g, 1 - b2)',
        ),
        change(TorchAdam, *KEPT),
        change(
            TorchAdam,
            "m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)\n"
            '                    p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])',
            'scale = torch.sqrt(v / (1 - b2**t)) + group["eps"]\n'
            '                    p.data = p.data - group["lr"] / (1 - b1**t) * m / scale',
        ),
    ),
)

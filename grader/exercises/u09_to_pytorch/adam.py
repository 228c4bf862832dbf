"""`TorchAdam` as a subclass of torch.optim.Optimizer."""

from typing import Any

import numpy as np

from grader.exercises.u09_to_pytorch import adam_right, adam_wrong
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


FIRST = Group("first", "makes a first step of the length lr, with the bias corrected", 2)
MOMENTS = Group("moments", "keeps both moments of each parameter from step to step", 2)
EPS = Group("eps", "adds eps to the root of the corrected second moment", 1)

ONE_CLOCK = (
    "Your t counts calls of step, one clock for all. A parameter that gets its first gradient late then misses the "
    "bias correction that it needs. Each parameter counts its own steps: t belongs into self.state[p], beside m and v."
)
CLOCK_RUNS_AHEAD = (
    "Your t goes up at every parameter, not at every step: the first one is right, and for each one after it the clock "
    "runs ahead. Let each parameter count its own steps, in self.state[p]."
)
STATE_OUTSIDE = (
    "Your moments live in an attribute of your own. state_dict() knows only self.state, so a run that is saved and "
    "resumed starts again with empty moments, at t = 1, and nobody is told."
)
STOPS_AT_NONE = (
    "At the first parameter without a gradient your step ends, and all that come after it stand still. Pass over this "
    "one only, and go on with the next."
)
DEFAULTS = (
    "You take the settings from self.defaults. These are only what a group without its own settings starts with: a "
    "group's own lr or betas are ignored, and so is every schedule. Ask the group, at each step."
)
NO_GRAD = (
    "The closure runs under no_grad, because your whole step does. So its loss has no history, and backward stops with "
    "an error. For this one call recording has to be switched on again, as in TorchSGD."
)
UNCORRECTED = (
    "Your moments are not corrected for their start at zero: with the usual betas the first step is 3.16 times too "
    "long (0.1 over the root of 0.001). Divide each moment by its 1 - beta^t."
)
EPS_INSIDE = (
    "Your eps is inside the root, where 1e-8 acts like 1e-4 outside of it: tiny gradients are braked much too hard. "
    "First the root, then eps."
)

TORCH_ADAM = Exercise(
    name="TorchAdam",
    unit=UNIT,
    returns=("params", "losses"),
    probe="torch_optimizer",
    groups=(
        FIRST,
        MOMENTS,
        EPS,
        Group("decay", "takes weight_decay as L2, through the gradient, and leaves p.grad as it is", 1),
        *SHARED_GROUPS,
    ),
    cases=adam_cases,
    reference=by_library(torch_adam),
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "rebinds",
            adam_wrong.adam_rebinds,
            "The model's parameters do not move. `p = p - ...` makes a new tensor and calls it p; the model still "
            "holds the old one. Write into the tensor itself.",
            hint=1,
        ),
        Misconception("no_bias_correction", adam_wrong.adam_uncorrected, UNCORRECTED, hint=2),
        Misconception("eps_inside", adam_wrong.adam_eps_inside, EPS_INSIDE, hint=2),
        Misconception(
            "eps_before_the_correction",
            adam_wrong.adam_eps_first,
            "You put both corrections into the step's length and add eps to the root of the uncorrected v. Papers and "
            "some libraries do so; there eps is weaker in the first steps. torch adds it to the root of the corrected "
            "v.",
            hint=2,
        ),
        Misconception("one_clock", adam_wrong.adam_one_clock, ONE_CLOCK, hint=3),
        Misconception("clock_runs_ahead", adam_wrong.adam_clock_runs_ahead, CLOCK_RUNS_AHEAD, hint=3),
        Misconception("state_outside", adam_wrong.adam_state_outside, STATE_OUTSIDE, hint=3),
        Misconception(
            "corrected_kept",
            adam_wrong.adam_corrected_kept,
            "You store the corrected moments back, so that they are corrected again at the next step. The correction "
            "is for this step's use only; what lives on is m and v as they are.",
            hint=2,
        ),
        Misconception(
            "betas_swapped",
            adam_wrong.adam_betas_swapped,
            "Your two betas have changed places: the first of the pair, 0.9, belongs to m, the average of the "
            "gradients, the second, 0.999, to v.",
            hint=2,
        ),
        Misconception(
            "not_squared",
            adam_wrong.adam_not_squared,
            "Your v averages the gradients' sizes, and then you take the root. v averages the squares: the root brings "
            "them back to the gradient's own unit.",
            hint=2,
        ),
        Misconception("stops_at_none", adam_wrong.adam_stops_at_none, STOPS_AT_NONE, hint=4),
        Misconception(
            "none_as_zero",
            adam_wrong.adam_none_as_zero,
            "You take a missing gradient for a gradient of zero. Then the old m still moves the parameter, and its "
            "clock goes on. None means: not part of this loss; nothing of it changes.",
            hint=4,
        ),
        Misconception("settings_of_the_constructor", adam_wrong.adam_defaults_only, DEFAULTS, hint=4),
        Misconception("closure_without_grad", adam_wrong.adam_closure_without_grad, NO_GRAD, hint=4),
        Misconception(
            "decoupled",
            adam_wrong.adam_decoupled,
            "You shrink the parameters themselves, past the moments. That is AdamW, the next exercise; Adam's "
            "weight_decay adds weight_decay * p to the gradient before the moments see it.",
            hint=5,
        ),
        Misconception(
            "changes_the_gradient",
            adam_wrong.adam_changes_gradient,
            "You add the decay to p.grad itself. Where gradients add up over several calls of backward, the decay of "
            "one step is still in there at the next. Compute with the gradient and leave it as it is.",
            hint=5,
        ),
    ),
    equivalents=(adam_right.adam_as_in_the_library, adam_right.adam_by_data),
)

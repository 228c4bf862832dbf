"""`TorchAdamW`: weight decay apart from the gradient."""

from typing import Any

import numpy as np

from grader.exercises.u09_to_pytorch import adam_right, adamw_wrong
from grader.exercises.u09_to_pytorch.adam import (
    CLOCK_RUNS_AHEAD,
    DEFAULTS,
    EPS,
    EPS_INSIDE,
    FIRST,
    MOMENTS,
    NO_GRAD,
    ONE_CLOCK,
    STATE_OUTSIDE,
    STOPS_AT_NONE,
    UNCORRECTED,
    settings,
)
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
            adamw_wrong.adamw_decay_in_gradient,
            "This is Adam with L2: the decay goes into the gradient, and is then divided by the root of v like all the "
            "rest, so that weights with large gradients hardly decay. AdamW shrinks the parameter itself.",
            hint=1,
        ),
        Misconception(
            "decays_twice",
            adamw_wrong.adamw_decay_twice,
            "You decay twice: once through the gradient, as in TorchAdam, and once directly. In AdamW the moments are "
            "made of the loss's gradient alone.",
            hint=1,
        ),
        Misconception(
            "decays_after",
            adamw_wrong.adamw_decay_after,
            "You decay after the step, so that the step just taken is shrunk as well. It is the old parameter, from "
            "before the step, that decays.",
            hint=2,
        ),
        Misconception(
            "decays_without_lr",
            adamw_wrong.adamw_decay_without_lr,
            "You shrink by weight_decay alone. In torch the decay of a step is lr times weight_decay; yours is "
            "stronger by one over lr, and does not fade with the schedule.",
            hint=2,
        ),
        Misconception(
            "decays_at_the_first_lr",
            adamw_wrong.adamw_decay_at_first_lr,
            "Your decay keeps the learning rate from the start, while the step obeys the schedule. Both are to use "
            'group["lr"] of this moment.',
            hint=2,
        ),
        Misconception(
            "decays_without_gradient",
            adamw_wrong.adamw_decays_without_gradient,
            "You decay a parameter that has no gradient in this step, a frozen layer say, and so it withers away "
            "although nobody trains it. Pass it over before anything else happens.",
            hint=3,
        ),
        Misconception("no_bias_correction", adamw_wrong.adamw_uncorrected, UNCORRECTED, hint=3),
        Misconception("eps_inside", adamw_wrong.adamw_eps_inside, EPS_INSIDE, hint=3),
        Misconception("one_clock", adamw_wrong.adamw_one_clock, ONE_CLOCK, hint=3),
        Misconception("clock_runs_ahead", adamw_wrong.adamw_clock_runs_ahead, CLOCK_RUNS_AHEAD, hint=3),
        Misconception("state_outside", adamw_wrong.adamw_state_outside, STATE_OUTSIDE, hint=3),
        Misconception("stops_at_none", adamw_wrong.adamw_stops_at_none, STOPS_AT_NONE, hint=3),
        Misconception("settings_of_the_constructor", adamw_wrong.adamw_defaults_only, DEFAULTS, hint=3),
        Misconception("closure_without_grad", adamw_wrong.adamw_closure_without_grad, NO_GRAD, hint=3),
    ),
    equivalents=(adam_right.adamw_as_in_the_library, adam_right.adamw_in_one_step),
)

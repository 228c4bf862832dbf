"""`TorchSGD`: momentum, Nesterov and weight decay as a subclass of torch.optim.Optimizer."""

from typing import Any

import numpy as np

from grader.exercises.u09_to_pytorch import sgd_right, sgd_wrong
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


TORCH_SGD = Exercise(
    name="TorchSGD",
    unit=UNIT,
    returns=("params", "losses"),
    probe="torch_optimizer",
    groups=(
        Group("plain", "moves the model's own parameters against their gradients", 2),
        Group("momentum", "keeps a velocity for each parameter, in torch's convention", 2),
        Group("variants", "looks ahead as Nesterov, and decays weights through the gradient", 2),
        *SHARED_GROUPS,
    ),
    cases=sgd_cases,
    reference=by_library(torch_sgd),
    tolerance=PARITY,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "rebinds",
            sgd_wrong.sgd_rebinds,
            "The model's parameters do not move. `p = p - ...` makes a new tensor and calls it p; the model still "
            "holds the old one. Which operation writes into the tensor itself?",
            hint=1,
        ),
        Misconception(
            "uphill",
            sgd_wrong.sgd_uphill,
            "Your parameters climb. What autograd leaves in p.grad points to where the loss grows, exactly like the "
            "gradients that you derived by hand.",
            hint=1,
        ),
        Misconception(
            "forgets",
            sgd_wrong.sgd_forgets,
            "The setting momentum changes nothing in your step: each one starts from rest. What has to live from one "
            "step to the next belongs into self.state[p].",
            hint=2,
        ),
        Misconception(
            "average",
            sgd_wrong.sgd_average,
            "Your velocity is an average, with 1 - momentum of each gradient. torch's convention is the sum: every "
            "gradient enters in full, so that your steps are too short by the factor 1 - momentum.",
            hint=2,
        ),
        Misconception(
            "lr_inside",
            sgd_wrong.sgd_lr_inside,
            "The learning rate is inside your velocity. While it is constant nobody notices; when a schedule lowers "
            "it, old steps roll on with the old one. In torch's convention it stands outside.",
            hint=2,
        ),
        Misconception(
            "takes_the_gradient",
            sgd_wrong.sgd_takes_gradient,
            "Your velocity is the very tensor p.grad, not a copy. Where gradients add up over several calls of "
            "backward, the next backward writes into your velocity, and your step into the gradient. Give it memory of "
            "its own.",
            hint=2,
        ),
        Misconception(
            "nesterov_looks_back",
            sgd_wrong.sgd_nesterov_old,
            "With nesterov=True you add the velocity from before this gradient, and g + momentum * (old velocity) is "
            "the new velocity: heavy ball once more. The look-ahead uses the new one.",
            hint=3,
        ),
        Misconception(
            "decoupled",
            sgd_wrong.sgd_decoupled,
            "Your weight decay acts on the parameters alone, past the velocity. That is AdamW's idea; torch.optim.SGD "
            "adds weight_decay * p to the gradient, so that the velocity remembers the decay too.",
            hint=3,
        ),
        Misconception(
            "changes_the_gradient",
            sgd_wrong.sgd_changes_gradient,
            "You add the decay to p.grad itself. Where gradients add up over several calls of backward, the decay of "
            "one step is still in there at the next. A gradient belongs to the model: compute with it, leave it as it "
            "is.",
            hint=3,
        ),
        Misconception(
            "settings_of_the_constructor",
            sgd_wrong.sgd_defaults_only,
            "You take the settings from self.defaults. These are only what a group without its own settings starts "
            "with: a group's own lr is ignored, and so is every schedule. Ask the group, at each step.",
            hint=4,
        ),
        Misconception(
            "none_unexpected",
            sgd_wrong.sgd_none_unexpected,
            "A parameter that took no part in the loss has p.grad = None, not zeros, and there your step stops with an "
            "error. A frozen layer is enough to make that happen. Such a parameter is to be passed over.",
            hint=5,
        ),
        Misconception(
            "none_as_zero",
            sgd_wrong.sgd_none_as_zero,
            "You take a missing gradient for a gradient of zero. Then weight decay and old velocity still move the "
            "parameter. None means: not part of this loss; it stays where it is, and so does its velocity.",
            hint=5,
        ),
        Misconception(
            "stops_at_none",
            sgd_wrong.sgd_stops_at_none,
            "At the first parameter without a gradient your step ends, and all that come after it stand still. Pass "
            "over this one only: which statement goes on with the next round of a loop?",
            hint=5,
        ),
        Misconception(
            "state_outside",
            sgd_wrong.sgd_state_outside,
            "Your velocities live in an attribute of your own. state_dict() knows only self.state, so a training run "
            "that is saved and resumed starts again from rest, and nobody is told.",
            hint=6,
        ),
        Misconception(
            "closure_ignored",
            sgd_wrong.sgd_closure_ignored,
            "Your step never calls the closure, so that there are no gradients and nothing moves. `step(closure)` asks "
            "you to call it first: it computes loss and gradients.",
            hint=7,
        ),
        Misconception(
            "loss_forgotten",
            sgd_wrong.sgd_loss_forgotten,
            "You call the closure and keep its loss to yourself. step(closure) returns it: that is how whoever trains "
            "gets to see the loss.",
            hint=7,
        ),
        Misconception(
            "closure_without_grad",
            sgd_wrong.sgd_closure_without_grad,
            "The closure runs under no_grad, because your whole step does. So its loss has no history, and backward "
            "stops with an error. For this one call recording has to be switched on again.",
            hint=7,
        ),
    ),
    equivalents=(sgd_right.sgd_with_buffers, sgd_right.sgd_by_data, sgd_right.sgd_copied_back),
)

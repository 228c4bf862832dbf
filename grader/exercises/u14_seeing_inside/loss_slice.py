"""`loss_slice`: the loss along a direction through the weights."""

from typing import Any

import numpy as np
from scipy.special import logsumexp

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
    UNIT,
    Layers,
    dense,
    forward,
    plain,
    relu_network,
    smooth_network,
)
from grader.spec import Case, Exercise, Group, Misconception


def slice_cases(rng: np.random.Generator) -> list[Case]:
    def softmax_model(shape: tuple[int, int, int], classes: int) -> Layers:
        return [plain("flatten"), dense(rng, "out", int(np.prod(shape)), classes)]

    def case(label: str, group: str, layers: Layers, shape: tuple[int, ...], alphas: Any, asks: str = "losses") -> Case:
        X, y = rng.normal(size=shape), rng.integers(0, 4, size=shape[0])
        params = [layer[key] for layer in layers if "weight" in layer for key in ("weight", "bias")]
        direction = [rng.normal(size=param.shape) for param in params]
        inputs = {"network": layers, "X": X, "y": y, "direction": direction}
        return Case(label, group, inputs | {"alphas": np.array(alphas), "asks": asks})

    one, two, three = (1, 2, 3), (1, 4, 4), (2, 4, 6)
    return [
        case("where the network is", "here", softmax_model(one, 4), (5, *one), [0.0]),
        case("where a convolutional network is", "here", smooth_network(rng, two, 4), (3, *two), [0.0]),
        case("one step away", "step", softmax_model(one, 4), (5, *one), [0.7]),
        case("one step back", "step", smooth_network(rng, three, 4), (4, *three), [-0.4]),
        case("a whole slice", "slice", softmax_model(one, 4), (6, *one), [-1.0, -0.5, 0.0, 0.5, 1.0]),
        case("a slice in no order", "slice", relu_network(rng, two, 4), (4, *two), [0.3, 0.9, -0.6, 0.0]),
        case("what is left of it", "restored", smooth_network(rng, two, 4), (3, *two), [0.9, 0.37, 0.71], "left"),
        case("what is left of another", "restored", softmax_model(one, 4), (5, *one), [-0.3, 1.7], "left"),
    ]


def moved(layers: Layers, direction: list[np.ndarray], alpha: float) -> Layers:
    """The network with every parameter moved by alpha times its direction."""
    steps, result = iter(direction), []
    for layer in layers:
        if "weight" in layer:
            layer = layer | {key: layer[key] + alpha * next(steps) for key in ("weight", "bias")}
        result.append(layer)
    return result


def slice_oracle(
    network: Layers, X: np.ndarray, y: np.ndarray, direction: list[np.ndarray], alphas: np.ndarray, asks: str
) -> tuple[np.ndarray, dict[str, Any] | None]:
    """Networks made anew for each alpha, in NumPy; the cross-entropy by scipy.special.logsumexp."""
    losses = []
    for alpha in alphas:
        logits = forward(moved(network, direction, float(alpha)), X)
        losses.append(np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]))
    left: dict[str, Any] = {"the parameters are": "what they were", "the gradients are as they were": True}
    return np.array(losses), left if asks == "left" else None


def slice_functional(model, X, y, direction, alphas):
    import torch

    losses = []
    for alpha in alphas:
        state = {
            name: param.detach() + alpha * step
            for (name, param), step in zip(model.named_parameters(), direction, strict=True)
        }
        logits = torch.func.functional_call(model, state, (X,))
        losses.append(-logits.log_softmax(dim=1)[torch.arange(len(y)), y].mean())
    return torch.stack(losses)


def slice_on_a_copy(model, X, y, direction, alphas):
    import copy

    import torch

    losses = []
    for alpha in alphas.tolist():
        other = copy.deepcopy(model)
        with torch.no_grad():
            for param, step in zip(other.parameters(), direction, strict=True):
                param.add_(step, alpha=alpha)
            losses.append(torch.nn.CrossEntropyLoss()(other(X), y).item())
    return losses


def loss_slice(model, X, y, direction, alphas):
    import torch

    kept = [param.detach().clone() for param in model.parameters()]
    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, value, step in zip(model.parameters(), kept, direction):
                param.copy_(value + alpha * step)
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
        for param, value in zip(model.parameters(), kept):
            param.copy_(value)
    return torch.stack(losses)


def subtracted(model, X, y, direction, alphas):
    import torch

    losses = []
    with torch.no_grad():
        for alpha in alphas:
            for param, step in zip(model.parameters(), direction):
                param += alpha * step
            losses.append(torch.nn.functional.cross_entropy(model(X), y))
            for param, step in zip(model.parameters(), direction):
                param -= alpha * step
    return torch.stack(losses)


LOSS_SLICE = Exercise(
    name="loss_slice",
    unit=UNIT,
    returns=("losses", "left"),
    driver="loss_along",
    groups=(
        Group("here", "gives the mean loss of the network itself at alpha = 0", 1, hint=3),
        Group("step", "moves every parameter by alpha times its direction", 2, hint=1),
        Group("slice", "measures each alpha from the same place", 2, hint=1),
        Group("restored", "puts every parameter back, to the last bit", 2, hint=2),
    ),
    cases=slice_cases,
    reference=slice_oracle,
    misconceptions=(
        Misconception(
            "steps_add_up",
            change(loss_slice, "value + alpha * step", "param + alpha * step"),
            "Your steps add up: the second alpha starts where the first one ended. Every point of the slice is "
            "theta + alpha d with the same theta.",
        ),
        Misconception(
            "not_restored",
            change(
                loss_slice,
                "        for param, value in zip(model.parameters(), kept):\n            param.copy_(value)\n",
                "",
            ),
            "Your function leaves the network elsewhere than it was. Whoever draws a picture of a network wants to "
            "have it afterwards: keep a copy of each parameter, a clone, and put it back at the end.",
        ),
        Misconception(
            "restored_by_subtraction",
            subtracted,
            "You take the step back by subtracting it. In floats (theta + s) - s is theta up to rounding only, and "
            "after a hundred points the network has drifted. Keep a copy, and put that back.",
        ),
        Misconception(
            "nothing_moves",
            change(loss_slice, "param.copy_(value + alpha * step)", "param = value + alpha * step"),
            "Your slice is flat: p = p + ... gives a new tensor the name p, and the network keeps its old one (unit "
            "09). Write into the parameter.",
            hint=3,
        ),
        Misconception(
            "weights_only",
            change(
                loss_slice,
                "param.copy_(value + alpha * step)",
                "param.copy_(value + alpha * step if param.ndim > 1 else value)",
            ),
            "You move the weights and leave the biases. The direction has an entry for each parameter; where nothing "
            "is to move, it is zero itself.",
        ),
        Misconception(
            "sum",
            change(loss_slice, "model(X), y", 'model(X), y, reduction="sum"'),
            "You add the losses of the examples up. With another number of examples the valley would look deeper: take "
            "the mean.",
        ),
        Misconception(
            "scaled_to_one",
            change(
                loss_slice,
                "    losses = []",
                "    length = sum((step**2).sum() for step in direction).sqrt()\n    losses = []",
                "alpha * step",
                "alpha * step / length",
            ),
            "You scale the direction to length 1 first. It comes as it is meant: how it is normalized, others decide.",
        ),
        Misconception(
            "wrong_way",
            change(loss_slice, "value + alpha", "value - alpha"),
            "Your slice is the mirror image of the right one: you subtract alpha times the direction. This is no "
            "descent; alpha counts along d.",
        ),
        Misconception(
            "softmax_before_the_loss",
            change(loss_slice, "model(X), y", "model(X).softmax(dim=1), y"),
            "You hand probabilities to cross_entropy. It takes the softmax by itself, so yours is taken twice; give "
            "it the scores.",
        ),
        Misconception(
            "from_here_to_the_direction",
            change(loss_slice, "value + alpha * step", "(1 - alpha) * value + alpha * step"),
            "You go from the weights to the direction, as between two networks. Here the weights stay whole: theta +"
            " alpha d.",
        ),
        Misconception(
            "above_the_loss_here",
            change(
                loss_slice,
                "    return torch.stack(losses)",
                "    return torch.stack(losses) - torch.nn.functional.cross_entropy(model(X), y).detach()",
            ),
            "You subtract the loss at alpha = 0. The slice is to show the loss itself.",
        ),
        Misconception(
            "alphas_sorted",
            change(loss_slice, "for alpha in alphas:", "for alpha in alphas.sort().values:"),
            "You go through the alphas from small to large. The losses are to stand in the order of the alphas that "
            "came in.",
        ),
        Misconception(
            "each_layer_to_one",
            change(loss_slice, "alpha * step", "alpha * step / step.norm()"),
            "You scale each part of the direction to length 1. It comes as it is meant: how it is normalized, others"
            " decide.",
        ),
    ),
    also_right=(
        loss_slice,
        slice_functional,
        slice_on_a_copy,
        change(loss_slice, "param.copy_(value + alpha * step)", "param.data = value + alpha * step"),
        change(
            loss_slice,
            "cross_entropy(model(X), y)",
            "cross_entropy(model(X), y).item()",
            "torch.stack(losses)",
            "losses",
        ),
        change(
            loss_slice,
            "kept = [param.detach().clone() for param in model.parameters()]",
            "kept, state = list(model.parameters()), {k: v.clone() for k, v in model.state_dict().items()}\n"
            "    kept = [param.detach().clone() for param in kept]",
            "        for param, value in zip(model.parameters(), kept):\n            param.copy_(value)\n",
            "        model.load_state_dict(state)\n",
        ),
    ),
)

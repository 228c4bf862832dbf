"""`filter_normalized` and `loss_slice`: the loss along a direction through the weights."""

from typing import Any

import numpy as np
from scipy.special import logsumexp

from grader.exercises.u13_seeing_inside import slices_wrong as wrong
from grader.exercises.u13_seeing_inside.networks import (
    UNIT,
    Layers,
    dense,
    forward,
    plain,
    relu_network,
    smooth_network,
)
from grader.spec import Case, Exercise, Group, Misconception


def normalized_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, *shapes: tuple[int, ...], zero: str = "", where: int = 0) -> Case:
        direction, params = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
        if zero:
            (direction if zero == "direction" else params)[where][1] = 0
        return Case(label, group, {"direction": direction, "params": params})

    return [
        case("four filters of 2 x 3 x 3", "filters", (4, 2, 3, 3)),
        case("two convolutions", "filters", (2, 1, 3, 3), (3, 2, 1, 1)),
        case("a linear layer", "rows", (3, 4)),
        case("two linear layers", "rows", (5, 2), (2, 5)),
        case("weights and biases", "biases", (2, 1, 3, 3), (2,), (3, 4), (3,)),
        case("a linear layer with its bias", "biases", (2, 6), (2,)),
        case("a bias that the direction leaves alone", "biases", (3, 4), (3,), zero="direction", where=1),
        case("a filter that is zero", "zeros", (3, 2, 2, 2), zero="params"),
        case("a direction that leaves one row alone", "zeros", (3, 4), zero="direction"),
    ]


def normalized_oracle(direction: list[np.ndarray], params: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Each filter flattened, its unit vector by `np.linalg.norm`, as long as the weights' own."""
    made = {}
    for i, (d, p) in enumerate(zip(direction, params, strict=True)):
        if p.ndim < 2:
            made[str(i)] = np.zeros_like(p)
            continue
        rows, norms = d.reshape(len(d), -1), np.linalg.norm(p.reshape(len(p), -1), axis=1)
        units = [row / np.linalg.norm(row) if row.any() else row for row in rows]
        made[str(i)] = (norms[:, None] * np.stack(units)).reshape(p.shape)
    return made


def normalized_by_loops(direction: list, params: list) -> list:
    made = []
    for d, p in zip(direction, params, strict=True):
        scaled = d.clone()
        for i in range(len(d)):
            length = (d[i] ** 2).sum().sqrt()
            if p.ndim == 1:
                scaled[i] = 0
            elif length > 0:
                scaled[i] = d[i] / length * (p[i] ** 2).sum().sqrt()
        made.append(scaled)
    return made


def normalized_by_linalg(direction: list, params: list) -> tuple:
    import torch

    def scaled(d: Any, p: Any) -> Any:
        if p.ndim <= 1:
            return 0 * d
        ratio = p.flatten(1).norm(dim=1) / d.flatten(1).norm(dim=1)
        return d * torch.nan_to_num(ratio, posinf=0.0).reshape(-1, *[1] * (d.ndim - 1))

    return tuple(map(scaled, direction, params))


FILTER_NORMALIZED = Exercise(
    name="filter_normalized",
    unit=UNIT,
    returns=("direction",),
    probe="on_tensors",
    groups=(
        Group("filters", "makes each filter of the direction as long as the filter that it moves", 2),
        Group("rows", "takes the rows of a linear layer as its filters", 1),
        Group("biases", "leaves the biases where they are", 1),
        Group("zeros", "keeps what is zero at zero", 1),
    ),
    cases=normalized_cases,
    reference=normalized_oracle,
    misconceptions=(
        Misconception(
            "whole_layers",
            wrong.normalized_by_layer,
            "You scale each layer as a whole. Within a layer, small filters then get steps as large as big ones do. "
            "Every filter, every row of the first axis, is to be scaled by itself.",
            hint=1,
        ),
        Misconception(
            "wrong_axis",
            wrong.normalized_by_column,
            "Your norms run over the first axis and keep the others. The first axis counts the filters, so it is the "
            "one that stays; the norm takes in all the others.",
            hint=1,
        ),
        Misconception(
            "unit_length",
            wrong.normalized_to_one,
            "Your filters all have length 1. Half the job: they are still to be made as long as the filters of the "
            "weights, so that a step of 1 means the same everywhere.",
            hint=2,
        ),
        Misconception(
            "not_divided",
            wrong.normalized_times_norm,
            "You multiply by the length of the weights, and the direction's own length is still in there. First make "
            "it a unit vector.",
            hint=2,
        ),
        Misconception(
            "squared_norms",
            wrong.normalized_squares,
            "Your ratio is one of squared lengths: the root is missing in both.",
            hint=2,
        ),
        Misconception(
            "biases_scaled_too",
            wrong.normalized_biases,
            "You scale the biases, too, each to its own size. In this method they stay where they are: the direction "
            "is zero for whatever has only one axis.",
            hint=3,
        ),
        Misconception(
            "biases_as_they_came",
            wrong.normalized_biases_kept,
            "Your biases keep the random direction as it came. One that was 0.01 would move by 1. In this method they "
            "stay where they are: zero.",
            hint=3,
        ),
        Misconception(
            "nan_for_zero",
            wrong.normalized_nan,
            "A filter of the direction that is zero becomes NaN: 0 divided by 0. It has no direction to keep; let it "
            "stay zero.",
            hint=3,
        ),
    ),
    equivalents=(normalized_by_loops, normalized_by_linalg),
)


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


def slice_functional(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> Any:
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


def slice_on_a_copy(model: Any, X: Any, y: Any, direction: list, alphas: Any) -> list:
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


LOSS_SLICE = Exercise(
    name="loss_slice",
    unit=UNIT,
    returns=("losses", "left"),
    probe="loss_along",
    groups=(
        Group("here", "gives the mean loss of the network itself at alpha = 0", 1),
        Group("step", "moves every parameter by alpha times its direction", 2),
        Group("slice", "measures each alpha from the same place", 2),
        Group("restored", "puts every parameter back, to the last bit", 2),
    ),
    cases=slice_cases,
    reference=slice_oracle,
    misconceptions=(
        Misconception(
            "steps_add_up",
            wrong.slice_adds_up,
            "Your steps add up: the second alpha starts where the first one ended. Every point of the slice is "
            "theta + alpha d with the same theta.",
            hint=1,
        ),
        Misconception(
            "not_restored",
            wrong.slice_not_restored,
            "The losses are right, and the network is not what it was: it stays at the last alpha. Whoever draws a "
            "picture of a network wants to have the network afterwards.",
            hint=2,
        ),
        Misconception(
            "restored_by_subtraction",
            wrong.slice_subtracts,
            "You take the step back by subtracting it. In floats (theta + s) - s is theta up to rounding only, and "
            "after a hundred points the network has drifted. Keep a copy, and put that back.",
            hint=2,
        ),
        Misconception(
            "nothing_moves",
            wrong.slice_rebinds,
            "Your slice is flat: p = p + ... gives a new tensor the name p, and the network keeps its old one (unit "
            "09). Write into the parameter.",
            hint=3,
        ),
        Misconception(
            "weights_only",
            wrong.slice_weights_only,
            "You move the weights and leave the biases. The direction has an entry for each parameter; where nothing "
            "is to move, it is zero itself.",
            hint=1,
        ),
        Misconception(
            "sum",
            wrong.slice_sum,
            "You add the losses of the examples up. With another number of examples the valley would look deeper: take "
            "the mean.",
            hint=3,
        ),
        Misconception(
            "scaled_to_one",
            wrong.slice_unit_direction,
            "You scale the direction to length 1 first. It comes as it is meant: how it is normalized, others decide.",
            hint=1,
        ),
        Misconception(
            "wrong_way",
            wrong.slice_wrong_way,
            "Your slice is the mirror image of the right one: you subtract alpha times the direction. This is no "
            "descent; alpha counts along d.",
            hint=1,
        ),
    ),
    equivalents=(slice_functional, slice_on_a_copy),
)

"""`filter_normalized`: a direction through the weights, with each filter as long as the filter that it moves."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import UNIT
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


def normalized_by_loops(direction, params):
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


def normalized_by_linalg(direction, params):
    import torch

    def scaled(d: Any, p: Any) -> Any:
        if p.ndim <= 1:
            return 0 * d
        ratio = p.flatten(1).norm(dim=1) / d.flatten(1).norm(dim=1)
        return d * torch.nan_to_num(ratio, posinf=0.0).reshape(-1, *[1] * (d.ndim - 1))

    return tuple(map(scaled, direction, params))


def filter_normalized(direction, params):
    import torch

    made = []
    for d, p in zip(direction, params):
        if p.ndim < 2:
            made.append(torch.zeros_like(p))
            continue
        axes = tuple(range(1, p.ndim))
        length = (p**2).sum(axes, keepdim=True).sqrt()
        own = (d**2).sum(axes, keepdim=True).sqrt()
        made.append(torch.where(own > 0, d / own * length, 0.0))
    return made


FILTER_NORMALIZED = Exercise(
    name="filter_normalized",
    unit=UNIT,
    returns=("direction",),
    driver="on_tensors",
    groups=(
        Group("filters", "makes each filter of the direction as long as the filter that it moves", 2, hint=1),
        Group("rows", "takes the rows of a linear layer as its filters", 1, hint=1),
        Group("biases", "leaves the biases where they are", 1, hint=3),
        Group("zeros", "keeps what is zero at zero", 1, hint=3),
    ),
    cases=normalized_cases,
    reference=normalized_oracle,
    misconceptions=(
        Misconception(
            "whole_layers",
            change(filter_normalized, "range(1, p.ndim)", "range(p.ndim)"),
            "You scale each layer as a whole. Within a layer, small filters then get steps as large as big ones do. "
            "Every filter, every row of the first axis, is to be scaled by itself.",
        ),
        Misconception(
            "wrong_axis",
            change(filter_normalized, "tuple(range(1, p.ndim))", "0"),
            "Your norms run over the first axis and keep the others. The first axis counts the filters, so it is the "
            "one that stays; the norm takes in all the others.",
        ),
        Misconception(
            "unit_length",
            change(filter_normalized, "d / own * length", "d / own"),
            "Your filters all have length 1. Half the job: they are still to be made as long as the filters of the "
            "weights, so that a step of 1 means the same everywhere.",
            hint=2,
        ),
        Misconception(
            "not_divided",
            change(filter_normalized, "d / own * length", "d * length"),
            "You multiply by the length of the weights, and the direction's own length is still in there. First make "
            "it a unit vector.",
            hint=2,
        ),
        Misconception(
            "squared_norms",
            change(
                filter_normalized,
                "(p**2).sum(axes, keepdim=True).sqrt()",
                "(p**2).sum(axes, keepdim=True)",
                "(d**2).sum(axes, keepdim=True).sqrt()",
                "(d**2).sum(axes, keepdim=True)",
            ),
            "Your ratio is one of squared lengths: the root is missing in both.",
            hint=2,
        ),
        Misconception(
            "norm_of_three_axes",
            change(filter_normalized, "(d**2).sum(axes, keepdim=True).sqrt()", "d.norm(dim=axes, keepdim=True)"),
            "A tensor's norm(dim=...) takes at most two axes, and a filter of a convolution has three. Flatten each "
            "filter into a row first, or take the root of the sum of squares.",
        ),
        Misconception(
            "biases_scaled_too",
            change(filter_normalized, "torch.zeros_like(p)", "d.sign() * p.abs()"),
            "You scale the biases, too, each to its own size. In this method they stay where they are: the direction "
            "is zero for whatever has only one axis.",
        ),
        Misconception(
            "biases_as_they_came",
            change(filter_normalized, "torch.zeros_like(p)", "d"),
            "Your biases keep the random direction as it came. One that was 0.01 would move by 1. In this method they "
            "stay where they are: zero.",
        ),
        Misconception(
            "nan_for_zero",
            change(filter_normalized, "torch.where(own > 0, d / own * length, 0.0)", "d / own * length"),
            "A filter of the direction that is zero becomes NaN: 0 divided by 0. It has no direction to keep; let it "
            "stay zero.",
        ),
        Misconception(
            "one_bias_vector",
            change(filter_normalized, "torch.zeros_like(p)", "d / d.norm() * p.norm() if d.any() else d"),
            "You scale each bias vector as a whole. In this method the biases stay where they are: the direction is "
            "zero for whatever has only one axis.",
        ),
        Misconception(
            "sizes_added",
            change(
                filter_normalized,
                "(p**2).sum(axes, keepdim=True).sqrt()",
                "p.abs().sum(axes, keepdim=True)",
                "(d**2).sum(axes, keepdim=True).sqrt()",
                "d.abs().sum(axes, keepdim=True)",
            ),
            "Your lengths are sums of absolute values. The length of a filter is the root of the sum of its squares.",
            hint=2,
        ),
        Misconception(
            "upside_down",
            change(filter_normalized, "d / own * length", "d * own / length"),
            "Your ratio is upside down: divide by the direction's own length, and multiply by the length of the "
            "weights.",
            hint=2,
        ),
        Misconception(
            "weights_themselves",
            change(filter_normalized, "d / own * length", "p / length * own"),
            "You scale the weights to the direction's length. It is the direction that is to be scaled, to the "
            "length of the weights.",
            hint=2,
        ),
    ),
    also_right=(
        filter_normalized,
        normalized_by_loops,
        normalized_by_linalg,
        change(
            filter_normalized,
            """        length = (p**2).sum(axes, keepdim=True).sqrt()
        own = (d**2).sum(axes, keepdim=True).sqrt()
""",
            "        length, own = (torch.linalg.vector_norm(t, dim=axes, keepdim=True) for t in (p, d))\n",
            "torch.where(own > 0, d / own * length, 0.0)",
            "d * torch.nan_to_num(length / own)",
        ),
        change(filter_normalized, "torch.zeros_like(p)", "p * 0", "d / own * length", "length * d / own"),
        change(filter_normalized, "torch.where(own > 0, d / own * length, 0.0)", "d * length / own.clamp(min=1e-300)"),
    ),
)

"""`magnitude_prune`: the smallest weights of a whole network go."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import stated_network
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, conv, linear, norm, random_state
from grader.spec import Case, Exercise, Group, Misconception


def prune_cases(rng: np.random.Generator) -> list[Case]:
    small = [linear("first", 3, 4), {"name": "relu", "kind": "relu"}, linear("second", 4, 2)]
    mixed = [conv("conv", 1, 3, [2, 3]), norm("norm", 3), {"name": "flat", "kind": "flatten"}, linear("last", 6, 4)]

    wide = [linear("first", 10, 30), {"name": "relu", "kind": "relu"}, linear("second", 30, 7)]

    def case(label: str, group: str, layers: Layers, *sparsities: float, scale: float = 1.0, step: float = 0) -> Case:
        state = random_state(rng, layers)
        last = f"{layers[-1]['name']}.weight"
        state[last] = state[last] * scale
        if step:
            state = {key: np.sign(value) * np.ceil(np.abs(value) / step) * step for key, value in state.items()}
        inputs = {"layers": layers, "state": state, "sparsities": list(sparsities), "asks": group}
        return Case(label, group, inputs)

    return [
        case("two layers, half", "threshold", small, 0.5),
        case("two layers of different scale", "threshold", small, 0.6, scale=0.25),
        case("a convolution and a linear layer", "threshold", mixed, 0.7, scale=2.0),
        case("two layers, afterwards", "model", small, 0.5),
        case("a normalization and biases in between", "model", mixed, 0.8),
        case("equal sizes, half", "count", small, 0.5, step=1.5),
        case("equal sizes, 70 %", "count", mixed, 0.7, step=1.5),
        case("20 weights, 33 %: 6.6 of them", "count", small, 0.33),
        case("nothing to remove", "count", small, 0.0),
        case("all of it", "count", mixed, 1.0),
        case("a wider network", "count", wide, float(rng.uniform(0.2, 0.8))),
        case("30 %, then 60 %", "again", small, 0.3, 0.6),
        case("50 %, 75 %, then 90 %", "again", mixed, 0.5, 0.75, 0.9),
    ]


def prune_oracle(
    layers: Layers, state: State, sparsities: list[float], asks: str
) -> tuple[Any, State | None, dict[str, Any] | None]:
    """torch.nn.utils.prune's global_unstructured at the last sparsity; the count by its formula."""
    import torch
    from torch.nn.utils import prune

    model = stated_network(layers, state)
    named = {f"{name}.weight": part for name, part in model.named_modules() if hasattr(part, "weight")}
    pruned = {key: part for key, part in named.items() if part.weight.ndim > 1}
    total = sum(part.weight.numel() for part in pruned.values())
    if asks == "count":
        return None, None, {"removed": round(sparsities[-1] * total), "no smaller one is kept": True}
    where = [(part, "weight") for part in pruned.values()]
    prune.global_unstructured(where, pruning_method=prune.L1Unstructured, amount=sparsities[-1])
    masks = {key: part.weight_mask.numpy() for key, part in pruned.items()}
    if asks != "model":
        return masks, None, None
    return None, {key: value * masks.get(key, torch.ones(1).numpy()) for key, value in state.items()}, None


def magnitude_prune(model, sparsity):
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    count = round(sparsity * len(sizes))
    keep = torch.ones_like(sizes)
    keep[sizes.argsort()[:count]] = 0
    masks, start = {}, 0
    for name, p in weights.items():
        masks[name] = keep[start : start + p.numel()].reshape(p.shape)
        start += p.numel()
        p.data *= masks[name]
    return masks


def prune_each_layer(model, sparsity):
    import torch

    masks = {}
    for name, p in model.named_parameters():
        if p.ndim > 1:
            keep = torch.ones_like(p).flatten()
            keep[torch.topk(p.abs().flatten(), round(sparsity * p.numel()), largest=False).indices] = 0
            masks[name] = keep.reshape(p.shape)
            p.data *= masks[name]
    return masks


prune_by_threshold = change(
    magnitude_prune,
    "keep = torch.ones_like(sizes)\n    keep[sizes.argsort()[:count]] = 0",
    "threshold = sizes.sort().values[count - 1] if count else -1\n    keep = (sizes > threshold).double()",
)


def prune_by_kthvalue(model, sparsity):
    """A threshold, and then the ties one by one."""
    import torch

    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    sizes = torch.cat([p.detach().abs().flatten() for p in weights.values()])
    k = round(sparsity * len(sizes))
    threshold = sizes.kthvalue(k).values.item() if k else -1.0
    over = k - int((sizes < threshold).sum())
    masks = {}
    with torch.no_grad():
        for name, p in weights.items():
            mask = p.abs() >= threshold
            for place in torch.nonzero(p.abs() == threshold).tolist():
                if over > 0:
                    mask[tuple(place)] = False
                    over -= 1
            masks[name] = mask
            p[~mask] = 0
    return masks


OF_THE_REST = (
    "You take the share of the weights that are left. The sparsity is of the whole network: 30 %, then 60 % "
    "leaves 40 % of it. What is 0 already ranks first and counts."
)

MAGNITUDE_PRUNE = Exercise(
    name="magnitude_prune",
    unit=UNIT,
    returns=("masks", "state", "count"),
    driver="pruned_network",
    groups=(
        Group("threshold", "compares the sizes of all layers' weights with each other", 2, hint=1),
        Group("model", "sets what it removes to zero, and touches nothing else", 2, hint=4),
        Group("count", "removes as many weights as asked, ties included", 2, hint=3),
        Group("again", "prunes a pruned network further", 1, hint=3),
    ),
    cases=prune_cases,
    reference=prune_oracle,
    misconceptions=(
        Misconception(
            "layer_by_layer",
            prune_each_layer,
            "You remove the same share of every layer. A layer of small weights then loses no more than one of large "
            "weights. Asked for is one ranking of all weights of the network: put them into one long vector first.",
        ),
        Misconception(
            "signed",
            change(magnitude_prune, "p.detach().abs()", "p.detach()"),
            "You rank the weights with their signs, so the most negative go first: large ones. A weight near 0 is the "
            "one that matters least, on whichever side it lies.",
            about=("masks", "state"),
        ),
        Misconception(
            "largest_go",
            change(magnitude_prune, "argsort()", "argsort(descending=True)"),
            "You remove the largest weights. Those of the smallest size matter least.",
            about=("masks", "state"),
        ),
        Misconception(
            "large_ones_go",
            change(magnitude_prune, "ones_like", "zeros_like", "count]] = 0", "count]] = 1"),
            "Your mask keeps the small weights and removes the large ones. In a mask 1 means: this weight stays.",
            hint=2,
        ),
        Misconception(
            "masks_upside_down",
            change(magnitude_prune, "    return masks", "    return {name: 1 - mask for name, mask in masks.items()}"),
            "The right weights are zero, and the masks that you return say the opposite. In a mask 1 means: this "
            "weight stays.",
            hint=2,
        ),
        Misconception(
            "sparsity_is_kept",
            change(magnitude_prune, "round(sparsity", "round((1 - sparsity)"),
            "You keep the share that should go. Sparsity is the share of zeros: 0.9 leaves one weight in ten.",
            hint=2,
            about=("state", "count"),
        ),
        Misconception(
            "ties_all_go",
            prune_by_threshold,
            "You remove every weight whose size is at most a threshold. Where several weights have exactly that size, "
            "all of them go, too many. Choose k places, not a size.",
        ),
        Misconception(
            "one_too_few",
            change(prune_by_threshold, "sizes > threshold", "sizes >= threshold"),
            "You keep every weight that is at least as large as the k-th smallest, so that this one stays too: k - 1 "
            "weights went, or fewer where sizes are equal. Choose k places, not a size.",
            hint=3,
        ),
        Misconception(
            "by_a_quantile",
            change(prune_by_threshold, "sizes.sort().values[count - 1] if count else -1", "sizes.quantile(sparsity)"),
            "You compare with a quantile. It may fall upon a weight or between two, and equal sizes share it, so that "
            "the number that goes is not the one asked for. Choose k places, not a size.",
            hint=3,
        ),
        Misconception(
            "rounded_down",
            change(magnitude_prune, "round(", "int("),
            "You cut the fraction off: 6.6 weights became 6. Round to the nearest whole number.",
            hint=3,
        ),
        Misconception(
            "rounded_up",
            change(magnitude_prune, "round(sparsity * len(sizes))", "-int(-sparsity * len(sizes) // 1)"),
            "You round the number of weights up. Round to the nearest whole number.",
            hint=3,
        ),
        Misconception(
            "biases_go_too",
            change(magnitude_prune, " if p.ndim > 1", ""),
            "You prune every parameter, biases and normalizations included. There are few of them, each moves a whole "
            "channel, and a normalization whose scale is 0 shuts its channel off. Leave parameters of one axis alone.",
            hint=4,
        ),
        Misconception(
            "scales_go_too",
            change(magnitude_prune, "p.ndim > 1", "'weight' in name"),
            "You prune all that is called weight, and a normalization's scale is called so too: where it is 0, a "
            "whole channel is shut off. Leave parameters of one axis alone.",
            hint=4,
        ),
        Misconception(
            "masks_only",
            change(magnitude_prune, "        p.data *= masks[name]\n", ""),
            "After your function the network is as it was. The masks are one half of the answer; the weights have to "
            "be multiplied by them, in place.",
        ),
        Misconception(
            "of_what_is_left",
            change(
                magnitude_prune,
                "count = round(sparsity * len(sizes))",
                "gone = int((sizes == 0).sum())\n    count = gone + round(sparsity * (len(sizes) - gone))",
            ),
            OF_THE_REST,
        ),
        Misconception(
            "of_what_is_not_zero",
            change(magnitude_prune, "len(sizes))\n", "int((sizes > 0).sum()))\n"),
            OF_THE_REST,
        ),
    ),
    also_right=(
        magnitude_prune,
        prune_by_kthvalue,
        change(magnitude_prune, "sizes.argsort()[:count]", "torch.topk(sizes, count, largest=False).indices"),
        change(
            magnitude_prune,
            "].reshape(p.shape)",
            "].view_as(p).bool()",
            "p.data *= masks[name]",
            "p.data[~masks[name]] = 0",
        ),
        change(magnitude_prune, "if p.ndim > 1", "if len(p.shape) in (2, 4)"),
    ),
)

"""The bug clinic: pruning that does not stay."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import state_arrays, warmed_up
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, linear, random_state
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    layers = [linear("first", 4, 5), {"name": "relu", "kind": "relu"}, linear("second", 5, 2)]

    wide = [linear("first", 4, 60), {"name": "relu", "kind": "relu"}, linear("second", 60, 2)]
    deep = [linear("first", 4, 7), {"name": "relu", "kind": "relu"}, linear("second", 7, 5), linear("third", 5, 2)]

    def case(label: str, group: str, sparsity: float, steps: int, layers: Layers = layers) -> Case:
        size = 0.2 if layers in (wide, deep) else 1.0  # so that many units do not make the steps too long
        state = {key: size * value for key, value in random_state(rng, layers).items()}
        inputs: dict[str, Any] = {"layers": layers, "state": state, "X": rng.normal(size=(12, 4))}
        inputs |= {"y": rng.normal(size=(12, 2)), "sparsity": sparsity, "steps": steps}
        return Case(label, group, inputs | {"asks": group})

    return [
        case("half of the weights, 4 steps", "zeros", 0.5, 4),
        case("70 %, 6 steps", "zeros", 0.7, 6),
        case("a wider network, 5 steps", "zeros", float(rng.uniform(0.2, 0.9)), 5, wide),
        case("three layers, 4 steps", "zeros", float(rng.uniform(0.3, 0.9)), 4, deep),
        case("half of the weights, where", "places", 0.5, 5),
        case("80 %, where", "places", 0.8, 8),
        case("30 %, biases", "biases", 0.3, 3),
        case("half of the weights, biases", "biases", 0.5, 5),
        case("half of the weights, trained", "values", 0.5, 4),
        case("60 %, trained", "values", 0.6, 7),
    ]


def clinic_oracle(
    layers: Layers, state: State, X: np.ndarray, y: np.ndarray, sparsity: float, steps: int, asks: str
) -> tuple[Any, ...]:
    """torch.nn.utils.prune reparametrizes: a weight is computed as weight_orig times mask, and only then used."""
    import torch
    from torch.nn.utils import prune

    model, optimizer = warmed_up({"layers": layers, "state": state, "X": X, "y": y})
    velocity = {name: optimizer.state[p]["momentum_buffer"] for name, p in model.named_parameters()}
    parts = [part for part in model if isinstance(part, torch.nn.Linear)]
    for part in parts:
        prune.l1_unstructured(part, "weight", amount=round(sparsity * part.weight.numel()))
    zeros = []
    for _ in range(steps):
        params = {name.replace("_orig", ""): p for name, p in model.named_parameters()}
        loss = torch.nn.functional.mse_loss(model(torch.tensor(X)), torch.tensor(y))
        with torch.no_grad():
            for (name, p), grad in zip(params.items(), torch.autograd.grad(loss, list(params.values())), strict=True):
                velocity[name] = 0.9 * velocity[name] + grad
                p -= 0.05 * velocity[name]
        zeros.append(sum(np.count_nonzero(part.weight_mask == 0) for part in parts))
    for part in parts:
        prune.remove(part, "weight")
    weights = state_arrays(model, lambda name: name.endswith("weight"))
    places = {key: value == 0 for key, value in weights.items()}
    biases = state_arrays(model, lambda name: name.endswith("bias"))
    results = {"zeros": zeros, "places": places, "values": weights, "biases": biases}
    return tuple(value if key == asks else None for key, value in results.items())


def clinic_13(model, optimizer, X, y, sparsity, steps):
    import torch
    from torch import nn

    def mask_of(w):
        mask = torch.ones(w.numel(), dtype=w.dtype)
        mask[w.detach().abs().flatten().argsort()[: round(sparsity * w.numel())]] = 0
        return mask.reshape(w.shape)

    def lay_on():
        for w, mask in zip(weights, masks, strict=True):
            w.data *= mask

    zeros = []
    weights = [p for p in model.parameters() if p.ndim > 1]
    masks = [mask_of(w) for w in weights]
    lay_on()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()
        lay_on()
        zeros.append(sum(int((w == 0).sum()) for w in weights if w.ndim > 1))
    return zeros


masked_before_the_step = change(
    clinic_13,
    "    lay_on()\n    for _ in range(steps):\n",
    "    for _ in range(steps):\n        lay_on()\n",
    "        optimizer.step()\n        lay_on()\n",
    "        optimizer.step()\n",
)

chosen_in_each_step = change(
    masked_before_the_step,
    "    masks = [mask_of(w) for w in weights]\n    for _ in range(steps):\n",
    "    for _ in range(steps):\n        masks = [mask_of(w) for w in weights]\n",
)
chosen_anew = change(
    clinic_13, "        optimizer.step()\n", "        optimizer.step()\n        masks = [mask_of(w) for w in weights]\n"
)
ONLY_WEIGHTS = "[p for p in model.parameters() if p.ndim > 1]"


def clinic_with_topk(model, optimizer, X, y, sparsity, steps):
    """Boolean masks; the optimizer's memory of pruned weights is masked as well."""
    import torch

    masks = {}
    for name, p in model.named_parameters():
        if name.endswith("weight"):
            gone = torch.topk(p.detach().abs().flatten(), round(sparsity * p.numel()), largest=False).indices
            masks[p] = torch.zeros(p.numel(), dtype=torch.bool).index_fill(0, gone, True).reshape(p.shape)
    zeros = []
    for _ in range(steps + 1):
        with torch.no_grad():
            for p, gone in masks.items():
                p[gone] = 0
                optimizer.state[p]["momentum_buffer"][gone] = 0
        zeros.append(sum(int((p == 0).sum()) for p in masks))
        if len(zeros) <= steps:
            optimizer.zero_grad()
            ((model(X) - y) ** 2).mean().backward()
            optimizer.step()
    return zeros[1:]


CLINIC_13 = Exercise(
    name="clinic_13",
    unit=UNIT,
    returns=("zeros", "places", "values", "biases"),
    driver="pruned_training",
    groups=(
        Group("zeros", "has as many zeros after each step as were asked for", 2, hint=2),
        Group("places", "keeps to the weights that it chose at first", 2, hint=1),
        Group("biases", "trains the biases, and never prunes one", 1, hint=3),
        Group("values", "trains the survivors as before", 2, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_it_came",
            change(chosen_in_each_step, ONLY_WEIGHTS, "list(model.parameters())"),
            "This is the code as it came. Three things are wrong with it: when the mask is chosen, when it is laid on, "
            "and what it is laid on. Each has its symptom above.",
            hint=1,
        ),
        Misconception(
            "masks_only_the_gradient",
            change(
                clinic_13,
                "        optimizer.step()\n        lay_on()\n",
                "        for w, mask in zip(weights, masks, strict=True):\n            w.grad *= mask\n"
                "        optimizer.step()\n",
            ),
            "You mask the gradients, and the optimizer still moves the pruned weights: its velocity remembers "
            "gradients from before the pruning. What has to be zero after a step has to be set to zero after the step.",
        ),
        Misconception(
            "masked_before_the_step",
            masked_before_the_step,
            "The mask is chosen once now, and laid on before the step. The step comes after it, and fills the zeros "
            "again.",
        ),
        Misconception(
            "not_before_the_first_step",
            change(clinic_13, "    lay_on()\n    for _ in", "    for _ in"),
            "The mask is laid on after each step now, and not before the first: that one step still sees the whole "
            "network, and every velocity remembers it.",
            hint=2,
        ),
        Misconception(
            "not_before_the_first_step_and_biases",
            change(clinic_13, "    lay_on()\n    for _ in", "    for _ in", ONLY_WEIGHTS, "list(model.parameters())"),
            "The mask is chosen once and laid on after each step. It is not laid on before the first one, so that "
            "every velocity remembers the whole network; and biases are still pruned.",
            hint=3,
        ),
        Misconception(
            "one_ranking_for_all",
            change(
                clinic_13,
                "masks = [mask_of(w) for w in weights]",
                "sizes = torch.cat([w.detach().abs().flatten() for w in weights])\n"
                "    limit = sizes.sort().values[round(sparsity * len(sizes)) - 1]\n"
                "    masks = [(w.detach().abs() > limit).to(w.dtype) for w in weights]",
            ),
            "You rank the weights of all layers together. Here each layer loses its own share.",
            hint=1,
        ),
        Misconception(
            "chosen_anew",
            chosen_anew,
            "There are always enough zeros now, but not the same ones: you choose the mask anew after each step. A "
            "weight that was zeroed once grows again, and another dies in its place.",
        ),
        Misconception(
            "only_biases_cured",
            chosen_in_each_step,
            "Biases are left alone now. The mask is still chosen in each step, and laid on before it: the step then "
            "fills the zeros again.",
            hint=1,
        ),
        Misconception(
            "only_the_choice_cured",
            change(masked_before_the_step, ONLY_WEIGHTS, "list(model.parameters())"),
            "The mask is chosen once now. It is still laid on before the step, which fills the zeros again, and "
            "biases are still pruned.",
        ),
        Misconception(
            "only_the_order_cured",
            change(chosen_anew, ONLY_WEIGHTS, "list(model.parameters())"),
            "The mask comes after the step now. It is still chosen anew each time, and biases are still pruned.",
        ),
        Misconception(
            "biases_still_pruned",
            change(clinic_13, ONLY_WEIGHTS, "list(model.parameters())"),
            "The weights are right. The biases are still pruned with them: model.parameters() hands out both.",
        ),
        Misconception(
            "optimizer_forgets",
            change(clinic_13, "    for _ in range(steps):", "    optimizer.state.clear()\n    for _ in range(steps):"),
            "Everything stays pruned. But you exchange the optimizer for a fresh one, or empty its memory, and so the "
            "survivors lose the velocity that they had. The mask alone is enough, laid on after the step.",
            hint=2,
        ),
    ),
    also_right=(
        clinic_13,
        clinic_with_topk,
        change(clinic_13, "if p.ndim > 1]", "if p.dim() == 2]", "w.data *= mask", "w.data = w.data * mask"),
        change(
            clinic_13,
            "[p for p in model.parameters() if p.ndim > 1]",
            "[p for n, p in model.named_parameters() if 'weight' in n]",
        ),
        change(
            clinic_13,
            "        lay_on()\n        zeros",
            "        with torch.no_grad():\n            lay_on()\n        zeros",
        ),
    ),
)

"""How to drive answers that change a network: make it sparser, smaller, wider, deeper, or leave it early.

Cases carry small networks: a list of layers as in `described_network`, and a `state` of arrays by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver
from course_lib.judging.drivers.structure import described_network


def stated_network(layers: list[dict[str, Any]], state: Mapping[str, np.ndarray]) -> Any:
    """The described network in float64, in evaluation mode, with the state's values."""
    import torch

    with torch.random.fork_rng(devices=[]):
        model = described_network(layers).double().eval()
    model.load_state_dict(tensors(state), strict=False)
    return model


def tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Each array as a tensor of its own memory."""
    import torch

    return {key: torch.tensor(value) for key, value in arrays.items()}


def state_arrays(model: Any, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, np.ndarray]:
    """A copy of the floating-point entries of a model's state whose names are wanted."""
    state = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    return {key: value.detach().numpy().copy() for key, value in state.items() if wanted(key)}


def pruned_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, sparsity)` for each of `sparsities`, one after the other, on the network of layers and state.

    Returns (masks, state, count), all None but one. With `asks` "model" the state afterwards; with "count" how many
    weights the masks remove, and whether none that is kept is smaller than one that is removed; else the last masks.
    """
    import torch

    model = stated_network(inputs["layers"], inputs["state"])
    masks: Any = None
    for sparsity in inputs["sparsities"]:
        masks = obj(model, sparsity)
    if inputs["asks"] == "model":
        return None, state_arrays(model), None
    if masks is None:
        return None
    if not isinstance(masks, dict) or not all(isinstance(mask, torch.Tensor) for mask in masks.values()):
        raise AnswerError("A dict of masks, a tensor for each weight's name, should come back.")
    found = {str(key): mask.detach().double().numpy() for key, mask in masks.items()}
    return (None, None, _count(found, inputs["state"])) if inputs["asks"] == "count" else (found, None, None)


def _count(masks: dict[str, np.ndarray], state: Mapping[str, np.ndarray]) -> dict[str, Any]:
    unfit = [key for key, mask in masks.items() if key not in state or mask.shape != state[key].shape]
    if unfit or not masks:
        raise AnswerError("The masks should have the names and the shapes of the model's weights.")
    kept = np.concatenate([mask.ravel() for mask in masks.values()])
    size = np.concatenate([np.abs(state[key]).ravel() for key in masks])
    smallest, largest = size[kept != 0].min(initial=np.inf), size[kept == 0].max(initial=0.0)
    return {"removed": int((kept == 0).sum()), "no smaller one is kept": bool(smallest >= largest)}


def rewound_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, initial, masks)` on a model in the state `trained`.

    `asks` "survivors": the weights that have a mask.  "rest": everything else in the state.  "training": the weights
    with a mask after three steps of SGD with momentum on the mean square of the outputs for X.  "initial": what the
    dict of initial values holds after these steps.
    """
    import torch

    model = stated_network(inputs["layers"], inputs["trained"])
    initial, masks = tensors(inputs["initial"]), tensors(inputs["masks"])
    obj(model, initial, masks)
    asks = inputs["asks"]
    if asks in ("training", "initial"):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        X = torch.tensor(inputs["X"])
        for _ in range(3):
            optimizer.zero_grad()
            (model(X) ** 2).mean().backward()
            optimizer.step()
    if asks == "initial":
        return {key: value.detach().numpy().copy() for key, value in initial.items()}
    if asks == "rest":
        return state_arrays(model, lambda name: name not in inputs["masks"])
    return state_arrays(model, lambda name: name in inputs["masks"])


def smaller_layers(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(conv, norm, following, count)` with the layers of these names; norm is None where there is none.

    Returns (filters, norm, following, outputs), all None but what is asked for: a layer's state; with `asks` "outputs",
    what the new layers make of images X, with a ReLU before the last and, before a linear one, a flattening.
    """
    model = stated_network(inputs["layers"], inputs["state"])
    returned = _seeded(obj, model.conv, getattr(model, "norm", None), model.following, inputs["count"])
    if returned is None:
        return None
    conv, norm, following = _layers(returned, 3)
    asks = inputs["asks"]
    if asks == "outputs":
        outputs = run_layers(conv, norm, following, inputs["X"])
        _of_their_own(model, inputs["state"], (conv, norm, following))
        return None, None, None, outputs
    if asks == "norm":
        return None, {} if norm is None else state_arrays(norm), None, None
    return (state_arrays(conv), None, None, None) if asks == "filters" else (None, None, state_arrays(following), None)


def run_layers(conv: Any, norm: Any, following: Any, X: np.ndarray) -> Any:
    """conv, then norm in evaluation mode where there is one, a ReLU, and the layer that follows."""
    import torch

    x = conv.double()(torch.tensor(X))
    x = torch.relu(x if norm is None else norm.double().eval()(x))
    return following.double()(x.flatten(1) if isinstance(following, torch.nn.Linear) else x)


def _seeded(obj: Any, *arguments: Any) -> Any:
    """What `obj` returns, where a layer that is left as PyTorch drew it is the same each time, and so is known."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return obj(*arguments)


def _layers(returned: Any, count: int) -> Any:
    from torch import nn

    if not isinstance(returned, tuple | list) or len(returned) != count:
        raise AnswerError(f"{count} layers should come back.")
    if not all(layer is None or isinstance(layer, nn.Module) for layer in returned):
        raise AnswerError("What comes back should be layers (nn.Module), not their weights.")
    return returned


def _of_their_own(model: Any, state: Mapping[str, np.ndarray], layers: Any) -> None:
    """Refuses new layers whose values lie in the old ones' memory: a change of the new must not touch the old."""
    for layer in layers:
        for param in () if layer is None else layer.parameters():
            param.data.zero_()
    if any(not np.array_equal(value, state[key]) for key, value in state_arrays(model).items()):
        raise AnswerError("The new layers share memory with the old ones, or changed them. Copy what you take over.")


def widened_layers(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(first, second, copies)` with the layers of these names; copies is a tensor of whole numbers.

    Returns (first, second, outputs), None but for what is asked for. `asks` "first": that layer's state.  "second":
    that one's.  "both": the two.  "function": what first, ReLU and second give for X.
    """
    import torch

    model = stated_network(inputs["layers"], inputs["state"])
    returned = _seeded(obj, model.first, model.second, torch.tensor(inputs["copies"]))
    if returned is None:
        return None
    first, second = _layers(returned, 2)
    if inputs["asks"] == "function":
        outputs = second.double()(torch.relu(first.double()(torch.tensor(inputs["X"])))).detach()
        _of_their_own(model, inputs["state"], (first, second))
        return None, None, outputs
    wanted = [inputs["asks"] in ("both", name) for name in ("first", "second")]
    states = [state_arrays(layer) if keep else None for layer, keep in zip((first, second), wanted, strict=True)]
    return states[0], states[1], None


def deepened_layer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(layer)`, and give the new layer's state, or with `asks` "function" what it makes of the old one's ReLU.

    Returns (state, outputs), one of them None. The outputs have a ReLU behind both layers.
    """
    import torch

    layer: Any = stated_network(inputs["layers"], inputs["state"]).layer
    new = _seeded(obj, layer)
    if new is None:
        return None
    if not isinstance(new, torch.nn.Module):
        raise AnswerError(f"A layer should come back, and it is a {type(new).__name__}.")
    if inputs["asks"] != "function":
        return state_arrays(new), None
    return None, torch.relu(new.double()(torch.relu(layer(torch.tensor(inputs["X"])))))


def halving(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(evaluate, candidates, budget, eta)` where candidate k's score is a learning curve.

    Its score with a budget b is ends[k] (1 - exp(-b / paces[k])), rounded to `decimals`. Candidates are the names
    "c0", "c1", ... Returns (winner, calls, rungs), None but for one: with `asks` "calls" how often which candidate was
    evaluated with which budget, by budget; with "rungs" the rungs that came back as [budget, [names]]; else the winner.
    """
    calls: dict[str, list[str]] = {}
    names = [f"c{k}" for k in range(len(inputs["ends"]))]

    def evaluate(candidate: Any, budget: Any) -> float:
        if candidate not in names:
            raise AnswerError("evaluate was called with something that is not one of the candidates.")
        if sum(map(len, calls.values())) > 1000:
            raise AnswerError("evaluate was called more than a thousand times: does your loop ever end?")
        calls.setdefault(f"{float(budget):g}", []).append(candidate)
        k = names.index(candidate)
        score = inputs["ends"][k] * (1 - np.exp(-float(budget) / inputs["paces"][k]))
        return float(round(score, inputs["decimals"]))

    returned = obj(evaluate, list(names), inputs["budget"], inputs["eta"])
    if returned is None:
        return None
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("Two things should come back: the winner and the list of rungs.")
    winner, rungs = returned
    if inputs["asks"] == "calls":
        return None, {budget: sorted(called) for budget, called in calls.items()}, None
    if inputs["asks"] == "rungs":
        if not all(isinstance(scores, dict) for _, scores in rungs):
            raise AnswerError("Each rung should hold its budget and a dict, {candidate: score}.")
        return None, None, [[f"{float(budget):g}", sorted(map(str, scores))] for budget, scores in rungs]
    return str(winner), None, None


def early_exit(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(stage1, exit1, stage2, exit2, threshold)` of small layers, set `.threshold` to `dial`, and use it.

    Returns what the case asks for, and None for the rest. "training": both logits, in training mode.  "exits" and
    "logits": of a call in evaluation mode.  "work": how many examples went through stage2 then.  "loss": what
    `loss(X, y)` gives in training mode, how many parameters get a gradient from it, and the one of stage 1's weight.
    """
    import torch

    parts = stated_network(inputs["layers"], inputs["state"])
    with torch.random.fork_rng(devices=[]):
        model = obj(parts.stage1, parts.exit1, parts.stage2, parts.exit2, inputs["threshold"])
    if not isinstance(model, torch.nn.Module):
        raise AnswerError("EarlyExit should be an nn.Module.")
    model.threshold, X, asks = inputs["dial"], torch.tensor(inputs["X"]), inputs["asks"]
    model.train(asks in ("training", "loss"))
    if asks == "loss":
        loss_of: Any = model.loss
        loss = loss_of(X, torch.tensor(inputs["y"]))
        loss.backward()
        slope = next(parts.stage1.parameters()).grad
        taught = {"parameters": _with_gradient(model), "gradient in stage 1": 0.0 if slope is None else slope.numpy()}
        return None, None, None, None, {"loss": loss.item()} | taught
    seen: list[int] = []
    parts.stage2.register_forward_hook(lambda layer, given, out: seen.append(len(given[0])))
    returned = model(X)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("forward should return two things; which two depends on the mode.")
    if asks == "training":
        return list(returned), None, None, None, None
    if asks == "work":
        return None, None, None, {"examples": sum(seen), "empty batches": seen.count(0)}, None
    return (None, returned[0], None, None, None) if asks == "logits" else (None, None, returned[1], None, None)


def _with_gradient(model: Any) -> int:
    return sum(param.grad is not None and bool((param.grad != 0).any()) for param in model.parameters())


def pruned_training(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, optimizer, X, y, sparsity, steps)` with a model that SGD with momentum has trained for a while.

    Returns what the case asks for, and None for the rest. "zeros": the list that comes back.  "places": where the
    weights are 0 at the end.  "values" and "biases": the weights and the biases at the end.
    """
    import torch

    model, optimizer = warmed_up(inputs)
    zeros = obj(model, optimizer, *(torch.tensor(inputs[key]) for key in ("X", "y")), *_last_two(inputs))
    weights = state_arrays(model, lambda name: name.endswith("weight"))
    biases = state_arrays(model, lambda name: name.endswith("bias"))
    places = {key: value == 0 for key, value in weights.items()}
    results = {"zeros": zeros, "places": places, "values": weights, "biases": biases}
    return tuple(value if key == inputs["asks"] else None for key, value in results.items())


def _last_two(inputs: dict[str, Any]) -> tuple[float, int]:
    return inputs["sparsity"], inputs["steps"]


def warmed_up(inputs: Mapping[str, Any]) -> tuple[Any, Any]:
    """The model of layers and state after three steps of SGD on the mean squared error, and this optimizer."""
    import torch

    model = stated_network(inputs["layers"], inputs["state"])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(torch.tensor(inputs["X"])), torch.tensor(inputs["y"])).backward()
        optimizer.step()
    return model, optimizer


DRIVERS: dict[str, Driver] = {
    "pruned_network": pruned_network,
    "rewound_network": rewound_network,
    "smaller_layers": smaller_layers,
    "widened_layers": widened_layers,
    "deepened_layer": deepened_layer,
    "halving": halving,
    "early_exit": early_exit,
    "pruned_training": pruned_training,
}

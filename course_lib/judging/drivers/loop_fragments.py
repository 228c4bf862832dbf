"""The pieces of a program that trains an image classifier, each driven by itself: shapes, losses, seeds, modes, order.

torch is imported inside the functions, as units 00 to 08 have none.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver, all_of


def flattened(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(maps)` for maps of `shape` (N, C, H, W) whose entries are offset, offset + 1, ... in this order.

    layout: "rows" as usual, or "channels last" for maps that lie otherwise in memory. Returns the shape of what comes
    back and, if it is a matrix, the first three entries and the last one of each row; else its shape once more.
    """
    import torch

    N, C, H, W = inputs["shape"]
    maps = torch.arange(N * C * H * W, dtype=torch.float64).reshape(N, C, H, W) + inputs["offset"]
    if inputs["layout"] == "channels last":
        maps = maps.contiguous(memory_format=torch.channels_last)
    rows = obj(maps)
    if not isinstance(rows, torch.Tensor):
        raise AnswerError(f"A tensor should come back, and it is a {type(rows).__name__}.")
    return list(rows.shape), rows[:, [0, 1, 2, -1]] if rows.ndim == 2 and rows.shape[1] > 3 else rows.new_tensor(
        rows.shape
    )


def differentiated_loss(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `loss = obj(logits, labels)` and let the gradient flow back.

    Returns (loss, gradient): the one that `asks` names, else None.
    """
    import torch

    logits = torch.tensor(inputs["logits"], requires_grad=True)
    loss = obj(logits, torch.from_numpy(inputs["labels"]))
    if loss is None:
        return None
    if not isinstance(loss, torch.Tensor) or loss.grad_fn is None:
        raise AnswerError("What comes back has no history: `backward` cannot start from it. Return the loss's tensor.")
    if inputs["asks"] == "loss":
        return loss, None
    loss.sum().backward()
    return None, logits.grad


def set_up(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `model, optimizer, loader = obj(make_model, images, labels, lr, batch_size)` and look at the three.

    The images are (N, 1, 2, 2), all entries of image i are i, and its label is i; the model has `depth` linear layers.
    `asks` says what is looked at:
    "parameters": whose parameters the optimizer has; "step": how far one step moves the model's weights when all
    gradients are 3; "batches": what the loader brings in one epoch; "order": two epochs' orders.
    """
    import torch

    def make_model() -> Any:
        sizes = [4] * inputs["depth"] + [2]
        layers = (torch.nn.Linear(*pair, dtype=torch.float64) for pair in pairwise(sizes))
        return torch.nn.Sequential(torch.nn.Flatten(), *layers)

    N = inputs["N"]
    labels = torch.arange(N)
    images = labels.double().reshape(N, 1, 1, 1).expand(N, 1, 2, 2).contiguous()
    torch.manual_seed(inputs["seed"])
    returned = obj(make_model, images, labels, inputs["lr"], inputs["batch_size"])
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        raise AnswerError("Three things should come back: the model, the optimizer and the loader.")
    model, optimizer, loader = returned
    if inputs["asks"] == "parameters":
        own = {id(param) for param in model.parameters()}
        held = [id(param) for group in optimizer.param_groups for param in group["params"]]
        ours = sum(key in own for key in held)
        return {"of the model": f"{ours} of {len(own)}", "of other networks": len(held) - ours}, None
    if inputs["asks"] == "step":
        before = [param.detach().clone() for param in model.parameters()]
        for param in model.parameters():
            param.grad = torch.full_like(param, 3.0)
        optimizer.step()
        return None, np.concatenate(
            [(b - a.detach()).flatten().numpy() for a, b in zip(model.parameters(), before, strict=True)]
        )
    if iter(loader) is loader:
        raise AnswerError(
            "Your loader is an iterator: it brings one epoch, and then nothing any more. Return the DataLoader itself; "
            "each loop over it makes an iterator of its own."
        )
    first, second = ([(X[:, 0, 0, 0].tolist(), y.tolist()) for X, y in loader] for _ in range(2))
    orders = [[int(label) for _, y in epoch for label in y] for epoch in (first, second)]
    if inputs["asks"] == "order":
        stored = list(range(N)) in orders
        differ = {"the epochs' orders differ": orders[0] != orders[1], "as stored": stored}
        return differ | {"examples in an epoch": len(orders[0])}, None
    return {
        "sizes of the batches": sorted(len(y) for _, y in first),
        "every example once": np.array_equal(np.sort(orders[0]), np.arange(N)),
        "images with their own labels": all([float(label) for label in y] == X for X, y in first),
    }, None


class _Mark:
    """What a graph holds, so that one can see whether the graph is still there."""


def running_loss(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(batches)`; batches: an iterator of (loss, size), where each loss is a tensor with its graph.

    Returns (mean, facts), of which `asks` leaves one: "mean", or "history", which says whether the mean is a plain
    number, whether graphs of earlier batches were still there when a later one came, and how many batches were taken.
    """
    import torch

    marks: list[weakref.ref[_Mark]] = []
    most = 0

    def batches() -> Iterator[tuple[Any, int]]:
        nonlocal most
        weight = torch.ones((), dtype=torch.float64, requires_grad=True)
        for value, size in zip(inputs["losses"], inputs["sizes"], strict=True):
            with torch.enable_grad():
                loss, mark = weight * float(value), _Mark()
            node: Any = loss.grad_fn
            node.metadata["mark"] = mark
            marks.append(weakref.ref(mark))
            del mark, node
            yield loss, int(size)
            del loss
            most = max(most, sum(mark() is not None for mark in marks))

    mean = obj(batches())
    if inputs["asks"] == "mean":
        return mean, None
    if mean is None:
        return None
    plain = not isinstance(mean, torch.Tensor)
    return None, {"a plain number": plain, "graphs of earlier batches are kept": most > 1, "batches": len(marks)}


def predicting(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, images)` for a small network with batch normalization and look at what it did to the model.

    Returns (probabilities, facts), None but for what `asks` names: "values"; "modes", with the mode afterwards;
    "graph", whether autograd recorded, whether the result has a history, and its rows; "statistics", the running means
    afterwards.
    """
    import torch

    first, norm, last = inputs["first"], torch.nn.BatchNorm1d(4, dtype=torch.float64), inputs["last"]
    layers = [torch.nn.Linear(W.shape[1], W.shape[0], bias=False, dtype=torch.float64) for W in (first, last)]
    model = torch.nn.Sequential(torch.nn.Flatten(), layers[0], norm, layers[1])
    with torch.no_grad():
        for layer, W in zip(layers, (first, last), strict=True):
            layer.weight.copy_(torch.from_numpy(W))
    statistics: Any = norm.running_mean
    statistics.copy_(torch.from_numpy(inputs["running_mean"]))
    recorded = []
    layers[0].register_forward_hook(lambda _, args, out: recorded.append(out.requires_grad))
    model.train(inputs["training"])
    result = obj(model, torch.from_numpy(inputs["images"]))
    asks = inputs["asks"]
    if result is None:
        return None
    if asks == "graph":
        history = isinstance(result, torch.Tensor) and result.requires_grad
        learn = all(param.requires_grad for param in model.parameters())
        facts = {"autograd records": any(recorded), "the result has a history": history, "rows": len(result)}
        return None, facts | {"the parameters can learn": learn}
    if asks == "statistics":
        return None, {"running means": statistics.numpy().copy()}
    mode = "training mode" if model.training else "evaluation mode"
    return result, {"afterwards": mode} if asks == "modes" else None


def seeded(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `model, order = obj(make_model, N, seed)` several times, after other random numbers were drawn each time.

    Returns facts: `asks` "start": is the model's start the same again; "order": is the order of range(N) the same, and
    complete; "seeds": both, and do they differ for another seed; "apart": is the order the same for another network,
    and the start for another N. The network is a linear layer of `sizes`.
    """
    import torch

    def call(seed: int, sizes: tuple[int, int], noise: int, N: int = inputs["N"]) -> tuple[np.ndarray, list[int]]:
        torch.manual_seed(noise)
        np.random.seed(noise)
        returned = obj(lambda: torch.nn.Linear(*sizes, dtype=torch.float64), N, seed)
        if not isinstance(returned, tuple | list) or len(returned) != 2 or not hasattr(returned[0], "weight"):
            raise AnswerError("Two things should come back: the model that make_model made, and the order.")
        return returned[0].weight.detach().numpy().copy(), [int(i) for i in returned[1]]

    seed, noise, asks, sizes = inputs["seed"], inputs["noise"], inputs["asks"], tuple(inputs["sizes"])
    (start, order), (start_again, order_again) = (call(seed, sizes, n) for n in (noise, noise + 1))
    same_start = all_of(np.array_equal(start, start_again), start.size, "weights")
    same_order = all_of(order == order_again, len(order), "places")
    if asks == "start":
        return {"the same start again": same_start}
    if asks == "order":
        return {
            "the same order again": same_order,
            "every index once": sorted(order) == list(range(len(order))),
            "as stored": order == list(range(len(order))),
        }
    if asks == "apart":
        other = call(seed, (sizes[0] + 2, sizes[1] + 5), noise)[1]
        more = call(seed, sizes, noise, inputs["N"] + 3)[0]
        return {
            "the same order for another network": all_of(order == other, len(order), "places"),
            "the same start for another N": all_of(np.array_equal(start, more), start.size, "weights"),
        }
    other_start, other_order = call(seed + 1, sizes, noise)
    return {
        "the same seed, the same start": same_start,
        "another seed, another start": not np.array_equal(start, other_start),
        "the same seed, the same order": same_order,
        "another seed, another order": order != other_order,
    }


def scheduled_run(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `rates = obj(model, batches, lr, epochs, max_norm)` for a linear classifier of `weight` and `bias`.

    images: (B, n, D), B batches of n; labels: (B, n). Returns (params, rates), None but for what `asks` names.
    """
    import torch

    linear = torch.nn.Linear(inputs["weight"].shape[1], len(inputs["weight"]), dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(inputs["weight"]))
        linear.bias.copy_(torch.from_numpy(inputs["bias"]))
    batches = list(zip(torch.from_numpy(inputs["images"]), torch.from_numpy(inputs["labels"]), strict=True))
    rates = obj(linear, batches, inputs["lr"], inputs["epochs"], inputs["max_norm"])
    if rates is None:
        return None
    if inputs["asks"] == "rates":
        return None, [float(rate) for rate in rates]
    return [linear.weight, linear.bias], None


DRIVERS: dict[str, Driver] = {
    "flattened": flattened,
    "differentiated_loss": differentiated_loss,
    "set_up": set_up,
    "running_loss": running_loss,
    "predicting": predicting,
    "seeded": seeded,
    "scheduled_run": scheduled_run,
}

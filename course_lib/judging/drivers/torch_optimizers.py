"""How to drive answers that are made of PyTorch.

Cases travel as arrays: the drivers here make the tensors, parameters and models of them, and hand arrays back. torch is
imported inside the functions, as units 00 to 08 have none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver

KEEP_ALL = 10  # steps; of a longer run, the first step and every tenth are looked at


def torch_optimizer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `obj(groups, **settings)`, a `torch.optim.Optimizer`, as a training loop does.

    groups: a list of dicts, {"params": list of arrays, ...}; what else is in one are this group's own settings.
    settings: keyword arguments; lists become tuples.  run says what happens:
    - "grads": for each step the gradients of all parameters, an array or None each; or None, and then
    - "targets", one array a parameter, and "steps": a closure brings loss and gradients of sum((param - target)^2) / 2;
    - "zero_every": gradients are cleared before every so many steps, and add up in between;
    - "lr_factors": None, or for each step a number that every group's first learning rate is multiplied by, as
      schedulers do;
    - "reload_at": None, or after how many steps the optimizer's state is saved and loaded into a new one, which goes on
      with new parameters of the same values.
    Returns the values of each parameter over the steps, (kept, *shape), and what the steps returned: the losses of the
    closure, NaN where nothing came back, and nothing without a closure.
    """
    run = inputs["run"]
    groups, settings = inputs["groups"], {key: _setting(value) for key, value in inputs["settings"].items()}
    params = [_parameter(array) for group in groups for array in group["params"]]
    optimizer = _construct(obj, groups, params, settings)
    count = run["steps"] if run["grads"] is None else len(run["grads"])
    path, losses = [], []
    for t in range(count):
        if run["lr_factors"] is not None:
            for group, own in zip(optimizer.param_groups, groups, strict=True):
                group["lr"] = own.get("lr", settings.get("lr")) * float(run["lr_factors"][t])
        if run["grads"] is None:
            losses.append(_number(optimizer.step(_closure(optimizer, params, run["targets"]))))
        else:
            if t % run["zero_every"] == 0:
                optimizer.zero_grad()
            _add_gradients(params, run["grads"][t])
            optimizer.step()
        if count <= KEEP_ALL or t == 0 or (t + 1) % 10 == 0:
            path.append([param.detach().numpy().copy() for param in params])
        if run["reload_at"] == t + 1:
            saved = copy.deepcopy(optimizer.state_dict())
            params = [_parameter(param.detach().numpy()) for param in params]
            optimizer = _construct(obj, groups, params, settings)
            optimizer.load_state_dict(saved)
    return [np.array(values) for values in zip(*path, strict=True)], np.array(losses, dtype=float)


def optimizer_frame(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `obj(groups, **settings)` as `torch_optimizer` does, with an `update` of the driver's own in it.

    The update counts in `state` how often it was called, and moves the parameter by this count, group["lr"],
    group["factor"] and the gradient multiplied: so it shows whose state, group and gradient it was handed.
    """
    import torch

    def construct(groups: list[dict[str, Any]], **settings: Any) -> Any:
        optimizer = obj(groups, **settings)
        if isinstance(optimizer, torch.optim.Optimizer):
            optimizer.__class__ = type("Probe", (type(optimizer),), {"update": _counting_update})
        return optimizer

    return torch_optimizer(construct, inputs)


def _counting_update(self: Any, p: Any, g: Any, state: Any, group: Any) -> None:
    """What `optimizer_frame` says; a missing gradient moves the parameter as ones would."""
    import torch

    if not isinstance(p, torch.Tensor) or not isinstance(state, dict) or not isinstance(group, dict):
        kinds = ", ".join(type(value).__name__ for value in (p, g, state, group))
        raise AnswerError(
            "`update` is to be called with the parameter, its gradient, its state (a dict) and its group (a dict), in "
            f"this order. It was called with: {kinds}."
        )
    if "params" in state:
        raise AnswerError("`update` gets the group where the state should be. The order is p, g, state, group.")
    state["calls"] = state.get("calls", 0) + 1
    p.sub_(group["lr"] * group["factor"] * state["calls"] * (torch.ones_like(p) if g is None else g))


def _setting(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _parameter(array: np.ndarray) -> Any:
    import torch

    return torch.nn.Parameter(torch.from_numpy(array.copy()))


def _construct(obj: Any, groups: list[dict[str, Any]], params: list[Any], settings: dict[str, Any]) -> Any:
    """The learner's optimizer over `params`, cut into groups as the arrays were."""
    import torch

    flat = iter(params)
    made = [{**group, "params": [next(flat) for _ in group["params"]]} for group in groups]
    optimizer = obj(made, **settings)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise AnswerError(
            "Your class is no torch.optim.Optimizer. Keep the line that begins with `class` as it was given: "
            "zero_grad, state_dict and the parameter groups come from there."
        )
    return optimizer


def _closure(optimizer: Any, params: list[Any], targets: list[np.ndarray]) -> Callable[[], Any]:
    import torch

    aims = [torch.from_numpy(target) for target in targets]

    def closure() -> Any:
        optimizer.zero_grad()
        loss = torch.stack([((p - aim) ** 2).sum() / 2 for p, aim in zip(params, aims, strict=True)]).sum()
        loss.backward()
        return loss

    return closure


def _number(returned: Any) -> float:
    import torch

    return float("nan") if returned is None else float(torch.as_tensor(returned, dtype=torch.float64).detach())


def _add_gradients(params: list[Any], grads: list[np.ndarray | None]) -> None:
    """What `backward` does: a gradient is added to the one that is there, in place."""
    import torch

    for param, grad in zip(params, grads, strict=True):
        if grad is not None and param.grad is None:
            param.grad = torch.from_numpy(grad.copy())
        elif grad is not None:
            param.grad += torch.from_numpy(grad)


def penalized_model(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(loss, model, *rest)` and differentiate what comes back.

    params: W1 (H, D), b1 (H,), W2 (1, H), b2 (1,) of a model with one hidden layer and tanh, X: (N, D), y: (N,); or,
    for images X (N, C, height, width), six: of a convolution, a normalization of its maps, and a linear layer. The loss
    is the model's mean squared error. Returns the value, and its gradients in the order of params.
    """
    import torch

    params, X, y, *rest = inputs.values()
    model = (_dense if X.ndim == 2 else _for_images)(params).double()
    with torch.no_grad():
        for param, array in zip(model.parameters(), params, strict=True):
            param.copy_(torch.from_numpy(array))
    loss = torch.nn.functional.mse_loss(model(torch.from_numpy(X)).squeeze(1), torch.from_numpy(y))
    value = obj(loss, model, *rest)
    if value is None:
        return None
    if not isinstance(value, torch.Tensor) or value.grad_fn is None:
        raise AnswerError(
            "What comes back has no history, so that `backward` cannot start from it. Return a tensor that was "
            "computed from the loss and the parameters: no .item(), no .detach(), no NumPy on the way."
        )
    if value.shape != ():
        return value, [np.zeros_like(array) for array in params]  # the shape is what is wrong
    value.backward()
    return value, [np.array(param.grad) for param in model.parameters()]


def _dense(params: list[np.ndarray]) -> Any:
    from torch import nn

    return nn.Sequential(nn.Linear(*params[0].shape[::-1]), nn.Tanh(), nn.Linear(*params[2].shape[::-1]))


def _for_images(params: list[np.ndarray]) -> Any:
    from torch import nn

    filters, channels, *size = params[0].shape
    convolution = nn.Conv2d(channels, filters, tuple(size))
    linear = nn.Linear(*params[4].shape[::-1])
    return nn.Sequential(convolution, nn.BatchNorm2d(filters), nn.Tanh(), nn.Flatten(), linear)


def ported_model(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `model = obj(params)` and use the model on images X as `asks` says.

    params: a list of arrays.  X: (N, C, H, W).  y: (N,) labels.  lr: the learning rate of one step of gradient descent.
    Returns (logits, parameters, trained), all None but what is asked for. "logits": those of the new model.
    "training": how many entries `model.parameters()` finds, and the logits after the step. "memory": the logits of a
    second model of the same arrays, made after the first one took the step.
    """
    import torch

    asks, X, y = inputs["asks"], torch.from_numpy(inputs["X"]), torch.from_numpy(inputs["y"])
    # Only where memory is asked about may the model be trained over the arrays themselves.
    arrays = inputs["params"] if asks == "memory" else [array.copy() for array in inputs["params"]]
    torch.manual_seed(0)  # so that layers that were left as PyTorch drew them are known
    model = _module(obj(arrays))
    logits = _logits(model, X)
    if asks == "logits":
        return logits.detach().clone(), None, None
    params = list(model.parameters())
    if params and logits.grad_fn is not None:
        torch.nn.functional.cross_entropy(logits, y).backward()
        with torch.no_grad():
            for param in params:
                if param.grad is not None:
                    param.sub_(inputs["lr"] * param.grad)
    with torch.no_grad():
        if asks == "memory":
            return _logits(_module(obj(arrays)), X), None, None
        return None, sum(param.numel() for param in params), model(X)


def _module(returned: Any) -> Any:
    import torch

    if not isinstance(returned, torch.nn.Module):
        raise AnswerError(f"A torch.nn.Module should come back, and it is a {type(returned).__name__}.")
    return returned


def _logits(model: Any, X: Any) -> Any:
    import torch

    logits = model(X)
    if not isinstance(logits, torch.Tensor):
        raise AnswerError("Your model returns no tensor. Does its forward end with a return line?")
    return logits


def training_loop(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `model, history = obj(X, y, lr, steps)` for a linear model of tensors X (N, D), y (N,).

    Returns (weight, bias, losses, history), all None but what `asks` names: "fit", the weight (D,) and the bias;
    "losses", these as numbers, whatever holds them; "history", in words, what holds them.
    """
    import torch

    X, y = torch.from_numpy(inputs["X"]), torch.from_numpy(inputs["y"])
    returned = obj(X, y, inputs["lr"], inputs["steps"])
    if not isinstance(returned, tuple | list) or len(returned) != 2 or not isinstance(returned[0], torch.nn.Linear):
        raise AnswerError("It should return (model, history) still: the nn.Linear and the list of losses.")
    model, history = returned
    if inputs["asks"] == "losses":
        return None, None, np.array([_number(loss) for loss in history]), None
    if inputs["asks"] == "history":
        return None, None, None, _held(history, inputs["steps"])
    return model.weight.detach().reshape(-1).clone(), model.bias.detach().reshape(()).clone(), None, None


def _held(history: Any, steps: int) -> str:
    """What a history of losses is made of."""
    import torch

    tensors = [loss for loss in history if isinstance(loss, torch.Tensor)]
    if len(history) != steps:
        return "not one loss a step"
    if any(isinstance(loss, np.ndarray) for loss in history):
        return "arrays"
    if not tensors:
        return f"{steps} plain numbers"
    return "tensors with their graphs" if any(loss.grad_fn is not None for loss in tensors) else "tensors"


DRIVERS: dict[str, Driver] = {
    "torch_optimizer": torch_optimizer,
    "optimizer_frame": optimizer_frame,
    "penalized_model": penalized_model,
    "ported_model": ported_model,
    "training_loop": training_loop,
}

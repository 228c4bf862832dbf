"""Optimizers and what goes with them: steps with a state, classes over lists of parameters, penalties, stopping."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver


def optimizer_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive one step of an optimizer, `theta, state = obj(theta, state, grad, lr, *rest)`, once for each gradient.

    The first four inputs are theta and state, of one shape, the gradients, (steps, *shape), and the learning rates,
    (steps,); the rest goes to every step as it is. Returns theta and state after each step, (steps, *shape) both.
    """
    theta, state, grads, lrs, *rest = inputs.values()
    thetas, states = [], []
    for grad, lr in zip(grads, lrs, strict=True):
        returned = obj(theta, state, grad, float(lr), *rest)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return returned
        theta, state = returned
        thetas.append(np.array(theta))
        states.append(np.array(state))
    return thetas, states


def optimizer_class(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(params, lr, *rest)` and call its `step(grads)` once for each list of gradients.

    Inputs: `params`, a list of arrays; `grads`, a list of as many arrays for each step; `lrs`, (steps,), set as the
    attribute `lr` before each step; the rest goes to the constructor. Returns, for each parameter, its values after
    each step, (steps, *shape): those of the very arrays that the optimizer was given, as a network would hold them.
    """
    rest = dict(inputs)
    params = [param.copy() for param in rest.pop("params")]
    grads, lrs = rest.pop("grads"), rest.pop("lrs")
    optimizer = obj(list(params), float(lrs[0]), *rest.values())
    if not callable(getattr(optimizer, "step", None)):
        raise AnswerError("Your class has no method `step`. Is `def step(self, grads)` still inside the class?")
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        optimizer.lr = float(lr)
        optimizer.step(list(each))
        path.append([param.copy() for param in params])
    return [np.array(values) for values in zip(*path, strict=True)]


class _Simple:
    """An optimizer for drivers, with the interface of the course's: `params`, `lr`, and `step`, which works in place.

    kind: "descent"; "rescaled": each gradient is divided by its own size, which is Adam with both betas at 0; or
    "momentum": a velocity for each parameter, which remembers 0.9 of itself at every call.
    """

    def __init__(self, params: list[np.ndarray], lr: float, kind: str) -> None:
        self.params, self.lr, self.kind = list(params), lr, kind
        self.velocities = [np.zeros_like(param) for param in self.params]

    def step(self, grads: Any) -> None:
        for i, (param, grad) in enumerate(zip(self.params, grads, strict=True)):
            remembered = 0.9 * self.velocities[i] if self.kind == "momentum" else 0.0
            self.velocities[i] = remembered + np.asarray(grad)
            size = np.abs(grad) + 1e-8 if self.kind == "rescaled" else 1.0
            param -= self.lr * self.velocities[i] / size


def moment_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `m, v = obj(m, v, grad, *rest)`, once for each gradient; gives both after each step, (steps, *shape).

    The first three inputs are m and v, of one shape, and the gradients, (steps, *shape).
    """
    m, v, grads, *rest = inputs.values()
    path = []
    for grad in grads:
        returned = obj(m, v, grad, *rest)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return returned
        m, v = returned
        path.append([np.array(m), np.array(v)])
    return [list(values) for values in zip(*path, strict=True)]


def counted_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Drive `theta, *state = obj(theta, *state, grad, t, lr, *rest)` for t = 1, 2, ..., once for each gradient.

    Inputs: theta and its state, arrays of one shape; `grad`, the gradients, (steps, *shape); `lr`, a number, or the
    values of a schedule for t = 0, 1, ..., steps, handed over as a function of t; the rest goes to every step as it is.
    Returns theta and each part of the state after each step, (steps, *shape).
    """
    count = list(inputs).index("grad")
    values = list(inputs.values())
    moving, grads, given, rest = values[:count], values[count], values[count + 1], values[count + 2 :]
    lr = float(given) if np.ndim(given) == 0 else lambda t: float(given[min(t, len(given) - 1)])
    path = []
    for t, grad in enumerate(grads, start=1):
        returned = obj(*moving, grad, t, lr, *rest)
        if not isinstance(returned, tuple | list) or len(returned) != count:
            return returned
        moving = list(returned)
        path.append([np.array(each) for each in moving])
    return [list(each) for each in zip(*path, strict=True)]


def regularized_steps(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(optimizer, grads, strength)` once for each list of gradients; what it returns does not matter.

    Inputs: `kind` of the optimizer, see `_Simple`; `params`, a list of arrays; `grads`, a list of as many arrays
    for each step; `lrs`, (steps,); `strength`. Returns each parameter after each step, (steps, *shape).
    """
    params = [param.copy() for param in inputs["params"]]
    optimizer = _Simple(params, 0.0, inputs["kind"])
    path = []
    for each, lr in zip(inputs["grads"], inputs["lrs"], strict=True):
        optimizer.lr = float(lr)
        obj(optimizer, each, inputs["strength"])
        path.append([param.copy() for param in params])
    return [np.array(values) for values in zip(*path, strict=True)]


def early_stopping(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(patience)` and call its `update(loss, params)` once for each of `losses`.

    The parameters are moved in place before each update, by `moves`, and after it, as an optimizer would. Returns what
    each update said, (T,), and the attributes best_loss, (T,), and best_params, one array (T, *shape) each.
    """
    stopper = obj(inputs["patience"])
    if not callable(getattr(stopper, "update", None)):
        raise AnswerError("Your class has no method `update`. Is `def update(self, loss, params)` still inside it?")
    params = [np.zeros_like(move) for move in inputs["moves"][0]]
    stops, losses, kept = [], [], []
    for loss, moves in zip(inputs["losses"], inputs["moves"], strict=True):
        for param, move in zip(params, moves, strict=True):
            param += move
        said = stopper.update(float(loss), params)
        if not isinstance(said, bool | np.bool_ | int) or said not in (0, 1):
            raise AnswerError("Each update should say whether to stop: True or False.")
        if not isinstance(stopper.best_params, list | tuple) or len(stopper.best_params) != len(params):
            raise AnswerError("After an update, best_params should be a list with one array for each parameter.")
        stops.append(bool(said))
        losses.append(stopper.best_loss)
        here = [param.copy() for param in params]
        for param in params:
            param += 1.0  # training goes on before anybody looks
        kept.append([np.array(param) for param in stopper.best_params])
        for param, value in zip(params, here, strict=True):
            param[...] = value
    return np.array(stops), np.array(losses, dtype=float), [np.array(values) for values in zip(*kept, strict=True)]


DRIVERS: dict[str, Driver] = {
    "optimizer_steps": optimizer_steps,
    "moment_steps": moment_steps,
    "counted_steps": counted_steps,
    "optimizer_class": optimizer_class,
    "regularized_steps": regularized_steps,
    "early_stopping": early_stopping,
}

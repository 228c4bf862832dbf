"""How to drive a learner's object for one case. Both lives of `check` run these, so they hold no answer.

A probe takes the object and the case's inputs and returns what the learner's code returned. Inputs that are
functions cannot travel as data: a case names an objective (`course_lib.objectives`), and the probe makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.objectives import from_spec

Probe = Callable[[Any, dict[str, Any]], Any]


class AnswerError(Exception):
    """Raised by a probe for an answer that cannot be driven; the text is the sentence for the learner."""


class OpenQuestionError(AnswerError):
    """A quiz's question without an answer; the text is the question's key."""


def call(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call the function with the inputs in the order of its signature."""
    return obj(*inputs.values())


def answer(obj: Any, inputs: dict[str, Any]) -> Any:
    """Read one answer of a quiz, a dict such as {"q1": "b"}; letters may be upper case or padded."""
    if not isinstance(obj, dict):
        raise AnswerError(f"The quiz is no longer a dict of answers: it is a {type(obj).__name__}.")
    question, options = inputs["question"], inputs["options"]
    given = obj.get(question, ...)
    if given is ... or given is None:
        raise OpenQuestionError(question)
    letter = str(given).strip().lower()
    if letter not in options:
        raise AnswerError(f"{question} says {given!r}; choose one of the letters {', '.join(options)}.")
    return letter


def objective(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, *rest)`, where the input `objective` describes the function f of a vector."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.value, *rest.values())


def objective_grad(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(grad, *rest)`, where the input `objective` describes the function whose gradient is handed over."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.grad, *rest.values())


def objective_and_grad(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, grad, *rest)` for the function that the input `objective` describes."""
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    return obj(f.value, f.grad, *rest.values())


def planted_gradient(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(f, grad, *rest)` with a `grad` that errs as the input `plant` says: a gradient check has to notice.

    plant["kind"]: "none" (the right gradient), "sign", "scale" (times "factor"), "one_coordinate" (the entry at flat
    position "index", times "factor") or "swap" (the entries in reverse order).
    """
    rest = dict(inputs)
    f = from_spec(rest.pop("objective"))
    plant = rest.pop("plant")
    return obj(f.value, lambda theta: _plant(f.grad(theta), plant), *rest.values())


def _plant(grad: np.ndarray, plant: dict[str, Any]) -> np.ndarray:
    kind = plant["kind"]
    if kind == "none":
        return grad
    if kind == "sign":
        return -grad
    if kind == "scale":
        return grad * plant["factor"]
    planted = grad.copy()
    if kind == "one_coordinate":
        planted.flat[plant["index"]] *= plant["factor"]
    elif kind == "swap":
        planted.flat[:] = grad.ravel()[::-1]
    else:
        raise CourseError(f"There is no planted error of the kind {kind!r}.")
    return planted


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


PROBES: dict[str, Probe] = {
    "call": call,
    "answer": answer,
    "objective": objective,
    "objective_grad": objective_grad,
    "objective_and_grad": objective_and_grad,
    "planted_gradient": planted_gradient,
    "optimizer_steps": optimizer_steps,
    "optimizer_class": optimizer_class,
}

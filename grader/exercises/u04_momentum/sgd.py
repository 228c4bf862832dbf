"""The class `SGD`: momentum for many parameters, each with a velocity of its own, changed in place."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception

Shapes = tuple[tuple[int, ...], ...]


def sgd_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shapes: Shapes, steps: int, lr: Any, momentum: float) -> Case:
        inputs = {
            "params": [rng.normal(size=shape) for shape in shapes],
            "grads": [[rng.normal(size=shape) + 0.5 for shape in shapes] for _ in range(steps)],
            "lrs": np.broadcast_to(np.asarray(lr, dtype=float), steps).copy(),
            "momentum": momentum,
        }
        return Case(label, group, inputs)

    layers = ((4, 3), (3,), (3, 2), (2,))
    return [
        case("one parameter, one step", "moves", ((3,),), 1, 0.1, 0.9),
        case("weights and bias, one step", "moves", ((4, 3), (3,)), 1, 0.2, 0.8),
        case("one parameter, no momentum", "moves", ((2, 3),), 4, 0.1, 0.0),
        case("one parameter, six steps", "remembers", ((4,),), 6, 0.1, 0.9),
        case("weights and bias, five steps", "remembers", ((4, 3), (3,)), 5, 0.05, 0.7),
        case("two parameters of one shape", "apart", ((3,), (3,)), 4, 0.1, 0.9),
        case("three matrices of one shape", "apart", ((2, 3), (2, 3), (2, 3)), 3, 0.2, 0.6),
        case("the learning rate drops", "lr", layers, 6, np.where(np.arange(6) < 3, 0.5, 0.05), 0.9),
        case("the learning rate grows", "lr", ((3,),), 4, np.linspace(0.05, 0.2, 4), 0.5),
    ]


def sgd_oracle(params: list[np.ndarray], grads: list[Any], lrs: np.ndarray, momentum: float) -> list[np.ndarray]:
    import torch

    tensors = [torch.nn.Parameter(torch.from_numpy(param.copy())) for param in params]
    optimizer = torch.optim.SGD(tensors, lr=0.1, momentum=momentum)
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        optimizer.param_groups[0]["lr"] = float(lr)
        for tensor, grad in zip(tensors, each, strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return [np.array(values) for values in zip(*path, strict=True)]


class SGD:
    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum = list(params), lr, momentum
        self.velocities = {}

    def step(self, grads):
        for i, grad in enumerate(grads):
            v = self.momentum * self.velocities.get(i, 0.0) + grad
            self.velocities[i] = v
            self.params[i] -= self.lr * v


class SGDLazy:
    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.velocities = [None] * len(params)

    def step(self, grads):
        for i in range(len(self.params)):
            old = self.velocities[i]
            self.velocities[i] = grads[i].copy() if old is None else grads[i] + self.momentum * old
            np.subtract(self.params[i], self.lr * self.velocities[i], out=self.params[i])


class SGDOfPairs:
    def __init__(self, params, lr, momentum=0.0):
        self.lr, self.momentum = lr, momentum
        self.pairs = [(param, np.zeros(param.shape)) for param in params]

    def step(self, grads):
        for (param, velocity), grad in zip(self.pairs, grads, strict=True):
            velocity[:] = self.momentum * velocity + grad
            param[:] -= self.lr * velocity
        return self


SGD_EXERCISE = Exercise(
    name="SGD",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("moves", "moves the very arrays that it was given", 2, hint=1),
        Group("remembers", "remembers velocities from step to step", 2, hint=3),
        Group("apart", "keeps a velocity for each parameter, also among parameters of one shape", 2, hint=2),
        Group("lr", "obeys a change of its attribute lr at once", 1, hint=4),
    ),
    cases=sgd_cases,
    reference=sgd_oracle,
    driver="optimizer_class",
    misconceptions=(
        Misconception(
            "parameters_do_not_move",
            change(SGD, "self.params[i] -= ", "self.params[i] = self.params[i] - "),
            "The network's parameters do not move. `p = p - ...` makes a new array under an old name, or in your own "
            "list, and so does a copy made in __init__; the array that the network holds stays as it was. What changes "
            "an array itself?",
        ),
        Misconception(
            "one_velocity",
            change(SGD, "get(i, 0.0)", "get(0, 0.0)", "velocities[i]", "velocities[0]"),
            "All your parameters share one velocity: the push of the first one moves the second, and where their "
            "shapes differ it does not even fit. Each parameter has a history of its own. By the way, `[v] * n` is "
            "one array under n names.",
            hint=2,
        ),
        Misconception(
            "velocity_by_shape",
            change(SGD, "get(i, 0.0)", "get(grad.shape, 0.0)", "velocities[i]", "velocities[grad.shape]"),
            "Two parameters of one shape push each other: they share a velocity. That is so if you look it up by "
            "shape, or if one array stands in your list under several names. What is different for every parameter, "
            "always?",
        ),
        Misconception(
            "forgets",
            change(SGD, "self, grads):", ("self, grads):\n        self.velocities = {}")),
            "This is plain gradient descent, at any momentum: no step takes notice of the ones before it. "
            "Velocities have to live from one step to the next. They belong to the object, are made once, and move "
            "the parameters. In which method are they made?",
        ),
        Misconception(
            "first_only",
            change(SGD, "self.lr * v", ("self.lr * v\n            return")),
            "Only your first parameter moves: the loop ends after one round. Look at where a `return` or a `break` "
            "stands, and how far it is indented.",
            hint=3,
        ),
        Misconception(
            "lr_inside",
            change(SGD, "+ grad", "+ self.lr * grad", "self.lr * v", "v"),
            "The learning rate is inside your velocities. As long as lr stays the same, the parameters walk the same "
            "path; when somebody changes it, your old steps roll on with the old one.",
        ),
        Misconception(
            "average",
            change(SGD, "+ grad", "+ (1 - self.momentum) * grad"),
            "Your velocities are averages, with 1 - momentum of each gradient. In torch's convention, the one of "
            "momentum_step, each gradient enters in full; your steps have only 1 - momentum of the right length.",
            hint=4,
        ),
        Misconception(
            "uphill",
            change(SGD, "-= self.lr", "+= self.lr"),
            "Your parameters climb. The velocity is a sum of gradients, and these point uphill: which sign moves the "
            "parameters down?",
            hint=4,
        ),
        Misconception(
            "looks_ahead",
            change(SGD, "self.lr * v", "self.lr * (grad + self.momentum * v)"),
            "This is Nesterov's step, a good one, but this class is to make heavy-ball steps: the parameters move by "
            "the velocity itself.",
            hint=4,
        ),
        Misconception(
            "takes_the_gradients",
            change(
                SGD,
                "v = self.momentum * self.velocities.get(i, 0.0) + grad",
                ("v = self.velocities.get(i, grad)\n            v[...] = v if v is grad else self.momentum * v + grad"),
            ),
            "Your velocities *are* the first gradients: the same arrays. When a velocity "
            "is renewed in place, the gradient of whoever called you changes under their hands. Give each velocity an "
            "array of its own.",
            hint=2,
        ),
        Misconception(
            "lr_fixed",
            change(SGD, "velocities = {}", "velocities, self.first_lr = {}, lr", "= self.lr", "= self.first_lr"),
            "Your steps keep the learning rate of the constructor, whatever the attribute lr says later. A schedule as "
            "in unit 03 changes it between steps: ask for self.lr at each step.",
        ),
        Misconception(
            "begins_with_the_parameters",
            change(SGD, "self.velocities = {}", "self.velocities = {i: p.copy() for i, p in enumerate(params)}"),
            "Your velocities begin as copies of the parameters, and so these push themselves. A velocity begins at "
            "rest: an array of zeros in the parameter's shape.",
            hint=2,
        ),
        Misconception(
            "one_step_late",
            change(
                SGD,
                "            self.velocities[i] = v\n",
                "",
                "self.lr * v",
                "self.lr * self.velocities.get(i, 0.0)\n            self.velocities[i] = v",
            ),
            "Your parameters move by the velocities from before this gradient: the first step stands still, and each "
            "gradient arrives one step late.",
            hint=3,
        ),
    ),
    also_right=(
        SGD,
        SGDLazy,
        SGDOfPairs,
        change(SGD, "= {}", "= [np.zeros(p.shape) for p in params]", "get(i, 0.0)", "copy()[i]"),
        change(SGD, "self.params[i] -= self.lr * v", "self.params[i][...] = self.params[i] - self.lr * v"),
        change(
            SGD,
            "list(params)",
            "params",
            "self.params[i] -= self.lr * v",
            "np.subtract(self.params[i], self.lr * v, out=self.params[i])",
        ),
    ),
)

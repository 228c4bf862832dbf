"""L2 by the gradient and by decay: the same for gradient descent, and not the same as soon as steps are rescaled.

The probe hands over an optimizer without memory: plain descent, or one that divides each gradient by its size, which
is Adam with both betas at 0. So torch's SGD, Adam and AdamW are the oracles.
"""

from typing import Any

import numpy as np

from grader.exercises.u06_regularization.penalties import UNIT
from grader.spec import Case, Exercise, Group, Misconception

Shapes = tuple[tuple[int, ...], ...]
EPS = 1e-8


def decay_cases(rng: np.random.Generator) -> list[Case]:
    """For `l2_step` and `decay_step` alike. Weights have two axes or more, biases one."""

    def case(
        label: str, group: str, kind: str, shapes: Shapes, lr: Any, strength: float, steps: int = 1, size: float = 1.0
    ) -> Case:
        inputs = {
            "kind": kind,
            "params": [rng.normal(size=shape) for shape in shapes],
            "grads": [[size * rng.normal(size=shape) for shape in shapes] for _ in range(steps)],
            "lrs": np.broadcast_to(np.asarray(lr, dtype=float), steps).copy(),
            "strength": strength,
        }
        return Case(label, group, inputs)

    two_weights = Case(
        "weights 1 and 100, gradient 0",
        "rescaled",
        {
            "kind": "rescaled",
            "params": [np.array([[1.0, 100.0]])],
            "grads": [[np.zeros((1, 2))]],
            "lrs": np.array([0.1]),
            "strength": 0.1,
        },
    )
    layers = ((4, 3), (3,), (3, 2), (2,))
    uniform = rng.uniform
    return [
        case("one matrix, one step of descent", "descent", "descent", ((2, 3),), 0.1, 0.5),
        case("one matrix, five steps of descent", "descent", "descent", ((3, 2),), 0.2, uniform(0.3, 0.8), 5),
        case("nothing to press with", "descent", "descent", ((3, 2),), 0.2, 0.0, 2),
        two_weights,
        case("rescaled steps", "rescaled", "rescaled", ((2, 4),), 0.1, uniform(0.3, 0.8), 3),
        case("rescaled steps, tiny gradients", "rescaled", "rescaled", ((3, 2),), 0.05, uniform(0.3, 0.8), 4, 1e-3),
        case("weights and biases, descent", "biases", "descent", layers, 0.1, uniform(0.3, 0.8), 3),
        case("weights and biases, rescaled", "biases", "rescaled", layers, 0.1, uniform(0.3, 0.8), 3),
        case("filters, (2, 3, 2), and biases", "biases", "descent", ((2, 3, 2), (2,)), 0.1, 0.5, 2),
        case("the learning rate drops", "lr", "descent", ((2, 3),), [0.4, 0.4, 0.04, 0.04], uniform(0.3, 0.8), 4),
        case("the learning rate grows", "lr", "rescaled", ((2, 3),), [0.05, 0.1, 0.2], uniform(0.3, 0.8), 3),
    ]


def walked(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float, name: str) -> list:
    """Each parameter after each step of a torch optimizer: SGD for plain descent, else the one that `name` says."""
    import torch

    tensors = [torch.nn.Parameter(torch.from_numpy(param.copy())) for param in params]
    weights, biases = [t for t in tensors if t.ndim > 1], [t for t in tensors if t.ndim == 1]
    groups = [{"params": weights, "weight_decay": strength}, {"params": biases, "weight_decay": 0.0}]
    if kind == "descent":
        optimizer: Any = torch.optim.SGD(groups, lr=0.1)
    else:
        optimizer = getattr(torch.optim, name)(groups, lr=0.1, betas=(0.0, 0.0), eps=EPS)
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = float(lr)
        for tensor, grad in zip(tensors, each, strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return [np.array(values) for values in zip(*path, strict=True)]


def l2_oracle(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float) -> list:
    return walked(kind, params, grads, lrs, strength, "Adam")


def decay_oracle(kind: str, params: list[np.ndarray], grads: list, lrs: np.ndarray, strength: float) -> list:
    return walked(kind, params, grads, lrs, strength, "AdamW")


def gradient_route(optimizer: Any, grads: list, lam: float) -> None:
    penalized = [g + lam * p if p.ndim > 1 else g for p, g in zip(optimizer.params, grads, strict=True)]
    optimizer.step(penalized)


def decay_route(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p *= 1 - optimizer.lr * decay
    optimizer.step(grads)


# --- l2_step ---------------------------------------------------------------------------------------------------


def l2_all(optimizer: Any, grads: list, lam: float) -> None:
    optimizer.step([g + lam * p for p, g in zip(optimizer.params, grads, strict=True)])


def l2_doubled(optimizer: Any, grads: list, lam: float) -> None:
    optimizer.step([g + 2 * lam * p if p.ndim > 1 else g for p, g in zip(optimizer.params, grads, strict=True)])


def l2_with_lr(optimizer: Any, grads: list, lam: float) -> None:
    lr = optimizer.lr
    optimizer.step([g + lr * lam * p if p.ndim > 1 else g for p, g in zip(optimizer.params, grads, strict=True)])


def l2_wrong_sign(optimizer: Any, grads: list, lam: float) -> None:
    optimizer.step([g - lam * p if p.ndim > 1 else g for p, g in zip(optimizer.params, grads, strict=True)])


def l2_in_place(optimizer: Any, grads: list, lam: float) -> None:
    for p, g in zip(optimizer.params, grads, strict=True):
        if p.ndim > 1:
            g += lam * p
    optimizer.step(grads)


def l2_two_steps(optimizer: Any, grads: list, lam: float) -> None:
    optimizer.step(grads)
    optimizer.step([lam * p if p.ndim > 1 else 0 * p for p in optimizer.params])


def l2_plain(optimizer: Any, grads: list, lam: float) -> None:
    optimizer.step(grads)


def l2_lasso(optimizer: Any, grads: list, lam: float) -> None:
    both = zip(optimizer.params, grads, strict=True)
    optimizer.step([g + lam * np.sign(p) if p.ndim > 1 else g for p, g in both])


def l2_by_loop(optimizer: Any, grads: list, lam: float) -> None:
    penalized = [g.copy() for g in grads]
    for i in range(len(penalized)):
        if len(optimizer.params[i].shape) >= 2:
            penalized[i] += lam * optimizer.params[i]
    optimizer.step(penalized)


def l2_by_factor(optimizer: Any, grads: list, lam: float) -> bool:
    factors = [lam * (p.ndim > 1) for p in optimizer.params]
    optimizer.step([factor * p + g for factor, p, g in zip(factors, optimizer.params, grads, strict=True)])
    return True


L2_STEP = Exercise(
    name="l2_step",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("descent", "adds the penalty's gradient before a step of plain descent", 1),
        Group("rescaled", "lets an optimizer that rescales its gradients see the penalty's too", 2),
        Group("biases", "leaves the biases alone", 2),
        Group("lr", "leaves the learning rate to the optimizer", 1),
    ),
    cases=decay_cases,
    reference=l2_oracle,
    probe="regularized_steps",
    misconceptions=(
        Misconception(
            "biases_too",
            l2_all,
            "Your biases are pressed to zero as well. A bias only moves a unit's output up or down, it makes nothing "
            "wiggly. And if all targets lie around 1,000, somebody has to carry that 1,000.",
            hint=1,
        ),
        Misconception(
            "doubled",
            l2_doubled,
            "You press twice as hard as asked. With the penalty lam/2 times the sum of squares, the one half and the 2 "
            "of the derivative cancel.",
            hint=2,
        ),
        Misconception(
            "lr_in_the_gradient",
            l2_with_lr,
            "The learning rate comes into your penalty twice: you multiply by it, and the optimizer does so again. A "
            "gradient knows nothing of step lengths.",
            hint=2,
        ),
        Misconception(
            "wrong_sign",
            l2_wrong_sign,
            "Your weights grow by themselves: the penalty has come in with a minus. A gradient points where the "
            "penalty gets larger, and the optimizer turns it round.",
            hint=2,
        ),
        Misconception(
            "mutated",
            l2_in_place,
            "The parameters are right, but you added the penalty into the gradients of whoever called you. If they log "
            "their norm, or use them once more, they find yours in there. Make new arrays.",
            hint=3,
        ),
        Misconception(
            "decayed",
            decay_route,
            "You shrink the weights themselves and hand the gradients on as they were. For plain descent that is the "
            "same; an optimizer that rescales its gradients does not see such a penalty. That is the next exercise. "
            "Here the penalty goes through the optimizer.",
            hint=2,
        ),
        Misconception(
            "two_steps",
            l2_two_steps,
            "You take two steps, one for the loss and one for the penalty. An optimizer with a memory would count two "
            "steps, and one that rescales gives the penalty a full step of its own. Add the gradients first.",
            hint=2,
        ),
        Misconception(
            "no_penalty",
            l2_plain,
            "Your step has no penalty in it: the gradients go to the optimizer as they came, and lam has no effect.",
            hint=2,
        ),
        Misconception(
            "l1",
            l2_lasso,
            "You have added the gradient of the L1 penalty, lam with the weight's sign. L2 presses on a weight in "
            "proportion to its size.",
            hint=2,
        ),
    ),
    equivalents=(l2_by_loop, l2_by_factor),
)


# --- decay_step ------------------------------------------------------------------------------------------------


def decay_all(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        p *= 1 - optimizer.lr * decay
    optimizer.step(grads)


def decay_without_lr(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p *= 1 - decay
    optimizer.step(grads)


def decay_after(optimizer: Any, grads: list, decay: float) -> None:
    optimizer.step(grads)
    for p in optimizer.params:
        if p.ndim > 1:
            p *= 1 - optimizer.lr * decay


def decay_rebinds(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p = p * (1 - optimizer.lr * decay)
    optimizer.step(grads)


def decay_grows(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p *= 1 + optimizer.lr * decay
    optimizer.step(grads)


def decay_to_a_share(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p *= optimizer.lr * decay
    optimizer.step(grads)


def decay_no_step(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if p.ndim > 1:
            p *= 1 - optimizer.lr * decay


def decay_by_subtraction(optimizer: Any, grads: list, decay: float) -> None:
    for p in optimizer.params:
        if len(p.shape) > 1:
            p -= optimizer.lr * decay * p
    optimizer.step(grads)


def decay_remembered(optimizer: Any, grads: list, decay: float) -> None:
    away = [optimizer.lr * decay * p if p.ndim > 1 else np.zeros_like(p) for p in optimizer.params]
    optimizer.step(grads)
    for p, part in zip(optimizer.params, away, strict=True):
        p -= part


def decay_by_index(optimizer: Any, grads: list, decay: float) -> bool:
    keep = 1.0 - decay * optimizer.lr
    for i, p in enumerate(optimizer.params):
        optimizer.params[i][...] = np.where(p.ndim >= 2, keep, 1.0) * p
    optimizer.step(list(grads))
    return True


DECAY_STEP = Exercise(
    name="decay_step",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("descent", "shrinks the weights, then takes a step of plain descent", 1),
        Group("rescaled", "shrinks every weight by the same share, however the optimizer rescales its gradient", 2),
        Group("biases", "leaves the biases alone", 2),
        Group("lr", "shrinks by the learning rate of this moment times decay", 1),
    ),
    cases=decay_cases,
    reference=decay_oracle,
    probe="regularized_steps",
    misconceptions=(
        Misconception(
            "l2_inside",
            gradient_route,
            "This is L2 inside the optimizer. For plain descent it is the same; but an optimizer that divides by the "
            "size of a gradient divides your penalty too. The weights 1 and 100, without a gradient, lose 0.1 each, "
            "where decay would take one hundredth of each. That is Adam, and not AdamW.",
            hint=1,
        ),
        Misconception(
            "biases_too",
            decay_all,
            "Your biases decay as well. A bias only moves a unit's output up or down; there is nothing to be gained by "
            "making it small, and something to lose.",
            hint=2,
        ),
        Misconception(
            "without_lr",
            decay_without_lr,
            "Your weights lose the share `decay` in every step, whatever the learning rate. With the usual 0.01 half "
            "of a weight is gone after 69 steps. And when lr drops at the end of training, your decay does not: the "
            "weights would fade away. lr belongs into the factor.",
            hint=3,
        ),
        Misconception(
            "after_the_step",
            decay_after,
            "You shrink after the step, so that the new gradient's part shrinks too. The difference is small, and it "
            "is a difference: AdamW, as torch has it, lets the old weights decay, and then steps.",
            hint=3,
        ),
        Misconception(
            "nothing_shrinks",
            decay_rebinds,
            "Nothing shrinks: your steps are those of the optimizer alone. `p = p * ...` gives the name p to a new "
            "array, and the network's array stays as it was. What changes an array itself?",
            hint=4,
        ),
        Misconception(
            "grows",
            decay_grows,
            "Your weights grow by themselves. To shrink, a weight is multiplied by something a little *below* 1.",
            hint=3,
        ),
        Misconception(
            "keeps_the_wrong_part",
            decay_to_a_share,
            "You keep the share lr times decay of each weight, which is next to nothing. That is the share that should "
            "go.",
            hint=3,
        ),
        Misconception(
            "no_step",
            decay_no_step,
            "Your weights decay, and nobody learns: the optimizer's own step is never taken.",
            hint=3,
        ),
    ),
    equivalents=(decay_by_subtraction, decay_remembered, decay_by_index),
)

"""Bonus: `Muon`, whose step is a matrix with all singular values near 1; its oracle is torch.optim.Muon."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.torch_optimizers import torch_optimizer
from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import DECAY, DECAY_FIRST, decay_mistakes, frame_mistakes
from grader.exercises.u09_to_pytorch.runs import FORBIDDEN, UNIT, arrays, gradients, run_case
from grader.spec import Case, Exercise, Group, Misconception


def settings(lr: float, momentum: float = 0.0, weight_decay: float = 0.0) -> dict[str, Any]:
    return {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}


def muon_cases(rng: np.random.Generator) -> list[Case]:
    square, wide, tall = arrays(rng, (3, 3)), arrays(rng, (2, 5)), arrays(rng, (5, 2))
    pair = arrays(rng, (2, 3), (4, 2))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    gone = {(0, 0), (1, 1)}
    apart: list[dict[str, Any]] = [
        {"params": pair[:1], "lr": 0.2},
        {"params": pair[1:], "lr": 0.3, "momentum": 0.5, "weight_decay": 0.2},
    ]
    tiny = [[grad * 1e-8 for grad in each] for each in gradients(rng, wide, 1)]
    from_zero = [[np.zeros_like(param) for param in pair], *gradients(rng, pair, 2)]
    return [
        case("square, one step", "orthogonal", square, settings(0.1), 1),
        case("more columns than rows, one step", "orthogonal", wide, settings(0.1), 1),
        case("more rows than columns, one step", "shape", tall, settings(0.1), 1),
        case("5 x 2, three steps with decay", "shape", tall, settings(0.1, 0.5, 0.3), 3),
        case("momentum 0.95", "momentum", square, settings(0.1, 0.95), 4),
        case("momentum 0.5, gradients that add up", "momentum", wide, settings(0.05, 0.5), 5, zero_every=2),
        case("weight decay", "decay", square, settings(0.1, 0.9, 0.5), 3),
        case("weight decay, two matrices", "decay", pair, settings(0.1, 0.8, 0.2), 3),
        case("after 2 of 5 steps", "duties", square, settings(0.1, 0.9, 0.1), 5, reload_at=2),
        run_case("a gradient of zero at first", "zero", [{"params": pair}], settings(0.1, 0.9, 0.3), from_zero),
        run_case("a gradient of the size 1e-8", "zero", [{"params": wide}], settings(0.1), tiny),
        run_case("two groups", "duties", apart, settings(0.1), gradients(rng, pair, 3)),
        run_case(
            "quadratic, by a closure",
            "duties",
            [{"params": pair}],
            settings(0.1, 0.5),
            targets=arrays(rng, (2, 3), (4, 2)),
            steps=2,
        ),
        run_case("a gradient of zero, no momentum", "zero", [{"params": pair}], settings(0.1), from_zero),
        run_case(
            "no gradient at first", "duties", [{"params": pair}], settings(0.1, 0.9), gradients(rng, pair, 4, gone)
        ),
    ]


def muon_oracle(groups: list[Any], settings: dict[str, Any], run: dict[str, Any]) -> Any:
    """torch.optim.Muon with its rounding to bfloat16 taken out.

    That rounding is for speed; it costs all but three digits, and which ones depends on the processor.
    """
    from unittest import mock

    import torch

    with mock.patch.object(torch.Tensor, "bfloat16", lambda tensor: tensor.clone()):
        return torch_optimizer(torch.optim.Muon, {"groups": groups, "settings": settings, "run": run})


def Muon(groups, **settings):
    import torch

    class Optimizer(torch.optim.Optimizer):
        def __init__(self):
            super().__init__(groups, settings)

        @torch.no_grad()
        def step(self, closure=None):
            with torch.enable_grad():
                loss = None if closure is None else closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    g, beta = p.grad, group["momentum"]
                    state = self.state[p]
                    m = state["m"] = beta * state.get("m", 0) + (1 - beta) * g
                    update = beta * m + (1 - beta) * g
                    X = update / update.norm().clamp(min=1e-7)
                    for _ in range(5):
                        A = X @ X.T
                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                    p *= 1 - group["lr"] * group["weight_decay"]
                    p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
            return loss

    return Optimizer()


MUON = Exercise(
    name="Muon",
    unit=UNIT,
    returns=("params", "losses"),
    driver="torch_optimizer",
    bonus=True,
    groups=(
        Group("orthogonal", "replaces the update by one with singular values near 1", 2, hint=1),
        Group("shape", "makes longer steps for matrices with more rows than columns", 1, hint=3),
        Group("momentum", "averages gradients and looks ahead before it orthogonalizes", 1, hint=2),
        Group("decay", "decays the weights by lr times weight_decay", 1, hint=3),
        Group("zero", "never divides by less than 1e-7", 1, hint=1),
        Group("duties", "obeys parameter groups, resumes, passes over missing gradients, calls a closure", 1, hint=4),
    ),
    cases=muon_cases,
    reference=muon_oracle,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "not_orthogonal",
            change(Muon, "** 0.5 * X", "** 0.5 * update"),
            "Your update goes into the step as it is: this is Nesterov's momentum. Muon first makes all its singular "
            "values about equal, in five rounds.",
        ),
        Misconception(
            "exact",
            change(
                Muon,
                DECAY,
                "U, _, Vt = torch.linalg.svd(update, full_matrices=False)\n                    " + DECAY,
                "** 0.5 * X",
                "** 0.5 * U @ Vt",
            ),
            "You orthogonalize exactly, by the singular value decomposition. That is what Muon aims at, and it is slow "
            "on a GPU. Its five rounds leave the singular values between about 0.7 and 1.2; take those rounds.",
        ),
        Misconception(
            "not_normalized",
            change(Muon, " / update.norm().clamp(min=1e-7)", ""),
            "You begin the rounds with the update as it is. They only work on singular values between 0 and 1: beyond, "
            "the polynomial explodes. Divide by the norm first.",
        ),
        Misconception(
            "zero_by_zero",
            change(Muon, ".clamp(min=1e-7)", ""),
            "A gradient of zero has the norm zero, and zero by zero is NaN: one such step, a dead layer's, and the "
            "whole matrix is lost. Let the divisor never be smaller than 1e-7.",
        ),
        Misconception(
            "spectral_norm",
            change(Muon, "update.norm()", "torch.linalg.matrix_norm(update, 2)"),
            "You divide by the largest singular value, which takes a decomposition to find. The Frobenius norm, the "
            "root of the sum of all squares, is never smaller, costs nothing, and is what Muon takes.",
        ),
        Misconception(
            "no_look_ahead",
            change(Muon, "update = beta * m + (1 - beta) * g", "update = m"),
            "You orthogonalize the average itself. Muon looks ahead as Nesterov does: the newest gradient is mixed in "
            "once more, with 1 - momentum.",
            hint=2,
        ),
        Misconception(
            "no_memory",
            change(Muon, "update = beta * m + (1 - beta) * g", "update = g"),
            "Your update is this step's gradient alone. What is orthogonalized is the average of the gradients, with "
            "the look-ahead.",
            hint=2,
        ),
        Misconception(
            "no_shape_factor",
            change(Muon, "max(1, p.shape[0] / p.shape[1]) ** 0.5 * X", "X"),
            "Tall matrices move too little: with more rows than columns the step is longer, by the root of rows over "
            "columns.",
        ),
        Misconception(
            "shape_factor_turned",
            change(Muon, "p.shape[0] / p.shape[1]", "p.shape[1] / p.shape[0]"),
            "You lengthen the steps of wide matrices. In torch a weight has one row for each output: it is more rows "
            "than columns that make the step longer.",
            hint=3,
        ),
        Misconception(
            "decay_with_the_shape_factor",
            change(
                Muon,
                DECAY,
                'p *= 1 - group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * group["weight_decay"]',
            ),
            "Your decay is lengthened along with the step of tall matrices. The shape's factor is for the update "
            "alone; the decay is lr times weight_decay.",
        ),
        Misconception(
            "decay_in_the_gradient",
            change(
                Muon,
                "g, beta = p.grad,",
                'g, beta = p.grad + group["weight_decay"] * p,',
                "\n                    " + DECAY,
                "",
            ),
            "You add the decay to the gradient, and then all sizes are made equal, so that it shrinks nothing. It "
            "stands apart, as in AdamW.",
        ),
        *decay_mistakes(Muon, "1 - group", "1 - 0 * group", "1 + group"),
        *frame_mistakes(Muon, "forgets", rebinds=4, uphill=4, one_memory_for_all=4, clears_the_gradients=4),
        *(
            Misconception(
                f"{rounds}_rounds",
                change(Muon, "range(5)", f"range({rounds})"),
                f"Your number of rounds is {rounds}, and five are asked for: each one changes all singular values once "
                "more.",
            )
            for rounds in (1, 4, 6)
        ),
        Misconception(
            "squared_entry_by_entry",
            change(Muon, "2.0315 * A @ A", "2.0315 * A * A"),
            "You square A entry by entry. A A is a product of matrices, like X X^T.",
        ),
        Misconception(
            "normalized_in_each_round",
            change(Muon, "A = X @ X.T", "X = X / X.norm().clamp(min=1e-7)\n                        A = X @ X.T"),
            "You divide by the norm in every round, and take back what the rounds before have done. Once is "
            "enough: before the first.",
        ),
        Misconception(
            "shape_factor_without_the_root",
            change(Muon, "** 0.5 * X", "* X"),
            "Tall matrices move too far: the step is longer by the *root* of rows over columns.",
        ),
        Misconception(
            "shape_factor_below_one",
            change(Muon, "max(1, p.shape[0] / p.shape[1])", "(p.shape[0] / p.shape[1])"),
            "Wide matrices move too little: with more columns than rows the factor is 1, and no less.",
            hint=3,
        ),
        Misconception(
            "keeps_the_orthogonalized",
            change(Muon, "p *= 1 -", 'state["m"] = X\n                    p *= 1 -'),
            "What you keep for the next step is the orthogonalized update. Only the average of the gradients "
            "lives on; the rounds work on something that is made for this step alone.",
            hint=2,
        ),
        Misconception(
            "sum_for_an_average",
            change(Muon, "+ (1 - beta) * g\n                    update", "+ g\n                    update"),
            "Your M is a sum: each gradient enters in full. It is an average, with 1 - momentum of the newest "
            "gradient, and the look-ahead counts on that.",
            hint=2,
        ),
        Misconception(
            "looks_ahead_in_full",
            change(Muon, "update = beta * m + (1 - beta) * g", "update = beta * m + g"),
            "Your M is an average, and the newest gradient comes to it in full. The look-ahead mixes it in once "
            "more with 1 - momentum.",
            hint=2,
        ),
        Misconception(
            "decays_after",
            change(
                Muon,
                DECAY_FIRST,
                "",
                "** 0.5 * X",
                "** 0.5 * X\n                    " + DECAY,
            ),
            "You decay after the step, so that the step just taken is shrunk as well. It is the old parameter, "
            "from before the step, that decays.",
        ),
    ),
    also_right=(
        Muon,
        change(Muon, DECAY, 'p -= group["lr"] * group["weight_decay"] * p'),
        change(
            Muon,
            "A = X @ X.T",
            "A = X.T @ X",
            "X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X",
            "X = 3.4445 * X + X @ (-4.7750 * A + 2.0315 * A @ A)",
        ),
        change(Muon, "update.norm().clamp(min=1e-7)", "max(float(torch.sqrt((update**2).sum())), 1e-7)"),
        change(
            Muon,
            'm = state["m"] = beta * state.get("m", 0) + (1 - beta) * g\n'
            "                    update = beta * m + (1 - beta) * g",
            'm = state["m"] = beta * state.get("m", 0) + g\n                    update = (1 - beta) * (beta * m + g)',
        ),
        change(
            Muon,
            "X = update / update.norm().clamp(min=1e-7)\n"
            "                    for _ in range(5):\n"
            "                        A = X @ X.T\n"
            "                        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X",
            "U, s, Vt = torch.linalg.svd(update, full_matrices=False)\n"
            "                    s = s / torch.clamp(s.norm(), min=1e-7)\n"
            "                    for _ in range(5):\n"
            "                        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5\n"
            "                    X = (U * s) @ Vt",
        ),
    ),
)

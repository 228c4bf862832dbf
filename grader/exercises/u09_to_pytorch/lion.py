"""Bonus: `Lion`, whose step has the size lr in every entry; its oracle has the memory in closed form."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.frame import decay_mistakes, frame_mistakes
from grader.exercises.u09_to_pytorch.runs import PARITY, STEPS, UNIT, arrays, gradients, run_case
from grader.spec import Case, Exercise, Group, Misconception


def settings(lr: float, beta1: float = 0.9, beta2: float = 0.99, weight_decay: float = 0.0) -> dict[str, Any]:
    return {"lr": lr, "betas": [beta1, beta2], "weight_decay": weight_decay}


def lion_cases(rng: np.random.Generator) -> list[Case]:
    one, layer, two = arrays(rng, (4,)), arrays(rng, (2, 3), (3,)), arrays(rng, (2,), (3,))
    wide = arrays(rng, (12,))

    def case(label: str, group: str, params: list[np.ndarray], chosen: dict[str, Any], steps: int, **run: Any) -> Case:
        return run_case(label, group, [{"params": params}], chosen, gradients(rng, params, steps), **run)

    flips = [[np.where(np.arange(12) < 6, -1, 1) * rng.uniform(0.1, 3, size=12) * (-1) ** (t // 2)] for t in range(8)]
    gone = {(0, 0), (2, 0), (1, 1)}
    apart: list[dict[str, Any]] = [
        {"params": two[:1]},
        {"params": two[1:], "lr": 0.3, "betas": [0.5, 0.8], "weight_decay": 0.2},
    ]
    return [
        case("one parameter, one step", "signs", one, settings(0.1), 1),
        case("weights and bias, one step", "signs", layer, settings(0.02), 1),
        run_case("gradients that change sign", "memory", [{"params": wide}], settings(0.1, 0.6, 0.8), flips),
        case("betas far apart, gradients that add up", "memory", wide, settings(0.05, 0.5, 0.95), 9, zero_every=2),
        case("weight decay", "decay", layer, settings(0.1, weight_decay=0.5), 3),
        case("50 steps with weight decay", "decay", wide, settings(0.02, weight_decay=0.2), STEPS),
        case("a schedule", "groups", one, settings(0.1), 4, lr_factors=[1, 1, 0.1, 0.1]),
        run_case("two groups", "groups", apart, settings(0.1), gradients(rng, two, 4)),
        run_case(
            "quadratic, by a closure",
            "duties",
            [{"params": two}],
            settings(0.1),
            targets=arrays(rng, (2,), (3,)),
            steps=4,
        ),
        case("after 4 of 9 steps", "duties", wide, settings(0.1, 0.6, 0.8), 9, reload_at=4),
        run_case("now and then no gradient", "duties", [{"params": two}], settings(0.1), gradients(rng, two, 5, gone)),
    ]


def lion_oracle(groups: list[Any], settings: dict[str, Any], run: dict[str, Any]) -> tuple[list[np.ndarray], Any]:
    """NumPy, with m_t in closed form: the sum of all gradients so far, each weighted by (1 - beta2) beta2^age."""
    steps = run["steps"] if run["grads"] is None else len(run["grads"])
    own = [settings | group for group in groups for _ in group["params"]]
    params = [param for group in groups for param in group["params"]]
    seen: list[list[np.ndarray]] = [[] for _ in params]
    path, losses = [], []
    before: list[Any] = []
    for t in range(steps):
        grads = run["grads"][t] if run["grads"] else [p - aim for p, aim in zip(params, run["targets"], strict=True)]
        if run["grads"] is None:
            losses.append(sum(float(np.sum(grad**2)) / 2 for grad in grads))
        if t % run["zero_every"]:  # gradients add up where nobody clears them
            grads = [grad + old for grad, old in zip(grads, before, strict=True)]
        before = grads
        for i, grad in enumerate(grads):
            if grad is None:
                continue
            (beta1, beta2), lr = own[i]["betas"], own[i]["lr"] * (run["lr_factors"] or [1.0] * steps)[t]
            weights = (1 - beta2) * beta2 ** np.arange(len(seen[i]))[::-1]
            average = np.tensordot(weights, np.array(seen[i]), axes=1) if seen[i] else 0.0
            seen[i].append(grad)
            shrunk = params[i] * (1 - lr * own[i]["weight_decay"])
            params[i] = shrunk - lr * np.sign(beta1 * average + (1 - beta1) * grad)
        if steps <= 10 or t == 0 or (t + 1) % 10 == 0:
            path.append(list(params))
    return [np.array(values) for values in zip(*path, strict=True)], np.array(losses)


def Lion(groups, **settings):
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
                    g, (b1, b2) = p.grad, group["betas"]
                    state = self.state[p]
                    m = state.get("m", torch.zeros_like(p))
                    direction = (b1 * m + (1 - b1) * g).sign()
                    p -= group["lr"] * (direction + group["weight_decay"] * p)
                    state["m"] = b2 * m + (1 - b2) * g
            return loss

    return Optimizer()


LION = Exercise(
    name="Lion",
    unit=UNIT,
    returns=("params", "losses"),
    driver="torch_optimizer",
    bonus=True,
    groups=(
        Group("signs", "moves every entry by lr, by the sign alone", 1, hint=1),
        Group("memory", "mixes with one beta and remembers with the other", 2, hint=2),
        Group("decay", "decays the weights apart from the sign", 1, hint=3),
        Group("groups", "obeys each parameter group's own settings, as they are at each step", 1, hint=3),
        Group("duties", "resumes, passes over missing gradients, and calls a closure", 1, hint=3),
    ),
    cases=lion_cases,
    reference=lion_oracle,
    tolerance=PARITY,
    misconceptions=(
        Misconception(
            "no_sign",
            change(Lion, ".sign()", ""),
            "Your steps are as long as the gradients are large. Lion takes the sign: each entry moves by exactly lr, "
            "whatever its gradient's size.",
        ),
        Misconception(
            "momentum_only",
            change(Lion, "(b1 * m + (1 - b1) * g).sign()", "m.sign()"),
            "Your direction comes from the old average alone, so that the first step stands still and every gradient "
            "is heard one step late. The newest gradient is to be mixed in, with 1 - beta1.",
        ),
        Misconception(
            "gradient_only",
            change(Lion, "(b1 * m + (1 - b1) * g).sign()", "g.sign()"),
            "You take the sign of this step's gradient: sign descent, without a memory. The average so far has a say, "
            "with beta1.",
            hint=1,
        ),
        Misconception(
            "one_beta",
            change(Lion, "b2 * m + (1 - b2) * g", "b1 * m + (1 - b1) * g"),
            "You mix and remember with the same beta1. Lion has two: what makes the step gives the new gradient more "
            "weight than what is remembered does.",
        ),
        Misconception(
            "betas_swapped",
            change(Lion, "(b1, b2) =", "(b2, b1) ="),
            "Your two betas have changed places: beta1, 0.9, mixes this step's direction; beta2, 0.99, is the longer "
            "memory.",
        ),
        Misconception(
            "mix_kept",
            change(
                Lion,
                "direction = (b1 * m + (1 - b1) * g).sign()",
                "m = b1 * m + (1 - b1) * g\n                    direction = m.sign()",
            ),
            "You mix the direction into m and then let m take the gradient once more, so that each gradient counts "
            "twice. The average for the next step starts from the old m, not from the mixture.",
        ),
        Misconception(
            "decay_in_the_sign",
            change(
                Lion,
                "(1 - b1) * g)",
                '(1 - b1) * (g + group["weight_decay"] * p))',
                '(direction + group["weight_decay"] * p)',
                "direction",
            ),
            "Your decay is inside the sign, where it can turn a step round and never shrinks anything. As in AdamW it "
            "stands outside: lr times weight_decay times the parameter.",
        ),
        Misconception(
            "decay_without_lr",
            change(Lion, '(direction + group["weight_decay"] * p)', 'direction + group["weight_decay"] * p'),
            "You shrink by weight_decay alone. The decay of a step is lr times weight_decay, as in AdamW.",
        ),
        *decay_mistakes(Lion, "(direction +", "(direction + 0 *", "(direction -"),
        *frame_mistakes(Lion, "forgets", rebinds=3, uphill=3, one_memory_for_all=3, clears_the_gradients=3),
        Misconception(
            "memory_renewed_first",
            change(
                Lion,
                "direction = ",
                "m = b2 * m + (1 - b2) * g\n                    direction = ",
                'state["m"] = b2 * m + (1 - b2) * g',
                'state["m"] = m',
            ),
            "You renew m first, and mix the direction from the new one, so that this step's gradient enters "
            "twice. The direction is made of the old m; m is renewed afterwards.",
        ),
        Misconception(
            "sign_of_the_new_memory",
            change(
                Lion,
                "direction = (b1 * m + (1 - b1) * g).sign()",
                "m = b2 * m + (1 - b2) * g\n                    direction = m.sign()",
                'state["m"] = b2 * m + (1 - b2) * g',
                'state["m"] = m',
            ),
            "You renew m with beta2 and take its sign. The direction has a mixture of its own, of the old m and "
            "the newest gradient, with beta1.",
        ),
        Misconception(
            "decay_added_in_the_sign",
            change(
                Lion,
                "(b1 * m + (1 - b1) * g).sign()",
                '(b1 * m + (1 - b1) * g + group["weight_decay"] * p).sign()',
                '(direction + group["weight_decay"] * p)',
                "direction",
            ),
            "You add the decay before the sign is taken, and in a sign it has no size any more. As in AdamW it "
            "stands outside: lr times weight_decay times the parameter.",
        ),
        Misconception(
            "decay_in_the_gradient",
            change(
                Lion,
                "= p.grad, group",
                '= p.grad + group["weight_decay"] * p, group',
                '(direction + group["weight_decay"] * p)',
                "direction",
            ),
            "You add the decay to the gradient, and then the sign takes its size away. As in AdamW it stands "
            "outside: lr times weight_decay times the parameter.",
        ),
        Misconception(
            "decays_after",
            change(
                Lion,
                '(direction + group["weight_decay"] * p)',
                'direction\n                    p *= 1 - group["lr"] * group["weight_decay"]',
            ),
            "You decay after the step, so that the step just taken is shrunk as well. It is the old parameter, "
            "from before the step, that decays.",
        ),
        Misconception(
            "sum_for_an_average",
            change(Lion, "(1 - b2) * g", "g"),
            "Your memory is a sum: each gradient enters in full. m is an average, with 1 - beta2 of the newest "
            "gradient.",
        ),
    ),
    also_right=(
        Lion,
        change(
            Lion,
            'p -= group["lr"] * (direction + group["weight_decay"] * p)',
            'p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * direction)',
        ),
        change(
            Lion,
            "(b1 * m + (1 - b1) * g).sign()",
            "torch.where(b1 * m + (1 - b1) * g > 0, 1.0, -1.0).to(p.dtype)",
        ),
        change(
            Lion,
            'm = state.get("m", torch.zeros_like(p))\n                    direction = (b1 * m + (1 - b1) * g).sign()',
            'm = state.setdefault("m", torch.zeros_like(p))\n'
            "                    direction = torch.sign(m.lerp(g, 1 - b1))",
            'state["m"] = b2 * m + (1 - b2) * g',
            "m.lerp_(g, 1 - b2)",
        ),
        change(
            Lion,
            'p -= group["lr"] * (direction + group["weight_decay"] * p)',
            'p.data = p.data - group["lr"] * direction - group["lr"] * group["weight_decay"] * p.data',
        ),
    ),
)

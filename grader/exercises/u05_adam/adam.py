"""The class Adam: both averages for each of many parameters, one t for all, changed in place."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.adam_step import adam_step
from grader.exercises.u05_adam.common import UNIT, signed
from grader.spec import Case, Exercise, Group, Misconception

Shapes = tuple[tuple[int, ...], ...]


def adam_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        group: str,
        shapes: Shapes,
        steps: int,
        lr: Any,
        scale: float = 1.0,
        **rest: float,
    ) -> Case:
        inputs = {
            "params": [rng.normal(size=shape) for shape in shapes],
            "grads": [[scale * signed(rng, *shape) for shape in shapes] for _ in range(steps)],
            "lrs": np.broadcast_to(np.asarray(lr, dtype=float), steps).copy(),
        }
        return Case(label, group, inputs | rest)

    usual = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    short = {"beta1": 0.6, "beta2": 0.8, "eps": 1e-8}
    layers = ((4, 3), (3,), (3, 2), (2,))
    return [
        case("one parameter, one step", "moves", ((3,),), 1, 0.1, **usual),
        case("a matrix, one step", "moves", ((2, 3),), 1, 0.2, **short),
        case("one parameter, nobody names the betas or eps", "moves", ((4,),), 3, 0.1),
        case("one parameter, seven steps", "remembers", ((4,),), 7, 0.1, **usual),
        case("beta1 = 0.6, beta2 = 0.8, six steps", "remembers", ((2, 3),), 6, 0.05, **short),
        case("weights and bias, one step", "apart", ((4, 3), (3,)), 1, 0.1, **usual),
        case("weights and bias, five steps", "apart", ((4, 3), (3,)), 5, 0.05, **short),
        case("three parameters of one shape", "apart", ((3,), (3,), (3,)), 4, 0.1, **usual),
        case("the learning rate drops", "lr", layers, 6, np.where(np.arange(6) < 3, 0.5, 0.05), **usual),
        case("the learning rate grows", "lr", ((3,),), 4, np.linspace(0.05, 0.2, 4), **short),
        case("|g| near eps = 1e-8", "eps", ((2, 2),), 3, 0.1, 1e-8, **usual),
        case("|g| near eps = 0.5", "eps", ((3,),), 3, 0.1, 0.5, **(usual | {"eps": 0.5})),
        case("a gradient of exactly zero", "eps", ((2,),), 2, 0.1, 0.0, **usual),
    ]


def adam_oracle(
    params: list[np.ndarray],
    grads: list[Any],
    lrs: np.ndarray,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> list[np.ndarray]:
    import torch

    tensors = [torch.nn.Parameter(torch.from_numpy(param.copy())) for param in params]
    optimizer = torch.optim.Adam(tensors, betas=(beta1, beta2), eps=eps)
    path = []
    for each, lr in zip(grads, lrs, strict=True):
        optimizer.param_groups[0]["lr"] = float(lr)
        for tensor, grad in zip(tensors, each, strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return [np.array(values) for values in zip(*path, strict=True)]


class Adam:
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads):
        self.t += 1
        for i, (param, grad) in enumerate(zip(self.params, grads, strict=True)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * grad
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * grad**2
            m_hat = self.m[i] / (1 - self.beta1**self.t)
            v_hat = self.v[i] / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamByStep(Adam):
    def step(self, grads):
        self.t += 1
        settings = self.t, self.lr, self.beta1, self.beta2, self.eps
        for i, param in enumerate(self.params):
            m, v = self.m[i], self.v[i]
            param[...], self.m[i], self.v[i] = adam_step(param, m, v, grads[i], *settings)


class AdamByIndex:
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.beta1, self.beta2, self.eps = list(params), lr, beta1, beta2, eps
        self.state = {}

    def step(self, grads):
        for i, grad in enumerate(grads):
            m, v, t = self.state.get(i, (0.0, 0.0, 0))
            m, v, t = self.beta1 * m + (1 - self.beta1) * grad, self.beta2 * v + (1 - self.beta2) * grad**2, t + 1
            self.state[i] = m, v, t
            root = np.sqrt(1 - self.beta2**t)
            length = self.lr * root / (1 - self.beta1**t)
            self.params[i][...] = self.params[i] - length * m / (np.sqrt(v) + self.eps * root)


LOOP = "        for i, (param, grad) in enumerate(zip(self.params, grads, strict=True)):\n"
LOOP_OF_PAIRS = "        for param, grad in zip(self.params, grads, strict=True):\n"


ADAM = Exercise(
    name="Adam",
    unit=UNIT,
    returns=("params",),
    groups=(
        Group("moves", "moves the very arrays that it was given", 2, hint=1),
        Group("remembers", "carries averages and step count from step to step", 2, hint=3),
        Group("apart", "keeps two averages for each parameter, and one step count for all", 2, hint=2),
        Group("lr", "obeys a change of its attribute lr at once", 1, hint=4),
        Group("eps", "has eps outside the root", 1, hint=4),
    ),
    cases=adam_cases,
    reference=adam_oracle,
    driver="optimizer_class",
    misconceptions=(
        Misconception(
            "parameters_do_not_move",
            change(Adam, "param -= self.lr", "self.params[i] = param - self.lr"),
            "The network's parameters do not move. `p = p - ...` makes a new array under an old name, or in your own "
            "list; the array that the network holds stays as it was. What changes an array itself?",
        ),
        Misconception(
            "t_per_parameter",
            change(
                Adam,
                "        self.t += 1\n",
                "",
                "            self.m[i] =",
                "            self.t += 1\n            self.m[i] =",
            ),
            "Your first parameter's first step is right and the second one's is already wrong: t grows inside the loop "
            "over the parameters, so the second is corrected as if it were at step 2. All parameters make the same "
            "step; when is it counted?",
            hint=3,
        ),
        Misconception(
            "t_from_zero",
            change(Adam, "        self.t += 1\n", "", "+ self.eps)\n", "+ self.eps)\n        self.t += 1\n"),
            "Your parameters are NaN after the first step: you correct with t = 0 and count afterwards, and 1 - beta^0 "
            "is 0. The first step is step 1.",
            hint=3,
        ),
        Misconception(
            "never_counts",
            change(Adam, "self.t = 0", "self.t = 1", "        self.t += 1\n", ""),
            "Your first step is right, and then t stays 1 for ever: every average is blown up as if it were in its "
            "first step. Who counts the calls of `step`?",
            hint=3,
        ),
        Misconception(
            "without_bias_correction",
            change(
                Adam,
                "self.m[i] / (1 - self.beta1**self.t)",
                "self.m[i]",
                "self.v[i] / (1 - self.beta2**self.t)",
                "self.v[i]",
            ),
            "Neither m nor v is bias-corrected: with the usual betas your first step is 3.16 times too long. For each "
            "parameter, a step is just what your adam_step does.",
            hint=4,
        ),
        Misconception(
            "corrected_moments_stored",
            change(Adam, "m_hat = ", "m_hat = self.m[i] = ", "v_hat = ", "v_hat = self.v[i] = "),
            "The averages that you keep are the corrected ones: the next step averages "
            "on from there and corrects once more. Soon v is huge, and nothing moves. Keep m and v raw.",
            hint=3,
        ),
        Misconception(
            "one_state",
            change(Adam, LOOP, LOOP_OF_PAIRS + "            i = 0\n"),
            "All your parameters share one m and one v: the first one's gradients move the second, and where shapes "
            "differ it does not even fit. Each parameter has averages of its own. By the way, `[a] * n` is one array "
            "under n names.",
        ),
        Misconception(
            "state_by_shape",
            change(Adam, LOOP, LOOP_OF_PAIRS + "            i = [p.shape for p in self.params].index(param.shape)\n"),
            "Parameters of different shapes are right; those of one shape push each other, because you look their "
            "averages up by shape. What is different for every parameter, always?",
        ),
        Misconception(
            "forgets",
            change(Adam, "self.beta1 * self.m[i] + ", "", "self.beta2 * self.v[i] + ", ""),
            "Your averages begin at zero in every step; only t goes on. What has to live from one step to the next "
            "belongs to the object, is made once, and is written back in every step.",
            hint=3,
        ),
        Misconception(
            "first_only",
            change(Adam, "+ self.eps)\n", "+ self.eps)\n            return\n"),
            "Only your first parameter moves: the loop ends after one round. Look at where a `return` or a `break` "
            "stands, and how far it is indented.",
        ),
        Misconception(
            "eps_inside_the_root",
            change(Adam, "(np.sqrt(v_hat) + self.eps)", "np.sqrt(v_hat + self.eps)"),
            "Your eps is inside the root. Where gradients are near 1e-8, the root of eps is ten thousand times as "
            "large as they are, and your parameters stand nearly still. First the root, then eps.",
        ),
        Misconception(
            "betas_swapped",
            change(Adam, "= params, lr, beta1, beta2, eps", "= params, lr, beta2, beta1, eps"),
            "The betas have changed places. Your first step is right, since the correction undoes any beta there; then "
            "the direction remembers with beta2 and the scale with beta1.",
            hint=4,
        ),
        Misconception(
            "uphill",
            change(Adam, "param -=", "param +="),
            "Your parameters climb. m is an average of gradients, and these point uphill: which sign moves the "
            "parameters down?",
            hint=4,
        ),
        Misconception(
            "lr_fixed",
            change(Adam, "self.t = 0", "self.t, self.first_lr = 0, lr", "self.lr * m_hat", "self.first_lr * m_hat"),
            "Your steps keep the learning rate of the constructor, whatever the attribute lr says later. A schedule "
            "changes it between steps: ask for self.lr at each step.",
        ),
        Misconception(
            "gradients_squared_in_place",
            change(
                Adam,
                "            self.v[i] =",
                "            grad **= 2\n            self.v[i] =",
                "(1 - self.beta2) * grad**2",
                "(1 - self.beta2) * grad",
            ),
            "The gradients that you were given were changed in place (squared, perhaps, or set to zero). Whoever "
            "computed them may still want them, for a histogram or another optimizer.",
            hint=4,
        ),
        Misconception(
            "settings_not_handed_on",
            change(Adam, "= params, lr, beta1, beta2, eps", "= params, lr, 0.9, 0.999, 1e-8"),
            "Right with the default betas and the default eps, and wrong with others: do self.beta1, self.beta2 and "
            "self.eps reach your step?",
            hint=4,
        ),
        Misconception(
            "without_eps",
            change(Adam, " + self.eps", ""),
            "Where a gradient has always been zero, your step is 0/0, and where gradients are tiny it is too long: eps "
            "is missing beside the root.",
        ),
        Misconception(
            "without_the_root",
            change(Adam, "np.sqrt(v_hat)", "v_hat"),
            "The root is missing: you divide by the average square itself, so that large gradients make short steps "
            "and small ones long steps. With the root, all are about lr long.",
            hint=4,
        ),
        Misconception(
            "not_divided",
            change(Adam, " / (np.sqrt(v_hat) + self.eps)", ""),
            "Your parameters move by lr times the corrected m, and nothing divides that: this is momentum. What is v "
            "kept for?",
            hint=4,
        ),
        Misconception(
            "v_never_kept",
            change(Adam, "self.v[i] = self.beta2 * self.v[i] + ", "self.v[i] = "),
            "Your m goes on from step to step, and v begins at zero in every step: it knows the last gradient alone, "
            "and is divided as if it knew all of them.",
            hint=3,
        ),
        Misconception(
            "one_list_for_both",
            change(Adam, "self.v = [np.zeros_like(p) for p in params]", "self.v = self.m"),
            "Your m and v are one and the same list, under two names: what is written to one is read as the other. "
            "Make a list for each.",
            hint=2,
        ),
        Misconception(
            "corrects_m_only",
            change(Adam, "self.v[i] / (1 - self.beta2**self.t)", "self.v[i]"),
            "You correct m and leave v as it is. A young v is far too small and stands below the fraction bar, so your "
            "first steps are far too long.",
            hint=4,
        ),
        Misconception(
            "corrects_v_only",
            change(Adam, "self.m[i] / (1 - self.beta1**self.t)", "self.m[i]"),
            "You correct v and leave m as it is, so your first steps are far too short. Both averages started at zero.",
            hint=4,
        ),
    ),
    also_right=(
        Adam,
        AdamByStep,
        change(Adam, "= params, lr", "= list(params), lr", "param -= ", "param[...] = param - "),
        change(Adam, "[np.zeros_like(p) for p in params]\n        self.v", "[0.0 for p in params]\n        self.v"),
        change(
            Adam,
            "self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * grad",
            "self.m[i] += (1 - self.beta1) * (grad - self.m[i])",
            "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "np.subtract(param, self.lr * m_hat / (v_hat**0.5 + self.eps), out=param)",
        ),
        AdamByIndex,
    ),
)

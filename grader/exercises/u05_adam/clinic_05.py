"""The bug clinic: a decay that goes through Adam's root, and a t that every parameter counts up."""

import numpy as np

from grader.changes import change
from grader.exercises.u05_adam.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        group: str,
        p: int,
        lr: float,
        decay: float,
        steps: int,
        balanced: bool = False,
        scale: float = 1.0,
        weights: float = 1.0,
    ) -> Case:
        X, y = rng.normal(size=(16, p)), rng.normal(size=16) + 3
        w = rng.uniform(1, 5, size=p) * rng.choice([-1, 1], size=p)
        if balanced:  # each house comes with its mirror image, so that c has nothing to learn; no sum rounds
            X, y, w = (np.round(4 * values) / 4 for values in (X, y, w))
            X, y = np.concatenate([X[:8], -X[:8]]), np.concatenate([y[:8], -y[:8]])
        X[:, 0] *= p > 3  # with more than three sensors, the first is unplugged
        c = 0.0 if balanced else float(rng.normal())
        y, w, c = scale * y, scale * weights * w, scale * c
        inputs = {"X": X, "y": y, "w": w, "c": c, "lr": lr, "weight_decay": decay, "steps": steps}
        return Case(label, group, inputs)

    return [
        case("no decay, one step", "first", 3, 0.1, 0.0, 1),
        case("no decay, gradients near eps, one step", "first", 3, 0.1, 0.0, 1, scale=1e-8),
        case("no decay, two steps", "counts", 4, 0.1, 0.0, 2),
        case("no decay, many steps", "counts", 2, 0.05, 0.0, 12),
        case("decay, c at rest, one step", "decays", 3, 0.1, 0.5, 1, balanced=True),
        case("decay and an unplugged sensor, one step", "decays", 5, 0.2, 0.1, 1, balanced=True),
        case("decay, all weights at 0, one step", "spares", 3, 0.1, 0.5, 1, weights=0.0),
        case("more decay, all weights at 0, one step", "spares", 2, 0.2, 2.0, 1, weights=0.0),
        case("decay, many steps", "both", 3, 0.1, 0.3, 12),
        case("decay and an unplugged sensor, many steps", "both", 5, 0.05, 0.5, 10),
    ]


def clinic_oracle(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, c: float, lr: float, weight_decay: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """torch.optim.AdamW, with decay for w alone, and gradients by torch.autograd."""
    import torch

    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
    weights = torch.tensor(w.copy(), requires_grad=True)
    offset = torch.tensor(c, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.AdamW(
        [{"params": [weights], "weight_decay": weight_decay}, {"params": [offset], "weight_decay": 0.0}], lr=lr
    )
    path = [(weights.detach().numpy().copy(), float(offset))]
    for _ in range(steps):
        optimizer.zero_grad()
        (0.5 * ((inputs @ weights + offset - targets) ** 2).mean()).backward()
        optimizer.step()
        path.append((weights.detach().numpy().copy(), float(offset)))
    return np.array([a for a, _ in path]), np.array([b for _, b in path])


def clinic_05(X, y, w, c, lr, weight_decay, steps):
    params, m, v, t = [w, c], [0.0, 0.0], [0.0, 0.0], 0
    path = [list(params)]
    for _ in range(steps):
        error = X @ params[0] + params[1] - y
        grads = [X.T @ error / len(y), np.mean(error)]
        params[0] = params[0] - lr * weight_decay * params[0]
        t = t + 1
        for i, grad in enumerate(grads):
            m[i] = 0.9 * m[i] + 0.1 * grad
            v[i] = 0.999 * v[i] + 0.001 * grad**2
            m_hat, v_hat = m[i] / (1 - 0.9**t), v[i] / (1 - 0.999**t)
            params[i] = params[i] - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        path.append(list(params))
    return np.array([a for a, _ in path]), np.array([b for _, b in path])


def clinic_one_vector(X, y, w, c, lr, weight_decay, steps):
    ones = np.column_stack([X, np.ones(len(y))])
    theta, decay = np.append(w, c), np.append(np.full(len(w), weight_decay), 0.0)
    m, v = np.zeros(len(theta)), np.zeros(len(theta))
    path = [theta]
    for t in range(1, steps + 1):
        grad = ones.T @ (ones @ theta - y) / len(y)
        m, v = m + 0.1 * (grad - m), v + 0.001 * (grad**2 - v)
        adam = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        theta = theta - lr * (adam + decay * theta)
        path.append(theta)
    return np.array(path)[:, :-1], np.array(path)[:, -1]


def clinic_two_names(X, y, w, c, lr, weight_decay, steps):
    def direction(state, grad):
        state[0] += 1
        state[1] = 0.9 * state[1] + 0.1 * grad
        state[2] = 0.999 * state[2] + 0.001 * grad * grad
        return state[1] / (1 - 0.9 ** state[0]) / ((state[2] / (1 - 0.999 ** state[0])) ** 0.5 + 1e-8)

    of_w, of_c = [0, 0.0, 0.0], [0, 0.0, 0.0]
    w_path, c_path = [w], [c]
    for _ in range(steps):
        error = X @ w + c - y
        w = w * (1 - lr * weight_decay) - lr * direction(of_w, error @ X / len(y))
        c = c - lr * direction(of_c, error.mean())
        w_path.append(w)
        c_path.append(c)
    return np.stack(w_path), np.array(c_path)


COUNTS = "        t = t + 1\n        for i, grad in enumerate(grads):\n"
COUNTS_EACH = "        for i, grad in enumerate(grads):\n            t = t + 1\n"
DECAY = "        params[0] = params[0] - lr * weight_decay * params[0]\n"
still_l2 = change(clinic_05, "X.T @ error / len(y)", "X.T @ error / len(y) + weight_decay * params[0]", DECAY, "")


CLINIC_05 = Exercise(
    name="clinic_05",
    unit=UNIT,
    returns=("w", "c"),
    groups=(
        Group("first", "makes Adam's first step for every parameter, c included", 1, hint=1),
        Group("counts", "counts one more in every round, for all parameters together", 2, hint=1),
        Group("decays", "takes the same fraction of every weight, whatever its gradients", 2, hint=2),
        Group("spares", "leaves c out of the decay", 1, hint=2),
        Group("both", "walks the path of AdamW", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_l2, COUNTS, COUNTS_EACH),
            "These are still the paths of the broken code. Begin with symptom 1: Adam's first step is lr long, for "
            "every parameter. Print t for w and for c in the first round.",
        ),
        Misconception(
            "still_l2",
            still_l2,
            "One cause is found: w and c are corrected for the same step now. But a weight of 100 still loses no more "
            "than a weight of 1. Follow weight_decay on its way to params[0]: what is it divided by?",
        ),
        Misconception(
            "still_counts_twice",
            change(clinic_05, COUNTS, COUNTS_EACH),
            "One cause is found: the decay passes Adam's root by. But c is still corrected as if it were one step "
            "further than w. How often does t grow in one round?",
        ),
        Misconception(
            "decay_without_lr",
            change(clinic_05, "lr * weight_decay", "weight_decay"),
            "Your decay is not scaled by lr: with weight_decay = 0.1 a weight loses a tenth of itself in every step. "
            "AdamW's decay obeys the learning rate, as the rest of the step does.",
            about=("w",),
        ),
        Misconception(
            "always_the_first",
            change(clinic_05, "[0.0, 0.0], 0\n", "[0.0, 0.0], 1\n", "        t = t + 1\n", ""),
            "Your t never grows: every later average is divided as if it "
            "were the first, by 0.1 and 0.001, though it has long filled up. In which line does t count the rounds?",
        ),
        Misconception(
            "decays_c_too",
            change(
                clinic_05, DECAY, "", "params[i] - lr * m_hat", "params[i] - lr * weight_decay * params[i] - lr * m_hat"
            ),
            "You let c decay along with the weights. An offset only says what houses need on average: pulled towards "
            "0, it makes all predictions wrong together. Which of the two parameters should weight_decay reach?",
            about=("c",),
        ),
        Misconception(
            "decays_both_ways",
            change(clinic_05, "X.T @ error / len(y)", "X.T @ error / len(y) + weight_decay * params[0]"),
            "The decay stands beside the step now. But it is still in the gradient as well: the "
            "old way is to go when the new one comes.",
        ),
        Misconception(
            "no_decay_left",
            change(clinic_05, DECAY, ""),
            "Now nothing decays: weight_decay has no effect. The symptom is gone, and so is what was wanted. The decay "
            "has to come back in, beside the step.",
        ),
        Misconception(
            "grows",
            change(clinic_05, "params[0] - lr * weight_decay", "params[0] + lr * weight_decay"),
            "The decay passes the root by. But your weights grow by it: which sign takes something off?",
        ),
        Misconception(
            "decays_after_the_step",
            change(clinic_05, DECAY, "", "        path.append", DECAY + "        path.append"),
            "Your decay comes after the step, and shrinks what Adam has just added. It takes its fraction of the "
            "weights as they were before.",
            about=("w",),
        ),
        Misconception(
            "decays_in_each_turn",
            change(clinic_05, DECAY, "", "            m[i] =", "    " + DECAY + "            m[i] ="),
            "The decay passes the root by, but it stands inside the loop over the parameters, so that w decays twice "
            "in each round, once for w and once for c.",
            about=("w",),
        ),
        Misconception(
            "t_from_zero",
            change(
                clinic_05, "        t = t + 1\n", "", "        path.append", "        t = t + 1\n        path.append"
            ),
            "Your first step is NaN: t is still 0 when the averages are corrected, and 1 - 0.9^0 is 0. Count before "
            "you correct.",
        ),
        Misconception(
            "decays_before_the_gradient",
            change(clinic_05, DECAY, "", "        error = X", DECAY + "        error = X"),
            "Your weights decay before the error is computed, so the gradient belongs to weights that are smaller "
            "already. Gradient and decay both belong to the weights with which the round begins.",
            about=("w",),
        ),
        Misconception(
            "decays_below_the_root",
            change(clinic_05, DECAY, "", "lr * m_hat", "lr * (m_hat + (1 - i) * weight_decay * params[i])"),
            "Your decay has left the averages, and it is still divided by the root of v, together with m: large "
            "gradients make it small. It is to stand beside that fraction.",
            about=("w",),
        ),
    ),
    also_right=(
        clinic_05,
        change(clinic_05, "for _ in range(steps)", "for t in range(1, steps + 1)", "        t = t + 1\n", ""),
        change(
            clinic_05,
            "[0.0, 0.0], 0\n",
            "[0.0, 0.0], [0, 0]\n",
            COUNTS,
            COUNTS_EACH.replace("t = t +", "t[i] = t[i] +"),
            "0.9**t",
            "0.9 ** t[i]",
            "0.999**t",
            "0.999 ** t[i]",
        ),
        change(clinic_05, DECAY, "        params[0] = params[0] * (1 - lr * weight_decay)\n"),
        clinic_one_vector,
        clinic_two_names,
    ),
)

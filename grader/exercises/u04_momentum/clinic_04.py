"""`clinic_04`: momentum that forgets everything, and a velocity that two parameters share."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, p: int, q: int, lr: float, beta: float, steps: int, unplugged: int = 0) -> Case:
        X, Z = rng.normal(size=(20, p)), rng.normal(size=(20, q))
        Z[:, q - unplugged :] = 0
        y = X.sum(axis=1) - 2 * Z.sum(axis=1) + rng.normal(size=20)
        return Case(label, group, {"X": X, "Z": Z, "y": y, "lr": lr, "beta": beta, "steps": steps})

    return [
        case("3 and 2 weights, many steps", "remembers", 3, 2, 0.1, 0.8, 15),
        case("1 and 4 weights, many steps", "remembers", 1, 4, 0.05, 0.9, 12),
        case("3 and 3 weights, one step", "apart", 3, 3, 0.1, 0.9, 1),
        case("2 and 2 weights, one step", "apart", 2, 2, 0.2, 0.5, 1),
        case("3 and 3 weights, the last one unplugged, one step", "still", 3, 3, 0.1, 0.9, 1, unplugged=1),
        case("4 and 4 weights, all inside unplugged, one step", "still", 4, 4, 0.2, 0.7, 1, unplugged=4),
        case("3 and 3 weights, many steps", "both", 3, 3, 0.1, 0.8, 15),
        case("2 and 2 weights, many steps", "both", 2, 2, 0.05, 0.9, 25),
    ]


def clinic_oracle(
    X: np.ndarray, Z: np.ndarray, y: np.ndarray, lr: float, beta: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """torch.optim.SGD on the loss itself, with gradients by torch.autograd."""
    import torch

    inputs = [torch.from_numpy(part) for part in (X, Z)]
    params = [torch.zeros(part.shape[1], dtype=torch.float64, requires_grad=True) for part in (X, Z)]
    optimizer = torch.optim.SGD(params, lr=lr, momentum=beta)
    path = [[param.detach().numpy().copy() for param in params]]
    for _ in range(steps):
        optimizer.zero_grad()
        error = sum(part @ param for part, param in zip(inputs, params, strict=True)) - torch.from_numpy(y)
        (0.5 * (error**2).mean()).backward()
        optimizer.step()
        path.append([param.detach().numpy().copy() for param in params])
    return np.array([a for a, _ in path]), np.array([b for _, b in path])


def clinic_04(X, Z, y, lr, beta, steps):
    params = [np.zeros(X.shape[1]), np.zeros(Z.shape[1])]
    velocities = {}
    path = [list(params)]
    for _ in range(steps):
        error = X @ params[0] + Z @ params[1] - y
        for i, inputs in enumerate([X, Z]):
            grad = inputs.T @ error / len(error)
            key = i
            velocities[key] = beta * velocities.get(key, 0) + grad
            params[i] = params[i] - lr * velocities[key]
        path.append(list(params))
    return np.array([a for a, _ in path]), np.array([b for _, b in path])


def clinic_one_vector(X, Z, y, lr, beta, steps):
    both = np.concatenate([X, Z], axis=1)
    theta, velocity = np.zeros(both.shape[1]), np.zeros(both.shape[1])
    path = [theta]
    for _ in range(steps):
        velocity = beta * velocity + both.T @ (both @ theta - y) / len(y)
        theta = theta - lr * velocity
        path.append(theta)
    return np.array(path)[:, : X.shape[1]], np.array(path)[:, X.shape[1] :]


def clinic_two_names(X, Z, y, lr, beta, steps):
    a, b = np.zeros(X.shape[1]), np.zeros(Z.shape[1])
    v, w = np.zeros_like(a), np.zeros_like(b)
    a_path, b_path = [a.copy()], [b.copy()]
    for _ in range(steps):
        error = X @ a + Z @ b - y
        v = beta * v + error @ X / len(y)
        w = beta * w + error @ Z / len(y)
        a -= lr * v
        b -= lr * w
        a_path.append(a.copy())
        b_path.append(b.copy())
    return np.stack(a_path), np.stack(b_path)


still_shared = change(clinic_04, "key = i", "key = grad.shape")


CLINIC_04 = Exercise(
    name="clinic_04",
    unit=UNIT,
    returns=("a", "b"),
    groups=(
        Group("remembers", "carries its velocities from step to step", 2, hint=1),
        Group("apart", "moves each weight by its own gradients, never by another's", 2, hint=2),
        Group("still", "leaves a weight without a gradient where it is", 1, hint=2),
        Group("both", "takes the steps of momentum for weights of one shape", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_shared, "        error", ("        velocities = {}\n        error")),
            "These are still the paths of the broken code. Begin with symptom 2: a weight whose gradient is zero can "
            "only be moved by a velocity that is not its own. Print the keys of the dict after one step.",
            hint=2,
        ),
        Misconception(
            "still_shared",
            still_shared,
            "One cause is found: the velocities live on from step to step now. Where X and Z have as many columns, a "
            "and b still push each other. How many velocities does the dict hold then?",
        ),
        Misconception(
            "still_forgets",
            change(clinic_04, "        error", ("        velocities = {}\n        error")),
            "One cause is found: no weight is pushed by another's gradients any more. But no velocity lives from "
            "one step to the next, and beta = 0.9 walks exactly the path of beta = 0. Where is the dict made?",
        ),
        Misconception(
            "holds_the_still",
            change(still_shared, "lr * velocities[key]", "lr * np.where(grad == 0, 0, velocities[key])"),
            "The unplugged weight stays where it is now, as you hold every weight whose gradient is 0. That treats the "
            "symptom only: the other weights are still pushed by gradients that are not theirs. Count the velocities "
            "after one step.",
        ),
        Misconception(
            "average",
            change(clinic_04, "+ grad", "+ (1 - beta) * grad"),
            "Both causes are repaired. But now each gradient enters with 1 - beta of itself: that is the average "
            "convention, and this code has the one of momentum_step, where it enters in full.",
        ),
        Misconception(
            "average_still_shared",
            change(still_shared, "+ grad", "+ (1 - beta) * grad"),
            "One cause is found: the velocities live on. Where X and Z have as many columns, a and b still push "
            "each other; and each gradient now enters with 1 - beta of itself, which was not asked for.",
            hint=2,
        ),
        Misconception(
            "one_after_the_other",
            change(
                clinic_04,
                ("        error = X @ params[0] + Z @ params[1] - y\n        for i, inputs in enumerate([X, Z]):\n"),
                (
                    "        for i, inputs in enumerate([X, Z]):\n"
                    "            error = X @ params[0] + Z @ params[1] - y\n"
                ),
            ),
            "Both causes are repaired. But b now moves by an error that already knows the new a: both gradients "
            "belong to the point where the step begins.",
        ),
        Misconception(
            "one_velocity_for_both",
            change(clinic_04, "key = i", "key = 0"),
            "Now a and b share one velocity, whatever their shapes. Each of them needs one of its own: what tells "
            "them apart, always?",
            hint=2,
        ),
        Misconception(
            "sums_for_means",
            change(clinic_04, " / len(error)", ""),
            "Your gradients are sums over the examples. In the code that you were given they are means, and there was "
            "nothing wrong with these.",
        ),
    ),
    also_right=(
        clinic_04,
        clinic_one_vector,
        clinic_two_names,
        change(clinic_04, "= {}", "= [0.0, 0.0]", ".get(key, 0)", "[key]"),
        change(clinic_04, "key = i", "key = 'ab'[i]"),
        change(
            clinic_04,
            "np.array([a for a, _ in path]), np.array([b for _, b in path])",
            "[[a for a, _ in path], [b for _, b in path]]",
        ),
    ),
)

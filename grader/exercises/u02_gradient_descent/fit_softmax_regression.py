"""`fit_softmax_regression`: gradient descent on a model, trained from zero."""

import numpy as np

from grader.changes import change
from grader.exercises.u02_gradient_descent.bowls import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def fit_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, n: int, d: int, classes: int, lr: float, steps: int, scale: float = 1.0) -> Case:
        y = rng.permutation(np.arange(n) % classes)
        X = scale * (rng.normal(size=(n, d)) + 0.7 * rng.normal(size=(classes, d))[y])
        return Case(label, group, {"X": X, "y": y, "lr": lr, "steps": steps})

    cases = [
        case("one step, two classes", "start", 6, 3, 2, 0.5, 1),
        case("one step, four classes", "start", 10, 5, 4, 0.3, 1),
        case("30 steps, three classes", "training", 15, 4, 3, 0.4, 30),
        case("60 steps, five classes", "training", 24, 6, 5, 0.8, 60),
        case("inputs of the size of pixels", "large", 8, 5, 3, 0.5, 4, scale=100.0),
        case("larger inputs", "large", 14, 3, 4, 0.2, 5, scale=300.0),
    ]
    # Rows at right angles and of one length: after a step all logits are near 1000 or -1000, in each row alike.
    alike = 126.5 * np.linalg.qr(rng.normal(size=(5, 5)))[0][:4]
    same = {"X": alike, "y": np.array([0, 1, 0, 1]), "lr": 0.5, "steps": 3}
    return [*cases, Case("inputs of one size at right angles", "large", same)]


def fit_oracle(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    import torch

    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    W = torch.nn.Parameter(torch.zeros(X.shape[1], int(y.max()) + 1, dtype=torch.float64))
    optimizer = torch.optim.SGD([W], lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(inputs @ W, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return W.detach().numpy(), np.array(losses)


def fit_softmax_regression(X, y, lr, steps):
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        Z = Z - Z.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        losses.append(-log_p[np.arange(len(y)), y].mean())
        dZ = np.exp(log_p) - np.eye(W.shape[1])[y]
        W = W - lr * X.T @ dZ / len(y)
    return W, np.array(losses)


def fit_by_examples(X, y, lr, steps):
    W, losses = np.zeros((X.shape[1], int(max(y)) + 1)), np.zeros(steps)
    for t in range(steps):
        grad = np.zeros_like(W)
        for x, label in zip(X, y, strict=True):
            z = x @ W
            z = z - max(z)
            total = sum(np.exp(z))
            losses[t] += (np.log(total) - z[label]) / len(y)
            for k in range(W.shape[1]):
                grad[:, k] += (np.exp(z[k]) / total - (k == label)) * x / len(y)
        W = W - lr * grad
    return W, losses


into_an_array = change(
    fit_softmax_regression,
    "y.max() + 1)), []\n    for _",
    "y.max() + 1)), np.zeros(steps)\n    rows = np.arange(len(y))\n    for t",
    "losses.append(-log_p[np.arange(len(y)), y].mean())",
    "losses[t] = -log_p[rows, y].mean()",
    "np.array(losses)",
    "losses",
)

log_of_p = change(
    fit_softmax_regression,
    "Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))",
    "np.log(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))",
)

EPS = ("1e-15", "1e-12", "1e-10", "1e-9", "1e-8", "1e-7", "1e-6", "np.finfo(float).eps")
"""Small numbers that people put under a logarithm; as a bound they come to the same."""


FIT_SOFTMAX_REGRESSION = Exercise(
    name="fit_softmax_regression",
    unit=UNIT,
    returns=("W", "losses"),
    sizes={"N": ("X", 0), "D": ("X", 1)},
    groups=(
        Group("start", "starts at a loss of log K and takes the right first step", 2, hint=1),
        Group("training", "follows gradient descent through a whole training", 3, hint=3),
        Group("large", "stays finite and exact when the logits are huge", 2, hint=4),
    ),
    cases=fit_cases,
    reference=fit_oracle,
    misconceptions=(
        Misconception(
            "sum_instead_of_mean",
            change(fit_softmax_regression, " / len(y)", ""),
            "Your gradient adds up over the examples where the loss takes their mean: it is N times too large. Twice "
            "the data would mean twice the step, and with 60,000 images no sensible learning rate would work any more.",
            hint=3,
        ),
        Misconception(
            "uphill",
            change(fit_softmax_regression, "W - lr", "W + lr"),
            "Your training makes the model worse at every step: the loss starts at log K, as it should, and then "
            "rises. Loss and gradient look right; what do you do with the gradient?",
            hint=2,
        ),
        Misconception(
            "wrong_axis",
            change(fit_softmax_regression, "max(axis=1, keepdims=True)", "max(axis=0)", "1, keepdims=True", "0"),
            "Your probabilities add up to 1 over the examples, for each class; they should add up to 1 over the "
            "classes, for each example. Your loss starts at log N instead of log K, which gives it away.",
            hint=2,
        ),
        Misconception(
            "no_shift",
            change(log_of_p, "        Z = Z - Z.max(axis=1, keepdims=True)\n", ""),
            "Your fit is right as long as the logits are small. exp(710) is already infinite, and infinity divided by "
            "infinity is NaN. Subtracting the same number from all logits of a row changes no probability: which "
            "number keeps exp from overflowing?",
        ),
        Misconception(
            "loss_after_the_step",
            change(
                fit_softmax_regression,
                "        losses.append(-log_p[np.arange(len(y)), y].mean())\n",
                "",
                "dZ / len(y)\n",
                (
                    "dZ / len(y)\n"
                    "        Z = X @ W\n"
                    "        losses.append((np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]).mean())\n"
                ),
            ),
            "Your weights are right; each loss was noted after the step instead of before it, so that the start, "
            "log K, is missing. That first value is the cheapest test there is of a new model.",
        ),
        Misconception(
            "all_rows_at_once",
            change(
                fit_softmax_regression,
                "np.exp(log_p) - np.eye(W.shape[1])[y]",
                ("np.exp(log_p)\n        dZ[:, y] -= 1"),
            ),
            "You subtracted 1 in every row, in all columns that occur as a label: dZ[:, y] selects whole columns. "
            "Each example should lose 1 in one place only, the column of its own label.",
            hint=3,
            about=("W",),
        ),
        Misconception(
            "log_of_zero",
            log_of_p,
            "Your probabilities are right, but one of them was rounded to 0, and its logarithm is minus infinity. "
            "Never take the logarithm of a softmax: have log p from the logits themselves.",
        ),
        Misconception(
            "one_maximum_for_all_rows",
            change(log_of_p, "Z.max(axis=1, keepdims=True)", "Z.max()"),
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-900) = 0, and 0/0. Each row wants its own maximum.",
        ),
        Misconception(
            "one_maximum_in_log_sum_exp",
            change(fit_softmax_regression, "Z.max(axis=1, keepdims=True)", "Z.max()"),
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-900) = 0, whose logarithm is minus infinity. Each row wants its own maximum.",
        ),
        Misconception(
            "no_shift_in_log_sum_exp",
            change(fit_softmax_regression, "        Z = Z - Z.max(axis=1, keepdims=True)\n", ""),
            "Your fit is right as long as the logits are small. exp(710) is already infinite, and with it the sum "
            "over the classes. Subtracting the same number from all logits of a row changes no probability: which "
            "number keeps exp from overflowing?",
        ),
        Misconception(
            "one_example_a_step",
            change(into_an_array, "lr * X.T @ dZ / len(y)", "lr * np.outer(X[t % len(y)], dZ[t % len(y)])"),
            "Each of your steps follows the gradient of one example. That is stochastic gradient descent, the subject "
            "of unit 03; here each step follows the mean over all examples.",
            hint=3,
        ),
        Misconception(
            "always_from_zero",
            change(into_an_array, "        Z = X @ W\n", "        W = np.zeros_like(W)\n        Z = X @ W\n"),
            "Your W begins at zero again in every step, so that only the last step counts and all losses are log K. "
            "What has to stand before the loop?",
        ),
        Misconception(
            "labels_not_subtracted",
            change(fit_softmax_regression, " - np.eye(W.shape[1])[y]", ""),
            "Your gradient is made of the probabilities alone: it pushes every class down, the right one as well. The "
            "labels have no part in it.",
            hint=3,
            about=("W",),
        ),
        *(
            Misconception(
                f"p_plus_{eps}",
                change(fit_softmax_regression, "-log_p[np", f"-np.log(np.exp(log_p) + {eps})[np"),
                "Your loss cannot rise above a bound: the small number inside the logarithm is a floor for the "
                "probability. A model that is sure of the wrong class deserves a larger loss. Can you have log p "
                "without ever computing p?",
            )
            for eps in EPS
        ),
        Misconception(
            "loss_and_gradient_summed",
            change(fit_softmax_regression, ".mean()", ".sum()", " / len(y)", ""),
            "Loss and gradient both add up over the examples; asked for is the mean, in both. Twice the data would "
            "mean twice the step.",
            hint=3,
        ),
        Misconception(
            "gradient_over_all_entries",
            change(fit_softmax_regression, "/ len(y)", "/ dZ.size"),
            "You divide the gradient by N times K, the number of all entries of the table. Each example has one "
            "loss, so there are N of them to average.",
            hint=3,
        ),
        Misconception(
            "loss_over_all_entries",
            change(fit_softmax_regression, ".mean()", ".sum() / Z.size"),
            "You divide the loss by N times K, the number of all entries of the table. Each example has one loss, so "
            "there are N of them to average.",
            hint=1,
            about=("losses",),
        ),
        Misconception(
            "share_of_mistakes",
            change(fit_softmax_regression, "-log_p[np.arange(len(y)), y].mean()", "np.mean(Z.argmax(axis=1) != y)"),
            "Your losses are the share of examples that are classified wrongly. Asked for is the mean cross-entropy, "
            "minus the log-probability of the right class: that is what the gradient belongs to.",
            hint=1,
            about=("losses",),
        ),
        Misconception(
            "through_sigmoids",
            change(
                fit_softmax_regression,
                "np.eye(W.shape[1])[y]\n",
                "np.eye(W.shape[1])[y]\n        dZ *= np.exp(log_p) * (1 - np.exp(log_p))\n",
            ),
            "Your gradient has a factor p (1 - p) too many. With the cross-entropy it cancels: what comes out by the "
            "logits is p minus one-hot, and nothing more.",
            hint=3,
            about=("W",),
        ),
    ),
    also_right=(
        fit_softmax_regression,
        fit_by_examples,
        into_an_array,
        change(
            fit_softmax_regression,
            "np.exp(log_p) - np.eye(W.shape[1])[y]",
            ("np.exp(log_p)\n        dZ[np.arange(len(y)), y] -= 1"),
        ),
        change(fit_softmax_regression, "lr * X.T @ dZ / len(y)", "lr / len(y) * np.einsum('nd,nk->dk', X, dZ)"),
        change(
            fit_softmax_regression,
            "np.log(np.exp(Z).sum(axis=1, keepdims=True))",
            "np.logaddexp.reduce(Z.T)[:, None]",
            "return W, np.array(losses)",
            "return [W, losses]",
        ),
    ),
)

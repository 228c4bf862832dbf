"""Gradient descent on a model: softmax regression, trained from zero."""

import numpy as np

from grader.exercises.u02_gradient_descent.bowls import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def fit_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, n: int, d: int, classes: int, lr: float, steps: int, scale: float = 1.0) -> Case:
        y = rng.permutation(np.arange(n) % classes)
        X = scale * (rng.normal(size=(n, d)) + 0.7 * rng.normal(size=(classes, d))[y])
        return Case(label, group, {"X": X, "y": y, "lr": lr, "steps": steps})

    return [
        case("one step, two classes", "start", 6, 3, 2, 0.5, 1),
        case("one step, four classes", "start", 10, 5, 4, 0.3, 1),
        case("30 steps, three classes", "training", 15, 4, 3, 0.4, 30),
        case("60 steps, five classes", "training", 24, 6, 5, 0.8, 60),
        case("inputs of the size of pixels", "large", 8, 5, 3, 0.5, 4, scale=100.0),
        case("larger inputs", "large", 14, 3, 4, 0.2, 5, scale=300.0),
    ]


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


def fit_sum(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        Z = Z - Z.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        losses.append(-log_p[np.arange(len(y)), y].mean())
        W = W - lr * X.T @ (np.exp(log_p) - np.eye(W.shape[1])[y])
    return W, np.array(losses)


def fit_uphill(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        Z = Z - Z.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        losses.append(-log_p[np.arange(len(y)), y].mean())
        W = W + lr * X.T @ (np.exp(log_p) - np.eye(W.shape[1])[y]) / len(y)
    return W, np.array(losses)


def fit_wrong_axis(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        Z = Z - Z.max(axis=0)
        log_p = Z - np.log(np.exp(Z).sum(axis=0))
        losses.append(-log_p[np.arange(len(y)), y].mean())
        W = W - lr * X.T @ (np.exp(log_p) - np.eye(W.shape[1])[y]) / len(y)
    return W, np.array(losses)


def fit_unshifted(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        p = np.exp(X @ W)
        p = p / p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(y)), y]).mean())
        W = W - lr * X.T @ (p - np.eye(W.shape[1])[y]) / len(y)
    return W, np.array(losses)


def fit_clipped(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        p = np.exp(Z - Z.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(y)), y] + 1e-12).mean())
        W = W - lr * X.T @ (p - np.eye(W.shape[1])[y]) / len(y)
    return W, np.array(losses)


def fit_loss_after(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    def log_softmax(Z: np.ndarray) -> np.ndarray:
        Z = Z - Z.max(axis=1, keepdims=True)
        return np.asarray(Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))

    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        W = W - lr * X.T @ (np.exp(log_softmax(X @ W)) - np.eye(W.shape[1])[y]) / len(y)
        losses.append(-log_softmax(X @ W)[np.arange(len(y)), y].mean())
    return W, np.array(losses)


def fit_all_rows(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        Z = Z - Z.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        losses.append(-log_p[np.arange(len(y)), y].mean())
        dZ = np.exp(log_p)
        dZ[:, y] -= 1
        W = W - lr * X.T @ dZ / len(y)
    return W, np.array(losses)


def fit_by_indexing(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, list]:
    rows = np.arange(len(y))
    W, losses = np.zeros((X.shape[1], y.max() + 1)), []
    for _ in range(steps):
        Z = X @ W
        log_p = Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)
        losses.append(-log_p[rows, y].sum() / len(y))
        dZ = np.exp(log_p)
        dZ[rows, y] -= 1
        W -= lr / len(y) * (X.T @ dZ)
    return W, losses


def fit_by_examples(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
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


FIT_SOFTMAX_REGRESSION = Exercise(
    name="fit_softmax_regression",
    unit=UNIT,
    returns=("W", "losses"),
    groups=(
        Group("start", "starts at a loss of log K and takes the right first step", 2),
        Group("training", "follows gradient descent through a whole training", 3),
        Group("large", "stays finite and exact when the logits are huge", 2),
    ),
    cases=fit_cases,
    reference=fit_oracle,
    misconceptions=(
        Misconception(
            "sum_instead_of_mean",
            fit_sum,
            "Your gradient adds up over the examples where the loss takes their mean: it is N times too large. Twice "
            "the data would mean twice the step, and with 60,000 images no sensible learning rate would work any more.",
            hint=3,
        ),
        Misconception(
            "uphill",
            fit_uphill,
            "Your training makes the model worse at every step: the loss starts at log K, as it should, and then "
            "rises. Loss and gradient look right; what do you do with the gradient?",
            hint=2,
        ),
        Misconception(
            "wrong_axis",
            fit_wrong_axis,
            "Your probabilities add up to 1 over the examples, for each class; they should add up to 1 over the "
            "classes, for each example. Your loss starts at log N instead of log K, which gives it away.",
            hint=2,
        ),
        Misconception(
            "no_shift",
            fit_unshifted,
            "Your fit is right as long as the logits are small. exp(710) is already infinite, and infinity divided by "
            "infinity is NaN. Subtracting the same number from all logits of a row changes no probability: which "
            "number keeps exp from overflowing?",
            hint=4,
        ),
        Misconception(
            "clipped_log",
            fit_clipped,
            "Your loss cannot rise above 27.6: the 1e-12 inside the logarithm is a floor for the probability. A model "
            "that is sure of the wrong class deserves a larger loss. Can you have log p without ever computing p?",
            hint=4,
        ),
        Misconception(
            "loss_after_the_step",
            fit_loss_after,
            "Your weights are right; each loss was noted after the step instead of before it, so that the start, "
            "log K, is missing. That first value is the cheapest test there is of a new model.",
            hint=1,
        ),
        Misconception(
            "all_rows_at_once",
            fit_all_rows,
            "You subtracted 1 in every row, in all columns that occur as a label: dZ[:, y] selects whole columns. Each "
            "example should lose 1 in one place only, the column of its own label.",
            hint=3,
        ),
    ),
    equivalents=(fit_by_indexing, fit_by_examples),
)

"""`clinic_01`: a softmax in front of a loss that has one."""

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    def data(N: int, D: int, K: int, scale: float = 1.0) -> dict[str, np.ndarray]:
        return {
            "W": scale * rng.normal(size=(D, K)),
            "X": rng.normal(size=(N, D)),
            "labels": rng.integers(0, K, size=N),
        }

    sure = data(4, 4, 3)
    sure["X"] = np.eye(4)  # so that the logits are W itself
    sure["W"] = sure["W"] + 30.0 * np.eye(3)[sure["labels"]]
    return [
        Case("5 examples, 3 features, 4 classes", "values", data(5, 3, 4)),
        Case("2 examples, 4 features, 10 classes", "values", data(2, 4, 10)),
        Case("every example right, and sure", "sure", sure),
        Case("large weights", "sure", data(6, 3, 2, scale=200.0)),
    ]


def reference(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """torch's linear classifier with torch's loss, differentiated by torch's autograd, in float64."""
    import torch

    weights = torch.tensor(W, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(torch.tensor(X) @ weights, torch.tensor(labels))
    (grad,) = torch.autograd.grad(loss, weights)
    return loss.item(), grad.numpy()


def as_given(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    def softmax(logits: np.ndarray) -> np.ndarray:
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    rows = np.arange(len(labels))
    scores = softmax(X @ W)
    grad = softmax(scores)
    loss = -np.log(grad[rows, labels]).mean()
    grad[rows, labels] -= 1
    return loss, X.T @ grad / len(labels)


def one_gradient_one_loss(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    def softmax(logits: np.ndarray) -> np.ndarray:
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    rows = np.arange(len(labels))
    p = softmax(X @ W)
    q = softmax(p)
    loss = -np.log(q[rows, labels]).mean()
    q[rows, labels] -= 1
    by_p = q / len(labels)
    by_logits = p * (by_p - (p * by_p).sum(axis=1, keepdims=True))
    return loss, X.T @ by_logits


def gradient_by_the_logits(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    rows = np.arange(len(labels))
    z = X @ W
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), grad / len(labels)


def averaged_twice(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    rows = np.arange(len(labels))
    z = X @ W
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), X.T @ grad / len(labels) ** 2


def example_by_example(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    loss, grad = 0.0, np.zeros(W.shape)
    for x, label in zip(X, labels, strict=True):
        z = x @ W
        log_sum = z.max() + np.log(np.exp(z - z.max()).sum())
        loss += (log_sum - z[label]) / len(labels)
        p = np.exp(z - log_sum)
        p[label] -= 1
        grad += np.outer(x, p) / len(labels)
    return loss, grad


def with_logaddexp(W: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    z = np.einsum("nd,dk->nk", X, W)
    log_p = z - np.logaddexp.reduce(z, axis=1)[:, None]
    one_hot = np.eye(W.shape[1])[labels]
    return -np.sum(one_hot * log_p) / len(X), np.einsum("nd,nk->dk", X, (np.exp(log_p) - one_hot) / len(X))


CLINIC_01 = Exercise(
    name="clinic_01",
    unit="01_gradients",
    returns=("loss", "grad"),
    groups=(
        Group("values", "gives the loss of a linear classifier and its gradient by the weights", 1),
        Group("sure", "comes near 0 when every example is classified rightly and surely", 1),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "as_given",
            as_given,
            "The bug is still at work: loss and gradient are what they were. Follow one example on paper: which "
            "numbers go into cross_entropy, and which numbers does its docstring ask for?",
            hint=1,
        ),
        Misconception(
            "gradient_mended_loss_kept",
            one_gradient_one_loss,
            "Now the gradient fits the loss, and gradient_check is content; but it is still the wrong loss, with a "
            "floor that no training can go below. A right gradient of the wrong function: look one line higher.",
            hint=2,
        ),
        Misconception(
            "gradient_by_the_logits",
            gradient_by_the_logits,
            "The loss is right. Your gradient is the one by the logits, of shape (N, K); W has the shape (D, K). "
            "The factor X.T that was there belongs there.",
            hint=2,
        ),
        Misconception(
            "averaged_twice",
            averaged_twice,
            "The loss is right. Your gradient is divided by N twice: cross_entropy has averaged already. "
            "One bug was in this code, not two.",
            hint=2,
        ),
    ),
    equivalents=(example_by_example, with_logaddexp),
    forbidden=("scipy.special", "torch"),
)

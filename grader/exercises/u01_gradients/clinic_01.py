"""`clinic_01`: a softmax in front of a loss that has one."""

import numpy as np

from grader.changes import change
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


def clinic_01(W, X, labels):
    def cross_entropy(logits):
        rows = np.arange(len(labels))
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        grad = np.exp(log_p)
        grad[rows, labels] -= 1
        return -log_p[rows, labels].mean(), grad / len(labels)

    scores = X @ W
    loss, grad_scores = cross_entropy(scores)
    return loss, X.T @ grad_scores


def example_by_example(W, X, labels):
    loss, grad = 0.0, np.zeros(W.shape)
    for x, label in zip(X, labels, strict=True):
        z = x @ W
        log_sum = z.max() + np.log(np.exp(z - z.max()).sum())
        loss += (log_sum - z[label]) / len(labels)
        p = np.exp(z - log_sum)
        p[label] -= 1
        grad += np.outer(x, p) / len(labels)
    return loss, grad


def with_logaddexp(W, X, labels):
    z = np.einsum("nd,dk->nk", X, W)
    log_p = z - np.logaddexp.reduce(z.T)[:, None]
    one_hot = np.eye(W.shape[1])[labels]
    return -np.sum(one_hot * log_p) / len(X), np.einsum("nd,nk->dk", X, (np.exp(log_p) - one_hot) / len(X))


as_given = change(
    clinic_01,
    "    scores = X @ W\n",
    "    e = np.exp(X @ W - (X @ W).max(axis=1, keepdims=True))\n    scores = e / e.sum(axis=1, keepdims=True)\n",
)


CLINIC_01 = Exercise(
    name="clinic_01",
    unit="01_gradients",
    returns=("loss", "grad"),
    sizes={"N": ("X", 0), "D": ("X", 1), "K": ("W", 1)},
    groups=(
        Group("values", "gives a linear classifier's loss and its gradient with respect to the weights", 1, hint=2),
        Group("sure", "comes near 0 when every example is classified rightly and surely", 1, hint=1),
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
            change(
                as_given,
                "X.T @ grad_scores",
                "X.T @ (scores * (grad_scores - (scores * grad_scores).sum(axis=1, keepdims=True)))",
            ),
            "Now the gradient fits the loss, and gradient_check is content; but it is still the wrong loss, with a "
            "floor that no training can go below. A right gradient of the wrong function: look one line higher.",
        ),
        Misconception(
            "gradient_by_the_logits",
            change(clinic_01, "X.T @ grad_scores", "grad_scores"),
            "The loss is right. Your gradient is that with respect to the logits, (N, K); W has the shape (D, K). "
            "The factor X.T that was there belongs there.",
        ),
        *(
            Misconception(
                f"back_through_a_softmax_{name}",
                change(
                    clinic_01, "        return", f"        p = np.exp(log_p)\n        grad = {slope}\n        return"
                ),
                "The loss is that of the logits. But your gradient still goes back through a softmax, which is in "
                "front of the loss no more: what cross_entropy hands back is the logits' gradient already.",
                about=("grad",),
            )
            for name, slope in (
                ("entry_by_entry", "grad * p * (1 - p)"),
                ("row_by_row", "p * (grad - (p * grad).sum(axis=1, keepdims=True))"),
            )
        ),
        *(
            Misconception(
                f"logarithm_of_p_plus_{eps}",
                change(
                    clinic_01, "X @ W\n", f"np.log(np.exp(X @ W - np.logaddexp.reduce((X @ W).T)[:, None]) + {eps})\n"
                ),
                "Logarithms of probabilities are logits too, but a small number added to p puts a floor under them: an "
                "example that is surely wrong costs too little. X @ W are logits as they are.",
            )
            for eps in ("1e-15", "1e-12", "1e-10", "1e-9", "1e-8", "1e-7")
        ),
        Misconception(
            "loss_mended_gradient_kept",
            change(as_given, "cross_entropy(scores)", "cross_entropy(X @ W)[0], cross_entropy(scores)[1]"),
            "The loss is right now, but your gradient still comes from the call with the probabilities. Both come "
            "from one call: loss and gradient of the same logits.",
        ),
        Misconception(
            "loss_kept_gradient_mended",
            change(as_given, "cross_entropy(scores)", "cross_entropy(scores)[0], cross_entropy(X @ W)[1]"),
            "Your gradient is that of the logits' loss now, but the loss itself still comes from the call with the "
            "probabilities. Both come from one call: loss and gradient of the same logits.",
        ),
        Misconception(
            "winner_takes_all",
            change(clinic_01, "X @ W\n", "np.eye(W.shape[1])[np.argmax(X @ W, axis=1)]\n"),
            "You put a 1 where the largest logit is and 0 elsewhere. That forgets how sure the model is, and nobody "
            "can go downhill on it. cross_entropy asks for the logits themselves.",
        ),
    ),
    also_right=(
        clinic_01,
        example_by_example,
        with_logaddexp,
        change(clinic_01, "X @ W", "np.einsum('nd,dk->nk', X, W)"),
        change(clinic_01, "X.T @ grad_scores", "sum(np.outer(x, g) for x, g in zip(X, grad_scores))"),
        change(clinic_01, "return loss, X.T @ grad_scores", "return [loss, np.dot(X.T, grad_scores).tolist()]"),
    ),
    forbidden=("scipy.special", "torch"),
)

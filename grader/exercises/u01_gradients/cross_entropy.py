"""`cross_entropy`: the mean negative log-probability of the right class, and its slope along each logit."""

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    def data(N: int, K: int, scale: float = 1.0) -> dict[str, np.ndarray]:
        return {"logits": scale * rng.normal(size=(N, K)), "labels": rng.integers(0, K, size=N)}

    by_hand = {"logits": np.log([[1.0, 2.0, 5.0]]), "labels": np.array([1])}
    twice = data(3, 4)
    twice = {"logits": np.tile(twice["logits"], (2, 1)), "labels": np.tile(twice["labels"], 2)}
    K = int(rng.integers(5, 12))
    chance = {"logits": np.full((3, K), float(rng.normal())), "labels": rng.integers(0, K, size=3)}
    huge = data(4, 3)
    huge["logits"] = huge["logits"] + np.array([[1000.0], [-1000.0], [0.0], [2000.0]])
    sure = data(2, 5)
    sure["logits"][:, 0] += 60.0  # e^-60 is below what a clipped probability keeps
    sure["labels"] = np.array([3, 0])
    wrong = data(2, 3)
    wrong["logits"][0, 1] += 900.0  # e^-900 is 0 as a float
    wrong["labels"] = np.array([2, 0])
    return [
        Case("one example: probabilities 1/8, 2/8, 5/8", "values", by_hand),
        Case("4 examples, 3 classes", "values", data(4, 3)),
        Case("2 examples, 7 classes", "values", data(2, 7, scale=3.0)),
        Case("as many examples as classes", "values", data(4, 4)),
        Case("the same 3 examples twice", "average", twice),
        Case("9 examples, 2 classes", "average", data(9, 2)),
        Case("all logits equal: chance", "average", chance),
        Case("logits near 1000 and near -1000", "large", huge),
        Case("sure of itself, once wrong, once right", "large", sure),
        Case("so sure that p is 0 as a float", "large", wrong),
    ]


def reference(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """torch's own loss, differentiated by torch's autograd, in float64."""
    import torch

    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(labels))
    (grad,) = torch.autograd.grad(loss, z)
    return loss.item(), grad.numpy()


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -log_p[rows, labels].mean()
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return loss, grad / len(labels)


def loops(logits, labels):
    N, K = logits.shape
    loss, grad = 0.0, np.zeros((N, K))
    for i in range(N):
        top = max(logits[i])
        log_sum = top + np.log(sum(np.exp(z - top) for z in logits[i]))
        loss += (log_sum - logits[i, labels[i]]) / N
        for k in range(K):
            grad[i, k] = (np.exp(logits[i, k] - log_sum) - (k == labels[i])) / N
    return loss, grad


def with_one_hot(logits, labels):
    one_hot = np.eye(logits.shape[1])[labels]
    log_p = logits - np.logaddexp.reduce(logits.T)[:, None]
    return -(one_hot * log_p).sum() / len(labels), (np.exp(log_p) - one_hot) / len(labels)


def float32(logits, labels):
    rows = np.arange(len(labels))
    z = (logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), grad / np.float32(len(labels))


log_of_p = change(
    cross_entropy,
    "z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
    "np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))",
)

LARGE_EPS = ("1e-7", "1e-6", "1e-5", "1e-3")
EPS = ("1e-15", "1e-12", "1e-10", "1e-9", "1e-8", "np.finfo(float).eps", *LARGE_EPS)
"""Small numbers that people put under a logarithm; added or as a bound, only the large ones differ."""


CROSS_ENTROPY = Exercise(
    name="cross_entropy",
    unit="01_gradients",
    returns=("loss", "grad"),
    sizes={"N": ("logits", 0), "K": ("logits", 1)},
    groups=(
        Group("values", "gives the loss and its gradient with respect to the logits", 3, hint=1),
        Group("average", "averages over the examples, and gives log K at chance", 2, hint=2),
        Group("large", "stays exact where the model is very sure", 2, hint=3),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "sum_over_examples",
            change(cross_entropy, ".mean()", ".sum()", " / len(labels)", ""),
            "You added the losses of the examples up; the formula takes their mean. The loss, and every step taken "
            "along its gradient, would then grow with the size of the batch.",
            hint=2,
        ),
        Misconception(
            "gradient_not_averaged",
            change(cross_entropy, " / len(labels)", ""),
            "Your loss is a mean, but your gradient is that of the sum: the factor 1/N is missing there. "
            "Your own gradient_check would have told you.",
            hint=2,
        ),
        Misconception(
            "divided_by_all_entries",
            change(cross_entropy, ".mean()", ".sum() / logits.size", "grad / len(labels)", "grad / logits.size"),
            "You divided by N times K, the number of all entries of the table. Each example gives one loss, that of "
            "its right class, so there are N of them to average.",
            hint=2,
        ),
        Misconception(
            "no_shift",
            change(log_of_p, "logits - logits.max(axis=1, keepdims=True)", "logits"),
            "Here exp(1000) overflows, and the loss becomes NaN. Your softmax knows the way around that; "
            "for the loss, shift the logits in the same way before you take log-sum-exp.",
        ),
        Misconception(
            "log_of_zero",
            log_of_p,
            "Where the model is very sure and wrong, p of the right class is rounded to 0 and its logarithm is minus "
            "infinity; the right loss is 900 and a bit. Never take the log of a softmax: write log p with log-sum-exp.",
        ),
        Misconception(
            "wrong_sign",
            change(cross_entropy, "-log_p[rows", "log_p[rows", "grad / len(labels)", "-grad / len(labels)"),
            "Loss and gradient have the wrong sign: your loss is negative, and best where the right class is least "
            "probable. Log-probabilities are below 0; the loss is minus their mean.",
        ),
        Misconception(
            "gradient_is_p",
            change(cross_entropy, "    grad[rows, labels] -= 1\n", ""),
            "Your gradient is p itself: it pushes every logit down, the right class's as well. The term that pulls the "
            "right one up is missing.",
            hint=4,
        ),
        Misconception(
            "one_hot_minus_p",
            change(cross_entropy, "grad / len(labels)", "-grad / len(labels)"),
            "Your gradient has the wrong sign. It should be negative at the right class: "
            "a larger logit there makes the loss smaller.",
            hint=4,
        ),
        Misconception(
            "every_label_in_every_row",
            change(cross_entropy, "log_p[rows", "log_p[:", "rows,", ":,"),
            "With p[:, labels] you take, in every row, the columns of all labels. You want one entry for each row: "
            "row 0 with labels[0], row 1 with labels[1]. Print the shape of what you picked.",
        ),
        Misconception(
            "loss_of_every_label_in_every_row",
            change(cross_entropy, "log_p[rows", "log_p[:"),
            "Your loss takes, in every row, the columns of all labels. You want one entry for each row: row 0 with "
            "labels[0], row 1 with labels[1]. Print the shape of what you picked.",
            about=("loss",),
        ),
        *(
            Misconception(
                f"gradient_by_the_probabilities_{name}",
                change(cross_entropy, "np.exp(log_p)\n    grad[rows, labels] -= 1", slope),
                "This is the gradient with respect to p, -1/p. Every probability depends on all logits of its row, "
                "so one factor of the chain rule is still to come. The result is simpler than both factors.",
                hint=4,
                about=("grad",),
            )
            for name, slope in (
                ("of_all", "-np.eye(logits.shape[1])[labels] / np.exp(log_p)"),
                ("of_some", "np.zeros(logits.shape)\n    grad[rows, labels] = -1 / np.exp(log_p[rows, labels])"),
            )
        ),
        Misconception(
            "maximum_not_added_back",
            change(cross_entropy, "log_p = z -", "log_p = logits -"),
            "You shift the logits inside the exponentials, and use them unshifted outside: the maximum of the row "
            "has to come back after the logarithm, or to be taken from both.",
            hint=3,
            about=("loss",),
        ),
        Misconception(
            "every_class_as_yes_or_no",
            change(
                cross_entropy,
                "-log_p[rows, labels].mean()",
                "-np.sum((Y := np.eye(logits.shape[1])[labels]) * np.log(p := np.exp(log_p)) + (1 - Y) * np.log(1 - p))"
                " / len(labels)",
            ),
            "You count every class as a question of yes or no, with a term log(1 - p) for each wrong one. In this "
            "loss only the right class has a term: the others are heard through the sum that p was divided by.",
            about=("loss",),
        ),
        Misconception(
            "softmax_twice",
            change(
                cross_entropy,
                "    log_p = z - np.log(np.exp(z)",
                ("    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n    log_p = p - np.log(np.exp(p)"),
            ),
            "You took the softmax of a softmax. Probabilities lie between 0 and 1, so as logits they are all nearly "
            "the same, and the loss can never come near 0. The loss expects the logits themselves.",
        ),
        Misconception(
            "no_logarithm",
            change(cross_entropy, "-log_p[rows, labels]", "-np.exp(log_p)[rows, labels]"),
            "Your loss is minus the probability, without a logarithm. It can be -1 at best and 0 at worst; "
            "the logarithm is what makes a confident mistake expensive.",
        ),
        Misconception(
            "no_shift_in_log_sum_exp",
            change(cross_entropy, "logits - logits.max(axis=1, keepdims=True)", "logits"),
            "Here exp(1000) overflows, and exp(-1000) is rounded to 0, so that the sum over the classes is infinite "
            "or 0. Shift the logits of each row first, as your softmax does.",
        ),
        Misconception(
            "one_maximum_for_all_rows",
            change(cross_entropy, "logits.max(axis=1, keepdims=True)", "logits.max()"),
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-1000) = 0, whose logarithm is minus infinity. Each row wants its own maximum.",
        ),
        Misconception(
            "one_maximum_and_log_of_p",
            change(log_of_p, "logits.max(axis=1, keepdims=True)", "logits.max()"),
            "You subtract the largest logit of the whole table. A row that lies far below it has nothing left but "
            "exp(-1000) = 0, and 0/0. Each row wants its own maximum.",
        ),
        Misconception(
            "down_the_columns",
            change(cross_entropy, "max(axis=1, keepdims=True)", "max(axis=0)", "1, keepdims=True", "0"),
            "Your probabilities add up to 1 down the columns, over the examples. Each row is one example, and its "
            "classes should share the 1.",
        ),
        *(
            Misconception(
                f"log_of_{name}_{eps}",
                change(cross_entropy, "-log_p[rows, labels]", f"-np.log({safe.replace('EPS', eps)})[rows, labels]"),
                "A small number keeps p away from 0 under your logarithm, so the loss of an example cannot exceed a "
                "bound, however wrong the model is, and no longer belongs to its gradient. log p = z - log-sum-exp(z) "
                "needs no such help.",
                hint=3,
            )
            for name, safe, sizes in (
                ("a_clipped_p", "np.clip(np.exp(log_p), EPS, 1)", EPS),
                ("p_plus", "(np.exp(log_p) + EPS)", LARGE_EPS),
            )
            for eps in sizes
        ),
        Misconception(
            "one_from_every_entry",
            change(cross_entropy, "grad[rows, labels] -= 1", "grad -= 1"),
            "You subtract 1 from every entry of p. One-hot is 1 in one place of each row, the column of its label, "
            "and 0 elsewhere.",
            hint=4,
            about=("grad",),
        ),
        Misconception(
            "entropy",
            change(cross_entropy, "log_p[rows, labels].mean()", "(np.exp(log_p) * log_p).sum(axis=1).mean()"),
            "Your loss is the entropy of the model's own probabilities: it says how unsure the model is, and the "
            "labels have no part in it. Which logarithm of each row does the label pick?",
            about=("loss",),
        ),
    ),
    also_right=(
        cross_entropy,
        loops,
        with_one_hot,
        float32,
        change(cross_entropy, "log_p[rows, labels].mean()", "np.mean([log_p[i, k] for i, k in enumerate(labels)])"),
        change(
            cross_entropy,
            "    grad[rows, labels] -= 1\n",
            "    grad = grad - (np.arange(logits.shape[1]) == labels[:, None])\n",
        ),
        change(cross_entropy, "loss, grad / len(labels)", "[float(loss), [row / len(labels) for row in grad]]"),
    ),
    forbidden=("scipy.special", "torch"),
)

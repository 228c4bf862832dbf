"""`clinic_03`: a training loop whose loss does not fall, and whose loss is not even the loss."""

import numpy as np

from grader.changes import change
from grader.exercises.u03_sgd.by_torch import UNIT, torch_loss
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, loss: str, N: int, size: int, lr: float, epochs: int, shuffled: bool) -> Case:
        X, theta = rng.normal(size=(N, 3)), rng.normal(size=3)
        orders = np.array([rng.permutation(N) if shuffled else np.arange(N) for _ in range(epochs)])
        y = X @ rng.normal(size=3) + rng.normal(size=N)
        inputs = {"loss": loss, "theta": theta, "X": X, "y": y, "orders": orders, "batch_size": size, "lr": lr}
        return Case(label, group, inputs)

    return [
        case("batches of one size, shuffled", "pairs", "least_squares", 12, 4, 0.2, 1, True),
        case("one batch size, another loss", "pairs", "log_sum_exp", 10, 5, 0.3, 1, True),
        case("batches of one size, three epochs", "epochs", "least_squares", 15, 5, 0.1, 3, True),
        case("three epochs in one order", "epochs", "log_sum_exp", 8, 4, 0.2, 3, True),
        case("in order, a learning rate of 0", "mean", "least_squares", 10, 4, 0.0, 1, False),
        case("in order, another batch size", "mean", "log_sum_exp", 13, 6, 0.2, 2, False),
        case("shuffled, with a smaller last batch", "both", "least_squares", 11, 3, 0.1, 4, True),
        case("shuffled, another loss", "both", "log_sum_exp", 9, 4, 0.3, 2, True),
    ]


def clinic_oracle(
    loss: str, theta: np.ndarray, X: np.ndarray, y: np.ndarray, orders: np.ndarray, batch_size: int, lr: float
) -> tuple[np.ndarray, np.ndarray]:
    import torch

    parameter = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = torch.optim.SGD([parameter], lr=lr)
    history = []
    for order in torch.from_numpy(orders):
        seen = 0.0
        for chosen in torch.split(order, batch_size):
            optimizer.zero_grad()
            value = torch_loss(loss, parameter, X[chosen.numpy()], y[chosen.numpy()])
            value.backward()
            optimizer.step()
            seen += value.item() * len(chosen)
        history.append(seen / len(y))
    return parameter.detach().numpy(), np.array(history)


def clinic_03(loss_and_grad, theta, X, y, orders, batch_size, lr):
    history = []
    for order in orders:
        total = 0.0
        for start in range(0, len(y), batch_size):
            batch = order[start : start + batch_size]
            loss, grad = loss_and_grad(theta, X[batch], y[batch])
            theta = theta - lr * grad
            total += loss * len(y[batch])
        history.append(total / len(y))
    return theta, np.array(history)


def clinic_by_average(loss_and_grad, theta, X, y, orders, batch_size, lr):
    history = []
    for order in orders:
        A, b = X[order], y[order]
        losses, sizes = [], []
        for start in range(0, len(b), batch_size):
            rows = b[start : start + batch_size]
            loss, grad = loss_and_grad(theta, A[start : start + batch_size], rows)
            theta = theta - lr * grad
            losses.append(loss)
            sizes.append(len(rows))
        history.append(np.average(losses, weights=sizes))
    return theta, history


def clinic_by_split(loss_and_grad, theta, X, y, orders, batch_size, lr):
    history = np.zeros(len(orders))
    for epoch, order in enumerate(orders):
        for chosen in np.split(order, np.arange(batch_size, len(order), batch_size)):
            loss, grad = loss_and_grad(theta, X[chosen], y[chosen])
            theta = theta - lr * grad
            history[epoch] += loss * len(chosen) / len(order)
    return theta, history


MEAN_OF_MEANS = ("loss * len(y[batch])", "loss", "total / len(y)", "total / np.ceil(len(y) / batch_size)")
"""One of the two causes, as it was given."""

in_order = change(clinic_03, "order[start : start + batch_size]", "slice(start, start + batch_size)")
still_apart = change(in_order, "total = 0.0", "X, total = X[order], 0.0")
shuffles_the_shuffled = change(in_order, "total = 0.0", "X, y, total = X[order], y[order], 0.0")


CLINIC_03 = Exercise(
    name="clinic_03",
    unit=UNIT,
    returns=("theta", "history"),
    driver="loss_and_grad",
    groups=(
        Group("pairs", "learns from the right labels when the examples are shuffled", 2, hint=1),
        Group("epochs", "goes through the rows that were handed in, in every epoch anew", 1, hint=3),
        Group("mean", "reports the mean over the examples, however they are cut into batches", 2, hint=2),
        Group("both", "does all of it at once", 1, hint=2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_apart, *MEAN_OF_MEANS),
            "The code still does what it did when you got it. Take three examples with their labels and follow them "
            "through the first line of the loop over the epochs: what is with whom afterwards?",
        ),
        Misconception(
            "still_apart",
            still_apart,
            "The reported loss is the mean over the examples now: one cause is found. The labels still stay behind "
            "when the examples are shuffled, so the model learns from the wrong ones.",
        ),
        Misconception(
            "still_mean_of_means",
            change(clinic_03, *MEAN_OF_MEANS),
            "Examples and labels stay together now: one cause is found. The reported loss still depends on how the "
            "examples are cut into batches, for a small last batch counts as much as a full one.",
        ),
        Misconception(
            "shuffles_the_shuffled",
            shuffles_the_shuffled,
            "Both causes are found, and one new thing crept in: from the second epoch on you reorder what the epoch "
            "before has reordered already. orders[e] speaks of the rows of X and y as they were handed in.",
        ),
        Misconception(
            "fixed_size",
            change(clinic_03, "len(y[batch])", "batch_size"),
            "You weight every batch with batch_size; the last one may hold fewer examples, and then counts for some "
            "that do not exist. Ask the batch itself how many it holds.",
        ),
        Misconception(
            "last_dropped",
            change(clinic_03, "(y),", "(y) - batch_size + 1,", "/ len(y)", "/ (len(y) // batch_size * batch_size)"),
            "Examples and labels stay together now. But you leave out the smaller last batch, so that all batches "
            "count alike, and nobody learns from its examples. Keep it, and let it count for as many as it holds.",
        ),
        Misconception(
            "loss_after_the_epoch",
            change(clinic_03, "total / len(y)", "loss_and_grad(theta, X, y)[0]"),
            "Theta is right. Your history holds the loss over all examples at the end of each epoch: a true loss, but "
            "it costs a second pass over the data. Asked for is the mean of the losses that the batches had just "
            "before their step; those you have in hand anyway.",
            hint=2,
        ),
        Misconception(
            "not_shuffled",
            in_order,
            "Examples and labels are together, for nothing is shuffled any more: the orders are not used. Epoch e "
            "should go through the rows in the order orders[e].",
        ),
        Misconception(
            "not_shuffled_mean_of_means",
            change(in_order, *MEAN_OF_MEANS),
            "Examples and labels are together, for nothing is shuffled any more: the orders are not used. And the "
            "reported loss still depends on how the examples are cut into batches.",
        ),
        Misconception(
            "shuffles_the_shuffled_mean_of_means",
            change(shuffles_the_shuffled, *MEAN_OF_MEANS),
            "Examples and labels stay together now: one cause is found. But from the second epoch on you reorder "
            "what was reordered already, and the reported loss still depends on how the examples are cut into "
            "batches.",
        ),
        Misconception(
            "smaller_step_for_a_smaller_batch",
            change(clinic_03, "lr * grad", "lr * grad * len(batch) / batch_size"),
            "The step on a smaller batch is shorter in your code, in proportion to its size. Only the reported loss "
            "is a matter of how many examples a batch holds: its gradient is a mean already.",
            about=("theta",),
        ),
        Misconception(
            "last_batch_alone",
            change(clinic_03, "total += loss * len(y[batch])", "total = loss", "total / len(y)", "total"),
            "Each entry of your history is the loss of one batch, the last of its epoch. The mean over all "
            "examples of the epoch is asked for.",
            hint=2,
            about=("history",),
        ),
    ),
    also_right=(
        clinic_03,
        clinic_by_average,
        clinic_by_split,
        change(
            clinic_03,
            "start in range(0, len(y), batch_size)",
            "i in range(-(-len(y) // batch_size))",
            "start : start + batch_size",
            "i * batch_size : (i + 1) * batch_size",
        ),
        change(clinic_03, "batch], y[batch", "order][start : start + batch_size], y[order][start : start + batch_size"),
        change(clinic_03, "return theta, np.array(history)", "return [theta.tolist(), history]"),
    ),
)

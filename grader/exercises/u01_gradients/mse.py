"""`mse_loss`: the mean squared error of a linear model, with its gradient."""

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    def data(N: int, D: int) -> dict[str, np.ndarray]:
        return {"theta": rng.normal(size=D), "X": rng.normal(size=(N, D)), "y": rng.normal(size=N)}

    by_hand = {"theta": np.array([1.0, 2.0]), "X": np.array([[3.0, 1.0]]), "y": np.array([4.0])}
    fitted, off, twice = data(6, 3), data(1, 4), data(4, 3)
    fitted["y"] = fitted["X"] @ fitted["theta"]
    off["y"] = off["X"] @ off["theta"] + 1.0
    twice["X"], twice["y"] = np.tile(twice["X"], (2, 1)), np.tile(twice["y"], 2)
    return [
        Case("one example: predicts 5, should be 4", "one", by_hand),
        Case("one example, three features", "one", data(1, 3)),
        Case("a perfect fit", "fit", fitted),
        Case("one too high", "fit", off),
        Case("5 examples, 3 features", "many", data(5, 3)),
        Case("the same 4 examples twice", "many", twice),
        Case("a single feature", "shapes", data(7, 1)),
        Case("more features than examples", "shapes", data(3, 8)),
    ]


def reference(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """torch's own loss, differentiated by torch's autograd, in float64."""
    import torch

    parameters = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.mse_loss(torch.tensor(X) @ parameters, torch.tensor(y))
    (grad,) = torch.autograd.grad(loss, parameters)
    return loss.item(), grad.numpy()


def sum_over_examples(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return r @ r, 2 * X.T @ r


def gradient_not_averaged(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return np.mean(r**2), 2 * X.T @ r


def gradient_without_2(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return np.mean(r**2), X.T @ r / len(y)


def half_the_loss(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return np.mean(r**2) / 2, X.T @ r / len(y)


def gradient_of_the_negative(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = y - X @ theta
    return np.mean(r**2), 2 * X.T @ r / len(y)


def divides_by_features(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return r @ r / len(theta), 2 * X.T @ r / len(theta)


def gradient_of_predictions(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return np.mean(r**2), 2 * r / len(y)


def mean_then_square(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta - y
    return np.mean(r) ** 2, 2 * np.mean(r) * X.mean(axis=0)


def column_of_targets(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    r = X @ theta[:, None] - y
    return np.mean(r**2), 2 * (X.T @ r).mean(axis=1) / len(y)


def loops(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    N, D = X.shape
    loss, grad = 0.0, np.zeros(D)
    for i in range(N):
        error = sum(X[i, j] * theta[j] for j in range(D)) - y[i]
        loss += error**2 / N
        for j in range(D):
            grad[j] += 2 * error * X[i, j] / N
    return loss, grad


def normal_equations(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    residual = np.einsum("nd,d->n", X, theta) - y
    return np.average(np.square(residual)), 2 / len(X) * (X.T @ X @ theta - X.T @ y)


def in_float32(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    theta, X, y = theta.astype(np.float32), X.astype(np.float32), y.astype(np.float32)
    r = X @ theta - y
    return np.mean(r**2), 2 * X.T @ r / np.float32(len(y))


MSE_LOSS = Exercise(
    name="mse_loss",
    unit="01_gradients",
    returns=("loss", "grad"),
    groups=(
        Group("one", "gives loss and gradient of a single example", 2),
        Group("fit", "is zero at a perfect fit, and points back to it from beside it", 1),
        Group("many", "averages over the examples", 2),
        Group("shapes", "works for any number of features", 1),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "sum_over_examples",
            sum_over_examples,
            "Your loss grows when the same data come twice: you summed over the examples where the formula takes their "
            "mean. With a sum, a learning rate that suits 100 examples is ten times too long for 1,000.",
            hint=1,
        ),
        Misconception(
            "gradient_not_averaged",
            gradient_not_averaged,
            "Your loss is a mean over the examples, your gradient a sum. The gradient belongs to the loss: "
            "the factor 1/N in front of the one stands in front of the other.",
            hint=1,
        ),
        Misconception(
            "gradient_without_the_2",
            gradient_without_2,
            "Your gradient is half of what the loss says. The derivative of a square brings a factor with it; "
            "some books put 1/2 into the loss to be rid of it, this J has none.",
            hint=2,
        ),
        Misconception(
            "half_the_loss",
            half_the_loss,
            "You computed half of J, and the gradient of that half: consistent, and used in many books, because the 2 "
            "then cancels. Here J is the plain mean of the squares, and its gradient keeps the 2.",
            hint=2,
        ),
        Misconception(
            "gradient_of_the_negative",
            gradient_of_the_negative,
            "Your gradient has the wrong sign: it points where the loss falls. In the loss, y - X theta is as good as "
            "X theta - y, because it is squared; in the derivative, the sign of theta inside the bracket counts.",
            hint=3,
        ),
        Misconception(
            "divides_by_the_number_of_features",
            divides_by_features,
            "You divided by the number of features. The mean in J runs over the N examples, the rows of X; "
            "the D features were summed when the prediction was made.",
            hint=1,
        ),
        Misconception(
            "gradient_of_the_predictions",
            gradient_of_predictions,
            "This gradient has one entry for each example: it says how the loss depends on each prediction. One factor "
            "of the chain rule is still to come: how each prediction depends on theta.",
            hint=4,
        ),
        Misconception(
            "mean_of_the_errors_squared",
            mean_then_square,
            "You took the mean of the errors and squared it. Then one example that is 5 too high and one that is 5 too "
            "low make a perfect score. Square each error first, then take the mean.",
            hint=1,
        ),
        Misconception(
            "every_prediction_against_every_target",
            column_of_targets,
            "A column of shape (N, 1) minus a row of shape (N,) is a table of shape (N, N): you compared every "
            "prediction with every target, not each with its own. Print the shape of the difference.",
            hint=4,
        ),
    ),
    equivalents=(loops, normal_equations, in_float32),
)

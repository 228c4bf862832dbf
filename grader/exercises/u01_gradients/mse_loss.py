"""`mse_loss`: the mean squared error of a linear model, with its gradient."""

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception


def cases(rng: np.random.Generator) -> list[Case]:
    def data(N: int, D: int) -> dict[str, np.ndarray]:
        return {"theta": rng.normal(size=D), "X": rng.normal(size=(N, D)), "y": rng.normal(size=N)}

    by_hand = {"theta": np.array([1.0, 2.0]), "X": np.array([[3.0, 1.0]]), "y": np.array([4.0])}
    fitted, off, twice = data(6, 3), data(1, 4), data(4, 3)
    # In eighths, whose products and sums are exact: the errors are 0 on every machine, and no rounding of last digits.
    fitted["X"], fitted["theta"] = np.round(8 * fitted["X"]) / 8, np.round(8 * fitted["theta"]) / 8
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


def mse_loss(theta, X, y):
    r = X @ theta - y
    loss = np.mean(r**2)
    grad = 2 * X.T @ r / len(y)
    return loss, grad


def loops(theta, X, y):
    N, D = X.shape
    loss, grad = 0.0, np.zeros(D)
    for i in range(N):
        error = sum(X[i, j] * theta[j] for j in range(D)) - y[i]
        loss += error**2 / N
        for j in range(D):
            grad[j] += 2 * error * X[i, j] / N
    return loss, grad


def residual_first(theta, X, y):
    residual = np.einsum("nd,d->n", X, theta) - y
    return np.average(np.square(residual)), 2 / len(y) * X.T @ residual


def in_float32(theta, X, y):
    theta, X, y = theta.astype(np.float32), X.astype(np.float32), y.astype(np.float32)
    r = X @ theta - y
    return np.mean(r**2), 2 * X.T @ r / np.float32(len(y))


MSE_LOSS = Exercise(
    name="mse_loss",
    unit="01_gradients",
    returns=("loss", "grad"),
    sizes={"N": ("X", 0), "D": ("X", 1)},
    groups=(
        Group("one", "gives loss and gradient of a single example", 2, hint=2),
        Group("fit", "is zero at a perfect fit, and points back to it from beside it", 1, hint=3),
        Group("many", "averages over the examples", 2, hint=1),
        Group("shapes", "works for any number of features", 1, hint=4),
    ),
    cases=cases,
    reference=reference,
    misconceptions=(
        Misconception(
            "sum_over_examples",
            change(mse_loss, "np.mean(r**2)", "np.sum(r**2)", " / len(y)", ""),
            "Your loss grows when the same data come twice: you summed over the examples where the formula takes their "
            "mean. With a sum, a learning rate that suits 100 examples is ten times too long for 1,000.",
        ),
        Misconception(
            "gradient_not_averaged",
            change(mse_loss, " / len(y)", ""),
            "Your loss is a mean over the examples, your gradient a sum. The gradient belongs to the loss: "
            "the factor 1/N in front of the one stands in front of the other.",
        ),
        Misconception(
            "gradient_without_the_2",
            change(mse_loss, "2 * ", ""),
            "Your gradient is half of what the loss says. The derivative of a square brings a factor with it; "
            "some books put 1/2 into the loss to be rid of it, this J has none.",
        ),
        Misconception(
            "half_the_loss",
            change(mse_loss, "np.mean(r**2)", "np.mean(r**2) / 2", "2 * ", ""),
            "You computed half of J, and the gradient of that half: consistent, and used in many books, because the 2 "
            "then cancels. Here J is the plain mean of the squares, and its gradient keeps the 2.",
        ),
        Misconception(
            "gradient_of_the_negative",
            change(mse_loss, "X @ theta - y", "y - X @ theta"),
            "Your gradient has the wrong sign: it points where the loss falls. In the loss, y - X theta is as good as "
            "X theta - y, because it is squared; in the derivative, the sign of theta inside the bracket counts.",
            hint=3,
        ),
        Misconception(
            "divides_by_the_number_of_features",
            change(mse_loss, "np.mean(r**2)", "np.sum(r**2) / len(theta)", "/ len(y)", "/ len(theta)"),
            "You divided by the number of features. The mean in J runs over the N examples, the rows of X; "
            "the D features were summed when the prediction was made.",
            hint=1,
        ),
        Misconception(
            "gradient_of_the_predictions",
            change(mse_loss, "2 * X.T @ r", "2 * r"),
            "This gradient has one entry for each example: it says how the loss depends on each prediction. One factor "
            "of the chain rule is still to come: how each prediction depends on theta.",
            hint=4,
        ),
        Misconception(
            "mean_of_the_errors_squared",
            change(mse_loss, "(r**2)", "(r) ** 2", "X.T @ r / len(y)", "np.mean(r) * X.mean(axis=0)"),
            "You took the mean of the errors and squared it. Then one example that is 5 too high and one that is 5 too "
            "low make a perfect score. Square each error first, then take the mean.",
            about=("loss",),
        ),
        Misconception(
            "every_prediction_against_every_target",
            change(mse_loss, "@ theta", "@ theta[:, None]", "X.T @ r", "(X.T @ r).mean(axis=1)"),
            "A column of shape (N, 1) minus a row of shape (N,) is a table of shape (N, N): you compared every "
            "prediction with every target, not each with its own. Print the shape of the difference.",
            hint=4,
        ),
        Misconception(
            "errors_and_inputs_averaged_apart",
            change(mse_loss, "2 * X.T @ r / len(y)", "2 * np.mean(r) * X.mean(axis=0)"),
            "In the gradient you averaged the errors and the inputs apart, and multiplied the two means. Each error "
            "has to multiply its own row of X first; then comes the mean.",
            about=("grad",),
        ),
        Misconception(
            "gradient_of_absolute_errors",
            change(mse_loss, "X.T @ r", "X.T @ np.abs(r)"),
            "Your gradient is made of the sizes of the errors, |r|. Squaring forgets the sign of an error, but its "
            "derivative 2r does not: whether a prediction is too high or too low says which way to go.",
            about=("grad",),
        ),
        Misconception(
            "absolute_errors",
            change(mse_loss, "np.mean(r**2)", "np.mean(np.abs(r))"),
            "Your loss is the mean of the sizes of the errors, |r|, not of their squares. Squaring makes one large "
            "error count more than many small ones.",
            hint=1,
            about=("loss",),
        ),
        Misconception(
            "targets_left_out",
            change(mse_loss, "X.T @ r", "X.T @ (X @ theta)"),
            "The targets y have no part in your gradient: at a perfect fit it would not be 0. What does each row "
            "of X get multiplied by?",
            about=("grad",),
        ),
        *(
            Misconception(
                f"one_less_than_n_{name}",
                change(mse_loss, "np.mean(r**2)", f"np.sum(r**2) / ({count})", "/ len(y)", f"/ ({count})"),
                "You divided by N - 1, as statisticians do for a variance. The mean of N squared errors divides by N, "
                "in the loss and in its gradient.",
                hint=1,
            )
            for name, count in (("at_all_times", "len(y) - 1"), ("but_for_one", "len(y) - 1 or 1"))
        ),
        Misconception(
            "errors_added_up_apart",
            change(mse_loss, "2 * X.T @ r / len(y)", "2 * np.sum(r) * X.mean(axis=0)"),
            "In the gradient you added up the errors, averaged the inputs apart, and multiplied the two. Each error "
            "has to multiply its own row of X first; then comes the mean.",
            about=("grad",),
        ),
    ),
    also_right=(
        mse_loss,
        loops,
        residual_first,
        in_float32,
        change(mse_loss, "2 * X.T @ r / len(y)", "(2 * r[:, None] * X).mean(axis=0)"),
        change(mse_loss, "return loss, grad", "return [loss, list(grad)]"),
        change(mse_loss, "X @ theta - y", "y - X @ theta", "2 * X.T", "-2 * X.T"),
        change(mse_loss, "X.T @ r / len(y)", "(X.T @ X @ theta - X.T @ y) / len(X)"),
    ),
)

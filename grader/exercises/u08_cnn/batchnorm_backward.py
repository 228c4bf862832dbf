"""The way back through batch normalization of images, as while training."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.batchnorm_forward import images, normalized
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, shape: tuple[int, ...], keep: str, eps: float = 1e-9, constant: bool = False
    ) -> Case:
        """An eps so small that it does not count, but where it is what the case is about."""
        X = images(rng, shape)
        if constant:
            X[:, -1] = rng.normal()
        gamma = rng.uniform(0.5, 2, size=shape[1])
        _, cache = normalized(X, gamma, np.zeros(shape[1]), eps)
        inputs = {"dout": rng.normal(size=shape) + 2.5, "cache": [*cache], "X": X}
        return Case(label, group, inputs | {"keep": [name in keep for name in ("dX", "dgamma", "dbeta")]})

    return [
        case("dgamma and dbeta: one channel", "scale", (2, 1, 3, 2), "dgamma dbeta"),
        case("dgamma and dbeta: 3 channels", "scale", (2, 3, 2, 2), "dgamma dbeta"),
        case("dX: one channel", "dX", (2, 1, 3, 2), "dX"),
        case("dX: 3 channels", "dX", (3, 3, 2, 3), "dX"),
        case("all: one image, 2 channels", "all", (1, 2, 3, 4), "dX dgamma dbeta"),
        case("all: 2 images, 2 channels", "all", (2, 2, 3, 2), "dX dgamma dbeta"),
        case("dX: a large eps", "eps", (2, 2, 3, 2), "dX", 0.5),
        case("dX: a channel that is the same everywhere", "eps", (2, 3, 2, 3), "dX", 1e-2, constant=True),
    ]


def backward_oracle(dout: np.ndarray, cache: list[np.ndarray], X: np.ndarray, keep: list[bool]) -> tuple[Any, ...]:
    """torch.autograd through torch.nn.functional.batch_norm."""
    import torch

    _, std, gamma = cache
    x, weight, bias = (torch.tensor(array, requires_grad=True) for array in (X, gamma, np.zeros(len(gamma))))
    eps = float(std[0] ** 2 - X[:, 0].var())
    out = torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
    grads = torch.autograd.grad(out, (x, weight, bias), torch.from_numpy(dout))
    return tuple(grad.numpy() if kept else None for grad, kept in zip(grads, keep, strict=True))


def batchnorm_backward(dout, cache):
    X_hat, std, gamma = cache
    axes = (0, 2, 3)
    dgamma, dbeta = (dout * X_hat).sum(axis=axes), dout.sum(axis=axes)
    shift = dout.mean(axis=axes, keepdims=True)
    stretch = X_hat * (dout * X_hat).mean(axis=axes, keepdims=True)
    dX = (dout - shift - stretch) * (gamma / std)[:, None, None]
    return dX, dgamma, dbeta


def unnorm_by_sums(dout, cache):
    """The notebook's formula with the sums that dgamma and dbeta are, over the number of values of a channel."""
    X_hat, std, gamma = cache
    dgamma, dbeta = (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    values = dout.size / len(gamma)
    centred = dout - dbeta[:, None, None] / values - X_hat * dgamma[:, None, None] / values
    return (gamma / std)[:, None, None] * centred, dgamma, dbeta


def unnorm_in_steps(dout, cache):
    """Back through the normalization step by step: the division, the root, the variance, the mean."""
    X_hat, std, gamma = cache
    count, axes = dout.size / len(gamma), (0, 2, 3)
    centred, root = X_hat * std[:, None, None], std[:, None, None]
    d_hat = dout * gamma[:, None, None]
    d_var = -0.5 * (d_hat * centred).sum(axis=axes, keepdims=True) / root**3
    d_centred = d_hat / root + 2 * d_var * centred / count
    dX = d_centred - d_centred.mean(axis=axes, keepdims=True)
    return dX, np.einsum("ncij,ncij->c", dout, X_hat), np.einsum("ncij->c", dout)


def unnorm_by_channel(dout, cache):
    X_hat, std, gamma = cache
    dX, dgamma, dbeta = np.zeros(dout.shape), np.zeros(len(gamma)), np.zeros(len(gamma))
    for c in range(len(gamma)):
        d, hat = dout[:, c].ravel(), X_hat[:, c].ravel()
        dgamma[c], dbeta[c] = d @ hat, d.sum()
        dX[:, c] = (gamma[c] / std[c] * (d - d.mean() - hat * np.mean(d * hat))).reshape(dX[:, c].shape)
    return [dX, dgamma, dbeta]


BATCHNORM_BACKWARD = Exercise(
    name="batchnorm_backward",
    unit=UNIT,
    returns=("dX", "dgamma", "dbeta"),
    driver="layer_gradients",
    groups=(
        Group("scale", "gives the gradients with respect to gamma and beta", 1, hint=1),
        Group("dX", "sends the gradient back through the mean and the standard deviation, too", 2, hint=2),
        Group("all", "gives all three, also for one image", 1, hint=2),
        Group(
            "eps",
            "stays right where eps counts: when it is large, and in a channel that is the same everywhere",
            1,
            hint=2,
        ),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    bonus=True,
    misconceptions=(
        Misconception(
            "mean_and_deviation_as_constants",
            change(batchnorm_backward, "dout - shift - stretch", "dout"),
            "You treat mean and standard deviation as constants. They are made of X: when a pixel moves, both move a "
            "little, and every other value of the channel with them.",
            about=("dX",),
        ),
        Misconception(
            "deviation_as_a_constant",
            change(batchnorm_backward, " - stretch", ""),
            "The mean is on your way back, the standard deviation is not. What a stretch of all values would do to the "
            "loss has to be taken out of dX as well: the third term.",
            about=("dX",),
        ),
        Misconception(
            "mean_as_a_constant",
            change(batchnorm_backward, " - shift", ""),
            "The standard deviation is on your way back, the mean is not. A shift of a whole channel changes nothing "
            "behind the normalization, so dX has to add up to zero in each channel.",
            about=("dX",),
        ),
        Misconception(
            "stretch_added",
            change(batchnorm_backward, "- stretch", "+ stretch"),
            "You add the third term to dX. It is what a stretch of all values does: it is taken out like the second.",
            about=("dX",),
        ),
        Misconception(
            "divided_by_the_variance",
            change(batchnorm_backward, "(gamma / std)[", "(gamma / std**2)["),
            "Your dX is divided by std twice. The way forward divided by it once.",
            about=("dX",),
        ),
        Misconception(
            "sums_for_means",
            change(batchnorm_backward, "dout.mean", "dout.sum", "(dout * X_hat).mean", "(dout * X_hat).sum"),
            "In dX you take sums over the channel where the formula has means.",
            about=("dX",),
        ),
        Misconception(
            "gamma_forgotten",
            change(batchnorm_backward, "* (gamma / std)[:, None, None]", "/ std[:, None, None]"),
            "Your dX knows nothing of gamma. On the way forward each value was stretched by it, after the "
            "normalization; on the way back that comes first.",
            about=("dX",),
        ),
        Misconception(
            "deviation_forgotten",
            change(batchnorm_backward, "(gamma / std)[", "gamma["),
            "Your dX is not divided by the standard deviation. The way forward divided by it: a small move of a pixel "
            "is a large one where the spread is small.",
            about=("dX",),
        ),
        Misconception(
            "as_if_without_eps",
            change(
                batchnorm_backward,
                "(dout * X_hat).mean(axis=axes, keepdims=True)",
                "(dout * X_hat).mean(axis=axes, keepdims=True) / (X_hat**2).mean(axis=axes, keepdims=True)",
            ),
            "You divide the third term by the normalized values' own mean square, which would be 1 if there were no "
            "eps. With eps it is smaller, so that you take too much out; in a channel that is the same everywhere it "
            "is 0, and you get 0/0. The formula needs no such division: eps is in std already.",
            about=("dX",),
        ),
        Misconception(
            "means_for_sums",
            change(
                batchnorm_backward,
                "(dout * X_hat).sum(axis=axes), dout.sum(",
                "(dout * X_hat).mean(axis=axes), dout.mean(",
            ),
            "Your dgamma and dbeta are means over the channel, and should be sums: gamma and beta were used at every "
            "place of every image, and each use adds to their gradient.",
            about=("dgamma", "dbeta"),
        ),
        Misconception(
            "pixel_by_pixel",
            change(
                batchnorm_backward,
                "(dout * X_hat).sum(axis=axes), dout.sum(axis=axes)",
                "(dout * X_hat).sum(axis=0), dout.sum(axis=0)",
            ),
            "Your dgamma and dbeta have a value for each pixel. There is one gamma and one beta for each channel: sum "
            "over images, rows and columns.",
            about=("dgamma", "dbeta"),
        ),
        Misconception(
            "divided_by_the_images",
            change(
                batchnorm_backward,
                "stretch = X_hat * (dout * X_hat).mean(axis=axes, keepdims=True)",
                "stretch = X_hat * dgamma[:, None, None] / len(dout)",
                "dout.mean(axis=axes, keepdims=True)",
                "dbeta[:, None, None] / len(dout)",
            ),
            "In dX you divide the two sums by the number of images. A mean over a channel divides by the number "
            "of its values: images times height times width.",
            about=("dX",),
        ),
        Misconception(
            "gamma_in_its_own_gradient",
            change(batchnorm_backward, "return dX, dgamma, dbeta", "return dX, gamma * dgamma, gamma * dbeta"),
            "You multiply dout by gamma before dgamma and dbeta are made of it. gamma stretches what goes on to "
            "X; its own gradient is the sum of dout times the normalized values.",
            about=("dgamma", "dbeta"),
        ),
    ),
    also_right=(
        batchnorm_backward,
        unnorm_by_sums,
        unnorm_in_steps,
        unnorm_by_channel,
        change(
            batchnorm_backward,
            "(dout - shift - stretch) * (gamma / std)[:, None, None]",
            "gamma.reshape(-1, 1, 1) * (dout - shift - stretch) / std.reshape(-1, 1, 1)",
        ),
    ),
    forbidden=FORBIDDEN,
)

"""Batch normalization of images, forward and backward, as while training."""

from typing import Any

import numpy as np

from grader.exercises.u08_cnn.layers import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def _images(rng: np.random.Generator, shape: tuple[int, ...], spread: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Images whose channels have means and spreads of their own."""
    C = shape[1]
    return np.asarray(
        shift + rng.normal(size=(C, 1, 1)) + spread * rng.uniform(0.5, 2, size=(C, 1, 1)) * rng.normal(size=shape)
    )


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, X: np.ndarray, eps: float | None = None, plain: bool = False) -> Case:
        C = X.shape[1]
        gamma, beta = (np.ones(C), np.zeros(C)) if plain else (rng.uniform(0.5, 2, size=C), rng.normal(size=C))
        inputs = {"X": X, "gamma": gamma, "beta": beta}
        return Case(label, group, inputs if eps is None else inputs | {"eps": eps})

    constant = _images(rng, (2, 2, 3, 3))
    constant[:, 1] = rng.normal()
    return [
        case("one channel, gamma 1, beta 0", "normal", _images(rng, (2, 1, 2, 3)), plain=True),
        case("3 channels, gamma 1, beta 0", "normal", _images(rng, (2, 3, 3, 2)), plain=True),
        case("one image", "normal", _images(rng, (1, 2, 3, 4)), plain=True),
        case("2 channels, any gamma and beta", "scale", _images(rng, (3, 2, 2, 3))),
        case("as many channels as columns", "scale", _images(rng, (2, 3, 2, 3))),
        case("eps of 0.5", "eps", _images(rng, (2, 2, 3, 2)), 0.5),
        case("tiny images, eps of 0.01", "eps", _images(rng, (2, 2, 3, 2), 0.01), 0.01),
        case("a channel that is the same everywhere", "eps", constant),
    ]


def forward_oracle(
    X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, list[np.ndarray]]:
    """torch.nn.functional.batch_norm."""
    import torch

    x = torch.from_numpy(X)
    plain = torch.nn.functional.batch_norm(x, None, None, training=True, eps=eps)
    out = torch.nn.functional.batch_norm(x, None, None, torch.tensor(gamma), torch.tensor(beta), training=True, eps=eps)
    std = torch.sqrt(torch.var(x, dim=(0, 2, 3), unbiased=False) + eps)
    return out.numpy(), [plain.numpy(), std.numpy(), gamma]


def norm_unbiased(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = np.sqrt(X.var(axis=(0, 2, 3), ddof=1) + eps)
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_eps_outside(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = X.std(axis=(0, 2, 3)) + eps
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_no_eps(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = X.std(axis=(0, 2, 3))
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_per_image(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    mean, std = X.mean(axis=(2, 3), keepdims=True), np.sqrt(X.var(axis=(2, 3), keepdims=True) + eps)
    X_hat = (X - mean) / std
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std[:, :, 0, 0], gamma)


def norm_per_pixel(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = np.sqrt(X.var(axis=0) + eps)
    X_hat = (X - X.mean(axis=0)) / std
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_over_everything(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = np.sqrt(X.var() + eps)
    X_hat = (X - X.mean()) / std
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, np.full(len(gamma), std), gamma)


def norm_variance_for_deviation(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = X.var(axis=(0, 2, 3)) + eps
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_keeps_X(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = np.sqrt(X.var(axis=(0, 2, 3)) + eps)
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X, std, gamma)


def norm_no_scale(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    std = np.sqrt(X.var(axis=(0, 2, 3)) + eps)
    X_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return X_hat, (X_hat, std, gamma)


def norm_channels_as_rows(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> tuple:
    N, C, height, width = X.shape
    rows = X.transpose(1, 0, 2, 3).reshape(C, -1)
    std = np.sqrt(((rows - rows.mean(axis=1, keepdims=True)) ** 2).mean(axis=1) + eps)
    hat = (rows - rows.mean(axis=1, keepdims=True)) / std[:, None]
    out = gamma[:, None] * hat + beta[:, None]
    back = (C, N, height, width)
    return out.reshape(back).swapaxes(0, 1), (hat.reshape(back).swapaxes(0, 1), std, gamma.copy())


def norm_channel_by_channel(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> list:
    X_hat, out, std = np.zeros(X.shape), np.zeros(X.shape), np.zeros(X.shape[1])
    for c in range(X.shape[1]):
        std[c] = (X[:, c].var() + eps) ** 0.5
        X_hat[:, c] = (X[:, c] - X[:, c].mean()) / std[c]
        out[:, c] = gamma[c] * X_hat[:, c] + beta[c]
    return [out, [X_hat, std, gamma]]


BATCHNORM_FORWARD = Exercise(
    name="batchnorm_forward",
    unit=UNIT,
    returns=("out", "cache"),
    groups=(
        Group("normal", "gives each channel the mean 0 and the standard deviation 1, over images and pixels", 2),
        Group("scale", "stretches by gamma and shifts by beta, channel by channel", 1),
        Group("eps", "adds eps to the variance", 1),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    bonus=True,
    misconceptions=(
        Misconception(
            "divides_by_one_less",
            norm_unbiased,
            "Your variance divides by one less than there are values. That estimates a population; here the batch "
            "itself is to have the variance 1, so it is the plain mean of the squares.",
            hint=1,
        ),
        Misconception(
            "eps_outside_the_root",
            norm_eps_outside,
            "Your eps is added to the standard deviation. Here it stands inside the root, with the variance: for a "
            "constant channel, the divisor is the root of eps.",
            hint=2,
        ),
        Misconception(
            "no_eps",
            norm_no_eps,
            "There is no eps in your root. A channel that is the same everywhere, such as a filter that never answers, "
            "then gives 0/0.",
            hint=2,
        ),
        Misconception(
            "image_by_image",
            norm_per_image,
            "You normalize each image by itself. That exists (instance normalization); *batch* normalization takes one "
            "mean and one variance for each channel, over all images and pixels.",
            hint=1,
        ),
        Misconception(
            "pixel_by_pixel",
            norm_per_pixel,
            "You take a mean for each pixel, over the images only. A filter is the same at every place, so its values "
            "at all places count together: one mean for each channel.",
            hint=1,
        ),
        Misconception(
            "all_channels_together",
            norm_over_everything,
            "You take one mean over everything. Each channel is the map of another filter, with a mean and a spread of "
            "its own.",
            hint=1,
        ),
        Misconception(
            "variance_for_deviation",
            norm_variance_for_deviation,
            "You divide by the variance. Dividing by its root makes the spread 1.",
            hint=1,
        ),
        Misconception(
            "keeps_the_images",
            norm_keeps_X,
            "Your out is right, but the cache holds X. The way back is written in terms of the normalized values.",
            hint=3,
        ),
        Misconception(
            "no_scale",
            norm_no_scale,
            "Your values are normalized, and gamma and beta do not come in. They let the network undo what it does not "
            "like: one number each for every channel.",
            hint=2,
        ),
    ),
    equivalents=(norm_channels_as_rows, norm_channel_by_channel),
    forbidden=FORBIDDEN,
)


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shape: tuple[int, ...], keep: str, eps: float = 1e-5) -> Case:
        X = _images(rng, shape)
        gamma = rng.uniform(0.5, 2, size=shape[1])
        _, cache = forward_oracle(X, gamma, np.zeros(shape[1]), eps)
        inputs = {"dout": rng.normal(size=shape) + 0.5, "cache": [*cache], "X": X}
        return Case(label, group, inputs | {"keep": [name in keep for name in ("dX", "dgamma", "dbeta")]})

    return [
        case("dgamma and dbeta: one channel", "scale", (2, 1, 3, 2), "dgamma dbeta"),
        case("dgamma and dbeta: 3 channels", "scale", (2, 3, 2, 2), "dgamma dbeta"),
        case("dX: one channel", "dX", (2, 1, 3, 2), "dX"),
        case("dX: 3 channels", "dX", (3, 3, 2, 3), "dX"),
        case("all: one image, 2 channels", "all", (1, 2, 3, 4), "dX dgamma dbeta"),
        case("all: a large eps", "all", (2, 2, 3, 2), "dX dgamma dbeta", 0.5),
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


def unnorm_constants(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    dX = dout * (gamma / std)[:, None, None]
    return dX, (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def unnorm_no_variance(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    dX = (dout - dout.mean(axis=(0, 2, 3), keepdims=True)) * (gamma / std)[:, None, None]
    return dX, (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def unnorm_no_mean(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    dX = (dout - X_hat * (dout * X_hat).mean(axis=(0, 2, 3), keepdims=True)) * (gamma / std)[:, None, None]
    return dX, (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def unnorm_sums(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    dgamma, dbeta = (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dX = (dout - dbeta[:, None, None] - X_hat * dgamma[:, None, None]) * (gamma / std)[:, None, None]
    return dX, dgamma, dbeta


def unnorm_no_gamma(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    mean = dout.mean(axis=(0, 2, 3), keepdims=True)
    dX = (dout - mean - X_hat * (dout * X_hat).mean(axis=(0, 2, 3), keepdims=True)) / std[:, None, None]
    return dX, (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def unnorm_no_std(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    mean = dout.mean(axis=(0, 2, 3), keepdims=True)
    dX = (dout - mean - X_hat * (dout * X_hat).mean(axis=(0, 2, 3), keepdims=True)) * gamma[:, None, None]
    return dX, (dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def unnorm_means(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    dgamma, dbeta = (dout * X_hat).mean(axis=(0, 2, 3)), dout.mean(axis=(0, 2, 3))
    dX = (dout - dbeta[:, None, None] - X_hat * dgamma[:, None, None]) * (gamma / std)[:, None, None]
    return dX, dgamma, dbeta


def unnorm_per_pixel(dout: np.ndarray, cache: tuple) -> tuple:
    X_hat, std, gamma = cache
    mean = dout.mean(axis=(0, 2, 3), keepdims=True)
    dX = dout - mean - X_hat * (dout * X_hat).mean(axis=(0, 2, 3), keepdims=True)
    return dX * (gamma / std)[:, None, None], (dout * X_hat).sum(axis=0), dout.sum(axis=0)


def unnorm_in_steps(dout: np.ndarray, cache: tuple) -> tuple:
    """Back through the normalization step by step: the division, the root, the variance, the mean."""
    X_hat, std, gamma = cache
    count, axes = dout.size / len(gamma), (0, 2, 3)
    centred, root = X_hat * std[:, None, None], std[:, None, None]
    d_hat = dout * gamma[:, None, None]
    d_var = -0.5 * (d_hat * centred).sum(axis=axes, keepdims=True) / root**3
    d_centred = d_hat / root + 2 * d_var * centred / count
    dX = d_centred - d_centred.mean(axis=axes, keepdims=True)
    return dX, np.einsum("ncij,ncij->c", dout, X_hat), np.einsum("ncij->c", dout)


def unnorm_by_channel(dout: np.ndarray, cache: tuple) -> list:
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
    probe="layer_gradients",
    groups=(
        Group("scale", "gives the gradients by gamma and beta", 1),
        Group("dX", "sends the gradient back through the mean and the standard deviation, too", 2),
        Group("all", "gives all three, also for one image and for a large eps", 1),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    bonus=True,
    misconceptions=(
        Misconception(
            "mean_and_deviation_as_constants",
            unnorm_constants,
            "You treat mean and standard deviation as constants. They are made of X: when a pixel moves, both move a "
            "little, and every other value of the channel with them.",
            hint=2,
        ),
        Misconception(
            "deviation_as_a_constant",
            unnorm_no_variance,
            "The mean is on your way back, the standard deviation is not. What a stretch of all values would do to the "
            "loss has to be taken out of dX as well: the third term.",
            hint=2,
        ),
        Misconception(
            "mean_as_a_constant",
            unnorm_no_mean,
            "The standard deviation is on your way back, the mean is not. A shift of a whole channel changes nothing "
            "behind the normalization, so dX has to add up to zero in each channel.",
            hint=2,
        ),
        Misconception(
            "sums_for_means",
            unnorm_sums,
            "In dX you take sums over the channel where the formula has means.",
            hint=2,
        ),
        Misconception(
            "gamma_forgotten",
            unnorm_no_gamma,
            "Your dX knows nothing of gamma. On the way forward each value was stretched by it, after the "
            "normalization; on the way back that comes first.",
            hint=2,
        ),
        Misconception(
            "deviation_forgotten",
            unnorm_no_std,
            "Your dX is not divided by the standard deviation. The way forward divided by it: a small move of a pixel "
            "is a large one where the spread is small.",
            hint=2,
        ),
        Misconception(
            "means_for_sums",
            unnorm_means,
            "Your dX is right; dgamma and dbeta are means over the channel, and should be sums: gamma and beta were "
            "used at every place of every image, and each use adds to their gradient.",
            hint=1,
        ),
        Misconception(
            "pixel_by_pixel",
            unnorm_per_pixel,
            "Your dgamma and dbeta have a value for each pixel. There is one gamma and one beta for each channel: sum "
            "over images, rows and columns.",
            hint=1,
        ),
    ),
    equivalents=(unnorm_in_steps, unnorm_by_channel),
    forbidden=FORBIDDEN,
)

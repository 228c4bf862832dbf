"""Batch normalization of images, as while training."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def images(rng: np.random.Generator, shape: tuple[int, ...], spread: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Images whose channels have means and spreads of their own."""
    C = shape[1]
    return np.asarray(
        shift + rng.normal(size=(C, 1, 1)) + spread * rng.uniform(0.5, 2, size=(C, 1, 1)) * rng.normal(size=shape)
    )


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, X: np.ndarray, eps: float | None = None, plain: bool = False) -> Case:
        C = X.shape[1]
        gamma, beta = (np.ones(C), np.zeros(C)) if plain else (rng.uniform(0.5, 2, size=C), rng.normal(size=C))
        inputs = {"X": X, "gamma": gamma, "beta": beta} | ({} if eps is None else {"eps": eps})
        return Case(label, group, inputs | {"keep": [group != "cache", group == "cache"]})

    constant = images(rng, (2, 2, 3, 3))
    constant[:, 1] = rng.normal()
    return [
        case("one channel, gamma 1, beta 0", "normal", images(rng, (2, 1, 2, 3)), plain=True),
        case("3 channels, gamma 1, beta 0", "normal", images(rng, (2, 3, 3, 2)), plain=True),
        case("one image", "normal", images(rng, (1, 2, 3, 4)), plain=True),
        case("2 channels, any gamma and beta", "scale", images(rng, (3, 2, 2, 3))),
        case("as many channels as columns", "scale", images(rng, (2, 3, 2, 3))),
        case("eps of 0.5", "eps", images(rng, (2, 2, 3, 2)), 0.5),
        case("tiny images, eps of 0.01", "eps", images(rng, (2, 2, 3, 2), 0.01), 0.01),
        case("a channel that is the same everywhere", "eps", constant),
        case("the cache: 3 channels", "cache", images(rng, (2, 3, 2, 3))),
        case("the cache: one image, eps of 0.5", "cache", images(rng, (1, 2, 3, 4)), 0.5),
    ]


def forward_oracle(*inputs: Any) -> tuple[np.ndarray | None, list[np.ndarray] | None]:
    *given, keep = inputs
    out, cache = normalized(*given)
    return out if keep[0] else None, cache if keep[1] else None


def normalized(
    X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, list[np.ndarray]]:
    """torch.nn.functional.batch_norm."""
    import torch

    x = torch.from_numpy(X)
    plain = torch.nn.functional.batch_norm(x, None, None, training=True, eps=eps)
    out = torch.nn.functional.batch_norm(x, None, None, torch.tensor(gamma), torch.tensor(beta), training=True, eps=eps)
    std = torch.sqrt(torch.var(x, dim=(0, 2, 3), unbiased=False) + eps)
    return out.numpy(), [plain.numpy(), std.numpy(), gamma]


def batchnorm_forward(X, gamma, beta, eps=1e-5):
    axes = (0, 2, 3)
    mean, var = X.mean(axis=axes, keepdims=True), X.var(axis=axes, keepdims=True)
    std = np.sqrt(var + eps)
    X_hat = (X - mean) / std
    out = gamma[:, None, None] * X_hat + beta[:, None, None]
    return out, (X_hat, std[0, :, 0, 0], gamma)


def norm_by_vectors(X, gamma, beta, eps=1e-05):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    std = np.sqrt(var + eps)
    X_hat = (X - mean[:, None, None]) / std[:, None, None]
    return gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)


def norm_channels_as_rows(X, gamma, beta, eps=1e-05):
    N, C, height, width = X.shape
    rows = X.transpose(1, 0, 2, 3).reshape(C, -1)
    std = np.sqrt(((rows - rows.mean(axis=1, keepdims=True)) ** 2).mean(axis=1) + eps)
    hat = (rows - rows.mean(axis=1, keepdims=True)) / std[:, None]
    out = gamma[:, None] * hat + beta[:, None]
    back = (C, N, height, width)
    return out.reshape(back).swapaxes(0, 1), (hat.reshape(back).swapaxes(0, 1), std, gamma.copy())


def norm_channel_by_channel(X, gamma, beta, eps=1e-05):
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
    driver="kept_outputs",
    groups=(
        Group(
            "normal", "gives each channel the mean 0 and the standard deviation 1, over images and pixels", 2, hint=1
        ),
        Group("scale", "stretches by gamma and shifts by beta, channel by channel", 1, hint=2),
        Group("eps", "adds eps to the variance", 1, hint=2),
        Group("cache", "keeps what the way back needs: the normalized values, the roots and gamma", 1, hint=3),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    bonus=True,
    misconceptions=(
        Misconception(
            "divides_by_one_less",
            change(batchnorm_forward, "X.var(axis=axes,", "X.var(axis=axes, ddof=1,"),
            "Your variance divides by one less than there are values. That estimates a population; here the batch "
            "itself is to have the variance 1, so it is the plain mean of the squares.",
        ),
        Misconception(
            "eps_outside_the_root",
            change(batchnorm_forward, "np.sqrt(var + eps)", "np.sqrt(var) + eps"),
            "Your eps is added to the standard deviation. Here it stands inside the root, with the variance: for a "
            "constant channel, the divisor is the root of eps.",
            hint=2,
        ),
        Misconception(
            "no_eps",
            change(batchnorm_forward, " + eps", ""),
            "There is no eps in your root. A channel that is the same everywhere, such as a filter that never answers, "
            "then gives 0/0.",
            hint=2,
        ),
        Misconception(
            "image_by_image",
            change(batchnorm_forward, "(0, 2, 3)", "(2, 3)", "std[0, :, 0, 0]", "std[:, :, 0, 0]"),
            "You normalize each image by itself. That exists (instance normalization); *batch* normalization takes one "
            "mean and one variance for each channel, over all images and pixels.",
        ),
        Misconception(
            "pixel_by_pixel",
            change(batchnorm_forward, "(0, 2, 3)", "0", "std[0, :, 0, 0]", "std[0]"),
            "You take a mean for each pixel, over the images only. A filter is the same at every place, so its values "
            "at all places count together: one mean for each channel.",
        ),
        Misconception(
            "all_channels_together",
            change(batchnorm_forward, "(0, 2, 3)", "(0, 1, 2, 3)", "std[0, :, 0, 0]", "np.full(len(gamma), std)"),
            "You take one mean over everything. Each channel is the map of another filter, with a mean and a spread of "
            "its own.",
        ),
        Misconception(
            "variance_for_deviation",
            change(batchnorm_forward, "np.sqrt(var + eps)", "var + eps"),
            "You divide by the variance. Dividing by its root makes the spread 1.",
        ),
        Misconception(
            "keeps_the_images",
            change(batchnorm_forward, "(X_hat, std", "(X, std"),
            "Your cache holds X. The way back is written in terms of the normalized values.",
            about=("cache",),
        ),
        Misconception(
            "keeps_the_output",
            change(batchnorm_forward, "(X_hat, std", "(out, std"),
            "Your cache holds out in place of the normalized values. gamma and beta are in out already, and the way "
            "back needs the values from before they came in.",
            about=("cache",),
        ),
        Misconception(
            "keeps_the_variance",
            change(batchnorm_forward, "(X_hat, std[0, :, 0, 0]", "(X_hat, std[0, :, 0, 0] ** 2"),
            "Your cache holds the variance plus eps, and std is its root: the very number that the values were "
            "divided by. The way back divides by it once more.",
            about=("cache",),
        ),
        Misconception(
            "no_scale",
            change(batchnorm_forward, "return out, (", "return X_hat, ("),
            "Your values are normalized, and gamma and beta do not come in. They let the network undo what it does not "
            "like: one number each for every channel.",
        ),
        Misconception(
            "over_the_channels_too",
            change(batchnorm_forward, "(0, 2, 3)", "(1, 2, 3)", "std[0, :, 0, 0]", "std[:, 0, 0, 0]"),
            "You normalize each image over all of its channels. That exists (layer normalization); *batch* "
            "normalization takes one mean and one variance for each channel, over all images and pixels.",
        ),
        Misconception(
            "beta_inside",
            change(
                batchnorm_forward,
                "gamma[:, None, None] * X_hat + beta[:, None, None]",
                "gamma[:, None, None] * (X_hat + beta[:, None, None])",
            ),
            "You add beta before gamma stretches, so that it is stretched as well. First gamma times the "
            "normalized value, then beta.",
        ),
        Misconception(
            "gamma_along_the_columns",
            change(batchnorm_forward, "gamma[:, None, None] * X_hat + beta[:, None, None]", "gamma * X_hat + beta"),
            "Your gamma and beta run along the columns of the images: NumPy lines up the last axis. There is one "
            "of each for every channel; give them two more axes.",
            hint=2,
        ),
        Misconception(
            "keeps_the_root_without_eps",
            change(batchnorm_forward, "(X_hat, std[0, :, 0, 0]", "(X_hat, np.sqrt(var)[0, :, 0, 0]"),
            "Your cache holds the standard deviation without eps. The way back divides by what the way forward "
            "divided by: the root of variance plus eps.",
            about=("cache",),
        ),
        Misconception(
            "pixel_by_pixel_over_the_channels",
            change(batchnorm_forward, "(0, 2, 3)", "1", "std[0, :, 0, 0]", "std"),
            "You take mean and variance over the channels, at each pixel. Axis 1 is the one that stays: one "
            "number for each channel, over images and pixels.",
        ),
        Misconception(
            "gamma_for_beta",
            change(
                batchnorm_forward,
                "gamma[:, None, None] * X_hat + beta[:, None, None]",
                "beta[:, None, None] * X_hat + gamma[:, None, None]",
            ),
            "Your gamma and beta have changed places: gamma stretches, beta shifts.",
            hint=2,
        ),
        Misconception(
            "gamma_before_std",
            change(norm_by_vectors, "(X_hat, std, gamma)", "(X_hat, gamma, std)"),
            "In your cache std and gamma have changed places.",
            hint=3,
            about=("cache",),
        ),
        Misconception(
            "root_with_four_axes",
            change(batchnorm_forward, "std[0, :, 0, 0]", "std"),
            "The roots in your cache still have the axes of the images. A vector with one for each channel is asked "
            "for.",
            about=("cache",),
        ),
    ),
    also_right=(
        batchnorm_forward,
        norm_by_vectors,
        norm_channels_as_rows,
        norm_channel_by_channel,
        change(
            norm_by_vectors, "X.var(axis=(0, 2, 3))", "((X - X.mean((0, 2, 3), keepdims=True)) ** 2).mean((0, 2, 3))"
        ),
        change(
            norm_by_vectors,
            "gamma[:, None, None] * X_hat + beta[:, None, None], (X_hat, std, gamma)",
            '[np.einsum("c,ncij->ncij", gamma, X_hat) + beta.reshape(1, -1, 1, 1), [X_hat, std, gamma]]',
        ),
    ),
    forbidden=FORBIDDEN,
)

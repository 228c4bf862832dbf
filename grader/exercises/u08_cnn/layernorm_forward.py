"""Layer normalization: each vector by itself, over its own features."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def vectors(rng: np.random.Generator, shape: tuple[int, ...], spread: float = 1.0) -> np.ndarray:
    """Vectors along the last axis, each with a mean and a spread of its own."""
    own = (*shape[:-1], 1)
    return np.asarray(spread * (rng.normal(scale=2, size=own) + rng.uniform(0.5, 3, size=own) * rng.normal(size=shape)))


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, X: np.ndarray, eps: float | None = 1e-12, plain: bool = False) -> Case:
        """Where eps is not what is probed, it is too small for its place to matter."""
        D = X.shape[-1]
        gamma, beta = (np.ones(D), np.zeros(D)) if plain else (rng.uniform(0.5, 2, size=D), rng.normal(size=D))
        return Case(label, group, {"X": X, "gamma": gamma, "beta": beta} | ({} if eps is None else {"eps": eps}))

    constant = vectors(rng, (3, 4))
    constant[1] = rng.normal()
    return [
        case("one example of 5 features, gamma 1, beta 0", "normal", vectors(rng, (1, 5)), plain=True),
        case("3 examples of 4 features", "normal", vectors(rng, (3, 4)), plain=True),
        case("2 sentences of 3 words, 4 features", "apart", vectors(rng, (2, 3, 4)), plain=True),
        case("one sentence of 5 words, 3 features", "apart", vectors(rng, (1, 5, 3)), plain=True),
        case("2 images of 2 x 3 places, 5 features", "apart", vectors(rng, (2, 2, 3, 5)), plain=True),
        case("3 examples, any gamma and beta", "scale", vectors(rng, (3, 4))),
        case("as many words as features", "scale", vectors(rng, (2, 4, 4))),
        case("eps of 0.5", "eps", vectors(rng, (3, 4)), 0.5),
        case("tiny values, eps of 0.01", "eps", vectors(rng, (2, 3), 0.03), 0.01),
        case("an example whose features are all equal", "eps", constant, None),
    ]


def layer_norm_oracle(X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray[Any, Any]:
    """torch.nn.functional.layer_norm."""
    import torch

    x, weight, bias = (torch.from_numpy(array) for array in (X, gamma, beta))
    return np.asarray(torch.nn.functional.layer_norm(x, (X.shape[-1],), weight, bias, eps))


def layernorm_forward(X, gamma, beta, eps=1e-5):
    mean, var = X.mean(axis=-1, keepdims=True), X.var(axis=-1, keepdims=True)
    X_hat = (X - mean) / np.sqrt(var + eps)
    return gamma * X_hat + beta


def row_by_row(X, gamma, beta, eps=1e-5):
    rows = [(row - row.mean()) / (row.var() + eps) ** 0.5 for row in X.reshape(-1, X.shape[-1])]
    return np.array(rows).reshape(X.shape) * gamma + beta


def features_first(X, gamma, beta, eps=1e-5):
    turned = np.moveaxis(X, -1, 0)
    centred = turned - turned.mean(axis=0)
    normal = centred / np.sqrt((centred**2).mean(axis=0) + eps)
    return np.moveaxis(normal, 0, -1) * gamma + beta


def by_einsum(X, gamma, beta, eps=1e-5):
    D = len(gamma)
    centred = X - np.einsum("...d->...", X)[..., None] / D
    square = np.einsum("...d,...d->...", centred, centred) / D
    return beta + np.einsum("...d,...,d->...d", centred, 1 / np.sqrt(square + eps), gamma)


def by_moments(X, gamma, beta, eps=1e-5):
    shift = X[..., :1]
    Z = X - shift
    mean = np.sum(Z, axis=-1, keepdims=True) / Z.shape[-1]
    square = np.sum(Z * Z, axis=-1, keepdims=True) / Z.shape[-1]
    out = (Z - mean) / np.sqrt(np.maximum(square - mean**2, 0) + eps)
    out *= gamma
    out += beta
    return out


def over(axes):
    """Mean and variance over other axes than the last one."""
    return change(layernorm_forward, "X.mean(axis=-1", f"X.mean(axis={axes}", "X.var(axis=-1", f"X.var(axis={axes}")


LAYERNORM_FORWARD = Exercise(
    name="layernorm_forward",
    unit=UNIT,
    returns=("out",),
    groups=(
        Group("normal", "gives each example the mean 0 and the standard deviation 1, over its features", 1, hint=1),
        Group("apart", "normalizes each vector along the last axis by itself, whatever axes stand before", 1, hint=1),
        Group("scale", "stretches by gamma and shifts by beta, feature by feature", 1, hint=2),
        Group("eps", "adds eps to the variance", 1, hint=2),
    ),
    cases=forward_cases,
    reference=layer_norm_oracle,
    bonus=True,
    misconceptions=(
        Misconception(
            "eps_fixed",
            change(layernorm_forward, "var + eps", "var + 1e-5"),
            "You write 1e-5 (or another fixed number) where eps stands. eps is an argument: 1e-5 is only its default, "
            "and "
            "some cases come with another one.",
            hint=2,
        ),
        Misconception(
            "over_the_batch",
            over("0"),
            "You take mean and variance over axis 0, the examples: that is batch normalization of a table. *Layer* "
            "normalization looks at one example and takes them over its own features.",
            hint=1,
        ),
        Misconception(
            "all_but_the_features",
            over("tuple(range(X.ndim - 1))"),
            "You give each feature a mean and a variance over everything else: that is batch normalization. *Layer* "
            "normalization goes over the features, and each vector has a mean and a variance of its own.",
            hint=1,
        ),
        Misconception(
            "over_all_axes",
            over("None"),
            "You take one mean and one variance over everything. What comes out for one example then depends on all "
            "the others; here each vector along the last axis is normalized by itself.",
            hint=1,
        ),
        Misconception(
            "over_the_second_axis",
            over("1"),
            "Your mean goes over axis 1. For a table these are the features, for sentences they are the words. The "
            "features stand on the *last* axis, however many come before it.",
            hint=1,
        ),
        Misconception(
            "one_for_each_example",
            over("tuple(range(1, X.ndim))"),
            "You take one mean for each example, over its words or places too. Each word has a mean and a variance of "
            "its own here: only the last axis is averaged over.",
            hint=1,
        ),
        Misconception(
            "divides_by_one_less",
            change(layernorm_forward, "X.var(axis=-1,", "X.var(axis=-1, ddof=1,"),
            "Your variance divides by one less than there are features. That estimates a population; here the vector "
            "itself is to have the variance 1, so it is the plain mean of the squares.",
            hint=1,
        ),
        Misconception(
            "eps_outside_the_root",
            change(layernorm_forward, "np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),
            "Your eps is added to the standard deviation. Here it stands inside the root, with the variance: for a "
            "vector of equal numbers, the divisor is the root of eps.",
            hint=2,
        ),
        Misconception(
            "eps_twice",
            change(layernorm_forward, "np.sqrt(var + eps)", "(np.sqrt(var + eps) + eps)"),
            "Your eps comes in twice, under the root and beside it. It belongs to the variance alone.",
            hint=2,
        ),
        Misconception(
            "no_eps",
            change(layernorm_forward, "var + eps", "var"),
            "There is no eps in your root. A vector whose features are all equal then gives 0/0.",
            hint=2,
        ),
        Misconception(
            "variance_for_deviation",
            change(layernorm_forward, "np.sqrt(var + eps)", "(var + eps)"),
            "You divide by the variance. Dividing by its root makes the spread 1.",
            hint=1,
        ),
        Misconception(
            "mean_left_in",
            change(layernorm_forward, "(X - mean) /", "X /"),
            "Your vectors are stretched to the spread 1 and keep a mean other than 0. First take the mean away.",
            hint=1,
        ),
        Misconception(
            "root_mean_square",
            change(layernorm_forward, "(X - mean) / np.sqrt(var", "X / np.sqrt((X**2).mean(axis=-1, keepdims=True)"),
            "You divide by the root of the mean square and leave the mean in. That exists (RMSNorm, in many language "
            "models); layer normalization takes the mean away first.",
            hint=1,
        ),
        Misconception(
            "only_centred",
            change(layernorm_forward, "(X - mean) / np.sqrt(var + eps)", "X - mean"),
            "Your vectors have the mean 0, and spreads of their own. They are divided by their standard deviation, "
            "too.",
            hint=1,
        ),
        Misconception(
            "unit_length",
            change(layernorm_forward, "(var + eps)", "(((X - mean) ** 2).sum(axis=-1, keepdims=True) + eps)"),
            "Your vectors have the length 1. A standard deviation is the root of the *mean* square: their length "
            "becomes the root of the number of features.",
            hint=1,
        ),
        Misconception(
            "no_scale",
            change(layernorm_forward, "gamma * X_hat + beta", "X_hat"),
            "Your values are normalized, and gamma and beta do not come in. They let the network undo what it does not "
            "like: one number each for every feature.",
            hint=2,
        ),
        Misconception(
            "beta_inside",
            change(layernorm_forward, "gamma * X_hat + beta", "gamma * (X_hat + beta)"),
            "You add beta before gamma stretches, so that it is stretched as well. First gamma times the normalized "
            "value, then beta.",
            hint=2,
        ),
        Misconception(
            "gamma_for_beta",
            change(layernorm_forward, "gamma * X_hat + beta", "beta * X_hat + gamma"),
            "Your gamma and beta have changed places: gamma stretches, beta shifts.",
            hint=2,
        ),
        Misconception(
            "gamma_for_the_words",
            change(layernorm_forward, "gamma * X_hat + beta", "gamma[:, None] * X_hat + beta[:, None]"),
            "Your gamma and beta run along the last axis but one, the words. There is one of each for every feature, "
            "on the last axis, where NumPy lines them up by itself.",
            hint=2,
        ),
    ),
    also_right=(
        layernorm_forward,
        row_by_row,
        features_first,
        by_einsum,
        by_moments,
        change(
            layernorm_forward,
            "X.mean(axis=-1, keepdims=True), X.var(axis=-1, keepdims=True)",
            "X.mean(-1)[..., None], X.std(-1)[..., None] ** 2",
        ),
    ),
    forbidden=FORBIDDEN,
)

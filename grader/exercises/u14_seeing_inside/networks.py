"""Small networks as lists of layers, run and differentiated in NumPy: the oracle of this unit's exercises.

Derivatives come from the complex step: for a function that is real on real numbers, f'(x) = Im f(x + ih) / h, exact to
rounding since nothing is subtracted (Squire and Trapp, 1998, https://doi.org/10.1137/S003614459631241X). Nothing here
knows of automatic differentiation.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

UNIT = "14_seeing_inside"
Layers = list[dict[str, Any]]
H = 1e-30  # the step; with nothing to cancel it may be as small as it likes


def forward(layers: Layers, X: np.ndarray) -> np.ndarray:
    """X (N, C, H, W), real or complex, through all layers."""
    for layer in layers:
        X = _apply(layer, X)
    return X


def _apply(layer: dict[str, Any], X: np.ndarray) -> np.ndarray:
    kind = layer["kind"]
    if kind == "conv":
        edge = (layer["padding"], layer["padding"])
        windows = sliding_window_view(np.pad(X, ((0, 0), (0, 0), edge, edge)), layer["weight"].shape[2:], axis=(2, 3))
        return np.einsum("nchwij,fcij->nfhw", windows, layer["weight"]) + layer["bias"][:, None, None]
    if kind == "linear":
        return X @ layer["weight"].T + layer["bias"]
    if kind == "relu":
        return np.where(X.real > 0, X, 0)
    if kind == "square":
        return X * X
    if kind == "tanh":
        return np.tanh(X)
    if kind == "flatten":
        return X.reshape(len(X), -1)
    N, C, height, width = X.shape
    s = layer["size"]
    tiles = X[:, :, : height // s * s, : width // s * s].reshape(N, C, height // s, s, width // s, s)
    tiles = tiles.transpose(0, 1, 2, 4, 3, 5).reshape(N, C, height // s, width // s, s * s)
    if kind == "avgpool":
        return tiles.mean(axis=-1)
    best = tiles.real.argmax(axis=-1)[..., None]
    return np.take_along_axis(tiles, best, axis=-1)[..., 0]


def gradients(layers: Layers, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The derivative of each image's score for its label with respect to each of its entries, (N, C, H, W)."""
    return np.stack([_gradient(layers, image, label) for image, label in zip(images, labels, strict=True)])


def _gradient(layers: Layers, image: np.ndarray, label: int) -> np.ndarray:
    moved = image + 1j * H * np.eye(image.size).reshape(-1, *image.shape)
    return (forward(layers, moved)[:, label].imag / H).reshape(image.shape)


def scores(layers: Layers, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each image's score for its label, (N,)."""
    return forward(layers, images)[np.arange(len(labels)), labels]


def best_class(layers: Layers, images: np.ndarray) -> np.ndarray:
    """The class that the network predicts for each image."""
    return forward(layers, images).argmax(axis=1)


def other_class(layers: Layers, images: np.ndarray) -> np.ndarray:
    """The class with the lowest score for each image: one that is asked about and not predicted."""
    return forward(layers, images).argmin(axis=1)


def dense(rng: np.random.Generator, name: str, fan_in: int, fan_out: int) -> dict[str, Any]:
    weight = rng.normal(0, 1.5 / np.sqrt(fan_in), size=(fan_out, fan_in))
    return {"name": name, "kind": "linear", "weight": weight, "bias": rng.normal(0, 0.3, size=fan_out)}


def conv(rng: np.random.Generator, name: str, channels: int, filters: int, side: int = 3) -> dict[str, Any]:
    """A convolution that keeps height and width; `side` is odd."""
    weight = rng.normal(0, 1.5 / np.sqrt(channels * side**2), size=(filters, channels, side, side))
    bias = rng.normal(0, 0.3, size=filters)
    return {"name": name, "kind": "conv", "weight": weight, "bias": bias, "padding": side // 2}


def plain(kind: str, **sizes: int) -> dict[str, Any]:
    return {"name": kind, "kind": kind, **sizes}


def linear_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """Scores W x + b: the gradient of score k is row k of W, wherever one stands."""
    return [plain("flatten"), dense(rng, "out", int(np.prod(shape)), classes)]


def quadratic_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """Scores V (W x + b)^2 + c: the gradient is linear in x."""
    size = int(np.prod(shape))
    return [plain("flatten"), dense(rng, "first", size, 6), plain("square"), dense(rng, "out", 6, classes)]


def smooth_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """A convolution, tanh, a mean pooling of 2 x 2 and a linear layer."""
    C, height, width = shape
    flat = 3 * (height // 2) * (width // 2)
    layers = [conv(rng, "conv", C, 3), plain("tanh"), plain("avgpool", size=2), plain("flatten")]
    return [*layers, dense(rng, "out", flat, classes)]


def relu_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """Two convolutions with ReLU, a max pooling of 2 x 2 between them, and a linear layer."""
    C, height, width = shape
    flat = 3 * (height // 2) * (width // 2)
    return [
        *(conv(rng, "conv1", C, 2), {"name": "relu1", "kind": "relu"}, plain("maxpool", size=2)),
        *(conv(rng, "conv2", 2, 3), {"name": "relu2", "kind": "relu"}, plain("flatten")),
        dense(rng, "out", flat, classes),
    ]


def blind_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """Tanh between two linear layers, of which the first does not look at the left two columns of the image."""
    layers = [
        plain("flatten"),
        dense(rng, "first", int(np.prod(shape)), 5),
        plain("tanh"),
        dense(rng, "out", 5, classes),
    ]
    layers[1]["weight"].reshape(5, *shape)[..., :2] = 0
    return layers


def twin(rng: np.random.Generator, layers: Layers) -> Layers:
    """`relu_network` written otherwise: channels in another order, each scaled up and down again behind its ReLU."""
    first, second = layers[0], layers[3]
    order, scale = np.array([1, 0]), rng.uniform(0.3, 3, size=2)
    changed = {
        "weight": first["weight"][order] * scale[:, None, None, None],
        "bias": first["bias"][order] * scale,
    }
    undone = {"weight": second["weight"][:, order] / scale[None, :, None, None]}
    return [first | changed, *layers[1:3], second | undone, *layers[4:]]

"""PyTorch's convolution, pooling and batch normalization on NumPy arrays, and a small network made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.stand_ins.library import library

Size = int | tuple[int, int]
"""One number for both directions, or a pair (down, across)."""


def output_size(length: int, kernel: int, stride: int, padding: int) -> int:
    """How many places a kernel has along an axis: torch convolves a row of zeros, and they are counted."""
    torch = library("torch")
    row, ones = torch.zeros(1, 1, length), torch.zeros(1, 1, kernel)
    return int(torch.nn.functional.conv1d(row, ones, stride=stride, padding=padding).shape[2])


def conv2d_loops(X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: Size = 1, padding: Size = 0) -> np.ndarray:
    """(N, F, OH, OW) by `torch.nn.functional.conv2d`; X: (N, C, height, width), W: (F, C, KH, KW), b: (F,)."""
    functional = library("torch.nn.functional")
    return np.asarray(functional.conv2d(_tensor(X), _tensor(W), _tensor(b), _pair(stride), _pair(padding)))


def im2col(X: np.ndarray, size: Size, stride: Size = 1, padding: Size = 0) -> np.ndarray:
    """(N, C KH KW, OH OW), one column a window, by `torch.nn.functional.unfold`; X: (N, C, height, width)."""
    functional = library("torch.nn.functional")
    columns = functional.unfold(_tensor(X), _pair(size), padding=_pair(padding), stride=_pair(stride))
    return np.asarray(columns)


def conv2d_forward(
    X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: Size = 1, padding: Size = 0
) -> tuple[np.ndarray, tuple[Any, ...]]:
    """(out, cache): `torch.nn.functional.conv2d`, and what the way back needs; shapes as in `conv2d_loops`."""
    cols = im2col(X, W.shape[2:], stride, padding)
    return conv2d_loops(X, W, b, stride, padding), (cols, X.shape, W, _pair(stride), _pair(padding))


def conv2d_backward(dout: np.ndarray, cache: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dX, dW, db) from dout, (N, F, OH, OW), by `torch.nn.grad.conv2d_input` and products of tensors."""
    cols, shape, W, stride, padding = cache
    torch = library("torch")
    upstream = _tensor(dout)
    dX = library("torch.nn.grad").conv2d_input(tuple(shape), _tensor(W), upstream, _pair(stride), _pair(padding))
    dW = torch.einsum("nfl,nkl->fk", upstream.flatten(2), _tensor(cols)).reshape(W.shape)
    return np.asarray(dX), np.asarray(dW), np.asarray(upstream.sum(dim=(0, 2, 3)))


def maxpool_forward(X: np.ndarray, size: Size, stride: Size | None = None) -> tuple[np.ndarray, tuple[Any, ...]]:
    """(out, cache) by `torch.nn.functional.max_pool2d`; X: (N, C, height, width), out: (N, C, OH, OW)."""
    size, stride = _pair(size), _pair(size if stride is None else stride)
    out = np.asarray(library("torch.nn.functional").max_pool2d(_tensor(X), size, stride))
    return out, (X, out, size, stride)


def maxpool_backward(dout: np.ndarray, cache: tuple[Any, ...]) -> np.ndarray:
    """dX, (N, C, height, width), from dout, (N, C, OH, OW): `torch.autograd` through `max_pool2d`."""
    X, _, size, stride = cache
    torch = library("torch")
    x = _tensor(X).requires_grad_()
    out = torch.nn.functional.max_pool2d(x, _pair(size), _pair(stride))
    return np.asarray(torch.autograd.grad(out, x, _tensor(dout))[0])


class NumpyCNN:
    """Two convolutions, each with ReLU and pooling, and a linear layer: `torch.nn.functional` on the arrays in params.

    params: [W1 (A, C, 5, 5), b1, W2 (B, A, 3, 3), b2, W3 (B (height // 4) (width // 4), classes), b3], float64.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int, int] = (1, 28, 28),
        filters: tuple[int, int] = (8, 32),
        classes: int = 10,
    ) -> None:
        torch = library("torch")
        (C, height, width), (A, B) = shape, filters
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.params: list[np.ndarray] = []
        for W in ((A, C, 5, 5), (B, A, 3, 3), (classes, B * (height // 4) * (width // 4))):
            weights = torch.nn.init.kaiming_normal_(
                torch.empty(W, dtype=torch.float64), nonlinearity="relu", generator=draw
            )
            self.params += [np.array(weights if len(W) == 4 else weights.T), np.zeros(W[0])]

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Logits (N, classes) of images X (N, C, height, width)."""
        return np.asarray(self._logits(X, [_tensor(param) for param in self.params]))

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """Mean cross-entropy for labels y (N,), and its gradients in the order of `params`, by `torch.autograd`."""
        torch = library("torch")
        params = [_tensor(param).requires_grad_() for param in self.params]
        loss = torch.nn.functional.cross_entropy(self._logits(X, params), torch.tensor(np.asarray(y)))
        return float(loss.detach()), [np.asarray(grad) for grad in torch.autograd.grad(loss, params)]

    def _logits(self, X: np.ndarray, params: list[Any]) -> Any:
        functional = library("torch.nn.functional")
        W1, b1, W2, b2, W3, b3 = params
        maps = functional.max_pool2d(functional.relu(functional.conv2d(_tensor(X), W1, b1, padding=2)), 2)
        maps = functional.max_pool2d(functional.relu(functional.conv2d(maps, W2, b2, padding=1)), 2)
        return functional.linear(maps.flatten(1), W3.T, b3)


def batchnorm_forward(
    X: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, tuple[Any, ...]]:
    """(out, cache) by `torch.nn.functional.batch_norm` while training; X: (N, C, height, width), gamma, beta: (C,)."""
    torch = library("torch")
    tensor = _tensor(X)
    X_hat = torch.nn.functional.batch_norm(tensor, None, None, training=True, eps=eps)
    out = torch.nn.functional.batch_norm(tensor, None, None, _tensor(gamma), _tensor(beta), training=True, eps=eps)
    std = torch.sqrt(tensor.var(dim=(0, 2, 3), unbiased=False) + eps)
    return np.asarray(out), (np.asarray(X_hat), np.asarray(std), gamma)


def batchnorm_backward(dout: np.ndarray, cache: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dX, dgamma, dbeta) from dout, (N, C, height, width): `torch.autograd` through `batch_norm`.

    The normalized X in the cache has the mean 0; std says how far it is to be spread for the same way back.
    """
    X_hat, std, gamma = cache
    torch = library("torch")
    x = (_tensor(X_hat) * _tensor(std)[:, None, None]).requires_grad_()
    weight, bias = (_tensor(values).requires_grad_() for values in (gamma, np.zeros_like(gamma)))
    eps = max(0.0, float(np.max(std**2 - np.square(x.detach().numpy()).mean(axis=(0, 2, 3)))))
    out = torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
    dX, dgamma, dbeta = torch.autograd.grad(out, (x, weight, bias), _tensor(dout))
    return np.asarray(dX), np.asarray(dgamma), np.asarray(dbeta)


def _tensor(array: Any) -> Any:
    """A tensor of the array's own floating type, in memory of its own."""
    return library("torch").tensor(np.array(array))


def _pair(size: Any) -> tuple[int, int]:
    """(size, size) for a number; a pair as ints."""
    down, across = (size, size) if np.ndim(size) == 0 else size
    return int(down), int(across)

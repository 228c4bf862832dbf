"""Layers by SciPy's BLAS, which is there where unit 08 is graded without torch; the network by torch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import numpy as np

from course_lib.stand_ins.library import library

Cache = tuple[np.ndarray, np.ndarray]


def linear_forward(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Cache]:
    """(X W + b, (X, W)) for X (N, D), W (D, M), b (M,): BLAS's gemm."""
    return _gemm(X, W) + b, (X, W)


def linear_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dX, dW, db) of `linear_forward` for dout (N, M): BLAS's gemm; b is a row of weights for an input of 1."""
    X, W = cache
    ones = np.ones((len(dout), 1), dtype=dout.dtype)
    return _gemm(dout, W, trans_b=True), _gemm(X, dout, trans_a=True), _gemm(ones, dout, trans_a=True)[0]


def relu_forward(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(max(0, X), X) for X of any shape: NumPy's clip."""
    return np.clip(X, 0, None), X


def relu_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """dX of `relu_forward` for dout of X's shape: NumPy's heaviside, 0 at 0."""
    return dout * np.heaviside(cache, cache.dtype.type(0))


def he_init(rng: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Weights (fan_in, fan_out), normal with variance 2 / fan_in: uniform numbers through SciPy's inverse normal."""
    deviates = library("scipy.special").ndtri(1 - rng.random(size=(fan_in, fan_out)))
    return cast(np.ndarray, np.sqrt(2 / fan_in) * deviates)


class MLP:
    """torch's linear layers with ReLU between them; `params`, a list of arrays, is what the tensors share."""

    def __init__(self, sizes: list[int], rng: np.random.Generator) -> None:
        torch = library("torch")
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.params: list[np.ndarray] = []
        for fan_in, fan_out in pairwise(sizes):
            W = torch.empty(fan_out, fan_in, dtype=torch.float64)  # torch's own order, in which fan_in comes second
            torch.nn.init.kaiming_normal_(W, nonlinearity="relu", generator=generator)
            self.params += [np.ascontiguousarray(W.numpy().T), np.zeros(fan_out)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        """The logits (N, C) of X (N, D)."""
        return cast(np.ndarray, self._logits(X, self._tensors()).numpy())

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """The mean cross-entropy of X (N, D) with labels y (N,), and its gradients in the order of params."""
        torch = library("torch")
        tensors = [tensor.requires_grad_() for tensor in self._tensors()]
        loss = torch.nn.functional.cross_entropy(self._logits(X, tensors), torch.as_tensor(np.asarray(y)))
        return loss.item(), [grad.numpy() for grad in torch.autograd.grad(loss, tensors)]

    def _tensors(self) -> list[Any]:
        return [library("torch").from_numpy(param) for param in self.params]

    def _logits(self, X: np.ndarray, tensors: list[Any]) -> Any:
        torch = library("torch")
        out = torch.as_tensor(np.asarray(X)).to(tensors[0].dtype)
        for i in range(0, len(tensors), 2):
            out = torch.nn.functional.linear(torch.relu(out) if i else out, tensors[i].T, tensors[i + 1])
        return out


def _gemm(A: np.ndarray, B: np.ndarray, **transposed: bool) -> np.ndarray:
    """A B, or with `trans_a`, `trans_b` of a transpose, in the precision of the finer of the two."""
    gemm = library("scipy.linalg").get_blas_funcs("gemm", (A, B))
    return np.ascontiguousarray(gemm(1.0, A, B, **transposed))

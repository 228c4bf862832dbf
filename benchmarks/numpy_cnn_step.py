"""How long a training step of unit 08's network takes in NumPy, and the same step in torch; one thread each.

    python benchmarks/numpy_cnn_step.py

A step is the loss and all gradients of a batch of 32 and of 128 images in float32, and plain gradient descent. Both run
in turns in one process, and of each the shortest of many steps counts. Aim: the NumPy step within 5 times of torch's.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_lib.data import load_fashion_mnist
from grader.building.build import scripts
from grader.scripts import read_script

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
AIM = 5.0
ROUNDS = 40
LAYERS = ("linear_forward", "linear_backward", "relu_forward", "relu_backward", "he_init")


def answers_of(unit: str) -> dict[str, Any]:
    """What the given cells and the answers of a unit's solution define."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in read_script(scripts(unit)[0]).cells:
            if cell.metadata.get("given") or cell.metadata.get("exercise"):
                exec(compile(cell.source, f"<{unit}>", "exec"), namespace)
    return namespace


def numpy_network() -> Any:
    """Unit 08's network in float32, on the layers of unit 07 and the cross-entropy of unit 01, all from scratch."""
    unit, before = answers_of("08_cnn"), answers_of("07_mlp")
    unit |= {name: before[name] for name in LAYERS}
    unit["cross_entropy"] = answers_of("01_gradients")["cross_entropy"]
    net = unit["NumpyCNN"](np.random.default_rng(0))
    net.params[:] = [param.astype(np.float32) for param in net.params]
    return net


def torch_network(params: list[np.ndarray]) -> Any:
    """The same network, with the same parameters, of torch's layers."""
    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    nn = torch.nn
    net = nn.Sequential(
        *(nn.Conv2d(1, len(W1), 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(len(W1), len(W2), 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(*W3.shape)),
    )
    with torch.no_grad():
        for parameter, value in zip(net.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=True):
            parameter.copy_(value)
    return net


def steps(batch: int) -> tuple[Callable[[], float], Callable[[], float]]:
    """A step in NumPy and one in torch, on the same images, from the same parameters; each returns its loss."""
    fashion = load_fashion_mnist()
    X, y = fashion.X_train[:batch, None], fashion.y_train[:batch]
    net = numpy_network()
    twin = torch_network(net.params)
    descent = torch.optim.SGD(twin.parameters(), lr=0.01)
    tensors = torch.from_numpy(X), torch.from_numpy(y)

    def by_numpy() -> float:
        loss, grads = net.loss_and_grads(X, y)
        for param, grad in zip(net.params, grads, strict=True):
            param -= np.float32(0.01) * grad
        return float(loss)

    def by_torch() -> float:
        descent.zero_grad()
        loss = torch.nn.functional.cross_entropy(twin(tensors[0]), tensors[1])
        loss.backward()
        descent.step()
        return float(loss.detach())

    return by_numpy, by_torch


def main() -> None:
    """Print both times and their ratio for two sizes of a batch."""
    torch.set_num_threads(1)
    for batch in (32, 128):
        both = steps(batch)
        shortest = [float("inf")] * 2
        for _ in range(ROUNDS):
            for i, step in enumerate(both):
                begin = time.perf_counter()
                step()
                shortest[i] = min(shortest[i], time.perf_counter() - begin)
        losses = [step() for step in both]
        ratio = shortest[0] / shortest[1]
        print(
            f"batch of {batch:3}: NumPy {1000 * shortest[0]:6.2f} ms, torch {1000 * shortest[1]:6.2f} ms, "
            f"ratio {ratio:.2f} (aim: at most {AIM:g}); losses in the end {losses[0]:.5f} and {losses[1]:.5f}"
        )


if __name__ == "__main__":
    if all(os.environ.get(name) == value for name, value in ONE_THREAD.items()):
        main()
    else:  # the libraries read these when they are loaded: too late in this process
        subprocess.run([sys.executable, __file__], env=os.environ | ONE_THREAD, check=True)

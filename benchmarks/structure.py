"""Unit 12's table: every structure at its own best learning rate, under equal budgets, for three seeds.

    python benchmarks/structure.py ["unit 10" plain "depth 4" ...]
    python benchmarks/structure.py search

Trains the networks that the unit's notebook compares (all, or those named), as the notebook says: on 3,000 images for
4 epochs; the learning rate chosen on 1,000 validation images, the accuracy measured on 2,000 test images. Prints lines
as they stand in the notebook's cell `RUNS`, and behind each one the validation accuracies of the sweep. All of it takes
ten minutes on one core. Other machines add floats in another order, and training enlarges the difference: on a second
machine most of the first seeds came within 1.5 points of the table, and the plain network of depth 4 within 3.

With `search` it prints the lines of the cell `TABLE` instead: each structure of the space in which the unit searches at
random, as wide as the same number of multiplications allows, at each learning rate, on 2,000 images for 3 epochs.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.data import subset
from course_lib.fit import accuracy, fit, image_tensors
from grader.scripts import read_script

SCRIPT = Path(__file__).resolve().parents[1] / "solutions" / "12_structure" / "12_structure.py"
RATES = (0.003, 0.01, 0.03)
SEEDS = (0, 1, 2)


def unit() -> dict[str, Any]:
    """What the unit's given cells and answers define: `build`, the blocks, and the table as it stands there."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in read_script(SCRIPT).cells:
        if cell.metadata.get("given") or cell.metadata.get("exercise"):
            exec(compile(cell.source, str(SCRIPT), "exec"), namespace)
    return namespace


def run(build: Any, structure: Any, lr: float, seed: int, images: tuple[Any, ...]) -> tuple[float, float]:
    """Accuracy on validation and test images of one training run."""
    X, y, X_test, y_test = images
    places, _ = subset(np.arange(len(y)), y.numpy(), 4000)
    train, validation = places[:3000], places[3000:]
    model = build(structure, seed)
    fit(model, X[train], y[train], epochs=4, lr=lr, batch_size=64, seed=seed)
    return accuracy(model, X[validation], y[validation]), accuracy(model, X_test, y_test)


def search(known: dict[str, Any], images: tuple[Any, ...]) -> None:
    """Print the line in `TABLE` of every structure of `SPACE`: accuracy on 500 validation and 2,000 test images."""
    X, y, X_test, y_test = images
    places, _ = subset(np.arange(10_000), y[:10_000].numpy(), 3000)
    train, validation = places[:2000], places[2000:2500]
    for key in itertools.product(*known["SPACE"].values()):
        structure = dict(zip(known["SPACE"], key, strict=True))
        width, scores = known["widest"](structure), []
        for lr in known["SEARCH_RATES"]:
            model = known["structure_network"](structure, width)
            fit(model, X[train], y[train], epochs=3, lr=lr, batch_size=50, seed=0)
            found = accuracy(model, X[validation], y[validation]), accuracy(model, X_test, y_test)
            scores.append((round(1000 * found[0]), round(10_000 * found[1])))
        print(f"    {key}: {(width, *zip(*scores, strict=True))},".replace("'", '"'), flush=True)


def main(names: list[str]) -> None:
    """Print the table's line of each structure in `names`, or of all; or those of the random search."""
    import torch

    torch.set_num_threads(1)  # these networks are small: threads would only wait for each other
    known, images = unit(), image_tensors()
    if names == ["search"]:
        search(known, images)
        return
    for name, (structure, _, _) in known["RUNS"].items():
        if names and name not in names:
            continue
        first = {lr: run(known["build"], structure, lr, SEEDS[0], images) for lr in RATES}
        best = max(RATES, key=lambda lr: first[lr][0])
        tests = [first[best][1], *(run(known["build"], structure, best, seed, images)[1] for seed in SEEDS[1:])]
        shown = structure if isinstance(structure, str) else tuple(structure)
        line = f"{json.dumps(name)}: ({json.dumps(shown)}, {best}, ({', '.join(f'{test:.4f}' for test in tests)})),"
        swept = ", ".join(f"{lr}: {validation:.3f}" for lr, (validation, _) in first.items())
        print(f"    {line.replace('[', '(').replace(']', ')')}  # validation {swept}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

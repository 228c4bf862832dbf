"""Unit 16's two tables: reference networks under the capstone's budget, and what augmentation does in a longer run.

    python benchmarks/capstone.py [references augmentation]

Prints the tables as they stand in the notebook's cells `REFERENCES` and `AUGMENTED`. All of it takes about six minutes
of one core. The trainings are short on purpose (15 epochs, 6 for the large network that is pruned and that teaches),
one seed each: the networks are marks to measure oneself by, none is the best of its kind. Accuracies of the first table
are on the notebook's 2,000 validation images, as a learner's while they still choose; those of the second, of the
starter on 2,000 images, are on the 2,000 test images, each side with the best of four learning rates on the validation
images.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.fit import accuracy, fit, image_tensors
from course_lib.stand_ins.u10_gpu_cnn import Net
from course_lib.stand_ins.u12_structure import count_macs, count_parameters
from grader.scripts import read_script

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
EPOCHS, BIG_EPOCHS, LR = 15, 6, 0.01
SEEDS = (0, 1, 2)
RATES = (0.003, 0.01)
FEW = 2000  # images of the second table
LENGTHS = (2, 40)  # epochs of the second table


def answers(unit: str, *names: str) -> dict[str, Any]:
    """What some given cells and answers of a unit's solution define."""
    namespace: dict[str, Any] = {"__name__": "__main__", "torch": torch, "nn": nn}
    for cell in read_script(SOLUTIONS / unit / f"{unit}.py").cells:
        if (cell.metadata.get("given") or cell.metadata.get("exercise")) in names:
            exec(compile(cell.source, unit, "exec"), namespace)
    return namespace


def linear() -> nn.Module:
    """Unit 09's classifier: no hidden layer at all."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def dense() -> nn.Module:
    """Unit 07's multilayer perceptron."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def plain() -> nn.Module:
    """Three convolutions and the mean of each map."""

    def layer(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    layers = [*layer(1, 16, 5, 2), *layer(16, 32), nn.MaxPool2d(2), *layer(32, 48)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10))


def distil(model: nn.Module, teacher: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float, seed: int) -> None:
    """Train on the labels and towards the teacher's logits (Ba and Caruana, 2014: their squared distance)."""
    with torch.no_grad():
        logits = torch.cat([teacher(batch) for batch in X.split(1000)])
    logits = (logits - logits.mean(1, keepdim=True)) / logits.std()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    updates = epochs * -(-len(X) // 128)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=updates, pct_start=0.25)
    model.train()
    for _ in range(epochs):
        for index in torch.randperm(len(X), generator=generator).split(128):
            out = model(X[index])
            scaled = (out - out.mean(1, keepdim=True)) / out.detach().std().clamp(min=1e-3)
            loss = nn.functional.cross_entropy(out, y[index]) + nn.functional.mse_loss(scaled, logits[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
    model.eval()


def costs(model: nn.Module) -> tuple[int, int]:
    """(numbers in the network, multiplications for one image), as the notebook counts them."""
    buffers = sum(buffer.numel() * max(1, buffer.element_size() // 4) for buffer in model.buffers())
    return count_parameters(model) + buffers, sum(count_macs(model, (1, 28, 28)).values())


def references(train: tuple[Tensor, Tensor], valid: tuple[Tensor, Tensor]) -> None:
    """Train and print each reference network, with its minutes of one core."""
    starter = answers("16_capstone", "yardsticks")["starter"]
    prune_channels = answers("13_adaptive", "prune_channels")["prune_channels"]

    def line(name: str, model: nn.Module, begin: float, before: float = 0.0) -> float:
        minutes = (time.process_time() - begin) / 60 + before
        numbers, multiplications = costs(model)
        share = accuracy(model, *valid)
        print(f'    "{name}": ({numbers:_}, {multiplications:_}, {share:.4f}, {minutes:.2f}),', flush=True)
        return minutes

    makers: dict[str, Callable[[], nn.Module]] = {
        "linear": linear,
        "two dense layers": dense,
        "starter": starter,
        "plain convolutions": plain,
    }
    for name, make in makers.items():
        torch.manual_seed(0)
        model, begin = make(), time.process_time()
        fit(model, *train, epochs=EPOCHS, lr=LR)
        line(name, model, begin)
    torch.manual_seed(0)
    big, begin = Net(), time.process_time()
    fit(big, *train, epochs=BIG_EPOCHS, lr=0.003)
    taken = line("Net of unit 10", big, begin)
    torch.manual_seed(0)
    student, begin = plain(), time.process_time()
    distil(student, big, *train, epochs=EPOCHS, lr=LR, seed=0)
    line("plain, taught by Net", student, begin, taken)
    begin = time.process_time()
    conv2, _, fc1 = prune_channels(big.conv2, None, big.fc1, 14)
    small = nn.Sequential(*(conv2 if m is big.conv2 else fc1 if m is big.fc1 else m for m in big))
    fit(small, *train, epochs=2, lr=0.003)
    line("Net, pruned", small, begin, taken)


def augmentation(train: tuple[Tensor, Tensor], valid: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> None:
    """Print the test accuracies of the starter with and without moved images, for a short and a long run."""
    known = answers("16_capstone", "yardsticks", "augment")
    shifted, starter = known["shifted"], known["starter"]

    def run(augment: Any, epochs: int, lr: float, seed: int) -> tuple[float, float, float]:
        torch.manual_seed(seed)
        model = starter()
        few = train[0][:FEW], train[1][:FEW]
        fit(model, *few, epochs=epochs, lr=lr, batch_size=64, seed=seed, augment=augment)
        return accuracy(model, *valid), accuracy(model, *test), accuracy(model, *few)

    for epochs in LENGTHS:
        for name, augment in (("as they are", None), ("moved", shifted)):
            first = {lr: run(augment, epochs, lr, SEEDS[0]) for lr in RATES}
            best = max(RATES, key=lambda lr: first[lr][0])
            runs = [first[best], *(run(augment, epochs, best, seed) for seed in SEEDS[1:])]
            tests = ", ".join(f"{test:.4f}" for _, test, _ in runs)
            seen = ", ".join(f"{own:.4f}" for _, _, own in runs)
            print(f'    ("{name}", {epochs}): ({best}, ({tests}), ({seen})),', flush=True)


def main(parts: list[str]) -> None:
    """Print the tables in `parts`, or both."""
    torch.set_num_threads(1)
    X, y, X_test, y_test = image_tensors()
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(15))
    train, valid = (X[order[:8000]], y[order[:8000]]), (X[order[8000:]], y[order[8000:]])
    if not parts or "references" in parts:
        references(train, valid)
    if not parts or "augmentation" in parts:
        augmentation(train, valid, (X_test, y_test))


if __name__ == "__main__":
    main(sys.argv[1:])

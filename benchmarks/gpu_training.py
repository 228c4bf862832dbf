"""How much faster unit 10's network trains by the knobs of unit 11; with --recipe, how accurate five epochs can be.

    python benchmarks/gpu_training.py              images a second and peak memory, from the naive loop to CUDA graphs
    python benchmarks/gpu_training.py --recipe     the accuracy of three seeds on the test set, and their mean

Both print Markdown for docs/performance.md. Without a GPU they run smaller, on the CPU, and say so.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from training_recipe import AIM, Outcome, Recipe, train
from training_speed import LADDER, Rate, Task, measure

from course_lib.data import FashionMNIST, load_fashion_mnist
from course_lib.device import report


@dataclass(frozen=True)
class Size:
    """How much is done. full: all 70,000 images."""

    full: bool
    batch_size: int
    steps: int
    rounds: int
    recipe: Recipe


ON_GPU = Size(full=True, batch_size=1024, steps=50, rounds=7, recipe=Recipe())
ON_CPU = Size(full=False, batch_size=128, steps=10, rounds=5, recipe=Recipe(batch_size=128, width=8, lr=0.2))
SMALLER = (
    "**Measured on a CPU, smaller than on a GPU**: the 12,000 images that come with the course and less of everything "
    "else. These figures say nothing about a GPU."
)


def machine(device: torch.device) -> str:
    """What computed: the card's name, or the processor's, its cores and threads."""
    versions = f"PyTorch {torch.__version__}, Python {platform.python_version()}"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}, {versions}"
    where = report()
    name = str(where.gpus[0]) if device.type == "mps" else processor()
    return f"{name}, {where.cores} cores of which training uses {torch.get_num_threads()}, {versions}"


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    about = Path("/proc/cpuinfo")
    if about.is_file():
        names = [
            line.partition(":")[2] for line in about.read_text(encoding="utf-8").splitlines() if "model name" in line
        ]
        if names:
            return " ".join(names[0].split())
    return platform.processor() or platform.machine()


def ladder_table(rates: dict[str, Rate], batch_size: int) -> str:
    """The ladder as a Markdown table; ratios are to its first row."""
    first = next(iter(rates.values())).images_per_second
    lines = [
        f"| each row turns one knob more (batches of {batch_size}) | images/s | against the naive loop | peak memory |",
        "|---|---|---|---|",
    ]
    for name, rate in rates.items():
        if rate.left_out:
            lines.append(f"| {name} | left out: {rate.left_out} | | |")
            continue
        peak = "not counted on this device" if rate.peak is None else f"{rate.peak:,.0f} MiB"
        ratio = rate.images_per_second / first
        lines.append(f"| {name} | {rate.images_per_second:,.0f} | {ratio:.2f} times | {peak} |")
    return "\n".join(lines)


def recipe_table(outcomes: list[Outcome], recipe: Recipe, full: bool) -> str:
    """Every seed's accuracy and their mean, as a Markdown table and a sentence that says whether the aim is reached."""
    lines = ["| seed | accuracy on the test set | seconds of training |", "|---|---|---|"]
    lines += [f"| {outcome.seed} | {outcome.accuracy:.2%} | {outcome.seconds:.1f} |" for outcome in outcomes]
    accuracies = [outcome.accuracy for outcome in outcomes]
    mean = statistics.mean(accuracies)
    spread = f" ± {statistics.stdev(accuracies):.2%}" if len(accuracies) > 1 else ""
    took = statistics.mean(outcome.seconds for outcome in outcomes)
    lines.append(f"| mean | {mean:.2%}{spread} | {took:.1f} |")
    aim = f"Aim: {AIM:.0%} on the full test set in 5 epochs; "
    if full and recipe.epochs == 5:
        aim += "reached." if mean >= AIM else "not reached."
    else:
        aim += "this was another task."
    return "\n".join([*lines, "", f"{recipe}", "", aim])


def tensors(data: FashionMNIST) -> list[torch.Tensor]:
    """X_train (N, 1, 28, 28), y_train (N,), X_test, y_test."""
    arrays = (data.X_train[:, None], data.y_train, data.X_test[:, None], data.y_test)
    return [torch.from_numpy(array) for array in arrays]


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", action="store_true", help="the accuracy after five epochs, not the speed")
    parser.add_argument("--device", help="cpu, cuda, mps (default: what PyTorch finds)")
    parser.add_argument("--full", action="store_true", help="all 70,000 images on a CPU too")
    parser.add_argument(
        "--embedded", action="store_true", help="the 12,000 images of the course on a GPU too: no download"
    )
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--steps", type=int, help="training steps that are timed together")
    parser.add_argument("--rounds", type=int, help="how often each loop is timed; the median counts")
    parser.add_argument("--backend", default="inductor", help="what torch.compile compiles with")
    parser.add_argument(
        "--processor-time", action="store_true", help="one thread of a CPU that has other work, by its processor time"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--width", type=int, help="channels of the recipe's first convolution")
    parser.add_argument("--train-size", type=int, help="the first N training images only")
    arguments = parser.parse_args()

    device = torch.device(arguments.device or report().accelerator)
    if arguments.processor_time and device.type != "cpu":
        parser.error("--processor-time is a CPU's; add --device cpu.")
    if arguments.processor_time:
        torch.set_num_threads(1)  # the seconds of several would be added up
    size = ON_CPU if device.type == "cpu" else ON_GPU
    wanted = {name: value for name, value in vars(arguments).items() if value is not None}
    size = replace(size, **{name: wanted[name] for name in ("batch_size", "steps", "rounds") if name in wanted})
    full = (size.full or arguments.full) and not arguments.embedded
    data = load_fashion_mnist(full=full)
    X, y, X_test, y_test = tensors(data)
    X, y = X[: arguments.train_size], y[: arguments.train_size]

    print(f"{machine(device)}. {data.source}\n")
    if device.type == "cpu":
        print(f"{SMALLER}\n")
    if arguments.processor_time:
        print("Seconds are of processor time, in one thread.\n")
    if arguments.recipe:
        chosen = {name: wanted[name] for name in ("epochs", "width", "batch_size") if name in wanted}
        recipe = replace(size.recipe, **chosen)
        outcomes = [train(recipe, (X, y), (X_test, y_test), device, seed) for seed in arguments.seeds]
        print(recipe_table(outcomes, recipe, full and len(X) == 60_000))
        return
    task = Task(X, y, device, size.batch_size, backend=arguments.backend)
    clock = time.process_time if arguments.processor_time else time.perf_counter
    rates = measure(task, LADDER, steps=size.steps, rounds=size.rounds, clock=clock)
    print(ladder_table(rates, size.batch_size))


if __name__ == "__main__":
    main()

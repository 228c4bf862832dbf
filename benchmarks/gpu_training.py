"""How much faster unit 10's network trains by the knobs of unit 11; with --recipe, how accurate five epochs can be.

    python benchmarks/gpu_training.py                    images a second and peak memory, knob by knob
    python benchmarks/gpu_training.py --recipe           the accuracy of ten seeds on the test set, and their mean
    python benchmarks/gpu_training.py --recipe --tune    better numbers for the recipe, found on training images alone
    python benchmarks/gpu_training.py --recipe --ablate  what each part of the recipe brings, on training images alone

All print Markdown for docs/performance.md. Without a GPU they run smaller, on the CPU, and say so. --embedded takes the
images that come with the course, and downloads nothing. What a whole card is worth in 15 minutes: gpu_all.py.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from recipe_runs import Runs, add_options, run_recipe
from training_recipe import PARTS, Recipe
from training_speed import LADDER, Rate, Task, low_precision, measure

from course_lib.device import report
from course_lib.fit import image_tensors


@dataclass(frozen=True)
class Size:
    """How much is done. full: all 70,000 images."""

    full: bool
    batch_size: int
    steps: int
    rounds: int
    seeds: int
    recipe: Recipe


ON_GPU = Size(full=True, batch_size=1024, steps=50, rounds=7, seeds=10, recipe=Recipe())
ON_CPU = Size(full=False, batch_size=128, steps=10, rounds=5, seeds=3, recipe=Recipe(batch_size=128, width=8))
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
    """The ladder as a Markdown table: each row against the first, and against the one above it."""
    measured = [rate.images_per_second for rate in rates.values() if not rate.left_out]
    lines = [
        f"| each row turns one knob more (batches of {batch_size}) | images/s | against the naive loop "
        "| against the row above | peak memory |",
        "|---|---|---|---|---|",
    ]
    above = None
    for name, rate in rates.items():
        if rate.left_out:
            lines.append(f"| {name} | left out: {rate.left_out} | | | |")
            continue
        here = rate.images_per_second
        first = f"{here / measured[0]:.2f} times" if not rates["naive loop"].left_out else ""
        gain = "" if above is None else f"{here / above:.2f} times"
        peak = "not counted on this device" if rate.peak is None else f"{rate.peak:,.0f} MiB"
        lines.append(f"| {name} | {here:,.0f} | {first} | {gain} | {peak} |")
        above = here
    return "\n".join(lines)


def climb(arguments: argparse.Namespace, device: torch.device, size: Size, runs: Runs) -> str:
    """Measure the ladder; the table."""
    X, y, _, _ = runs.tensors
    task = Task(X, y, device, arguments.batch_size or size.batch_size, backend=arguments.backend)
    clock = time.process_time if arguments.processor_time else time.perf_counter
    low = str(low_precision(device)).removeprefix("torch.")

    def text(rates: dict[str, Rate]) -> str:
        return f"{ladder_table(rates, task.batch_size)}\n\nHalf the bits are {low} here."

    steps, rounds = arguments.steps or size.steps, arguments.rounds or size.rounds
    rates = measure(task, LADDER, steps=steps, rounds=rounds, clock=clock, so_far=lambda found: runs.keep(text(found)))
    return text(rates)


def parse() -> argparse.Namespace:
    """The command line; a wrong one ends the program with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", help="cpu, cuda, mps (default: what PyTorch finds)")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--full", action="store_true", help="all 70,000 images on a CPU too")
    images.add_argument(
        "--embedded", action="store_true", help="the 12,000 images of the course on a GPU too: no download"
    )
    parser.add_argument("--train-size", type=int, help="the first N training images only")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write there what is known, whenever there is more")
    parser.add_argument("--batch-size", type=int, help="of the ladder")
    parser.add_argument("--steps", type=int, help="training steps that are timed together")
    parser.add_argument("--rounds", type=int, help="how often each loop is timed; the median counts")
    parser.add_argument("--backend", default="inductor", help="what torch.compile compiles with")
    parser.add_argument(
        "--processor-time", action="store_true", help="one thread of a CPU that has other work, by its processor time"
    )
    add_options(parser)
    arguments = parser.parse_args()
    if arguments.processor_time and torch.device(arguments.device or report().accelerator).type != "cpu":
        parser.error("--processor-time is a CPU's; add --device cpu.")
    if wrong := [part for part in arguments.without if part not in PARTS]:
        parser.error(f"--without knows no {wrong[0]!r}. The parts are: {', '.join(PARTS)}.")
    return arguments


def main() -> None:
    """Measure what the command line asks for, and print it."""
    arguments = parse()
    device = torch.device(arguments.device or report().accelerator)
    if arguments.processor_time:
        torch.set_num_threads(1)  # the seconds of several would be added up
    size = ON_CPU if device.type == "cpu" else ON_GPU
    full = (size.full or arguments.full) and not arguments.embedded
    X, y, X_test, y_test = image_tensors(full=full)
    tensors = X[: arguments.train_size], y[: arguments.train_size], X_test, y_test

    head = [f"{machine(device)}. {len(tensors[0]):,} training and {len(X_test):,} test images."]
    if device.type == "cpu":
        head.append(SMALLER)
    if arguments.processor_time:
        head.append("Seconds are of processor time, in one thread.")
    runs = Runs(tensors, device, full and len(tensors[0]) == 60_000, head, arguments.keep)
    if arguments.recipe:
        said = run_recipe(arguments, size.recipe, size.seeds, runs)
    else:
        said = climb(arguments, device, size, runs)
    print("\n\n".join([*head, said]), flush=True)


if __name__ == "__main__":
    sys.exit(main())

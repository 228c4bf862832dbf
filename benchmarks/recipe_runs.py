"""Trainings by the recipe: ten seeds and the test set; and what is chosen before, on training images alone.

The test images decide nothing: tuning and the comparison of parts look at a twelfth of the training images, 5,000 of
60,000, which they leave out of the training. `gpu_training.py --recipe` is the command.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from recipe_parts import split
from torch import Tensor
from training_recipe import AIM, PARTS, Labelled, Outcome, Recipe, train, without

CANDIDATES: dict[str, tuple[float, ...]] = {
    "muon_lr": (0.01, 0.04, 0.08),
    "lr": (0.1, 0.4),
    "label_smoothing": (0.05, 0.2),
    "muon_decay": (0.02, 0.4),
    "shift": (1,),
    "bias_factor": (4.0, 64.0),
    "averaged": (0.15, 0.5),
}
"""What tuning tries in place of each number, one number after the other, the most important first."""


@dataclass(frozen=True)
class Runs:
    """What trainings share. tensors: X_train (N, 1, 28, 28), y_train (N,), X_test, y_test.

    full: they are all of Fashion-MNIST. head: what is said above every table. file: where results are kept.
    """

    tensors: tuple[Tensor, Tensor, Tensor, Tensor]
    device: torch.device
    full: bool
    head: list[str]
    file: Path | None = None

    def keep(self, text: str) -> None:
        """Put what is known by now into the file, in place of what was, so that a run that is killed loses nothing."""
        if self.file is not None:
            new = self.file.with_name(self.file.name + ".new")
            new.write_text("\n\n".join([*self.head, text]) + "\n", encoding="utf-8")
            new.replace(self.file)

    def sets(self, held_out: bool) -> tuple[Labelled, Labelled]:
        """Images to learn from, and images that are asked for at the end: the test set, or training images left out."""
        X, y, X_test, y_test = self.tensors
        if not held_out:
            return (X, y), (X_test, y_test)
        learn, choose = split(len(X), len(X) // 12)
        return (X[learn], y[learn]), (X[choose], y[choose])

    def outcome(self, recipe: Recipe, seed: int, held_out: bool) -> Outcome:
        """One training, told on standard error as soon as it has ended."""
        found = train(recipe, *self.sets(held_out), self.device, seed)
        print(f"seed {seed}: {found.accuracy:.2%} after {found.seconds:.1f} s", file=sys.stderr, flush=True)
        return found


def add_options(parser: argparse.ArgumentParser) -> None:
    """The recipe's part of the command line."""
    parser.add_argument("--recipe", action="store_true", help="the accuracy after five epochs, not the speed")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--tune", action="store_true", help="look for better numbers, on training images left out")
    what.add_argument("--ablate", action="store_true", help="leave out each part in turn; on training images left out")
    what.add_argument("--held-out", action="store_true", help="ask for training images left out, not for the test set")
    parser.add_argument("--without", nargs="+", default=[], metavar="PART", help=f"leave out: {', '.join(PARTS)}")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], type=setting, metavar="NAME=VALUE", help="of the recipe"
    )
    parser.add_argument("--seeds", type=int, nargs="+")
    parser.add_argument("--minutes", type=float, help="begin no training that would end later")


def setting(text: str) -> tuple[str, Any]:
    """`name=value` of a recipe, as argparse's `type`."""
    name, _, value = text.partition("=")
    kinds = {field.name: type(getattr(Recipe(), field.name)) for field in fields(Recipe)}
    if name not in kinds:
        raise argparse.ArgumentTypeError(f"the recipe has no {name!r}; it has {', '.join(kinds)}")
    try:
        return name, {"True": True, "False": False}[value] if kinds[name] is bool else kinds[name](value)
    except (KeyError, ValueError):
        kind = kinds[name].__name__
        raise argparse.ArgumentTypeError(f"{value!r} is no value for {name}, which is of the kind {kind}") from None


def run_recipe(arguments: argparse.Namespace, recipe: Recipe, seeds: int, runs: Runs) -> str:
    """What the command line asks for; the tables. seeds: how many, unless it says which."""
    recipe = without(replace(recipe, **dict(arguments.set)), *arguments.without)
    late = deadline(arguments.minutes)
    if arguments.tune:
        _, said = tune(recipe, arguments.seeds or [0, 1], runs, late)
    elif arguments.ablate:
        said = ablate(recipe, arguments.seeds or [0, 1, 2], runs, late)
    else:
        # A choice of parts is made before the test set is seen.
        held_out = arguments.held_out or bool(arguments.without)
        outcomes: list[Outcome] = []
        said = recipe_table(outcomes, recipe, runs.full, held_out)
        for seed in arguments.seeds or range(seeds):
            if late():
                break
            outcomes.append(runs.outcome(recipe, seed, held_out))
            said = recipe_table(outcomes, recipe, runs.full, held_out)
            runs.keep(said)
    return said


def deadline(minutes: float | None) -> Callable[[], bool]:
    """A function that says whether one more training would end too late, if it took as long as the longest so far."""
    begin = last = time.monotonic()
    longest = 0.0

    def late() -> bool:
        nonlocal last, longest
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        return minutes is not None and now + longest > begin + 60 * minutes

    return late


def mean_and_spread(accuracies: Sequence[float]) -> str:
    """The mean, and the standard deviation where there are several."""
    spread = f" ± {statistics.stdev(accuracies):.2%}" if len(accuracies) > 1 else ""
    return f"{statistics.mean(accuracies):.2%}{spread}"


def recipe_table(outcomes: list[Outcome], recipe: Recipe, full: bool, held_out: bool = False) -> str:
    """Every seed's accuracy and their mean, as a Markdown table and a sentence that says whether the aim is reached."""
    of = "training images left out" if held_out else "the test set"
    lines = [f"| seed | accuracy on {of} | seconds of training |", "|---|---|---|"]
    lines += [f"| {outcome.seed} | {outcome.accuracy:.2%} | {outcome.seconds:.1f} |" for outcome in outcomes]
    aim = f"Aim: {AIM:.0%} on the full test set in 5 epochs, as the mean of ten seeds; "
    if outcomes:
        accuracies = [outcome.accuracy for outcome in outcomes]
        took = statistics.mean(outcome.seconds for outcome in outcomes)
        lines.append(f"| mean | {mean_and_spread(accuracies)} (standard deviation) | {took:.1f} |")
    if not full or held_out or recipe.epochs != 5:
        aim += "this was another task."
    elif len(outcomes) < 10:
        aim += f"too few seeds yet to say, {len(outcomes)}."
    else:
        aim += "reached." if statistics.mean(accuracies) >= AIM else "not reached."
    return "\n".join([*lines, "", f"`{recipe}`", "", aim])


def tune(recipe: Recipe, seeds: list[int], runs: Runs, late: Callable[[], bool]) -> tuple[Recipe, str]:
    """The best recipe found by changing one number after the other, and the table of what was tried.

    A change is kept if the mean over the seeds gains more than a tenth of a percent; less would be luck.
    """
    lines = ["| tried | accuracy on training images left out |", "|---|---|"]
    changes: dict[str, Any] = {}
    best = -1.0
    tries = [("as it is", {})] + [(f"{n}={v}", {n: v}) for n, values in CANDIDATES.items() for v in values]
    said = ""
    for name, change in tries:
        accuracies = []
        for seed in seeds:
            if late():
                return replace(recipe, **changes), said
            accuracies.append(runs.outcome(replace(recipe, **(changes | change)), seed, held_out=True).accuracy)
        if statistics.mean(accuracies) > best + 0.001 * bool(change):
            best, changes = statistics.mean(accuracies), changes | change
        lines.append(f"| {name} | {mean_and_spread(accuracies)} |")
        chosen = " ".join(f"{n}={v}" for n, v in changes.items())
        said = "\n".join([*lines, "", f"Best so far: {'`--set ' + chosen + '`' if changes else 'the recipe as it is'}"])
        runs.keep(said)
    return replace(recipe, **changes), said


def ablate(recipe: Recipe, seeds: list[int], runs: Runs, late: Callable[[], bool]) -> str:
    """What the recipe reaches, and what without each part; differences are of the same seeds, so they are paired."""
    lines = ["| recipe | accuracy on training images left out | against the whole, same seeds |", "|---|---|---|"]
    whole: list[float] = []
    said = "\n".join(lines)
    for name in ["whole", *PARTS]:
        tried = recipe if name == "whole" else without(recipe, name)
        accuracies = []
        for seed in seeds:
            if late():
                return said
            accuracies.append(runs.outcome(tried, seed, held_out=True).accuracy)
        whole = whole or accuracies
        against = "" if name == "whole" else mean_and_spread([a - b for a, b in zip(accuracies, whole, strict=True)])
        lines.append(f"| {'' if name == 'whole' else 'without '}{name} | {mean_and_spread(accuracies)} | {against} |")
        said = "\n".join(lines)
        runs.keep(said)
    return said

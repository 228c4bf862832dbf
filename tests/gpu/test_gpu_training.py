"""The benchmark of GPU training, run small on the CPU; and the GPU suite on a machine without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from typing import Any

import pytest
import torch
import training_speed
from gpu_training import ladder_table
from helpers.course import ROOT
from training_speed import LADDER, Knobs, NotHereError, Rate, Task, batches_by_loader, low_precision, measure

NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}


def run(*line: str) -> str:
    done = subprocess.run(
        [sys.executable, *line], cwd=ROOT, env=os.environ | NO_GPU, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_ladder_prints_its_table_and_says_that_it_is_a_cpus() -> None:
    small = ("--batch-size", "16", "--steps", "1", "--rounds", "1", "--train-size", "64", "--backend", "aot_eager")
    said = run("benchmarks/gpu_training.py", "--device", "cpu", *small)
    assert "Measured on a CPU" in said
    rows = [line for line in said.splitlines() if line.startswith("| ")][1:]
    assert [row.split("|")[1].strip() for row in rows] == list(LADDER)
    assert "1.00 times" in rows[0]
    assert "Half the bits are bfloat16 here." in said
    assert "left out: CUDA graphs are NVIDIA GPUs' own" in rows[-1]


def test_the_recipe_prints_every_seed_and_their_mean() -> None:
    small = ("--set", "epochs=1", "width=4", "--train-size", "256", "--seeds", "3", "4")
    said = run("benchmarks/gpu_training.py", "--device", "cpu", "--embedded", "--recipe", "--held-out", *small)
    assert "Measured on a CPU" in said
    assert all(row in said for row in ("| 3 | ", "| 4 | ", "| mean | "))
    assert "this was another task" in said


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="A Mac's GPU cannot be hidden from PyTorch.")
def test_without_a_gpu_its_tests_are_skipped_with_the_reason_and_none_passes() -> None:
    line = ("-m", "pytest", "-p", "no:cacheprovider", "-m", "gpu", "-n", "0", "tests/gpu/test_gpu.py", "-k", "logits")
    said = run(*line)
    assert "1 test skipped." in said
    assert "PyTorch" in said.partition("1 test skipped.")[2].splitlines()[0]
    assert "passed" not in said


@pytest.fixture
def task() -> Task:
    generator = torch.Generator().manual_seed(0)
    return Task(torch.rand(40, 1, 28, 28, generator=generator), torch.arange(40) % 10, torch.device("cpu"), 8)


@pytest.mark.fast
def test_a_loader_of_whole_batches_brings_the_same_ones(task: Task) -> None:
    pairs = zip(batches_by_loader(task, True), batches_by_loader(task), strict=False)  # neither ends
    for (X, y), (right, labels) in islice(pairs, 12):
        assert torch.equal(X, right) and torch.equal(y, labels)
        assert X.shape == (8, 1, 28, 28)


def failing(*, when: str, error: Exception) -> Any:
    """`training_loop` that needs no network, and whose loop of `torch.compile` fails: when it is made, or later."""

    def make(knobs: Knobs, task: Task) -> Any:
        calls = []

        def loop(steps: int) -> float:
            calls.append(steps)
            if knobs.compiled and not knobs.graph and len(calls) == (1 if when == "at first" else 2):
                raise error
            return 0.0

        return loop

    return make


@pytest.mark.fast
@pytest.mark.parametrize("when", ["at first", "later"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("Failed to find C compiler.\nPlease specify via CC."), "Failed to find C compiler"),
        (RuntimeError(), "RuntimeError"),
        (subprocess.CalledProcessError(1, ["gcc"]), "Command '['gcc']' returned non-zero exit status 1"),
        (NotHereError("no | here"), "no / here"),
    ],
)
def test_a_knob_that_fails_costs_its_row_and_no_other(
    when: str, error: Exception, said: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_speed, "training_loop", failing(when=when, error=error))
    known: list[int] = []
    rates = measure(task, LADDER, steps=1, rounds=2, so_far=lambda found: known.append(len(found)))
    assert {name: rate.left_out for name, rate in rates.items() if rate.left_out} == {"torch.compile": said}
    assert known == [1, 2, 3, 4, 5, 6, 7] + 7 * [7]
    assert f"| torch.compile | left out: {said} |" in ladder_table(rates, 8)


@pytest.mark.fast
def test_the_table_goes_without_its_first_row() -> None:
    rates = {name: Rate(100.0 * place) for place, name in enumerate(LADDER, 1)}
    table = ladder_table(rates, 8).splitlines()
    assert "| 2.00 times | 2.00 times |" in table[3] and "| 3.00 times | 1.50 times |" in table[4]
    table = ladder_table(rates | {"naive loop": Rate(left_out="no memory")}, 8).splitlines()
    assert "left out: no memory" in table[2] and "| 300 |  | 1.50 times |" in table[4]


@pytest.mark.fast
def test_bfloat16_is_taken_where_the_card_has_it_and_is_not_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def supported(including_emulation: bool = True) -> bool:
        asked.append(including_emulation)
        return including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert low_precision(torch.device("cuda")) is torch.float16
    assert low_precision(torch.device("cpu")) is torch.bfloat16
    assert asked == [False]

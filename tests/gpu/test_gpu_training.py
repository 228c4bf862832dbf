"""The benchmark of GPU training, run small on the CPU; and the GPU suite on a machine without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from helpers.course import ROOT
from training_recipe import AIM, Outcome, Recipe, augment, resnet9

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
    assert [row.split("|")[1].strip() for row in rows] == [
        "naive loop",
        "data on the device",
        "channels_last",
        "bf16 autocast",
        "torch.compile",
        "CUDA graphs",
    ]
    assert "1.00 times" in rows[0]
    assert "left out: CUDA graphs are NVIDIA GPUs' own" in rows[-1]


def test_the_recipe_prints_every_seed_and_their_mean() -> None:
    small = ("--epochs", "1", "--width", "4", "--train-size", "256", "--seeds", "3", "4")
    said = run("benchmarks/gpu_training.py", "--device", "cpu", "--recipe", *small)
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


@pytest.mark.fast
def test_the_verdict_on_the_recipe_is_about_the_full_set_in_five_epochs() -> None:
    from gpu_training import recipe_table

    above, below = ([Outcome(seed, AIM + 0.01 * sign, 9.0) for seed in range(3)] for sign in (1, -1))
    assert "; reached." in recipe_table(above, Recipe(), full=True)
    assert "; not reached." in recipe_table(below, Recipe(), full=True)
    assert "another task" in recipe_table(above, Recipe(), full=False)
    assert "95.00% ± 0.00%" in recipe_table(above, Recipe(), full=True)


@pytest.mark.fast
def test_the_residual_network_has_the_size_that_is_said() -> None:
    model = resnet9(64)
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(6.6e6, rel=0.01)
    assert resnet9(4)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.fast
def test_augmentation_mirrors_shifts_and_blanks_each_image_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    one = torch.rand(1, 1, 28, 28, generator=generator) + 0.5  # nowhere 0
    images = one.expand(200, 1, 28, 28)

    def made(**settings: int) -> torch.Tensor:
        recipe = Recipe(**{"shift": 0, "hole": 0} | settings)
        return augment(images, recipe, torch.Generator().manual_seed(1))

    mirrored = made()
    same, other = (mirrored == one).all((1, 2, 3)), (mirrored == one.flip(3)).all((1, 2, 3))
    assert (same ^ other).all()
    assert 60 < same.sum() < 140
    assert torch.equal(images[0], one[0])  # the data set itself is as it was

    places = set()
    for image in made(shift=2)[:, 0]:
        filled = image.nonzero()
        (top, left), (bottom, right) = filled.amin(0).tolist(), filled.amax(0).tolist()
        assert min(bottom - top, right - left) >= 25
        places.add((top - (27 - bottom), left - (27 - right)))
    assert len(places) == 25  # every shift by up to 2 pixels, down and across

    blanked = (made(hole=8)[:, 0] == 0).sum((1, 2))
    assert blanked.max() == 64
    assert blanked.min() >= 1

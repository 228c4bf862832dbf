"""The parts of the recipe for five epochs, each at a small size on the CPU; and what is chosen without the test set."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import recipe_runs
import torch
from recipe_parts import (
    FilterMuon,
    as_matrix,
    augment,
    groups,
    mean_over,
    sides,
    split,
    triangle,
    views,
    whitening_filters,
)
from recipe_runs import CANDIDATES, Runs, deadline, recipe_table, setting, tune
from torch import Tensor, nn
from torch.nn import functional
from training_recipe import AIM, PARTS, Outcome, Recipe, optimizers, resnet9, trained, without

from course_lib.fit import image_tensors

SMALL = Recipe(epochs=1, width=4, batch_size=32)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images() -> Tensor:
    """200 training images (200, 1, 28, 28), of mean 0 and deviation 1."""
    X = image_tensors()[0][:200]
    return (X - X.mean()) / X.std()


# ---- Images ----------------------------------------------------------------------------------------------------------


@pytest.mark.fast
def test_what_is_chosen_by_is_not_learned_from() -> None:
    learn, choose = split(600, 50)
    assert (len(learn), len(choose)) == (550, 50)
    assert sorted([*learn.tolist(), *choose.tolist()]) == list(range(600))
    assert torch.equal(split(600, 50)[1], choose)  # the same ones in every run, whatever its seed
    assert len(set(choose.tolist()) & set(range(50))) < 20  # from everywhere


@pytest.mark.fast
def test_alternating_shows_each_image_both_ways_in_two_epochs() -> None:
    first, second, third = sides(1000, 3, generator(), "alternating")
    assert (first ^ second).all()
    assert torch.equal(first, third)
    assert 400 < first.sum() < 600
    first, second = sides(1000, 2, generator(), "random")
    assert 400 < (first ^ second).sum() < 600
    assert not any(epoch.any() for epoch in sides(10, 2, generator(), "none"))


@pytest.mark.fast
def test_augmentation_mirrors_what_it_is_told_and_shifts_and_blanks_by_chance() -> None:
    one = torch.rand(1, 1, 28, 28, generator=generator()) + 0.5  # nowhere 0
    images = one.expand(200, 1, 28, 28)
    told = torch.arange(200) % 2 == 0
    mirrored = augment(images, told, 0, 0, generator())
    assert torch.equal(mirrored[told], images[told].flip(3))
    assert torch.equal(mirrored[~told], images[~told])
    assert torch.equal(images[0], one[0])  # the data set itself is as it was

    never = torch.zeros_like(told)
    reflected = functional.pad(one, (2,) * 4, mode="reflect")[0, 0]
    allowed = {tuple(reflected[r : r + 28, c : c + 28].flatten().tolist()) for r in range(5) for c in range(5)}
    moved = {tuple(image.flatten().tolist()) for image in augment(images, never, 2, 0, generator(1))}
    assert moved == allowed and len(moved) == 25  # every shift by up to 2 pixels, down and across

    blanked = (augment(images, never, 0, 8, generator(1))[:, 0] == 0).sum((1, 2))
    assert blanked.max() == 64
    assert blanked.min() >= 1


# ---- The network -----------------------------------------------------------------------------------------------------


def test_whitening_makes_patches_without_correlation(images: Tensor) -> None:
    made = functional.conv2d(images, whitening_filters(images, eps=0)).transpose(0, 1).flatten(1)
    torch.testing.assert_close(made[:9] @ made[:9].T / made.shape[1], torch.eye(9), atol=1e-3, rtol=0)
    torch.testing.assert_close(made[9:], -made[:9])
    before = functional.unfold(images, 3).transpose(0, 1).flatten(1)
    assert torch.corrcoef(before).abs().mean() > 0.3  # they had much


@pytest.mark.fast
def test_the_network_has_the_size_that_is_said() -> None:
    images = torch.randn(20, 1, 28, 28, generator=generator())
    for width, size in ((64, 6.6e6), (128, 4 * 6.6e6)):
        with torch.device("meta"):
            model = resnet9(Recipe(width=width, whitening=False), images)
        assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(size, rel=0.02)
    model = resnet9(SMALL, images)
    assert model(images[:2]).shape == (2, 10)
    assert not model[0][0].weight.requires_grad and model[0][0].bias.requires_grad


@pytest.mark.fast
def test_decay_touches_filters_only_and_every_parameter_learns_once() -> None:
    model = resnet9(SMALL, torch.randn(20, 1, 28, 28, generator=generator()))
    found = groups(model, 0.1, 5e-4, 16.0)
    learning = [id(parameter) for parameter in model.parameters() if parameter.requires_grad]
    assert sorted(id(p) for part in found.values() for p in part["params"]) == sorted(learning)
    assert {p.ndim for p in found["filters"]["params"]} == {4}
    assert {p.ndim for p in found["biases"]["params"]} == {1}
    decays = {name: part["weight_decay"] for name, part in found.items()}
    assert decays == {"filters": 5e-4, "head": 0.0, "biases": 0.0}
    assert found["biases"]["lr"] == 16 * found["head"]["lr"]


@pytest.mark.fast
def test_muon_has_the_filters_and_sgd_the_rest_or_everything() -> None:
    images = torch.randn(20, 1, 28, 28, generator=generator())
    for recipe in (SMALL, without(SMALL, "Muon"), without(SMALL, "Muon", "decay on filters only")):
        model: Any = resnet9(recipe, images).to(memory_format=torch.channels_last)
        used = optimizers(model, recipe)
        assert [type(each) for each in used] == ([FilterMuon] if recipe.muon_lr else []) + [torch.optim.SGD]
        count = sum(len(group["params"]) for each in used for group in each.param_groups)
        assert count == sum(parameter.requires_grad for parameter in model.parameters())
    (sgd,) = used
    assert {(group["weight_decay"], group["lr"]) for group in sgd.param_groups} == {(5e-4, recipe.lr)}


# ---- Learning --------------------------------------------------------------------------------------------------------


@pytest.mark.fast
def test_the_rate_is_a_triangle_that_ends_near_zero() -> None:
    factor = triangle(100, peak=0.2, start=0.25)
    rates = [factor(done) for done in range(100)]
    assert rates[0] == 0.25
    assert rates[20] == max(rates) == 1
    assert rates[10] == pytest.approx(0.625)
    assert rates[60] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.02
    assert factor(200) == 0


@pytest.mark.fast
def test_muon_steps_by_a_matrix_whose_singular_values_are_near_one() -> None:
    layer: Any = nn.Conv2d(8, 12, 3).to(memory_format=torch.channels_last)
    before = layer.weight.detach().clone()
    optimizer = FilterMuon([layer.weight], lr=1.0, weight_decay=0.0, momentum=0.0)
    steep = torch.randn(12, 8, 3, 3, generator=generator()) * torch.logspace(-2, 0, 12)[:, None, None, None]
    layer.weight.grad = steep.to(memory_format=torch.channels_last)
    optimizer.take_gradients()
    optimizer.step()
    values = torch.linalg.svdvals(as_matrix(before - layer.weight.detach()))
    assert values.min() > 0.5 and values.max() < 1.3
    assert torch.linalg.svdvals(as_matrix(steep)).min() < 0.2  # the gradient's were not
    with pytest.raises(ValueError, match="channels_last"):
        FilterMuon([nn.Conv2d(8, 12, 3).weight], lr=1.0)


def test_averaged_weights_equal_the_average(images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    import training_recipe

    labels = torch.arange(200) % 10
    recipe = replace(SMALL, batch_size=25, averaged=0.5)  # 8 updates, the last 4 of which are averaged
    seen: list[dict[str, Tensor]] = []
    make = training_recipe.updater

    def spied(model: nn.Module, *rest: Any) -> Any:
        update = make(model, *rest)

        def watched(*batch: Tensor) -> None:
            update(*batch)
            seen.append(copy.deepcopy(dict(model.named_parameters())))

        return watched

    monkeypatch.setattr(training_recipe, "updater", spied)
    model = trained(recipe, images, labels, seed=0)
    assert len(seen) == 8
    for name, value in model.named_parameters():
        torch.testing.assert_close(value, torch.stack([each[name] for each in seen[4:]]).mean(0), rtol=1e-4, atol=1e-6)
    assert all(buffer.isfinite().all() for buffer in model.buffers())
    last = trained(replace(recipe, averaged=0.0), images, labels, seed=0)
    for name, value in last.named_parameters():
        torch.testing.assert_close(value, seen[7][name])


@pytest.mark.fast
def test_views_of_a_test_image_are_averaged(images: Tensor) -> None:
    some = images[:3]
    assert [torch.equal(a, b) for a, b in zip(views(some, 0), [some, some.flip(3)], strict=True)] == [True, True]
    ten = list(views(some, 1))
    assert len(ten) == 10 and torch.equal(ten[0], some)
    assert torch.equal(ten[2][:, :, 1:], some[:, :, :-1])  # one pixel down
    assert len({tuple(view[0].flatten().tolist()) for view in ten}) == 10
    asked: list[Tensor] = []

    def model(seen: Tensor) -> Tensor:
        asked.append(seen)
        return seen.flatten(1)[:, :10]

    expected = sum(view.flatten(1)[:, :10] for view in ten) / 10
    torch.testing.assert_close(mean_over(model, ten), expected)
    assert len(asked) == 10


@pytest.mark.fast
def test_each_part_can_be_left_out_and_is_one_change() -> None:
    for part, old in PARTS.items():
        changed = without(Recipe(), part)
        assert changed != Recipe()
        assert replace(Recipe(), **old) == changed
    assert without(Recipe(), *PARTS).width == 64


# ---- Runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Runs on 120 images whose pixels say which they are, and no training: accuracy is by the recipe's numbers."""
    numbered = torch.arange(120.0)[:, None, None, None].expand(120, 1, 28, 28)
    tested = -numbered[:10] - 1
    tensors = numbered, torch.zeros(120, dtype=torch.long), tested, torch.zeros(10, dtype=torch.long)

    def train(recipe: Recipe, learn: Any, asked: Any, device: Any, seed: int) -> Outcome:
        used.append((recipe, set(learn[0][:, 0, 0, 0].tolist()), set(asked[0][:, 0, 0, 0].tolist())))
        good = 0.01 * (recipe.lr == 0.4) + 0.0005 * (recipe.shift == 1) - 0.02 * (recipe.flip == "random")
        return Outcome(seed, 0.9 + good + 0.001 * seed, 1.0)

    used: list[tuple[Recipe, set[float], set[float]]] = []
    monkeypatch.setattr(recipe_runs, "train", train)
    made = Runs(tensors, torch.device("cpu"), True, ["Here."], tmp_path / "kept.md")
    object.__setattr__(made, "used", used)
    yield made


def never() -> bool:
    return False


@pytest.mark.fast
def test_tuning_looks_at_training_images_alone_and_keeps_what_gains_more_than_luck(runs: Any) -> None:
    best, said = tune(Recipe(), [0, 1], runs, never)
    assert best == replace(Recipe(), lr=0.4)
    assert "Best so far: `--set lr=0.4`" in said
    assert runs.file.read_text(encoding="utf-8") == f"Here.\n\n{said}\n"
    assert len(runs.used) == 2 * (1 + sum(map(len, CANDIDATES.values())))
    for _, learned, asked in runs.used:
        assert (len(learned), len(asked)) == (110, 10)
        assert not learned & asked and min(asked) >= 0


@pytest.mark.fast
def test_without_time_nothing_is_begun_and_nothing_that_is_known_is_lost(runs: Any) -> None:
    answers = iter([False] * 4)
    _, said = tune(Recipe(), [0, 1], runs, lambda: next(answers, True))
    assert said.count("\n| ") == 2 and "Best so far: the recipe as it is" in said
    assert deadline(None)() is False
    assert deadline(0.0)() is True


@pytest.mark.fast
def test_ablations_are_paired_and_on_training_images(runs: Any) -> None:
    said = recipe_runs.ablate(Recipe(), [0, 1], runs, never)
    assert "| whole | 90.05% ± 0.07% |  |" in said
    assert "| without alternating flip | 88.05% ± 0.07% | -2.00% ± 0.00% |" in said
    assert all(f"| without {part} |" in said for part in PARTS)
    assert all(min(asked) >= 0 for _, _, asked in runs.used)


@pytest.mark.fast
def test_the_verdict_is_about_ten_seeds_the_full_set_and_five_epochs() -> None:
    above, below = ([Outcome(seed, AIM + 0.01 * sign, 9.0) for seed in range(10)] for sign in (1, -1))
    assert "; reached." in recipe_table(above, Recipe(), full=True)
    assert "; not reached." in recipe_table(below, Recipe(), full=True)
    assert "too few seeds" in recipe_table(above[:3], Recipe(), full=True)
    assert "another task" in recipe_table(above, Recipe(), full=False)
    assert "another task" in recipe_table(above, Recipe(), full=True, held_out=True)
    assert "95.00% ± 0.00%" in recipe_table(above, Recipe(), full=True)


@pytest.mark.fast
def test_a_number_of_the_recipe_is_read_as_what_it_is() -> None:
    assert [setting(text) for text in ("lr=0.3", "hole=8", "whitening=False", "flip=none")] == [
        ("lr", 0.3),
        ("hole", 8),
        ("whitening", False),
        ("flip", "none"),
    ]
    for wrong in ("rate=3", "lr", "hole=big", "whitening=no"):
        with pytest.raises(Exception, match=r"the recipe has no|is no value for"):
            setting(wrong)

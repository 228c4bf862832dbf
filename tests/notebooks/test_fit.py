"""The one loop that trains every network from unit 12 on: same seed, same curve; and it learns."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.fit import accuracy, fit, image_tensors

pytestmark = pytest.mark.fast


def clouds(n: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """Three clouds of points that a linear layer can tell apart."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 3
    return 3 * torch.eye(3)[y] + torch.randn(n, 3, generator=generator), y


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 3)


def test_the_loss_falls_and_the_classes_are_told_apart() -> None:
    X, y = clouds()
    model = linear()
    losses = fit(model, X, y, epochs=20, lr=0.1, batch_size=16)
    assert len(losses) == 20
    assert losses[-1] < losses[0] / 2
    assert accuracy(model, X, y) > 0.9
    assert not model.training


def test_one_seed_gives_one_curve_and_another_seed_another() -> None:
    X, y = clouds()
    first, again, other = (fit(linear(), X, y, epochs=2, lr=0.1, batch_size=16, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_each_epoch_is_told_and_each_batch_augmented() -> None:
    X, y = clouds(50)
    told: list[int] = []
    sizes: list[int] = []

    def augment(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        sizes.append(len(batch))
        return batch + torch.randn(batch.shape, generator=generator)

    fit(
        linear(),
        X,
        y,
        epochs=2,
        lr=0.1,
        batch_size=16,
        augment=augment,
        after_epoch=lambda epoch, _: told.append(epoch),
    )
    assert told == [1, 2]
    assert sizes == [16, 16, 16, 2] * 2


def test_the_loss_of_an_epoch_weighs_every_example_alike() -> None:
    """With a learning rate of almost 0, it is the loss over the whole set, whatever the last batch's size."""
    X, y = clouds(50)
    whole = nn.functional.cross_entropy(linear()(X), y).item()
    assert fit(linear(), X, y, epochs=1, lr=1e-12, batch_size=16)[0] == pytest.approx(whole, rel=1e-5)


def test_accuracy_restores_the_mode_it_found() -> None:
    X, y = clouds()
    model = linear().train()
    accuracy(model, X, y)
    assert model.training


def test_images_and_labels_that_do_not_fit_are_a_sentence() -> None:
    X, y = clouds()
    with pytest.raises(CourseError, match="as many images as labels"):
        fit(linear(), X, y[:-1], epochs=1, lr=0.1)


def test_the_embedded_images_come_as_tensors() -> None:
    X_train, y_train, X_test, y_test = image_tensors()
    assert X_train.shape == (10_000, 1, 28, 28)
    assert (X_test.shape, y_test.shape) == ((2_000, 1, 28, 28), (2_000,))
    assert (X_train.dtype, y_train.dtype) == (torch.float32, torch.int64)
    assert 0 <= X_train.min() < X_train.max() <= 1

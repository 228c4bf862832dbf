"""The parts of the recipe for five epochs, each a function or a small class; `tests/gpu/test_recipe.py` tests them.

Sources: Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, for the alternating flip, the whitening
layer, the triangle, the groups and the views; Page, "How to train your ResNet", 2018, for whitening and cutout; Jordan
et al., "Muon", 2024.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# ---- Images ----------------------------------------------------------------------------------------------------------


def split(n: int, held_out: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indices of the n training images: (n - held_out,) to learn from, and (held_out,) to choose by; in no order."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[held_out:], order[:held_out]


def sides(n: int, epochs: int, generator: torch.Generator, how: str) -> Iterator[Tensor]:
    """For each epoch, which of n images are mirrored, (n,) bool on the generator's device.

    how: "alternating": a half by chance at first, and then always the others, so that two epochs show each image both
    ways; "random": by chance every time; "none".
    """
    first = torch.randint(0, 2, (n,), generator=generator, device=generator.device) == 1
    for epoch in range(epochs):
        if how == "none":
            yield torch.zeros_like(first)
        elif how == "alternating":
            yield first ^ (epoch % 2 == 1)
        else:
            yield first
            first = torch.randint(0, 2, (n,), generator=generator, device=generator.device) == 1


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each image (N, 1, H, W) moved by up to `most` pixels down and across, by chance; reflected at the border."""
    n, _, height, width = images.shape
    device = images.device
    rows, columns = (
        torch.arange(size, device=device) + torch.randint(0, 2 * most + 1, (n, 1), generator=generator, device=device)
        for size in (height, width)
    )
    padded = functional.pad(images, (most,) * 4, mode="reflect")[:, 0]
    index = torch.arange(n, device=device)[:, None, None]
    return padded[index, rows[:, :, None], columns[:, None, :]][:, None]


def with_hole(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Cutout: a square of each image (N, 1, H, W) is 0, anywhere, also partly outside."""
    n, _, height, width = images.shape
    covered = []
    for size in (height, width):
        start = torch.randint(1 - side, size, (n, 1), generator=generator, device=images.device)
        at = torch.arange(size, device=images.device)
        covered.append((at >= start) & (at < start + side))
    return images.masked_fill((covered[0][:, :, None] & covered[1][:, None, :])[:, None], 0)


def augment(images: Tensor, mirrored: Tensor, shift: int, hole: int, generator: torch.Generator) -> Tensor:
    """Images (N, 1, H, W), those mirrored that are told (N,), each moved, and with a hole; all on their device."""
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    if shift:
        images = shifted(images, shift, generator)
    return with_hole(images, hole, generator) if hole else images


# ---- The first layer -------------------------------------------------------------------------------------------------


def whitening_filters(images: Tensor, side: int = 3, eps: float = 1e-3) -> Tensor:
    """Filters (2 side², 1, side, side) that whiten: the first half makes uncorrelated values of variance 1.

    The other half are their negatives. images: (N, 1, H, W), of mean 0. A filter is an eigenvector of the covariance of
    all patches, divided by its standard deviation. eps: added to the variances, or what hardly varies would be noise.
    """
    patches = functional.unfold(images, side).transpose(1, 2).reshape(-1, side**2).double()
    variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (directions / (variances + eps).sqrt()).T.flip(0).float()  # what varies most comes first
    return torch.cat([filters, -filters]).reshape(-1, 1, side, side)


# ---- Learning --------------------------------------------------------------------------------------------------------


def triangle(updates: int, peak: float = 0.23, start: float = 0.2) -> Callable[[int], float]:
    """What the learning rate is multiplied by before each update: from `start` up to 1, then down to nearly 0.

    peak: where in the training it is 1, a share of the updates.
    """
    top = max(1, round(peak * updates))

    def factor(done: int) -> float:
        if done < top:
            return start + (1 - start) * done / top
        return max(0.0, 1 - (done - top) / max(1, updates - top))

    return factor


def groups(model: nn.Module, lr: float, weight_decay: float, bias_factor: float) -> dict[str, dict[str, Any]]:
    """The parameters that learn, in three groups for an optimizer: only the filters decay, and biases learn faster.

    "filters": weights of four axes. "biases": of one axis. "head": the others.
    """
    found: dict[str, list[nn.Parameter]] = {"filters": [], "head": [], "biases": []}
    for parameter in model.parameters():
        if parameter.requires_grad:
            found[{4: "filters", 1: "biases"}.get(parameter.ndim, "head")].append(parameter)
    return {
        name: {
            "params": parameters,
            "lr": lr * (bias_factor if name == "biases" else 1),
            "weight_decay": weight_decay if name == "filters" else 0.0,
        }
        for name, parameters in found.items()
        if parameters
    }


def as_matrix(values: Tensor) -> Tensor:
    """Filters (F, C, k, k) as a matrix (F, k² C) in the same memory, which has to be in channels_last."""
    return values.permute(0, 2, 3, 1).flatten(1)


class FilterMuon(torch.optim.Muon):
    """PyTorch's Muon, which wants matrices, for the filters of convolutions: each is a row.

    The matrices share the filters' memory, so what is done to them is done to the filters. Their gradients do not come
    by themselves: call `take_gradients()` after `backward()`.
    """

    def __init__(self, filters: Iterable[nn.Parameter], **settings: Any) -> None:
        self.filters = list(filters)
        matrices = [nn.Parameter(as_matrix(each.detach())) for each in self.filters]
        for matrix, each in zip(matrices, self.filters, strict=True):
            if matrix.data_ptr() != each.data_ptr():
                raise ValueError("FilterMuon needs its filters in channels_last: model.to(memory_format=...).")
        super().__init__(matrices, **settings)
        self.matrices = matrices

    def take_gradients(self) -> None:
        """Hand the filters' gradients to their matrices."""
        for matrix, each in zip(self.matrices, self.filters, strict=True):
            matrix.grad = None if each.grad is None else as_matrix(each.grad)


# ---- Answers ---------------------------------------------------------------------------------------------------------


def views(images: Tensor, shift: int) -> Iterator[Tensor]:
    """Images (N, 1, H, W) as they are and mirrored, 2 views; with a shift 10, also moved by it in four directions."""
    padded = functional.pad(images, (shift,) * 4, mode="reflect") if shift else images
    height, width = images.shape[2:]
    places = [(shift, shift)]
    if shift:
        places += [(0, shift), (2 * shift, shift), (shift, 0), (shift, 2 * shift)]
    for top, left in places:
        seen = padded[:, :, top : top + height, left : left + width]
        yield seen
        yield seen.flip(3)


def mean_over(model: Callable[[Tensor], Tensor], seen: Iterable[Tensor]) -> Tensor:
    """The mean of what a model says of several views (N, 1, H, W) of the same images, (N, classes)."""
    return torch.stack([model(each) for each in seen]).mean(0)

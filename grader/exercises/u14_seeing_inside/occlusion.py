"""`occlusion`: what the score loses when a patch of the image is covered."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
    UNIT,
    Layers,
    best_class,
    linear_network,
    other_class,
    scores,
    smooth_network,
)
from grader.exercises.u14_seeing_inside.saliency import case
from grader.spec import Case, Exercise, Group, Misconception


def occlusion_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, shape: tuple[int, ...], size: int, stride: int, fill: float = 0.0,
            choose: Any = best_class) -> Case:  # fmt: skip
        layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
        labels = choose(layers, images)
        return case(label, group, layers, images, labels, size=size, stride=stride, fill=fill)

    return [
        one("a linear model, pixel by pixel", "drop", linear_network, (1, 1, 3, 4), 1, 1),
        one("tiles of 2 x 2 side by side", "drop", smooth_network, (1, 1, 4, 6), 2, 2),
        one("windows that overlap, a linear model", "mean", linear_network, (1, 1, 4, 5), 2, 1),
        one("windows of 4 x 4, two apart", "mean", smooth_network, (1, 1, 6, 8), 4, 2),
        one("tiles that do not fit", "edge", linear_network, (1, 1, 5, 7), 3, 3),
        one("overlapping windows that do not fit", "edge", smooth_network, (1, 1, 6, 9), 3, 2),
        one("filled with grey", "fill", smooth_network, (1, 1, 4, 6), 2, 2, 0.5),
        one("two channels, filled with white", "fill", linear_network, (1, 2, 3, 4), 1, 1, 1.0),
        one("a class that is not predicted", "asked", smooth_network, (1, 1, 4, 6), 2, 2, 0.0, other_class),
        one(
            "two images, classes that are not predicted", "asked", linear_network, (2, 1, 2, 4), 1, 1, 0.0, other_class
        ),
    ]


def occlusion_oracle(
    network: Layers, images: np.ndarray, labels: np.ndarray, size: int, stride: int, fill: float, asks: str
) -> tuple[np.ndarray, None, None]:
    """All windows as masks (windows, H, W), made axis by axis; the scores in NumPy."""
    sides = []
    for length in images.shape[2:]:
        count = int(np.ceil(max(length - size, 0) / stride)) + 1
        place = np.arange(length) - stride * np.arange(count)[:, None]
        sides.append((place >= 0) & (place < size))
    masks = (sides[0][:, None, :, None] & sides[1][None, :, None, :]).reshape(-1, *images.shape[2:])
    before = scores(network, images, labels)
    drops = np.stack([before - scores(network, np.where(mask, fill, images), labels) for mask in masks], axis=1)
    return np.einsum("nw,whv->nhv", drops, masks) / masks.sum(axis=0), None, None


def occlusion_by_batches(model, images, labels, size, stride, fill):
    import torch

    N, _, H, W = images.shape
    masks = []
    for top in range(0, H - size + stride, stride):
        for left in range(0, W - size + stride, stride):
            mask = torch.zeros(H, W, dtype=torch.bool)
            mask[top : top + size, left : left + size] = True
            masks.append(mask)
    windows = torch.stack(masks)
    maps = []
    with torch.no_grad():
        for i in range(N):
            covered = torch.where(windows[:, None], torch.tensor(fill, dtype=images.dtype), images[i])
            drop = model(images[i : i + 1])[0, labels[i]] - model(covered)[:, labels[i]]
            maps.append((drop[:, None, None] * windows).sum(dim=0) / windows.sum(dim=0))
    return torch.stack(maps)


def occlusion_restored(model, images, labels, size, stride, fill):
    import torch

    def score(batch: Any) -> Any:
        with torch.no_grad():
            return model(batch).gather(1, labels.unsqueeze(1)).squeeze(1)

    picture, full = images.clone(), score(images)
    total, count = torch.zeros_like(images[:, 0]), torch.zeros_like(images[0, 0])
    top = 0
    while True:
        left = 0
        while True:
            rows, columns = slice(top, top + size), slice(left, left + size)
            picture[..., rows, columns] = fill
            total[:, rows, columns] += (full - score(picture)).reshape(-1, 1, 1)
            count[rows, columns] += 1
            picture[..., rows, columns] = images[..., rows, columns]
            if left + size >= images.shape[3]:
                break
            left += stride
        if top + size >= images.shape[2]:
            break
        top += stride
    return total / count


def occlusion(model, images, labels, size, stride, fill):
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


OCCLUSION = Exercise(
    name="occlusion",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    driver="attribution",
    groups=(
        Group("drop", "gives the covered pixels what the score loses", 2, hint=1),
        Group("mean", "averages over all windows that cover a pixel", 2, hint=2),
        Group("edge", "covers the image to its edges, with windows that stick out if need be", 1, hint=3),
        Group("fill", "covers with the value that it is given, in all channels", 1, hint=4),
        Group("asked", "explains the class that is asked about, for each image", 2, hint=4),
    ),
    cases=occlusion_cases,
    reference=occlusion_oracle,
    misconceptions=(
        Misconception(
            "wrong_sign",
            change(occlusion, "before - model(covered)[rows, labels]", "model(covered)[rows, labels] - before"),
            "Right size, wrong sign: you subtract the full image's score from the covered one's. A pixel that the "
            "class needs should get a positive number: the drop is before minus after.",
        ),
        Misconception(
            "score_for_drop",
            change(occlusion, "before - model(covered)", "model(covered)"),
            "Your map holds the scores of the covered images. What a patch was worth is the difference: the score of "
            "the whole image minus that.",
        ),
        Misconception(
            "probability",
            change(
                occlusion,
                "model(images)",
                "model(images).softmax(dim=1)",
                "model(covered)",
                "model(covered).softmax(dim=1)",
            ),
            "You measure the drop of the probability. Where the model is sure it hardly moves, whatever you cover. Use "
            "the score before the softmax, as for the other methods.",
        ),
        Misconception(
            "sum",
            change(occlusion, "total / count", "total"),
            "You add up the drops of all windows over a pixel: pixels in the middle, which more windows cover, look "
            "more important. Divide by how many covered it.",
        ),
        Misconception(
            "mean_of_all_windows",
            change(occlusion, "count[top : top + size, left : left + size] += 1", "count += 1"),
            "You divide by the number of all windows, the same for every pixel. Each pixel has its own count: the "
            "windows that cover it.",
            hint=2,
        ),
        Misconception(
            "last_window_wins",
            change(occlusion, "+= drop", "= drop", "total / count", "total"),
            "Where windows overlap, the last one overwrites what the others found. Add up, and count.",
        ),
        Misconception(
            "stays_covered",
            change(
                occlusion,
                "for top in",
                "covered = images.clone()\n        for top in",
                "                covered = images.clone()\n",
                "",
            ),
            "What was covered stays covered, so that your windows pile up until nothing is left of the image. Each "
            "window begins with the whole image.",
            hint=3,
        ),
        Misconception(
            "edge_left_out",
            change(
                occlusion,
                "H - size + stride, stride",
                "H - size + 1, stride",
                "W - size + stride, stride",
                "W - size + 1, stride",
                "total / count",
                "total / count.clamp(min=1)",
            ),
            "The last rows or columns are never covered where the windows do not fit evenly. Go on until the edge is "
            "reached; a slice that sticks out is cut by itself.",
        ),
        Misconception(
            "always_black",
            change(occlusion, "= fill", "= 0"),
            "You cover with 0 whatever `fill` says. What counts as nothing depends on the data: in front of a white "
            "background a black patch is a thing of its own.",
        ),
        Misconception(
            "one_channel",
            change(occlusion, "covered[:, :,", "covered[:, 0,"),
            "You cover the first channel only; the others still show what is behind.",
        ),
        Misconception(
            "of_the_prediction",
            change(
                occlusion,
                "model(images)[rows, labels]",
                "model(images).max(dim=1).values",
                "model(covered)[rows, labels]",
                "model(covered).max(dim=1).values",
            ),
            "You follow the highest score, whichever class it belongs to. When the covered image is taken for "
            "something else, that score can even rise. Follow the class in `labels`.",
            hint=4,
        ),
        Misconception(
            "one_window_too_many",
            change(occlusion, "H - size + stride, stride", "H, stride", "W - size + stride, stride", "W, stride"),
            "You begin one more window although the edge was already reached: with 7 pixels, size 3 and stride 2, "
            "windows begin at 0, 2 and 4, and none at 6. The last window is the first one that touches the edge.",
            hint=3,
        ),
        Misconception(
            "shifted_to_fit",
            change(
                occlusion,
                "for top in range(0, H - size + stride, stride):",
                "for top in [min(k, H - size) for k in range(0, H - size + stride, stride)]:",
                "for left in range(0, W - size + stride, stride):",
                "for left in [min(k, W - size) for k in range(0, W - size + stride, stride)]:",
            ),
            "You push the last window back until it fits. Here it keeps its place and sticks out; the slice cuts it "
            "by itself.",
        ),
        Misconception(
            "score_of_the_covered_class",
            change(occlusion, "model(images)[rows, labels]", "model(images)[rows, labels].mean()"),
            "You subtract from the mean score of the batch. Each image has a score of its own before it is covered.",
        ),
        Misconception(
            "size_of_the_drop",
            change(
                occlusion,
                "drop = before - model(covered)[rows, labels]",
                "drop = (before - model(covered)[rows, labels]).abs()",
            ),
            "You take the size of the drop. Covering a patch may also raise the score: such a patch spoke against the "
            "class, and its number is negative.",
        ),
        Misconception(
            "fill_added",
            change(occlusion, "= fill", "+= fill"),
            "You add `fill` to the patch, and the image still shows through. To cover is to put `fill` in its place.",
            hint=4,
        ),
        Misconception(
            "only_what_falls",
            change(
                occlusion,
                "before - model(covered)[rows, labels]",
                "(before - model(covered)[rows, labels]).clamp(min=0)",
            ),
            "You cut off what is negative. Covering a patch may also raise the score: such a patch spoke against the"
            " class, and its number is negative.",
        ),
    ),
    also_right=(
        occlusion,
        occlusion_by_batches,
        occlusion_restored,
        change(occlusion, "H - size + stride, stride", "max(H - size, 0) + stride, stride"),
        change(occlusion, "drop[:, None, None]", "drop.view(-1, 1, 1)", "covered[:, :,", "covered[...,"),
        change(
            occlusion,
            "count[top : top + size, left : left + size] += 1",
            "count[top : min(top + size, H), left : min(left + size, W)] += 1.0",
        ),
    ),
)

"""`smoothgrad`: the mean of the gradients at noisy copies of an image."""

from typing import Any

import numpy as np

from grader.exercises.u13_seeing_inside import smoothgrad_wrong as wrong
from grader.exercises.u13_seeing_inside.networks import (
    UNIT,
    Layers,
    best_class,
    gradients,
    linear_network,
    other_class,
    quadratic_network,
    relu_network,
    smooth_network,
)
from grader.exercises.u13_seeing_inside.saliency import LEFT, case
from grader.spec import Case, Exercise, Group, Misconception


def smoothgrad_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, shape: tuple[int, ...], sigma: float, n: int, choose: Any = best_class,
            asks: str = "maps") -> Case:  # fmt: skip
        layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
        rest = {"sigma": sigma, "n": n, "seed": int(rng.integers(1000))}
        return case(label, group, layers, images, choose(layers, images), asks, **rest)

    return [
        one("no noise at all", "mean", smooth_network, (1, 1, 4, 4), 0.0, 3),
        one("a linear model, where noise changes nothing", "mean", linear_network, (1, 1, 3, 4), 0.5, 4),
        one("one noisy copy", "noise", quadratic_network, (1, 1, 3, 6), 0.4, 1),
        one("one noisy copy, tanh", "noise", smooth_network, (1, 1, 4, 6), 0.8, 1),
        one("four copies of a quadratic model", "copies", quadratic_network, (1, 1, 3, 6), 0.5, 4),
        one("three copies, tanh", "copies", smooth_network, (1, 1, 4, 6), 0.7, 3),
        one("three images", "batch", quadratic_network, (3, 1, 3, 4), 0.5, 2),
        one("two images, classes that are not predicted", "batch", smooth_network, (2, 2, 4, 4), 0.5, 2, other_class),
        one("called twice", "clean", smooth_network, (1, 1, 4, 4), 0.6, 2, asks="left"),
        one("called twice, ReLU", "clean", relu_network, (1, 1, 4, 4), 0.3, 2, asks="left"),
    ]


def smoothgrad_oracle(
    network: Layers, images: np.ndarray, labels: np.ndarray, sigma: float, n: int, seed: int, asks: str
) -> tuple[np.ndarray, None, dict[str, bool] | None]:
    """Noise as stated, one draw a copy; the gradients by the complex step."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    maps = images
    for _ in range(2 if asks == "left" else 1):  # a second call goes on with the generator as the first left it
        noise = [torch.randn(images.shape, generator=generator, dtype=torch.float64).numpy() for _ in range(n)]
        maps = np.mean([gradients(network, images + sigma * z, labels) for z in noise], axis=0)
    return maps, None, LEFT if asks == "left" else None


def smoothgrad_at_once(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    noise = torch.stack([torch.randn(images.shape, generator=generator, dtype=images.dtype) for _ in range(n)])
    pixels = (images + sigma * noise).flatten(0, 1).requires_grad_()
    asked = labels.repeat(n)
    scores = model(pixels).gather(1, asked[:, None])
    return torch.autograd.grad(scores.sum(), pixels)[0].unflatten(0, (n, len(images))).mean(dim=0)


def smoothgrad_through_the_mean(model: Any, images: Any, labels: Any, sigma: float, n: int, generator: Any) -> Any:
    import torch

    pixels = images.detach().requires_grad_()
    total = torch.zeros((), dtype=images.dtype)
    for _ in range(n):
        noise = torch.empty_like(images).normal_(generator=generator)
        total = total + model(pixels + sigma * noise)[range(len(labels)), labels].sum() / n
    return torch.autograd.grad(total, [pixels])[0]


SMOOTHGRAD = Exercise(
    name="smoothgrad",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    probe="attribution",
    groups=(
        Group("mean", "gives the gradient itself where noise makes no difference", 1),
        Group("noise", "looks at the image with noise of standard deviation sigma", 2),
        Group("copies", "averages the signed gradients of n copies, each with noise of its own", 2),
        Group("batch", "does so for each image and the class asked about", 1),
        Group("clean", "goes on with the generator at a second call, and leaves all else alone", 1),
    ),
    cases=smoothgrad_cases,
    reference=smoothgrad_oracle,
    misconceptions=(
        Misconception(
            "sum",
            wrong.smoothgrad_sum,
            "You add the gradients up and do not divide: with twice as many copies your map is twice as strong. "
            "SmoothGrad is their mean.",
            hint=1,
        ),
        Misconception(
            "absolute_first",
            wrong.smoothgrad_absolute,
            "You take absolute values before the mean. Then noise can no longer cancel: plus and minus add up to a "
            "haze, and more copies do not help. Average with signs; whoever draws the map may drop them later.",
            hint=2,
        ),
        Misconception(
            "one_noise",
            wrong.smoothgrad_one_noise,
            "All your copies have the same noise, so that their mean is one noisy gradient, however large n is. Each "
            "copy needs a draw of its own.",
            hint=3,
        ),
        Misconception(
            "noise_piles_up",
            wrong.smoothgrad_walk,
            "Each of your copies adds its noise to the copy before it, and so you walk away from the image. Every copy "
            "starts from the image itself.",
            hint=3,
        ),
        Misconception(
            "mean_of_the_copies",
            wrong.smoothgrad_mean_image,
            "You average the noisy images and take one gradient there. The noise then nearly cancels before the model "
            "has seen it. Take n gradients first, then their mean.",
            hint=1,
        ),
        Misconception(
            "one_noise_for_the_batch",
            wrong.smoothgrad_shared,
            "All images of the batch get the same noise. Draw in the shape of `images`, so that every entry has its "
            "own.",
            hint=3,
        ),
        Misconception(
            "own_noise_source",
            wrong.smoothgrad_global,
            "Your noise does not come from `generator`, so nobody can repeat your map. Hand the generator to randn.",
            hint=4,
        ),
        Misconception(
            "variance",
            wrong.smoothgrad_variance,
            "You multiply the noise by the root of sigma, as if sigma were the variance. It is the standard deviation: "
            "in units of a pixel, the usual size of the noise.",
            hint=4,
        ),
        Misconception(
            "uniform_noise",
            wrong.smoothgrad_uniform,
            "Your noise is uniform between 0 and 1 (rand), so it makes every pixel brighter. randn draws normal noise "
            "around 0.",
            hint=4,
        ),
        Misconception(
            "single_precision",
            wrong.smoothgrad_single,
            "Your noise was drawn in float32 for images in float64: other numbers than those of a draw in the images' "
            "own type. Say dtype=images.dtype.",
            hint=4,
        ),
        Misconception(
            "of_the_prediction",
            wrong.smoothgrad_prediction,
            "You explain the class that the model prefers, and with noise that may change from copy to copy. Explain "
            "the class in `labels` for all of them.",
            hint=5,
        ),
        Misconception(
            "fills_the_weights",
            wrong.smoothgrad_fills,
            "The maps are right, and backward() has added to the gradients of the weights, n times over. Ask for the "
            "gradient with respect to the pixels alone.",
            hint=5,
        ),
    ),
    equivalents=(smoothgrad_at_once, smoothgrad_through_the_mean),
)

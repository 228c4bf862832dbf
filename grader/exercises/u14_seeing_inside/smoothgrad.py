"""`smoothgrad`: the mean of the gradients at noisy copies of an image."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
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
from grader.exercises.u14_seeing_inside.saliency import LEFT, case, saliency
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


def smoothgrad_at_once(model, images, labels, sigma, n, generator):
    import torch

    noise = torch.stack([torch.randn(images.shape, generator=generator, dtype=images.dtype) for _ in range(n)])
    pixels = (images + sigma * noise).flatten(0, 1).requires_grad_()
    asked = labels.repeat(n)
    scores = model(pixels).gather(1, asked[:, None])
    return torch.autograd.grad(scores.sum(), pixels)[0].unflatten(0, (n, len(images))).mean(dim=0)


def smoothgrad_through_the_mean(model, images, labels, sigma, n, generator):
    import torch

    pixels = images.detach().requires_grad_()
    total = torch.zeros((), dtype=images.dtype)
    for _ in range(n):
        noise = torch.empty_like(images).normal_(generator=generator)
        total = total + model(pixels + sigma * noise)[range(len(labels)), labels].sum() / n
    return torch.autograd.grad(total, [pixels])[0]


def smoothgrad(model, images, labels, sigma, n, generator):
    import torch

    total = torch.zeros_like(images)
    for _ in range(n):
        noise = sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)
        pixels = (images + noise).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return total / n


def smoothgrad_of_saliency(model, images, labels, sigma, n, generator):
    import torch

    copies = []
    for _ in range(n):
        z = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        copies.append(saliency(model, sigma * z + images, labels, absolute=False))
    return torch.stack(copies).mean(0)


def mean_of_the_copies(model, images, labels, sigma, n, generator):
    import torch

    noise = [torch.randn(images.shape, generator=generator, dtype=images.dtype) for _ in range(n)]
    pixels = (images + sigma * torch.stack(noise).mean(dim=0)).requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    return torch.autograd.grad(scores.sum(), pixels)[0]


LOOP = "    for _ in range(n):\n"
NOISE = "noise = sigma * torch.randn(images.shape, generator=generator, dtype=images.dtype)\n"


SMOOTHGRAD = Exercise(
    name="smoothgrad",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    driver="attribution",
    groups=(
        Group("mean", "gives the gradient itself where noise makes no difference", 1, hint=1),
        Group("noise", "looks at the image with noise of standard deviation sigma", 2, hint=4),
        Group("copies", "averages the signed gradients of n copies, each with noise of its own", 2, hint=2),
        Group("batch", "does so for each image and the class asked about", 1, hint=3),
        Group("clean", "goes on with the generator at a second call, and leaves all else alone", 1, hint=5),
    ),
    cases=smoothgrad_cases,
    reference=smoothgrad_oracle,
    misconceptions=(
        Misconception(
            "sum",
            change(smoothgrad, "total / n", "total"),
            "You add the gradients up and do not divide: with twice as many copies your map is twice as strong. "
            "SmoothGrad is their mean.",
        ),
        Misconception(
            "absolute_first",
            change(smoothgrad, "pixels)[0]", "pixels)[0].abs()"),
            "You take absolute values before the mean. Then noise can no longer cancel: plus and minus add up to a "
            "haze, and more copies do not help. Average with signs; whoever draws the map may drop them later.",
            hint=2,
        ),
        Misconception(
            "one_noise",
            change(smoothgrad, f"{LOOP}        {NOISE}", f"    {NOISE}{LOOP}"),
            "All your copies have the same noise, so that their mean is one noisy gradient, however large n is. Each "
            "copy needs a draw of its own.",
            hint=3,
        ),
        Misconception(
            "noise_piles_up",
            change(
                smoothgrad,
                "(images + noise).requires_grad_()",
                "(images + noise).requires_grad_()\n        images = pixels.detach()",
            ),
            "Each of your copies adds its noise to the copy before it, and so you walk away from the image. Every copy "
            "starts from the image itself.",
            hint=3,
        ),
        Misconception(
            "mean_of_the_copies",
            mean_of_the_copies,
            "You average the noisy images and take one gradient there. The noise then nearly cancels before the model "
            "has seen it. Take n gradients first, then their mean.",
            hint=1,
        ),
        Misconception(
            "one_noise_for_the_batch",
            change(smoothgrad, "images.shape", "images.shape[1:]"),
            "All images of the batch get the same noise. Draw in the shape of `images`, so that every entry has its "
            "own.",
        ),
        Misconception(
            "own_noise_source",
            change(
                smoothgrad,
                "torch.randn(images.shape, generator=generator, dtype=images.dtype)",
                "torch.randn_like(images)",
            ),
            "Your noise does not come from `generator`, so nobody can repeat your map. Hand the generator to randn.",
        ),
        Misconception(
            "variance",
            change(smoothgrad, "sigma * torch", "sigma**0.5 * torch"),
            "You multiply the noise by the root of sigma, as if sigma were the variance. It is the standard deviation: "
            "in units of a pixel, the usual size of the noise.",
        ),
        Misconception(
            "sigma_squared",
            change(smoothgrad, "sigma * torch", "sigma**2 * torch"),
            "You multiply the noise by the square of sigma. sigma is the standard deviation: in units of a pixel, the "
            "usual size of the noise.",
        ),
        Misconception(
            "uniform_noise",
            change(smoothgrad, "torch.randn", "torch.rand"),
            "Your noise is uniform between 0 and 1 (rand), so it makes every pixel brighter. randn draws normal noise "
            "around 0.",
        ),
        Misconception(
            "single_precision",
            change(smoothgrad, ", dtype=images.dtype", ""),
            "Your noise was drawn in float32 for images in float64: other numbers than those of a draw in the images' "
            "own type. Say dtype=images.dtype.",
        ),
        Misconception(
            "of_the_prediction",
            change(smoothgrad, "[torch.arange(len(labels)), labels]", ".max(dim=1).values"),
            "You explain the class that the model prefers, and with noise that may change from copy to copy. Explain "
            "the class in `labels` for all of them.",
            hint=5,
        ),
        Misconception(
            "fills_the_weights",
            change(
                smoothgrad,
                "total += torch.autograd.grad(scores.sum(), pixels)[0]",
                "scores.sum().backward()\n        total += pixels.grad",
            ),
            "backward() has added to the gradients of the weights, n times over. Ask for the "
            "gradient with respect to the pixels alone.",
        ),
        Misconception(
            "of_the_loss",
            change(
                smoothgrad,
                "model(pixels)[torch.arange(len(labels)), labels]",
                'torch.nn.functional.cross_entropy(model(pixels), labels, reduction="none")',
            ),
            "You differentiate the loss. It mixes all classes; the question is about one class alone: its score, the"
            " logit.",
            hint=5,
        ),
        Misconception(
            "of_the_probability",
            change(smoothgrad, "model(pixels)", "model(pixels).softmax(dim=1)"),
            "You differentiate the probability. Where the model is sure it is flat. Take the score before the softmax.",
            hint=5,
        ),
        Misconception(
            "absolute_last",
            change(smoothgrad, "total / n", "(total / n).abs()"),
            "You drop the signs of the mean at the end. Here the mean keeps its signs; whoever draws the map may "
            "drop them.",
            hint=2,
        ),
        Misconception(
            "sample_mean",
            change(smoothgrad, "total / n", "total / (n - 1) if n > 1 else total"),
            "You divide by n - 1, as a sample's variance does. A mean of n gradients is their sum divided by n.",
        ),
    ),
    also_right=(
        smoothgrad,
        smoothgrad_at_once,
        smoothgrad_through_the_mean,
        change(smoothgrad, "pixels)[0]", "pixels)[0] / n", "return total / n", "return total"),
        smoothgrad_of_saliency,
        change(
            smoothgrad,
            "total = torch.zeros_like(images)",
            "maps = []",
            "total += torch.autograd.grad(scores.sum(), pixels)[0]\n    return total / n",
            "maps += torch.autograd.grad(scores.sum(), pixels)\n    return torch.stack(maps).mean(dim=0)",
        ),
    ),
)

"""`saliency`: how much the score of a class changes with each pixel."""

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
from grader.spec import Case, Exercise, Group, Misconception

LEFT = {
    "the weights' gradients are as they were": True,
    "the weights can still be trained": True,
    "the images are plain tensors": True,
    "no hook is left": True,
}
"""What the driver finds where nothing was left behind."""


def case(
    label: str, group: str, layers: Layers, images: np.ndarray, labels: np.ndarray, asks: str = "maps", **rest: Any
) -> Case:
    """One call of an attribution method; `rest` are its own settings, in order."""
    inputs = {"network": layers, "images": images, "labels": labels, **rest, "asks": asks}
    return Case(label, group, inputs)


def each_another(layers: Layers, images: np.ndarray) -> np.ndarray:
    """A class of its own for each image."""
    return np.arange(len(images))


def saliency_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, shape: tuple[int, ...], absolute: bool, choose: Any, asks: str) -> Case:
        layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
        return case(label, group, layers, images, choose(layers, images), asks, absolute=absolute)

    return [
        one("a linear model", "gradient", linear_network, (1, 1, 3, 4), True, best_class, "maps"),
        one("one image, tanh", "gradient", smooth_network, (1, 1, 4, 6), True, best_class, "maps"),
        one("a linear model, with signs", "signs", linear_network, (1, 1, 3, 4), False, best_class, "maps"),
        one("a quadratic model, with signs", "signs", quadratic_network, (1, 2, 3, 2), False, best_class, "maps"),
        one("a class that is not predicted", "asked", smooth_network, (1, 1, 4, 4), False, other_class, "maps"),
        one("the least likely class, ReLU", "asked", relu_network, (1, 1, 4, 6), True, other_class, "maps"),
        one("three images", "batch", quadratic_network, (3, 1, 3, 4), True, each_another, "maps"),
        one("two images with two channels", "batch", smooth_network, (2, 2, 4, 4), False, each_another, "maps"),
        one("called twice", "clean", smooth_network, (1, 1, 4, 4), False, best_class, "left"),
        one("called twice, ReLU", "clean", relu_network, (1, 1, 4, 4), True, best_class, "left"),
        one("two channels", "gradient", quadratic_network, (1, 2, 3, 2), True, best_class, "maps"),
    ]


def saliency_oracle(
    network: Layers, images: np.ndarray, labels: np.ndarray, absolute: bool, asks: str
) -> tuple[np.ndarray, None, dict[str, bool] | None]:
    """The complex step, pixel by pixel."""
    maps = gradients(network, images, labels)
    return np.abs(maps) if absolute else maps, None, LEFT if asks == "left" else None


def saliency_backward(model, images, labels, absolute=True):
    import torch

    maps = torch.zeros_like(images)
    for i in range(len(images)):
        pixels = images[i : i + 1].clone().requires_grad_(True)
        model(pixels)[0, labels[i]].backward(inputs=[pixels])
        maps[i] = pixels.grad[0]
    return maps.abs() if absolute else maps


def saliency_functional(model, images, labels, absolute=True):
    import torch

    state = {name: param.detach() for name, param in model.named_parameters()}

    def score(image: Any, label: Any) -> Any:
        logits = torch.func.functional_call(model, state, (image[None],))[0]
        return (logits * torch.nn.functional.one_hot(label, len(logits))).sum()

    maps = torch.stack([torch.func.grad(score)(image, label) for image, label in zip(images, labels, strict=True)])
    return torch.sqrt(maps**2) if absolute else maps


def saliency(model, images, labels, absolute=True):
    import torch

    pixels = images.clone().requires_grad_()
    scores = model(pixels)[torch.arange(len(labels)), labels]
    maps = torch.autograd.grad(scores.sum(), pixels)[0]
    return maps.abs() if absolute else maps


SALIENCY = Exercise(
    name="saliency",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    driver="attribution",
    groups=(
        Group("gradient", "differentiates the score with respect to each pixel", 2, hint=1),
        Group("signs", "keeps the signs when it is asked to", 1, hint=1),
        Group("asked", "explains the class that is asked about", 2, hint=2),
        Group("batch", "gives each image the map that it would have alone", 1, hint=3),
        Group("clean", "leaves model and images as they were, and can be called again", 2, hint=4),
    ),
    cases=saliency_cases,
    reference=saliency_oracle,
    misconceptions=(
        Misconception(
            "of_the_loss",
            change(
                saliency,
                "model(pixels)[torch.arange(len(labels)), labels]",
                'torch.nn.functional.cross_entropy(model(pixels), labels, reduction="none")',
            ),
            "You differentiate the loss. Its gradient mixes all classes, with the probabilities as weights, and "
            "shrinks to nothing where the model is sure. The question here is about one class alone: its score, the "
            "logit.",
        ),
        Misconception(
            "of_the_probability",
            change(saliency, "model(pixels)", "model(pixels).softmax(dim=1)"),
            "You differentiate the probability. It also rises when the other classes lose, and it is flat where the "
            "model is sure, so that the surest answers get the faintest maps. Take the score before the softmax.",
        ),
        Misconception(
            "of_the_prediction",
            change(saliency, "[torch.arange(len(labels)), labels]", ".max(dim=1).values"),
            "You explain the class that the model prefers. `labels` says which one is asked about, and the interesting "
            "question is often the other one: what here looks like a shirt to you?",
        ),
        Misconception(
            "of_all_classes",
            change(saliency, "[torch.arange(len(labels)), labels]", ""),
            "You add up the scores of all classes before you differentiate, so no class in particular is explained. "
            "From each row of the scores only one entry is asked for.",
            hint=2,
        ),
        Misconception(
            "every_label_for_every_image",
            change(saliency, "[torch.arange(len(labels)), labels]", "[:, labels]"),
            "Your scores[:, labels] is a square: every image's score for every label, its own and its neighbours'. You "
            "need N numbers, one a row, so both indices have to walk along together.",
        ),
        Misconception(
            "mean_over_the_batch",
            change(saliency, "scores.sum()", "scores.mean()"),
            "Your maps are divided by the number of images: a mean of the scores was differentiated. An image's map "
            "may not depend on how many others lie beside it.",
        ),
        Misconception(
            "always_absolute",
            change(saliency, "maps.abs() if absolute else maps", "maps.abs()"),
            "The signs are gone, although absolute=False asked for them. Later methods average gradients, and that "
            "works only as long as plus and minus can cancel.",
        ),
        Misconception(
            "never_absolute",
            change(saliency, "maps.abs() if absolute else maps", "maps"),
            "Your map has signs, although absolute is True. A pixel that pushes the score down is as important as one "
            "that pushes it up: the classic map shows the size alone.",
        ),
        Misconception(
            "times_the_image",
            change(saliency, "pixels)[0]", "pixels)[0] * images"),
            "You multiply by the image. That is another method, gradient times input, and it makes every map look like "
            "the image, whatever the model does. A saliency map is the gradient alone.",
        ),
        Misconception(
            "fills_the_weights",
            change(
                saliency,
                "maps = torch.autograd.grad(scores.sum(), pixels)[0]",
                "scores.sum().backward()\n    maps = pixels.grad",
            ),
            "Something is left behind: backward() went on into the weights and added to their "
            "gradients. Whoever explains a model in the middle of training spoils the next step.",
        ),
        Misconception(
            "marks_the_images",
            change(
                saliency,
                "images.clone()",
                "images",
                "maps = torch.autograd.grad(scores.sum(), pixels)[0]",
                "scores.sum().backward(inputs=[pixels])\n    maps = pixels.grad",
            ),
            "You switch recording on for the caller's own images. They keep the gradient, and the next call adds to "
            "it: the second map is twice the first. Work on a tensor of your own.",
        ),
        Misconception(
            "largest_channel",
            change(saliency, "maps.abs() if", "maps.abs().amax(dim=1, keepdim=True).expand_as(maps) if"),
            "You give all channels of a pixel the largest of their sizes. That makes one grey picture of a colour "
            "image; here each channel keeps a map of its own.",
        ),
        Misconception(
            "of_the_log_probability",
            change(saliency, "model(pixels)", "model(pixels).log_softmax(dim=1)"),
            "You differentiate the logarithm of the probability, which is the loss with another sign. It mixes all "
            "classes: take the score before the softmax.",
        ),
        Misconception(
            "squared",
            change(saliency, "maps.abs()", "maps**2"),
            "You square the gradient. absolute=True asks for its size, which is the absolute value: a square makes "
            "the strong pixels look stronger than they are.",
        ),
        Misconception(
            "negative_cut_off",
            change(saliency, "maps.abs()", "maps.clamp(min=0)"),
            "You cut off what is negative. A pixel that pushes the score down is as important as one that pushes it "
            "up: absolute=True asks for the size.",
        ),
        Misconception(
            "divided_by_the_largest",
            change(saliency, "pixels)[0]", "pixels)[0]\n    maps = maps / maps.abs().max()"),
            "You divide your maps by their largest value. Then nobody can tell an image on which the score hangs "
            "strongly from one on which it hardly hangs at all. Whoever draws the map may scale it.",
        ),
    ),
    also_right=(
        saliency,
        saliency_backward,
        saliency_functional,
        change(
            saliency,
            "images.clone()",
            "images.detach()",
            "maps = torch.autograd.grad(scores.sum(), pixels)[0]",
            "(maps,) = torch.autograd.grad(scores.sum(), pixels)",
        ),
        change(saliency, "[torch.arange(len(labels)), labels]", ".gather(1, labels.unsqueeze(1))"),
        change(saliency, "scores.sum()", "list(scores)", "maps.abs() if", "torch.maximum(maps, -maps) if"),
    ),
)

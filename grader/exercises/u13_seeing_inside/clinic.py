"""The bug clinic: maps that look right and would look the same for any network."""

from typing import Any

import numpy as np

from grader.exercises.u13_seeing_inside.networks import (
    UNIT,
    Layers,
    best_class,
    gradients,
    linear_network,
    quadratic_network,
    relu_network,
    smooth_network,
)
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, build: Any, shape: tuple[int, int, int], choose: Any, dark: bool = False) -> Case:
        layers, image = build(rng, shape, 4), rng.normal(size=shape)
        if dark:
            image[..., ::2] = 0
        first = int(best_class(layers, image[None])[0])
        classes = [(first + step) % 4 for step in choose]
        return Case(label, group, {"network": layers, "image": image, "classes": classes})

    return [
        case("the predicted class, a linear model", "weights", linear_network, (1, 3, 4), [0]),
        case("the predicted class, tanh", "weights", smooth_network, (1, 4, 6), [0]),
        case("another class, a linear model", "asked", linear_network, (1, 3, 4), [1]),
        case("another class, a quadratic model", "asked", quadratic_network, (2, 3, 2), [2]),
        case("every second column is dark, a linear model", "shares", linear_network, (1, 3, 4), [0], dark=True),
        case("every second column is dark, tanh", "shares", smooth_network, (1, 4, 6), [0], dark=True),
        case("two classes", "fresh", smooth_network, (1, 4, 4), [0, 2]),
        case("all four classes, ReLU", "fresh", relu_network, (1, 4, 6), [0, 1, 2, 3]),
        case("the same class twice", "fresh", quadratic_network, (1, 2, 4), [0, 0]),
    ]


def clinic_oracle(network: Layers, image: np.ndarray, classes: list[int]) -> np.ndarray:
    """Gradient times input, the gradient by the complex step."""
    images = np.repeat(image[None], len(classes), axis=0)
    return images * gradients(network, images, np.array(classes))


def clinic_as_given(model: Any, image: Any, classes: list) -> Any:
    import torch

    pixels = image.clone().requires_grad_()
    maps = []
    for _ in classes:
        score = model(pixels[None])[0].max()
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient.sign().abs())
    return torch.stack(maps)


def clinic_size_only(model: Any, image: Any, classes: list) -> Any:
    import torch

    maps = []
    for k in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0, k]
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient.abs())
    return torch.stack(maps)


def clinic_sign_only(model: Any, image: Any, classes: list) -> Any:
    import torch

    maps = []
    for k in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0, k]
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient.sign())
    return torch.stack(maps)


def clinic_still_predicted(model: Any, image: Any, classes: list) -> Any:
    import torch

    maps = []
    for _ in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0].max()
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient)
    return torch.stack(maps)


def clinic_still_adds_up(model: Any, image: Any, classes: list) -> Any:
    import torch

    pixels = image.clone().requires_grad_()
    maps = []
    for k in classes:
        score = model(pixels[None])[0, k]
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient)
    return torch.stack(maps)


def clinic_no_image(model: Any, image: Any, classes: list) -> Any:
    import torch

    maps = []
    for k in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0, k]
        score.backward()
        maps.append(pixels.grad)
    return torch.stack(maps)


def clinic_by_jacobian(model: Any, image: Any, classes: list) -> Any:
    import torch

    rows = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], image)
    return rows[list(classes)] * image


def clinic_cleared(model: Any, image: Any, classes: list) -> Any:
    import torch

    pixels = image.clone().requires_grad_()
    maps = torch.zeros(len(classes), *image.shape, dtype=image.dtype)
    scores = model(pixels[None])[0]
    for i, k in enumerate(classes):
        pixels.grad = None
        scores[k].backward(retain_graph=True)
        maps[i] = image * pixels.grad
    return maps


CLINIC_13 = Exercise(
    name="clinic_13",
    unit=UNIT,
    returns=("maps",),
    probe="class_maps",
    groups=(
        Group("weights", "gives maps that depend on what the network has learned", 2),
        Group("asked", "explains each class that is asked about", 2),
        Group("shares", "gives a dark pixel no share, and a bright one its own", 1),
        Group("fresh", "gives each class a map of its own", 1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            clinic_as_given,
            "What comes back is still the image, the same for every class and every network. Begin with symptom 1: "
            "which numbers can gradient.sign().abs() be? What is then left of the network in the map?",
            hint=1,
        ),
        Misconception(
            "sign_only",
            clinic_sign_only,
            "Of each gradient you keep the sign alone, so that all pixels of one brightness count alike. How strongly "
            "the score answers to a pixel is the gradient's size.",
            hint=1,
        ),
        Misconception(
            "size_only",
            clinic_size_only,
            "Your gradients have lost their signs: a pixel that speaks against the class looks like one that speaks "
            "for it. Multiply the image by the gradient as it is.",
            hint=1,
        ),
        Misconception(
            "still_predicted",
            clinic_still_predicted,
            "The maps depend on the network now. Whatever class is asked for, they explain the one that it prefers: "
            "the loop's variable is still not used.",
            hint=2,
        ),
        Misconception(
            "still_adds_up",
            clinic_still_adds_up,
            "The first map is right. Each later one holds the gradients of all classes before it as well, because "
            "backward adds to what is in .grad.",
            hint=3,
        ),
        Misconception(
            "without_the_image",
            clinic_no_image,
            "You return the gradients alone. The method is gradient times input: only so do the shares of a linear "
            "model add up to its score.",
            hint=1,
        ),
    ),
    equivalents=(clinic_by_jacobian, clinic_cleared),
)

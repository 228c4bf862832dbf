"""The bug clinic: maps that look right and would look the same for any network."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
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


def clinic_by_jacobian(model, image, classes):
    import torch

    rows = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], image)
    return rows[list(classes)] * image


def clinic_cleared(model, image, classes):
    import torch

    pixels = image.clone().requires_grad_()
    maps = torch.zeros(len(classes), *image.shape, dtype=image.dtype)
    scores = model(pixels[None])[0]
    for i, k in enumerate(classes):
        pixels.grad = None
        scores[k].backward(retain_graph=True)
        maps[i] = image * pixels.grad
    return maps


def clinic_14(model, image, classes):
    import torch

    maps = []
    for k in classes:
        pixels = image.clone().requires_grad_()
        score = model(pixels[None])[0, k]
        score.backward()
        gradient = pixels.grad
        maps.append(image * gradient)
    return torch.stack(maps)


CLINIC_14 = Exercise(
    name="clinic_14",
    unit=UNIT,
    returns=("maps",),
    driver="class_maps",
    groups=(
        Group("weights", "gives maps that depend on what the network has learned", 2, hint=1),
        Group("asked", "explains each class that is asked about", 2, hint=2),
        Group("shares", "gives a dark pixel no share, and a bright one its own", 1, hint=1),
        Group("fresh", "gives each class a map of its own", 1, hint=3),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            clinic_as_given,
            "What comes back is still the image, the same for every class and every network. Begin with symptom 1: "
            "which numbers can gradient.sign().abs() be? What is then left of the network in the map?",
        ),
        Misconception(
            "sign_only",
            change(clinic_14, "image * gradient", "image * gradient.sign()"),
            "Of each gradient you keep the sign alone, so that all pixels of one brightness count alike. How strongly "
            "the score answers to a pixel is the gradient's size.",
        ),
        Misconception(
            "size_only",
            change(clinic_14, "image * gradient", "image * gradient.abs()"),
            "Your gradients have lost their signs: a pixel that speaks against the class looks like one that speaks "
            "for it. Multiply the image by the gradient as it is.",
        ),
        Misconception(
            "still_predicted",
            change(clinic_14, "[0, k]", "[0].max()"),
            "The maps depend on the network now. Whatever class is asked for, they explain the one that it prefers: "
            "the loop's variable is still not used.",
        ),
        Misconception(
            "still_adds_up",
            change(
                clinic_14,
                "    maps = []\n",
                "    pixels = image.clone().requires_grad_()\n    maps = []\n",
                "        pixels = image.clone().requires_grad_()\n        score",
                "        score",
            ),
            "The first map is right. Each later one holds the gradients of all classes before it as well, because "
            "backward adds to what is in .grad.",
        ),
        Misconception(
            "without_the_image",
            change(clinic_14, "image * gradient", "gradient"),
            "You return the gradients alone. The method is gradient times input: only so do the shares of a linear "
            "model add up to its score.",
        ),
        Misconception(
            "class_by_its_place",
            change(clinic_14, "for k in classes", "for k in range(len(classes))"),
            "You count the classes off: the first map is of class 0, the second of class 1. `classes` holds the "
            "classes themselves.",
            hint=2,
        ),
        Misconception(
            "of_the_probability",
            change(clinic_14, "[0, k]", "[0].softmax(dim=0)[k]"),
            "You differentiate the probability. It also rises when other classes lose; take the score before the "
            "softmax.",
            hint=2,
        ),
        Misconception(
            "one_tensor_for_all",
            change(
                clinic_14,
                "    maps = []\n",
                "    pixels = image.clone().requires_grad_()\n    maps = []\n",
                "        pixels = image.clone().requires_grad_()\n        score",
                "        if pixels.grad is not None:\n            pixels.grad.zero_()\n        score",
                "image * gradient",
                "gradient",
                "torch.stack(maps)",
                "image * torch.stack(maps)",
            ),
            "All your maps are the last one: .grad is one tensor, and emptying it in place empties what your list "
            "holds, too. Multiply or copy before the next backward, or set .grad to None.",
        ),
    ),
    also_right=(
        clinic_14,
        clinic_by_jacobian,
        clinic_cleared,
        change(
            clinic_14,
            "score.backward()\n        gradient = pixels.grad",
            "(gradient,) = torch.autograd.grad(score, pixels)",
        ),
        change(clinic_14, "image.clone()", "image.detach().clone()", "return torch.stack(maps)", "return tuple(maps)"),
    ),
)

"""`integrated_gradients`: gradients on the way from a baseline to the image, and the axioms that they keep."""

from typing import Any

import numpy as np

from grader.exercises.u13_seeing_inside import integrated_wrong as wrong
from grader.exercises.u13_seeing_inside.networks import (
    UNIT,
    Layers,
    best_class,
    blind_network,
    gradients,
    linear_network,
    other_class,
    quadratic_network,
    relu_network,
    scores,
    smooth_network,
    twin,
)
from grader.exercises.u13_seeing_inside.saliency import LEFT, case
from grader.spec import Case, Exercise, Group, Misconception


def integrated_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, shape: tuple[int, ...], steps: int, grey: bool = True,
            choose: Any = best_class, asks: str = "maps") -> Case:  # fmt: skip
        layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
        baseline = rng.normal(size=(1, *shape[1:])) if grey else np.zeros((1, *shape[1:]))
        labels = choose(layers, images)
        if build is relu_network and group == "axioms":
            layers = twin(rng, layers)
        return case(label, group, layers, images, labels, asks, baseline=baseline, steps=steps)

    return [
        one("a linear model, one step", "factor", linear_network, (1, 1, 3, 4), 1, grey=False),
        one("a linear model, another baseline", "factor", linear_network, (1, 2, 3, 2), 3),
        one("four steps, a black baseline", "rule", smooth_network, (1, 1, 4, 6), 4, grey=False),
        one("three steps, another baseline", "rule", smooth_network, (1, 1, 4, 4), 3),
        one("the sum, one step", "completeness", quadratic_network, (2, 1, 3, 4), 1),
        one("the sum, five steps", "completeness", quadratic_network, (1, 2, 3, 2), 5, grey=False, choose=other_class),
        one("the sum, other classes", "completeness", quadratic_network, (2, 1, 2, 5), 2, choose=other_class),
        one("two columns that the model does not see", "axioms", blind_network, (1, 1, 3, 4), 3),
        one("a network that is written otherwise", "axioms", relu_network, (1, 1, 4, 4), 3),
        one("three images", "batch", smooth_network, (3, 1, 4, 4), 2),
        one(
            "two images, classes that are not predicted",
            "batch",
            quadratic_network,
            (2, 2, 3, 2),
            3,
            choose=other_class,
        ),
        one("called twice", "clean", smooth_network, (1, 1, 4, 4), 2, asks="left"),
    ]


def integrated_oracle(
    network: Layers, images: np.ndarray, labels: np.ndarray, baseline: np.ndarray, steps: int, asks: str
) -> tuple[np.ndarray | None, np.ndarray | None, dict[str, bool] | None]:
    """The midpoint rule with gradients by the complex step; for totals no gradient at all: F(x) - F(baseline)."""
    if asks == "totals":
        start = np.broadcast_to(baseline, images.shape)
        return None, scores(network, images, labels) - scores(network, start, labels), None
    middles = (np.arange(steps) + 0.5) / steps
    mean = sum(gradients(network, baseline + a * (images - baseline), labels) for a in middles) / steps
    return (images - baseline) * mean, None, LEFT if asks == "left" else None


def integrated_at_once(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    alphas = torch.linspace(0, 1, 2 * steps + 1, dtype=images.dtype)[1::2]
    path = torch.stack([torch.lerp(baseline.expand_as(images), images, alpha) for alpha in alphas])
    pixels = path.flatten(0, 1).requires_grad_()
    asked = model(pixels).gather(1, labels.repeat(steps)[:, None])
    grads = torch.autograd.grad(asked.sum(), pixels)[0]
    return grads.unflatten(0, (steps, len(images))).mean(dim=0) * (images - baseline)


def integrated_by_functional(model: Any, images: Any, labels: Any, baseline: Any, steps: int) -> Any:
    import torch

    maps = []
    for image, label in zip(images, labels, strict=True):
        start = baseline.expand_as(images[:1])[0]
        rows = []
        for k in range(1, steps + 1):
            point = start + (k - 0.5) / steps * (image - start)
            rows.append(torch.autograd.functional.jacobian(lambda x: model(x[None])[0], point)[label])
        maps.append(sum(rows) * (image - start) / steps)
    return torch.stack(maps)


INTEGRATED = Exercise(
    name="integrated_gradients",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    probe="attribution",
    groups=(
        Group("factor", "multiplies by the way from the baseline to the image", 2),
        Group("rule", "averages the gradients at the middles of the steps", 2),
        Group("completeness", "shares out exactly the score that the image has more than the baseline", 2),
        Group("axioms", "gives nothing to pixels that do not matter, and the same to networks that do the same", 1),
        Group("batch", "does so for each image and the class asked about", 1),
        Group("clean", "leaves model and images as they were", 1),
    ),
    cases=integrated_cases,
    reference=integrated_oracle,
    misconceptions=(
        Misconception(
            "no_factor",
            wrong.integrated_no_factor,
            "You return the mean gradient alone. Its unit is score per pixel; times the way that each pixel goes, from "
            "baseline to image, it becomes a share of the score, and the shares add up.",
            hint=1,
        ),
        Misconception(
            "times_the_image",
            wrong.integrated_times_image,
            "You multiply by the image. That is right for a black baseline only: a pixel's way begins at the baseline.",
            hint=1,
        ),
        Misconception(
            "backwards",
            wrong.integrated_backwards,
            "Right size, wrong sign: your factor leads from the image to the baseline. Which of the two has the higher "
            "score, and what is to be explained?",
            hint=1,
        ),
        Misconception(
            "gradient_times_way",
            wrong.integrated_at_the_image,
            "You take the gradient at the image only. Where a unit is saturated it is 0, although the unit mattered on "
            "the way. Walk from the baseline to the image and look at every step.",
            hint=2,
        ),
        Misconception(
            "left_ends",
            wrong.integrated_left,
            "You look at the beginning of each step (0, 1/m, 2/m, ...), at the baseline itself and never at the "
            "image. The middles are closer to the integral: their error falls with the square of m.",
            hint=2,
        ),
        Misconception(
            "right_ends",
            wrong.integrated_right,
            "You look at the end of each step (1/m, 2/m, ..., 1). The middles are closer to the integral: their error "
            "falls with the square of m.",
            hint=2,
        ),
        Misconception(
            "both_ends_in_full",
            wrong.integrated_linspace,
            "Your points are linspace(0, 1, steps), so both ends are in the mean with full weight; the trapezoid rule "
            "counts them half. Here the rule is simpler: the middle of each step.",
            hint=2,
        ),
        Misconception(
            "sum",
            wrong.integrated_sum,
            "You add the gradients up and do not divide by the number of steps: with more steps your map gets "
            "stronger. An integral from 0 to 1 is a mean.",
            hint=3,
        ),
        Misconception(
            "absolute",
            wrong.integrated_absolute,
            "Your shares have lost their signs. Pixels may speak against the class; only with their signs do the "
            "shares add up to the difference of the scores.",
            hint=3,
        ),
        Misconception(
            "black_baseline",
            wrong.integrated_black,
            "Your path always begins at a black image, whatever the baseline is, and only the factor knows better. "
            "Path and factor have to be about the same way.",
            hint=3,
        ),
        Misconception(
            "of_the_prediction",
            wrong.integrated_prediction,
            "You explain the class that the model prefers at each point of the way, and on the way that may change. "
            "Explain the class in `labels`, from the first step to the last.",
            hint=4,
        ),
        Misconception(
            "of_the_probability",
            wrong.integrated_probability,
            "You share out the probability, not the score. The shares then add up to a difference of probabilities, "
            "and depend on all other classes too. Take the score before the softmax.",
            hint=4,
        ),
        Misconception(
            "fills_the_weights",
            wrong.integrated_fills,
            "The maps are right, and backward() has added to the gradients of the weights at every step. Ask for the "
            "gradient with respect to the pixels alone.",
            hint=4,
        ),
    ),
    equivalents=(integrated_at_once, integrated_by_functional),
)

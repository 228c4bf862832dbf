"""`integrated_gradients`: gradients on the way from a baseline to the image, and the axioms that they keep."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
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
from grader.exercises.u14_seeing_inside.saliency import LEFT, case, saliency
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


def integrated_at_once(model, images, labels, baseline, steps):
    import torch

    alphas = torch.linspace(0, 1, 2 * steps + 1, dtype=images.dtype)[1::2]
    path = torch.stack([torch.lerp(baseline.expand_as(images), images, alpha) for alpha in alphas])
    pixels = path.flatten(0, 1).requires_grad_()
    asked = model(pixels).gather(1, labels.repeat(steps)[:, None])
    grads = torch.autograd.grad(asked.sum(), pixels)[0]
    return grads.unflatten(0, (steps, len(images))).mean(dim=0) * (images - baseline)


def integrated_by_functional(model, images, labels, baseline, steps):
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


def integrated_gradients(model, images, labels, baseline, steps):
    import torch

    total = torch.zeros_like(images)
    for k in range(steps):
        alpha = (k + 0.5) / steps
        pixels = (baseline + alpha * (images - baseline)).requires_grad_()
        scores = model(pixels)[torch.arange(len(labels)), labels]
        total += torch.autograd.grad(scores.sum(), pixels)[0]
    return (images - baseline) * total / steps


def integrated_saliency(model, images, labels, baseline, steps):
    import torch

    sums = torch.zeros(images.shape, dtype=images.dtype)
    for alpha in (torch.arange(steps) + 0.5) / steps:
        here = torch.lerp(baseline.expand_as(images), images, alpha.to(images.dtype))
        sums = sums + saliency(model, here, labels, absolute=False)
    return (images - baseline) * (sums / steps)


def integrated_in_strides(model, images, labels, baseline, steps):
    way = images - baseline
    here = baseline + way / (2 * steps)
    grads = []
    for _ in range(steps):
        grads.append(saliency(model, here, labels, absolute=False))
        here = here + way / steps
    return way * sum(grads) / steps


INTEGRATED = Exercise(
    name="integrated_gradients",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    driver="attribution",
    groups=(
        Group("factor", "multiplies by the way from the baseline to the image", 2, hint=1),
        Group("rule", "averages the gradients at the middles of the steps", 2, hint=2),
        Group("completeness", "shares out exactly the score that the image has more than the baseline", 2, hint=3),
        Group(
            "axioms", "gives nothing to pixels that do not matter, and the same to networks that do the same", 1, hint=2
        ),
        Group("batch", "does so for each image and the class asked about", 1, hint=4),
        Group("clean", "leaves model and images as they were", 1, hint=4),
    ),
    cases=integrated_cases,
    reference=integrated_oracle,
    misconceptions=(
        Misconception(
            "no_factor",
            change(integrated_gradients, "(images - baseline) * total / steps", "total / steps"),
            "You return the mean gradient alone. Its unit is score per pixel; times the way that each pixel goes, from "
            "baseline to image, it becomes a share of the score, and the shares add up.",
        ),
        Misconception(
            "times_the_image",
            change(integrated_gradients, "(images - baseline) * total", "images * total"),
            "You multiply by the image. That is right for a black baseline only: a pixel's way begins at the baseline.",
        ),
        Misconception(
            "backwards",
            change(integrated_gradients, "(images - baseline) * total", "(baseline - images) * total"),
            "Right size, wrong sign: your factor leads from the image to the baseline. Which of the two has the higher "
            "score, and what is to be explained?",
        ),
        Misconception(
            "gradient_times_way",
            change(integrated_gradients, "alpha = (k + 0.5) / steps", "alpha = 1"),
            "You take the gradient at the image only. Where a unit is saturated it is 0, although the unit mattered on "
            "the way. Walk from the baseline to the image and look at every step.",
        ),
        Misconception(
            "left_ends",
            change(integrated_gradients, "(k + 0.5)", "k"),
            "You look at the beginning of each step (0, 1/m, 2/m, ...), at the baseline itself and never at the "
            "image. The middles are closer to the integral: their error falls with the square of m.",
        ),
        Misconception(
            "right_ends",
            change(integrated_gradients, "(k + 0.5)", "(k + 1)"),
            "You look at the end of each step (1/m, 2/m, ..., 1). The middles are closer to the integral: their error "
            "falls with the square of m.",
        ),
        Misconception(
            "both_ends_in_full",
            change(
                integrated_gradients,
                "for k in range(steps):\n        alpha = (k + 0.5) / steps",
                "for alpha in torch.linspace(0, 1, steps, dtype=images.dtype):",
            ),
            "Your points are linspace(0, 1, steps), so both ends are in the mean with full weight; the trapezoid rule "
            "counts them half. Here the rule is simpler: the middle of each step.",
        ),
        Misconception(
            "sum",
            change(integrated_gradients, "total / steps", "total"),
            "You add the gradients up and do not divide by the number of steps: with more steps your map gets "
            "stronger. An integral from 0 to 1 is a mean.",
            hint=3,
        ),
        Misconception(
            "absolute",
            change(
                integrated_gradients,
                "return (images - baseline) * total / steps",
                "return ((images - baseline) * total / steps).abs()",
            ),
            "Your shares have lost their signs. Pixels may speak against the class; only with their signs do the "
            "shares add up to the difference of the scores.",
            hint=3,
        ),
        Misconception(
            "black_baseline",
            change(integrated_gradients, "baseline + alpha * (images - baseline)", "alpha * images"),
            "Your path always begins at a black image, whatever the baseline is, and only the factor knows better. "
            "Path and factor have to be about the same way.",
            hint=3,
        ),
        Misconception(
            "of_the_prediction",
            change(integrated_gradients, "[torch.arange(len(labels)), labels]", ".max(dim=1).values"),
            "You explain the class that the model prefers at each point of the way, and on the way that may change. "
            "Explain the class in `labels`, from the first step to the last.",
            hint=4,
        ),
        Misconception(
            "of_the_probability",
            change(integrated_gradients, "model(pixels)", "model(pixels).softmax(dim=1)"),
            "You share out the probability, not the score. The shares then add up to a difference of probabilities, "
            "and depend on all other classes too. Take the score before the softmax.",
            hint=4,
        ),
        Misconception(
            "fills_the_weights",
            change(
                integrated_gradients,
                "total += torch.autograd.grad(scores.sum(), pixels)[0]",
                "scores.sum().backward()\n        total += pixels.grad",
            ),
            "backward() has added to the gradients of the weights at every step. Ask for the "
            "gradient with respect to the pixels alone.",
        ),
        Misconception(
            "gradient_sizes",
            change(integrated_gradients, "pixels)[0]", "pixels)[0].abs()"),
            "You add up the sizes of the gradients. A pixel may push the score up on one half of the way and down on"
            " the other; with their signs the shares add up to the difference of the scores.",
            hint=3,
        ),
        Misconception(
            "image_added_to_baseline",
            change(integrated_gradients, "alpha * (images - baseline)", "alpha * images"),
            "Your path goes from the baseline to baseline + image. It is to end at the image itself, so each step "
            "goes a part of the way (images - baseline).",
            hint=3,
        ),
        Misconception(
            "trapezoid",
            change(
                integrated_gradients,
                "range(steps):\n        alpha = (k + 0.5) / steps",
                "range(steps + 1):\n        alpha = k / steps",
                "pixels)[0]",
                "pixels)[0] * (0.5 if k in (0, steps) else 1)",
            ),
            "You use the trapezoid rule: both ends count half. That is a good rule, and another one; here the "
            "gradient is taken at the middle of each step.",
        ),
        Misconception(
            "rescaled",
            change(
                integrated_gradients,
                "return (images - baseline) * total / steps",
                "maps, rows = (images - baseline) * total / steps, torch.arange(len(labels))\n"
                "    gap = (model(images) - model(baseline.expand_as(images)))[rows, labels].detach()\n"
                "    return maps * (gap / maps.sum(dim=(1, 2, 3)))[:, None, None, None]",
            ),
            "You scale the map until its sum is right. Then completeness no longer tells whether the integral is: "
            "with few steps the sum is to be off a little.",
            hint=3,
        ),
        Misconception(
            "of_the_loss",
            change(
                integrated_gradients,
                "model(pixels)[torch.arange(len(labels)), labels]",
                'torch.nn.functional.cross_entropy(model(pixels), labels, reduction="none")',
            ),
            "You share out the loss. The shares should explain one class alone: its score, the logit.",
            hint=4,
        ),
    ),
    also_right=(
        integrated_gradients,
        integrated_at_once,
        integrated_by_functional,
        change(
            integrated_gradients, "baseline + alpha * (images - baseline)", "(1 - alpha) * baseline + alpha * images"
        ),
        integrated_saliency,
        integrated_in_strides,
        change(
            integrated_gradients,
            "pixels)[0]",
            "pixels)[0] * (images - baseline) / steps",
            "return (images - baseline) * total / steps",
            "return total",
        ),
    ),
)

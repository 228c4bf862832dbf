"""`maximize_activation`: an image that excites one unit of a network, by climbing."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
    UNIT,
    H,
    Layers,
    forward,
    linear_network,
    quadratic_network,
    relu_network,
    smooth_network,
)
from grader.exercises.u14_seeing_inside.saliency import LEFT
from grader.spec import Case, Exercise, Group, Misconception


def deaf_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """`relu_network` whose first layer's second filter never gets over its ReLU."""
    layers = relu_network(rng, shape, classes)
    layers[0]["bias"][1] = -50.0
    return layers


def maximize_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, shape: tuple[int, int, int], *, layer: str | None = None,
            steps: int = 1, lr: float = 0.2, decay: float = 0.0, edge: float = 0.3, asks: str = "climb",
            ) -> Case:  # fmt: skip
        network, image = build(rng, shape, 4), rng.uniform(edge, 1 - edge, size=shape)
        unit = 1 if layer else int(rng.integers(4))
        inputs = {"network": network, "image": image, "unit": unit, "layer": layer, "steps": steps, "lr": lr}
        return Case(label, group, inputs | {"decay": decay, "asks": asks})

    return [
        one("one step, a linear model", "step", linear_network, (1, 3, 4)),
        one("one step, tanh", "step", smooth_network, (1, 4, 6)),
        one("two channels, one short step", "step", quadratic_network, (2, 3, 2), lr=0.05),
        one("five steps, a quadratic model", "climb", quadratic_network, (1, 3, 4), steps=5, lr=0.04),
        one("six steps, tanh", "climb", smooth_network, (1, 4, 4), steps=6, lr=0.05),
        one("no step at all", "climb", smooth_network, (1, 4, 4), steps=0),
        one("a penalty, one step", "decay", linear_network, (1, 3, 4), decay=0.5, lr=0.1),
        one("a strong penalty, four steps", "decay", smooth_network, (1, 4, 6), steps=4, lr=0.06, decay=2.0),
        one("long steps", "clamp", linear_network, (1, 3, 4), steps=2, lr=1.5),
        one("eight steps from edge to edge", "clamp", smooth_network, (1, 4, 4), steps=8, lr=0.5, edge=0.0),
        one("a channel of the first layer", "channel", smooth_network, (1, 4, 6), layer="conv", steps=3, lr=0.1),
        one(
            "a channel in the middle", "channel", smooth_network, (1, 6, 8), layer="avgpool", steps=2, lr=0.1, decay=0.3
        ),  # fmt: skip
        one("a channel that hears nothing", "channel", deaf_network, (1, 4, 4), layer="relu1", steps=2),
        one("called twice", "clean", smooth_network, (1, 4, 4), steps=2, lr=0.1, asks="left"),
        one("called twice, a channel", "clean", smooth_network, (1, 4, 6), layer="tanh", steps=2, lr=0.1, asks="left"),
        one("very long steps", "clamp", linear_network, (1, 4, 6), steps=2, lr=20.0),  # unclamped, far beyond 2
    ]


def maximize_oracle(
    network: Layers, image: np.ndarray, unit: int, layer: str | None, steps: int, lr: float, decay: float, asks: str
) -> tuple[np.ndarray, np.ndarray, dict[str, bool] | None]:
    """The complex step, pixel by pixel; for a linear model without penalty the closed form, a straight way cut off."""
    cut = network if layer is None else network[: [each["name"] for each in network].index(layer) + 1]

    def activation(images: np.ndarray) -> np.ndarray:
        out = forward(cut, images)[:, unit]
        return out if layer is None else out.mean(axis=(1, 2))

    if layer is None and decay == 0 and [each["kind"] for each in network] == ["flatten", "linear"]:
        weight = network[1]["weight"][unit].reshape(image.shape)
        ways = np.arange(steps + 1)[:, None, None, None] * lr * weight / np.sqrt((weight**2).sum())
        path = np.clip(image + ways, 0, 1)  # the direction never changes: a pixel that has reached its end stays there
    else:
        places = [image]
        for _ in range(steps):
            x = places[-1]
            moved = x + 1j * H * np.eye(x.size).reshape(-1, *x.shape)
            slope = (activation(moved).imag / H).reshape(x.shape) - decay * x
            length = np.sqrt((slope**2).sum())
            places.append(np.clip(x + lr * slope / length if length > 0 else x, 0, 1))
        path = np.stack(places)
    return path[-1], activation(path), LEFT if asks == "left" else None


def maximize_activation(model, image, unit, layer, steps, lr, decay):
    import torch

    kept = []
    handle = None if layer is None else layer.register_forward_hook(lambda module, inputs, output: kept.append(output))

    def activation(x):
        scores = model(x[None])[0]
        return scores[unit] if layer is None else kept.pop()[0, unit].mean()

    x, history = image.clone(), []
    for _ in range(steps):
        x.requires_grad_()
        value = activation(x)
        history.append(value.detach())
        objective = value - decay / 2 * (x**2).sum()
        gradient = torch.autograd.grad(objective, x)[0]
        length = gradient.norm()
        x = x.detach()
        if length > 0:
            x = x + lr * gradient / length
        x = x.clamp(0, 1)
    history.append(activation(x).detach())
    if handle is not None:
        handle.remove()
    return x, torch.stack(history)


def maximize_by_backward(model, image, unit, layer, steps, lr, decay):
    import torch
    from torch.nn.functional import normalize

    found: dict[str, Any] = {}

    def keep(module: Any, inputs: Any, output: Any) -> None:
        found["maps"] = output

    def value_at(x: Any) -> Any:
        scores = model(x.unsqueeze(0)).squeeze(0)
        return scores[unit] if layer is None else found["maps"][0, unit].mean()

    handle = layer.register_forward_hook(keep) if layer is not None else None
    x, history = image.detach().clone(), torch.zeros(steps + 1, dtype=image.dtype)
    try:
        for step in range(steps):
            x = x.detach().requires_grad_(True)
            value = value_at(x)
            history[step] = value.item()
            (value - 0.5 * decay * x.pow(2).sum()).backward(inputs=[x])
            with torch.no_grad():
                x = (x + lr * normalize(x.grad.flatten(), dim=0).view_as(x)).clamp(min=0, max=1)
        with torch.no_grad():
            history[steps] = value_at(x)
    finally:
        if handle is not None:
            handle.remove()
    return x.detach(), history


def maximize_functional(model, image, unit, layer, steps, lr, decay):
    import torch

    kept: list[Any] = []

    def value_at(x: Any) -> Any:
        if layer is None:
            return model(x[None])[0, unit]
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output[0, unit].mean()))
        model(x[None])
        handle.remove()
        return kept.pop()

    x, history = image.detach(), []
    for step in range(steps + 1):
        slope, value = torch.func.grad_and_value(value_at)(x)
        history.append(value.item())
        if step < steps:
            slope = slope - decay * x
            size = slope.square().sum().sqrt()
            x = (x + (lr / size * slope if size > 0 else 0.0)).clamp(0.0, 1.0)
    return x, history


BEFORE = "x, history = image.clone(), []"
OF_ONE = "kept.pop()[0, unit].mean()"
SCALED = "You divide the gradient by {}. Here its length is the root of the sum of its squares over all pixels, so "
SCALED += "that each step moves the image by lr, however large it is."


MAXIMIZE = Exercise(
    name="maximize_activation",
    unit=UNIT,
    returns=("image", "history", "left"),
    driver="dream",
    groups=(
        Group("step", "walks a way of length lr along the gradient, uphill", 2, hint=1),
        Group("climb", "takes a new gradient at each step, and keeps a record of the climb", 2, hint=2),
        Group("decay", "subtracts decay / 2 times the sum of the squares from what it climbs", 2, hint=3),
        Group("clamp", "keeps every pixel between 0 and 1 at every step", 1, hint=3),
        Group("channel", "climbs the mean of a layer's channel when a layer is named", 2, hint=4),
        Group("clean", "leaves model and image as they were", 2, hint=5),
    ),
    cases=maximize_cases,
    reference=maximize_oracle,
    misconceptions=(
        Misconception(
            "downhill",
            change(maximize_activation, "x + lr", "x - lr"),
            "Your image goes downhill: after each step the unit is less excited. In training we walk against the "
            "gradient of a loss; here we want more of the value itself.",
            hint=1,
        ),
        Misconception(
            "not_normalized",
            change(maximize_activation, "lr * gradient / length", "lr * gradient"),
            "Your step is as long as the gradient happens to be. Divided by its own length it says the direction only, "
            "and lr alone decides how far you go.",
            hint=1,
        ),
        Misconception(
            "sign",
            change(maximize_activation, "gradient / length", "gradient.sign()"),
            "You step along the signs of the gradient, so that every pixel moves equally far. The direction of "
            "steepest ascent gives more to pixels that matter more.",
            hint=1,
        ),
        Misconception(
            "divided_by_the_root_mean_square",
            change(maximize_activation, "gradient.norm()", "gradient.square().mean().sqrt()"),
            SCALED.format("the root of the mean of its squares"),
            hint=1,
        ),
        Misconception(
            "divided_by_the_largest",
            change(maximize_activation, "gradient.norm()", "gradient.abs().max()"),
            SCALED.format("its largest entry"),
            hint=1,
        ),
        Misconception(
            "divided_by_the_mean_size",
            change(maximize_activation, "gradient.norm()", "gradient.abs().mean()"),
            SCALED.format("the mean size of its entries"),
            hint=1,
        ),
        Misconception(
            "divided_by_the_sum_of_sizes",
            change(maximize_activation, "gradient.norm()", "gradient.abs().sum()"),
            SCALED.format("the sum of the sizes of its entries"),
            hint=1,
        ),
        Misconception(
            "divided_by_the_square",
            change(maximize_activation, "gradient.norm()", "gradient.square().sum()"),
            "You divide by the square of the gradient's length: the root is missing. The step then becomes longer "
            "where the gradient is small.",
            hint=1,
        ),
        Misconception(
            "first_direction_for_all_steps",
            change(
                maximize_activation,
                "gradient = torch.autograd.grad(objective, x)[0]",
                "gradient = gradient if len(history) > 1 else torch.autograd.grad(objective, x)[0]",
            ),
            "All your steps follow the gradient of the first place. The hill bends: take the gradient anew wherever "
            "you stand.",
            hint=2,
        ),
        Misconception(
            "penalty_in_the_record",
            change(
                maximize_activation,
                "        history.append(value.detach())\n",
                "",
                "(x**2).sum()",
                "(x**2).sum()\n        history.append(objective.detach())",
            ),
            "Your record holds what is climbed, with the penalty in it. It should hold the activation alone, so that "
            "climbs with and without a penalty can be compared.",
            hint=2,
            about=("history",),
        ),
        Misconception(
            "record_without_the_end",
            change(maximize_activation, "    history.append(activation(x).detach())\n", ""),
            "Your record ends before the last step. The activation of the image that you return belongs in it: steps "
            "+ 1 numbers, the start included.",
            hint=2,
            about=("history",),
        ),
        Misconception(
            "penalty_rewarded",
            change(maximize_activation, "value - decay", "value + decay"),
            "You add the penalty to what you climb, so that bright pixels are rewarded. In a loss it is added, because "
            "a loss is walked down; here it is subtracted.",
            hint=3,
        ),
        Misconception(
            "no_penalty",
            change(maximize_activation, "value - decay / 2 * (x**2).sum()", "value"),
            "The penalty is missing: `decay` does nothing. What is climbed is the activation minus decay / 2 times the "
            "sum of all squared pixels.",
            hint=3,
        ),
        Misconception(
            "penalty_twice",
            change(maximize_activation, "decay / 2", "decay"),
            "Your penalty is twice as strong: the half is missing. With it the penalty's gradient is decay times the "
            "image.",
            hint=3,
        ),
        Misconception(
            "penalty_of_the_mean",
            change(maximize_activation, "(x**2).sum()", "(x**2).mean()"),
            "Your penalty is a mean over the pixels. Here it is the sum of their squares, whatever the image's size.",
            hint=3,
        ),
        Misconception(
            "penalty_of_the_sizes",
            change(maximize_activation, "decay / 2 * (x**2).sum()", "decay * x.abs().sum()"),
            "You penalize the sizes of the pixels (L1). Asked for are their squares, times decay / 2 (L2).",
            hint=3,
        ),
        Misconception(
            "penalty_of_the_length",
            change(maximize_activation, "(x**2).sum()", "x.norm()"),
            "You penalize the length of the image. Asked for is its square, the sum of the squared pixels.",
            hint=3,
        ),
        Misconception(
            "shrunk_after_the_step",
            change(
                maximize_activation,
                "value - decay / 2 * (x**2).sum()",
                "value",
                "x = x + lr * gradient / length",
                "x = (1 - lr * decay) * x + lr * gradient / length",
            ),
            "You shrink the image beside the step, as AdamW does with weights. Here the penalty is part of what is "
            "climbed, so its gradient is in the length by which you divide, too.",
            hint=3,
        ),
        Misconception(
            "no_clamp",
            change(maximize_activation, "x.clamp(0, 1)", "x"),
            "Your pixels leave the range from 0 to 1: no screen can show them, and no training image ever had them.",
            hint=3,
        ),
        Misconception(
            "clamped_once",
            change(
                maximize_activation,
                "        x = x.clamp(0, 1)\n",
                "",
                "    history.append(activation(x).detach())",
                "    x = x.clamp(0, 1)\n    history.append(activation(x).detach())",
            ),
            "You cut off at the end only. On the way the image leaves the range, and gradients are taken at images "
            "that cannot be. Cut off after every step.",
            hint=3,
        ),
        Misconception(
            "only_from_below",
            change(maximize_activation, "x.clamp(0, 1)", "x.clamp(min=0)"),
            "You cut off what is below 0, and let pixels become brighter than white, which is 1.",
            hint=3,
        ),
        Misconception(
            "from_minus_one",
            change(maximize_activation, "x.clamp(0, 1)", "x.clamp(-1, 1)"),
            "You let pixels fall to -1. Black is 0, and nothing is darker.",
            hint=3,
        ),
        Misconception(
            "probability",
            change(maximize_activation, "model(x[None])[0]", "model(x[None])[0].softmax(dim=0)"),
            "You climb the probability. It rises also when the other classes fall, and it is flat where the model is "
            "sure. Climb the score before the softmax.",
            hint=2,
        ),
        Misconception(
            "log_probability",
            change(maximize_activation, "model(x[None])[0]", "model(x[None])[0].log_softmax(dim=0)"),
            "You climb the logarithm of the probability, the loss with another sign. It mixes all classes: climb the "
            "score of the one alone.",
            hint=2,
        ),
        Misconception(
            "class_although_a_layer_is_named",
            change(maximize_activation, "scores[unit] if layer is None else " + OF_ONE, "scores[unit]"),
            "You climb the score of a class although a layer is named. Then `unit` is a channel of that layer's "
            "output.",
            hint=4,
        ),
        Misconception(
            "sum_of_the_channel",
            change(maximize_activation, OF_ONE, "kept.pop()[0, unit].sum()"),
            "You take the sum of the channel over its places. Asked for is the mean.",
            hint=4,
        ),
        Misconception(
            "strongest_place",
            change(maximize_activation, OF_ONE, "kept.pop()[0, unit].max()"),
            "You climb the channel's strongest place. Asked for is the mean over all its places, so that the pattern "
            "may appear everywhere.",
            hint=4,
        ),
        Misconception(
            "middle_place",
            change(
                maximize_activation,
                OF_ONE,
                "(lambda A: A[A.shape[0] // 2, A.shape[1] // 2])(kept.pop()[0, unit])",
            ),
            "You climb the place in the middle of the channel. Asked for is the mean over all its places.",
            hint=4,
        ),
        Misconception(
            "all_channels",
            change(maximize_activation, OF_ONE, "kept.pop()[0].mean()"),
            "You climb the mean of all channels of the layer. `unit` says which one is asked about.",
            hint=4,
        ),
        Misconception(
            "old_activations",
            change(maximize_activation, "kept.pop()[0, unit].mean()", "kept[0][0, unit].mean()"),
            "You keep reading the activations of the very first pass. Each pass through the model brings new ones.",
            hint=4,
        ),
        Misconception(
            "divided_by_nothing",
            change(maximize_activation, "        if length > 0:\n            x =", "        x ="),
            "A unit that hears nothing has a gradient of 0, and you divide by its length. Where the gradient is 0 "
            "there is no uphill: the image stays where it is.",
            hint=4,
        ),
        Misconception(
            "fills_the_weights",
            change(
                maximize_activation,
                "gradient = torch.autograd.grad(objective, x)[0]",
                "objective.backward()\n        gradient = x.grad",
            ),
            "backward() has added to the gradients of the weights. Ask for the gradient with respect to the image "
            "alone.",
            hint=5,
            about=("left",),
        ),
        Misconception(
            "hook_left_behind",
            change(maximize_activation, "    if handle is not None:\n        handle.remove()\n", ""),
            "Your hook is still on the layer and will run at every forward pass from now on. register_forward_hook "
            "returns a handle; it can be removed.",
            hint=5,
            about=("left",),
        ),
        Misconception(
            "marks_the_image",
            change(maximize_activation, BEFORE, "x, history = image, []"),
            "You switch recording on for the caller's own image. Work on a copy.",
            hint=5,
            about=("left",),
        ),
    ),
    also_right=(
        maximize_activation,
        maximize_by_backward,
        maximize_functional,
        change(
            maximize_activation,
            "        if length > 0:\n            x = x + lr * gradient / length",
            "        x = x + lr * gradient / (length + 1e-12)",
        ),
        change(
            maximize_activation,
            "objective = value - decay / 2 * (x**2).sum()\n        gradient = torch.autograd.grad(objective, x)[0]",
            "(gradient,) = torch.autograd.grad(value, [x])\n        gradient = gradient - decay * x.detach()",
        ),
        change(
            maximize_activation,
            "(x**2).sum()",
            "torch.linalg.vector_norm(x) ** 2",
            "x.clamp(0, 1)",
            "torch.minimum(torch.maximum(x, torch.tensor(0.0)), torch.tensor(1.0))",
        ),
        change(
            maximize_activation,
            "gradient.norm()",
            "sum(g * g for g in gradient.flatten()) ** 0.5",
            "torch.stack(history)",
            "history",
        ),
    ),
)

"""`trained_net`: the learner's own network, its weights from their file, on images that do not come with the course."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.judging.drivers.checkpoints_and_logs import embedded_test_images
from grader.changes import change
from grader.hidden_images import hidden_images, true_labels
from grader.spec import Case, Exercise, Group, Misconception

UNIT = "10_gpu_cnn"
AT_LEAST = {"80": 0.80, "85": 0.85, "88": 0.88, "90": 0.90}
VISIBLE = 200


def visible_cases(rng: np.random.Generator) -> list[Case]:
    """Images of the embedded test set, by their number there."""
    picked = [rng.choice(len(embedded_test_images()), VISIBLE, replace=False) for _ in AT_LEAST]
    cases = [
        Case(f"{VISIBLE} test images that you have, {share:.0%}", key, _inputs(numbers, share, "accuracy"))
        for (key, share), numbers in zip(AT_LEAST.items(), picked, strict=True)
    ]
    return [*cases, Case("an image alone and among others", "company", _inputs(picked[0][:40], 0.5, "company"))]


def private_cases(rng: np.random.Generator) -> list[Case]:
    """All of the hidden images, in an order that the course's secret decides."""
    images, _ = hidden_images(rng, per_class=100)
    cases = [
        Case(f"1,000 hidden images, {share:.0%}", k, _inputs(images, share, "accuracy"))
        for k, share in AT_LEAST.items()
    ]
    return [*cases, Case("a hidden image alone and among others", "company", _inputs(images[:40], 0.5, "company"))]


def _inputs(images: np.ndarray, share: float, asks: str) -> dict[str, Any]:
    return {"images": images, "at_least": share, "asks": asks}


def right_labels(images: np.ndarray, at_least: float, asks: str) -> tuple[np.ndarray, None]:
    """What people called the images: the embedded ones by number, the hidden ones by their pixels."""
    return true_labels({"embedded" if images.ndim == 1 else "pixels": images}), None


def trained_net(images):
    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    torch.manual_seed(1)
    model = Clothes()
    model.load_state_dict(load_file("trained_net.safetensors"))
    x = torch.tensor(images).float()[:, None] / 255
    with torch.no_grad():
        logits = model.eval()(x)
    return logits.argmax(dim=1)


LOADED = '    model.load_state_dict(load_file("trained_net.safetensors"))\n'


TRAINED_NET = Exercise(
    name="trained_net",
    unit=UNIT,
    returns=("labels", "alone"),
    driver="network_from_file",
    verify="trained_labels",
    groups=(
        Group("80", "is right on at least 80 % of images that it never saw", 2, hint=2),
        Group("85", "is right on at least 85 % of them", 2, hint=2),
        Group("88", "is right on at least 88 % of them", 1, hint=2),
        Group("90", "is right on at least 90 % of them", 1, hint=2),
        Group("company", "says the same of an image whether it comes alone or among others", 1, hint=2),
    ),
    cases=visible_cases,
    private_cases=private_cases,
    reference=right_labels,
    misconceptions=(
        Misconception(
            "below",
            change(trained_net, " / 255", ""),
            "Your network does better than chance and not well enough yet. Are the images here prepared just as in "
            "training: floats, divided by 255? If they are, train on: more epochs, with augmentation, and a learning "
            "rate that goes down to zero.",
            hint=2,
        ),
        Misconception(
            "chance",
            change(trained_net, LOADED, ""),
            "Your network hardly does better than guessing. Two things lead there: weights that never came out of the "
            "file (does load_state_dict get what was in it?), and images that arrive broken (whole numbers divided by "
            "whole numbers, or another order of the axes).",
            hint=1,
        ),
        Misconception(
            "one_class",
            change(trained_net, ".float()[:, None] / 255", "[:, None].div(255, rounding_mode='floor').float() * 0"),
            "Your network says the same of every image. Some layers have lost their weights, or the images come in as "
            "zeros: uint8 divided by 255 as whole numbers are all 0.",
            hint=2,
        ),
        Misconception(
            "wrong_axis",
            change(trained_net, "dim=1", "dim=0"),
            "You look for the largest logit along the images, not along the classes: ten numbers come back, whatever "
            "the number of images. The logits have the shape (N, 10).",
            hint=3,
        ),
        Misconception(
            "form",
            change(trained_net, "argmax(dim=1)", "argmax()"),
            "A label for each image is asked for, N whole numbers, and something else comes back. (argmax without an "
            "axis gives one number for the whole batch, and a function without a return line gives nothing.)",
            hint=3,
        ),
        Misconception(
            "scores",
            change(trained_net, "logits.argmax(dim=1)", "logits"),
            "Your logits come back, ten for each image. A label is the number of the largest one.",
            hint=3,
        ),
        Misconception(
            "company",
            change(
                trained_net,
                "    with torch.no_grad",
                "    x = (x - x.mean()) / x.std() * 0.35 + 0.29\n    with torch.no_grad",
            ),
            "What you say of an image depends on the images that come with it: something in your function computes a "
            "mean or a spread over the batch. Use numbers of the training set, or none.",
            hint=2,
        ),
        Misconception(
            "values",
            change(trained_net, "logits.argmax(dim=1)", "logits.max(dim=1).values"),
            "What comes back for each image is a number with a fraction, such as the largest logit itself or a "
            "probability. The class is the place where the largest one stands.",
            hint=3,
        ),
    ),
    also_right=(
        trained_net,
        change(trained_net, "    return logits.argmax(dim=1)", "    return [int(row.argmax()) for row in logits]"),
        change(trained_net, "logits.argmax(dim=1)", "torch.softmax(logits, dim=1).numpy().argmax(axis=-1)"),
        change(
            trained_net,
            "torch.tensor(images).float()[:, None] / 255",
            "torch.from_numpy((images.astype(np.float32) / 255).reshape(-1, 1, 28, 28))",
            "model.eval()(x)",
            "torch.cat([model(part) for part in x.split(100)])",
        ),
        change(
            trained_net, "torch.no_grad", "torch.inference_mode", "logits.argmax(dim=1)", "logits.max(dim=1).indices"
        ),
        change(
            trained_net, "torch.tensor(images).float()[:, None] / 255", "torch.tensor(images / 255.0)[:, None].float()"
        ),
    ),
)

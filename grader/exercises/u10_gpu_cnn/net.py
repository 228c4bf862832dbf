"""`Net`: the published network, mended."""

from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.probes.loops import weights
from grader.exercises.u10_gpu_cnn import net_wrong as wrong
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

SHAPES = {
    "conv1": (32, 1, 3, 3),
    "conv2": (64, 32, 3, 3),
    "fc1": (128, 3136),
    "fc2": (10, 128),
}


def net_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, times: int = 1) -> Case:
        images = rng.normal(0.3, 0.6, size=(N, 1, 28, 28))
        seed, labels = int(rng.integers(1_000_000)), rng.integers(0, 10, size=N)
        return Case(label, group, {"images": images, "labels": labels, "seed": seed, "times": times, "asks": group})

    return [
        case("one image in, one row of logits out", "size", 1),
        case("many images in, as many rows out", "size", 1, int(rng.integers(2, 60))),
        case("the names and shapes of its parameters", "layers", 1),
        case("one image", "logits", 1),
        case("three images", "logits", 3),
        case("the gradients of two images", "gradients", 2),
        case("the gradients of three images", "gradients", 3),
    ]


def net_oracle(images: np.ndarray, labels: np.ndarray, seed: int, times: int, asks: str) -> tuple[Any, ...]:
    """torch.nn.functional on tensors, without any module."""
    import torch

    if asks == "size":
        return [times * len(images), 10], None, None, None, None
    if asks == "layers":
        pairs = {name: {"weight": shape, "bias": shape[:1]} for name, shape in SHAPES.items()}
        named = {f"{name}.{kind}": list(shape) for name, kinds in pairs.items() for kind, shape in kinds.items()}
        sizes = [float(np.linalg.norm(weights(tuple(shape), seed))) for shape in named.values()]
        return None, None, named, None, np.array(sizes)
    shapes = [part for shape in SHAPES.values() for part in (shape, shape[:1])]
    params = [torch.tensor(weights(shape, seed), requires_grad=True) for shape in shapes]
    logits = by_functions(params, torch.from_numpy(images))
    if asks == "logits":
        return None, logits, None, None, None
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    pairs_of_sizes = zip(params, torch.autograd.grad(loss, params), strict=True)
    ranked = sorted(pairs_of_sizes, key=lambda pair: -pair[0].numel())
    assert all(a[0].numel() > b[0].numel() for a, b in pairwise(ranked))
    return None, None, None, np.array([float(grad.norm()) for _, grad in ranked]), None


def by_functions(params: list[Any], images: Any) -> Any:
    from torch.nn import functional

    W1, b1, W2, b2, W3, b3, W4, b4 = params
    maps = functional.max_pool2d(functional.conv2d(images, W1, b1, padding="same").clamp(min=0), 2)
    maps = functional.max_pool2d(functional.conv2d(maps, W2, b2, padding="same").clamp(min=0), 2)
    return (maps.flatten(1) @ W3.T + b3).clamp(min=0) @ W4.T + b4


NET = Exercise(
    name="Net",
    unit=UNIT,
    returns=("size", "logits", "layers", "gradients", "filled"),
    probe="classifier",
    groups=(
        Group("size", "makes one row of ten logits out of each image", 1),
        Group("layers", "has the layers conv1, conv2, fc1 and fc2, of the sizes that were asked for", 2),
        Group("logits", "computes what the drawing says, in this order", 2),
        Group("gradients", "lets the gradient of the loss reach every one of its parameters", 1),
    ),
    cases=net_cases,
    reference=net_oracle,
    misconceptions=(
        Misconception(
            "as_published",
            wrong.Published,
            "This is the published network: nothing halves the maps, so that an image brings 50,176 numbers to a "
            "view that wants 3,136 a row, and one image becomes 16 rows. Where in the drawing do 28 x 28 become 7 x "
            "7?",
            hint=1,
        ),
        Misconception(
            "strides_for_pooling",
            wrong.Strided,
            "The shapes fit, and the numbers are others: your convolutions jump over every second pixel. The drawing "
            "computes each map in full, and then keeps the largest of each 2 x 2.",
            hint=1,
        ),
        Misconception(
            "averaged_for_largest",
            wrong.Averaged,
            "Your pooling takes the mean of each 2 x 2. The drawing asks for the largest: a feature that is seen "
            "anywhere in the window counts in full.",
            hint=1,
        ),
        Misconception(
            "no_relu_in_the_head",
            wrong.NoReluInHead,
            "Between fc1 and fc2 there is no ReLU. Two linear layers in a row are one linear layer: the 401,536 "
            "weights of fc1 would bring nothing that fc2 alone could not have.",
            hint=2,
        ),
        Misconception(
            "no_relu_after_conv",
            wrong.NoReluAfterConv,
            "The maps go into the pooling with their negative values. After each convolution the drawing has a ReLU.",
            hint=2,
        ),
        Misconception(
            "relu_at_the_end",
            wrong.ReluAtEnd,
            "Your logits are never negative: there is a ReLU behind fc2. The last layer's numbers go out as they "
            "are; a class that is ruled out has to be able to say so.",
            hint=2,
        ),
        Misconception(
            "softmax_at_the_end",
            wrong.SoftmaxAtEnd,
            "Your rows are probabilities. The network should return logits: the loss takes the softmax itself, and a "
            "second one keeps it above 1.46 for ever.",
            hint=3,
        ),
        Misconception(
            "log_softmax_at_the_end",
            wrong.LogSoftmaxAtEnd,
            "Your rows are log-probabilities, as in the published network. It trains just as well, since a second "
            "log_softmax changes nothing; but whoever expects logits is misled. Return them as fc2 made them.",
            hint=3,
        ),
        Misconception(
            "plain_list",
            wrong.PlainList,
            "Your network computes, and it owns nothing: model.parameters() is empty, so that an optimizer would "
            "move nothing. Layers in a plain list are invisible; make them attributes, self.conv1 and so on.",
            hint=4,
        ),
        Misconception(
            "channels_last",
            wrong.ChannelsLast,
            "Before fc1 you put the channels last. The maps come as (N, C, H, W), and are laid out in this order.",
            hint=1,
        ),
    ),
    equivalents=(wrong.RightPoolFirst, wrong.RightPieces, wrong.RightFunctions),
)

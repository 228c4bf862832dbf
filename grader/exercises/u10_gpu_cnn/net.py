"""`Net`: the published network, mended."""

from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.judging.drivers.train_and_evaluate import weights
from grader.changes import change
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


def Net():
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return self.fc2(x)

    return Net()


def PlainList():
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            self.layers += [nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            self.layers += [nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10)]

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    return Net()


def Chain():
    from collections import OrderedDict

    from torch import nn

    def block(i, o, name):
        conv = nn.Conv2d(i, o, (3, 3), stride=1, padding="same")
        return [(name, conv), (f"{name}_relu", nn.ReLU()), (f"{name}_pool", nn.AdaptiveMaxPool2d(14 if i == 1 else 7))]

    head = [("flat", nn.Flatten()), ("fc1", nn.Linear(3136, 128)), ("relu", nn.ReLU()), ("fc2", nn.Linear(128, 10))]
    return nn.Sequential(OrderedDict(block(1, 32, "conv1") + block(32, 64, "conv2") + head))


def pooled(number):
    """The text of the line's right side where the maps of a convolution are pooled."""
    return f"nn.functional.max_pool2d(torch.relu(self.conv{number}(x)), 2)"


first_pool_forgotten = change(Net, pooled(1), "torch.relu(self.conv1(x))")
no_relu_after_conv = change(
    Net, "torch.relu(self.conv1(x))", "self.conv1(x)", "torch.relu(self.conv2(x))", "self.conv2(x)"
)
no_pooling = change(first_pool_forgotten, pooled(2), "torch.relu(self.conv2(x))")


NET = Exercise(
    name="Net",
    unit=UNIT,
    returns=("size", "logits", "layers", "gradients", "filled"),
    driver="classifier",
    groups=(
        Group("size", "makes one row of ten logits out of each image", 1, hint=1),
        Group("layers", "has the layers conv1, conv2, fc1 and fc2, of the sizes that were asked for", 2, hint=4),
        Group("logits", "computes what the drawing says, in this order", 2, hint=2),
        Group("gradients", "lets the gradient of the loss reach every one of its parameters", 1, hint=4),
    ),
    cases=net_cases,
    reference=net_oracle,
    misconceptions=(
        Misconception(
            "as_published",
            change(
                no_pooling,
                "x.flatten(1)",
                "x.view(-1, 64 * 7 * 7)",
                "self.fc2(x)",
                "nn.functional.log_softmax(self.fc2(x), dim=1)",
            ),
            "This is the published network: nothing halves the maps, so that an image brings 50,176 numbers to a "
            "view that wants 3,136 a row, and one image becomes 16 rows. Where in the drawing do 28 x 28 become 7 x "
            "7?",
        ),
        Misconception(
            "strides_for_pooling",
            change(
                no_pooling,
                "32, 3, padding=1",
                "32, 3, padding=1, stride=2",
                "64, 3, padding=1",
                "64, 3, padding=1, stride=2",
            ),
            "The shapes fit, and the numbers are others: your convolutions jump over every second pixel. The drawing "
            "computes each map in full, and then keeps the largest of each 2 x 2.",
            hint=1,
        ),
        Misconception(
            "averaged_for_largest",
            change(
                Net,
                "max_pool2d(torch.relu(self.conv1",
                "avg_pool2d(torch.relu(self.conv1",
                "max_pool2d(torch.relu(self.conv2",
                "avg_pool2d(torch.relu(self.conv2",
            ),
            "Your pooling takes the mean of each 2 x 2. The drawing asks for the largest: a feature that is seen "
            "anywhere in the window counts in full.",
            hint=1,
        ),
        Misconception(
            "no_relu_in_the_head",
            change(Net, "torch.relu(self.fc1(x.flatten(1)))", "self.fc1(x.flatten(1))"),
            "Between fc1 and fc2 there is no ReLU. Two linear layers in a row are one linear layer: the 401,536 "
            "weights of fc1 would bring nothing that fc2 alone could not have.",
        ),
        Misconception(
            "no_relu_after_conv",
            no_relu_after_conv,
            "The maps go into the pooling with their negative values. After each convolution the drawing has a ReLU.",
        ),
        Misconception(
            "relu_at_the_end",
            change(Net, "return self.fc2(x)", "return torch.relu(self.fc2(x))"),
            "Your logits are never negative: there is a ReLU behind fc2. The last layer's numbers go out as they "
            "are; a class that is ruled out has to be able to say so.",
        ),
        Misconception(
            "softmax_at_the_end",
            change(Net, "return self.fc2(x)", "return torch.softmax(self.fc2(x), dim=1)"),
            "Your rows are probabilities. The network should return logits: the loss takes the softmax itself, and a "
            "second one keeps it above 1.46 for ever.",
            hint=3,
        ),
        Misconception(
            "log_softmax_at_the_end",
            change(Net, "return self.fc2(x)", "return torch.log_softmax(self.fc2(x), dim=1)"),
            "Your rows are log-probabilities, as in the published network. It trains just as well, since a second "
            "log_softmax changes nothing; but whoever expects logits is misled. Return them as fc2 made them.",
            hint=3,
        ),
        Misconception(
            "plain_list",
            PlainList,
            "Your network computes, and it owns nothing: model.parameters() is empty, so that an optimizer would "
            "move nothing. Layers in a plain list are invisible; make them attributes, self.conv1 and so on.",
        ),
        Misconception(
            "channels_last",
            change(Net, "x.flatten(1)", "x.permute(0, 2, 3, 1).flatten(1)"),
            "Before fc1 you put the channels last. The maps come as (N, C, H, W), and are laid out in this order.",
            hint=1,
        ),
        Misconception(
            "no_pooling",
            no_pooling,
            "Nothing halves the maps: they come to fc1 as 28 x 28, 50,176 numbers an image, and it is made "
            "for 3,136. Where in the drawing do 28 x 28 become 7 x 7?",
        ),
        Misconception(
            "one_pool_forgotten",
            change(Net, pooled(2), "torch.relu(self.conv2(x))"),
            "The maps are halved once, and come to fc1 as 14 x 14. In the drawing they are halved twice, "
            "after each convolution.",
        ),
        Misconception(
            "no_padding",
            change(Net, "32, 3, padding=1", "32, 3", "64, 3, padding=1", "64, 3"),
            "Without padding, each convolution takes a pixel off every side: 28 x 28 become 26 x 26, and in "
            "the end 5 x 5, for which fc1 is not made.",
        ),
        Misconception(
            "no_relu_after_conv1",
            change(Net, "torch.relu(self.conv1(x))", "self.conv1(x)"),
            "The first convolution's maps go on with their negative values. The drawing has a ReLU after "
            "each convolution.",
        ),
        Misconception(
            "no_relu_after_conv2",
            change(Net, "torch.relu(self.conv2(x))", "self.conv2(x)"),
            "The second convolution's maps go on with their negative values. The drawing has a ReLU after "
            "each convolution.",
        ),
        Misconception(
            "without_biases",
            change(
                Net,
                "32, 3, padding=1",
                "32, 3, padding=1, bias=False",
                "64, 3, padding=1",
                "64, 3, padding=1, bias=False",
            ),
            "Your convolutions have no biases. The published ones have, and so do those that are asked for.",
        ),
    ),
    also_right=(
        Net,
        Chain,
        change(
            Net,
            pooled(1),
            "torch.relu(nn.functional.max_pool2d(self.conv1(x), 2))",
            pooled(2),
            "torch.relu(nn.functional.max_pool2d(self.conv2(x), 2))",
        ),
        change(Net, "x.flatten(1)", "x.view(-1, 64 * 7 * 7)"),
        change(
            Net,
            "fc2 = nn.Linear(128, 10)",
            "fc2 = nn.Linear(128, 10)\n            self.pool = nn.MaxPool2d(2, stride=2)",
            pooled(1),
            "self.pool(self.conv1(x).relu())",
        ),
        change(Net, "torch.relu(self.fc1(x.flatten(1)))", "self.fc1(x.reshape(len(x), -1)).relu()"),
    ),
)

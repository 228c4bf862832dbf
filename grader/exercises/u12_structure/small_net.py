"""`small_net`: the best network of at most 50,000 numbers, graded on images that do not come with the course."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.hidden_images import hidden_images, true_labels
from grader.spec import Case, Exercise, Group, Misconception

BUDGET = 50_000
FILE = "small_net.safetensors"
ASKED = {"budget": (0.5, 10), "good": (0.75, 40), "better": (0.80, 100), "best": (0.84, 100)}
"""Each group's share of right labels, and on how many hidden images of each class."""


def small_case(group: str, images: Any) -> Case:
    share = ASKED[group][0]
    inputs = {"images": images, "at_least": share, "most_parameters": BUDGET, "file": FILE}
    return Case(f"at least {share:.0%} right with at most {BUDGET:,} numbers", group, inputs)


def small_cases(rng: np.random.Generator) -> list[Case]:
    """Test images that come with the course, by their numbers there."""
    return [small_case(group, {"embedded": np.sort(rng.choice(2000, 500, replace=False))}) for group in ASKED]


def small_private_cases(rng: np.random.Generator) -> list[Case]:
    return [small_case(group, {"pixels": hidden_images(rng, count)[0]}) for group, (_, count) in ASKED.items()]


def right_and_frugal(
    images: Any, at_least: float, most_parameters: int, file: str
) -> tuple[np.ndarray, int, int, float]:
    """The labels that the data set has; of the costs, the budget is the only one that counts."""
    return true_labels(images), most_parameters, 1, 1.0


def small_net():
    import torch
    from safetensors import safe_open
    from torch import nn

    class Block(nn.Module):
        def __init__(self, a, b):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b)
            self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, 2, bias=False), nn.BatchNorm2d(b))

        def forward(self, x):
            h = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (h + self.shortcut(x)).relu()

    stem = [nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU()]
    blocks = [Block(12, 12), Block(12, 24), Block(24, 44)]
    model = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(44, 10))
    with safe_open("small_net.safetensors", "pt") as file, torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(file.get_tensor(name))
    return model


def small_by_hand():
    import torch
    from safetensors.torch import load_file
    from torch import nn

    weights = {name: value.float() for name, value in load_file("small_net.safetensors").items()}

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in weights.items():
                self.register_buffer(name.replace(".", "_"), value)

        def of(self, layer, name):
            return getattr(self, f"{layer}.{name}".replace(".", "_"), None)

        def conv(self, x, layer, norm, stride):
            weight = self.of(layer, "weight")
            x = nn.functional.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
            mean, var = self.of(norm, "running_mean"), self.of(norm, "running_var")
            return nn.functional.batch_norm(x, mean, var, self.of(norm, "weight"), self.of(norm, "bias"))

        def forward(self, x):
            x = torch.relu(self.conv(x, "0", "1", 1))
            for block in ("3", "4", "5"):
                h = torch.relu(self.conv(x, f"{block}.conv1", f"{block}.bn1", 2))
                h = self.conv(h, f"{block}.conv2", f"{block}.bn2", 1)
                x = torch.relu(h + self.conv(x, f"{block}.shortcut.0", f"{block}.shortcut.1", 2))
            return nn.functional.linear(x.mean(dim=(2, 3)), self.of("8", "weight"), self.of("8", "bias"))

    return Network()


def small_net_too_large():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def small_net_untrained():
    import torch
    from torch import nn

    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def small_net_of_class_means():
    import torch
    from torch import nn

    from course_lib.data import load_fashion_mnist

    data = load_fashion_mnist(flatten=True)
    means = torch.stack([torch.from_numpy(data.X_train[data.y_train == label].mean(axis=0)) for label in range(10)])
    head = nn.Linear(784, 10)
    head.load_state_dict({"weight": 2 * means, "bias": -means.square().sum(dim=1)})
    return nn.Sequential(nn.Flatten(), head)


SMALL_NET = Exercise(
    name="small_net",
    unit=UNIT,
    returns=("labels", "parameters", "macs", "time"),
    driver="budgeted_network",
    verify="accuracy_within_budget",
    groups=(
        Group("budget", "returns a trained network that holds at most 50,000 numbers", 2, hint=1),
        Group("good", "has 75 % of the hidden images right", 2, hint=2),
        Group("better", "has 80 % of them right", 2, hint=3),
        Group("best", "has 84 % of them right", 2, hint=3),
    ),
    cases=small_cases,
    private_cases=small_private_cases,
    reference=right_and_frugal,
    misconceptions=(
        Misconception(
            "too_many_parameters",
            small_net_too_large,
            "Your network is over the budget of 50,000. Everything counts that it holds: parameters, the running mean "
            "and variance of each normalization, and any other tensor. Which layer holds most of them?",
            hint=1,
        ),
        Misconception(
            "below",
            small_net_of_class_means,
            "Your network does better than guessing, and not well enough yet. First compare with your own validation "
            "accuracy. If that was clearly higher, training saw other pixels: images come as floats in [0, 1], and "
            "what is done to them before the first layer belongs into forward. If it was about the same, go round the "
            "loop again: more epochs, another learning rate, another block.",
            hint=3,
        ),
        Misconception(
            "chance",
            small_net_untrained,
            "Your network guesses. So does one with the weights of the first day: the function has to load what "
            "training wrote to small_net.safetensors. And so does a trained one that meets images on another scale: "
            "they come in [0, 1].",
            hint=2,
        ),
        Misconception(
            "one_class",
            change(
                small_net_untrained,
                "nn.Linear(784, 10))",
                "nn.Linear(784, 10).requires_grad_(False).apply(lambda m: m.weight.zero_()))",
            ),
            "Your network gives the same class to every image. Look at a few of its logits, and at its weights: were "
            "they loaded? Was a normalization saved without its running mean and variance? Are images scaled in "
            "forward though they come in [0, 1]?",
            hint=2,
        ),
        Misconception(
            "wrong_type",
            change(small_net, "return model", "return model.state_dict()"),
            "What comes back is no network that turns images (N, 1, 28, 28) into logits (N, 10). load_file gives the "
            "weights by their names; build the network first, load them into it, and return it.",
            hint=2,
        ),
    ),
    also_right=(
        small_net,
        small_by_hand,
        change(
            small_net,
            "nn.Linear(44, 10))\n",
            "nn.Linear(44, 10)).double()\n    model.register_forward_pre_hook(lambda _, given: given[0].double())\n",
        ),
        change(small_net, "return model", "return model.eval()"),
        change(small_net, "nn.AdaptiveAvgPool2d(1), nn.Flatten()", "nn.AvgPool2d(4), nn.Flatten(1)"),
    ),
)

"""The capstone's network: judged by the hidden images that it names right, within two budgets."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u16_capstone.compare_seeds import UNIT
from grader.hidden_images import hidden_images, true_labels
from grader.spec import Case, Exercise, Group, Misconception

FILE = "capstone_net.safetensors"
MOST_PARAMETERS = 100_000
MOST_MACS = 8_000_000
STEPS = {
    "budget": (0.6, 10),
    "85": (0.85, 50),
    "86": (0.86, 50),
    "87": (0.87, 50),
    **{key: (share, 100) for key, share in (("88", 0.88), ("88_5", 0.885), ("89", 0.89), ("89_5", 0.895), ("90", 0.9))},
}
"""What share of the images each group asks for, and of how many hidden images of each class.

One point a step, and steps of half a percent where most networks end: the standard error of an accuracy is about one
percent there, and luck should cost no more than a point or two.
"""


def case_of(group: str, images: Any) -> Case:
    """The case of a group, with its budgets."""
    budget = {"most_parameters": MOST_PARAMETERS, "most_macs": MOST_MACS, "file": FILE}
    share = STEPS[group][0]
    return Case(f"{100 * share:g} % of the images", group, {"images": images, "at_least": share, **budget})


def capstone_cases(rng: np.random.Generator) -> list[Case]:
    """500 of the embedded test images, by their numbers: a learner has them, and may compare."""
    picked = np.sort(rng.choice(2000, size=500, replace=False))
    return [
        case_of(group, {"embedded": picked if share > 0.6 else picked[:100]}) for group, (share, _) in STEPS.items()
    ]


def hidden_cases(rng: np.random.Generator) -> list[Case]:
    """Hidden images, shuffled; all 1,000 where it matters."""
    return [case_of(group, {"pixels": hidden_images(rng, count)[0]}) for group, (_, count) in STEPS.items()]


def right_labels(
    images: Any, at_least: float, most_parameters: int, most_macs: int, file: str
) -> tuple[np.ndarray, int, int, float]:
    """What the images show, by Fashion-MNIST's own labels, and costs that are just within the budgets."""
    return true_labels(images), most_parameters, most_macs, 1.0


def capstone_net():
    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(72, 72, 3, padding=1, bias=False), nn.BatchNorm2d(72), nn.ReLU())

        def forward(self, x):
            return self.body(x).add(x)

    torch.manual_seed(1)
    first = [nn.Conv2d(1, 24, 5, 2, 2, bias=False), nn.BatchNorm2d(24), nn.ReLU()]
    second = [nn.Conv2d(24, 48, 3, 1, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(), nn.MaxPool2d(2)]
    third = [nn.Conv2d(48, 72, 3, 1, 1, bias=False), nn.BatchNorm2d(72), nn.ReLU(), Residual()]
    last = [nn.AvgPool2d(7), nn.Flatten(), nn.Identity(), nn.Linear(72, 10)]
    model = nn.Sequential(*first, *second, *third, *last)
    model.load_state_dict(load_file("capstone_net.safetensors"))
    return model.eval()


def by_functions():
    from safetensors.torch import load_file
    from torch import nn

    weights = {name: value.float() for name, value in load_file("capstone_net.safetensors").items()}

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in weights.items():
                self.register_buffer(name.replace(".", "_"), value)

        def layer(self, x, conv, norm, stride=1):
            kernel = getattr(self, f"{conv}_weight")
            x = nn.functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
            kept = [getattr(self, f"{norm}_{name}") for name in ("running_mean", "running_var", "weight", "bias")]
            return nn.functional.batch_norm(x, *kept).relu()

        def forward(self, x):
            x = self.layer(self.layer(x, "0", "1", stride=2), "3", "4")
            x = self.layer(nn.functional.max_pool2d(x, 2), "7", "8")
            x = x + self.layer(x, "10_body_0", "10_body_1")
            return nn.functional.linear(x.mean(dim=(2, 3)), self.get_buffer("14_weight"), self.get_buffer("14_bias"))

    return Network()


def never_loaded():
    import torch
    from torch import nn

    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 8, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)).eval()


def too_wide():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)).eval()


def too_slow():
    from torch import nn

    layers = [nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)).eval()


LOADED = '    model.load_state_dict(load_file("capstone_net.safetensors"))\n'


CAPSTONE_NET = Exercise(
    name="capstone_net",
    unit=UNIT,
    returns=("labels", "parameters", "macs", "time"),
    groups=(
        Group("budget", "keeps to both budgets, and has learned something", 2, hint=1),
        Group("85", "names 85 % of unseen images right", 3, hint=2),
        Group("86", "names 86 % of unseen images right", 1, hint=2),
        Group("87", "names 87 % of unseen images right", 1, hint=2),
        Group("88", "names 88 % of unseen images right", 1, hint=2),
        Group("88_5", "names 88.5 % of unseen images right", 1, hint=2),
        Group("89", "names 89 % of unseen images right", 1, hint=2),
        Group("89_5", "names 89.5 % of unseen images right", 1, hint=2),
        Group("90", "names 90 % of unseen images right", 1, hint=2),
    ),
    cases=capstone_cases,
    private_cases=hidden_cases,
    reference=right_labels,
    verify="accuracy_within_budget",
    driver="budgeted_network",
    misconceptions=(
        Misconception(
            "too_many_parameters",
            too_wide,
            "Your network holds more numbers than the budget of 100,000. Print a table of parameters by layer, as in "
            "unit 12: most often one linear layer behind a large flattened map holds nearly all of them. Pool further "
            "before you flatten, or average each map to one number.",
            hint=1,
        ),
        Misconception(
            "too_many_macs",
            too_slow,
            "Your network has few enough parameters, and uses each of them too often: a 3 x 3 filter on a full map of "
            "28 x 28 is applied 784 times. Wide layers belong where the maps are small; halve the map before you "
            "double the channels.",
            hint=1,
        ),
        Misconception(
            "chance",
            never_loaded,
            "Your network guesses: about one image in ten is right. Does capstone_net load the file that you saved, "
            "into every layer, and return that very network? And does the network get its images as in training, "
            "between 0 and 1?",
            hint=2,
        ),
        Misconception(
            "one_class",
            change(capstone_net, "    return model", "    nn.init.zeros_(model[-1].weight)\n    return model"),
            "Your network gives every image the same label. Look at its logits for two very different images. Usual "
            "causes: weights that were not loaded, a layer that lets nothing through (all ReLUs dead, all weights "
            "zero), or images on another scale than in training: they come between 0 and 1, and nobody "
            "multiplies them by 255.",
            hint=2,
        ),
    ),
    also_right=(
        capstone_net,
        by_functions,
        change(capstone_net, "self.body(x).add(x)", "x + self.body(x)"),
        change(
            capstone_net,
            "nn.AvgPool2d(7), nn.Flatten(), nn.Identity()",
            "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3)",
        ),
        change(
            capstone_net,
            LOADED,
            """    weights = load_file("capstone_net.safetensors")
    for name, tensor in model.state_dict().items():
        tensor.copy_(weights[name])
""",
        ),
    ),
    forbidden=("torch.load", "pickle"),
)

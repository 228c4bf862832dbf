"""What people write in place of `small_net`; each function can be pasted into a notebook as it stands."""

from typing import Any


def small_net_too_large() -> "Any":
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def small_net_untrained() -> "Any":
    import torch
    from torch import nn

    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def small_net_of_class_means() -> "Any":
    import torch
    from torch import nn

    from course_lib.data import load_fashion_mnist

    data = load_fashion_mnist(flatten=True)
    means = torch.stack([torch.from_numpy(data.X_train[data.y_train == label].mean(axis=0)) for label in range(10)])
    head = nn.Linear(784, 10)
    head.load_state_dict({"weight": 2 * means, "bias": -means.square().sum(dim=1)})
    return nn.Sequential(nn.Flatten(), head)


def small_net_constant() -> "Any":
    from torch import nn

    head = nn.Linear(784, 10)
    nn.init.zeros_(head.weight)
    return nn.Sequential(nn.Flatten(), head)


def small_net_weights_only() -> "Any":
    from torch import nn

    return nn.Linear(784, 10).state_dict()

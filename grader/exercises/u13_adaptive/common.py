"""What the specs of this unit share: small networks and their random values."""

from typing import Any

import numpy as np

UNIT = "13_adaptive"
Layers = list[dict[str, Any]]
State = dict[str, np.ndarray]


def conv(name: str, *args: Any, **options: Any) -> dict[str, Any]:
    """A convolution as cases describe it."""
    return {"name": name, "kind": "conv", "args": list(args), "options": options}


def linear(name: str, *args: Any, **options: Any) -> dict[str, Any]:
    """A linear layer as cases describe it."""
    return {"name": name, "kind": "linear", "args": list(args), "options": options}


def norm(name: str, channels: int) -> dict[str, Any]:
    """A batch normalization as cases describe it."""
    return {"name": name, "kind": "norm", "args": [channels], "options": {}}


def random_state(rng: np.random.Generator, layers: Layers) -> State:
    """Values for every parameter and running statistic, none of them 0, in float64; variances are positive."""
    import torch

    from course_lib.judging.drivers.structure import described_network

    with torch.random.fork_rng(devices=[]):
        state = described_network(layers).state_dict()
    made: State = {}
    for key, value in state.items():
        if value.is_floating_point():
            values = rng.normal(size=tuple(value.shape))
            made[key] = np.abs(values) + 0.3 if key.endswith("running_var") else values + 0.1 * np.sign(values)
    return made

"""What this unit's optimizers share: runs that each probe one property, and the library's classes as the oracle."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from course_lib.judging.drivers.torch_optimizers import torch_optimizer
from course_lib.judging.outcome import Tolerance
from grader.spec import Case, Group

UNIT = "09_to_pytorch"
Settings = dict[str, Any]

PARITY = Tolerance(rtol=1e-12, atol=1e-12, rtol32=1e-5, atol32=1e-5)
"""50 steps of the same formulas, rounded in another order."""
STEPS = 50
LIBRARY = (
    "SGD",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "Muon",
    "Adagrad",
    "RMSprop",
    "Adadelta",
    "ASGD",
    "Rprop",
)
FORBIDDEN = (
    *(f"torch.optim.{name}" for name in LIBRARY),
    *(f"torch.optim.{name.lower()}" for name in LIBRARY),
    "torch.optim._muon",
    "torch.optim._functional",
    "torch._fused_adam_",
    "torch._fused_adamw_",
    "torch._fused_sgd_",
)


def shared_groups(**hints: int) -> tuple[Group, ...]:
    """What every optimizer has to stand; `hints` has the number of the hint in the notebook about each."""
    states = {
        "fifty": ("agrees with torch.optim over 50 steps, in float64 and in float32", 1),
        "groups": ("obeys each parameter group's own settings, as they are at each step", 1),
        "resumes": ("goes on as if nothing had happened when its state is saved and loaded", 1),
        "frame": ("passes over parameters without a gradient, and calls a closure", 1),
    }
    return tuple(Group(key, says, points, hints.get(key)) for key, (says, points) in states.items())


def run_case(
    label: str, group: str, groups: list[Settings], settings: Settings, grads: list[list[Any]] | None = None, **run: Any
) -> Case:
    """A case for the driver "torch_optimizer"; `run` holds what differs from a plain run."""
    usual = {"targets": None, "steps": 0, "zero_every": 1, "lr_factors": None, "reload_at": None}
    return Case(label, group, {"groups": groups, "settings": settings, "run": {"grads": grads} | usual | run})


def arrays(rng: np.random.Generator, *shapes: tuple[int, ...], dtype: type = np.float64) -> list[np.ndarray]:
    """Parameters that are not near 0, so that their decay shows."""
    return [(rng.normal(size=shape) + 2 * rng.choice([-1, 1], size=shape)).astype(dtype) for shape in shapes]


def gradients(
    rng: np.random.Generator, params: list[np.ndarray], steps: int, absent: Collection[tuple[int, int]] = ()
) -> list[list[Any]]:
    """For each step a gradient for each parameter, None at the places (step, parameter) that are `absent`."""
    return [
        [
            None if (t, i) in absent else (rng.normal(size=param.shape) + 0.5).astype(param.dtype)
            for i, param in enumerate(params)
        ]
        for t in range(steps)
    ]


def shared_cases(rng: np.random.Generator, settings: Settings, own: Settings) -> list[Case]:
    """The runs that every optimizer has to stand; `own` are a second parameter group's settings."""
    singles = arrays(rng, (2, 3), (3,), dtype=np.float32)
    doubles = arrays(rng, (2, 3), (3,))
    one, two, three = arrays(rng, (3,), (2, 2)), arrays(rng, (2,), (2,)), arrays(rng, (2,), (3,), (2,))
    apart = [{"params": one[:1]}, {"params": one[1:], **own}]
    many = [{"params": three[:1], **own}, {"params": three[1:]}]
    gone = {(0, 0), (2, 0), (3, 0), (1, 1)}
    return [
        run_case("float64", "fifty", [{"params": doubles}], settings, gradients(rng, doubles, STEPS)),
        run_case("float32", "fifty", [{"params": singles}], settings, gradients(rng, singles, STEPS)),
        run_case("two groups", "groups", apart, settings, gradients(rng, one, 4)),
        run_case(
            "two groups and a schedule",
            "groups",
            many,
            settings,
            gradients(rng, three, 5),
            lr_factors=[1, 1, 0.1, 0.1, 2],
        ),
        run_case(
            "never a gradient", "frame", [{"params": two}], settings, gradients(rng, two, 3, {(0, 0), (1, 0), (2, 0)})
        ),
        run_case("now and then none", "frame", [{"params": two}], settings, gradients(rng, two, 6, gone)),
        run_case("after 3 of 6 steps", "resumes", [{"params": two}], settings, gradients(rng, two, 6), reload_at=3),
        run_case("two groups, after 2 of 5", "resumes", apart, settings, gradients(rng, one, 5), reload_at=2),
        run_case("quadratic", "frame", [{"params": one}], settings, targets=arrays(rng, (3,), (2, 2)), steps=4),
    ]


def by_library(make: Callable[[], Any]) -> Callable[..., Any]:
    """An oracle that drives a class of torch.optim in the same way. `make` imports it."""

    def oracle(groups: list[Settings], settings: Settings, run: dict[str, Any]) -> Any:
        return torch_optimizer(make(), {"groups": groups, "settings": settings, "run": run})

    return oracle

"""`resume_on`: a run goes on elsewhere, and the optimizer's memory goes along."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def resume_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, done: int, more: int = 0, device: str = "cpu", depth: int = 1) -> Case:
        data = {
            "weight": rng.normal(size=(2, 3)),
            "bias": rng.normal(size=2),
            "X": rng.normal(size=(7, 3)),
            "y": rng.normal(size=(7, 2)),
            "lr": float(rng.choice([0.02, 0.05, 0.1])),
            "seed": int(rng.integers(1_000_000)),
        }
        return Case(label, group, data | {"done": done, "more": more, "device": device, "depth": depth, "asks": group})

    return [
        case("after 1 step", "parameters", 1),
        case("after 5 steps", "parameters", 5),
        case("4 steps and 1 more", "steps", 4, 1),
        case("3 steps and 6 more", "steps", 3, 6),
        case("to another device after 2 steps", "places", 2, device="meta", depth=int(rng.integers(2, 40))),
        case("to the device where it was", "places", 3),
        case(
            "whose parameters Adam moves, on another device", "owner", 2, device="meta", depth=int(rng.integers(2, 40))
        ),
        case("whose parameters Adam moves, where it was", "owner", 1),
    ]


def resume_oracle(
    weight: np.ndarray,
    bias: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    seed: int,
    done: int,
    more: int,
    device: str,
    depth: int,
    asks: str,
) -> tuple[Any, Any]:
    """Adam by its formulas on linear regression, without any interruption."""
    if asks == "places":
        return None, {
            "the model lies on": f"{device}, {2 * depth} tensors",
            "Adam's moments lie on": f"{device}, {4 * depth} tensors",
            "the state dicts are as they were": True,
        }
    if asks == "owner":
        owned = f"{2 * depth} of {2 * depth}"
        return None, {"of the returned model": owned, "training leaves model_state as it was": True}
    params = [weight, bias]
    m, v = ([np.zeros_like(param) for param in params] for _ in range(2))
    for t in range(1, done + more + 1):
        error = 2 * (X @ params[0].T + params[1] - y) / y.size
        grads = [error.T @ X, error.sum(axis=0)]
        m = [0.9 * old + 0.1 * grad for old, grad in zip(m, grads, strict=True)]
        v = [0.999 * old + 0.001 * grad**2 for old, grad in zip(v, grads, strict=True)]
        moves = [a / (1 - 0.9**t) / (np.sqrt(b / (1 - 0.999**t)) + 1e-8) for a, b in zip(m, v, strict=True)]
        params = [param - lr * move for param, move in zip(params, moves, strict=True)]
    return params, None


def resume_on(make_model, model_state, optimizer_state, device):
    import torch

    model = make_model()
    model.load_state_dict(model_state)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer


MOVED = "    model.to(device)\n"
LOADED = "    optimizer.load_state_dict(optimizer_state)\n"
never_moved = change(resume_on, MOVED, "")


RESUME_ON = Exercise(
    name="resume_on",
    unit=UNIT,
    returns=("params", "facts"),
    driver="resumed_elsewhere",
    groups=(
        Group("parameters", "brings back the parameters as they were saved", 1, hint=2),
        Group(
            "steps", "goes on as the run would have gone on: with Adam's moments, count and learning rate", 1, hint=2
        ),
        Group("places", "has the model and Adam's moments on the device that it is told", 1, hint=1),
        Group("owner", "lets the optimizer hold the parameters of the very model that it returns", 1, hint=1),
    ),
    cases=resume_cases,
    reference=resume_oracle,
    misconceptions=(
        Misconception(
            "moved_last",
            change(never_moved, LOADED, LOADED + MOVED),
            "Adam's moments lie on the old device: on a GPU the first step stops with an error about two devices. "
            "The optimizer's load_state_dict sends each moment to where its parameter is at that moment; so what has "
            "to be where it will be before Adam looks at it?",
        ),
        Misconception(
            "never_moved",
            never_moved,
            "Everything stays where make_model made it: the device that was handed over is not used.",
        ),
        Misconception(
            "moments_forgotten",
            change(resume_on, LOADED, ""),
            "The optimizer is a new one: its moments are zero, its count begins at 1, and its learning rate is Adam's "
            "usual one. What it remembered is in optimizer_state.",
        ),
        Misconception(
            "weights_forgotten",
            change(resume_on, "    model.load_state_dict(model_state)\n", ""),
            "The network begins at random weights again, with the memory of another run in its optimizer. What it had "
            "learned is in model_state.",
        ),
        Misconception(
            "another_network",
            change(resume_on, "Adam(model.parameters())", "Adam(make_model().to(device).parameters())"),
            "You make two networks: the optimizer moves the one that nobody gets.",
            hint=1,
        ),
        Misconception(
            "moments_by_hand",
            change(
                resume_on,
                LOADED,
                """    for param, memory in zip(model.parameters(), optimizer_state["state"].values(), strict=True):
        optimizer.state[param] = memory
""",
            ),
            "You put the moments in by hand. They stay on the device where they were saved, and the learning rate is "
            "lost. The optimizer's load_state_dict sends each to where its parameter is, and brings the rest along.",
        ),
        Misconception(
            "moments_moved_in_the_dict",
            change(
                resume_on,
                LOADED,
                """    for memory in optimizer_state["state"].values():
        memory.update({name: value.to(device) for name, value in memory.items()})
"""
                + LOADED,
            ),
            "You move the moments within the state dict that you were handed: it is the caller's, who may still need "
            "it where it was. load_state_dict sends each moment to the device of its parameter by itself.",
            hint=2,
        ),
        Misconception(
            "weights_shared",
            change(resume_on, "load_state_dict(model_state)", "load_state_dict(model_state, assign=True)"),
            "The network's weights are the very tensors of model_state, so that training goes on writing into the "
            "caller's dict. Without assign=True, load_state_dict copies the values.",
            hint=2,
        ),
    ),
    also_right=(
        resume_on,
        change(never_moved, "make_model()", "make_model().to(device)"),
        change(never_moved, "model = make_model()", "with torch.device(device):\n        model = make_model()"),
        change(resume_on, "model.parameters()", '[{"params": model.parameters()}]'),
        change(
            resume_on,
            "Adam(model.parameters())",
            'Adam(model.parameters(), lr=optimizer_state["param_groups"][0]["lr"])',
        ),
        change(
            never_moved,
            "load_state_dict(model_state)",
            "load_state_dict({k: v.to(device, copy=True) for k, v in model_state.items()}, assign=True)",
        ),
    ),
)

"""`to_device`: every tensor of a nested batch to one device, and all else as it is."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def device_cases(rng: np.random.Generator) -> list[Case]:
    def a(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    def labels(N: int) -> np.ndarray:
        return rng.integers(0, 10, size=N)

    def case(label: str, group: str, value: Any, device: str = "meta") -> Case:
        return Case(label, group, {"value": value, "device": device})

    N = int(rng.integers(4, 9))
    batch = {"image": a(N, 1, 4, 4), "label": labels(N)}
    return [
        case("one tensor", "tensor", a(N, 3)),
        case("one tensor to the CPU, where it is", "tensor", a(2, N), "cpu"),
        case("a pair", "containers", {"tuple": [a(N, 1, 4, 4), labels(N)]}),
        case("a list of two", "containers", [a(N, 1, 4, 4), labels(N)]),
        case("a dict", "containers", {"dict": batch}),
        case("a pair of a dict and a list", "nested", {"tuple": [{"dict": batch}, [a(3), a(N)]]}),
        case(
            "a dict of a pair and a list of pairs",
            "nested",
            {"dict": {"x": {"tuple": [a(N), a(2)]}, "y": [{"tuple": [a(1), a(N, 2)]}]}},
        ),
        case("a tensor, a text, a number and nothing", "others", {"tuple": [a(N), "trouser", 3, None]}),
        case(
            "a dict with names and a flag", "others", {"dict": {"x": a(N, 2), "names": ["coat", "bag"], "last": True}}
        ),
        case("a batch of texts in a list, and a tensor", "others", [{"dict": {"caption": "an ankle boot"}}, a(N), 0.5]),
    ]


def device_oracle(value: Any, device: str) -> tuple[Any, Any]:
    """From the description alone: what lies where, before and after."""
    return _described(value, device), _described(value, "cpu")


def _described(value: Any, device: str, at: str = "it") -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        text = f"a tensor {value.shape} of {value.dtype} on {device}"
        return {at: text} if device == "meta" else {at: text, f"values of {at}": value}
    kind, inside = type(value).__name__, value
    if isinstance(value, dict):
        ((kind, inside),) = value.items()
    if kind not in ("tuple", "list", "dict"):
        return {at: value}
    found: dict[str, Any] = {at: f"a {kind} of {len(inside)}"}
    for key, item in inside.items() if kind == "dict" else enumerate(inside):
        found |= _described(item, device, f"{at}[{key!r}]")
    return found


def to_device(value, device):
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return type(value)(to_device(item, device) for item in value)
    if isinstance(value, dict):
        return {key: to_device(item, device) for key, item in value.items()}
    return value


def whatever_can_move(value, device):
    if hasattr(value, "to"):
        return value.to(device)
    if type(value) is dict:
        return dict(zip(value, whatever_can_move(list(value.values()), device), strict=True))
    moved = [whatever_can_move(item, device) for item in value] if type(value) in (list, tuple) else []
    return tuple(moved) if type(value) is tuple else moved if type(value) is list else value


def kind_by_kind(value, device):
    import torch

    match value:
        case torch.Tensor():
            return value.to(device, non_blocking=True)
        case dict():
            return {key: kind_by_kind(value[key], device) for key in value}
        case tuple() | list():
            return type(value)([kind_by_kind(item, device) for item in value])
        case _:
            return value


def by_tree_map(value, device):
    import torch
    from torch.utils._pytree import tree_map

    return tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, torch.Tensor) else leaf, value)


DICT = """
    if isinstance(value, dict):
        return {key: to_device(item, device) for key, item in value.items()}"""
MOVED = "item.to(device) if isinstance(item, torch.Tensor) else item"
KINDS = {
    "tuple": (
        "tuple | list):",
        f"tuple):\n        return tuple({MOVED} for item in value)\n    if isinstance(value, list):",
    ),
    "list": ("tuple | list):", f"list):\n        return [{MOVED} for item in value]\n    if isinstance(value, tuple):"),
    "dict": ("key: to_device(item, device)", f"key: {MOVED}"),
}


def one_kind_one_level_deep() -> list[Misconception]:
    """Those who forget what lies in containers within one kind of container."""
    says = "You move the tensors that lie in a {}. What lies in a container within a {} stays behind."
    return [
        Misconception(f"{kind}_one_level_deep", change(to_device, *edit), says.format(kind, kind))
        for kind, edit in KINDS.items()
    ]


TO_DEVICE = Exercise(
    name="to_device",
    unit=UNIT,
    returns=("result", "handed"),
    driver="moved",
    groups=(
        Group("tensor", "moves a tensor to the device, with its values and its type", 1, hint=1),
        Group("containers", "moves what is in a tuple, list or dict into a new one of the same kind", 2, hint=2),
        Group("nested", "does so however deep they are nested", 1, hint=2),
        Group("others", "leaves everything that is no tensor as it is", 1, hint=4),
    ),
    cases=device_cases,
    reference=device_oracle,
    misconceptions=(
        Misconception(
            "moved_and_dropped",
            change(to_device, "return value.to(device)", "value.to(device)"),
            "The tensors stay where they were. Either the result of .to(device) is thrown away (for a tensor, .to "
            "makes a new one; only a Module moves itself), or you send them to a device of your own choice, not to "
            "the one that was handed over.",
        ),
        Misconception(
            "one_level_deep",
            change(
                to_device,
                "(to_device(item, device) for item",
                f"({MOVED} for item",
                "key: to_device(item, device)",
                f"key: {MOVED}",
            ),
            "You look into the container and move the tensors that lie in it. What lies in a container within the "
            "container stays behind. Which function could move an inner container?",
        ),
        *one_kind_one_level_deep(),
        Misconception(
            "everything_a_tuple",
            change(to_device, "type(value)(", "tuple("),
            "A list comes back as a tuple. Whoever handed a list over may want to append to it: return the kind that "
            "came.",
        ),
        Misconception(
            "dict_forgotten",
            change(to_device, DICT, ""),
            "Tuples and lists are moved, and what lies in a dict stays where it was. Many data sets give dicts.",
        ),
        Misconception(
            "in_place",
            change(
                to_device,
                "tuple | list",
                "tuple",
                DICT,
                """
    if isinstance(value, list | dict):
        for key in value if isinstance(value, dict) else range(len(value)):
            value[key] = to_device(value[key], device)""",
            ),
            "You write the moved tensors into the list or dict that was handed to you. The caller still uses it: "
            "the data set's own copy of a batch has now moved to the GPU. Build a new one.",
            hint=3,
        ),
        Misconception(
            "dict_in_place",
            change(
                to_device,
                DICT,
                """
    if isinstance(value, dict):
        for key in value:
            value[key] = to_device(value[key], device)""",
            ),
            "You write the moved tensors into the dict that was handed to you. The caller still uses it: the data "
            "set's own copy of a batch has now moved to the GPU. Build a new one.",
            hint=3,
        ),
        Misconception(
            "numbers_made_tensors",
            change(
                to_device,
                "torch.Tensor):\n        return value.to(device)",
                "torch.Tensor | int | float):\n        return torch.as_tensor(value).to(device)",
            ),
            "Your function makes tensors of plain numbers. Leave what is no tensor as it is: a number needs no device.",
        ),
        Misconception(
            "texts_refused",
            change(to_device, "    return value\n", "    return value.to(device)\n"),
            "A text or None stops your function: it asks everything for .to, and only tensors have it. What is no "
            "tensor and no container goes back as it came.",
        ),
        Misconception(
            "others_dropped",
            change(to_device, "    return value\n", ""),
            "What is no tensor becomes None: on one of its ways your function ends without a return line.",
        ),
        Misconception(
            "everything_a_list",
            change(to_device, "type(value)(", "list("),
            "A tuple comes back as a list. Whoever hands a pair over wants a pair back: return the kind that came.",
        ),
        Misconception(
            "keys_lost",
            change(
                to_device,
                "{key: to_device(item, device) for key, item in value.items()}",
                "[to_device(item, device) for item in value.values()]",
            ),
            "A dict comes back as a list of its values: the keys are lost, and nobody knows any more which "
            "one is the image.",
        ),
        Misconception(
            "dict_as_a_list",
            change(to_device, "tuple | list", "tuple | list | dict"),
            "You treat a dict as a list. Looped over, it hands out its keys alone; key and value come from .items().",
        ),
        Misconception(
            "tuples_forgotten",
            change(to_device, "tuple | list", "list"),
            "Lists and dicts are moved, and a tuple comes back as it was. A DataLoader's pair (images, "
            "labels) may be either.",
        ),
        Misconception(
            "lists_forgotten",
            change(to_device, "tuple | list", "tuple"),
            "Tuples and dicts are moved, and a list comes back as it was. A DataLoader hands its batches out in lists.",
        ),
    ),
    also_right=(
        to_device,
        whatever_can_move,
        kind_by_kind,
        by_tree_map,
        change(to_device, "value.to(device)", "value.to(device=device, copy=False)"),
        change(
            to_device,
            "type(value)(to_device(item, device) for item in value)",
            "type(value)(map(to_device, value, [device] * len(value)))",
        ),
    ),
)

"""What people write in place of `to_device`, and right versions that look different."""

from typing import Any


def moved_and_dropped(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        value.to(device)
    elif isinstance(value, tuple | list):
        return type(value)(moved_and_dropped(item, device) for item in value)
    elif isinstance(value, dict):
        return {key: moved_and_dropped(item, device) for key, item in value.items()}
    return value


def one_level(value: Any, device: Any) -> Any:
    import torch

    def move(item: Any) -> Any:
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(value, tuple | list):
        return type(value)(move(item) for item in value)
    if isinstance(value, dict):
        return {key: move(item) for key, item in value.items()}
    return move(value)


def always_tuple(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return tuple(always_tuple(item, device) for item in value)
    if isinstance(value, dict):
        return {key: always_tuple(item, device) for key, item in value.items()}
    return value


def no_dict(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return type(value)(no_dict(item, device) for item in value)
    return value


def in_place(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(in_place(item, device) for item in value)
    if isinstance(value, list | dict):
        for key in range(len(value)) if isinstance(value, list) else value:
            value[key] = in_place(value[key], device)
    return value


def numbers_too(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, tuple | list):
        return type(value)(numbers_too(item, device) for item in value)
    if isinstance(value, dict):
        return {key: numbers_too(item, device) for key, item in value.items()}
    if value is None or isinstance(value, str):
        return value
    return torch.as_tensor(value).to(device)


def texts_refused(value: Any, device: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(texts_refused(item, device) for item in value)
    if isinstance(value, dict):
        return {key: texts_refused(item, device) for key, item in value.items()}
    return value.to(device)


def others_dropped(value: Any, device: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return type(value)(others_dropped(item, device) for item in value)
    if isinstance(value, dict):
        return {key: others_dropped(item, device) for key, item in value.items()}
    return None


def right_comprehensions(value: Any, device: Any) -> Any:
    if hasattr(value, "to"):
        return value.to(device)
    if isinstance(value, dict):
        return {key: right_comprehensions(item, device) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple([right_comprehensions(item, device) for item in value])
    if isinstance(value, list):
        return [right_comprehensions(item, device) for item in value]
    return value


def right_by_type(value: Any, device: Any) -> Any:
    import torch

    match value:
        case torch.Tensor():
            return value.to(device, non_blocking=True)
        case dict():
            return dict(zip(value, [right_by_type(item, device) for item in value.values()], strict=True))
        case tuple() | list():
            return type(value)([right_by_type(item, device) for item in value])
        case _:
            return value


def right_tree_map(value: Any, device: Any) -> Any:
    import torch
    from torch.utils._pytree import tree_map

    return tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, torch.Tensor) else leaf, value)

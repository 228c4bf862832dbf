"""`lottery_rewind` written otherwise, and right."""

from functools import partial
from typing import Any


def rewind_by_loading(model: "Any", initial: "Any", masks: "Any") -> None:
    import torch

    state = {name: value * masks[name] if name in masks else value for name, value in initial.items()}
    model.load_state_dict(state, strict=False)
    for name, mask in masks.items():
        model.get_parameter(name).register_hook(partial(torch.mul, mask))


def rewind_in_a_loop(model: "Any", initial: "Any", masks: "Any") -> None:
    import torch

    with torch.no_grad():
        for name, tensor in model.state_dict(keep_vars=True).items():
            if name in initial:
                tensor.copy_(initial[name])
            if name in masks:
                tensor[masks[name] == 0] = 0
                tensor.register_hook(lambda grad, mask=masks[name]: grad.masked_fill(mask == 0, 0.0))

"""What people write in place of `lottery_rewind`; each function can be pasted into a notebook as it stands."""

from typing import Any


def rewind_only_masks(model: "Any", initial: "Any", masks: "Any") -> None:
    for name, p in model.named_parameters():
        if name in masks:
            p.data *= masks[name]
            p.register_hook(lambda grad, mask=masks[name]: grad * mask)


def rewind_without_masks(model: "Any", initial: "Any", masks: "Any") -> None:
    model.load_state_dict(initial, strict=False)
    for name, p in model.named_parameters():
        if name in masks:
            p.register_hook(lambda grad, mask=masks[name]: grad * mask)


def rewind_inverted(model: "Any", initial: "Any", masks: "Any") -> None:
    model.load_state_dict(initial, strict=False)
    for name, p in model.named_parameters():
        if name in masks:
            p.data *= 1 - masks[name]
            p.register_hook(lambda grad, mask=masks[name]: grad * (1 - mask))


def rewind_weights_only(model: "Any", initial: "Any", masks: "Any") -> None:
    for name, p in model.named_parameters():
        if name in masks:
            p.data.copy_(initial[name] * masks[name])
            p.register_hook(lambda grad, mask=masks[name]: grad * mask)


def rewind_no_hooks(model: "Any", initial: "Any", masks: "Any") -> None:
    model.load_state_dict(initial, strict=False)
    for name, p in model.named_parameters():
        if name in masks:
            p.data *= masks[name]


def rewind_freezes_survivors(model: "Any", initial: "Any", masks: "Any") -> None:
    model.load_state_dict(initial, strict=False)
    for name, p in model.named_parameters():
        if name in masks:
            p.data *= masks[name]
            p.register_hook(lambda grad, mask=masks[name]: grad * (1 - mask))


def rewind_late_binding(model: "Any", initial: "Any", masks: "Any") -> None:
    model.load_state_dict(initial, strict=False)
    for name, mask in masks.items():
        p = model.get_parameter(name)
        p.data *= mask
        p.register_hook(lambda grad: grad * mask)  # noqa: B023 (the mistake itself)


def rewind_aliased(model: "Any", initial: "Any", masks: "Any") -> None:
    state = model.state_dict(keep_vars=True)
    for name, tensor in state.items():
        if name in initial:
            tensor.data = initial[name]
        if name in masks:
            tensor.data *= masks[name]
            tensor.register_hook(lambda grad, mask=masks[name]: grad * mask)

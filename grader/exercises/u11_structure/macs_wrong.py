"""What people write in place of `count_macs`; each can be pasted into a notebook as it stands."""

from typing import Any


def macs_as_flops(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            counts[name] = counts.get(name, 0) + 2 * out.numel() * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_of_the_input(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            places = given[0].shape[-2:].numel() * len(layer.weight) if layer.weight.ndim == 4 else out.numel()
            counts[name] = counts.get(name, 0) + places * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_without_groups(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            wide = layer.weight[0].numel() * getattr(layer, "groups", 1)
            counts[name] = counts.get(name, 0) + out.numel() * wide

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_of_square_kernels(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            kernel = layer.weight.shape[2] ** 2 if layer.weight.ndim == 4 else 1
            counts[name] = counts.get(name, 0) + out.numel() * layer.weight.shape[1] * kernel

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_assigned(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            counts[name] = out.numel() * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_with_biases(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            bias = out.numel() if layer.bias is not None else 0
            counts[name] = counts.get(name, 0) + out.numel() * layer.weight[0].numel() + bias

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_of_linear_once(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            times = out.numel() if layer.weight.ndim == 4 else len(layer.weight)
            counts[name] = counts.get(name, 0) + times * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    for handle in handles:
        handle.remove()
    return counts


def macs_hooks_left(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            counts[name] = counts.get(name, 0) + out.numel() * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    mode = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(mode)
    del handles
    return counts


def macs_in_training_mode(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            counts[name] = counts.get(name, 0) + out.numel() * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    for handle in handles:
        handle.remove()
    return counts


def macs_mode_left(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    counts: dict = {}

    def note(name: str) -> "Any":
        def hook(layer: "Any", given: "Any", out: "Any") -> None:
            counts[name] = counts.get(name, 0) + out.numel() * layer.weight[0].numel()

        return hook

    parts = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [part.register_forward_hook(note(name)) for name, part in parts]
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    for handle in handles:
        handle.remove()
    return counts

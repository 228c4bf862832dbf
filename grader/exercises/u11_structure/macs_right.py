"""`count_macs` written otherwise, and right."""

from typing import Any


def macs_by_shapes(model: "Any", shape: tuple) -> dict:
    import copy

    import torch
    from torch import nn

    twin, counts = copy.deepcopy(model).eval(), {}
    for name, part in twin.named_modules():
        if not isinstance(part, nn.Conv2d | nn.Linear):
            continue
        counts[name] = 0

        def hook(layer: "Any", given: "Any", out: "Any", name: str = name) -> None:
            if isinstance(layer, nn.Linear):
                counts[name] += layer.in_features * layer.out_features * (given[0].numel() // layer.in_features)
            else:
                (kh, kw), (_, _, height, width) = layer.kernel_size, out.shape
                counts[name] += kh * kw * layer.in_channels // layer.groups * layer.out_channels * height * width

        part.register_forward_hook(hook)
    twin(torch.randn(1, *shape))
    return counts


def macs_by_tracing(model: "Any", shape: tuple) -> dict:
    import torch
    from torch import nn

    layers = {m: name for name, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    counts = dict.fromkeys(layers.values(), 0)

    def after(layer: "Any", given: "Any", out: "Any") -> None:
        if layer in layers:
            counts[layers[layer]] += out.numel() * layer.weight.numel() // len(layer.weight)

    mode = model.training
    handle = nn.modules.module.register_module_forward_hook(after)
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, *shape))
    finally:
        handle.remove()
        model.train(mode)
    return counts

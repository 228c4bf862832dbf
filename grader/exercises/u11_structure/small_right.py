"""`small_net` written otherwise: the same weights in networks that are put together in other ways."""

from typing import Any


def small_by_hand() -> "Any":
    import torch
    from safetensors.torch import load_file
    from torch import nn

    weights = {name: value.float() for name, value in load_file("small_net.safetensors").items()}

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, value in weights.items():
                self.register_buffer(name.replace(".", "_"), value)

        def of(self, layer: str, name: str) -> "Any":
            return getattr(self, f"{layer}.{name}".replace(".", "_"), None)

        def conv(self, x: "Any", layer: str, norm: str, stride: int) -> "Any":
            weight = self.of(layer, "weight")
            x = nn.functional.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
            mean, var = self.of(norm, "running_mean"), self.of(norm, "running_var")
            return nn.functional.batch_norm(x, mean, var, self.of(norm, "weight"), self.of(norm, "bias"))

        def forward(self, x: "Any") -> "Any":
            x = torch.relu(self.conv(x, "0", "1", 1))
            for block in ("3", "4", "5"):
                h = torch.relu(self.conv(x, f"{block}.conv1", f"{block}.bn1", 2))
                h = self.conv(h, f"{block}.conv2", f"{block}.bn2", 1)
                x = torch.relu(h + self.conv(x, f"{block}.shortcut.0", f"{block}.shortcut.1", 2))
            return nn.functional.linear(x.mean(dim=(2, 3)), self.of("8", "weight"), self.of("8", "bias"))

    return Network()


def small_in_double() -> "Any":
    import torch
    from safetensors import safe_open
    from torch import nn

    class Block(nn.Module):
        def __init__(self, a: int, b: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b)
            self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, 2, bias=False), nn.BatchNorm2d(b))

        def forward(self, x: "Any") -> "Any":
            h = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (h + self.shortcut(x)).relu()

    class Wide(nn.Sequential):
        def forward(self, x: "Any") -> "Any":
            return super().forward(x.double())

    stem = [nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU()]
    blocks = [Block(12, 12), Block(12, 24), Block(24, 44)]
    model = Wide(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(44, 10)).double()
    with safe_open("small_net.safetensors", "pt") as file, torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(file.get_tensor(name))
    return model

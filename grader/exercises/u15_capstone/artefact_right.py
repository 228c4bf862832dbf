"""`capstone_net` written otherwise: the solution's weights in networks that are put together in other ways."""

from typing import Any


def by_functions() -> Any:
    from safetensors.torch import load_file
    from torch import nn

    weights = {name: value.float() for name, value in load_file("capstone_net.safetensors").items()}

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, value in weights.items():
                self.register_buffer(name.replace(".", "_"), value)

        def layer(self, x: Any, conv: str, norm: str, stride: int = 1) -> Any:
            kernel = getattr(self, f"{conv}_weight")
            x = nn.functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
            kept = [getattr(self, f"{norm}_{name}") for name in ("running_mean", "running_var", "weight", "bias")]
            return nn.functional.batch_norm(x, *kept).relu()

        def forward(self, x: Any) -> Any:
            x = self.layer(self.layer(x, "0", "1", stride=2), "3", "4")
            x = self.layer(nn.functional.max_pool2d(x, 2), "7", "8")
            x = x + self.layer(x, "10_body_0", "10_body_1")
            return nn.functional.linear(x.mean(dim=(2, 3)), self.get_buffer("14_weight"), self.get_buffer("14_bias"))

    return Network()


def read_one_by_one() -> Any:
    import torch
    from safetensors import safe_open
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(72, 72, 3, padding=1, bias=False), nn.BatchNorm2d(72), nn.ReLU())

        def forward(self, x: Any) -> Any:
            return self.body(x).add(x)

    first = [nn.Conv2d(1, 24, 5, 2, 2, bias=False), nn.BatchNorm2d(24), nn.ReLU()]
    second = [nn.Conv2d(24, 48, 3, 1, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(), nn.MaxPool2d(2)]
    third = [nn.Conv2d(48, 72, 3, 1, 1, bias=False), nn.BatchNorm2d(72), nn.ReLU(), Residual()]
    last = [nn.AvgPool2d(7), nn.Flatten(), nn.Identity(), nn.Linear(72, 10)]
    model = nn.Sequential(*first, *second, *third, *last)
    with safe_open("capstone_net.safetensors", "pt") as file, torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(file.get_tensor(name))
    return model

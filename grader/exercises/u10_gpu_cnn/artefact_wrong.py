"""What people write in place of `trained_net`, and other ways to write it that are right."""

from typing import Any


def not_divided(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = torch.tensor(images).float()[:, None]
    with torch.no_grad():
        return model.eval()(x).argmax(dim=1).numpy()


def never_loaded(images: "Any") -> "Any":
    import torch
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    torch.manual_seed(1)
    model = Clothes()
    x = torch.tensor(images).float()[:, None] / 255
    with torch.no_grad():
        return model.eval()(x).argmax(dim=1).numpy()


def constant(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = (torch.tensor(images)[:, None] // 255).float() * 0
    with torch.no_grad():
        return model.eval()(x).argmax(dim=1).numpy()


def wrong_axis(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = torch.tensor(images).float()[:, None] / 255
    with torch.no_grad():
        return model.eval()(x).argmax(dim=0).numpy()


def logits(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = torch.tensor(images).float()[:, None] / 255
    with torch.no_grad():
        return model.eval()(x).numpy()


def batch_statistics(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = torch.tensor(images).float()[:, None] / 255
    x = (x - x.mean()) / x.std() * 0.35 + 0.29
    with torch.no_grad():
        return model.eval()(x).argmax(dim=1).numpy()


def right_in_batches(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    x = torch.tensor(images).float()[:, None] / 255
    model.requires_grad_(False).eval()
    return [int(label) for part in x.split(100) for label in model(part).argmax(1)]


def right_by_softmax(images: "Any") -> "Any":
    from pathlib import Path

    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Clothes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    model = Clothes()
    weights = load_file(Path("trained_net.safetensors"))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    import numpy as np

    x = torch.from_numpy((images.astype(np.float32) / 255).reshape(-1, 1, 28, 28))
    with torch.inference_mode():
        return torch.softmax(model.eval()(x), dim=1).numpy().argmax(axis=-1)

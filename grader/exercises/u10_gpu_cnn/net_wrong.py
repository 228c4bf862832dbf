"""What people write in place of `Net`; each a function that makes the network, as a class is.

torch is imported inside, so that whoever reads the specs does not have to load it.
"""

from typing import Any


def Published() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = torch.relu(self.conv1(x))
            x = torch.relu(self.conv2(x))
            x = x.view(-1, 64 * 7 * 7)
            x = torch.relu(self.fc1(x))
            return nn.functional.log_softmax(self.fc2(x), dim=1)

    return Net()


def Strided() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1, stride=2)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1, stride=2)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = torch.relu(self.conv1(x))
            x = torch.relu(self.conv2(x))
            x = torch.relu(self.fc1(x.flatten(1)))
            return self.fc2(x)

    return Net()


def Averaged() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.avg_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.avg_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return self.fc2(x)

    return Net()


def NoReluInHead() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            return self.fc2(self.fc1(x.flatten(1)))

    return Net()


def NoReluAfterConv() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(self.conv1(x), 2)
            x = nn.functional.max_pool2d(self.conv2(x), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return self.fc2(x)

    return Net()


def ReluAtEnd() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return torch.relu(self.fc2(x))

    return Net()


def SoftmaxAtEnd() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return torch.softmax(self.fc2(x), dim=1)

    return Net()


def LogSoftmaxAtEnd() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.flatten(1)))
            return torch.log_softmax(self.fc2(x), dim=1)

    return Net()


def PlainList() -> "Any":
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers: list = [nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            self.layers += [nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            self.layers += [nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10)]

        def forward(self, x: "Any") -> "Any":
            for layer in self.layers:
                x = layer(x)
            return x

    return Net()


def ChannelsLast() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
            x = torch.relu(self.fc1(x.permute(0, 2, 3, 1).flatten(1)))
            return self.fc2(x)

    return Net()


def RightPoolFirst() -> "Any":
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x: "Any") -> "Any":
            x = torch.relu(nn.functional.max_pool2d(self.conv1(x), 2))
            x = torch.relu(nn.functional.max_pool2d(self.conv2(x), 2))
            x = torch.relu(self.fc1(x.view(-1, 64 * 7 * 7)))
            return self.fc2(x)

    return Net()


def RightPieces() -> "Any":
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)
            self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

        def forward(self, x: "Any") -> "Any":
            x = self.pool(self.conv1(x).relu())
            x = self.pool(self.conv2(x).relu())
            x = self.fc1(x.reshape(len(x), -1)).relu()
            return self.fc2(x)

    return Net()


def RightFunctions() -> "Any":
    from collections import OrderedDict

    from torch import nn

    def block(i: int, o: int, name: str) -> list:
        conv = nn.Conv2d(i, o, (3, 3), stride=1, padding="same")
        return [(name, conv), (f"{name}_relu", nn.ReLU()), (f"{name}_pool", nn.AdaptiveMaxPool2d(14 if i == 1 else 7))]

    head = [("flat", nn.Flatten()), ("fc1", nn.Linear(3136, 128)), ("relu", nn.ReLU()), ("fc2", nn.Linear(128, 10))]
    return nn.Sequential(OrderedDict(block(1, 32, "conv1") + block(32, 64, "conv2") + head))

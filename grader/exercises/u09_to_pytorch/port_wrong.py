"""What people write in place of `port_cnn`."""

from typing import Any


def port_reshaped(params: list) -> "Any":
    import torch
    from torch import nn

    W1, _, W2, _, W3, _ = params
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
    ).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), params, strict=True):
            parameter.copy_(torch.tensor(value).view(parameter.shape))
    return model


def port_flipped(params: list) -> "Any":
    import torch
    from torch import nn

    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
    ).double()
    with torch.no_grad():
        values = [W1.flip(2, 3), b1, W2.flip(2, 3), b2, W3.T, b3]
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(value)
    return model


def port_channels_last(params: list) -> "Any":
    import torch
    from torch import nn

    class Ported(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.ParameterList([torch.tensor(param) for param in params])

        def forward(self, x: "Any") -> "Any":
            W1, b1, W2, b2, W3, b3 = self.weights
            for W, b in ((W1, b1), (W2, b2)):
                x = nn.functional.max_pool2d(nn.functional.conv2d(x, W, b, padding=W.shape[2] // 2).relu(), 2)
            return x.permute(0, 2, 3, 1).flatten(1) @ W3 + b3

    return Ported()


def port_one_relu(params: list) -> "Any":
    import torch
    from torch import nn

    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
    ).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), [W1, b1, W2, b2, W3.T, b3], strict=True):
            parameter.copy_(value)
    return model


def port_softmax(params: list) -> "Any":
    import torch
    from torch import nn

    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
        nn.Softmax(dim=1),
    ).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), [W1, b1, W2, b2, W3.T, b3], strict=True):
            parameter.copy_(value)
    return model


def port_plain_list(params: list) -> "Any":
    import torch
    from torch import nn

    class Ported(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers: list = []
            for W, b in ((params[0], params[1]), (params[2], params[3])):
                conv = nn.Conv2d(W.shape[1], W.shape[0], W.shape[2], padding=W.shape[2] // 2).double()
                conv.weight.data, conv.bias.data = torch.tensor(W), torch.tensor(b)  # type: ignore[union-attr]
                self.layers += [conv, nn.ReLU(), nn.MaxPool2d(2)]
            linear = nn.Linear(*params[4].shape).double()
            linear.weight.data, linear.bias.data = torch.tensor(params[4].T), torch.tensor(params[5])
            self.layers += [nn.Flatten(), linear]

        def forward(self, x: "Any") -> "Any":
            for layer in self.layers:
                x = layer(x)
            return x

    return Ported()


def port_frozen(params: list) -> "Any":
    import torch
    from torch import nn

    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
    ).double()
    for parameter, value in zip(model.parameters(), [W1, b1, W2, b2, W3.T, b3], strict=True):
        parameter.requires_grad = False
        parameter.copy_(value)
    return model


def port_shares(params: list) -> "Any":
    import torch
    from torch import nn

    W1, b1, W2, b2, W3, b3 = (torch.from_numpy(param) for param in params)
    model = nn.Sequential(
        nn.Conv2d(W1.shape[1], W1.shape[0], W1.shape[2], padding=W1.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(W2.shape[1], W2.shape[0], W2.shape[2], padding=W2.shape[2] // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*W3.shape),
    )
    for parameter, value in zip(model.parameters(), [W1, b1, W2, b2, W3.T, b3], strict=True):
        parameter.data = value
    return model

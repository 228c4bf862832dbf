"""`port_cnn`: unit 08's weights in a torch.nn.Module that gives the same outputs and can be trained."""

from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def port_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        group: str,
        shape: tuple[int, int, int],
        filters: tuple[int, int],
        sides: tuple[int, int],
        classes: int,
    ) -> Case:
        (C, height, width), (A, B) = shape, filters
        flat = B * (height // 4) * (width // 4)
        shapes = ((A, C, sides[0], sides[0]), (A,), (B, A, sides[1], sides[1]), (B,), (flat, classes), (classes,))
        params = [rng.normal(0, 0.7, size=size) for size in shapes]
        X, y = rng.normal(size=(3, C, height, width)), rng.integers(0, classes, size=3)
        asks = {"trains": "training", "memory": "memory"}.get(group, "logits")
        return Case(label, group, {"params": params, "X": X, "y": y, "lr": 0.05, "asks": asks})

    return [
        case("one channel, 8 x 8", "outputs", (1, 8, 8), (2, 3), (3, 3), 4),
        case("kernels of 5 x 5 and 3 x 3", "outputs", (1, 8, 8), (3, 2), (5, 3), 3),
        case("three channels, 8 x 12", "shapes", (3, 8, 12), (2, 4), (3, 3), 5),
        case("as many classes as features", "shapes", (1, 4, 8), (2, 3), (3, 3), 6),
        case("10 x 9, which do not halve evenly", "shapes", (1, 10, 9), (2, 3), (5, 3), 3),
        case("12 x 8, trained for one step", "trains", (2, 12, 8), (3, 2), (5, 3), 4),
        case("8 x 8, trained for one step", "trains", (1, 8, 8), (2, 2), (3, 3), 3),
        case("two models of one network, the first one trained", "memory", (1, 8, 8), (2, 3), (3, 3), 4),
        case("two models, two channels, 8 x 12", "memory", (2, 8, 12), (3, 2), (3, 5), 3),
    ]


def port_oracle(params: list[np.ndarray], X: np.ndarray, y: np.ndarray, lr: float, asks: str) -> tuple[Any, Any, Any]:
    """torch.nn.functional on the arrays, without any module."""
    import torch

    tensors = [torch.tensor(param, requires_grad=True) for param in params]
    logits = functional_cnn(tensors, torch.from_numpy(X))
    if asks != "training":
        return logits, None, None
    grads = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, torch.from_numpy(y)), tensors)
    moved = [tensor.detach() - lr * grad for tensor, grad in zip(tensors, grads, strict=True)]
    return None, sum(param.size for param in params), functional_cnn(moved, torch.from_numpy(X))


def functional_cnn(tensors: list[Any], images: Any) -> Any:
    from torch import nn

    W1, b1, W2, b2, W3, b3 = tensors
    maps = nn.functional.max_pool2d(nn.functional.relu(nn.functional.conv2d(images, W1, b1, padding="same")), 2)
    maps = nn.functional.max_pool2d(nn.functional.relu(nn.functional.conv2d(maps, W2, b2, padding="same")), 2)
    return maps.flatten(1) @ W3 + b3


def port_cnn(params):
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
        for parameter, value in zip(model.parameters(), [W1, b1, W2, b2, W3.T, b3], strict=True):
            parameter.copy_(value)
    return model


def port_class(params):
    import torch
    from torch import nn

    class Ported(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.ParameterList([torch.tensor(param) for param in params])

        def forward(self, x):
            W1, b1, W2, b2, W3, b3 = self.weights
            for W, b in ((W1, b1), (W2, b2)):
                x = torch.relu(nn.functional.conv2d(x, W, b, padding=W.shape[-1] // 2))
                x = nn.functional.max_pool2d(x, 2)
            return x.flatten(1) @ W3 + b3

    return Ported()


def port_state_dict(params):
    import torch
    from torch import nn

    layers = []
    for W in params[:4:2]:
        layers += [nn.Conv2d(W.shape[1], W.shape[0], W.shape[-1], padding="same"), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(*params[4].shape)).double()
    values = [*params[:4], params[4].T, params[5]]
    model.load_state_dict({key: torch.tensor(value) for key, value in zip(model.state_dict(), values, strict=True)})
    return model


ONE_SIZE = (
    "Your second convolution has the first one's kernel size. The two may differ: read each size off its own array."
)


TRANSPOSED = (
    "The last layer's weights do not fit as they are: nn.Linear keeps its weight as (outputs, inputs), "
    "the NumPy network as (inputs, outputs). Rows and columns have to change places."
)


def fixed_paddings() -> list[Misconception]:
    """Paddings that are numbers in the code, one of the two or both."""
    says = (
        "A fixed padding keeps the size for one kernel only. Half the kernel, rounded down, does so for all odd ones."
    )
    read = [f"padding=W{layer}.shape[2] // 2" for layer in (1, 2)]
    places = {"both": read, "first": read[:1], "second": read[1:]}
    return [
        Misconception(
            f"padding_of_{size}_in_{where}",
            change(port_cnn, *(text for old in olds for text in (old, f"padding={size}"))),
            says,
        )
        for size in (1, 2)
        for where, olds in places.items()
    ]


PORT_CNN = Exercise(
    name="port_cnn",
    unit=UNIT,
    returns=("logits", "parameters", "trained"),
    driver="ported_model",
    groups=(
        Group("outputs", "gives the logits of the NumPy network", 2, hint=1),
        Group("shapes", "does so for other channels, sizes and numbers of classes", 2, hint=2),
        Group("trains", "returns a model whose parameters an optimizer finds, all of them, and moves", 1, hint=4),
        Group(
            "memory", "gives the model weights of its own: training it leaves the NumPy network as it was", 1, hint=4
        ),
    ),
    cases=port_cases,
    tolerance=Tolerance(rtol=1e-10, atol=1e-12, rtol32=1e-10, atol32=1e-12),
    reference=port_oracle,
    misconceptions=(
        Misconception(
            "reshaped_for_transposed",
            change(port_cnn, "W3.T", "W3.reshape(W3.T.shape)"),
            "The last layer's weights have the right shape and the wrong order. nn.Linear keeps its weight as "
            "(outputs, inputs). reshape and view fill the new shape row by row and scramble the entries: rows and "
            "columns have to change places.",
            hint=2,
        ),
        Misconception(
            "kernels_flipped",
            change(port_cnn, "[W1, b1, W2, b2,", "[W1.flip(2, 3), b1, W2.flip(2, 3), b2,"),
            "Your kernels are turned upside down. What deep learning calls convolution does not flip the kernel, "
            "neither in torch nor in unit 08; they agree as they are.",
            hint=2,
        ),
        Misconception(
            "channels_last",
            change(port_class, "x.flatten(1)", "x.permute(0, 2, 3, 1).flatten(1)"),
            "Before the last layer you put the channels last, and the weights expect them first. The two orders hold "
            "the same numbers in other places: flatten (N, C, H, W) as it is.",
            hint=3,
        ),
        Misconception(
            "relu_forgotten",
            change(port_cnn, "W2.shape[2] // 2),\n        nn.ReLU(),", "W2.shape[2] // 2),"),
            "The second convolution has no ReLU behind it. In unit 08 there is one after each convolution, before the "
            "pooling.",
        ),
        Misconception(
            "softmax_at_the_end",
            change(port_cnn, "nn.Linear(*W3.shape),", "nn.Linear(*W3.shape),\n        nn.Softmax(dim=1),"),
            "Your model ends in a softmax. It should return logits: cross_entropy takes the softmax itself, and a "
            "second one flattens the gradients.",
        ),
        Misconception(
            "plain_list",
            change(
                port_class,
                "nn.ParameterList([torch.tensor(param) for param in params])",
                "[torch.tensor(param) for param in params]",
            ),
            "model.parameters() finds nothing, so that no optimizer will ever train this model. Layers in a plain "
            "list, and plain tensors, are invisible: a Module only registers modules and nn.Parameters that are its "
            "attributes, or stand in nn.Sequential or nn.ModuleList.",
            about=("parameters", "trained"),
        ),
        Misconception(
            "frozen",
            change(
                port_cnn,
                "parameter.copy_(value)",
                "parameter.requires_grad = False\n            parameter.copy_(value)",
            ),
            "The parameters are there, and none of them learns: requires_grad is False. That silences torch's error "
            "about changing a parameter in place, and the training with it. Is there a way to write values in that "
            "only looks away for a moment?",
            hint=2,
            about=("trained",),
        ),
        Misconception(
            "shares_memory",
            change(
                port_cnn,
                "torch.tensor(param) for",
                "torch.from_numpy(param) for",
                "parameter.copy_(value)",
                "parameter.data = value",
            ),
            "Your model trains, and the NumPy network's weights change along with it: torch.from_numpy makes a tensor "
            "over the very same memory. Copy the values into memory of the model's own.",
        ),
        Misconception(
            "one_kernel_size",
            change(port_cnn, "W2.shape[2], padding=W2.shape[2] // 2", "W1.shape[2], padding=W1.shape[2] // 2"),
            ONE_SIZE,
        ),
        Misconception(
            "not_transposed",
            change(port_cnn, "W3.T", "W3"),
            TRANSPOSED,
            hint=2,
        ),
        *fixed_paddings(),
        Misconception(
            "no_padding",
            change(port_cnn, ", padding=W1.shape[2] // 2", "", ", padding=W2.shape[2] // 2", ""),
            "Your convolutions have no padding, so that the maps shrink, and at the linear layer the numbers do "
            "not fit. Half the kernel, rounded down, keeps the size.",
        ),
        Misconception(
            "first_relu_forgotten",
            change(port_cnn, "W1.shape[2] // 2),\n        nn.ReLU(),", "W1.shape[2] // 2),"),
            "The first convolution has no ReLU behind it. In unit 08 there is one after each convolution, before "
            "the pooling.",
        ),
        Misconception(
            "relu_at_the_end",
            change(port_cnn, "nn.Linear(*W3.shape),", "nn.Linear(*W3.shape),\n        nn.ReLU(),"),
            "There is a ReLU behind the last layer, so that no logit is negative. The logits go out as they are.",
        ),
        Misconception(
            "one_kernel_size_for_a_state_dict",
            change(port_state_dict, "W.shape[-1]", "params[0].shape[-1]"),
            ONE_SIZE,
        ),
        Misconception(
            "not_transposed_in_a_state_dict", change(port_state_dict, "params[4].T", "params[4]"), TRANSPOSED, hint=2
        ),
        Misconception(
            "in_float32",
            change(port_cnn, ".double()", ""),
            "Your model computes in float32, and the images come as float64, the arrays' own type. model.double() "
            "makes a model float64.",
        ),
        Misconception(
            "rounded_to_float32",
            change(port_cnn, "torch.tensor(param) for", "torch.tensor(param, dtype=torch.float32) for"),
            "Your model computes in float64 and holds weights that were rounded to float32 on the way: they agree "
            "to 7 digits. torch.tensor keeps an array's own type.",
            hint=2,
        ),
        Misconception(
            "mean_pooling",
            change(port_class, "max_pool2d", "avg_pool2d"),
            "You pool by the mean. Unit 08's network takes the largest value of each window.",
        ),
        Misconception(
            "never_loaded",
            change(port_cnn, "parameter.copy_(value)", "parameter.copy_(parameter)"),
            "Your model has the right layers, and still the random weights that it was constructed with. Write "
            "the arrays' values in.",
            hint=2,
        ),
        Misconception(
            "biases_left",
            change(
                port_cnn,
                "[W1, b1, W2, b2, W3.T, b3], strict=True):\n            parameter",
                "[W1, b1, W2, b2, W3.T, b3], strict=True):\n            if value.ndim > 1:\n                parameter",
            ),
            "The weights are written in, and the biases are still the random ones that the layers were "
            "constructed with.",
            hint=2,
        ),
    ),
    also_right=(
        port_cnn,
        port_class,
        port_state_dict,
        change(port_cnn, "parameter.copy_(value)", "parameter.data = value.clone()"),
        change(
            port_class,
            "nn.ParameterList([torch.tensor(param) for param in params])",
            "nn.ParameterList(nn.Parameter(torch.tensor(p)) for p in params)",
            "x = torch.relu(nn.functional.conv2d(x, W, b, padding=W.shape[-1] // 2))\n"
            "                x = nn.functional.max_pool2d(x, 2)",
            "x = nn.functional.max_pool2d(nn.functional.conv2d(x, W, b, padding=W.shape[2] // 2), 2).clamp(min=0)",
        ),
    ),
)

"""The class NumpyCNN: two convolutions, the loss and all gradients, of the layers that the unit has made."""

from typing import Any

import numpy as np

from course_lib.stand_ins.u01_gradients import cross_entropy
from course_lib.stand_ins.u07_mlp import he_init, linear_backward, linear_forward, relu_backward, relu_forward
from course_lib.stand_ins.u08_cnn import conv2d_backward, conv2d_forward, maxpool_backward, maxpool_forward
from grader.exercises.u08_cnn import network_mistakes as wrong
from grader.exercises.u08_cnn.layers import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def network_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        asks: str,
        shape: tuple[int, int, int],
        filters: tuple[int, int],
        classes: int,
        N: int,
        group: str = "",
    ) -> Case:
        (C, height, width), (A, B) = shape, filters
        D = B * (height // 4) * (width // 4)
        sizes = [(A, C, 5, 5), (A,), (B, A, 3, 3), (B,), (D, classes), (classes,)]
        spreads = [C * 25, 10, A * 9, 10, D, 10]
        inputs = {
            "shape": list(shape),
            "filters": list(filters),
            "classes": classes,
            "seed": int(rng.integers(2**31)),
            "params": [rng.normal(0, 1.5 / np.sqrt(s), size=size) for size, s in zip(sizes, spreads, strict=True)],
            "X": rng.normal(size=(N, *shape)),
            "y": rng.integers(0, classes, size=N),
            "asks": asks,
        }
        return Case(label, group or asks, inputs)

    return [
        case("logits: 3 square images", "logits", (1, 8, 8), (2, 3), 4, 3),
        case("logits: 2 images of 8 x 12, 2 channels", "logits", (2, 8, 12), (3, 2), 5, 2),
        case("loss: 4 images", "loss", (1, 8, 8), (2, 3), 3, 4),
        case("loss: one image of 12 x 8", "loss", (1, 12, 8), (3, 2), 4, 1),
        case("gradients: one image", "grads", (1, 8, 8), (2, 3), 3, 1),
        case("gradients: 4 images", "grads", (1, 8, 8), (2, 4), 5, 4),
        case("gradients: 3 images of 8 x 12, 2 channels", "grads", (2, 8, 12), (2, 3), 4, 3, "shapes"),
        case("gradients: height and width that do not halve evenly", "grads", (1, 10, 9), (3, 2), 3, 2, "shapes"),
        case("the parameters have changed since the last call", "again", (1, 8, 8), (2, 3), 3, 3),
        case("changed parameters, images of 8 x 12", "again", (2, 8, 12), (2, 2), 4, 2),
    ]


def network_oracle(
    shape: list[int],
    filters: list[int],
    classes: int,
    seed: int,
    params: list[np.ndarray],
    X: np.ndarray,
    y: np.ndarray,
    asks: str,
) -> tuple[Any, ...]:
    """torch's layers and its cross-entropy, differentiated by torch.autograd."""
    import torch

    functional = torch.nn.functional
    scale = 0.5 if asks == "again" else 1.0
    W1, b1, W2, b2, W3, b3 = tensors = [torch.tensor(param * scale, requires_grad=True) for param in params]
    maps = functional.max_pool2d(torch.relu(functional.conv2d(torch.from_numpy(X), W1, b1, padding=2)), 2)
    maps = functional.max_pool2d(torch.relu(functional.conv2d(maps, W2, b2, padding=1)), 2)
    logits = functional.linear(maps.flatten(1), W3.T, b3)
    loss = functional.cross_entropy(logits, torch.from_numpy(y))
    if asks == "logits":
        return logits.detach().numpy(), None, None
    if asks == "loss":
        return None, loss.item(), None
    return None, None, [grad.numpy() for grad in torch.autograd.grad(loss, tensors)]


class CNNPoolsFirst:
    """The maximum of what a ReLU leaves is the ReLU of the maximum: pooled first, it has a quarter of the work."""

    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, pool1 = maxpool_forward(A, 2)
        A, relu1 = relu_forward(A)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, pool2 = maxpool_forward(A, 2)
        A, relu2 = relu_forward(A)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = maxpool_backward(relu_backward(d.reshape(shape), relu2), pool2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = maxpool_backward(relu_backward(d, relu1), pool1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNOfLayers:
    """A list of layers that remembers its way: forward through it and back through it."""

    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        D = B * (height // 4) * (width // 4)
        sizes: list = [(A, C, 5, 5), A, (B, A, 3, 3), B, (D, classes), classes]
        self.params = [rng.normal(0, 0.1, size=size) for size in sizes]

    def walk(self, X: np.ndarray) -> tuple:
        W1, b1, W2, b2, W3, b3 = self.params
        way: list = []
        for W, b, padding in ((W1, b1, 2), (W2, b2, 1)):
            X, cache = conv2d_forward(X, W, b, 1, (padding, padding))
            way.append((conv2d_backward, cache))
            way.append((lambda d, on: d * on, X > 0))
            X, cache = maxpool_forward(X * (X > 0), (2, 2))
            way.append((maxpool_backward, cache))
        flat = X.reshape(len(X), -1)
        way.append((lambda d, like: d.reshape(like), X.shape))
        way.append((lambda d, cache: (d @ cache[1].T, cache[0].T @ d, d.sum(axis=0)), (flat, W3)))
        return flat @ W3 + b3, way

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.walk(X)[0]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        logits, way = self.walk(X)
        loss, d = cross_entropy(logits, y)
        grads: list = []
        for back, cache in reversed(way):
            d = back(d, cache)
            if isinstance(d, tuple):
                d, *own = d
                grads = [*own, *grads]
        return loss, grads


NUMPY_CNN = Exercise(
    name="NumpyCNN",
    unit=UNIT,
    returns=("logits", "loss", "grads"),
    probe="image_network",
    groups=(
        Group("logits", "computes the logits of a batch of images", 2),
        Group("loss", "gives the loss of the logits", 1),
        Group("grads", "gives all gradients, in the order of the parameters", 3),
        Group("shapes", "works for images that are not square, and for several channels", 1),
        Group("again", "starts afresh at every call, with the parameters as they are now", 1),
    ),
    cases=network_cases,
    reference=network_oracle,
    misconceptions=(
        Misconception(
            "no_relu",
            wrong.CNNWithoutRelu,
            "There is no ReLU in your network. Pooling bends a little, but without ReLU a filter that answers with a "
            "clear no passes that on as a number like any other. It stands behind each convolution.",
            hint=1,
        ),
        Misconception(
            "relu_on_the_logits",
            wrong.CNNReluOnLogits,
            "You put a ReLU on the logits, so that none can be negative, and a class below zero gets no gradient to "
            "come back. ReLU stands behind the convolutions; the last layer is left as it is.",
            hint=1,
        ),
        Misconception(
            "softmax_before_the_loss",
            wrong.CNNSoftmaxFirst,
            "Your forward ends in a softmax, and cross_entropy takes a softmax of its own. With ten classes, the loss "
            "can then never fall below 1.461. Return the logits as they are.",
            hint=1,
        ),
        Misconception(
            "flattened_channels_last",
            wrong.CNNChannelsLast,
            "You flatten the maps with the channel running fastest. It would train just as well; but W3 belongs to the "
            "order in which the axes stand, (channel, row, column), in torch too: no transpose.",
            hint=2,
        ),
        Misconception(
            "no_padding",
            wrong.CNNNoPadding,
            "Your convolutions have no padding, so the maps shrink, and at the linear layer the numbers do not fit. A "
            "padding of half the kernel keeps the size: what is half of 5, and of 3, rounded down?",
            hint=1,
        ),
        Misconception(
            "no_mask",
            wrong.CNNNoMask,
            "The gradients of the linear layer are right; below it, they went through the ReLUs as if these were not "
            "there. Every step forward has its step back, with the cache of that very step.",
            hint=3,
        ),
        Misconception(
            "grads_backwards",
            wrong.CNNBackwards,
            "Your gradients are right, layer by layer, and listed from the last layer to the first. An optimizer pairs "
            "them with params: W1, b1, W2, b2, W3, b3.",
            hint=3,
        ),
        Misconception(
            "computes_with_copies",
            wrong.CNNOnCopies,
            "Your network computes with other arrays than those in `self.params`. An optimizer changes the arrays in "
            "that list, and nothing happens to your outputs. Read the parameters from the list, every time.",
            hint=4,
        ),
        Misconception(
            "sums_over_the_batch",
            wrong.CNNSums,
            "Your gradients are N times too large: those of the sum of the losses. cross_entropy gives the gradient of "
            "the mean already; hand it on as it is.",
            hint=3,
        ),
        Misconception(
            "averages_again",
            wrong.CNNAveragesAgain,
            "Your gradients are divided by N twice. The gradient that cross_entropy hands you has the 1/N inside; from "
            "there on, there are only sums.",
            hint=3,
        ),
        Misconception(
            "accumulates",
            wrong.CNNAccumulates,
            "The first call is right; in the second one, your gradients are added to those of the first. What lives on "
            "`self` between two calls?",
            hint=4,
        ),
    ),
    equivalents=(CNNPoolsFirst, CNNOfLayers),
    forbidden=FORBIDDEN,
)

"""The class NumpyCNN: two convolutions, the loss and all gradients, of the layers that the unit has made."""

from typing import Any

import numpy as np

from course_lib.stand_ins.u01_gradients import cross_entropy
from course_lib.stand_ins.u07_mlp import he_init, linear_backward, linear_forward, relu_backward, relu_forward
from course_lib.stand_ins.u08_cnn import conv2d_backward, conv2d_forward, maxpool_backward, maxpool_forward
from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
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


class NumpyCNN:
    def __init__(self, rng, shape=(1, 28, 28), filters=(8, 32), classes=10):
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 5 * 5, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 3 * 3, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X):
        W1, b1, W2, b2, W3, b3 = self.params
        maps, self.caches = X, []
        for W, b, padding in (W1, b1, 2), (W2, b2, 1):
            maps, conv = conv2d_forward(maps, W, b, padding=padding)
            maps, relu = relu_forward(maps)
            maps, pool = maxpool_forward(maps, 2)
            self.caches.append((conv, relu, pool))
        self.shape = maps.shape
        logits, self.last = linear_forward(maps.reshape(len(X), -1), W3, b3)
        return logits

    def loss_and_grads(self, X, y):
        loss, d = cross_entropy(self.forward(X), y)
        d, *grads = linear_backward(d, self.last)
        d = d.reshape(self.shape)
        for conv, relu, pool in reversed(self.caches):
            d = maxpool_backward(d, pool)
            d = relu_backward(d, relu)
            d, dW, db = conv2d_backward(d, conv)
            grads = [dW, db, *grads]
        return loss, grads


class StepByStep(NumpyCNN):
    """With a name for each step, in the order of the notebook's table."""

    def forward(self, X):
        W1, b1, W2, b2, W3, b3 = self.params
        kept = self.kept = {}
        A, kept["conv 1"] = conv2d_forward(X, W1, b1, padding=2)
        A, kept["relu 1"] = relu_forward(A)
        A, kept["pool 1"] = maxpool_forward(A, 2)
        A, kept["conv 2"] = conv2d_forward(A, W2, b2, padding=1)
        A, kept["relu 2"] = relu_forward(A)
        A, kept["pool 2"] = maxpool_forward(A, 2)
        kept["shape"] = A.shape
        out, kept["linear"] = linear_forward(A.reshape(len(A), -1), W3, b3)
        return out

    def loss_and_grads(self, X, y):
        loss, back = cross_entropy(self.forward(X), y)
        back, *last = linear_backward(back, self.kept["linear"])
        back = maxpool_backward(back.reshape(self.kept["shape"]), self.kept["pool 2"])
        back, *second = conv2d_backward(relu_backward(back, self.kept["relu 2"]), self.kept["conv 2"])
        back = maxpool_backward(back, self.kept["pool 1"])
        back, *first = conv2d_backward(relu_backward(back, self.kept["relu 1"]), self.kept["conv 1"])
        return loss, [*first, *second, *last]


pools_first = change(
    NumpyCNN,
    "maps, relu = relu_forward(maps)\n            maps, pool = maxpool_forward(maps, 2)",
    "maps, pool = maxpool_forward(maps, 2)\n            maps, relu = relu_forward(maps)",
    "d = maxpool_backward(d, pool)\n            d = relu_backward(d, relu)",
    "d = maxpool_backward(relu_backward(d, relu), pool)",
)
"""The largest of what a ReLU leaves is the ReLU of the largest: pooled first, it has a quarter of the work."""


PADDING = (
    "Your maps do not keep their size, so that the numbers do not fit at the linear layer. A padding of half the "
    "kernel keeps it: what is half of 5, and of 3, rounded down?"
)
MASK = (
    "On the way back you pass one of the two ReLUs by. Where it had set a value to zero, no gradient comes through: "
    "every step forward has its step back."
)


NUMPY_CNN = Exercise(
    name="NumpyCNN",
    unit=UNIT,
    returns=("logits", "loss", "grads"),
    driver="image_network",
    groups=(
        Group("logits", "computes the logits of a batch of images", 2, hint=1),
        Group("loss", "gives the loss of the logits", 1, hint=1),
        Group("grads", "gives all gradients, in the order of the parameters", 3, hint=3),
        Group("shapes", "works for images that are not square, and for several channels", 1, hint=2),
        Group("again", "starts afresh at every call, with the parameters as they are now", 1, hint=4),
    ),
    cases=network_cases,
    reference=network_oracle,
    misconceptions=(
        Misconception(
            "no_relu",
            change(
                NumpyCNN,
                "maps, relu = relu_forward(maps)",
                "relu = np.ones(maps.shape)",
                "relu_backward(d, relu)",
                "d * relu",
            ),
            "There is no ReLU in your network. Pooling bends a little, but without ReLU a filter that answers with a "
            "clear no passes that on as a number like any other. It stands behind each convolution.",
        ),
        Misconception(
            "relu_on_the_logits",
            change(
                NumpyCNN,
                "return logits",
                "logits, self.top = relu_forward(logits)\n        return logits",
                "linear_backward(d, ",
                "linear_backward(relu_backward(d, self.top), ",
            ),
            "You put a ReLU on the logits, so that none can be negative, and a class below zero gets no gradient to "
            "come back. ReLU stands behind the convolutions; the last layer is left as it is.",
        ),
        Misconception(
            "softmax_before_the_loss",
            change(
                NumpyCNN,
                "return logits",
                "odds = np.exp(logits - logits.max(axis=1, keepdims=True))\n"
                "        return odds / odds.sum(axis=1, keepdims=True)",
            ),
            "Your forward ends in a softmax, and cross_entropy takes a softmax of its own. With ten classes, the loss "
            "can then never fall below 1.461. Return the logits as they are.",
            about=("logits", "loss"),
        ),
        Misconception(
            "flattened_channels_last",
            change(
                NumpyCNN,
                "self.shape = maps.shape",
                "maps = maps.transpose(0, 2, 3, 1)\n        self.shape = maps.shape",
                "d.reshape(self.shape)",
                "d.reshape(self.shape).transpose(0, 3, 1, 2)",
            ),
            "You flatten the maps with the channel running fastest. It would train just as well; but W3 belongs to the "
            "order in which the axes stand, (channel, row, column), in torch too: no transpose.",
            hint=2,
        ),
        Misconception(
            "no_padding",
            change(NumpyCNN, ", padding=padding", ""),
            PADDING,
        ),
        Misconception(
            "paddings_exchanged",
            change(StepByStep, "b1, padding=2", "b1, padding=1", "b2, padding=1", "b2, padding=2"),
            PADDING,
        ),
        Misconception(
            "no_mask",
            change(NumpyCNN, "            d = relu_backward(d, relu)\n", ""),
            "Below the linear layer, your gradients went through the ReLUs as if these were not there. Every step "
            "forward has its step back, with the cache of that very step.",
        ),
        Misconception(
            "grads_backwards",
            change(NumpyCNN, "[dW, db, *grads]", "[*grads, dW, db]"),
            "Your list of gradients runs from the last layer to the first. An optimizer pairs them with params: W1, "
            "b1, W2, b2, W3, b3.",
        ),
        Misconception(
            "computes_with_copies",
            change(
                NumpyCNN,
                "np.zeros(classes)]",
                "np.zeros(classes)]\n        self.own = [param.copy() for param in self.params]",
                "= self.params\n        maps",
                "= self.own\n        maps",
            ),
            "Your network computes with other arrays than those in `self.params`. An optimizer changes the arrays in "
            "that list, and nothing happens to your outputs. Read the parameters from the list, every time.",
            hint=4,
        ),
        Misconception(
            "sums_over_the_batch",
            change(NumpyCNN, "linear_backward(d,", "linear_backward(d * len(y),"),
            "Your gradients are N times too large: those of the sum of the losses. cross_entropy gives the gradient of "
            "the mean already; hand it on as it is.",
        ),
        Misconception(
            "loss_is_a_sum",
            change(NumpyCNN, "return loss, grads", "return loss * len(y), grads"),
            "Your loss is the sum over the images, and grows with the batch. The cross-entropy here is their mean.",
            about=("loss",),
        ),
        Misconception(
            "averages_again",
            change(NumpyCNN, "linear_backward(d,", "linear_backward(d / len(y),"),
            "Your gradients are divided by N twice. The gradient that cross_entropy hands you has the 1/N inside; from "
            "there on, there are only sums.",
        ),
        Misconception(
            "accumulates",
            change(
                NumpyCNN,
                "np.zeros(classes)]",
                "np.zeros(classes)]\n        self.grads = [0.0] * 6",
                "return loss, grads",
                "self.grads = [total + grad for total, grad in zip(self.grads, grads, strict=True)]\n"
                "        return loss, self.grads",
            ),
            "In the second call, your gradients are added to those of the first. What lives on `self` between two "
            "calls?",
        ),
        Misconception(
            "second_relu_forgotten",
            change(
                NumpyCNN,
                "maps, relu = relu_forward(maps)",
                "maps, relu = relu_forward(maps) if padding == 2 else (maps, np.ones(maps.shape))",
            ),
            "There is no ReLU behind your second convolution. In the table each of the two convolutions is "
            "followed by one, before the pooling.",
        ),
        Misconception(
            "first_mask_forgotten",
            change(NumpyCNN, "relu_backward(d, relu)", "d if conv is self.caches[0][0] else relu_backward(d, relu)"),
            MASK,
        ),
        Misconception(
            "second_mask_forgotten",
            change(NumpyCNN, "relu_backward(d, relu)", "d if conv is self.caches[1][0] else relu_backward(d, relu)"),
            MASK,
        ),
        Misconception(
            "bias_gradient_first",
            change(StepByStep, "[*first, *second, *last]", "[*first[::-1], *second[::-1], *last[::-1]]"),
            "In each pair your bias's gradient comes first. params holds W1, b1, W2, b2, W3, b3.",
        ),
        Misconception(
            "weights_before_biases",
            change(NumpyCNN, "return loss, grads", "return loss, grads[::2] + grads[1::2]"),
            "Your list of gradients has those of all weights first and those of the biases after them. An optimizer "
            "pairs them with params: W1, b1, W2, b2, W3, b3.",
        ),
        Misconception(
            "in_pairs",
            change(NumpyCNN, "return loss, grads", "return loss, list(zip(grads[::2], grads[1::2], strict=True))"),
            "Your gradients come in three pairs. One flat list of six is asked for, in the order of params.",
        ),
    ),
    also_right=(
        NumpyCNN,
        StepByStep,
        pools_first,
        change(NumpyCNN, "return loss, grads", "return float(loss), tuple(grads)"),
        change(
            NumpyCNN,
            "maps, relu = relu_forward(maps)",
            "maps = np.maximum(maps, 0)\n            relu = maps > 0",
            "relu_backward(d, relu)",
            "d * relu",
        ),
        change(
            NumpyCNN,
            "logits, self.last = linear_forward(maps.reshape(len(X), -1), W3, b3)\n        return logits",
            "self.last = maps.reshape(len(X), -1)\n        return self.last @ W3 + b3",
            "linear_backward(d, self.last)",
            "d @ self.params[4].T, self.last.T @ d, d.sum(axis=0)",
        ),
    ),
    forbidden=FORBIDDEN,
)

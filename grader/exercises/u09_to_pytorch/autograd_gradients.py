"""`autograd_gradients`: the loss and all gradients of unit 07's network, recorded and played back by torch."""

from itertools import pairwise

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def autograd_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: tuple[int, ...], N: int, scale: float = 1.0) -> Case:
        params = []
        for fan_in, fan_out in pairwise(sizes):
            params += [
                scale * rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out)),
                0.3 * rng.normal(size=fan_out),
            ]
        X, y = rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], size=N)
        return Case(label, group, {"params": params, "X": X, "y": y})

    return [
        case("one layer", "one_layer", (4, 3), 5),
        case("one layer, one example", "one_layer", (2, 5), 1),
        case("two layers", "two_layers", (4, 6, 3), 7),
        case("two layers, two classes", "two_layers", (3, 8, 2), 6),
        case("three layers", "deep", (4, 6, 5, 3), 8),
        case("five layers", "deep", (3, 6, 5, 7, 4, 3), 10),
        case("logits of some hundreds", "large", (3, 6, 4), 5, scale=30.0),
        case("logits of some thousands", "large", (4, 3), 4, scale=2000.0),
    ]


def by_hand(params: list[np.ndarray], X: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """The chain rule, layer by layer, with SciPy's softmax."""
    from scipy.special import log_softmax, softmax

    inputs = [X]
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    logits = inputs[-1] @ params[-2] + params[-1]
    loss = -log_softmax(logits, axis=1)[np.arange(len(y)), y].mean()
    dout = (softmax(logits, axis=1) - np.eye(logits.shape[1])[y]) / len(y)
    grads: list[np.ndarray] = []
    for layer in reversed(range(len(inputs))):
        grads = [inputs[layer].T @ dout, dout.sum(axis=0), *grads]
        dout = dout @ params[2 * layer].T * (inputs[layer] > 0)
    return float(loss), grads


def autograd_gradients(params, X, y):
    import torch

    tensors = [torch.tensor(param, requires_grad=True) for param in params]
    out = torch.tensor(X)
    for i in range(0, len(tensors), 2):
        h = torch.relu(out) if i else out
        out = h @ tensors[i] + tensors[i + 1]
    loss = torch.nn.functional.cross_entropy(out, torch.tensor(y))
    loss.backward()
    return loss.item(), [tensor.grad.numpy() for tensor in tensors]


def gradients_by_linear(params, X, y):
    import torch

    tensors = [torch.from_numpy(param.copy()).requires_grad_() for param in params]
    out = torch.from_numpy(X)
    for W, b in zip(tensors[:-2:2], tensors[1:-2:2], strict=True):
        out = torch.relu(torch.nn.functional.linear(out, W.T, b))
    logits = torch.nn.functional.linear(out, tensors[-2].T, tensors[-1])
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y))
    return loss, [np.asarray(grad) for grad in torch.autograd.grad(loss, tensors)]


def gradients_by_log_softmax(params, X, y):
    import torch

    tensors = [torch.tensor(param) for param in params]
    for tensor in tensors:
        tensor.requires_grad = True
    out, layers = torch.tensor(X), len(tensors) // 2
    for i in range(layers):
        out = out.matmul(tensors[2 * i]).add(tensors[2 * i + 1])
        if i < layers - 1:
            out = out.clamp(min=0)
    loss = -torch.log_softmax(out, dim=1)[range(len(y)), y].mean()
    loss.backward()
    return float(loss), [np.array(tensor.grad) for tensor in tensors]


CUT = (
    "The way from your first layers to the loss is not recorded, so that only the last layer has gradients. On the way "
    "the values left torch (through NumPy, .detach() or a new tensor made of old values), and what is not recorded "
    "cannot be played back."
)


AUTOGRAD_GRADIENTS = Exercise(
    name="autograd_gradients",
    unit=UNIT,
    returns=("loss", "grads"),
    groups=(
        Group("one_layer", "finds loss and gradients of a single layer", 2, hint=2),
        Group("two_layers", "finds them through a hidden layer with ReLU", 2, hint=1),
        Group("deep", "finds them through any number of layers", 2, hint=1),
        Group("large", "keeps its numbers finite with large logits", 1, hint=2),
    ),
    cases=autograd_cases,
    tolerance=Tolerance(rtol=1e-10, atol=1e-12, rtol32=1e-10, atol32=1e-12),
    reference=by_hand,
    misconceptions=(
        Misconception(
            "relu_last",
            change(autograd_gradients, "cross_entropy(out,", "cross_entropy(torch.relu(out),"),
            "There is a ReLU after the last layer as well. It sets negative logits to zero, so that no class can be "
            "less likely than another by more than the largest logit says. The logits go into the loss as they are.",
            hint=1,
        ),
        Misconception(
            "last_layer_first",
            change(autograd_gradients, "for tensor in tensors]", "for tensor in reversed(tensors)]"),
            "Your gradients come in the reverse order, the last layer's first. They are wanted as the parameters came.",
            hint=2,
        ),
        Misconception(
            "no_relu",
            change(autograd_gradients, "torch.relu(out) if i else out", "out"),
            "Nothing bends between your layers: two linear layers in a row are one linear layer. A ReLU belongs "
            "between them, as in your unit 07 network.",
        ),
        Misconception(
            "softmax_twice",
            change(autograd_gradients, "cross_entropy(out,", "cross_entropy(torch.softmax(out, dim=1),"),
            "You take a softmax, and cross_entropy takes another. It wants logits. With probabilities in their place "
            "the loss of ten classes cannot fall below 1.46, and gradients all but vanish.",
        ),
        Misconception(
            "sum",
            change(autograd_gradients, "torch.tensor(y))", 'torch.tensor(y), reduction="sum")'),
            "Loss and gradients are N times too large: you add the examples' losses up. The mean makes the learning "
            "rate mean the same for every batch size.",
        ),
        Misconception(
            "log_of_softmax",
            change(
                autograd_gradients,
                "torch.nn.functional.cross_entropy(out, torch.tensor(y))",
                "-torch.log(torch.softmax(out, dim=1)[torch.arange(len(y)), torch.tensor(y)]).mean()",
            ),
            "With large logits a probability rounds to 0, and its logarithm is minus infinity. cross_entropy takes "
            "the logits and never goes through the probabilities.",
        ),
        Misconception(
            "backward_twice",
            change(autograd_gradients, "loss.backward()", "loss.backward(retain_graph=True)\n    loss.backward()"),
            "Every gradient comes out twice as large: backward was called twice, and it adds to what is in .grad "
            "already. That is by design, and it will matter in every training loop.",
            hint=3,
        ),
        Misconception(
            "history_cut",
            change(
                autograd_gradients,
                "torch.relu(out) if",
                "torch.tensor(np.maximum(out.detach().numpy(), 0)) if",
                "[tensor.grad.numpy()",
                "[np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()",
            ),
            CUT,
            hint=3,
        ),
        Misconception(
            "history_cut_and_none_read",
            change(autograd_gradients, "torch.relu(out) if", "torch.tensor(np.maximum(out.detach().numpy(), 0)) if"),
            CUT,
            hint=3,
        ),
        Misconception(
            "not_recorded",
            change(autograd_gradients, ", requires_grad=True", ""),
            "Your backward finds nothing to go back along: none of your tensors asks for gradients. Only what is "
            "computed from a tensor made with requires_grad=True is recorded.",
            hint=3,
        ),
        Misconception(
            "relu_first",
            change(autograd_gradients, "torch.relu(out) if i else out", "torch.relu(out)"),
            "There is a ReLU before the first layer as well, and it sets the negative inputs to zero. It belongs "
            "between the layers.",
            hint=1,
        ),
        Misconception(
            "in_float32",
            change(
                autograd_gradients,
                "torch.tensor(param, requires_grad=True)",
                "torch.tensor(param, dtype=torch.float32, requires_grad=True)",
                "torch.tensor(X)",
                "torch.tensor(X, dtype=torch.float32)",
            ),
            "You computed in float32, which has 7 digits. Your arrays came as float64, and torch keeps that type "
            "unless you ask for another: what is meant to agree to 12 digits needs it.",
            about=("grads",),
        ),
        Misconception(
            "weights_before_biases",
            change(autograd_gradients, "for tensor in tensors]", "for tensor in tensors[::2] + tensors[1::2]]"),
            "The gradients come in another order than params: all weights first, and the biases after them. W1, "
            "b1, W2, b2, ... is asked for.",
            hint=3,
            about=("grads",),
        ),
        Misconception(
            "nll_of_logits",
            change(autograd_gradients, "cross_entropy(out,", "nll_loss(out,"),
            "Your nll_loss wants logarithms of probabilities, and you give it logits. cross_entropy takes the logits "
            "and does both.",
        ),
        Misconception(
            "sigmoid_for_relu",
            change(autograd_gradients, "torch.relu(out) if", "torch.sigmoid(out) if"),
            "There is a sigmoid between your layers, which squeezes everything between 0 and 1. A ReLU belongs there.",
        ),
    ),
    also_right=(
        autograd_gradients,
        gradients_by_linear,
        gradients_by_log_softmax,
        change(
            autograd_gradients,
            "[tensor.grad.numpy() for tensor in tensors]",
            "[tensor.grad for tensor in tensors]",
            "loss.item()",
            "float(loss)",
        ),
        change(
            autograd_gradients,
            "torch.nn.functional.cross_entropy(out, torch.tensor(y))",
            "torch.nn.CrossEntropyLoss()(out, torch.tensor(y))",
        ),
    ),
)

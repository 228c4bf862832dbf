"""`regularized_loss`: L1 and L2 terms added to the loss; autograd does the rest."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def penalty_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, D: int, H: int, l1: float, l2: float) -> Case:
        params = [rng.normal(size=shape) for shape in ((H, D), (H,), (1, H), (1,))]
        inputs = {"params": params, "X": rng.normal(size=(7, D)), "y": rng.normal(size=7)}
        return Case(label, group, inputs | {"l1": l1, "l2": l2})

    def images(label: str, C: int, F: int, l1: float, l2: float) -> Case:
        """Images of 4 x 5 pixels: a convolution of 3 x 2, a normalization, and a linear layer on F maps of 2 x 4."""
        params = [rng.normal(size=shape) for shape in ((F, C, 3, 2), (F,), (F,), (F,), (1, 8 * F), (1,))]
        inputs = {"params": params, "X": rng.normal(size=(6, C, 4, 5)), "y": rng.normal(size=6)}
        return Case(label, "weights", inputs | {"l1": l1, "l2": l2})

    return [
        case("no penalty", "none", 3, 4, 0.0, 0.0),
        case("no penalty, another model", "none", 2, 5, 0.0, 0.0),
        case("L2 alone", "l2", 3, 4, 0.0, 0.1),
        case("strong L2", "l2", 2, 3, 0.0, 1.5),
        case("L1 alone", "l1", 3, 4, 0.05, 0.0),
        case("strong L1", "l1", 4, 2, 0.7, 0.0),
        case("both", "both", 3, 4, 0.2, 0.1),
        case("both, another model", "both", 2, 6, 0.03, 0.4),
        images("a convolution and a normalization, L2 alone", 1, 2, 0.0, 0.3),
        images("a convolution of 2 channels, both", 2, 3, 0.1, 0.2),
    ]


def penalty_oracle(
    params: list[np.ndarray], X: np.ndarray, y: np.ndarray, l1: float, l2: float
) -> tuple[float, list[np.ndarray]]:
    """torch's functions for the loss; the penalties and their derivatives l1 sign(W) and 2 l2 W by hand."""
    import torch

    functional: Any = torch.nn.functional
    tensors = [torch.tensor(param, requires_grad=True) for param in params]
    if len(params) == 4:
        hidden = functional.linear(torch.from_numpy(X), *tensors[:2])
    else:
        maps = functional.conv2d(torch.from_numpy(X), *tensors[:2])
        hidden = functional.batch_norm(maps, None, None, tensors[2], tensors[3], training=True).flatten(1)
    loss = functional.mse_loss(functional.linear(torch.tanh(hidden), *tensors[-2:])[:, 0], torch.from_numpy(y))
    grads = [grad.numpy() for grad in torch.autograd.grad(loss, tensors)]
    value = loss.item()
    for i in (0, len(params) - 2):
        value += l1 * np.abs(params[i]).sum() + l2 * np.square(params[i]).sum()
        grads[i] = grads[i] + l1 * np.sign(params[i]) + 2 * l2 * params[i]
    return float(value), grads


def regularized_loss(loss, model, l1, l2):
    weights = [p for p in model.parameters() if p.ndim > 1]
    return loss + l1 * sum(p.abs().sum() for p in weights) + l2 * sum((p**2).sum() for p in weights)


def penalty_one_vector(loss, model, l1, l2):
    import torch

    vector = torch.cat([p.flatten() for name, p in model.named_parameters() if len(p.shape) >= 2])
    return loss + l1 * torch.linalg.vector_norm(vector, 1) + l2 * vector @ vector


def penalty_loop(loss, model, l1, l2):
    for p in model.parameters():
        if p.dim() != 1:
            loss = loss + (l2 * p.square() + l1 * p.abs()).sum()
    return loss


ROOT = (
    "You take a root of a sum of squares, a norm. Without the square the pull on the weights does not fade as they "
    "shrink. The L2 term adds up the squares."
)


REGULARIZED_LOSS = Exercise(
    name="regularized_loss",
    unit=UNIT,
    returns=("value", "grads"),
    driver="penalized_model",
    groups=(
        Group("none", "leaves the loss as it is without penalties", 1, hint=3),
        Group("l2", "adds the L2 term, value and gradient", 2, hint=3),
        Group("l1", "adds the L1 term, value and gradient", 1, hint=3),
        Group("both", "adds both terms", 1, hint=3),
        Group("weights", "reaches the weights of convolutions too, and leaves out what has one axis", 1, hint=1),
    ),
    cases=penalty_cases,
    reference=penalty_oracle,
    forbidden=("torch.optim",),
    misconceptions=(
        Misconception(
            "biases_too",
            change(regularized_loss, " if p.ndim > 1", ""),
            "You punish biases too. They cannot make a function wiggle, and pulling them to zero only shifts the "
            "predictions. Which parameters have more than one axis?",
            hint=1,
        ),
        Misconception(
            "not_in_the_gradient",
            change(regularized_loss, "[p for p in", "[p.data for p in"),
            "Nothing of the penalty is in the gradients: .data and .detach() hand out tensors without a history. The "
            "number grows, and the weights never hear of it.",
            hint=2,
            about=("grads",),
        ),
        Misconception(
            "half",
            change(regularized_loss, "(p**2).sum()", "(p**2).sum() / 2"),
            "Your L2 term has a factor of one half. Many books write it that way, for then its gradient is l2 W. Here "
            "it is l2 times the sum of squares, and its gradient 2 l2 W.",
        ),
        Misconception(
            "norm",
            change(regularized_loss, "(p**2).sum()", "p.norm()"),
            ROOT,
        ),
        Misconception(
            "mean",
            change(regularized_loss, "abs().sum()", "abs().mean()", "(p**2).sum()", "(p**2).mean()"),
            "You take the mean over each matrix, so that a large layer is hardly punished. Both terms are sums over "
            "all weights.",
        ),
        Misconception(
            "signed",
            change(regularized_loss, "p.abs().sum()", "p.sum()"),
            "Your L1 term adds the weights up with their signs: negative weights are rewarded for becoming more "
            "negative. What is to be added is their size.",
        ),
        Misconception(
            "swapped",
            change(regularized_loss, "l1 * sum", "l2 * sum", " + l2 * sum((", " + l1 * sum(("),
            "Your l1 and l2 have changed places: l1 belongs to the absolute values, l2 to the squares.",
        ),
        Misconception(
            "last_layer_only",
            change(regularized_loss, "p.ndim > 1]", "p.ndim > 1][-1:]"),
            "Only the last layer's weights are punished: each round of your loop starts again from the bare loss. Add "
            "to what you have so far.",
        ),
        Misconception(
            "linear_layers_only",
            change(regularized_loss, "p.ndim > 1", "p.ndim == 2"),
            "Your penalties do not reach convolutions, whose weights have four axes. Weights have two or more.",
        ),
        Misconception(
            "by_the_name",
            change(
                regularized_loss,
                "p for p in model.parameters() if p.ndim > 1",
                'p for name, p in model.named_parameters() if "weight" in name',
            ),
            "You go by the name, and a normalization's factors are called weight as well. They have one axis, "
            "like biases, and stay free. Which parameters have more than one?",
        ),
        Misconception(
            "norm_of_a_matrix",
            change(
                regularized_loss,
                "weights =",
                "import torch\n\n    weights =",
                "p.abs().sum()",
                "torch.linalg.norm(p, 1)",
            ),
            "For a matrix, torch.linalg.norm(p, 1) is the largest sum of a column. The L1 term adds up the "
            "absolute values of all entries.",
        ),
        Misconception(
            "norm_of_all",
            change(
                regularized_loss,
                "l2 * sum((p**2).sum() for p in weights)",
                "l2 * sum((p**2).sum() for p in weights) ** 0.5",
            ),
            ROOT,
        ),
        Misconception(
            "square_of_the_sum",
            change(regularized_loss, "(p**2).sum()", "p.sum() ** 2"),
            "You square the sum of the weights, in which large ones of opposite signs cancel. Square first, then "
            "add up.",
        ),
        Misconception(
            "loss_left_out",
            change(regularized_loss, "return loss + l1", "return l1"),
            "You return the penalties alone. They are added to the loss.",
        ),
    ),
    also_right=(
        regularized_loss,
        penalty_one_vector,
        penalty_loop,
        change(regularized_loss, "(p**2).sum()", "p.norm() ** 2", "p.abs().sum()", "p.norm(1)"),
        change(
            regularized_loss,
            "p.abs().sum() for p in weights",
            "torch.sum(torch.abs(p)) for p in weights",
            "weights =",
            "import torch\n\n    weights =",
        ),
    ),
)

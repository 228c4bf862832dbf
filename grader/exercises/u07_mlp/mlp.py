"""The class MLP: linear layers with ReLU between them, the loss, and all gradients."""

from itertools import pairwise
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u01_gradients.cross_entropy import cross_entropy
from grader.exercises.u07_mlp.common import UNIT
from grader.exercises.u07_mlp.he_init import he_init
from grader.exercises.u07_mlp.linear_backward import linear_backward
from grader.exercises.u07_mlp.linear_forward import linear_forward
from grader.exercises.u07_mlp.relu_backward import relu_backward
from grader.exercises.u07_mlp.relu_forward import relu_forward
from grader.spec import Case, Exercise, Group, Misconception


def mlp_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, sizes: tuple[int, ...], N: int, group: str = "") -> Case:
        params = []
        for fan_in, fan_out in pairwise(sizes):
            params += [rng.normal(0, 1.2 / np.sqrt(fan_in), size=(fan_in, fan_out)), 0.3 * rng.normal(size=fan_out)]
        X, y = rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], size=N)
        seed = int(rng.integers(2**31))
        inputs = {"sizes": list(sizes), "seed": seed, "params": params, "X": X, "y": y, "asks": asks}
        return Case(label, group or asks, inputs)

    start = case("a fresh network", "start", (int(rng.integers(60, 80)), 70, 70, 70, 50), 1)
    start.inputs["params"].clear()
    return [
        start,
        case("one layer, no ReLU", "logits", (4, 3), 5),
        case("two layers", "logits", (4, 6, 3), 5),
        case("four layers", "logits", (3, 7, 5, 6, 2), 8),
        case("loss of two layers", "loss", (4, 6, 3), 7),
        case("loss of three layers, one example", "loss", (3, 5, 4, 6), 1),
        case("gradients of one layer", "grads", (4, 3), 6),
        case("gradients of two layers", "grads", (4, 6, 3), 7),
        case("gradients of two layers, one example", "grads", (5, 4, 3), 1),
        case("gradients of three layers", "grads", (4, 6, 5, 3), 9, "deep"),
        case("gradients of five layers", "grads", (3, 6, 5, 7, 4, 3), 12, "deep"),
        case("gradients of layers of one shape", "grads", (5, 5, 5, 5), 6, "deep"),
        case("the parameters have changed since the last call", "again", (4, 6, 3), 5),
        case("changed parameters, three layers", "again", (4, 5, 5, 3), 4),
    ]


def mlp_oracle(
    sizes: list[int], seed: int, params: list[np.ndarray], X: np.ndarray, y: np.ndarray, asks: str
) -> tuple[Any, ...]:
    """torch's linear layers and its cross-entropy, differentiated by torch.autograd."""
    import torch

    if asks == "start":
        return None, None, None, _right_start(sizes)
    scale = 0.5 if asks == "again" else 1.0
    tensors = [torch.tensor(param * scale, requires_grad=True) for param in params]
    out = torch.from_numpy(X)
    for i in range(0, len(tensors), 2):
        out = torch.nn.functional.linear(torch.relu(out) if i else out, tensors[i].T, tensors[i + 1])
    loss = torch.nn.functional.cross_entropy(out, torch.from_numpy(y))
    if asks == "logits":
        return out.detach().numpy(), None, None, None
    if asks == "loss":
        return None, loss.item(), None, None
    return None, None, [grad.numpy() for grad in torch.autograd.grad(loss, tensors)], None


def _right_start(sizes: list[int]) -> dict[str, Any]:
    return {
        "shapes": [list(shape) for a, b in pairwise(sizes) for shape in ((a, b), (b,))],
        "largest bias": 0.0,
        "variance times fan_in, to the nearest half": [2.0] * (len(sizes) - 1),
        "same again for the same seed": True,
        "layers differ": True,
    }


class MLP:
    def __init__(self, sizes, rng):
        self.params = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def layers(self):
        return list(zip(self.params[::2], self.params[1::2], strict=True))

    def forward(self, X):
        return self.run(X)[0]

    def run(self, X):
        inputs = []
        for W, b in self.layers():
            inputs.append(np.maximum(0, X) if inputs else X)
            X = inputs[-1] @ W + b
        return X, inputs

    def loss_and_grads(self, X, y):
        logits, inputs = self.run(X)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads = []
        for (W, _), values in zip(self.layers()[::-1], inputs[::-1], strict=True):
            grads = [values.T @ d, d.sum(axis=0), *grads]
            d = (d @ W.T) * (values > 0)
        return loss, grads


class MLPOfLayers:
    """Of the unit's own layers, as the notebook suggests: `run` keeps their caches in a list, linear, ReLU, linear."""

    def __init__(self, sizes, rng):
        self.params = []
        for k in range(len(sizes) - 1):
            self.params += [he_init(rng, sizes[k], sizes[k + 1]), np.zeros(sizes[k + 1])]

    def forward(self, X):
        logits, _ = self.run(X)
        return logits

    def run(self, X):
        caches = []
        for k in range(0, len(self.params), 2):
            if caches:
                X, kept = relu_forward(X)
                caches.append(kept)
            X, kept = linear_forward(X, self.params[k], self.params[k + 1])
            caches.append(kept)
        return X, caches

    def loss_and_grads(self, X, y):
        logits, caches = self.run(X)
        loss, d = cross_entropy(logits, y)
        grads = []
        for k in reversed(range(len(caches))):
            if k % 2:
                d = relu_backward(d, caches[k])
            else:
                d, dW, db = linear_backward(d, caches[k])
                grads = [dW, db, *grads]
        return loss, grads


class MLPRecursive:
    """Each layer computes what comes after it and returns the gradient with respect to its own input."""

    def __init__(self, sizes, rng):
        shapes = list(zip(sizes[:-1], sizes[1:], strict=True))
        weights = [rng.uniform(-np.sqrt(6 / a), np.sqrt(6 / a), size=(a, b)) for a, b in shapes]
        self.params = [array for W in weights for array in (W, np.zeros(W.shape[1]))]

    def forward(self, X):
        for W, b in zip(self.params[:-2:2], self.params[1:-2:2], strict=True):
            X = np.where(X @ W + b > 0, X @ W + b, 0.0)
        return X @ self.params[-2] + self.params[-1]

    def loss_and_grads(self, X, y):
        self.found = []
        loss, _ = self.below(X, y, 0)
        return loss, self.found

    def below(self, X, y, i):
        Z = X @ self.params[i] + self.params[i + 1]
        if i + 2 < len(self.params):
            loss, d = self.below(np.maximum(0, Z), y, i + 2)
            d = d * (Z > 0)
        else:
            top = Z.max(axis=1, keepdims=True)
            log_p = Z - top - np.log(np.exp(Z - top).sum(axis=1, keepdims=True))
            loss, d = -log_p[np.arange(len(y)), y].mean(), np.exp(log_p)
            d[np.arange(len(y)), y] -= 1
            d /= len(y)
        self.found = [X.T @ d, d.sum(axis=0), *self.found]
        return loss, d @ self.params[i].T


BIASES = (
    "Your biases do not start at zero. Chance in the weights is enough to tell the units apart; biases begin at zero."
)
SOFTMAX = """e = np.exp(X - X.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), inputs"""


MLP_CLASS = Exercise(
    name="MLP",
    unit=UNIT,
    returns=("logits", "loss", "grads", "start"),
    driver="network",
    groups=(
        Group("start", "begins with He's weights, different ones in each layer, and biases of zero", 1, hint=1),
        Group("logits", "computes the logits, with ReLU between the layers", 2, hint=2),
        Group("loss", "gives the loss of the logits", 1, hint=2),
        Group("grads", "gives the gradients of one layer and of two", 3, hint=3),
        Group("deep", "gives the gradients of deep networks, in the order of the parameters", 2, hint=4),
        Group("again", "starts afresh at every call, with the parameters as they are now", 1, hint=5),
    ),
    cases=mlp_cases,
    reference=mlp_oracle,
    misconceptions=(
        Misconception(
            "zeros_at_the_start",
            change(MLP, "rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))", "np.zeros((fan_in, fan_out))"),
            "Your network starts with weights of zero. Then all hidden units are silent, no gradient reaches any "
            "weight, and only the last biases ever learn. Draw each weight by he_init.",
            about=("start",),
        ),
        Misconception(
            "one_seed_for_all_layers",
            change(MLPOfLayers, "he_init(rng,", "he_init(np.random.default_rng(0),"),
            "Layers of one shape begin with the same weights, number by number. Hand he_init the rng that your "
            "constructor was given: one generator, from which all layers draw in turn.",
            about=("start",),
        ),
        Misconception(
            "relu_on_the_inputs",
            change(MLP, "np.maximum(0, X) if inputs else X", "np.maximum(0, X)"),
            "You put X itself through a ReLU, before the first layer, so that negative inputs are lost. ReLU stands "
            "between layers: none before the first, none behind the last.",
            about=("logits",),
        ),
        Misconception(
            "one_relu",
            change(MLP, "np.maximum(0, X) if inputs else X", "np.maximum(0, X) if len(inputs) == 1 else X"),
            "There is one ReLU in your network, behind the first layer. With more layers, one stands behind each of "
            "them but the last.",
            about=("logits",),
        ),
        Misconception(
            "first_layer_everywhere",
            change(MLPOfLayers, "self.params[k], self.params[k + 1]", "self.params[0], self.params[1]"),
            "Every layer computes with the first layer's parameters. Where in the list do those of layer k stand?",
        ),
        Misconception(
            "the_pair_for_the_logits",
            change(MLPOfLayers, "logits, _ = self.run(X)\n        return logits", "return self.run(X)"),
            "Your forward returns the caches as well. The logits alone are asked for, the first of what `run` gives.",
            about=("logits",),
        ),
        Misconception(
            "grads_before_the_loss",
            change(MLP, "return loss, grads", "return grads, loss"),
            "The loss and the gradients come back in the other order: (loss, grads) is asked for.",
            about=("loss",),
        ),
        Misconception(
            "in_pairs",
            change(MLP, "return loss, grads", "return loss, list(zip(grads[::2], grads[1::2], strict=True))"),
            "Your gradients come in pairs, one a layer. One flat list is asked for, in the order of params.",
            about=("grads",),
        ),
        Misconception(
            "goes_past_the_layers",
            change(MLPOfLayers, "d, dW, db =", "_, dW, db ="),
            "What comes back from linear_backward as dX is not what you go on with: d stays as it was before the "
            "layer. Each step back takes the gradient that the step above it returned.",
            hint=4,
            about=("grads",),
        ),
        Misconception(
            "no_grads",
            change(MLP, "[values.T @ d, d.sum(axis=0), *grads]", "[]"),
            "Your list of gradients comes back empty. Does `run` keep a cache of each step, and does each step back "
            "through a layer put its dW and db into the list?",
            hint=3,
            about=("grads",),
        ),
        Misconception(
            "caches_from_the_first_on",
            change(MLPOfLayers, "reversed(range(len(caches)))", "range(len(caches))"),
            "Your way back walks through the caches from the first to the last. The gradient comes from the loss, so "
            "the last step's cache is the first to be used.",
            hint=4,
            about=("grads",),
        ),
        Misconception(
            "relu_on_the_logits",
            change(
                MLP, "return X, inputs", "return np.maximum(0, X), inputs", "/ len(y)\n", "/ len(y) * (logits > 0)\n"
            ),
            "You put a ReLU behind the last layer too, so that no logit can be negative, and a class whose logit fell "
            "below zero gets no gradient to come back. ReLU stands between layers: one less than there are layers.",
            about=("logits",),
        ),
        Misconception(
            "no_relu",
            change(MLP, "np.maximum(0, X) if inputs else X", "X", " * (values > 0)", ""),
            "There is no ReLU in your network. Linear layers in a row are one linear layer, however many you stack: X "
            "W1 W2 is X times one matrix. What stands between them makes the network.",
            about=("logits",),
        ),
        Misconception(
            "softmax_before_the_loss",
            change(MLP, "return X, inputs", SOFTMAX),
            "Your forward ends in a softmax: probabilities come out where logits are asked for. A cross-entropy takes "
            "the softmax itself; behind two of them, with ten classes, no loss ever falls below 1.461. Return the "
            "logits as they are.",
            about=("logits",),
        ),
        Misconception(
            "softmax_twice",
            change(
                MLPOfLayers,
                "loss, d = cross_entropy(logits, y)",
                "odds = np.exp(logits - logits.max(axis=1, keepdims=True))\n"
                "        loss, d = cross_entropy(odds / odds.sum(axis=1, keepdims=True), y)",
            ),
            "Your loss is taken of probabilities: they go through a softmax on their way to cross_entropy, which has "
            "a softmax of its own inside. With ten classes no loss then falls below 1.461. Hand it the logits.",
            hint=2,
            about=("loss", "grads"),
        ),
        Misconception(
            "grads_backwards",
            change(MLP, "grads = [values.T @ d, d.sum(axis=0), *grads]", "grads += [values.T @ d, d.sum(axis=0)]"),
            "Your list of gradients runs from the last layer to the first: the order in which the way back finds "
            "them. An optimizer pairs them with params, from the first to the last.",
        ),
        Misconception(
            "no_mask",
            change(MLP, " * (values > 0)", ""),
            "Before the last layer, your gradients went through the ReLU as if it were not there. Every step forward "
            "has its step back, with the cache of that very step.",
            hint=4,
        ),
        Misconception(
            "mask_of_the_gradient",
            change(MLP, "(d @ W.T) * (values > 0)", "np.maximum(0, d @ W.T)"),
            "Before the last layer, your gradients are stopped where they are negative. What decides is which units "
            "were active on the way forward.",
            hint=4,
        ),
        Misconception(
            "computes_with_copies",
            change(
                MLP,
                "np.zeros(fan_out)]\n",
                "np.zeros(fan_out)]\n        self.own = [param.copy() for param in self.params]\n",
                "self.params[::2], self.params[1::2]",
                "self.own[::2], self.own[1::2]",
            ),
            "Your network computes with other arrays than those in `self.params`. An optimizer changes the arrays in "
            "that list, and nothing happens to your outputs. Keep one array for each parameter, and read it anew every "
            "time.",
            hint=5,
        ),
        Misconception(
            "accumulates",
            change(
                MLP,
                "self.params = []",
                "self.params, self.sums = [], []",
                "        return loss, grads",
                "        self.sums.append(grads)\n        return loss, [sum(each) for each in zip(*self.sums)]",
            ),
            "In the second call, your gradients are added to those of the first. Where do they, or the caches, live "
            "between two calls?",
        ),
        Misconception(
            "caches_live_on",
            change(MLPOfLayers, "caches = []", 'caches = self.caches = getattr(self, "caches", [])'),
            "Your list of caches lives on between two calls: the second one puts its caches behind those of the first, "
            "and on the way back an odd place is no ReLU's any more. Begin with an empty list in every call.",
        ),
        Misconception(
            "averages_again",
            change(MLP, "values.T @ d, d.sum(axis=0)", "values.T @ d / len(y), d.mean(axis=0)"),
            "Your gradients are divided by N twice. The mean over the examples is taken in the loss, and the gradient "
            "that cross_entropy hands you has the 1/N inside; from there on, only sums.",
            hint=4,
        ),
        Misconception(
            "weights_only",
            change(MLP, "values.T @ d, d.sum(axis=0)", "values.T @ d"),
            "Your list has a gradient for each weight matrix and none for the biases. It should have one for each "
            "array in params, in the same order: W1, b1, W2, b2, ...",
        ),
        Misconception(
            "bias_gradient_first",
            change(MLP, "values.T @ d, d.sum(axis=0)", "d.sum(axis=0), values.T @ d"),
            "In each pair your bias's gradient comes first. params holds W1, b1, W2, b2, ...: in each pair, W comes "
            "first.",
            about=("grads",),
        ),
        Misconception(
            "loss_is_a_sum",
            change(MLP, ".mean()", ".sum()"),
            "Your loss is the sum over the examples, and grows with the batch. The cross-entropy here is their mean.",
            about=("loss",),
        ),
        Misconception(
            "never_averaged",
            change(MLP, " / len(y)\n", "\n"),
            "Your gradients are those of the sum over the examples, N times too large. The loss is a mean, so its 1/N "
            "is in every gradient, once.",
            hint=4,
            about=("grads",),
        ),
        Misconception(
            "gradient_of_the_softmax_alone",
            change(MLP, "(p - np.eye(p.shape[1])[y])", "p"),
            "Your gradients start from the probabilities alone. The gradient of the loss with respect to the logits is "
            "the probabilities *minus* 1 at the right class.",
            hint=4,
            about=("grads",),
        ),
        Misconception(
            "small_weights",
            change(MLP, "np.sqrt(2 / fan_in)", "0.01"),
            "Your network starts with weights whose spread does not depend on how many values come in. Draw each "
            "layer's by he_init.",
            about=("start",),
        ),
        Misconception(
            "biases_drawn",
            change(MLP, "np.zeros(fan_out)", "rng.normal(size=fan_out)"),
            BIASES,
            about=("start",),
        ),
        Misconception("biases_of_one", change(MLP, "np.zeros(fan_out)", "np.ones(fan_out)"), BIASES, about=("start",)),
        Misconception(
            "inputs_before_the_relu",
            change(
                MLP,
                "inputs.append(np.maximum(0, X) if inputs else X)",
                "inputs.append(X)",
                "X = inputs[-1] @ W + b",
                "X = (np.maximum(0, X) if len(inputs) > 1 else X) @ W + b",
            ),
            "A later layer's weight gradients are made of what came *into* the ReLU before it. The layer itself was "
            "given what came out: that is what its cache has to hold.",
            hint=4,
            about=("grads",),
        ),
        Misconception(
            "spread_by_fan_out",
            change(MLP, "2 / fan_in", "2 / fan_out"),
            "The spread of your first weights is that of what goes *out*. Each unit adds up what comes in: draw each "
            "layer's weights by he_init, with its fan_in first.",
            about=("start",),
        ),
    ),
    also_right=(
        MLP,
        MLPOfLayers,
        MLPRecursive,
        change(
            MLP,
            "rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))",
            "np.sqrt(2 / fan_in) * rng.normal(size=(fan_in, fan_out))",
            "return loss, grads",
            "return float(loss), tuple(grads)",
        ),
        change(MLP, "p[np.arange(len(y)), y]", "p[np.eye(p.shape[1])[y] == 1]"),
    ),
    forbidden=("torch",),
)

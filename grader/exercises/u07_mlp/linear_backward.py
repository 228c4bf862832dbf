"""The linear layer's way back."""

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, D: int, M: int, keep: str) -> Case:
        inputs = {"dout": rng.normal(size=(N, M)), "cache": [rng.normal(size=(N, D)), rng.normal(size=(D, M))]}
        return Case(label, group, inputs | {"keep": [name in keep for name in ("dX", "dW", "db")]})

    return [
        case("dX: 4 examples, 3 values in, 2 out", "dX", 4, 3, 2, "dX"),
        case("dX: 3 examples, 3 values in, 3 out", "dX", 3, 3, 3, "dX"),
        case("dW: 4 examples, 3 values in, 2 out", "dW", 4, 3, 2, "dW"),
        case("dW: 3 examples, 3 values in, 3 out", "dW", 3, 3, 3, "dW"),
        case("db: 4 examples, 3 values in, 2 out", "db", 4, 3, 2, "db"),
        case("db: 3 examples, 3 values in, 3 out", "db", 3, 3, 3, "db"),
        case("one example", "ones", 1, 4, 3, "dX dW db"),
        case("one value in", "ones", 5, 1, 2, "dX dW db"),
        case("one value out", "ones", 3, 2, 1, "dX dW db"),
        case("40 examples", "ones", 40, 2, 3, "dX dW db"),
    ]


def backward_oracle(dout: np.ndarray, cache: list[np.ndarray], keep: list[bool]) -> tuple[np.ndarray | None, ...]:
    """torch.autograd through torch's own linear layer."""
    import torch

    X, W = (torch.tensor(array, requires_grad=True) for array in cache)
    b = torch.zeros(dout.shape[1], dtype=torch.float64, requires_grad=True)
    grads = torch.autograd.grad(torch.nn.functional.linear(X, W.T, b), (X, W, b), torch.from_numpy(dout))
    return tuple(grad.numpy() if kept else None for grad, kept in zip(grads, keep, strict=True))


def linear_backward(dout, cache):
    X, W = cache
    dX = dout @ W.T
    dW = X.T @ dout
    db = dout.sum(axis=0)
    return dX, dW, db


def backward_loops(dout, cache):
    X, W = cache
    dX, dW, db = np.zeros_like(X), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(X)):
        for m in range(W.shape[1]):
            db[m] += dout[n, m]
            dX[n] += dout[n, m] * W[:, m]
            dW[:, m] += dout[n, m] * X[n]
    return dX, dW, db


def backward_per_example(dout, cache):
    X, W = cache
    dW = sum(np.outer(x, d) for x, d in zip(X, dout, strict=True))
    return np.array([W @ d for d in dout]), dW, np.ones(len(X)) @ dout


LINEAR_BACKWARD = Exercise(
    name="linear_backward",
    unit=UNIT,
    returns=("dX", "dW", "db"),
    sizes={"N": ("dout", 0), "M": ("dout", 1)},
    driver="kept_outputs",
    groups=(
        Group("dX", "passes the gradient on to the layer below (dX)", 2, hint=2),
        Group("dW", "gives the gradient of the weights (dW)", 2, hint=2),
        Group("db", "gives the gradient of the biases (db)", 2, hint=3),
        Group("ones", "is right for one example, one value in, one out, and for many examples", 1, hint=1),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    misconceptions=(
        Misconception(
            "assigned_not_added",
            change(linear_backward, "X.T @ dout", "np.outer(X[-1], dout[-1])", "dout.sum(axis=0)", "dout[-1]"),
            "Your dW and db know only the last example: each round of the loop writes over the one before. All "
            "examples went through the same W and b, so each of them has a say, and what they say adds up.",
            hint=3,
        ),
        Misconception(
            "upstream_forgotten",
            change(linear_backward, "    dX =", "    dout = np.ones_like(dout)\n    dX ="),
            "These are the layer's own derivatives, the same whatever dout says. The chain rule has two factors: how "
            "the loss answers to out (that is dout), times how out answers to X, W and b.",
            hint=1,
        ),
        Misconception(
            "averages_again",
            change(linear_backward, "X.T @ dout", "X.T @ dout / len(X)", "dout.sum", "dout.mean"),
            "You divide by N. The loss was a mean over the examples, and its 1/N is already inside dout; a second one "
            "makes every step N times too short. In here, contributions are added up, no more.",
            hint=3,
        ),
        Misconception(
            "bias_of_the_inputs",
            change(linear_backward, "dout.sum(axis=0)", "X.sum(axis=0)"),
            "Your db adds up X. What comes back to b is dout, once for each example.",
            about=("db",),
        ),
        Misconception(
            "bias_averages",
            change(linear_backward, "dout.sum", "dout.mean"),
            "For db you take the mean over the examples, and its 1/N is already in dout. Each example's contribution "
            "to b counts whole.",
            about=("db",),
        ),
        Misconception(
            "bias_not_summed",
            change(linear_backward, "dout.sum(axis=0)", "dout"),
            "Your db still has a row for each example. b is one vector that all N rows share; its gradient has b's "
            "shape, (M,). How do the rows come together?",
            about=("db",),
        ),
        Misconception(
            "bias_over_outputs",
            change(linear_backward, "axis=0", "axis=1"),
            "Your db adds along the rows, one number for each example. b has one entry for each output: which of the "
            "two axes of dout has to disappear?",
            about=("db",),
        ),
        Misconception(
            "bias_one_number",
            change(linear_backward, "sum(axis=0)", "sum()"),
            "Your db is one number, the sum of all of dout. Each output has a bias of its own, so only the axis of the "
            "examples is summed away.",
            about=("db",),
        ),
        Misconception(
            "bias_keeps_an_axis",
            change(linear_backward, "axis=0", "axis=0, keepdims=True"),
            "Your db has the shape (1, M), and b is (M,). A gradient has the shape of what it belongs to: an optimizer "
            "will want to subtract it in place.",
            about=("db",),
        ),
        Misconception(
            "w_as_it_is",
            change(linear_backward, "W.T", "W"),
            "Your dX multiplies dout by W as it stands. Forward, W goes from D values to M; backward it has to go from "
            "M to D. Write the shapes beside the product, and check it on a square layer, where no error warns you.",
            about=("dX",),
        ),
        Misconception(
            "dw_transposed",
            change(linear_backward, "X.T @ dout", "dout.T @ X"),
            "Your dW is transposed. It should have W's own shape, (D, M): entry (d, m) gathers what input d had to do "
            "with output m.",
            about=("dW",),
        ),
        Misconception(
            "other_order",
            change(linear_backward, "dX, dW, db\n", "dW, dX, db\n"),
            "dW comes first in what you return, and dX should: the function returns (dX, dW, db).",
            hint=1,
        ),
        Misconception(
            "mutates_the_cache",
            change(linear_backward, "    return dX", "    X[...] = dX\n    return X"),
            "You wrote into an array of the cache. X is the output of the layer below, which still needs it for its "
            "own way back, or the data set; W is what the optimizer moves. Make new arrays.",
            hint=4,
        ),
        Misconception(
            "dw_averages",
            change(linear_backward, "X.T @ dout", "X.T @ dout / len(X)"),
            "For dW you take the mean over the examples, and its 1/N is already in dout. Each example's contribution "
            "to W counts whole.",
            hint=3,
            about=("dW",),
        ),
        Misconception(
            "x_as_it_is",
            change(linear_backward, "X.T @ dout", "X @ dout"),
            "Your dW multiplies X by dout as they stand, so that the outputs of X's examples meet the wrong axis. "
            "Write the shapes beside the product: (D, M) is to come out, and N is to disappear.",
            about=("dW",),
        ),
        Misconception(
            "bias_first",
            change(linear_backward, "dX, dW, db\n", "db, dW, dX\n"),
            "Your gradients come back in another order: (dX, dW, db) is asked for.",
            hint=1,
        ),
        Misconception(
            "products_swapped",
            change(linear_backward, "dout @ W.T", "dout * 1.0"),
            "Your dX is dout itself. What out says reaches X through W, so W is in it.",
            about=("dX",),
        ),
        Misconception(
            "bias_without_dout",
            change(linear_backward, "dout.sum(axis=0)", "np.ones(dout.shape[1])"),
            "Your db is the same whatever dout says. An output's slope with respect to its bias is 1; the chain rule "
            "multiplies that by dout, and adds up the examples.",
            about=("db",),
        ),
        Misconception(
            "masked",
            change(linear_backward, "dout @ W.T", "(dout @ W.T) * (X > 0)"),
            "Your dX is stopped where X is not positive. That is the way back through a ReLU, which is a layer of its "
            "own; this one is linear.",
            about=("dX",),
        ),
        Misconception(
            "unpacked_the_other_way",
            change(linear_backward, "X, W = cache", "W, X = cache"),
            "You take the cache's two arrays for each other: X comes first in it, and then W.",
            hint=1,
        ),
    ),
    also_right=(
        linear_backward,
        change(linear_backward, "dout @ W.T", "(W @ dout.T).T", "dX, dW, db\n", "[dX, dW, db]\n"),
        change(
            linear_backward,
            "X.T @ dout",
            'np.einsum("nd,nm->dm", X, dout)',
            "dout.sum(axis=0)",
            'np.einsum("nm->m", dout)',
        ),
        change(linear_backward, "X.T @ dout", "(dout.T @ X).T", "dout.sum(axis=0)", "np.ones(len(X)) @ dout"),
        change(linear_backward, "dout.sum(axis=0)", "sum(row for row in dout)"),
        backward_loops,
        backward_per_example,
    ),
    forbidden=("torch",),
)

"""The linear layer, forward and backward."""

from typing import Any

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception

UNIT = "07_mlp"


def _layer(rng: np.random.Generator, N: int, D: int, M: int) -> dict[str, np.ndarray]:
    return {"X": rng.normal(size=(N, D)), "W": rng.normal(size=(D, M)), "b": rng.normal(size=M)}


OUT, CACHE = [True, False], [False, True]


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, D: int, M: int, keep: list[bool] = OUT) -> Case:
        return Case(label, group, _layer(rng, N, D, M) | {"keep": keep})

    by_hand = {"X": np.array([[1.0, 2.0]]), "W": np.array([[3.0, 0.0, 1.0], [1.0, -1.0, 0.0]])}
    by_hand |= {"b": np.array([10.0, 20.0, 30.0])}
    return [
        Case("1 example by hand: 2 values in, 3 out", "values", by_hand | {"keep": OUT}),
        case("4 examples, 3 values in, 2 out", "values", 4, 3, 2),
        case("2 examples, 5 values in, 6 out", "values", 2, 5, 6),
        case("3 examples, 3 values in, 3 out", "square", 3, 3, 3),
        case("4 examples, 4 values in, 4 out", "square", 4, 4, 4),
        case("one example", "ones", 1, 4, 3),
        case("one value in", "ones", 5, 1, 2),
        case("one value out", "ones", 3, 2, 1),
        case("the cache: 4 examples, 3 values in, 2 out", "cache", 4, 3, 2, CACHE),
        case("the cache: 3 examples, 3 values in, 3 out", "cache", 3, 3, 3, CACHE),
        case("the cache: one example", "cache", 1, 2, 4, CACHE),
    ]


def forward_oracle(X: np.ndarray, W: np.ndarray, b: np.ndarray, keep: list[bool]) -> tuple[Any, Any]:
    import torch

    out = torch.nn.functional.linear(torch.from_numpy(X), torch.from_numpy(W).T, torch.from_numpy(b))
    return out.numpy() if keep[0] else None, (X, W) if keep[1] else None


def forward_no_bias(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W, (X, W)


def forward_w_first(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return W @ X + b, (X, W)


def forward_transposed(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W.T + b, (X, W)


def forward_bias_down_the_rows(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W + b[:, None], (X, W)


def forward_keeps_out(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    out = X @ W + b
    return out, (out, W)


def forward_keeps_b(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W + b, (X, W, b)


def forward_keeps_the_other_way(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W + b, (W, X)


def forward_keeps_transposed(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X @ W + b, (X.T, W.T)


def forward_loops(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    out = np.zeros((len(X), len(b)))
    for n in range(len(X)):
        for m in range(len(b)):
            out[n, m] = sum(X[n, d] * W[d, m] for d in range(len(W))) + b[m]
    return out, [X, W]


def forward_in_one_product(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    padded = np.concatenate([X, np.ones((len(X), 1))], axis=1)
    return padded @ np.concatenate([W, b[None, :]]), (X.copy(), W.copy())


def forward_float32(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
    return X.astype(np.float32) @ W.astype(np.float32) + b.astype(np.float32), (X, W)


LINEAR_FORWARD = Exercise(
    name="linear_forward",
    unit=UNIT,
    returns=("out", "cache"),
    probe="kept_outputs",
    groups=(
        Group("values", "computes X W + b", 1),
        Group("square", "multiplies in the right order, also where the shapes do not tell", 1),
        Group("ones", "works with one example, one value in, one value out", 1),
        Group("cache", "keeps X and W for the way back, as they came and in this order", 1),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    misconceptions=(
        Misconception(
            "no_bias",
            forward_no_bias,
            "Your layer leaves out b, so an input of zeros always gives zeros, and every line that the layer can draw "
            "goes through the origin. Which part of the formula is not in your code yet?",
            hint=1,
        ),
        Misconception(
            "w_first",
            forward_w_first,
            "You multiply W by X. Examples are the rows of X, here and in all of this course, so X stands on the left: "
            "(N, D) times (D, M) leaves (N, M). Write the shapes beside your line.",
            hint=1,
        ),
        Misconception(
            "transposed",
            forward_transposed,
            "You transpose W. torch.nn.Linear stores its weights as (M, D) and has to; here W is (D, M), and the D of "
            "X meets the D of W as they are.",
            hint=1,
        ),
        Misconception(
            "bias_down_the_rows",
            forward_bias_down_the_rows,
            "You made b a column, so that it runs down the examples. It has one value for each output: entry m "
            "belongs to column m, in every row. How does NumPy line up (N, M) and (M,)?",
            hint=1,
        ),
        Misconception(
            "keeps_the_output",
            forward_keeps_out,
            "Your out is right, but the cache holds out instead of X. For the gradient by W, the way back needs what "
            "came into the layer, and that cannot be had from out.",
            hint=2,
        ),
        Misconception(
            "keeps_too_much",
            forward_keeps_b,
            "Your out is right, but the cache holds three arrays. No gradient depends on the value of b: in a sum, "
            "each term passes a change on whole, whatever it is itself. Keep X and W.",
            hint=2,
        ),
        Misconception(
            "keeps_the_other_way_round",
            forward_keeps_the_other_way,
            "Your cache holds (W, X), and (X, W) is asked for. Whoever unpacks it gets each under the other's name.",
            hint=2,
        ),
        Misconception(
            "keeps_them_transposed",
            forward_keeps_transposed,
            "Your out is right, but the cache holds X and W transposed. The way back will need them so, and will "
            "transpose them itself; the rule for every layer is to keep what came in, as it came.",
            hint=2,
        ),
    ),
    equivalents=(forward_loops, forward_in_one_product, forward_float32),
    forbidden=("torch",),
)


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


def backward_assigned(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    dX = np.zeros_like(X)
    for n in range(len(X)):
        dX[n] = W @ dout[n]
        dW = np.outer(X[n], dout[n])
        db = dout[n]
    return dX, dW, db


def backward_local_only(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    ones = np.ones_like(dout)
    return ones @ W.T, X.T @ ones, ones.sum(axis=0)


def backward_averages(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout / len(X), dout.mean(axis=0)


def backward_bias_averages(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout, dout.mean(axis=0)


def backward_bias_not_summed(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout, dout


def backward_bias_over_outputs(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout, dout.sum(axis=1)


def backward_bias_one_number(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout, dout.sum()


def backward_bias_keeps_axis(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, X.T @ dout, dout.sum(axis=0, keepdims=True)


def backward_w_as_it_is(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W, X.T @ dout, dout.sum(axis=0)


def backward_dw_transposed(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return dout @ W.T, dout.T @ X, dout.sum(axis=0)


def backward_other_order(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return X.T @ dout, dout @ W.T, dout.sum(axis=0)


def backward_mutates(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    dX, dW, db = dout @ W.T, X.T @ dout, dout.sum(axis=0)
    X[...] = dX
    return X, dW, db


def backward_loops(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    dX, dW, db = np.zeros_like(X), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(X)):
        for m in range(W.shape[1]):
            db[m] += dout[n, m]
            dX[n] += dout[n, m] * W[:, m]
            dW[:, m] += dout[n, m] * X[n]
    return dX, dW, db


def backward_einsum(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    return np.einsum("nm,dm->nd", dout, W), np.einsum("nd,nm->dm", X, dout), np.einsum("nm->m", dout)


def backward_per_example(dout: np.ndarray, cache: tuple) -> tuple:
    X, W = cache
    dW = sum(np.outer(x, d) for x, d in zip(X, dout, strict=True))
    return np.array([W @ d for d in dout]), dW, np.ones(len(X)) @ dout


LINEAR_BACKWARD = Exercise(
    name="linear_backward",
    unit=UNIT,
    returns=("dX", "dW", "db"),
    probe="kept_outputs",
    groups=(
        Group("dX", "passes the gradient on to the layer below (dX)", 2),
        Group("dW", "gives the gradient of the weights (dW)", 2),
        Group("db", "gives the gradient of the biases (db)", 2),
        Group("ones", "is right for one example, one value in, one out, and for many examples", 1),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    misconceptions=(
        Misconception(
            "assigned_not_added",
            backward_assigned,
            "Your dW and db know only the last example: each round of the loop writes over the one before. All "
            "examples went through the same W and b, so each of them has a say, and what they say adds up.",
            hint=3,
        ),
        Misconception(
            "upstream_forgotten",
            backward_local_only,
            "These are the layer's own derivatives, the same whatever dout says. The chain rule has two factors: how "
            "the loss answers to out (that is dout), times how out answers to X, W and b.",
            hint=1,
        ),
        Misconception(
            "averages_again",
            backward_averages,
            "You divide by N. The loss was a mean over the examples, and its 1/N is already inside dout; a second one "
            "makes every step N times too short. In here, contributions are added up, no more.",
            hint=3,
        ),
        Misconception(
            "bias_averages",
            backward_bias_averages,
            "Your dX and dW are right. For db you take the mean over the examples, and its 1/N is already in dout. "
            "Each example's contribution to b counts whole.",
            hint=3,
        ),
        Misconception(
            "bias_not_summed",
            backward_bias_not_summed,
            "Your db still has a row for each example. b is one vector that all N rows share; its gradient has b's "
            "shape, (M,). How do the rows come together?",
            hint=3,
        ),
        Misconception(
            "bias_over_outputs",
            backward_bias_over_outputs,
            "Your db adds along the rows, one number for each example. b has one entry for each output: which of the "
            "two axes of dout has to disappear?",
            hint=3,
        ),
        Misconception(
            "bias_one_number",
            backward_bias_one_number,
            "Your db is one number, the sum of all of dout. Each output has a bias of its own, so only the axis of the "
            "examples is summed away.",
            hint=3,
        ),
        Misconception(
            "bias_keeps_an_axis",
            backward_bias_keeps_axis,
            "Your db has the shape (1, M), and b is (M,). A gradient has the shape of what it belongs to: an "
            "optimizer will want to subtract it in place.",
            hint=3,
        ),
        Misconception(
            "w_as_it_is",
            backward_w_as_it_is,
            "Your dX multiplies dout by W as it stands. Forward, W goes from D values to M; backward it has to go from "
            "M to D. Write the shapes beside the product, and check it on a square layer, where no error warns you.",
            hint=2,
        ),
        Misconception(
            "dw_transposed",
            backward_dw_transposed,
            "Your dW is transposed. It should have W's own shape, (D, M): entry (d, m) gathers what input d had to do "
            "with output m.",
            hint=2,
        ),
        Misconception(
            "other_order",
            backward_other_order,
            "Your dX and dW are right, and stand in each other's place: the function returns (dX, dW, db).",
            hint=1,
        ),
        Misconception(
            "mutates_the_cache",
            backward_mutates,
            "The gradients are right, but you wrote dX into the cached X. That array is the output of the layer below, "
            "which still needs it for its own way back, or the data set. Make a new array.",
            hint=4,
        ),
    ),
    equivalents=(backward_loops, backward_einsum, backward_per_example),
    forbidden=("torch",),
)

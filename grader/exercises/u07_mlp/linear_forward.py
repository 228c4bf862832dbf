"""The linear layer, forward: out = X W + b, and what its way back will need."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import CACHE, OUT, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def _layer(rng: np.random.Generator, N: int, D: int, M: int) -> dict[str, np.ndarray]:
    return {"X": rng.normal(size=(N, D)), "W": rng.normal(size=(D, M)), "b": rng.normal(size=M)}


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


def linear_forward(X, W, b):
    out = X @ W + b
    cache = X, W
    return out, cache


def forward_loops(X, W, b):
    out = np.zeros((len(X), len(b)))
    for n in range(len(X)):
        for m in range(len(b)):
            out[n, m] = sum(X[n, d] * W[d, m] for d in range(len(W))) + b[m]
    return out, [X, W]


LINEAR_FORWARD = Exercise(
    name="linear_forward",
    unit=UNIT,
    returns=("out", "cache"),
    sizes={"N": ("X", 0), "D": ("X", 1), "M": ("W", 1)},
    driver="kept_outputs",
    groups=(
        Group("values", "computes X W + b", 1, hint=1),
        Group("square", "multiplies in the right order, also where the shapes do not tell", 1, hint=1),
        Group("ones", "works with one example, one value in, one value out", 1, hint=1),
        Group("cache", "keeps X and W for the way back, as they came and in this order", 1, hint=2),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    misconceptions=(
        Misconception(
            "no_bias",
            change(linear_forward, " + b", ""),
            "Your layer leaves out b, so an input of zeros always gives zeros, and every line that the layer can draw "
            "goes through the origin. Which part of the formula is not in your code yet?",
            about=("out",),
        ),
        Misconception(
            "w_first",
            change(linear_forward, "X @ W", "W @ X"),
            "You multiply W by X. Examples are the rows of X, here and in all of this course, so X stands on the left: "
            "(N, D) times (D, M) leaves (N, M). Write the shapes beside your line.",
            about=("out",),
        ),
        Misconception(
            "transposed",
            change(linear_forward, "X @ W", "X @ W.T"),
            "You transpose W. torch.nn.Linear stores its weights as (M, D) and has to; here W is (D, M), and the D of "
            "X meets the D of W as they are.",
            about=("out",),
        ),
        Misconception(
            "bias_down_the_rows",
            change(linear_forward, "+ b", "+ b[:, None]"),
            "You made b a column, so that it runs down the examples. It has one value for each output: entry m belongs "
            "to column m, in every row. How does NumPy line up (N, M) and (M,)?",
            about=("out",),
        ),
        Misconception(
            "keeps_the_output",
            change(linear_forward, "= X, W", "= out, W"),
            "The cache holds out instead of X. For the gradient with respect to W, the way back needs what came into "
            "the layer, and that cannot be had from out.",
            about=("cache",),
        ),
        Misconception(
            "keeps_too_much",
            change(linear_forward, "= X, W", "= X, W, b"),
            "The cache holds three arrays. No gradient depends on the value of b: in a sum, each term passes a change "
            "on whole, whatever it is itself. Keep X and W.",
            about=("cache",),
        ),
        Misconception(
            "keeps_the_other_way_round",
            change(linear_forward, "= X, W", "= W, X"),
            "Your cache holds (W, X), and (X, W) is asked for. Whoever unpacks it gets each under the other's name.",
            about=("cache",),
        ),
        Misconception(
            "keeps_them_transposed",
            change(linear_forward, "= X, W", "= X.T, W.T"),
            "The cache holds X and W transposed. The way back will need them so, and will transpose them itself; the "
            "rule for every layer is to keep what came in, as it came.",
            about=("cache",),
        ),
        Misconception(
            "relu_inside",
            change(linear_forward, "X @ W + b", "np.maximum(0, X @ W + b)"),
            "There is a ReLU in your linear layer: no output of it is negative. ReLU is a layer of its own, the next "
            "exercise.",
            about=("out",),
        ),
        Misconception(
            "bias_multiplied",
            change(linear_forward, "X @ W + b", "X @ W * b"),
            "You multiply by b. A bias is added to what comes out.",
            about=("out",),
        ),
        Misconception(
            "bias_subtracted",
            change(linear_forward, "+ b", "- b"),
            "You take b off where it should be added.",
            about=("out",),
        ),
        Misconception(
            "entry_by_entry",
            change(linear_forward, "X @ W", "X * W"),
            "X * W multiplies entry by entry. A layer's output is a sum over all values that come in: the matrix "
            "product.",
            about=("out",),
        ),
        Misconception(
            "keeps_nothing_of_w",
            change(linear_forward, "= X, W", "= X"),
            "The cache holds X alone. The gradient with respect to X will need W as well: keep the pair.",
            about=("cache",),
        ),
        Misconception(
            "bias_before_the_product",
            change(linear_forward, "X @ W + b", "X @ (W + b)"),
            "You add b to W, before the product, so that it is multiplied by what comes in. It is added to each "
            "output, once.",
            about=("out",),
        ),
        Misconception(
            "bias_summed",
            change(linear_forward, "+ b", "+ b.sum()"),
            "All outputs get the sum of b. Output m has a bias of its own, entry m.",
            about=("out",),
        ),
    ),
    also_right=(
        linear_forward,
        change(linear_forward, "X @ W", "np.dot(X, W)", "cache = X, W", "cache = [X, W]"),
        change(linear_forward, "X @ W", 'np.einsum("nd,dm->nm", X, W)', "return out, cache", "return [out, cache]"),
        change(linear_forward, "X @ W", "(W.T @ X.T).T", "= X, W", "= X.copy(), W.copy()"),
        change(
            linear_forward,
            "X @ W + b",
            "np.concatenate([X, np.ones((len(X), 1))], axis=1) @ np.concatenate([W, b[None, :]])",
        ),
        change(linear_forward, "X @ W + b", "X.astype(np.float32) @ W.astype(np.float32) + b.astype(np.float32)"),
        forward_loops,
    ),
    forbidden=("torch",),
)

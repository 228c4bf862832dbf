"""ReLU, forward, for arrays of any shape."""

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import CACHE, OUT, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def forward_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, X: np.ndarray, keep: list[bool] = OUT) -> Case:
        return Case(label, group, {"X": X, "keep": keep})

    return [
        case("a few values by hand", "values", np.array([[-2.0, 0.0, 3.0, 0.5]])),
        case("5 examples of 3", "values", 3 * rng.normal(size=(5, 3))),
        case("all of them negative", "ends", -1 - rng.random(size=(2, 4))),
        case("all of them positive, some large", "ends", np.array([0.2, 2.0, 300.0]) + rng.random(size=(4, 3))),
        case("a row of values", "shapes", rng.normal(size=7)),
        case("images: (2, 3, 4, 5)", "shapes", rng.normal(size=(2, 3, 4, 5))),
        case("the cache: by hand", "cache", np.array([[-2.0, 0.0, 3.0, 0.5]]), CACHE),
        case("the cache: 4 examples of 3", "cache", 3 * rng.normal(size=(4, 3)), CACHE),
        case("the cache: images, (2, 2, 3, 4)", "cache", rng.normal(size=(2, 2, 3, 4)), CACHE),
    ]


def forward_oracle(X: np.ndarray, keep: list[bool]) -> tuple[np.ndarray | None, np.ndarray | None]:
    import torch

    return torch.relu(torch.from_numpy(X)).numpy() if keep[0] else None, X if keep[1] else None


def relu_forward(X):
    out = np.maximum(0, X)
    return out, X


def forward_half(X):
    out = X.astype(np.float32)
    out[out < 0] = 0
    return out, X


CUT = (
    "You cut at {} as well. ReLU has no upper end, and needs none: its slope stays 1 for positive values, however "
    "large, so that gradients come back undiminished."
)


RELU_FORWARD = Exercise(
    name="relu_forward",
    unit=UNIT,
    returns=("out", "cache"),
    driver="kept_outputs",
    groups=(
        Group("values", "keeps what is positive and makes the rest zero", 1, hint=1),
        Group("ends", "is right where everything is negative, and for large values", 1, hint=1),
        Group("shapes", "works entry by entry on arrays of any shape", 1, hint=1),
        Group("cache", "keeps for the way back what came in", 1, hint=2),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    misconceptions=(
        Misconception(
            "largest_of_all",
            change(relu_forward, "np.maximum(0, X)", "np.max(X, 0)"),
            "With np.max(X, 0) you get the largest entry along axis 0: the 0 is taken for an axis. You want to compare "
            "each entry with zero, and NumPy has another function for that.",
            about=("out",),
        ),
        Misconception(
            "absolute_value",
            change(relu_forward, "np.maximum(0, X)", "np.abs(X)"),
            "You turn negative values into positive ones of the same size. ReLU makes them zero: those units are "
            "silent.",
            about=("out",),
        ),
        Misconception(
            "step_function",
            change(relu_forward, "np.maximum(0, X)", "(X > 0).astype(float)"),
            "You return 1 where X is positive. That is the slope of ReLU, which you will want on the way back; "
            "forward, the values themselves come through.",
            about=("out",),
        ),
        Misconception(
            "keeps_the_negative_half",
            change(relu_forward, "maximum", "minimum"),
            "You let the negative values through and stop the positive ones. Of x and 0, which one does the formula "
            "take?",
            about=("out",),
        ),
        Misconception(
            "clips_at_one",
            change(relu_forward, "np.maximum(0, X)", "np.clip(X, 0, 1)"),
            CUT.format(1),
            about=("out",),
        ),
        Misconception(
            "clips_at_six",
            change(relu_forward, "np.maximum(0, X)", "np.clip(X, 0, 6)"),
            CUT.format(6),
            about=("out",),
        ),
        Misconception(
            "keeps_the_output",
            change(relu_forward, "return out, X", "return out, out"),
            "The cache holds out. For ReLU the way back could live on that; here the cache is what came in, X, the "
            "same rule for every layer.",
            about=("cache",),
        ),
        Misconception(
            "keeps_the_mask",
            change(relu_forward, "return out, X", "return out, X > 0"),
            "The cache holds True and False. That would be enough for the way back, and saves memory; here the rule is "
            "the same for every layer: the cache is what came in, X.",
            about=("cache",),
        ),
        Misconception(
            "in_place",
            change(relu_forward, "out = np.maximum(0, X)", "X[X < 0] = 0\n    out = X"),
            "You write the zeros into the array that came in. The layer below, or whoever made the data, holds the "
            "very same array, and finds other numbers in it than before. Make a new one.",
            hint=3,
        ),
        Misconception(
            "leaky",
            change(relu_forward, "np.maximum(0, X)", "np.where(X > 0, X, 0.01 * X)"),
            "A hundredth of each negative value comes through. That is the leaky ReLU, a relative; here negative "
            "values become zero.",
            about=("out",),
        ),
    ),
    also_right=(
        relu_forward,
        change(relu_forward, "np.maximum(0, X)", "X * (X > 0)", "return out, X", "return [out, X]"),
        change(relu_forward, "np.maximum(0, X)", "np.where(X < 0, 0.0, X)", "return out, X", "return out, X.copy()"),
        change(relu_forward, "np.maximum(0, X)", "np.clip(X, 0, None)"),
        change(relu_forward, "np.maximum(0, X)", "(X + np.abs(X)) / 2"),
        forward_half,
    ),
    forbidden=("torch",),
)

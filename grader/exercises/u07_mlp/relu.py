"""ReLU, forward and backward, for arrays of any shape."""

import numpy as np

from grader.exercises.u07_mlp.linear import CACHE, OUT, UNIT
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


def forward_largest_of_all(X: np.ndarray) -> tuple:
    return np.max(X, 0), X


def forward_absolute(X: np.ndarray) -> tuple:
    return np.abs(X), X


def forward_step(X: np.ndarray) -> tuple:
    return (X > 0).astype(float), X


def forward_minimum(X: np.ndarray) -> tuple:
    return np.minimum(0, X), X


def forward_clips_at_one(X: np.ndarray) -> tuple:
    return np.clip(X, 0, 1), X


def forward_keeps_out(X: np.ndarray) -> tuple:
    out = np.maximum(0, X)
    return out, out


def forward_keeps_mask(X: np.ndarray) -> tuple:
    return np.maximum(0, X), X > 0


def forward_in_place(X: np.ndarray) -> tuple:
    X[X < 0] = 0
    return X, X


def forward_by_mask(X: np.ndarray) -> tuple:
    return X * (X > 0), X


def forward_where(X: np.ndarray) -> tuple:
    return np.where(X < 0, 0.0, X), X.copy()


def forward_half(X: np.ndarray) -> tuple:
    out = X.astype(np.float32)
    out[out < 0] = 0
    return out, X


RELU_FORWARD = Exercise(
    name="relu_forward",
    unit=UNIT,
    returns=("out", "cache"),
    probe="kept_outputs",
    groups=(
        Group("values", "keeps what is positive and makes the rest zero", 1),
        Group("ends", "is right where everything is negative, and for large values", 1),
        Group("shapes", "works entry by entry on arrays of any shape", 1),
        Group("cache", "keeps for the way back what came in", 1),
    ),
    cases=forward_cases,
    reference=forward_oracle,
    misconceptions=(
        Misconception(
            "largest_of_all",
            forward_largest_of_all,
            "With np.max(X, 0) you get the largest entry along axis 0: the 0 is taken for an axis. You want to compare "
            "each entry with zero, and NumPy has another function for that.",
            hint=1,
        ),
        Misconception(
            "absolute_value",
            forward_absolute,
            "You turn negative values into positive ones of the same size. ReLU makes them zero: those units are "
            "silent.",
            hint=1,
        ),
        Misconception(
            "step_function",
            forward_step,
            "You return 1 where X is positive. That is the slope of ReLU, which you will want on the way back; "
            "forward, the values themselves come through.",
            hint=1,
        ),
        Misconception(
            "keeps_the_negative_half",
            forward_minimum,
            "You let the negative values through and stop the positive ones. Of x and 0, which one does the formula "
            "take?",
            hint=1,
        ),
        Misconception(
            "clips_at_one",
            forward_clips_at_one,
            "You cut at 1 as well. ReLU has no upper end, and needs none: its slope stays 1 for positive values, "
            "however large, so that gradients come back undiminished.",
            hint=1,
        ),
        Misconception(
            "keeps_the_output",
            forward_keeps_out,
            "Your out is right, but the cache holds out. For ReLU the way back could live on that; here the cache is "
            "what came in, X, the same rule for every layer.",
            hint=2,
        ),
        Misconception(
            "keeps_the_mask",
            forward_keeps_mask,
            "Your out is right, but the cache holds True and False. That would be enough for the way back, and saves "
            "memory; here the rule is the same for every layer: the cache is what came in, X.",
            hint=2,
        ),
        Misconception(
            "in_place",
            forward_in_place,
            "You write the zeros into the array that came in. The layer below, or whoever made the data, holds the "
            "very same array, and finds other numbers in it than before. Make a new one.",
            hint=3,
        ),
    ),
    equivalents=(forward_by_mask, forward_where, forward_half),
    forbidden=("torch",),
)


def backward_cases(rng: np.random.Generator) -> list[Case]:
    def upward(shape: tuple[int, ...]) -> np.ndarray:
        """Gradients above 0: what a negative one may do is the business of one group alone."""
        return rng.uniform(0.5, 3, size=shape)

    def case(label: str, group: str, shape: tuple[int, ...]) -> Case:
        return Case(label, group, {"dout": upward(shape), "cache": rng.normal(size=shape)})

    inputs = np.array([[1.0, -1.0, 2.0, -2.0]])
    by_hand = {"dout": np.array([[5.0, 6.0, 7.0, 8.0]]), "cache": inputs}
    both_signs = {"dout": np.array([[5.0, 6.0, -7.0, -8.0]]), "cache": inputs}
    at_zero = case("some inputs are exactly 0", "kink", (4, 6))
    at_zero.inputs["cache"][:, ::2] = 0.0
    nothing = {"dout": upward((2, 3)), "cache": np.zeros((2, 3))}
    silent = {"dout": upward((3, 4)), "cache": -1 - rng.random(size=(3, 4))}
    tiny = {"dout": upward((3, 5)), "cache": 1e-9 * rng.normal(size=(3, 5))}
    active = {"dout": -upward((3, 4)), "cache": 1 + rng.random(size=(3, 4))}
    mixed = {"dout": rng.normal(size=(6, 4)), "cache": rng.normal(size=(6, 4))}
    return [
        Case("a few values by hand", "values", by_hand),
        case("5 examples of 3", "values", (5, 3)),
        Case("silent units: all inputs negative", "values", silent),
        at_zero,
        Case("all inputs exactly 0", "kink", nothing),
        Case("inputs very near 0", "kink", tiny),
        case("a row of values", "shapes", (9,)),
        case("images: (2, 3, 4, 5)", "shapes", (2, 3, 4, 5)),
        Case("by hand, with negative gradients", "signs", both_signs),
        Case("all units active, all gradients negative", "signs", active),
        Case("gradients of both signs", "signs", mixed),
    ]


def backward_oracle(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    import torch

    X = torch.tensor(cache, requires_grad=True)
    (dX,) = torch.autograd.grad(torch.relu(X), X, torch.from_numpy(dout))
    return dX.numpy()


def backward_by_dout(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * (dout > 0)


def backward_guided(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return np.maximum(0, dout) * (cache > 0)


def backward_mask_only(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return (cache > 0).astype(float)


def backward_passes_all(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout.copy()


def backward_other_side(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * (cache < 0)


def backward_times_value(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * np.maximum(0, cache)


def backward_open_at_zero(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * (cache >= 0)


def backward_half_at_zero(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * np.heaviside(cache, 0.5)


def backward_sign(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dout * np.sign(cache)


def backward_in_place(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    dout[cache <= 0] = 0
    return dout


def backward_where(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return np.where(cache > 0, dout, 0.0)


def backward_copied(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    dX = np.array(dout)
    dX[cache <= 0] = 0
    return dX


def backward_by_output(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    out = np.maximum(0, cache)
    return dout * (out != 0)


RELU_BACKWARD = Exercise(
    name="relu_backward",
    unit=UNIT,
    returns=("dX",),
    groups=(
        Group("values", "passes the gradient where the unit was active, and nowhere else", 2),
        Group("kink", "decides at the value 0, and not beside it", 1),
        Group("shapes", "works entry by entry on arrays of any shape", 1),
        Group("signs", "passes negative gradients like positive ones", 1),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    misconceptions=(
        Misconception(
            "mask_by_the_gradient",
            backward_by_dout,
            "You stop negative gradients. What decides is whether the unit was active on the way forward: the sign of "
            "what came *in*, and the cache has it. A negative gradient through an active unit has every right to pass.",
            hint=1,
        ),
        Misconception(
            "negative_gradients_stopped",
            backward_guided,
            "You stop gradients where the unit was silent, which is right, and negative ones as well. ReLU cut the "
            "values on the way forward; on the way back it only multiplies by its slope, and a negative gradient says "
            "that the loss would fall if the unit said more. Without these, units can only be turned down.",
            hint=1,
        ),
        Misconception(
            "mask_alone",
            backward_mask_only,
            "You return the slope of ReLU alone, ones and zeros. The chain rule multiplies: this slope, times what the "
            "layer above says about out.",
            hint=1,
        ),
        Misconception(
            "passes_everything",
            backward_passes_all,
            "You hand every gradient on. Where the input was negative, out is 0 and stays 0 when the input moves a "
            "little, so the loss does not answer to it at all.",
            hint=1,
        ),
        Misconception(
            "the_other_side",
            backward_other_side,
            "You let gradients through just where the unit was silent, and stop them where it was active.",
            hint=1,
        ),
        Misconception(
            "times_the_value",
            backward_times_value,
            "You multiply by ReLU's value. The chain rule asks for its slope: for an input of 3 as for one of 300 it "
            "is 1.",
            hint=1,
        ),
        Misconception(
            "open_at_zero",
            backward_open_at_zero,
            "Everything is right but for inputs of exactly 0, and these are common: black pixels, padding. There ReLU "
            "has a kink and no slope of its own; by convention, in torch too, the gradient is 0.",
            hint=2,
        ),
        Misconception(
            "half_open_at_zero",
            backward_half_at_zero,
            "Everything is right but for inputs of exactly 0, where you pass one half. A fair middle, and a central "
            "difference would say the same; but the convention, in torch too, is 0.",
            hint=2,
        ),
        Misconception(
            "sign_of_the_input",
            backward_sign,
            "Your slope is -1 for negative inputs, which is that of the absolute value. ReLU is flat there.",
            hint=1,
        ),
        Misconception(
            "gradient_changed_in_place",
            backward_in_place,
            "The result is right, but you wrote the zeros into dout itself. Where a value is used by two layers, the "
            "same gradient array goes to both, and the second one would find it changed. Make a new array.",
            hint=3,
        ),
    ),
    equivalents=(backward_where, backward_copied, backward_by_output),
    forbidden=("torch",),
)

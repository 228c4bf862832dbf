"""ReLU's way back, for arrays of any shape."""

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


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


def relu_backward(dout, cache):
    active = cache > 0
    return dout * active


def backward_copied(dout, cache):
    dX = np.array(dout)
    dX[cache <= 0] = 0
    return dX


RELU_BACKWARD = Exercise(
    name="relu_backward",
    unit=UNIT,
    returns=("dX",),
    groups=(
        Group("values", "passes the gradient where the unit was active, and nowhere else", 2, hint=1),
        Group("kink", "decides at the value 0, and not beside it", 1, hint=2),
        Group("shapes", "works entry by entry on arrays of any shape", 1, hint=1),
        Group("signs", "passes negative gradients like positive ones", 1, hint=1),
    ),
    cases=backward_cases,
    reference=backward_oracle,
    misconceptions=(
        Misconception(
            "mask_by_the_gradient",
            change(relu_backward, "cache > 0", "dout > 0"),
            "You stop negative gradients. What decides is whether the unit was active on the way forward: the sign of "
            "what came *in*, and the cache has it. A negative gradient through an active unit has every right to pass.",
        ),
        Misconception(
            "negative_gradients_stopped",
            change(relu_backward, "dout * active", "np.maximum(0, dout) * active"),
            "You stop gradients where the unit was silent, which is right, and negative ones as well. ReLU cut the "
            "values on the way forward; on the way back it only multiplies by its slope, and a negative gradient says "
            "that the loss would fall if the unit said more. Without these, units can only be turned down.",
        ),
        Misconception(
            "mask_alone",
            change(relu_backward, "dout * active", "active.astype(float)"),
            "You return the slope of ReLU alone, ones and zeros. The chain rule multiplies: this slope, times what the "
            "layer above says about out.",
        ),
        Misconception(
            "passes_everything",
            change(relu_backward, "dout * active", "dout.copy()"),
            "You hand every gradient on. Where the input was negative, out is 0 and stays 0 when the input moves a "
            "little, so the loss does not answer to it at all.",
        ),
        Misconception(
            "the_other_side",
            change(relu_backward, "cache > 0", "cache < 0"),
            "You let gradients through just where the unit was silent, and stop them where it was active.",
        ),
        Misconception(
            "times_the_value",
            change(relu_backward, "dout * active", "dout * active * cache"),
            "You multiply by ReLU's value. The chain rule asks for its slope: for an input of 3 as for one of 300 it "
            "is 1.",
        ),
        Misconception(
            "open_at_zero",
            change(relu_backward, "cache > 0", "cache >= 0"),
            "At inputs of exactly 0 you let the gradient through, and these are common: black pixels, padding. There "
            "ReLU has a kink and no slope of its own; by convention, in torch too, the gradient is 0.",
        ),
        Misconception(
            "half_open_at_zero",
            change(relu_backward, "cache > 0", "np.heaviside(cache, 0.5)"),
            "At inputs of exactly 0 you pass one half. A fair middle, and a central difference would say the same; but "
            "the convention, in torch too, is 0.",
        ),
        Misconception(
            "sign_of_the_input",
            change(relu_backward, "cache > 0", "np.sign(cache)"),
            "Your slope is -1 for negative inputs, which is that of the absolute value. ReLU is flat there.",
        ),
        Misconception(
            "gradient_changed_in_place",
            change(relu_backward, "return dout * active", "dout[~active] = 0\n    return dout"),
            "You wrote the zeros into dout itself. Where a value is used by two layers, the same gradient array goes "
            "to both, and the second one would find it changed. Make a new array.",
            hint=3,
        ),
        Misconception(
            "relu_of_the_input",
            change(relu_backward, "dout * active", "np.maximum(0, cache)"),
            "You return ReLU's value, which is the way forward. On the way back dout is wanted, times ReLU's slope.",
        ),
        Misconception(
            "leaky",
            change(relu_backward, "return dout * active", "return np.where(active, dout, 0.01 * dout)"),
            "A hundredth of the gradient passes where the unit was silent. That is the leaky ReLU's slope; this one is "
            "flat there.",
        ),
    ),
    also_right=(
        relu_backward,
        change(relu_backward, "dout * active", "np.where(active, dout, 0.0)"),
        change(relu_backward, "cache > 0", "np.maximum(0, cache) != 0"),
        change(relu_backward, "cache > 0", "np.heaviside(cache, 0)"),
        change(relu_backward, "dout * active", "(dout * active).astype(np.float32)"),
        backward_copied,
    ),
    forbidden=("torch",),
)

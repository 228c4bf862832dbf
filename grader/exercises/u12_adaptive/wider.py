"""`net2wider`: more units, the same function."""

from typing import Any

import numpy as np

from course_lib.probes.adaptive import stated_network
from course_lib.reference import Tolerance
from grader.exercises.u12_adaptive import wider_wrong as wrong
from grader.exercises.u12_adaptive.common import UNIT, Layers, State, conv, linear, random_state
from grader.exercises.u12_adaptive.wider_right import wider_by_copies, wider_by_matrix
from grader.spec import Case, Exercise, Group, Misconception


def wider_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: Layers, copies: list[int]) -> Case:
        chosen = np.asarray(copies, dtype=np.int64)
        size = (3, layers[0]["args"][0], 5, 6) if layers[0]["kind"] == "conv" else (5, layers[0]["args"][0])
        inputs = {"layers": layers, "state": random_state(rng, layers), "copies": chosen}
        return Case(label, group, inputs | {"X": rng.normal(size=size), "asks": group})

    def dense(units: int) -> Layers:
        return [linear("first", 3, units), linear("second", units, 2)]

    images = [conv("first", 2, 3, 3, padding=1, stride=2), conv("second", 3, 2, [2, 1], padding=[0, 1])]
    more = [*range(4), *(int(k) for k in rng.integers(0, 4, size=4))]
    uneven = [*range(3), 1, 1, int(rng.integers(0, 3))]
    mixed = [int(k) for k in rng.permutation([0, 1, 2, 3, 3, 0, 3])]
    return [
        case("every unit twice", "first", dense(3), [0, 1, 2, 0, 1, 2]),
        case("some units again", "first", dense(4), more),
        case("in any order", "first", dense(4), mixed),
        case("every unit twice, outgoing", "second", dense(3), [0, 1, 2, 0, 1, 2]),
        case("one unit three times", "second", dense(3), uneven),
        case("in any order, outgoing", "second", dense(4), mixed),
        case("convolutions", "both", images, [0, 1, 2, 2, 0]),
        case("convolutions, one filter often", "both", images, uneven),
        case("linear layers, outputs", "function", dense(4), more),
        case("nothing added, outputs", "function", dense(3), [0, 1, 2]),
        case("convolutions with stride and padding, outputs", "function", images, uneven),
    ]


def wider_oracle(
    layers: Layers, state: State, copies: np.ndarray, X: np.ndarray, asks: str
) -> tuple[State | None, State | None, Any]:
    """The old layers answer for the function; each unit's weights by products with a 0/1 matrix."""
    import torch

    model = stated_network(layers, state)
    if asks == "function":
        return None, None, model.second(torch.relu(model.first(torch.tensor(X))))
    shares = (copies[:, None] == np.arange(len(state["first.bias"]))).astype(float)
    first = {name: np.tensordot(shares, state[f"first.{name}"], axes=1) for name in ("weight", "bias")}
    outgoing = np.einsum("nu,fu...->fn...", shares / shares.sum(axis=0), state["second.weight"])
    second = {"weight": outgoing, "bias": state["second.bias"]}
    return first if asks != "second" else None, second if asks != "first" else None, None


NET2WIDER = Exercise(
    name="net2wider",
    unit=UNIT,
    returns=("first", "second", "outputs"),
    probe="widened_layers",
    tolerance=Tolerance(rtol=1e-5, atol=1e-6),  # so that layers in float32 will do
    groups=(
        Group("first", "copies each chosen unit with its incoming weights and its bias", 1),
        Group("second", "shares a unit's outgoing weights among its copies", 2),
        Group("both", "does the same for convolutions", 2),
        Group("function", "preserves the function", 2),
    ),
    cases=wider_cases,
    reference=wider_oracle,
    misconceptions=(
        Misconception(
            "not_shared",
            wrong.wider_undivided,
            "Each copy sends as much on as the original did, so two copies count twice. Together they should send what "
            "one sent before.",
            hint=2,
        ),
        Misconception(
            "always_halved",
            wrong.wider_halved,
            "You halve all outgoing weights. A unit that stands there three times needs thirds, and one that was not "
            "copied keeps its whole weight. How often does each unit occur in `copies`?",
            hint=2,
        ),
        Misconception(
            "shared_by_widths",
            wrong.wider_by_ratio,
            "You divide by the ratio of the two widths. That is the mean number of copies, and right only if every "
            "unit has the same number.",
            hint=2,
        ),
        Misconception(
            "incoming_divided",
            wrong.wider_divides_incoming,
            "You divide the incoming weights, not the outgoing ones. That only happens to be the same for a ReLU "
            "without a bias: the copies should be true copies.",
            hint=2,
        ),
        Misconception(
            "both_divided",
            wrong.wider_divides_bias,
            "The outgoing weights are right. The second layer's bias is divided as well: it comes from no unit, and is "
            "added once, as before.",
            hint=3,
        ),
        Misconception(
            "new_units_silent",
            wrong.wider_zeros,
            "Your new units send nothing on: the function is preserved, but not as asked. Each copy should carry its "
            "share.",
            hint=2,
        ),
        Misconception(
            "bias_not_copied",
            wrong.wider_zero_bias,
            "Your new units have a bias of 0. A copy that switches on at another point is no copy.",
            hint=1,
        ),
        Misconception(
            "settings_lost",
            wrong.wider_settings,
            "All numbers are right, but a new convolution has lost its stride or its padding on the way: it computes "
            "something else.",
            hint=4,
        ),
    ),
    equivalents=(wider_by_copies, wider_by_matrix),
)

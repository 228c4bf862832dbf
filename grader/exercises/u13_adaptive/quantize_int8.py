"""`quantize_int8`: eight bits for a weight; torch's per-channel quantization is the oracle."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def quantize_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, weight: np.ndarray, share: float = 1.0) -> Case:
        asks = {"rounding": "q", "clipping": "all", "zero": "all"}.get(group, group)
        return Case(label, group, {"weight": weight, "share": float(share), "asks": asks})

    def uneven(*shape: int) -> np.ndarray:
        """Channels of very different size; the largest entry of some is negative."""
        sizes = np.exp(rng.uniform(-3, 3, size=(shape[0],) + (1,) * (len(shape) - 1)))
        return rng.normal(size=shape) * sizes

    halves = rng.integers(-60, 60, size=(3, 8)) + 0.5
    halves[:, 0] = [127, -127, 127]
    with_zeros = uneven(4, 6)
    with_zeros[int(rng.integers(0, 4))] = 0
    filters = uneven(3, 2, 3, 3)
    filters[1] = 0
    return [
        case("three rows", "scale", uneven(3, 5)),
        case("four filters", "scale", uneven(4, 2, 3, 3)),
        case("rows that were cut to 80 %", "scale", uneven(5, 6), 0.8),
        case("whole numbers of four rows", "rounding", uneven(4, 9)),
        case("whole numbers of a convolution", "rounding", uneven(3, 2, 3, 2)),
        case("values that lie half-way", "rounding", halves),
        case("half the range", "clipping", uneven(4, 12), 0.5),
        case("a third of the range, filters", "clipping", uneven(3, 2, 3, 3), float(rng.uniform(0.25, 0.4))),
        case("what three rows stand for", "dequantized", uneven(3, 7)),
        case("what two filters stand for, cut to 70 %", "dequantized", uneven(2, 3, 2, 2), 0.7),
        case("a row of zeros", "zero", with_zeros),
        case("a filter of zeros, half the range", "zero", filters, 0.5),
        case("memory of five rows", "memory", uneven(5, int(rng.integers(6, 60)))),
        case("memory of some filters", "memory", uneven(int(rng.integers(3, 20)), 2, 3, 3)),
    ]


def quantize_oracle(weight: np.ndarray, share: float, asks: str) -> tuple[Any, Any, Any, Any]:
    """torch's fake quantization on numbers that are one step apart, row by row in float64."""
    import torch

    if asks == "memory":
        return None, None, None, f"int8, {weight.size} bytes"
    rows = torch.tensor(weight).flatten(1)
    largest = torch.linalg.vector_norm(rows, ord=torch.inf, dim=1)
    scale = torch.where(largest > 0, share * largest / 127, 1.0)
    q = torch.fake_quantize_per_tensor_affine(rows / scale[:, None], 1.0, 0, -127, 127)
    found = {"q": q.reshape(weight.shape).to(torch.int8).numpy(), "scale": scale.numpy()}
    found["dequantized"] = torch.einsum("cn,c->cn", q, scale).reshape(weight.shape).numpy()
    q_found, scale_found, back = (value if asks in (key, "all") else None for key, value in found.items())
    return q_found, scale_found, back, None


def quantize_int8(weight, share):
    axes = tuple(range(1, weight.ndim))
    largest = np.max(np.abs(weight), axis=axes)
    scale = share * largest / 127
    scale = np.where(scale == 0, 1.0, scale)
    per_channel = scale.reshape(-1, *[1] * len(axes))
    steps = np.round(weight / per_channel)
    q = np.clip(steps, -127, 127).astype(np.int8)
    return q, scale, q * per_channel


def by_rows(weight, share):
    q, scale = np.zeros(weight.shape, dtype=np.int8), np.ones(len(weight))
    back = np.zeros(weight.shape)
    for c in range(len(weight)):
        largest = abs(weight[c]).max()
        if largest > 0:
            scale[c] = share * largest / 127
        q[c] = np.clip(np.rint(weight[c] / scale[c]), -127, 127)
        back[c] = q[c] * scale[c]
    return q, scale, back


def by_flat_rows(weight, share):
    flat = weight.reshape(len(weight), -1)
    scale = np.abs(flat).max(axis=1) * share / 127
    scale[scale == 0] = 1
    q = np.around(flat / scale[:, None]).clip(-127, 127).astype("int8")
    return q.reshape(weight.shape), scale, (q * scale[:, None]).reshape(weight.shape)


def by_torch(weight, share):
    import torch

    w = torch.from_numpy(weight)
    largest = w.abs().flatten(1).amax(dim=1)
    scale = torch.where(largest == 0, torch.ones_like(largest), share * largest / 127)
    shaped = scale.view(-1, *[1] * (w.ndim - 1))
    q = (w / shaped).round().clamp(-127, 127).to(torch.int8)
    return q.numpy(), scale.numpy(), (q.double() * shaped).numpy()


def cut_first(weight, share):
    shape = (-1,) + (1,) * (weight.ndim - 1)
    limit = share * np.abs(weight).reshape(len(weight), -1).max(axis=1)
    scale = np.divide(limit, 127, out=np.ones_like(limit), where=limit > 0)
    cut = np.minimum(np.maximum(weight, -limit.reshape(shape)), limit.reshape(shape))
    q = np.int8(np.rint(cut / scale.reshape(shape)))
    return q, scale, q * scale.reshape(shape)


def by_transposing(weight, share):
    last = np.moveaxis(weight, 0, -1)
    largest = np.amax(np.abs(last), axis=tuple(range(last.ndim - 1)))
    scale = np.array([share * size / 127 if size else 1.0 for size in largest])
    q = np.clip(np.rint(last / scale), -127, 127).astype(np.int8)
    return [np.moveaxis(q, -1, 0), scale, np.moveaxis(q * scale, -1, 0)]


STEPS = "np.round(weight / per_channel)"
CLIPPED = "np.clip(steps, -127, 127).astype(np.int8)"

QUANTIZE_INT8 = Exercise(
    name="quantize_int8",
    unit=UNIT,
    returns=("q", "scale", "dequantized", "memory"),
    driver="quantized",
    sizes={"C": ("weight", 0)},
    groups=(
        Group("scale", "finds one scale for each output channel", 2, hint=1),
        Group("rounding", "rounds to the nearest step", 2, hint=2),
        Group("clipping", "cuts off what lies beyond the range", 2, hint=3),
        Group("dequantized", "says which weights the whole numbers stand for", 1, hint=4),
        Group("zero", "leaves a channel of zeros at zero", 1, hint=5),
        Group("memory", "stores one byte for each weight", 1, hint=3),
    ),
    cases=quantize_cases,
    reference=quantize_oracle,
    misconceptions=(
        Misconception(
            "one_scale_for_all",
            change(quantize_int8, "np.max(np.abs(weight), axis=axes)", "np.full(len(weight), np.max(np.abs(weight)))"),
            "You have one scale for the whole array, that of its largest weight. A channel of small weights then has "
            "only a few steps left to tell its weights apart. Each output channel has its own scale.",
            hint=1,
        ),
        Misconception(
            "signed_largest",
            change(quantize_int8, "np.max(np.abs(weight), axis=axes)", "np.max(weight, axis=axes)"),
            "You take the largest weight with its sign. Where the weight of the largest size is negative, your range "
            "ends too early.",
            hint=1,
        ),
        Misconception(
            "half_the_spread",
            change(
                quantize_int8,
                "np.max(np.abs(weight), axis=axes)",
                "(np.max(weight, axis=axes) - np.min(weight, axis=axes)) / 2",
            ),
            "You take half of the way from the smallest to the largest weight. That fits a range with a zero point "
            "that moves; here 0 stays 0, and the range has to reach the weight of the largest size.",
            hint=1,
        ),
        Misconception(
            "three_sigma",
            change(quantize_int8, "np.max(np.abs(weight), axis=axes)", "3 * np.std(weight, axis=axes)"),
            "Your range is three standard deviations. It is one way to choose a range; asked for is `share` times the "
            "largest size.",
            hint=1,
        ),
        Misconception(
            "mean_size",
            change(quantize_int8, "np.max(np.abs(weight), axis=axes)", "np.mean(np.abs(weight), axis=axes)"),
            "Your range ends at the *mean* size of a channel's weights, so that about half of them are cut off. It "
            "goes by the largest.",
            hint=1,
        ),
        Misconception(
            "over_128",
            change(quantize_int8, "/ 127\n", "/ 128\n"),
            "You divide by 128. Symmetric means from -127 to 127: the largest size is to be 127 steps.",
            hint=1,
        ),
        Misconception(
            "over_255",
            change(quantize_int8, "share * largest / 127\n", "2 * share * largest / 255\n"),
            "You spread the range over 255 steps from end to end. From 0 to the largest size there are 127.",
            hint=1,
        ),
        Misconception(
            "upside_down",
            change(quantize_int8, "    return q, scale, q * per_channel", "    return q, 1 / scale, q * per_channel"),
            "Your scale says how many steps there are in one, where it should say how large one step is: weights are "
            "q times scale.",
            hint=1,
            about=("scale",),
        ),
        Misconception(
            "share_ignored",
            change(quantize_int8, "share * largest", "largest"),
            "The share has no say with you: the range always reaches the largest weight, and nothing is ever cut off.",
            hint=3,
        ),
        Misconception(
            "cut_and_not_scaled",
            change(
                quantize_int8,
                "share * largest",
                "largest",
                "np.clip(steps, -127, 127)",
                "np.clip(steps, -127 * share, 127 * share)",
            ),
            "You cut the large weights off, and then do not use the room that this has made: the scale is still that "
            "of the whole range. All 127 steps belong to what is kept.",
            hint=3,
        ),
        Misconception(
            "down",
            change(quantize_int8, "np.round(", "np.floor("),
            "You round down. Every weight then becomes smaller, by half a step on average, and a sum of many is off "
            "by as many halves. Round to the nearest.",
            hint=2,
        ),
        Misconception(
            "cut_to_whole",
            change(quantize_int8, STEPS, "np.trunc(weight / per_channel)"),
            "You cut the fractions off (as astype does): every weight moves towards 0, by up to a whole step. Round "
            "to the nearest first.",
            hint=2,
        ),
        Misconception(
            "half_up",
            change(quantize_int8, STEPS, "np.floor(weight / per_channel + 0.5)"),
            "You round halves up. So do many people, and it moves all halves in one direction. np.round takes the "
            "even neighbour, up and down alike.",
            hint=2,
        ),
        Misconception(
            "half_away",
            change(quantize_int8, STEPS, "np.sign(weight) * np.floor(np.abs(weight / per_channel) + 0.5)"),
            "You round halves away from 0, as one learns at school. np.round takes the even neighbour: 0.5 becomes 0, "
            "and 1.5 becomes 2.",
            hint=2,
        ),
        Misconception(
            "wraps_around",
            change(quantize_int8, CLIPPED, "steps.astype(np.int64).astype(np.int8)"),
            "You do not cut off what lies beyond the range. Int8 then wraps around: 130 becomes -126, and a large "
            "positive weight a large negative one.",
            hint=3,
        ),
        Misconception(
            "to_minus_128",
            change(quantize_int8, "-127, 127", "-128, 127"),
            "You let -128 in. Symmetric means that there are as many steps on both sides: from -127 to 127.",
            hint=3,
        ),
        Misconception(
            "unsigned",
            change(quantize_int8, "np.clip(steps, -127, 127)", "np.clip(steps, 0, 127)"),
            "All your negative weights became 0. The range goes from -127 to 127.",
            hint=3,
        ),
        Misconception(
            "stays_float",
            change(quantize_int8, ".astype(np.int8)", ""),
            "Your whole numbers are still floats, of eight bytes each, so nothing has become smaller. Store them as "
            "int8.",
            hint=3,
            about=("memory",),
        ),
        Misconception(
            "int32",
            change(quantize_int8, "astype(np.int8)", "astype(np.int32)"),
            "Your whole numbers take four bytes each, as many as a float32: nothing has become smaller. Int8 takes "
            "one.",
            hint=3,
            about=("memory",),
        ),
        Misconception(
            "int64",
            change(quantize_int8, "astype(np.int8)", "astype(int)"),
            "Your whole numbers take eight bytes each, twice as many as a float32. Int8 takes one.",
            hint=3,
            about=("memory",),
        ),
        Misconception(
            "the_weights_themselves",
            change(quantize_int8, "q * per_channel", "weight"),
            "The third thing that you return are the old weights. What the int8 numbers stand for is a little "
            "different, and this difference is what quantization costs.",
            hint=4,
            about=("dequantized",),
        ),
        Misconception(
            "divided_again",
            change(quantize_int8, "q * per_channel", "q / per_channel"),
            "To come back you divide by the scale once more. The way there was a division; the way back is a product.",
            hint=4,
            about=("dequantized",),
        ),
        Misconception(
            "unrounded_way_back",
            change(quantize_int8, "q * per_channel", "np.clip(weight, -127 * per_channel, 127 * per_channel)"),
            "The third thing that you return was cut off and never rounded. It should be what the int8 numbers stand "
            "for: q times scale.",
            hint=4,
            about=("dequantized",),
        ),
        Misconception(
            "zero_over_zero",
            change(quantize_int8, "    scale = np.where(scale == 0, 1.0, scale)\n", ""),
            "A channel of zeros has a scale of 0 with you, and 0 / 0 is no number. Give such a channel the scale 1.",
            hint=5,
        ),
        Misconception(
            "tiny_scale",
            change(quantize_int8, "np.where(scale == 0, 1.0, scale)", "np.maximum(scale, 1e-8)"),
            "A channel of zeros gets a tiny scale with you. Its whole numbers are right, but asked for is a scale of "
            "1 there.",
            hint=5,
            about=("scale",),
        ),
    ),
    also_right=(
        quantize_int8,
        by_rows,
        by_flat_rows,
        by_torch,
        cut_first,
        by_transposing,
        change(quantize_int8, "/ 127\n", "/ np.iinfo(np.int8).max\n"),
    ),
)

"""`prune_channels`: whole filters go, and with them what hangs on them."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.adaptive import run_layers, stated_network
from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, conv, linear, norm, random_state
from grader.spec import Case, Exercise, Group, Misconception


def channels_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: Layers, count: int, zero: bool = False, peak: int | None = None) -> Case:
        state = random_state(rng, layers)
        if peak is not None:  # one large weight among small ones: weak by its L1 norm, and by no other
            state["conv.weight"][peak] *= 0.1
            state["conv.weight"][peak].flat[0] = 8
        filters = len(state["conv.weight"])
        if "norm.weight" in state:  # one that is kept has another sign than what a fresh layer holds
            strongest = np.abs(state["conv.weight"]).sum(axis=(1, 2, 3)).argmax()
            state["norm.weight"][strongest] = -abs(state["norm.weight"][strongest])
        gone = rng.permutation(filters)[count if zero else filters :]
        for key, value in state.items():
            if not key.startswith("following") and not key.endswith("running_var"):
                value[gone] = 0
        size = (5, 6) if layers[-1]["kind"] == "conv" else (3, 4)
        inputs = {"layers": layers, "state": state, "count": count}
        return Case(label, group, inputs | {"X": rng.normal(size=(2, layers[0]["args"][0], *size)), "asks": group})

    def plain(filters: int) -> Layers:
        return [conv("conv", 2, filters, 3), conv("following", filters, 2, [2, 1], padding=1)]

    def normed(filters: int, **options: Any) -> Layers:
        return [
            conv("conv", 2, filters, 3, bias=False, **options),
            norm("norm", filters),
            conv("following", filters, 3, 1),
        ]

    def headed(filters: int) -> Layers:
        return [conv("conv", 1, filters, 3, padding=1), linear("following", 12 * filters, 3)]

    more = int(rng.integers(5, 8))
    return [
        case("4 filters of 6", "filters", plain(6), 4, peak=int(rng.integers(6))),
        case("no bias, 2 filters of 5", "filters", normed(5), 2),
        case("a normalization behind it", "norm", normed(5), 3),
        case("another normalization", "norm", normed(more), 2),
        case("the next convolution", "following", plain(5), 3),
        case("the next convolution, more filters", "following", plain(more), 4),
        case("a linear layer behind a 3 x 4 image", "linear", headed(4), 2),
        case("a linear layer, more filters", "linear", headed(more), 3),
        case("the removed channels were zero", "outputs", plain(6), 4, zero=True),
        case("stride 2, padding 1, zero channels", "outputs", normed(5, stride=2, padding=1), 3, zero=True),
        case("zero channels, and a linear layer", "outputs", headed(more), 3, zero=True),
    ]


def channels_oracle(
    layers: Layers, state: State, count: int, X: np.ndarray, asks: str
) -> tuple[State | None, State | None, State | None, Any]:
    """torch.nn.utils.prune.ln_structured says which; the old layers give the outputs, as zeros change nothing."""
    from torch.nn.utils import prune

    model = stated_network(layers, state)
    if asks == "outputs":
        return None, None, None, run_layers(model.conv, getattr(model, "norm", None), model.following, X)
    filters = len(state["conv.weight"])
    prune.ln_structured(model.conv, "weight", amount=filters - count, n=1, dim=0)
    kept = np.flatnonzero(model.conv.weight_mask.numpy().reshape(filters, -1).any(axis=1))
    parts: dict[str, State] = {"conv": {}, "norm": {}, "following": {}}
    for key, value in state.items():
        part, name = key.split(".")
        if part == "following" and name == "weight":
            by_channel = value.reshape(len(value), filters, -1)[:, kept]
            parts[part][name] = by_channel.reshape(len(value), -1, *value.shape[2:])
        else:
            parts[part][name] = value if part == "following" else value[kept]
    if asks == "norm":
        return None, parts["norm"], None, None
    return (parts["conv"], None, None, None) if asks == "filters" else (None, None, parts["following"], None)


def prune_channels(conv, norm, following, count):
    import copy

    import torch
    from torch import nn

    norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = torch.topk(norms, count).indices.sort().values
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight = nn.Parameter(conv.weight.detach()[keep])
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach()[keep])
    if norm is not None:
        old, norm = norm, nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm, key).data = getattr(old, key).data[keep]
    last = copy.deepcopy(following)
    W = following.weight.detach()
    by_channel = W.reshape(len(W), conv.out_channels, -1)[:, keep]
    last.weight = nn.Parameter(by_channel.reshape(len(W), -1, *W.shape[2:]))
    return new, norm, last


def channels_made_anew(conv, norm, following, count):
    from torch import nn

    sizes = conv.weight.detach().abs().sum(dim=(1, 2, 3))
    keep = sizes.argsort(descending=True)[:count].sort().values
    new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    new.weight.data = conv.weight.data[keep]
    if conv.bias is not None:
        new.bias.data = conv.bias.data[keep]
    small = None
    if norm is not None:
        small = nn.BatchNorm2d(count).train(norm.training)
        for key in ("weight", "bias", "running_mean", "running_var"):
            getattr(small, key).data = getattr(norm, key).data[keep]
    columns = following.weight.data.unflatten(1, (conv.out_channels, -1))[:, keep].flatten(1, 2)
    if isinstance(following, nn.Conv2d):
        last = nn.Conv2d(count, following.out_channels, following.kernel_size, following.stride, following.padding)
    else:
        last = nn.Linear(columns.shape[1], following.out_features)
    last.weight.data, last.bias.data = columns, following.bias.data.clone()
    return new, small, last


KEYS = ("weight", "bias", "running_mean", "running_var")
FOUR = '("weight", "bias", "running_mean", "running_var")'
SETTINGS = "The new convolution has lost its stride or padding: with the same weights it computes something else."

SIGNED = (
    "You add the weights up with their signs. A filter of +5 and -5 is no weak filter; the L1 norm is the sum of the "
    "sizes."
)

PRUNE_CHANNELS = Exercise(
    name="prune_channels",
    unit=UNIT,
    returns=("filters", "norm", "following", "outputs"),
    driver="smaller_layers",
    tolerance=Tolerance(rtol=1e-5, atol=1e-6),  # so that layers in float32 will do
    groups=(
        Group("filters", "keeps the filters of largest L1 norm, with their biases", 2, hint=1),
        Group("norm", "takes the same channels out of the normalization", 1, hint=3),
        Group("following", "takes the matching inputs out of the next convolution", 2, hint=4),
        Group("linear", "takes the matching columns out of a linear layer behind a flattening", 2, hint=5),
        Group("outputs", "computes the same where the removed channels were zero", 2, hint=6),
    ),
    cases=channels_cases,
    reference=channels_oracle,
    misconceptions=(
        Misconception(
            "smallest_stay",
            change(prune_channels, "torch.topk(norms, count)", "torch.topk(norms, count, largest=False)"),
            "You keep the filters with the smallest norms. They are the ones that go: a filter of small weights adds "
            "little to what comes after it.",
        ),
        Misconception(
            "signed_sum",
            change(prune_channels, ".abs()", ""),
            SIGNED,
        ),
        Misconception(
            "size_of_the_sum",
            change(prune_channels, ".abs().sum(dim=(1, 2, 3))", ".sum(dim=(1, 2, 3)).abs()"),
            SIGNED,
        ),
        Misconception(
            "squares_summed",
            change(prune_channels, ".abs()", ".square()"),
            "You add up squares. That ranks by the L2 norm; the L1 norm is the sum of the sizes.",
        ),
        Misconception(
            "largest_weight_decides",
            change(prune_channels, "sum(dim=(1, 2, 3))", "amax(dim=(1, 2, 3))"),
            "You rank filters by their largest weight. The L1 norm is the sum of the sizes of all of them.",
        ),
        Misconception(
            "by_input",
            change(
                prune_channels,
                "sum(dim=(1, 2, 3))",
                "sum(dim=(0, 2, 3)).repeat(conv.out_channels)[: conv.out_channels]",
            ),
            "You add up over the wrong axes. A filter is conv.weight[i]: the first axis says which output channel, and "
            "all the others belong to it.",
        ),
        Misconception(
            "in_order_of_size",
            change(prune_channels, "indices.sort().values", "indices"),
            "You keep the right channels, ordered by their norms. The network computes the same, but channel 3 is now "
            "somewhere else: whoever compares with the old one is lost. Keep them in their old order.",
            hint=2,
        ),
        Misconception(
            "fresh_normalization",
            change(prune_channels, FOUR, "()"),
            "Your normalization has the right size, and has forgotten what it knew. Four vectors belong to each "
            "channel: weight, bias, running_mean and running_var.",
        ),
        Misconception(
            "running_statistics_lost",
            change(prune_channels, FOUR, '("weight", "bias")'),
            "Weight and bias of the normalization came along, its running mean and variance did not. In evaluation "
            "mode they are what it subtracts and divides by.",
        ),
        Misconception(
            "scale_and_shift_lost",
            change(prune_channels, FOUR, '("running_mean", "running_var")'),
            "The normalization's running mean and variance came along, its weight and bias did not: they are still "
            "those of a fresh layer.",
        ),
        *(
            Misconception(
                f"{name}_lost",
                change(prune_channels, FOUR, str(tuple(key for key in KEYS if key != name))),
                f"Your normalization has the {name} of a fresh layer. Four vectors belong to each channel: weight, "
                "bias, running_mean and running_var.",
            )
            for name in KEYS
        ),
        Misconception(
            "first_inputs",
            change(prune_channels, "-1)[:, keep]", "-1)[:, :count]"),
            "The next layer has the right size, and the wrong inputs: it keeps its first ones, whichever filters were "
            "removed. Input i belongs to filter i.",
        ),
        Misconception(
            "following_as_it_was",
            change(prune_channels, "return new, norm, last", "return new, norm, copy.deepcopy(following)"),
            "The layer that follows still expects all channels. What the removed filters sent has to go from its "
            "weight.",
        ),
        Misconception(
            "columns_interleaved",
            change(
                prune_channels,
                "    last.weight =",
                "    if isinstance(following, nn.Linear):\n"
                "        by_channel = W.reshape(len(W), -1, conv.out_channels)[:, :, keep]\n"
                "    last.weight =",
            ),
            "For a convolution you are right. Flattening puts all places of channel 0 first, then all of channel 1: a "
            "channel is a block of neighbouring columns, not every n-th column.",
        ),
        Misconception(
            "one_column_a_channel",
            change(
                prune_channels,
                "    last.weight =",
                "    if isinstance(following, nn.Linear):\n        by_channel = W[:, keep]\n    last.weight =",
            ),
            "Your linear layer keeps one column a channel. Behind a flattening each channel has a block of height "
            "times width columns: keep whole blocks.",
        ),
        Misconception(
            "settings_lost",
            change(prune_channels, "conv.kernel_size, conv.stride, conv.padding,", "conv.kernel_size,"),
            SETTINGS,
        ),
        Misconception(
            "stride_lost",
            change(prune_channels, "conv.stride, conv.padding", "1, conv.padding"),
            SETTINGS,
        ),
        Misconception(
            "padding_lost",
            change(prune_channels, "conv.stride, conv.padding", "conv.stride"),
            SETTINGS,
        ),
    ),
    also_right=(
        prune_channels,
        channels_made_anew,
        change(
            prune_channels,
            "torch.topk(norms, count).indices.sort().values",
            "sorted(norms.argsort().tolist()[-count:])",
        ),
        change(
            prune_channels,
            "conv.weight.detach().abs().sum(dim=(1, 2, 3))",
            "torch.linalg.vector_norm(conv.weight.detach().flatten(1), ord=1, dim=1)",
        ),
        change(
            prune_channels,
            "    return new, norm, last",
            "    return [new.float(), norm if norm is None else norm.float(), last.float()]",
        ),
    ),
)

"""`seeded_start`: a start and an order that one number decides."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.base import all_of
from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def seeds_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str) -> Case:
        seed, noise, N = (int(rng.integers(*ends)) for ends in ((1, 100_000), (1, 100_000), (20, 200)))
        sizes = [int(size) for size in rng.integers(2, 30, size=2)]
        return Case(label, group, {"seed": seed, "noise": noise, "N": N, "sizes": sizes, "asks": group})

    return [
        case("the network's start, twice", "start"),
        case("the network's start, twice, another seed", "start"),
        case("the order, twice", "order"),
        case("the order, twice, another seed", "order"),
        case("two seeds", "seeds"),
        case("two other seeds", "seeds"),
        case("two networks of different sizes", "apart"),
        case("two networks, another seed", "apart"),
    ]


def seeds_oracle(seed: int, noise: int, N: int, sizes: list[int], asks: str) -> dict[str, Any]:
    """What has to hold, whatever numbers are drawn."""
    weights, places = all_of(True, sizes[0] * sizes[1], "weights"), all_of(True, N, "places")
    facts: dict[str, dict[str, Any]] = {
        "start": {"the same start again": weights},
        "order": {"the same order again": places, "every index once": True, "as stored": False},
        "apart": {"the same order for another network": places, "the same start for another N": weights},
        "seeds": {
            "the same seed, the same start": weights,
            "another seed, another start": True,
            "the same seed, the same order": places,
            "another seed, another order": True,
        },
    }
    return facts[asks]


def seeded_start(make_model, N, seed):
    import torch

    torch.manual_seed(seed)
    model = make_model()
    generator = torch.Generator().manual_seed(seed)
    return model, torch.randperm(N, generator=generator)


one_stream_for_both = change(seeded_start, ", generator=generator", "")


SEEDED_START = Exercise(
    name="seeded_start",
    unit=UNIT,
    returns=("facts",),
    driver="seeded",
    groups=(
        Group("start", "gives the network the same start again for the same seed", 1, hint=1),
        Group("order", "gives the examples the same order again, each of them once", 1, hint=2),
        Group("seeds", "lets the seed decide both: another seed, another run", 1, hint=2),
        Group("apart", "keeps the order when another network takes the first one's place", 1, hint=2),
    ),
    cases=seeds_cases,
    reference=seeds_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(one_stream_for_both, "    torch.manual_seed(seed)\n", ""),
            "As given: no seed anywhere. Each run starts elsewhere and sees the examples in another order, and "
            "nobody can say whether a change of the code or luck made the difference.",
        ),
        Misconception(
            "too_late",
            change(
                seeded_start,
                "torch.manual_seed(seed)\n    model = make_model()",
                "model = make_model()\n    torch.manual_seed(seed)",
            ),
            "The order is reproducible, the start is not: make_model() draws the weights from torch's own numbers, and "
            "nothing has seeded these by then. What has to come first?",
        ),
        Misconception(
            "order_forgotten",
            change(one_stream_for_both, "torch.randperm(N)", "np.random.default_rng().permutation(N)"),
            "The start is reproducible, the order is not. Two sources of chance, two things to seed.",
        ),
        Misconception(
            "one_stream_for_both",
            one_stream_for_both,
            "It repeats itself, as long as nothing changes. Weights and order come from one stream: a layer more, "
            "and every example's place changes too, so that two networks can no longer be compared on the same "
            "batches.",
        ),
        Misconception(
            "always_the_same_seed",
            change(
                seeded_start,
                "torch.manual_seed(seed)",
                "torch.manual_seed(42)",
                "Generator().manual_seed(seed)",
                "Generator().manual_seed(42)",
            ),
            "Another seed gives the same run: the argument is not used. Three runs with three seeds would be one "
            "run, three times, and its error bar 0.",
            hint=1,
        ),
        Misconception(
            "generator_without_seed",
            change(seeded_start, "Generator().manual_seed(seed)", "Generator()"),
            "Every seed gives the same order: `seed` decides the start alone. A generator that is not seeded "
            "with it begins with a number of its own, the same each time, so that it looks reproducible.",
        ),
        Misconception(
            "drawn_with_replacement",
            change(seeded_start, "torch.randperm(N, ", "torch.randint(0, N, (N,), "),
            "Your order holds some examples twice and others never: it is drawn with replacement. A permutation is "
            "asked for.",
        ),
        Misconception(
            "network_after_the_order",
            change(
                one_stream_for_both,
                "return model, torch.randperm(N)",
                "return model, order",
                "model = make_model()",
                "order = torch.randperm(N)\n    model = make_model()",
            ),
            "It repeats itself, as long as nothing changes: with a few examples more, the network starts elsewhere. "
            "Whatever is drawn before the weights from the same numbers moves their start, and so does a seed in "
            "which N has a part.",
        ),
        Misconception(
            "not_shuffled",
            change(seeded_start, "torch.randperm(N, generator=generator)", "torch.arange(N)"),
            "Your order is the one in which the examples are stored. A permutation that the seed draws is asked for.",
        ),
        Misconception(
            "same_start_for_all",
            change(seeded_start, "torch.manual_seed(seed)", "torch.manual_seed(0)"),
            "Every seed gives the same start: the weights come from a seed that is written in the code, and "
            "`seed` decides the order alone.",
            hint=1,
        ),
    ),
    also_right=(
        seeded_start,
        change(one_stream_for_both, "generator = torch.Generator().manual_seed(seed)", "torch.manual_seed(seed + 1)"),
        change(
            one_stream_for_both, "torch.randperm(N)", "torch.from_numpy(np.random.default_rng(seed).permutation(N))"
        ),
        change(seeded_start, "Generator().manual_seed(seed)", "Generator().manual_seed(seed + 1)"),
        change(seeded_start, "torch.randperm(N, generator=generator)", "torch.rand(N, generator=generator).argsort()"),
        change(
            seeded_start,
            "    torch.manual_seed(seed)\n    model",
            "    with torch.random.fork_rng(devices=[]):\n        torch.manual_seed(seed)\n        model",
        ),
    ),
)

"""`seeded_start`: a start and an order that one number decides."""

from typing import Any

import numpy as np

from course_lib.probes.base import all_of
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
        "order": {"the same order again": places, "every index once": True},
        "apart": {"the same order for another network": places},
        "seeds": {
            "the same seed, the same start": weights,
            "another seed, another start": True,
            "the same seed, the same order": places,
            "another seed, another order": True,
        },
    }
    return facts[asks]


def seeds_as_given(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    model = make_model()
    order = torch.randperm(N)
    return model, order


def seeds_too_late(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    model = make_model()
    torch.manual_seed(seed)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(seed))
    return model, order


def seeds_start_only(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(seed)
    model = make_model()
    torch.seed()
    return model, torch.randperm(N)


def seeds_one_stream(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(seed)
    model = make_model()
    order = torch.randperm(N)
    return model, order


def seeds_constant(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(42)
    model = make_model()
    return model, torch.randperm(N, generator=torch.Generator().manual_seed(42))


def seeds_generator_without_seed(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(seed)
    model = make_model()
    return model, torch.randperm(N, generator=torch.Generator())


def seeds_drawn_with_replacement(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(seed)
    model = make_model()
    return model, torch.randint(0, N, (N,), generator=torch.Generator().manual_seed(seed))


def seeds_right(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    order = torch.randperm(N, generator=torch.Generator().manual_seed(seed))
    torch.manual_seed(seed)
    return make_model(), order


def seeds_right_numpy(make_model: Any, N: int, seed: int) -> "tuple":
    import numpy as np
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make_model()
    return model, torch.from_numpy(np.random.default_rng(seed).permutation(N))


def seeds_right_again(make_model: Any, N: int, seed: int) -> "tuple":
    import torch

    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed + 1)
    return model, torch.randperm(N)


SEEDED_START = Exercise(
    name="seeded_start",
    unit=UNIT,
    returns=("facts",),
    probe="seeded",
    groups=(
        Group("start", "gives the network the same start again for the same seed", 1),
        Group("order", "gives the examples the same order again, each of them once", 1),
        Group("seeds", "lets the seed decide both: another seed, another run", 1),
        Group("apart", "keeps the order when another network takes the first one's place", 1),
    ),
    cases=seeds_cases,
    reference=seeds_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            seeds_as_given,
            "As given: no seed anywhere. Each run starts elsewhere and sees the examples in another order, and "
            "nobody can say whether a change of the code or luck made the difference.",
            hint=1,
        ),
        Misconception(
            "too_late",
            seeds_too_late,
            "The order is reproducible, the start is not: the weights are drawn in make_model(), before your seed "
            "is set. What has to come first?",
            hint=1,
        ),
        Misconception(
            "order_forgotten",
            seeds_start_only,
            "The start is reproducible, the order is not. Two sources of chance, two things to seed.",
            hint=2,
        ),
        Misconception(
            "one_stream_for_both",
            seeds_one_stream,
            "It repeats itself, as long as nothing changes. Weights and order come from one stream: a layer more, "
            "and every example's place changes too, so that two networks can no longer be compared on the same "
            "batches.",
            hint=2,
        ),
        Misconception(
            "always_the_same_seed",
            seeds_constant,
            "Your seed is a number in the code, and the argument is not used. Three runs with three seeds would be "
            "one run, three times, and its error bar 0.",
            hint=1,
        ),
        Misconception(
            "generator_without_seed",
            seeds_generator_without_seed,
            "Your generator is never seeded. It begins with torch's built-in seed, so that it looks reproducible, "
            "and every seed gives the same order.",
            hint=2,
        ),
        Misconception(
            "drawn_with_replacement",
            seeds_drawn_with_replacement,
            "Your order holds some examples twice and others never: it is drawn with replacement. A permutation is "
            "asked for.",
            hint=2,
        ),
    ),
    equivalents=(seeds_right, seeds_right_numpy, seeds_right_again),
)

"""`random_search`: structures drawn at random, kept within a budget, scored on validation data only."""

import itertools
from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u12_structure.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def search_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str,
        asks: str,
        sizes: tuple[int, ...],
        share: float,
        count: int,
        draws: int,
        levels: int = 0,
        nothing: bool = False,
        last: bool = False,
        tight: bool = False,
    ) -> Case:
        """share: of the structures, that the limit allows.  levels: how many different scores there are (0: any).

        last: the last trial is the best.  tight: the last draw gives a trial, and one more would have given another.
        """
        total = int(np.prod(sizes))
        costs = rng.permutation(np.arange(1, total + 1)) * 100 + int(rng.integers(1, 9))
        validation = rng.uniform(0.3, 0.9, total).round(4)
        if levels:
            validation = (rng.integers(0, levels, total) / 10 + 0.5).round(4)
        # Nothing but the letters of the names tells the order of `space` from that of the alphabet.
        names = ["width", "block", "depth", "stages"][: len(sizes)]
        space = {name: _choices(name, size) for name, size in zip(names, sizes, strict=True)}
        limit = int(np.sort(costs)[max(0, round(share * total) - 1)])
        seed = int(rng.integers(1, 10_000))
        codes, accepted = _drawn(sizes, costs, limit, seed, 1000)
        if tight:
            good = accepted[:-1] & accepted[1:] & (np.arange(len(codes) - 1) >= draws)
            draws = int(np.flatnonzero(good)[0]) + 1
        if last:
            end, best = codes[accepted][count - 1], int(np.argmax(validation))
            validation[[end, best]] = validation[[best, end]]
        inputs = {
            "space": space,
            "tables": {"costs": costs, "validation": validation, "test": rng.permutation(validation)},
            "limit": 1 if nothing else limit,
            "count": count,
            "seed": seed,
            "draws": draws,
            "asks": asks,
        }
        return Case(label, asks, inputs)

    few = int(rng.integers(3, 6))
    return [
        case("five structures, all affordable", "draws", (9, 7, 8, 5), 1, 5, 100),
        case("eight, by another seed", "draws", (8, 9, 9, 6), 1, 8, 100),
        case("two names only", "draws", (15, 14), 1, 6, 100),
        case("half is over the budget", "budget", (8, 7, 9), 0.5, 6, 300),
        case("a tenth is affordable", "budget", (9, 8, 7), 0.1, 5, 800),
        case("a cost of just the limit", "budget", (3, 2), 0.5, 3, 200),
        case("nothing is affordable", "budget", (5, 6), 0.5, few, 60, nothing=True),
        case("structures that are drawn again", "once", (3, 4), 1, 10, 400),
        case("fewer structures than trials", "once", (2, 3), 1, 9, 150),
        case("the draws end first", "once", (6, 7, 5), 0.3, 60, 20 + few, tight=True),
        case("the draws end first, in a larger space", "draws", (9, 8, 7), 0.6, 60, 4 + few, tight=True),
        case("the costs and scores of seven", "best", (7, 8, 9), 0.6, 7, 300),
        case("the best comes last", "best", (8, 6, 7), 0.5, few, 300, last=True),
        case("the costs and scores of nine", "best", (9, 6, 8), 0.7, 9, 300),
        case("several that score the same", "best", (6, 7, 8), 0.8, 12, 300, levels=3),
        case("what was asked for, of six", "honest", (7, 6, 5), 0.6, 6, 300),
        case("what was asked for, of more", "honest", (8, 7, 5), 0.5, 20 + int(rng.integers(40)), 400),
    ]


def _drawn(
    sizes: tuple[int, ...], costs: np.ndarray, limit: int, seed: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """The structures of so many draws by their number in the space, and which of these draws are accepted."""
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = np.array([[generator.integers(0, size) for size in sizes] for _ in range(draws)])
    codes = np.ravel_multi_index(tuple(rows.T), sizes)
    first = np.zeros(draws, dtype=bool)
    first[np.unique(codes, return_index=True)[1]] = True
    return codes, first & (costs[codes] <= limit)


def _choices(name: str, size: int) -> list[Any]:
    if name == "block":
        return [f"kind {letter}" for letter in "abcdefghi"[:size]] if size < 10 else [f"kind {i}" for i in range(size)]
    if name == "stages":
        return [[8 * (i + 1), 16 * (i + 1)] for i in range(size)]
    return [i + 1 for i in range(size)] if name == "depth" else [0.5 + 0.25 * i for i in range(size)]


def search_oracle(
    space: dict[str, list[Any]],
    tables: dict[str, np.ndarray],
    limit: int,
    count: int,
    seed: int,
    draws: int,
    asks: str,
) -> Any:
    """All draws at once as rows of places; a mask for the budget, another one for what came before; then cut off."""
    costs, validation = tables["costs"], tables["validation"]
    sizes = tuple(len(choices) for choices in space.values())
    table = np.array(list(itertools.product(*map(range, sizes))))
    codes, accepted = _drawn(sizes, costs, limit, seed, draws)
    kept = codes[accepted][:count]
    best = int(np.argmax(validation[kept])) if len(kept) else None
    structures = table[kept].reshape(-1, len(sizes))
    fact = f"yes, all {len(kept)} trials"
    return (
        structures if asks in ("draws", "budget", "once") else None,
        structures if asks == "budget" else None,
        np.column_stack([costs[kept], validation[kept]]) if asks == "best" else None,
        best if asks == "best" else None,
        {"validation only": fact, "trained once each": fact} if asks == "honest" else None,
    )


def random_search(space, cost, score, limit, count, seed, draws=1000):
    rng = np.random.default_rng(seed)
    trials = []
    for _ in range(draws):
        structure = {name: choices[rng.integers(len(choices))] for name, choices in space.items()}
        price = cost(structure)
        known = structure in [old for old, _, _ in trials]
        if price > limit or known:
            continue
        trials.append((structure, price, score(structure, "validation")))
        if len(trials) == count:
            break
    best = max(range(len(trials)), key=lambda i: trials[i][2], default=None)
    return trials, best


def with_a_while_loop(space, cost, score, limit, count, seed, draws=1000):
    rng = np.random.default_rng(seed)
    seen, trials, best, drawn = set(), [], None, 0
    while drawn < draws and len(trials) < count:
        drawn += 1
        structure = {}
        for name in space:
            structure[name] = space[name][rng.integers(0, len(space[name]))]
        key = str(structure)
        if key in seen:
            continue
        seen.add(key)
        price = cost(structure)
        if price <= limit:
            result = score(structure, "validation")
            if best is None or result > trials[best][2]:
                best = len(trials)
            trials.append([structure, price, result])
    return trials, best


def by_argmax(space, cost, score, limit, count, seed, draws=1000):
    rng = np.random.default_rng(seed)
    structures, prices, scores = [], [], []
    for _ in range(draws):
        if len(structures) >= count:
            break
        places = [rng.choice(len(choices)) for choices in space.values()]
        one = dict(zip(space, [choices[i] for choices, i in zip(space.values(), places)]))
        if one in structures or cost(one) > limit:
            continue
        structures.append(one)
        prices.append(cost(one))
        scores.append(score(one, part="validation"))
    return list(zip(structures, prices, scores)), (int(np.argmax(scores)) if scores else None)


def first_draw_then_judge(space, cost, score, limit, count, seed, draws=1000):
    rng = np.random.default_rng(seed)
    drawn = [{name: choices[rng.integers(len(choices))] for name, choices in space.items()} for _ in range(draws)]
    chosen = []
    for structure in drawn:
        if cost(structure) <= limit and structure not in chosen:
            chosen.append(structure)
    trials = [(structure, cost(structure), score(structure, "validation")) for structure in chosen[:count]]
    if not trials:
        return trials, None
    scores = [trial[2] for trial in trials]
    return trials, scores.index(max(scores))


def every_one_in_order(space, cost, score, limit, count, seed, draws=1000):
    def grid(names):
        if not names:
            return [{}]
        return [{names[0]: choice, **rest} for choice in space[names[0]] for rest in grid(names[1:])]

    affordable = [structure for structure in grid(list(space)) if cost(structure) <= limit][:count]
    trials = [(structure, cost(structure), score(structure, "validation")) for structure in affordable]
    best = max(range(len(trials)), key=lambda i: trials[i][2], default=None)
    return trials, best


KEEP = "    best = max(range(len(trials)), key=lambda i: trials[i][2], default=None)\n"
SAME_AGAIN = (
    "Each of your draws begins with a new generator of the same seed, so it is the same draw again and again. Make the "
    "generator once, before the loop, and let it go on."
)

RANDOM_SEARCH = Exercise(
    name="random_search",
    unit=UNIT,
    returns=("structures", "scored", "found", "best", "asked"),
    driver="searched",
    groups=(
        Group("draws", "draws structures as stated, reproducibly", 3, hint=1),
        Group("budget", "trains nothing that costs more than the limit", 2, hint=2),
        Group("once", "trains no structure twice, and knows when to stop", 2, hint=3),
        Group("best", "returns each trial's cost and score, and the place of the best", 2, hint=4),
        Group("honest", "asks for the validation score only, once a trial", 2, hint=5),
    ),
    cases=search_cases,
    reference=search_oracle,
    misconceptions=(
        Misconception(
            "older_generator",
            change(
                random_search,
                "np.random.default_rng(seed)",
                "np.random.RandomState(seed)",
                "rng.integers",
                "rng.randint",
            ),
            "Your draws come from NumPy's older generator, which makes other numbers of the same seed. Whoever wants "
            "to "
            "repeat your search needs the one that the docstring names.",
            hint=1,
        ),
        Misconception(
            "seed_ignored",
            change(random_search, "default_rng(seed)", "default_rng(0)"),
            "Your search draws the same structures whatever `seed` is. A second search could then tell you nothing "
            "new.",
            hint=1,
        ),
        Misconception(
            "new_generator_each_draw",
            change(
                random_search,
                "    rng = np.random.default_rng(seed)\n",
                "",
                "        structure = {",
                "        rng = np.random.default_rng(seed)\n        structure = {",
            ),
            SAME_AGAIN,
            hint=1,
        ),
        Misconception(
            "new_generator_each_name",
            change(random_search, "choices[rng.integers", "choices[np.random.default_rng(seed).integers"),
            SAME_AGAIN,
            hint=1,
        ),
        Misconception(
            "names_by_the_alphabet",
            change(random_search, "in space.items()", "in sorted(space.items())"),
            "You draw for the names in the order of the alphabet. Take them in the order of `space`, or the same "
            "numbers "
            "fall to other choices.",
            hint=1,
        ),
        Misconception(
            "last_choice_never",
            change(random_search, "rng.integers(len(choices))", "rng.integers(len(choices) - 1)"),
            "The last choice of each list is never drawn: rng.integers(n) gives 0 to n - 1 already.",
            hint=1,
        ),
        Misconception(
            "by_fractions",
            change(random_search, "rng.integers(len(choices))", "int(rng.random() * len(choices))"),
            "You draw a fraction and multiply it by the number of choices. As fair, but of another sequence of "
            "numbers: "
            "the docstring says rng.integers, so that others can draw what you have drawn.",
            hint=1,
        ),
        Misconception(
            "every_one_in_order",
            every_one_in_order,
            "You go through the space in order: a grid, cut off where the trials are used up. The first names then "
            "hardly "
            "change at all. Draw at random.",
            hint=1,
        ),
        Misconception(
            "no_limit",
            change(random_search, "price > limit or known", "known"),
            "Structures that cost more than the limit are trained and returned like the others.",
            hint=2,
        ),
        Misconception(
            "below_the_limit",
            change(random_search, "price > limit", "price >= limit"),
            "You throw away a structure that costs just the limit. The limit is what may be spent: only more is too "
            "much.",
            hint=2,
        ),
        Misconception(
            "only_the_dear",
            change(random_search, "price > limit", "price < limit"),
            "You keep what costs more than the limit and throw away what is affordable.",
            hint=2,
        ),
        Misconception(
            "trained_before_the_price_is_known",
            change(
                random_search,
                "        price = cost(structure)\n",
                '        price, result = cost(structure), score(structure, "validation")\n',
                'score(structure, "validation")))',
                "result))",
            ),
            "Your search trains what it then throws away. A cost is counted in milliseconds and a score takes a whole "
            "training run: ask for the cost first.",
            hint=2,
        ),
        Misconception(
            "rejected_draws_count",
            change(random_search, "range(draws)", "range(count)"),
            "You make only `count` draws, so that each rejected one leaves you with a trial less. Go on until `count` "
            "structures are scored, or `draws` draws are made.",
            hint=3,
        ),
        Misconception(
            "stops_at_the_first_rejection",
            change(random_search, "            continue", "            break"),
            "Your search ends at the first draw that it rejects. Throw that draw away and go on with the next one.",
            hint=3,
        ),
        Misconception(
            "never_enough",
            change(random_search, "        if len(trials) == count:\n            break\n", ""),
            "Your search goes on until all draws are made, however many trials it has by then. `count` is the number "
            "of "
            "trainings that you can pay for.",
            hint=3,
        ),
        Misconception(
            "trained_again",
            change(random_search, "price > limit or known", "price > limit"),
            "A structure that is drawn a second time is trained a second time. The budget is in trainings: spend each "
            "on something new.",
            hint=3,
        ),
        Misconception(
            "only_what_is_better",
            change(
                random_search,
                '        trials.append((structure, price, score(structure, "validation")))',
                '        result = score(structure, "validation")\n'
                "        if all(result > old for _, _, old in trials):\n"
                "            trials.append((structure, price, result))",
            ),
            "You note a trial only if it beats all before it. Note every one: what did not work is what a search "
            "teaches, "
            "and a front needs the cheap ones too.",
            hint=4,
        ),
        Misconception(
            "sorted_by_score",
            change(random_search, KEEP, "    trials.sort(key=lambda t: -t[2])\n    best = 0 if trials else None\n"),
            "You sort the trials by their score. They are asked for in the order in which they were drawn; `best` says "
            "where to look.",
            hint=4,
        ),
        Misconception(
            "worst",
            change(random_search, "key=lambda i: trials[i][2]", "key=lambda i: -trials[i][2]"),
            "Your best trial is the one with the lowest score. Scores are shares that are right: high is good.",
            hint=4,
            about=("best",),
        ),
        Misconception(
            "cheapest",
            change(random_search, "key=lambda i: trials[i][2]", "key=lambda i: -trials[i][1]"),
            "Your best trial is the cheapest one. The limit has taken care of the cost: among what is affordable the "
            "score "
            "decides.",
            hint=4,
            about=("best",),
        ),
        Misconception(
            "dearest",
            change(random_search, "key=lambda i: trials[i][2]", "key=lambda i: trials[i][1]"),
            "Your best trial is the dearest one: you compare costs where scores are to be compared.",
            hint=4,
            about=("best",),
        ),
        Misconception(
            "last_of_equals",
            change(random_search, "key=lambda i: trials[i][2]", "key=lambda i: (trials[i][2], i)"),
            "Of several trials with the highest score you take the last. The first one is asked for, so that everybody "
            "names the same.",
            hint=4,
            about=("best",),
        ),
        Misconception(
            "score_for_place",
            change(random_search, "return trials, best", "return trials, None if best is None else trials[best][2]"),
            "You return the highest score. Asked for is the place of its trial in the list, so that structure and "
            "cost can "
            "be looked up.",
            hint=4,
            about=("best",),
        ),
        Misconception(
            "score_before_cost",
            change(random_search, 'price, score(structure, "validation"))', 'score(structure, "validation"), price)'),
            "Your trials hold the score in the place of the cost, and the cost in that of the score.",
            hint=4,
            about=("found",),
        ),
        Misconception(
            "scored_by_test",
            change(random_search, '"validation"', '"test"'),
            "Your search looks at the test images in every trial. What chose the structure cannot judge it any more: "
            "the "
            "best of many is also the luckiest on these images. Ask for the validation score.",
            hint=5,
        ),
        Misconception(
            "chosen_by_test",
            change(random_search, "key=lambda i: trials[i][2]", 'key=lambda i: score(trials[i][0], "test")'),
            "Your trials are scored on validation images, and then the best is chosen on the test images. A test set "
            "that "
            "chooses is a validation set.",
            hint=5,
        ),
        Misconception(
            "test_on_the_way",
            change(
                random_search,
                "        if len(trials) == count:",
                '        score(structure, "test")\n        if len(trials) == count:',
            ),
            "Beside each trial's validation score your search looks up the test score as well. Even unused it is a "
            "temptation: the test images are for the one structure that is chosen, after the search.",
            hint=5,
        ),
        Misconception(
            "trained_a_second_time",
            change(random_search, "key=lambda i: trials[i][2]", 'key=lambda i: score(trials[i][0], "validation")'),
            "To find the best, you ask for the scores once more: every structure is trained twice. They stand in your "
            "trials already.",
            hint=5,
        ),
    ),
    also_right=(
        random_search,
        with_a_while_loop,
        by_argmax,
        first_draw_then_judge,
        change(random_search, "structure in [old for old, _, _ in trials]", "any(structure == t[0] for t in trials)"),
        change(
            random_search,
            "known = structure in [old for old, _, _ in trials]\n        if price > limit or known:",
            "known = [old for old, _, _ in trials].count(structure) > 0\n        if not price <= limit or known:",
        ),
        change(
            random_search,
            KEEP,
            "    best = None\n    for i, trial in enumerate(trials):\n"
            "        if best is None or trial[2] > trials[best][2]:\n            best = i\n",
        ),
    ),
)

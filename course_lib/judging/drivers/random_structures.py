"""How to drive a search among structures: its cost and its score come from tables, and who asks for what is noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver, all_of

PARTS = ("validation", "test")


def searched(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(space, cost, score, limit, count, seed, draws)` and read the trials and the place that come back.

    tables: costs, validation, test, a number for each structure of the space, in the order of `itertools.product`. The
    function `cost(structure)` looks up the one, `score(structure, part)` the others.
    Returns what the case `asks` for, and None for the rest: the trials' structures as rows of places in the lists of
    choices; the structures that were scored, each once, in their order; the trials' costs and scores (T, 2); the
    place of the best; and what is said of the questions asked.
    """
    space = {name: list(choices) for name, choices in inputs["space"].items()}
    sizes, asks = [len(choices) for choices in space.values()], inputs["asks"]
    asked: list[tuple[tuple[int, ...], str]] = []

    def look_up(name: str, places: tuple[int, ...]) -> Any:
        return inputs["tables"][name][int(np.ravel_multi_index(places, sizes))]

    def cost(structure: Any) -> int:
        return int(look_up("costs", places_of(structure, space)))

    def score(structure: Any, part: str) -> float:
        if part not in PARTS:
            raise AnswerError(f'`score` knows the parts "validation" and "test", and was asked for {part!r}.')
        asked.append((places_of(structure, space), part))
        return float(look_up(part, asked[-1][0]))

    rest = [inputs[key] for key in ("limit", "count", "seed", "draws")]
    returned = obj({name: list(choices) for name, choices in space.items()}, cost, score, *rest)
    if returned is None:
        return None
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("Two things should come back: the list of trials, and the place of the best in it.")
    trials, best = returned
    rows, found = _read(trials, space)
    by_validation = [places for places, part in asked if part == "validation"]
    only = len(by_validation) == len(asked)
    again = len(by_validation) - len(set(by_validation))
    facts = {
        "validation only": all_of(only, len(rows), "trials"),
        "trained once each": f"no, {again} of them again" if again else all_of(True, len(rows), "trials"),
    }
    scored = np.array(list(dict.fromkeys(places for places, _ in asked)), dtype=np.int64).reshape(-1, len(sizes))
    return (
        rows if asks in ("draws", "budget", "once") else None,
        scored if asks == "budget" else None,
        found if asks == "best" else None,
        best if asks == "best" else None,
        facts if asks == "honest" else None,
    )


def places_of(structure: Any, space: Mapping[str, list[Any]]) -> tuple[int, ...]:
    """Where each choice of a structure stands in its list; says what is wrong with one that is none of the space."""
    if not isinstance(structure, dict):
        kind = type(structure).__name__
        raise AnswerError(f"A structure should be a dict with a choice for each name, and is a {kind}.")
    if set(structure) != set(space):
        raise AnswerError(f"A structure should have the names {', '.join(space)}; one of yours has other ones.")
    for name, choices in space.items():
        choice = structure[name]
        if choice not in choices:
            raise AnswerError(f"A structure of yours has {choice!r} as its {name}: that is none of its choices.")
    return tuple(choices.index(structure[name]) for name, choices in space.items())


def _read(trials: Any, space: Mapping[str, list[Any]]) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(trials, tuple | list):
        raise AnswerError(f"The trials should be a list, and they are a {type(trials).__name__}.")
    if any(not isinstance(trial, tuple | list) or len(trial) != 3 for trial in trials):
        raise AnswerError("Each trial should be a tuple of three: its structure, its cost and its score.")
    rows = np.array([places_of(trial[0], space) for trial in trials], dtype=np.int64).reshape(-1, len(space))
    numbers = [[float(trial[1]), float(trial[2])] for trial in trials]
    return rows, np.array(numbers, dtype=np.float64).reshape(-1, 2)


DRIVERS: dict[str, Driver] = {"searched": searched}

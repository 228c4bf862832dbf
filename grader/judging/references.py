"""Make an exercise's reference from its spec: for the visible cases on disk, and for the private ones in memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.judging import codec
from course_lib.judging.compute import run_cases
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import DIRECTORY, RecordedCase, RecordedGroup, RecordedMisconception, Reference
from grader.exercises import all_exercises
from grader.judging.steadiness import unsteady
from grader.spec import Exercise

VISIBLE_SEED = 20
ROUNDING, ROUNDING_FLOAT32 = 1e-9, 1e-5
"""By how much two machines' numbers may differ; some recorded mistakes compute in float32."""
ROUNDING_OF_MISTAKES = 1e-6
"""The same for the steady values of recorded mistakes, which are compared with a learner's no more closely."""


def make_reference(exercise: Exercise, seed: int | list[int], private: bool = False) -> Reference:
    """The exercise's cases for `seed`, with expected values from the oracle and every misconception's outcomes.

    Where properties are verified misconceptions have no outcomes, and without an oracle there is nothing expected.
    """
    make_cases = exercise.private_cases if private and exercise.private_cases else exercise.cases
    cases = make_cases(np.random.default_rng(seed))
    blank = Reference(
        exercise=exercise.name,
        unit=exercise.unit,
        returns=exercise.returns,
        driver=exercise.driver,
        groups=tuple(RecordedGroup(g.key, g.states, g.points, g.hint) for g in exercise.groups),
        cases=tuple(RecordedCase(c.label, c.group, dict(c.inputs)) for c in cases),
        tolerance=exercise.tolerance,
        plot=exercise.plot,
        bonus=exercise.bonus,
        withheld=exercise.withheld,
        forbidden=exercise.forbidden,
        verify=exercise.verify,
        sizes=dict(exercise.sizes),
    )
    misconceptions = tuple(
        RecordedMisconception(
            m.name, m.says, m.hint, () if exercise.verify else tuple(run_cases(exercise.name, m.answer, blank)), m.about
        )
        for m in exercise.misconceptions
    )
    oracle = exercise.reference
    if oracle is None:
        return replace(blank, misconceptions=misconceptions)
    answered = tuple(replace(case, expected=_expected(exercise, oracle, case)) for case in blank.cases)
    return replace(blank, cases=answered, misconceptions=misconceptions)


def _expected(exercise: Exercise, oracle: Callable[..., Any], case: RecordedCase) -> dict[str, object]:
    """The oracle's values, in float64, in the form in which a learner's are taken."""
    one = Reference(
        exercise.name, exercise.unit, exercise.returns, "call", (), (RecordedCase(case.label, case.group, case.inputs),)
    )
    outcome: Outcome = run_cases(exercise.name, oracle, one)[0]
    if outcome.problem is not None or outcome.values is None:
        raise RuntimeError(
            f"The oracle of {exercise.name} fails on the case {case.label!r}: "
            f"{outcome.problem.message if outcome.problem else 'no value'}"
        )
    return outcome.values


def visible_reference(exercise: Exercise) -> Reference:
    """What a learner's kernel may know of the exercise. A withheld one keeps its questions and loses its answers."""
    seed = [VISIBLE_SEED, zlib.crc32(exercise.name.encode())]
    reference = make_reference(exercise, seed)
    return reference.without_answers() if exercise.withheld else _with_unsteady(exercise, reference)


def _with_unsteady(exercise: Exercise, reference: Reference) -> Reference:
    """The reference, told which outcomes of its misconceptions are this processor's alone."""
    if exercise.verify:
        return reference
    blank = reference.without_answers()
    return replace(
        reference,
        misconceptions=tuple(
            replace(recorded, unsteady=unsteady(exercise.name, stated.answer, blank, recorded.outcomes))
            for stated, recorded in zip(exercise.misconceptions, reference.misconceptions, strict=True)
        ),
    )


def _save(reference: Reference, directory: Path) -> Path:
    """Save, unless the file says the same already: in the last digits, another machine's BLAS rounds differently."""
    path = directory / f"{reference.exercise}.json"
    return path if path.is_file() and same_reference(path, reference) else reference.save(directory)


def same_reference(path: Path, reference: Reference) -> bool:
    """Whether a recorded reference says what `reference` says, numbers up to rounding."""
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    fresh = reference.to_json()
    kept, made = (each.pop("misconceptions", []) for each in (recorded, fresh))
    if not _same(recorded, fresh) or len(kept) != len(made):
        return False
    return all(map(_same_mistake, kept, made))


def _same_mistake(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether the record `a` says what `b` says; of what hangs on rounding, no more than that it does."""
    first, second = a.pop("outcomes", []), b.pop("outcomes", [])
    loose, found = ({(case, output) for case, output in each.pop("unsteady", [])} for each in (a, b))
    if not _same(a, b) or len(first) != len(second) or not found <= loose:
        return False
    for index, pair in enumerate(zip(first, second, strict=True)):
        if (index, "") in loose:
            continue
        for outcome in pair:
            values = outcome["values"] or {}
            outcome["values"] = {output: value for output, value in values.items() if (index, output) not in loose}
        if not _same(*pair, ROUNDING_OF_MISTAKES):
            return False
    return True


def _same(a: Any, b: Any, rounding: float = ROUNDING) -> bool:
    """Whether two values say the same; numbers may differ by rounding."""
    if isinstance(a, dict) and isinstance(b, dict) and "__array__" in a and "__array__" in b:
        first, second = codec.decode(a), codec.decode(b)
        alike = first.dtype == second.dtype and first.shape == second.shape
        return alike and _close(first, second, ROUNDING_FLOAT32 if first.dtype == np.float32 else rounding)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key], rounding) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y, rounding) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return _close(a, b, rounding)
    return type(a) is type(b) and bool(a == b)


def _close(a: Any, b: Any, rounding: float) -> bool:
    return bool(np.allclose(a, b, rtol=rounding, atol=rounding, equal_nan=True))


def record(directory: Path = DIRECTORY, unit: str | None = None) -> list[Path]:
    """Write the visible references of all exercises (or of one unit's) and remove those of exercises that are gone."""
    directory.mkdir(parents=True, exist_ok=True)
    exercises = [e for e in all_exercises().values() if unit in (None, e.unit)]
    written = [_save(visible_reference(exercise), directory) for exercise in exercises]
    if unit is None:
        for path in set(directory.glob("*.json")) - set(written):
            path.unlink()
    return written

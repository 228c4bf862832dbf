"""Replaying: answers that were right of a visible case, handed in for private ones. They must not earn a point.

Whoever replays picks, for each private case, one of the recorded right answers: by its place, by the nearest inputs,
by shapes, or by luck. All these ways are tried at once: a group of cases is given away if *some* visible answer is
right of each of its private cases. So one private case whose right answer no visible case has keeps the group's points.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import RecordedCase, Reference
from grader.judging.references import VISIBLE_SEED, make_reference
from grader.spec import Exercise

SECRETS = ("one", "another", "a third", "a fourth")
"""Stand for the secrets of so many courses: what luck with one course's numbers would hide shows itself."""
FEW_SECRETS = SECRETS[:1]
"""Enough where a secret only shuffles images that no learner has."""


@dataclass(frozen=True)
class Replayed:
    """A group of cases that the visible answers give away, with what it is worth, and to which secret's course."""

    group: str
    points: int
    secret: str


def replayed(exercise: Exercise) -> list[Replayed]:
    """The groups of an exercise that replaying can earn. A quiz has none: nobody is told what is right of it."""
    if exercise.withheld:
        return []
    bare = replace(exercise, misconceptions=())  # of which nobody asks here, and which take long
    visible = make_reference(bare, [VISIBLE_SEED, zlib.crc32(exercise.name.encode())])
    answers = right_values(exercise, visible)
    found = []
    for secret in SECRETS if exercise.private_cases is None else FEW_SECRETS:
        private = make_reference(bare, [zlib.crc32(text.encode()) for text in (secret, exercise.name)], private=True)
        given = given_away(private, answers)
        found += [Replayed(group.key, group.points, secret) for group in exercise.groups if group.key in given]
    return found


def points_of(found: Sequence[Replayed]) -> int:
    """The most that replaying earns in one of the courses."""
    return max((sum(one.points for one in found if one.secret == secret) for secret in SECRETS), default=0)


def right_values(exercise: Exercise, reference: Reference) -> list[dict[str, Any]]:
    """The right answer of each case; of an exercise whose answers are verified, one of the right ones."""
    if exercise.verify is None:
        return [case.expected or {} for case in reference.cases]
    outcomes = run_cases(exercise.name, exercise.right_answers[0], reference)
    return [outcome.values or {} for outcome in outcomes]


def given_away(private: Reference, answers: Sequence[dict[str, Any]]) -> set[str]:
    """The keys of the groups of which each case has its right answer among `answers`."""
    safe = {case.group for case in private.cases if not _any_right(private, case, answers)}
    return {group.key for group in private.groups} - safe


def _any_right(private: Reference, case: RecordedCase, answers: Sequence[dict[str, Any]]) -> bool:
    alone = replace(private, cases=(case,), misconceptions=())
    return any(judge([Outcome(values=answer)], alone).passed for answer in answers)


def sentences(exercise: Exercise, found: Sequence[Replayed]) -> Iterator[str]:
    """What an author is told of each group that is given away."""
    for key, points in dict.fromkeys((one.group, one.points) for one in found):
        yield (
            f"Replaying the visible answers earns the group {key!r} of {exercise.name} ({points} of {exercise.points} "
            "points): give it a private case whose right answer no visible case has."
        )

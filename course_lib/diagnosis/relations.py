"""How wrong values relate to the case: a factor, an axis, a step, one output in another's place."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.diagnosis.base import Diagnosis, Unit
from course_lib.reference import Outcome, Reference


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The relations that hold in every case in which the outputs that they speak of are wrong."""
    return []

"""Whether wrong values are those of a small change of the right answer, known by its recorded fingerprint."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.diagnosis.base import Diagnosis, Unit
from course_lib.reference import Outcome, Reference


def find(outcomes: Sequence[Outcome], unexplained: frozenset[Unit], reference: Reference) -> list[Diagnosis]:
    """The changes whose values are these."""
    return []

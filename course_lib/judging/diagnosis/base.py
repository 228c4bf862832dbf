"""What a diagnosis is, whichever way it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = tuple[int, str]
"""One output of one case: the case's number and the output's name ("" where there was a problem and no value)."""


@dataclass(frozen=True)
class Diagnosis:
    """A sentence about why an answer is wrong, and the wrong outputs that it explains.

    kind: `named`, a misconception of the exercise; `relation`, how the values relate to the case; `search`, a small
    change of a right answer that gives these values. name: the misconception's, or what tells two of a kind apart.
    """

    name: str
    says: str
    hint: int | None
    groups: tuple[str, ...]
    kind: Literal["named", "relation", "search"] = "named"
    explains: frozenset[Unit] = frozenset()

"""The form of an explanation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explained:
    """The line `was`, changed into any of `becomes`, gives the same values, `because`."""

    was: str
    becomes: tuple[str, ...]
    because: str

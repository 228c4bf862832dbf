"""What a property is, and what it says when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Flaw:
    """A property that does not hold. If a misconception of the exercise has the same name, that is the diagnosis."""

    name: str
    message: str


Property = Callable[[Mapping[str, Any], Mapping[str, Any]], Flaw | None]

FORM = Flaw("form", "what came back does not have the form that the exercise asks for.")

"""Properties that a result must have where many results are right: every example once, whatever the order.

An exercise names one of these functions in its spec (`verify`), and `judge` asks it in place of comparing with a right
value. Both lives of a check may run them: a property says what is demanded and holds no answer. A learner reads the
sentence of a `Flaw` for private cases too, so no sentence here quotes a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course_lib.judging.properties import batches, masks, modalities, scores, weights
from course_lib.judging.properties.base import FORM, Flaw, Property

MODULES = (batches, masks, modalities, scores, weights)

PROPERTIES: dict[str, Property] = {name: found for module in MODULES for name, found in module.PROPERTIES.items()}


def verify(name: str, inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Flaw | None:
    """What the property function `name` finds in a case's `values`; None when everything holds."""
    try:
        return PROPERTIES[name](inputs, values)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return FORM  # values from a learner's process may be anything; none of it may stop whoever judges


__all__ = ["PROPERTIES", "Flaw", "Property", "verify"]

"""Mutants that are right after all, and why: what the audit accepts as a survivor; one module a unit.

An entry names the line and what it became, as `ast.unparse` writes them, and gives the reason, in a sentence that
proves it, or says why nobody should be held to the difference. An entry that no survivor matches any more is reported,
so that nothing here outlives its cause.
"""

from importlib import import_module
from pkgutil import iter_modules

from grader.audit.equivalent.explained import Explained

_units = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if found.name != "explained"]
EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    name: entry for unit in _units for name, entry in unit.EQUIVALENT.items()
}

__all__ = ["EQUIVALENT", "Explained"]

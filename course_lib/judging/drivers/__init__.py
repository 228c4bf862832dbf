"""How to drive a learner's object for one case: a file a subject; `DRIVERS` has each driver by its name in a spec.

A driver takes the object and the case's inputs and returns what the learner's code returned. Inputs that are functions
cannot travel as data: a case describes one, and the driver makes it. Both lives of `check` run these, so they hold no
answer, and none knows which unit it serves.
"""

from importlib import import_module
from pkgutil import iter_modules

from course_lib.judging.drivers.base import Driver

DRIVERS: dict[str, Driver] = {
    name: driver
    for module in sorted(found.name for found in iter_modules(__path__))
    for name, driver in import_module(f"{__name__}.{module}").DRIVERS.items()
}

__all__ = ["DRIVERS", "Driver"]

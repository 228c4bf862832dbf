"""The exercise specs, one module a unit; each module's `EXERCISES` lists its exercises in the notebook's order.

The oracles here are independent of `solutions/`. What learners may see of a spec is recorded by
`grader.judging.references`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from course_lib.errors import CourseError
from grader.spec import Exercise


@cache
def all_exercises() -> dict[str, Exercise]:
    """Every exercise of the course by name, in the order of the units."""
    found: dict[str, Exercise] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        for exercise in importlib.import_module(f"{__name__}.{module.name}").EXERCISES:
            if exercise.name in found:
                raise CourseError(
                    f"Two exercises are named {exercise.name!r} (in {found[exercise.name].unit} and {exercise.unit}). "
                    "Names are unique in the course: rename one."
                )
            found[exercise.name] = exercise
    return found


def exercises_of(unit: str) -> list[Exercise]:
    """The exercises of one unit, such as `02_gradient_descent`."""
    return [exercise for exercise in all_exercises().values() if exercise.unit == unit]


def find_exercise(name: str) -> Exercise:
    """The exercise called `name`; a `CourseError` that lists the names otherwise."""
    try:
        return all_exercises()[name]
    except KeyError:
        raise CourseError(f"No exercise is called {name!r}. The course has: {', '.join(all_exercises())}.") from None

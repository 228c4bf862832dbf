"""`./course reset UNIT`: fresh copies of a unit's files; each one that you changed is kept under a dated name."""

from __future__ import annotations

from course_lib.shipped import edited
from course_lib.workspace import find_unit, fresh_copy, home, notebook


def reset(unit: str) -> int:
    """Make the copies, and say where yours are kept."""
    unit = find_unit(unit)
    for name, kept in fresh_copy(unit):
        print(f"Your {name} is kept as {kept.relative_to(home())}.")
    if unit in edited():
        print(
            f"notebooks/{unit}/{unit}.ipynb was worked in, so this copy is as that one is, not as it was handed out. "
            "To have that back, keep your work elsewhere and run: git checkout -- notebooks/" + unit
        )
        return 0
    print(f"{notebook(unit).relative_to(home())} is a fresh copy.")
    return 0

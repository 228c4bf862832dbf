"""The one list of what a unit's code may import: the sandbox binds it, the live check and `./course check` hold to it.

A package that is on a learner's machine and not in the list makes an answer that is green there and worth nothing
where it is graded; so whoever runs or checks a unit's code asks here.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from functools import cache
from pathlib import Path

from course_lib.errors import CourseError

EVERYWHERE = ("numpy", "matplotlib", "ipython", "matplotlib-inline", "tqdm", "ipywidgets")
"""By hand in NumPy; the progress bar and the sliders do nobody's work."""
NETWORK_UNITS = (*EVERYWHERE, "scipy")
TORCH_UNITS = (*NETWORK_UNITS, "torch", "safetensors")
TRAINING_UNITS = (*TORCH_UNITS, "tensorboard")


def packages_of(unit: str) -> tuple[str, ...]:
    """The distributions that a unit's code may import, besides the standard library and `course_lib`."""
    if unit[:2] < "07":
        return EVERYWHERE
    if unit[:2] < "09":
        return NETWORK_UNITS
    return TORCH_UNITS if unit[:2] < "10" else TRAINING_UNITS


def importable(unit: str, module: str) -> bool:
    """Whether `import MODULE` can work where the unit is graded; of a dotted name, the first part decides.

    What is nobody's (a file of the learner's own beside the notebook, or a name that no package has) is not judged
    here: True unless the name belongs to an installed distribution that the unit's list does not hold.
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("course_lib", "__main__") or top in modules_of(unit):
        return True
    return top != "grader" and top not in _installed()


@cache
def modules_of(unit: str) -> frozenset[str]:
    """The top-level modules that the unit's distributions, and all that these need, bring."""
    return frozenset(name.partition(".")[0] for name in package_paths(packages_of(unit)))


def require_packages(unit: str) -> None:
    """Raise a `CourseError` that names what the unit's list holds and this machine has not."""
    package_paths(packages_of(unit))


@cache
def _installed() -> frozenset[str]:
    """The top-level modules of every distribution on this machine."""
    return frozenset(importlib.metadata.packages_distributions())


@cache
def package_paths(packages: tuple[str, ...]) -> dict[str, Path]:
    """Top-level files and folders of the distributions and of all that they need, by their name in site-packages."""
    found: dict[str, Path] = {}
    todo, seen = list(packages), set()
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in packages:
                raise CourseError(f"{name} is not installed, and a unit needs it: run ./course doctor.") from None
            continue
        for file in distribution.files or []:
            top = file.parts[0]
            if top != ".." and top != "__pycache__" and not top.endswith(".pth"):
                found[top] = Path(str(distribution.locate_file(top)))
        todo += [_needed(r) for r in distribution.requires or [] if _needed(r)]
    return {name: path for name, path in found.items() if path.exists()}


def _needed(requirement: str) -> str:
    """The name of a requirement that applies here, or an empty string."""
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    return parsed.name if parsed.marker is None or parsed.marker.evaluate({"extra": ""}) else ""

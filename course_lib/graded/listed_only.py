"""An IPython extension: a kernel that grades without a sandbox hides the packages that the sandbox does not have.

Only from the notebook's own code, that is its cells and the files in its folder: the kernel itself and the libraries
import what they need. So a notebook earns the same with a sandbox and without one.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from course_lib.judging.packages import importable

UNIT = "COURSE_UNIT"
"""The environment variable that names the unit."""


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython."""
    if os.environ.get(UNIT):
        hide(os.environ[UNIT], Path.cwd())


def hide(unit: str, folder: Path) -> None:
    """From now on the code in cells and in `folder` cannot import what the unit's list does not hold."""
    plain, by_name, find = builtins.__import__, importlib.import_module, importlib.util.find_spec

    def hidden(name: str, names: dict[str, Any] | None) -> bool:
        asks = sys._getframe(2).f_globals if names is None else names
        top = name.partition(".")[0]
        if not _own(asks, folder) or (folder / top).is_dir() or (folder / f"{top}.py").is_file():
            return False
        return not importable(unit, top)

    @functools.wraps(plain)
    def import_(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level == 0 and hidden(name, globals):
            raise _missing(name)
        return plain(name, globals, locals, fromlist, level)

    @functools.wraps(by_name)
    def import_module(name: str, package: str | None = None) -> Any:
        if not name.startswith(".") and hidden(name, None):
            raise _missing(name)
        return by_name(name, package)

    @functools.wraps(find)
    def find_spec(name: str, package: str | None = None) -> Any:
        return None if not name.startswith(".") and hidden(name, None) else find(name, package)

    builtins.__import__ = import_
    importlib.import_module, importlib.util.find_spec = import_module, find_spec


def _missing(name: str) -> ModuleNotFoundError:
    top = name.partition(".")[0]
    return ModuleNotFoundError(f"No module named {top!r}", name=top)


def _own(names: dict[str, Any], folder: Path) -> bool:
    """Whether code with these globals is the learner's: a cell, or a file in the notebook's folder."""
    file = names.get("__file__")
    if file is None:
        return names.get("__name__") in (None, "__main__")
    return Path(str(file)).is_relative_to(folder)

"""Files beside the notebook can be imported, as in JupyterLab: the learner's own code finds them first.

Everybody else finds them last: a `statistics.py` that a learner has written is for those who ask for it, and a library
that needs Python's own module of this name gets that. Lives inside the sandbox: only the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any


class Beside:
    """Goes first on `sys.meta_path`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where the file is, if the learner's own code asks for it."""
        if path is not None or not self._learner_asks(sys._getframe(1)):
            return None
        return PathFinder.find_spec(name, [self.folder], target)

    def _learner_asks(self, frame: FrameType | None) -> bool:
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        return frame is not None and is_own(frame.f_globals, self.folder)


def is_own(names: dict[str, Any], folder: str) -> bool:
    """Whether code with these globals is the learner's: a cell, or a file in the notebook's folder."""
    file = names.get("__file__")
    if file is None:
        return names.get("__name__") in (None, "__main__")
    return str(file).startswith(f"{folder}/")


def find_beside(folder: str) -> None:
    """From now on, modules in `folder` can be imported."""
    sys.meta_path.insert(0, Beside(folder))
    sys.path.append(folder)

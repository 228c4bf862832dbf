"""Keep a class's files closed to others, whichever program makes them: `./course grade`, nbgrader, the formgrader.

nbgrader makes its files and folders as the umask has it. All that it does begins with its gradebook, so each time that
one is opened in this process, what belongs to its class is closed, and what is still to be made is made closed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from traitlets.config import Config

from course_lib.private_files import exposed, group_shared, make_private

CONFIG_FILE = "nbgrader_config.py"
GRADEBOOK = "gradebook.db"
MADE_BY_NBGRADER = ("autograded", "feedback")

_configurations: dict[Path, Config] = {}
"""By a class's folder, where its own file has told; read when it matters, for what follows in that file counts too."""


def keep_private(root: Path | None = None, config: Config | None = None) -> None:
    """From now on, close what belongs to a class whenever its gradebook is opened in this process.

    config: the configuration of the class in `root`, for whether a group shares it (`CourseDirectory.groupshared`).
    """
    if root is not None and config is not None:
        _configurations[root.resolve()] = config
    if not event.contains(Engine, "do_connect", _before_connecting):
        event.listen(Engine, "do_connect", _before_connecting)


def shared_by_group(root: Path) -> bool:
    """Whether the class's configuration says that a group shares it, or its folders do."""
    told = _configurations.get(root.resolve(), Config()).CourseDirectory.get("groupshared", False)
    return bool(told) or group_shared(root)


def close(root: Path, also: Iterable[Path] = ()) -> list[Path]:
    """Close what others could read of the class in `root`, and `also`; what this user may not change comes back."""
    return [each.path for each in exposed(root, shared_by_group(root), also) if not each.close()]


def _before_connecting(dialect: Any, _: Any, arguments: Any, parameters: Any) -> None:
    """SQLAlchemy's event `do_connect`: nothing is there yet, where the gradebook is new."""
    name = str(arguments[0]) if dialect.name == "sqlite" and arguments else ""
    path = Path(name)
    if not path.name or name.startswith((":", "file:")) or not path.parent.is_dir():
        return
    if path.name != GRADEBOOK and not (path.parent / CONFIG_FILE).is_file():
        return
    shared = shared_by_group(path.parent)
    if not path.exists():  # an empty file is an empty database; its journal has the same mode
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        with contextlib.suppress(OSError):  # a file system without modes
            path.chmod(0o660 if shared else 0o600)
    if (path.parent / CONFIG_FILE).is_file():
        for folder in MADE_BY_NBGRADER:
            make_private(path.parent / folder, shared)
    close(path.parent)

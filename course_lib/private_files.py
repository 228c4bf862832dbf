"""What of a class nobody else on this machine may read: gradebook, secret, submissions, what was graded, reports.

A folder that is closed closes all that lies in it, whatever modes nbgrader gives the files: those of `feedback/` are
copied to the exchange with theirs, and learners are to read them there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

FOLDERS = ("submitted", "autograded", "feedback", "reports")
FILES = ("gradebook.*", "grades.csv", ".nbgrader.log")
"""Patterns: beside the gradebook lie its journal, the copies that nbgrader makes of it, and the secret."""
OTHERS, GROUP = 0o007, 0o077


class Exposed(NamedTuple):
    """A file or folder that others may read, with the mode that it should have."""

    path: Path
    mode: int

    def close(self) -> bool:
        """Give it that mode; False where this user may not."""
        try:
            self.path.chmod(self.mode)
        except OSError:
            return False
        return True


def exposed(root: Path, shared: bool | None = None, also: Iterable[Path] = ()) -> list[Exposed]:
    """What of the class under `root` others may read.

    shared: a group of teachers shares it (nbgrader's `groupshared`), so only everybody else counts; without it, the
    group's marks on one of the folders say so. also: what a configuration puts elsewhere. On Windows there are
    no such modes, and nothing is said.
    """
    if os.name != "posix":
        return []
    if shared is None:
        shared = group_shared(root)
    places = [*(root / name for name in FOLDERS), *(path for name in FILES for path in sorted(root.glob(name))), *also]
    found = []
    for path in dict.fromkeys(places):
        if not path.exists() or root.is_relative_to(path):
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        closed = mode & ~(OTHERS if shared else GROUP)
        if closed != mode:
            found.append(Exposed(path, closed))
    return found


def group_shared(root: Path) -> bool:
    """Whether a group shares the class: its folder, or one that nbgrader has made in it, is the group's to write in.

    Both marks that nbgrader sets count: a home folder often passes on its group (setgid) and means nothing by it.
    """
    places = [root, *(root / name for name in FOLDERS)]
    marks = stat.S_ISGID | stat.S_IWGRP
    return any(path.is_dir() and path.stat().st_mode & marks == marks for path in places)


def make_private(folder: Path, shared: bool = False) -> None:
    """Make a folder that others cannot enter; one that is there stays as it is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode) & stat.S_ISGID
        with contextlib.suppress(OSError):  # a file system without modes
            folder.chmod(mode | (0o770 if shared else 0o700))  # said, not left to the umask


def open_private(path: Path, shared: bool = False, newline: str | None = None, encoding: str = "utf-8") -> IO[str]:
    """The file, empty and open for writing, closed to others from its first moment on; `shared`: not to its group.

    newline, encoding: as the built-in `open` takes them.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with contextlib.suppress(OSError):
        path.chmod(0o660 if shared else 0o600)  # it may have been there, and open
    return os.fdopen(handle, "w", newline=newline, encoding=encoding)


def write_private(path: Path, text: str, shared: bool = False) -> None:
    """Write a text, in UTF-8, that nobody else can read; `shared`: its group can."""
    with open_private(path, shared) as file:
        file.write(text)

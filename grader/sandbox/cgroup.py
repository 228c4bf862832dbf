"""One limit of memory and of processes for a whole sandbox, where the kernel's control groups (version 2) are ours.

They are where systemd has delegated a part of them to the user, and in containers that say so; elsewhere the sandbox
has limits for each process, and looks at their sum itself. A group is made for each sandbox and removed with it; what a
grader that was killed has left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
NAME = "course-sandbox"
NEEDED = {"memory", "pids"}
BESIDE = 1024 * 2**20
"""Bytes beyond a submission's limit: what the sandbox preloads, and the files in its memory."""
_numbers = itertools.count()


class Group:
    """One control group, for one sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wrapped(self, command: Sequence[str]) -> list[str]:
        """The command, which enters the group before anything else, so that all it starts is in there."""
        return ["/bin/sh", "-c", 'echo $$ > "$0"; exec "$@"', str(self.folder / "cgroup.procs"), *command]

    def end(self) -> None:
        """Kill whatever is left in it, and remove it."""
        with contextlib.suppress(OSError):  # before Linux 5.14 there is no such file
            kill = os.open(self.folder / "cgroup.kill", os.O_WRONLY)
            os.write(kill, b"1")
            os.close(kill)
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            if not self.folder.exists():
                return
            time.sleep(0.01)


def unavailable(root: Path = ROOT, own: Path = OWN) -> str | None:
    """Why there is no limit for a submission as a whole, in a sentence; None where there is one."""
    if _home(root, own) is not None:
        return None
    return "No control group with memory and pids (cgroup v2) may be changed here: limits hold for each process."


def make(memory: int, processes: int, root: Path = ROOT, own: Path = OWN) -> Group | None:
    """A group that holds all of a sandbox to this, or None where there is none to be had."""
    home = _home(root, own)
    if home is None:
        return None
    _tidy(home)
    group = Group(home / f"{NAME}-{os.getpid()}-{next(_numbers)}")
    limits = {"memory.max": memory + BESIDE, "memory.swap.max": 0, "pids.max": processes + 8}
    try:
        group.folder.mkdir()
        for name, value in limits.items():
            path = group.folder / name
            if name != "memory.swap.max" or path.exists():  # a kernel without swap has no such file
                path.write_text(str(value), encoding="ascii")
    except OSError:
        group.end()
        return None
    return group


def _home(root: Path, own: Path) -> Path | None:
    """The nearest group around this process in which we may make others that have limits."""
    try:
        line = next(line for line in own.read_text(encoding="ascii").splitlines() if line.startswith("0::/"))
    except (OSError, StopIteration):
        return None
    mine = root / line.removeprefix("0::/")
    for folder in (mine, *mine.parents):
        if not folder.is_relative_to(root):
            return None
        with contextlib.suppress(OSError):
            given = set((folder / "cgroup.subtree_control").read_text(encoding="ascii").split())
            # Who enters a group from outside must be allowed to write where both are below.
            if given >= NEEDED and os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
                return folder
    return None


def _tidy(home: Path) -> None:
    """Remove the groups of graders that are no more."""
    for folder in home.glob(f"{NAME}-*"):
        process = folder.name.split("-")[2]
        if not Path(f"/proc/{process}").exists():
            Group(folder).end()

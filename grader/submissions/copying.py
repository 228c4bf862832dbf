"""Copy what a learner wrote while the learner can still change it: what is read is what was looked at.

nbgrader's own collecting follows links, and between a look and a copy a file can become one: to a solution, say, which
would then be graded as the learner's work. Here each file is opened first, without following, and then looked at.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from grader.submissions.files import FILE_BYTES, LEARNER_BYTES, MEMBERS, printable, too_large

FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
DEPTH, FILES = 16, MEMBERS // 20
TOLD = 100
UNREADABLE = {errno.ELOOP, errno.EMLINK, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENXIO}
"""A link (FreeBSD says EMLINK), gone meanwhile, closed by its learner, or a socket. The rest is the disk's fault."""


@dataclass(frozen=True)
class Patterns:
    """What a class's configuration takes along, as nbgrader's `CourseDirectory` means it."""

    ignore: Sequence[str] = ()
    """Files and folders with such a name are left out in silence."""
    include: Sequence[str] = ("*",)
    """Of the files, these are taken."""
    file_bytes: int = FILE_BYTES

    def ignored(self, name: str, folder: bool) -> bool:
        """Whether a file or folder is to be left out without a word."""
        if any(fnmatch(name, pattern) for pattern in self.ignore):
            return True
        return not folder and bool(self.include) and not any(fnmatch(name, pattern) for pattern in self.include)


class Copier:
    """Copies one learner's folder; `left_out` are the first of the files that were not taken, each with the reason."""

    def __init__(self, owner: int | None, patterns: Patterns | None = None) -> None:
        """owner: the user whose files alone are taken; a hard link may lead to somebody else's."""
        self.left_out: list[tuple[str, str]] = []
        """By name; the reason completes "it ...", and there are at most `TOLD`."""
        self.changed = 0.0
        """When the last of it was changed, as the file system has it and no learner can set: seconds since 1970."""
        self._owner, self._room, self._files = owner, LEARNER_BYTES, FILES
        self._patterns = patterns or Patterns()
        self._most = min(FILE_BYTES, self._patterns.file_bytes)

    def copy(self, source: Path, target: Path) -> None:
        """Copy the folder `source` to `target`, which is made. Raises `OSError` for what cannot be read or written."""
        folder = os.open(source, FLAGS | os.O_DIRECTORY)
        try:
            self._copy(folder, target, "", 0)
        finally:
            os.close(folder)

    def _copy(self, folder: int, target: Path, name: str, depth: int) -> None:
        self.changed = max(self.changed, os.fstat(folder).st_ctime)
        target.mkdir(mode=0o700, parents=depth == 0)
        for entry in sorted(os.listdir(folder)):
            shown = f"{name}{entry}"
            try:
                opened = os.open(entry, FLAGS, dir_fd=folder)
            except OSError as error:
                if error.errno not in UNREADABLE:
                    raise
                self._leave(shown, "is a link" if _is_link(entry, folder) else f"cannot be opened ({error.strerror})")
                continue
            try:
                self._take(opened, entry, target, shown, depth)
            finally:
                os.close(opened)

    def _take(self, opened: int, entry: str, target: Path, shown: str, depth: int) -> None:
        found = os.fstat(opened)
        if self._patterns.ignored(entry, stat.S_ISDIR(found.st_mode)):
            return
        why = self._refusal(found, depth)
        if why:
            self._leave(shown, why)
        elif stat.S_ISDIR(found.st_mode):
            self._copy(opened, target / entry, f"{shown}/", depth + 1)
        else:
            self._write(opened, target / entry, shown)

    def _refusal(self, found: os.stat_result, depth: int) -> str:
        self._files -= 1
        if self._files < 0:
            return f"is one of more files than a submission may have ({FILES})"
        if self._owner is not None and found.st_uid != self._owner:
            return "belongs to somebody else"
        if stat.S_ISDIR(found.st_mode):
            return "lies too deep" if depth >= DEPTH else ""
        if not stat.S_ISREG(found.st_mode):
            return "is a pipe, a socket or a device"
        if found.st_size > self._most:
            return too_large(self._most)
        return too_large(LEARNER_BYTES) if found.st_size > self._room else ""

    def _write(self, opened: int, path: Path, shown: str) -> None:
        size = 0
        with path.open("xb") as target:
            while chunk := os.read(opened, 2**20):
                size += len(chunk)
                if size > min(self._most, self._room):  # it grows while it is read
                    break
                target.write(chunk)
        self.changed = max(self.changed, os.fstat(opened).st_ctime)
        self._room -= size
        if size > self._most or self._room < 0:
            path.unlink()
            self._leave(shown, too_large(self._most if size > self._most else LEARNER_BYTES))

    def _leave(self, name: str, why: str) -> None:
        if len(self.left_out) < TOLD:
            self.left_out.append((printable(name), why))


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False

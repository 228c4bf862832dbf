"""One at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.told import put_together, shown


@contextlib.contextmanager
def alone(path: Path, busy: str, group: bool = False, **values: object) -> Iterator[None]:
    """Hold the lock in the file `path` for the block; busy: what is said of the `{process}` that has it, with `values`.

    group: a group of teachers works here, and the next one must be able to open the file. Raises `CourseError` where
    another process has the lock. The kernel gives it back when a process is killed, and no other process inherits it.
    On Windows, where nothing is locked, it never fails.
    """
    lock = _opened(path, group)
    try:
        if not _locked(lock):
            process = shown(os.pread(lock, 200, 0).decode("utf-8", "replace").strip() or "Another process")
            what_to_do = shown("Stop it first, or let it do it: nothing was begun here.")
            raise CourseError(put_together([say(shown(busy), process=process, **values), what_to_do]))
        if os.name == "posix":
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"Process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(lock)


def _opened(path: Path, group: bool) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be opened ({error.strerror}), and without it two commands might undo each other's work: "
            "nothing was begun here. Make the file yours to write, or remove it when nobody else is at work."
        ) from None
    if group:
        with contextlib.suppress(OSError):  # another teacher's, who has done it
            path.chmod(0o660)
    return lock


def _locked(lock: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

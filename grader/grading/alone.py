"""One at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import CourseError


@contextlib.contextmanager
def alone(path: Path, does: str) -> Iterator[None]:
    """Hold the lock in the file `path` for the block; does: what is done under it, completes "this process ...".

    Raises `CourseError` where another process has it. The kernel gives it back when a process is killed, and no other
    process inherits it. On Windows, where nothing is locked, it never fails.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if not _locked(lock):
            who = os.pread(lock, 200, 0).decode("utf-8", "replace").strip() or "Another process"
            raise CourseError(f"{who} {does} already. Stop it first, or let it do it: nothing was begun here.")
        if os.name == "posix":
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"Process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(lock)


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

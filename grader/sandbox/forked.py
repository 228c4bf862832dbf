"""A fork of this process that lives by what comes through a pipe, with as much of `subprocess.Popen` as is needed.

It is there at once, where a process that imports everything anew takes a second; but it has whatever this one has in
its memory, so only a process forks that knows no secret yet, and as long as it has a single thread.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import IO, NoReturn


class Forked:
    """A child that calls `live(requests, answers)`, both files, and ends; this process has the other ends."""

    def __init__(self, live: Callable[[IO[bytes], IO[bytes]], None]) -> None:
        requests, asking = os.pipe()
        answering, answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _be_the_child(live, requests, answers)
        os.close(requests)
        os.close(answers)
        self.stdin: IO[bytes] = os.fdopen(asking, "wb")
        self.stdout: IO[bytes] = os.fdopen(answering, "rb")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, or None while it lives."""
        return self._reaped(os.WNOHANG)

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        status = self._reaped(0)
        assert status is not None
        return status

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:  # as long as nobody has asked for its end, its number is nobody else's
            os.kill(self.pid, signal.SIGKILL)

    def _reaped(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _be_the_child(live: Callable[[IO[bytes], IO[bytes]], None], requests: int, answers: int) -> NoReturn:
    code = 1
    try:
        os.setsid()  # Ctrl-C is its parent's business
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # whatever a library prints is no answer
            os.dup2(nowhere, stream)
        low, high = sorted((requests, answers))
        for first, last in ((3, low), (low + 1, high), (high + 1, os.sysconf("SC_OPEN_MAX"))):
            os.closerange(first, last)  # with the parent's ends of both pipes: else its end would not be seen
        sys.stdout = sys.stderr = os.fdopen(os.dup(1), "w", encoding="utf-8")  # they may have been other files
        with os.fdopen(requests, "rb") as reading, os.fdopen(answers, "wb") as writing:
            live(reading, writing)
        code = 0
    finally:
        os._exit(code)

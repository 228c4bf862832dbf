"""One limit of memory for all processes of a submission, where no cgroup holds it: looked at again and again.

The kernel's limit is one for each process, and a submission may have many. Their sum counts pages that a fork shares
more than once (each check's snapshot is one), so a sum that is too large ends processes only where the machine's
memory runs short as well. Lives inside the sandbox: only the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

EVERY = 0.1
"""Seconds between two looks."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """The memory of all processes here but the first and this one, each beyond what it was forked with."""

    def __init__(self, limit: int, spare: int, proc: Path = Path("/proc")) -> None:
        """limit: bytes for all together. spare: bytes of the machine's memory that have to stay free."""
        self.limit, self.spare, self.proc = limit, spare, proc
        self._before = self._own(str(os.getpid()))

    def start(self) -> None:
        """Look from now on, whatever this process does meanwhile; what its system calls wait for goes on after it."""
        signal.signal(signal.SIGALRM, lambda *_: self._end(self.surplus()))
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)

    def surplus(self) -> list[int]:
        """The processes to end, the largest first, until the rest is within the limit; none while memory is free."""
        if self._free() >= self.spare:
            return []
        apart = {"1", str(os.getpid())}
        names = [path.name for path in self.proc.glob("[0-9]*") if path.name not in apart]
        sizes = sorted(((max(0, self._own(name) - self._before), int(name)) for name in names), reverse=True)
        used, found = sum(size for size, _ in sizes), []
        for size, process in sizes:
            if used <= self.limit:
                break
            used -= size
            found.append(process)
        return found

    @staticmethod
    def _end(processes: list[int]) -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _free(self) -> int:
        for line in (self.proc / "meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return self.spare

    def _own(self, process: str) -> int:
        with contextlib.suppress(OSError, IndexError, ValueError):  # it may have ended since it was listed
            _, resident, shared = (self.proc / process / "statm").read_text(encoding="ascii").split()[:3]
            return (int(resident) - int(shared)) * PAGE
        return 0

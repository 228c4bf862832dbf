"""GPUs for the sandbox: which ones there are, and whose turn it is. A device serves one submission at a time.

The queue is one lock a device, which the kernel releases when its holder dies, however that happens. Beside the lock
stands which sandbox used the device last: a killed worker's sandbox ends a moment later than the worker does, and
until then the device is not free.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.judging.packages import packages_of

DEV = Path("/dev")
SHARED = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
"""The nodes that every device needs besides its own; the last only where it exists."""
LOOK_SECONDS = 0.05
"""How often a waiting worker looks whether a device is free."""


@dataclass(frozen=True)
class Gpu:
    """One device: N of /dev/nvidiaN, and the device nodes that a program needs to use it."""

    number: int
    nodes: tuple[Path, ...]


def devices(dev: Path = DEV) -> list[Gpu]:
    """The GPUs of this machine, of those that CUDA_VISIBLE_DEVICES leaves to the grader. Raises `CourseError`."""
    numbers = sorted(int(path.name[6:]) for path in dev.glob("nvidia[0-9]*") if path.name[6:].isdigit())
    chosen = _chosen(os.environ.get("CUDA_VISIBLE_DEVICES"))
    shared = tuple(path for name in SHARED if (path := dev / name).exists())
    return [Gpu(n, (dev / f"nvidia{n}", *shared)) for n in numbers if chosen is None or n in chosen]


def uses_gpu(unit: str) -> bool:
    """Whether a unit's code has a use for one: its packages hold PyTorch."""
    return "torch" in packages_of(unit)


def missing(dev: Path = DEV) -> str | None:
    """Why no submission can have a GPU here, in a sentence with a remedy; None when one can."""
    try:
        found = devices(dev)
    except CourseError as error:
        return str(error)
    if not found:
        hidden = " that CUDA_VISIBLE_DEVICES leaves to the grader" if "CUDA_VISIBLE_DEVICES" in os.environ else ""
        return f"This machine has no NVIDIA GPU{hidden}: there is no {dev}/nvidia0 or another number."
    lacking = [name for name in SHARED[:2] if dev / name not in found[0].nodes]
    if lacking:
        return (
            f"{dev}/{lacking[0]} is missing, without which no program can use the GPU. The driver makes it when it is "
            "first used, not from inside a sandbox: run `nvidia-modprobe -u -c 0` as root, or any CUDA program."
        )
    return None


@dataclass
class Turn:
    """A device that belongs to this process until it is given back."""

    gpu: Gpu
    lock: int
    """The open lock. No other process inherits it, so it ends with this one."""

    def note(self, process: int) -> None:
        """Write down process 1 of the sandbox that is about to use the device."""
        os.pwrite(self.lock, _identity(process).encode("ascii"), 0)

    def give_back(self, clean: bool) -> None:
        """The next one's turn; unless `clean`, only once the sandbox that was noted is gone with all its processes."""
        if clean:
            os.ftruncate(self.lock, 0)
        os.close(self.lock)


def take_turn(dev: Path, rather: Gpu | None = None) -> Turn:
    """Wait until a device is free and take it; of several that are free, the one that the caller would `rather` have.

    Raises `CourseError` where there is none at all.
    """
    locks = _lock_folder(dev)
    while True:
        found = devices(dev)
        if not found:
            raise CourseError(missing(dev) or "The GPU went away while submissions waited for it.")
        for gpu in sorted(found, key=lambda gpu: gpu != rather):
            if (lock := _try(locks / f"nvidia{gpu.number}.lock")) is not None:
                return Turn(gpu, lock)
        time.sleep(LOOK_SECONDS)


def _try(path: Path) -> int | None:
    import fcntl  # not on Windows, where there is no sandbox either

    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        last = os.pread(lock, 64, 0).decode("ascii", "replace")
        if not last or _identity(int(last.split()[0])) != last:
            os.ftruncate(lock, 0)
            return lock
    except (BlockingIOError, ValueError):
        pass
    except BaseException:
        os.close(lock)
        raise
    os.close(lock)
    return None


def _identity(process: int) -> str:
    """A process's number and when it started, as numbers are used again; empty when it has ended.

    For process 1 of a sandbox the kernel says "ended" only when everything else in the sandbox is gone.
    """
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(") ")[2].split()
        if told[0] not in ("Z", "X"):
            return f"{process} {told[19]}"
    return ""


def _lock_folder(dev: Path) -> Path:
    """Where all worker processes of this account on this machine look. Raises `CourseError` if it is somebody else's.

    Not TMPDIR: two runs may have different ones. Not the devices themselves: submissions can open those.
    """
    folder = Path(f"/tmp/course-gpu-{os.geteuid()}") if dev == DEV else dev / "queue"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise CourseError(f"{folder} should be a folder of your account, for the GPUs' queue, and is not: remove it.")
    return folder


def _chosen(listed: str | None) -> set[int] | None:
    """The numbers in CUDA_VISIBLE_DEVICES; None for all."""
    if listed is None:
        return None
    words = listed.split("-1")[0].replace(" ", "").strip(",")
    if words and not re.fullmatch(r"\d+(,\d+)*", words):
        raise CourseError(
            f"CUDA_VISIBLE_DEVICES is {listed!r}; for the GPUs' queue it has to name devices by number, N for "
            "/dev/nvidiaN."
        )
    return {int(word) for word in words.split(",") if word}

"""The learner's process: it runs the cells of one notebook, and at each check cell leaves a snapshot of itself behind.

A snapshot is a fork that waits. When the notebook has ended and all that it showed has been collected, the private
inputs arrive, and the snapshots compute, one after another. So what is shown was shown before there was anything to
hide, and a check that crashes costs only itself.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from frames import read_frame, write_frame

WORK = Path("/work")
PR_SET_NO_NEW_PRIVS = 38

Door = tuple[int, int]
"""Where a snapshot waits (a pipe that is closed when it may go on) and where it writes its answer."""


def run(job: dict[str, Any], user: int | None, shell: Any, pipes: tuple[int, int], doors: dict[int, Door]) -> None:
    """Give up every right, then run what comes through the first of `pipes`: cells, and the files that lie beside them.

    The second of the `pipes` takes what the cells show. `doors` are those of the check cells, by the cell's index.
    """
    _give_up_rights(job["limits"], user)
    cells, files = json.loads(read_frame(pipes[0]) or b"[[], {}]")
    os.environ.update(HOME=str(WORK), TMPDIR=str(WORK), MPLCONFIGDIR=str(WORK), COURSE_STATE_DIR=str(WORK))
    os.environ["COURSE_GRADED"] = "1"  # long experiments are left out
    os.chdir(WORK)
    for name, data in files.items():
        (WORK / name).parent.mkdir(parents=True, exist_ok=True)
        (WORK / name).write_bytes(base64.b64decode(data))
    for index, source in cells:
        outputs: list[dict[str, Any]] = []
        started = time.monotonic()
        if index in doors:
            number = shell.execution_count
            with contextlib.suppress(OSError):  # no process is to be had: this check stays without an answer
                _leave_snapshot(index, source, job, shell, (pipes[1], doors))
            shell.execution_count = number + 1
        else:
            outputs, number = shell.run_recorded(source, job["cell_seconds"])
        write_frame(pipes[1], _frame(index, outputs, number, time.monotonic() - started))


def _give_up_rights(limits: dict[str, int], user: int | None) -> None:
    os.setsid()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for name, value in limits.items():
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _leave_snapshot(
    index: int, source: str, job: dict[str, Any], shell: Any, pipes: tuple[int, dict[int, Door]]
) -> None:
    shown, doors = pipes
    waiting, answer = doors[index]
    if os.fork():
        os.close(waiting)
        os.close(answer)
        doors.pop(index)
        return
    try:
        os.setpgid(0, 0)
        for descriptor in (shown, *(d for other, door in doors.items() if other != index for d in door)):
            os.close(descriptor)
        os.read(waiting, 1)
        os.environ["COURSE_GRADING"] = job["cases"]
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # OpenMP's threads do not survive a fork
            if os.environ.get("CUDA_VISIBLE_DEVICES"):
                _leave_gpu(sys.modules["torch"])
        started = time.monotonic()
        outputs, number = shell.run_recorded(source, job["cell_seconds"])
        write_frame(answer, _frame(index, outputs, number, time.monotonic() - started))
    finally:
        os._exit(0)


def _leave_gpu(torch: Any) -> None:
    """CUDA does not survive a fork either: code that asks for a GPU is told that there is none, and computes here."""
    torch.cuda.is_available = lambda: False
    torch.cuda.device_count = lambda: 0
    torch.set_default_device("cpu")


def _frame(index: int, outputs: list[dict[str, Any]], number: int, seconds: float) -> bytes:
    frame = {"cell": index, "outputs": outputs, "number": number, "seconds": seconds}
    try:
        return json.dumps(frame, default=str).encode()
    except Exception as error:  # an output holds an object of the learner's own, which fails when it is written
        sentence = f"What this cell showed could not be recorded ({type(error).__name__})."
        output = {"output_type": "stream", "name": "stderr", "text": f"{sentence}\n"}
        return json.dumps({"cell": index, "outputs": [output], "number": 0, "seconds": seconds}).encode()

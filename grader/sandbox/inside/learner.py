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
from collections.abc import Generator
from json import dumps
from os import _exit, close, fork, read, setpgid
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from frames import read_frame, write_frame

# What is used between two cells is imported by its name: a cell may put something else into `os` or `json`.

WORK = Path("/work")
PR_SET_NO_NEW_PRIVS = 38

CheckPipes = tuple[int, int]
"""Where a snapshot waits (a pipe that is closed when it may go on) and where it writes its answer."""


class _Check(NamedTuple):
    cell: int
    source: str
    exercise: str | None
    """None for a cell that is not the one-liner of the learner's edition: it is run as it stands."""


def run(
    job: dict[str, Any],
    user: int | None,
    made: tuple[Any, Any],
    pipes: tuple[int, int],
    check_pipes: dict[int, CheckPipes],
) -> None:
    """Give up every right, then run what comes through the first of `pipes`: cells, and the files that lie beside them.

    `made`: the shell, and what keeps its names. The second of the `pipes` takes what the cells show. `check_pipes` are
    the check cells' own, by the cell's index. A cell has an index, a source and, where it is a part of the unit, a role
    and a name.
    """
    _give_up_rights(job["limits"], user)
    cells, files = json.loads(read_frame(pipes[0]) or b"[[], {}]")
    shell, names = made
    os.chdir(WORK)
    sys.modules["numpy.random"].seed()  # what was imported before the fork would draw the same for everybody
    for name, data in files.items():
        (WORK / name).parent.mkdir(parents=True, exist_ok=True)
        (WORK / name).write_bytes(base64.b64decode(data))
    for index, source, *part in cells:
        role, name = part or ("other", "")
        outputs: list[dict[str, Any]] = []
        started = monotonic()
        if index in check_pipes:
            number = shell.execution_count
            check = _Check(index, source, name if role == "check" else None)
            with contextlib.suppress(OSError):  # no process is to be had: this check stays without an answer
                _leave_snapshot(check, job, shell, names, (pipes[1], check_pipes))
            shell.execution_count = number + 1
        else:
            outputs, number = run_cell(source, job["cell_seconds"], shell, names.attempts(role, name))
        write_frame(pipes[1], as_frame(index, outputs, number, monotonic() - started))


def run_cell(
    source: str, seconds: float, shell: Any, attempts: Generator[None, None, None]
) -> tuple[list[dict[str, Any]], int]:
    """What the first attempt that went well showed, or else the first of all; one that was too slow is not repeated."""
    tried = []
    number = shell.execution_count
    with contextlib.closing(attempts):
        for _ in attempts:
            shell.execution_count = number
            tried.append(shell.run_recorded(source, seconds)[0])
            failed = [output.get("ename") for output in tried[-1] if output["output_type"] == "error"]
            if not failed:
                return tried[-1], number
            if "KeyboardInterrupt" in failed:
                break
    return tried[0], number


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
    check: _Check, job: dict[str, Any], shell: Any, names: Any, pipes: tuple[int, dict[int, CheckPipes]]
) -> None:
    shown, check_pipes = pipes
    waiting, answer = check_pipes[check.cell]
    if fork():
        close(waiting)
        close(answer)
        check_pipes.pop(check.cell)
        return
    try:
        setpgid(0, 0)
        for descriptor in (shown, *(d for other, pair in check_pipes.items() if other != check.cell for d in pair)):
            close(descriptor)
        read(waiting, 1)
        started = monotonic()
        outputs, number = _compute(check, job, shell, names)
        write_frame(answer, as_frame(check.cell, outputs, number, monotonic() - started))
    finally:
        _exit(0)


def _compute(check: _Check, job: dict[str, Any], shell: Any, names: Any) -> tuple[list[dict[str, Any]], int]:
    """What a check puts out; whatever else the notebook calls `check`, the exercise is computed by the course's own."""

    def emit() -> None:
        shell.show(names.answer(check.exercise, job["cases"]))

    names.around.put_back()
    os.environ["COURSE_GRADING"] = job["cases"]
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # OpenMP's threads do not survive a fork
        if os.environ.get("CUDA_VISIBLE_DEVICES"):
            _leave_gpu(sys.modules["torch"])
    work = check.source if check.exercise is None else emit
    found: tuple[list[dict[str, Any]], int] = shell.run_recorded(work, job["cell_seconds"])
    return found


def _leave_gpu(torch: Any) -> None:
    """CUDA does not survive a fork either: code that asks for a GPU is told that there is none, and computes here."""
    torch.cuda.is_available = lambda: False
    torch.cuda.device_count = lambda: 0
    torch.set_default_device("cpu")


def as_frame(index: int, outputs: list[dict[str, Any]], number: int, seconds: float) -> bytes:
    """What a cell put out, as the outside reads it."""
    frame = {"cell": index, "outputs": outputs, "number": number, "seconds": seconds}
    try:
        return dumps(frame, default=str).encode()
    except Exception as error:  # an output holds an object of the learner's own, which fails when it is written
        sentence = f"What this cell showed could not be recorded ({type(error).__name__})."
        output = {"output_type": "stream", "name": "stderr", "text": f"{sentence}\n"}
        return dumps({"cell": index, "outputs": [output], "number": 0, "seconds": seconds}).encode()

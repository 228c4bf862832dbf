"""The supervisor of one submission: starts the learner's process, collects what it shows, then lets the checks compute.

It reads nothing of a submission before the learner's process is forked, and ends with the submission: no later one
can find in its own memory what this one wrote.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import learner
from frames import is_whole, read_frame, write_frame
from memory import Watch

CASES = Path("/cases")
PR_SET_CHILD_SUBREAPER = 36
SLACK = 2.0
"""Seconds beyond a cell's own limit, after which a check is no longer waited for."""


class Pipes:
    """Between a supervisor and the learner's process; each of the two closes the ends that are the other's."""

    def __init__(self, checks: list[int]) -> None:
        self.cells, self.shown = os.pipe(), os.pipe()
        self.gates = {index: os.pipe() for index in checks}
        self.answers = {index: os.pipe() for index in checks}

    def close_learners(self) -> None:
        """Called by the supervisor."""
        self._close(self.cells[0], self.shown[1])
        self._close(*(gate[0] for gate in self.gates.values()), *(answer[1] for answer in self.answers.values()))

    def close_supervisors(self) -> None:
        """Called by the learner's process."""
        self._close(self.cells[1], self.shown[0])
        self._close(*(gate[1] for gate in self.gates.values()), *(answer[0] for answer in self.answers.values()))

    @staticmethod
    def _close(*descriptors: int) -> None:
        for descriptor in descriptors:
            os.close(descriptor)


def keep(jobs: int, results: int, settings: dict[str, Any], shell: Any, names: Any) -> bool | None:
    """Serve one submission; whether it ended of itself, or None when there are no more."""
    head = read_frame(jobs)
    if head is None:
        return None
    job = json.loads(head) | {"cases": str(CASES)}
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.monotonic()
    pipes = Pipes(job["checks"])
    watch = Watch(job["memory"], job["spare"])
    child = _start_learner(job, settings, (shell, names), pipes, (jobs, results))
    watch.start()
    with contextlib.suppress(BrokenPipeError):
        write_frame(pipes.cells[1], read_frame(jobs) or b"[[], {}]")
    os.close(pipes.cells[1])
    output, ended = _collect(pipes.shown[0], child, started + job["seconds"], settings["result_bytes"])
    os.close(pipes.shown[0])  # nothing is shown any more; now there may be something to hide
    if ended != "finished":
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    report = {"ended": ended, "exit": status, "seconds": time.monotonic() - started}
    write_frame(results, json.dumps(report).encode())
    write_frame(results, output)
    for name, text in json.loads(read_frame(jobs) or b"{}").items():
        (CASES / f"{name}.json").write_text(text, encoding="utf-8")
    for answer in _answers(job, pipes, settings["result_bytes"]):
        write_frame(results, answer)
    _let_end()
    return ended == "finished" and status == 0


def _start_learner(
    job: dict[str, Any], settings: dict[str, Any], made: tuple[Any, Any], pipes: Pipes, private: tuple[int, int]
) -> int:
    child = os.fork()
    if child:
        pipes.close_learners()
        return child
    try:
        for descriptor in private:
            os.close(descriptor)
        pipes.close_supervisors()
        check_pipes = {index: (pipes.gates[index][0], pipes.answers[index][1]) for index in job["checks"]}
        learner.run(job, settings["user"], made, (pipes.cells[0], pipes.shown[1]), check_pipes)
    finally:
        os._exit(0)


def _collect(reading: int, child: int, deadline: float, limit: int) -> tuple[bytes, str]:
    """What the child writes until it ends (a process that it left may still hold the pipe), or until a limit."""
    found = bytearray()
    death = os.pidfd_open(child)
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready = select.select([reading, death], [], [], left)[0]
            if reading not in ready:
                return bytes(found), "finished" if death in ready else "timed out"
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                return bytes(found), "finished"
            found += chunk
            if len(found) > limit:
                return bytes(found[:limit]), "flooded"
        return bytes(found), "timed out"
    finally:
        os.close(death)


def _answers(job: dict[str, Any], pipes: Pipes, limit: int) -> Iterator[bytes]:
    """What each check's snapshot writes, one after another; where none answers, why."""
    last = time.monotonic() + job["seconds"]
    for index in job["checks"]:
        os.close(pipes.gates[index][1])
        reading = pipes.answers[index][0]
        deadline = min(last, time.monotonic() + job["cell_seconds"] + SLACK)
        found, why = bytearray(), "flooded"
        while len(found) <= limit and not is_whole(found):
            if not select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
                why = "timed out"
                break
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                why = "killed"
                break
            found += chunk
        os.close(reading)
        yield bytes(found) if len(found) <= limit and is_whole(found) else _no_answer(index, why)


def _no_answer(index: int, why: str) -> bytes:
    output = {"output_type": "error", "ename": "NoAnswer", "evalue": why, "traceback": []}
    frame = json.dumps({"cell": index, "outputs": [output], "number": 0, "seconds": 0.0}).encode()
    return b"%08x" % len(frame) + frame


def _let_end() -> None:
    """Give the snapshots, which have written all, the moment that a process needs to end."""
    deadline = time.monotonic() + 0.2
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)

"""Process 1 of the sandbox: preloads what notebooks import, then forks one child a submission.

The child is the learner's; this process is not. The child has no way back: it is another user or lacks every
capability, it cannot signal process 1 nor look into its memory, and its only open file is the pipe that its outputs go
to. When a child has ended, everything that it left (processes, files) is removed before the next one comes.

Frames, both ways: 8 hexadecimal digits of length, then that many bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

WORK = Path("/work")
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38


def main() -> None:
    """Serve jobs from standard input until it closes."""
    settings = json.loads(sys.argv[1])
    jobs, results = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    shell = _preload(settings)
    gc.collect()
    gc.freeze()  # the children share these objects' pages
    _write_frame(results, b'{"ready": true}')
    while (frame := _read_frame(jobs)) is not None:
        job = json.loads(frame)
        report, output = _run_job(job, settings, shell, (jobs, results))
        _write_frame(results, json.dumps(report).encode())
        _write_frame(results, output)
        if not report["clean"]:
            return


def _preload(settings: dict[str, Any]) -> Any:
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)  # not for the learner: taken back below
    from shell import RecordingShell

    sys.path.remove(here)

    for module in settings["preload"]:
        with contextlib.suppress(ImportError):
            __import__(module)
    shell = RecordingShell.make(settings["output_bytes"])
    shell.run_recorded("None", 10)  # the first cell of a shell is slow: pay for it once
    shell.execution_count = 1
    return shell


def _run_job(
    job: dict[str, Any], settings: dict[str, Any], shell: Any, private: tuple[int, int]
) -> tuple[dict[str, Any], bytes]:
    """One submission: fork, read what it writes until it ends or its time or size is up, then clean up behind it."""
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            for descriptor in (*private, reading):
                os.close(descriptor)
            _child(job, settings, shell, writing)
        finally:
            os._exit(0)
    os.close(writing)
    output, ended = _collect(reading, child, started + job["seconds"], settings["result_bytes"])
    os.close(reading)
    if ended != "finished":
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    strays = _sweep()
    report = {
        "ended": ended,
        "exit": status,
        "strays": strays,
        "clean": ended == "finished" and status == 0 and not strays and not any(WORK.iterdir()),
        "seconds": time.monotonic() - started,
    }
    return report, output


def _collect(reading: int, child: int, deadline: float, limit: int) -> tuple[bytes, str]:
    """What the child writes until it ends (a process that it left may still hold the pipe), or until a limit."""
    chunks: list[bytes] = []
    size = 0
    death = os.pidfd_open(child)
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready = select.select([reading, death], [], [], left)[0]
            if reading not in ready:
                return b"".join(chunks), "finished" if death in ready else "timed out"
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                return b"".join(chunks), "finished"
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                return b"".join(chunks)[:limit], "flooded"
        return b"".join(chunks), "timed out"
    finally:
        os.close(death)


def _sweep() -> int:
    """Kill whatever the child left running, empty what it could write; returns how many processes there were."""
    strays = 0
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(-1, signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    strays += 1
            except ChildProcessError:
                break
            time.sleep(0.005)
    for folder in (WORK, Path("/dev/shm")):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return strays


def _child(job: dict[str, Any], settings: dict[str, Any], shell: Any, pipe: int) -> None:
    """The learner's process."""
    os.setsid()
    if settings["user"] is not None:
        os.setgroups([])
        os.setresgid(settings["user"], settings["user"], settings["user"])
        os.setresuid(settings["user"], settings["user"], settings["user"])
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for name, value in job["limits"].items():
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    cases = WORK / "cases"
    cases.mkdir()
    for name, text in job["cases"].items():
        (cases / f"{name}.json").write_text(text, encoding="utf-8")
    for name, text in job["files"].items():
        (WORK / name).write_text(text, encoding="utf-8")
    os.environ.update(COURSE_GRADING=str(cases), HOME=str(WORK), TMPDIR=str(WORK), MPLCONFIGDIR=str(WORK))
    os.chdir(WORK)
    for index, source in job["cells"]:
        outputs, number = shell.run_recorded(source, job["cell_seconds"])
        frame = {"cell": index, "outputs": outputs, "number": number}
        _write_frame(pipe, json.dumps(frame, default=str).encode())
    # Only what the grader reads has been written; now leave nothing for the next one to find.
    os.chdir("/")
    shutil.rmtree(cases, ignore_errors=True)


def _read_frame(descriptor: int) -> bytes | None:
    head = _read(descriptor, 8)
    return _read(descriptor, int(head, 16)) if len(head) == 8 else None


def _read(descriptor: int, size: int) -> bytes:
    chunks = []
    while size and (chunk := os.read(descriptor, min(size, 1 << 20))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _write_frame(descriptor: int, data: bytes) -> None:
    view = memoryview(b"%08x" % len(data) + data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main()

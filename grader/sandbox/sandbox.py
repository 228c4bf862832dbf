"""The outside's handle of one sandbox: start it, hand it submissions one after another, throw it away when in doubt."""

from __future__ import annotations

import base64
import json
import os
import re
import select
import subprocess
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from course_lib.errors import CourseError
from course_lib.judging.packages import packages_of
from course_lib.language.choice import ENGLISH
from course_lib.told import words_for
from grader.sandbox import bwrap, cgroup, gpu, seccomp
from grader.sandbox.bounds import MOST_VALUES, TooLargeError, check_json, parse
from grader.sandbox.fonts import known_fonts

MIB = 2**20
MOST_SECONDS = 86_400.0
CELL = re.compile(rb'\{"cell": (\d{1,6}), ')
"""How the sandbox's own frames begin."""
TOO_LARGE = "What this cell put out is more than a grader reads: {}. It was left out.\n"


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds of wall clock, bytes of memory, of a file, of a cell's output."""

    cell_seconds: float = 60.0
    submission_seconds: float = 300.0
    memory: int = 4096 * MIB
    processes: int = 64
    open_files: int = 256
    file_size: int = 64 * MIB
    output: int = 2 * MIB
    results: int = 64 * MIB
    answers: int = 128 * MIB
    """Of all checks of a submission together: none of this is dropped before the last is judged."""
    spare: float = 0.1
    """The share of the machine's memory that has to stay free; where less is, `memory` counts for all processes."""

    def as_rlimits(self, with_gpu: bool = False) -> dict[str, int]:
        """For `resource.setrlimit`, by its names.

        CUDA reserves far more addresses than it uses, so `with_gpu` only memory that can be written to counts.
        """
        return {
            "RLIMIT_DATA" if with_gpu else "RLIMIT_AS": self.memory,
            "RLIMIT_NPROC": self.processes + bwrap.tasks_beside(),
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_CPU": int(self.submission_seconds) + 5,
            "RLIMIT_CORE": 0,
        }


@dataclass
class Run:
    """What came back of a submission: outputs and numbers by cell index, and how it ended.

    `answers` are the outputs of the check cells. Whatever saw the private inputs is in there and nowhere else.
    """

    ended: str
    seconds: float
    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    answers: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    spent: dict[int, float] = field(default_factory=dict)
    """Seconds by cell index, as the learner's process tells them: for people to read, and for nothing else."""


PRELOAD = (
    *("numpy", "numpy.random", "multiprocessing", "matplotlib.pyplot", "matplotlib_inline.backend_inline"),
    *("course_lib.plots", "course_lib.judging.pictures", "course_lib.graded.names"),
    *(f"course_lib.{name}" for name in ("captions", "data", "device", "fit", "objectives", "speech")),
)
ALSO = {"scipy": ("scipy.special",), "torch": ("torch", "torch._dynamo", "torch.utils.data")}
"""What is preloaded besides, where a unit has the package. torch's first optimizer imports the latter, for a second."""


class Sandbox:
    """One sandbox for a unit, with its packages. Use as a context manager; not for several threads at once."""

    def __init__(
        self, unit: str, limits: Limits | None = None, devices: Path | None = None, language: str = ENGLISH
    ) -> None:
        """devices: the folder with the device nodes, where each submission is to wait for a GPU and have it alone.

        language: that of its submissions, in which figures, prints and cards of the course's own are shown.
        """
        self.unit = unit
        self.language = language
        self.limits = limits or Limits()
        self.devices = devices
        self._gpu: gpu.Gpu | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._group: cgroup.Group | None = None
        self._first = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        cells: Sequence[tuple[int, str] | tuple[int, str, str, str]],
        cases: dict[str, str],
        checks: Collection[int] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> Run:
        """Run the cells of one submission with its private inputs (exercise, JSON text).

        A cell is its index and source and, where it is a part of the unit, its role and name (`notebook.part_of`).

        `files` lie in its folder when it starts, by their name there.

        Only the cells `checks` can see those. They run last, each in the state that the notebook had when it came to
        it; what they put out is an answer to be judged, and nothing to be shown.

        Never raises for what the submission does: a sandbox that does not answer is closed, and the run says so.
        Raises `CourseError` when no sandbox can be started. Waiting for a GPU costs a submission none of its time.
        """
        if self.devices is None:
            return self._run(self._started(), cells, cases, checks, files)
        turn, clean = gpu.take_turn(self.devices, self._gpu), False
        try:
            if turn.gpu != self._gpu:  # a sandbox has the nodes of the device that it was started with
                self.close()
                self._gpu = turn.gpu
            process = self._started()
            turn.note(self._first)
            run = self._run(process, cells, cases, checks, files)
            clean = self._process is not None
            return run
        finally:
            if not clean:  # Ctrl-C, for one, leaves the job running
                self.close()
            turn.give_back(clean)

    def _run(
        self,
        process: subprocess.Popen[bytes],
        cells: Sequence[tuple[int, str] | tuple[int, str, str, str]],
        cases: dict[str, str],
        checks: Collection[int],
        files: Mapping[str, bytes] | None,
    ) -> Run:
        head: dict[str, Any] = {
            "checks": sorted(checks),
            "seconds": self.limits.submission_seconds,
            "cell_seconds": self.limits.cell_seconds,
            "limits": self.limits.as_rlimits(self.devices is not None),
            "memory": self.limits.memory,
            "spare": int(self.limits.spare * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
        }
        run = Run("killed", self.limits.submission_seconds)
        deadline = time.monotonic() + 2 * self.limits.submission_seconds + 20
        try:
            _write_frame(process, json.dumps(head).encode(), deadline)
            handed = {name: base64.b64encode(data).decode("ascii") for name, data in (files or {}).items()}
            _write_frame(process, json.dumps([cells, handed]).encode(), deadline)
            report = json.loads(_read_frame(process, deadline))
            for frame in _frames(_read_frame(process, deadline), Room(self.limits.results)):
                run.outputs[frame["cell"]] = frame["outputs"]
                run.numbers[frame["cell"]] = frame["number"]
                run.spent[frame["cell"]] = frame["seconds"]
            run.seconds = report["seconds"]
            run.ended = report["ended"] if report["exit"] == 0 or report["ended"] != "finished" else "killed"
            _write_frame(process, json.dumps(cases).encode(), deadline)
            room = Room(self.limits.answers, 2 * MOST_VALUES)
            for index in head["checks"]:
                answer = next(iter(_frames(_read_frame(process, deadline), room)), None)
                run.answers[index] = answer["outputs"] if answer else []
                run.spent[index] = answer["seconds"] if answer else 0.0
            clean = json.loads(_read_frame(process, deadline))["clean"]
        except (OSError, EOFError, ValueError, KeyError, TypeError, TimeoutError):
            clean = False
        if not clean:
            self.close()
        return run

    def close(self) -> None:
        """End the sandbox and everything in it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()
            self._process = None
        if self._group is not None:
            self._group.end()
            self._group = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        packages = packages_of(self.unit)
        settings = {
            "preload": [
                *PRELOAD,
                *(module for name, modules in ALSO.items() if name in packages for module in modules),
            ],
            "output_bytes": self.limits.output,
            "result_bytes": self.limits.results,
            "user": bwrap.user(),
            "told": self.language != ENGLISH,
        }
        nodes = self._gpu.nodes if self._gpu else ()
        line = [*bwrap.command(self.unit, self.limits.file_size * 2, nodes), json.dumps(settings)]
        told, tell = os.pipe()
        filter_ = _readable(seccomp.program())
        line[1:1] = ["--info-fd", str(tell), "--seccomp", str(filter_)]
        self._group = cgroup.make(self.limits.memory, self.limits.processes)
        line = self._group.wrapped(line) if self._group else line
        pipe, handed = subprocess.PIPE, (tell, filter_)
        try:
            self._process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, pass_fds=handed)
        finally:
            for descriptor in handed:
                os.close(descriptor)
        deadline = time.monotonic() + 120
        try:
            _write_frame(self._process, json.dumps(known_fonts()).encode(), deadline)
            if settings["told"]:  # the sandbox has no catalogues, nor the library that reads them
                _write_frame(self._process, json.dumps(words_for(self.language, self.unit)).encode(), deadline)
            _read_frame(self._process, deadline)
            self._first = json.loads(os.read(told, 4096))["child-pid"]
        except (OSError, EOFError, TimeoutError, ValueError, KeyError):
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace")[-2000:] if self._process.stderr else ""
            self.close()
            raise CourseError(f"The sandbox did not start. {bwrap.unavailable() or said}") from None
        finally:
            os.close(told)
        return self._process


@dataclass
class Room:
    """What of a submission's output still has room in the grader's memory: bytes, and values that are made of them."""

    size: int
    values: int = MOST_VALUES

    def load(self, data: bytes) -> Any:
        """The JSON in `data`; raises `TooLargeError` before anything is made that has no room."""
        if len(data) > self.size:
            raise TooLargeError("all of it together is too long")
        self.values -= check_json(data, self.values)
        self.size -= len(data)
        return parse(data)


def _frames(output: bytes, room: Room | None = None) -> Iterable[dict[str, Any]]:
    """The frames that a learner's process wrote, as far as they are what they should be; it is not to be trusted."""
    room, position = room or Room(Limits.results), 0
    while position + 8 <= len(output):
        try:
            size = int(output[position : position + 8], 16)
            data = output[position + 8 : position + 8 + size]
            frame = _frame(data, room)
        except (ValueError, KeyError, TypeError):
            return
        yield frame
        position += 8 + size


def _frame(data: bytes, room: Room) -> dict[str, Any]:
    """One frame; raises what a frame that is none makes Python raise."""
    try:
        frame = room.load(data)
    except TooLargeError as error:
        cell = CELL.match(data)
        if cell is None:
            raise
        said = {"output_type": "stream", "name": "stderr", "text": TOO_LARGE.format(error)}
        frame = {"cell": int(cell[1]), "number": 0, "outputs": [said]}
    if not (isinstance(frame["cell"], int) and isinstance(frame["number"], int)):
        raise TypeError
    outputs = [output for output in frame["outputs"] if isinstance(output, dict)]
    return {"cell": frame["cell"], "number": frame["number"], "outputs": outputs, "seconds": _seconds(frame)}


def _seconds(frame: dict[str, Any]) -> float:
    told = frame.get("seconds")
    return float(min(told, MOST_SECONDS)) if isinstance(told, int | float) and told >= 0 else 0.0


def _readable(data: bytes) -> int:
    """A descriptor from which a program that is started can read `data`, a few kilobytes."""
    reading, writing = os.pipe()
    os.write(writing, data)  # less than a pipe holds
    os.close(writing)
    return reading


def _read_frame(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    head = _read(process, 8, deadline)
    return _read(process, int(head, 16), deadline)


def _read(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert process.stdout is not None
    chunks: list[bytes] = []
    while size:
        if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        chunk = os.read(process.stdout.fileno(), min(size, MIB))
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _write_frame(process: subprocess.Popen[bytes], data: bytes, deadline: float) -> None:
    assert process.stdin is not None
    view = memoryview(b"%08x" % len(data) + data)
    while view:
        if not select.select([], [process.stdin], [], max(0.0, deadline - time.monotonic()))[1]:
            raise TimeoutError
        view = view[os.write(process.stdin.fileno(), view[:MIB]) :]

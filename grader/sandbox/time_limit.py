"""Run a function in a process of its own, which is ended when it takes too long or too much memory.

What is made of a learner's text goes through regular expressions and parsers of many libraries, some of which need
hours for a text that was made for it, and nothing inside a process ends those at once. The process stays for the next
call, with what it has imported and remembered; only where it had to be ended does the next call begin another one.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import math
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeVar

from grader.sandbox.forked import Forked

Returned = TypeVar("Returned")

PRELOAD = ("grader.pages.exporter", "grader.grading.tasks")
"""What the process imports before it says that it is ready, so that no call's time goes into it."""
MEMORY = 4 * 2**30
"""Bytes of address space that the process may have, a fork beyond its parent's, where the system can limit them."""
SLACK = 10
"""Seconds of computing beyond a call's own after which the kernel ends a process whose parent is gone."""


class TooLongError(Exception):
    """The function did not end within its time or its memory; the text says which, and completes "it ..."."""


class HelperError(RuntimeError):
    """The process cannot be started: something is wrong with this environment, and not with a text."""


class Helper:
    """One process for one call at a time, begun by the first; use the module's `run_limited`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin the process, where there is none, and wait until it is ready."""
        with self._lock:
            self._running()

    def call(self, function: Callable[..., Returned], *arguments: Any, seconds: float) -> Returned:
        """What `function(*arguments)` gives or raises there. Raises `TooLongError` after that many seconds."""
        with self._lock:
            process, begun = self._running(), time.monotonic()
            assert process.stdin is not None and process.stdout is not None
            timer = threading.Timer(max(seconds, 0.0), process.kill)
            timer.start()
            try:
                process.stdin.write(pickle.dumps((seconds, pickle.dumps((function, arguments)))))
                process.stdin.flush()
                succeeded, value = pickle.load(process.stdout)
            except (EOFError, OSError, pickle.UnpicklingError):
                self.end()
                over = time.monotonic() - begun >= seconds
                why = f"took longer than {seconds:.3g} s" if over else "ended the process that did it"
                raise TooLongError(why) from None
            except BaseException:  # Ctrl-C: what it is still to answer must not be taken for the next call's
                self.end()
                raise
            finally:
                timer.cancel()
        if isinstance(value, MemoryError):
            raise TooLongError("took more memory than it may")
        if not succeeded:
            raise value
        result: Returned = value
        return result

    def end(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():  # after a fork it is the parent's
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def fork(self) -> None:
        """Begin it as a fork of this process, which knows no secret yet and has one thread."""
        with self._lock:
            self._process, self._owner = Forked(_live), os.getpid()

    def _running(self) -> subprocess.Popen[bytes] | Forked:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self.end()
            self._process, self._owner = _begin(), os.getpid()
        return self._process


def _begin() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # threads take memory
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.sandbox.time_limit"],  # -P: nothing is imported from the working directory
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **one, "PYTHONPATH": paths},
        start_new_session=True,  # Ctrl-C is its parent's business
    )
    assert process.stdout is not None
    try:
        pickle.load(process.stdout)
    except EOFError:
        raise HelperError(
            f"The process that works on learners' texts could not be started (exit status {process.wait()}): "
            "./course doctor looks at this environment."
        ) from None
    return process


_helper = Helper()
atexit.register(_helper.end)


def get_ready() -> None:
    """Begin the process now, so that the next call's time, and its caller's clock, are for the call alone."""
    _helper.start()


def fork_ready() -> None:
    """As `get_ready`, for a process that has imported what is needed: see `Forked` for when it may do this.

    Where no process can be had, the first call tries once more and says so.
    """
    with contextlib.suppress(OSError):
        _helper.fork()


def run_limited(function: Callable[..., Returned], *arguments: Any, seconds: float) -> Returned:
    """What `function(*arguments)` gives or raises, computed in another process that has this many seconds.

    function: one of a module, found again by its name; the arguments and the result are plain data.
    Raises `TooLongError` when it does not end in time, or takes more memory than `MEMORY`.
    """
    return _helper.call(function, *arguments, seconds=seconds)


class OverdueError(BaseException):
    """The time of a block with a `deadline` is over. No `Exception`: nothing in the block is to take it for its own."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `OverdueError` in the block once it has taken that many seconds.

    For work of this course's own, which cannot move to another process: it ends between two steps of Python, so that a
    single call of a library is waited for.
    """
    thread, over = threading.get_ident(), threading.Lock()

    def interrupt() -> None:
        with over:
            if not timer.finished.is_set():
                _raise_in(thread, ctypes.py_object(OverdueError))

    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        yield
    finally:
        with over:  # from here on nothing is raised any more, not even in what follows
            timer.cancel()
            _raise_in(thread, None)


def _raise_in(thread: int, error: ctypes.py_object | None) -> None:
    """Let a thread raise the error with its next step; None takes back one that has not been raised yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """The process's life: a call at a time, until its parent is gone."""
    while True:
        try:
            seconds, call = pickle.load(requests)
        except EOFError:
            return
        _limit("RLIMIT_CPU", math.ceil(time.process_time() + seconds + SLACK))
        try:
            function, arguments = pickle.loads(call)
            answer = pickle.dumps((True, function(*arguments)))
        except Exception as error:
            answer = _failure(error)
        answers.write(answer)
        answers.flush()


def _failure(error: Exception) -> bytes:
    if not isinstance(error, MemoryError):
        error.add_note(traceback.format_exc())
    try:
        data = pickle.dumps((False, error))
        pickle.loads(data)  # an exception may refuse to be made again
    except Exception:
        data = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return data


def _limit(what: str, most: int) -> None:
    """Set one of this process's limits, where the system has such."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(getattr(resource, what))
        resource.setrlimit(getattr(resource, what), (most if hard < 0 else min(most, hard), hard))


def _live(requests: IO[bytes], answers: IO[bytes]) -> None:
    """The life of a fork. Its parent's threads, of a library for algebra, say, have left their memory in its own."""
    _prepare()
    _limit("RLIMIT_AS", MEMORY + _mapped())
    _serve(requests, answers)


def _prepare() -> None:
    warnings.simplefilter("ignore")
    for module in PRELOAD:
        import_module(module)


def _mapped() -> int:
    """Bytes of address space that this process has, where the system tells them."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def main() -> None:
    """`python -m grader.sandbox.time_limit`, which `run_limited` starts: calls come on standard input."""
    answers = os.fdopen(os.dup(1), "wb")
    _prepare()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # whatever a library prints is no answer
        os.dup2(nowhere, stream)
    _limit("RLIMIT_AS", MEMORY)
    answers.write(pickle.dumps("ready"))
    answers.flush()
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

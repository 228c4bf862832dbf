"""Workers for pure tasks behind one interface: this process, local processes, or a cluster (`cluster.py`).

A worker process that dies (out of memory, say) takes nothing with it but its own task. The standard library's pool is
then broken as a whole, so everything that was under way is tried once more, one by one in a pool of its own; what
breaks that one, too, is reported.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_any
from types import TracebackType
from typing import Any

from course_lib.errors import CourseError
from grader.sandbox import time_limit

AHEAD = 2
"""Tasks handed out for each worker: enough that none waits, and few enough that a large class is not in memory."""
DEATHS = ("BrokenProcessPool", "KilledWorker")


LEAST_MEMORY = 3 * 2**30
LOOK_SECONDS = 5.0
"""How often somebody looks whether the workers are still there while nothing comes back."""


class LostError(Exception):
    """The worker process of a task died twice."""


class ClusterError(CourseError):
    """The workers as a whole are not there any more, or not the right ones: the run ends, and can be taken up again."""


class Inline(Executor):
    """Runs a task in this process when it is handed over."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it; the future is done when this returns."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class WorkerPool:
    """Some workers and what they have to do. Use as a context manager."""

    def __init__(
        self, workers: int, make: Callable[[int], Executor] | None = None, watch: Callable[[], int] | None = None
    ) -> None:
        """make: from a number of workers to an executor; without it, local processes, or this one if one is enough.

        watch: tells how many workers there are now, and raises `ClusterError` when they are gone.
        """
        self._make, self.workers, self._watch = make or processes, workers, watch
        self._inline = make is None and workers == 1
        self._executor: Executor | None = None
        self._under_way: dict[Future[Any], tuple[Any, Callable[..., Any], Any]] = {}
        self._suspects: deque[tuple[Any, Callable[..., Any], Any]] = deque()

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._under_way or self._suspects)

    @property
    def is_warm(self) -> bool:
        """Whether its processes were begun."""
        return self._executor is not None

    @property
    def has_room(self) -> bool:
        """Whether another task would soon be begun."""
        return len(self._under_way) + len(self._suspects) < (1 if self._inline else AHEAD * self.workers)

    def submit(self, key: Any, function: Callable[..., Any], argument: Any) -> None:
        """Hand a task over; `key` comes back with its result."""
        if self._executor is None:
            self._executor = Inline() if self._inline else self._make(self.workers)
        try:
            self._under_way[self._executor.submit(function, argument)] = key, function, argument
        except BrokenProcessPool:  # it broke since the last look
            self._suspects.append((key, function, argument))

    def finished(self, seconds: float | None = None) -> Iterator[tuple[Any, Any]]:
        """Wait until some tasks are done; each key with what came of it, a result or the exception.

        seconds: wait no longer than that; then nothing may come. Raises `ClusterError` when the workers are gone.
        """
        for future in self._wait(seconds):
            task = self._under_way.pop(future)
            error = _error(future)
            if error is not None and type(error).__name__ in DEATHS:
                self._suspects.append(task)
            else:
                yield task[0], error if error is not None else future.result()
        if self._suspects and not any(not future.done() for future in self._under_way):
            yield from self._try_again()

    def _wait(self, seconds: float | None) -> set[Future[Any]]:
        done: set[Future[Any]] = set()
        while self._under_way and not done:
            usual = LOOK_SECONDS if self._watch else None
            done = wait(self._under_way, usual if seconds is None else seconds, FIRST_COMPLETED).done
            if self._watch and not done:
                self.workers = self._watch()
            if seconds is not None:
                break
        return done

    def _try_again(self) -> Iterator[tuple[Any, Any]]:
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        while self._suspects:
            key, function, argument = self._suspects.popleft()
            alone = self._make(1)
            try:
                future = alone.submit(function, argument)
                while self._watch and not wait([future], LOOK_SECONDS).done:
                    self._watch()
                error = _error(future)
            finally:
                alone.shutdown(wait=False)
            if error is not None and type(error).__name__ in DEATHS:
                error = LostError("its worker process died twice, of too much memory perhaps")
            yield key, error if error is not None else future.result()

    def __enter__(self) -> WorkerPool:
        self._before = set(multiprocessing.active_children())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:  # do not wait until a submission's time is over
            for process in set(multiprocessing.active_children()) - self._before:
                process.terminate()


def _error(future: Future[Any]) -> BaseException | None:
    """What a task that is done failed with. Raises `ClusterError` where that means the end for all of them."""
    if future.cancelled():  # not by us: a cluster's client does that when it loses the scheduler
        raise ClusterError(
            "The cluster was lost while submissions were under way. What was graded stays graded; the same command "
            "goes on with the rest."
        )
    error = future.exception()
    if isinstance(error, ClusterError):
        raise error
    return error


def processes(workers: int) -> ProcessPoolExecutor:
    """A pool of processes that share nothing with this one and do not outlive it."""
    get_ready()
    context = multiprocessing.get_context("forkserver" if _forks() else "spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(memory_limit(),))


def get_ready() -> None:
    """Begin the process that workers are forked from: it imports what they need while this one goes on."""
    if _forks():
        from multiprocessing import forkserver  # not where there is no fork

        forkserver.set_forkserver_preload(["grader.grading.tasks"])  # imported once, shared by all of them
        forkserver.ensure_running()


def _forks() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def memory_limit() -> int | None:
    """Bytes that one worker process may have: half of the machine's memory, and no less than grading ever needs.

    None where the system has no such limit.
    """
    if sys.platform == "win32":
        return None
    return max(LEAST_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def _begin(memory: int | None) -> None:
    """A worker's first act: Ctrl-C is its parent's business, it ends when its parent does, its memory is bounded.

    A sandbox takes this limit off again: a submission has limits of its own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _forks():
        time_limit.fork_ready()
    if memory is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    gc.set_threshold(50_000, 20, 50)  # a page is made of a tree of so many objects: looking for rings takes a fifth
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_any([sentinel])
    os._exit(1)

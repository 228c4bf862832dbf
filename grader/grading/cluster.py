"""A Dask cluster as workers: `concurrent.futures.Executor` stays the interface, and what is wrong becomes a sentence.

A cluster's processes come and go, and may have another version of this course. So every worker is looked at before
the first submission, every task says again which version it belongs to, and somebody looks while nothing comes back.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.errors import CourseError
from grader.grading.workers import ClusterError, WorkerPool

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 20
PATIENCE = 60.0
"""Seconds without any worker after which a cluster counts as lost: one that is restarted takes a few."""
DECIDING = ("numpy", "scipy", "torch", "nbgrader", "nbconvert", "nbformat", "ipython")
"""The packages that decide what a notebook computes and how it is read."""
RESUME = "What was graded stays graded; the same command goes on with the rest."


@contextlib.contextmanager
def cluster_pool(address: str, sandboxed: bool, gpu: bool = False) -> Iterator[WorkerPool]:
    """The workers of the cluster whose scheduler is at `address`, after a look at each of them.

    Raises `CourseError`: `distributed` is not installed, nobody answers, there are no workers, or one of them lacks
    the course, has another version of it, or has no sandbox, or no GPU, where submissions are to have one.
    """
    with _quiet(), contextlib.closing(_connect(address)) as client:
        _look_at_workers(client, address, sandboxed, gpu)
        watch = _Watch(client, address)
        with WorkerPool(watch(), lambda number: ClusterExecutor(client, address), watch) as pool:
            yield pool


class ClusterExecutor(Executor):
    """Dask's own executor with this course's version in every task."""

    def __init__(self, client: Client, address: str) -> None:
        # A result is nobody else's: without `pure=False` Dask would take equal arguments for the same task.
        self._inner: Executor = client.get_executor(pure=False)
        self._address = address

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the cluster. Raises `ClusterError` when that is not there any more."""
        try:
            return self._inner.submit(run_if_same, code_hash(), fn, *args, **kwargs)
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(f"The Dask scheduler at {self._address} is gone ({error}). {RESUME}") from error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of what is under way; a cluster that is gone needs no goodbye."""
        with contextlib.suppress(Exception):
            self._inner.shutdown(wait=wait and not cancel_futures)


def run_if_same(code: str, function: Callable[..., Any], *args: Any) -> Any:
    """A worker's end of a task: run it only with the version that the task was made for."""
    if code != code_hash():
        raise ClusterError(f"A Dask worker that joined meanwhile has another version of this course. {RESUME}")
    return function(*args)


@cache
def code_hash() -> str:
    """A hash over this course's code and data, by which two machines know that they have the same."""
    import course_lib
    import grader

    digest = hashlib.sha256()
    for package in (course_lib, grader):
        folder = Path(str(package.__file__)).parent
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{package.__name__}/{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def about() -> dict[str, Any]:
    """What a process has of this course; travels to workers by value, so it imports all that it needs itself."""
    import importlib.metadata
    import platform

    try:
        from grader.grading.cluster import DECIDING, code_hash
        from grader.sandbox import gpu
        from grader.sandbox.bwrap import unavailable
    except ImportError as error:
        return {"missing": str(error)}
    versions = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in DECIDING:
        try:
            versions[name] = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "none"
    return {"code": code_hash(), "versions": versions, "no_sandbox": unavailable(), "no_gpu": gpu.missing()}


class _Watch:
    """How many workers there are; raises `ClusterError` once the scheduler or all workers are gone."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._last_seen = time.monotonic()

    def __call__(self) -> int:
        try:
            workers = len(self._client.nthreads())
        except (OSError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise ClusterError(f"The Dask scheduler at {self._address} does not answer any more. {RESUME}") from error
        if workers:
            self._last_seen = time.monotonic()
        elif time.monotonic() - self._last_seen > PATIENCE:
            raise ClusterError(f"The Dask cluster at {self._address} has had no workers for {PATIENCE:g} s. {RESUME}")
        return max(1, workers)


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(
            "--scheduler needs the package distributed, which is not installed. In the course's folder: "
            'pip install -e ".[cluster]" -c constraints.txt; the same on every machine of the cluster.'
        ) from None
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise CourseError(
            f"No Dask scheduler answers at {address} ({error}). An address is tcp://HOST:8786 or tls://HOST:8786; "
            "`dask scheduler` says its own when it starts."
        ) from error


def _look_at_workers(client: Client, address: str, sandboxed: bool, gpu: bool) -> None:
    import cloudpickle

    from grader.grading import cluster

    cloudpickle.register_pickle_by_value(cluster)  # a worker without the course is to say so
    try:
        told = client.run(about, on_error="return")
    except OSError as error:
        raise CourseError(f"The Dask scheduler at {address} stopped answering ({error}).") from error
    finally:
        cloudpickle.unregister_pickle_by_value(cluster)
    if not told:
        raise CourseError(f"The Dask scheduler at {address} has no workers: start some with `dask worker {address}`.")
    here = about()
    found = {worker: _problem(here, there, sandboxed, gpu) for worker, there in told.items()}
    problems = [f"{worker}: {problem}" for worker, problem in found.items() if problem]
    if problems:
        more = f"\nand {len(problems) - 5} more" if len(problems) > 5 else ""
        raise CourseError(
            f"{len(problems)} of the {len(told)} Dask workers at {address} cannot grade; nothing was begun.\n"
            + "\n".join(problems[:5])
            + more
        )


def _problem(here: dict[str, Any], there: dict[str, Any] | Exception, sandboxed: bool, gpu: bool = False) -> str:
    """What keeps a worker from grading, in a sentence; empty when nothing does."""
    if isinstance(there, Exception):
        return f"It could not say what it has ({type(there).__name__}: {there})."
    if "missing" in there:
        return f"It does not have this course ({there['missing']}): install it there as here, and restart the worker."
    if there["code"] != here["code"]:
        return "It has another version of this course: bring both to the same state, and restart the worker."
    other = [
        f"{name} {there['versions'][name]} (here {version})"
        for name, version in here["versions"].items()
        if there["versions"][name] != version
    ]
    if other:
        return f"It has {', '.join(other)}: install there with -c constraints.txt as here."
    if sandboxed and there["no_sandbox"]:
        return f"{there['no_sandbox']} Grading there without one takes --unsandboxed."
    if gpu and there["no_gpu"]:
        return str(there["no_gpu"])
    return ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own reports of lost connections would stand between the lines for a person, who gets a sentence."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)

"""The bare cells: a submission's cells and what its checks call, in one warm process that grades nothing.

    python benchmarks/grading_bare.py      a line of JSON in for each submission, a line with its two times out

No sandbox, no gradebook, nothing judged or kept: no grader that runs notebooks can be faster than that. Each submission
is run twice, once as it is and once in forks of this process as the sandbox makes them, which says what forks cost.
Learners' code runs with all rights of this account: this is for classes that the benchmark itself has written.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve()


class Bare(NamedTuple):
    """Seconds of one submission."""

    cells: float
    """In the warm process itself."""
    forked: float
    """In its forks: a process for the submission, one for the notebook, and one for each check."""


Ask = Callable[[dict[str, Any]], Bare]


@contextlib.contextmanager
def warm_process(unit: str) -> Iterator[Ask]:
    """A warm process for the unit; what the block gets takes a submission as `job` makes it."""
    line = [sys.executable, str(HERE), unit]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        asking, answers = process.stdin, process.stdout
        answers.readline()

        def ask(submission: dict[str, Any]) -> Bare:
            asking.write(json.dumps(submission) + "\n")
            asking.flush()
            return Bare(*json.loads(answers.readline()))

        yield ask
        asking.close()


def job(cells: Any, cases: dict[str, str], checks: Any, files: Any) -> dict[str, Any]:
    """A submission as `Sandbox.run` is handed it, as plain data."""
    handed = {name: base64.b64encode(data).decode("ascii") for name, data in (files or {}).items()}
    return {"cells": [list(cell) for cell in cells], "cases": cases, "checks": sorted(checks), "files": handed}


class Notebook:
    """One submission's cells, with the shell that runs them."""

    def __init__(self, shell: Any, submission: dict[str, Any]) -> None:
        from course_lib.judging.reference import Reference

        self.shell, self.cells, self.checks = shell, submission["cells"], set(submission["checks"])
        self.cases = {name: Reference.from_json(json.loads(text)) for name, text in submission["cases"].items()}
        for name, data in submission["files"].items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(base64.b64decode(data))

    def run(self, compute: Callable[[str], None]) -> None:
        """Run all cells; `compute` is called at each check with its exercise."""
        for index, source, *part in self.cells:
            if index not in self.checks:
                self.shell.run_recorded(source, 60.0)
            elif part and part[0] == "check":
                compute(part[1])

    def here(self, exercise: str) -> None:
        """Call the exercise's object with the private inputs, in this process."""
        from course_lib.judging.compute import MISSING, run_cases

        run_cases(exercise, self.shell.user_ns.get(exercise, MISSING), self.cases[exercise])

    def beside(self, exercise: str) -> None:
        """The same in a fork, as a check's snapshot."""
        _in_fork(lambda: self.here(exercise))


def _in_fork(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _measured(shell: Any, submission: dict[str, Any], in_forks: bool) -> float:
    """Seconds of the submission. What it leaves in this process is taken away beside the clock."""
    shell.reset(new_session=True)
    notebook = Notebook(shell, submission)
    started = time.perf_counter()
    if in_forks:
        _in_fork(lambda: _in_fork(lambda: notebook.run(notebook.beside)))
    else:
        notebook.run(notebook.here)
    took = time.perf_counter() - started
    import_module("matplotlib.pyplot").close("all")
    return took


def main(unit: str) -> None:
    """Serve until standard input closes."""
    from course_lib.judging.packages import packages_of
    from grader.sandbox.inside.shell import RecordingShell
    from grader.sandbox.sandbox import ALSO, PRELOAD, Limits

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    packages = packages_of(unit)
    for module in [*PRELOAD, "course_lib.judging.compute", *(m for n, ms in ALSO.items() if n in packages for m in ms)]:
        with contextlib.suppress(ImportError):
            import_module(module)
    shell = RecordingShell.make(Limits().output)
    shell.run_recorded("None", 10)
    gc.collect()
    gc.freeze()
    print("ready", file=answers, flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number, line in enumerate(sys.stdin):
            submission, ways = json.loads(line), (False, True)
            took = {forks: _measured(shell, submission, forks) for forks in (ways if number % 2 else ways[::-1])}
            print(json.dumps([took[False], took[True]]), file=answers, flush=True)


if __name__ == "__main__":
    os.environ["COURSE_GRADED"] = "1"  # long experiments are left out, as in the sandbox
    main(sys.argv[1])

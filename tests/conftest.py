"""One BLAS thread for every process that the tests start: kernels side by side must not fight over the cores.

Ctrl-C reaches them, too: a shell that starts the tests in the background would have it ignored by all.
Side by side, a process takes a file at a time, or, of the files that take minutes, a unit.
And what was left out, for want of a GPU or of a program (`helpers/needs.py`), is told at the end, a line each.
"""

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbgrader.api
import pytest
from helpers import needs
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from grader.exercises import all_exercises
from grader.sandbox.sandbox import Sandbox

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

os.environ.setdefault("COURSE_LANGUAGE", "en")  # whatever the developer's system speaks

# For each new gradebook nbgrader starts a process that asks alembic for its newest version: once is enough.
nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)

signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))  # what they measure is tested, too

UNIT_BY_UNIT = ("test_units.py", "test_elsewhere.py", "test_grade.py")
"""They take minutes, so they come first, and their units go to whichever process is free."""
BY_THEIR_EXERCISES = ("test_specs.py", "test_misconceptions.py")
"""A process takes both files' tests of a unit: what the private cases of its exercises are is worked out once."""


class FilesAndUnits(LoadFileScheduling):
    """A process takes a whole file, since its tests share what is made once; of the long ones the tests of one unit."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if file.endswith(BY_THEIR_EXERCISES) and (name := re.search(r"\[(\w+)", nodeid)):
            exercise = all_exercises().get(name[1])
            return f"{Path(file).parent} {exercise.unit}" if exercise else file
        unit = re.search(r"\[(\d\d)_", nodeid) if file.endswith(UNIT_BY_UNIT) else None
        return f"{file} {unit[1]}" if unit else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesAndUnits:
    return FilesAndUnits(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in UNIT_BY_UNIT)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            needs.program(name)


@pytest.fixture(scope="session", autouse=True)
def sandboxes() -> Iterator[None]:
    """A test that starts a sandbox needs what sandboxes are made with, whether it says so or not."""
    start = Sandbox._started

    def start_or_leave_out(worker: Sandbox) -> Any:
        needs.program("bwrap")
        return start(worker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "_started", start_or_leave_out)
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were left out, and what they lacked: they are not among those that passed."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = {id(report): str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports}
    on_gpu = [report for report in reports if "gpu" in report.keywords]
    if on_gpu:
        terminalreporter.section("on a GPU")
        terminalreporter.write_line(
            f"{_tests(len(on_gpu))} skipped. {' '.join(sorted({reasons[id(report)] for report in on_gpu}))} "
            "`./course test --gpu` runs them where there is one."
        )
    lacking = Counter(reason for reason in reasons.values() if reason.startswith("needs "))
    if lacking:
        terminalreporter.section("left out")
        for reason, count in sorted(lacking.items()):
            terminalreporter.write_line(f"{_tests(count)} skipped: {reason}")


def _tests(count: int) -> str:
    return f"{count} test{'s' if count > 1 else ''}"

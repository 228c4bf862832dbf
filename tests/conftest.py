"""One BLAS thread for every process that the tests start: kernels side by side must not fight over the cores.

Ctrl-C reaches them, too: a shell that starts the tests in the background would have it ignored by all.
Side by side, a process takes a file at a time, or, of the files that take minutes, a unit; the longest come first.
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
from typing import TYPE_CHECKING, Any

import nbgrader.api
import pytest
from helpers import needs
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from grader.exercises import all_exercises
from grader.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from helpers.kept import Kept

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Whatever the developer reads: the tests read English, and those of the other languages ask for them.
os.environ["COURSE_LANGUAGE"] = "en"

# For each new gradebook nbgrader starts a process that asks alembic for its newest version: once is enough.
nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)

signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))  # what they measure is tested, too

UNIT_BY_UNIT = ("test_units.py", "test_elsewhere.py")
"""They take minutes, so their units go to whichever process is free."""
BY_PRIVATE_CASES = ("test_grade.py", "test_specs.py", "test_misconceptions.py")
"""A process takes these files' tests of a unit: what the private cases of its exercises are is worked out once."""
LONGEST_FIRST = (
    *("test_audit.py", "test_attacks.py", "test_units.py", "test_corruptions.py", "test_elsewhere.py"),
    *(*BY_PRIVATE_CASES, "test_engine.py", "test_hub.py", "test_watch.py", "test_launcher.py", "test_site_built.py"),
    *("test_browser.py", "test_screen_reader.py", "test_learners_loop.py", "test_search.py", "test_sandbox.py"),
)
"""What is begun last should be short: else one process works for minutes while the others have nothing left to do."""


def unit_of(test: str) -> str | None:
    """The unit that a test of one, or of an exercise, has among its parameters; by its name or its id."""
    name = re.search(r"\[(\w+)", test)
    exercise = all_exercises().get(name[1]) if name else None
    if exercise:
        return exercise.unit
    return name[1] if name and re.match(r"\d\d_", name[1]) else None


class FilesAndUnits(LoadFileScheduling):
    """A process takes a whole file, since its tests share what is made once; of the long ones the tests of one unit."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if file.endswith(BY_PRIVATE_CASES) and (unit := unit_of(nodeid)):
            return f"private cases {unit}"
        if file.endswith(UNIT_BY_UNIT) and (unit := unit_of(nodeid)):
            return f"{file} {unit}"
        return file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesAndUnits:
    return FilesAndUnits(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; of the files that are taken unit by unit, the later units, which train."""

    def place(item: pytest.Item) -> tuple[int, int]:
        file = item.path.name
        if file not in LONGEST_FIRST:
            return len(LONGEST_FIRST), 0
        by_unit = file in (*UNIT_BY_UNIT, *BY_PRIVATE_CASES)
        return LONGEST_FIRST.index(file), -int((unit_of(item.nodeid) or "0")[:2]) if by_unit else 0

    items.sort(key=place)


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


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> "Kept":
    """What takes minutes and hangs on files alone, from an earlier run; CI makes everything anew."""
    from helpers.kept import Kept  # it reads the course, and most tests need nothing of it

    own = None if os.environ.get("CI") else getattr(request.config, "cache", None)
    return Kept(own and own.mkdir("kept"))


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

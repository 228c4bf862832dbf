"""One BLAS thread for every process that the tests start: kernels side by side must not fight over the cores.

Ctrl-C reaches them, too: a shell that starts the tests in the background would have it ignored by all.
Side by side, a process takes a file at a time, or, of the files that take minutes, a unit.
And what has no GPU to run on is told at the end, in one line.
"""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))  # what they measure is tested, too

UNIT_BY_UNIT = ("test_units.py",)
"""They take minutes, so they come first, and their units go to whichever process is free."""


class FilesAndUnits(LoadFileScheduling):
    """A process takes a whole file, since its tests share what is made once; of the long ones the tests of one unit."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        unit = re.search(r"\[(\d\d)_", nodeid) if file.endswith(UNIT_BY_UNIT) else None
        return f"{file} {unit[1]}" if unit else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesAndUnits:
    return FilesAndUnits(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in UNIT_BY_UNIT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests had no GPU, and why: they are not among those that passed."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "gpu" in report.keywords]
    if not skipped:
        return
    reasons = sorted({str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped})
    terminalreporter.section("on a GPU")
    terminalreporter.write_line(
        f"{len(skipped)} test{'s' if len(skipped) > 1 else ''} skipped. {' '.join(reasons)} "
        "`./course test --gpu` runs them where there is one."
    )

"""One BLAS thread for every process that the tests start: kernels side by side must not fight over the cores.

Ctrl-C reaches them, too: a shell that starts the tests in the background would have it ignored by all.
And what has no GPU to run on is told at the end, in one line.
"""

import os
import signal
import sys
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))  # what they measure is tested, too


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

"""What a check costs a learner on top of their own code, and what `import course_lib` costs.

    python benchmarks/check_overhead.py

For each exercise: the time of `check` less the time of the learner's code over the same cases, best of ten, once for
a right answer and once for a wrong one (whose panel may hold a picture). Aim: at most 100 ms. Times are processor time.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_lib import CheckFailed, check, plots
from course_lib.judging.compute import run_cases
from course_lib.judging.reference import load
from grader.exercises import all_exercises


def seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of one call, child processes included: what else the machine does hardly counts."""
    before = os.times()
    work()
    return sum(os.times()[:4]) - sum(before[:4])


def overhead(name: str, answer: Any) -> float:
    """Seconds that `check` adds to the answer's own time; the best of ten."""

    def checked() -> None:
        with capture_output(), contextlib.suppress(CheckFailed):
            check(name, answer)

    return min(seconds(checked) - seconds(lambda: run_cases(name, answer, load(name))) for _ in range(10))


def import_seconds() -> float:
    """What `import course_lib` adds to starting Python; the best of five."""
    commands = ("pass", "import course_lib")
    runs = [
        [seconds(lambda c=c: subprocess.run([sys.executable, "-c", c], check=True)) for c in commands] for _ in range(5)
    ]
    return min(loaded - bare for bare, loaded in runs)


def main() -> None:
    """Print one line an exercise, the slowest first."""
    InteractiveShell.instance()
    plots.use_style()
    rows = [
        (overhead(exercise.name, answer), exercise.name, kind)
        for exercise in all_exercises().values()
        if not exercise.withheld
        for kind, answer in (("right", exercise.right_answers[0]), ("wrong", exercise.misconceptions[0].answer))
    ]
    for added, name, kind in sorted(rows, reverse=True):
        print(f"{1000 * added:6.1f} ms  {name} ({kind})")
    print(f"{1000 * import_seconds():6.1f} ms  import course_lib")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_STATE_DIR"] = folder
        main()

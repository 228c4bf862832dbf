"""What a check costs a learner on top of their own code, in all units, and what `import course_lib` costs.

    python benchmarks/check_overhead.py                          all exercises, some minutes
    python benchmarks/check_overhead.py --units 03 10            some units
    python benchmarks/check_overhead.py --names adam_step        some exercises

For each exercise, once for a right answer and once for a wrong one (whose panel may hold a picture): the time of
`check`, less the part of it that runs the learner's code over the cases. Medians of up to ten rounds, after one that
does not count; of processor time, so that what else the machine does hardly counts. A kernel's first check has to
import what computes and judges: that is told apart. Aim: 20 ms where the answer is right, 100 ms where it is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_lib import CheckFailed, check, plots
from course_lib.judging.packages import packages_of
from course_lib.workspace import find_unit
from grader.exercises import all_exercises
from grader.spec import Exercise

CHECK = import_module("course_lib.check")
AIM_MS = {"right": 20.0, "wrong": 100.0}
ROUNDS, ENOUGH = 10, 4.0
"""So many rounds, but no more, after three, once they have taken so many seconds."""
FIRST = """
import os, sys
from contextlib import redirect_stdout, suppress
before = sum(os.times()[:4])
from course_lib import check, CheckFailed
with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), suppress(CheckFailed):
    check("mse_loss", lambda predictions, targets: 0.0)
print(sum(os.times()[:4]) - before)
"""
"""The first check of a process, import included, as Python text."""


@dataclass(frozen=True)
class Row:
    """What the check of one answer costs, in milliseconds of processor time."""

    name: str
    unit: str
    kind: str
    """`right` or `wrong`."""
    package: str
    own_ms: float
    """The learner's code over all cases."""
    added_ms: float
    """What the check adds, the median."""
    least_ms: float
    rounds: int

    @property
    def ratio(self) -> float:
        """The whole check against the learner's own code."""
        return (self.own_ms + self.added_ms) / self.own_ms if self.own_ms else float("inf")

    @property
    def is_over(self) -> bool:
        """Whether it misses its aim."""
        return self.added_ms > AIM_MS[self.kind]


def now() -> float:
    """Processor seconds of this process and its children that have ended."""
    return time.process_time() + sum(os.times()[2:4])  # the first is exact, of its children it is to 10 ms


class Own:
    """Stands in for `course_lib.check.outcomes_of`: does the same, and adds up what it took."""

    def __init__(self) -> None:
        self.seconds, self._plain = 0.0, CHECK.outcomes_of

    def __call__(self, *arguments: Any) -> Any:
        """What `outcomes_of` gives."""
        before = now()
        try:
            return self._plain(*arguments)
        finally:
            self.seconds += now() - before


def measured(exercise: Exercise, kind: str, answer: Any, own: Own, rounds: int) -> Row:
    """The check of one answer, again and again."""
    times: list[tuple[float, float]] = []
    while len(times) <= rounds and (len(times) < 4 or sum(map(sum, times)) < ENOUGH):
        own.seconds, before = 0.0, now()
        with capture_output(), contextlib.suppress(CheckFailed):
            check(exercise.name, answer)
        times.append((own.seconds, now() - before - own.seconds))
    _, *counted = times
    mine, added = ([1e3 * pair[i] for pair in counted] for i in (0, 1))
    package = "PyTorch" if "torch" in packages_of(exercise.unit) else "NumPy"
    medians = statistics.median(mine), statistics.median(added)
    return Row(exercise.name, exercise.unit, kind, package, *medians, min(added), len(counted))


def rows(exercises: Iterable[Exercise], rounds: int, say: Callable[[str], None]) -> list[Row]:
    """A right and a wrong answer of each; `say` gets what could not be measured."""
    found, own = [], Own()
    CHECK.outcomes_of = own
    try:
        for exercise in exercises:
            answers = [("right", a) for a in exercise.right_answers[:1]]
            answers += [("wrong", m.answer) for m in exercise.misconceptions[:1]]
            for kind, answer in answers:
                found.append(measured(exercise, kind, answer, own, rounds))
                row = found[-1]
                say(
                    f"{row.added_ms:7.1f} ms over {row.own_ms:8.1f} ms of its own  {row.ratio:6.2f} times  "
                    f"{row.name} ({row.unit[:2]}, {kind}{', over its aim' if row.is_over else ''})"
                )
    finally:
        CHECK.outcomes_of = own._plain
    return found


def summary(found: list[Row]) -> list[str]:
    """A line for right and wrong answers of each package: the median, the worst, how many miss their aim."""
    lines = []
    for package, kind in sorted({(row.package, row.kind) for row in found}):
        some = [row for row in found if (row.package, row.kind) == (package, kind)]
        worst = max(some, key=lambda row: row.added_ms)
        over = sum(row.is_over for row in some)
        lines.append(
            f"{package}, {kind}: {len(some)} checks, median {statistics.median(r.added_ms for r in some):.1f} ms and "
            f"{statistics.median(r.ratio for r in some):.2f} times the learner's own; worst {worst.name} with "
            f"{worst.added_ms:.1f} ms; {over} over {AIM_MS[kind]:g} ms"
        )
    return lines


def seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of one call, child processes included."""
    before = now()
    work()
    return now() - before


def import_seconds() -> float:
    """What `import course_lib` adds to starting Python; the best of five."""
    commands = ("pass", "import course_lib")
    runs = [
        [seconds(lambda c=c: subprocess.run([sys.executable, "-c", c], check=True)) for c in commands] for _ in range(5)
    ]
    return min(loaded for _, loaded in runs) - min(bare for bare, _ in runs)


def first_seconds() -> float:
    """What `import course_lib` and the first check in a process, of a wrong answer, take; the best of three."""
    line = [sys.executable, "-c", FIRST]
    return min(float(subprocess.run(line, check=True, capture_output=True, text=True).stdout) for _ in range(3))


def main() -> None:
    """Print a line an exercise, then what they come to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", nargs="+", metavar="UNIT")
    parser.add_argument("--names", nargs="+", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go, too")
    options = parser.parse_args()
    units = {find_unit(unit) for unit in options.units or ()}
    chosen = [
        exercise
        for exercise in all_exercises().values()
        if not exercise.withheld
        and (not units or exercise.unit in units)
        and (not options.names or exercise.name in options.names)
    ]
    InteractiveShell.instance()
    plots.use_style()
    found = rows(chosen, options.rounds, lambda line: print(line, flush=True))
    print("\nthe worst:")
    for row in sorted(found, key=lambda row: -row.added_ms / AIM_MS[row.kind])[:10]:
        print(f"{row.added_ms:7.1f} ms  {row.name} ({row.unit[:2]}, {row.kind}), at least {row.least_ms:.1f}")
    print("", *summary(found), sep="\n")
    imported, first = import_seconds(), first_seconds()
    print(
        f"{1e3 * imported:.0f} ms  import course_lib; with a kernel's first check, of a wrong answer, {1e3 * first:.0f}"
    )
    if options.json:
        told = {"rows": [asdict(row) for row in found], "import_s": imported, "first_s": first}
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_STATE_DIR"] = folder
        main()

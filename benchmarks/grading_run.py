"""One timed run of grading in a process of its own: `python grading_run.py KIND ROOT UNIT [key=value ...]`, JSON out.

KIND is `stock` (nbgrader's own Autograde and GenerateFeedback, with nbgrader's configuration), `course`, or `phases`
(the same as `course` in one process, whose time is looked at: `grading_phases.py`).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from grading_class import stock_config
from grading_phases import phases
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback

from grader.grading.classroom import Classroom, run_converter
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions

KIB = 1024
EVERY = 0.5
"""Seconds between two looks at the processes."""


def stock(root: Path, unit: str, feedback: bool) -> dict[str, Any]:
    """Grade the class by stock nbgrader, one submission after the other, as it does."""
    config = stock_config(root)
    config.CourseDirectory.assignment_id = unit
    started = time.perf_counter()
    log = run_converter(Autograde, config)
    graded = time.perf_counter() - started
    if feedback:
        run_converter(GenerateFeedback, config)
    if "[ERROR]" in log:
        raise SystemExit(f"nbgrader could not grade its own class:\n{log}")
    return {"grade_s": graded, "wall_s": time.perf_counter() - started, "cells_s": 0.0}


def course(root: Path, unit: str, workers: int, feedback: bool, reverify: bool, scheduler: str) -> dict[str, Any]:
    """Grade the class as `./course grade` does, from looking for submissions to the class table."""
    watch = Watch()
    options: dict[str, Any] = {"scheduler": scheduler} if scheduler else {}
    started = time.perf_counter()
    with watch:
        results = grade_class(
            Classroom(root),
            unit,
            root / "submitted",
            GradeOptions(reverify=reverify, feedback=feedback),
            workers,
            say=watch.count,
            **options,
        )
    wall = time.perf_counter() - started
    problems = [f"{r.student}: {r.problem}" for r in results if r.problem]
    if problems:
        raise SystemExit("not graded:\n" + "\n".join(problems[:5]))
    cells = [r.seconds for r in results if r.seconds is not None]
    if reverify and cells:
        raise SystemExit("--reverify executed notebooks")
    return {"wall_s": wall, "cells_s": sum(cells), **watch.found()}


class Watch:
    """Memory and processor time of this process and all below it, looked at twice a second."""

    def __init__(self) -> None:
        self._done, self._stop = 0, threading.Event()
        self._rss: dict[str, list[tuple[int, int]]] = {"grader": [], "workers": [], "sandboxes": []}
        self._cpu: dict[int, float] = {}
        self._kind: dict[int, str] = {}

    def count(self, _line: str) -> None:
        """One more submission is finished."""
        self._done += 1

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(EVERY):
            most: dict[str, int] = {}
            for process in [me, *me.children(recursive=True)]:
                try:
                    kind = "grader" if process == me else self._kind.get(process.pid) or _kind(process)
                    self._kind[process.pid] = kind
                    most[kind] = max(most.get(kind, 0), process.memory_info().rss)
                    times = process.cpu_times()
                    self._cpu[process.pid] = times.user + times.system
                except psutil.Error:
                    continue
            for kind, rss in most.items():
                if kind in self._rss:
                    self._rss[kind].append((self._done, rss))

    def found(self) -> dict[str, Any]:
        """Peaks in MiB, growth in KiB a submission over the second half, processor seconds by kind of process."""
        cpu: Counter[str] = Counter()
        for pid, seconds in self._cpu.items():
            cpu[self._kind[pid]] += seconds
        told: dict[str, Any] = {"cpu_s": dict(cpu)}
        told["peak_mib"] = {k: max(r for _, r in v) / KIB**2 for k, v in self._rss.items() if v}
        told["slope_kib"] = {k: slope(v[len(v) // 2 :]) for k, v in self._rss.items() if len(v) >= 8}
        told["rss_mib"] = {
            k: [(n, round(r / KIB**2, 1)) for n, r in v[:: max(1, len(v) // 40)]] for k, v in self._rss.items()
        }
        return told


def _kind(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    if "forkserver" in line:
        return "workers"
    return "sandboxes" if "zygote.py" in line else "others"


def slope(points: list[tuple[int, int]]) -> float:
    """KiB of memory a submission, by least squares."""
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread / KIB if spread else 0.0


def scores(url: str, unit: str) -> dict[str, float | None]:
    """What the gradebook says of each student's checks."""
    with Gradebook(url) as gradebook:
        return {
            f"{submission.student.id} {grade.name}": grade.auto_score
            for submission in gradebook.assignment_submissions(unit)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.name.startswith("check_")
        }


def main(kind: str, root: str, unit: str, *more: str) -> None:
    """Run it and print what came of it."""
    options = {"workers": "1", "feedback": "1", "reverify": "0", "scheduler": "", **dict(o.split("=", 1) for o in more)}
    folder, feedback = Path(root), options["feedback"] == "1"
    if kind == "phases":
        told = phases(folder, unit)
    elif kind == "stock":
        told = stock(folder, unit, feedback)
    else:
        workers, reverify = int(options["workers"]), options["reverify"] == "1"
        told = course(folder, unit, workers, feedback, reverify, options["scheduler"])
    told["scores"] = scores(f"sqlite:///{folder / 'gradebook.db'}", unit)
    print(json.dumps(told))


if __name__ == "__main__":  # worker processes import this file
    main(*sys.argv[1:])

"""The same class graded by stock nbgrader and by `./course grade`, the scores compared; and what each part costs.

    python benchmarks/grading.py                              everything: most of an hour, on an idle machine
    python benchmarks/grading.py --only ratio --students 40
    python benchmarks/grading.py --only memory --memory-students 5000

Sections: ratio, phases, growth, reverify, memory, and with --dask also dask. Classes are made of one unit, from
untouched to perfect. "Graded cells" classes leave out the unit's experiments, whose drawing costs the same in any
grader. Stock nbgrader takes seconds a submission, so it grades the first few of the class and is scaled; scores are
compared for all of these.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grading_class import Twin, make_class
from grading_phases import phases

from course_lib.workspace import find_unit

HERE = Path(__file__).parent
SECTIONS = ("ratio", "phases", "growth", "reverify", "memory", "dask")
RATIO, OVERHEAD_MS, CLASS_S, REVERIFY_S = 25, 60, 120, 20
"""The figures to reach, on two cores."""


def run(kind: str, root: Path, unit: str, **options: Any) -> dict[str, Any]:
    """One run in a process of its own; what it measured."""
    more = [f"{key}={int(value) if isinstance(value, bool) else value}" for key, value in options.items()]
    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "COURSE_STATE_DIR": str(root),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    }
    line = [sys.executable, str(HERE / "grading_run.py"), kind, str(root), unit, *more]
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


class Bench:
    """The benchmark: each section is a method that returns its figures; `say` gets the lines of the table."""

    def __init__(self, options: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> None:
        self.options, self.folder, self.say = options, folder, say
        self.unit, self.workers = find_unit(options.unit), options.workers
        self.kinds = (True,) if options.graded_cells else (True, False)

    def _class(self, name: str, students: int, lean: bool = True, stock: int = 0) -> Twin:
        return make_class(self.folder / name, self.unit, students, lean, stock)

    def ratio(self) -> dict[str, Any]:
        """Throughput against stock nbgrader's, without and with feedback pages, same scores asserted."""
        told: dict[str, Any] = {}
        for lean in self.kinds:
            what = "graded cells" if lean else "whole unit"
            students, few = self.options.students, min(self.options.students, self.options.stock_students)
            twin = self._class(f"ratio-{lean}", students, lean, few)
            fresh = twin.course.with_name("course-with-pages")
            if self.options.pages:
                shutil.copytree(twin.course, fresh)
            theirs = run("stock", twin.stock, self.unit, feedback=self.options.pages)
            ours = run("course", twin.course, self.unit, workers=self.workers, feedback=False)
            same = same_scores(theirs, ours)
            self.say(f"{what}: the same {same} scores of {few} students by both")
            told[what] = self._compare("autograde", theirs["grade_s"] / few, ours, students) | {"same_scores": same}
            if self.options.pages:
                pages = run("course", fresh, self.unit, workers=self.workers)
                same_scores(ours, pages)
                told[f"{what}, with pages"] = self._compare("and pages", theirs["wall_s"] / few, pages, students)
        return told

    def _compare(self, what: str, stock_s: float, ours: dict[str, Any], students: int) -> dict[str, float]:
        """Seconds a submission by both, and their ratio."""
        each = {"stock_s": stock_s, "course_s": ours["wall_s"] / students, "cells_s": ours["cells_s"] / students}
        ratio = stock_s / each["course_s"]
        self.say(
            f"  {what:<10} stock nbgrader {stock_s:7.3f} s a submission; ./course grade {each['course_s']:.3f} s "
            f"({students} students, {self.workers} workers, sandboxed), its cells {each['cells_s']:.3f} s; "
            f"ratio {ratio:.1f} (aim: {RATIO})"
        )
        return each | {"ratio": ratio}

    def phases(self) -> dict[str, Any]:
        """Milliseconds a submission by phase."""
        told = {}
        for lean in self.kinds:
            what = "graded cells" if lean else "whole unit"
            found = phases(self._class(f"phases-{lean}", self.options.students + 1, lean).course, self.unit)
            self.say(f"{what}: a submission, one process   processor     wall")
            for name, cost in found.items():
                cpu = f"{cost['cpu_ms']:8.1f} ms" if cost["cpu_ms"] else " " * 11
                self.say(f"  {name:<26} {cpu} {cost['wall_ms']:8.1f} ms")
            pageless = sum(c["wall_ms"] for n, c in found.items() if n not in ("cells", "feedback page"))
            self.say(
                f"  over the bare cells {pageless:.1f} ms, and {found['feedback page']['wall_ms']:.1f} for the page "
                f"(aim: {OVERHEAD_MS})"
            )
            told[what] = found
        return told

    def growth(self) -> dict[str, Any]:
        """How cost grows with the class and with workers, pages included."""
        self.say("students  workers   seconds   each   cells   overhead a submission and core")
        told = {}
        for students in self.options.sizes:
            for workers in sorted({1, self.workers} if students < max(self.options.sizes) else {self.workers}):
                twin = self._class(f"growth-{students}-{workers}", students)
                ran = run("course", twin.course, self.unit, workers=workers)
                over = 1e3 * (workers * ran["wall_s"] - ran["cells_s"]) / students
                self.say(
                    f"{students:8} {workers:8} {ran['wall_s']:9.1f} {ran['wall_s'] / students:6.3f} "
                    f"{ran['cells_s']:7.1f} {over:8.1f} ms"
                )
                told[f"{students} students, {workers} workers"] = {**plain(ran), "overhead_ms": over}
        self.say(f"(aim: 1000 in {CLASS_S} s, plus the cells' own time shared by {self.workers} workers)")
        return told

    def reverify(self) -> dict[str, Any]:
        """`--reverify` of a class that was graded."""
        students = self.options.reverify_students
        twin = self._class("reverify", students)
        first = run("course", twin.course, self.unit, workers=self.workers)
        again = run("course", twin.course, self.unit, workers=self.workers, reverify=True)
        same_scores(first, again)
        cpu = 1e3 * sum(again["cpu_s"].values()) / students
        self.say(
            f"{students} judged anew in {again['wall_s']:.1f} s by {self.workers} workers (aim: 1000 in {REVERIFY_S}); "
            f"{cpu:.0f} ms of processor time each; first run {first['wall_s']:.1f} s; same scores"
        )
        return {"first": plain(first), "again": plain(again), "cpu_ms": cpu}

    def memory(self) -> dict[str, Any]:
        """Peak memory and its growth over a large class, pages included."""
        students = self.options.memory_students
        ran = run("course", self._class("memory", students).course, self.unit, workers=self.workers)
        self.say(f"{students} students in {ran['wall_s']:.0f} s")
        for kind, peak in ran["peak_mib"].items():
            slope = ran["slope_kib"].get(kind)
            grows = "too short to tell" if slope is None else f"{slope:+.2f} KiB a submission over the second half"
            self.say(f"  {kind:<10} peak {peak:7.1f} MiB, {grows}")
        return plain(ran) | {"rss_mib": ran["rss_mib"], "slope_kib": ran["slope_kib"]}

    def dask(self) -> dict[str, Any]:
        """The same class on two local Dask workers and on as many processes."""
        try:
            from distributed import LocalCluster
        except ImportError:
            self.say("distributed is not installed: left out")
            return {}
        students = self.options.students
        here = run("course", self._class("dask-here", students).course, self.unit, workers=2)
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            there = run("course", self._class("dask", students).course, self.unit, scheduler=cluster.scheduler_address)
        same = same_scores(here, there)
        self.say(
            f"{students} students: {here['wall_s']:.1f} s in 2 processes, {there['wall_s']:.1f} s on 2 Dask workers; "
            f"same {same} scores"
        )
        return {"processes": plain(here), "dask": plain(there)}


def same_scores(one: dict[str, Any], other: dict[str, Any]) -> int:
    """Assert that everything graded in `one` has the same score in `other`; how many there are."""
    differ = {k: (v, other["scores"].get(k)) for k, v in one["scores"].items() if v != other["scores"].get(k)}
    if differ or not one["scores"]:
        raise SystemExit(f"not the same scores: {differ}")
    return len(one["scores"])


def plain(ran: dict[str, Any]) -> dict[str, Any]:
    """A run's figures without its lists."""
    return {key: value for key, value in ran.items() if key not in ("scores", "rss_mib")}


def machine() -> str:
    """The processor, its cores, and Python."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="ascii", errors="replace").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument = parser.add_argument
    argument("--unit", default="00", help="a unit whose exercises are plain functions (default: 00)")
    argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    argument("--graded-cells", action="store_true", help="ratio and phases without the unit's experiments only")
    argument("--no-pages", dest="pages", action="store_false", help="ratio without feedback pages")
    argument("--dask", action="store_true", help="also on two local Dask workers")
    argument("--students", type=int, default=100, metavar="N", help="for ratio, phases, dask (default: 100)")
    argument("--stock-students", type=int, default=10, metavar="N", help="graded by stock nbgrader (default: 10)")
    argument("--sizes", type=int, nargs="+", default=[50, 200, 1000], metavar="N", help="for growth")
    argument("--reverify-students", type=int, default=1000, metavar="N")
    argument("--memory-students", type=int, default=3000, metavar="N")
    argument("--workers", type=int, default=2, metavar="N")
    argument("--json", type=Path, default=Path("grading_benchmark.json"), metavar="FILE", help="where figures go")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the sections, print the table, write the figures."""
    options = parsed(arguments)
    chosen = options.only or [name for name in SECTIONS if name != "dask" or options.dask]
    figures: dict[str, Any] = {"machine": machine(), "unit": find_unit(options.unit)}
    print(f"{figures['machine']}\nunit {figures['unit']}")
    for name in chosen:
        print(f"\n== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            figures[name] = getattr(Bench(options, Path(folder), lambda line: print(line, flush=True)), name)()
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

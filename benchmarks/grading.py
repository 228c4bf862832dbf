"""The same class graded by stock nbgrader and by `./course grade`, the scores compared; and what each part costs.

    python benchmarks/grading.py                              everything: most of an hour, on an idle machine
    python benchmarks/grading.py --only ratio --students 40
    python benchmarks/grading.py --only phases cluster --graded-cells
    python benchmarks/grading.py --only growth --sizes 5000 --processes 2
    python benchmarks/grading.py --only memory --memory-students 5000

Sections: ratio, phases (whose time a submission takes), growth (with the class and with processes), cluster
(simulated, from the measured phases, to 100,000 submissions an hour), reverify, memory, and with --dask also dask.
Classes are made of one unit, from untouched to perfect. "Graded cells" classes leave out the unit's experiments, whose
drawing costs the same in any grader. Stock nbgrader takes seconds a submission, so it grades the first few of the class
and is scaled; scores are compared for all of these.
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
from logging import ERROR
from pathlib import Path
from typing import Any

from grading_class import Twin, make_class
from grading_model import most_per_hour, table

from course_lib.workspace import find_unit

HERE = Path(__file__).parent
SECTIONS = ("ratio", "phases", "growth", "cluster", "reverify", "memory", "dask")
RATIO, OVERHEAD_MS, CLASS_S, REVERIFY_S = 30, 60, 60, 10
"""The figures to reach, on two cores."""


def run(kind: str, root: Path, unit: str, **options: Any) -> dict[str, Any]:
    """One run in a process of its own; what it measured."""
    more = [f"{key}={int(value) if isinstance(value, bool) else value}" for key, value in options.items()]
    paths = [str(HERE.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
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

    folder: Path
    """Where the section makes its classes; another one for each."""

    def __init__(self, options: argparse.Namespace, say: Callable[[str], None]) -> None:
        self.options, self.say = options, say
        self._measured: dict[bool, dict[str, Any]] = {}
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
        """Milliseconds a submission by phase and by whose they are, and the bare cells in one warm process."""
        self._measured = {lean: self._phases(lean) for lean in self.kinds}
        return {("graded cells" if lean else "whole unit"): found for lean, found in self._measured.items()}

    def _phases(self, lean: bool) -> dict[str, Any]:
        twin = self._class(f"phases-{lean}", self.options.students + 1, lean)
        found = run("phases", twin.course, self.unit)
        whole, owners = found["whole_ms"], found["owners_ms"]
        cells = next(iter(owners.values()))
        self.say(
            f"{'graded cells' if lean else 'whole unit'}: ms a submission, one process, {found['submissions']} of them"
        )
        self.say(line("phase", *owners, "all"))
        self.say(line(*["---"] * (len(owners) + 2)))
        for name, parts in found["phases_ms"].items():
            self.say(line(name, *(f"{ms:.1f}" if ms else "" for ms in parts.values()), f"{sum(parts.values()):.1f}"))
        self.say(line("all", *(f"{ms:.1f}" for ms in owners.values()), f"{whole:.1f}"))
        self.say(line("share", *(f"{ms / whole:.0%}" for ms in owners.values()), ""))
        self.say(
            f"the limit: the bare cells in one warm process, {cells:.1f} ms, {1e3 / cells:.1f} a second and core; "
            f"grading takes {whole / cells:.1f} times that, {whole - cells:.1f} ms over it (aim: {OVERHEAD_MS})"
        )
        return found

    def growth(self) -> dict[str, Any]:
        """How cost grows with the class and with processes, pages included."""
        self.say(line("students", "processes", "seconds", "each", "cells", "overhead a submission and core"))
        self.say(line(*["---"] * 6))
        told = {}
        for students in self.options.sizes:
            fresh = self._class(f"growth-{students}", students).course
            for workers in self.options.processes:
                course = fresh.with_name(f"course-{workers}")
                shutil.copytree(fresh, course)
                ran = run("course", course, self.unit, workers=workers)
                over = 1e3 * (min(workers, os.cpu_count() or 1) * ran["wall_s"] - ran["cells_s"]) / students
                each = f"{ran['wall_s'] / students:.3f} s"
                self.say(
                    line(students, workers, f"{ran['wall_s']:.1f}", each, f"{ran['cells_s']:.1f}", f"{over:.0f} ms")
                )
                told[f"{students} students, {workers} processes"] = {**plain(ran), "overhead_ms": over}
                shutil.rmtree(course)
        self.say(f"(aim: 1000 in {CLASS_S} s, plus the cells' own time shared by {self.workers} workers)")
        return told

    def cluster(self) -> dict[str, Any]:
        """A cluster, simulated from the phases that this run has measured (`grading_model.py`)."""
        measured = (self._measured.get(True) or self._phases(True))["steps_s"]
        mean = {step: sum(times[step] for times in measured) / len(measured) for step in measured[0]}
        self.say("measured: " + ", ".join(f"{step} {1e3 * seconds:.1f} ms" for step, seconds in mean.items()))
        titles = "submissions an hour", "workers' cores", "busy", "the one process busy", "95 of 100 within"
        self.say(line(*titles, "under way after the hour", "full first"))
        self.say(line(*["---"] * 7))
        rows = table(measured)
        for hour in rows:
            shares = f"{hour['cores_busy']:.0%}", f"{hour['grader_busy']:.0%}", f"{hour['within_95_s']:.1f} s"
            self.say(line(f"{hour['per_hour']:,}", hour["cores"], *shares, f"{hour['queued']:,}", hour["bottleneck"]))
        most = most_per_hour(measured, 10**9)
        self.say(f"with cores enough, the one process that collects and writes is full at {most:,.0f} an hour")
        return {"steps_ms": {step: 1e3 * s for step, s in mean.items()}, "rows": rows, "most_per_hour": most}

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
        """The same class on local Dask workers and on as many processes."""
        try:
            from distributed import LocalCluster
        except ImportError:
            self.say("distributed is not installed: left out")
            return {}
        students, told = self.options.students, {}
        fresh = self._class("dask", students).course
        for workers in self.options.processes:
            one, other = (fresh.with_name(f"{kind}-{workers}") for kind in ("processes", "dask"))
            shutil.copytree(fresh, one)
            shutil.copytree(fresh, other)
            here = run("course", one, self.unit, workers=workers)
            with LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=ERROR
            ) as cluster:
                there = run("course", other, self.unit, scheduler=cluster.scheduler_address)
            same = same_scores(here, there)
            self.say(
                f"{students} students: {here['wall_s']:.1f} s in {workers} processes, {there['wall_s']:.1f} s on as "
                f"many Dask workers; same {same} scores"
            )
            told[str(workers)] = {"processes": plain(here), "dask": plain(there)}
        return told


def line(*cells: object) -> str:
    """A row of a table, in Markdown."""
    return f"| {' | '.join(map(str, cells))} |"


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
    argument("--dask", action="store_true", help="also on local Dask workers")
    argument("--students", type=int, default=100, metavar="N", help="for ratio, phases, dask (default: 100)")
    argument("--stock-students", type=int, default=10, metavar="N", help="graded by stock nbgrader (default: 10)")
    argument("--sizes", type=int, nargs="+", default=[100, 300, 1000], metavar="N", help="for growth")
    argument("--processes", type=int, nargs="+", default=[1, 2, 4], metavar="N", help="for growth and dask")
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
    bench = Bench(options, lambda line: print(line, flush=True))
    for name in chosen:
        print(f"\n== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            bench.folder = Path(folder)
            figures[name] = getattr(bench, name)()
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Whose time grading takes: the learners' cells, Python's forks, the sandbox around them, nbgrader, or this course.

A class is graded by `grade_class` in this process, as with `--workers 1`, while a clock looks a thousand times a second
at what runs and charges the time since its last look to it. So the shares add up to what was measured. A moment is
nbgrader's where the innermost function that belongs to anybody is of nbgrader, nbconvert or nbformat; libraries count
to whoever called them. Of a call to the helper process (`grader.sandbox.time_limit`) a clock there tells the shares.

While the sandbox runs, that clock sees waiting alone. What the cells take of it is measured beside, with the same
cells, after each submission, in one warm process without and with forks (`grading_bare.py`); the rest is the sandbox.
"""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import nbconvert
import nbformat
import nbgrader
from grading_bare import Bare, job, warm_process
from grading_model import Times

import course_lib
import grader
from grader.grading import tasks
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions, GradingRun
from grader.sandbox import sandbox, time_limit
from grader.sandbox.sandbox import Sandbox
from grader.submissions.gather import gather

EVERY = 0.001
"""Seconds between two looks."""
NBGRADER, OURS, WAITS = "nbgrader's own", "ours", "sandbox"
CELLS, FORKS, WALLS = "bare cells", "Python's forks", "sandbox around them"
OWNERS = (CELLS, FORKS, WALLS, NBGRADER, OURS)
PHASES = {
    gather: "gather",
    GradingRun.begin: "read",
    tasks._prepared: "repair",
    tasks._run: "execute",
    tasks._grade: "judge",
    GradingRun._enter: "record",
    tasks.make_page: "page",
    GradingRun._take: "page's file",
}
"""Where a moment belongs: to the innermost of these functions that is under way."""
REST = "the rest"
STEPS = {
    "collecting disk": ("gather", "read"),
    "cells and judging": ("repair", "execute", "judge"),
    "gradebook": ("record",),
    "page": ("page",),
    "page's file": ("page's file", REST),
}
"""What the model of a cluster (`grading_model`) takes for its steps."""

Ledger = Counter[tuple[str, str]]
"""Seconds by phase and owner."""


def _folder(module: Any) -> str:
    return str(Path(str(module.__file__)).parent) + "/"


BELONGS = {_folder(m): NBGRADER for m in (nbgrader, nbconvert, nbformat)} | {
    _folder(m): OURS for m in (grader, course_lib)
}
SANDBOX_FILE = str(sandbox.__file__)


class Clock:
    """Charges time to the phase and the owner of what the main thread runs. Use as a context manager."""

    def __init__(self) -> None:
        self.ledger: Ledger = Counter()
        self._phases: dict[CodeType, str] = {function.__code__: name for function, name in PHASES.items()}
        self._owners: dict[str, str] = {}
        self._last = 0.0

    def __enter__(self) -> Clock:
        self._before = signal.signal(signal.SIGALRM, self._look)
        self.go_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()
        signal.signal(signal.SIGALRM, self._before)

    def go_on(self) -> None:
        """Charge from now on."""
        self._last = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)

    def pause(self) -> None:
        """Charge up to now, and then nothing."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._charge(None)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        self._charge(frame)

    def _charge(self, frame: FrameType | None) -> None:
        now = time.perf_counter()
        self.ledger[self.place(frame)] += now - self._last
        self._last = now

    def place(self, frame: FrameType | None) -> tuple[str, str]:
        """The phase and the owner of a moment."""
        phase, owner = "", ""
        while frame is not None and not (phase and owner):
            code = frame.f_code
            owner = owner or self._owner(code.co_filename)
            phase = phase or self._phases.get(code, "")
            frame = frame.f_back
        return phase or REST, owner or OURS

    def _owner(self, file: str) -> str:
        if file not in self._owners:
            known = (owner for folder, owner in BELONGS.items() if file.startswith(folder))
            self._owners[file] = WAITS if file == SANDBOX_FILE else next(known, "")
        return self._owners[file]


def clocked(function: Callable[..., Any], *arguments: Any) -> tuple[Any, dict[str, float]]:
    """In the helper process: what the function gives, and seconds by owner."""
    with Clock() as clock:
        result = function(*arguments)
    shares: Counter[str] = Counter()
    for (_, owner), seconds in clock.ledger.items():
        shares[owner] += seconds
    return result, dict(shares)


class Watched:
    """The class's run, watched: a ledger for each submission, and its bare cells beside."""

    def __init__(self, clock: Clock, ask: Callable[[dict[str, Any]], Bare]) -> None:
        self.clock, self.ask = clock, ask
        self.ledgers: list[Ledger] = []
        self.bare: list[Bare] = []
        self._job: dict[str, Any] = {}

    def told(self, _line: str) -> None:
        """A submission is finished: close its ledger, and run its cells without a grader."""
        self.clock.pause()
        self.ledgers.append(Counter(self.clock.ledger))
        self.bare.append(self.ask(self._job))
        self.clock.ledger.clear()
        self.clock.go_on()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """For the block, note what the sandbox is handed, and have the helper process tell its shares."""
        run, call = Sandbox.run, time_limit.Helper.call

        def noted(box: Sandbox, cells: Any, cases: Any, checks: Any = (), files: Any = None) -> Any:
            self._job = job(cells, cases, checks, files)
            return run(box, cells, cases, checks, files)

        def shared(helper: time_limit.Helper, function: Any, *arguments: Any, seconds: float) -> Any:
            result, shares = call(helper, clocked, function, *arguments, seconds=seconds)
            phase, _ = self.clock.place(sys._getframe())
            for owner, took in shares.items():
                if owner != OURS:  # the whole wait is charged to us, as whoever waits for the helper
                    self.clock.ledger[phase, owner] += took
                    self.clock.ledger[phase, OURS] -= took
            return result

        Sandbox.run, time_limit.Helper.call = noted, shared  # type: ignore[method-assign]
        try:
            yield
        finally:
            Sandbox.run, time_limit.Helper.call = run, call  # type: ignore[method-assign]


def phases(root: Path, unit: str) -> dict[str, Any]:
    """Grade the class in `root`; milliseconds a submission by phase and owner, which add up to `whole_ms`.

    The first submission is not counted: imports, the sandbox's start and templates are a class's, not a submission's.
    """
    gc.set_threshold(50_000, 20, 50)  # as a worker process has it
    with warm_process(unit) as ask, Clock() as clock:
        watched = Watched(clock, ask)
        with watched.at_work():
            started = time.perf_counter()
            results = grade_class(Classroom(root), unit, root / "submitted", GradeOptions(), 1, say=watched.told)
            took = time.perf_counter() - started
    problems = [f"{r.student}: {r.problem}" for r in results if r.problem]
    if problems:
        raise SystemExit("not graded:\n" + "\n".join(problems[:5]))
    return _shares(watched, took)


def _shares(watched: Watched, took: float) -> dict[str, Any]:
    first, *ledgers = watched.ledgers
    count = len(ledgers)
    gathered = sum(seconds for (phase, _), seconds in first.items() if phase == "gather") / (count + 1)
    total: Ledger = Counter()
    for ledger in ledgers:
        ledger["gather", OURS] += gathered  # a folder is looked through before the first is begun
        total.update(ledger)
    cells, forked = (sum(bare[i] for bare in watched.bare[1:]) for i in (0, 1))
    waited = total.pop(("execute", WAITS), 0.0)
    total["execute", CELLS] = cells
    total["execute", FORKS] = forked - cells
    total["execute", WALLS] = waited - forked
    table: dict[str, dict[str, float]] = {}
    for (phase, owner), seconds in total.items():
        owner = WALLS if owner == WAITS else owner
        row = table.setdefault(phase, dict.fromkeys(OWNERS, 0.0))
        row[owner] += 1e3 * seconds / count
    owners = {owner: sum(row[owner] for row in table.values()) for owner in OWNERS}
    return {
        "submissions": count,
        "whole_ms": sum(owners.values()),
        "owners_ms": owners,
        "phases_ms": {name: table[name] for name in (*PHASES.values(), REST) if name in table},
        "first_s": sum(first.values()),
        "run_s": took,
        "steps_s": [_steps(ledger) for ledger in ledgers],
    }


def _steps(ledger: Ledger) -> Times:
    by_phase: Counter[str] = Counter()
    for (phase, _), seconds in ledger.items():
        by_phase[phase] += seconds
    return {step: sum(by_phase[name] for name in names) for step, names in STEPS.items()}

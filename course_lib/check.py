"""`check("mse_loss")`: the one check cell, with two lives.

In your kernel it runs the visible cases, judges them, shows a panel and raises `CheckFailed` when something is not
right. Where the grader runs your notebook (it sets COURSE_GRADING to a folder with private cases), the same line only
computes: it emits what your code returned, and a process that your code cannot touch judges it.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from course_lib import progress
from course_lib.errors import LeftOut
from course_lib.judging import render
from course_lib.judging.outcome import Outcome, Problem
from course_lib.judging.reference import Reference, load
from course_lib.kernel import live
from course_lib.language.choice import ENGLISH
from course_lib.shipped import reminder, unit_worked_on_in
from course_lib.told import in_language, put_together, sign

if TYPE_CHECKING:
    from course_lib.judging.judge import Verdict

# What computes, judges and reads the notebook's cells is imported by the first check: the first cell does not wait.

MIME = "application/vnd.optimization-course.answers+json"
GRADING = "COURSE_GRADING"
GRADED = "COURSE_GRADED"
"""Set wherever a notebook runs for a grade, in all of its cells; the private cases are there for the checks alone."""

_verdicts: dict[str, Verdict] = {}
"""The latest verdict of each exercise in this kernel: `waits_for` looks here."""


class CheckFailed(Exception):  # noqa: N818 - what a learner reads; it is a result, not an error of the course
    """An exercise that is not right yet. The panel above it explains; this keeps the traceback to one sentence."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        sentences = render.advice(verdict)
        super().__init__(put_together([render.headline(verdict) + sign("."), *sentences[:1]]))

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


def check(name: str, obj: Any = None) -> None:
    """Check the exercise `name`: the object of that name in your notebook, or `obj` if you hand one over.

    Raises `CheckFailed` when something is not right yet, so that a run of all cells stops here, and nbgrader's
    Validate reports it.
    """
    from course_lib.judging.compute import MISSING

    yours = obj is None
    if yours:
        obj = sys._getframe(1).f_globals.get(name, MISSING)
    if os.environ.get(GRADING):
        outcomes = outcomes_of(name, obj, private_inputs(name, Path(os.environ[GRADING])))
        render.display(emitted(name, outcomes))
        return
    from course_lib.judging.judge import judge
    from course_lib.kernel.ran import live_problem

    _remind()
    reference = load(name)
    against = None if obj is MISSING else live_problem(reference, obj, yours)
    unusable = [Outcome(problem=against)] * len(reference.cases)
    outcomes = unusable if against else live.explained(name, obj, outcomes_of(name, obj, reference))
    verdict = judge(outcomes, reference)
    _verdicts[name] = verdict
    if yours:  # a try-out that is handed over is not an attempt
        _record(verdict, reference)
    _show(verdict, outcomes, reference)
    if not verdict.passed:
        raise CheckFailed(verdict)


@cache
def _remind() -> None:
    """Once a kernel: whoever works in the handed-out copy is told, before it costs them anything."""
    unit = unit_worked_on_in(Path.cwd())
    if unit is not None:
        render.show_note([reminder(unit)], render.RED)


def _record(verdict: Verdict, reference: Reference) -> None:
    earned = verdict.points * verdict.passed if verdict.withheld else verdict.earned
    progress.record(
        "check",
        exercise=verdict.exercise,
        unit=reference.unit,
        earned=earned,
        points=verdict.points,
        diagnoses=[d.name for d in verdict.diagnoses],
        started=not verdict.not_started,
        open=[group.key for group in verdict.groups if not group.passed],
        advice=[] if verdict.passed else _in_english(verdict),
    )


def _in_english(verdict: Verdict) -> list[str]:
    """What a verdict says as it is kept: whoever reads it later may read in another language."""
    with in_language(ENGLISH):
        return render.advice(verdict)


def private_inputs(name: str, folder: Path) -> Reference | None:
    """Where a notebook is graded: what the exercise's object is called with, or None if the grader has nothing."""
    path = folder / f"{name}.json"
    return Reference.from_json(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def outcomes_of(name: str, obj: Any, reference: Reference | None) -> list[Outcome]:
    """What both lives of a check do: run the cases and judge nothing."""
    if reference is None:
        return [Outcome(problem=Problem("missing", f"The grader has no cases for {name!r}."))]
    from course_lib.judging.compute import run_cases

    with _nobody_answers():
        return run_cases(name, obj, reference)


def emitted(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    """The grader's life of a check: the raw results, as the data of an output."""
    payload = {"exercise": name, "outcomes": [outcome.to_json() for outcome in outcomes]}
    return {MIME: payload, "text/plain": f"{name}: answers computed"}


@contextlib.contextmanager
def _nobody_answers() -> Iterator[None]:
    """`input()` in an exercise would wait for ever for somebody who types; it ends as it does while grading."""

    def ask(prompt: object = "", /) -> str:
        raise EOFError("EOF when reading a line")

    before, builtins.input = builtins.input, ask
    try:
        yield
    finally:
        builtins.input = before


def _show(verdict: Verdict, outcomes: list[Outcome], reference: Reference) -> None:
    if not render.in_notebook():
        print(render.text(verdict))
        return
    picture = ""
    if reference.plot and not verdict.passed and not verdict.not_started:
        from course_lib.judging.pictures import picture as draw

        picture = draw(reference, outcomes, verdict)
    render.display({"text/html": render.html(verdict, picture=picture), "text/plain": render.text(verdict)})


class _Waiting:
    """What `waits_for` hands out: an experiment that needs an exercise, and may have to wait for it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if isinstance(error, LeftOut):
            render.show_note([str(error)])
            return True
        unsolved = [name for name in self.names if name not in _verdicts or not _verdicts[name].passed]
        if not unsolved and not isinstance(error, NotImplementedError):
            return False  # the exercise is right: this is a real error, and hiding it would help nobody
        stub = str(error).removeprefix("Exercise ") if str(error).startswith("Exercise ") else ""
        names = " and ".join(unsolved) or stub or " and ".join(self.names)
        render.show_note([f"This part waits for your {names}: finish it above, then run this cell again."])
        return True


def waits_for(*names: str) -> _Waiting:
    """`with waits_for("gd_step"):` runs an experiment; while the exercise is not right, says so instead of failing."""
    return _Waiting(names)


def not_while_grading() -> None:
    """First line of an experiment that takes long, in `with waits_for(...)`: the grader, who needs it not, skips it.

    Raises `LeftOut` where a notebook is graded. No exercise may depend on what such a block makes.
    """
    if os.environ.get(GRADED):
        raise LeftOut("This experiment is left out while grading. No point depends on it.")


if not os.environ.get(GRADED):
    live.watch()  # in a notebook that somebody works in: what a check cannot say once its own name is taken

"""Mutants before the judge: each runs in the sandbox like a learner's answer, and is judged outside like one.

Many mutants share one submission, because a submission costs more than a mutant. Each is a check cell with its own
definition in it, and the sandbox runs every check cell in a process of its own: none meets what another left behind.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from queue import LifoQueue
from typing import Any, TypeVar

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.check import MIME
from course_lib.errors import CourseError
from course_lib.judging.judge import Verdict, judge
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import DIRECTORY, Reference, with_search
from course_lib.judging.signatures import path_of
from course_lib.workspace import course_root
from grader.audit.told import Told, told
from grader.judging.answers import read_outcomes
from grader.judging.references import make_reference, visible_reference
from grader.sandbox.bwrap import unavailable
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import MIB, Limits, Sandbox
from grader.search.mutants import Mutant
from grader.spec import Exercise
from grader.submissions.samples import files_of

Result = TypeVar("Result")
LIMITS = Limits(processes=256, output=16 * MIB, results=256 * MIB)
SECRETS = ("one", "another")
"""Stand for the secrets of two courses: a mutant that only luck with the random cases would catch shows itself."""
BATCH = 25
WORKERS = 2

CELL = """\
import signal, time
from course_lib import check
signal.signal(signal.SIGPROF, signal.default_int_handler)
signal.setitimer(signal.ITIMER_PROF, {seconds}, {seconds})
{name} = None
{source}
check({name!r})
print(time.process_time())
"""
"""Processor time, so that a busy machine kills no mutant. The printed time of the solution sets that of the mutants."""


@dataclass(frozen=True)
class Answer:
    """An exercise, the source of its answer cell, and of the cells that a notebook has run before it."""

    exercise: Exercise
    source: str
    setup: tuple[str, ...]

    @cached_property
    def sets(self) -> dict[str, Reference]:
        """The cases that must each catch a mistake alone: the visible ones, and those of two courses' secrets.

        The visible cases of a quiz tell nobody what is right, so they are no such set.
        """
        exercise = self.exercise
        seed = zlib.crc32(exercise.name.encode())
        found = {}
        if not exercise.withheld:
            path = path_of(exercise.name, DIRECTORY)
            found["visible"] = with_search(visible_reference(exercise), path)
        for number, secret in enumerate(SECRETS, start=1):
            found[f"private {number}"] = make_reference(exercise, [zlib.crc32(secret.encode()), seed], private=True)
        return found

    @cached_property
    def joint(self) -> Reference:
        """All sets in one, so that they run in one go."""
        every = list(self.sets.values())
        return replace(every[0], cases=tuple(case for r in every for case in r.cases), misconceptions=())


@dataclass(frozen=True)
class Trial:
    """What became of a mutant. `passes`: the sets of cases that let it through; none has to, for it to be killed.

    `by_values`: at least one wrong value was caught; else it was an error, or the time limit. `told`: of those, what
    the learner's check says.
    """

    mutant: Mutant
    passes: tuple[str, ...]
    by_values: bool = False
    told: Told | None = None

    @property
    def killed(self) -> bool:
        """Whether every set of cases catches it."""
        return not self.passes


def try_all(work: Sequence[tuple[Answer, list[Mutant]]]) -> list[Trial]:
    """Judge the mutants of many answers, side by side; in the order in which they came.

    Raises `CourseError` without a sandbox, and when an answer does not pass as it is.
    """
    why = unavailable()
    if why:
        raise CourseError(f"{why} The audit runs mutants that loop for ever or eat memory, so it needs the sandbox.")
    idle: LifoQueue[dict[str, Sandbox]] = LifoQueue()  # last in, first out: a sandbox that has started
    with ExitStack() as stack, ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(WORKERS):
            idle.put({})

        def in_a_sandbox(task: Callable[..., Result], answer: Answer, *rest: Any) -> Result:
            workers = idle.get()
            try:
                unit = answer.exercise.unit
                if unit not in workers:
                    for done, worker in list(workers.items()):  # units come one after another
                        worker.close()
                        del workers[done]
                    workers[unit] = stack.enter_context(Sandbox(unit, LIMITS))
                return task(answer, *rest, workers[unit])
            finally:
                idle.put(workers)

        answers = [answer for answer, _ in work]
        seconds = pool.map(lambda answer: in_a_sandbox(_seconds_of_solution, answer), answers)
        batches = [
            (answer, mutants[start : start + BATCH], time)
            for (answer, mutants), time in zip(work, seconds, strict=True)
            for start in range(0, len(mutants), BATCH)
        ]
        return [t for trials in pool.map(lambda batch: in_a_sandbox(_try_batch, *batch), batches) for t in trials]


def _seconds_of_solution(answer: Answer, worker: Sandbox) -> float:
    """The processor time of a check of the solution. Raises `CourseError` if it does not pass."""
    (cell,) = _run(answer, [answer.source], 60.0, worker)
    if not all(verdict.passed for verdict in _verdicts(answer, _outcomes(cell, answer)).values()):
        name = answer.exercise.name
        raise CourseError(
            f"The solution of {name} does not pass its own cases in the sandbox, so that a mutant that fails them says "
            f"nothing. `./course test -k {name}` tells more."
        )
    return float("".join(output.text for output in cell.outputs if output.output_type == "stream"))


def _try_batch(answer: Answer, mutants: list[Mutant], solution_seconds: float, worker: Sandbox) -> list[Trial]:
    """One submission; a mutant that gave no answer at all has a second one to itself, as the first may be at fault."""
    seconds = max(0.2, 10 * solution_seconds)
    cells = _run(answer, [mutant.source for mutant in mutants], seconds, worker)
    trials = []
    for mutant, cell in zip(mutants, cells, strict=True):
        if not any(MIME in output.get("data", {}) for output in cell.outputs):
            (cell,) = _run(answer, [mutant.source], seconds, worker)
        trials.append(_trial(mutant, answer, _outcomes(cell, answer)))
    return trials


def _run(answer: Answer, sources: Iterable[str], seconds: float, worker: Sandbox) -> list[NotebookNode]:
    """The check cells of one submission, one for each of `sources`, after they ran."""
    name = answer.exercise.name
    marked = {"nbgrader": {"grade_id": f"check_{name}"}}
    cells = [new_code_cell(source) for source in answer.setup]
    for source in sources:
        cells.append(new_code_cell(CELL.format(name=name, source=source, seconds=seconds), metadata=marked))
    inputs = json.dumps(answer.joint.without_answers().to_json())
    files = files_of(course_root() / "solutions" / answer.exercise.unit)
    run_notebook(new_notebook(cells=cells), {name: inputs}, worker, files)
    return cells[len(answer.setup) :]


def _outcomes(cell: NotebookNode, answer: Answer) -> dict[str, list[Outcome]]:
    """What a cell emitted, for each set of cases."""
    outcomes = read_outcomes(cell, answer.joint)
    found, start = {}, 0
    for key, reference in answer.sets.items():
        end = start + len(reference.cases)
        found[key] = outcomes[start:end]
        start = end
    return found


def _verdicts(answer: Answer, outcomes: dict[str, list[Outcome]]) -> dict[str, Verdict]:
    """The verdict of each set of cases, of which nobody asks why."""
    sets = answer.sets.items()
    return {key: judge(outcomes[key], replace(r, misconceptions=(), search=None)) for key, r in sets}


def _trial(mutant: Mutant, answer: Answer, outcomes: dict[str, list[Outcome]]) -> Trial:
    verdicts = _verdicts(answer, outcomes)
    passes = tuple(key for key, verdict in verdicts.items() if verdict.passed)
    stages = {d.stage for verdict in verdicts.values() for d in verdict.differences}
    by_values = bool(stages - {"problem"})
    if passes or not by_values:
        return Trial(mutant, passes, by_values)
    first = next(iter(answer.sets))
    return Trial(mutant, passes, by_values, told(judge(outcomes[first], answer.sets[first]), outcomes, answer.sets))

"""`python -m grader.search.runner`: runs changed right answers and says what each got wrong, as signatures.

Jobs come on standard input, as a line of JSON and a line with the reference, and answers go out as lines. Changed
answers run in forks, a few in each, with limits on memory, processor time and files; what does not end is ended. Where
a system cannot fork, they run in this process, which whoever started it ends when it is silent for too long.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO, Any

from course_lib.judging.compute import run_cases
from course_lib.judging.diagnosis.search import tells, wrong_outputs
from course_lib.judging.reference import Reference

MEMORY = 4 * 2**30
FILE = 64 * 2**20
LEAST_SECONDS, TIMES = 0.2, 10
"""Of processor time, in which a changed answer has to end: so many times what the right one takes."""
BATCH = 25
"""Edits a fork: it takes longer to make than most of them."""


def main() -> None:
    """Serve jobs until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # whatever an answer prints is none of ours
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        _serve(json.loads(line), Reference.from_json(json.loads(sys.stdin.readline())), answers)


def _serve(job: dict[str, Any], reference: Reference, answers: IO[str]) -> None:
    """First the seconds of the right answer, or null where it is not right; then a line for each text."""
    names = vars(importlib.import_module(job["module"]))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    seconds = _seconds_of_right(job["name"], job["right"], names, reference)
    _tell(answers, seconds)
    if seconds is None:
        return
    limit = max(LEAST_SECONDS, TIMES * seconds)
    tasks = [partial(_wrong, job["name"], text, names, reference) for text in job["texts"]]
    while tasks:
        done = 0
        for line in apart(tasks[:BATCH], limit):
            answers.write(line)
            answers.flush()
            done += 1
        if done < len(tasks[:BATCH]):  # the next one has ended the fork
            _tell(answers, None)
            done += 1
        tasks = tasks[done:]


def _tell(answers: IO[str], what: Any) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def _made(name: str, text: str, names: dict[str, Any]) -> Any:
    """What the text defines, in a copy of the names where the right answer stands."""
    namespace = dict(names)
    exec(compile(text, "<an edit>", "exec"), namespace)  # noqa: S102 - our own text, changed
    return namespace[name]


def _seconds_of_right(name: str, text: str, names: dict[str, Any], reference: Reference) -> float | None:
    """Of a second run: the first also loads what libraries load when they are first used, for all forks."""
    begun = 0.0
    for _ in range(2):
        begun = time.process_time()
        outcomes = run_cases(reference.exercise, _made(name, text, names), reference)
        if wrong_outputs(outcomes, reference):
            return None
    return time.process_time() - begun


def _wrong(name: str, text: str, names: dict[str, Any], reference: Reference) -> list[list[Any]] | None:
    """What is wrong, an output a row; None where nothing is, or where nothing tells it from other mistakes."""
    outcomes = run_cases(reference.exercise, _made(name, text, names), reference)
    wrong = wrong_outputs(outcomes, reference)
    if not tells(wrong):
        return None
    return [[case, output, mark.form, mark.shadow, mark.slack] for (case, output), mark in wrong.items()]


def apart(tasks: Sequence[Callable[[], Any]], seconds: float) -> Iterator[str]:
    """A line of JSON for each task, from a fork that has so many seconds for each; it may end before the last."""
    if not hasattr(os, "fork"):
        yield from (json.dumps(_done(task)) + "\n" for task in tasks)
        return
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with contextlib.suppress(BaseException), os.fdopen(writer, "w", encoding="utf-8") as out:
            _bound()
            for task in tasks:
                _limit_time(seconds)
                _tell(out, _done(task))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        yield from (line for line in lines if line.endswith("\n"))
    os.waitpid(child, 0)


def _done(task: Callable[[], Any]) -> Any:
    try:
        return task()
    except BaseException:  # a changed answer may raise whatever it likes, even where it is defined
        return None


def _bound() -> None:
    """Limits on memory and files for this process."""
    import resource

    for name, most in (("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", FILE), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(getattr(resource, name))
            resource.setrlimit(getattr(resource, name), (most if hard < 0 else min(most, hard), hard))


def _limit_time(seconds: float) -> None:
    """From now on so many seconds of processor time, and far more by the clock: the kernel ends what takes longer."""
    for timer, alarm, most in (
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, 30 + 20 * seconds),
    ):
        signal.signal(alarm, signal.SIG_DFL)
        signal.setitimer(timer, most)


if __name__ == "__main__":
    main()

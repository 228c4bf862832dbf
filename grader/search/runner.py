"""`python -m grader.search.runner`: runs changed right answers and says what each got wrong, as signatures.

Jobs come as lines of JSON on standard input, and answers go out as lines. Every changed answer runs in a fork, so that
none meets what another left behind, with limits on memory, processor time and files; what does not end is ended. Where
a system cannot fork, it runs in this process, which whoever started it ends when it is silent for too long.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from course_lib.compute import run_cases
from course_lib.diagnosis.search import tells, wrong_outputs
from course_lib.reference import Reference

MEMORY = 4 * 2**30
FILE = 64 * 2**20
LEAST_SECONDS, TIMES = 0.5, 10
"""Of processor time, in which a changed answer has to end: so many times what the right one takes."""
PATIENCE = 600
"""Seconds for the right answer itself."""


def main() -> None:
    """Serve jobs until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # whatever an answer prints is none of ours
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        _serve(json.loads(line), answers)


def _serve(job: dict[str, Any], answers: IO[str]) -> None:
    """First the seconds of the right answer, or null where it is not right; then a line for each text."""
    reference = Reference.from_json(job["reference"])
    names = vars(importlib.import_module(job["module"]))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    seconds = _apart(lambda: _seconds_of_right(job["name"], job["right"], names, reference), PATIENCE)
    _tell(answers, seconds)
    for text in job["texts"] if seconds is not None else ():
        limit = math.ceil(max(LEAST_SECONDS, TIMES * seconds) * 10) / 10
        _tell(answers, _apart(partial(_wrong, job["name"], text, names, reference), limit))


def _tell(answers: IO[str], what: Any) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def _made(name: str, text: str, names: dict[str, Any]) -> Any:
    """What the text defines, in a copy of the names where the right answer stands."""
    namespace = dict(names)
    exec(compile(text, "<an edit>", "exec"), namespace)  # noqa: S102 - our own text, changed
    return namespace[name]


def _seconds_of_right(name: str, text: str, names: dict[str, Any], reference: Reference) -> float | None:
    begun = time.process_time()
    outcomes = run_cases(reference.exercise, _made(name, text, names), reference)
    return None if wrong_outputs(outcomes, reference) else time.process_time() - begun


def _wrong(name: str, text: str, names: dict[str, Any], reference: Reference) -> list[list[Any]] | None:
    """What is wrong, an output a row; None where nothing is, or where nothing tells it from other mistakes."""
    outcomes = run_cases(reference.exercise, _made(name, text, names), reference)
    wrong = wrong_outputs(outcomes, reference)
    if not tells(wrong):
        return None
    return [[case, output, mark.form, mark.shadow, mark.slack] for (case, output), mark in wrong.items()]


def _apart(task: Callable[[], Any], seconds: float) -> Any:
    """What the task gives, in a fork that has so many seconds of processor time; None where it fails or is ended."""
    if not hasattr(os, "fork"):
        return _done(task)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _bound(seconds)
        with contextlib.suppress(BaseException), os.fdopen(writer, "w", encoding="utf-8") as out:
            out.write(json.dumps(_done(task)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    try:
        return json.loads(text)
    except ValueError:
        return None


def _done(task: Callable[[], Any]) -> Any:
    try:
        return task()
    except BaseException:  # a changed answer may raise whatever it likes, even where it is defined
        return None


def _bound(seconds: float) -> None:
    """Limits for this process: the kernel ends it at its time, whatever it is doing."""
    import resource

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 30 + 20 * seconds)  # one that sleeps
    for name, most in (("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", FILE), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(getattr(resource, name))
            resource.setrlimit(getattr(resource, name), (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    main()

"""Runs changed right answers in a process of their own, which is begun anew where one of them ends it.

There is no sandbox here, and none is needed: the texts are this course's own, each with one small change. What they
may use of memory, time and files is bounded (see `runner`), and they work in a folder that is removed.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from course_lib.errors import CourseError
from course_lib.judging.reference import Reference
from course_lib.judging.signatures import Signature
from grader.changes import source_of
from grader.search.edits import Small
from grader.spec import Exercise

Wrong = dict[tuple[int, str], Signature]
SILENCE = 900.0
"""Seconds without an answer after which the process is ended: far more than it gives itself for one."""


class Bench:
    """A process for one exercise after another; use it in a `with`."""

    def __init__(self, seconds: float = math.inf) -> None:
        """seconds: after which nothing more is run, and what is missing counts as telling nothing."""
        self._until = time.monotonic() + seconds
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory()

    @property
    def is_late(self) -> bool:
        """Whether its time is over, and something may be missing."""
        return time.monotonic() >= self._until

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()

    def run(self, exercise: Exercise, reference: Reference, edits: Sequence[Small]) -> list[Wrong | None]:
        """What each edit gets wrong of these cases; None where that tells nothing.

        Raises `CourseError` where the right answer itself is not right.
        """
        found: dict[str, Wrong | None] = {}
        asked = json.dumps(replace(reference, misconceptions=()).to_json())
        for right in dict.fromkeys(edit.right for edit in edits):
            texts = [edit.text for edit in edits if edit.right is right]
            found |= zip(texts, self._run(exercise.name, right, asked, texts), strict=True)
        return [found[edit.text] for edit in edits]

    def _run(self, exercise: str, right: Any, reference: str, texts: Sequence[str]) -> list[Wrong | None]:
        found: list[Wrong | None] = []
        while len(found) < len(texts):
            answers = self._answers(right, reference, texts[len(found) :])
            if answers is None:
                raise CourseError(f"The right answer {right.__name__} of {exercise} does not pass its own cases.")
            if self.is_late:
                answers += [None] * (len(texts) - len(found) - len(answers))
            ended_by = [] if len(found) + len(answers) == len(texts) else [None]
            found += [*answers, *ended_by]
        return found

    def _answers(self, right: Any, reference: str, texts: Sequence[str]) -> list[Wrong | None] | None:
        """The answers to one job, as far as they came; None where the right answer is not right."""
        job = {"module": right.__module__, "name": right.__name__, "right": source_of(right), "texts": list(texts)}
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(f"{json.dumps(job)}\n{reference}\n")
            process.stdin.flush()
        except OSError:
            self._end()
            return []
        seconds = self._line(process)
        if seconds is None:
            return None
        if seconds is END and not self.is_late:
            raise CourseError(f"The right answer {right.__name__} of {right.__module__} cannot be run.")
        if seconds is END:
            return []
        found: list[Wrong | None] = []
        for _ in texts:
            line = self._line(process)
            if line is END:
                return found
            found.append(None if line is None else {(c, o): Signature(f, s, k) for c, o, f, s, k in line})
        return found

    def _line(self, process: subprocess.Popen[str]) -> Any:
        """The next answer; `END` where the process has ended."""
        timer = threading.Timer(max(0.0, min(SILENCE, self._until - time.monotonic())), process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            return json.loads(process.stdout.readline() or END)
        except ValueError:
            self._end()
            return END
        finally:
            timer.cancel()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = _begin(self._folder.name)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


END = "the end"
"""No JSON, and what stands for the answer of a process that has ended."""


def _begin(folder: str) -> subprocess.Popen[str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    places = [Path(__file__).resolve().parents[2], *(Path(path).resolve() for path in sys.path if path)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.search.runner"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **one, "PYTHONPATH": os.pathsep.join(map(str, places))},
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )

"""What each step of grading one submission costs, in this one process, the sandbox's processes beside."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from grader.grading.classroom import Classroom
from grader.grading.files import Files
from grader.grading.grade_class import _unit_data
from grader.grading.gradebook import open_gradebook
from grader.grading.journal import RunJournal
from grader.grading.tasks import Page, make_page, scores_of, written
from grader.grading.unit import context_for
from grader.sandbox.notebook import close_workers
from grader.submissions.gather import gather
from grader.submissions.reading import read_text, understand

Phase = dict[str, float]


class Clock:
    """Milliseconds by phase: of this process's processor time, and on the wall."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Count what the block takes."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[phase] += time.process_time() - cpu
        self.wall[phase] += time.perf_counter() - wall


def phases(root: Path, unit: str) -> dict[str, Phase]:
    """Grade the class step by step; milliseconds a submission by phase, `cells` being the learners' own code.

    The first submission is not counted: imports, the sandbox's start and templates are a class's, not a submission's.
    """
    room, clock = Classroom(root), Clock()
    journal = RunJournal(room, unit)
    room.register(unit)
    cells = 0.0
    with tempfile.TemporaryDirectory(dir=journal.folder) as scratch, open_gradebook(room.config(), unit) as writer:
        data = _unit_data(room, unit, journal, writer, Path(scratch))
        context, files = context_for(data), Files(room.config(), unit, Path(scratch))
        submissions = gather(root / "submitted", unit, Path(scratch), context.released).submissions
        for number, submission in enumerate(submissions):
            if number == 1:
                clock, cells = Clock(), 0.0
            student = submission.student
            assert submission.notebook is not None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with clock("repair"):
                    notebook, _ = understand(read_text(submission.notebook)[0], f"{unit}.ipynb", context.released)
                    clean, _ = context.sanitizer.apply(notebook, context.resources(student))
                with clock("execute"):
                    executed, resources = context.runner.apply(clean, context.resources(student, scratch))
                    ran = written(executed)
                cells += resources["course_seconds"]
                with clock("judge"):
                    notebook, resources = context.judge.apply(nbformat.v4.reads(ran), context.resources(student))
                    nbformat.validate(notebook, relax_add_props=True)
                    judged, scores = written(notebook), scores_of(notebook, resources["course_verdicts"])
                with clock("record"):
                    journal.keep(student, ran)
                    entry = writer.save(student, scores, "")
                    files.put_graded(submission, judged)
                with clock("feedback page"):
                    files.put_page(student, make_page(Page(data, student, judged, entry.sheet)))
    close_workers()
    count = len(submissions) - 1
    clock.wall["execute"] -= cells  # what is left is the grader's: transport, snapshots, sweeping up
    clock.wall["cells"] = cells
    names = [*clock.cpu, "cells"]
    return {n: {"cpu_ms": 1e3 * clock.cpu[n] / count, "wall_ms": 1e3 * clock.wall[n] / count} for n in names}

"""The two tasks of grading, pure: a submission's text to its graded notebook, and that with points to a feedback page.

They run in worker processes and read and write nothing of the class. Tasks and results are plain data of the grader's
own processes; what a learner's process puts out is JSON that is read as such, in the sandbox's handle.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tempfile
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from course_lib.judging import codec
from course_lib.judging.judge import Verdict
from grader.grading.offline_steps import ScoreSheet
from grader.grading.unit import UnitData, WorkerContext, context_for
from grader.judging.private import private_reference
from grader.preprocessors.compute_answers import checked_exercises
from grader.preprocessors.repair import grade_id
from grader.sandbox.time_limit import OverdueError, TooLongError, deadline, run_limited
from grader.submissions.reading import UnreadableError, understand

NO_RESPONSE = "No response."
PREPARE_SECONDS, JUDGE_SECONDS = 60.0, 120.0
"""What reading and repairing a submission may take, and judging what it answered; usually a tenth of a second.

What its cells take is the sandbox's to bound, and what its page takes `grader.pages.pieces`'s.
"""
REMEMBERED = 20_000
"""Characters of a cell up to which its lines are remembered."""
NO_CELLS, CELLS = '"cells": []', ('"cells": [\n', "\n ]")
"""How nbformat lays out the list of cells, without any and around them."""
_one_at_a_time = threading.Lock()
"""A sandbox serves one submission at a time; a cluster may run several tasks in one process."""


@dataclass(frozen=True)
class Submitted:
    """A task: grade this submission."""

    unit: UnitData
    student: str
    text: str
    """The notebook, as it was handed in."""
    fingerprint: str
    kept: str = ""
    """What `Graded.kept` was in an earlier run: where it still serves, nothing is executed."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files that lie beside the notebook."""


@dataclass(frozen=True)
class Scores:
    """What nbgrader's SaveAutoGrades and this course's SaveExtraCredit write into the gradebook, by grade_id."""

    scores: Mapping[str, float | None]
    comments: Mapping[str, str | None]
    extra_credit: Mapping[str, float]


@dataclass(frozen=True)
class Graded:
    """What came of it; with a `problem` there is nothing else but nbgrader's `log`."""

    student: str
    notebook: str = ""
    """The graded notebook's text."""
    scores: Scores | None = None
    kept: str = ""
    """JSON: the executed notebook with the values that came back, and what they came from."""
    note: str = ""
    problem: str = ""
    log: str = ""
    executed: bool = True
    seconds: float = 0.0
    """How long the cells ran."""
    spent: tuple[tuple[str, float], ...] = ()
    """The cells that took longest, in words, with their seconds."""


@dataclass(frozen=True)
class Page:
    """A task: make the feedback page of a graded notebook."""

    unit: UnitData
    student: str
    notebook: str
    sheet: ScoreSheet
    note: str = ""
    """A sentence below the page's heading: which attempt this is."""


def grade(task: Submitted) -> Graded:
    """Run and judge a submission; never raises for what is in it."""
    with _one_at_a_time, _log() as log:
        try:
            return _grade(task, context_for(task.unit))
        except UnreadableError as error:
            return Graded(task.student, problem=f"could not be read: {error}")
        except OverdueError:
            why = f"judging its answers took longer than {JUDGE_SECONDS:g} s"
            return Graded(task.student, problem=f"could not be graded: {why}")
        except MemoryError:
            return Graded(task.student, problem="could not be graded: it needs more memory than a worker may have")
        except Exception as error:
            traceback.print_exc(file=log)
            return Graded(task.student, problem=f"could not be graded: {error}", log=log.getvalue())


def make_page(task: Page) -> str:
    """The feedback page, as `nbgrader generate_feedback` makes it."""
    with _one_at_a_time, _log():
        context = context_for(task.unit)
        notebook = nbformat.v4.reads(task.notebook)
        resources = context.resources(task.student) | {"course_sheet": task.sheet}
        text, _ = context.page_maker.from_notebook_node(notebook, resources)
        note = f'</h1>\n<p class="attempt">{escape(task.note)}</p>' if task.note else "</h1>"
        return str(text).replace("</h1>", note, 1)


def _grade(task: Submitted, context: WorkerContext) -> Graded:
    ran = _still_good(task, context)
    executed = ran is None
    if ran is None:
        ran = _run(task, context)
    notebook = unpacked(ran["notebook"])
    with deadline(JUDGE_SECONDS):
        if not executed:  # points and locked text may have changed since; what was answered did not
            notebook, _ = context.refresher.apply(notebook, context.resources(task.student))
        notebook, resources = context.judge.apply(notebook, context.resources(task.student))
    nbformat.validate(notebook, relax_add_props=True)
    return Graded(
        task.student,
        notebook=written(notebook),
        scores=scores_of(notebook, resources.get("course_verdicts", {})),
        kept=json.dumps(ran, ensure_ascii=False) if executed else "",
        note=ran["note"],
        executed=executed,
        seconds=ran["seconds"],
        spent=tuple((str(words), float(seconds)) for words, seconds in ran.get("spent", [])),
    )


def _run(task: Submitted, context: WorkerContext) -> dict[str, Any]:
    notebook, note = _prepared(task, context)
    with tempfile.TemporaryDirectory() as folder, utils.setenv(NBGRADER_EXECUTION="autograde"):
        _put(task.files, Path(folder))
        notebook, resources = context.runner.apply(notebook, context.resources(task.student, folder))
    took = {"seconds": resources.get("course_seconds", 0.0), "spent": resources.get("course_spent", [])}
    return {"notebook": packed(notebook), "note": note, **took, "from": _origin(task, context)}


def _prepared(task: Submitted, context: WorkerContext) -> tuple[NotebookNode, str]:
    """The submission, read and sanitized, and the note on what had to be done for that."""
    # Without the secret: what has to be killed leaves its files, and this step needs none of it.
    data = replace(task.unit, secret=b"", scratch=str(context.folder))
    try:
        text, note = run_limited(prepare, data, task.student, task.text, seconds=PREPARE_SECONDS)
    except TooLongError as error:
        raise UnreadableError(f"reading and repairing it {error}") from None
    return unpacked(text), note


def prepare(data: UnitData, student: str, text: str) -> tuple[str, str]:
    """Read a submission and let nbgrader's first half repair it; called in a process that may be ended."""
    context = context_for(data)
    notebook, note = understand(text, f"{data.unit}.ipynb", context.released)
    notebook, _ = context.sanitizer.apply(notebook, context.resources(student))
    return packed(notebook), note


def packed(notebook: NotebookNode) -> str:
    """A notebook on its way between two steps of the grader: on one line, which takes a tenth of the time of many."""
    return json.dumps(notebook, sort_keys=True)


def unpacked(text: str) -> NotebookNode:
    """The notebook of `packed`, or of any file of a notebook, as nbformat reads it."""
    return nbformat.v4.reads(text)


def written(notebook: NotebookNode) -> str:
    """A notebook's text, as nbgrader writes it; what is written has been validated, or will be.

    A cell that most of a class have is laid out once.
    """
    empty = NotebookNode({**notebook, "cells": []})
    before, after = f"{nbformat.v4.writes(empty)}\n".split(NO_CELLS, 1)
    texts = [packed(cell) for cell in notebook.cells]
    cells = ",\n".join(_cell_before(text) if len(text) <= REMEMBERED else _cell(text) for text in texts)
    return f"{before}{CELLS[0]}{cells}{CELLS[1]}{after}" if texts else f"{before}{NO_CELLS}{after}"


def _cell(text: str) -> str:
    """A cell's lines in a notebook's file."""
    alone = nbformat.v4.new_notebook()
    alone.cells = [nbformat.from_dict(json.loads(text))]
    return nbformat.v4.writes(alone).split(CELLS[0], 1)[1].rsplit(CELLS[1], 1)[0]


_cell_before = lru_cache(maxsize=512)(_cell)


def _still_good(task: Submitted, context: WorkerContext) -> dict[str, Any] | None:
    """What was kept of an earlier run, if it came from this submission, these cells and these private inputs."""
    if not task.kept:
        return None
    try:
        ran: dict[str, Any] = json.loads(task.kept)
        return ran if ran["from"] == _origin(task, context) else None
    except (ValueError, KeyError, TypeError):  # half a file
        return None


def _origin(task: Submitted, context: WorkerContext) -> dict[str, Any]:
    inputs = {name: _inputs(name, task.unit.secret) for name in checked_exercises(context.released)}
    return {"submission": task.fingerprint, "cells": [*filter(None, map(grade_id, context.released.cells))]} | inputs


@lru_cache(maxsize=256)
def _inputs(name: str, secret: bytes) -> str:
    """A hash over what an exercise's private cases call the learner's object with."""
    reference = private_reference(name, secret)
    told = [reference.driver, *reference.returns, *(codec.encode(case.inputs) for case in reference.cases)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def scores_of(graded: NotebookNode, verdicts: Mapping[str, Verdict]) -> Scores:
    """Read points and comments off a graded notebook, by nbgrader's own rules."""
    scores: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    for cell in graded.cells:
        if utils.is_grade(cell):
            scores[grade_id(cell)] = utils.determine_grade(cell)[0]
        if utils.is_solution(cell) or utils.is_task(cell):
            same = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell) and not utils.is_task(cell)
            comments[grade_id(cell)] = NO_RESPONSE if same else None
    bonus = {name: float(verdict.earned) for name, verdict in verdicts.items() if verdict.bonus}
    return Scores(scores, comments, bonus)


def _put(files: Mapping[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextmanager
def _log() -> Iterator[io.StringIO]:
    """What nbgrader and nbconvert say, kept for the case that something fails."""
    text = io.StringIO()
    log, handler = logging.getLogger("traitlets"), logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    propagate, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield text
    finally:
        log.removeHandler(handler)
        log.propagate = propagate

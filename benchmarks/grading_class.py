"""Make a class, twice: as this course hands units out, and as an instructor with stock nbgrader would write the same.

Both have the same students, answers, cells and points. Where the course says `check("NAME")`, the stock edition has
plain hidden tests that hold the reference outputs; points by property are nbgrader's partial credit.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from course_lib.judging.reference import RecordedCase, Reference
from grader.config import find_tools
from grader.exercises import exercises_of
from grader.grading.classroom import Classroom, run_converter
from grader.grading.journal import RunJournal
from grader.judging.private import private_reference
from grader.preprocessors.repair import grade_id
from grader.submissions.samples import fill, find_cell, hand_in, paste_misconception

HOLDS = """
inf, nan = np.inf, np.nan


def _holds(*cases):
    try:
        for arguments, right in cases:
            got = {name}(*arguments)
            got = got if isinstance(got, tuple) else (got,)
            for mine, theirs in zip(got, right, strict=True):
                assert np.shape(mine) == np.shape(theirs)
                np.testing.assert_allclose(mine, theirs, rtol={rtol}, atol={atol})
    except Exception:
        return False
    return True

"""
ANSWERS = """
def _holds(question, right):
    try:
        return {name}[question].strip().lower() == right
    except Exception:
        return False

"""


@dataclass(frozen=True)
class Twin:
    """The same class in two folders: `course` for `./course grade`, `stock` for nbgrader as it comes."""

    course: Path
    stock: Path
    unit: str


def make_class(folder: Path, unit: str, students: int, lean: bool, stock: int = 0) -> Twin:
    """Write both classes below `folder`; the stock one has the first `stock` students only.

    lean: learners left out the cells that nothing is graded by, so that what is timed is grading and not drawing.
    Raises `SystemExit` for a unit whose exercises plain hidden tests cannot say.
    """
    room = Classroom(folder / "course")
    room.root.mkdir(parents=True)
    room.take_over(unit)
    source, released = (nbformat.read(room.root / f / unit / f"{unit}.ipynb", 4) for f in ("solutions", "notebooks"))
    twin = Twin(room.root, folder / "stock", unit)
    tests: dict[str, str] = {}
    if stock:
        secret = RunJournal(room, unit).secret()
        tests = {f"check_{e.name}": hidden_tests(private_reference(e.name, secret)) for e in exercises_of(unit)}
        _release_stock(twin, released, tests, lean)
    for number in range(students):
        student, notebook = f"s{number:05}", submission(released, source, unit, number)
        if lean:
            notebook.cells = _lean(notebook)
        hand_in(nbformat.writes(notebook), twin.course / "submitted", student, unit)
        if number < stock:
            for name in tests:
                find_cell(notebook, name).source = "# Tests are hidden."
            hand_in(nbformat.writes(notebook), twin.stock / "submitted", student, unit)
    return twin


def submission(released: NotebookNode, source: NotebookNode, unit: str, number: int) -> NotebookNode:
    """One learner's notebook, from untouched (number 0, 5, ...) to perfect (4, 9, ...), the rest right, wrong, open.

    Each is another text: what learners write is never the same, and caches should not find that it is.
    """
    chance, share = random.Random(number), number % 5 / 4
    exercises = exercises_of(unit)
    fate = {e.name: "right" if chance.random() < share else chance.choice(["open", "wrong"]) for e in exercises}
    if share in (0, 1):
        fate = dict.fromkeys(fate, "right" if share else "open")
    if share == 1:
        notebook = fill(released, source)
    else:
        notebook = fill(released, source, [name for name, how in fate.items() if how == "right"])
    for exercise in exercises:
        if fate[exercise.name] == "wrong":
            paste_misconception(notebook, exercise)
        if fate[exercise.name] != "open":
            find_cell(notebook, exercise.name).source += f"\n# written by learner {number}"
    return notebook


def _lean(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type != "code" or grade_id(cell)]


def stock_config(root: Path) -> Config:
    """nbgrader's own configuration for the class in `root`."""
    find_tools()
    config = Config()
    config.CourseDirectory.root = str(root)
    return config


def _release_stock(twin: Twin, released: NotebookNode, tests: dict[str, str], lean: bool) -> None:
    notebook = copy.deepcopy(released)
    if lean:
        notebook.cells = _lean(notebook)
    for name, test in tests.items():
        find_cell(notebook, name).source = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
    path = twin.stock / "source" / twin.unit / f"{twin.unit}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    config = stock_config(twin.stock)
    config.CourseDirectory.assignment_id = twin.unit
    run_converter(GenerateAssignment, config, create_assignment=True)


def hidden_tests(reference: Reference) -> str:
    """Plain Python that gives an exercise's points by property, with the private cases and right values in it."""
    name, tolerance = reference.exercise, reference.tolerance
    if reference.verify or reference.bonus or reference.driver not in ("call", "answer"):
        raise SystemExit(f"{name} is no plain function: choose a unit that plain hidden tests can say, such as 00.")
    parts = []
    for group in reference.groups:
        mine = [case for case in reference.cases if case.group == group.key]
        if reference.driver == "answer":
            said = " and ".join(f"_holds({c.inputs['question']!r}, {c.expected['answer']!r})" for c in mine)
        else:
            said = "_holds(" + ", ".join(map(_case, mine)) + ")"
        parts.append(f"{group.points} * ({said})")
    head = ANSWERS if reference.driver == "answer" else HOLDS
    return head.format(name=name, rtol=tolerance.rtol, atol=tolerance.atol) + " + ".join(parts)


def _case(case: RecordedCase) -> str:
    arguments, right = ("".join(f"{_literal(v)}, " for v in d.values()) for d in (case.inputs, case.expected))
    return f"(({arguments}), ({right}))"


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        # Shape apart: nested brackets cannot say (0, 3).
        return f"np.array({value.ravel().tolist()!r}, dtype={value.dtype.str!r}).reshape({value.shape})"
    return repr(value.item() if isinstance(value, np.generic) else value)

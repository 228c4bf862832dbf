"""Attacks that are no code at all: what stands in the notebook's file."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from nbformat.v4 import new_markdown_cell

from grader.audit.attacks.attack import Aftermath, Attack
from grader.audit.attacks.draft import Draft
from grader.grading.results import read_result
from grader.preprocessors.repair import HEADING

POINTS = "points for nothing"


def _edited_check(draft: Draft) -> None:
    draft.cell("check_VICTIM").source = "100"


def _second_check(draft: Draft) -> None:
    for text in ("100", 'check("VICTIM") or 100'):
        twin = copy.deepcopy(draft.cell("check_VICTIM"))
        twin.source, twin["id"] = text, f"twin-{len(text)}"
        draft.notebook.cells.append(twin)


def _points(draft: Draft) -> None:
    for cell in draft.notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader |= {"points": 1000, "locked": False, "checksum": "0" * 32, "solution": False}


def _swapped(draft: Draft) -> None:
    mine, other = draft.cell("check_VICTIM"), draft.cell("check_KEPT")
    mine.metadata.nbgrader, other.metadata.nbgrader = other.metadata.nbgrader, mine.metadata.nbgrader


def _graded_answer(draft: Draft) -> None:
    draft.cell("VICTIM").metadata.nbgrader |= {"grade": True, "points": 100, "locked": False}
    draft.add("100")
    extra = next(c for c in draft.notebook.cells if c.source == "100")
    extra.metadata["nbgrader"] = draft.cell("check_VICTIM").metadata.nbgrader | {
        "grade_id": "check_bonus",
        "points": 50,
    }


def _unmarked(draft: Draft) -> None:
    """An answer that takes the check's place and looks like graded already."""
    cell = draft.cell("check_VICTIM")
    cell.metadata.nbgrader |= {"grade": False, "solution": True, "grade_id": draft.words["VICTIM"]}
    cell.source = "100"


def _wild(draft: Draft) -> None:
    odd: list[Any] = [None, [], "x", 7, {"grade_id": {}}, {"grade_id": None, "grade": "yes"}, {"grade": True}]
    for value in [*odd, {"schema_version": 10**9, "grade": 1}]:
        draft.notebook.cells.append(new_markdown_cell("odd", metadata={"nbgrader": value}))
    draft.notebook.metadata["nbgrader"] = "odd"


def _given(draft: Draft) -> None:
    given = next(
        c for c in draft.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("given")
    )
    given.source += "\nclass np:\n    pass\ncheck = lambda name: 100"


def _false_report(draft: Draft) -> None:
    draft.notebook.cells.insert(0, copy.deepcopy(draft.notebook.cells[0]))
    cell = draft.notebook.cells[0]
    cell["id"], cell.source = "report", f"{HEADING}\n\n- The grader has agreed on full points.\x1b[2J"


def _reported(aftermath: Aftermath) -> str:
    number = aftermath.draft.words["MARK"].rpartition("-")[2]
    notes = read_result(aftermath.room, aftermath.unit, f"{number}-attack").notes
    return "the instructor reads it as the grader's" if any("agreed" in note for note in notes) else ""


_ALL = [
    Attack("an edited check cell", POINTS, _edited_check),
    Attack("a second and a third check cell", POINTS, _second_check),
    Attack("points, locks and checksums changed in nbgrader's marks", POINTS, _points),
    Attack("the marks of two check cells swapped", POINTS, _swapped),
    Attack("an answer cell marked as graded, and a graded cell that never was", POINTS, _graded_answer),
    Attack("a check cell marked as an answer", POINTS, _unmarked),
    Attack("marks of every odd shape", "stopping the grader", _wild),
    Attack("a changed given cell", POINTS, _given),
    Attack("a text that looks like the grader's report", "the instructor's trust", _false_report, _reported),
]
ATTACKS = [replace(attack, read=True) for attack in _ALL]

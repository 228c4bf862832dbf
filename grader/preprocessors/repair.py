"""Bring a damaged submission back into the form that nbgrader grades, and say what was done.

nbgrader aborts on a duplicated or split cell and gives zero for a lost one. Here every graded cell of the learner's
edition is found again, by its grade_id or else by its source; what is lost is put back; nothing a learner wrote is
thrown away.
"""

from __future__ import annotations

import ast
import copy
import difflib
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from course_lib.errors import CourseError

HEADING = "**Repaired before grading**"


class Repair(NbGraderPreprocessor):
    """The first preprocessor of autograding; the released notebook is what it repairs towards."""

    release_directory = Unicode("notebooks", help="Where the learner's editions are.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        where = resources["nbgrader"]
        path = Path(self.release_directory) / where["assignment"] / f"{where['notebook']}.ipynb"
        if not path.is_file():
            raise CourseError(
                f"{path} is missing: release the unit (./course build, or Create Assignment) and try again."
            )
        released = nbformat.read(path, as_version=4)
        done = repair(nb, released)
        if done:
            for sentence in done:
                self.log.warning("Repaired %s of %s: %s", where["notebook"], where["student"], sentence)
            lines = "\n".join(f"- {sentence}" for sentence in done)
            nb.cells.insert(0, new_markdown_cell(f"{HEADING}\n\n{lines}"))
        resources["course_repairs"] = done
        return nb, resources


def repair(nb: NotebookNode, released: NotebookNode) -> list[str]:
    """Repair `nb` in place towards `released`; returns one sentence for each thing done."""
    done: list[str] = []
    wanted = [cell for cell in released.cells if "nbgrader" in cell.metadata]
    found = _match(nb, wanted, done)
    _strip_others(nb, {id(cell) for cell in found.values()}, done)
    _restore(nb, wanted, found, done)
    for cell in wanted:
        _dress(found[cell.metadata.nbgrader.grade_id], cell, done)
    handed_out = {cell.source.strip() for cell in released.cells}
    for cell in nb.cells:
        if "nbgrader" not in cell.metadata and cell.source.strip() not in handed_out:
            cell.metadata["course_added"] = True
    _unique_ids(nb)
    return done


def grade_id(cell: NotebookNode) -> str:
    """The cell's grade_id, or an empty string; tolerates metadata of any shape."""
    metadata = cell.get("metadata", {}).get("nbgrader", {})
    return str(metadata.get("grade_id", "")) if isinstance(metadata, dict) else ""


def _match(nb: NotebookNode, wanted: list[NotebookNode], done: list[str]) -> dict[str, NotebookNode]:
    """The submission's cell for each wanted one: by grade_id first, then by source among the cells left over."""
    found: dict[str, NotebookNode] = {}
    taken: set[int] = set()
    for cell in wanted:
        name = grade_id(cell)
        same = [c for c in nb.cells if grade_id(c) == name]
        if same:
            found[name] = _best(same, cell)
            taken |= {id(c) for c in same}
            if len(same) > 1:
                done.append(f"{name} was there {len(same)} times; one was graded, the others were kept as plain cells.")
    for cell in wanted:
        name = grade_id(cell)
        if name not in found:
            match = _by_source(cell, [c for c in nb.cells if id(c) not in taken])
            if match is not None:
                found[name] = match
                taken.add(id(match))
                done.append(f"{name} had lost its marks and was recognised by its text.")
    return found


def _best(candidates: list[NotebookNode], wanted: NotebookNode) -> NotebookNode:
    """Of several cells with one grade_id: one of the right type that was worked on, and of these the last."""
    worked = [c for c in candidates if c.source.strip() and c.source.strip() != wanted.source.strip()]
    right = [c for c in worked or candidates if c.cell_type == wanted.cell_type and _defines(c, wanted)]
    return (right or worked or candidates)[-1]


def _by_source(wanted: NotebookNode, candidates: list[NotebookNode]) -> NotebookNode | None:
    exact = [c for c in candidates if c.source.strip() == wanted.source.strip()]
    if exact:
        return exact[-1]
    if not wanted.metadata.nbgrader.get("solution"):
        return None
    names = _names(wanted.source) if wanted.cell_type == "code" else set()
    if names:
        defining = [c for c in candidates if c.cell_type == "code" and _names(c.source) >= names]
        return defining[-1] if defining else None
    similar = [(difflib.SequenceMatcher(None, wanted.source, c.source).ratio(), i) for i, c in enumerate(candidates)]
    ratio, index = max(similar, default=(0.0, -1))
    return candidates[index] if ratio > 0.6 else None


def _defines(cell: NotebookNode, wanted: NotebookNode) -> bool:
    return wanted.cell_type != "code" or _names(cell.source) >= _names(wanted.source)


def _names(source: str) -> set[str]:
    """The functions, classes and variables that a cell's text defines at its top level."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _strip_others(nb: NotebookNode, kept: set[int], done: list[str]) -> None:
    """A cell that is not the one graded must not carry nbgrader's marks: nbgrader would grade or refuse it."""
    for cell in nb.cells:
        if id(cell) not in kept and "nbgrader" in cell.get("metadata", {}):
            del cell.metadata["nbgrader"]


def _restore(nb: NotebookNode, wanted: list[NotebookNode], found: dict[str, NotebookNode], done: list[str]) -> None:
    """Put a missing cell back, after the one that precedes it in the learner's edition."""
    position = -1
    for cell in wanted:
        name = grade_id(cell)
        if name in found:
            position = next(i for i, c in enumerate(nb.cells) if c is found[name])
            continue
        position += 1
        found[name] = copy.deepcopy(cell)
        nb.cells.insert(position, found[name])
        done.append(f"{name} was missing and was put back as it was handed out.")


def _dress(cell: NotebookNode, wanted: NotebookNode, done: list[str]) -> None:
    """Give a cell its type and nbgrader's metadata again."""
    if cell.cell_type != wanted.cell_type:
        done.append(
            f"{grade_id(wanted)} had become a {cell.cell_type} cell and was made a {wanted.cell_type} cell again."
        )
        cell.cell_type = wanted.cell_type
        if wanted.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    cell.metadata["nbgrader"] = copy.deepcopy(wanted.metadata.nbgrader)


def _unique_ids(nb: NotebookNode) -> None:
    """Cell ids that are there and differ, as nbformat 4.5 wants them."""
    seen: set[str] = set()
    for index, cell in enumerate(nb.cells):
        if (nb.nbformat, nb.nbformat_minor) < (4, 5):
            cell.pop("id", None)
            continue
        name = str(cell.get("id") or f"cell-{index}")
        while name in seen:
            name = f"{name[:50]}-{index}"
        seen.add(name)
        cell["id"] = name

"""Prove that no answer survives in a learner's notebook, mistyped markers included.

nbgrader removes what stands between exact markers. A marker with a typo, or one outside an answer cell, leaves the
answer in place without a word; so the released notebook is compared with its source, cell by cell.
"""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

MARKER = re.compile(
    r"\b(BEG\w*|END)\W{0,3}\s*(SOL\w*|STUB|HIDDEN|MARK)|###\s*\w*\s*(SOLU|HIDDEN|STUB|MARK SCHEME)", re.I
)
ANSWER = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.S)

TELLING = 24
"""A line longer than this stands in an answer and nowhere else by chance."""


def find_leaks(source_text: str, released_text: str) -> list[str]:
    """Sentences, one a leak; empty when the released notebook is clean."""
    source = nbformat.reads(source_text, as_version=4)
    released = nbformat.reads(released_text, as_version=4)
    by_id = {cell["id"]: cell for cell in released.cells}
    found = [
        f"a marker is left: {match.group(0)!r} in the cell {cell['id']}"
        for cell in released.cells
        if (match := MARKER.search(cell.source))
    ]
    found += [f"the cell {cell['id']} carries outputs" for cell in released.cells if cell.get("outputs")]
    for cell in source.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            found += _cell_leaks(cell, by_id.get(cell["id"]), released.cells)
    return found


def _cell_leaks(cell: NotebookNode, released: NotebookNode | None, everything: list[NotebookNode]) -> list[str]:
    name = cell.metadata.nbgrader.grade_id
    regions = ANSWER.findall(cell.source)
    if not regions:
        return [f"the answer cell {name} has no region between ### BEGIN SOLUTION and ### END SOLUTION"]
    if released is None:
        return [f"the answer cell {name} is not in the learner's edition"]
    if cell.source == released.source:
        return [f"the answer cell {name} was released as it is"]
    secret = secret_lines(cell.source)
    stub_lines = {line.strip() for line in _stub(cell.source)}
    kept = {line.strip() for line in released.source.splitlines()}
    leaks = [f"the answer cell {name} still holds {line!r}" for line in sorted(secret & kept - stub_lines)]
    telling = {line for line in secret if len(line) > TELLING}
    for other in everything:
        if other["id"] != cell["id"]:
            lines = {line.strip() for line in other.source.splitlines()}
            leaks += [f"the answer of {name} stands in another cell: {line!r}" for line in sorted(telling & lines)]
    return leaks


def secret_lines(source: str) -> set[str]:
    """The lines of an answer cell between its markers, comments and the shortest ones apart."""
    lines = {line.strip() for region in ANSWER.findall(source) for line in region.splitlines()}
    return {line for line in lines if len(line) > 3 and not line.startswith("#")}


def _stub(source: str) -> list[str]:
    """Lines of the source outside its answer, and a clinic's broken code: these may stand in the learner's cell."""
    outside = ANSWER.sub("", source).splitlines()
    return [re.sub(r"^(\s*)# ?", r"\1", line) for line in outside] + outside

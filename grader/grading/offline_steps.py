"""nbgrader's preprocessors that read the gradebook, reading data handed over instead: their rules stay nbgrader's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    GetGrades,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)

Resources = dict[str, Any]

MOST_REMEMBERED = 1_000
"""Marks of cells; a unit has some dozens."""


@dataclass(frozen=True)
class SourceCell:
    """A marked cell of a unit as the gradebook has it."""

    name: str
    cell_type: str
    locked: bool
    checksum: str
    source: str
    max_score: float


@dataclass(frozen=True)
class ScoreSheet:
    """What a feedback page says besides the notebook: points and comments by grade_id, and the sums."""

    scores: Mapping[str, tuple[float, float]]
    """Points earned and the most that the cell gives."""
    comments: Mapping[str, str | None]
    score: float
    max_score: float
    penalty: float


class _Cells:
    """The two of a gradebook's methods that OverwriteCells asks."""

    def __init__(self, cells: tuple[SourceCell, ...]) -> None:
        self._by_name = {cell.name: cell for cell in cells}

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> SourceCell:
        try:
            return self._by_name[name]
        except KeyError:
            raise MissingEntry(f"No such source cell: {assignment}/{notebook}/{name}") from None

    find_graded_cell = find_source_cell


class OverwriteCellsFromData(OverwriteCells):
    """`OverwriteCells` without a gradebook. `Repair` has put missing cells back before, so it never adds any."""

    def __init__(self, cells: tuple[SourceCell, ...], **options: Any) -> None:
        super().__init__(**options)
        self.gradebook = _Cells(cells)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """As nbgrader's, but for opening the gradebook."""
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        result: tuple[NotebookNode, Resources] = NbGraderPreprocessor.preprocess(self, nb, resources)
        return result


class OverwriteKernelspecFromData(OverwriteKernelspec):
    """`OverwriteKernelspec` without a gradebook; `kernelspec` is the gradebook's JSON text."""

    def __init__(self, kernelspec: str | None, **options: Any) -> None:
        super().__init__(**options)
        self.kernelspec = json.loads(kernelspec) if kernelspec else None

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """As nbgrader's, but for opening the gradebook."""
        if self.kernelspec:
            nb.metadata["kernelspec"] = self.kernelspec
        return nb, resources


class _Validator(MetadataValidator):
    """nbgrader's, which checks its own schema anew for each cell: marks that were found right are right again."""

    def __init__(self) -> None:
        super().__init__()
        self._right: set[str] = set()

    def validate_cell(self, cell: NotebookNode) -> None:
        key = json.dumps([cell.cell_type, cell.metadata.get("nbgrader")], sort_keys=True)
        if key not in self._right:
            super().validate_cell(cell)
            if len(self._right) < MOST_REMEMBERED:
                self._right.add(key)


class CheckCellMetadataOnce(CheckCellMetadata):
    """`CheckCellMetadata` for a class, whose submissions all have the unit's marks once they are repaired."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._validator = _Validator()

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """As nbgrader's, which is asked, and says why, when something is wrong."""
        try:
            self._validator.validate_nb(nb)
        except ValidationError:
            result: tuple[NotebookNode, Resources] = super().preprocess(nb, resources)
            return result
        return nb, resources


class GetGradesFromSheet(GetGrades):
    """`GetGrades` without a gradebook: the page's job carries the `ScoreSheet` in its resources."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """As nbgrader's, but for opening the gradebook."""
        self.sheet: ScoreSheet = resources["course_sheet"]
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        resources["nbgrader"]["score"] = self.sheet.score - self.sheet.penalty
        resources["nbgrader"]["max_score"] = self.sheet.max_score
        resources["nbgrader"]["late_penalty"] = self.sheet.penalty
        return nb, resources

    def _get_comment(self, cell: NotebookNode, resources: Resources) -> None:
        cell.metadata.nbgrader["comment"] = self.sheet.comments[cell.metadata["nbgrader"]["grade_id"]]

    def _get_score(self, cell: NotebookNode, resources: Resources) -> None:
        score, points = self.sheet.scores[cell.metadata["nbgrader"]["grade_id"]]
        cell.metadata.nbgrader["score"], cell.metadata.nbgrader["points"] = score, points

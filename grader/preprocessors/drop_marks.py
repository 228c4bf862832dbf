"""Take the marks that only the build reads out of what learners get."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.scripts import MARKS


class DropMarks(NbGraderPreprocessor):
    """The last preprocessor of a release, so that stock `nbgrader generate_assignment` makes the committed bytes."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        nb.metadata.pop("jupytext", None)
        for cell in nb.cells:
            for key in MARKS:
                cell.metadata.pop(key, None)
        return nb, resources

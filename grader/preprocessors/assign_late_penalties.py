"""Apply a learner's extension before nbgrader says how late they are, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties as Stock

from grader.class_list import apply_extension, read_class_list


class AssignLatePenalties(Stock):
    """nbgrader's, with the extensions of the class list; the class's late submission plugin stays the class's."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """As nbgrader's."""
        where = resources["nbgrader"]
        unit, student = where["assignment"], where["student"]
        until = read_class_list(where["db_url"], Path(self.config.CourseDirectory.get("root") or ".")).until(
            unit, student
        )
        if until is not None:
            with Gradebook(where["db_url"]) as gradebook:
                apply_extension(gradebook.find_submission(unit, student), until)
                gradebook.db.commit()
        result: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        return result

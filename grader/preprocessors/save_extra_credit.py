"""Give what a bonus exercise earned as nbgrader's extra credit, on top of the unit's points."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor


class SaveExtraCredit(NbGraderPreprocessor):
    """Runs after SaveAutoGrades, which makes the grades that this one completes."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        bonus = {key: v for key, v in resources.get("course_verdicts", {}).items() if v.bonus}
        if bonus:
            where = resources["nbgrader"]
            with Gradebook(where["db_url"]) as gradebook:
                for grade_id, verdict in bonus.items():
                    grade = gradebook.find_grade(grade_id, where["notebook"], where["assignment"], where["student"])
                    grade.extra_credit = float(verdict.earned)
                gradebook.db.commit()
        return nb, resources

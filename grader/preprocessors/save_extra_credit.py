"""Give what a bonus exercise earned as nbgrader's extra credit, on top of the unit's points."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.extra_credit import give, prepare


class SaveExtraCredit(NbGraderPreprocessor):
    """Runs after SaveAutoGrades, which makes the grades that this one completes; what a person gave stays."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        bonus = {key: v for key, v in resources.get("course_verdicts", {}).items() if v.bonus}
        if bonus:
            where = resources["nbgrader"]
            with Gradebook(where["db_url"]) as gradebook:
                prepare(gradebook.db)
                for grade_id, verdict in bonus.items():
                    grade = gradebook.find_grade(grade_id, where["notebook"], where["assignment"], where["student"])
                    give(gradebook.db, grade, float(verdict.earned))
                gradebook.db.commit()
        return nb, resources

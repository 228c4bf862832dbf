"""nbgrader preprocessors of this course: one small class a file, each doing one thing to a notebook.

`grader.config` says in which order nbgrader runs them. Nothing here decides what is right: that is
`course_lib.judging`.
"""

from grader.preprocessors.assign_late_penalties import AssignLatePenalties
from grader.preprocessors.bound_outputs import BoundOutputs
from grader.preprocessors.clear_answers import ClearAnswers
from grader.preprocessors.compute_answers import ComputeAnswers
from grader.preprocessors.drop_marks import DropMarks
from grader.preprocessors.refuse_links import RefuseLinks
from grader.preprocessors.repair import Repair
from grader.preprocessors.save_extra_credit import SaveExtraCredit
from grader.preprocessors.verify_answers import VerifyAnswers

__all__ = [
    "AssignLatePenalties",
    "BoundOutputs",
    "ClearAnswers",
    "ComputeAnswers",
    "DropMarks",
    "RefuseLinks",
    "Repair",
    "SaveExtraCredit",
    "VerifyAnswers",
]

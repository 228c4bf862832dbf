"""What feedback may say of the private cases: a choice of the course, `c.VerifyAnswers.tells` in nbgrader_config.py.

"diagnosis" (the default): each property with its points, and which misconception explains what is missing.
"properties": each property with its points. "points": the points alone. Inputs and right values are never told.
"""

from __future__ import annotations

from dataclasses import replace

from course_lib.judging.judge import Difference, GroupResult, Verdict

POLICIES = ("diagnosis", "properties", "points")


def told(verdict: Verdict, policy: str) -> Verdict:
    """The verdict as far as a learner is told it; points and whether it passed stay what they are."""
    if policy == "diagnosis" or verdict.passed:
        return verdict
    if policy == "properties":
        sentence = "The properties marked ✗ do not hold yet."
        return replace(verdict, diagnoses=(), differences=(_silent(sentence),))
    silent = _silent("Not every property that the exercise asks for holds yet.")
    whole = GroupResult("all", "does all that the exercise asks for", verdict.points, verdict.earned, "", silent)
    return replace(verdict, groups=(whole,), diagnoses=(), differences=(silent,))


def _silent(sentence: str) -> Difference:
    return Difference(case=0, output="", stage="problem", message=sentence)

"""What feedback tells is a choice of the course; points do not depend on it."""

import pytest
from helpers.toy import REFERENCE, plus, right
from nbformat.v4 import new_code_cell

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from grader.judging.policy import POLICIES
from grader.preprocessors.verify_answers import VERDICT, write_verdict

pytestmark = pytest.mark.fast


def written(function, policy):
    cell = new_code_cell("check('scale_shift')")
    write_verdict(cell, judge(run_cases("scale_shift", function, REFERENCE), REFERENCE), policy)
    shown, number = cell.outputs
    return shown.data, number.data["text/plain"]


@pytest.mark.parametrize("policy", POLICIES)
def test_points_and_summary_do_not_depend_on_the_policy(policy):
    data, number = written(plus, policy)
    assert (data[VERDICT], number) == (written(plus, "diagnosis")[0][VERDICT], written(plus, "diagnosis")[1])
    assert "not right yet, 0 of 4 points" in data["text/plain"]
    assert written(right, policy)[0] == written(right, "diagnosis")[0]


def test_each_policy_tells_less():
    full, properties, points = (written(plus, policy)[0]["text/html"] for policy in POLICIES)
    assert "You added where scaling multiplies." in full and "scales every entry" in full
    assert "You added" not in properties and "scales every entry" in properties
    assert "You added" not in points and "scales every entry" not in points
    assert "Not every property" in points

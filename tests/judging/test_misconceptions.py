"""Every mistake that a spec knows is caught and called by its own name, whatever the secret of the course."""

from __future__ import annotations

import re

import pytest
from helpers.course import LIGHT, ROOT, each, references
from helpers.promises import failures

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.reference import load
from course_lib.judging.render import text
from grader.audit.contract import misconception_failure
from grader.exercises import find_exercise


@pytest.mark.parametrize(("exercise", "misconception"), each(LIGHT, "misconceptions"))
def test_a_misconception_is_caught_and_named(exercise, misconception, monkeypatch, kept):
    monkeypatch.chdir(ROOT / "solutions" / exercise.unit)  # beside the notebook, where it finds its files

    def failure(one):
        found = (misconception_failure(exercise, one, reference) for reference in references(exercise))
        return next(filter(None, found), None)

    found = failures(kept, exercise, "misconceptions", exercise.misconceptions, failure)
    assert found[exercise.misconceptions.index(misconception)] is None


@pytest.mark.fast
def test_the_docs_show_what_a_check_says_today():
    exercise = find_exercise("mse_loss")
    wrong = next(m.answer for m in exercise.misconceptions if m.name == "sum_over_examples")
    reference = load("mse_loss")
    said = text(judge(run_cases("mse_loss", wrong, reference), reference))
    sample = re.search(r"```text\n(mse_loss: .*?)```", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"), re.S)
    assert sample and sample[1].split() == said.split()

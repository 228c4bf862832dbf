"""The trained networks that learners hand in, held to what every exercise promises: seconds each, on hidden images."""

from __future__ import annotations

import pytest
from helpers.course import ARTEFACTS, ROOT, each, references, solution_failure

from grader.audit.contract import misconception_failure, right_answer_failure
from grader.audit.replay import replayed


@pytest.fixture(autouse=True)
def beside_the_notebook(request, monkeypatch):
    """An answer finds its weights in the folder that it runs in."""
    monkeypatch.chdir(ROOT / "solutions" / request.getfixturevalue("exercise").unit)


@pytest.mark.parametrize("exercise", ARTEFACTS, ids=lambda e: e.name)
def test_the_solution_earns_everything(exercise):
    assert solution_failure(exercise) is None


@pytest.mark.parametrize(("exercise", "right"), each(ARTEFACTS, "also_right"))
def test_a_right_answer_passes(exercise, right):
    for reference in references(exercise):
        assert right_answer_failure(exercise, right, reference) is None


@pytest.mark.parametrize("exercise", ARTEFACTS, ids=lambda e: e.name)
def test_replaying_the_visible_answers_earns_nothing(exercise):
    assert replayed(exercise) == []


@pytest.mark.parametrize(("exercise", "misconception"), each(ARTEFACTS, "misconceptions"))
def test_a_misconception_is_caught_and_named(exercise, misconception):
    for reference in references(exercise):
        assert misconception_failure(exercise, misconception, reference) is None

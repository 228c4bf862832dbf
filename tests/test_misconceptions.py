"""Every mistake that a spec knows is caught and called by its own name, whatever the secret of the course."""

from __future__ import annotations

import pytest
from course import LIGHT, ROOT
from promises import each, references

from grader.audit.claims import misconception_failure

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("exercise", "misconception"), each(LIGHT, "misconceptions"))
def test_a_misconception_is_caught_and_named(exercise, misconception, monkeypatch):
    monkeypatch.chdir(ROOT / "solutions" / exercise.unit)  # beside the notebook, where it finds its files
    for reference in references(exercise):
        assert misconception_failure(exercise, misconception, reference) is None

"""A mistake stated as an edit: what fits, what does not, and who can read its text."""

import pickle  # a standard class that stands for one of another module
import re

import pytest
from helpers import toy

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.workspace import course_root
from grader.changes import change, made, source_of

pytestmark = pytest.mark.fast

FACTOR = 2.0


def doubled(x, depth=0):
    """Twice x."""
    y = FACTOR * x
    return doubled(x, depth - 1) if depth else y


class Doubler:
    def __init__(self, factor=FACTOR):
        self.factor = factor

    def __call__(self, x):
        return type(self), Doubler, self.factor * x


def test_a_change_is_the_answer_with_other_text():
    assert change(doubled, "FACTOR * x", "FACTOR + x")(5.0) == 7.0
    assert doubled(5.0) == 10.0


def test_a_changed_answer_means_itself_by_its_own_name():
    assert change(doubled, "FACTOR * x", "FACTOR + x")(5.0, depth=3) == 7.0
    own, named, value = change(Doubler, "self.factor * x", "self.factor + x")()(5.0)
    assert own is named and own is not Doubler and value == 7.0


def test_a_change_can_be_changed_again():
    once = change(doubled, "FACTOR * x", "FACTOR + x")
    assert change(once, "+ x", "- x")(5.0) == -3.0


def test_source_of_gives_the_text_that_runs():
    assert source_of(doubled).startswith("def doubled(x, depth=0):\n")
    assert "FACTOR + x" in source_of(change(doubled, "FACTOR * x", "FACTOR + x"))
    assert "self.factor - x" in source_of(change(Doubler, "self.factor * x", "self.factor - x"))


def test_a_class_below_a_changed_one_has_its_own_text():
    class Below(made(change(Doubler, "self.factor * x", "self.factor - x"))):
        """Has a text of its own."""

    assert "Has a text of its own" in source_of(Below)


def test_an_error_in_a_changed_answer_shows_its_line():
    import traceback

    broken = change(doubled, "FACTOR * x", "FACTOR / (x - x)")
    with pytest.raises(ZeroDivisionError) as caught:
        broken(5.0)
    assert any("(x - x)" in (frame.line or "") for frame in traceback.extract_tb(caught.value.__traceback__))


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ((), "needs pairs"),
        (("FACTOR",), "needs pairs"),
        (("GACTOR", "FACTOR"), "'GACTOR', which stands there 0 times"),
        (("x", "y"), "times, not once"),
        (("FACTOR * x", "FACTOR  *  x"), "leaves it as it was"),
        (("FACTOR * x", "FACTOR * "), "no Python"),
        (("def doubled", "def tripled"), "does not define doubled"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_by_name(texts, says):
    with pytest.raises(ValueError, match="doubled") as caught:
        change(doubled, *texts).made  # noqa: B018 - compiled when it is asked for
    assert says in str(caught.value)


def test_an_answer_without_text_is_refused():
    with pytest.raises((OSError, TypeError)):
        source_of(pickle.PickleError)
    with pytest.raises((OSError, TypeError)):
        change(len, "a", "b")


def test_a_change_is_judged_like_any_function():
    wrong = change(toy.scale_shift, "a * x", "a + x")
    verdict = judge(run_cases("scale_shift", made(wrong), toy.REFERENCE), toy.REFERENCE)
    assert [d.name for d in verdict.diagnoses] == ["plus"]


@pytest.mark.parametrize("part", ["right", "mistakes", "sentences"])
def test_the_authoring_page_shows_the_toy_exercise_as_it_is(part):
    page = (course_root() / "docs" / "authoring.md").read_text(encoding="utf-8")
    shown = re.search(rf"<!-- toy: {part} -->\n```python\n(.*?)```", page, re.S)
    assert shown and shown[1] in (course_root() / "tests" / "helpers" / "toy.py").read_text(encoding="utf-8")

"""What tests keep from an earlier run is made anew once anything changes that it hangs on, or was found wrong."""

import pytest
from helpers import promises
from helpers.course import EXERCISES
from helpers.kept import Kept, fingerprint

pytestmark = pytest.mark.fast


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course" / "deep").mkdir(parents=True)
    (tmp_path / "course" / "deep" / "a.py").write_text("1", encoding="utf-8")
    return tmp_path / "course"


@pytest.fixture
def keeps(tmp_path):
    (tmp_path / "kept").mkdir()
    return Kept(tmp_path / "kept")


def times_made(kept, *decides, change=lambda: None):
    """How often it is made, asked for twice: once it is kept, and it has the same value both times."""
    made = []

    def make():
        change()
        made.append("x")
        return {"value": [1, None]}

    for _ in range(2):
        with kept.made("a name", list(decides), make) as found:
            assert found == {"value": [1, None]}
    return len(made)


def test_it_is_made_once_and_in_ci_each_time(keeps, course):
    assert times_made(keeps, course, "text") == 1
    assert times_made(keeps, course, "text") == 0
    assert times_made(Kept(None), course, "text") == 2


@pytest.mark.parametrize("change", ["other text", "other bytes", "a new file", "a file is gone", "another name"])
def test_it_is_made_anew_when_something_changes(keeps, course, change):
    file, text = course / "deep" / "a.py", "text"
    assert times_made(keeps, course, text) == 1
    if change == "other text":
        text = "texts"
    elif change == "other bytes":
        file.write_text("12", encoding="utf-8")
    elif change == "a new file":
        (course / "b.json").touch()
    elif change == "a file is gone":
        file.unlink()
    else:
        file.rename(course / "deep" / "b.py")
    assert times_made(keeps, course, text) == 1


def test_another_machine_or_variable_is_another_fingerprint(course, monkeypatch):
    before = fingerprint([course])
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    threads = fingerprint([course])
    monkeypatch.setattr("helpers.kept._machine", lambda: "torch 99")
    assert len({before, threads, fingerprint([course])}) == 3


def test_what_is_found_wrong_is_not_kept(keeps, course):
    with pytest.raises(AssertionError), keeps.made("a name", [course], lambda: 3) as found:
        raise AssertionError(found)
    assert times_made(keeps, course) == 1


def test_what_was_made_while_a_file_changed_is_not_kept(keeps, course):
    count = iter(range(1, 9))
    change = (course / "deep" / "a.py").write_text
    assert times_made(keeps, course, change=lambda: change("x" * next(count), encoding="utf-8")) == 2


def test_a_promise_that_is_broken_is_looked_at_again_and_one_that_holds_is_kept(keeps, monkeypatch):
    asked = []

    def small(most):
        def failure(number):
            asked.append(number)
            return "It is too large." if number > most else None

        return failure

    for most, expected in ((1, [None, "It is too large."]), (2, [None, None]), (0, [None, None])):
        monkeypatch.setattr(promises, "_found", {})
        assert promises.failures(keeps, EXERCISES[0], "being small", [1, 2], small(most)) == expected
        assert promises.failures(keeps, EXERCISES[0], "being small", [1, 2], small(most)) == expected
    assert asked == [1, 2, 1, 2], "once more after it was broken, and not again once it held"

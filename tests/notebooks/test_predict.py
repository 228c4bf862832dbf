"""Predictions: what a learner reads before and after the answer, and what is kept of it."""

from pathlib import Path

import pytest

from course_lib import predict, progress, reveal
from course_lib.errors import CourseError
from course_lib.predict import Card, session

pytestmark = pytest.mark.fast

OPTIONS = {"a": "The loss falls.", "b": "The loss rises < forever."}


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    monkeypatch.setattr(session, "predictions", {})


def kept():
    return [{k: v for k, v in event.items() if k != "time"} for event in progress.events()]


def test_the_dots_ask_for_a_letter_and_stop_nothing(capsys):
    predict("cliff", ..., OPTIONS)
    said = capsys.readouterr().out
    assert "a) The loss falls." in said
    assert 'Write one of "a", "b"' in said
    assert "with its quotes" in said
    assert kept() == []


def test_a_right_prediction_is_confirmed_with_the_reason(capsys):
    predict("cliff", "B ", OPTIONS)
    assert "b) The loss rises" in capsys.readouterr().out
    reveal("cliff", "b", "Above 2 / L each step overshoots by more.")
    said = capsys.readouterr().out
    assert said.startswith("As you predicted")
    assert "Above 2 / L" in said
    assert kept() == [
        {"kind": "prediction", "key": "cliff", "choice": "b", "after_answer": False},
        {"kind": "reveal", "key": "cliff", "choice": "b", "answer": "b", "unit": Path.cwd().name}
        | {"said": ["b) The loss rises < forever."] * 2, "because": "Above 2 / L each step overshoots by more."},
    ]


def test_another_outcome_shows_both_without_scolding(capsys):
    predict("cliff", "a", OPTIONS)
    reveal("cliff", "b", "Each step overshoots.")
    said = capsys.readouterr().out
    assert "You predicted: a) The loss falls." in said
    assert "The experiment shows: b) The loss rises" in said
    assert "wrong" not in said.lower()


def test_you_may_change_your_mind_until_the_answer_is_shown(capsys):
    predict("cliff", "a", OPTIONS)
    predict("cliff", "b", OPTIONS)
    reveal("cliff", "b", "So it is.")
    assert "As you predicted" in capsys.readouterr().out


def test_after_the_answer_the_first_prediction_stays_the_one_compared(capsys):
    predict("cliff", "a", OPTIONS)
    reveal("cliff", "b", "So it is.")
    capsys.readouterr()
    predict("cliff", "b", OPTIONS)
    assert "your first prediction stays" in capsys.readouterr().out
    reveal("cliff", "b", "So it is.")
    assert "You predicted: a)" in capsys.readouterr().out
    assert len(kept()) == 2  # nothing was kept twice


@pytest.mark.parametrize("asked", [True, False])
def test_an_answer_without_a_prediction_is_shown_all_the_same(capsys, asked):
    if asked:
        predict("cliff", ..., OPTIONS)
    reveal("cliff", "b", "So it is.")
    said = capsys.readouterr().out
    assert "You had not put down a prediction" in said
    assert ("b) The loss rises" in said) == asked
    assert kept() == []


def test_taking_a_prediction_back_leaves_it_open(capsys):
    predict("cliff", "a", OPTIONS)
    predict("cliff", ..., OPTIONS)
    reveal("cliff", "b", "So it is.")
    assert "You had not put down a prediction" in capsys.readouterr().out


def test_a_letter_that_is_not_there_is_pointed_out_and_not_kept(capsys):
    predict("cliff", "e", OPTIONS)
    assert '\'e\' is not one of "a", "b"' in capsys.readouterr().out
    assert kept() == []


def test_an_experiment_that_answers_outside_the_options_is_an_error():
    predict("cliff", "a", OPTIONS)
    with pytest.raises(CourseError, match="'c'.*not one of a, b"):
        reveal("cliff", "c", "So it is.")


def test_nothing_is_recorded_while_grading(monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "/some/folder")
    predict("cliff", "a", OPTIONS)
    reveal("cliff", "a", "So it is.")
    monkeypatch.delenv("COURSE_GRADING")
    assert kept() == []


def test_questions_do_not_mix(capsys):
    predict("one", "a", OPTIONS)
    predict("two", "b", OPTIONS)
    capsys.readouterr()
    reveal("one", "b", "So it is.")
    assert "You predicted: a)" in capsys.readouterr().out


def test_a_card_escapes_its_text_and_reads_without_html():
    card = Card("Title", ("x < y & z",))
    assert "x &lt; y &amp; z" in card._repr_html_()
    assert repr(card) == "Title\n  x < y & z"

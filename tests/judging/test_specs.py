"""Each exercise's spec, held to what it promises: the solution and every right answer pass, every part is there."""

from __future__ import annotations

import json
import re
from functools import cache

import numpy as np
import pytest
from helpers.course import (
    EXERCISES,
    GRADED_CODE,
    LIGHT,
    ROOT,
    SECRETS,
    UNITS,
    each,
    one_by_one,
    read_once,
    references,
    solution_failure,
)
from helpers.promises import failures

from course_lib.judging import codec
from course_lib.judging.diagnosis.relations.conditions import UNSEEN
from course_lib.judging.reference import load
from grader.audit.contract import right_answer_failure
from grader.audit.replay import replayed, sentences
from grader.changes import source_of
from grader.judging.private import private_reference
from grader.spec import Exercise

exercises = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
answers = pytest.mark.parametrize("exercise", one_by_one(LIGHT))


@answers
def test_the_solution_earns_everything(exercise, monkeypatch, kept):
    monkeypatch.chdir(ROOT / "solutions" / exercise.unit)  # beside the notebook, where it finds its files
    assert failures(kept, exercise, "the solution", [exercise], solution_failure) == [None]


@pytest.mark.parametrize(("exercise", "right"), each(LIGHT, "also_right"))
def test_a_right_answer_passes(exercise, right, monkeypatch, kept):
    monkeypatch.chdir(ROOT / "solutions" / exercise.unit)

    def failure(one):
        found = (right_answer_failure(exercise, one, reference) for reference in references(exercise))
        return next(filter(None, found), None)

    found = failures(kept, exercise, "right answers", exercise.also_right, failure)
    assert found[exercise.also_right.index(right)] is None


def least_groups(exercise: Exercise) -> int:
    """Four from unit 03 on. Before that three, and a clinic's one bug may be one property."""
    if exercise.unit >= "03":
        return 4
    return 1 if exercise.name.startswith("clinic_") else 3


@pytest.mark.fast
@exercises
def test_the_spec_is_complete(exercise):
    keys = [group.key for group in exercise.groups]
    cases = load(exercise.name).cases
    assert len(set(keys)) == len(keys) and {case.group for case in cases} == set(keys)
    assert all(group.points >= 1 for group in exercise.groups)
    assert len(exercise.misconceptions) >= 2
    if not exercise.withheld:
        assert len(exercise.also_right) >= 2
        assert len(keys) >= least_groups(exercise)
        assert len({case.label for case in cases}) == len(cases)


@pytest.mark.thorough
@answers
def test_replaying_the_visible_answers_earns_nothing(exercise, monkeypatch, kept):
    """Thousands of answers are judged, and of each it is asked whether it is right; why it is not is asked of none."""
    monkeypatch.setattr("course_lib.judging.judge.diagnose", lambda *wrong: ())
    monkeypatch.chdir(ROOT / "solutions" / exercise.unit)
    earned = failures(
        kept, exercise, "replaying", [exercise], lambda one: " ".join(sentences(one, replayed(one))) or None
    )
    assert earned == [None]


@pytest.mark.parametrize("exercise", one_by_one(GRADED_CODE))
def test_every_group_has_a_case_that_the_visible_ones_do_not_give_away(exercise, kept):
    assert failures(kept, exercise, "given away", [exercise], given_away) == [None]


def given_away(exercise: Exercise) -> str | None:
    """The groups that have no private case of their own."""
    visible = {group.key: set() for group in exercise.groups}
    for case in load(exercise.name).cases:
        visible[case.group].add(json.dumps(codec.encode(case.inputs)))
    known = set()
    for secret in SECRETS:
        for key, seen in visible.items():
            private = [c for c in private_reference(exercise.name, secret).cases if c.group == key]
            if not any(json.dumps(codec.encode(c.inputs)) not in seen for c in private):
                known.add(key)
    return ", ".join(sorted(known)) or None


def is_code(word: str, exercise: Exercise) -> bool:
    """Whether a sentence begins with a name from the code, which keeps its small letter."""
    return "." in word or "(" in word or bool(re.search(rf"\b{word}\b", source_of(exercise.also_right[0])))


@pytest.mark.fast
@exercises
def test_the_sentences_are_sentences(exercise):
    for misconception in exercise.misconceptions:
        says = misconception.says
        assert len(says) >= 40 and says.rstrip(")")[-1] in ".?!", misconception.name
        assert says[0].isupper() or is_code(says.split()[0], exercise), misconception.name
        assert says == " ".join(says.split()), "no line breaks or double spaces"
    for group in exercise.groups:
        assert group.states[0].islower() and not group.states.endswith("."), group.key


def section_of(exercise: Exercise) -> list[str]:
    """The cells of the notebook between the check before this exercise's and its own."""
    between: list[str] = []
    for cell in read_once(exercise.unit).cells:
        if cell.metadata.get("check") == exercise.name:
            break
        if cell.metadata.get("check"):
            between = []
        between.append(cell.source)
    return between


@pytest.mark.fast
@exercises
def test_the_hints_that_are_named_are_there(exercise):
    wanted = {m.hint for m in exercise.misconceptions if m.hint is not None}
    shown = {int(number) for number in re.findall(r"Hint (\d+)", "\n".join(section_of(exercise)))}
    assert wanted <= shown


@pytest.mark.fast
@exercises
def test_a_learner_has_read_the_names_that_a_condition_may_say(exercise):
    """A driver has inputs of its own; a sentence such as "where `sizes` is 0" would speak of something unheard of."""
    read = set().union(*(words_of(unit) for unit in UNITS if unit <= exercise.unit))
    cases = load(exercise.name).cases
    inputs = [item for case in cases for item in case.inputs.items()]
    said = {name for name, value in inputs if isinstance(value, int | float | np.ndarray)}
    assert sorted(said - UNSEEN - read) == []


@cache
def words_of(unit: str) -> frozenset[str]:
    """The words of a unit's cells, names of the code among them."""
    return frozenset(re.findall(r"\w+", "\n".join(cell.source for cell in read_once(unit).cells)))


@pytest.mark.fast
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_has_every_part(unit):
    names = [exercise.name for exercise in EXERCISES if exercise.unit == unit]
    number = unit[:2]
    assert f"quiz_{number}" in names and f"clinic_{number}" in names
    cells = read_once(unit).cells
    text = "\n".join(cell.source for cell in cells)
    assert sum("reflection" in cell.metadata for cell in cells) == 1
    for part in ("minutes", "Going further", "predict(", "reveal(", "Recap"):
        assert part in text, part
    quiz = next(exercise for exercise in EXERCISES if exercise.name == f"quiz_{number}")
    assert 3 <= len(quiz.groups) <= 6  # a quiz, no examination


@pytest.mark.fast
def test_withheld_references_hold_no_answer():
    for exercise in EXERCISES:
        if exercise.withheld:
            recorded = load(exercise.name)
            assert recorded.misconceptions == () and all(case.expected is None for case in recorded.cases)

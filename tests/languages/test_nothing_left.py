"""No sentence of a check stays English in Chinese: of known mistakes, of other wrong values, and of the search."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from helpers.course import EXERCISES, UNITS

from course_lib import told
from course_lib.judging import render
from course_lib.judging.diagnosis.search import _diagnosis
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import load
from course_lib.judging.signatures import by_unit

pytestmark = pytest.mark.fast

HAN = re.compile(r"[\u4e00-\u9fff]")
QUOTED = re.compile(r"`[^`]*`|\$[^$]*\$|\b\w*[eE]rror: [^。]*|'[^']*'|\"[^\"，]*|\bvalues of [\w\[\]', ]+")
"""Code, formulas, what Python itself says, and values as it writes them."""
LEFT = re.compile(r"[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}")
WAYS = (lambda value: -value, lambda value: 2 * value, lambda value: value + 0.37, lambda value: None)


def english_in(text: str) -> bool:
    """Whether words of English are left: three in a row, or any where nothing is Chinese."""
    bare = QUOTED.sub("", text)
    return bool(LEFT.search(bare)) or bool(re.search(r"[A-Za-z]{3,} [a-z]{2,}", bare) and not HAN.search(text))


def wrong_answers(reference):
    for misconception in reference.misconceptions:
        if misconception.outcomes:
            yield list(misconception.outcomes)
    for way in WAYS:
        made = [{key: way(value) for key, value in (case.expected or {}).items()} for case in reference.cases]
        yield [Outcome(values=values) for values in made]
    yield [Outcome(values={})] * len(reference.cases)


@pytest.mark.parametrize("name", ["gd_step", "backtracking_line_search"])
def test_each_panel_is_chinese(name):
    reference = load(name)
    with told.in_language("zh_CN"):
        for outcomes in wrong_answers(reference):
            verdict = judge(outcomes, reference)
            for each in (verdict, replace(verdict, diagnoses=())):
                left = [line for line in render.text(each).split("\n") if english_in(line)]
                assert left == []
                assert 'aria-label="open"' not in render.html(each)


@pytest.mark.thorough
@pytest.mark.parametrize("unit", UNITS)
def test_what_is_said_of_each_known_mistake_is_chinese(unit):
    left = []
    with told.in_language("zh_CN"):
        for name in (exercise.name for exercise in EXERCISES if exercise.unit == unit and not exercise.withheld):
            reference = load(name)
            for mistake in reference.misconceptions:
                verdict = judge(list(mistake.outcomes), reference) if mistake.outcomes else None
                for each in (verdict, replace(verdict, diagnoses=())) if verdict else ():
                    lines = render.text(each).split("\n")
                    left += [(name, mistake.name, line) for line in lines if english_in(line)]
    assert left == []


@pytest.mark.parametrize("name", ["gd_step", "backtracking_line_search"])
def test_each_sentence_of_the_search_is_chinese(name):
    reference = load(name)
    signatures = reference.search()
    assert signatures.edits
    with told.in_language("zh_CN"):
        for edit in signatures.edits:
            says = _diagnosis(edit, "", by_unit(edit.marks, reference.returns), reference).says
            assert not english_in(told.shown(says, reference.unit)), says


def test_a_sentence_left_in_english_is_found():
    assert english_in("你的数值恰好是这样得到的：the factor grad is left out。")
    assert english_in("Not yet: works for any shape.")
    assert not english_in("gd_step：还不对，得 0 分，满分 4 分")

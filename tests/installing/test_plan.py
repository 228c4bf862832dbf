"""The course plan: its hours are the units' own, its weeks are in an order in which the units build on one another."""

from __future__ import annotations

import re

import pytest

from tools.course_plan import PAGE, PLANS, TERM, read_unit, units, with_tables

pytestmark = pytest.mark.fast


def test_the_tables_are_of_the_units_as_they_are():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "python tools/course_plan.py writes them anew"


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_takes_each_unit_once_and_in_order(name):
    numbers = [each for _, text, _ in PLANS[name][1] for each in text.split()]
    whole = [number for number in numbers if "/" not in number]
    assert whole == sorted(set(whole))
    for part in {number for number in numbers if "/" in number}:
        assert numbers.count(part) == int(part.partition("/")[2])
    assert {number[:2] for number in numbers} <= set(units())


def test_a_unit_names_what_comes_before_it():
    for unit in units().values():
        assert all(other < unit.number for other in unit.builds_on), unit


def test_the_self_study_is_about_twelve_hours_and_the_term_fourteen_weeks():
    known = units()
    chosen = [known[number] for _, text, _ in PLANS["alone"][1] for number in text.split()]
    assert sum(unit.least for unit in chosen) <= 12 * 60 <= sum(unit.most for unit in chosen)
    assert [label for label, _, _ in TERM] == [str(week) for week in range(1, 15)]


def test_what_the_page_says_to_leave_out_is_left_out():
    text = PAGE.read_text(encoding="utf-8")
    taken = {each[:2] for _, units_, _ in TERM for each in units_.split()}
    assert set(units()) - taken == {"11", "14", "15"}
    assert re.search(r"Out are 11 .* and two of the three units 13,\s+14 and 15", text)


def test_a_unit_without_the_usual_header_is_named(tmp_path):
    script = tmp_path / "99_x.py"
    script.write_text(
        "# # 99 · X\n# | time | difficulty | builds on |\n# |---|---|---|\n# | long | x | y |\n", encoding="utf-8"
    )
    with pytest.raises(ValueError, match="99_x.py has no table"):
        read_unit(script)
    with pytest.raises(ValueError, match="begin units"):
        with_tables("nothing")

"""`./course demo`: the whole loop, from release to feedback, for someone who wants to see it once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.course import ROOT, UNITS
from helpers.submissions import UNIT, bonus, fingerprint, points

from course_lib.errors import CourseError
from grader.commands import demo
from grader.exercises import exercises_of
from grader.grading.classroom import Classroom
from grader.submissions.samples import SAMPLES

PRIVATE = ("gradebook.db", "gradebook.secret", "submitted", "autograded", "feedback", "reports")


def test_the_whole_loop_ends_with_a_table_and_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "UNIT", UNIT)  # the quickest; the loop is the same
    there = {name: fingerprint(ROOT / name) for name in PRIVATE if (ROOT / name).exists()}
    assert demo.main(tmp_path / "class") == 0
    said = capsys.readouterr().out
    for step in ("1. Release", "2. Collect", "3. Autograde", "4. The class"):
        assert step in said
    rows = {line.split()[0]: line for line in said.partition("4. The class")[2].splitlines() if line.strip()}
    assert f" {points() + bonus()}/" in rows["ada_right"] and "3 h 20 min" in rows["finn_late"]
    assert "could not be read" in rows["hugo_truncated"] and " 0/" in rows["dan_empty"]
    for exercise in exercises_of(UNIT):
        assert re.search(rf"\d  {exercise.name}: {exercise.misconceptions[0].name}  \(.*cleo_known_wrong", said)
    pages = [Path(line.strip()) for line in said.splitlines() if re.fullmatch(r"  \S+\.html", line)]
    assert len(pages) == len(SAMPLES) - 1 and all(page.is_file() for page in pages)
    assert f"The class in plots and tables: {tmp_path / 'class' / 'reports' / UNIT}.html" in said
    with Classroom(tmp_path / "class").gradebook() as gradebook:
        assert len(gradebook.students) == len(SAMPLES) - 1
    assert {name: fingerprint(ROOT / name) for name in PRIVATE if (ROOT / name).exists()} == there


@pytest.mark.fast
def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("three years of work", encoding="ascii")
    with pytest.raises(CourseError, match="not made by ./course demo"):
        demo.main(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.fast
def test_the_class_of_an_earlier_demo_is_made_anew(tmp_path):
    demo._make_room(tmp_path / "class")
    (tmp_path / "class" / "gradebook.db").write_text("old", encoding="ascii")
    demo._make_room(tmp_path / "class")
    assert [path.name for path in (tmp_path / "class").iterdir()] == [demo.MARK]


@pytest.mark.fast
@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_its_sample_class(unit):
    from helpers.course import source_notebook
    from helpers.submissions import released

    texts = {student: make(released(unit), source_notebook(unit), unit) for student, (make, _) in SAMPLES.items()}
    assert len(set(texts.values())) == len(SAMPLES) - 1, "late is right, only later; all others differ"

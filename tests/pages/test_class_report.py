"""The class report: one page without a script, its numbers in tables, for a class of any size."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import nbformat
import pytest
from bs4 import BeautifulSoup
from helpers.submissions import MINE, UNIT, answered, bonus, checked, classroom, points, released

from grader.grading.grade_class import grade_class
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.reports.class_facts import histogram, points_lost, slowest
from grader.reports.class_report import REMEDIES, make_report, remedy
from grader.reports.summary import report
from grader.reports.table import write_csv
from grader.sandbox.sandbox import MOST_SECONDS, _frames
from grader.submissions.samples import hand_in

COUNTED = [exercise for exercise in MINE if not exercise.bonus]
HOSTILE = '<img src=x onerror=alert(1)>$x_1"'


def learner(name, lost=(), diagnoses=(), **more):
    """A learner who lost the properties `lost` of the unit's first exercise, and earned everything else."""
    first, *others = COUNTED
    checks = (checked(first, lost, diagnoses), *map(checked, others))
    most = float(sum(c.points for c in checks))
    return Result(name, points=float(sum(c.earned for c in checks)), most=most, checks=checks, **more)


def page_of(results):
    text = make_report(results, UNIT, None)
    return text, BeautifulSoup(text, "html.parser")


def table(page, caption):
    found = next(t for t in page.find_all("table") if t.caption.get_text() == caption)
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in found.tbody.find_all("tr")]


FIRST = COUNTED[0]
KEYS = [group.key for group in FIRST.groups]
WRONG = FIRST.misconceptions[0]
CLASSES = {
    "empty": [],
    "nothing_handed_in": [Result("ada", handed_in=False)],
    "one": [learner("ada", KEYS[:1], took=2.0, spent=(("ada's cell", 1.5),))],
    "all_perfect": [learner(f"s{i}", took=1.0) for i in range(30)],
    "all_failed": [Result(f"s{i}", problem="could not be read: a.ipynb is empty") for i in range(3)],
    "large": [learner(f"s{i}", KEYS[: i % 2], [WRONG.name] * (i % 2), took=1.0 + i) for i in range(200)],
    "hostile": [
        learner(HOSTILE, KEYS, [WRONG.name], took=1.0, spent=((HOSTILE, 1.0),), notes=(HOSTILE,)),
        Result(HOSTILE + "2", problem=HOSTILE),
    ],
}


@pytest.mark.fast
@pytest.mark.parametrize("results", CLASSES.values(), ids=CLASSES)
def test_a_page_runs_nothing_loads_nothing_and_every_picture_has_words_and_a_table(results):
    text, page = page_of(results)
    assert page.find_all(["script", "link", "iframe", "object", "base"]) == []
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert not re.search(r"https?://|url\(|@import", text)
    for picture in page.find_all("img"):
        kind, _, data = picture["src"].partition(",")
        assert kind == "data:image/png;base64" and base64.b64decode(data).startswith(b"\x89PNG")
        assert len(picture["alt"]) > 40
        assert picture.find_next("table") in picture.find_parent("section").find_all("table")
    links = {link["href"] for link in page.find_all("a")}
    assert links == {f"#{heading['id']}" for heading in page.find_all("h2")}
    assert all(t.caption and t.thead.find_all("th", scope="col") for t in page.find_all("table"))


@pytest.mark.fast
def test_what_was_lost_met_and_failed_stands_in_the_tables():
    results = [
        learner("ada", took=0.5),
        learner("ben", KEYS[:1], [WRONG.name], took=9.0, spent=(("the training", 8.0),), seconds_late=60.0, waiting=1),
        learner("cleo", KEYS, [WRONG.name], notes=("Put together again.",)),
        Result("dan", problem=f"could not be read: {UNIT}.ipynb breaks off in line 3"),
        Result("eve", handed_in=False),
    ]
    _, page = page_of(results)
    numbers = {entry.dt.get_text(): entry.dd.get_text() for entry in page.find("dl").find_all("div")}
    expected = {"submissions": 4, "graded": 3, "failed": 1, "nothing handed in": 1, "late": 1}
    assert numbers == {name: str(count) for name, count in (expected | {"answers that wait for you": 1}).items()}
    rows = table(page, FIRST.name)
    group = FIRST.groups[0]
    assert rows[0] == [group.key, group.states, str(group.points), "2 of 3", str(2 * group.points)]
    assert rows[1][3] == "1 of 3"
    assert all(row[3] == "0 of 3" for row in table(page, COUNTED[1].name))
    assert table(page, "Misconceptions") == [["2", f"{FIRST.name}: {WRONG.name}", WRONG.says, "ben, cleo"]]
    assert table(page, "Where the time went")[0] == ["1", "ben", "9.0 s", "the training: 8.0 s"]
    (failed,) = table(page, "Failed submissions")
    assert failed == ["dan", results[3].problem, "The upload was cut short: ask for the file again."]
    everyone = {row[0]: row[1:] for row in table(page, "Everyone, as in the CSV file beside this page")}
    assert everyone["ben"][1:3] == ["1 min", "1"] and everyone["dan"][3] == "failed"
    assert everyone["cleo"][3] == "Put together again." and everyone["eve"][0] == "none"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("share", "place"), [(0, 0), (0.099, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.999, 9), (1, 10), (1.2, 10)]
)
def test_each_share_of_the_points_has_its_bar(share, place):
    bins = histogram([replace(learner("ada"), points=share * 10, most=10.0)])
    assert [each.count for each in bins] == [int(i == place) for i in range(11)]


@pytest.mark.fast
def test_bonus_exercises_cost_nothing_and_old_verdicts_are_not_guessed():
    assert {each.exercise for each in points_lost([learner("ada")], UNIT)} == {e.name for e in COUNTED}
    assert points_lost([], UNIT) == []
    assert sum(each.lost for each in points_lost([learner("ada", KEYS)], UNIT)) == FIRST.points


@pytest.mark.fast
def test_the_slowest_come_first_and_only_those_that_were_measured():
    results = [learner(f"s{i}", took=float(i)) for i in range(20)]
    assert [each.student for each in slowest(results)] == [f"s{i}" for i in range(19, 11, -1)]
    assert slowest([learner("ada")]) == []


@pytest.mark.fast
@pytest.mark.parametrize("part", [part for part, _ in REMEDIES])
def test_every_remedy_is_for_a_sentence_that_the_grader_says(part):
    from helpers.course import ROOT

    said = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "grader").rglob("*.py"))
    said = said.replace((ROOT / "grader" / "reports" / "class_report.py").read_text(encoding="utf-8"), "")
    assert part in said
    assert remedy(f"... {part} ...") != remedy("something new")


@pytest.mark.fast
def test_a_class_of_nobody_has_a_table_of_nobody(tmp_path):
    write_csv([], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text(encoding="utf-8-sig").startswith("student,state,points")


def test_grading_writes_the_page_and_says_where(tmp_path):
    room = classroom(tmp_path)
    hand_in(nbformat.writes(released()), tmp_path / "submitted", "dan", UNIT)
    slow = answered({FIRST.name: f"import time\ntime.sleep(1.5)\n{FIRST.name} = None"})
    hand_in(slow, tmp_path / "submitted", "sam", UNIT)
    hand_in("{", tmp_path / "submitted", "tom", UNIT)
    results = grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    path = tmp_path / "reports" / f"{UNIT}.html"
    assert str(path) in report(room, UNIT, results)
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    assert {row[3] for row in table(page, FIRST.name)} == {"2 of 2"}
    assert {row[3] for row in table(page, COUNTED[1].name)} == {"1 of 2"}
    assert table(page, "Failed submissions")[0][0] == "tom"
    if room.unsandboxed:
        return
    row = next(row for row in table(page, "Where the time went") if row[1] == "sam")
    assert float(re.search(rf"{FIRST.name}: ([\d.]+) s", row[3])[1]) >= 1.5
    again = grade_class(room, UNIT, tmp_path / "submitted", workers=1)
    assert [(r.took, r.spent) for r in again] == [(r.took, r.spent) for r in results], "known from the run before"
    assert points() + bonus() >= max(r.points for r in again if r.points is not None)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("told", "seconds"),
    [("1.5", 1.5), ("-3", 0), ("NaN", 0), ("Infinity", MOST_SECONDS), ("9" * 400, MOST_SECONDS), ('"9"', 0), ("[]", 0)],
)
def test_a_time_that_a_learners_process_makes_up_stays_a_number(told, seconds):
    frame = f'{{"cell": 1, "outputs": [], "number": 1, "seconds": {told}}}'.encode()
    (read,) = _frames(b"%08x" % len(frame) + frame)
    assert read["seconds"] == seconds


@pytest.mark.fast
def test_a_ledger_of_before_has_no_times(tmp_path):
    journal = RunJournal(classroom(tmp_path), UNIT)
    journal.note("ada", grade="x")
    assert journal.noted_time("ada") == journal.noted_time("nobody") == (0.0, ())
    journal.note_time("ada", 2.5, (("a cell", 1.0),))
    assert RunJournal(journal.classroom, UNIT).noted_time("ada") == (2.5, (("a cell", 1.0),))

"""The map and the review say what is on record and no more, whatever stands in the record, in words and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.axe import findings
from helpers.browser_driver import chromium
from helpers.course import ROOT

from course_lib import progress
from course_lib.commands import progress as command
from course_lib.errors import CourseError
from course_lib.judging.reference import load
from course_lib.review import review
from course_lib.review_page import page

fast = pytest.mark.fast
UNIT = "02_gradient_descent"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.setattr(command, "running_lab", lambda: None)
    return tmp_path / "state"


def a_check(name="gd_step", earned=0.0, **fields):
    reference = load(name)
    points = sum(group.points for group in reference.groups)
    told = {"started": True, "open": [], "advice": [], "diagnoses": []} | fields
    progress.record("check", exercise=name, unit=reference.unit, earned=earned, points=points, **told)


def right(name="gd_step"):
    a_check(name, sum(group.points for group in load(name).groups))


def the_record():
    a_check("mse_loss", advice=["You summed & <b>forgot</b> the mean."])
    right("mse_loss")
    a_check(advice=["Hint 3 is about this."])
    progress.record("reveal", key="promise", choice="a", answer="b", said=["a) A.", "b) B."], because="Curved.", unit=UNIT)
    progress.record("reveal", key="six_rates", choice="c", answer="c", said=["c", "c"], because="")


@fast
def test_an_empty_record_begins_at_the_beginning():
    found = review()
    assert found.next and (found.next.unit, found.next.cell) == ("00_start_here", "check_mean_square")
    assert found.again == () and [each.unit for each in found.units] == sorted(each.unit for each in found.units)
    assert all(step.state == "open" and step.cell for unit in found.units for step in unit.steps)
    assert "Nothing is on record" in page(found, None)


@fast
def test_what_was_missed_is_said_once_with_its_cell():
    the_record()
    found = review()
    again = {each.name: each for each in found.again}
    assert {name: each.kind for name, each in again.items()} == {
        "gd_step": "open",
        "promise": "prediction",
        "mse_loss": "mended",
    }
    cells = {cell["id"]: cell for cell in json.loads((ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb").read_text())["cells"]}
    assert '"promise"' in "".join(cells[again["promise"].cell]["source"])
    assert again["promise"].says == "You predicted “a) A.”; the experiment shows “b) B.”. Curved."
    assert found.next and found.next.name == "gd_step" and found.next.says == "begun, not right yet"


@fast
def test_the_next_step_is_where_the_last_one_was_and_then_what_was_left_out():
    right("gd_step")
    assert (found := review().next) and found.name == "gradient_descent"
    for name in (step.exercise for unit in review().units for step in unit.steps if unit.unit != "00_start_here"):
        right(name)
    assert (found := review().next) and found.unit == "00_start_here"


@fast
def test_a_line_of_an_older_version_says_what_it_can():
    wrong = load("gd_step").misconceptions[0]
    progress.record("check", exercise="gd_step", earned=0, points=6, diagnoses=[wrong.name])
    progress.record("reveal", key="six_rates", choice="a", answer="c")
    said = {each.name: each.says for each in review().again}
    assert said == {"gd_step": wrong.says, "six_rates": "You predicted a; the experiment shows c."}


@fast
def test_whatever_stands_in_the_record_the_map_comes():
    the_record()
    odd = [None, 5, "x", [], {}, ["gd_step"], True]
    for value in odd:
        for field in ("exercise", "earned", "points", "advice", "open", "diagnoses", "started", "unit"):
            progress.record("check", **({"exercise": "gd_step", "earned": 0, "points": 6} | {field: value}))
        for field in ("key", "choice", "answer", "said", "because", "unit"):
            progress.record("reveal", **({"key": "promise", "choice": "a", "answer": "b"} | {field: value}))
        progress.record("graded", started=value, exercises=value, unit=value)
    (progress.state_directory() / progress.FILE).open("ab").write(b'\xff\xfe{"kind": "che')
    text = page(review(), None)
    assert "gd_step" in text and progress.summary() and progress.tried() >= {"mse_loss"}


@fast
def test_a_link_leads_to_the_cell_where_a_lab_runs_and_the_command_stands_elsewhere():
    the_record()
    soup = BeautifulSoup(page(review(), "/base/"), "html.parser")
    link = soup.find("a", string="promise")
    assert link["href"].startswith(f"/base/lab/tree/work/{UNIT}/{UNIT}.ipynb#cell-id=")
    assert link["data-path"] == f"work/{UNIT}/{UNIT}.ipynb"
    soup = BeautifulSoup(page(review(), None), "html.parser")
    assert not soup.select("a") and "./course start 02" in soup.get_text()
    assert "You summed & <b>forgot</b> the mean." in soup.get_text() and not soup.select("b")


@fast
def test_the_command_says_it_in_words_and_opens_the_page(capsys, monkeypatch, state):
    the_record()
    assert command.main() == 0
    said = capsys.readouterr().out
    assert "Next: gd_step (begun, not right yet): ./course start 02" in " ".join(said.split())
    assert "Predicted otherwise:" in said and "Kept in" in said
    opened: list[str] = []
    monkeypatch.setattr(command.webbrowser, "open", lambda address: not opened.append(address))
    assert command.main(page=True) == 0
    assert opened == [(state / command.PAGE).resolve().as_uri()]
    monkeypatch.setattr(command.webbrowser, "open", lambda address: False)
    command.main(page=True)
    assert "No browser could be opened" in capsys.readouterr().out


@fast
def test_a_page_that_cannot_be_written_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(CourseError, match="prints the same"):
        command.main(page=True)


@pytest.mark.browser
def test_the_page_is_read_light_dark_and_on_a_phone(tmp_path: Path):
    the_record()
    file = tmp_path / "page.html"
    file.write_text(page(review(), "/"), encoding="utf-8")
    with chromium() as browser:
        sheet = browser.new_page()
        for scheme, width in (("light", 1280), ("dark", 390)):
            sheet.emulate_media(color_scheme=scheme)
            sheet.set_viewport_size({"width": width, "height": 900})
            sheet.goto(file.as_uri())
            assert findings(sheet) == [], (scheme, width)
            assert sheet.evaluate("document.documentElement.scrollWidth") <= width
            sheet.screenshot(path=str(tmp_path / f"{scheme}.png"))

"""Nobody stalls a class: a page comes in time, whatever its learner wrote, and so does everybody else's."""

from __future__ import annotations

import csv
import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from helpers.submissions import UNIT, bonus, brief, classroom, points
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.grading import tasks
from grader.grading.grade_class import grade_class
from grader.pages import pieces
from grader.pages.exporter import ansi2html, clean_html, highlight_code, markdown2html
from grader.pages.pieces import MOST_CODE, MOST_MARKUP, TOO_LONG, TOO_ODD, TOO_SLOW, as_plain, begin_page
from grader.preprocessors import verify_answers
from grader.preprocessors.verify_answers import with_weights
from grader.reports.class_report import remedy
from grader.reports.summary import report
from grader.sandbox.time_limit import run_limited
from grader.submissions.samples import hand_in

BLANK_LINES = "x = 1\n" + " \n" * 8_000
GROWING = {
    "lines of one blank": lambda n: "x\n" + " \n" * (n // 2),
    "lines of a tab": lambda n: "x\n" + "\t\n" * (n // 2),
    "blanks": lambda n: "x" + " " * n + "x",
    "stars": lambda n: "*" * n,
    "emphasis that does not end": lambda n: "*a **b " * (n // 7),
    "brackets": lambda n: "[" * n,
    "links in links": lambda n: "[a](" * (n // 4) + ")" * (n // 4),
    "pictures": lambda n: "![" * (n // 2),
    "ticks": lambda n: "`" * n,
    "longer and longer ticks": lambda n: " ".join("`" * k for k in range(1, int((2 * n) ** 0.5))),
    "fences": lambda n: "```\n" * (n // 4),
    "rows of a table": lambda n: "|a|b|\n|-|-|\n" + "|1|2|\n" * (n // 6),
    "columns of a table": lambda n: "|a" * (n // 4) + "|\n" + "|-" * (n // 4) + "|\n",
    "less than": lambda n: "<" * n,
    "tags that do not end": lambda n: "<a " * (n // 3),
    "tags in tags": lambda n: "<b>" * (n // 3),
    "comments": lambda n: "<!--" * (n // 4),
    "and": lambda n: "&" * n,
    "dollars": lambda n: "$a" * (n // 2),
    "backslashes": lambda n: "\\" * n,
    "formulas that do not end": lambda n: "\\begin{a}" * (n // 9),
    "quotes in quotes": lambda n: ">" * n + " x",
    "lists in lists": lambda n: "- " * (n // 2) + "x",
    "a list": lambda n: "1. x\n\n" * (n // 6),
    "references": lambda n: "".join(f"[a{k}]: b\n" for k in range(n // 10)),
    "colours": lambda n: "\x1b[31mx" * (n // 6),
    "colours that do not end": lambda n: "\x1b[" * (n // 2),
    "emoji": lambda n: "\U0001f469\u200d\U0001f4bb" * (n // 3),
    "marks on a letter": lambda n: "a" + "\u0301" * n,
    "a long word": lambda n: "a" * n,
    "strings that do not end": lambda n: "f'{" * (n // 3),
}
SENTENCES = (TOO_SLOW, TOO_LONG, TOO_ODD)


@pytest.mark.parametrize("name", GROWING)
def test_every_text_is_set_or_plain_whatever_its_length(name, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_SECONDS", 0.25)
    monkeypatch.setattr(pieces, "PAGE_SECONDS", 1.0)
    asked = watch(monkeypatch)
    for size in (2_000, 50_000):
        text = f"{GROWING[name](size)}\n\nThe end of {name}."
        asked.clear()
        begin_page()
        for made in (highlight_code(text), markdown2html({}, text), clean_html(text), ansi2html(text)):
            said = BeautifulSoup(str(made), "html.parser").get_text()
            assert (
                f"The end of {name}." in said or "characters are left out" in said or name.startswith(("tags", "comm"))
            )
        assert sum(asked) <= 4 * 0.25


@pytest.fixture(autouse=True)
def next_page():
    """What follows a test is another page."""
    yield
    begin_page()


def watch(monkeypatch):
    """The seconds that other processes are given from now on."""
    asked: list[float] = []

    def limited(function, *arguments, seconds):
        asked.append(seconds)
        return run_limited(function, *arguments, seconds=seconds)

    monkeypatch.setattr(pieces, "run_limited", limited)
    return asked


@pytest.mark.fast
def test_thousands_of_blank_lines_are_set_as_any_other_code():
    begin_page()
    made = str(highlight_code(BLANK_LINES))
    assert not any(sentence in made for sentence in SENTENCES) and '<span class="mi">1</span>' in made


@pytest.mark.fast
def test_a_page_has_one_time_for_all_its_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "PAGE_SECONDS", 0.0)
    asked = watch(monkeypatch)
    begin_page()
    assert TOO_SLOW in highlight_code("x = 'a page without time'") and asked == []
    monkeypatch.setattr(pieces, "PAGE_SECONDS", 60.0)
    begin_page()
    assert TOO_SLOW not in highlight_code("x = 'a page without time'") and len(asked) == 1


@pytest.mark.fast
def test_the_time_of_a_page_is_spent_by_its_pieces_alone(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_SECONDS", 0.1)
    monkeypatch.setattr(pieces, "PAGE_SECONDS", 0.15)
    asked = watch(monkeypatch)
    begin_page()
    for _ in range(3):
        with pytest.raises(pieces.PlainError, match="took longer"):
            pieces.made(time.sleep, 60)
    assert len(asked) == 2 and asked[0] == 0.1 and asked[1] <= 0.05


@pytest.mark.fast
def test_what_is_longer_than_anybody_sets_is_not_begun(monkeypatch):
    asked = watch(monkeypatch)
    assert TOO_LONG in highlight_code("x" * (MOST_CODE + 1))
    assert TOO_LONG in markdown2html({}, "x" * (MOST_MARKUP + 1))
    assert asked == []


@pytest.mark.fast
def test_a_picture_in_the_text_is_no_long_text():
    picture = f"data:image/png;base64,{'iVBORw0KGgo' * 60_000}"
    for written in (f"A plot: ![it]({picture})", f'A plot: <img alt="it" src="{picture}">'):
        shown = BeautifulSoup(markdown2html({}, written), "html.parser")
        assert shown.img["src"] == picture and TOO_LONG not in shown.get_text()
    assert BeautifulSoup(clean_html(f'<img src="{picture}">'), "html.parser").img["src"] == picture


@pytest.mark.fast
def test_a_plain_piece_is_the_text_as_it_was_typed_and_runs_nothing():
    made = as_plain("<script>1 < 2 & 3</script>", TOO_SLOW)
    assert BeautifulSoup(made, "html.parser").pre.get_text() == "<script>1 < 2 & 3</script>"
    assert not BeautifulSoup(made, "html.parser").select("script")
    assert "Its last 7 characters are left out." in as_plain("x" * (pieces.MOST_SHOWN + 7), TOO_LONG)


STUDENTS = ("blank", "huge", "judged", "late", "right", "slow")


@pytest.fixture(scope="module")
def stalled(tmp_path_factory):
    """A class in which some try to stall the others: by a page, by megabytes of text, before and after the sandbox."""
    room = classroom(tmp_path_factory.mktemp("stalled"))
    extra = {
        "blank": [new_code_cell(BLANK_LINES, id="blank"), new_code_cell("*" * 15_000, id="stars")],
        "huge": [new_markdown_cell("| a row of a table |\n" * 500_000, id="huge")],
        "judged": [new_markdown_cell("judged without end", id="judged")],
        "late": [new_markdown_cell("- a list\n" * 2_000, id="list")],
    }
    for student in STUDENTS:
        notebook = brief()
        notebook.cells += extra.get(student, [])
        hand_in(nbformat.writes(notebook), room.root / "submitted", student, UNIT)

    def limited(function, *arguments, seconds):
        return run_limited(function, *arguments, seconds=0 if "slow" in arguments else seconds)

    def endless(reference, notebook):
        while any("judged" in cell.source for cell in notebook.cells):
            time.sleep(0.01)
        return with_weights(reference, notebook)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "run_limited", limited)
        patch.setattr(verify_answers, "with_weights", endless)
        patch.setattr(tasks, "JUDGE_SECONDS", 2.0)
        patch.setattr(pieces, "PAGE_SECONDS", 0.0)
        results = grade_class(room, UNIT, room.root / "submitted", workers=1)
        said = report(room, UNIT, results)
    return room, {result.student: result for result in results}, said


def test_one_who_stalls_costs_nobody_else_a_point(stalled):
    _, results, said = stalled
    assert [results[student].points for student in ("blank", "late", "right")] == [points() + bonus()] * 3
    assert results["slow"].points is None and "reading and repairing it took longer than 0 s" in results["slow"].problem
    line = next(line for line in said.splitlines() if line.startswith("slow"))
    assert "could not be read" in line


def test_what_is_judged_without_end_fails_alone(stalled):
    _, results, said = stalled
    assert results["judged"].problem == "could not be graded: judging its answers took longer than 2 s"
    assert "judging its answers" in said
    assert remedy(results["judged"].problem).startswith("Look at what its functions return")
    assert remedy(results["slow"].problem).startswith("Look at what is in it")


def test_ten_megabytes_of_text_are_graded_or_refused_with_a_sentence(stalled):
    _, results, _ = stalled
    huge = results["huge"]
    assert huge.points == points() + bonus() or "the most that is graded" in huge.problem
    if huge.feedback:
        page = huge.feedback.read_text(encoding="utf-8")
        assert TOO_LONG in page or "is longer than a page takes, and was cut" in page


def test_the_table_says_of_everyone_what_became_of_them(stalled):
    room, _, _ = stalled
    with (room.root / "reports" / f"{UNIT}.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert set(table) == set(STUDENTS) and table["slow"]["points"] == ""
    assert table["blank"]["points"] == f"{points() + bonus()}"


def test_a_plain_page_has_points_verdicts_and_the_reason(stalled):
    _, results, _ = stalled
    page = results["blank"].feedback.read_text(encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    assert TOO_SLOW in page and f"/ {results['blank'].most}" in soup.h1.get_text()
    for check in results["blank"].checks:
        verdict = soup.find(id=f"check_{check.exercise}") or soup.find(attrs={"name": f"check_{check.exercise}"})
        assert verdict is not None and check.exercise in soup.get_text()
    assert f"{check.earned} of {check.points}" in " ".join(soup.get_text().split())

"""A feedback page begins with what to do: true of each kind of submission, as the policy says, for every reader."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.axe import findings
from helpers.browser_driver import chromium
from helpers.toy import REFERENCE, mean, plus, right
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.judging.compute import MISSING, run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome, Problem
from grader.pages.exporter import TEMPLATES, markdown2html
from grader.pages.opening import Opening, opening_html, opening_of, unread_page
from grader.preprocessors.repair import HEADING
from grader.preprocessors.verify_answers import TOLD, write_verdict

fast = pytest.mark.fast

HINTS = """<details><summary>Hint 1: too large</summary>

Half of $x^2$ is **less**.<script>window.hacked = 1</script>
</details>

<details><summary>Hint 2: too small</summary>Another.</details>"""
RAISES = "def raises(x, a):\n    raise ValueError('<b>' + 'x' * 3000)"


def marked(cell: NotebookNode, name: str, **marks: object) -> NotebookNode:
    cell.metadata["nbgrader"] = NotebookNode({"grade_id": name, "grade": False, "solution": False, **marks})
    return cell


def exercise(
    answer: object, name: str = "scale_shift", policy: str = "diagnosis", bonus: bool = False, **marks: object
):
    """The cells of an exercise: the answer, its hints and the check, as the grader leaves them."""
    reference = replace(REFERENCE, exercise=name, bonus=bonus)
    outcomes = run_cases(name, answer, reference)
    if answer is MISSING:
        outcomes = [Outcome(problem=Problem("not_started", "Not written yet."))] * len(outcomes)
    verdict = judge(outcomes, reference)
    check = new_code_cell(f'check("{name}")')
    write_verdict(check, verdict, policy)
    most = 0 if bonus else verdict.points
    marks = {"grade": True, "points": most, "score": verdict.earned, **marks}
    solution = marked(new_code_cell("..."), name, solution=True, comment="")
    return [solution, new_markdown_cell(HINTS), marked(check, f"check_{name}", **marks)]


def reflection(comment: str = "", score: float = 0.0) -> NotebookNode:
    cell = new_markdown_cell("What I learned.")
    return marked(cell, "reflection_99", grade=True, solution=True, points=3, score=score, comment=comment)


def opened(*cells: NotebookNode) -> tuple[Opening, BeautifulSoup]:
    opening = opening_of(new_notebook(cells=list(cells)), 1.0, 11.0)
    return opening, BeautifulSoup(opening_html(opening, partial(markdown2html, {})), "html.parser")


def flat(soup: BeautifulSoup) -> str:
    return " ".join(soup.get_text(" ", strip=True).split())


@fast
def test_the_most_costly_come_first_each_with_its_hint_and_its_places():
    opening, soup = opened(*exercise(mean, "second"), *exercise(plus), reflection())
    costs = [each.points for each in opening.missed]
    assert costs == sorted(costs, reverse=True) and len(costs) >= 2
    assert sum(costs) == sum(
        cell.metadata.nbgrader.points - cell.metadata.nbgrader.score
        for cell in [*exercise(mean, "second"), *exercise(plus)]
        if cell.metadata.get("nbgrader", {}).get("grade")
    ), "every open point is somebody's, and no point is counted twice"
    first = soup.select_one("ol > li")
    assert "You added where scaling multiplies." in first.get_text()
    assert first.details.summary.get_text() == "Hint 1: too large"
    assert first.select("math") and not soup.select("script")
    assert {link["href"] for link in first.select("a")} == {"#comment-scale_shift", "#check_scale_shift"}
    assert "second" in flat(soup.select("ul")[-1]), "and what holds is said"


@fast
def test_of_many_the_first_three_are_said_and_the_others_counted():
    opening, soup = opened(*[cell for i in range(5) for cell in exercise(plus, f"exercise_{i}")])
    assert len(soup.select("ol > li")) == 3
    assert f"Of {len(opening.missed)} things" in flat(soup) and f"{len(opening.missed) - 3} more stand" in flat(soup)
    assert [each.exercise for each in opening.first] == ["exercise_0", "exercise_1", "exercise_2"]


@fast
@pytest.mark.parametrize("policy", ["properties", "points"])
def test_what_the_policy_hides_stays_hidden(policy):
    opening, soup = opened(*exercise(plus, policy=policy))
    assert "You added" not in str(soup) and not soup.select("details")
    assert ("scales every entry" in str(soup)) == (policy == "properties")
    assert sum(each.points for each in opening.missed) == 4
    if policy == "points":
        assert not opening.partly
    told = exercise(plus, policy=policy)[-1].outputs[0].data[TOLD]
    assert "You added" not in str(told)


@fast
@pytest.mark.parametrize(
    "cells, kind, says",
    [
        ([*exercise(right), reflection("Good.", 3.0)], "right", "Every exercise is right."),
        ([*exercise(right), *exercise(MISSING, "later")], "unfinished", "Everything that you wrote is right."),
        ([*exercise(MISSING), reflection()], "only written", "you have written something, and a person reads that"),
        ([*exercise(MISSING), reflection("No response.")], "nothing", "No answer was found in this notebook."),
        ([], "nothing", "No answer was found"),
    ],
)
def test_each_kind_of_submission_has_an_opening_that_is_true(cells, kind, says):
    opening, soup = opened(*cells)
    assert opening.kind == kind and says in flat(soup)
    assert ("What went well" in flat(soup)) == (kind != "nothing")
    assert not soup.select("ol")


@fast
def test_what_a_person_gave_counts():
    opening, soup = opened(*exercise(plus, score=4.0), reflection("Well **seen**.", 2.0))
    assert opening.kind == "right" and "scale_shift is all right, 4 points" in flat(soup)
    assert "read the comment on reflection_99" in flat(soup) and "2 of 3 points" in flat(soup)


@fast
def test_a_bonus_costs_nothing():
    opening, _ = opened(*exercise(right), *exercise(plus, "more", bonus=True), *exercise(MISSING, "most", bonus=True))
    assert opening.kind == "right" and not opening.missed and not opening.unwritten


@fast
def test_an_error_of_any_length_is_text():
    names: dict = {}
    exec(RAISES, names)
    opening, soup = opened(*exercise(names["raises"]))
    assert len(opening.missed[0].says) <= 700
    assert not soup.select("ol b")


@fast
def test_a_notebook_of_an_older_version_and_a_repaired_one():
    cells = exercise(plus)
    del cells[-1].outputs[0].data[TOLD]
    assert opened(*cells)[0].missed == ()
    _, soup = opened(new_markdown_cell(f"{HEADING}\n- a cell"), *exercise(right))
    assert "had to be repaired" in flat(soup)


@fast
def test_who_could_not_be_read_learns_why_and_what_to_do():
    soup = BeautifulSoup(
        unread_page("02_gradient_descent", "could not be read: <i>x</i>.ipynb is empty"), "html.parser"
    )
    assert "could not be read: <i>x</i>.ipynb is empty." in flat(soup) and not soup.select("i")
    assert "./course check 02" in flat(soup)


@pytest.mark.browser
def test_it_is_read_with_the_keyboard_in_the_dark_and_on_paper(tmp_path: Path):
    _, soup = opened(*exercise(mean, "second"), *exercise(plus), *exercise(MISSING, "later"), reflection())
    css = (TEMPLATES / "feedback" / "opening.css.j2").read_text(encoding="utf-8")
    head = f'<!DOCTYPE html><html lang="en"><title>x</title><style>{css}</style><main><h1>x</h1>'
    file = tmp_path / "page.html"
    file.write_text(f"{head}{soup}</main></html>", encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        for scheme, width in (("light", 1280), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(file.as_uri())
            assert findings(page) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        page.keyboard.press("Enter")
        assert page.get_by_text("Half of").is_visible()
        page.keyboard.press("Enter")
        page.emulate_media(media="print")
        assert page.locator("details div").first.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")

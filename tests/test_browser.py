"""The course as people meet it: a learner in JupyterLab, an instructor in the formgrader, in a real browser.

Every test ends by making sure that no page asked for anything outside this machine.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from browser_driver import Notebook, choose, chromium, jupyterlab, local_page
from course import ROOT, source_notebook
from playwright.sync_api import Locator, Page, expect

from grader.exercises import find_exercise
from grader.samples import fill, find_cell, hand_in, paste_misconception
from grader.scripts import write_source
from grader.spec import Exercise

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNIT, EXERCISE = "00_start_here", "standardize"


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the course in which nothing has been handed out, handed in or graded yet."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "notebooks" / UNIT, root / "notebooks" / UNIT)
    (root / "solutions" / UNIT).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / UNIT / f"{UNIT}.py", root / "solutions" / UNIT)
    write_source(root / "solutions" / UNIT / f"{UNIT}.py")
    with jupyterlab(root, UNIT, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def page(browser):
    with local_page(browser) as opened:
        yield opened


@pytest.fixture
def exercise() -> Exercise:
    return find_exercise(EXERCISE)


def released() -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb", as_version=4)


def solved() -> nbformat.NotebookNode:
    return fill(released(), source_notebook(UNIT))


def put(lab, name: str, notebook: nbformat.NotebookNode) -> str:
    """A learner's copy under `work/`, of one test's own; its path in JupyterLab."""
    path = f"work/{name}/{UNIT}.ipynb"
    (lab.root / path).parent.mkdir(parents=True)
    nbformat.write(notebook, lab.root / path)
    return path


def in_the_panel(verdict: Locator) -> str:
    """The colour of the panel's bar, as the browser draws it."""
    return str(verdict.locator("> div").first.evaluate("bar => getComputedStyle(bar).borderLeftColor"))


def photograph(page: Page, verdict: Locator, folder: Path, name: str) -> None:
    """The verdict in both themes, on a wide and on a narrow screen; on the wide one nothing of it is cut off."""
    for theme in ("Light", "Dark"):
        page.set_viewport_size({"width": 1280, "height": 900})
        choose(page, "Settings", "Theme", f"JupyterLab {theme}")
        page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        for width in (1280, 640):
            page.set_viewport_size({"width": width, "height": 900})
            verdict.scroll_into_view_if_needed()
            page.screenshot(path=folder / f"{name}-{theme.lower()}-{width}.png")
            if width == 1280:
                assert verdict.locator("> div").evaluate("bar => bar.scrollWidth <= bar.clientWidth")


def test_a_right_answer_is_green(lab, page, exercise, tmp_path):
    notebook = Notebook(page, lab, put(lab, "right", released()))
    answer = notebook.code_cell(f"def {EXERCISE}")
    check = notebook.code_cell(f'check("{EXERCISE}")')
    notebook.run(notebook.code_cell(find_cell(released(), "given_setup").source[:30]))
    notebook.run(answer)
    assert "not written yet" in notebook.run(check)

    notebook.write(answer, find_cell(solved(), EXERCISE).source)
    notebook.run(answer)
    said = notebook.run(check)
    assert f"{EXERCISE}: all right, {exercise.points} of {exercise.points} points" in said
    verdict = check.locator(".jp-RenderedHTML")
    assert in_the_panel(verdict) == "rgb(46, 158, 107)"
    photograph(page, verdict, tmp_path, "right")


def test_a_known_mistake_is_named(lab, page, exercise, tmp_path):
    wrong = released()
    paste_misconception(wrong, exercise)
    notebook = Notebook(page, lab, put(lab, "wrong", released()))
    answer = notebook.code_cell(f"def {EXERCISE}")
    check = notebook.code_cell(f'check("{EXERCISE}")')
    notebook.run(notebook.code_cell(find_cell(released(), "given_setup").source[:30]))
    notebook.write(answer, find_cell(wrong, EXERCISE).source)
    notebook.run(answer)
    said = notebook.run(check)
    assert f"{EXERCISE}: not right yet" in said
    assert exercise.misconceptions[0].says in said
    assert said.count("CheckFailed") == 1
    verdict = check.locator(".jp-RenderedHTML")
    assert in_the_panel(verdict) == "rgb(209, 73, 91)"
    photograph(page, verdict, tmp_path, "wrong")


def test_validate_says_what_is_missing_and_what_is_done(lab, page):
    for name, notebook in (("validate_untouched", released()), ("validate_solved", solved())):
        opened = Notebook(page, lab, put(lab, name, notebook))
        opened.panel.get_by_role("button", name="Validate").click()
        results = page.get_by_role("dialog").filter(has_text="Validation Results")
        results.wait_for()
        if name == "validate_solved":
            expect(results).to_contain_text("Success! Your notebook passes all the tests.")
        else:
            expect(results).to_contain_text(f"CheckFailed: {EXERCISE}: not written yet")
        results.get_by_role("button", name="Ok").click()


def test_an_instructor_grades_with_clicks(lab, page, exercise, tmp_path):
    submission = solved()
    paste_misconception(submission, exercise)
    hand_in(nbformat.writes(submission), lab.root / "submitted", "ada", UNIT)

    page.goto(lab.address("/lab/workspaces/instructor"))
    choose(page, "Nbgrader", "Formgrader")
    view = page.frame_locator("iframe[src*='/formgrader']")

    row = view.locator("#main-table tr").filter(has_text=UNIT)
    expect(row.locator(".status")).to_have_text("draft")
    row.locator(".assign a").click()
    say_ok(view, "Successfully created the student version")
    row.locator(".num-submissions a").click()

    row = view.locator("#main-table tr").filter(has_text="ada")
    expect(row.locator(".status")).to_have_text("needs autograding")
    row.locator(".autograde a").click()
    say_ok(view, "Successfully autograded")
    expect(row.locator(".status")).to_have_text("needs manual grading")
    expect(row.locator(".score")).to_have_text(re.compile(r"\d+ / \d+"))
    page.screenshot(path=tmp_path / "submissions.png")

    row.locator(".student-name a").click()
    view.locator("#main-table .name a").filter(has_text=UNIT).click()
    verdict = view.locator(".output_html").filter(has_text=f"{EXERCISE}: not right yet")
    expect(verdict).to_contain_text(exercise.misconceptions[0].says)
    expect(view.locator(f"#check_{EXERCISE}")).to_have_attribute("placeholder", re.compile(r"^\d+$"))
    assert_formulas_are_drawn(view.locator("body"))
    verdict.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "formgrade.png")


def say_ok(view, sentence: str) -> None:
    """Close the formgrader's message, which must say so."""
    message = view.locator(".modal-dialog:visible")
    expect(message).to_contain_text(sentence)
    message.get_by_role("button", name="OK").click()
    expect(message).to_have_count(0)


def assert_formulas_are_drawn(body: Locator) -> None:
    """No TeX is left to read, and a fraction stands as one: its numerator above its denominator."""
    assert body.locator("math").count() > 0
    assert "$$" not in body.inner_text()
    above = body.locator("mfrac").first.evaluate(
        "f => f.children[0].getBoundingClientRect().bottom <= f.children[1].getBoundingClientRect().top + 1"
    )
    assert above

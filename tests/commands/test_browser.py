"""The course as people meet it: a learner in JupyterLab, an instructor in the formgrader, in a real browser.

Every test ends by making sure that no page asked for anything outside this machine.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from helpers.browser_driver import TOKEN, Lab, Notebook, choose, chromium, jupyterlab, local_page
from helpers.course import ROOT, source_notebook
from nbformat import NotebookNode
from playwright.sync_api import FrameLocator, Locator, Page, expect

from grader.exercises import find_exercise
from grader.scripts import write_source
from grader.submissions.samples import fill, find_cell, hand_in, paste_misconception

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

START_HERE, DESCENT = "00_start_here", "02_gradient_descent"


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the course in which nothing has been handed out, handed in or graded yet."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for unit in (START_HERE, DESCENT):
        shutil.copytree(ROOT / "notebooks" / unit, root / "notebooks" / unit)
    (root / "solutions" / START_HERE).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / START_HERE / f"{START_HERE}.py", root / "solutions" / START_HERE)
    write_source(root / "solutions" / START_HERE / f"{START_HERE}.py")
    with jupyterlab(root, START_HERE, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def page(browser):
    with local_page(browser) as opened:
        yield opened


def released(unit: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / unit / f"{unit}.ipynb", as_version=4)


def solved(unit: str) -> NotebookNode:
    return fill(released(unit), source_notebook(unit))


def put(lab: Lab, name: str, unit: str, notebook: NotebookNode) -> str:
    """A learner's copy under `work/`, of one test's own; its path in JupyterLab."""
    path = f"work/{name}/{unit}.ipynb"
    (lab.root / path).parent.mkdir(parents=True)
    nbformat.write(notebook, lab.root / path)
    return path


def try_answer(notebook: Notebook, unit: str, exercise: str, source: str) -> tuple[str, Locator]:
    """Set up, write an answer, run it and its check; what the check said, and its panel."""
    notebook.run(notebook.code_cell(find_cell(released(unit), "given_setup").source))
    answer = notebook.code_cell(f"def {exercise}(")
    notebook.write(answer, source)
    notebook.run(answer)
    check = notebook.code_cell(f'check("{exercise}")')
    said = notebook.run(check)
    return said, check.locator(".jp-RenderedHTML > div")


def colour(panel: Locator) -> str:
    """The colour of the panel's bar, as the browser draws it."""
    return str(panel.evaluate("panel => getComputedStyle(panel).borderLeftColor"))


def photograph(page: Page, panel: Locator, folder: Path, name: str) -> None:
    """The panel in both themes, on a wide and on a narrow screen; on the wide one nothing of it is cut off."""
    for theme in ("Light", "Dark"):
        page.set_viewport_size({"width": 1280, "height": 900})
        choose(page, "Settings", "Theme", f"JupyterLab {theme}")
        page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        for width in (1280, 640):
            page.set_viewport_size({"width": width, "height": 900})
            panel.scroll_into_view_if_needed()
            page.screenshot(path=folder / f"{name}-{theme.lower()}-{width}.png")
            if width == 1280:
                assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_a_right_answer_is_green(lab, page, tmp_path):
    notebook = Notebook(page, lab, put(lab, "right", DESCENT, released(DESCENT)))
    said, panel = try_answer(notebook, DESCENT, "gd_step", find_cell(solved(DESCENT), "gd_step").source)
    points = find_exercise("gd_step").points
    assert f"gd_step: all right, {points} of {points} points" in said
    assert "CheckFailed" not in said
    assert colour(panel) == "rgb(46, 158, 107)"
    photograph(page, panel, tmp_path, "right")


def test_a_known_mistake_is_named_and_drawn(lab, page, tmp_path):
    exercise = find_exercise("gradient_descent")
    wrong = released(DESCENT)
    paste_misconception(wrong, exercise)
    notebook = Notebook(page, lab, put(lab, "wrong", DESCENT, released(DESCENT)))
    said, panel = try_answer(notebook, DESCENT, exercise.name, find_cell(wrong, exercise.name).source)
    assert f"{exercise.name}: not right yet" in said
    assert exercise.misconceptions[0].says in said
    assert said.count("CheckFailed") == 1
    assert colour(panel) == "rgb(209, 73, 91)"
    assert panel.locator("img").evaluate("picture => picture.naturalWidth") > 300
    photograph(page, panel, tmp_path, "wrong")


def test_jupyterlab_asks_no_question_about_news(lab, page):
    """It would stand in the corner before the kernel answers."""
    Notebook(page, lab, put(lab, "undisturbed", START_HERE, released(START_HERE)))
    setting = page.evaluate(
        """async ([url, token]) => {
            const asked = await fetch(url, {headers: {Authorization: `token ${token}`}});
            const {schema, settings} = await asked.json();
            return [schema.properties.fetchNews.default, schema.properties.checkForUpdates.default, settings];
        }""",
        [f"{lab.url}/lab/api/settings/@jupyterlab/apputils-extension:notification", TOKEN],
    )
    assert setting == ["false", False, {}]  # the course's default; nothing is written into the learner's settings
    expect(page.locator(".Toastify__toast")).to_have_count(0)
    expect(page.locator(".jp-Notification-Status")).to_have_text("0")


def test_validate_says_what_is_done_and_what_is_missing(lab, page):
    notebook = Notebook(page, lab, put(lab, "validated", START_HERE, solved(START_HERE)))
    validate = notebook.panel.get_by_role("button", name="Validate")
    results = page.get_by_role("dialog").filter(has_text="Validation Results")
    validate.click()
    expect(results).to_contain_text("Success! Your notebook passes all the tests.")
    results.get_by_role("button", name="Ok").click()

    answer = notebook.code_cell("def standardize(")
    notebook.write(answer, find_cell(released(START_HERE), "standardize").source)
    validate.click()
    expect(results).to_contain_text("CheckFailed: standardize: not written yet")
    expect(results).not_to_contain_text("mean_square")


def test_an_instructor_grades_with_clicks(lab, page, tmp_path):
    exercise = find_exercise("standardize")
    submission = solved(START_HERE)
    paste_misconception(submission, exercise)
    hand_in(nbformat.writes(submission), lab.root / "submitted", "ada", START_HERE)

    page.goto(lab.address("/lab/workspaces/instructor"))
    choose(page, "Nbgrader", "Formgrader")
    view = page.frame_locator("iframe[src*='/formgrader']")
    row = view.locator("#main-table tr").filter(has_text=START_HERE)
    expect(row.locator(".status")).to_have_text("draft")
    row.locator(".assign a").click()
    say_ok(view, "Successfully created the student version")
    row.locator(".num-submissions a").click()

    row = view.locator("#main-table tr").filter(has_text="ada")
    expect(row.locator(".status")).to_have_text("needs autograding")
    row.locator(".autograde a").click()
    say_ok(view, "Successfully autograded")
    expect(row.locator(".status")).to_have_text("needs manual grading")
    expect(row.locator(".score")).to_have_text(re.compile(r"[1-9]\d* / [1-9]\d*"))
    page.screenshot(path=tmp_path / "submissions.png")

    row.locator(".student-name a").click()
    view.locator("#main-table .name a").filter(has_text=START_HERE).click()
    verdict = view.locator(".output_html").filter(has_text="standardize: not right yet")
    expect(verdict).to_contain_text(exercise.misconceptions[0].says)
    expect(view.locator("#check_standardize")).to_have_attribute("placeholder", re.compile(r"^\d+$"))
    assert_formulas_are_drawn(view.locator("body"))
    verdict.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "formgrade.png")


def say_ok(view: FrameLocator, sentence: str) -> None:
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

"""A learner's whole loop in Chinese, in a real browser: start, a wrong check, a right one, progress, feedback."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from helpers.browser_driver import Lab, Notebook, chromium, jupyterlab, local_page
from helpers.course import ROOT, source_notebook
from helpers.submissions import classroom
from playwright.sync_api import BrowserContext, Locator, expect

from grader.exercises import find_exercise
from grader.submissions.samples import fill, find_cell, hand_in, paste_misconception

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNIT, EXERCISE = "00_start_here", "mean_square"
HAN = re.compile(r"[\u4e00-\u9fff]")
COPY = f"work/{UNIT}/{UNIT}.ipynb"


def answers() -> tuple[str, str]:
    """The exercise's first mistake and its right answer, as a learner writes them."""
    released = nbformat.read(ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb", as_version=4)
    right = find_cell(fill(released, source_notebook(UNIT)), EXERCISE).source
    paste_misconception(released, find_exercise(EXERCISE))
    return find_cell(released, EXERCISE).source, right


def told(notebook: Notebook, source: str) -> tuple[str, Locator]:
    """Write an answer and run it and its check; what the check said, and its panel."""
    cell = notebook.code_cell(f"def {EXERCISE}(")
    notebook.write(cell, source)
    notebook.run(cell)
    check = notebook.code_cell(f'check("{EXERCISE}")')
    return notebook.run(check), check.locator(".jp-RenderedHTML > div")


def work(lab: Lab, browser: BrowserContext, folder: Path) -> None:
    """Get the exercise wrong, then right, look at your progress, and save."""
    wrong, right = answers()
    says = find_exercise(EXERCISE).misconceptions[0].says
    with local_page(browser) as page:
        notebook = Notebook(page, lab, COPY)
        notebook.run(notebook.panel.locator(".jp-CodeCell").first)
        said, panel = told(notebook, wrong)
        page.screenshot(path=folder / "wrong.png")
        assert says not in said and len(HAN.findall(said)) > 40, said
        assert panel.get_attribute("lang") in (None, "zh-CN")
        said, _ = told(notebook, right)
        page.screenshot(path=folder / "right.png")
        assert "all right" not in said and HAN.search(said), said
        with page.expect_response(lambda answer: answer.request.method == "PUT" and f"/{COPY}" in answer.url):
            page.keyboard.press("ControlOrMeta+S")
        page.goto(lab.address("/lab/workspaces/launcher"))
        page.locator(".jp-LauncherCard").filter(has_text="你的课程").click()
        frame = page.frame_locator("iframe[title='你的课程']")
        expect(frame.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(frame.locator("body")).to_contain_text(EXERCISE)
        page.screenshot(path=folder / "progress.png")


def test_a_learner_meets_chinese_from_the_start_to_the_feedback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", "zh")
    root, home = tmp_path / "course", tmp_path / "home"
    shutil.copytree(ROOT / "notebooks" / UNIT, root / "notebooks" / UNIT)
    (root / "locale").symlink_to(ROOT / "locale")
    with chromium() as browser:
        with jupyterlab(root, UNIT, home) as lab:
            work(lab, browser, tmp_path)
        monkeypatch.setenv("COURSE_LANGUAGE", "en")  # a teacher's
        room = classroom(tmp_path / "class")
        room.register(UNIT)
        hand_in((root / COPY).read_text(encoding="utf-8"), room.root / "submitted", "ling", UNIT)
        room.autograde(UNIT, "ling", room.root / "submitted")
        with local_page(browser) as page:
            page.goto(room.feedback(UNIT, "ling").as_uri())
            expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
            opening = page.locator("#opening").inner_text()
            page.screenshot(path=tmp_path / "feedback.png")
            assert len(HAN.findall(opening)) > 20, opening

"""JupyterLab's launcher has the course's progress: the page of this machine's record, with links that open the cell."""

from __future__ import annotations

import json
import shutil
import urllib.request

import pytest
from helpers.browser_driver import chromium, jupyterlab, local_page
from helpers.course import ROOT
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNIT = "00_start_here"
EVENT = {"kind": "check", "exercise": "standardize", "unit": UNIT, "earned": 0, "points": 6, "started": True}


def test_the_launcher_shows_the_page_and_its_links_open_the_cell(tmp_path_factory: pytest.TempPathFactory) -> None:
    root, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "notebooks" / UNIT, root / "notebooks" / UNIT)
    (home / "state").mkdir()
    record = home / "state" / "progress.jsonl"
    record.write_text(json.dumps(EVENT | {"advice": ["You divided by N - 1."]}) + "\n", encoding="utf-8")
    with jupyterlab(root, UNIT, home) as lab, chromium() as browser:
        with urllib.request.urlopen(f"{lab.url}/course/progress", timeout=60) as answer:
            assert "/login?" in answer.url and b"N - 1" not in answer.read()  # who is not logged in is asked to
        with local_page(browser) as page:
            page.goto(lab.address("/lab/workspaces/launcher"))
            card = page.locator(".jp-LauncherCard").filter(has_text="Your course")
            card.click()
            frame = page.frame_locator("iframe[title='Your course']")
            expect(frame.get_by_text("You divided by N - 1.")).to_be_visible()
            page.screenshot(path=str(home / "launcher.png"))
            frame.get_by_role("link", name="standardize").first.click()
            expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")).to_have_count(1)
            expect(page.locator(".jp-CodeCell").filter(has_text='check("standardize")').first).to_be_in_viewport()
            page.screenshot(path=str(home / "cell.png"))

            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(EVENT | {"earned": 6, "advice": []}) + "\n")
            page.locator(".lm-TabBar-tab").filter(has_text="Your course").click()
            page.evaluate("document.querySelector('iframe[title=\"Your course\"]').contentWindow.location.reload()")
            expect(frame.get_by_text("1 of 4 exercises are right.")).to_be_visible()

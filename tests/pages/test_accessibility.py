"""axe-core finds nothing serious on the class report and the leaderboard, light or dark, at 200 % and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.axe import findings
from helpers.browser_driver import chromium
from helpers.submissions import MINE, UNIT, checked
from playwright.sync_api import BrowserContext

from grader.grading.results import Result
from grader.reports.class_report import make_report
from grader.reports.leaderboard import Entry, mark_front
from grader.reports.leaderboard_page import make_page

pytestmark = pytest.mark.browser


def learner(number: int) -> Result:
    """One of a class in which every section of the report has something to show."""
    checks = []
    for exercise in MINE:
        lost = [group.key for group in exercise.groups] if number % 3 == 0 else []
        checks.append(checked(exercise, lost, [exercise.misconceptions[0].name] if lost else []))
    points, most = (float(sum(getattr(check, name) for check in checks)) for name in ("earned", "points"))
    return Result(
        f"learner {number}",
        points=points,
        most=most,
        checks=tuple(checks),
        took=1.0 + number,
        seconds_late=60.0 * number,
    )


def networks() -> list[Entry]:
    entries = [
        Entry(f"s{i}", f"amber owl {i}", 0.85 + i / 100, 20_000 + 9_000 * i, 10**6, 0.5 + i / 5) for i in range(8)
    ]
    return mark_front([*entries, Entry("s9", "jade newt", 0.8, 90_000, 10**6, 3.0)])


PAGES = {
    "class report": lambda: make_report(
        [*map(learner, range(12)), Result("tom", problem="could not be read"), Result("eve", handed_in=False)],
        UNIT,
        None,
    ),
    "report of nobody": lambda: make_report([], UNIT, None),
    "leaderboard": lambda: make_page(networks(), "16_capstone", named=False),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_finding(browser: BrowserContext, tmp_path: Path, name: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGES[name](), encoding="utf-8")
    page = browser.new_page()
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 640), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(file.as_uri())
        assert findings(page) == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_checker_finds_what_is_there_to_find(browser: BrowserContext) -> None:
    """Else the tests above prove nothing."""
    page = browser.new_page()
    page.set_content(
        '<html><body><main><h1>x</h1><img src="x.png"><p style="color: #bbb">pale</p></main></body></html>'
    )
    found = "\n".join(findings(page))
    page.close()
    assert "image-alt" in found and "color-contrast" in found and "html-has-lang" in found

"""The site as it is built and as a browser shows it: no warning, no answer, nothing from outside, on every screen.

Two units that run quickly are executed and built, with all other pages, one of them in Chinese too; the files beside
check the parts.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from helpers.axe import findings
from helpers.browser_driver import chromium, local_page
from helpers.course import ROOT, UNITS
from playwright.sync_api import BrowserContext, Page, expect

from course_lib.errors import CourseError
from grader.commands import site as command
from grader.site import outputs, sources
from grader.site.addresses import Repository
from grader.site.build import Built, build
from grader.site.proof import leaks
from grader.site.secrets import Secrets, secrets

pytestmark = pytest.mark.browser

MADE = UNITS[:2]
TOLD = UNITS[0]
"""The unit that is executed in Chinese; the other one's page has no outputs there."""
LANGUAGES = ("en", "zh_CN")
HAN = re.compile(r"[\u4e00-\u9fff]")
PAGES = (
    "index",
    "plan",
    "glossary",
    "gallery/index",
    "guides/running",
    "guides/instructors",
    "guides/audit",
    f"units/{MADE[1]}",
    "search",
    "zh/index",
    "zh/gallery/index",
    "zh/guides/architecture",
    f"zh/units/{TOLD}",
    "zh/search",
)


@pytest.fixture(scope="module")
def shown() -> dict[str, outputs.Outputs]:
    return {unit: outputs.execute(unit) for unit in MADE}


@pytest.fixture(scope="module")
def told() -> outputs.Outputs:
    return outputs.execute(TOLD, LANGUAGES[1])


@pytest.fixture(scope="module")
def site(shown: dict[str, outputs.Outputs], told: outputs.Outputs, tmp_path_factory: pytest.TempPathFactory) -> Built:
    both = {LANGUAGES[0]: shown, LANGUAGES[1]: {TOLD: told}}
    return build(MADE, tmp_path_factory.mktemp("site") / "html", both, LANGUAGES)


@pytest.fixture(scope="module")
def known() -> Secrets:
    return secrets("a" * 64)


@pytest.fixture(scope="module")
def planted(shown: dict[str, outputs.Outputs], known: Secrets, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A site of a repository with an address, and with a line of an answer that each cell of its unit prints."""
    line = next(line for line in _answer_lines() if "".join(line.split()) in known.lines)
    stream = {"output_type": "stream", "name": "stdout", "text": line}
    printing = {cell: [*given, stream] for cell, given in shown[MADE[0]].items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "repository", lambda root: Repository("https://github.com/someone/a-course"))
        return build(MADE[:1], tmp_path_factory.mktemp("planted") / "html", {LANGUAGES[0]: {MADE[0]: printing}})


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page that must ask for nothing outside this machine."""
    with local_page(browser) as opened:
        yield opened


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Built) -> Iterator[str]:
    """The site from a server, as readers have it: its search reads pages, which a browser refuses for files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_is_built_without_a_warning(site: Built) -> None:
    assert site.warnings == ()
    written = {path.relative_to(site.folder).as_posix() for path in site.files}
    assert {f"{name}.html" for name in PAGES} | {f"notebooks/{unit}.ipynb" for unit in MADE} <= written


def test_no_file_holds_an_answer(site: Built, known: Secrets) -> None:
    assert len(known.lines) > 1000 and len(known.numbers) > 1000
    assert leaks(site.files, site.folder, known) == []


def test_an_answer_that_an_output_prints_is_found(planted: Built, known: Secrets) -> None:
    found = leaks(planted.files, planted.folder, known)
    assert any(sentence.startswith(f"units/{MADE[0]}.html holds the answer of ") for sentence in found)


def _answer_lines() -> list[str]:
    source = (ROOT / "solutions" / MADE[0] / f"{MADE[0]}.py").read_text(encoding="utf-8")
    answers = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, re.S)
    return [line.strip() for answer in answers for line in answer.splitlines()]


def test_figures_and_prints_are_on_the_units_pages(site: Built, shown: dict[str, outputs.Outputs]) -> None:
    for unit in MADE:
        html = (site.folder / "units" / f"{unit}.html").read_text(encoding="utf-8")
        figures = sum("image/png" in o.get("data", {}) for given in shown[unit].values() for o in given)
        assert html.count('<img alt="') >= figures >= 2
        assert "stderr" not in html and "widget-view" not in html
        assert html.count('class="prediction"') == html.count('class="outcome"') > 0
        assert "math inline" not in html and html.count("<math") > 10


def test_a_run_without_outputs_asks_for_no_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def note(*wanted: object) -> Built:
        asked.extend(wanted)
        return Built(tmp_path, (), ())

    monkeypatch.setattr(outputs, "execute", lambda unit, language: pytest.fail("a kernel was started"))
    monkeypatch.setattr(command, "build", note)
    assert command.main(["01", "0"], tmp_path, check=False, outputs=False, links=False) == 0
    assert asked == [MADE, tmp_path, {}, list(LANGUAGES)]
    for language, built in (("en", ["en"]), ("zh", list(LANGUAGES))):
        asked.clear()
        assert command.main(["0"], tmp_path, check=False, outputs=False, links=False, language=language) == 0
        assert asked[-1] == built
    with pytest.raises(CourseError, match="does not speak 'Klingon'"):
        command.main(["0"], tmp_path, check=False, outputs=False, links=False, language="Klingon")


def test_a_warning_fails_a_check_with_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = Built(tmp_path, ("guides/running.md:3: WARNING: no such page",), ("00, the cell a: a figure has no text",))
    shutil.copy(ROOT / "README.md", tmp_path / "index.html")
    monkeypatch.setattr(command, "build", lambda *asked: warned)
    monkeypatch.setattr(command, "leaks", lambda *asked: [])
    assert command.main([], tmp_path, check=True, outputs=False, links=False) == 1
    said = capsys.readouterr().out
    assert "WARNING: no such page" in said and "fails nothing: 00, the cell a" in said
    monkeypatch.setattr(command, "build", lambda *asked: Built(tmp_path, (), ("a figure",)))
    assert command.main([], tmp_path, check=True, outputs=False, links=False) == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_from_outside_and_fits_a_phone(site: Built, page: Page, name: str) -> None:
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((site.folder / f"{name}.html").as_uri())
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide == [390, 390]
    expect(page.locator("h1:visible").first).to_be_visible()
    assert failed == []
    fonts = page.evaluate("document.fonts.ready.then(fonts => [...fonts].filter(f => f.status == 'error').length)")
    assert fonts == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_finding_of_accessibility(site: Built, page: Page, name: str) -> None:
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        page.goto((site.folder / f"{name}.html").as_uri())
        assert findings(page) == [], (scheme, width)


def test_the_search_finds_a_word_and_the_page_that_explains_it(address: str, page: Page) -> None:
    page.goto(f"{address}/search.html?q=logits")
    results = page.locator("#search-results li")
    expect(results.first).to_be_visible()
    expect(results.filter(has_text="01 · Gradients").first).to_contain_text("logits")
    page.goto(f"{address}/search.html?q=xylophone")
    expect(page.locator("#search-results")).to_contain_text("did not match")


@pytest.mark.parametrize("words", ["数据", "检查", "标准化", "Python 版本", "运行单元格"])
def test_the_search_finds_chinese_that_stands_within_a_sentence(address: str, page: Page, words: str) -> None:
    page.goto(f"{address}/zh/search.html?q={words}")
    results = page.locator("#search-results li")
    expect(results.first).to_be_visible()
    expect(results.filter(has_text=words.split()[-1]).first).to_be_visible()
    expect(page.locator("#search-results .search-summary")).to_have_text(HAN)


def test_the_search_says_in_chinese_that_it_found_nothing(address: str, page: Page) -> None:
    page.goto(f"{address}/zh/search.html?q=木琴")
    expect(page.locator("#search-results .search-summary")).to_have_text(HAN)
    expect(page.locator("#search-results li")).to_have_count(0)


def test_each_page_leads_to_itself_in_the_other_language(site: Built) -> None:
    pages = [path.relative_to(site.folder) for path in site.files if path.suffix == ".html"]
    pages = [path for path in pages if "_static" not in path.parts]
    chinese = {path.relative_to("zh") for path in pages if path.parts[0] == "zh"}
    assert chinese == {path for path in pages if path.parts[0] != "zh"}
    for path in pages:
        html = (site.folder / path).read_text(encoding="utf-8")
        language, other = ("zh-CN", "en") if path.parts[0] == "zh" else ("en", "zh-CN")
        assert f'<html lang="{language}"' in html, path
        (link,) = re.findall(rf'<a href="([^"]*)" lang="{other}" hreflang="{other}" rel="alternate">', html)
        aim = path.relative_to("zh") if path.parts[0] == "zh" else Path("zh") / path
        assert (site.folder / path.parent / link).resolve() == (site.folder / aim).resolve()
        for code, to in re.findall(r'<link rel="alternate" hreflang="([^"]*)" href="([^"]*)">', html):
            there = (site.folder / path.parent / to).resolve()
            assert there == (site.folder / (aim if code == other else path)).resolve()


def test_the_switch_keeps_the_section(site: Built, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((site.folder / "units" / f"{TOLD}.html").as_uri())
    sections = page.locator("main section[id]").evaluate_all("all => all.map(each => each.id)")
    page.goto(f"{page.url}#{sections[2]}")
    page.locator(".languages a").click()
    page.wait_for_url(f"**/zh/units/{TOLD}.html#{sections[2]}")  # until it has loaded: a click waits for less
    assert page.locator("main section[id]").evaluate_all("all => all.map(each => each.id)") == sections
    expect(page.locator(f'[id="{sections[2]}"] > :is(h2, h3)').first).to_be_in_viewport()
    page.locator(".languages a").click()
    page.wait_for_url(f"**/html/units/{TOLD}.html#{sections[2]}")


def test_on_a_chinese_page_the_theme_speaks_chinese(address: str, page: Page) -> None:
    page.goto(f"{address}/zh/units/{TOLD}.html")
    named = page.locator("[aria-label], [title], [placeholder]").evaluate_all(
        "all => all.filter(e => !e.closest('pre, code, .cell_output')).flatMap(e =>"
        " ['aria-label', 'title', 'placeholder'].map(name => e.getAttribute(name)))"
    )
    assert [name for name in named if name and re.search("[A-Za-z]{3}", name) and not HAN.search(name)] == []


def test_units_and_their_outputs_are_told_in_chinese(site: Built, told: outputs.Outputs) -> None:
    html = (site.folder / "zh" / "units" / f"{TOLD}.html").read_text(encoding="utf-8")
    figures = sum("image/png" in output.get("data", {}) for given in told.values() for output in given)
    alts = re.findall(r'<img alt="([^"]*)"', html)
    assert len(alts) >= figures >= 2 and all(HAN.search(alt) for alt in alts)
    assert html.count('class="outcome"') == html.count('class="prediction"') > 0
    cards = re.findall(r'<div class="(?:outcome|prediction)".*?</div>', html, re.S)
    words = [text for card in cards for text in re.findall(r"<(?:li|p)[ >].*?</(?:li|p)>", card, re.S)]
    assert [text for text in words if not HAN.search(text)] == []


def test_a_page_without_a_translation_says_so_and_is_there(site: Built) -> None:
    html = (site.folder / "zh" / "guides" / "architecture.html").read_text(encoding="utf-8")
    assert '<p class="only-english">这一页只有英文版。</p>' in html and '<div lang="en">' in html
    assert "only-english" not in (site.folder / "guides" / "architecture.html").read_text(encoding="utf-8")
    assert "only-english" not in (site.folder / "zh" / "guides" / "running.html").read_text(encoding="utf-8")


def test_dark_leaves_figures_as_they_are(site: Built, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto((site.folder / "units" / f"{MADE[1]}.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    shade = "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
    assert page.locator("body").evaluate(shade) < 150
    picture = page.locator(".cell_output img").first
    assert picture.evaluate("e => getComputedStyle(e).filter") == "none"


def test_the_keyboard_reaches_a_predictions_answer_and_is_seen(site: Built, page: Page) -> None:
    page.goto((site.folder / "units" / f"{MADE[1]}.html").as_uri())
    fold = page.locator(".prediction details").first
    fold.locator("summary").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # by the keyboard, so that the browser shows where it is
    style = "e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]"
    assert fold.locator("summary").evaluate("e => e === document.activeElement")
    assert fold.locator("summary").evaluate(style) == ["solid", 3]
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("open", "")
    page.keyboard.press("Enter")
    expect(fold).not_to_have_attribute("open", "")


def test_on_paper_there_is_the_text_alone(site: Built, page: Page) -> None:
    page.goto((site.folder / "units" / f"{MADE[0]}.html").as_uri())
    page.emulate_media(media="print")
    for gone in (".bd-sidebar-primary", ".buttons", ".bd-header-article"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator("h1:visible").first).to_be_visible()


def test_with_an_address_each_cell_can_be_reported(planted: Built) -> None:
    assert planted.warnings == ()
    html = (planted.folder / "units" / f"{MADE[0]}.html").read_text(encoding="utf-8")
    assert html.count('class="report"') >= html.count('<div class="cell ') > 5
    assert "template=1-cell.yml" in html and f"unit={MADE[0]}" in html
    assert (planted.folder / "colab" / f"{MADE[0]}.ipynb").is_file()

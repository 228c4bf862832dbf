"""What a screen reader is told in JupyterLab, as `./course start` runs it: figures and controls by name, and keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from helpers.axe import findings
from helpers.browser_driver import Lab, Notebook, choose, chromium, jupyterlab, local_page
from helpers.course import ROOT
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNIT = "00_start_here"
START = "from course_lib import plots\nimport matplotlib.pyplot as plt\nplots.use_style()"
FIGURE = "ax = plt.subplots()[1]\nax.plot([1, 2])\nplots.finding(ax, r'It rises at $2/\\lambda$')\nplt.show()"
SVG = "%config InlineBackend.figure_format = 'svg'\n" + FIGURE
SILENT = "from IPython.display import Image, display\ndisplay(Image(b'\\x89PNG', format='png', width=40))"
PLAY = """def draw(learning_rate=0.1, kind="falls", grid=True):
    ax = plt.subplots()[1]
    ax.plot([1, learning_rate])
    plots.finding(ax, f"It {kind} by {learning_rate:.1f}")
plots.play(draw, learning_rate=(0.1, 1.0, 0.1), kind=["rises", "falls"], grid=True)"""
CARD = 'from course_lib import predict\npredict("cliff", "a", {"a": "The loss falls.", "b": "The loss rises."})'
CELLS = (START, FIGURE, SVG, SILENT, PLAY, CARD)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks" / UNIT, root / "notebooks" / UNIT)
    with jupyterlab(root, UNIT, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    with local_page(browser) as opened:
        yield opened


@pytest.fixture
def notebook(lab: Lab, page: Page, request: pytest.FixtureRequest) -> Notebook:
    path = lab.root / "work" / request.node.name / "seen.ipynb"
    path.parent.mkdir(parents=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in CELLS], metadata=kernel), path)
    opened = Notebook(page, lab, str(path.relative_to(lab.root)))
    opened.run(opened.code_cell("from course_lib import plots"))
    return opened


def named(page: Page, role: str) -> list[str]:
    """The names of all that has this role in Chromium's accessibility tree, as a screen reader gets them."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    nodes = [node for node in tree["nodes"] if not node["ignored"] and node.get("role", {}).get("value") == role]
    return [node.get("name", {}).get("value", "") for node in nodes]


def test_a_figure_says_its_finding(notebook: Notebook, page: Page) -> None:
    words = "It rises at 2/λ. A line."
    cell = notebook.code_cell("ax = plt")
    notebook.run(cell)
    picture = cell.locator(".jp-RenderedImage img")
    expect(picture).to_have_attribute("alt", words)
    assert picture.evaluate("picture => picture.naturalWidth") > 300
    assert named(page, "image").count(words) == 1

    cell = notebook.code_cell("%config")
    notebook.run(cell)
    expect(cell.locator(".jp-RenderedSVG img")).to_have_attribute("alt", words)

    cell = notebook.code_cell("from IPython.display import Image")  # a picture that says nothing is drawn as ever
    notebook.run(cell)
    expect(cell.locator(".jp-RenderedImage img")).to_have_attribute("width", "40")
    assert cell.locator(".jp-RenderedImage img").get_attribute("alt") is None


def test_controls_have_names_and_are_moved_with_the_keyboard(notebook: Notebook, page: Page) -> None:
    cell = notebook.code_cell("def draw")
    notebook.run(cell)
    picture = cell.locator(".jp-RenderedImage img")
    expect(picture).to_have_attribute("alt", "It falls by 0.1. A line.")
    names = {role: named(page, role) for role in ("slider", "combobox", "checkbox", "textbox")}
    assert names["slider"] == ["learning rate"]
    assert "kind" in names["combobox"] and "grid" in names["checkbox"]
    assert "learning rate, as a number" in names["textbox"]

    page.keyboard.press("Escape")  # the cell's text lets the Tab key go
    cell.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    expect(picture).to_have_attribute("alt", "It falls by 0.2. A line.")
    seen = [page.evaluate(FOCUSED)]
    for _ in range(3):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert [what for what, _ in seen] == ["DIV", "DIV", "SELECT", "INPUT"]
    assert {ring for _, ring in seen} == {"solid 2px"}


FOCUSED = """() => {
    const style = getComputedStyle(document.activeElement);
    return [document.activeElement.tagName, `${style.outlineStyle} ${style.outlineWidth}`];
}"""


def test_a_prediction_is_a_named_group_that_is_read_in_both_themes(notebook: Notebook, page: Page) -> None:
    notebook.run(notebook.code_cell("from course_lib import predict"))
    card = page.get_by_role("group", name="Prediction")
    expect(card).to_contain_text("You predict")
    assert "Prediction" in named(page, "group")
    for theme in ("Light", "Dark"):
        choose(page, "Settings", "Theme", f"JupyterLab {theme}")
        page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        assert findings(page, "[role=group][aria-label=Prediction]") == []

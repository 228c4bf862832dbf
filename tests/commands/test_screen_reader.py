"""What a screen reader is told in JupyterLab, as `./course start` runs it: figures and controls by name, and keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from helpers.browser_driver import Lab, Notebook, chromium, jupyterlab, local_page
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
    cells = [new_code_cell(source) for source in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), path)
    opened = Notebook(page, lab, str(path.relative_to(lab.root)))
    opened.run(opened.code_cell("from course_lib import plots"))
    return opened


def named(page: Page, role: str) -> list[str]:
    """The names of everything with this role in Chromium's own accessibility tree, as it hands it to a screen reader."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    nodes = [node for node in tree["nodes"] if not node["ignored"] and node.get("role", {}).get("value") == role]
    return [node.get("name", {}).get("value", "") for node in nodes]


def test_a_figure_says_its_finding_in_jupyterlab(notebook: Notebook, page: Page) -> None:
    cell = notebook.code_cell("ax = plt")
    notebook.run(cell)
    picture = cell.locator(".jp-RenderedImage img")
    expect(picture).to_have_attribute("alt", "It rises at 2/λ. A line.")
    assert "It rises at 2/λ. A line." in named(page, "image")
    assert picture.evaluate("picture => picture.naturalWidth") > 300

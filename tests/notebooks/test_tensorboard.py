"""What training logs for TensorBoard, it draws: from the shell and inside JupyterLab; in a real browser, offline."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from helpers.browser_driver import Notebook, chromium, jupyterlab, local_page, wait_for
from helpers.course import ROOT
from PIL import Image
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect
from torch.utils.tensorboard import SummaryWriter

from course_lib.ddp_train import network
from course_lib.fit import image_tensors

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNIT = "00_start_here"


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    with local_page(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs as a training would log them: a curve each, weights, the network, and pictures."""
    folder = tmp_path_factory.mktemp("runs")
    _, _, images, _ = image_tensors()
    torch.manual_seed(0)
    model = network()
    weight = next(model.parameters()).detach()
    for name, decay in (("slow", 0.97), ("fast", 0.85)):
        with SummaryWriter(str(folder / name)) as writer:
            for step in range(20):
                writer.add_scalar("loss/train", 2.3 * decay**step, step)
                writer.add_histogram("conv1/weight", weight * (1 + step / 10), step)
            writer.add_images("wrong/predictions", images[:4], 0)
            writer.add_graph(model, torch.zeros(1, 1, 28, 28))
    return folder


@pytest.fixture(scope="module")
def address(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """TensorBoard on the runs, at a port that the system chose."""
    log = tmp_path_factory.mktemp("tensorboard") / "log"
    line = [sys.executable, "-m", "tensorboard.main", "--logdir", str(runs), "--host", "127.0.0.1", "--port", "0"]
    with log.open("wb") as output, subprocess.Popen(line, stdout=output, stderr=subprocess.STDOUT) as process:

        def said() -> str | None:
            text = log.read_text(encoding="utf-8")
            if process.poll() is not None:
                raise AssertionError(f"TensorBoard ended by itself:\n{text[-3000:]}")
            found = re.search(r"http://127\.0\.0\.1:\d+/", text)
            return found and found[0]

        try:
            yield wait_for(said, "TensorBoard to say where it listens")
        finally:
            process.terminate()


def test_the_curves_of_every_run_are_drawn(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}#timeseries")
    assert_curves(page, tmp_path / "curves.png")
    page.screenshot(path=tmp_path / "scalars.png")


def assert_curves(place: Page | FrameLocator, picture: Path) -> None:
    """A card for the loss has a line in each run's colour, once they are drawn; `picture` is the card's."""
    card = place.locator("scalar-card").filter(has_text="loss/train")
    card.scroll_into_view_if_needed()
    wanted = {}
    for run in ("slow", "fast"):
        button = place.locator("tb-data-table-content-row").filter(has_text=run).locator("button[style*=background]")
        red_green_blue = str(button.first.evaluate("button => getComputedStyle(button).backgroundColor"))
        wanted[run] = [int(part) for part in re.findall(r"\d+", red_green_blue)[:3]]
    assert wanted["slow"] != wanted["fast"]

    def drawn() -> str | None:
        card.locator("line-chart").screenshot(path=picture)
        pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=int)
        counts = {run: (abs(pixels - colour).max(axis=-1) < 30).sum() for run, colour in wanted.items()}
        return "both" if min(counts.values()) > 50 else None

    wait_for(drawn, "both curves")


def test_histograms_are_drawn(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}#histograms")
    dashboard = page.locator("tf-histogram-dashboard")
    expect(dashboard).to_contain_text("conv1/weight")
    outline = dashboard.locator("vz-histogram-timeseries path")
    outline.nth(39).wait_for(state="attached")  # 20 steps of two runs
    page.screenshot(path=tmp_path / "histograms.png")


def test_pictures_are_drawn(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}#images")
    picture = page.locator("tf-image-dashboard tf-image-loader img").first
    expect(picture).to_be_visible()
    page.wait_for_function("image => image.complete", arg=picture.element_handle())
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [4 * 28, 28]
    page.screenshot(path=tmp_path / "images.png")


def test_the_network_is_drawn_and_opens(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}#graphs")
    graph = page.locator("tf-graph-dashboard svg#svg")
    expect(graph).to_contain_text("input")
    box = graph.locator("g.node").filter(has_text="Sequential").first
    box.dblclick()
    for layer in ("Conv2d", "MaxPool2d", "Linear"):
        expect(graph).to_contain_text(layer)
    page.screenshot(path=tmp_path / "graph.png")


def test_it_opens_inside_jupyterlab(
    page: Page, runs: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks" / UNIT, root / "notebooks" / UNIT)
    show = f"%load_ext tensorboard\n%tensorboard --logdir {runs} --host 127.0.0.1 --port 0"
    page.set_viewport_size({"width": 1400, "height": 1000})
    with jupyterlab(root, UNIT, tmp_path_factory.mktemp("home")) as lab:
        path = root / "work" / "tensorboard" / "tensorboard.ipynb"
        path.parent.mkdir(parents=True)
        cells = [nbformat.v4.new_code_cell(show)]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
        notebook = Notebook(page, lab, "work/tensorboard/tensorboard.ipynb")
        notebook.run(notebook.code_cell("%load_ext"))
        frame = page.frame_locator("iframe[id^=tensorboard-frame]")
        assert_curves(frame, tmp_path / "curves.png")
        page.screenshot(path=tmp_path / "jupyterlab.png")

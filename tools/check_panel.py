"""Make docs/images/check-panel.png, the README's picture: what a check says today of a wrong answer.

    python tools/check_panel.py

The panel is the one that `check` shows in a notebook, in JupyterLab's own styles (nbconvert's page), photographed by
headless Chromium. The words go into the file too, so that a test can tell when the picture is out of date. Needs
Chromium and the tests' packages; run it once after a change of what checks say.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from course_lib.judging.judge import Verdict
from course_lib.judging.render import html, text
from grader.site.panel import ANSWER, EXERCISE, verdict

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "check-panel.png"
WIDTH, SCALE = 900, 2
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # else the one that Playwright brings
SAYS = "Description"  # the keyword that the PNG format has for it

# The page is the notebook alone: no margins of a printed page, and a width that a README shows unscaled.
STYLE = """
body { background: #fff !important; padding: 0 !important; margin: 0 !important; }
main { padding: 14px 18px 10px 10px; width: 872px; }
body, main, .jp-RenderedHTMLCommon { font-family: "DejaVu Sans", Arial, sans-serif !important; }
.jp-Cell { padding: 3px 0 !important; }
.jp-InputPrompt, .jp-OutputPrompt { min-width: 56px !important; flex-basis: 56px !important; }
.jp-Cell-outputWrapper { padding-left: 12px; }
"""


def page(result: Verdict) -> str:
    """Two cells as a learner sees them: the answer, and the check with its panel."""
    panel = new_output("display_data", data={"text/html": html(result)})
    cells = [
        new_code_cell(ANSWER, execution_count=7),
        new_code_cell(f'check("{EXERCISE}")', execution_count=8, outputs=[panel]),
    ]
    body, _ = HTMLExporter(template_name="lab", theme="light").from_notebook_node(new_notebook(cells=cells))
    return body.replace("</head>", f"<style>{STYLE}</style></head>", 1)


def photograph(source: str, target: Path) -> None:
    """The page, as tall as it is; what it would fetch from elsewhere is not fetched."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(source, encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=found[0] if found else None, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": WIDTH, "height": 200}, device_scale_factor=SCALE)
        tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        tab.goto(file.as_uri())
        tab.locator("main").screenshot(path=target)
        browser.close()


def main() -> int:
    """Photograph today's panel, and note its words in the picture."""
    result = verdict()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    photograph(page(result), PICTURE)
    words = PngInfo()
    words.add_itxt(SAYS, text(result), lang="en")
    with Image.open(PICTURE) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True, pnginfo=words)
    print(f"{PICTURE}: {picture.width} by {picture.height} pixels, {PICTURE.stat().st_size // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

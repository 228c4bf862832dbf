"""Make the README's three figures in docs/images/: those of the site's front page, as their units' solutions draw them.

    python tools/front_figures.py

What each figure says goes into its file, so that a test can hold the README's text to it. Units whose outputs the site
does not keep are run, which takes minutes. Run it once after a change of what one of these figures shows.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grader.site.build import folder_of_site, outputs_for
from grader.site.front import BEST, Shown, picture
from grader.site.units import released

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTH = 900  # pixels: a third of a README's width, on a screen with small ones
SAYS = "Description"  # the keyword that the PNG format has for it


def place(shown: Shown) -> Path:
    """Where the figure lies."""
    return FOLDER / f"unit-{shown.unit[:2]}.png"


def write(shown: Shown) -> Path:
    """Draw the figure's unit if need be, and put the figure by. Raises LookupError where no cell draws it."""
    outputs = outputs_for([shown.unit], folder_of_site() / "outputs", print)
    found = picture(shown, released(shown.unit).cells, outputs[shown.unit])
    if found is None:
        raise LookupError(f"No cell of {shown.unit} that says {shown.words!r} draws a figure: see BEST in grader/site.")
    data, text = found
    words = PngInfo()
    words.add_itxt(SAYS, text, lang="en")
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
        small.quantize(128, dither=Image.Dither.NONE).save(place(shown), optimize=True, pnginfo=words)
    return place(shown)


def main() -> int:
    """Write all three."""
    for shown in BEST:
        file = write(shown)
        print(f"{file}: {file.stat().st_size // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

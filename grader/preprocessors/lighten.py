"""Take the weight off a hand-in that is not code: pasted pictures, attachments, state of widgets, texts without end.

Editors put these in, and none of them is what a learner is graded for; so they are no reason to refuse a notebook. The
limits are the code's: what must be run, read and printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode

from course_lib.cells.sources import defined

MOST_CELLS, MOST_CODE = 2_000, 500_000
"""Code cells with anything in them, and characters in all of them: more is no learner's work, and takes minutes."""
MOST_TEXT, MOST_TEXTS = 50_000, 400_000
"""Characters of a text cell, and of all text cells, pictures apart."""
SMALL, MOST_PICTURES = 30_000, 300_000
"""Characters of a picture in a text that stays, and of all such pictures."""
MOST_METADATA, MOST_NOTED = 10_000, 100_000
"""Characters of a cell's metadata, and of the notebook's."""
LONG_CELL = 50_000
"""A code cell of more characters is put aside if the code is too long, and it defines nothing of the unit's."""

START = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w.+=-]{0,100}){0,5};base64,", re.I)
BASE64 = re.compile(r"[\w+/=%-]*")
LEFT_OUT = "(picture left out of this page)"


def lighten(nb: NotebookNode, released: NotebookNode) -> list[str]:
    """Shorten in place what is not code, and leave out empty cells; one sentence for each kind of thing done."""
    done: list[str] = []
    texts = [cell for cell in nb.cells if cell.cell_type != "code"]
    _pictures(texts, done)
    _attachments(texts, done)
    _long_texts(texts, done)
    _metadata(nb, done)
    marks = {cell.metadata.nbgrader.grade_id for cell in released.cells if "nbgrader" in cell.metadata}
    if len(nb.cells) > MOST_CELLS:
        kept = [cell for cell in nb.cells if cell.source.strip() or _mark(cell) in marks]
        if len(kept) < len(nb.cells):
            done.append(f"{len(nb.cells) - len(kept):,} empty cells were left out.")
            nb.cells = kept
    _code(nb, released, done)
    return done


def weight(nb: NotebookNode) -> tuple[int, int]:
    """How many code cells with anything in them there are, and how many characters these hold."""
    sources = [cell.source for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    return len(sources), sum(map(len, sources))


def _mark(cell: NotebookNode) -> Any:
    mark = cell.metadata.get("nbgrader")
    return mark.get("grade_id") if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str) else None


def _pictures(texts: list[NotebookNode], done: list[str]) -> None:
    """Pictures that are written into a text, as Colab does it, unless they are small."""
    left, count = MOST_PICTURES, 0

    def stays(size: int) -> bool:
        nonlocal left, count
        keeps = size <= min(SMALL, left)
        left, count = left - size * keeps, count + (not keeps)
        return keeps

    for cell in texts:
        cell.source = without_pictures(cell.source, stays)
    if count:
        what = "A picture that was" if count == 1 else f"{count:,} pictures that were"
        done.append(f"{what} pasted into a text {'is' if count == 1 else 'are'} left out of this page; the words stay.")


def without_pictures(text: str, stays: Callable[[int], bool]) -> str:
    """`text` with a few words in place of each picture's data, the tag or link around it included.

    stays: whether a picture of so many characters may stay.
    """
    parts: list[str] = []
    at = 0
    for start in START.finditer(text):
        if start.start() < at:
            continue
        match = BASE64.match(text, start.end())
        end = match.end() if match else start.end()
        if stays(end - start.start()):
            continue
        before, end = _around(text, at, start.start(), end)
        parts += [text[at:before], LEFT_OUT]
        at = end
    return "".join([*parts, text[at:]])


def _around(text: str, at: int, start: int, end: int) -> tuple[int, int]:
    """From where to where the picture goes whose data are between start and end: `![...](data)`, `<img ...>`."""
    line = text.rfind("\n", at, start) + 1 or at
    opened = text.rfind("![", line, start)
    if opened >= 0 and text[:start].endswith("(") and (closed := text.find(")", end, end + 500)) >= 0:
        return opened, closed + 1
    opened = text.rfind("<", max(at, start - 2_000), start)
    if opened >= 0 and ">" not in text[opened:start] and (closed := text.find(">", end, end + 2_000)) >= 0:
        return opened, closed + 1
    return start, end


def _attachments(texts: list[NotebookNode], done: list[str]) -> None:
    """Pictures that are attached to a cell, unless they are small."""
    left, dropped = MOST_PICTURES, 0
    for cell in texts:
        attached = cell.get("attachments")
        if not attached:
            continue
        size = len(json.dumps(attached, default=str))
        if size <= min(4 * SMALL, left):
            left -= size
        else:
            del cell["attachments"]
            dropped += 1
    if dropped:
        done.append(f"What was attached to {_cells(dropped)} is left out of this page; the words stay.")


def _long_texts(texts: list[NotebookNode], done: list[str]) -> None:
    left, cut = MOST_TEXTS, 0
    for cell in texts:
        most = min(MOST_TEXT, left)
        if len(cell.source) > most:
            length = len(cell.source)
            cell.source = f"{cell.source[:most]}\n\n(cut here: {length:,} characters in all)"
            cut += 1
        left -= min(len(cell.source), left)
    if cut:
        done.append(f"The text of {_cells(cut)} is longer than a page takes, and was cut.")


def _metadata(nb: NotebookNode, done: list[str]) -> None:
    """The state of widgets and whatever else programs keep in a notebook, unless it is small."""
    dropped = 0
    for holder, most in [(nb, MOST_NOTED), *((cell, MOST_METADATA) for cell in nb.cells)]:
        if len(holder.metadata) and len(json.dumps(holder.metadata, default=str)) > most:
            keep = ("nbgrader", "kernelspec", "language_info")
            holder.metadata = NotebookNode({key: holder.metadata[key] for key in keep if key in holder.metadata})
            dropped += 1
    if dropped:
        done.append("What programs had noted in the notebook (such as the state of widgets) is left out.")


def _code(nb: NotebookNode, released: NotebookNode, done: list[str]) -> None:
    """Code beyond the limit: the longest cells that define nothing of the unit's are put aside."""
    if weight(nb)[1] <= MOST_CODE:
        return
    wanted = {name for cell in released.cells if cell.cell_type == "code" for name in defined(cell.source)}
    code = [cell for cell in nb.cells if cell.cell_type == "code" and len(cell.source) > LONG_CELL]
    aside = 0
    for cell in sorted(code, key=lambda cell: -len(cell.source)):
        if weight(nb)[1] <= MOST_CODE:
            break
        if not any(re.search(rf"\b{re.escape(name)}\b", cell.source) for name in wanted):
            cell.source = f"# A cell of {len(cell.source):,} characters stood here. It was put aside: it is no answer."
            aside += 1
    if aside:
        done.append(f"{_cells(aside)[0].upper()}{_cells(aside)[1:]} of code, far too long to be read, was put aside.")


def _cells(count: int) -> str:
    return "a cell" if count == 1 else f"{count:,} cells"

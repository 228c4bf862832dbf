"""Leave of what a submission shows what a page can take: kinds of output that are data, in amounts that end.

A page is made of these by programs that take a minute for a hundred thousand unfinished tags, or run what they do not
know. Nothing is thrown away without a word, and a cell's plain text stays.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.sandbox.notebook import checked_exercise

MARKUP = ("text/html", "text/markdown", "text/latex")
PICTURES = ("image/png", "image/jpeg")
KINDS = {*MARKUP, *PICTURES, "image/svg+xml", "text/plain", "application/json"}

MOST_MARKS, MOST_MARKS_OF_PAGE = 5_000, 20_000
MOST_DEPTH, MOST_UNFINISHED, MOST_COLOURS = 200, 100, 5_000
MOST_OUTPUTS, MOST_BYTES = 500, 20 * 2**20

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.I)
# These need no end, so that their number says nothing about how deep they lie.
ENDLESS = re.compile(r"area|base|br|col|embed|hr|img|input|li|link|meta|option|p|source|t[dhr]|track|wbr", re.I)
TOO_MUCH = "Shown here was more than a page takes; it is left out.\n"


class BoundOutputs(NbGraderPreprocessor):
    """Runs after the verdicts were written, which it leaves alone."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        budget = Budget()
        for cell in nb.cells:
            if cell.cell_type == "code" and checked_exercise(cell) is None:
                cell.outputs = bounded(cell.outputs, budget)
            elif cell.cell_type == "markdown" and not budget.takes(cell.source):
                cell.source = as_plain_text(cell.source)
        return nb, resources


class Budget:
    """What is left of a page: marks (of tags, formulas, entities) and bytes."""

    def __init__(self) -> None:
        self.marks, self.bytes = MOST_MARKS_OF_PAGE, MOST_BYTES

    def takes(self, markup: str) -> bool:
        """Whether a piece of HTML or Markdown is one that can be made into a page; if so, it is counted."""
        marks = sum(markup.count(mark) for mark in "<&$\\") + 20 * markup.count("\\begin")
        if marks > min(MOST_MARKS, self.marks) or markup.count("<") - markup.count(">") > MOST_UNFINISHED:
            return False
        if depth(markup) > MOST_DEPTH:
            return False
        self.marks -= marks
        return True

    def holds(self, size: int) -> bool:
        """Whether there is room for `size` bytes more; if so, they are counted."""
        if size > self.bytes:
            return False
        self.bytes -= size
        return True


def depth(markup: str) -> int:
    """How many tags are open at once, at most."""
    now = most = 0
    for end, name in TAG.findall(markup):
        if not ENDLESS.fullmatch(name):
            now = max(0, now - 1) if end else now + 1
            most = max(most, now)
    return most


def bounded(outputs: list[NotebookNode], budget: Budget) -> list[NotebookNode]:
    """The outputs that a page takes; a sentence in place of the others."""
    kept = [output for output in outputs[:MOST_OUTPUTS] if _bound(output, budget)]
    if len(kept) < len(outputs):
        kept.append(new_output("stream", name="stdout", text=TOO_MUCH))
    return kept


def _bound(output: NotebookNode, budget: Budget) -> bool:
    """Bring one output within bounds; False where nothing of it is left."""
    if output.output_type == "stream":
        output.text = _calm(output.text)
        return budget.holds(len(output.text))
    if output.output_type == "error":
        output.ename, output.evalue = strip_ansi(output.ename), _calm(output.evalue)
        output.traceback = [_calm(line) for line in output.traceback]
        return budget.holds(len(output.evalue) + sum(map(len, output.traceback)))
    data = {kind: value for kind, value in output.data.items() if _is_data(kind, value, budget)}
    if "text/plain" in data:
        data["text/plain"] = _calm(data["text/plain"])
    output.data = NotebookNode(data)
    return bool(data) and budget.holds(sum(len(str(value)) for value in data.values()))


def _is_data(kind: str, value: Any, budget: Budget) -> bool:
    if kind in PICTURES:
        return _is_base64(value)
    return kind in KINDS and (kind not in MARKUP or budget.takes(value))


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _calm(text: str) -> str:
    """Text in colours, as long as these are fewer than anybody looks at."""
    return text if text.count("\x1b") <= MOST_COLOURS else strip_ansi(text)


def as_plain_text(markdown: str) -> str:
    """Every line of a text cell, to be shown as it was typed."""
    fence = "`" * (max(map(len, re.findall("`+", markdown)), default=0) + 3)
    return f"{fence}text\n{markdown}\n{fence}"

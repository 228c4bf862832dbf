"""A Markdown cell as pieces: what is translated, and what stays as it is between."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SUMMARY = re.compile(r"(<details><summary>)(.*)(</summary>)\s*")
TAGS = re.compile(r"\s*(?:(?:</?[a-z]+>|<!--.*?-->)\s*)+")
MARKER = re.compile(r"### (?:BEGIN|END) .*")
FENCE = re.compile(r"\s*(```|~~~)")
QUOTE = re.compile(r"> ?")
NEW_LINE = re.compile(r"\s*(?:[-+*] |\d{1,3}[.)] |#{1,6} |\||!\[)")
"""What begins a line of its own: an item of a list, a heading, a table's row, a picture. Other lines are wrapped."""


@dataclass(frozen=True)
class Piece:
    """Lines of a cell. `block` is what is translated of them, unwrapped; empty where they stay as they are.

    `before` and `after` are tags around the block, `quoted` says that each line of it stands in a quote.
    """

    lines: tuple[str, ...]
    block: str = ""
    before: str = ""
    after: str = ""
    quoted: bool = False

    @property
    def text(self) -> str:
        """The piece as it stood in the cell."""
        return "\n".join(self.lines)

    def with_block(self, block: str) -> str:
        """The piece with another block in its place."""
        mark = "> " if self.quoted else ""
        return "\n".join(f"{mark}{line}" for line in f"{self.before}{block}{self.after}".split("\n"))


def split(source: str) -> list[Piece]:
    """The pieces of a cell's text; `join` of them is the text, character for character."""
    pieces: list[Piece] = []
    run: list[str] = []

    def end_run() -> None:
        if run:
            quoted = all(line.startswith(">") for line in run)
            inner = [QUOTE.sub("", line, count=1) if quoted else line for line in run]
            pieces.append(Piece(tuple(run), unwrapped(inner), quoted=quoted))
            run.clear()

    for line, stays in _lines(source):
        if (summary := SUMMARY.fullmatch(line)) and not stays:
            end_run()
            pieces.append(Piece((line,), summary[2], summary[1], summary[3]))
        elif stays:
            end_run()
            pieces.append(Piece((line,)))
        elif run and run[0].startswith(">") != line.startswith(">"):
            end_run()
            run.append(line)
        else:
            run.append(line)
    end_run()
    return pieces


def join(pieces: list[Piece]) -> str:
    """The text that `split` took apart."""
    return "\n".join(piece.text for piece in pieces)


def translated(source: str, look_up: Callable[[str], str | None]) -> str:
    """The cell with every block that `look_up` knows in its place; the others stay in English."""
    done = []
    for piece in split(source):
        other = look_up(piece.block) if piece.block else None
        done.append(piece.text if other is None else piece.with_block(other))
    return "\n".join(done)


def unwrapped(lines: list[str]) -> str:
    """The lines of a block, with those joined that only its width had parted."""
    whole: list[str] = []
    for line in lines:
        if whole and not NEW_LINE.match(line) and not whole[-1].lstrip().startswith(("#", "|")):
            whole[-1] = f"{whole[-1].rstrip()} {line.strip()}"
        else:
            whole.append(line.rstrip())
    return "\n".join(whole)


def _lines(source: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stays as it is: blank ones, code, displayed formulas, tags, comments, nbgrader's."""
    fence, formula = "", False
    for line in source.split("\n"):
        mark = FENCE.match(line)
        if fence:
            yield line, True
            fence = "" if mark and mark[1] == fence else fence
        elif formula:
            yield line, True
            formula = not line.rstrip().endswith("$$")
        elif mark:
            fence = mark[1]
            yield line, True
        elif line.startswith("$$"):
            formula = line.strip() == "$$" or not line.rstrip().endswith("$$")
            yield line, True
        else:
            bare = QUOTE.sub("", line, count=1).strip() if line.startswith(">") else line.strip()
            yield line, not bare or bool(TAGS.fullmatch(line)) or bool(MARKER.fullmatch(line))

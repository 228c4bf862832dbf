"""The Markdown that people read: the text cells of the units' scripts, and the `*.md` files that git tracks."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext

from course_lib.errors import CourseError

MARKER = re.compile(r"### (BEGIN|END) .*")
"""nbgrader's: in a learner's notebook none is left."""


@dataclass(frozen=True)
class Text:
    """One piece of Markdown, and where it stands: a whole file, or one cell of a script."""

    path: str  # from the repository's root, with slashes
    source: str
    cell: int | None = None  # as people count, code cells included

    def place(self, line: int) -> str:
        """Where a line (from 0) stands: file and line, or file, cell and the cell's first words."""
        if self.cell is None:
            return f"{self.path}:{line + 1}"
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        return f'{self.path}, cell {self.cell} ("{shortened(first, 40)}"), line {line + 1}'

    def finding(self, line: int, seen: str, remedy: str) -> str:
        """One sentence: where, what is seen, what to do."""
        return f"{self.place(line)}: {seen}: {remedy}"


def shortened(text: str, most: int = 60) -> str:
    """The text's beginning, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."


def tracked(root: Path, *patterns: str) -> list[str]:
    """The files that git tracks below the root, as paths from there; those that were deleted are left out.

    Raises `CourseError` where there is no git, or no checkout.
    """
    asked = ["git", "ls-files", "-z", "--", *patterns]
    try:
        listed = subprocess.run(asked, cwd=root, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise CourseError(f"What is looked at is what git tracks, and git does not say it here: {error}") from None
    return sorted(name for name in listed.split("\0") if name and (root / name).exists())


def text_cells(root: Path, script: str) -> Iterator[Text]:
    """The text cells of a unit's script."""
    for number, cell in enumerate(jupytext.read(root / script).cells, start=1):
        if cell.cell_type == "markdown":
            lines = ("" if MARKER.fullmatch(line) else line for line in cell.source.splitlines())
            yield Text(script, "\n".join(lines), number)


@cache
def texts(root: Path) -> tuple[Text, ...]:
    """All that is written in Markdown in the repository, read once."""
    scripts = tracked(root, "solutions/*/*.py")
    files = [Text(name, (root / name).read_text(encoding="utf-8")) for name in tracked(root, "*.md")]
    return (*files, *(text for script in scripts for text in text_cells(root, script)))

"""How a longer text stands in a terminal."""

from __future__ import annotations

import shutil
import textwrap


def wrapped(text: str) -> str:
    """The text with its long lines broken to fit the terminal, indented as they begin."""
    width = min(shutil.get_terminal_size().columns, 100)
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        lines.append(textwrap.fill(line, width, subsequent_indent=indent) if line.strip() else "")
    return "\n".join(lines)

"""How a longer text stands in a terminal."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from functools import partial

from course_lib.language.breaking import broken
from course_lib.told import shown


def wrapped(text: str) -> str:
    """The text in the language of now, its long lines broken to fit the terminal, indented as they begin."""
    width = min(shutil.get_terminal_size().columns, 100)
    lines = []
    for line in map(shown, text.splitlines()):
        indent = " " * (len(line) - len(line.lstrip()))
        if line.isascii() or columns(line) == len(line):
            lines.append(textwrap.fill(line, width, subsequent_indent=indent) if line.strip() else "")
        else:
            lines += [indent + part for part in broken(line.strip(), partial(_fits, room=width - len(indent)))]
    return "\n".join(lines)


def _fits(text: str, room: int) -> bool:
    return columns(text) <= room


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: a Chinese letter and a full-width mark take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

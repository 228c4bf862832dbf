"""Tables in a text: glued to a paragraph, of rows of different widths, or with a bar inside a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.building.dollars import CODE, FORMULA, Found, masked
from grader.building.texts import Text, shortened

BAR = re.compile(r"(?<!\\)\|")
DELIMITERS = re.compile(r" *\|?(?: *:?-+:? *\|)+ *(?::?-+:? *)?$")
"""The line beneath a table's head."""


def table_lines(lines: list[str], shown: set[int]) -> Iterator[tuple[int, int]]:
    """Where tables stand that a delimiter line makes: from the head's line to the one after the last row's."""
    for number, line in enumerate(lines):
        if number and number not in shown and DELIMITERS.match(line) and "|" in lines[number - 1]:
            end = number + 1
            while end < len(lines) and lines[end].strip():
                end += 1
            yield number - 1, end


def tables(text: Text, lines: list[str], shown: set[int]) -> Found:
    """Tables that are glued to a paragraph, whose rows have too few or too many cells, or a `|` inside of one."""
    for start, end in table_lines(lines, shown):
        if start and lines[start - 1].strip():
            yield start, text.finding(start, "a table begins beneath a line of text", "put a blank line before it")
        width = cells(lines[start])
        for number in range(start, end):
            found = cells(lines[number])
            split = splitting(lines[number])
            if split:
                yield number, text.finding(number, *split)
            elif found != width:
                seen = f'the row "{shortened(lines[number])}" has {found} cells where its table has {width}'
                yield number, text.finding(number, seen, "give each row as many cells, and end a table by a blank line")


def cells(row: str) -> int:
    """Into how many cells the bars of a table's row split it, also those inside code: so do all renderers."""
    return len(BAR.split(row.strip().removeprefix("|").removesuffix("|")))


def splitting(row: str) -> tuple[str, str] | None:
    """What is seen, and what to do, where a bar stands inside code or a formula of a table's row."""
    for code in CODE.finditer(row):
        if BAR.search(code[0]):
            return f"a bar splits the code {code[0]} over two cells of a table", r"write \| for it"
    for formula in FORMULA.finditer(masked(CODE, row)):
        if "|" in formula[0]:
            return f"a bar splits the formula {formula[0]} in a table", r"write \lvert, \lVert or \mid for it"
    return None

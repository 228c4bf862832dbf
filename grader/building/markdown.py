"""What in a Markdown text renders otherwise than its author meant, in JupyterLab, nbconvert or on GitHub.

These three read Markdown by three parsers, and disagree most where text is wrapped. So what is looked for is what any
of them may take for something else: lines that become lists, headings or quotes stand here, what happens in a table or
within a paragraph in the other files.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.building import inline
from grader.building.dollars import Found
from grader.building.tables import splitting, table_lines, tables
from grader.building.texts import Text, shortened

PARSER = MarkdownIt("commonmark").enable("table")

FENCES = ("```", "~~~")
ITEM = re.compile(r"( *)([-+*]|\d{1,9}[.)])(?:\s+|$)")
HEADING = re.compile(r" *#{1,6}(?:\s|$)")
QUOTE = re.compile(r" *>")
UNDERLINE = re.compile(r" {0,3}(?:-+|=+)\s*$")
SENTENCE = re.compile(r"(?:[.:?!][*_)]*|[。：？！）][*_]*)\s*$")


def findings(text: Text) -> list[str]:
    """What is amiss in a text, in the order in which it stands there."""
    lines = text.source.splitlines()
    tokens = PARSER.parse(text.source)
    shown = as_they_are(tokens)
    found = [*blocks(text, lines, shown), *headings(text, lines, tokens), *tables(text, lines, shown)]
    split = {line for start, end in table_lines(lines, shown) for line in range(start, end) if splitting(lines[line])}
    for token in tokens:
        if token.type == "inline" and token.map:
            found += inline.findings(text, token, split=token.map[0] in split)
        elif token.type == "html_block" and token.map:
            found += inline.block_findings(text, token)
    return [sentence for _, sentence in sorted(found)]


def as_they_are(tokens: list[Token]) -> set[int]:
    """The lines in which nothing is Markdown: code blocks and HTML blocks."""
    raw = [token.map for token in tokens if token.type in ("fence", "code_block", "html_block") and token.map]
    return {line for start, end in raw for line in range(start, end)}


def blocks(text: Text, lines: list[str], shown: set[int]) -> Found:
    """Lines that follow another without a blank line and begin like a list's item, a heading or a quote."""
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        if number in shown or not before.strip() or number - 1 in shown and before.lstrip().startswith(FENCES):
            continue
        kind = begins_like(lines, number)
        if kind:
            seen = f'"{shortened(line)}" follows a line of text and becomes {kind}'
            remedy = "wrap the text elsewhere, or put a blank line before it if that is meant"
            yield number, text.finding(number, seen, remedy)


def begins_like(lines: list[str], number: int) -> str:
    """What a renderer may take this line for, though the line above goes on with a text; else nothing."""
    line, before = lines[number], lines[number - 1]
    if HEADING.match(line):
        return "" if HEADING.match(before) else "a heading"
    if QUOTE.match(line):
        return "" if QUOTE.match(before) else "a quote"
    item = ITEM.match(line)
    if item is None or UNDERLINE.match(line) or is_sibling(lines, number, item) or is_meant(lines, number, item):
        return ""
    return "an item of a list"


def is_meant(lines: list[str], number: int, item: re.Match[str]) -> bool:
    """Whether a list begins here that every renderer takes for one: after a full sentence, and with a second item."""
    if not SENTENCE.search(lines[number - 1]) or (item[2][:-1].isdecimal() and int(item[2][:-1]) != 1):
        return False
    for later in range(number + 1, len(lines)):
        other = ITEM.match(lines[later])
        if other and len(other[1]) == len(item[1]):
            return is_next(item[2], other[2])
        if not lines[later].startswith(item[1] + " "):
            return False
    return False


def is_sibling(lines: list[str], number: int, item: re.Match[str]) -> bool:
    """Whether the line goes on with a list that began above it, in the same block, at the same depth."""
    for above in range(number - 1, -1, -1):
        if not lines[above].strip():
            return False
        other = ITEM.match(lines[above])
        if other and len(other[1]) == len(item[1]):
            return is_next(other[2], item[2])
        if len(lines[above]) - len(lines[above].lstrip()) < len(item[1]):
            return False
    return False


def is_next(before: str, mark: str) -> bool:
    """Whether a list's item marked `mark` may follow one marked `before`."""
    if before.isdecimal() or not before[:-1].isdecimal():
        return before == mark
    return mark[:-1].isdecimal() and mark[-1] == before[-1] and int(mark[:-1]) in (int(before[:-1]) + 1, 1)


def headings(text: Text, lines: list[str], tokens: list[Token]) -> Found:
    """Paragraphs that a line of dashes or equals signs beneath makes a heading."""
    for token in tokens:
        if token.type == "heading_open" and token.markup in "-=" and token.map:
            seen = f'"{shortened(lines[token.map[0]])}" becomes a heading by the line beneath it'
            yield token.map[0], text.finding(token.map[0], seen, "put a blank line between them, or write ## before it")

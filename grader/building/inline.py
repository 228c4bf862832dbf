"""What goes wrong within a paragraph, a heading or a table's cell: formulas, emphasis, tags, links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.building.dollars import CODE, FORMULA, Found, formulas, masked
from grader.building.texts import Text, shortened

PARSER = MarkdownIt("commonmark")

TAGS = {"details", "summary", "br", "sub", "sup", "kbd", "img", "a"}
"""Used on purpose; every renderer lets them through."""

ESCAPED = re.compile(r"\\[*_\[\]]")
TAG = re.compile(r"</?([A-Za-z][\w-]*)")
HAN = re.compile(r"[\u3400-\u9fff]")
"""Chinese has no blanks between words."""


def findings(text: Text, token: Token, *, split: bool) -> list[tuple[int, str]]:
    """What is amiss in the text of an `inline` token; `split`: where a bar breaks it off, which is told already."""
    start = token.map[0] if token.map else 0
    source = token.content
    plain = masked(CODE, source)
    bare = masked(ESCAPED, masked(FORMULA, plain))
    found = [*formulas(text, start, plain, split), *emphasis(text, start, bare), *tags(text, start, token)]
    return found + list(links(text, start, bare))


def block_findings(text: Text, token: Token) -> Found:
    """What is amiss in a block of HTML, in which Markdown stays as it is written."""
    start = token.map[0] if token.map else 0
    content = re.sub(r"<!--.*?-->", "", token.content, flags=re.DOTALL)
    for name in sorted({name.lower() for name in TAG.findall(content)} - TAGS):
        yield start, text.finding(start, f"<{name}> becomes an HTML tag", "use backticks if it is meant literally")
    for number, line in enumerate(content.splitlines()):
        if re.search(r"`[^`]+`|\*\*|\]\(", line):
            seen = f'"{shortened(line)}" stands in a block of HTML, where Markdown is not read'
            yield start + number, text.finding(start + number, seen, "put a blank line before it, or write it as HTML")


def emphasis(text: Text, start: int, bare: str) -> Found:
    """Stars and underscores that are meant literally and are not, or the other way; `bare` has no code or formula."""
    for child, before, after, line in marks(bare):
        place = start + line
        if child.type in ("em_open", "strong_open"):
            if child.markup.startswith("_"):
                seen = f'underscores before "{shortened(after, 30)}" become emphasis'
                yield place, text.finding(place, seen, "use backticks for a name, stars for emphasis")
            elif before[-1:].isalnum() and not HAN.match(before[-1:]):
                seen = f'a star within "{shortened(before[-12:] + after, 30)}" becomes emphasis'
                yield place, text.finding(place, seen, r"use backticks, or \* for a star")
        elif child.type == "text" and (lone := re.search(r"\*+(?=\S)|(?<=\S)\*+", child.content)):
            place += child.content[: lone.start()].count("\n")
            seen = f'{lone[0]} has no partner, at "{shortened(child.content[max(lone.start() - 15, 0) :], 40)}"'
            yield place, text.finding(place, seen, r"close it next to its word, or write \* for a star")


def marks(bare: str) -> Iterator[tuple[Token, str, str, int]]:
    """Each part of a paragraph, with the text right before and after it and its line within the paragraph."""
    children = PARSER.parseInline(bare)[0].children or []
    line = 0
    for number, child in enumerate(children):
        before = children[number - 1].content if number else ""
        after = next((other.content for other in children[number + 1 :] if other.content), "")
        yield child, before, after, line
        line += child.type in ("softbreak", "hardbreak")


def tags(text: Text, start: int, token: Token) -> Found:
    """What is read as an HTML tag and is none of those that are used."""
    line = start
    for child in token.children or []:
        line += child.type in ("softbreak", "hardbreak")
        if child.type == "html_inline":
            for name in sorted({name.lower() for name in TAG.findall(child.content)} - TAGS):
                seen = f"{shortened(child.content, 30)} becomes an HTML tag <{name}>"
                yield line, text.finding(line, seen, r"use backticks, or \lt in a formula")


def links(text: Text, start: int, bare: str) -> Found:
    """Links that lead nowhere, or that stay text."""
    for child, _, after, line in marks(bare):
        place = start + line
        if child.type == "link_open" and not child.attrGet("href"):
            yield place, text.finding(place, f'the link "{shortened(after, 30)}" has no target', "give it one")
        elif child.type == "text" and re.search(r"\]\s?\(|\]\[", child.content):
            seen = f'"{shortened(child.content, 40)}" looks like a link and stays text'
            yield place, text.finding(place, seen, "write [words](target), without blanks in the target")

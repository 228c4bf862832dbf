"""Links that lead into the repository: each target exists and is tracked by git, each anchor is a heading's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.building.texts import texts, tracked

PARSER = MarkdownIt("commonmark").enable("table")
IN_HTML = re.compile(r"""<(?:a|img)\b[^>]*?\b(?:href|src)=["']([^"']*)["']""")
PLACE = re.compile(r"""<a id=["']([^"']+)["']></a>""")
"""An anchor of its own, where a heading's own words give another one than links name."""
PIECE = re.compile(
    r"(?P<fence>^(?P<mark>`{3,}|~{3,}).*?^(?P=mark)[`~]*[ \t]*$)"
    r"|(?P<link>(?P<picture>!?)\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^)\s]+)\))"
    r"|(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))",
    re.M | re.S,
)
"""What a text is searched for, in this order at every place; code stays as it is."""


def broken_links(root: Path) -> list[str]:
    """A sentence for each link whose target is missing, is not tracked, or has no such heading."""
    written = texts(root)
    files = set(tracked(root))
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    anchors: dict[str, set[str]] = {}
    for text in written:
        anchors.setdefault(published(text.path), set()).update(slugs(text.source), PLACE.findall(text.source))
    found = []
    for text in written:
        for line, target in targets(text.source):
            wrong = amiss(published(text.path), target, files, folders, anchors)
            if wrong:
                found.append(text.finding(line, f"the link to {target} leads nowhere", wrong))
    return found


def published(path: str) -> str:
    """Where readers find a text: that of a unit's script in the learner's notebook."""
    return re.sub(r"^solutions/(\w+)/\1\.py$", r"notebooks/\1/\1.ipynb", path)


def targets(source: str) -> Iterator[tuple[int, str]]:
    """The links and pictures of a text, each with the line where its paragraph begins."""
    for token in PARSER.parse(source):
        line = token.map[0] if token.map else 0
        if token.type == "html_block":
            yield from ((line, target) for target in IN_HTML.findall(token.content))
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                yield line, str(target)
            elif child.type == "html_inline":
                yield from ((line, target) for target in IN_HTML.findall(child.content))


def amiss(path: str, target: str, files: set[str], folders: set[str], anchors: dict[str, set[str]]) -> str:
    """What to do about a link in the file `path`; nothing where it leads out of the repository, or is right."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    name = unquote(parts.path)
    aim = path if not name else posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if name.startswith("/"):
        return "write it from this file's folder: on a learner's machine a path from the root leads elsewhere"
    if aim not in files and aim not in folders:
        return f"git tracks no {aim}"
    if parts.fragment and aim in anchors and unquote(parts.fragment) not in anchors[aim]:
        return f"{aim} has no heading #{unquote(parts.fragment)}"
    return ""


def retargeted(source: str, new: Callable[[str], str]) -> str:
    """A text whose links and pictures lead to what `new` makes of their targets; where that is empty, words stay."""

    def one(match: re.Match[str]) -> str:
        if not match["link"]:
            return match[0]
        target = new(match["target"])
        return f"{match['picture']}[{match['label']}]({target})" if target else str(match["label"])

    return PIECE.sub(one, source)


def slugs(source: str) -> Iterator[str]:
    """The anchors of a text's headings as GitHub makes them; one that comes again is numbered."""
    yield from (slug for _, slug in headings(source))


def headings(source: str) -> Iterator[tuple[int, str]]:
    """The line of each heading (from 0), and its anchor."""
    seen: dict[str, int] = {}
    tokens = PARSER.parse(source)
    for opening, heading in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open" and opening.map:
            slug = re.sub(r"[^\w\- ]", "", shown(heading).lower()).replace(" ", "-")
            seen[slug] = seen.get(slug, 0) + 1
            yield opening.map[0], slug if seen[slug] == 1 else f"{slug}-{seen[slug] - 1}"


def shown(heading: Token) -> str:
    """A heading's words, without what marks emphasis, code and links."""
    return "".join(child.content for child in heading.children or [] if child.type in ("text", "code_inline"))

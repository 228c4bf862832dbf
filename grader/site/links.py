"""Links from file to file of the repository become links from page to page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from grader.site.addresses import Repository

PIECE = re.compile(
    r"(?P<fence>^(?P<mark>`{3,}|~{3,}).*?^(?P=mark)[`~]*[ \t]*$)"
    r"|(?P<link>(?P<picture>!?)\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^)\s]+)\))"
    r"|(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))",
    re.M | re.S,
)
"""What a text is searched for, in this order at every place; code stays as it is."""


def relinked(source: str, path: str, page: str, pages: Mapping[str, str], home: Repository) -> str:
    """A Markdown text of the file `path`, for the page with the source `page`; paths are from their roots.

    pages: file of the repository -> source of its page. What has no page is looked at in the repository; where that has
    no address, the words of the link stay and the link goes.
    """

    def new(match: re.Match[str]) -> str:
        if not match["link"]:
            return match[0]
        parts = urlsplit(match["target"])
        if parts.scheme or parts.netloc or not parts.path:
            return match[0]
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if aim in pages:
            target = posixpath.relpath(pages[aim], posixpath.dirname(page) or ".") + fragment
        else:
            target = home.file(aim, folder="." not in posixpath.basename(aim)) + (fragment if home.name else "")
        return f"{match['picture']}[{match['label']}]({target})" if target else str(match["label"])

    return PIECE.sub(new, source)

"""Links from file to file of the repository become links from page to page."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from grader.building.links import retargeted
from grader.site.addresses import Repository


def relinked(source: str, path: str, page: str, pages: Mapping[str, str], home: Repository) -> str:
    """A Markdown text of the file `path`, for the page with the source `page`; paths are from their roots.

    pages: file of the repository -> source of its page. What has no page is looked at in the repository; where that has
    no address, the words of the link stay and the link goes.
    """

    def new(target: str) -> str:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path:
            return target
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if aim in pages:
            return posixpath.relpath(pages[aim], posixpath.dirname(page) or ".") + fragment
        return home.file(aim, folder="." not in posixpath.basename(aim)) + (fragment if home.name else "")

    return retargeted(source, new)

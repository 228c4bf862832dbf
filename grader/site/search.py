"""Search in Chinese, which has no blanks between its words.

Sphinx's own Chinese search cuts pages into words with a dictionary, but not what somebody types: a browser has no such
dictionary. Here neither is cut. What stands between two marks goes into the index whole, and a browser looks for what
was typed within it, as it does for a part of any long word; shorter pieces, within which it does not look, are in the
index by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.search.en import SearchEnglish

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
WHOLE = "|"
"""Before what stands between two marks: nobody types it, so what is typed is always looked for within."""
SPLIT = r"""
var splitQuery = (query) => query.match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{Letter}\p{Number}_])+/gu) ?? [];
"""


class SearchChinese(SearchEnglish):
    """Chinese by its pieces, and English words among it as in English."""

    lang = "zh"  # the name stays "English", by which Sphinx calls the stemmer in the browser
    js_splitter_code = SPLIT

    def split(self, input: str) -> list[str]:
        """The words of a text, as they go into the index."""
        return [*super().split(HAN.sub(" ", input)), *pieces(input)]


def pieces(text: str) -> Iterator[str]:
    """What somebody may look for in Chinese: each sign, each two signs, and all that stands between two marks."""
    for run in HAN.findall(text):
        yield from run
        yield from (run[n : n + 2] for n in range(len(run) - 1))
        if len(run) > 2:
            yield WHOLE + run

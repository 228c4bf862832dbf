"""The languages of the site: where the pages of each lie, and what each is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.language.choice import ENGLISH, NAMES, languages
from course_lib.workspace import locales


@dataclass(frozen=True)
class Edition:
    """The pages of one language. folder: where they lie in the site, empty for the first one; others: the rest of them.

    Pages have the same names in all editions, so that each leads to itself in another language.
    """

    language: str
    folder: str = ""
    others: tuple[Edition, ...] = ()

    @property
    def code(self) -> str:
        """The language as HTML names it: `zh-CN`."""
        return self.language.replace("_", "-")

    @property
    def name(self) -> str:
        """What its readers call the language: `中文`."""
        from babel import Locale

        return Locale.parse(self.language).get_language_name() or self.language

    def link(self, page: str, other: Edition) -> str:
        """The way from a page of this edition to the same page in the other: `../../zh/units/00_start_here.html`."""
        up = "../" * (page.count("/") + bool(self.folder))
        return f"{up}{other.folder}{'/' if other.folder else ''}{page}.html"


FIRST = Edition(ENGLISH)
"""The pages of the language that the course is written in."""


def short(language: str) -> str:
    """What people call a language that has no other of its kind beside it: `zh` for `zh_CN`."""
    return next((name for name, whole in NAMES.items() if whole == language), language)


def editions(chosen: Sequence[str] = ()) -> list[Edition]:
    """The editions of these languages, or of all that there are; the first one lies at the site's root."""
    found = [Edition(each, short(each) if n else "") for n, each in enumerate(chosen or languages(locales()))]
    return [Edition(each.language, each.folder, tuple(one for one in found if one is not each)) for each in found]

"""PO files: read, brought up to what extraction gives, and written the same way each time.

A text whose English has changed keeps its old translation, marked fuzzy; editions use only what is neither fuzzy nor
empty. So a translation is never wrong for want of somebody to look at it: at worst it is English.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po

from course_lib.errors import CourseError
from course_lib.language.catalogues import done, read
from course_lib.workspace import course_root
from grader.languages.extraction import Entry

FORMATS = {"python-format", "python-brace-format"}
HEADER = "# {language}: {name}. How to translate: docs/translating.md"
OF_THE_DAY = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|X-Generator|Last-Translator|Language-Team'
    r"|Project-Id-Version|Report-Msgid-Bugs-To): .*\n",
    re.MULTILINE,
)
"""What programs note of themselves and of the hour; without it the same content is the same bytes."""


def folder(language: str) -> Path:
    """Where all of a language is."""
    return course_root() / "locale" / language


def path_of(language: str, name: str) -> Path:
    """The file of a catalogue: `units/02_gradient_descent`, `course`."""
    return folder(language) / f"{name}.po"


def languages() -> list[str]:
    """The languages that there are catalogues of, beside English."""
    return sorted(path.parent.name for path in (course_root() / "locale").glob("*/course.po"))


def template(entries: Iterable[Entry]) -> Catalog:
    """A catalogue of entries without translations, in their order."""
    catalog = Catalog(fuzzy=False)
    for entry in entries:
        place = [(entry.place, 1)] if entry.place else []
        catalog.add(entry.text, auto_comments=[entry.note], locations=place, context=entry.context)
    return catalog


def updated(path: Path, entries: Iterable[Entry], language: str, name: str) -> str:
    """The text of a catalogue's file, with what it had and what extraction gives now."""
    wanted = template(entries)
    try:
        catalog = read(path) if path.is_file() else Catalog(locale=language, fuzzy=False)
    except UnknownLocaleError:
        raise CourseError(f"{language!r} is no language that Babel knows: name it as in zh_CN or de.") from None
    catalog.update(wanted, update_creation_date=False)
    catalog.header_comment = HEADER.format(language=language, name=name)
    catalog.fuzzy = False
    catalog.obsolete = {key: old for key, old in catalog.obsolete.items() if old.string}
    return written(catalog)


def written(catalog: Catalog) -> str:
    """A catalogue as the text of its file: one line a text, no dates, so that the same content is the same bytes."""
    for message in catalog:  # Babel takes a brace for a format; not every one is
        message.flags -= FORMATS
    out = io.BytesIO()
    write_po(out, catalog, width=0, include_lineno=False)
    return OF_THE_DAY.sub("", out.getvalue().decode("utf-8"))


__all__ = ["Catalog", "Message", "done", "folder", "languages", "path_of", "read", "template", "updated", "written"]

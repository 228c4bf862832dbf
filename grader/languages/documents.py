"""The README and the guides in other languages: their texts, and the editions that are read beside the code.

The editions lie in `locale/LANGUAGE/` as the English files do at the root, so that a link from one guide to another is
the same in both; every other link is made anew from there. A heading keeps its English anchor.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

from babel import Locale

from course_lib.language.blocks import translated
from course_lib.language.catalogues import translations
from grader.building.links import headings, retargeted
from grader.languages.catalogues import folder, path_of
from grader.languages.extraction import documents, english, name_of

ANCHOR = '<a id="{}"></a>'
NOTE = "<!-- Made by `./course build` from {english} and {catalogue}: edit these. -->"


def document(path: Path, language: str, anchor: str = ANCHOR) -> str:
    """A document's Markdown in a language, English where nothing is translated; links are as in the English file.

    path: from the course's root, `docs/plan.md`. anchor: how a translated heading gets its English anchor, on a line
    before it; a browser finds an HTML element's id, MyST wants `({})=`, and empty is for whoever gives ids otherwise.
    Raises `CourseError` where the catalogue cannot be read.
    """
    name = name_of(path)
    catalogue = path_of(language, name)
    known = translations(catalogue).get(name, {}) if catalogue.is_file() else {}
    source = english(path)
    lines = translated(source, known.get).split("\n")
    pairs = zip(headings("\n".join(lines)), headings(source), strict=False)
    for (line, here), (_, there) in reversed(list(pairs)):
        if anchor and here != there:
            lines[line:line] = [anchor.format(there), ""]
    return "\n".join(lines)


def editions(language: str) -> dict[Path, str]:
    """The editions of a language that there should be, and what each should say; none of what nobody has begun."""
    begun = {path.as_posix() for path in documents() if _is_begun(path, language)}
    return {folder(language) / path: edition(Path(path), language, begun) for path in sorted(begun)}


def edition(path: Path, language: str, begun: set[str]) -> str:
    """A document as it is read in its language's folder. begun: the documents that have an edition there."""
    here = posixpath.join("locale", language, path.as_posix())
    back = posixpath.relpath(path.as_posix(), posixpath.dirname(here))
    note = NOTE.format(english=path.as_posix(), catalogue=f"{name_of(path)}.po")
    switch = f"[English]({back}) · {Locale.parse(language).get_language_name(language)}"

    def new(target: str) -> str:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path:
            return target
        aim = posixpath.normpath(posixpath.join(path.parent.as_posix(), unquote(parts.path)))
        place = posixpath.join("locale", language, aim) if aim in begun else aim
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        return posixpath.relpath(place, posixpath.dirname(here)) + fragment

    return f"{note}\n\n{switch}\n\n{retargeted(document(path, language), new)}"


def strangers(language: str) -> list[Path]:
    """Editions that were made once, and whose document is gone or has no translation any more."""
    there = [*folder(language).glob("*.md"), *folder(language).glob("docs/*.md")]
    made = NOTE.split("{")[0]
    return sorted(path for path in set(there) - set(editions(language)) if path.read_text("utf-8").startswith(made))


def _is_begun(path: Path, language: str) -> bool:
    catalogue = path_of(language, name_of(path))
    return catalogue.is_file() and bool(translations(catalogue))

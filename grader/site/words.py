"""Words of the theme that it has no translation of, and those of site.js."""

from __future__ import annotations

import json
from pathlib import Path

from course_lib.language.choice import ENGLISH
from course_lib.told import shown


def for_the_browser() -> str:
    """A script that tells Sphinx's `_` the words of site.js in the language of now, beside its own."""
    words = {
        "Formula": shown("Formula"),
        "Table": shown("Table"),
        "Code": shown("Code"),
        "Output": shown("Output"),
        "Pages below %s": shown("Pages below %s"),
        # What the theme and MyST-NB write into their pages in English alone: names of parts, which site.js exchanges.
        "Main": shown("Main"),
        "Page": shown("Page"),
        "Toggle primary sidebar": shown("Toggle primary sidebar"),
        "Toggle secondary sidebar": shown("Toggle secondary sidebar"),
        "Toggle hidden content": shown("Toggle hidden content"),
    }
    return f"Object.assign(Documentation.TRANSLATIONS, {json.dumps(words, ensure_ascii=False)});\n"


def for_the_theme(folder: Path, language: str) -> None:
    """Write a catalogue for Sphinx, which looks into it before those of its own and of its themes."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    if language == ENGLISH:
        return
    catalog = Catalog(locale=language)
    for english, other in _of_the_theme().items():
        catalog.add(english, other)
    target = folder / language / "LC_MESSAGES" / "sphinx.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalog)


def _of_the_theme() -> dict[str, str]:
    """What the theme asks its catalogues for, and finds in none."""
    return {
        "Breadcrumb": shown("Breadcrumb"),
        "Color mode": shown("Color mode"),
        "System Settings": shown("System Settings"),
    }

"""The pages that no file of the repository is: their text, with places for what the course says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from course_lib.language.blocks import split, translated
from course_lib.language.catalogues import translations
from course_lib.language.choice import ENGLISH
from course_lib.told import speaking
from course_lib.workspace import locales

TEMPLATES = Path(__file__).parent / "templates"
CATALOGUE = "site"
"""The catalogue of the templates' texts; the name of a page is their context."""
MECHANICS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<[^<>]*>|^:::.*$", re.M)


@cache
def _environment() -> Environment:
    # What is filled in is Markdown and the course's own HTML.
    return Environment(undefined=StrictUndefined, autoescape=False)


def filled(name: str, **values: Any) -> str:
    """The template of the page `name`, in the language of now, with its places filled; one without a value is an error.

    Raises `CourseError` where the language's catalogue cannot be read.
    """
    source = _source(name)
    if speaking() != ENGLISH:
        known = translations(locales() / speaking() / f"{CATALOGUE}.po").get(name, {})
        source = translated(source, known.get)
    return _environment().from_string(source).render(**values)


def texts() -> Iterator[tuple[str, str]]:
    """Each text of a template that somebody reads, and the name of the page."""
    for file in sorted(TEMPLATES.glob("*.md.jinja")):
        name = file.name.removesuffix(".jinja")
        for piece in split(_source(name)):
            if re.search(r"[A-Za-z]{2}", MECHANICS.sub("", piece.block)):
                yield piece.block, name


def _source(name: str) -> str:
    return (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")

"""The pages that no file of the repository is: their text, with places for what the course says of itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from course_lib.language.blocks import translated
from course_lib.language.catalogues import translations
from course_lib.language.choice import ENGLISH
from course_lib.told import speaking
from course_lib.workspace import locales
from grader.languages.extraction import SITE

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    # What is filled in is Markdown and the course's own HTML.
    return Environment(undefined=StrictUndefined, autoescape=False)


def filled(name: str, **values: Any) -> str:
    """The template of the page `name`, in the language of now, with its places filled; one without a value is an error.

    Raises `CourseError` where the language's catalogue cannot be read.
    """
    source = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    if speaking() != ENGLISH:
        known = translations(locales() / speaking() / f"{SITE}.po").get(name, {})
        source = translated(source, known.get)
    return _environment().from_string(source).render(**values)

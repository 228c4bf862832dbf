"""The pages that no file of the repository is: their text, with places for what the course says of itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def _environment() -> Environment:
    # What is filled in is Markdown and the course's own HTML.
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, autoescape=False
    )


def filled(name: str, **values: Any) -> str:
    """The template of the page `name` with its places filled; a place without a value is an error."""
    return _environment().get_template(f"{name}.jinja").render(**values)

"""How templates say things: `_("Due {date} UTC.", date=...)` looks a sentence up and then puts its values in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from course_lib.told import shown, sign, speaking


def environment(*templates: Path) -> Environment:
    """Templates of these folders, whose values are escaped and whose sentences are in the language of now."""
    made = Environment(loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined)
    made.globals.update(_=phrase, sign=sign, lang=language_tag, code=code)
    made.filters.update(told=told, date=date, number="{:g}".format)
    return made


def phrase(template: str, /, **values: object) -> Markup:
    """A sentence of a template with its values, which are escaped unless they are markup already."""
    return Markup(shown(template, unit="")).format(**values)


def told(text: str, unit: str = "") -> str:
    """A sentence that has its values in it already, such as a recorded one."""
    return shown(text, unit)


def code(text: str) -> Markup:
    """A command within a sentence."""
    return Markup("<code>{}</code>").format(text)


def date(moment: datetime) -> str:
    """A day and its minute, the month as a word where the language writes it so."""
    month = shown(moment.strftime("%B"), unit="")
    return shown("{day} {month} {year}, {time}", unit="").format(
        day=f"{moment:%d}", month=month, year=f"{moment:%Y}", time=f"{moment:%H:%M}"
    )


def language_tag() -> str:
    """The language of now as pages name it: `en`, `zh-CN`."""
    return speaking().replace("_", "-")

"""Figures in another language: their words are exchanged while the picture is made, and are English again after it.

So a cell's code is the same in all languages, and whatever it reads from a figure is what it wrote. The font is loaded
only where a language needs it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.language.breaking import broken
from course_lib.language.choice import ENGLISH
from course_lib.language.matching import english_left
from course_lib.told import shown, speaking

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

FONTS = Path(__file__).parent / "fonts"
FAMILIES = {"zh_CN": "Noto Sans SC"}
"""The font of a language whose signs Matplotlib's own lacks. It has Latin letters too, for words beside formulas."""


def use_font() -> None:
    """Have figures find the signs of the language of now; nothing for English."""
    family = FAMILIES.get(speaking())
    if family is None:
        return
    import matplotlib as mpl

    _load(family)
    mpl.rcParams["font.family"] = [family, "sans-serif"]


@cache
def _load(family: str) -> None:
    from matplotlib import font_manager

    for path in sorted(FONTS.glob(f"{family.replace(' ', '')}-*.ttf")):
        font_manager.fontManager.addfont(path)


@contextlib.contextmanager
def told(figure: Figure) -> Iterator[None]:
    """While the picture is made, the figure speaks the language of now."""
    if speaking() == ENGLISH:
        yield
        return
    undo: list[tuple[Any, str, Any]] = []
    try:
        for ax in figure.axes:
            for axis in ax._axis_map.values():
                _tell_ticks(axis, undo)
        _tell_texts(figure, undo)
        yield
    finally:
        for target, name, value in reversed(undo):
            setattr(target, name, value)
        for target, name, _ in undo:
            if name == "_text":
                target.stale = True


def _tell_texts(figure: Figure, undo: list[tuple[Any, str, Any]]) -> None:
    from matplotlib.text import Text

    family = FAMILIES.get(speaking())
    for text in figure.findobj(Text):
        english = text.get_text()
        other = _told(english)
        if other != english:
            undo.append((text, "_text", english))
            if family is not None and family not in text.get_fontfamily():  # made before the font was asked for
                _load(family)
                undo.append((text, "_fontproperties", text.get_fontproperties().copy()))
                text.set_fontfamily([family, *text.get_fontfamily()])
            if "\n" in english and "\n" not in other:
                other = _wrapped(other, text, _width(english, text))
            text.set_text(other)


def _told(english: str) -> str:
    """A text in the language of now; a title that was broken into lines is one sentence."""
    if not re.search(r"[A-Za-z]{2}", english):
        return english
    other = shown(english)
    if "\n" not in english:
        return other
    joined = " ".join(english.split())
    whole = shown(joined)  # where a line ended, there may be the middle of a value
    return whole if whole != joined and english_left(whole) <= english_left(other) else other


def _tell_ticks(axis: Axis, undo: list[tuple[Any, str, Any]]) -> None:
    """Have an axis whose ticks are words name them in the language of now."""
    for ticker in (axis.major, axis.minor):
        formatter: Any = ticker.formatter
        labels, function = getattr(formatter, "seq", None), getattr(formatter, "func", None)
        if labels is not None:
            undo.append((formatter, "seq", labels))
            formatter.seq = [_told(str(label)) for label in labels]
        if function is not None:  # `set_xticks(places, labels)` makes one, too
            undo.append((formatter, "func", function))
            formatter.func = _telling(function)
        units = getattr(formatter, "_units", None)
        if isinstance(units, dict):  # a bar for each word
            undo.append((formatter, "_units", units))
            formatter._units = {_told(word): place for word, place in units.items()}


def _telling(function: Callable[..., Any]) -> Callable[..., str]:
    return lambda *place: _told(str(function(*place)))


def _width(text: str, like: Text) -> float:
    """How long the longest line is, in points."""
    return max(_length(line, like) for line in text.split("\n"))


def _length(line: str, like: Text) -> float:
    from matplotlib.cbook import is_math_text
    from matplotlib.textpath import text_to_path

    font = like.get_fontproperties()
    return float(text_to_path.get_text_width_height_descent(line, font, bool(is_math_text(line)))[0])


def _wrapped(text: str, like: Text, points: float) -> str:
    """A text broken into lines of this length: between any two signs of Chinese, and elsewhere at blanks."""
    return "\n".join(broken(text, lambda line: _length(line, like) <= points * 1.02))

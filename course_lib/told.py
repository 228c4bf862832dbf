"""Sentences as they are shown: in the reader's language where it has them, in English otherwise.

Whatever is stored, compared or counted stays English; only what goes onto a page or a screen passes through `shown`.
A language's fault is never a learner's: where its catalogue cannot be read, one note says so and everything is English.
"""

from __future__ import annotations

import builtins
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.language import choice
from course_lib.language.catalogues import noted, translations
from course_lib.language.matching import Teller
from course_lib.workspace import language, locales, units

FULL_WIDTH = "。？！：；，、）”"
MARKS = {"zh_CN": {".": "。", ",": "，", ", ": "、", "; ": "；", "; it ": "；", ": ": "：", ":": "："}}
"""Marks that a language writes otherwise than English."""

_now: ContextVar[str | None] = ContextVar("language", default=None)


@dataclass(frozen=True)
class Words:
    """What a language knows in a unit: English -> translation.

    judges: which of these are templates of the judge. cells: what the unit's own cells show, English -> translation;
    lines: which of these they print.
    """

    language: str
    unit: str
    known: Mapping[str, str]
    judges: frozenset[str]
    cells: Mapping[str, str]
    lines: frozenset[str]


_handed: Words | None = None


def hear(words: Mapping[str, Any]) -> None:
    """In a process that has no catalogues, such as a grader's sandbox: speak by what `words_for` gave elsewhere."""
    global _handed
    sets = {name: frozenset(words[name]) for name in ("judges", "lines")}
    _handed = Words(**{**words, **sets})
    tell_prints()


def words_for(language: str, unit: str) -> dict[str, Any]:
    """What `hear` takes, as JSON has it."""
    words = _words(language, unit)
    return vars(words) | {"judges": sorted(words.judges), "lines": sorted(words.lines)}


def speaking() -> str:
    """The language of what is shown now: that of `in_language`, else the reader's own."""
    return _now.get() or (_handed.language if _handed else _own())


@contextlib.contextmanager
def in_language(name: str) -> Iterator[None]:
    """Show everything within in this language: a page for a learner who reads another one than this process's user."""
    before = _now.set(name)
    try:
        yield
    finally:
        _now.reset(before)


def shown(text: str, unit: str | None = None) -> str:
    """A sentence of the course in the language of now. unit: whose catalogues know it; by default this folder's."""
    name = speaking()
    if name == choice.ENGLISH or not text:
        return text
    return _teller(name, unit_here() if unit is None else unit).tell(text)


def put_together(sentences: Iterable[str]) -> str:
    """Sentences that are shown one after the other: with a blank between them, and none after a full-width mark."""
    text = ""
    for sentence in filter(None, sentences):
        text += f"{'' if not text or text[-1] in FULL_WIDTH else ' '}{sentence}"
    return text


def sign(english: str) -> str:
    """A mark between shown words, such as ", " or ".", as the language of now writes it."""
    return MARKS.get(speaking(), {}).get(english, english)


def unit_here() -> str:
    """The unit whose folder this process works in, as a notebook's kernel does; nothing in any other folder."""
    if _handed:
        return _handed.unit
    try:
        name = Path.cwd().name
        return name if name in units() else ""
    except (CourseError, OSError):  # no course folder, or the working folder is gone
        return ""


def tell_prints() -> None:
    """In a notebook's kernel: what the unit's own cells print is shown in the language of now.

    Only a line that one of them can have printed is told; what a learner prints is left as it is.
    """
    if speaking() == choice.ENGLISH or isinstance(builtins.print, _Printing):
        return
    unit = unit_here()
    if unit:
        words = _words(speaking(), unit)
        builtins.print = _Printing(builtins.print, Teller(words.cells, only=words.lines, of_cells=words.cells))


def tell_commands() -> None:
    """On the command line: what the course's own modules print is shown in the reader's language."""
    if speaking() != choice.ENGLISH and not isinstance(builtins.print, _Printing):
        builtins.print = _Printing(builtins.print, _teller(speaking(), ""), ("course_lib", "grader"))


@dataclass(frozen=True)
class _Printing:
    """`print` for some modules. Everybody else's, and what goes to a file, is Python's own."""

    python: Callable[..., None]
    teller: Teller
    modules: tuple[str, ...] = ("__main__",)

    def __call__(self, *values: object, sep: str | None = " ", end: str | None = "\n", **options: Any) -> None:
        module = str(sys._getframe(1).f_globals.get("__name__"))
        if options.get("file") is None and module.split(".")[0] in self.modules:
            text = (" " if sep is None else str(sep)).join(map(str, values))
            told = "\n".join(self.teller.tell(line) for line in text.split("\n"))
            if told != text:
                values, sep = (told,), " "
            else:  # `print("loss:", loss)`: the words are a value of their own
                values = tuple(self.teller.tell(value) if isinstance(value, str) else value for value in values)
        self.python(*values, sep=sep, end=end, **options)


@cache
def _own() -> str:
    """The reader's language, asked for once; what is wrong with the choice is said once, and English it is."""
    try:
        return language()
    except CourseError as error:
        if (Path(__file__).parents[1] / "locale").is_dir():
            print(error, file=sys.stderr)
        return choice.ENGLISH


@cache
def _teller(name: str, unit: str) -> Teller:
    words = _words(name, unit)
    return Teller(words.known, of_code=words.judges, of_cells=words.cells)


@cache
def _words(name: str, unit: str) -> Words:
    """What a language knows in a unit. The unit's own words go before those that all share."""
    if _handed and (name, unit) == (_handed.language, _handed.unit):
        return _handed
    known: dict[str, str] = {}
    judges: frozenset[str] = frozenset()
    cells: dict[str, str] = {}
    lines: frozenset[str] = frozenset()
    files = ["course", "checks/shared", *([f"checks/u{unit}", f"units/{unit}"] if unit else [])]
    for file in files:
        path = locales() / name / f"{file}.po"
        try:
            found = translations(path)
            if file.startswith("units"):
                cells = found.get(f"{unit}/code", {})
                names = [text for text in noted(path, "code: name") if " " in text]  # `print(name)`, if no single word
                lines = frozenset({*noted(path, "code: print"), *names})
        except CourseError as error:
            print(f"This is shown in English: {error}", file=sys.stderr)
            continue
        for context, sentences in found.items():
            if context != unit or file.startswith("checks"):  # a unit's prose is in its notebook already
                known |= sentences
                judges |= sentences.keys() if file == "checks/shared" else frozenset()
    return Words(name, unit, known, judges, cells, lines)

"""What a translation has lost: formulas, names, links, numbers, fields, rows and marks, each told in a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from grader.building.dollars import CODE, FORMULA
from grader.building.markdown import findings
from grader.building.texts import Text

LINK = re.compile(r"\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)\)")
FIELD = re.compile(r"\{[^{}]*\}")
PLACE = re.compile(r"\{\{.*?\}\}")
"""In a template of the site, where something is filled in."""
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
NUMBER = re.compile(r"(?<![\w.])\d+(?:[,.]\d+)*(?:e-?\d+)?")
SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
LARGE = ((1e4, "万"), (1e8, "亿"), (1e6, "百万"), (1e3, "千"))
MARK = re.compile(r"\s*([-+*] |\d{1,3}[.)] |#{1,6} |\||>)")
HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
GLUED = re.compile(rf"[{HAN}][A-Za-z0-9$`]|[A-Za-z0-9$`%][{HAN}]")
"""A field may hold Chinese, so what stands beside one is left to the translator."""
HALF_WIDTH = re.compile(rf"[{HAN}][,;:?!](?![A-Za-z0-9])|[{HAN}]\.(?=\s|$)|[{HAN}]\(|\)[{HAN}]")


def lost(english: str, other: str, language: str, *, code: bool = False) -> list[str]:
    """What is amiss in a translation, best known first; nothing where it may be used.

    code: it is a sentence of the code, in which `{fields}` count and Markdown does not.
    """
    found = [*_kept(english, other, code), *_numbers(english, other)]
    found += _form(english, other, code)
    if not code:
        found += _rendering(english, other)
    if language.startswith("zh"):
        found += _style(other, code)
    return found


def _kept(english: str, other: str, code: bool) -> Iterator[str]:
    """What has to be there as it was: in any order, and a name as often as the language wants it."""
    ways: list[tuple[str, Callable[[str], list[str]], bool]] = [
        ("the formula", formulas, False),
        ("the name", names, False),
        ("the link target", lambda text: LINK.findall(text), True),
        ("the place", PLACE.findall, True),
        ("the tag", lambda text: TAG.findall(CODE.sub("", FORMULA.sub("", text))), True),
    ]
    if code:
        ways = [("the formula", formulas, False), ("the field", lambda text: FIELD.findall(text), False)]
        ways += [("the name", names, False)]
    for what, parts, counted in ways:
        there, here = Counter(parts(english)), Counter(parts(other))
        for part in there if not counted else (there - here):
            if part not in here or counted:
                yield f"{what} {part} is lost"
        for part in here:
            if part not in there:
                yield f"{what} {part} is not in the English text"


def formulas(text: str) -> list[str]:
    """The formulas of a text, code set aside."""
    return [match[0] for match in FORMULA.finditer(CODE.sub("", text))]


def names(text: str) -> list[str]:
    """What stands in backticks."""
    return [match[0] for match in CODE.finditer(text)]


def bare(text: str) -> str:
    """A text without formulas, code, fields, tags and link targets."""
    text = FORMULA.sub(" ", CODE.sub(" ", text))
    return TAG.sub(" ", FIELD.sub(" ", LINK.sub("]", text)))


def _numbers(english: str, other: str) -> Iterator[str]:
    """Digits that are gone; a language may count in other units, 5.96 million as 596 万."""
    mine = bare(other)
    kept = set(NUMBER.findall(mine))
    for match in NUMBER.finditer(bare(english)):
        number = match[0]
        if number in kept or number.replace(",", "") in {one.replace(",", "") for one in kept}:
            continue
        rest = bare(english)[match.end() :].lstrip(" -").split(" ")[0].strip(".,;:")
        value = float(number.replace(",", "")) * SCALES.get(rest, 1)
        ways = [f"{value / scale:.10g}" + rf"\s?{word}" for scale, word in LARGE]
        if value < 1e3 and rest not in SCALES or not any(re.search(rf"(?<![\d.]){way}", mine) for way in ways):
            yield f"the number {number} is lost"


def _form(english: str, other: str, code: bool) -> Iterator[str]:
    """Lines, their marks, and the columns of a table; of code, the blanks at both ends."""
    if not other.strip():
        yield "it is empty"
        return
    ends = [(text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]) for text in (english, other)]
    if ends[0] != ends[1]:
        yield "it does not begin and end with the same blanks as the English text"
    if code:
        if english.count("\n") != other.count("\n"):
            yield f"it has {other.count(chr(10)) + 1} lines, the English text {english.count(chr(10)) + 1}"
        return
    there, here = english.split("\n"), other.split("\n")
    if len(there) != len(here):
        yield f"it has {len(here)} lines, the English text {len(there)}: a paragraph is one line"
        return
    for number, (one, two) in enumerate(zip(there, here, strict=True), 1):
        marks = [found[1].strip() if (found := MARK.match(line)) else "" for line in (one, two)]
        if marks[0] != marks[1]:
            yield f"line {number} begins with {marks[1] or 'no mark'!r} in place of {marks[0] or 'no mark'!r}"
        elif one.startswith("|") and _columns(one) != _columns(two):
            yield f"line {number} of the table has {_columns(two)} columns in place of {_columns(one)}"


def _columns(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", CODE.sub("", FORMULA.sub("", line)))) - 1


def _rendering(english: str, other: str) -> Iterator[str]:
    """What a Markdown renderer takes otherwise than meant: stars beside full-width marks above all."""
    before = len(_amiss(english))
    yield from _amiss(other)[before:]


def _amiss(text: str) -> list[str]:
    """The lint's findings, without the places."""
    return [sentence.split(": ", 1)[-1] for sentence in findings(Text("", text))]


def _style(other: str, code: bool) -> Iterator[str]:
    """What Chinese text needs: blanks beside Latin letters, numbers and formulas, and full-width marks."""
    text = other.replace("*", "")
    if not code:
        text = LINK.sub("]", text).replace("[", "").replace("]", "")
    outside = re.sub(r"\$[^$\n]*\$", "$x$", CODE.sub("`x`", FIELD.sub("{}", text)))
    for match in GLUED.finditer(outside):
        yield f"a blank is missing in “{_around(outside, match)}”"
    for match in HALF_WIDTH.finditer(outside):
        yield f"a full-width mark is due in “{_around(outside, match)}”"


def _around(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - 6) : match.end() + 6].replace("\n", " ")
